//! The same by tables: nothing is different.

#[path = "../../../tl-codegen/tests/golden/sample_table_borrowed.rs"]
mod sample_table_borrowed;
#[path = "../../../tl-codegen/tests/golden/sample_table_owned.rs"]
mod sample_table_owned;

use sample_table_borrowed as sample_borrowed;
use sample_table_owned as sample_owned;

include!("cases/sample.rs");
