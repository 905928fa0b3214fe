//! `include_schema!` and `schema!`: what a build script does, in place.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Token;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use tl_codegen::{Boxing, Codec, Config, Error, IdRule, Objects, Ownership, Side};
use tl_parser::source::Source;

use crate::attr::{listed, nearest};
use crate::ctxt::{Ctxt, or_compile_error, with_hint};
use crate::schema;

/// `include_schema!("a.tl", "b.tl", only = ["user"])`
pub(crate) fn files(input: TokenStream) -> TokenStream {
    or_compile_error(syn::parse2(input).and_then(|input: Input| {
        let mut sources = Vec::new();
        let mut watch = TokenStream::new();
        let cx = Ctxt::default();
        for literal in &input.schemas {
            let name = literal.value();
            let path = schema::resolve_path(&name);
            let source = std::fs::read(&path)
                .map_err(|error| schema::cannot_read(&path, &error))
                .and_then(|bytes| {
                    tl_parser::input::source(&name, bytes).map_err(|error| error.to_string())
                });
            match source {
                Ok(source) => sources.push(source),
                Err(message) => cx.error(literal, message),
            }
            if let Some(path) = path.to_str() {
                watch.extend(quote!(
                    const _: &[u8] = ::core::include_bytes!(#path);
                ));
            }
        }
        cx.finish()?;
        let code = input.generate(sources)?;
        Ok(quote!(#watch #code))
    }))
}

/// `schema!("user id:int = User;", docs = false)`
pub(crate) fn texts(input: TokenStream) -> TokenStream {
    or_compile_error(syn::parse2(input).and_then(|input: Input| {
        let mut sources = Vec::new();
        for literal in &input.schemas {
            let source = Source::new("schema", literal.value());
            sources.push(source.map_err(|error| syn::Error::new_spanned(literal, error))?);
        }
        input.generate(sources)
    }))
}

/// Literals first, options after them.
struct Input {
    schemas: Vec<syn::LitStr>,
    config: Config,
    /// All that was written, to find the place of what is wrong.
    tokens: TokenStream,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let cx = Ctxt::default();
        let mut this = Self {
            schemas: Vec::new(),
            config: Config::new().format(false),
            tokens: input.fork().parse()?,
        };
        let mut boxing = Boxing::default();
        let mut seen = Vec::new();
        while !input.is_empty() {
            if input.peek(syn::LitStr) && seen.is_empty() {
                this.schemas.push(input.parse()?);
            } else if let Err(error) = Setting::parse(input, &mut seen)
                .and_then(|setting| setting.apply(&mut this.config, &mut boxing))
            {
                cx.push(error);
            }
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<proc_macro2::TokenTree>()?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if this.schemas.is_empty() {
            cx.error_at(
                proc_macro2::Span::call_site(),
                with_hint(
                    "a schema is wanted first",
                    "write it in quotes: a path for `include_schema!`, declarations for `schema!`",
                ),
            );
        }
        cx.finish()?;
        Ok(this)
    }
}

impl Input {
    fn generate(&self, sources: Vec<Source>) -> syn::Result<TokenStream> {
        let at = |message: String| match self.schemas.first() {
            Some(literal) => syn::Error::new_spanned(literal, message),
            None => syn::Error::new(proc_macro2::Span::call_site(), message),
        };
        let generated = self
            .config
            .generate_from(sources)
            .map_err(|error| match error {
                Error::Schema(faults) => at(schema::rendered(&faults.diagnostics, &faults.sources)),
                Error::Unknown {
                    path: ref value, ..
                }
                | Error::Setting { ref value, .. } => match find_text(&self.tokens, value) {
                    Some(literal) => syn::Error::new_spanned(literal, error),
                    None => at(error.to_string()),
                },
                error => at(error.to_string()),
            })?;
        generated
            .text
            .parse()
            .map_err(|error: proc_macro2::LexError| at(error.to_string()))
    }
}

/// The last string literal of this text, since schemas come first.
fn find_text(tokens: &TokenStream, text: &str) -> Option<syn::LitStr> {
    let mut found = None;
    for token in tokens.clone() {
        let inner = match token {
            TokenTree::Group(group) => find_text(&group.stream(), text),
            token => syn::parse2::<syn::LitStr>(token.into())
                .ok()
                .filter(|literal| literal.value() == text),
        };
        found = inner.or(found);
    }
    found
}

/// `docs = false`, `rename("user") = "Person"`
struct Setting {
    key: syn::Ident,
    /// What it is about.
    path: Option<syn::LitStr>,
    /// For which types, if what it is about is no name of the schema.
    of: Option<syn::LitStr>,
    value: Value,
}

/// The forms of values; which one is right, the key says.
enum Value {
    Text(syn::LitStr),
    Bool(syn::LitBool),
    Number(syn::LitInt),
    Path(syn::Path),
    List(Vec<TokenStream>, proc_macro2::Group),
}

impl Setting {
    fn parse(input: ParseStream<'_>, seen: &mut Vec<String>) -> syn::Result<Self> {
        let key = input.call(syn::Ident::parse_any)?;
        let (mut path, mut of) = (None, None);
        if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            path = Some(content.parse::<syn::LitStr>()?);
            if key == "boxing" && content.parse::<Option<Token![,]>>()?.is_some() {
                of = Some(content.parse::<syn::LitStr>()?);
            }
        }
        input.parse::<Token![=]>()?;
        let value = Value::parse(input)?;
        let name = match (&path, &of) {
            (Some(path), Some(of)) => format!("{key}({:?}, {:?})", path.value(), of.value()),
            (Some(path), None) => format!("{key}({:?})", path.value()),
            (None, _) => key.to_string(),
        };
        if seen.contains(&name) {
            return Err(syn::Error::new_spanned(
                key,
                format!("`{name}` is set twice"),
            ));
        }
        seen.push(name);
        let setting = Self {
            key,
            path,
            of,
            value,
        };
        Ok(setting)
    }

    fn apply(self, config: &mut Config, boxing: &mut Boxing) -> syn::Result<()> {
        let old = std::mem::take(config);
        let about = |what: &str| match &self.path {
            Some(path) => Ok(path.value()),
            None => Err(fault(
                &self.key,
                format!("nothing says which {what} `{}` is about", self.key),
                format!("write `{}(\"…\") = …`", self.key),
            )),
        };
        let key = self.key.to_string();
        if let (Some(path), false) = (&self.path, SCOPED.contains(&key.as_str()))
            && KEYS.contains(&key.as_str())
        {
            return Err(syn::Error::new_spanned(
                path,
                format!("`{key}` is about the whole schema"),
            ));
        }
        *config = match key.as_str() {
            "crate" => old.runtime(self.value.path()?.to_token_stream().to_string()),
            "id_rule" => old.id_rule(
                self.value
                    .one_of(&[("tl", IdRule::Tl), ("telegram", IdRule::Telegram)])?,
            ),
            "only" => old.only(self.value.texts()?),
            "ownership" => old.ownership(self.value.one_of(&[
                ("owned", Ownership::Owned),
                ("borrowed", Ownership::Borrowed),
            ])?),
            "objects" => old.objects(
                self.value
                    .one_of(&[("bytes", Objects::Bytes), ("enum", Objects::Enum)])?,
            ),
            "codec" => {
                let about = self
                    .path
                    .as_ref()
                    .map_or_else(|| "*".to_owned(), syn::LitStr::value);
                let codecs = [
                    ("auto", Codec::Auto),
                    ("code", Codec::Code),
                    ("table", Codec::Table),
                ];
                old.codec(about, self.value.one_of(&codecs)?)
            }
            "side" => old.side(self.value.one_of(&[
                ("client", Side::Client),
                ("server", Side::Server),
                ("both", Side::Both),
            ])?),
            "derive" => {
                let about = self
                    .path
                    .as_ref()
                    .map_or_else(|| "*".to_owned(), syn::LitStr::value);
                old.derive(about, self.value.paths()?)
            }
            "strings_as_bytes" => {
                let paths = self.value.texts()?.into_iter();
                paths.fold(old, Config::strings_as_bytes)
            }
            "attribute" => old.attribute(about("type")?, self.value.text()?),
            "field_attribute" => old.field_attribute(about("field")?, self.value.text()?),
            "rename" => old.rename(about("type")?, self.value.text()?),
            "boxing" => {
                let size = self.value.number()?;
                let about = about("kind of value")?;
                let mut own = match &self.of {
                    Some(of) => old.boxing_at(&of.value()),
                    None => *boxing,
                };
                match about.as_str() {
                    "variants" => (own.variants, own.namesakes) = (size, size),
                    "namesakes" => own.namesakes = size,
                    "optional_fields" => own.optional_fields = size,
                    _ => {
                        return Err(fault(
                            &self.path,
                            "this is never boxed by its size",
                            "it is `boxing(\"variants\")`, `boxing(\"namesakes\")` or \
                             `boxing(\"optional_fields\")`",
                        ));
                    }
                }
                match &self.of {
                    Some(of) => old.boxing_of(of.value(), own),
                    None => {
                        *boxing = own;
                        old.boxing(own)
                    }
                }
            }
            "owned_module" => old.owned_module(self.value.path()?.to_token_stream().to_string()),
            "conversions" => old.conversions(self.value.bool()?),
            "docs" => old.docs(self.value.bool()?),
            _ => {
                let hint = match nearest(&key, KEYS.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", listed(KEYS)),
                };
                return Err(fault(
                    &self.key,
                    format!("there is no option `{key}`"),
                    hint,
                ));
            }
        };
        Ok(())
    }
}

const KEYS: &[&str] = &[
    "crate",
    "id_rule",
    "only",
    "ownership",
    "codec",
    "side",
    "objects",
    "derive",
    "attribute",
    "field_attribute",
    "strings_as_bytes",
    "rename",
    "boxing",
    "owned_module",
    "conversions",
    "docs",
];

/// Those that are, or may be, about a part of the schema.
const SCOPED: &[&str] = &[
    "derive",
    "attribute",
    "field_attribute",
    "rename",
    "boxing",
    "codec",
];

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(syn::LitStr) {
            input.parse().map(Self::Text)
        } else if input.peek(syn::LitBool) {
            input.parse().map(Self::Bool)
        } else if input.peek(syn::LitInt) {
            input.parse().map(Self::Number)
        } else if input.peek(syn::token::Bracket) {
            let group: proc_macro2::Group = input.parse()?;
            let items = Punctuated::<Item, Token![,]>::parse_terminated;
            let items = syn::parse::Parser::parse2(items, group.stream())?;
            Ok(Self::List(
                items.into_iter().map(|item| item.0).collect(),
                group,
            ))
        } else {
            input.call(syn::Path::parse_mod_style).map(Self::Path)
        }
    }
}

/// A path or a string in a list.
struct Item(TokenStream);

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(syn::LitStr) {
            let literal: syn::LitStr = input.parse()?;
            Ok(Self(literal.into_token_stream()))
        } else {
            let path = input.call(syn::Path::parse_mod_style)?;
            Ok(Self(path.into_token_stream()))
        }
    }
}

impl ToTokens for Value {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Text(text) => text.to_tokens(tokens),
            Self::Bool(bool) => bool.to_tokens(tokens),
            Self::Number(number) => number.to_tokens(tokens),
            Self::Path(path) => path.to_tokens(tokens),
            Self::List(_, group) => group.to_tokens(tokens),
        }
    }
}

impl Value {
    fn wrong<T>(&self, wanted: &str) -> syn::Result<T> {
        Err(syn::Error::new_spanned(
            self,
            format!("this should be {wanted}"),
        ))
    }

    fn text(&self) -> syn::Result<String> {
        match self {
            Self::Text(text) => Ok(text.value()),
            _ => self.wrong("a string"),
        }
    }

    fn bool(&self) -> syn::Result<bool> {
        match self {
            Self::Bool(bool) => Ok(bool.value),
            _ => self.wrong("`true` or `false`"),
        }
    }

    fn number(&self) -> syn::Result<u32> {
        match self {
            Self::Number(number) => number.base10_parse(),
            _ => self.wrong("a number of bytes"),
        }
    }

    fn path(&self) -> syn::Result<syn::Path> {
        match self {
            Self::Path(path) => Ok(path.clone()),
            Self::Text(text) => text.parse_with(syn::Path::parse_mod_style),
            _ => self.wrong("a path"),
        }
    }

    fn texts(&self) -> syn::Result<Vec<String>> {
        match self {
            Self::List(items, _) => items
                .iter()
                .map(|item| syn::parse2(item.clone()).map(|text: syn::LitStr| text.value()))
                .collect(),
            _ => self.wrong("a list of strings: `[\"…\"]`"),
        }
    }

    fn paths(&self) -> syn::Result<Vec<String>> {
        match self {
            Self::List(items, _) => items
                .iter()
                .map(|item| {
                    let path: syn::Path = syn::parse2(item.clone())?;
                    Ok(path.into_token_stream().to_string().replace(' ', ""))
                })
                .collect(),
            _ => self.wrong("a list of traits: `[Debug, Clone]`"),
        }
    }

    fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> syn::Result<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let Self::Text(text) = self else {
            return self.wrong("a string");
        };
        let value = text.value();
        match choices.iter().find(|(word, _)| *word == value) {
            Some((_, choice)) => Ok(*choice),
            None => Err(fault(
                self,
                format!("there is no `{value}` here"),
                format!("it may be {}", listed(&words)),
            )),
        }
    }
}

fn fault(
    at: impl ToTokens,
    message: impl std::fmt::Display,
    hint: impl std::fmt::Display,
) -> syn::Error {
    syn::Error::new_spanned(at, with_hint(message, hint))
}
