//! Ready-made types of the schemas beside this crate. Empty today.
