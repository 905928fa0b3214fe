//! Macros for TL types: derives for types written by hand, and schemas in place.
//!
//! Programs get them from the run time: `mtproto-runtime` with the feature `derive`, or `schema`
//! for what reads schemas.
//!
//! | macro | feature | what it does |
//! |---|---|---|
//! | [`TlRead`], [`TlWrite`] | `derive` | implement the traits of that name |
//! | [`Identified`] | `derive` | the id alone, for types that are read and never written |
//! | the same with `schema = …` or `tl = …` | `schema` | check the type against its declaration |
//! | `include_schema!`, `schema!` | `schema` | generate all types of a schema |
//!
//! # Derives
//! ```
//! use mtproto_runtime::tl::{TlRead, TlWrite};
//!
//! // adnl.address.udp ip:int port:int = adnl.Address;
//! #[derive(TlRead, TlWrite, Debug, PartialEq)]
//! #[tl(id = 0x670da6e7, name = "adnl.address.udp")]
//! struct Udp {
//!     ip: i32,
//!     port: i32,
//! }
//!
//! let udp = Udp { ip: 1, port: 3000 };
//! let bytes = udp.to_bytes()?;
//! assert_eq!(bytes, b"\xe7\xa6\x0d\x67\x01\0\0\0\xb8\x0b\0\0");
//! assert_eq!(Udp::from_bytes(&bytes)?, udp);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A type with an id is written with it, a type without is written bare. A field is written as its
//! type stands alone: a `Vec<T>` as `Vector T`, id included; `bare` and `boxed` on a field say
//! otherwise. Which Rust type stands for which TL type, `tl_runtime::TlRead` says.
//!
//! ## Checked against a schema
//! With the feature `schema` a declaration can be named or written down. Ids, flag bits, and what
//! is boxed or bare then come from it, and the type is compared with it: the names of the fields,
//! their order, types and flag bits, the type that the variants of an enum make, the type that a
//! function answers. What does not agree is an error at the field.
//!
//! ```
//! use mtproto_runtime::tl::{TlRead, TlWrite};
//!
//! #[derive(TlRead, TlWrite, Debug, PartialEq)]
//! #[tl(tl = "tonNode.blockId workchain:int shard:long seqno:int = tonNode.BlockId")]
//! struct BlockId {
//!     workchain: i32,
//!     shard: u64,
//!     seqno: u32,
//! }
//!
//! #[derive(TlRead, TlWrite, Debug, PartialEq)]
//! #[tl(
//!     tl = "liteServer.lookupBlock mode:# id:tonNode.blockId lt:mode.1?long utime:mode.2?int
//!           = liteServer.BlockHeader",
//!     result = BlockHeader
//! )]
//! struct LookupBlock {
//!     id: BlockId, // bare, as the declaration says
//!     lt: Option<i64>,
//!     utime: Option<i32>,
//! }
//!
//! #[derive(TlRead, TlWrite, Debug, PartialEq)]
//! #[tl(tl = "liteServer.blockHeader id:tonNode.blockId proof:bytes = liteServer.BlockHeader")]
//! struct BlockHeader {
//!     id: BlockId,
//!     proof: Vec<u8>,
//! }
//!
//! let id = BlockId { workchain: -1, shard: 1 << 63, seqno: 7 };
//! let bytes = LookupBlock { id, lt: None, utime: Some(5) }.to_bytes()?;
//! assert_eq!(bytes.len(), 4 + 4 + 16 + 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A schema file is read as often as it changes: Cargo builds anew when it does. Types that a line
//! names and does not declare are taken as given.
//!
//! ## On a type
//! | attribute | meaning |
//! |---|---|
//! | `id = 0x670da6e7` | its constructor id |
//! | `id = "adnl.address.udp"` | the declaration in the schema that is meant |
//! | `schema = "api.tl"` | the schema, a path counted from the folder of `Cargo.toml` |
//! | `tl = "…"` | the schema itself, a declaration or several |
//! | `id_rule = "tl"`, `"telegram"` | how ids are computed that the schema does not write; unless set, it is found out from those that it writes, and is `tl` if there are none |
//! | `result = Type` | the type is a function, and this answers it: implements `Function` |
//! | `name = "…"` | the name of the constructor, where no schema says it: for errors and `Identified` |
//! | `boxed`, `bare` | says what is so anyway: types with an id are boxed, those without are bare |
//! | `crate = path` | where the run time is, unless at `::mtproto_runtime::tl` |
//!
//! ## On a variant
//! Each variant is a constructor: `id`, `name` and `tl` mean the same as on a type. A variant
//! without them that holds one value, `Udp(Udp)`, has the id of the type that it holds.
//!
//! ## On a field
//! | attribute | meaning |
//! |---|---|
//! | `flags` | a flags field: of type `()`, made of the fields under its bits; or of type `u32`, which also keeps the bits that no field is under. With a schema it may be left out |
//! | `flags_bit = 3`, `"mode.3"` | there if the bit is set, an `Option`; or the bit itself, a `bool` |
//! | `flags_field = "mode"` | which flags field that bit is of, if there are several |
//! | `default_flags = 0x1` | on a flags field: bits that are always set |
//! | `boxed`, `bare` | with the id, or without |
//! | `with = module` | read by `module::read`, written by `module::write` |
//! | `read_with = function` | read by `fn(&mut Reader<'a>) -> ReadResult<T>` |
//! | `write_with = function` | written by `fn(&T, &mut Writer<'_>)` |
//! | `min_size = 8` | how many bytes such a function reads at least: bounds vectors of the type |
//! | `skip` | not on the wire; `Default::default()` when read |
//! | `default`, `default = expression` | what a skipped field, or one under a bit that is not an `Option`, becomes when it is absent |
//! | `name = "…"` | the name of the parameter, if the field is not called so |
//!
//! ## Generics
//! Type parameters that are read or written get the bound. A type that borrows has one lifetime,
//! that of the bytes it is read from; `&'a str`, `&'a [u8]` and `&'a [u8; 32]` point into them, other
//! references into an `Arena`.
//!
//! # Coming from tl-proto
//! | tl-proto | here |
//! |---|---|
//! | `boxed, id = …` | `id = …` |
//! | `scheme = "proto.tl"`, counted from `src` | `schema = "src/proto.tl"`, and the whole type is checked |
//! | `scheme_inline` | `tl` |
//! | `id!("name", scheme = …)`, `TL_ID` | `<Type as Identified>::ID` |
//! | lifetime `'tl` | any one lifetime |
//! | `flags`, `flags_bit`, `flags_field`, `default_flags` | the same |
//! | `Option<()>` for `true` | `bool` |
//! | **`Vec<T>` is `vector T`** | **`Vec<T>` is `Vector T`**; `#[tl(bare)]`, or a schema, makes it `vector T` |
//! | `with` with `size_hint`, `write`, `read` | `read` and `write` |
//! | `size_hint` | nothing: sizes are computed, and exact; `min_size` for fields with functions |
//! | `skip_read`, `skip_write` | `skip` |
//! | `signature` | nothing: sign a value whose signature is empty |
//! | `deserialize`, `serialize` | `from_bytes` (refuses what is left over), `to_bytes` |
//! | `BoxedWrapper` | `Boxed` |

mod attr;
mod bound;
mod check;
#[cfg(feature = "schema")]
mod conform;
mod ctxt;
#[cfg(feature = "schema")]
mod declaration;
mod derive;
mod expand;
#[cfg(feature = "schema")]
mod include;
mod input;
mod layout;
mod leaf;
#[cfg(feature = "schema")]
mod schema;
mod ty;

use proc_macro::TokenStream;

/// Implements `TlRead` for a struct or an enum. The [crate] documentation has the attributes.
#[proc_macro_derive(TlRead, attributes(tl))]
pub fn derive_tl_read(input: TokenStream) -> TokenStream {
    derive::expand(check::Derive::Read, input.into()).into()
}

/// Implements `TlWrite` for a struct or an enum, and for a struct with an id `Identified` and
/// `Function`. The [crate] documentation has the attributes.
#[proc_macro_derive(TlWrite, attributes(tl))]
pub fn derive_tl_write(input: TokenStream) -> TokenStream {
    derive::expand(check::Derive::Write, input.into()).into()
}

/// Implements `Identified`, and `Function` where there is a `result`, for a struct that is read
/// and never written; [`TlWrite`](macro@TlWrite) brings them along.
///
/// ```
/// use mtproto_runtime::tl::{Identified, TlRead};
///
/// #[derive(TlRead, Identified)]
/// #[tl(id = 0x347773c5, name = "pong")]
/// struct Pong {
///     msg_id: i64,
///     ping_id: i64,
/// }
///
/// assert_eq!(Pong::ID, 0x347773c5);
/// ```
#[proc_macro_derive(Identified, attributes(tl))]
pub fn derive_identified(input: TokenStream) -> TokenStream {
    derive::expand(check::Derive::Identified, input.into()).into()
}

/// Generates the types of schema files in place: the modules `types`, `enums` and `functions`.
///
/// Paths are counted from the folder of `Cargo.toml`; several files make up one schema. Cargo
/// builds anew when one of them changes.
///
/// ```
/// mod ton {
///     mtproto_runtime::tl::include_schema!(
///         "tests/schemas/lite.tl",
///         "tests/schemas/more.tl",
///         only = ["liteServer.lookupBlock", "adnl.*"],
///         ownership = "borrowed",
///     );
/// }
///
/// use ton::types::ton_node::BlockId;
///
/// let lookup = ton::functions::lite_server::LookupBlock::new(BlockId::new(-1, 1, 2));
/// assert_eq!(lookup.utime, None);
/// ```
///
/// The same comes from a build script with `tl-codegen`, which is the better way for a large
/// schema: what a macro makes is compiled with every change of the crate that calls it.
///
/// | option | meaning, as in `tl_codegen::Config` |
/// |---|---|
/// | `only = ["user", "help.*"]` | generate these, and what they need; else everything |
/// | `ownership = "owned"`, `"borrowed"` | whether types own what they hold |
/// | `codec = "auto"`, `"code"`, `"table"`, `codec("user") = …` | how all types, or some, are read and written; `auto` is code for few types and tables for many, and a crate that forbids unsafe code says `code` |
/// | `side = "client"`, `"server"`, `"both"` | what is read and what is written |
/// | `objects = "bytes"`, `"enum"` | what becomes of `Object`: its bytes, or an enum of all types |
/// | `derive = [Debug, Clone]`, `derive("user") = […]` | traits to derive for all types, for some |
/// | `attribute("user") = "…"` | an attribute on types, without `#[` and `]` |
/// | `field_attribute("user.phone") = "…"` | an attribute on fields |
/// | `strings_as_bytes = ["user.*"]` | fields whose strings may be other than UTF-8, and are held as bytes |
/// | `rename("user") = "Person"` | another Rust name |
/// | `boxing("variants") = 128`, `boxing("optional_fields") = 64` | from which size in bytes on these are boxed; `boxing("namesakes")`, after `"variants"`, is for enums of types with a constructor of their own name |
/// | `boxing("variants", "Update") = 256` | the same for some, which comes after what is said of all |
/// | `owned_module = crate::owned` | where the owned types of the same schema are; borrowed ones get a method `to_owned` |
/// | `conversions = false` | no `From` of enums for the structs that they hold |
/// | `docs = false` | no docs on the items |
/// | `id_rule = "tl"`, `"telegram"` | how ids are computed that the schema does not write |
/// | `crate = path` | where the run time is, unless at `::mtproto_runtime::tl` |
#[cfg(feature = "schema")]
#[proc_macro]
pub fn include_schema(input: TokenStream) -> TokenStream {
    include::files(input.into()).into()
}

/// Generates the types of a schema that is written in place; the options are those of
/// [`include_schema!`].
///
/// ```
/// mod chat {
///     mtproto_runtime::tl::schema!(
///         "
///         user#d23c81a3 id:int first_name:string last_name:string = User;
///         ---functions---
///         getUser#b0f732d5 id:int = User;
///         ",
///         derive = [Debug, Clone, PartialEq],
///     );
/// }
///
/// use mtproto_runtime::tl::{TlRead, TlWrite};
///
/// let user = chat::types::User::new(1, "Ann".into(), "Lee".into());
/// assert_eq!(chat::types::User::from_bytes(&user.to_bytes()?)?, user);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "schema")]
#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    include::texts(input.into()).into()
}

/// Owned types of another schema are refused, by tables as by code.
///
/// ```compile_fail,E0080
/// mod owned {
///     mtproto_runtime::tl::schema!("point#00000001 y:int x:int = Point;", codec = "table");
/// }
/// mod borrowed {
///     mtproto_runtime::tl::schema!(
///         "point#00000001 x:int y:int = Point;",
///         codec = "table",
///         ownership = "borrowed",
///         owned_module = crate::owned,
///     );
/// }
/// fn main() {
///     let point = borrowed::types::Point::new(1, 2).to_owned();
///     assert_eq!(point.x, 1);
/// }
/// ```
///
/// ```
/// mod owned {
///     mtproto_runtime::tl::schema!("point#00000001 x:int y:int = Point;", codec = "table");
/// }
/// mod borrowed {
///     mtproto_runtime::tl::schema!(
///         "point#00000001 x:int y:int = Point;",
///         codec = "table",
///         ownership = "borrowed",
///         owned_module = crate::owned,
///     );
/// }
/// fn main() {
///     let point = borrowed::types::Point::new(1, 2).to_owned();
///     assert_eq!(point.x, 1);
/// }
/// ```
#[cfg(doctest)]
struct OwnedTypesOfAnotherSchema;
