//! The outline of a constructor: which field is the n-th on the wire.
//!
//! Error paths are made when something has failed, never while things go well. All that emitted
//! code leaves behind for them is one text for each constructor, and the reader counts what was
//! read. Grammar, parts separated by one space:
//!
//! ```text
//! outline  = constructor { part }
//! part     = "{#}"                  a number given from outside (the constructor's own variables)
//!          | name "#"               a field of type #
//!          | name                   any other field that takes bytes
//!          | name "?" mask "." bit  one that is there if the bit of the mask-th number is set;
//!                                   numbers are "{#}" and "#" parts, counted from 0
//!          | name "#?" mask "." bit
//!          | name "!" mask "." bit  one of type true, which takes no bytes; tables alone have it
//! ```

/// The name of the constructor.
pub(crate) fn constructor(outline: &'static str) -> &'static str {
    outline.split(' ').next().unwrap_or(outline)
}

/// The name of the field after `done` fields that were there, if the numbers are `nats`.
///
/// A condition whose number is not known (yet) counts as not met.
pub(crate) fn field(outline: &'static str, done: usize, nats: &[u32]) -> Option<&'static str> {
    let mut left = done;
    for part in outline.split(' ').skip(1) {
        if part == "{#}" || part.contains('!') {
            continue;
        }
        let (name, condition) = match part.split_once('?') {
            Some((name, condition)) => (name, Some(condition)),
            None => (part, None),
        };
        if condition.is_some_and(|condition| !holds(condition, nats)) {
            continue;
        }
        if left == 0 {
            return Some(name.strip_suffix('#').unwrap_or(name));
        }
        left -= 1;
    }
    None
}

/// The name of the `#` with this number.
pub(crate) fn nat(outline: &'static str, number: usize) -> Option<&'static str> {
    let parts = outline.split(' ').skip(1);
    let names = parts.map(|part| part.split_once('?').map_or(part, |(name, _)| name));
    names.filter_map(|name| name.strip_suffix('#')).nth(number)
}

fn holds(condition: &str, nats: &[u32]) -> bool {
    let parse = || {
        let (mask, bit) = condition.split_once('.')?;
        let mask = *nats.get(mask.parse::<usize>().ok()?)?;
        Some(mask.checked_shr(bit.parse().ok()?)? & 1 == 1)
    };
    parse().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "message flags# id from_id?0.8 flags2#?0.1 views?1.3 text";

    #[test]
    fn counts_only_what_is_there() {
        assert_eq!(constructor(MESSAGE), "message");
        let name = |done, nats: &[u32]| field(MESSAGE, done, nats);
        assert_eq!(name(0, &[]), Some("flags"));
        assert_eq!(name(1, &[0]), Some("id"));
        assert_eq!(name(2, &[0]), Some("text"));
        assert_eq!(name(2, &[1 << 8]), Some("from_id"));
        assert_eq!(name(2, &[1 << 1]), Some("flags2"));
        assert_eq!(name(3, &[1 << 1, 1 << 3]), Some("views"));
        assert_eq!(name(3, &[1 << 1, 0]), Some("text"));
        assert_eq!(name(3, &[0]), None);
    }

    #[test]
    fn flags_take_no_bytes() {
        let outline = "dog flags# good!0.0 id owner?0.1";
        assert_eq!(field(outline, 1, &[1]), Some("id"));
        assert_eq!(field(outline, 2, &[2]), Some("owner"));
        assert_eq!(nat(outline, 0), Some("flags"));
        assert_eq!(nat(outline, 1), None);
    }

    #[test]
    fn numbers_from_outside_come_first() {
        let outline = "stats {#} count views?0.0";
        assert_eq!(field(outline, 0, &[1]), Some("count"));
        assert_eq!(field(outline, 1, &[1]), Some("views"));
        assert_eq!(field(outline, 1, &[0]), None);
    }

    #[test]
    fn odd_outlines_name_nothing() {
        assert_eq!(constructor(""), "");
        assert_eq!(field("", 0, &[]), None);
        assert_eq!(field("a b?x c?0.99", 0, &[u32::MAX]), None);
    }
}
