//! What the fuzz targets of the other forms do with their input; they panic if a promise is broken.
//!
//! cargo-fuzz and the ordinary test `fuzz_conversions` share this file.

use tl_parser::conversion::{Loss, LossKind};
use tl_parser::diff::{What, diff};
use tl_parser::ir::Schema;
use tl_parser::json;
use tl_parser::source::Source;
use tl_parser::tlo::{self, Version};

/// Any bytes are read as `.tlo` or refused at a place in them, and the text is one. If it is a
/// schema as well, then writing it and reading it again gives the same declarations.
pub(crate) fn tlo(bytes: &[u8]) {
    let text = match tlo::read(bytes) {
        Ok(text) => text,
        Err(error) => {
            assert!(error.offset <= bytes.len());
            return;
        }
    };
    // Names are short and count their bytes, so that a small file makes no great text.
    assert!(text.len() <= 64 * bytes.len());
    let Some(schema) = schema(text) else {
        return;
    };
    for version in [Version::V2, Version::V3, Version::V4] {
        let Ok(written) = tlo::write(&schema, version) else {
            return;
        };
        assert!(tlo::is_tlo(&written.output));
        let text = tlo::read(&written.output).expect("what was written is read");
        let again = self::schema(text).expect("what was written is a schema");
        let written_again = tlo::write(&again, version).expect("it is written again");
        let loses_spelling = |loss: &Loss| loss.kind == LossKind::Spelling;
        if !written.losses.iter().any(loses_spelling) {
            assert_eq!(written.output, written_again.output);
        }
        let difference = diff(&schema, &again);
        let is_annotation = |what: &What| matches!(what, What::AnnotationsChanged { .. });
        let details = difference.changes.iter().flat_map(|change| &change.details);
        for detail in details {
            assert!(is_annotation(&detail.what), "{difference}");
        }
    }
}

/// Any bytes are read as Telegram's JSON form or refused.
pub(crate) fn json(bytes: &[u8]) {
    let Ok(text) = json::read(bytes) else {
        return;
    };
    let Some(schema) = schema(text) else {
        return;
    };
    let written = json::write(&schema);
    let text = json::read(written.output.as_bytes()).expect("what was written is read");
    if written.losses.is_empty() {
        let again = self::schema(text).expect("what was written is a schema");
        let difference = diff(&schema, &again);
        assert!(difference.is_empty(), "{difference}");
    }
}

fn schema(text: String) -> Option<Schema> {
    let source = Source::new("fuzz.tl", text).ok()?;
    tl_parser::compile([source]).schema
}
