//! Bytes and tree: what is written is read again, and nothing that is read does harm.

use proptest::prelude::*;

use super::decode::decode;
use super::encode::encode;
use super::tree::{Arg, Combinator, Exists, Expr, File, NatExpr, Type, TypeExpr};
use super::{ReadErrorKind, Version};

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V2), Just(Version::V3), Just(Version::V4)]
}

fn nats() -> impl Strategy<Value = NatExpr> {
    prop_oneof![
        any::<u32>().prop_map(NatExpr::Const),
        any::<(u32, u32)>().prop_map(|(plus, number)| NatExpr::Variable {
            offset: 0,
            plus,
            number
        }),
    ]
}

fn type_exprs() -> impl Strategy<Value = TypeExpr> {
    let leaf = prop_oneof![
        any::<(u32, bool)>().prop_map(|(name, is_bare)| TypeExpr::Type {
            offset: 0,
            name,
            is_bare,
            children: Vec::new()
        }),
        any::<u32>().prop_map(|number| TypeExpr::Variable { offset: 0, number }),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let children = prop::collection::vec(
            prop_oneof![
                inner.clone().prop_map(Expr::Type),
                nats().prop_map(Expr::Nat)
            ],
            0..3,
        );
        prop_oneof![
            (any::<(u32, bool)>(), children).prop_map(|((name, is_bare), children)| {
                TypeExpr::Type {
                    offset: 0,
                    name,
                    is_bare,
                    children,
                }
            }),
            (nats(), prop::collection::vec(args(inner), 0..3))
                .prop_map(|(multiplicity, args)| TypeExpr::Array { multiplicity, args }),
        ]
    })
}

fn args(types: impl Strategy<Value = TypeExpr>) -> impl Strategy<Value = Arg> {
    let exists = prop::option::of(any::<(u32, u32)>());
    (
        "([a-z][a-z0-9_]{0,9})?",
        any::<(bool, bool, Option<u32>)>(),
        exists,
        types,
    )
        .prop_map(|(id, (is_variable, is_forward, var_num), exists, ty)| Arg {
            offset: 0,
            id,
            is_variable,
            is_forward,
            var_num,
            exists: exists.map(|(var_num, bit)| Exists { var_num, bit }),
            ty,
        })
}

fn combinators() -> impl Strategy<Value = Combinator> {
    let left = prop::option::of(prop::collection::vec(args(type_exprs()), 0..4));
    (
        any::<(u32, u32, u32)>(),
        "[a-z][A-Za-z0-9_]{0,300}",
        left,
        type_exprs(),
    )
        .prop_map(|((name, type_name, flags), mut id, left, right)| {
            id.truncate(253);
            Combinator {
                name,
                id,
                type_name,
                left,
                right,
                flags,
            }
        })
}

fn files() -> impl Strategy<Value = File> {
    let types = (
        any::<(u32, u32, u32, u32, u64)>(),
        "#|[a-z]{1,3}\\.[A-Z][a-z]{0,5}",
    )
        .prop_map(
            |((name, constructors_num, flags, arity, params_type), id)| Type {
                name,
                id,
                constructors_num,
                flags,
                arity,
                params_type,
            },
        );
    (
        versions(),
        prop::collection::vec(types, 0..4),
        prop::collection::vec(combinators(), 0..4),
        prop::collection::vec(combinators(), 0..4),
    )
        .prop_map(|(version, types, constructors, functions)| File {
            version,
            types,
            constructors,
            functions,
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(file in files()) {
        let bytes = encode(&file).unwrap();
        let read = decode(&bytes).unwrap();
        prop_assert_eq!(read.version, file.version);
        prop_assert_eq!(encode(&read).unwrap(), bytes);
    }

    #[test]
    fn a_cut_file_is_an_error_at_its_end(file in files(), cut in any::<prop::sample::Index>()) {
        let mut bytes = encode(&file).unwrap();
        bytes.truncate(cut.index(bytes.len()));
        let error = decode(&bytes).unwrap_err();
        prop_assert!(error.offset <= bytes.len());
    }

    #[test]
    fn a_changed_word_does_no_harm(
        file in files(),
        at in any::<prop::sample::Index>(),
        word in prop_oneof![any::<u32>(), 0..64_u32, prop::sample::select(MAGIC)],
    ) {
        let mut bytes = encode(&file).unwrap();
        let at = at.index(bytes.len() / 4) * 4;
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        match super::read(&bytes) {
            Ok(text) => prop_assert!(text.len() <= 64 * bytes.len()),
            Err(error) => prop_assert!(error.offset <= bytes.len()),
        }
    }

    #[test]
    fn any_words_do_no_harm(
        words in prop::collection::vec(
            prop_oneof![prop::sample::select(MAGIC), 0..4_u32, any::<u32>()],
            0..64,
        ),
    ) {
        let words = [Version::V2.magic(), 0, 0].into_iter().chain(words);
        let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        match super::read(&bytes) {
            Ok(text) => prop_assert!(text.len() <= 64 * bytes.len()),
            Err(error) => prop_assert!(error.offset <= bytes.len()),
        }
    }
}

const MAGIC: &[u32] = {
    use super::tree::magic::*;
    &[
        SCHEMA_V2,
        TYPE,
        COMBINATOR,
        COMBINATOR_V4,
        LEFT_BUILTIN,
        LEFT,
        RIGHT,
        ARG,
        EXPR_TYPE,
        EXPR_NAT,
        NAT_CONST,
        NAT_VAR,
        TYPE_VAR,
        ARRAY,
        TYPE_EXPR,
        super::tree::NAT_TYPE,
        super::tree::TYPE_TYPE,
    ]
};

/// A file with one constructor, whose result is what is given.
fn with_result(right: TypeExpr) -> File {
    File {
        version: Version::V2,
        types: Vec::new(),
        constructors: vec![Combinator {
            name: 1,
            id: "a".to_owned(),
            type_name: 0,
            left: None,
            right,
            flags: 0,
        }],
        functions: Vec::new(),
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: u32| {
        (0..depth).fold(
            TypeExpr::Variable {
                offset: 0,
                number: 0,
            },
            |inner, _| TypeExpr::Type {
                offset: 0,
                name: 0,
                is_bare: false,
                children: vec![Expr::Type(inner)],
            },
        )
    };
    assert!(decode(&encode(&with_result(nested(64))).unwrap()).is_ok());
    let bytes = encode(&with_result(nested(65))).unwrap();
    assert_eq!(decode(&bytes).unwrap_err().kind, ReadErrorKind::TooDeep);

    // Far deeper than the stack: the opening words alone, a hundred thousand times.
    let mut bytes = encode(&with_result(nested(0))).unwrap();
    bytes.truncate(bytes.len() - 16);
    for _ in 0..100_000 {
        for word in [
            super::tree::magic::TYPE_EXPR,
            0,
            0,
            1,
            super::tree::magic::EXPR_TYPE,
        ] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }
    assert_eq!(decode(&bytes).unwrap_err().kind, ReadErrorKind::TooDeep);
}

#[test]
fn counts_are_held_against_what_is_left() {
    let mut bytes = Version::V2.magic().to_le_bytes().to_vec();
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&u32::MAX.to_le_bytes());
    bytes.extend_from_slice(&[0; 64]);
    let error = decode(&bytes).unwrap_err();
    let count = u32::MAX;
    assert_eq!(error.kind, ReadErrorKind::Count { of: "types", count });
    assert_eq!(error.offset, 12);
}

/// A `#` without a number, as the official tool writes conditional ones, still counts as the last
/// before a repetition in the text.
#[test]
fn a_number_that_cannot_be_meant_in_the_text_is_an_error() {
    let nat = |id: &str, var_num, exists| Arg {
        offset: 7,
        id: id.to_owned(),
        is_variable: false,
        is_forward: false,
        var_num,
        exists,
        ty: TypeExpr::Type {
            offset: 0,
            name: super::tree::NAT_TYPE,
            is_bare: false,
            children: Vec::new(),
        },
    };
    let repetition = |number| Arg {
        ty: TypeExpr::Array {
            multiplicity: NatExpr::Variable {
                offset: 9,
                plus: 0,
                number,
            },
            args: vec![nat("", None, None)],
        },
        ..nat("", None, None)
    };
    let text = |args| {
        let mut file = with_result(TypeExpr::Variable {
            offset: 0,
            number: 0,
        });
        file.constructors[0].left = Some(args);
        super::text::text(&file)
    };
    let condition = Some(Exists { var_num: 0, bit: 3 });
    let [named, nameless] = [nat("k", Some(0), None), nat("", Some(1), None)];
    let conditional = || nat("m", None, condition);
    assert_eq!(
        text(vec![named, conditional(), nameless, repetition(1)]).unwrap(),
        "a#00000001 k:# m:k.3?# # [ # ] = k;\n"
    );
    let [named, nameless] = [nat("k", Some(0), None), nat("", Some(1), None)];
    let error = text(vec![named, nameless, conditional(), repetition(1)]).unwrap_err();
    let number = 1;
    assert_eq!(error.kind, ReadErrorKind::UnknownVariable { number });
    assert_eq!(error.offset, 9);
}

#[test]
fn a_name_that_is_hidden_is_an_error() {
    // `n:# 1*[ n:# n*[ … ] ]`, where the inner repetition means the outer `n`.
    let bytes = {
        use super::tree::magic::*;
        let nat = |number| {
            [
                ARG,
                0x6e01,
                4,
                number,
                TYPE_EXPR,
                super::tree::NAT_TYPE,
                0,
                0,
            ]
        };
        let repeat =
            |count: &[u32], parameters| [&[ARG, 0, 0, ARRAY], count, &[parameters]].concat();
        let head = [
            Version::V2.magic(),
            0,
            0,
            0,
            1,
            COMBINATOR,
            1,
            0x6101,
            0,
            LEFT,
            2,
        ];
        [
            &head[..],
            &nat(0),
            &repeat(&[NAT_CONST, 1], 2),
            &nat(1),
            &repeat(&[NAT_VAR, 0, 0], 0),
            &[RIGHT, TYPE_VAR, 0, 0, 0],
        ]
        .concat()
    };
    let bytes: Vec<u8> = bytes.into_iter().flat_map(u32::to_le_bytes).collect();
    let error = super::read(&bytes).unwrap_err();
    let number = 0;
    assert_eq!(error.kind, ReadErrorKind::UnknownVariable { number });
}
