//! Known answers of the pure functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use mtproto_runtime::crypto::binding::{self, Binding};
use mtproto_runtime::crypto::dh::{
    Group, KnownPrimes, ParameterError, SecretExponent, TELEGRAM_PRIME,
};
use mtproto_runtime::crypto::kdf::{self, Direction, Verdict};
use mtproto_runtime::crypto::packet::{
    self, Header, MAX_PADDING, MIN_PADDING, Padding, QuickAck, SealError,
};
use mtproto_runtime::crypto::pq::{self, Factors, PqError};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::rsa::{self, KeyError, Opened, PrivateKey, PublicKey, TooLong};
use mtproto_runtime::crypto::srp::{self, Challenge, Parameters, Proof, SrpError};
use mtproto_runtime::crypto::{AuthKey, DecryptError, exchange, ige};
use serde_json::Value;
use support::{Fixed, array, each, hex, number, signed, vectors};

fn auth_key(value: &Value) -> AuthKey {
    AuthKey::new(array(value))
}

fn direction(case: &Value) -> Direction {
    match number(&case["x"]) {
        0 => Direction::FromClient,
        8 => Direction::FromServer,
        x => panic!("x = {x}"),
    }
}

fn lcg(length: usize) -> impl FnMut(usize) -> Vec<u8> {
    let mut seed = u32::try_from(length).unwrap();
    move |count| {
        let mut next = || {
            seed = seed.wrapping_mul(123_457_567).wrapping_add(987_651_241);
            (seed >> 23).to_le_bytes()[0]
        };
        (0..count).map(|_| next()).collect()
    }
}

#[test]
fn ige_known_answers() {
    for case in each(&vectors("aes")["vectors"]) {
        let key = ige::Key::new(array(&case["key"]), array(&case["iv"]));
        let (plain, cipher) = (hex(&case["plaintext"]), hex(&case["ciphertext"]));

        let mut data = plain.clone();
        ige::encrypt(&key, data.as_chunks_mut().0);
        assert_eq!(data, cipher, "{}", case["name"]);
        ige::decrypt(&key, data.as_chunks_mut().0);
        assert_eq!(data, plain, "{}", case["name"]);
    }
}

#[test]
fn ige_known_checksums() {
    for case in each(&vectors("aes")["tdlib_ige_lcg"]["cases"]) {
        let length = usize::try_from(number(&case["length"])).unwrap();
        let mut random = lcg(length);
        let mut data = random(length);
        let plain = data.clone();
        let (key, iv) = (random(32), random(32));
        assert_eq!((&key, &iv), (&hex(&case["key"]), &hex(&case["iv"])));

        let key = ige::Key::new(key.try_into().unwrap(), iv.try_into().unwrap());
        ige::encrypt(&key, data.as_chunks_mut().0);
        assert_eq!(
            u64::from(crc32fast::hash(&data)),
            number(&case["ciphertext_crc32"])
        );
        ige::decrypt(&key, data.as_chunks_mut().0);
        assert!(data == plain);
    }
}

#[test]
fn message_keys() {
    for case in each(&vectors("kdf")["vectors"]) {
        let derive = match number(&case["version"]) {
            1 => kdf::message_key_v1,
            _ => kdf::message_key,
        };
        let key = derive(
            &auth_key(&case["auth_key"]),
            &array(&case["msg_key"]),
            direction(case),
        );
        assert_eq!(
            key.expose_key()[..],
            hex(&case["aes_key"]),
            "{}",
            case["name"]
        );
        assert_eq!(
            key.expose_iv()[..],
            hex(&case["aes_iv"]),
            "{}",
            case["name"]
        );
    }
    for case in each(&vectors("kdf")["msg_key_v1"]) {
        let plaintext = case["plaintext_ascii"].as_str().unwrap();
        assert_eq!(
            kdf::msg_key_v1(plaintext.as_bytes())[..],
            hex(&case["msg_key"])
        );
    }
}

#[test]
fn auth_key_ids() {
    for case in each(&vectors("kdf")["auth_key_ids"]) {
        let key = auth_key(&case["auth_key"]);
        assert_eq!(key.id().to_le_bytes()[..], hex(&case["id"]));
        assert_eq!(key.aux_hash().to_le_bytes()[..], hex(&case["aux_hash"]));
    }
}

#[test]
fn exchange_keys() {
    let mut tried = 0;
    for case in each(&vectors("handshake_kdf")["vectors"]) {
        // One case of the file has a new_nonce of 16 bytes, which the types here do not allow.
        let Ok(new_nonce) = hex(&case["new_nonce"]).try_into() else {
            continue;
        };
        let key = kdf::exchange_key(&new_nonce, &array(&case["server_nonce"]));
        assert_eq!(
            key.expose_key()[..],
            hex(&case["tmp_aes_key"]),
            "{}",
            case["name"]
        );
        assert_eq!(
            key.expose_iv()[..],
            hex(&case["tmp_aes_iv"]),
            "{}",
            case["name"]
        );
        tried += 1;
    }
    assert_eq!(tried, 4);
}

#[test]
fn new_nonce_hashes_and_first_salt() {
    let check = |case: &Value, names: [&str; 3]| {
        let key = auth_key(&case["auth_key"]);
        for (verdict, name) in [Verdict::Ok, Verdict::Retry, Verdict::Fail]
            .into_iter()
            .zip(names)
        {
            let hash = kdf::new_nonce_hash(&array(&case["new_nonce"]), &key, verdict);
            assert_eq!(hash[..], hex(&case[name]), "{} {name}", case["name"]);
        }
    };
    for case in each(&vectors("handshake_kdf")["new_nonce_hash"]) {
        check(case, ["hash1", "hash2", "hash3"]);
    }
    for case in each(&vectors("generated")["handshakes"]) {
        check(
            case,
            ["new_nonce_hash1", "new_nonce_hash2", "new_nonce_hash3"],
        );
        let salt =
            kdf::first_server_salt(&array(&case["new_nonce"]), &array(&case["server_nonce"]));
        assert_eq!(salt.to_le_bytes()[..], hex(&case["first_server_salt"]));
    }
}

#[test]
fn good_and_bad_packets() {
    for case in each(&vectors("messages")["vectors"]) {
        let name = case["name"].as_str().unwrap();
        let key = auth_key(&case["auth_key"]);
        let mut packet = hex(&case["packet"]);
        let padding = case["transport_padding"].as_u64().unwrap_or(0);
        packet.truncate(packet.len() - usize::try_from(padding).unwrap());
        let sealed = packet.clone();
        let direction = if case["x"].is_null() {
            Direction::FromServer
        } else {
            direction(case)
        };

        let opened = packet::open(&key, direction, &mut packet);
        if case["msg_key_ok"] == false {
            assert_eq!(opened.unwrap_err(), DecryptError, "{name}");
            assert!(
                packet[24..].iter().all(|b| *b == 0),
                "{name}: unverified plaintext stays"
            );
            continue;
        }
        let plaintext = opened.expect(name);
        let session_id = case["expected_session_id"]
            .as_str()
            .map(|_| array(&case["expected_session_id"]));
        match case["verdict"].as_str() {
            Some(verdict) if verdict.starts_with("accept") => {
                let message = plaintext.message().expect(name);
                assert_eq!(
                    Some(message.header.session_id.to_le_bytes()),
                    session_id,
                    "{name}"
                );
                assert_eq!(message.body.len() as u64, number(&case["length"]));
            }
            Some("reject: session_id mismatch") => {
                let message = plaintext.message().expect(name);
                assert_ne!(
                    Some(message.header.session_id.to_le_bytes()),
                    session_id,
                    "{name}"
                );
            }
            Some(_) => assert_eq!(plaintext.message(), Err(DecryptError), "{name}"),
            None => {}
        }
        if case["plaintext_with_padding"].is_string() {
            assert_eq!(
                plaintext.bytes(),
                hex(&case["plaintext_with_padding"]),
                "{name}"
            );
        }
        if !case["salt_i64"].is_null() {
            let header = plaintext.message().expect(name).header;
            assert_eq!(header.salt, signed(&case["salt_i64"]));
            assert_eq!(header.session_id, signed(&case["session_id_i64"]));
            assert_eq!(header.msg_id, signed(&case["msg_id_i64"]));
            assert_eq!(i64::from(header.seq_no), signed(&case["seq_no"]));
        }

        let mut again = vec![0; 24];
        again.extend_from_slice(plaintext.bytes());
        packet::seal(&key, direction, &mut again).unwrap();
        assert_eq!(again, sealed, "{name}");
    }
}

#[test]
fn generated_packets() {
    let generated = vectors("generated");
    for case in each(&generated["messages"]) {
        let key = auth_key(&case["auth_key"]);
        let mut packet = hex(&case["packet"]);
        let message = packet::open(&key, direction(case), &mut packet)
            .unwrap()
            .message()
            .unwrap();
        assert_eq!(message.body, hex(&case["body"]));
        assert_eq!(message.header.msg_id, signed(&case["msg_id_i64"]));
        assert_eq!(message.header.salt.to_le_bytes()[..], hex(&case["salt"]));
        assert_eq!(
            message.header.session_id.to_le_bytes()[..],
            hex(&case["session_id"])
        );
    }
}

#[test]
fn m3_lengths_and_padding_out_of_bounds() {
    let negative = &vectors("generated")["messages_negative"];
    let key = auth_key(&negative["auth_key"]);
    let mut refused = Vec::new();
    for case in each(&negative["cases"]) {
        let mut packet = hex(&case["packet"]);
        // What is left to the session (its id, parity and time of msg_id) passes here.
        let result = packet::open(&key, Direction::FromServer, &mut packet)
            .and_then(packet::Plaintext::message);
        if result.is_err() {
            refused.push(case["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(
        refused,
        [
            "padding_0",
            "padding_8",
            "padding_1036",
            "length_negative",
            "length_not_multiple_of_4",
            "length_too_big",
            "msg_key_flipped",
            "ciphertext_flipped",
            "own_direction_reflected",
        ]
    );
}

#[test]
fn quick_ack_tokens() {
    for case in each(&vectors("transports")["quick_ack"]) {
        let mut packet = vec![0; 24];
        packet.extend(hex(&case["plaintext_with_padding"]));
        let key = auth_key(&case["auth_key"]);
        let token = packet::seal(&key, Direction::FromClient, &mut packet).unwrap();
        assert_eq!(u64::from(token.0), number(&case["token_u32"]));
        let opened = packet::open(&key, Direction::FromClient, &mut packet).unwrap();
        assert_eq!(opened.quick_ack(), QuickAck(token.0));
    }
}

#[test]
fn secret_chat_packets() {
    let chat = &vectors("generated")["secret_chat"];
    let key = auth_key(&chat["key"]);
    assert_eq!(key.id().to_le_bytes()[..], hex(&chat["key_fingerprint"]));
    for (name, direction) in [
        ("from_originator_x0", Direction::FromClient),
        ("from_peer_x8", Direction::FromServer),
    ] {
        let mut packet = hex(&chat[name]["bytes"]);
        assert_eq!(packet[8..24], hex(&chat[name]["msg_key"]));
        let plaintext = packet::open(&key, direction, &mut packet).unwrap();
        assert_eq!(plaintext.bytes(), hex(&chat["plaintext_with_padding"]));
    }
}

#[test]
fn factorization() {
    for case in each(&vectors("factorization")["vectors"]) {
        let (pq, p, q) = (number(&case["pq"]), number(&case["p"]), number(&case["q"]));
        let divisor = pq::divisor(pq).unwrap();
        assert_eq!(
            (divisor.min(pq / divisor), divisor.max(pq / divisor)),
            (p, q)
        );
        // The one square of the file is even as well; no server may ask for it.
        let expected = if p == q {
            Err(PqError::Even)
        } else {
            Ok(Factors { p, q })
        };
        assert_eq!(pq::split(pq), expected, "{}", case["name"]);
    }
}

#[test]
fn k3_numbers_that_are_no_pq() {
    for (pq, error) in [
        (0, PqError::TooSmall),
        (1, PqError::TooSmall),
        (2, PqError::Even),
        (1 << 63, PqError::Even),
        (u64::MAX - 1, PqError::Even),
        (3, PqError::Prime),
        (u64::MAX - 58, PqError::Prime),
        (4_294_967_291 * 4_294_967_291, PqError::Square),
        (65_537 * 65_537, PqError::Square),
        (u64::MAX, PqError::MoreThanTwoPrimes),
        (
            2_097_143 * 2_097_143 * 2_097_143,
            PqError::MoreThanTwoPrimes,
        ),
    ] {
        assert_eq!(pq::split(pq), Err(error), "{pq}");
    }
    // Lopsided and close-set factors, up to the largest.
    for (p, q) in [
        (3, 5),
        (3, (1 << 61) - 1),
        (65_537, 4_294_967_291),
        (4_294_967_279, 4_294_967_291),
    ] {
        assert_eq!(pq::split(p * q), Ok(Factors { p, q }));
    }
}

#[test]
fn secrets_are_not_printed() {
    let key = AuthKey::new([0xa5; AuthKey::LEN]);
    let aes = kdf::message_key(&key, &[1; 16], Direction::FromClient);
    let printed = format!("{key:?} {aes:?}");
    assert!(
        !printed.contains("a5a5") && !printed.contains("165"),
        "{printed}"
    );
    assert_eq!(format!("{aes:?}"), "Key { .. }");
}

#[test]
fn k5_answers_of_the_key_exchange() {
    let generated = vectors("generated");
    for case in each(&generated["handshakes"]) {
        let key = kdf::exchange_key(&array(&case["new_nonce"]), &array(&case["server_nonce"]));
        let sealed = hex(&case["encrypted_answer"]);
        let object = hex(&case["server_dh_inner_data"]);
        assert_eq!(exchange::open(&key, &mut sealed.clone()).unwrap(), object);

        let padded = hex(&case["answer_with_hash"]);
        let padding = &padded[20 + object.len()..];
        assert_eq!(
            exchange::seal(&key, &object, &mut Fixed::new(&[padding])),
            sealed
        );

        // Whatever is changed, hash, object or padding: only the padding may not matter.
        for at in [
            0,
            19,
            20,
            300,
            19 + object.len(),
            20 + object.len(),
            padded.len() - 1,
        ] {
            let mut changed = padded.clone();
            changed[at] ^= 1;
            ige::encrypt(&key, changed.as_chunks_mut().0);
            let opened = exchange::open(&key, &mut changed);
            let expected = if at < 20 + object.len() {
                Err(DecryptError)
            } else {
                Ok(&object[..])
            };
            assert_eq!(opened, expected, "{at}");
        }
    }
    let samples = vectors("auth_key_samples");
    for case in each(&samples["vectors"]) {
        let key = kdf::exchange_key(&array(&case["new_nonce"]), &array(&case["server_nonce"]));
        if case["encrypted_answer"].is_string() {
            let mut sealed = hex(&case["encrypted_answer"]);
            let object = exchange::open(&key, &mut sealed).unwrap();
            assert_eq!(
                object,
                hex(&case["server_dh_inner_data"]),
                "{}",
                case["name"]
            );
        }
    }
    let key = ige::Key::new([0; 32], [0; 32]);
    for len in [0, 1, 15, 16, 17, 31, 33, 47] {
        assert_eq!(exchange::open(&key, &mut vec![0; len]), Err(DecryptError));
    }
}

#[test]
fn binding_a_temporary_key() {
    let generated = vectors("generated");
    for case in each(&generated["bind"]) {
        let key = auth_key(&case["perm_auth_key"]);
        let binding = Binding {
            msg_id: signed(&case["msg_id_i64"]),
            inner: array(&case["bind_auth_key_inner"]),
        };
        let mut random = match case["random_byte"].as_str() {
            Some(_) => Fixed::new(&[&[array::<1>(&case["random_byte"])[0]; 24]]),
            None => Fixed::new(&[&hex(&case["random16"]), &hex(&case["padding"])]),
        };
        let sealed = binding::seal(&key, &binding, &mut random);
        assert_eq!(sealed[..], hex(&case["encrypted_message"]));
        assert!(random.is_used_up());
        assert_eq!(binding::open(&key, &sealed), Ok(binding));
        for at in [0, 8, 23, 24, 60, 95] {
            let mut changed = sealed;
            changed[at] ^= 0x80;
            assert_eq!(binding::open(&key, &changed), Err(DecryptError), "{at}");
        }
        assert_eq!(binding::open(&key, &sealed[..103]), Err(DecryptError));
    }
}

#[test]
fn secret_chat_packets_of_old_layers() {
    let chat = &vectors("generated")["secret_chat"];
    let key = auth_key(&chat["key"]);
    let packet = hex(&chat["v1_from_any_side"]["bytes"]);
    let msg_key = packet[8..24].try_into().unwrap();
    let aes = kdf::message_key_v1(&key, &msg_key, Direction::FromClient);
    let mut plain = packet[24..].to_vec();
    ige::decrypt(&aes, plain.as_chunks_mut().0);
    assert_eq!(
        plain,
        hex(&chat["v1_from_any_side"]["plaintext_with_padding"])
    );
    let length = 4 + hex(&chat["layer_body"]).len();
    assert_eq!(kdf::msg_key_v1(&plain[..length]), msg_key);
}

fn telegram_group() -> Group {
    let mut known = KnownPrimes::default();
    Group::check(&TELEGRAM_PRIME, 3, &mut known, &mut Fixed::new(&[])).unwrap()
}

#[test]
fn exchanges_known_answers() {
    for (file, list) in [("generated", "handshakes"), ("auth_key_samples", "vectors")] {
        for case in each(&vectors(file)[list]) {
            if case["b"].is_null() {
                continue;
            }
            let group = telegram_group();
            let (b, g_b) = SecretExponent::generate(&group, &mut Fixed::new(&[&hex(&case["b"])]));
            assert_eq!(g_b.as_bytes()[..], hex(&case["g_b"]));
            let g_a = group.public_value(&hex(&case["g_a"])).unwrap();
            let key = b.shared_key(&group, &g_a);
            assert_eq!(
                key.expose_bytes()[..],
                hex(&case["auth_key"]),
                "{}",
                case["name"]
            );
            assert_eq!(key.id().to_le_bytes()[..], hex(&case["auth_key_id"]));
            if case["a"].is_string() {
                let mut random = Fixed::new(&[&hex(&case["a"])]);
                let (a, _) = SecretExponent::generate(&group, &mut random);
                assert_eq!(a.shared_key(&group, &g_b), key, "{}", case["name"]);
            }
        }
    }
}

#[test]
fn k6_primes_and_generators_that_are_refused() {
    let check = |prime: &[u8], generator: i32| {
        let mut rng = SystemRandom::new();
        Group::check(prime, generator, &mut KnownPrimes::default(), &mut rng).map(|_| ())
    };
    let telegram = &vectors("dh")["vectors"][0];
    assert_eq!(hex(&telegram["p"]), TELEGRAM_PRIME);
    let good: Vec<_> = each(&telegram["good_generators"]).map(signed).collect();
    for generator in [
        -1,
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        255,
        256,
        259,
        i32::MAX,
        i32::MIN,
    ] {
        let expected = match good.contains(&i64::from(generator)) {
            true => Ok(()),
            false => Err(ParameterError::Generator),
        };
        assert_eq!(check(&TELEGRAM_PRIME, generator), expected, "{generator}");
    }

    let changed = |byte: usize, by: u8| {
        let mut prime = TELEGRAM_PRIME;
        prime[byte] = prime[byte].wrapping_add(by);
        prime
    };
    // p ± 2, other numbers near by, one bit flipped, and even ones.
    for prime in [
        changed(255, 2),
        changed(255, 254),
        changed(100, 16),
        changed(255, 1),
    ] {
        assert_eq!(check(&prime, 4), Err(ParameterError::NotSafePrime));
    }
    // A prime that is not safe: (p − 1) / 2 is a product.
    let mut primes = Vec::new();
    for case in each(&vectors("dh")["primality"]).filter(|case| case["prime"] == true) {
        primes.push(decimal(case["n"].as_str().unwrap()));
    }
    for prime in &primes {
        let error = check(prime, 4).unwrap_err();
        match prime.len() == 256 && prime[0] >= 0x80 {
            true => assert_eq!(error, ParameterError::NotSafePrime),
            false => assert_eq!(error, ParameterError::PrimeSize),
        }
    }
    // 2047 bits, 2049 bits, nothing; zeros in front change nothing.
    assert_eq!(
        check(&[&[0x7f][..], &[0xff; 255]].concat(), 4),
        Err(ParameterError::PrimeSize)
    );
    assert_eq!(
        check(&[&[1][..], &TELEGRAM_PRIME].concat(), 4),
        Err(ParameterError::PrimeSize)
    );
    assert_eq!(check(&[], 4), Err(ParameterError::PrimeSize));
    assert_eq!(check(&[&[0, 0][..], &TELEGRAM_PRIME].concat(), 4), Ok(()));
}

/// A number of many digits, big-endian.
fn decimal(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for digit in text.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in &mut bytes {
            carry += u32::from(*byte) * 10;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry.to_le_bytes()[0]);
        }
    }
    bytes.reverse();
    bytes
}

/// 2^2048 − 2^1984 − 1 + 2^64 · (⌊2^1918 π⌋ + 124476), of RFC 3526.
const RFC_3526_GROUP_14: &str = "323170060713110073003389139264238282488179412411402391128420097514007417066343542226196894\
    173635693471179017379097041917546058732091950288537589861856221532121754125149017745202702\
    357960782362488842461894775876411059286460994117232454266225221932305409190376805242355191\
    256797158701170010580558776510388618472802579760549035697325615261670813393617995413364765\
    591603683178967290731783845896806396719009772021941686472258710314113364293195361934716365\
    332097170774482279885885653692086452966360772502689555059283627511211740969729980684105543\
    59584866583291642136218231078990999448652468262416972035911852507045361090559";

#[test]
fn an_unknown_safe_prime_is_proved_once() {
    let prime = decimal(RFC_3526_GROUP_14);
    let mut known = KnownPrimes::default();
    let group = Group::check(&prime, 2, &mut known, &mut SystemRandom::new()).unwrap();
    assert_eq!(group.prime()[..], prime);
    // Known now: no more randomness is drawn.
    assert!(Group::check(&prime, 2, &mut known, &mut Fixed::new(&[])).is_ok());
    assert_eq!(
        Group::check(&prime, 8, &mut known, &mut Fixed::new(&[])).unwrap_err(),
        ParameterError::Generator
    );
}

#[test]
fn k7_public_values_out_of_bounds() {
    let group = telegram_group();
    for case in each(&vectors("dh")["ga_bounds"]) {
        let accepted = group.public_value(&hex(&case["value"])).is_ok();
        assert_eq!(
            accepted,
            case["accept"].as_bool().unwrap(),
            "{}",
            case["name"]
        );
    }
    assert_eq!(group.public_value(&[]), Err(ParameterError::PublicValue));
    assert_eq!(
        group.public_value(&[0xff; 257]),
        Err(ParameterError::PublicValue)
    );

    // Our own exponent is drawn again: 3^1 would be below, 3^2047-odd bits is within.
    let mut one = [0; 256];
    one[255] = 1;
    let mut random = Fixed::new(&[&one, &[0xab; 256]]);
    SecretExponent::generate(&group, &mut random);
    assert!(random.is_used_up());
}

#[test]
fn srp_new_passwords_known_answers() {
    let srp = vectors("srp");
    for case in each(&srp["new_password"]) {
        let salt1 = srp::extend_salt(
            &hex(&case["salt1_from_server"]),
            &mut Fixed::new(&[&hex(&case["random32"])]),
        );
        assert_eq!(salt1, hex(&case["salt1_sent"]));
        let (group, salt2) = (telegram_group(), hex(&case["salt2"]));
        let parameters = Parameters::new(&group, &salt1, &salt2).unwrap();
        let hash = parameters.hash_password(&hex(&case["password"]));
        assert_eq!(
            srp::verifier(&parameters, &hash)[..],
            hex(&case["v"]),
            "{}",
            case["name"]
        );
    }
}

#[test]
fn a1_passwords_right_and_wrong() {
    let group = telegram_group();
    let parameters = Parameters::new(&group, b"one", b"two").unwrap();
    let mut rng = SystemRandom::new();
    let right = parameters.hash_password(b"correct horse");
    let wrong = parameters.hash_password(b"battery staple");
    let verifier = srp::verifier(&parameters, &right);

    let challenge = Challenge::new(&parameters, &verifier, &mut rng).unwrap();
    let answer = |password| srp::prove(&parameters, password, challenge.public(), &mut rng);
    let [good, bad] = [&right, &wrong].map(answer).map(Result::unwrap);
    assert_eq!(challenge.clone().verify(&good), Ok(()));
    assert_eq!(challenge.clone().verify(&bad), Err(SrpError::Wrong));
    let mut damaged = good.clone();
    damaged.m1[31] ^= 1;
    assert_eq!(challenge.clone().verify(&damaged), Err(SrpError::Wrong));

    // With a multiple of p, every password would do.
    let out_of_bounds = Err(SrpError::Value(ParameterError::PublicValue));
    for a in [[0; 256], TELEGRAM_PRIME, [0xff; 256]] {
        let answer = Proof { a, m1: good.m1 };
        assert_eq!(challenge.clone().verify(&answer), out_of_bounds);
        assert!(srp::prove(&parameters, &right, &a, &mut rng).is_err());
        assert!(Challenge::new(&parameters, &a, &mut rng).is_err());
    }
    assert_eq!(Parameters::new(&group, b"", b"2"), Err(SrpError::Salt));
    assert_eq!(Parameters::new(&group, b"1", b""), Err(SrpError::Salt));
}

fn test_key() -> PrivateKey {
    PrivateKey::from_pem(
        vectors("generated")["rsa_private_key_pem"]
            .as_str()
            .unwrap(),
    )
    .unwrap()
}

#[test]
fn k2_fingerprints_known_answers() {
    let mut tried = 0;
    for case in each(&vectors("rsa_keys")["vectors"]) {
        let expected = signed(&case["fingerprint_i64"]);
        assert_eq!(
            rsa::fingerprint(&hex(&case["n"]), &hex(&case["e"])),
            expected
        );
        let key = PublicKey::from_pem(case["pem"].as_str().unwrap());
        if case["bits"] == 2048 {
            let key = key.unwrap();
            assert_eq!(key.fingerprint(), expected);
            assert_eq!(
                key.fingerprint().to_le_bytes()[..],
                hex(&case["fingerprint_wire"])
            );
            assert_eq!(key.modulus()[..], hex(&case["n"]));
            tried += 1;
        } else {
            assert!(matches!(key, Err(KeyError::Size { bits: 1024 })));
        }
    }
    assert_eq!(tried, 11);
    assert_eq!(
        PublicKey::telegram_production().fingerprint(),
        -3_414_540_481_677_951_611
    );
    assert_eq!(
        PublicKey::telegram_test().fingerprint(),
        -5_595_554_452_916_591_101
    );
    let generated = vectors("generated");
    let public = PublicKey::from_pem(generated["rsa_public_key_pem"].as_str().unwrap()).unwrap();
    assert_eq!(&public, test_key().public());
    let fingerprint = &generated["handshakes"][0]["server_rsa_fingerprint_u64"];
    assert_eq!(
        format!("{:#x}", public.fingerprint()),
        fingerprint.as_str().unwrap()
    );
}

#[test]
fn keys_in_both_encodings() {
    // The test key as PKCS#8 and X.509, by `openssl pkcs8 -topk8 -nocrypt` and `openssl rsa -pubout`.
    let private = PrivateKey::from_pem(include_str!("vectors/test_key.pkcs8.pem")).unwrap();
    assert_eq!(private.public(), test_key().public());
    let public = PublicKey::from_pem(include_str!("vectors/test_key.spki.pem")).unwrap();
    assert_eq!(&public, test_key().public());
    assert!(!format!("{private:?}").contains("d_p"));

    let pem = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    assert!(matches!(
        PublicKey::from_pem(""),
        Err(KeyError::Encoding(_))
    ));
    assert!(matches!(
        PublicKey::from_pem(&pem("RSA PUBLIC KEY", "AAAA")),
        Err(KeyError::Encoding(_))
    ));
    assert!(matches!(
        PrivateKey::from_pem(&pem("PRIVATE KEY", "MAA=")),
        Err(KeyError::Encoding(_))
    ));
    assert!(matches!(
        PublicKey::from_pem(&pem("CERTIFICATE", "MAA=")),
        Err(KeyError::Kind)
    ));
    let text = vectors("generated")["rsa_private_key_pem"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(matches!(PublicKey::from_pem(&text), Err(KeyError::Kind)));
    // One digit of the private numbers is wrong.
    let position = text.len() - 200;
    let digit = if &text[position..=position] == "A" {
        "B"
    } else {
        "A"
    };
    let damaged = [&text[..position], digit, &text[position + 1..]].concat();
    assert!(PrivateKey::from_pem(&damaged).is_err());

    let odd = test_key().public().modulus();
    assert!(matches!(PublicKey::new(&odd, &[2]), Err(KeyError::Numbers)));
    assert!(matches!(PublicKey::new(&odd, &[1]), Err(KeyError::Numbers)));
    assert!(matches!(
        PublicKey::new(&odd, &[1; 9]),
        Err(KeyError::Numbers)
    ));
    let mut even = odd;
    even[255] &= 0xfe;
    assert!(matches!(
        PublicKey::new(&even, &[3]),
        Err(KeyError::Numbers)
    ));
    assert!(matches!(
        PublicKey::new(&[], &[3]),
        Err(KeyError::Size { bits: 0 })
    ));
    assert!(matches!(
        PublicKey::new(&[0xff; 257], &[3]),
        Err(KeyError::Size { bits: 2056 })
    ));
    assert!(matches!(
        PublicKey::new(&odd[1..], &[3]),
        Err(KeyError::Size { .. })
    ));
}

#[test]
fn k4_rsa_pad_known_answers() {
    for case in each(&vectors("rsa_pad")["vectors"]) {
        let name = case["name"].as_str().unwrap();
        let key = match case["n_dec"].as_str() {
            Some(n) => PublicKey::new(&decimal(n), &[1, 0, 1]).unwrap(),
            None => match case["key_fingerprint_u64"].as_str().unwrap() {
                "0xd09d1d85de64fd85" => PublicKey::telegram_production(),
                "0xb25898df208d2603" => PublicKey::telegram_test(),
                other => panic!("{other}"),
            },
        };
        let random = match name {
            "a144_zero_rng" => vec![0; 192 - 144 + 32],
            "grammers_rsa_test" => [
                hex(&case["padding"]),
                hex(&case["temp_key_first"]),
                hex(&case["temp_key_used"]),
            ]
            .concat(),
            _ => [hex(&case["padding"]), hex(&case["temp_key"])].concat(),
        };
        let mut random = Fixed::new(&[&random]);
        let sealed = key.seal(&hex(&case["data"]), &mut random).unwrap();
        assert_eq!(sealed[..], hex(&case["encrypted"]), "{name}");
        assert!(random.is_used_up(), "{name}");
    }
    let generated = vectors("generated");
    for case in each(&generated["handshakes"]) {
        let data = hex(&case["p_q_inner_data"]);
        let mut random = Fixed::new(&[
            &hex(&case["rsa_random_padding"]),
            &hex(&case["rsa_temp_key"]),
        ]);
        let sealed = test_key().public().seal(&data, &mut random).unwrap();
        assert_eq!(sealed[..], hex(&case["rsa_encrypted_data"]));
        let opened = test_key().open(&sealed, &mut SystemRandom::new()).unwrap();
        assert_eq!(opened[..], hex(&case["rsa_parts"]["data_with_padding"]));
    }
}

#[test]
fn k4_forged_and_old_forms_are_refused() {
    let key = test_key();
    let mut rng = SystemRandom::new();
    let data = [7; 104];
    let sealed = key.public().seal(&data, &mut rng).unwrap();
    assert_eq!(key.open(&sealed, &mut rng).unwrap()[..104], data);
    assert_eq!(
        key.public().seal(&[0; 145], &mut rng),
        Err(TooLong { len: 145, max: 144 })
    );

    let mut forged = vec![
        vec![],
        vec![0; 255],
        vec![0; 256],
        vec![0; 257],
        vec![0xff; 256],
    ];
    forged.push(key.public().modulus().to_vec());
    for at in [0, 100, 255] {
        let mut changed = sealed;
        changed[at] ^= 1;
        forged.push(changed.to_vec());
    }
    // What was encrypted for another server.
    forged.push(
        PublicKey::telegram_test()
            .seal(&data, &mut rng)
            .unwrap()
            .to_vec(),
    );
    let old = key.public().seal_legacy(&data, &mut rng).unwrap();
    forged.push(old.to_vec());
    for forged in &forged {
        assert_eq!(key.open(forged, &mut rng).unwrap_err(), DecryptError);
    }
    forged.pop();

    // A server that accepts the old form accepts both, and the rest as little.
    let lengths = [96, 100, 104];
    let open = |sealed: &[u8]| key.open_with_legacy(sealed, &lengths, &mut SystemRandom::new());
    for forged in &forged {
        assert_eq!(open(forged).unwrap_err(), DecryptError);
    }
    assert!(matches!(open(&old), Ok(Opened::Legacy(found)) if found[..] == data));
    assert!(matches!(open(&sealed), Ok(Opened::Pad(found)) if found[..104] == data));
    let other = key.public().seal_legacy(&[7; 101], &mut rng).unwrap();
    assert_eq!(open(&other).unwrap_err(), DecryptError);
    assert_eq!(
        key.public().seal_legacy(&[0; 236], &mut rng),
        Err(TooLong { len: 236, max: 235 })
    );
}

#[test]
fn what_cannot_be_sealed_is_refused() {
    let key = AuthKey::new([1; AuthKey::LEN]);
    let direction = Direction::FromClient;
    for len in [0, 23, 24, 25, 39, 41] {
        let mut packet = vec![9; len];
        let refused = packet::seal(&key, direction, &mut packet);
        assert_eq!(
            refused,
            Err(SealError::Blocks {
                len: len.saturating_sub(24)
            })
        );
        assert_eq!(packet, vec![9; len]);
    }
    let header = Header {
        salt: 1,
        session_id: 2,
        msg_id: 4,
        seq_no: 5,
    };
    let mut out = vec![1, 2, 3];
    for len in [1, 2, 3, 5] {
        let body = vec![0; len];
        let padding = Padding::Shortest;
        let rng = &mut SystemRandom::new();
        let refused = packet::seal_message(&key, direction, &header, &body, padding, rng, &mut out);
        assert_eq!(refused, Err(SealError::Body { len }));
    }
    assert_eq!(out, [1, 2, 3]);
}

#[test]
fn paddings_are_within_the_bounds_of_the_protocol() {
    for len in (32..8000).step_by(4) {
        for padding in [Padding::Shortest, Padding::Buckets] {
            let bytes = padding.len_for(len);
            assert!(
                (MIN_PADDING..=MAX_PADDING).contains(&bytes),
                "{padding:?} {len}"
            );
            assert!((len + bytes).is_multiple_of(16));
        }
        assert!(Padding::Shortest.len_for(len) < 28);
    }
    let sizes = [64, 128, 192, 256, 384, 512, 768, 1024, 1280, 1728, 2176];
    for size in sizes {
        assert_eq!(size - 12 + Padding::Buckets.len_for(size - 12), size);
    }
}

#[test]
fn k10_random_bytes_are_never_given_twice() {
    use rand_core::Rng;

    let mut rng = SystemRandom::new();
    let mut seen = std::collections::HashSet::new();
    for len in [16, 300, 511, 512, 513, 2000, 100, 400, 16, 64] {
        let mut bytes = vec![0; len];
        rng.fill_bytes(&mut bytes);
        for piece in bytes.as_chunks::<16>().0 {
            assert!(seen.insert(*piece), "drawn before");
        }
    }
    assert_ne!(rng.next_u64(), rng.next_u64());
    assert_eq!(format!("{rng:?}"), "SystemRandom");
}

#[test]
#[should_panic(expected = "no random source")]
fn k10_nothing_is_sealed_without_randomness() {
    struct Broken;
    impl rand_core::TryRng for Broken {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            panic!("no random source")
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            panic!("no random source")
        }

        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
            panic!("no random source")
        }
    }
    impl rand_core::TryCryptoRng for Broken {}

    let header = Header {
        salt: 1,
        session_id: 2,
        msg_id: 4,
        seq_no: 5,
    };
    let key = AuthKey::new([1; AuthKey::LEN]);
    let padding = Padding::Shortest;
    let out = &mut Vec::new();
    let _ = packet::seal_message(
        &key,
        Direction::FromClient,
        &header,
        &[],
        padding,
        &mut Broken,
        out,
    );
}

#[test]
fn m2_any_changed_bit_is_noticed() {
    let key = AuthKey::new(core::array::from_fn(|i| i.to_le_bytes()[0]));
    let mut sealed = vec![5; 24 + 64];
    packet::seal(&key, Direction::FromServer, &mut sealed).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let opened = packet::open(&key, Direction::FromServer, &mut changed);
        assert_eq!(opened.unwrap_err(), DecryptError, "{bit}");
    }
    // M14: nor is a packet accepted that goes the other way, nor one cut or lengthened.
    assert!(packet::open(&key, Direction::FromClient, &mut sealed.clone()).is_err());
    assert!(packet::open(&key, Direction::FromServer, &mut sealed[..72].to_vec()).is_err());
    sealed.extend([0; 16]);
    assert!(packet::open(&key, Direction::FromServer, &mut sealed).is_err());
}
