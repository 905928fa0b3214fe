//! Which methods there are, in any layer from 158 to 230, and which of them need no login.

use std::collections::HashMap;

/// Layer 230.
const SCHEMA: &str = include_str!("../../../schemas/telegram/api.tl");
/// What had other ids in layers 158 to 229.
const OLDER: &str = include_str!("older-methods.txt");

/// What the server knows of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// There is none with such an id.
    Unknown,
    /// Anybody may call it.
    Open,
    /// One has to log in first.
    Closed,
}

/// Whether a method needs a login, by its constructor id.
pub(crate) struct Methods(HashMap<u32, Method>);

impl Methods {
    pub(crate) fn new() -> Self {
        let functions = SCHEMA.split_once("---functions---").map_or("", |(_, f)| f);
        let lines = functions.lines().chain(OLDER.lines());
        Self(lines.filter_map(read).collect())
    }

    pub(crate) fn of(&self, id: u32) -> Method {
        self.0.get(&id).copied().unwrap_or(Method::Unknown)
    }
}

/// `users.getUsers#0d91a548 …`
fn read(line: &str) -> Option<(u32, Method)> {
    let (name, rest) = line.split_once('#')?;
    let digits = rest.split_whitespace().next()?;
    let id = u32::from_str_radix(digits, 16).ok()?;
    let is_open = match name.split_once('.') {
        Some((namespace, _)) => ["auth", "help", "langpack"].contains(&namespace),
        // Wrappers.
        None => true,
    };
    Some((
        id,
        if is_open {
            Method::Open
        } else {
            Method::Closed
        },
    ))
}
