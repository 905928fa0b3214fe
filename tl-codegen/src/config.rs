//! Every knob, once.

use std::path::{Path, PathBuf};

use tl_parser::ir::IdRule;

/// What to generate from which schema, and how.
///
/// In a build script:
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// tl_codegen::Config::new().schema("schemas/api.tl").generate()?;
/// # Ok(())
/// # }
/// ```
///
/// and in the crate:
///
/// ```ignore
/// pub mod api {
///     include!(concat!(env!("OUT_DIR"), "/api.rs"));
/// }
/// ```
///
/// Where a knob takes a *path*, it is a full name of the schema (`messages.sendMessage`,
/// `InputPeer`), all of a namespace (`messages.*`), or everything (`*`).
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) schemas: Vec<PathBuf>,
    pub(crate) id_rule: Option<IdRule>,
    pub(crate) known_ids: Vec<PathBuf>,
    pub(crate) runtime: String,
    pub(crate) derives: Vec<(String, Vec<String>)>,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) field_attributes: Vec<(String, String)>,
    pub(crate) strings_as_bytes: Vec<String>,
    pub(crate) renames: Vec<(String, String)>,
    pub(crate) only: Vec<String>,
    pub(crate) ownership: Ownership,
    pub(crate) owned_module: Option<String>,
    pub(crate) side: Side,
    pub(crate) boxing: Boxing,
    pub(crate) boxing_of: Vec<(String, Boxing)>,
    pub(crate) objects: Objects,
    pub(crate) codecs: Vec<(String, Codec)>,
    pub(crate) assert_layout: bool,
    pub(crate) conversions: bool,
    pub(crate) docs: bool,
    pub(crate) format: bool,
    pub(crate) module: Option<String>,
    pub(crate) out_dir: Option<PathBuf>,
}

/// Whether generated types own what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ownership {
    /// `String`, `Vec`, `Box`.
    #[default]
    Owned,
    /// `&'a str` and `&'a [u8]` in the bytes that were read, slices and references in an arena;
    /// every type is `Copy`.
    Borrowed,
}

/// How the types of a schema are read and written. Both ways are the same to whoever uses the types:
/// the same methods, the same bytes, the same errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Codec {
    /// By code if few types are generated, at most [`Codec::FEW`], and by tables if they are more.
    #[default]
    Auto,
    /// By a body of its own for each type: quickest, and what a crate that forbids unsafe code must
    /// take. A large schema takes long to compile.
    Code,
    /// By one interpreter in the run time, from tables, `Debug`, `Clone`, `PartialEq`, `Default` and
    /// `to_owned` too:
    /// compiles in seconds. What a table can't say has code: generic types, and types that depend on
    /// numbers from outside.
    Table,
}

impl Codec {
    /// So many types are few: by code they take the compiler less than a second in `check` and less than
    /// five when it optimises, on a busy machine (`tl-codegen/cost` has the figures for 153 types and for
    /// 237), and users of such schemas (service messages, secret chats) need not ask what a table is.
    pub const FEW: usize = 200;
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Side {
    /// Writes functions, reads what they answer.
    Client,
    /// Reads functions, writes what they answer.
    Server,
    /// Reads and writes everything.
    #[default]
    Both,
}

/// What becomes of `Object`, a boxed value of any type of the schema, and of `Function`, a call of
/// any of its functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Objects {
    /// Their bytes (`tl::Object`, `tl::ObjectRef`), to be read by who knows what they are: of
    /// another schema, or compressed. Where they end the bytes don't say, so they must come last.
    #[default]
    Bytes,
    /// An enum, `enums::Object` and `enums::Function`, with a variant for each constructor and
    /// function that is generated: what [`Config::only`] leaves out is not in it. Constructors with
    /// parameters (`Vector`) are not either, since nothing says what they are of.
    Enum,
}

/// From which size in bytes on something is boxed, so that values stay small where they are kept
/// inline. Sizes are those of the owned types on a 64-bit machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boxing {
    /// A constructor in the enum of its type is boxed if it is larger.
    pub variants: u32,
    /// The same where it is larger than `variants`, for enums of types that have a constructor of their
    /// own name: `message` of `Message`, beside `messageEmpty` and `messageService`. Most of their
    /// values are that, and a box would be one more allocation for each element of a vector.
    pub namesakes: u32,
    /// An optional field of a generated type is boxed if the type is larger.
    pub optional_fields: u32,
}

impl Default for Boxing {
    fn default() -> Self {
        Self {
            variants: 56,
            namesakes: 512,
            optional_fields: 32,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// Everything as it is unless told otherwise, and no schema yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            schemas: Vec::new(),
            id_rule: None,
            known_ids: Vec::new(),
            runtime: "::mtproto_runtime::tl".to_owned(),
            derives: Vec::new(),
            attributes: Vec::new(),
            field_attributes: Vec::new(),
            strings_as_bytes: Vec::new(),
            renames: Vec::new(),
            only: Vec::new(),
            ownership: Ownership::default(),
            owned_module: None,
            side: Side::default(),
            boxing: Boxing::default(),
            boxing_of: Vec::new(),
            objects: Objects::default(),
            codecs: Vec::new(),
            assert_layout: false,
            conversions: true,
            docs: true,
            format: true,
            module: None,
            out_dir: None,
        }
    }

    /// Adds a schema file. Several make up one schema, in that order.
    ///
    /// ```
    /// use tl_codegen::Config;
    ///
    /// let config = Config::new().schema("lite_api.tl").schema("ton_api.tl");
    /// ```
    #[must_use]
    pub fn schema(mut self, path: impl AsRef<Path>) -> Self {
        self.schemas.push(path.as_ref().to_owned());
        self
    }

    /// The rule that ids are computed by where the schema does not write them. Unless set, it is
    /// found out from the ids that are written.
    ///
    /// ```
    /// use tl_codegen::{Config, IdRule};
    ///
    /// let config = Config::new().schema("ton_api.tl").id_rule(IdRule::Tl);
    /// ```
    #[must_use]
    pub fn id_rule(mut self, rule: IdRule) -> Self {
        self.id_rule = Some(rule);
        self
    }

    /// Adds a file with ids that were given by hand, and so are right whatever they are: one
    /// `name#id` a line.
    ///
    /// ```
    /// let config = tl_codegen::Config::new()
    ///     .schema("lite_api.tl")
    ///     .known_ids("known-ids.txt");
    /// ```
    #[must_use]
    pub fn known_ids(mut self, path: impl AsRef<Path>) -> Self {
        self.known_ids.push(path.as_ref().to_owned());
        self
    }

    /// The path by which generated code finds the run time; `::mtproto_runtime::tl` unless set.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().runtime("::tl_runtime");
    /// ```
    #[must_use]
    pub fn runtime(mut self, path: impl Into<String>) -> Self {
        self.runtime = path.into();
        self
    }

    /// Derives traits for the types at a path. What is said later of a path wins; unless said,
    /// all types derive `Debug`, `Clone` and `PartialEq`.
    ///
    /// The traits are derived as they are given: whether a type can have them (`Eq` beside a
    /// double, `Copy` beside a `String`) is for whoever asks to know. Borrowed types are `Copy`
    /// whatever is said. Only `Default` goes, where more than one type is asked for it (`*`, `messages.*`), to
    /// those that can have it: structs whose fields may be missing, empty or zero, and no enum.
    ///
    /// ```
    /// let config = tl_codegen::Config::new()
    ///     .derive("*", ["Clone"])
    ///     .derive("InputPeer", ["Debug", "Clone", "PartialEq", "Eq", "Hash"]);
    /// let config = config.derive("messages.*", ["Debug", "Clone", "Default"]);
    /// ```
    #[must_use]
    pub fn derive<T: Into<String>>(
        mut self,
        path: impl Into<String>,
        traits: impl IntoIterator<Item = T>,
    ) -> Self {
        self.derives
            .push((path.into(), traits.into_iter().map(Into::into).collect()));
        self
    }

    /// Puts an attribute, without `#[` and `]`, on the types at a path.
    ///
    /// Types with an attribute that may change how they lie in memory (`repr`, `cfg_attr`, macros) are
    /// read and written by code, whatever [`Self::codec`] says.
    ///
    /// ```
    /// let config = tl_codegen::Config::new()
    ///     .attribute("user", "derive(serde::Serialize)")
    ///     .attribute("user", r#"serde(rename_all = "camelCase")"#);
    /// ```
    #[must_use]
    pub fn attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.attributes.push((path.into(), attribute.into()));
        self
    }

    /// Puts an attribute on fields: `user.phone`, or `user.*` for all of a struct.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().field_attribute("user.phone", "serde(skip)");
    /// ```
    #[must_use]
    pub fn field_attribute(
        mut self,
        path: impl Into<String>,
        attribute: impl Into<String>,
    ) -> Self {
        self.field_attributes.push((path.into(), attribute.into()));
        self
    }

    /// Holds the `string`s of a field as bytes: `message.message`, `user.*`, or `*` for all. Peers
    /// send strings that are not UTF-8, which is an error unless they are read as bytes.
    ///
    /// ```
    /// let config = tl_codegen::Config::new()
    ///     .schema("api.tl")
    ///     .strings_as_bytes("message.message")
    ///     .strings_as_bytes("user.*");
    /// ```
    #[must_use]
    pub fn strings_as_bytes(mut self, path: impl Into<String>) -> Self {
        self.strings_as_bytes.push(path.into());
        self
    }

    /// Gives a type, constructor or function another Rust name than the usual one, for example
    /// because two have the same.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().rename("rpc_drop_answer", "DropAnswer");
    /// ```
    #[must_use]
    pub fn rename(mut self, name: impl Into<String>, rust: impl Into<String>) -> Self {
        self.renames.push((name.into(), rust.into()));
        self
    }

    /// Generates these functions and types, and what they need; nothing else. May be called
    /// several times.
    ///
    /// ```
    /// let config = tl_codegen::Config::new()
    ///     .schema("api.tl")
    ///     .only(["messages.sendMessage", "upload.*", "Updates"]);
    /// ```
    #[must_use]
    pub fn only<T: Into<String>>(mut self, paths: impl IntoIterator<Item = T>) -> Self {
        self.only.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Whether types own what they hold; they do unless set.
    ///
    /// ```
    /// use tl_codegen::{Config, Ownership};
    ///
    /// let config = Config::new().ownership(Ownership::Borrowed);
    /// ```
    #[must_use]
    pub fn ownership(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }

    /// Where the owned types of the same schema are: borrowed ones get a method `to_owned` that
    /// makes them.
    ///
    /// They are to be generated from the same schema and with the same settings, best from a clone of the
    /// configuration: what has a table in one must have one in the other that says the same, names of fields
    /// included, and the build fails where it does not. So much as traits or an attribute that are asked for
    /// on one side alone may take a table away; what is left out ([`Config::only`]) may differ, unless there
    /// are enums of everything ([`Config::objects`]).
    ///
    /// ```
    /// use tl_codegen::{Config, Ownership};
    ///
    /// let owned = Config::new().schema("api.tl");
    /// let borrowed = owned
    ///     .clone()
    ///     .module("borrowed")
    ///     .ownership(Ownership::Borrowed)
    ///     .owned_module("crate::api");
    /// ```
    #[must_use]
    pub fn owned_module(mut self, path: impl Into<String>) -> Self {
        self.owned_module = Some(path.into());
        self
    }

    /// Who speaks: what is only ever read by that side can't be written, and the reverse. Both
    /// sides unless set.
    ///
    /// ```
    /// use tl_codegen::{Config, Side};
    ///
    /// let config = Config::new().side(Side::Client);
    /// ```
    #[must_use]
    pub fn side(mut self, side: Side) -> Self {
        self.side = side;
        self
    }

    /// From which sizes on values are boxed. Recursive types are boxed where they must be,
    /// whatever the sizes.
    ///
    /// ```
    /// use tl_codegen::{Boxing, Config};
    ///
    /// let config = Config::new().boxing(Boxing { variants: 128, ..Boxing::default() });
    /// ```
    #[must_use]
    pub fn boxing(mut self, boxing: Boxing) -> Self {
        self.boxing = boxing;
        self
    }

    /// The same for the types and constructors at a path: the variants of an enum go by the name of
    /// the type, the fields of a struct by that of the constructor. What is said later of a path
    /// wins.
    ///
    /// ```
    /// use tl_codegen::{Boxing, Config};
    ///
    /// // A queue of updates that is read again and again: no boxes.
    /// let inline =
    ///     Boxing { variants: u32::MAX, namesakes: u32::MAX, optional_fields: u32::MAX };
    /// let config = Config::new().boxing_of("Update", inline).boxing_of("updateNewMessage", inline);
    /// ```
    #[must_use]
    pub fn boxing_of(mut self, path: impl Into<String>, boxing: Boxing) -> Self {
        self.boxing_of.push((path.into(), boxing));
        self
    }

    /// What becomes of `Object` and `Function`; their bytes unless set.
    ///
    /// ```
    /// use tl_codegen::{Config, Objects};
    ///
    /// let config = Config::new().schema("ton_api.tl").objects(Objects::Enum);
    /// ```
    #[must_use]
    pub fn objects(mut self, objects: Objects) -> Self {
        self.objects = objects;
        self
    }

    /// How the types at a path are read and written. What is said later of a path wins; unless
    /// said, it is [`Codec::Auto`].
    ///
    /// Of a large schema, the types that a program spends its time on may have code, and all others
    /// tables. The former are in the tables, too, for all but reading and writing, and their code is
    /// what reads and writes them wherever they stand:
    ///
    /// ```
    /// use tl_codegen::{Codec, Config};
    ///
    /// let config = Config::new()
    ///     .schema("api.tl")
    ///     .codec("message", Codec::Code)
    ///     .codec("Message", Codec::Code)
    ///     .codec("user", Codec::Code);
    /// ```
    ///
    /// Tables need `unsafe impl` in generated code. A crate with `#![forbid(unsafe_code)]` says:
    ///
    /// ```
    /// use tl_codegen::{Codec, Config};
    ///
    /// let config = Config::new().schema("api.tl").codec("*", Codec::Code);
    /// ```
    ///
    /// Without optimisation the interpreter is slow, and it is a crate of its own: a program that is
    /// run in debug builds has it optimised by these lines in the `Cargo.toml` of its workspace:
    ///
    /// ```toml
    /// [profile.dev.package.tl-runtime]
    /// opt-level = 3
    /// ```
    #[must_use]
    pub fn codec(mut self, path: impl Into<String>, codec: Codec) -> Self {
        self.codecs.push((path.into(), codec));
        self
    }

    /// Whether generated code compares its tables with the types that they describe, each offset
    /// of each field with `offset_of!`, when it is compiled. It does not unless set: sizes and
    /// alignments are always compared, and the rest takes the compiler as long as everything else.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().assert_layout(true);
    /// ```
    #[must_use]
    pub fn assert_layout(mut self, assert_layout: bool) -> Self {
        self.assert_layout = assert_layout;
        self
    }

    /// Whether enums get a `From` for each struct that they hold, which boxes it where it has to be
    /// (`types::Message::new(…).into()`). They do unless set.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().conversions(false);
    /// ```
    #[must_use]
    pub fn conversions(mut self, conversions: bool) -> Self {
        self.conversions = conversions;
        self
    }

    /// Whether items and fields get docs: the declaration, the id and what the schema's comments
    /// say. They do unless set.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().docs(false);
    /// ```
    #[must_use]
    pub fn docs(mut self, docs: bool) -> Self {
        self.docs = docs;
        self
    }

    /// Whether the output is laid out as rustfmt does it. It is unless set; without it is a
    /// little smaller.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().format(false);
    /// ```
    #[must_use]
    pub fn format(mut self, format: bool) -> Self {
        self.format = format;
        self
    }

    /// The name of the file that is written, without `.rs`, and of the module that it is meant
    /// for. Unless set, it is that of the first schema file.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().schema("schemas/api-230.tl").module("api");
    /// ```
    #[must_use]
    pub fn module(mut self, name: impl Into<String>) -> Self {
        self.module = Some(name.into());
        self
    }

    /// Where the file is written; `OUT_DIR` of the build script unless set.
    ///
    /// ```
    /// let config = tl_codegen::Config::new().out_dir("src/generated");
    /// ```
    #[must_use]
    pub fn out_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.out_dir = Some(directory.as_ref().to_owned());
        self
    }

    /// From which sizes on the parts of a type or constructor are boxed, by what was said so far.
    ///
    /// ```
    /// use tl_codegen::{Boxing, Config};
    ///
    /// let inline = Boxing { variants: 256, ..Boxing::default() };
    /// let config = Config::new().boxing_of("Update", inline);
    /// assert_eq!(config.boxing_at("Update").variants, 256);
    /// assert_eq!(config.boxing_at("Message").variants, Boxing::default().variants);
    /// ```
    #[must_use]
    pub fn boxing_at(&self, name: &str) -> Boxing {
        let of_paths = self.boxing_of.iter().rev();
        of_paths
            .filter(|(path, _)| covers(path, name))
            .map(|&(_, boxing)| boxing)
            .next()
            .unwrap_or(self.boxing)
    }

    /// How a type is read and written.
    pub(crate) fn codec_of(&self, name: &str) -> Codec {
        let of = self.codecs.iter().rev();
        let mut of = of.filter(|(path, _)| covers(path, name));
        of.next().map_or(Codec::default(), |&(_, codec)| codec)
    }

    /// Whether a function is wanted for itself.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|path| covers(path, name))
    }

    /// Whether a type or constructor is wanted for itself.
    pub(crate) fn wants_type(&self, name: &str) -> bool {
        self.wants(name)
    }
}

/// Whether a path stands for a name.
pub(crate) fn covers(path: &str, name: &str) -> bool {
    match path.strip_suffix('*') {
        None => path == name,
        Some("") => true,
        Some(namespace) => {
            namespace.ends_with('.') && name.strip_prefix(namespace).is_some_and(|n| !n.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert!(covers("*", "a.b"));
        assert!(covers("a.b", "a.b"));
        assert!(!covers("a.b", "a.bc"));
        assert!(covers("a.*", "a.b.c"));
        assert!(!covers("a.*", "ab.c"));
        assert!(!covers("a*", "ab"));
    }
}
