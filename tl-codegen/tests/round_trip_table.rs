//! Random values through tables of both ownerships: the same bytes come out again.

#[path = "golden/sample_table_borrowed.rs"]
mod sample_table_borrowed;
#[path = "golden/sample_table_owned.rs"]
mod sample_table_owned;

use sample_table_borrowed as sample_borrowed;
use sample_table_owned as sample_owned;

include!("cases/round_trip.rs");
