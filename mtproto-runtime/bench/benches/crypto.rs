//! Encryption beside grammers-crypto and the `ige` crate.
//!
//! `cargo xtask bench mtproto-runtime -- ige` runs the groups whose names begin with `ige`.

use ige::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use mtproto_bench::{Group, median, thread_time};
use mtproto_runtime::crypto::packet::{self, Header, Padding};
use mtproto_runtime::crypto::{AuthKey, Direction, ige as ours, pq, random::SystemRandom};

fn main() {
    // cargo passes --bench
    let filter = std::env::args()
        .skip(1)
        .find(|a| !a.starts_with('-'))
        .unwrap_or_default();
    let groups: [(&str, fn()); 5] = [
        ("ige", ige_one_message),
        ("batch", ige_batches),
        ("packet", packets),
        ("pq", factoring),
        ("power", powers),
    ];
    for (name, run) in groups {
        if name.starts_with(&filter) {
            run();
        }
    }
}

const KEY: [u8; 32] = *b"an AES-256 key of 32 letters....";
const IV: [u8; 32] = *b"initialisation vector, 32 bytes.";

/// The serial limit: 14 rounds of AES a block, each waiting for the last, and nothing else.
#[cfg(target_arch = "x86_64")]
fn chain_limit(blocks: usize) -> u8 {
    use core::arch::x86_64::{
        __m128i, _mm_aesenc_si128, _mm_cvtsi128_si32, _mm_set1_epi8, _mm_setzero_si128,
    };
    #[target_feature(enable = "aes")]
    fn inner(blocks: usize) -> u8 {
        let keys: [__m128i; 14] = core::array::from_fn(|i| _mm_set1_epi8(i as i8));
        let mut state = _mm_setzero_si128();
        for _ in 0..blocks {
            for key in core::hint::black_box(&keys) {
                state = _mm_aesenc_si128(state, *key);
            }
        }
        _mm_cvtsi128_si32(state) as u8
    }
    assert!(is_x86_feature_detected!("aes"));
    // SAFETY: the CPU has been asked.
    unsafe { inner(blocks) }
}

#[cfg(not(target_arch = "x86_64"))]
fn chain_limit(_: usize) -> u8 {
    0
}

fn ige_one_message() {
    for len in [64, 1024, 64 * 1024] {
        let key = ours::Key::new(KEY, IV);
        let buffer = || vec![0x5a_u8; len];
        let (mut a, mut b, mut c, mut d, mut e, mut f) =
            (buffer(), buffer(), buffer(), buffer(), buffer(), buffer());
        Group::new(format!(
            "ige, one message of {len} bytes (first line: the serial limit)"
        ))
        .entry("bare aesenc chain", len, || chain_limit(len / 16))
        .entry("encrypt", len, || ours::encrypt(&key, a.as_chunks_mut().0))
        .entry("decrypt", len, || ours::decrypt(&key, b.as_chunks_mut().0))
        .entry("grammers-crypto encrypt", len, || {
            grammers_crypto::aes::ige_encrypt(&mut c, &KEY, &IV);
        })
        .entry("grammers-crypto decrypt", len, || {
            grammers_crypto::aes::ige_decrypt(&mut d, &KEY, &IV);
        })
        .entry("ige crate encrypt", len, || {
            let blocks = Array::cast_slice_from_core_mut(e.as_chunks_mut().0);
            ige::Encryptor::<aes::Aes256Enc>::new(&KEY.into(), &IV.into()).encrypt_blocks(blocks);
        })
        .entry("ige crate decrypt", len, || {
            let blocks = Array::cast_slice_from_core_mut(f.as_chunks_mut().0);
            ige::Decryptor::<aes::Aes256Dec>::new(&KEY.into(), &IV.into()).decrypt_blocks(blocks);
        })
        .run();
    }
}

fn ige_batches() {
    for len in [1024, 16 * 1024] {
        let mut group = Group::new(format!("batch of messages of {len} bytes, bytes of all"));
        let mut one = vec![0x5a_u8; len];
        let key = ours::Key::new(KEY, IV);
        group = group.entry("one message", len, move || {
            ours::encrypt(&key, one.as_chunks_mut().0)
        });
        for count in [4, 8, 16, 32] {
            for (name, run) in ours::encrypt_batch_kernels() {
                let keys: Vec<_> = (0..count).map(|i| ours::Key::new([i; 32], IV)).collect();
                let mut data: Vec<_> = keys.iter().map(|_| vec![[0x5a_u8; 16]; len / 16]).collect();
                group = group.entry(
                    format!("{count} messages, {name}"),
                    len * keys.len(),
                    move || {
                        let mut batch: Vec<_> = keys
                            .iter()
                            .zip(&mut data)
                            .map(|(key, data)| ours::Message { key, data })
                            .collect();
                        run(&mut batch);
                    },
                );
            }
        }
        let key = ours::Key::new(KEY, IV);
        for count in [4, 8] {
            let mut data: Vec<_> = (0..count).map(|_| vec![[0x5a_u8; 16]; len / 16]).collect();
            let key = key.clone();
            group = group.entry(
                format!("{count} messages, decrypt_batch"),
                len * count,
                move || {
                    let mut batch: Vec<_> = data
                        .iter_mut()
                        .map(|data| ours::Message { key: &key, data })
                        .collect();
                    ours::decrypt_batch(&mut batch);
                },
            );
        }
        group.run();
    }
}

fn packets() {
    let bytes: [u8; 256] = core::array::from_fn(|i| i as u8);
    let key = AuthKey::new(bytes);
    let peer_key = grammers_crypto::AuthKey::from_bytes(bytes);
    for len in [64, 1024, 64 * 1024] {
        let header = Header {
            salt: 1,
            session_id: 2,
            msg_id: 4,
            seq_no: 5,
        };
        let body = vec![0x5a_u8; len - 32];
        let mut rng = SystemRandom::new();
        let mut out = Vec::new();

        let mut peer_plain = vec![0; 32];
        peer_plain.extend_from_slice(&body);

        let mut buffer = grammers_crypto::DequeBuffer::with_capacity(len + 32, 24);
        let mut sealed = Vec::new();
        let from = Direction::FromServer;
        packet::seal_message(
            &key,
            from,
            &header,
            &body,
            Padding::Shortest,
            &mut rng,
            &mut sealed,
        )
        .unwrap();
        let (mut ours, mut theirs) = (sealed.clone(), sealed.clone());

        Group::new(format!("packet of {len} bytes, encrypt"))
            .entry("grammers-crypto", len, || {
                buffer.clear();
                buffer.extend(peer_plain.iter().copied());
                grammers_crypto::encrypt_data_v2(&mut buffer, &peer_key);
            })
            .entry("seal_message", len, || {
                out.clear();
                let from = Direction::FromClient;
                let padding = Padding::Shortest;
                packet::seal_message(&key, from, &header, &body, padding, &mut rng, &mut out)
            })
            .run();
        Group::new(format!("packet of {len} bytes, decrypt and verify"))
            .entry("grammers-crypto", len, || {
                theirs.copy_from_slice(&sealed);
                grammers_crypto::decrypt_data_v2(&mut theirs, &peer_key)
                    .unwrap()
                    .len()
            })
            .entry("open", len, || {
                ours.copy_from_slice(&sealed);
                packet::open(&key, from, &mut ours).unwrap().bytes().len()
            })
            .run();
    }
}

/// 200 products of two primes of 31 bits, by a fixed rule.
fn semiprimes() -> Vec<u64> {
    let mut seed = 1_u64;
    let mut prime = || loop {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let candidate = (seed >> 33) | 1 << 30 | 1;
        if (3..)
            .step_by(2)
            .take_while(|d| d * d <= candidate)
            .all(|d| candidate % d != 0)
        {
            return candidate;
        }
    };
    (0..200).map(|_| prime() * prime()).collect()
}

fn factoring() {
    let numbers = semiprimes();
    let mut times = [Vec::new(), Vec::new()];
    for pq in &numbers {
        let start = thread_time();
        let ours = pq::split(*pq).unwrap();
        let middle = thread_time();
        let theirs = grammers_crypto::factorize(*pq);
        let end = thread_time();
        assert_eq!((ours.p, ours.q), theirs);
        times[0].push(middle - start);
        times[1].push(end - middle);
    }
    let [ours, theirs] = times.map(|t| {
        let max = t.iter().copied().fold(0.0, f64::max);
        (
            median(t.clone()),
            t.iter().sum::<f64>() / t.len() as f64,
            max,
        )
    });
    println!("pq: 200 products of two 31-bit primes, microseconds");
    for (name, (median, mean, max)) in [("grammers-crypto", theirs), ("split", ours)] {
        let us = |t: f64| t / 1e3;
        println!(
            "  {name:<20} median {:8.1}  mean {:8.1}  max {:8.1}  {:6.2} x (median)",
            us(median),
            us(mean),
            us(max),
            theirs.0 / median
        );
    }
    println!();
}

/// What the key exchange and the second password do with their secrets: 2048 bits everywhere.
fn powers() {
    use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
    use crypto_bigint::{Odd, U2048};

    let prime = concat!(
        "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530",
        "f4dbfa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf",
        "8c595f642477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e1627",
        "53b56b0f6b410dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff",
        "9ca3928fef5b9ae4e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b1",
        "05ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b"
    );
    let bytes = |seed: u8| -> Vec<u8> {
        (0..256_u32).map(|i| (i * 89 + 41) as u8 ^ seed).map(|b| b | 0x40).collect()
    };
    let params = FixedMontyParams::new_vartime(Odd::<U2048>::from_be_hex(prime));
    let base = FixedMontyForm::new(&U2048::from_be_slice(&bytes(1)), &params);
    let exponent = U2048::from_be_slice(&bytes(2));

    let big = |bytes: &[u8]| num_bigint::BigUint::from_bytes_be(bytes);
    let (base_nb, exponent_nb) = (big(&bytes(1)), big(&bytes(2)));
    let prime_nb = num_bigint::BigUint::parse_bytes(prime.as_bytes(), 16).unwrap();

    Group::new("power, 2048 bits")
        .entry("num-bigint modpow", 0, || base_nb.modpow(&exponent_nb, &prime_nb))
        .entry("crypto-bigint pow (constant time)", 0, || base.pow(&exponent))
        .entry("crypto-bigint pow_amm (constant t.)", 0, || base.pow_amm(&exponent))
        .entry("crypto-bigint pow_vartime", 0, || base.pow_vartime(&exponent))
        .run();
}
