//! Declarations of real schemas that break simple generators, one test each: what they are called
//! in Rust, and what they are on the wire.
//!
//! The schemas are in `schemas/declarations_*.tl`; where a test needs a second version of
//! something, that stands beside it. The bytes are put together here, by the description of TL's
//! serialisation, and not by the code that is tested.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use mtproto_runtime::tl::{
    Boxed, Function, Identified, Object, ReadErrorKind, Reader, TlRead, TlReadWith, TlWrite,
    TlWriteWith, WriteErrorKind,
};
use tl_codegen::{Config, Error, IdRule};
use tl_parser::source::Source;

mod telegram {
    mtproto_runtime::tl::include_schema!(
        "tests/schemas/declarations_telegram.tl",
        id_rule = "telegram"
    );
}
mod ton {
    mtproto_runtime::tl::include_schema!("tests/schemas/declarations_tl.tl", id_rule = "tl");
}

use telegram::{enums, functions, types};

const VECTOR: u32 = 0x1cb5_c415;

/// Bytes, put together by hand.
struct Wire(Vec<u8>);

impl Wire {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn of<T: Identified>() -> Self {
        Self::new().word(T::ID)
    }

    fn word(mut self, word: u32) -> Self {
        self.0.extend(word.to_le_bytes());
        self
    }

    fn words(self, words: &[u32]) -> Self {
        words.iter().fold(self, |wire, word| wire.word(*word))
    }

    fn long(mut self, long: i64) -> Self {
        self.0.extend(long.to_le_bytes());
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// A string of less than 254 bytes.
    fn string(mut self, text: &[u8]) -> Self {
        self.0.push(u8::try_from(text.len()).unwrap());
        self.0.extend(text);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// The value of these bytes, which is written as the same bytes.
    fn read<T: for<'a> TlRead<'a> + TlWrite>(&self) -> T {
        let value = match T::from_bytes(&self.0) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(value.to_bytes().unwrap(), self.0);
        value
    }
}

#[test]
fn item_01_vector_with_an_anonymous_count() {
    let wire = Wire::new().words(&[VECTOR, 2, 7, 8]);
    assert_eq!(wire.read::<Vec<i32>>(), [7, 8]);
}

#[test]
fn item_02_repetitions_of_a_fixed_number() {
    let numbers: Vec<u32> = (0..64).collect();
    let key = Wire::of::<types::EncrKey>()
        .words(&numbers)
        .read::<types::EncrKey>();
    let key: [i32; 64] = key.key;
    assert_eq!((key[0], key[63]), (0, 63));
    let numbers = Wire::of::<types::Int1024>().words(&numbers[..32]);
    numbers.read::<types::Int1024>();
    let error = types::EncrKey::from_bytes(&numbers.0).unwrap_err();
    assert!(matches!(error.kind(), ReadErrorKind::UnexpectedId { .. }));
}

#[test]
fn item_03_a_second_mask_in_the_middle() {
    // What stands behind the second mask depends on either.
    let wire = Wire::of::<types::TwoMasks>().word(1 << 10 | 2).long(9);
    let wire = wire.word(1 << 5 | 2).string(b"Ann").word(77);
    let value = wire.read::<types::TwoMasks>();
    assert!(value.self_ && value.bot_can_edit);
    assert_eq!(value.access_hash, None);
    assert_eq!(value.first_name.as_deref(), Some("Ann"));
    assert_eq!(value.max_id, Some(77));
}

#[test]
fn item_04_a_bit_that_guards_several_fields() {
    use types::account::Password;
    let wire = Wire::of::<Password>().words(&[4, 0xd45a_b096]);
    let wire = wire.string(b"srp").long(5);
    let value = wire.read::<Password>();
    assert!(value.has_password);
    assert_eq!(value.srp_b.as_deref(), Some(&b"srp"[..]));

    // Every way to set some and not others.
    for wrong in 0_u8..8 {
        let mut value = value.clone();
        if wrong & 1 == 0 {
            value.has_password = false;
        }
        if wrong & 2 == 0 {
            value.srp_b = None;
        }
        if wrong & 4 == 0 {
            value.srp_id = None;
        }
        match wrong {
            7 => assert!(value.to_bytes().is_ok()),
            _ => {
                let error = value.to_bytes().unwrap_err();
                let kind = WriteErrorKind::InconsistentFlag {
                    constructor: "account.password",
                    flag: "flags.2",
                };
                assert_eq!(*error.kind(), kind);
            }
        }
    }
    let mut addr = ton::types::engine::Addr::new();
    assert!(addr.to_bytes().is_ok());
    addr.from_port = Some(1);
    assert_eq!(
        addr.to_bytes().unwrap_err().to_string(),
        "the fields of engine.addr that flags.0 stands for must be set all or none"
    );
}

#[test]
fn item_05_fields_and_namespaces_that_are_keywords() {
    let numbers: Vec<u32> = (0..15).collect();
    let value = Wire::of::<types::Keywords>()
        .words(&numbers)
        .read::<types::Keywords>();
    assert_eq!(
        [
            value.self_,
            value.r#type,
            value.r#static,
            value.r#final,
            value.r#loop
        ],
        [0, 1, 2, 3, 4]
    );
    assert_eq!(
        [
            value.r#override,
            value.r#priv,
            value.r#pub,
            value.super_,
            value.crate_
        ],
        [5, 6, 7, 8, 9]
    );
    assert_eq!(
        [
            value.r#fn,
            value.r#async,
            value.r#try,
            value.r#gen,
            value.r#abstract
        ],
        [10, 11, 12, 13, 14]
    );
    assert_eq!(ton::types::r#pub::Ed25519::NAME, "pub.ed25519");
    assert_eq!(ton::types::r#priv::Ed25519::NAME, "priv.ed25519");
}

#[test]
fn item_06_variants_that_are_no_names() {
    let own = Wire::new().word(0x7da0_7ec9).read::<enums::InputPeer>();
    assert_eq!(own, enums::InputPeer::Self_);
    let user = Wire::new()
        .word(types::User::ID)
        .long(5)
        .read::<enums::User>();
    assert_eq!(user, enums::User::User(types::User::new(5)));
    let old = types::DecryptedMessage8::new(1);
    let old = enums::NumberedMessage::DecryptedMessage8(old);
    assert_eq!(old.to_bytes().unwrap()[4..], [1, 0, 0, 0]);
}

#[test]
fn item_07_fields_in_capitals() {
    let wire = Wire::of::<types::InputCheckPasswordSrp>().long(1);
    let value = wire
        .string(b"a")
        .string(b"m")
        .read::<types::InputCheckPasswordSrp>();
    assert_eq!(value.a, b"a");
    assert_eq!(value.m1, b"m");
    let wire = Wire::of::<types::Capitals>()
        .string(b"")
        .words(&[1, 2, 3, 4]);
    let value = wire.read::<types::Capitals>();
    // The first keeps its name.
    assert_eq!((value.a, value.b, value.a_2, value.alice_pk), (1, 2, 3, 4));
}

#[test]
fn item_08_fields_called_like_types() {
    let wire = Wire::of::<types::GeoPoint>().raw(&1.5_f64.to_le_bytes());
    let value = wire
        .raw(&(-2.5_f64).to_le_bytes())
        .read::<types::GeoPoint>();
    assert!(value.lat == 1.5 && value.long == -2.5);
    let wire = Wire::of::<types::BytesOf>()
        .string(b"b")
        .word(3)
        .string(b"s");
    let value = wire.words(&[VECTOR, 1, 9]).read::<types::BytesOf>();
    assert_eq!(
        (&value.bytes[..], value.int, &value.string[..]),
        (&b"b"[..], 3, "s")
    );
    assert_eq!(value.vector, [9]);
}

#[test]
fn item_09_underscores_and_capitals_anyhow() {
    let names = [
        (types::ResPq::NAME, types::ResPq::ID),
        (types::ClientDhInnerData::NAME, types::ClientDhInnerData::ID),
    ];
    assert_eq!(
        names,
        [
            ("resPQ", 0x0516_2463),
            ("client_DH_inner_data", 0x6643_b654)
        ]
    );
    assert_eq!(types::PQInnerData::NAME, "P_Q_inner_data");
    assert_eq!(types::ServerDhInnerData::NAME, "Server_DH_inner_data");
    let wire = Wire::of::<types::ServerDhParamsOk>()
        .raw(&[7; 16])
        .string(b"x");
    let value = wire.read::<enums::ServerDhParams>();
    let enums::ServerDhParams::Ok(value) = value else {
        panic!("{value:?}");
    };
    assert_eq!(value.nonce, [7; 16]);
}

#[test]
fn item_10_functions_called_like_their_answers() {
    fn answers<F: Function<Output = O>, O>(_: &F) {}
    let function = functions::RpcDropAnswer::new(1);
    answers::<_, enums::RpcDropAnswer>(&function);
    assert_eq!(
        function.to_bytes().unwrap()[..4],
        0x58e4_a740_u32.to_le_bytes()
    );
    let function = functions::SetClientDhParams::new([0; 16], [0; 16], String::new());
    // One constructor: the answer is that struct.
    answers::<_, types::DhGenOk>(&function);
}

#[test]
fn item_11_constructors_that_differ_in_their_namespaces_alone() {
    use ton::enums::AccountState;
    let wire = Wire::of::<ton::types::wallet::v3::AccountState>().long(3);
    assert!(matches!(wire.read(), AccountState::WalletV3(state) if state.wallet_id == 3));
    let wire = Wire::of::<ton::types::wallet::v4::AccountState>().long(4);
    assert!(matches!(wire.read(), AccountState::WalletV4(state) if state.wallet_id == 4));
    let wire = Wire::of::<ton::types::wallet::highload::v1::AccountState>().long(5);
    assert!(matches!(wire.read(), AccountState::WalletHighloadV1(state) if state.wallet_id == 5));
    let wire = Wire::of::<ton::types::raw::AccountState>().string(b"code");
    assert!(matches!(wire.read(), AccountState::Raw(_)));
    let red = Wire::of::<ton::types::b::Red>().read::<ton::enums::a::Color>();
    assert_eq!(red, ton::enums::a::Color::BRed);
    let union = Wire::of::<ton::types::au::NionA>().read::<ton::enums::a::MyUnion>();
    assert_eq!(union, ton::enums::a::MyUnion::AuNionA);
}

#[test]
fn item_12_constructors_and_types_of_different_namespaces() {
    use ton::enums::validator_session::round::Message;
    let wire = Wire::of::<ton::types::validator_session::message::Commit>().word(5);
    assert!(matches!(wire.read(), Message::Commit(commit) if commit.round == 5));
    // A constructor that is a namespace too.
    assert_eq!(
        ton::types::catchain::block::data::Commit::NAME,
        "catchain.block.data.commit"
    );
    // Used bare: no id before the key.
    let wire = Wire::of::<ton::types::catchain::block::Data>().raw(&[9; 32]);
    assert_eq!(
        wire.read::<ton::types::catchain::block::Data>().prev.id,
        [9; 32]
    );
    // A type of no namespace in one: boxed.
    let wire = Wire::of::<ton::types::dht::Node>().word(ton::types::r#pub::Ed25519::ID);
    let node = wire.raw(&[8; 32]).word(1).read::<ton::types::dht::Node>();
    assert!(matches!(node.id, ton::enums::PublicKey::PubEd25519(key) if key.key == [8; 32]));
}

#[test]
fn item_13_numbers_that_guard_nothing() {
    use ton::types::lite_server::{BlockHeader, RunMethodResult};
    // A mask by another name is a mask.
    let wire = Wire::of::<RunMethodResult>().word(1).string(b"p").word(0);
    assert!(wire.read::<RunMethodResult>().shard_proof.is_some());
    // What guards nothing is a number that the program sets.
    let wire = Wire::of::<BlockHeader>().word(1).long(2).word(0xffff_ffff);
    let header = wire.string(b"h").read::<BlockHeader>();
    let mode: u32 = header.mode;
    assert_eq!(mode, u32::MAX);
    use ton::functions::lite_server::{GetConfigParam, GetTransactions};
    assert_eq!(
        GetTransactions::new(16, 2).to_bytes().unwrap(),
        Wire::of::<GetTransactions>().words(&[16, 2]).0
    );
    assert_eq!(
        GetConfigParam::new(3, 4).to_bytes().unwrap(),
        Wire::of::<GetConfigParam>().words(&[3, 4]).0
    );
}

#[test]
fn item_14_conditions_and_parentheses() {
    use ton::types::adnl::PacketContents;
    let part = ton::types::adnl::message::Part::ID;
    // A bare vector of boxed values; a bare value in parentheses.
    let wire = Wire::of::<PacketContents>().words(&[8, 2, part, 1, part, 2, 5]);
    let contents = wire.long(6).read::<PacketContents>();
    assert_eq!(contents.messages.unwrap().len(), 2);
    assert_eq!(contents.message, None);
    assert_eq!(contents.shard_id.shard, 6);
}

#[test]
fn item_15_bare_vectors_of_bare_values() {
    let wire = Wire::of::<types::FutureSalts>()
        .long(1)
        .words(&[2, 1, 3, 4])
        .long(5);
    let salts = wire.read::<types::FutureSalts>();
    assert_eq!(salts.salts, [types::FutureSalt::new(3, 4, 5)]);
    // The other spelling.
    let wire = Wire::of::<types::MsgContainer>()
        .word(1)
        .long(1)
        .words(&[0, 4, 0xabcd_ef01]);
    let container = wire.read::<types::MsgContainer>();
    assert_eq!(container.messages[0].body.id(), Some(0xabcd_ef01));
}

#[test]
fn item_16_values_of_any_type() {
    let inner = Wire::of::<types::GzipPacked>().string(b"zip");
    let wire = Wire::of::<types::RpcResult>().long(5).raw(&inner.0);
    let result = wire.read::<types::RpcResult>();
    assert_eq!(result.result, Object(inner.0));
    let packed = result.result.parse::<types::GzipPacked>().unwrap();
    assert_eq!(packed.packed_data, b"zip");
}

#[test]
fn item_17_answers_that_are_vectors_and_booleans() {
    fn answer<F: Function>(wire: &Wire) -> F::Output {
        F::Output::from_bytes(&wire.0).unwrap()
    }
    let ids = answer::<functions::messages::GetIds>(&Wire::new().words(&[VECTOR, 2, 1, 2]));
    assert_eq!(ids, [1, 2]);
    let hashes = Wire::new().words(&[VECTOR, 1]).long(-1);
    assert_eq!(answer::<functions::messages::GetHashes>(&hashes), [-1_i64]);
    let words = Wire::new().words(&[VECTOR, 1]).string(b"hi");
    assert_eq!(answer::<functions::messages::GetWords>(&words), ["hi"]);
    assert!(answer::<functions::auth::LogOut>(
        &Wire::new().word(0x9972_75b5)
    ));
    // = X
    let wrapper = functions::InvokeWithLayer::new(230, functions::messages::GetIds::new());
    fn output<F: Function<Output = Vec<i32>>>(_: &F) {}
    output(&wrapper);
}

#[test]
fn item_18_generic_and_flags() {
    use functions::{InitConnection, auth::LogOut};
    let text = || String::from("x");
    let mut init = InitConnection::new(
        1,
        text(),
        text(),
        text(),
        text(),
        text(),
        text(),
        LogOut::new(),
    );
    init.params = Some(enums::JsonValue::JsonNull);
    let wire = Wire::new().words(&[0xc1cd_5ea9, 2, 1]);
    let wire = (0..6).fold(wire, |wire, _| wire.string(b"x"));
    let wire = wire.word(0x3f6d_7b68).word(LogOut::ID);
    assert_eq!(init.to_bytes().unwrap(), wire.0);
    assert_eq!(wire.read::<InitConnection<LogOut>>(), init);
}

#[test]
fn item_19_recursion_is_boxed_where_it_must_be() {
    let bold: Box<enums::RichText> = types::TextBold::new(enums::RichText::TextConcat(
        types::TextConcat::new(Vec::new()),
    ))
    .text;
    assert!(matches!(*bold, enums::RichText::TextConcat(_)));
    // A vector needs no box around what it holds.
    let _: Vec<enums::RichText> = types::TextConcat::new(Vec::new()).texts;
    let leaf = ton::types::List::<i32>::new();
    let mut list = ton::types::List::new();
    list.head = Some(5);
    list.tail = Some(Box::new(leaf));
    let wire = Wire::of::<ton::types::Lists>().words(&[1, 5, 0]);
    assert_eq!(wire.read::<ton::types::Lists>().all, list);
    let maybe = Wire::of::<ton::types::Hren>().word(0x3f9c_8ef8);
    assert_eq!(ton::types::ResultTrue::<i32>::ID, 0x3f9c_8ef8);
    maybe
        .word(ton::types::ResultFalse::ID)
        .read::<ton::types::Hren>();
    let wire = Wire::of::<ton::types::cyc1::MyCycle>().words(&[1, 1, 1, 0]);
    wire.read::<ton::types::cyc1::MyCycle>();
    // No way to a value that is larger than the stack.
    assert!(size_of::<types::StoryItem>() <= 64 && size_of::<enums::RichText>() <= 32);
}

#[test]
fn item_20_true_as_a_type() {
    // `true` is no bytes and no field, `True` is its id; the answer is an id too.
    let call = functions::UseTrue::new(());
    let wire = Wire::of::<functions::UseTrue>().word(0x3fed_d339);
    assert_eq!(call.to_bytes().unwrap(), wire.0);
    assert_eq!(wire.read::<functions::UseTrue>(), call);
    let answer = 0x3fed_d339_u32.to_le_bytes();
    <functions::UseTrue as Function>::Output::from_bytes(&answer).unwrap();
    assert!(<functions::UseTrue as Function>::Output::from_bytes(&[]).is_err());
}

#[test]
fn item_21_masks_that_are_conditional() {
    use ton::types::cases::TestRecursiveFieldMask;
    let wire = |words: &[u32]| Wire::of::<TestRecursiveFieldMask>().words(words);
    let none = wire(&[0]).read::<TestRecursiveFieldMask>();
    assert_eq!((none.f1, none.f2, none.t1), (None, None, false));
    let all = wire(&[1, 2, 4]).read::<TestRecursiveFieldMask>();
    assert_eq!((all.f1, all.f2), (Some(2), Some(4)));
    assert!(all.t1 && all.t2 && all.t3);
    let some = wire(&[1, 0]).read::<TestRecursiveFieldMask>();
    assert_eq!((some.f1, some.f2, some.t3), (Some(0), None, false));
    // A mask that is not there guards nothing.
    let mut wrong = none;
    wrong.f2 = Some(4);
    assert!(wrong.to_bytes().is_err());
}

#[test]
fn item_22_comments_within_a_declaration() {
    use ton::types::tracing::TraceContext;
    assert_eq!(TraceContext::ID, 0xc463_a95c);
    let wire = Wire::of::<TraceContext>().word(1 << 7 | 1 << 2 | 2);
    let context = wire.long(1).long(2).long(3).read::<TraceContext>();
    assert!(context.debug_flag && context.reserved_status_1 && !context.reserved_status_0);
    assert_eq!((context.trace_id.hi, context.parent_id), (2, Some(3)));
}

#[test]
fn item_23_a_percent_before_what_is_bare_anyway() {
    let extra = Wire::new().long(4).long(5);
    let mut reader = Reader::new(&extra.0);
    let read = |r: &mut Reader<'_>| ton::types::RpcReqResultExtra::read_bare_with(r, [1 << 27]);
    let value = reader.read_with(read).unwrap();
    assert_eq!((value.epoch_number, value.view_number), (Some(4), Some(5)));
}

#[test]
fn item_24_a_default_constructor_has_no_id() {
    use ton::enums::ReqResult;
    let head = || Wire::of::<ton::types::RpcReqResult>().long(7);
    let plain = head().string(b"hello").read::<ton::types::RpcReqResult>();
    assert!(matches!(plain.result, ReqResult::Default(value) if value.result == "hello"));
    let error = head().word(0xb527_877d).word(5).string(b"no");
    let error = error.read::<ton::types::RpcReqResult>();
    assert!(matches!(error.result, ReqResult::ReqError(error) if error.error_code == 5));
    let header = head().words(&[0x8cc8_4ce1, 1]).long(9).string(b"hi");
    let header = header.read::<ton::types::RpcReqResult>();
    assert!(matches!(header.result, ReqResult::Header(h) if h.extra.binlog_pos == Some(9)));
}

#[test]
fn item_25_masks_from_outside() {
    let mut extra = ton::types::RpcReqResultExtra::new();
    extra.binlog_pos = Some(5);
    let header = |flags| {
        let header = ton::types::ReqResultHeader::new(flags, extra.clone(), 1_i32);
        header.to_bytes()
    };
    let wire = Wire::new().words(&[0x8cc8_4ce1, 1]).long(5).word(1);
    assert_eq!(header(1).unwrap(), wire.0);
    // What the mask says is not what is there.
    let error = header(0).unwrap_err();
    let kind = WriteErrorKind::NatMismatch {
        constructor: "rpcReqResultExtra",
        field: "binlog_pos",
    };
    assert_eq!(*error.kind(), kind);
    fn needs_a_number<T: TlWriteWith<1> + for<'a> TlReadWith<'a, 1>>(_: &T) {}
    needs_a_number(&extra);
}

/// Another source declares it with another type: the same bytes.
#[test]
fn item_26_two_sources_one_id() {
    mod tdlib {
        mtproto_runtime::tl::schema!(
            "gzip_packed#3072cfa1 packed_data:string = Object_;",
            id_rule = "telegram"
        );
    }
    let wire = Wire::of::<types::GzipPacked>().string(b"abc");
    assert_eq!(wire.read::<types::GzipPacked>().packed_data, b"abc");
    assert_eq!(wire.read::<tdlib::types::GzipPacked>().packed_data, "abc");
}

#[test]
fn item_27_one_name_in_several_layers() {
    use types::{DecryptedMessage, DecryptedMessageLayer17};
    assert_eq!(DecryptedMessage::NAME, DecryptedMessageLayer17::NAME);
    let old = Wire::new()
        .word(0x1f81_4f1f)
        .long(1)
        .string(b"r")
        .string(b"m");
    let new = Wire::new().word(0x204d_3878).long(1).word(9).string(b"m");
    let old = old.read::<enums::DecryptedMessage>();
    assert!(matches!(old, enums::DecryptedMessage::DecryptedMessage(_)));
    let new = new.read::<enums::DecryptedMessage>();
    assert!(matches!(new, enums::DecryptedMessage::DecryptedMessageLayer17(m) if m.ttl == 9));
}

/// Two versions of a function stand beside each other, each with its own answer.
#[test]
fn item_28_another_answer_in_a_later_layer() {
    mod later {
        mtproto_runtime::tl::schema!(
            "auth.loggedOut#c3a2835f flags:# future_auth_token:flags.0?bytes = auth.LoggedOut;
             ---functions---
             auth.logOut = auth.LoggedOut;",
            id_rule = "telegram"
        );
    }
    fn answers<F: Function<Output = O>, O>(_: &F) {}
    answers::<_, bool>(&functions::auth::LogOut::new());
    answers::<_, later::types::auth::LoggedOut>(&later::functions::auth::LogOut::new());
}

fn generate(texts: &[&str]) -> Result<String, String> {
    let sources = texts.iter().zip(["a.tl", "b.tl"]);
    let sources = sources.map(|(text, name)| Source::new(name, *text).unwrap());
    let generated = Config::new()
        .id_rule(IdRule::Telegram)
        .generate_from(sources);
    match generated {
        Ok(generated) => Ok(generated.text),
        Err(error @ Error::Schema(_)) => Err(error.to_string()),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn item_29_broken_input_is_told_with_its_place() {
    let text = "a = A;\nmain.channel_states = pts:int date:int main.Channel_states;\n";
    let error = generate(&[text]).unwrap_err();
    assert!(error.contains("a.tl:2:"), "{error}");
    assert!(
        error.starts_with("the schema has errors\nerror["),
        "{error}"
    );
}

#[test]
fn item_30_the_same_declaration_in_two_files() {
    let shared = "boolFalse#bc799737 = Bool;\nboolTrue#997275b5 = Bool;\n\
                  vector#1cb5c415 {t:Type} # [ t ] = Vector t;\ntrue#3fedd339 = True;\n\
                  common x:int = Common;\n";
    let first = format!("{shared}first ok:Bool of:Vector<Common> = First;");
    let second = format!("{shared}second ok:Bool of:Vector<Common> = Second;");
    let text = generate(&[&first, &second]).unwrap();
    assert_eq!(text.matches("pub struct Common ").count(), 1);
    assert_eq!(text.matches("pub struct Second ").count(), 1);
}

/// `w` and `h` of a photo are called so, whatever generated code calls its writer.
#[test]
fn fields_called_as_variables_of_generated_code_might_be() {
    macro_rules! by {
        ($name:ident, $codec:literal) => {
            mod $name {
                mtproto_runtime::tl::schema!(
                    "size#75c78e60 r:int w:int nats:int value:int id:int tl:int this:int = Size;
                     masks#00000002 r:# w:# nats:# value:# a:r.0?int b:w.1?int c:nats.2?int d:value.3?int = Masks;
                     grid#00000003 r:# w:# cells:r*[w*[value:int]] = Grid;
                     of#00000004 {w:#} {r:#} a:w.0?int b:r.1?int = Of w r;
                     all#00000005 of:(Of 1 2) = All;",
                    id_rule = "tl",
                    codec = $codec,
                );
            }
        };
    }
    by!(code, "code");
    by!(table, "table");

    let size = Wire::of::<code::types::Size>().words(&[1, 2, 3, 4, 5, 6, 7]);
    let by_code = size.read::<code::types::Size>();
    let by_table = size.read::<table::types::Size>();
    assert_eq!((by_code.r, by_code.w, by_code.nats), (1, 2, 3));
    assert_eq!((by_table.r, by_table.w, by_table.nats), (1, 2, 3));

    let masks = Wire::new().word(2).words(&[1, 2, 4, 8, 10, 11, 12, 13]);
    assert_eq!(masks.read::<code::types::Masks>().d, Some(13));
    assert_eq!(masks.read::<table::types::Masks>().d, Some(13));

    let grid = Wire::new().word(3).words(&[2, 2, 1, 2, 3, 4]);
    grid.read::<code::types::Grid>();
    grid.read::<table::types::Grid>();

    let all = Wire::new().word(5).word(4).words(&[6, 7]);
    assert_eq!(all.read::<code::types::All>().of.b, Some(7));
    assert_eq!(all.read::<table::types::All>().of.b, Some(7));
}

/// Who makes a value of an enum need not know whether it is in a box.
#[test]
fn enums_are_made_of_their_structs() {
    macro_rules! shapes {
        ($name:ident, $ownership:literal, $codec:literal) => {
            mod $name {
                mtproto_runtime::tl::schema!(
                    "shape.dot x:double = shape.Shape;
                     shape.box x:double y:double z:double width:double height:double depth:double
                        name:string = shape.Shape;
                     shape.none = shape.Shape;
                     shape.from x:int = shape.From;
                     shape.into x:int = shape.From;
                     just {X:Type} value:X = May X;
                     nothing {X:Type} = May X;",
                    id_rule = "tl",
                    ownership = $ownership,
                    codec = $codec,
                );
            }
        };
    }
    shapes!(code, "owned", "code");
    shapes!(table, "owned", "table");
    shapes!(borrowed, "borrowed", "code");
    macro_rules! assert_shapes {
        ($name:ident, $in_a_box:ident, $text:expr) => {{
            use $name::{enums, types};
            let dot = types::shape::Dot::new(1.0);
            assert!(matches!(dot.clone().into(), enums::shape::Shape::Dot(it) if it == dot));
            let large = types::shape::Box_::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, $text);
            let shape = enums::shape::Shape::from($in_a_box!(large));
            assert!(matches!(shape, enums::shape::Shape::Box(it) if *it == large));
            let may = enums::May::from(types::Just::new(7));
            assert!(matches!(may, enums::May::Just(it) if it.value == 7));
        }};
    }
    macro_rules! by_value {
        ($value:ident) => {
            $value.clone()
        };
    }
    macro_rules! by_reference {
        ($value:ident) => {
            &$value
        };
    }
    assert_shapes!(code, by_value, "n".into());
    assert_shapes!(table, by_value, "n".into());
    assert_shapes!(borrowed, by_reference, "n");
}

/// One id with two meanings: whoever speaks both layers has two modules, and no bytes are mixed up.
#[test]
fn item_31_another_meaning_under_the_same_id() {
    mod layer_114 {
        mtproto_runtime::tl::schema!(
            "phoneCallDiscarded#50ca4de1 flags:# video:flags.5?true id:long = PhoneCall;",
            id_rule = "telegram"
        );
    }
    mod layer_117 {
        mtproto_runtime::tl::schema!(
            "phoneCallDiscarded#50ca4de1 flags:# video:flags.6?true id:long = PhoneCall;",
            id_rule = "telegram"
        );
    }
    let wire = Wire::new().words(&[0x50ca_4de1, 1 << 6]).long(1);
    let value = wire.read::<layer_117::types::PhoneCallDiscarded>();
    assert!(value.video);
    // The older layer does not know the bit; it is not mistaken for another.
    let value = layer_114::types::PhoneCallDiscarded::from_bytes(&wire.0).unwrap();
    assert!(!value.video);
}

/// No id ever had two names, so one enum can read values of all layers.
#[test]
fn item_32_one_table_for_all_layers() {
    mod any {
        mtproto_runtime::tl::schema!(
            "===8===
             decryptedMessage#1f814f1f random_id:long random_bytes:bytes message:string = DecryptedMessage;
             ===17===
             decryptedMessage#204d3878 random_id:long ttl:int message:string = DecryptedMessage;
             envelope what:Object = Envelope;",
            id_rule = "telegram",
            objects = "enum",
        );
    }
    let wire = Wire::new().word(0x204d_3878).long(1).word(9).string(b"m");
    assert!(matches!(
        wire.read(),
        any::enums::Object::DecryptedMessageLayer17(_)
    ));
    let wire = Wire::new()
        .word(0x1f81_4f1f)
        .long(1)
        .string(b"r")
        .string(b"m");
    assert!(matches!(
        wire.read(),
        any::enums::Object::DecryptedMessage(_)
    ));
    // Two names for one id would be a fault.
    let error = generate(&["a#00000001 = A;\nb#00000001 = B;\n"]).unwrap_err();
    assert!(
        error.contains("b.tl:2") || error.contains("a.tl:2"),
        "{error}"
    );
}

#[test]
fn item_33_strings_that_are_not_utf_8() {
    mod lenient {
        mtproto_runtime::tl::schema!(
            "vector#1cb5c415 {t:Type} # [ t ] = Vector t;
             textPlain#744694e0 text:string = RichText;
             words all:Vector<string> name:string = Words;",
            id_rule = "telegram",
            strings_as_bytes = ["textPlain.text", "words.all"],
        );
    }
    let wire = Wire::new().word(0x7446_94e0).string(b"a\xff");
    let error = types::TextPlain::from_bytes(&wire.0).unwrap_err();
    assert_eq!(*error.kind(), ReadErrorKind::InvalidUtf8 { valid_up_to: 1 });
    assert_eq!(error.path().to_string(), "textPlain.text");
    // Who asks gets what was sent, and sends it on unharmed.
    assert_eq!(wire.read::<lenient::types::TextPlain>().text, b"a\xff");
    let wire = Wire::of::<lenient::types::Words>()
        .words(&[VECTOR, 1])
        .string(b"\xfe")
        .string(b"n");
    let words = wire.read::<lenient::types::Words>();
    assert_eq!((&words.all[0][..], &words.name[..]), (&b"\xfe"[..], "n"));
    // A boxed string is text: its id says so.
    assert_eq!(Boxed(String::from("x")).to_bytes().unwrap().len(), 8);
}

#[test]
fn fields_without_a_name_leave_names_to_those_that_have_them() {
    mod pairs {
        mtproto_runtime::tl::schema!(
            "pair int value:int int = Pair;
             three int int int = Three;",
            id_rule = "tl",
        );
    }
    let pair = pairs::types::Pair::new(1, 2, 3);
    assert_eq!((pair.value_2, pair.value, pair.value_3), (1, 2, 3));
    let bytes = pair.to_bytes().unwrap();
    let path = |count: usize| {
        let error = pairs::types::Pair::from_bytes(&bytes[..count]).unwrap_err();
        error.path().to_string()
    };
    assert_eq!(path(4), "pair.value_2");
    assert_eq!(path(8), "pair.value");
    assert_eq!(path(12), "pair.value_3");
    let three = pairs::types::Three::new(1, 2, 3);
    assert_eq!((three.value, three.value_2, three.value_3), (1, 2, 3));
}
