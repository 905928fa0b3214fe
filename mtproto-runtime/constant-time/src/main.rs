//! Does the time of an operation depend on a secret?
//!
//! `cargo xtask constant-time` runs this under valgrind, whose memcheck follows undefined memory
//! through every calculation and reports each branch and each address that depends on it. Here
//! secrets are marked undefined, so that what is reported is what leaks. The library says where a
//! value stops being secret (its file `crypto/public.rs`), in a build with the switch
//! `constant_time_check`.
//!
//! To show that the method sees something, known leaks stand beside the operations, and each must
//! be reported.

mod valgrind;

use std::hint::black_box;
use std::process::ExitCode;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U2048};
use mtproto_runtime::crypto::binding::{self, Binding};
use mtproto_runtime::crypto::dh::{Group, KnownPrimes, SecretExponent, TELEGRAM_PRIME};
use mtproto_runtime::crypto::rsa::PrivateKey;
use mtproto_runtime::crypto::srp::{self, Challenge, Parameters};
use mtproto_runtime::crypto::{
    AuthKey, Direction, equal, exchange, ige, kdf, packet, random::SystemRandom,
};
use valgrind::{make_public, make_secret};

fn main() -> ExitCode {
    if !valgrind::is_running() {
        eprintln!("error: this must run under valgrind: cargo xtask constant-time");
        return ExitCode::FAILURE;
    }
    let mut failed = false;
    for (name, operation) in OPERATIONS {
        let reports = valgrind::reports_of(*operation);
        println!("{:<52} {reports:>4} reports, wanted none", name);
        failed |= reports > 0;
    }
    for (name, leak) in LEAKS {
        let reports = valgrind::reports_of(*leak);
        println!("{:<52} {reports:>4} reports, wanted some", name);
        failed |= reports == 0;
    }
    match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

type Case = (&'static str, fn());

/// What must not leak.
const OPERATIONS: &[Case] = &[
    ("open a packet", open_packet),
    ("open a packet with a wrong msg_key", open_wrong_packet),
    ("seal a packet", seal_packet),
    ("AES keys of messages and of the key exchange", derive_keys),
    ("compare nonces and hashes", compare),
    ("open an answer of the key exchange", open_answer),
    ("open the binding of a temporary key", open_binding),
    ("secret exponent: public value and shared key", exponent),
    ("RSA_PAD, sealed by the client", seal_rsa),
    ("RSA_PAD, opened by the server", open_rsa),
    ("RSA before 2021, opened by the server", open_rsa_legacy),
    ("SRP, proof of the client", srp_prove),
    ("SRP, check by the server", srp_verify),
];

/// What does leak, and must be seen to.
const LEAKS: &[Case] = &[
    (
        "leak: comparison that stops at the first difference",
        leak_early_exit,
    ),
    (
        "leak: length read before the msg_key is checked",
        leak_parse_first,
    ),
    ("leak: table indexed by a secret", leak_table),
    ("leak: power in variable time", leak_power),
];

const DIRECTION: Direction = Direction::FromServer;

fn key() -> AuthKey {
    AuthKey::new(core::array::from_fn(|i| i as u8))
}

/// A key whose bytes are secret; its id is not.
fn secret_key() -> AuthKey {
    let key = key();
    make_secret(key.expose_bytes());
    key
}

/// A sealed packet of a hundred bytes or so, made while nothing is secret.
fn sealed() -> Vec<u8> {
    let mut sealed = vec![7; packet::PREFIX_LEN + 160];
    packet::seal(&key(), DIRECTION, &mut sealed).unwrap();
    sealed
}

fn open_packet() {
    let key = secret_key();
    assert!(packet::open(&key, DIRECTION, &mut sealed()).is_ok());
}

fn open_wrong_packet() {
    let key = secret_key();
    let mut sealed = sealed();
    sealed[20] ^= 1;
    assert!(packet::open(&key, DIRECTION, &mut sealed).is_err());
}

fn seal_packet() {
    let key = secret_key();
    let mut packet = [7; packet::PREFIX_LEN + 160];
    make_secret(&packet);
    packet::seal(&key, DIRECTION, &mut packet).unwrap();
}

fn derive_keys() {
    let key = secret_key();
    black_box(kdf::message_key(&key, &[1; 16], DIRECTION));
    black_box(kdf::message_key_v1(&key, &[1; 16], DIRECTION));
    let new_nonce = [3; 32];
    make_secret(&new_nonce);
    black_box(kdf::exchange_key(&new_nonce, &[4; 16]));
    black_box(kdf::new_nonce_hash(&new_nonce, &key, kdf::Verdict::Ok));
    black_box(kdf::first_server_salt(&new_nonce, &[4; 16]));
}

fn compare() {
    for difference in [0, 1, 0x80] {
        let (ours, mut theirs) = ([0x5a; 16], [0x5a; 16]);
        theirs[15] ^= difference;
        make_secret(&ours);
        assert_eq!(equal(&ours, &theirs), difference == 0);
        let (ours, theirs) = (key(), key());
        make_secret(ours.expose_bytes());
        black_box(ours == theirs);
    }
}

fn open_answer() {
    let (new_nonce, server_nonce) = ([3; 32], [4; 16]);
    let object = [9; 100];
    let rng = &mut SystemRandom::new();
    let mut sealed = exchange::seal(&kdf::exchange_key(&new_nonce, &server_nonce), &object, rng);
    make_secret(&new_nonce);
    let key = kdf::exchange_key(&new_nonce, &server_nonce);
    assert_eq!(
        exchange::open(&key, &mut sealed).unwrap().len(),
        object.len()
    );
}

fn open_binding() {
    let made = Binding {
        msg_id: 4,
        inner: [8; 40],
    };
    let sealed = binding::seal(&key(), &made, &mut SystemRandom::new());
    assert!(binding::open(&secret_key(), &sealed).is_ok());
}

fn group() -> Group {
    Group::check(
        &TELEGRAM_PRIME,
        3,
        &mut KnownPrimes::default(),
        &mut SystemRandom::new(),
    )
    .unwrap()
}

fn exponent() {
    let group = group();
    let rng = &mut SystemRandom::new();
    let (_, theirs) = SecretExponent::generate(&group, rng);
    let (ours, _) = SecretExponent::generate(&group, &mut Secret(rng));
    black_box(ours.shared_key(&group, &theirs));
}

fn rsa_key() -> PrivateKey {
    let pem = include_str!("../../tests/vectors/test_key.pkcs8.pem");
    PrivateKey::from_pem(pem).unwrap()
}

fn seal_rsa() {
    let data = [6; 104];
    make_secret(&data);
    let rng = &mut SystemRandom::new();
    rsa_key().public().seal(&data, &mut Secret(rng)).unwrap();
}

fn open_rsa() {
    let rng = &mut SystemRandom::new();
    let key = rsa_key();
    let sealed = key.public().seal(&[6; 104], rng).unwrap();
    key.mark_secret(|words| make_secret(words));
    assert!(key.open(&sealed, &mut Secret(rng)).is_ok());
    assert!(key.open(&[1; 256], &mut Secret(rng)).is_err());
}

fn open_rsa_legacy() {
    let rng = &mut SystemRandom::new();
    let key = rsa_key();
    let sealed = key.public().seal_legacy(&[6; 104], rng).unwrap();
    key.mark_secret(|words| make_secret(words));
    assert!(
        key.open_with_legacy(&sealed, &[96, 100, 104], &mut Secret(rng))
            .is_ok()
    );
    assert!(
        key.open_with_legacy(&[1; 256], &[96, 100, 104], &mut Secret(rng))
            .is_err()
    );
}

fn srp_prove() {
    let group = group();
    let parameters = Parameters::new(&group, b"first salt", b"second salt").unwrap();
    let rng = &mut SystemRandom::new();
    let (_, public) = SecretExponent::generate(&group, rng);
    let password = *b"correct horse";
    make_secret(&password);
    let hash = parameters.hash_password(&password);
    srp::prove(&parameters, &hash, public.as_bytes(), &mut Secret(rng)).unwrap();
}

fn srp_verify() {
    let group = group();
    let parameters = Parameters::new(&group, b"first salt", b"second salt").unwrap();
    let rng = &mut SystemRandom::new();
    let (_, verifier) = SecretExponent::generate(&group, rng);
    let (_, answer) = SecretExponent::generate(&group, rng);
    let verifier = *verifier.as_bytes();
    make_secret(&verifier);
    let challenge = Challenge::new(&parameters, &verifier, &mut Secret(rng)).unwrap();
    let proof = srp::Proof {
        a: *answer.as_bytes(),
        m1: [1; 32],
    };
    assert!(challenge.verify(&proof).is_err());
}

fn leak_early_exit() {
    let (ours, theirs) = ([1_u8; 16], [2_u8; 16]);
    make_secret(&ours);
    black_box(ours.iter().zip(black_box(&theirs)).all(|(a, b)| a == b));
}

fn leak_parse_first() {
    let mut sealed = sealed();
    let msg_key = sealed[8..24].try_into().unwrap();
    let aes = kdf::message_key(&secret_key(), &msg_key, DIRECTION);
    let inner = &mut sealed[packet::PREFIX_LEN..];
    ige::decrypt(&aes, inner.as_chunks_mut().0);
    let length = u32::from_le_bytes(inner[28..32].try_into().unwrap());
    black_box(inner[32..].iter().take(length as usize).fold(0, |sum, byte| sum ^ byte));
}

fn leak_table() {
    let table: [u8; 256] = core::array::from_fn(|i| i as u8);
    let secret = black_box([77_u8]);
    make_secret(&secret);
    black_box(black_box(&table)[usize::from(secret[0])]);
}

fn leak_power() {
    let modulus = Odd::new(U2048::from_be_slice(&TELEGRAM_PRIME)).unwrap();
    let params = FixedMontyParams::new_vartime(modulus);
    let exponent = [0x6b; 256];
    make_secret(&exponent);
    let exponent = U2048::from_be_slice(&exponent);
    black_box(FixedMontyForm::new(&U2048::from(3_u32), &params).pow_vartime(&exponent));
}

/// A random source whose bytes are secret.
struct Secret<'a>(&'a mut SystemRandom);

impl rand_core::TryRng for Secret<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.0.try_fill_bytes(out)?;
        make_public(out);
        make_secret(out);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Secret<'_> {}
