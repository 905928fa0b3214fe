//! Known answers: `tests/vectors/*.json`, each with the source it was taken from.
#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

pub mod packed;
pub mod peers;

use serde_json::Value;

/// A file of known answers.
pub fn vectors(name: &str) -> Value {
    let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the file is part of the package");
    serde_json::from_str(&text).expect("the file is JSON")
}

/// The elements of a list, which must not be empty: a misspelt name would test nothing.
pub fn each(list: &Value) -> impl Iterator<Item = &Value> {
    let list = list.as_array().expect("a list");
    assert!(!list.is_empty());
    list.iter()
}

/// The bytes of a hexadecimal string.
pub fn hex(value: &Value) -> Vec<u8> {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not a string"));
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hexadecimal digits"))
        .collect()
}

/// The bytes of a hexadecimal string of known length.
pub fn array<const N: usize>(value: &Value) -> [u8; N] {
    hex(value)
        .try_into()
        .unwrap_or_else(|v: Vec<u8>| panic!("{} bytes, not {N}", v.len()))
}

/// A decimal string or number.
pub fn number(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.parse().expect("a number"),
        _ => value.as_u64().expect("a number"),
    }
}

/// A signed number.
pub fn signed(value: &Value) -> i64 {
    value.as_i64().expect("a signed number")
}

/// A random source that yields given bytes and then panics, or goes on with others.
pub struct Fixed {
    bytes: std::collections::VecDeque<u8>,
    then: Option<Seeded>,
}

impl Fixed {
    pub fn new(pieces: &[&[u8]]) -> Self {
        Self {
            bytes: pieces.concat().into(),
            then: None,
        }
    }

    pub fn then(self, rest: Seeded) -> Self {
        Self {
            then: Some(rest),
            ..self
        }
    }

    pub fn is_used_up(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl rand_core::TryRng for Fixed {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for byte in out {
            *byte = match (self.bytes.pop_front(), &mut self.then) {
                (Some(byte), _) => byte,
                (None, Some(rest)) => rest.try_next_u32()? as u8,
                (None, None) => panic!("the recorded randomness is not long enough"),
            };
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Fixed {}

/// A random source that yields the same bytes for the same seed.
#[derive(Clone, PartialEq)]
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl rand_core::TryRng for Seeded {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.try_next_u64()? as u32)
    }

    /// SplitMix64.
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.try_next_u64()?.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Seeded {}
