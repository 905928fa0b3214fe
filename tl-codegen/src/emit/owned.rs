//! `to_owned` of borrowed types.

use super::Emitter;
use crate::model::{Enum, Struct};

impl Emitter<'_> {
    pub(super) fn struct_to_owned(&mut self, item: &Struct, path: &str) {
        let _ = (item, path);
    }

    pub(super) fn enum_to_owned(&mut self, item: &Enum, path: &str) {
        let _ = (item, path);
    }
}
