//! What doc comments say, and of what.
//!
//! Two manners are in use: TDLib's tags (`//@description …`, `//@name …` for a field,
//! `//@class Name @description …` for a type, `//-` to go on), and blocks (`/** … */`), in which
//! tags may stand too. A tag that names no field stays text: nothing that was said gets lost.

use super::collect::{Resolver, Unit};
use crate::ast::{Comment, CommentKind};
use crate::ir::{Combinator, Docs, Field, FieldId, TypeExpr};

impl Resolver<'_> {
    /// Attaches the docs of all declarations and types.
    pub(super) fn attach_docs(&mut self, combinators: &mut [Combinator]) {
        for (index, combinator) in combinators.iter_mut().enumerate() {
            let declared = self.declarations[index];
            let range = &declared.ast.docs;
            let comments = declared
                .unit
                .comments
                .get(range.start as usize..range.end as usize);
            if let Some(comments @ [_, ..]) = comments {
                self.attach(combinator, declared.unit, comments);
            }
        }
        for unit in std::mem::take(&mut self.units) {
            self.attach_classes(unit);
        }
    }

    fn attach(&mut self, combinator: &mut Combinator, unit: Unit<'_>, comments: &[Comment]) {
        self.scope.begin();
        for field in combinator.all_fields() {
            if let Some(name) = field.name
                && self.scope.field(name).is_none()
            {
                self.scope
                    .set_field(name, field.id, Default::default(), false);
            }
        }
        let mut text = String::new();
        let mut result = String::new();
        let mut fields: Vec<(FieldId, String)> = Vec::new();
        let mut target = Target::Text;
        for comment in comments {
            let content = unit.slice(comment.span);
            if comment.kind != CommentKind::DocContinuation {
                target = Target::Text;
            }
            for line in lines(content, comment.kind) {
                for (tag, words) in segments(line, |name| self.is_tag(name)) {
                    match tag {
                        _ if target == Target::Class => {}
                        None => {}
                        Some("description") => target = Target::Text,
                        Some("result") => target = Target::Result,
                        Some("class") => target = Target::Class,
                        Some(name) => match self.field_of(name) {
                            Some(id) => {
                                target = Target::Field(fields.len());
                                fields.push((id, String::new()));
                            }
                            None => {
                                target = Target::Text;
                                add_line(&mut text, &format!("@{name} {words}"));
                                continue;
                            }
                        },
                    }
                    match target {
                        Target::Text => add_line(&mut text, words),
                        Target::Result => add_line(&mut result, words),
                        Target::Class => {}
                        Target::Field(index) => {
                            if let Some((_, docs)) = fields.get_mut(index) {
                                add_line(docs, words);
                            }
                        }
                    }
                }
            }
        }
        fields.sort_by_key(|(id, _)| *id);
        attach_to_fields(&mut combinator.fields, &fields);
        let result = (!result.is_empty()).then_some(result);
        if !text.is_empty() || result.is_some() {
            let text = text.trim_end().to_owned();
            combinator.docs = Some(Box::new(Docs { text, result }));
        }
    }

    /// `//@class Name @description …`
    fn attach_classes(&mut self, unit: Unit<'_>) {
        for (index, comment) in unit.comments.iter().enumerate() {
            let content = unit.slice(comment.span);
            let Some(rest) = content.strip_prefix("//@class ") else {
                continue;
            };
            let rest = rest.trim_start();
            let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let ty = self
                .symbols
                .find(name)
                .and_then(|symbol| self.names_of(symbol).ty);
            let Some(ty) = ty else {
                continue;
            };
            let rest = rest.trim_start();
            let mut text = String::new();
            add_line(&mut text, rest.strip_prefix("@description").unwrap_or(rest));
            let more = unit.comments[index + 1..]
                .iter()
                .take_while(|comment| comment.kind == CommentKind::DocContinuation);
            for comment in more {
                for line in lines(unit.slice(comment.span), comment.kind) {
                    add_line(&mut text, line);
                }
            }
            if !text.is_empty() {
                self.types[ty.0 as usize].docs = Some(Box::new(Docs { text, result: None }));
            }
        }
    }

    /// Whether a word is a tag wherever it stands, and not only at the beginning of a line.
    fn is_tag(&self, name: &str) -> bool {
        matches!(name, "description" | "class" | "result") || self.field_of(name).is_some()
    }

    /// The field of a tag. A field `description` has the tag `param_description`.
    fn field_of(&self, tag: &str) -> Option<FieldId> {
        let find = |name: &str| Some(self.scope.field(self.symbols.find(name)?)?.id);
        find(tag).or_else(|| find(tag.strip_prefix("param_")?))
    }
}

/// Of what the words are that come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Text,
    Result,
    /// Of the type, which has its own turn.
    Class,
    /// An index into the list of fields.
    Field(usize),
}

/// The lines of a comment without its marks.
fn lines(content: &str, kind: CommentKind) -> impl Iterator<Item = &str> {
    let is_block = kind == CommentKind::DocBlock;
    let inner = match kind {
        CommentKind::DocBlock => content
            .strip_prefix("/**")
            .map_or(content, |rest| rest.strip_suffix("*/").unwrap_or(rest)),
        CommentKind::DocContinuation => content.strip_prefix("//-").unwrap_or(content),
        _ => content.strip_prefix("//").unwrap_or(content),
    };
    inner.lines().map(move |line| {
        let line = line.trim();
        match line.strip_prefix('*') {
            Some(rest) if is_block => rest.trim(),
            _ => line,
        }
    })
}

/// Cuts a line before its tags: the tag of each piece, if it has one, and the words behind it.
fn segments(
    line: &str,
    is_tag: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (Option<&str>, &str)> {
    let mut cuts: Vec<usize> = vec![0];
    for (at, _) in line.match_indices(" @") {
        if is_tag(tag_name(&line[at + 2..])) {
            cuts.push(at + 1);
        }
    }
    cuts.push(line.len());
    let pieces: Vec<&str> = cuts
        .windows(2)
        .map(|cut| line[cut[0]..cut[1]].trim())
        .collect();
    pieces
        .into_iter()
        .map(|piece| match piece.strip_prefix('@') {
            Some(rest) if !tag_name(rest).is_empty() => {
                let (tag, words) = rest.split_at(tag_name(rest).len());
                (Some(tag), words.trim())
            }
            _ => (None, piece),
        })
}

fn tag_name(text: &str) -> &str {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let end = text.find(|char| !is_name(char)).unwrap_or(text.len());
    &text[..end]
}

fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line.trim());
    // Empty lines in the middle part paragraphs; at the beginning they are nothing.
    if text.trim().is_empty() {
        text.clear();
    }
}

fn attach_to_fields(fields: &mut [Field], docs: &[(FieldId, String)]) {
    for field in fields {
        if let Ok(index) = docs.binary_search_by_key(&field.id, |(id, _)| *id)
            && let Some((_, text)) = docs.get(index)
            && !text.is_empty()
        {
            field.docs = Some(text.trim_end().into());
        }
        if let TypeExpr::Repeat(repeat) = &mut field.ty {
            attach_to_fields(&mut repeat.fields, docs);
        }
    }
}
