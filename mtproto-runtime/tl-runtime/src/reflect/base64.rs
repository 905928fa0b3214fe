//! Base64, as RFC 4648 has it in chapter 4: with padding, and in one way only.

use alloc::vec::Vec;
use core::fmt;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = word >> (18 - 6 * digit) & 63;
            let is_padding = digit as usize > chunk.len();
            out.write_char(match is_padding {
                true => '=',
                false => char::from(DIGITS[value as usize]),
            })?;
        }
    }
    Ok(())
}

/// `None` if it is no base64, or not as [`encode`] writes it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (groups, []) = text.as_bytes().as_chunks::<4>() else {
        return None;
    };
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (index, group) in groups.iter().enumerate() {
        let digits = match group {
            [_, _, b'=', b'='] => 2,
            [_, _, _, b'='] => 3,
            _ => 4,
        };
        if digits < 4 && index + 1 < groups.len() {
            return None;
        }
        let mut word = 0;
        for &digit in &group[..digits] {
            word = word << 6 | u32::from(value(digit)?);
        }
        word <<= 6 * (4 - digits);
        let [_, three @ ..] = word.to_be_bytes();
        let (whole, rest) = three.split_at(digits - 1);
        // Bits that stand for nothing.
        if rest.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(whole);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    /// Those of RFC 4648, chapter 10.
    #[test]
    fn known_answers() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in pairs {
            let mut out = String::new();
            encode(plain.as_bytes(), &mut out).unwrap();
            assert_eq!(out, coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn one_way_only() {
        let wrong = [
            "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm8=Zm9v", "====", "=g==", "Z===",
            "Zm 8", "Zm-_", "Zg==\n", "Zgé=",
        ];
        for text in wrong {
            assert_eq!(decode(text), None, "{text}");
        }
        let all: Vec<u8> = (0..=255).collect();
        for len in 0..all.len() {
            let mut out = String::new();
            encode(&all[..len], &mut out).unwrap();
            assert_eq!(decode(&out).as_deref(), Some(&all[..len]));
        }
    }
}
