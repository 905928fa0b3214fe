//! The attributes: what may stand in `#[tl(…)]`, where, and what it may be set to.
//!
//! A fault in one item does not hide the next: an unreadable item is reported and skipped up to
//! its comma.

use std::fmt::Display;

use syn::Token;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};

use crate::ctxt::{Ctxt, with_hint};

/// On the type.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) form: Option<Attr<Form>>,
    pub(crate) id: Option<Attr<Id>>,
    pub(crate) schema: Option<Attr<Schema>>,
    pub(crate) id_rule: Option<Attr<IdRule>>,
    pub(crate) name: Option<Attr<syn::LitStr>>,
    pub(crate) result: Option<Attr<syn::Type>>,
    pub(crate) runtime: Option<Attr<syn::Path>>,
}

/// On a variant of an enum.
#[derive(Default)]
pub(crate) struct Variant {
    pub(crate) id: Option<Attr<Id>>,
    pub(crate) tl: Option<Attr<syn::LitStr>>,
    pub(crate) name: Option<Attr<syn::LitStr>>,
}

/// On a field.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) form: Option<Attr<Form>>,
    pub(crate) name: Option<Attr<syn::LitStr>>,
    pub(crate) flags: Option<Attr<()>>,
    pub(crate) default_flags: Option<Attr<u32>>,
    pub(crate) flags_bit: Option<Attr<FlagsBit>>,
    pub(crate) flags_field: Option<Attr<syn::LitStr>>,
    pub(crate) with: Option<Attr<syn::Path>>,
    pub(crate) read_with: Option<Attr<syn::Path>>,
    pub(crate) write_with: Option<Attr<syn::Path>>,
    pub(crate) min_size: Option<Attr<u32>>,
    pub(crate) skip: Option<Attr<()>>,
    pub(crate) default: Option<Attr<Option<syn::Expr>>>,
}

/// A value and the word that set it.
#[derive(Clone)]
pub(crate) struct Attr<T> {
    pub(crate) key: syn::Ident,
    pub(crate) value: T,
}

/// Whether the id stands before the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Boxed,
    Bare,
}

/// What `id` is set to.
#[derive(Clone)]
pub(crate) enum Id {
    /// `0x4813b4c6`
    Number(u32, syn::LitInt),
    /// `"pub.ed25519"`: the schema knows the number.
    Name(syn::LitStr),
}

/// Where the schema is.
#[derive(Clone)]
#[cfg_attr(
    not(feature = "schema"),
    expect(dead_code, reason = "without schemas it is only said to be there")
)]
pub(crate) enum Schema {
    /// A path, counted from the folder of `Cargo.toml`.
    File(syn::LitStr),
    /// The declarations themselves.
    Text(syn::LitStr),
}

#[cfg(feature = "schema")]
impl Schema {
    pub(crate) fn literal(&self) -> &syn::LitStr {
        match self {
            Self::File(literal) | Self::Text(literal) => literal,
        }
    }
}

/// By which rule ids are computed where the schema writes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdRule {
    Tl,
    Telegram,
}

/// `3` or `"mode.3"`
#[derive(Clone)]
pub(crate) struct FlagsBit {
    pub(crate) field: Option<String>,
    pub(crate) bit: u32,
    pub(crate) literal: syn::Lit,
}

impl Container {
    pub(crate) fn read(cx: &Ctxt, attrs: &[syn::Attribute]) -> Self {
        let mut this = Self::default();
        each(cx, attrs, Place::Container, |key, word, input| {
            match word {
                "boxed" => set(&mut this.form, key, Form::Boxed),
                "bare" => set(&mut this.form, key, Form::Bare),
                "id" => set(&mut this.id, key, id(input)?),
                "schema" => set(&mut this.schema, key, Schema::File(string(input)?)),
                "tl" => set(&mut this.schema, key, Schema::Text(string(input)?)),
                "id_rule" => set(&mut this.id_rule, key, id_rule(input)?),
                "name" => set(&mut this.name, key, string(input)?),
                "result" => set(&mut this.result, key, string_or(input)?),
                "crate" => set(&mut this.runtime, key, path(input)?),
                _ => return Ok(false),
            }
            .map(|()| true)
        });
        this
    }
}

impl Variant {
    pub(crate) fn read(cx: &Ctxt, attrs: &[syn::Attribute]) -> Self {
        let mut this = Self::default();
        each(cx, attrs, Place::Variant, |key, word, input| {
            match word {
                "id" => set(&mut this.id, key, id(input)?),
                "tl" => set(&mut this.tl, key, string(input)?),
                "name" => set(&mut this.name, key, string(input)?),
                _ => return Ok(false),
            }
            .map(|()| true)
        });
        this
    }
}

impl Field {
    pub(crate) fn read(cx: &Ctxt, attrs: &[syn::Attribute]) -> Self {
        let mut this = Self::default();
        each(cx, attrs, Place::Field, |key, word, input| {
            match word {
                "boxed" => set(&mut this.form, key, Form::Boxed),
                "bare" => set(&mut this.form, key, Form::Bare),
                "name" => set(&mut this.name, key, string(input)?),
                "flags" => set(&mut this.flags, key, ()),
                "default_flags" => set(&mut this.default_flags, key, number(input)?.0),
                "flags_bit" => set(&mut this.flags_bit, key, flags_bit(input)?),
                "flags_field" => set(&mut this.flags_field, key, string(input)?),
                "with" => set(&mut this.with, key, path(input)?),
                "read_with" => set(&mut this.read_with, key, path(input)?),
                "write_with" => set(&mut this.write_with, key, path(input)?),
                "min_size" => set(&mut this.min_size, key, number(input)?.0),
                "skip" => set(&mut this.skip, key, ()),
                "default" => {
                    let value = if input.peek(Token![=]) {
                        Some(string_or(input)?)
                    } else {
                        None
                    };
                    set(&mut this.default, key, value)
                }
                _ => return Ok(false),
            }
            .map(|()| true)
        });
        this
    }
}

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Container,
    Variant,
    Field,
}

impl Place {
    const ALL: [Self; 3] = [Self::Container, Self::Variant, Self::Field];

    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Container => &[
                "boxed", "bare", "id", "schema", "tl", "id_rule", "name", "result", "crate",
            ],
            Self::Variant => &["id", "tl", "name"],
            Self::Field => &[
                "boxed",
                "bare",
                "name",
                "flags",
                "default_flags",
                "flags_bit",
                "flags_field",
                "with",
                "read_with",
                "write_with",
                "min_size",
                "skip",
                "default",
            ],
        }
    }

    const fn on(self) -> &'static str {
        match self {
            Self::Container => "a type",
            Self::Variant => "a variant",
            Self::Field => "a field",
        }
    }
}

/// Words of other crates, and what to do here.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "scheme",
        "write `schema = \"…\"`; the path is counted from the folder of Cargo.toml",
    ),
    ("scheme_inline", "write `tl = \"…\"`"),
    (
        "size_hint",
        "leave it out: sizes are computed. For a field with `with`, \
         `min_size` says how short it can be",
    ),
    (
        "skip_read",
        "write `skip`: a field is read and written, or neither",
    ),
    (
        "skip_write",
        "write `skip`: a field is read and written, or neither",
    ),
    (
        "signature",
        "leave it out, and sign a value whose signature is empty",
    ),
];

/// Calls `read` for each item of each `#[tl(…)]`. It answers whether it knows the word, having read
/// the value if so.
fn each(
    cx: &Ctxt,
    attrs: &[syn::Attribute],
    place: Place,
    mut read: impl FnMut(&syn::Ident, &str, ParseStream<'_>) -> syn::Result<bool>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("tl")) {
        let items = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let key = input.call(syn::Ident::parse_any)?;
                match read(&key, &key.to_string(), input) {
                    Ok(true) if input.is_empty() || input.peek(Token![,]) => {}
                    Ok(true) => cx.push(input.error("expected `,`")),
                    Ok(false) => cx.push(unknown(&key, place)),
                    Err(error) => cx.push(error),
                }
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<proc_macro2::TokenTree>()?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let result = match &attr.meta {
            syn::Meta::List(list) => list.parse_args_with(items),
            meta => Err(syn::Error::new_spanned(
                meta,
                with_hint(
                    "attributes stand in parentheses",
                    "write `#[tl(boxed)]` and the like",
                ),
            )),
        };
        if let Err(error) = result {
            cx.push(error);
        }
    }
}

fn unknown(key: &syn::Ident, place: Place) -> syn::Error {
    let word = key.to_string();
    if let Some((_, hint)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == word) {
        return error(key, format!("there is no attribute `{word}`"), hint);
    }
    let elsewhere = Place::ALL
        .into_iter()
        .find(|other| *other != place && other.words().contains(&word.as_str()));
    if let Some(other) = elsewhere {
        return error(
            key,
            format!("`{word}` can't stand on {}", place.on()),
            format_args!("it belongs on {}", other.on()),
        );
    }
    let hint = match nearest(&word, place.words().iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{} may have {}", place.on(), listed(place.words())),
    };
    error(key, format!("there is no attribute `{word}`"), hint)
}

fn error(tokens: impl quote::ToTokens, message: impl Display, hint: impl Display) -> syn::Error {
    syn::Error::new_spanned(tokens, with_hint(message, hint))
}

fn set<T>(slot: &mut Option<Attr<T>>, key: &syn::Ident, value: T) -> syn::Result<()> {
    if let Some(first) = slot {
        let message = if first.key == *key {
            format!("`{key}` is set twice")
        } else {
            format!("`{}` and `{key}` can't both be set", first.key)
        };
        return Err(syn::Error::new_spanned(key, message));
    }
    *slot = Some(Attr {
        key: key.clone(),
        value,
    });
    Ok(())
}

fn string(input: ParseStream<'_>) -> syn::Result<syn::LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// A value that stands for itself, or in a string.
fn string_or<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    if input.peek(syn::LitStr) {
        input.parse::<syn::LitStr>()?.parse()
    } else {
        input.parse()
    }
}

fn path(input: ParseStream<'_>) -> syn::Result<syn::Path> {
    let as_path = |input: ParseStream<'_>| input.call(syn::Path::parse_mod_style);
    input.parse::<Token![=]>()?;
    if input.peek(syn::LitStr) {
        input.parse::<syn::LitStr>()?.parse_with(as_path)
    } else {
        as_path(input)
    }
}

fn number(input: ParseStream<'_>) -> syn::Result<(u32, syn::LitInt)> {
    input.parse::<Token![=]>()?;
    let literal: syn::LitInt = input.parse()?;
    let value = literal
        .base10_parse()
        .map_err(|_| syn::Error::new_spanned(&literal, "this number does not fit into 32 bits"))?;
    Ok((value, literal))
}

fn id(input: ParseStream<'_>) -> syn::Result<Id> {
    if input.peek2(syn::LitInt) {
        let (value, literal) = number(input)?;
        return Ok(Id::Number(value, literal));
    }
    string(input).map(Id::Name).map_err(|fault| {
        let message = "an id is a number or the name of a constructor";
        let hint = "write `id = 0x4813b4c6` or `id = \"pub.ed25519\"`";
        syn::Error::new(fault.span(), with_hint(message, hint))
    })
}

fn id_rule(input: ParseStream<'_>) -> syn::Result<IdRule> {
    let literal = string(input)?;
    match literal.value().as_str() {
        "tl" => Ok(IdRule::Tl),
        "telegram" => Ok(IdRule::Telegram),
        other => Err(error(
            &literal,
            format!("there is no id rule `{other}`"),
            "the rules are `tl` (TON, TDLib, VK) and `telegram` (Telegram's own schemas)",
        )),
    }
}

fn flags_bit(input: ParseStream<'_>) -> syn::Result<FlagsBit> {
    input.parse::<Token![=]>()?;
    let literal: syn::Lit = input.parse()?;
    let parsed = match &literal {
        syn::Lit::Int(number) => number.base10_parse().ok().map(|bit| (None, bit)),
        syn::Lit::Str(text) => text.value().rsplit_once('.').and_then(|(field, bit)| {
            Some((Some(field.trim().to_owned()), bit.trim().parse().ok()?))
        }),
        _ => None,
    };
    match parsed {
        Some((field, bit)) => Ok(FlagsBit {
            field,
            bit,
            literal,
        }),
        None => Err(error(
            &literal,
            "a flag bit is a number, after the name of its flags field if there are several",
            "write `flags_bit = 3` or `flags_bit = \"mode.3\"`",
        )),
    }
}

/// `a`, `b` and `c`, each in back-quotes.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

/// The word that `word` is probably a slip of.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    words
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped or changed to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("flag_bit", "flags_bit"), 1);
        assert_eq!(distance("boxed", "boxed"), 0);
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let words = Place::Field.words();
        assert_eq!(
            nearest("flag_bit", words.iter().copied()),
            Some("flags_bit")
        );
        assert_eq!(nearest("boxd", words.iter().copied()), Some("boxed"));
        assert_eq!(nearest("serialize", words.iter().copied()), None);
    }
}
