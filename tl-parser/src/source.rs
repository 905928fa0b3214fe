//! Source files and places in them.
//!
//! Everything that comes later (AST, IR, diagnostics) refers to text by byte offsets into a
//! [`Source`]; lines and columns are computed only when somebody wants to see them.

use std::ops::Range;
use std::sync::OnceLock;

/// A half-open range of bytes in one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span of the bytes from `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The span as a range to index a `str` or a byte slice with.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Which file of a [`Sources`] set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A place: a span in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// The bytes in it.
    pub span: Span,
}

/// A line and a column, both counted from 1; the column counts characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One file: its name as the user wrote it and its text.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Where bytes that are not UTF-8 stood; `text` has U+FFFD there.
    invalid_utf8: Vec<Span>,
    line_starts: OnceLock<Vec<u32>>,
    /// How many characters begin before each block of [`BLOCK`] bytes.
    chars_before: OnceLock<Vec<u32>>,
}

/// A column is counted from the nearest of these, so that a line of a hundred megabytes costs no
/// more than others.
const BLOCK: usize = 1 << 12;

/// A file is longer than offsets of 32 bits can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooLong {
    /// The file's length in bytes.
    pub len: u64,
}

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "a schema file may have up to {} bytes, this one has {}",
            Source::MAX_LEN,
            self.len
        )
    }
}

impl std::error::Error for TooLong {}

impl Source {
    /// The longest text in bytes: offsets have 32 bits, and a little room is kept so that the end
    /// of the text plus one is still an offset.
    pub const MAX_LEN: u64 = u32::MAX as u64 - 1;

    /// A file from its text.
    ///
    /// # Errors
    /// [`TooLong`] when the text is longer than [`Source::MAX_LEN`].
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Result<Self, TooLong> {
        let text = text.into();
        if text.len() as u64 > Self::MAX_LEN {
            return Err(TooLong {
                len: text.len() as u64,
            });
        }
        Ok(Self {
            name: name.into(),
            text,
            invalid_utf8: Vec::new(),
            line_starts: OnceLock::new(),
            chars_before: OnceLock::new(),
        })
    }

    /// A file from bytes that ought to be UTF-8. Bytes that are not are replaced by U+FFFD and
    /// remembered ([`Source::invalid_utf8`]), so that the rest of the file can still be read.
    ///
    /// # Errors
    /// [`TooLong`] when the text is longer than [`Source::MAX_LEN`].
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, TooLong> {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => return Self::new(name, text),
            Err(error) => error.into_bytes(),
        };
        let mut text = String::with_capacity(bytes.len());
        let mut invalid = Vec::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                invalid.push((text.len() as u64, text.len() as u64 + 3));
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        let mut source = Self::new(name, text)?;
        source.invalid_utf8 = invalid
            .into_iter()
            .filter_map(|(start, end)| {
                Some(Span::new(start.try_into().ok()?, end.try_into().ok()?))
            })
            .collect();
        Ok(source)
    }

    /// The name as the user wrote it: a path, or `<stdin>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under a span; empty if the span is not of this file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Where bytes that are not UTF-8 stood (spans of the U+FFFD that replace them).
    #[must_use]
    pub fn invalid_utf8(&self) -> &[Span] {
        &self.invalid_utf8
    }

    /// Line and column of a byte offset; an offset behind the end is the end.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let starts = self.line_starts();
        let index = starts
            .partition_point(|&start| start <= offset)
            .saturating_sub(1);
        let start = starts.get(index).copied().unwrap_or(0) as usize;
        let end = (offset as usize).min(self.text.len()).max(start);
        let column = self.chars_before(end) - self.chars_before(start);
        LineColumn {
            line: u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1),
            column: column.saturating_add(1),
        }
    }

    /// The bytes of a line, counted from 1, without its line break; empty if there is no such line.
    #[must_use]
    pub fn line_span(&self, line: u32) -> Span {
        let starts = self.line_starts();
        let index = line.saturating_sub(1) as usize;
        let Some(&start) = starts.get(index) else {
            return Span::default();
        };
        let end = match starts.get(index + 1) {
            Some(next) => *next as usize - 1,
            None => self.text.len(),
        };
        let text = self.text.get(start as usize..end).unwrap_or("");
        let len = text.strip_suffix('\r').unwrap_or(text).len();
        Span::new(start, start + u32::try_from(len).unwrap_or(0))
    }

    /// How many characters begin before an offset of the text.
    fn chars_before(&self, offset: usize) -> u32 {
        fn begin_in(bytes: &[u8]) -> u32 {
            let count = bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        }
        let blocks = self.chars_before.get_or_init(|| {
            let mut before = 0;
            let counts = self.text.as_bytes().chunks(BLOCK).map(|block| {
                let here = before;
                before += begin_in(block);
                here
            });
            counts.collect()
        });
        let offset = offset.min(self.text.len());
        let before = blocks.get(offset / BLOCK).copied().unwrap_or(0);
        let block = self.text.as_bytes().get(offset / BLOCK * BLOCK..offset);
        if offset == self.text.len() && offset.is_multiple_of(BLOCK) {
            // There is no block that begins at the end.
            let last = blocks.last().copied().unwrap_or(0);
            let rest = self.text.as_bytes().get(offset.saturating_sub(BLOCK)..);
            return last + rest.map_or(0, begin_in);
        }
        before + block.map_or(0, begin_in)
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = self
                .text
                .bytes()
                .enumerate()
                .filter(|&(_, byte)| byte == b'\n');
            std::iter::once(0)
                .chain(ends.filter_map(|(offset, _)| u32::try_from(offset + 1).ok()))
                .collect()
        })
    }
}

/// The files that a schema is made of, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// No file yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { files: Vec::new() }
    }

    /// Adds a file and tells its number.
    pub fn add(&mut self, source: Source) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(source);
        id
    }

    /// The file of that number.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// The text at a place; empty if there is no such place.
    #[must_use]
    pub fn slice(&self, location: Location) -> &str {
        self.get(location.file)
            .map_or("", |source| source.slice(location.span))
    }

    /// All files with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> (u32, u32) {
        let source = Source::new("t", text).unwrap();
        let place = source.line_column(u32::try_from(offset).unwrap());
        (place.line, place.column)
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(at("", 0), (1, 1));
        assert_eq!(at("äb\nc", 2), (1, 2));
        assert_eq!(at("äb\nc", 3), (1, 3));
        assert_eq!(at("äb\nc", 4), (2, 1));
        assert_eq!(at("äb\nc", 99), (2, 2));
        assert_eq!(at("a\n", 2), (2, 1));
    }

    #[test]
    fn columns_of_long_lines_are_right_everywhere() {
        for len in [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
            for char in ["a", "é", "語"] {
                let text = format!("x\n{}", char.repeat(len));
                let source = Source::new("t", text).unwrap();
                for column in [0, 1, len / 2, len - 1, len] {
                    let offset = u32::try_from(2 + column * char.len()).unwrap();
                    let place = source.line_column(offset);
                    assert_eq!((place.line, place.column as usize), (2, column + 1));
                }
            }
        }
    }

    #[test]
    fn lines_end_before_their_breaks() {
        let source = Source::new("t", "a\r\nbc\n\nd").unwrap();
        let lines = (1..=5).map(|line| source.slice(source.line_span(line)));
        assert_eq!(lines.collect::<Vec<_>>(), ["a", "bc", "", "d", ""]);
    }
}
