//! Names and numbers of constructors and functions.

/// A constructor, a function or a built-in type that has an id of its own.
pub trait Identified {
    /// The 32 bits that say on the wire which constructor follows.
    const ID: u32;
    /// The full name in the schema: `messages.sendMessage`.
    const NAME: &'static str;
}
