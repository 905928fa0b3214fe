//! Traits, reader and writer of TL values. Empty today.
#![no_std]
