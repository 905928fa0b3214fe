//! What is said of items: the declarations, and what the schema's comments say.

use tl_parser::ir::{Combinator, CombinatorId, Field, TypeId};

use super::Lowering;
use crate::model::Docs;

impl Lowering<'_> {
    pub(super) fn combinator_docs(&self, id: CombinatorId) -> Docs {
        if !self.config.docs {
            return Docs::default();
        }
        let combinator = &self.schema[id];
        let text = combinator.docs.as_ref().map(|docs| docs.text.clone());
        let is_application = self.instances.of_combinator(id).is_some();
        Docs {
            text: application_docs(text.unwrap_or_default(), is_application),
            declaration: self.declaration(combinator),
        }
    }

    pub(super) fn type_docs(&self, id: TypeId) -> Docs {
        if !self.config.docs {
            return Docs::default();
        }
        let ty = &self.schema[id];
        let text = ty.docs.as_ref().map(|docs| docs.text.clone());
        let is_application = self.instances.of_type(id).is_some();
        let name = &self.schema[ty.name];
        Docs {
            text: application_docs(text.unwrap_or_default(), is_application),
            declaration: name.to_owned(),
        }
    }

    pub(super) fn field_docs(&self, field: &Field) -> String {
        match (&field.docs, self.config.docs) {
            (Some(docs), true) => docs.to_string(),
            _ => String::new(),
        }
    }

    pub(super) fn field_attributes(&self, id: CombinatorId, field: &str) -> Vec<String> {
        if self.config.field_attributes.is_empty() {
            return Vec::new();
        }
        let combinator = &self.schema[self.schema[id].name];
        let name = format!("{combinator}.{field}");
        let attributes = self.config.field_attributes.iter();
        attributes
            .filter(|(path, _)| crate::config::covers(path, &name))
            .map(|(_, attribute)| attribute.clone())
            .collect()
    }

    /// The declaration on one line, with its id, without comments and annotations.
    fn declaration(&self, combinator: &Combinator) -> String {
        let Some(location) = combinator.location else {
            return String::new();
        };
        // The location is that of the name; an id comes directly after it.
        let text = self
            .sources
            .get(location.file)
            .map_or("", |source| source.text());
        let after = text.get(location.span.end as usize..).unwrap_or_default();
        let after = match after.strip_prefix('#') {
            Some(id) => id.trim_start_matches(|c: char| c.is_ascii_hexdigit()),
            None => after,
        };
        let mut declaration = String::with_capacity(80);
        declaration.push_str(&self.schema[combinator.name]);
        push_id(&mut declaration, combinator.id);
        push_declaration(&mut declaration, after);
        declaration
    }
}

/// Says of what stands for an application why it is there.
fn application_docs(mut text: String, is_application: bool) -> String {
    if is_application {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str("Of something that depends on numbers, which come from where it stands.");
    }
    text
}

fn push_id(to: &mut String, id: u32) {
    to.push('#');
    crate::emit::push_hex(to, id);
}

/// Appends the text up to its `;`, with white space and comments as single spaces.
fn push_declaration(to: &mut String, text: &str) {
    let mut rest = text;
    let mut space = false;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
            space = true;
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
            space = true;
        } else if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            space = true;
        } else {
            if space && first != ';' {
                to.push(' ');
            }
            space = false;
            // All that is plain at once, and what might be more than it looks alone.
            let is_plain = |c: u8| c.is_ascii_graphic() && c != b';' && c != b'/';
            let plain = rest.bytes().position(|c| !is_plain(c));
            let len = plain.unwrap_or(rest.len()).max(first.len_utf8());
            to.push_str(&rest[..len]);
            if first == ';' {
                return;
            }
            rest = &rest[len..];
        }
    }
}
