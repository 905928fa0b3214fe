//! The types of a schema file, and a hand-written type that is checked against it:
//! `cargo run -p example-include`.

use mtproto_runtime::tl::{Function, TlRead, TlWrite};

/// Everything in the schema.
mod notes {
    mtproto_runtime::tl::include_schema!("schemas/notes.tl");
}

use notes::enums::Note;
use notes::functions::GetNotes;

/// A note without what this program has no use for. Were a field of another name or type than in
/// the schema, or in another place, this would not compile.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(schema = "schemas/notes.tl", id = "note")]
struct OwnNote<'a> {
    id: i64,
    pinned: bool,
    title: &'a str,
    text: Option<&'a str>,
}

/// The other side: answers any request with one note.
fn answer(request: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let request = GetNotes::from_bytes(request)?;
    let note = OwnNote {
        id: 1,
        pinned: true,
        title: "Milk",
        text: (request.limit > 1).then_some("Two litres"),
    };
    Ok(vec![note].to_bytes()?)
}

/// Whatever the function answers is what comes back.
fn call<F: Function + TlWrite>(function: &F) -> Result<F::Output, Box<dyn std::error::Error>> {
    let bytes = answer(&function.to_bytes()?)?;
    Ok(F::Output::from_bytes(&bytes)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let notes = call(&GetNotes::new(0, 10))?;
    for note in &notes {
        match note {
            Note::Note(note) => println!("{}: {:?}", note.title, note.text),
            Note::Deleted(note) => println!("{} is gone", note.id),
        }
    }
    assert_eq!(notes.len(), 1);
    Ok(())
}
