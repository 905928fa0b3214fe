//! Generated types of layer 230, to be held against those of grammers: see `tests/peers.rs`.

/// Types that own what they hold.
pub mod owned {
    include!(concat!(env!("OUT_DIR"), "/owned.rs"));
}
/// Types that borrow.
pub mod borrowed {
    include!(concat!(env!("OUT_DIR"), "/borrowed.rs"));
}
