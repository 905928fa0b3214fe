//! Bytes made to do harm: refused, and in bounded memory. The allocator of this test counts.
#![allow(clippy::unwrap_used, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tl_runtime::{Arena, Limits, ReadErrorKind, ReadResult, Reader, TlRead, TlWrite, Writer};

#[path = "../../../tl-codegen/tests/golden/sample_borrowed.rs"]
mod sample_borrowed;
#[path = "../../../tl-codegen/tests/golden/sample_owned.rs"]
mod sample_owned;

struct Counting;

thread_local! {
    /// What this thread has allocated and not freed, and the most that was ever.
    static MEMORY: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn account(more: usize, less: usize) {
    let _ = MEMORY.try_with(|memory| {
        let (now, peak) = memory.get();
        let now = (now + more).saturating_sub(less);
        memory.set((now, peak.max(now)));
    });
}

// SAFETY: all is done by the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        account(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        account(0, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that the call has allocated at a time.
fn peak<T>(call: impl FnOnce() -> T) -> (T, usize) {
    let (before, _) = MEMORY.get();
    MEMORY.set((before, before));
    let result = call();
    (result, MEMORY.get().1 - before)
}

/// Four bytes on the wire, 5.2 KB in memory, as the largest enum of a real schema once was.
#[derive(Clone, Copy)]
struct Large {
    value: i32,
    _room: [u64; 650],
}

impl<'a> TlRead<'a> for Large {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(Self {
            value: r.int(),
            _room: [0; 650],
        })
    }
}

impl TlWrite for Large {
    fn write(&self, w: &mut Writer<'_>) {
        w.int(self.value);
    }
}

fn vector(count: u32, bytes: &[u8]) -> Vec<u8> {
    [
        &0x1cb5_c415_u32.to_le_bytes()[..],
        &count.to_le_bytes(),
        bytes,
    ]
    .concat()
}

#[test]
fn nested_constructors_of_80_kilobytes() {
    let node = sample_owned::types::tree::Node::new(
        sample_owned::enums::Tree::Leaf(sample_owned::types::tree::Leaf::new(1)),
        sample_owned::enums::Tree::Leaf(sample_owned::types::tree::Leaf::new(2)),
    );
    let id = &node.to_bytes().unwrap()[..4];
    let bytes = id.repeat(20_000);
    let (error, memory) = peak(|| sample_owned::enums::Tree::from_bytes(&bytes).unwrap_err());
    assert_eq!(*error.kind(), ReadErrorKind::TooDeep);
    assert_eq!(error.offset(), 4 * 65);
    assert!(memory < 64 << 10, "{memory}");
    let arena = Arena::new();
    let borrowed = sample_borrowed::enums::Tree::from_bytes_in(&bytes, &arena);
    assert_eq!(borrowed.unwrap_err(), error);
}

#[test]
fn vectors_that_claim_more_than_can_follow() {
    for count in [5, 1 << 16, 1 << 31, u32::MAX] {
        let bytes = vector(count, &[0; 16]);
        let (error, memory) = peak(|| Vec::<i32>::from_bytes(&bytes).unwrap_err());
        let kind = ReadErrorKind::TooManyElements { count, limit: 4 };
        assert_eq!(*error.kind(), kind);
        assert!(memory < 4096, "{memory}");
        let arena = Arena::new();
        let borrowed = <&[i32]>::from_bytes_in(&bytes, &arena).unwrap_err();
        assert_eq!(borrowed, error);
        assert!(arena.capacity() <= 4096);
    }
    // Elements of no bytes could be claimed without end.
    let bytes = vector(1 << 31, &[]);
    let read = |r: &mut Reader<'_>| Ok(r.boxed_vector_with(0, |_| Ok(())));
    let (error, memory) = peak(|| Reader::new(&bytes).read_with(read).unwrap_err());
    assert_eq!(*error.kind(), ReadErrorKind::TooMuchMemory);
    assert!(memory < 4096, "{memory}");
}

#[test]
fn a_hundred_kilobytes_that_would_take_130_megabytes() {
    let bytes = vector(25_000, &[1; 100_000]);
    assert_eq!(25_000 * size_of::<Large>(), 130_200_000);
    let (error, memory) = peak(|| match Vec::<Large>::from_bytes(&bytes) {
        Ok(values) => panic!("{} values were read", values.len()),
        Err(error) => error,
    });
    assert_eq!(*error.kind(), ReadErrorKind::TooMuchMemory);
    assert!(memory < 4096, "{memory}");
    let arena = Arena::new();
    let borrowed = <&[Large]>::from_bytes_in(&bytes, &arena).map(<[Large]>::len);
    assert_eq!(borrowed.unwrap_err(), error);
    assert!(arena.capacity() <= 4096);

    // In many small vectors it is no more.
    let small = vector(10, &[1; 40]);
    let many = vector(2000, &small.repeat(2000));
    let budget = (16 * many.len()) + (1 << 20);
    let (error, memory) = peak(|| match Vec::<Vec<Large>>::from_bytes(&many) {
        Ok(values) => panic!("{} values were read", values.len()),
        Err(error) => error,
    });
    assert_eq!(*error.kind(), ReadErrorKind::TooMuchMemory);
    // The explanation reads it once more, after the first has been freed.
    assert!(memory < budget + 4096, "{memory} of {budget}");

    // Whoever wants them may have them.
    let limits = Limits {
        memory: Some(140_000_000),
        ..Limits::default()
    };
    let mut reader = Reader::new(&bytes).with_limits(limits);
    let values: Vec<Large> = reader
        .read_all()
        .map_err(|error| error.to_string())
        .unwrap();
    assert_eq!(values.len(), 25_000);
    assert_eq!(values[7].value, 0x0101_0101);
}
