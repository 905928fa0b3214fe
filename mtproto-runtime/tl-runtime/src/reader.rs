//! The reader: forward only, bounded, and able to say what went wrong where.
//!
//! # Failing once
//! Most methods return plain values. The first failure is kept and takes the rest of the bytes
//! away; whatever is read then is 0, empty or `None`, and nobody gets to see it: whoever called the
//! reader gets the failure instead. So a body that reads a constructor has hardly a branch of its
//! own, which makes it smaller, quicker, and half as costly to compile as one that asks after every
//! field. Only values that can't be made of nothing come as [`ReadResult`].
//!
//! # How error paths cost nothing
//! While things go well the reader only takes bytes off `rest` and counts depth. When a value
//! can't be read, it is read once more in *tracing mode*: `rest` is kept empty, so that every
//! method takes its slow way, which shows it the bytes, calls it again and counts the call in a
//! stack of frames, one for each constructor and vector. At the failure the stack is the path.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use crate::{
    Arena, Failed, Identified, Int128, Int256, Int512, Limits, Path, ReadError, ReadErrorKind,
    ReadResult, Step, TlRead, TlReadWith, outline, scalar,
};

/// Takes TL values off the front of some bytes.
///
/// Programs make one to read several values in a row, to set [`Limits`], or to read borrowed
/// types; [`read`](Reader::read) and [`read_all`](Reader::read_all) are theirs. The other methods
/// are for implementations of [`TlRead`]; each names the TL type that it reads.
///
/// ```
/// use tl_runtime::Reader;
///
/// let mut reader = Reader::new(b"\x05\0\0\0\x02hi\0");
/// assert_eq!(reader.read::<i32>()?, 5);
/// assert_eq!(reader.read::<String>()?, "hi");
/// assert!(reader.rest().is_empty());
/// # Ok::<(), tl_runtime::ReadError>(())
/// ```
///
/// Methods that return a plain value return 0, nothing or an empty one once something has failed;
/// whoever made the reader gets the failure. So an implementation reads one field after another, and
/// asks for nothing:
///
/// ```
/// use tl_runtime::{ReadResult, Reader, TlRead};
///
/// /// `message flags:# ids:vector<long> text:flags.0?string = Message;`, bare.
/// #[derive(Debug, PartialEq)]
/// struct Message {
///     ids: Vec<i64>,
///     text: Option<String>,
/// }
///
/// impl<'a> TlRead<'a> for Message {
///     const MIN_SIZE: usize = 8;
///
///     fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
///         r.enter("message flags# ids text?0.0")?;
///         let flags = r.nat();
///         let message = Self { ids: r.vector(), text: r.optional(flags & 1) };
///         r.leave();
///         Ok(message)
///     }
/// }
///
/// let bytes = b"\x01\0\0\0\x01\0\0\0\x07\0\0\0\0\0\0\0\x02hi\0";
/// let message = Message::from_bytes(bytes)?;
/// assert_eq!(message, Message { ids: vec![7], text: Some("hi".to_owned()) });
///
/// let error = Message::from_bytes(&bytes[..16]).unwrap_err();
/// assert_eq!(error.path().to_string(), "message.text");
/// # Ok::<(), tl_runtime::ReadError>(())
/// ```
pub struct Reader<'a> {
    /// What is left; empty in tracing mode.
    rest: &'a [u8],
    /// How many more constructors and vectors may be entered.
    depth: u32,
    /// How many more bytes may be allocated.
    memory: usize,
    arena: Option<&'a Arena>,
    input: &'a [u8],
    failure: Option<Failure<'a>>,
    trace: Option<Box<Trace<'a>>>,
}

/// The first failure.
struct Failure<'a> {
    offset: usize,
    kind: ReadErrorKind,
    /// What was left then.
    rest: &'a [u8],
}

/// See the top of the file.
struct Trace<'a> {
    /// What is left; empty while a method is shown the bytes.
    rest: &'a [u8],
    frames: Vec<Frame>,
    /// What `frames` was at the failure.
    path: Option<Path>,
}

/// A constructor or a vector that is being read.
struct Frame {
    /// `None` for a vector.
    outline: Option<&'static str>,
    /// How many fields or elements are read.
    done: usize,
    /// The numbers that conditions refer to.
    nats: Vec<u32>,
}

impl<'a> Reader<'a> {
    /// A reader of these bytes, with default limits and no arena.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let limits = Limits::default();
        Self {
            rest: bytes,
            depth: limits.depth,
            memory: limits.memory_for(bytes.len()),
            arena: None,
            input: bytes,
            failure: None,
            trace: None,
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.depth = limits.depth;
        self.memory = limits.memory_for(self.input.len());
        self
    }

    /// The same with an arena for borrowed types.
    #[must_use]
    pub fn with_arena(mut self, arena: &'a Arena) -> Self {
        self.arena = Some(arena);
        self
    }

    /// Reads one value.
    ///
    /// # Errors
    /// If the bytes don't go on with a value of this type. The reader then stays where it failed.
    pub fn read<T: TlRead<'a>>(&mut self) -> Result<T, ReadError> {
        self.read_with(T::read)
    }

    /// Reads one value, and that must be all.
    ///
    /// # Errors
    /// If the bytes left are not exactly one value of this type.
    pub fn read_all<T: TlRead<'a>>(&mut self) -> Result<T, ReadError> {
        let start = self.start();
        // Moved once: what calls of this are made for is often small.
        match T::read(self) {
            Ok(value) if self.failure.is_none() => match self.rest.len() {
                0 => Ok(value),
                count => Err(self.trailing(count)),
            },
            _ => Err(self.explain(start, |r| drop(T::read(r)))),
        }
    }

    #[cold]
    fn trailing(&self, count: usize) -> ReadError {
        let kind = ReadErrorKind::TrailingBytes { count };
        ReadError::new(kind, self.offset(), Path::default())
    }

    /// What it takes to begin here again. Numbers, since the processor waits for a slice that is copied
    /// right after it was written in two parts.
    #[inline]
    fn start(&self) -> (usize, u32, usize) {
        (self.rest.len(), self.depth, self.memory)
    }

    /// For who has read all that is to be read: there is nothing that had to be dropped, since a trace
    /// is only there while a failure is explained.
    #[inline]
    pub(crate) fn done(self) {
        mem::forget(self);
    }

    /// Reads one value by a function: `reader.read_with(Message::read_bare)`.
    ///
    /// # Errors
    /// Those of the function.
    pub fn read_with<T>(
        &mut self,
        read: impl Fn(&mut Self) -> ReadResult<T>,
    ) -> Result<T, ReadError> {
        let start = self.start();
        match read(self) {
            Ok(value) if self.failure.is_none() => Ok(value),
            _ => Err(self.explain(start, |r| drop(read(r)))),
        }
    }

    /// Reads once more what has failed, slowly, for the path.
    #[cold]
    fn explain(
        &mut self,
        (left, depth, memory): (usize, u32, usize),
        read: impl Fn(&mut Self),
    ) -> ReadError {
        let Failure {
            offset,
            kind,
            rest: end,
        } = self.take_failure();
        let start = self.input.len().saturating_sub(left);
        let rest = self.input.get(start..).unwrap_or_default();
        self.rest = &[];
        (self.depth, self.memory) = (depth, memory);
        self.trace = Some(Box::new(Trace {
            rest,
            frames: Vec::new(),
            path: None,
        }));
        read(self);
        let again = self.take_failure();
        let path = self.trace.take().and_then(|trace| trace.path);
        self.rest = end;
        // A reader that does not fail the same way again (a hand-written one that keeps state)
        // gets no path.
        let path = path.filter(|_| again.offset == offset && again.kind == kind);
        ReadError::new(kind, offset, path.unwrap_or_default())
    }

    /// The bytes that are left.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        match &self.trace {
            Some(trace) if self.rest.is_empty() => trace.rest,
            _ => self.rest,
        }
    }

    /// How many bytes were read.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.input.len() - self.rest().len()
    }

    /// What a method returns that can't go on: `return Err(r.fail(…))`.
    #[cold]
    pub fn fail(&mut self, kind: ReadErrorKind) -> Failed {
        self.fail_at(self.offset(), kind)
    }

    /// The failure of a value whose id, just read, is not one of its type.
    #[cold]
    pub fn unexpected_id(&mut self, found: u32, expected: &'static str) -> Failed {
        let offset = self.offset().saturating_sub(4);
        self.fail_at(offset, ReadErrorKind::UnexpectedId { found, expected })
    }

    /// Begins the fields of a constructor. To be called before its first field is read, and
    /// [`leave`](Reader::leave) after its last.
    ///
    /// `outline` is for error paths, `"message flags# id from_id?0.8"`: the full name of the
    /// constructor and its fields in order, parts separated by one space. A field of type `#` is
    /// followed by `#`, a conditional one by `?mask.bit`, where `mask` counts the fields of type
    /// `#` from 0. Fields that take no bytes are left out. Every part must be read by exactly one
    /// call of a method of the reader, or of `read` or `read_bare` of another type.
    ///
    /// # Errors
    /// If the value is nested too deeply.
    #[inline]
    pub fn enter(&mut self, outline: &'static str) -> ReadResult<()> {
        self.enter_with(outline, &[])
    }

    /// Begins the fields of a constructor that depends on numbers from outside; each has a part
    /// `{#}` in the outline, before the fields, and counts as a mask.
    ///
    /// # Errors
    /// If the value is nested too deeply.
    #[inline]
    pub fn enter_with(&mut self, outline: &'static str, nats: &[u32]) -> ReadResult<()> {
        self.enter_frame(Some(outline), nats)
    }

    /// Ends the fields of a constructor.
    #[inline]
    pub fn leave(&mut self) {
        self.depth += 1;
        if self.trace.is_some() {
            self.pop_frame();
        }
    }

    /// An id of a constructor. Not counted as a field: it belongs to the value that follows.
    #[inline]
    pub fn id(&mut self) -> u32 {
        match self.rest.split_first_chunk() {
            Some((&head, rest)) => {
                self.rest = rest;
                u32::from_le_bytes(head)
            }
            None => self.id_slowly(),
        }
    }

    /// The id of this constructor and no other.
    ///
    /// # Errors
    /// If it is another, or at the end of the bytes.
    #[inline]
    pub fn expect_id(&mut self, id: u32, name: &'static str) -> ReadResult<()> {
        let found = self.id();
        if found == id {
            Ok(())
        } else {
            Err(self.unexpected_id(found, name))
        }
    }

    /// A value after its id.
    ///
    /// # Errors
    /// If there is another id, and those of the value.
    #[inline]
    pub fn boxed<T: TlRead<'a> + Identified>(&mut self) -> ReadResult<T> {
        self.expect_id(T::ID, T::NAME)?;
        T::read_bare(self)
    }

    /// A value after its id, that depends on numbers from outside.
    ///
    /// # Errors
    /// If there is another id, and those of the value.
    #[inline]
    pub fn boxed_with<T, const N: usize>(&mut self, nats: [u32; N]) -> ReadResult<T>
    where
        T: TlReadWith<'a, N> + Identified,
    {
        self.expect_id(T::ID, T::NAME)?;
        T::read_bare_with(self, nats)
    }

    /// The fields of a constructor that has none.
    #[inline]
    pub fn empty(&mut self) {
        self.count();
    }

    /// `#`, flags among them.
    #[inline]
    pub fn nat(&mut self) -> u32 {
        match self.rest.split_first_chunk() {
            Some((&head, rest)) => {
                self.rest = rest;
                u32::from_le_bytes(head)
            }
            None => self.nat_slowly(),
        }
    }

    /// `int`
    #[inline]
    pub fn int(&mut self) -> i32 {
        i32::from_le_bytes(self.array("int"))
    }

    /// `long`
    #[inline]
    pub fn long(&mut self) -> i64 {
        i64::from_le_bytes(self.array("long"))
    }

    /// `double`
    #[inline]
    pub fn double(&mut self) -> f64 {
        f64::from_le_bytes(self.array("double"))
    }

    /// `float`
    #[inline]
    pub fn float(&mut self) -> f32 {
        f32::from_le_bytes(self.array("float"))
    }

    /// `int128`
    #[inline]
    pub fn int128(&mut self) -> Int128 {
        self.array("int128")
    }

    /// `int256`
    #[inline]
    pub fn int256(&mut self) -> Int256 {
        self.array("int256")
    }

    /// `int512`
    #[inline]
    pub fn int512(&mut self) -> Int512 {
        self.array("int512")
    }

    /// `Bool`
    pub fn bool(&mut self) -> bool {
        let value = match self.id() {
            scalar::BOOL_TRUE => true,
            scalar::BOOL_FALSE => false,
            found => {
                self.unexpected_id(found, "Bool");
                false
            }
        };
        self.count();
        value
    }

    /// A value that is there only if a flag bit is set: `r.optional(flags & 1 << 3)`.
    #[inline]
    pub fn optional<T: TlRead<'a>>(&mut self, bit: u32) -> Option<T> {
        match bit {
            0 => None,
            _ => T::read(self).ok(),
        }
    }

    /// The same for a value without its id.
    #[inline]
    pub fn optional_bare<T: TlRead<'a>>(&mut self, bit: u32) -> Option<T> {
        match bit {
            0 => None,
            _ => T::read_bare(self).ok(),
        }
    }

    /// So many bytes as they are: no length before, no padding after.
    ///
    /// # Errors
    /// At the end of the bytes.
    #[inline]
    pub fn take(&mut self, size: usize, wanted: &'static str) -> ReadResult<&'a [u8]> {
        match self.rest.split_at_checked(size) {
            Some((head, rest)) if !self.is_hidden() => {
                self.rest = rest;
                Ok(head)
            }
            _ => self.take_slowly(size, wanted),
        }
    }

    /// Accounts for memory before it is allocated: `count` values of `size` bytes each.
    ///
    /// # Errors
    /// If the memory allowed is used up.
    #[inline]
    pub fn charge(&mut self, count: usize, size: usize) -> ReadResult<()> {
        match count
            .checked_mul(size)
            .and_then(|bytes| self.memory.checked_sub(bytes))
        {
            Some(memory) => {
                self.memory = memory;
                Ok(())
            }
            None => Err(self.fail(ReadErrorKind::TooMuchMemory)),
        }
    }

    /// Whether nothing has failed yet.
    ///
    /// # Errors
    /// If something has.
    #[inline]
    pub(crate) fn go_on(&self) -> ReadResult<()> {
        match self.failure {
            None => Ok(()),
            Some(_) => Err(Failed(())),
        }
    }

    /// The arena.
    ///
    /// # Errors
    /// If there is none.
    #[inline]
    pub fn arena(&mut self) -> ReadResult<&'a Arena> {
        match self.arena {
            Some(arena) => Ok(arena),
            None => Err(self.fail(ReadErrorKind::NoArena)),
        }
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, wanted: &'static str) -> [u8; N] {
        match self.rest.split_first_chunk() {
            Some((&head, rest)) => {
                self.rest = rest;
                head
            }
            None => self.array_slowly(wanted),
        }
    }

    /// Whether the next constructor is not nested too deeply.
    #[inline]
    pub(crate) fn may_enter(&self) -> bool {
        self.depth > 0
    }

    /// Begins a vector.
    #[inline]
    pub(crate) fn enter_vector(&mut self) -> ReadResult<()> {
        self.enter_frame(None, &[])
    }

    /// The end of a field that is none of the methods that count by themselves.
    #[inline]
    pub(crate) fn count(&mut self) {
        if self.trace.is_some() {
            self.count_slowly();
        }
    }

    /// The bytes that may be looked at: none in tracing mode.
    #[inline]
    pub(crate) fn seen(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on behind what was looked at.
    #[inline]
    pub(crate) fn see(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// The bytes are there but not to be seen: whoever needs some calls
    /// [`shown`](Reader::shown).
    #[inline]
    pub(crate) fn is_hidden(&self) -> bool {
        self.rest.is_empty()
            && self
                .trace
                .as_ref()
                .is_some_and(|trace| !trace.rest.is_empty())
    }

    /// In tracing mode: calls a method that reads one field, with the bytes to be seen.
    #[cold]
    pub(crate) fn shown<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let value = self.shown_uncounted(read);
        self.count();
        value
    }

    fn shown_uncounted<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        if let Some(trace) = &mut self.trace {
            self.rest = mem::take(&mut trace.rest);
        }
        let value = read(self);
        if let Some(trace) = &mut self.trace {
            trace.rest = mem::take(&mut self.rest);
        }
        value
    }

    /// A number that belongs to the field that follows.
    #[inline]
    pub(crate) fn uncounted_nat(&mut self, wanted: &'static str) -> u32 {
        if self.is_hidden() {
            return self.shown_uncounted(|r| r.uncounted_nat(wanted));
        }
        u32::from_le_bytes(self.array(wanted))
    }

    #[cold]
    pub(crate) fn fail_at_end(&mut self, wanted: &'static str, size: usize) -> Failed {
        self.fail(ReadErrorKind::EndOfInput { wanted, size })
    }

    #[cold]
    fn id_slowly(&mut self) -> u32 {
        if self.is_hidden() {
            return self.shown_uncounted(Self::id);
        }
        self.fail_at_end("constructor id", 4);
        0
    }

    #[cold]
    fn nat_slowly(&mut self) -> u32 {
        if self.is_hidden() {
            let nat = self.shown(Self::nat);
            let trace = self.trace.as_mut();
            if let Some(frame) = trace.and_then(|trace| trace.frames.last_mut()) {
                frame.nats.push(nat);
            }
            return nat;
        }
        self.fail_at_end("#", 4);
        0
    }

    #[cold]
    fn array_slowly<const N: usize>(&mut self, wanted: &'static str) -> [u8; N] {
        if self.is_hidden() {
            return self.shown(|r| r.array(wanted));
        }
        self.fail_at_end(wanted, N);
        [0; N]
    }

    #[cold]
    fn take_slowly(&mut self, size: usize, wanted: &'static str) -> ReadResult<&'a [u8]> {
        if self.is_hidden() {
            return self.shown(|r| r.take(size, wanted));
        }
        Err(self.fail_at_end(wanted, size))
    }

    #[cold]
    fn count_slowly(&mut self) {
        if let Some(frame) = self
            .trace
            .as_mut()
            .and_then(|trace| trace.frames.last_mut())
        {
            frame.done += 1;
        }
    }

    #[inline]
    fn enter_frame(&mut self, outline: Option<&'static str>, nats: &[u32]) -> ReadResult<()> {
        if self.depth == 0 {
            return Err(self.fail(ReadErrorKind::TooDeep));
        }
        self.depth -= 1;
        if self.trace.is_some() {
            self.push_frame(outline, nats);
        }
        Ok(())
    }

    #[cold]
    fn push_frame(&mut self, outline: Option<&'static str>, nats: &[u32]) {
        if let Some(trace) = &mut self.trace {
            trace.frames.push(Frame {
                outline,
                done: 0,
                nats: nats.to_vec(),
            });
        }
    }

    #[cold]
    fn pop_frame(&mut self) {
        if let Some(trace) = &mut self.trace {
            trace.frames.pop();
        }
        self.count_slowly();
    }

    #[cold]
    pub(crate) fn fail_at(&mut self, offset: usize, kind: ReadErrorKind) -> Failed {
        // The first failure counts; whatever follows is a consequence.
        if self.failure.is_none() {
            self.failure = Some(Failure {
                offset,
                kind,
                rest: self.rest(),
            });
            if let Some(trace) = &mut self.trace {
                trace.path = Some(path(&trace.frames));
                trace.rest = &[];
            }
            self.rest = &[];
        }
        Failed(())
    }

    fn take_failure(&mut self) -> Failure<'a> {
        self.failure.take().unwrap_or(Failure {
            offset: self.offset(),
            kind: ReadErrorKind::Invalid("unknown failure"),
            rest: self.rest(),
        })
    }
}

impl core::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader")
            .field("offset", &self.offset())
            .field("left", &self.rest().len())
            .finish_non_exhaustive()
    }
}

fn path(frames: &[Frame]) -> Path {
    let steps = frames.iter().filter_map(|frame| match frame.outline {
        None => Some(Step::Element(frame.done)),
        Some(outline) => Some(Step::Field {
            constructor: outline::constructor(outline),
            field: outline::field(outline, frame.done, &frame.nats)?,
        }),
    });
    Path::new(steps.collect())
}
