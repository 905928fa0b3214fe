//! The ready-made types: bytes that the protocols' documents and other programs know, and sizes.

#[cfg(feature = "telegram")]
mod telegram {
    use tl_runtime::{Function, TlRead, TlWrite};
    use tl_schemas::telegram::{enums, functions, types};

    /// Decoding is as quick as values are small: the great ones are boxed, but for a type that is called as
    /// one of its constructors, which is what it nearly always is.
    #[test]
    fn sizes() {
        let sizes = [
            ("enums::Update", size_of::<enums::Update>(), 64),
            ("types::Message", size_of::<types::Message>(), 700),
            ("enums::Message", size_of::<enums::Message>(), 700),
            ("enums::MessageMedia", size_of::<enums::MessageMedia>(), 64),
        ];
        for (name, size, limit) in sizes {
            println!("{name}: {size} bytes");
            assert!(size <= limit, "{name}: {size} of {limit} bytes");
        }
    }

    /// What every client sends first.
    #[test]
    fn the_first_request() {
        let query = functions::InvokeWithLayer::new(230, functions::help::GetConfig::new());
        assert_eq!(
            query.to_bytes().unwrap(),
            b"\x0d\x0d\x9b\xda\xe6\0\0\0\x6b\x18\xf9\xc4"
        );
    }

    #[test]
    fn a_wrapper_answers_what_the_wrapped_answers() {
        fn answer<F: Function<Output = types::Config>>(_: &F) {}
        answer(&functions::InvokeWithLayer::new(
            230,
            functions::help::GetConfig::new(),
        ));
    }

    #[test]
    fn an_unknown_constructor_is_named() {
        let error = enums::Update::from_bytes(&[1, 2, 3, 4]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unexpected constructor id 0x04030201 where Update was wanted, at byte 0"
        );
    }
}

/// `req_pq_multi` and `resPQ` as the protocol's description prints them, byte for byte.
#[cfg(feature = "mtproto")]
#[test]
fn the_first_exchange() {
    use tl_runtime::{TlRead, TlWrite};
    use tl_schemas::mtproto::{functions, types};

    let nonce = [
        0x3e, 0x05, 0x49, 0x82, 0x8c, 0xca, 0x27, 0xe9, 0x66, 0xb3, 0x01, 0xa4, 0x8f, 0xec, 0xe2,
        0xfc,
    ];
    let request = functions::ReqPqMulti::new(nonce).to_bytes().unwrap();
    assert_eq!(request[..4], 0xbe7e_8ef1_u32.to_le_bytes());
    assert_eq!(request[4..], nonce);

    let answer = b"\x63\x24\x16\x05\
        \x3e\x05\x49\x82\x8c\xca\x27\xe9\x66\xb3\x01\xa4\x8f\xec\xe2\xfc\
        \xa5\xcf\x4d\x33\xf4\xa1\x1e\xa8\x77\xba\x4a\xa5\x73\x90\x73\x30\
        \x08\x17\xed\x48\x94\x1a\x08\xf9\x81\0\0\0\
        \x15\xc4\xb5\x1c\x01\0\0\0\x21\x6b\xe8\x6c\x02\x2b\xb4\xc3";
    let res_pq = types::ResPq::from_bytes(answer).unwrap();
    assert_eq!(res_pq.nonce, nonce);
    assert_eq!(res_pq.pq, b"\x17\xed\x48\x94\x1a\x08\xf9\x81");
    assert_eq!(
        res_pq.server_public_key_fingerprints,
        [0xc3b4_2b02_6ce8_6b21_u64.cast_signed()]
    );
    assert_eq!(res_pq.to_bytes().unwrap(), answer);
}

/// A light server's simplest request.
#[cfg(feature = "lite")]
#[test]
fn masterchain_info() {
    use tl_runtime::TlWrite;
    use tl_schemas::lite::functions::lite_server::GetMasterchainInfo;

    assert_eq!(
        GetMasterchainInfo::new().to_bytes().unwrap(),
        b"\x2e\xe6\xb5\x89"
    );
}

/// The id of an ed25519 key is the hash of these bytes.
#[cfg(feature = "ton")]
#[test]
fn public_key() {
    use tl_runtime::TlWrite;
    use tl_schemas::ton::types::r#pub::Ed25519;

    let bytes = Ed25519::new([7; 32]).to_bytes().unwrap();
    assert_eq!(bytes[..4], b"\xc6\xb4\x13\x48"[..]);
    assert_eq!(bytes[4..], [7; 32]);
}

/// The same constructor in several layers is several structs of one enum.
#[cfg(feature = "secret")]
#[test]
fn layers_of_secret_chats() {
    use tl_runtime::Identified;
    use tl_schemas::secret::types;

    assert_eq!(types::DecryptedMessage::ID, 0x1f81_4f1f);
    assert_eq!(types::DecryptedMessageLayer73::ID, 0x91cc_4674);
    assert_eq!(
        types::DecryptedMessageLayer73::NAME,
        types::DecryptedMessage::NAME
    );
}
