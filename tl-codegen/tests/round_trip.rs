//! Random values through generated code of both ownerships: the same bytes come out again.

#[path = "golden/sample_borrowed.rs"]
mod sample_borrowed;
#[path = "golden/sample_owned.rs"]
mod sample_owned;

include!("cases/round_trip.rs");
