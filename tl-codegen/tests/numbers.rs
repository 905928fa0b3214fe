//! Types whose arguments depend on numbers: known bytes, and what is refused.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use mtproto_runtime::tl::{Reader, TlRead, TlWrite, WriteErrorKind};
use tl_codegen::{Config, Error, IdRule};
use tl_parser::source::Source;

mod owned {
    mtproto_runtime::tl::include_schema!("tests/schemas/numbers.tl", id_rule = "tl");
}

use owned::{enums, functions, types};

/// Words as bytes.
fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The value of these words after its id; written it is the same again.
fn read<T: for<'a> TlRead<'a> + TlWrite>(words: &[u32]) -> T {
    let value = match T::from_bytes(&bytes(words)) {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(value.to_bytes().unwrap(), bytes(words));
    value
}

fn id(of: &impl TlWrite) -> u32 {
    u32::from_le_bytes(*of.to_bytes().unwrap().first_chunk().unwrap())
}

#[test]
fn numbers_reach_the_arguments_of_a_generic_type() {
    let empty =
        types::PairTupleIntTupleInt::new(types::Tuple::new(Vec::new()), types::Tuple::new(vec![7]));
    let fixed = types::PairTupleInt2String::new(types::Tuple::new(vec![5, 6]), "hi".into());
    let rows = types::Rows::new(0, empty, fixed);
    let id = id(&rows);
    // width, no cell, one cell more; two, and a text.
    let words = [id, 0, 7, 5, 6, u32::from_le_bytes(*b"\x02hi\0")];
    assert_eq!(rows.to_bytes().unwrap(), bytes(&words));
    let words = [
        id,
        2,
        10,
        11,
        20,
        21,
        22,
        5,
        6,
        u32::from_le_bytes(*b"\x02hi\0"),
    ];
    let rows = read::<types::Rows>(&words);
    assert_eq!(rows.cells.x.value, [10, 11]);
    assert_eq!(rows.cells.y.value, [20, 21, 22]);
    assert_eq!(rows.fixed.x.value, [5, 6]);
}

#[test]
fn a_length_that_does_not_agree_is_an_error() {
    let cells =
        types::PairTupleIntTupleInt::new(types::Tuple::new(vec![1]), types::Tuple::new(vec![1, 2]));
    let fixed = types::PairTupleInt2String::new(types::Tuple::new(vec![5, 6]), "".into());
    let mut rows = types::Rows::new(1, cells, fixed);
    assert!(rows.to_bytes().is_ok());
    rows.fixed.x.value.push(7);
    let error = rows.to_bytes().unwrap_err();
    assert!(
        matches!(
            error.kind(),
            WriteErrorKind::NatMismatch {
                constructor: "tuple",
                ..
            }
        ),
        "{error}"
    );
    rows.fixed.x.value.pop();
    rows.width = 2;
    assert!(rows.to_bytes().is_err());
}

#[test]
fn masks_reach_the_arguments_too() {
    let none = types::Wrapped::new(1, enums::MaybeNote::ResultFalse);
    assert_eq!(none.to_bytes().unwrap()[8..], 0x2793_0a7b_u32.to_le_bytes());
    let text = u32::from_le_bytes(*b"\x02hi\0");
    let wrapped = read::<types::Wrapped>(&[id(&none), 1, 0x3f9c_8ef8, 9, text]);
    let enums::MaybeNote::ResultTrue(result) = &wrapped.note else {
        panic!("{wrapped:?}");
    };
    assert_eq!(result.result.title.as_deref(), Some("hi"));
    assert!(!result.result.pinned);
    // The mask says otherwise than the note that it is for.
    let mut wrong = wrapped.clone();
    wrong.mode = 2;
    assert!(wrong.to_bytes().is_err());
}

#[test]
fn numbers_go_as_deep_as_types_do() {
    let value = types::PairMaybeTuplePairTupleIntStringInt::new(
        enums::MaybeTuplePairTupleIntString::ResultFalse,
        4,
    );
    let deep = types::Deep::new(2, value);
    let words = [id(&deep), 2, 0x2793_0a7b, 0xa850_9bda, 4];
    assert_eq!(deep.to_bytes().unwrap(), bytes(&words));
    let text = u32::from_le_bytes(*b"\x01a\0\0");
    let words = [id(&deep), 2, 0x3f9c_8ef8, 1, 2, text, 0xa850_9bda, 4];
    read::<types::Deep>(&words);
}

#[test]
fn recursion_through_an_argument() {
    let first = types::ChainTupleInt::new(types::Tuple::new(vec![1, 2]));
    let chains = types::Chains::new(2, first);
    let words = [id(&chains), 2, 1, 2, 1, 3, 4, 0];
    let read = read::<types::Chains>(&words);
    assert_eq!(read.chain.tail.as_ref().unwrap().head.value, [3, 4]);
}

#[test]
fn answers_that_depend_on_what_was_asked() {
    let get = functions::GetNote::new(1, 5);
    let text = u32::from_le_bytes(*b"\x02hi\0");
    let answer = bytes(&[0x3f9c_8ef8, 9, text]);
    let mut reader = Reader::new(&answer);
    let note = reader.read_with(|r| get.read_answer(r)).unwrap();
    let mut written = vec![1];
    get.write_answer(&note, &mut written).unwrap();
    assert_eq!(written[1..], answer);
    // Who asked for no title can't be told one.
    let other = functions::GetNote::new(0, 5);
    assert!(other.write_answer(&note, &mut written).is_err());
    assert_eq!(written[1..], answer);

    // What only the answer needs is no flags field, though it is one elsewhere.
    let mut flagged = functions::GetFlagged::new(1);
    assert!(flagged.to_bytes().is_err(), "the flag is not set");
    flagged.flag = true;
    assert_eq!(flagged.to_bytes().unwrap()[4..], [1, 0, 0, 0]);

    // A constant needs nobody to know it.
    fn output<F: mtproto_runtime::tl::Function>(_: &F, bytes: &[u8]) -> F::Output {
        F::Output::from_bytes(bytes).unwrap()
    }
    let fixed = output(&functions::GetFixed::new(), &answer);
    assert!(matches!(fixed, enums::MaybeNote1::ResultTrue(_)));
}

/// What an answer is on the wire, its type alone says: a boxed `Int`, a vector of bare structs.
#[test]
fn answers_as_they_stand_alone() {
    use mtproto_runtime::tl::{Bare, Boxed, Function};
    let answer = bytes(&[0xa850_9bda, 7]);
    let value = <functions::GetInt as Function>::Output::from_bytes(&answer).unwrap();
    assert_eq!(value, Boxed(7));
    let rows = bytes(&[0x1cb5_c415, 1, 0, 7, 5, 6, 0]);
    let value = <functions::GetBares as Function>::Output::from_bytes(&rows).unwrap();
    let [Bare(rows)] = &value[..] else {
        panic!("{value:?}");
    };
    assert_eq!(rows.cells.y.value, [7]);
}

/// The error of a schema, by the declarations that it names.
fn refused(declarations: &str) -> Vec<String> {
    let text = format!(
        "tuple {{t:Type}} {{n:#}} [t] = Tuple t n;\npair {{X:Type}} {{Y:Type}} x:X y:Y = Pair X Y;\n\
         {declarations}"
    );
    let source = Source::new("a.tl", text).unwrap();
    match Config::new().id_rule(IdRule::Tl).generate_from([source]) {
        Err(Error::Unsupported { declarations }) => declarations,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("was generated"),
    }
}

#[test]
fn what_grows_twofold_is_refused_by_name() {
    let mut doubling = "fine n:# x:(pair (tuple int n) int) = Fine;\n\
                        a0 {X:Type} x:X = A0 X;\n"
        .to_owned();
    for number in 1..12 {
        let before = number - 1;
        doubling += &format!("a{number} {{X:Type}} x:(a{before} (pair X X)) = A{number} X;\n");
    }
    assert_eq!(
        refused(&(doubling + "user n:# x:(a11 (tuple int n)) = User;")),
        ["user"]
    );
    // As many types as there are subsets.
    let mut branching = "a0 {X:Type} x:X = A0 X;\n".to_owned();
    for number in 1..14 {
        let before = number - 1;
        branching += &format!(
            "a{number} {{X:Type}} x:(a{before} (tuple X 1)) y:(a{before} (tuple X 2)) = A{number} X;\n"
        );
    }
    let refused = refused(&(branching + "user n:# x:(a13 (tuple int n)) = User;"));
    assert!(refused.contains(&"user".to_owned()), "{refused:?}");
}
