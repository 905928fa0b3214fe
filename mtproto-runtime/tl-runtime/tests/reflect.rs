//! Types that know their names: what is shown, what is taken, and what strangers may send.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../../tl-codegen/tests/golden/mixed_owned.rs"]
mod mixed_owned;
#[path = "../../../tl-codegen/tests/golden/sample_table_borrowed.rs"]
mod sample_table_borrowed;
#[path = "../../../tl-codegen/tests/golden/sample_table_owned.rs"]
mod sample_table_owned;

use sample_table_borrowed as borrowed;
use sample_table_owned::{SCHEMA, enums, functions, types};

use tl_runtime::reflect::{self, Data};
use tl_runtime::{Arena, Limits, Object, ReadErrorKind, TlWrite};

fn dog() -> types::zoo::Dog {
    types::zoo::Dog {
        good: true,
        id: 5_000_000_000,
        name: "Rex \"\u{1b}".to_owned(),
        owner: Some(types::zoo::Owner::new(
            false,
            vec![enums::zoo::Animal::Empty],
        )),
        nicknames: Some(vec!["R".to_owned(), "Rexy".to_owned()]),
        photo: Some(vec![0x0a, 0xff]),
        chip: [1; 16],
        key: [0; 32],
        home: None,
        kennel: Some(types::Point::new(1, -1)),
        r#type: false,
    }
}

#[test]
fn known_texts() {
    let view_of = dog();
    let view = reflect::of(&view_of);
    assert_eq!(
        view.to_string(),
        r#"zoo.dog {
  good: true
  id: 5000000000
  name: "Rex \"\u001b"
  owner: zoo.owner {
    self: false
    pets: [
      zoo.animalEmpty
    ]
  }
  nicknames: ["R", "Rexy"]
  photo: 0x0aff
  chip: 0x01010101010101010101010101010101
  key: 0x0000000000000000000000000000000000000000000000000000000000000000
  kennel: point {
    x: 1
    y: -1
  }
  type: false
}"#
    );
    assert_eq!(
        view.to_json(),
        r#"{
  "@type": "zoo.dog",
  "good": true,
  "id": "5000000000",
  "name": "Rex \"\u001b",
  "owner": {
    "@type": "zoo.owner",
    "self": false,
    "pets": [
      {"@type": "zoo.animalEmpty"}
    ]
  },
  "nicknames": ["R", "Rexy"],
  "photo": "Cv8=",
  "chip": "AQEBAQEBAQEBAQEBAQEBAQ==",
  "key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  "kennel": {
    "@type": "point",
    "x": 1,
    "y": -1
  },
  "type": false
}"#
    );
}

#[test]
fn fields_and_what_is_declared() {
    let dog = dog();
    let view = reflect::of(&dog);
    assert_eq!((view.id(), view.ty()), (Some(0x6294_4308), None));
    assert_eq!((view.offset(), view.size()), (0, dog.size()));
    let declared = view.constructor().unwrap().to_string();
    assert_eq!(
        declared,
        "zoo.dog#62944308 flags:# good:flags.0?true id:long name:string owner:flags.1?zoo.owner \
         nicknames:flags.2?Vector<string> photo:flags.3?bytes chip:int128 key:int256 \
         home:flags.4?point kennel:flags.5?%point type:Bool"
    );
    let places: Vec<_> = view
        .fields()
        .map(|field| {
            (
                field.name(),
                field.offset(),
                field.size(),
                field.data().is_some(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("flags", 4, 4, true),
            ("good", 8, 0, true),
            ("id", 8, 8, true),
            ("name", 16, 8, true),
            ("owner", 24, 20, true),
            ("nicknames", 44, 20, true),
            ("photo", 64, 4, true),
            ("chip", 68, 16, true),
            ("key", 84, 32, true),
            ("home", 116, 0, false),
            ("kennel", 116, 8, true),
            ("type", 124, 4, true),
        ]
    );
    assert!(matches!(
        view.field("flags").unwrap().data(),
        Some(Data::Nat(0b10_1111))
    ));
    let Some(Data::Value(kennel)) = view.field("kennel").unwrap().data() else {
        panic!()
    };
    let y = kennel.field("y").unwrap();
    assert_eq!((y.offset(), y.size()), (120, 4));
    let Some(Data::List(nicknames)) = view.field("nicknames").unwrap().data() else {
        panic!()
    };
    let places: Vec<_> = nicknames
        .iter()
        .map(|element| (element.offset, element.size))
        .collect();
    assert_eq!(places, [(52, 4), (56, 8)]);
}

#[test]
fn schema() {
    let animals: Vec<_> = SCHEMA
        .variants("zoo.Animal")
        .map(reflect::Constructor::name)
        .collect();
    assert_eq!(animals, ["zoo.animalEmpty", "zoo.cat", "zoo.dog"]);
    assert_eq!(SCHEMA.types().collect::<Vec<_>>(), ["Tree", "zoo.Animal"]);
    assert_eq!(
        SCHEMA.with_id(0xe3fe_70f4).unwrap().to_string(),
        "point#e3fe70f4 x:int y:int"
    );
    assert!(SCHEMA.with_id(0).is_none());
    assert_eq!(SCHEMA.with_name("zoo.feed").count(), 1);
    // What a repetition repeats is no constructor.
    assert_eq!(SCHEMA.with_name("table.pairs").count(), 0);
    let pairs = types::TablePairs::new(1, "a".to_owned());
    assert_eq!(
        reflect::of(&pairs).to_string(),
        "{\n  key: 1\n  value: \"a\"\n}"
    );
    assert_eq!(
        reflect::from_json::<types::TablePairs>(r#"{"value": "a", "key": 1}"#),
        Ok(pairs)
    );
    let lists = SCHEMA.with_name("lists").next().unwrap();
    assert_eq!(
        lists.to_string(),
        "lists#4abd1110 ints:vector<int> longs:Vector<long> doubles:Vector<double> \
         blobs:vector<bytes> bare:vector<%point> boxed:vector<point> nested:Vector<Vector<point>>"
    );
}

#[test]
fn bytes_of_any_type() {
    let bytes = dog().to_bytes().unwrap();
    let value = SCHEMA.read(&bytes).unwrap();
    assert_eq!(value.view().name(), "zoo.dog");
    let value = value.into_typed::<types::zoo::Cat>().unwrap_err();
    let value = value.into_typed::<enums::zoo::Animal>().unwrap_err();
    // The other file has a row of that number, too.
    let value = value
        .into_typed::<borrowed::types::zoo::Dog<'_>>()
        .unwrap_err();
    assert_eq!(value.into_typed::<types::zoo::Dog>().unwrap(), dog());

    let is_end = |kind: &ReadErrorKind| {
        matches!(
            kind,
            ReadErrorKind::EndOfInput { .. } | ReadErrorKind::TooManyElements { .. }
        )
    };
    for len in 0..bytes.len() {
        let error = SCHEMA.read(&bytes[..len]).unwrap_err();
        assert!(is_end(error.kind()), "{error}");
        let error = borrowed::SCHEMA
            .read_in(&bytes[..len], &Arena::new())
            .unwrap_err();
        assert!(is_end(error.kind()), "{error}");
    }
    assert_eq!(
        SCHEMA.read(&bytes[..118]).unwrap_err().to_string(),
        "the bytes end where an int of 4 bytes was wanted, at byte 116 in zoo.dog.kennel.x"
    );
    let error = SCHEMA
        .read(&[bytes.clone(), vec![0; 4]].concat())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "4 bytes are left after the value, at byte 128"
    );
    let error = SCHEMA.read(&[1, 0, 0, 0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unexpected constructor id 0x00000001 where a constructor or function of the schema was \
         wanted, at byte 0"
    );
    let no_depth = Limits {
        depth: 1,
        ..Limits::default()
    };
    assert_eq!(
        SCHEMA.read_within(&bytes, no_depth).unwrap_err().kind(),
        &ReadErrorKind::TooDeep
    );
    let no_memory = Limits {
        memory: Some(8),
        ..Limits::default()
    };
    let error = SCHEMA.read_within(&bytes, no_memory).unwrap_err();
    assert_eq!(error.kind(), &ReadErrorKind::TooMuchMemory);
}

#[test]
fn what_borrows_needs_an_arena() {
    let bytes = dog().to_bytes().unwrap();
    let error = borrowed::SCHEMA.read(&bytes).unwrap_err();
    assert_eq!(error.kind(), &ReadErrorKind::NoArena);
    let arena = Arena::new();
    let value = borrowed::SCHEMA.read_in(&bytes, &arena).unwrap();
    assert_eq!(value.to_json(), reflect::of(&dog()).to_json());
    // What it borrows may not be given out as living longer.
    assert!(value.into_typed::<borrowed::types::zoo::Dog<'_>>().is_err());
}

fn envelope(body: &impl TlWrite) -> types::Envelope {
    types::Envelope::new(1, Object::new(body).unwrap())
}

fn body(body: Vec<u8>) -> String {
    let envelope = types::Envelope::new(1, Object(body));
    let json = reflect::of(&envelope).to_json();
    let again = reflect::from_json::<types::Envelope>(&json).unwrap();
    assert_eq!(again, envelope, "{json}");
    let text = reflect::of(&envelope).to_string();
    let text = text
        .strip_prefix("envelope {\n  msg_id: 1\n  body: ")
        .unwrap();
    text.strip_suffix("\n}").unwrap().replace("\n  ", "\n")
}

#[test]
fn objects() {
    let of = |value: &dyn Fn() -> Vec<u8>| body(value());
    assert_eq!(
        of(&|| types::Point::new(1, 2).to_bytes().unwrap()),
        "point {\n  x: 1\n  y: 2\n}"
    );
    assert_eq!(of(&|| true.to_bytes().unwrap()), "true");
    assert_eq!(of(&|| 0x3fed_d339_u32.to_le_bytes().to_vec()), "true {}");
    assert_eq!(
        of(&|| vec![true, false].to_bytes().unwrap()),
        "[true, false]"
    );
    assert_eq!(
        of(&|| vec![types::Point::new(1, 2)].to_bytes().unwrap()),
        "[\n  point {\n    x: 1\n    y: 2\n  }\n]"
    );
    let int = [&0xa850_9bda_u32.to_le_bytes()[..], &5_i32.to_le_bytes()].concat();
    assert_eq!(body(int), "int {\n  @value: 5\n}");
    // Unknown, broken, too long, nothing.
    assert_eq!(body(vec![1, 2, 3, 4]), "@raw 0x01020304");
    assert_eq!(body(vec![0xf4, 0x70, 0xfe, 0xe3, 0]), "@raw 0xf470fee300");
    assert_eq!(
        body(vec![0xb5, 0x75, 0x72, 0x99, 0, 0, 0, 0]),
        "@raw 0xb575729900000000"
    );
    let nothing = types::Envelope::new(1, Object(vec![]));
    let text = reflect::of(&nothing).to_string();
    assert_eq!(text, "envelope {\n  msg_id: 1\n  body: @raw 0x\n}");
    // Flags that nothing stands for; padding that is not zero.
    let account = types::Account::new(1).to_bytes().unwrap();
    let mut changed = account.clone();
    changed[7] = 0x80;
    assert!(body(account).starts_with("account {"));
    assert!(body(changed).starts_with("@raw 0x"));
    let mut cat = types::zoo::Cat::new(1, "a".to_owned(), 9)
        .to_bytes()
        .unwrap();
    cat[15] = 1;
    assert!(body(cat).starts_with("@raw 0x"));
    // A vector of what is not boxed.
    assert_eq!(
        body(vec![1_i32].to_bytes().unwrap()),
        "@raw 0x15c4b51c0100000001000000"
    );
}

#[test]
fn depth_is_bounded() {
    let mut envelope = envelope(&true);
    for _ in 0..1000 {
        envelope = self::envelope(&envelope);
    }
    let text = reflect::of(&envelope).to_string();
    assert_eq!(text.matches("envelope {").count(), 17);
    assert_eq!(text.matches("@raw 0x").count(), 1);
    let again = reflect::from_json::<types::Envelope>(&reflect::of(&envelope).to_json());
    assert!(again == Ok(envelope));

    let mut tree = enums::Tree::Leaf(types::tree::Leaf::new(1));
    for _ in 0..1000 {
        let leaf = enums::Tree::Leaf(types::tree::Leaf::new(0));
        tree = enums::Tree::Node(types::tree::Node::new(tree, leaf));
    }
    let text = reflect::of(&tree).to_string();
    assert_eq!(
        text.matches("@fault \"values are nested too deeply\"")
            .count(),
        2
    );

    for open in ["[", "{\"@type\": \"tree.node\", \"left\": ", "{\"a\":"] {
        let error = SCHEMA.parse_json(&open.repeat(100_000)).unwrap_err();
        assert_eq!(error.offset(), open.len() * 129, "{error}");
        assert_eq!(error.kind(), &reflect::JsonErrorKind::TooDeep);
    }
}

#[test]
fn json_that_is_taken() {
    let same = |text: &str, expected: &types::Account| {
        let account = reflect::from_json::<types::Account>(text);
        assert_eq!(account.as_ref(), Ok(expected), "{text}");
    };
    let mut account = types::Account::new(7);
    same(r#"{"id": 7}"#, &account);
    same(
        r#" { "@type" : "account#9bd2855d" , "id" : "7" } "#,
        &account,
    );
    same(
        r#"{"rating": null, "has_password": false, "id": "7", "salt": null}"#,
        &account,
    );
    same(r#"{"flags": 0, "id": 7, "flags2": null}"#, &account);
    account.rating = Some(0.5);
    same(r#"{"flags": "8", "rating": 5e-1, "id": 7}"#, &account);
    // A bit that nothing stands for.
    same(r#"{"flags": 9, "rating": "0.5", "id": 7}"#, &account);
    account.rating = Some(f64::NEG_INFINITY);
    same(r#"{"rating": "-Infinity", "id": 7}"#, &account);
    account.rating = None;
    (account.has_password, account.salt, account.srp_id) = (true, Some(vec![]), Some(-1));
    same(r#"{"salt": "", "srp_id": -1, "id": 7}"#, &account);
    same(
        r#"{"salt": "", "srp_id": -1, "id": 7, "has_password": true}"#,
        &account,
    );

    let name = |text: &str| {
        let text = format!(r#"{{"id": 1, "lives": 9, "name": {text}}}"#);
        reflect::from_json::<types::zoo::Cat>(&text).map(|cat| cat.name)
    };
    assert_eq!(
        name(r#""\ud83d\ude00\u00e9\/\b""#).unwrap(),
        "\u{1f600}é/\u{8}"
    );
    assert_eq!(name(r#""é\"x""#).unwrap(), "é\"x");
}

#[test]
fn json_that_is_not_taken() {
    let cases = [
        ("", "a value was wanted, at byte 0 of the text"),
        (
            "{}",
            "the constructor of Object has to be named, at byte 0 of the text",
        ),
        (
            "[]",
            "a list stands where a constructor was wanted, at byte 0 of the text",
        ),
        (
            r#"{"@type": "point"} x"#,
            "the end was wanted, at byte 19 of the text",
        ),
        (
            r#"{"@type": "point",}"#,
            "a quoted name was wanted, at byte 18 of the text",
        ),
        (
            r#"{"@type": "point" 1}"#,
            "`,` or `}` was wanted, at byte 18 of the text",
        ),
        (
            r#"{"@type": "po"#,
            "the end of this string was wanted, at byte 10 of the text",
        ),
        (
            r#"{"@type": "\ud83d"}"#,
            "an escape that JSON has was wanted, at byte 11 of the text",
        ),
        (
            r#"{"@type": "\udc00x"}"#,
            "an escape that JSON has was wanted, at byte 11 of the text",
        ),
        (
            r#"{"@type": "\ud83d\ud83d"}"#,
            "an escape that JSON has was wanted, at byte 11 of the text",
        ),
        (
            r#"{"@type": "\é"}"#,
            "an escape that JSON has was wanted, at byte 11 of the text",
        ),
        (
            "{\"\n",
            "an escape for a control character was wanted, at byte 2 of the text",
        ),
        (
            r#"{"@type": 1}"#,
            "a number stands where the name of a constructor was wanted, at byte 10 of the text",
        ),
        (
            r#"{"@type": "pint"}"#,
            "nothing is called pint, at byte 10 of the text",
        ),
        (
            r#"{"@type": "point#12345678"}"#,
            "nothing is called point, at byte 10 of the text",
        ),
        (
            r#"{"@type": "point#+1"}"#,
            "this is no constructor id, at byte 10 of the text",
        ),
        (
            r#"{"@type": "point", "x": 1}"#,
            "y of point is missing, at byte 0 of the text",
        ),
        (
            r#"{"@type": "point", "x": null, "y": 1}"#,
            "x of point is missing, at byte 24 of the text",
        ),
        (
            r#"{"@type": "point", "x": 1, "x": 1, "y": 1}"#,
            "x is given twice, at byte 32 of the text",
        ),
        (
            r#"{"@type": "point", "x": null, "x": 1, "y": 1}"#,
            "x is given twice, at byte 35 of the text",
        ),
        (
            r#"{"@type": "point", "@type": "point"}"#,
            "@type is given twice, at byte 28 of the text",
        ),
        (
            r#"{"@type": "point", "z": 1}"#,
            "point has no field z, at byte 24 of the text",
        ),
        (
            r#"{"@type": "point", "y": 1, "x": 2147483648}"#,
            "this is no int, at byte 32 of the text in point.x",
        ),
        (
            r#"{"@type": "point", "y": 1, "x": 1e2}"#,
            "this is no int, at byte 32 of the text in point.x",
        ),
        (
            r#"{"@type": "point", "y": 1, "x": 01}"#,
            "a value was wanted, at byte 32 of the text",
        ),
        (
            r#"{"@type": "getTable", "id": "AA=="}"#,
            "int128 takes 16 bytes, and there are 1, at byte 28 of the text in getTable.id",
        ),
        (
            r#"{"@type": "getTable", "id": "AB=="}"#,
            "this is not base64, at byte 28 of the text in getTable.id",
        ),
        (
            r#"{"@type": "zoo.feed", "animal": {"@type": "point"}}"#,
            "point stands where zoo.Animal was wanted, at byte 42 of the text in zoo.feed.animal",
        ),
        (
            r#"{"@type": "zoo.feed", "animal": {}}"#,
            "the constructor of zoo.Animal has to be named, at byte 32 of the text in zoo.feed.animal",
        ),
        (
            r#"{"@type": "zoo.getAnimals", "limit": 1, "ids": [1, true]}"#,
            "a boolean stands where long was wanted, at byte 51 of the text in zoo.getAnimals.ids[1]",
        ),
        (
            r#"{"@type": "account", "id": 1, "salt": ""}"#,
            "srp_id of account is missing: flags.2 is set, at byte 0 of the text",
        ),
        (
            r#"{"@type": "account", "id": 1, "flags": 0, "salt": ""}"#,
            "salt can't be there: flags.2 is not set, at byte 50 of the text",
        ),
        (
            r#"{"@type": "account", "id": 1, "rating": 1e400}"#,
            "this is no double, at byte 40 of the text in account.rating",
        ),
        (
            r#"{"@type": "account", "id": 1, "rating": "nan"}"#,
            "this is no double, at byte 40 of the text in account.rating",
        ),
        (
            r#"{"@type": "account", "id": 1, "rating": "NaN#0000000000000001"}"#,
            "this is no double, at byte 40 of the text in account.rating",
        ),
        (
            r#"{"@type": "envelope", "msg_id": 1, "body": 1}"#,
            "a number stands where Object was wanted, at byte 43 of the text in envelope.body",
        ),
        (
            r#"{"@raw": "AQAAAA=="}"#,
            "this can't be read: unexpected constructor id 0x00000001 where a constructor or function of the schema was wanted, at byte 0, at byte 0 of the text",
        ),
    ];
    for (text, expected) in cases {
        let error = SCHEMA.parse_json(text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn functions_are_values_too() {
    let feed = functions::zoo::Feed::new(enums::zoo::Animal::Empty);
    let json = reflect::of(&feed).to_json();
    let value = SCHEMA.parse_json(&json).unwrap();
    assert_eq!(value.into_typed::<functions::zoo::Feed>().ok(), Some(feed));
}

/// Types with code of their own are bytes; they come back as they are.
#[test]
fn code_in_tables() {
    use mixed_owned::{enums::Animal, types};
    let text = r#"{
  "@type": "zoo",
  "at": {"@raw": "AQAAAAIAAAA="},
  "door": {"@raw": "9HD+4wEAAAACAAAA"},
  "animals": [
    {"@raw": "3fWvpAcAAAAJAAAA"},
    {
      "@type": "dog#00000001",
      "id": 5
    },
    {
      "@type": "dog#00000002",
      "id": 6,
      "good": true
    },
    {"@type": "animalEmpty"}
  ],
  "rows": [
    {
      "key": 1,
      "open": true
    },
    {
      "key": 2,
      "open": false
    }
  ],
  "seats": [1, 2, 3]
}"#;
    let zoo = reflect::from_json::<types::Zoo>(text).unwrap();
    assert_eq!((zoo.at.x, zoo.at.y), (1, 2));
    assert_eq!(zoo.door.as_ref().map(|door| (door.x, door.y)), Some((1, 2)));
    assert!(matches!(&zoo.animals[..], [Animal::Cat(cat), ..] if (cat.id, cat.lives) == (7, 9)));
    let view = reflect::of(&zoo);
    assert_eq!(view.to_json(), text);
    let declared = view.constructor().unwrap().to_string();
    assert!(
        declared.ends_with(
            " flags:# at:%types::Point door:flags.0?types::Point animals:vector<Animal> \
         rows:2*[ zoo.rows ] seats:3*[ int ]"
        ),
        "{declared}"
    );
    let Some(Data::List(animals)) = view.field("animals").unwrap().data() else {
        panic!()
    };
    let places: Vec<_> = animals
        .iter()
        .map(|element| (element.offset, element.size))
        .collect();
    assert_eq!(places, [(32, 12), (44, 8), (52, 12), (64, 4)]);
    let Some(Data::Value(cat)) = animals.iter().next().map(|element| element.data) else {
        panic!()
    };
    assert_eq!(
        (cat.name(), cat.ty(), cat.size()),
        ("Cat", Some("Animal"), 12)
    );
    assert!(cat.constructor().is_none() && cat.fields().next().is_none());

    let fails = |text: &str| {
        mixed_owned::SCHEMA
            .parse_json(text)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        fails(r#"{"@type": "dog", "id": 1}"#),
        "several constructors are called dog, so that its id is wanted, at byte 10 of the text"
    );
    assert_eq!(
        fails(&text.replacen("AAAAIAAAA=", "AA==", 1)),
        "this is not base64, at byte 37 of the text in zoo.at"
    );
    let cut = text.replacen("AQAAAAIAAAA=", "AQAAAA==", 1);
    assert!(
        fails(&cut).starts_with("this can't be read: "),
        "{}",
        fails(&cut)
    );
    assert_eq!(
        fails(&text.replace("[1, 2, 3]", "[1, 2]")),
        "3 elements are wanted, and there are 2, at byte 437 of the text in zoo.seats"
    );
}
