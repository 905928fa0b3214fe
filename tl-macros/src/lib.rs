//! Derives for TL types. Empty today.
