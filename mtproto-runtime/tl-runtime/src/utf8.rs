//! Whether bytes are UTF-8, sixteen at a time.
//!
//! The standard library goes from character to character, which takes nine instructions a byte for
//! Cyrillic text and was half of the time of reading an answer full of it. Here every byte is
//! judged by itself and the three before it, without a branch, so that the compiler makes a few
//! vector instructions of it on every processor. A byte is wrong if
//! - it continues a character and none of those before it began one that is long enough, or the
//!   reverse;
//! - it never occurs: C0, C1, F5 and above;
//! - it follows E0, ED, F0 or F4 and makes a character that is written too long, a surrogate, or
//!   beyond U+10FFFF.
//!
//! Where no byte is above DF (characters of one and two bytes: Latin, Greek, Cyrillic, Hebrew,
//! Arabic) one byte before it is enough and the last rule has nothing to say. So this is tried
//! first ([`Narrow`]), and it costs a third.
#![allow(unsafe_code)]

/// Bytes that are judged together.
const BLOCK: usize = 16;
/// How many bytes before a byte matter.
const BEFORE: usize = 3;
const WINDOW: usize = BEFORE + BLOCK;

/// The text that the bytes are, if they are one.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    if is_utf8(bytes) {
        // SAFETY: it is UTF-8.
        Some(unsafe { core::str::from_utf8_unchecked(bytes) })
    } else {
        None
    }
}

fn is_utf8(bytes: &[u8]) -> bool {
    if bytes.len() <= BLOCK {
        is_short_utf8(bytes)
    } else {
        is_long_utf8(bytes)
    }
}

/// What the first look says; eighth bits count.
struct Narrow {
    /// A byte is wrong, unless there is a wide one.
    wrong: [u8; BLOCK],
    /// A byte is above DF, and somebody has to look closely.
    wide: [u8; BLOCK],
}

impl Narrow {
    const NEW: Self = Self {
        wrong: [0; BLOCK],
        wide: [0; BLOCK],
    };

    /// Judges bytes by those before them, as if there were none above DF.
    #[inline(always)]
    fn judge(&mut self, bytes: &[u8; BLOCK], before: &[u8; BLOCK]) {
        for i in 0..BLOCK {
            let byte = bytes[i];
            let continues = if byte.cast_signed() < -64 { 0x80 } else { 0 };
            let wanted = before[i].saturating_sub(0x40);
            let never = if byte & 0xfe == 0xc0 { 0x80 } else { 0 };
            self.wrong[i] |= (continues ^ wanted) | never;
            self.wide[i] |= byte.saturating_sub(0x60);
        }
    }

    fn is_wrong(&self) -> bool {
        u128::from_le_bytes(self.wrong) & HIGH_BITS != 0
    }

    fn is_wide(&self) -> bool {
        u128::from_le_bytes(self.wide) & HIGH_BITS != 0
    }
}

/// Of sixteen bytes and less: zeros follow, which end every character.
#[inline]
fn is_short_utf8(bytes: &[u8]) -> bool {
    // Both ends of the text, which may overlap, in one number.
    let len = bytes.len();
    let number = if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        u128::from(u64::from_le_bytes(*first))
            | u128::from(u64::from_le_bytes(*last)) << (8 * (len - 8))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last));
        u128::from(u64::from(u32::from_le_bytes(*first)) | last << (8 * (len - 4)))
    } else {
        let bytes = bytes.iter().rev();
        u128::from(bytes.fold(0_u32, |number, &byte| number << 8 | u32::from(byte)))
    };
    if number & HIGH_BITS == 0 {
        return true;
    }
    let mut narrow = Narrow::NEW;
    narrow.judge(&number.to_le_bytes(), &(number << 8).to_le_bytes());
    if narrow.is_wide() {
        return is_wide_utf8(bytes);
    }
    !narrow.is_wrong() && number >> (8 * (BLOCK - 1)) < 0xc0
}

const HIGH_BITS: u128 = u128::MAX / 255 * 128;

/// Of seventeen bytes and more.
fn is_long_utf8(bytes: &[u8]) -> bool {
    let (Some((&first, rest)), Some(&last)) = (bytes.split_first(), bytes.last()) else {
        return true;
    };
    // Each byte beside the one before it; the first has none.
    let mut narrow = Narrow::NEW;
    let befores = bytes.as_chunks::<BLOCK>().0;
    for (block, before) in rest.as_chunks::<BLOCK>().0.iter().zip(befores) {
        narrow.judge(block, before);
    }
    // What is left of a block: once more with bytes before it that were judged already.
    let all_but_last = &bytes[..bytes.len() - 1];
    if let (Some(block), Some(before)) = (rest.last_chunk(), all_but_last.last_chunk()) {
        narrow.judge(block, before);
    }
    if narrow.is_wide() || first >= 0xe0 {
        return is_wide_utf8(bytes);
    }
    !narrow.is_wrong() && !(0x80..0xc2).contains(&first) && last < 0xc0
}

/// Of any bytes.
#[inline(never)]
fn is_wide_utf8(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let ascii = blocks
        .iter()
        .take_while(|block| u128::from_le_bytes(**block) & HIGH_BITS == 0)
        .count();
    let mut wrong = false;
    // What is before the text counts as zeros.
    if ascii == 0
        && let Some(block) = blocks.first()
    {
        let mut window = [0; WINDOW];
        window[BEFORE..].copy_from_slice(block);
        wrong = is_wrong(&window);
    }
    if blocks.is_empty() {
        // So do those after it.
        let mut window = [0; WINDOW];
        window[BEFORE..][..rest.len()].copy_from_slice(rest);
        return !is_wrong(&window);
    }
    let from = ascii.max(1) * BLOCK - BEFORE;
    let mut left = &bytes[from..];
    while let Some(window) = left.first_chunk::<WINDOW>() {
        wrong |= is_wrong(window);
        left = &left[BLOCK..];
    }
    // What is left of a block: once more with bytes before it that were judged already.
    if !rest.is_empty() {
        wrong |= match bytes.last_chunk::<WINDOW>() {
            Some(window) => is_wrong(window),
            None => {
                let mut window = [0; WINDOW];
                let end = &bytes[bytes.len() - rest.len() - BEFORE..];
                window[..end.len()].copy_from_slice(end);
                is_wrong(&window)
            }
        };
    }
    let is_cut = match bytes {
        [.., a, b, c] => *a >= 0xf0 || *b >= 0xe0 || *c >= 0xc0,
        _ => false,
    };
    !wrong && !is_cut
}

/// Whether a byte of the window is wrong, the three first ones apart.
#[inline]
fn is_wrong(window: &[u8; WINDOW]) -> bool {
    let mut wrong = false;
    for i in 0..BLOCK {
        let (byte, before) = (window[i + 3], window[i + 2]);
        let continues = byte & 0xc0 == 0x80;
        let wanted = (before >= 0xc0) | (window[i + 1] >= 0xe0) | (window[i] >= 0xf0);
        wrong |= (continues != wanted)
            | (byte & 0xfe == 0xc0)
            | (byte > 0xf4)
            | ((before == 0xe0) & (byte < 0xa0))
            | ((before == 0xed) & (byte > 0x9f))
            | ((before == 0xf0) & (byte < 0x90))
            | ((before == 0xf4) & (byte > 0x8f));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// In every place of texts of many lengths.
    fn everywhere(piece: &[u8]) {
        for len in [
            0, 1, 3, 7, 13, 14, 15, 16, 17, 18, 19, 20, 31, 32, 33, 47, 60,
        ] {
            for before in [&b"a"[..], "я".as_bytes(), "語".as_bytes(), "𝄞".as_bytes()] {
                let mut bytes: Vec<u8> = before.iter().copied().cycle().take(len).collect();
                // Whole characters, and once as it is.
                let whole = len / before.len() * before.len();
                for cut in [len, whole] {
                    bytes.truncate(cut);
                    for end in [&b""[..], b"z", b"\x80", b"abcdefghijklmnopqrstuvw"] {
                        let all = [&bytes[..], piece, end].concat();
                        assert_eq!(
                            is_utf8(&all),
                            core::str::from_utf8(&all).is_ok(),
                            "{all:x?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn agrees_with_the_standard_library() {
        // Every byte that is a border of something, in every combination.
        let borders = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
        ];
        for a in borders {
            everywhere(&[a]);
            for b in borders {
                everywhere(&[a, b]);
            }
        }
        for first in [0xe0, 0xed, 0xef, 0xf0, 0xf1, 0xf4] {
            for b in borders {
                for c in [0x7f, 0x80, 0xbf, 0xc2] {
                    everywhere(&[first, b, c]);
                    everywhere(&[first, b, c, 0x80]);
                }
            }
        }
    }

    #[test]
    fn short_sequences_of_every_byte() {
        for a in 0..=255 {
            for b in 0..=255 {
                let pair = [a, b];
                assert_eq!(is_utf8(&pair), core::str::from_utf8(&pair).is_ok());
                let mut long = *b"0123456789abcdef0123456789abcdef";
                long[15] = a;
                long[16] = b;
                assert_eq!(is_utf8(&long), core::str::from_utf8(&long).is_ok());
            }
        }
    }

    #[test]
    fn every_character() {
        let mut buffer = [0; 4];
        for character in '\0'..=char::MAX {
            let text = character.encode_utf8(&mut buffer);
            assert_eq!(super::text(text.as_bytes()), Some(&*text));
        }
        let text: alloc::string::String = ('\0'..=char::MAX).collect();
        assert!(is_utf8(text.as_bytes()));
    }
}
