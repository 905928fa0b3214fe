//! Bytes as hexadecimal digits, as people have them at hand.
//!
//! Taken are digits in any groups with space, commas and colons between them, each group with or
//! without `0x` or `\x` in front, and dumps of known programs: offset, bytes, characters. What may
//! mean two things is refused, above all words whose byte order nobody tells.

use std::fmt;

/// A dump may leave out lines that are like the one before; more bytes than these it can't stand
/// for.
const MAX_LEN: usize = 64 << 20;

/// Why a text stands for no bytes: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DumpError {
    line: usize,
    message: String,
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// The bytes that a text stands for.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, DumpError> {
    let mut lines = text.lines().zip(1_usize..);
    let first = lines.find(|(line, _)| !line.trim().is_empty());
    // Without a colon an offset is told from bytes only by being 0.
    let is_dump =
        |line: &str| dump_line(line).is_some_and(|(offset, _)| offset == 0 || line.contains(':'));
    match first {
        Some((line, _)) if is_dump(line) => dump(text),
        _ => plain(text),
    }
}

fn error(line: usize, message: impl Into<String>) -> DumpError {
    DumpError {
        line,
        message: message.into(),
    }
}

/// Digits without offsets.
fn plain(text: &str) -> Result<Vec<u8>, DumpError> {
    let mut bytes = Vec::new();
    // Groups, and those among them with `0x` that hold more than a byte: they may be numbers.
    let (mut all, mut literals) = (0, 0);
    for (line, number) in text.lines().zip(1_usize..) {
        let separators = |c: char| c.is_whitespace() || ",:;".contains(c);
        let groups = line.split(separators).filter(|group| !group.is_empty());
        for group in groups {
            let (digits, is_literal) = match group.strip_prefix("0x").or(group.strip_prefix("0X")) {
                Some(digits) => (digits.to_owned(), true),
                None => (group.replace("\\x", ""), false),
            };
            if let Some(odd) = digits.chars().find(|digit| !digit.is_ascii_hexdigit()) {
                return Err(error(number, format!("{odd:?} is no hexadecimal digit")));
            }
            if digits.len() % 2 == 1 {
                let message = match digits.len() {
                    7 => {
                        "an odd number of digits; if this is a dump of words, nobody tells their \
                         byte order: `xxd` and `hexdump -C` print bytes"
                    }
                    _ => "an odd number of digits",
                };
                return Err(error(number, message));
            }
            all += 1;
            literals += usize::from(is_literal && digits.len() > 2);
            if literals > 0 && all > 1 {
                let message = "numbers of several bytes, and nobody tells their byte order; leave \
                               out `0x` if they are bytes in their order";
                return Err(error(number, message));
            }
            push(&mut bytes, &digits);
        }
    }
    Ok(bytes)
}

/// Offset, bytes, characters.
fn dump(text: &str) -> Result<Vec<u8>, DumpError> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut first_offset = None;
    // The bytes of the line before, and whether lines like it were left out.
    let mut before: Vec<u8> = Vec::new();
    let mut is_squeezed = false;
    for (line, number) in text.lines().zip(1_usize..) {
        if line.trim().is_empty() {
            continue;
        }
        if line.trim() == "*" {
            is_squeezed = true;
            continue;
        }
        let Some((offset, data)) = dump_line(line) else {
            return Err(error(
                number,
                "this is no line of a dump, as the first line is",
            ));
        };
        let Some(at) = offset.checked_sub(*first_offset.get_or_insert(offset)) else {
            return Err(error(
                number,
                "the offset is less than that of the first line",
            ));
        };
        if std::mem::take(&mut is_squeezed) && !before.is_empty() {
            if at > MAX_LEN {
                return Err(error(number, "the dump stands for too many bytes"));
            }
            while bytes.len() < at {
                let missing = (at - bytes.len()).min(before.len());
                bytes.extend_from_slice(&before[..missing]);
            }
        }
        if at != bytes.len() {
            let there = bytes.len();
            let message = format!("the offset is {at:#x}, and {there:#x} bytes stand before it");
            return Err(error(number, message));
        }
        before = data;
        bytes.extend_from_slice(&before);
    }
    Ok(bytes)
}

/// A line of a dump: its offset and its bytes. `None` if it is none, or if its groups are words.
fn dump_line(line: &str) -> Option<(usize, Vec<u8>)> {
    let line = line.trim_start();
    let (offset, rest) = line.split_at(line.find([' ', '\t', ':']).unwrap_or(line.len()));
    if offset.len() < 4 || offset.len() > 16 || !is_hex(offset) {
        return None;
    }
    let offset = usize::from_str_radix(offset, 16).ok()?;
    let (rest, has_colon) = match rest.strip_prefix(':') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    if has_colon && !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let (group, behind) = rest.split_at(rest.find([' ', '\t']).unwrap_or(rest.len()));
        // Behind the bytes come characters.
        if !is_hex(group) || group.len() % 2 == 1 {
            break;
        }
        // Only xxd, which writes the colon, has bytes in groups.
        if group.len() != 2 && !has_colon {
            return None;
        }
        push(&mut bytes, group);
        let gap = behind.len() - behind.trim_start().len();
        // In the middle of sixteen there is a wider gap.
        if gap > 1 && (has_colon || bytes.len() != 8 || gap > 2) {
            break;
        }
        rest = behind.trim_start();
    }
    // The last line of a dump may be an offset alone.
    (!bytes.is_empty() || rest.is_empty() && offset > 0).then_some((offset, bytes))
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Appends bytes; the digits are hexadecimal, and their number is even.
fn push(bytes: &mut Vec<u8>, digits: &str) {
    let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0);
    for pair in digits.as_bytes().chunks_exact(2) {
        let byte = nibble(pair[0]) << 4 | nibble(pair[1]);
        bytes.push(u8::try_from(byte).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, bytes: &[u8]) {
        assert_eq!(parse(text).as_deref(), Ok(bytes), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, line: usize, message: &str) {
        let error = parse(text).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(message), "{error}");
    }

    #[test]
    fn digits() {
        let bytes = [0x60, 0x2b, 0xea, 0xb9, 1, 0];
        for text in [
            "602beab90100",
            "60 2B EA b9 01 00",
            "602b eab9\n0100\n",
            "0x602beab90100",
            "0x60, 0x2b, 0xea, 0xb9, 0x01, 0x00,",
            "60:2b:ea:b9:01:00",
            "\\x60\\x2b\\xea\\xb9\\x01\\x00",
            "\r\n  602beab9\t0100  \r\n",
            // Groups of eight, the first of which is no offset.
            "602beab9 01 00",
        ] {
            is(text, &bytes);
        }
        is("", &[]);
        is(" \n", &[]);
    }

    #[test]
    fn what_may_mean_two_things_is_refused() {
        refused("0x1cb5c415 0x00000001", 1, "byte order");
        refused("01 0x1cb5c415", 1, "byte order");
        refused("60 2b e", 1, "odd number");
        refused("60\n2b\nea b", 3, "odd number");
        refused("60 2b eg", 1, "'g' is no hexadecimal digit");
        refused("help", 1, "'h' is no hexadecimal digit");
        // What `hexdump` and `od` print unless told otherwise.
        refused("0000000 2b60 b9ea 0001 0000\n0000008\n", 1, "byte order");
        refused("0000000 025540 134752 000001\n0000006\n", 1, "byte order");
    }

    /// 35 bytes as the programs print them.
    #[test]
    fn dumps() {
        let bytes: Vec<u8> = (0x41..0x41 + 35).collect();
        is(
            "00000000: 4142 4344 4546 4748 494a 4b4c 4d4e 4f50  ABCDEFGHIJKLMNOP\n\
             00000010: 5152 5354 5556 5758 595a 5b5c 5d5e 5f60  QRSTUVWXYZ[\\]^_`\n\
             00000020: 6162 63                                  abc\n",
            &bytes,
        );
        is(
            "00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|\n\
             00000010  51 52 53 54 55 56 57 58  59 5a 5b 5c 5d 5e 5f 60  |QRSTUVWXYZ[\\]^_`|\n\
             00000020  61 62 63                                          |abc|\n\
             00000023\n",
            &bytes,
        );
        is(
            "000000 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50\n\
             000010 51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f 60\n\
             000020 61 62 63\n\
             000023\n",
            &bytes,
        );
        is(
            "0000   41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50   ABCDEFGHIJKLMNOP\n\
             0010   51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f 60   QRSTUVWXYZ[\\]^_`\n\
             0020   61 62 63                                          abc\n",
            &bytes,
        );
        // From the middle of a file.
        is("00000100: 6162 63  abc\n", b"abc");
    }

    #[test]
    fn eight_bytes_in_the_last_line() {
        is(
            "00000000  41 42 43 44 45 46 47 48                           |ABCDEFGH|\n00000008\n",
            b"ABCDEFGH",
        );
    }

    #[test]
    fn lines_that_are_left_out() {
        let text = "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n\
                    *\n\
                    00000030  01 02                                             |..|\n\
                    00000032\n";
        let mut bytes = vec![0; 0x30];
        bytes.extend([1, 2]);
        is(text, &bytes);
        refused(&text.replace("00000030", "7fffffff"), 3, "too many bytes");
    }

    #[test]
    fn broken_dumps() {
        let text = "00000000: 4142 4344  ABCD\n00000008: 4546  EF\n";
        refused(text, 2, "the offset is 0x8, and 0x4 bytes stand before it");
        refused("00000000: 4142  AB\nxyz\n", 2, "no line of a dump");
        refused("00000010: 4142  AB\n00000000: 41  A\n", 2, "less than");
    }
}
