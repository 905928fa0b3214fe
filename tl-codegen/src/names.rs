//! Identifiers: what a name of the schema is called in Rust.
//!
//! Every rule about names is here. A name depends on the declaration itself and, only when two
//! declarations want the same one, on those before it in the schema: whatever is appended to a
//! schema renames nothing that was there.
//!
//! * Words end at `_`, at a small letter before a capital, and before the last capital of a run:
//!   `inputCheckPasswordSRP` is `InputCheckPasswordSrp`, `P_Q_inner_data` is `PQInnerData`,
//!   `srp_B` is `srp_b`.
//! * A keyword becomes a raw identifier (`r#type`), or gets a `_` where Rust has none (`self_`).
//! * A number (`#`) that would hide a variable of generated code gets a `_`, too: `r_`, `w_`.
//! * A struct or an enum that would hide what generated code needs gets a `_`: `Box_`, `Option_`.
//! * A variant is the constructor without the words of its type (`inputPeerUser` of `InputPeer` is
//!   `User`), but with the namespaces that its type does not have: `wallet.v3.accountState` of
//!   `AccountState` is `WalletV3`. What would not be an identifier keeps the whole name.
//! * Of several that want one name the first gets it. The next ones get the layer section that
//!   they stand in, else a number: `DecryptedMessageLayer17`, `User2`.

use std::borrow::Cow;

use crate::hash::Set;

/// The name of a type, constructor, function or generic parameter: `ResPq`.
#[must_use]
pub fn pascal(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    push_pascal(&mut pascal, name);
    sound(pascal, 'T')
}

/// The name of a struct or an enum: what generated code calls by these names must not be hidden.
#[must_use]
pub fn item(name: &str) -> String {
    let name = pascal(name);
    match name.as_str() {
        "Box" | "Option" | "String" | "Vec" => name + "_",
        _ => name,
    }
}

/// One name behind the other: within a longer one nothing is a keyword or hides anything.
#[must_use]
pub fn joined(first: &str, then: &str) -> String {
    let stem = match then.is_empty() {
        true => first,
        false => first.strip_suffix('_').unwrap_or(first),
    };
    [stem, then].concat()
}

/// The name of a field, method or parameter, which may be a keyword: `srp_b`, `r#type`.
#[must_use]
pub fn field(name: &str) -> String {
    escape_snake(snake(name))
}

/// The name of a number that decides about other fields: where they are read and written it is a
/// variable beside the generator's own.
#[must_use]
pub fn local(name: &str) -> String {
    let name = field(name);
    match name.as_str() {
        "r" | "w" | "nats" => name + "_",
        _ => name,
    }
}

/// The name of a module, which may be a keyword: `ton_node`, `r#pub`.
///
/// The modules that generated code imports everywhere can't be names of others.
#[must_use]
pub fn module(namespace: &str) -> String {
    let mut name = snake(namespace);
    if matches!(name.as_str(), "types" | "enums" | "functions" | "tl") {
        name.push('_');
    }
    escape_snake(name)
}

/// The name of a variant: the constructor as one of its type. Both are full names.
#[must_use]
pub fn variant(constructor: &str, ty: &str) -> String {
    let (namespaces, name) = split(constructor);
    let (type_namespaces, type_name) = split(ty);
    let foreign = foreign_namespaces(namespaces, type_namespaces);
    let mut variant = String::with_capacity(constructor.len());
    for namespace in foreign {
        push_pascal(&mut variant, namespace);
    }
    let rest = without_prefix(name, type_name);
    push_pascal(&mut variant, rest);
    // A namespace that is called like the type says nothing either.
    variant = without_prefix(&variant, type_name).to_owned();
    if variant.is_empty() || variant.starts_with(|first: char| !first.is_ascii_alphabetic()) {
        variant.clear();
        push_pascal(&mut variant, name);
    }
    sound(variant, 'V')
}

/// The namespaces and the name within them: `tonNode.blockId` is `tonNode` and `blockId`.
#[must_use]
pub fn split(full: &str) -> (&str, &str) {
    full.rsplit_once('.').unwrap_or(("", full))
}

/// The identifiers of one module, enum or struct.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Names taken, as long as they are few: most scopes are the fields of one struct.
    few: Vec<String>,
    many: Set<String>,
}

/// As many names are looked through one by one.
const FEW: usize = 24;

impl Scope {
    /// Takes a name nobody has: the wanted one, else the first that is free of those with the
    /// layer or a number behind it.
    pub fn take(&mut self, wanted: String, layer: Option<u32>) -> String {
        if self.insert(&wanted) {
            return wanted;
        }
        // What is put behind a keyword, or behind what may not be hidden, makes it an ordinary name.
        let stem = wanted.strip_prefix("r#").unwrap_or(&wanted);
        let stem = stem.strip_suffix('_').unwrap_or(stem);
        let is_snake = stem.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
        let of_layer = layer.map(|layer| match is_snake {
            true => format!("{stem}_layer{layer}"),
            false => format!("{stem}Layer{layer}"),
        });
        let numbered = (2_u32..).map(|number| match is_snake || ends_in_digit(stem) {
            true => format!("{stem}_{number}"),
            false => format!("{stem}{number}"),
        });
        for name in of_layer.into_iter().chain(numbered) {
            if self.insert(&name) {
                return name;
            }
        }
        wanted
    }

    /// Whether the name was free.
    fn insert(&mut self, name: &str) -> bool {
        if self.contains(name) {
            return false;
        }
        if self.few.len() == FEW {
            self.many.extend(self.few.drain(..));
        }
        match self.many.is_empty() {
            true => self.few.push(name.to_owned()),
            false => _ = self.many.insert(name.to_owned()),
        }
        true
    }

    /// Whether the name is taken.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.few.iter().any(|taken| taken == name) || self.many.contains(name)
    }
}

fn ends_in_digit(name: &str) -> bool {
    name.ends_with(|last: char| last.is_ascii_digit())
}

/// What the constructor's namespaces have that the type's don't.
fn foreign_namespaces<'n>(own: &'n str, of_type: &str) -> impl Iterator<Item = &'n str> {
    let mut of_type = of_type.split('.');
    let mut common = true;
    own.split('.').filter(move |&namespace| {
        common = common && of_type.next() == Some(namespace);
        !common && !namespace.is_empty()
    })
}

/// The name without the words of the type in front, if it begins with them.
fn without_prefix<'n>(name: &'n str, ty: &str) -> &'n str {
    let mut of_type = words(ty);
    let mut rest = name;
    let mut of_name = words(name);
    loop {
        let Some(wanted) = of_type.next() else {
            return rest;
        };
        match of_name.next() {
            Some(word) if word.eq_ignore_ascii_case(wanted) => {
                rest = of_name.rest;
            }
            _ => return name,
        }
    }
}

fn words(name: &str) -> Words<'_> {
    Words { rest: name }
}

/// The words of a name, see the top of the file.
struct Words<'n> {
    rest: &'n str,
}

impl<'n> Iterator for Words<'n> {
    type Item = &'n str;

    fn next(&mut self) -> Option<&'n str> {
        let name = self
            .rest
            .trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let bytes = name.as_bytes();
        if bytes.is_empty() {
            self.rest = name;
            return None;
        }
        let mut end = 1;
        while let Some(&byte) = bytes.get(end) {
            let before = bytes[end - 1];
            let ends = if byte.is_ascii_uppercase() {
                let small_follows = bytes.get(end + 1).is_some_and(u8::is_ascii_lowercase);
                !before.is_ascii_uppercase() || small_follows
            } else {
                !byte.is_ascii_alphanumeric()
            };
            if ends {
                break;
            }
            end += 1;
        }
        let (word, rest) = name.split_at(end);
        self.rest = rest;
        Some(word)
    }
}

fn push_pascal(to: &mut String, name: &str) {
    for word in words(name) {
        // `2_3` must not become `23`.
        if word.starts_with(|first: char| first.is_ascii_digit()) && ends_in_digit(to) {
            to.push('_');
        }
        let start = to.len();
        to.push_str(word);
        // Words are ASCII.
        let (first, rest) = to.as_mut_str()[start..].split_at_mut(1);
        first.make_ascii_uppercase();
        rest.make_ascii_lowercase();
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for word in words(name) {
        if !snake.is_empty() {
            snake.push('_');
        }
        let start = snake.len();
        snake.push_str(word);
        snake.as_mut_str()[start..].make_ascii_lowercase();
    }
    if snake.is_empty() || snake.starts_with(|first: char| first.is_ascii_digit()) {
        snake.insert(0, '_');
    }
    snake
}

/// Makes an identifier of a name that may be a keyword, begin with a digit, or be nothing.
fn sound(mut pascal: String, letter: char) -> String {
    if pascal.is_empty() || pascal.starts_with(|first: char| first.is_ascii_digit()) {
        pascal.insert(0, letter);
    }
    if pascal == "Self" {
        pascal.push('_');
    }
    pascal
}

fn escape_snake(name: String) -> String {
    match name.as_str() {
        "_" => "value".to_owned(),
        "self" | "super" | "crate" => name + "_",
        _ if is_keyword(&name) => format!("r#{name}"),
        _ => name,
    }
}

/// The name as error messages and outlines say it.
#[must_use]
pub fn plain(identifier: &str) -> Cow<'_, str> {
    Cow::Borrowed(identifier.strip_prefix("r#").unwrap_or(identifier))
}

/// Whether this can be the name of something that is generated.
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    let plain = name.strip_prefix("r#").unwrap_or(name);
    let is_raw = plain.len() < name.len();
    let mut letters = plain.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
        && plain != "_"
        && !matches!(plain, "self" | "Self" | "super" | "crate")
        && (is_raw || !is_keyword(plain))
}

/// Whether this names something elsewhere: `crate::api`, `::tl_runtime`, `serde::Serialize`.
#[must_use]
pub fn is_path(path: &str) -> bool {
    let path = path.trim();
    let path = path.strip_prefix("::").unwrap_or(path);
    path.split("::").map(str::trim).all(|segment| {
        matches!(segment, "self" | "super" | "crate" | "$crate") || is_identifier(segment)
    })
}

/// Keywords of all editions, reserved ones included.
fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "abstract"
            | "as"
            | "async"
            | "await"
            | "become"
            | "box"
            | "break"
            | "const"
            | "continue"
            | "do"
            | "dyn"
            | "else"
            | "enum"
            | "extern"
            | "false"
            | "final"
            | "fn"
            | "for"
            | "gen"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "loop"
            | "macro"
            | "match"
            | "mod"
            | "move"
            | "mut"
            | "override"
            | "priv"
            | "pub"
            | "ref"
            | "return"
            | "static"
            | "struct"
            | "trait"
            | "true"
            | "try"
            | "type"
            | "typeof"
            | "unsafe"
            | "unsized"
            | "use"
            | "virtual"
            | "where"
            | "while"
            | "yield"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_real_names() {
        for (name, wanted) in [
            ("resPQ", "ResPq"),
            ("P_Q_inner_data", "PQInnerData"),
            ("Server_DH_inner_data", "ServerDhInnerData"),
            ("Client_DH_Inner_Data", "ClientDhInnerData"),
            ("set_client_DH_params", "SetClientDhParams"),
            ("Set_client_DH_params_answer", "SetClientDhParamsAnswer"),
            ("inputCheckPasswordSRP", "InputCheckPasswordSrp"),
            ("ed25519", "Ed25519"),
            ("emojiURL", "EmojiUrl"),
            ("decryptedMessage8", "DecryptedMessage8"),
            ("int128", "Int128"),
            ("DHParams", "DhParams"),
            ("a_2_3", "A2_3"),
            ("self", "Self_"),
            ("_", "T"),
            ("8", "T8"),
        ] {
            assert_eq!(pascal(name), wanted, "{name}");
        }
    }

    #[test]
    fn rust_and_what_is_none() {
        for name in ["a", "_a", "A9", "r#type", "größe"] {
            assert!(is_identifier(name), "{name}");
        }
        for name in ["", "9a", "type", "r#self", "_", "a b", "a-b", "a::b", "r#"] {
            assert!(!is_identifier(name), "{name}");
        }
        for path in [
            "::a::b",
            "crate::x",
            "super::super::y",
            "crate :: owned",
            "$crate::tl",
        ] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "::", "a::", "a b", "a::9", "a<b>", "::::a"] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn items_hide_nothing() {
        assert_eq!(item("box"), "Box_");
        assert_eq!(item("option"), "Option_");
        assert_eq!(item("result"), "Result");
        assert_eq!(item("boxes"), "Boxes");
    }

    #[test]
    fn fields_of_real_names() {
        for (name, wanted) in [
            ("srp_B", "srp_b"),
            ("A", "a"),
            ("M1", "m1"),
            ("alice_PK", "alice_pk"),
            ("signed_A", "signed_a"),
            ("type", "r#type"),
            ("self", "self_"),
            ("final", "r#final"),
            ("long", "long"),
            ("fields_mask", "fields_mask"),
            ("_", "value"),
            ("randomId", "random_id"),
            ("2fa", "_2fa"),
        ] {
            assert_eq!(field(name), wanted, "{name}");
        }
        assert_eq!(module("tonNode"), "ton_node");
        assert_eq!(module("pub"), "r#pub");
        assert_eq!(module("types"), "types_");
    }

    #[test]
    fn variants_lose_the_type_and_keep_foreign_namespaces() {
        for (constructor, ty, wanted) in [
            ("inputPeerUser", "InputPeer", "User"),
            ("inputPeerSelf", "InputPeer", "Self_"),
            ("user", "User", "User"),
            ("userEmpty", "User", "Empty"),
            ("decryptedMessage8", "DecryptedMessage", "DecryptedMessage8"),
            ("messages.messagesSlice", "messages.Messages", "Slice"),
            ("raw.accountState", "AccountState", "Raw"),
            ("wallet.v3.accountState", "AccountState", "WalletV3"),
            (
                "wallet.highload.v1.initialAccountState",
                "InitialAccountState",
                "WalletHighloadV1",
            ),
            (
                "validatorSession.message.commit",
                "validatorSession.round.Message",
                "Commit",
            ),
            ("pub.ed25519", "PublicKey", "PubEd25519"),
            ("tree.node", "Tree", "Node"),
            ("server_DH_params_ok", "Server_DH_Params", "Ok"),
            ("users", "User", "Users"),
            ("au.nionA", "a.MyUnion", "AuNionA"),
            ("boolTrue", "Bool", "True"),
            ("_", "ReqResult", "V"),
        ] {
            assert_eq!(variant(constructor, ty), wanted, "{constructor} = {ty}");
        }
    }

    #[test]
    fn the_first_keeps_its_name() {
        let mut scope = Scope::default();
        let mut take = |name: &str, layer| scope.take(name.to_owned(), layer);
        assert_eq!(take("Message", Some(8)), "Message");
        assert_eq!(take("Message", Some(17)), "MessageLayer17");
        assert_eq!(take("Message", Some(17)), "Message2");
        assert_eq!(take("Layer8", None), "Layer8");
        assert_eq!(take("Layer8", None), "Layer8_2");
        assert_eq!(take("r#type", None), "r#type");
        assert_eq!(take("r#type", None), "type_2");
        assert_eq!(take("Box_", None), "Box_");
        assert_eq!(take("Box_", Some(8)), "BoxLayer8");
        assert_eq!(take("Box_", None), "Box2");
    }
}
