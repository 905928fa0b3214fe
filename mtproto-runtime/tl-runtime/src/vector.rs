//! `vector`, `Vector` and repetitions, and the boxes and references that hold one value.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::size_of;

use crate::number::{self, Number};
use crate::slot::{self, Filled, Slot};
use crate::{Identified, ReadErrorKind, ReadResult, Reader, TlRead, TlWrite, Writer};

pub(crate) const VECTOR_ID: u32 = 0x1cb5_c415;
const VECTOR: &str = "vector";

/// Owned.
impl<'a> Reader<'a> {
    /// `vector<T>`: a count and that many values, each as it stands alone. It is a failure if more
    /// are claimed than can follow.
    pub fn vector<T: TlRead<'a>>(&mut self) -> Vec<T> {
        let count = self.element_count(T::MIN_SIZE);
        self.list(count, T::read_elements)
    }

    /// `vector<%T>`: a count and that many values without their ids.
    pub fn vector_of_bare<T: TlRead<'a>>(&mut self) -> Vec<T> {
        let count = self.element_count(T::MIN_SIZE.saturating_sub(4));
        self.list(count, |r, count| r.elements(count, T::read_bare_into))
    }

    /// `Vector<T>`: an id and a [`vector`](Reader::vector).
    pub fn boxed_vector<T: TlRead<'a>>(&mut self) -> Vec<T> {
        self.vector_id();
        self.vector()
    }

    /// `Vector<%T>`: an id and a [`vector_of_bare`](Reader::vector_of_bare).
    pub fn boxed_vector_of_bare<T: TlRead<'a>>(&mut self) -> Vec<T> {
        self.vector_id();
        self.vector_of_bare()
    }

    /// A vector of what a function reads, at least `min_size` bytes each. For what no type says:
    /// `r.vector_with(8, |r| Ok(r.boxed_vector_of_bare::<Point>()))` is a
    /// `vector<Vector<%Point>>`.
    pub fn vector_with<T>(
        &mut self,
        min_size: usize,
        read: impl FnMut(&mut Self) -> ReadResult<T>,
    ) -> Vec<T> {
        let count = self.element_count(min_size);
        self.list(count, |r, count| r.elements(count, moved(read)))
    }

    /// The same with the id of `Vector` before it.
    pub fn boxed_vector_with<T>(
        &mut self,
        min_size: usize,
        read: impl FnMut(&mut Self) -> ReadResult<T>,
    ) -> Vec<T> {
        self.vector_id();
        self.vector_with(min_size, read)
    }

    /// `count*[T]`: so many values, each as it stands alone, without a count before them.
    pub fn repeat<T: TlRead<'a>>(&mut self, count: u32) -> Vec<T> {
        let count = self.bounded(count, T::MIN_SIZE);
        self.list(count, T::read_elements)
    }

    /// `count*[…]`: so many of what a function reads, at least `min_size` bytes each.
    pub fn repeat_with<T>(
        &mut self,
        count: u32,
        min_size: usize,
        read: impl FnMut(&mut Self) -> ReadResult<T>,
    ) -> Vec<T> {
        let count = self.bounded(count, min_size);
        self.list(count, |r, count| r.elements(count, moved(read)))
    }

    /// `4*[…]`: a number of values that is always the same.
    ///
    /// # Errors
    /// Those of the function.
    pub fn array_with<T, const N: usize>(
        &mut self,
        read: impl FnMut(&mut Self) -> ReadResult<T>,
    ) -> ReadResult<[T; N]> {
        let count = u32::try_from(N).unwrap_or(u32::MAX);
        match self.repeat_with(count, 0, read).try_into() {
            Ok(values) => Ok(values),
            Err(_) => Err(self.fail(ReadErrorKind::Invalid("an array that is too short"))),
        }
    }

    /// A value on the heap, as it stands alone.
    ///
    /// # Errors
    /// Those of the value.
    pub fn heap<T: TlRead<'a>>(&mut self) -> ReadResult<Box<T>> {
        self.heap_slot(T::read_into)
    }

    /// A value on the heap, without its id.
    ///
    /// # Errors
    /// Those of the value.
    pub fn heap_bare<T: TlRead<'a>>(&mut self) -> ReadResult<Box<T>> {
        self.heap_slot(T::read_bare_into)
    }

    /// What a function reads, on the heap.
    ///
    /// # Errors
    /// Those of the function.
    #[inline]
    pub fn heap_with<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> ReadResult<T>,
    ) -> ReadResult<Box<T>> {
        self.heap_slot(|r, slot| Ok(slot.write(read(r)?)))
    }

    #[inline]
    fn heap_slot<T>(
        &mut self,
        read: impl for<'s> FnOnce(&mut Self, Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
    ) -> ReadResult<Box<T>> {
        self.charge(1, size_of::<T>())?;
        slot::boxed(|slot| read(self, slot))
    }

    /// The frame of a vector around its elements.
    #[inline]
    fn list<T>(
        &mut self,
        count: usize,
        read: impl FnOnce(&mut Self, usize) -> ReadResult<Vec<T>>,
    ) -> Vec<T> {
        if self.enter_vector().is_err() {
            return Vec::new();
        }
        let values = read(self, count).unwrap_or_default();
        self.leave();
        values
    }

    pub(crate) fn elements<T>(
        &mut self,
        count: usize,
        mut read: impl for<'s> FnMut(&mut Self, Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
    ) -> ReadResult<Vec<T>> {
        // At least a byte each, so that values of no size don't go on for ever.
        self.charge(count, size_of::<T>().max(1))?;
        slot::vec(count, |slot| {
            self.go_on()?;
            read(self, slot)
        })
    }
}

/// In the arena.
impl<'a> Reader<'a> {
    /// `vector<T>`: a count and that many values, each as it stands alone. It is a failure if more
    /// are claimed than can follow, or if there is no arena.
    pub fn slice<T: TlRead<'a> + Copy>(&mut self) -> &'a [T] {
        let count = self.element_count(T::MIN_SIZE);
        self.slice_list(count, T::place_elements)
    }

    /// `vector<%T>`: a count and that many values without their ids.
    pub fn slice_of_bare<T: TlRead<'a> + Copy>(&mut self) -> &'a [T] {
        let count = self.element_count(T::MIN_SIZE.saturating_sub(4));
        self.slice_list(count, |r, count| r.place_elements(count, T::read_bare_into))
    }

    /// `Vector<T>`: an id and a [`slice`](Reader::slice).
    pub fn boxed_slice<T: TlRead<'a> + Copy>(&mut self) -> &'a [T] {
        self.vector_id();
        self.slice()
    }

    /// `Vector<%T>`: an id and a [`slice_of_bare`](Reader::slice_of_bare).
    pub fn boxed_slice_of_bare<T: TlRead<'a> + Copy>(&mut self) -> &'a [T] {
        self.vector_id();
        self.slice_of_bare()
    }

    /// A vector of what a function reads, at least `min_size` bytes each.
    pub fn slice_with<T: Copy>(
        &mut self,
        min_size: usize,
        read: impl FnMut(&mut Self) -> ReadResult<T>,
    ) -> &'a [T] {
        let count = self.element_count(min_size);
        self.slice_list(count, |r, count| r.place_elements(count, moved(read)))
    }

    /// The same with the id of `Vector` before it.
    pub fn boxed_slice_with<T: Copy>(
        &mut self,
        min_size: usize,
        read: impl FnMut(&mut Self) -> ReadResult<T>,
    ) -> &'a [T] {
        self.vector_id();
        self.slice_with(min_size, read)
    }

    /// `count*[T]`: so many values, each as it stands alone, without a count before them.
    pub fn repeat_slice<T: TlRead<'a> + Copy>(&mut self, count: u32) -> &'a [T] {
        let count = self.bounded(count, T::MIN_SIZE);
        self.slice_list(count, T::place_elements)
    }

    /// `count*[…]`: so many of what a function reads, at least `min_size` bytes each.
    pub fn repeat_slice_with<T: Copy>(
        &mut self,
        count: u32,
        min_size: usize,
        read: impl FnMut(&mut Self) -> ReadResult<T>,
    ) -> &'a [T] {
        let count = self.bounded(count, min_size);
        self.slice_list(count, |r, count| r.place_elements(count, moved(read)))
    }

    /// A value in the arena, as it stands alone.
    ///
    /// # Errors
    /// If there is no arena, and those of the value.
    pub fn place<T: TlRead<'a> + Copy>(&mut self) -> ReadResult<&'a T> {
        self.place_slot(T::read_into)
    }

    /// A value in the arena, without its id.
    ///
    /// # Errors
    /// If there is no arena, and those of the value.
    pub fn place_bare<T: TlRead<'a> + Copy>(&mut self) -> ReadResult<&'a T> {
        self.place_slot(T::read_bare_into)
    }

    /// A value in the arena that is there only if a flag bit is set.
    #[inline]
    pub fn optional_place<T: TlRead<'a> + Copy>(&mut self, bit: u32) -> Option<&'a T> {
        match bit {
            0 => None,
            _ => self.place().ok(),
        }
    }

    /// The same for a value without its id.
    #[inline]
    pub fn optional_place_bare<T: TlRead<'a> + Copy>(&mut self, bit: u32) -> Option<&'a T> {
        match bit {
            0 => None,
            _ => self.place_bare().ok(),
        }
    }

    /// What a function reads, in the arena.
    ///
    /// # Errors
    /// If there is no arena, and those of the function.
    #[inline]
    pub fn place_with<T: Copy>(
        &mut self,
        read: impl FnOnce(&mut Self) -> ReadResult<T>,
    ) -> ReadResult<&'a T> {
        self.place_slot(|r, slot| Ok(slot.write(read(r)?)))
    }

    #[inline]
    fn place_slot<T: Copy>(
        &mut self,
        read: impl for<'s> FnOnce(&mut Self, Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
    ) -> ReadResult<&'a T> {
        self.charge(1, size_of::<T>())?;
        let arena = self.arena()?;
        slot::placed(arena, |slot| read(self, slot))
    }

    /// The frame of a vector around its elements.
    #[inline]
    fn slice_list<T>(
        &mut self,
        count: usize,
        read: impl FnOnce(&mut Self, usize) -> ReadResult<&'a [T]>,
    ) -> &'a [T] {
        if self.enter_vector().is_err() {
            return &[];
        }
        let values = read(self, count).unwrap_or_default();
        self.leave();
        values
    }

    pub(crate) fn place_elements<T: Copy>(
        &mut self,
        count: usize,
        mut read: impl for<'s> FnMut(&mut Self, Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
    ) -> ReadResult<&'a [T]> {
        self.charge(count, size_of::<T>().max(1))?;
        let arena = self.arena()?;
        slot::placed_slice(arena, count, |slot| {
            self.go_on()?;
            read(self, slot)
        })
    }

    /// Numbers, which are all of some bytes.
    pub(crate) fn place_numbers<T: Number>(&mut self, bytes: &[u8]) -> ReadResult<&'a [T]> {
        let slots = self.arena()?.room(bytes.len() / size_of::<T>());
        Ok(number::fill(slots, bytes))
    }
}

/// A function that returns values as one that writes them to a slot.
fn moved<'a, T>(
    mut read: impl FnMut(&mut Reader<'a>) -> ReadResult<T>,
) -> impl for<'s> FnMut(&mut Reader<'a>, Slot<'s, T>) -> ReadResult<Filled<'s, T>> {
    move |r, slot| Ok(slot.write(read(r)?))
}

impl Reader<'_> {
    /// The id of `Vector`; another one is a failure.
    #[inline]
    pub fn vector_id(&mut self) {
        // The reader has the failure.
        let _ = self.expect_id(VECTOR_ID, "Vector");
    }

    /// The count of a vector, no more than elements of so many bytes can follow.
    #[inline]
    pub(crate) fn element_count(&mut self, min_size: usize) -> usize {
        if let Some((&head, rest)) = self.seen().split_first_chunk() {
            let count = u32::from_le_bytes(head) as usize;
            if count
                .checked_mul(min_size)
                .is_some_and(|size| size <= rest.len())
            {
                self.see(rest);
                return count;
            }
        }
        self.element_count_slowly(min_size)
    }

    #[cold]
    fn element_count_slowly(&mut self, min_size: usize) -> usize {
        let count = self.uncounted_nat(VECTOR);
        self.bounded(count, min_size)
    }

    /// A count that is known already.
    fn bounded(&mut self, count: u32, min_size: usize) -> usize {
        let limit = self
            .rest()
            .len()
            .checked_div(min_size)
            .unwrap_or(usize::MAX);
        match usize::try_from(count) {
            Ok(bounded) if bounded <= limit => bounded,
            _ => {
                self.fail(ReadErrorKind::TooManyElements { count, limit });
                0
            }
        }
    }
}

impl Writer<'_> {
    /// `vector<T>`
    pub fn vector<T: TlWrite>(&mut self, values: &[T]) {
        self.lend(|w| w.put_vector(values));
    }

    /// `vector<%T>`
    pub fn vector_of_bare<T: TlWrite>(&mut self, values: &[T]) {
        self.lend(|w| w.put_vector_of_bare(values));
    }

    /// `Vector<T>`
    pub fn boxed_vector<T: TlWrite>(&mut self, values: &[T]) {
        self.lend(|w| w.put_boxed_vector(values));
    }

    /// `Vector<%T>`
    pub fn boxed_vector_of_bare<T: TlWrite>(&mut self, values: &[T]) {
        self.lend(|w| w.put_boxed_vector_of_bare(values));
    }

    /// The id of `Vector`.
    #[inline]
    pub fn vector_id(&mut self) {
        self.id(VECTOR_ID);
    }

    /// A vector whose elements a function writes.
    pub fn vector_with<T>(&mut self, values: &[T], write: impl FnMut(&T, &mut Self)) {
        self.count(values.len());
        self.repeat_with(values, write);
    }

    /// The same with the id of `Vector` before it.
    pub fn boxed_vector_with<T>(&mut self, values: &[T], write: impl FnMut(&T, &mut Self)) {
        self.vector_id();
        self.vector_with(values, write);
    }

    /// `n*[T]`: values one after another, without a count before them.
    pub fn repeat<T: TlWrite>(&mut self, values: &[T]) {
        self.lend(|w| w.put_repeat(values));
    }

    /// `n*[…]`: what a function writes, one after another, without a count before them.
    pub fn repeat_with<T>(&mut self, values: &[T], mut write: impl FnMut(&T, &mut Self)) {
        for value in values {
            write(value, self);
        }
    }
}

/// For emitted code, as in `writer`.
#[doc(hidden)]
impl Writer<'_> {
    #[must_use]
    pub fn put_vector<T: TlWrite>(mut self, values: &[T]) -> Self {
        self.count(values.len());
        T::write_elements(values, self)
    }

    #[must_use]
    pub fn put_vector_of_bare<T: TlWrite>(self, values: &[T]) -> Self {
        self.put_vector_with(values, T::write_bare_on)
    }

    #[must_use]
    pub fn put_boxed_vector<T: TlWrite>(mut self, values: &[T]) -> Self {
        self.vector_id();
        self.put_vector(values)
    }

    #[must_use]
    pub fn put_boxed_vector_of_bare<T: TlWrite>(mut self, values: &[T]) -> Self {
        self.vector_id();
        self.put_vector_of_bare(values)
    }

    #[must_use]
    pub fn put_vector_with<T>(mut self, values: &[T], write: impl FnMut(&T, Self) -> Self) -> Self {
        self.count(values.len());
        self.put_repeat_with(values, write)
    }

    #[must_use]
    pub fn put_boxed_vector_with<T>(
        mut self,
        values: &[T],
        write: impl FnMut(&T, Self) -> Self,
    ) -> Self {
        self.vector_id();
        self.put_vector_with(values, write)
    }

    #[must_use]
    pub fn put_repeat<T: TlWrite>(self, values: &[T]) -> Self {
        T::write_elements(values, self)
    }

    #[must_use]
    pub fn put_repeat_with<T>(
        mut self,
        values: &[T],
        mut write: impl FnMut(&T, Self) -> Self,
    ) -> Self {
        for value in values {
            self = write(value, self);
        }
        self
    }
}

/// `Vector<T>`; bare, `vector<T>`.
impl<'a, T: TlRead<'a>> TlRead<'a> for Vec<T> {
    const MIN_SIZE: usize = 8;
    const NEEDS_ARENA: bool = T::NEEDS_ARENA;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.boxed_vector())
    }

    fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.vector())
    }
}

/// `Vector<T>`; bare, `vector<T>`.
impl<'a, T: TlRead<'a> + Copy> TlRead<'a> for &'a [T] {
    const MIN_SIZE: usize = 8;
    const NEEDS_ARENA: bool = true;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.boxed_slice())
    }

    fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.slice())
    }
}

/// `Vector<T>`; bare, `vector<T>`.
impl<T: TlWrite> TlWrite for Vec<T> {
    const BY_VALUE: bool = true;

    fn write_on<'w>(&self, w: Writer<'w>) -> Writer<'w> {
        w.put_boxed_vector(self)
    }

    fn write_bare_on<'w>(&self, w: Writer<'w>) -> Writer<'w> {
        w.put_vector(self)
    }
}

/// `Vector<T>`; bare, `vector<T>`.
impl<T: TlWrite> TlWrite for [T] {
    const BY_VALUE: bool = true;

    fn write_on<'w>(&self, w: Writer<'w>) -> Writer<'w> {
        w.put_boxed_vector(self)
    }

    fn write_bare_on<'w>(&self, w: Writer<'w>) -> Writer<'w> {
        w.put_vector(self)
    }
}

impl<T: Identified> Identified for Box<T> {
    const ID: u32 = T::ID;
    const NAME: &'static str = T::NAME;
}
