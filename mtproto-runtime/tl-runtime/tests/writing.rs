//! Writing into vectors with any room, and what hand-written types may do to a writer.

#[path = "../../../tl-codegen/tests/golden/sample_owned.rs"]
mod sample_owned;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use sample_owned::{enums, types};
use tl_runtime::{Bare, Flags, Int128, TlWrite, WriteError, WriteErrorKind, Writer};

/// `thing flags:# id:long name:flags.0?string parts:vector<thing> = Thing;`, bare, by hand.
#[derive(Default)]
struct Thing {
    id: i64,
    name: Option<String>,
    parts: Vec<Thing>,
    fails: bool,
}

impl TlWrite for Thing {
    fn write(&self, w: &mut Writer<'_>) {
        let mut flags = w.flags(0);
        w.long(self.id);
        w.flagged(&mut flags, 0, &self.name);
        w.vector(&self.parts);
        w.set_flags(flags);
        if self.fails {
            w.fail(WriteErrorKind::Invalid("it fails"));
        }
    }
}

fn things(depth: u8) -> Thing {
    Thing {
        id: depth.into(),
        name: depth.is_multiple_of(2).then(|| "имя".repeat(depth.into())),
        parts: (0..depth).map(things).collect(),
        fails: false,
    }
}

fn dog() -> types::zoo::Dog {
    let dog = types::zoo::Dog {
        good: true,
        nicknames: Some(vec!["Bello".into(), "Шарик".into(), "x".repeat(60)]),
        photo: Some(vec![7; 300]),
        home: Some(types::Point::new(1, 2)),
        ..types::zoo::Dog::new(-1, "Rex".into(), [1; 16], [2; 32], false)
    };
    let friend = enums::zoo::Animal::Dog(Box::new(dog.clone()));
    types::zoo::Dog {
        owner: Some(types::zoo::Owner::new(true, vec![friend])),
        ..dog
    }
}

/// Appends a value.
type Append = Box<dyn Fn(&mut Vec<u8>) -> Result<(), WriteError>>;

/// By code, by hand, and both in each other.
fn values() -> Vec<Append> {
    fn value<T: TlWrite + 'static>(value: T) -> Append {
        Box::new(move |bytes| value.write_to(bytes))
    }
    vec![
        value(things(4)),
        value(dog()),
        value(vec![dog(), dog()]),
        value(Bare(vec!["a".repeat(31), "b".repeat(32), "c".repeat(33)])),
        value(vec![vec![i64::MAX; 9], vec![], vec![3]]),
        value((0..40).map(|i| vec![7_u8; i]).collect::<Vec<_>>()),
        value(vec![[1_u8; 16] as Int128; 3]),
        value(ByHand(dog())),
        value(vec![ByHand(things(2)), ByHand(things(3))]),
    ]
}

/// Between a value and what writes it.
struct ByHand<T>(T);

impl<T: TlWrite> TlWrite for ByHand<T> {
    fn write(&self, w: &mut Writer<'_>) {
        w.nat(1);
        self.0.write(w);
        self.0.write_bare(w);
        w.nat(2);
    }
}

#[test]
fn room_of_any_size() {
    for write in values() {
        let mut expected = Vec::new();
        write(&mut expected).unwrap();
        for before in [0, 3] {
            for room in 0..expected.len() + 40 {
                let mut bytes = Vec::with_capacity(before + room);
                bytes.resize(before, 9);
                let capacity = bytes.capacity();
                write(&mut bytes).unwrap();
                assert_eq!(bytes[..before], vec![9; before]);
                assert_eq!(bytes[before..], expected, "room for {room}");
                if capacity - before >= expected.len() {
                    assert_eq!(bytes.capacity(), capacity, "what fits is not moved");
                }
            }
        }
    }
}

#[test]
fn three_ways_that_agree() {
    fn agree(value: &impl TlWrite) {
        let bytes = value.to_bytes().unwrap();
        assert_eq!(value.size(), bytes.len());
        let mut appended = vec![1];
        value.write_to(&mut appended).unwrap();
        assert_eq!(appended[1..], bytes);
    }
    (0..8).for_each(|depth| agree(&things(depth)));
    agree(&dog());
    agree(&vec![dog(); 50]);
    for len in (0..600).chain([70_000]) {
        agree(&vec![5_u8; len]);
        agree(&vec![vec![5_u8; len]; 2]);
    }
}

#[test]
fn one_allocation() {
    let short = types::Point::new(1, 2).to_bytes().unwrap();
    assert_eq!(short.capacity(), short.len());
    // Of what is longer than the scratch, by who counts first.
    let dog = dog();
    let mut bytes = Vec::with_capacity(dog.size());
    let before = (bytes.as_ptr(), bytes.capacity());
    dog.write_to(&mut bytes).unwrap();
    assert!(bytes.len() > 512);
    assert_eq!(bytes.len(), dog.size());
    assert_eq!((bytes.as_ptr(), bytes.capacity()), before);
}

#[test]
fn what_fails_leaves_the_vector_as_it_was() {
    let half = types::Account {
        salt: Some(vec![7; 300]),
        dog: Some(Box::new(dog())),
        ..types::Account::new(1)
    };
    let too_long = vec![0_u8; 1 << 24];
    for room in [0, 1, 10, 100, 1000, 10_000] {
        let mut bytes = Vec::with_capacity(room);
        bytes.extend([1, 2, 3]);
        let fails = Thing {
            parts: vec![
                things(3),
                Thing {
                    fails: true,
                    ..things(4)
                },
            ],
            ..Thing::default()
        };
        let error = fails.write_to(&mut bytes).unwrap_err();
        assert_eq!(error.kind(), &WriteErrorKind::Invalid("it fails"));
        assert_eq!(bytes, [1, 2, 3]);
        assert_eq!(fails.to_bytes().unwrap_err(), error);
        let error = vec![vec![1], too_long.clone()].write_to(&mut bytes);
        let kind = WriteErrorKind::TooLong { len: 1 << 24 };
        assert_eq!(error.unwrap_err().kind(), &kind);
        assert_eq!(bytes, [1, 2, 3]);
        let error = half.write_to(&mut bytes).unwrap_err();
        let kind = WriteErrorKind::InconsistentFlag {
            constructor: "account",
            flag: "flags.2",
        };
        assert_eq!(error.kind(), &kind);
        assert_eq!(bytes, [1, 2, 3]);
    }
}

/// Says that it takes other bytes than it does.
struct Liar(usize);

impl TlWrite for Liar {
    fn write(&self, w: &mut Writer<'_>) {
        w.raw(&[7; 100]);
        w.vector(&["text"; 100]);
    }

    fn size(&self) -> usize {
        self.0
    }
}

#[test]
fn who_lies_about_the_size() {
    let expected = Liar(0).to_bytes().unwrap();
    assert_eq!(expected.len(), 100 + 4 + 800);
    for size in [0, 4, 100, 905, 1 << 20, usize::MAX] {
        assert_eq!(Liar(size).to_bytes().unwrap(), expected);
        let list = vec![Liar(size), Liar(size)].to_bytes().unwrap();
        assert_eq!(list[8..8 + expected.len()], expected);
        let mut bytes = Vec::with_capacity(50);
        Liar(size).write_to(&mut bytes).unwrap();
        assert_eq!(bytes, expected);
    }
}

/// Flags of one writer, set in another, or not at all.
struct Thief<'a>(&'a RefCell<Vec<Flags>>, usize);

impl TlWrite for Thief<'_> {
    fn write(&self, w: &mut Writer<'_>) {
        w.raw(&vec![0xaa; self.1]);
        let flags = w.flags(0xbbbb_bbbb);
        if let Some(stolen) = self.0.borrow_mut().pop() {
            w.set_flags(stolen);
        }
        self.0.borrow_mut().push(flags);
    }
}

#[test]
fn flags_of_another_writer_change_nothing_outside() {
    let stolen = RefCell::new(Vec::new());
    for sizes in [[2000, 8], [8, 2000], [0, 0], [600, 500], [4, 3]] {
        for size in sizes {
            let thief = Thief(&stolen, size);
            assert_eq!(thief.size(), size + 4);
            let bytes = thief.to_bytes().unwrap();
            assert_eq!(bytes.len(), size + 4);
            assert!(bytes.iter().all(|byte| matches!(byte, 0xaa | 0xbb)));
            let mut bytes = vec![0xcc; 7];
            bytes.reserve_exact(size);
            thief.write_to(&mut bytes).unwrap();
            assert_eq!(bytes[..7], [0xcc; 7]);
        }
    }
}

/// Panics after so many bytes.
struct Panics(usize);

impl TlWrite for Panics {
    fn write(&self, w: &mut Writer<'_>) {
        for _ in 0..self.0 {
            w.raw(&[0xee]);
        }
        std::panic::resume_unwind(Box::new("no message"));
    }
}

/// Goes on after the panic of what it lent its writer to.
struct Catches(usize, Cell<usize>);

impl TlWrite for Catches {
    fn write(&self, w: &mut Writer<'_>) {
        w.nat(1);
        let flags = w.flags(2);
        // As an element of a vector, and so by value.
        let panics = AssertUnwindSafe(|| w.vector(&[Panics(self.0)]));
        assert!(catch_unwind(panics).is_err());
        w.set_flags(flags);
        w.vector(&["after", "a", "panic"]);
        self.1.set(self.1.get() + 1);
    }
}

#[test]
fn a_panic_that_is_caught_inside() {
    for size in [0, 1, 10, 600, 5000, 100_000] {
        let catches = Catches(size, Cell::new(0));
        let kind = WriteErrorKind::Invalid("a part of it panicked while it was written");
        assert_eq!(catches.to_bytes().unwrap_err().kind(), &kind);
        catches.size();
        for room in [0, 8, 100, 10_000] {
            let mut bytes = Vec::with_capacity(room + 2);
            bytes.extend([1, 2]);
            assert_eq!(catches.write_to(&mut bytes).unwrap_err().kind(), &kind);
            assert_eq!(bytes, [1, 2]);
        }
        assert_eq!(catches.1.get(), 6);
    }
}

#[test]
fn a_panic_that_is_caught_outside() {
    for size in [0, 10, 600, 100_000] {
        for room in [0, 8, 10_000] {
            let mut bytes = Vec::with_capacity(room + 2);
            bytes.extend([1, 2]);
            let panics = AssertUnwindSafe(|| vec![Panics(size)].write_to(&mut bytes));
            assert!(catch_unwind(panics).is_err());
            assert_eq!(bytes, [1, 2]);
            7_i32.write_to(&mut bytes).unwrap();
            assert_eq!(bytes, [1, 2, 7, 0, 0, 0]);
        }
    }
}

/// Implements nothing.
struct Nothing;

impl TlWrite for Nothing {}

#[test]
fn a_type_that_implements_nothing_is_an_error() {
    let kind = WriteErrorKind::Invalid("a type whose writing is not implemented");
    assert_eq!(Nothing.to_bytes().unwrap_err().kind(), &kind);
    let bare = Bare(vec![Nothing]).to_bytes();
    assert_eq!(bare.unwrap_err().kind(), &kind);
}
