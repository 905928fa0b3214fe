use sample_owned::{enums, functions, types};
use tl_runtime::{
    Arena, BorrowedFunction, Function, Identified, Object, ReadErrorKind, TlRead, TlWrite,
    WriteErrorKind,
};

fn dog() -> types::zoo::Dog {
    types::zoo::Dog {
        good: true,
        owner: Some(types::zoo::Owner::new(
            true,
            vec![enums::zoo::Animal::Empty, enums::zoo::Animal::Cat(cat())],
        )),
        nicknames: Some(vec!["Bello".into(), "Шарик".into()]),
        photo: Some(vec![7; 300]),
        home: Some(types::Point::new(1, 2)),
        kennel: Some(types::Point::new(3, 4)),
        ..types::zoo::Dog::new(-1, "Rex".into(), [1; 16], [2; 32], false)
    }
}

fn cat() -> types::zoo::Cat {
    types::zoo::Cat::new(5, "Мурка".into(), 9)
}

fn tree() -> enums::Tree {
    let leaf = |value| enums::Tree::Leaf(types::tree::Leaf::new(value));
    let inner = types::tree::Node::new(leaf(1), leaf(2));
    enums::Tree::Node(types::tree::Node::new(enums::Tree::Node(inner), leaf(3)))
}

fn account() -> types::Account {
    types::Account {
        has_password: true,
        salt: Some(vec![1, 2, 3]),
        srp_id: Some(4),
        rating: Some(0.5),
        premium: true,
        until: Some(1 << 30),
        dog: Some(Box::new(dog())),
        ..types::Account::new(1 << 40)
    }
}

fn lists() -> types::Lists {
    let points = || vec![types::Point::new(1, 2), types::Point::new(3, 4)];
    types::Lists::new(
        vec![1, -2, i32::MAX],
        vec![i64::MIN, 0, 7],
        vec![1.5, f64::INFINITY],
        vec![vec![], vec![1; 3], vec![2; 254]],
        points(),
        points(),
        vec![points(), vec![], points()],
    )
}

fn table() -> types::Table {
    types::Table::new(
        2,
        vec![types::Row::new(vec![1, 2]), types::Row::new(vec![3, 4])],
        0b10,
        types::Stats {
            total: Some(10),
            ..types::Stats::new(3)
        },
        vec![
            types::TablePairs::new(1, "one".into()),
            types::TablePairs::new(2, "twenty".into()),
        ],
    )
}

/// Writes, reads as both ownerships, writes both again.
macro_rules! round_trip {
    ($($value:expr => $($path:ident)::+;)*) => { $({
        let value = $value;
        let bytes = value.to_bytes().unwrap();
        assert_eq!(value.size(), bytes.len());
        let again = sample_owned::$($path)::+::from_bytes(&bytes).unwrap();
        assert_eq!(again, value);
        let arena = Arena::new();
        let borrowed = sample_borrowed::$($path)::+::from_bytes_in(&bytes, &arena).unwrap();
        assert_eq!(borrowed.to_bytes().unwrap(), bytes);
        assert_eq!(borrowed.size(), bytes.len());
        assert_eq!(borrowed.to_owned(), value);

        // Every prefix is an error that says where the bytes end.
        for end in 0..bytes.len() {
            let error = sample_owned::$($path)::+::from_bytes(&bytes[..end]).unwrap_err();
            assert!(error.offset() <= end);
            let again = sample_borrowed::$($path)::+::from_bytes_in(&bytes[..end], &arena);
            assert_eq!(again.unwrap_err(), error);
        }
        // So is a byte too many.
        let mut longer = bytes.clone();
        longer.push(0);
        let error = sample_owned::$($path)::+::from_bytes(&longer).unwrap_err();
        assert_eq!(*error.kind(), ReadErrorKind::TrailingBytes { count: 1 });
        let (_, rest) = sample_owned::$($path)::+::from_prefix(&longer).unwrap();
        assert_eq!(rest, [0]);
    })* };
}

#[test]
fn values_survive_the_round_trip_in_both_ownerships() {
    round_trip! {
        types::Point::new(-1, 1) => types::Point;
        types::zoo::AnimalEmpty::new() => types::zoo::AnimalEmpty;
        cat() => types::zoo::Cat;
        dog() => types::zoo::Dog;
        types::zoo::Dog::new(0, String::new(), [0; 16], [0; 32], true) => types::zoo::Dog;
        enums::zoo::Animal::Empty => enums::zoo::Animal;
        enums::zoo::Animal::Cat(cat()) => enums::zoo::Animal;
        enums::zoo::Animal::Dog(Box::new(dog())) => enums::zoo::Animal;
        tree() => enums::Tree;
        account() => types::Account;
        types::Account::new(0) => types::Account;
        lists() => types::Lists;
        table() => types::Table;
        functions::zoo::GetAnimals { ids: Some(vec![1, 2]), limit: 3 } => functions::zoo::GetAnimals;
        functions::zoo::Feed::new(enums::zoo::Animal::Cat(cat())) => functions::zoo::Feed;
        functions::GetTable::new([3; 16]) => functions::GetTable;
    }
}

#[test]
fn bytes_are_those_of_the_language() {
    let cat = cat().to_bytes().unwrap();
    let expected = [
        &0x8384_741c_u32.to_le_bytes()[..],
        &5_i64.to_le_bytes(),
        &[10],
        "Мурка".as_bytes(),
        &[0],
        &9_u32.to_le_bytes(),
    ];
    assert_eq!(cat, expected.concat());
}

#[test]
fn objects_are_any_value() {
    let envelope = types::Envelope::new(1, Object::new(&tree()).unwrap());
    let bytes = envelope.to_bytes().unwrap();
    let again = types::Envelope::from_bytes(&bytes).unwrap();
    assert_eq!(again, envelope);
    assert_eq!(again.body.id(), Some(types::tree::Node::ID));
    assert_eq!(again.body.parse::<enums::Tree>().unwrap(), tree());
    let borrowed = sample_borrowed::types::Envelope::from_bytes(&bytes).unwrap();
    assert_eq!(borrowed.to_owned(), envelope);
}

#[test]
fn functions_know_what_they_answer() {
    fn answer<F: Function>(_: &F, bytes: &[u8]) -> F::Output {
        F::Output::from_bytes(bytes).unwrap()
    }
    fn answer_in<'a, F: BorrowedFunction>(
        _: &F,
        bytes: &'a [u8],
        arena: &'a Arena,
    ) -> F::Output<'a> {
        F::Output::from_bytes_in(bytes, arena).unwrap()
    }

    let request = functions::InvokeWithLayer::new(230, functions::zoo::GetAnimals::new(10));
    let bytes = request.to_bytes().unwrap();
    let again =
        functions::InvokeWithLayer::<functions::zoo::GetAnimals>::from_bytes(&bytes).unwrap();
    assert_eq!(again, request);

    let animals = vec![enums::zoo::Animal::Empty, enums::zoo::Animal::Cat(cat())];
    let bytes = animals.to_bytes().unwrap();
    assert_eq!(answer(&request, &bytes), animals);

    let arena = Arena::new();
    let request = sample_borrowed::functions::InvokeWithLayer::new(
        230,
        sample_borrowed::functions::zoo::GetAnimals::new(10),
    );
    let borrowed = answer_in(&request, &bytes, &arena);
    assert_eq!(borrowed.to_bytes().unwrap(), bytes);
}

#[test]
fn errors_name_the_field() {
    let full = account().to_bytes().unwrap();
    let path = |bytes: &[u8]| types::Account::from_bytes(bytes).unwrap_err().to_string();
    // The id of the second pet of the owner of the dog.
    let at = full
        .windows(4)
        .position(|id| id == 0x8384_741c_u32.to_le_bytes())
        .unwrap();
    let mut bytes = full.clone();
    bytes[at..at + 4].fill(0xee);
    let expected = format!(
        "unexpected constructor id 0xeeeeeeee where zoo.Animal was wanted, at byte {at} in \
         account.dog.owner.pets[1]"
    );
    assert_eq!(path(&bytes), expected);

    let at = full
        .windows(6)
        .position(|text| text == "Шар".as_bytes())
        .unwrap();
    let mut bytes = full.clone();
    bytes[at + 2] = 0xff;
    let expected = format!(
        "a string is not UTF-8 after 2 bytes, at byte {} in account.dog.nicknames[1]",
        at - 1
    );
    assert_eq!(path(&bytes), expected);

    let expected = "the bytes end where a bytes of 304 bytes was wanted";
    let at = full
        .windows(4)
        .position(|bytes| bytes == [254, 44, 1, 0])
        .unwrap();
    let expected = format!("{expected}, at byte {at} in account.dog.photo");
    assert_eq!(path(&full[..at + 100]), expected);

    let bytes = table().to_bytes().unwrap();
    let error = types::Table::from_bytes(&bytes[..32]).unwrap_err();
    assert_eq!(error.path().to_string(), "table.stats");
    let error = types::Table::from_bytes(&bytes[..44]).unwrap_err();
    assert_eq!(error.path().to_string(), "table.stats.total");
    let error = types::Table::from_bytes(&bytes[..24]).unwrap_err();
    assert_eq!(error.path().to_string(), "table.rows[1].cells");
    let error = types::Table::from_bytes(&bytes[..bytes.len() - 1]).unwrap_err();
    assert_eq!(error.path().to_string(), "table.pairs[1].value");
}

#[test]
fn what_the_schema_cannot_say_is_not_written() {
    let mut account = types::Account::new(1);
    account.srp_id = Some(1);
    let error = account.to_bytes().unwrap_err();
    let kind = WriteErrorKind::InconsistentFlag {
        constructor: "account",
        flag: "flags.2",
    };
    assert_eq!(*error.kind(), kind);

    let mut bytes = vec![1];
    assert!(account.write_to(&mut bytes).is_err());
    assert_eq!(bytes, [1]);

    let mut wrong = table();
    wrong.rows[1].cells.push(0);
    let kind = WriteErrorKind::NatMismatch {
        constructor: "row",
        field: "cells",
    };
    assert_eq!(*wrong.to_bytes().unwrap_err().kind(), kind);
    let mut wrong = table();
    wrong.mask = 0;
    let kind = WriteErrorKind::NatMismatch {
        constructor: "stats",
        field: "total",
    };
    assert_eq!(*wrong.to_bytes().unwrap_err().kind(), kind);
}
