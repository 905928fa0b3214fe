//! Derived types and generated types of one schema: the same bytes, the same errors.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fmt::Debug;

use tl_runtime::{Identified, Object, TlRead, TlWrite};

/// What tl-codegen makes of the schema.
mod generated {
    tl_macros::include_schema!(
        "../tl-codegen/tests/golden/sample.tl",
        crate = "::tl_runtime"
    );
}

/// The same, written by hand.
mod derived {
    use tl_macros::{TlRead, TlWrite};
    use tl_runtime::Object;

    macro_rules! derived {
        ($($(#[$attr:meta])* struct $name:ident $(<$x:ident>)? = $id:literal $body:tt)*) => { $(
            #[derive(TlRead, TlWrite, Debug)]
            $(#[$attr])*
            #[tl(crate = tl_runtime, schema = "../tl-codegen/tests/golden/sample.tl", id = $id)]
            pub(super) struct $name $(<$x>)? $body
        )* };
    }

    derived! {
        struct Point = "point" {
            pub(super) x: i32,
            pub(super) y: i32,
        }

        struct Cat = "zoo.cat" {
            pub(super) id: i64,
            pub(super) name: String,
            pub(super) lives: u32,
        }

        struct Dog = "zoo.dog" {
            pub(super) good: bool,
            pub(super) id: i64,
            pub(super) name: String,
            pub(super) owner: Option<Owner>,
            pub(super) nicknames: Option<Vec<String>>,
            pub(super) photo: Option<Vec<u8>>,
            pub(super) chip: [u8; 16],
            pub(super) key: [u8; 32],
            pub(super) home: Option<Point>,
            pub(super) kennel: Option<Point>,
            pub(super) r#type: bool,
        }

        struct Owner = "zoo.owner" {
            pub(super) self_: bool,
            pub(super) pets: Vec<Animal>,
        }

        struct Account = "account" {
            pub(super) id: i64,
            pub(super) has_password: bool,
            pub(super) salt: Option<Vec<u8>>,
            pub(super) srp_id: Option<i64>,
            pub(super) rating: Option<f64>,
            pub(super) premium: bool,
            pub(super) until: Option<i32>,
            pub(super) dog: Option<Box<Dog>>,
        }

        struct Lists = "lists" {
            pub(super) ints: Vec<i32>,
            pub(super) longs: Vec<i64>,
            pub(super) doubles: Vec<f64>,
            pub(super) blobs: Vec<Vec<u8>>,
            pub(super) bare: Vec<Point>,
            pub(super) boxed: Vec<Point>,
            pub(super) nested: Vec<Vec<Point>>,
        }

        struct Envelope = "envelope" {
            pub(super) msg_id: i64,
            pub(super) body: Object,
        }

        #[tl(result = Vec<Animal>)]
        struct GetAnimals = "zoo.getAnimals" {
            pub(super) ids: Option<Vec<i64>>,
            pub(super) limit: i32,
        }

        #[tl(result = bool)]
        struct Feed = "zoo.feed" {
            pub(super) animal: Animal,
        }

        struct GetTable = "getTable" {
            pub(super) id: [u8; 16],
        }

        struct InvokeWithLayer<X> = "invokeWithLayer" {
            pub(super) layer: i32,
            pub(super) query: X,
        }
    }

    #[derive(TlRead, TlWrite, Debug)]
    #[tl(crate = tl_runtime, schema = "../tl-codegen/tests/golden/sample.tl")]
    pub(super) enum Animal {
        #[tl(id = "zoo.animalEmpty")]
        Empty,
        Cat(Cat),
        Dog(Box<Dog>),
    }

    #[derive(TlRead, TlWrite, Debug)]
    #[tl(crate = tl_runtime, schema = "../tl-codegen/tests/golden/sample.tl")]
    pub(super) enum Tree {
        #[tl(id = "tree.leaf")]
        Leaf { value: i32 },
        #[tl(id = "tree.node")]
        Node { left: Box<Tree>, right: Box<Tree> },
    }
}

/// What both make of some bytes: the bytes that are written from what is read, or the error.
fn outcome<'a, T: TlRead<'a> + TlWrite>(bytes: &'a [u8]) -> Result<Vec<u8>, String> {
    match T::from_bytes(bytes) {
        Ok(value) => Ok(value.to_bytes().unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

/// Compares them on a value that was generated, on its beginnings and on mutations of it.
#[track_caller]
fn same<'a, Derived, Generated>(value: &Generated)
where
    Derived: TlRead<'a> + TlWrite + Debug,
    Generated: TlRead<'a> + TlWrite,
{
    // The cases are few and small, and a test.
    let bytes: &'a [u8] = value.to_bytes().unwrap().leak();
    assert_eq!(outcome::<Derived>(bytes).as_deref(), Ok(bytes));
    for end in 0..bytes.len() {
        let cut = &bytes[..end];
        assert_eq!(
            outcome::<Derived>(cut),
            outcome::<Generated>(cut),
            "{cut:?}"
        );
    }
    for position in 0..bytes.len() {
        for change in [1, 0x02, 0x04, 0x10, 0x80, 0xff] {
            let mut changed = bytes.to_vec();
            changed[position] ^= change;
            let changed: &'a [u8] = changed.leak();
            assert_eq!(
                outcome::<Derived>(changed),
                outcome::<Generated>(changed),
                "{changed:?}"
            );
        }
    }
}

fn cat() -> generated::types::zoo::Cat {
    generated::types::zoo::Cat::new(5, "Мурка".into(), 9)
}

fn dog() -> generated::types::zoo::Dog {
    use generated::enums::zoo::Animal;
    use generated::types::{Point, zoo};
    zoo::Dog {
        good: true,
        owner: Some(zoo::Owner::new(
            true,
            vec![Animal::Empty, Animal::Cat(cat())],
        )),
        nicknames: Some(vec!["Bello".into(), "Шарик".into()]),
        photo: Some(vec![7; 300]),
        home: Some(Point::new(1, 2)),
        kennel: Some(Point::new(3, 4)),
        ..zoo::Dog::new(-1, "Rex".into(), [1; 16], [2; 32], false)
    }
}

#[test]
fn structs() {
    use generated::types::{Account, Envelope, Lists, Point};
    same::<derived::Point, _>(&Point::new(1, -1));
    same::<derived::Cat, _>(&cat());
    same::<derived::Dog, _>(&dog());
    same::<derived::Account, _>(&Account::new(7));
    same::<derived::Account, _>(&Account {
        has_password: true,
        salt: Some(vec![1, 2, 3]),
        srp_id: Some(4),
        rating: Some(0.5),
        premium: true,
        until: Some(5),
        dog: Some(Box::new(dog())),
        ..Account::new(7)
    });
    let point = || Point::new(1, 2);
    same::<derived::Lists, _>(&Lists::new(
        vec![1, 2],
        vec![3],
        vec![0.25],
        vec![vec![9; 5], vec![]],
        vec![point(), point()],
        vec![point()],
        vec![vec![point()], vec![]],
    ));
    let body = Object::new(&point()).unwrap();
    same::<derived::Envelope, _>(&Envelope::new(3, body));
}

#[test]
fn enums() {
    use generated::enums::{self, zoo::Animal as Generated};
    same::<derived::Animal, _>(&Generated::Empty);
    same::<derived::Animal, _>(&Generated::Cat(cat()));
    same::<derived::Animal, _>(&Generated::Dog(Box::new(dog())));
    let leaf = |value| enums::Tree::Leaf(generated::types::tree::Leaf::new(value));
    let node = |left, right| enums::Tree::Node(generated::types::tree::Node::new(left, right));
    same::<derived::Tree, _>(&node(node(leaf(1), leaf(2)), leaf(3)));
}

#[test]
fn functions() {
    use generated::enums::zoo::Animal;
    use generated::functions::{self, zoo};
    same::<derived::GetAnimals, _>(&zoo::GetAnimals::new(5));
    same::<derived::GetAnimals, _>(&zoo::GetAnimals {
        ids: Some(vec![1, 2]),
        ..zoo::GetAnimals::new(5)
    });
    same::<derived::Feed, _>(&zoo::Feed::new(Animal::Cat(cat())));
    same::<derived::GetTable, _>(&functions::GetTable::new([3; 16]));
    same::<derived::InvokeWithLayer<derived::GetTable>, _>(&functions::InvokeWithLayer::new(
        230,
        functions::GetTable::new([3; 16]),
    ));
    assert_eq!(derived::GetTable::NAME, functions::GetTable::NAME);
}

/// Values that the schema can't say.
#[test]
fn faults_of_values() {
    let derived = derived::Account {
        id: 1,
        has_password: true,
        salt: None,
        srp_id: Some(1),
        rating: None,
        premium: false,
        until: None,
        dog: None,
    };
    let generated = generated::types::Account {
        has_password: true,
        srp_id: Some(1),
        ..generated::types::Account::new(1)
    };
    assert_eq!(
        derived.to_bytes().unwrap_err(),
        generated.to_bytes().unwrap_err()
    );
}
