//! Framing of bytes.
