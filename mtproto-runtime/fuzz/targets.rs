//! What each fuzz target does with its input; it panics if a promise is broken.
//!
//! cargo-fuzz and the ordinary test `fuzz_inputs` share this file.

use mtproto_runtime::crypto::binding;
use mtproto_runtime::crypto::dh::{Group, KnownPrimes, TELEGRAM_PRIME};
use mtproto_runtime::crypto::packet::{self, HEADER_LEN, MAX_PADDING, MIN_PADDING, PREFIX_LEN};
use mtproto_runtime::crypto::rsa::{PrivateKey, PublicKey};
use mtproto_runtime::crypto::{AuthKey, Direction, exchange, kdf, pq};
use mtproto_runtime::transport::{
    Decoder, Detected, Detector, DetectorConfig, Error, Frame, Framing, ProxySecret, Transport,
};

/// Strangers' bytes are refused; what the holder of the key made is opened, and its lengths are
/// within bounds or refused.
pub(crate) fn packet(bytes: &[u8]) {
    let key = AuthKey::new([7; AuthKey::LEN]);
    let direction = Direction::FromServer;
    let mut strange = bytes.to_vec();
    if let Some(id) = strange.first_chunk_mut() {
        *id = key.id().to_le_bytes();
    }
    assert!(packet::open(&key, direction, &mut strange).is_err());
    assert!(binding::open(&key, bytes).is_err());
    let exchange_key = kdf::exchange_key(&[1; 32], &[2; 16]);
    assert!(exchange::open(&exchange_key, &mut bytes.to_vec()).is_err());

    let mut sealed = vec![0; PREFIX_LEN];
    sealed.extend_from_slice(bytes);
    let whole = PREFIX_LEN + bytes.len() / 16 * 16;
    sealed.truncate(whole);
    if packet::seal(&key, direction, &mut sealed).is_err() {
        assert!(bytes.len() < 16);
        return;
    }
    let plaintext = packet::open(&key, direction, &mut sealed).expect("it is sealed");
    assert_eq!(plaintext.bytes(), &bytes[..whole - PREFIX_LEN]);
    if let Ok(message) = plaintext.message() {
        let padding = plaintext.bytes().len() - HEADER_LEN - message.body.len();
        assert!((MIN_PADDING..=MAX_PADDING).contains(&padding));
        assert!(message.body.len().is_multiple_of(4));
    }

    let object = &bytes[..bytes.len() / 4 * 4];
    if !object.is_empty() {
        let mut sealed = exchange::seal(&exchange_key, object, &mut Zeros);
        assert_eq!(exchange::open(&exchange_key, &mut sealed), Ok(object));
    }
}

/// However the bytes are cut, the same frames come out, none longer than allowed.
pub(crate) fn transport(bytes: &[u8]) {
    const MAX_PACKET: usize = 4096;

    let Some((&[choice, cut], bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let cut = usize::from(cut) + 1;
    if choice & 0x80 == 0 {
        let framings = [
            Framing::Abridged,
            Framing::Intermediate,
            Framing::PaddedIntermediate,
            Framing::Full,
        ];
        let framing = framings[usize::from(choice) % framings.len()];
        let decoder = Transport::client(framing)
            .with_max_packet(MAX_PACKET)
            .decoder;
        let whole = frames(decoder.clone(), bytes, bytes.len().max(1));
        assert_eq!(frames(decoder, bytes, cut), whole);
    } else {
        let secrets = match choice & 1 {
            0 => Vec::new(),
            _ => vec![ProxySecret::new([3; 16])],
        };
        let config = DetectorConfig {
            secrets,
            max_packet: MAX_PACKET,
        };
        let detector = Detector::new(config);
        let whole = detect(detector.clone(), bytes, bytes.len().max(1));
        assert_eq!(detect(detector, bytes, cut), whole);
    }

    #[derive(Debug, PartialEq)]
    enum Got {
        Packet(Vec<u8>, bool),
        Other(String),
    }

    fn frames(mut decoder: Decoder, bytes: &[u8], cut: usize) -> (Vec<Got>, Option<Error>) {
        let mut got = Vec::new();
        for mut piece in bytes.chunks(cut) {
            loop {
                match decoder.decode(&mut piece) {
                    Ok(None) => break assert!(piece.is_empty()),
                    Ok(Some(Frame::Packet { packet, quick_ack })) => {
                        assert!(packet.len() <= MAX_PACKET + 15);
                        got.push(Got::Packet(packet.to_vec(), quick_ack));
                    }
                    Ok(Some(frame)) => got.push(Got::Other(format!("{frame:?}"))),
                    Err(error) => return (got, Some(error)),
                }
            }
        }
        (got, None)
    }

    type Found = Result<(String, Vec<Got>, Option<Error>), Error>;

    fn detect(mut detector: Detector, bytes: &[u8], cut: usize) -> Found {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (mut piece, after) = rest.split_at(cut.min(rest.len()));
            let before = piece.len();
            match detector.detect(&mut piece)? {
                None => rest = after,
                Some(Detected::Transport(found)) => {
                    rest = &rest[before - piece.len()..];
                    let kind = format!("{found:?}");
                    let (got, error) = frames(found.transport.decoder, rest, cut);
                    return Ok((kind, got, error));
                }
                Some(other) => {
                    assert!(detector.seen().len() <= 8 << 10);
                    return Ok((format!("{other:?} {:?}", detector.seen()), Vec::new(), None));
                }
            }
        }
        Ok((String::from("more"), Vec::new(), None))
    }
}

/// Keys, secrets and numbers of strangers are read or refused, within bounds of time.
pub(crate) fn keys(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = PublicKey::from_pem(text);
        let _ = PrivateKey::from_pem(text);
        let _ = text.parse::<ProxySecret>();
    }
    let _ = ProxySecret::from_bytes(bytes);
    if let Some((number, exponent)) = bytes.split_at_checked(256) {
        let _ = PublicKey::new(number, exponent);
    }
    if let Some(number) = bytes.first_chunk()
        && let Ok(factors) = pq::split(u64::from_be_bytes(*number))
    {
        let product = factors.p.checked_mul(factors.q);
        assert_eq!(product, Some(u64::from_be_bytes(*number)));
        assert!(1 < factors.p && factors.p < factors.q);
    }
    let group = Group::check(&TELEGRAM_PRIME, 3, &mut KnownPrimes::default(), &mut Zeros);
    let group = group.expect("its parameters are good");
    if let Ok(value) = group.public_value(bytes) {
        assert!(value.as_bytes().ends_with(bytes) || bytes.ends_with(value.as_bytes()));
    }
}

/// A random source without randomness.
struct Zeros;

impl rand_core::TryRng for Zeros {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        out.fill(0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Zeros {}
