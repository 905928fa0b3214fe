//! Decrypting and hashing in one pass.
//!
//! A chain of AES leaves the CPU idle most of the time, because each round waits for the one
//! before. SHA-256 of what has just been decrypted fits into the gaps: while four blocks of AES are
//! on their way, the 64 bytes before them are compressed, a quarter at a time.
//!
//! **Unsafe code.** As in [`super::x86`]: the functions here that need CPU features are called
//! behind [`available`], which asks for every feature this file enables.
#![allow(unsafe_code)]

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_loadu_si128, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32,
};

use zeroize::Zeroize;

use super::x86::{self, Lane, load, store};
use super::{Block, DECRYPT, Key};

/// Whether this CPU has the features that this file enables.
pub(super) fn available() -> bool {
    x86::available()
        && is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("sse4.1")
        && is_x86_feature_detected!("ssse3")
}

/// Decrypts `data` and returns the SHA-256 of `prefix` followed by the plaintext.
///
/// # Safety
/// [`available`] has said yes.
pub(super) unsafe fn decrypt_and_hash(
    key: &Key,
    prefix: &[u8; 32],
    data: &mut [Block],
) -> [u8; 32] {
    // SAFETY: the caller's promise.
    unsafe { one_pass(&mut Lane::new::<DECRYPT>(key), prefix, data) }
}

/// The SHA-256 of two messages of one block each, padding included, side by side: one alone waits
/// for itself most of the time.
///
/// # Safety
/// [`available`] has said yes.
pub(super) unsafe fn hash_two_blocks(blocks: &[[u8; 64]; 2]) -> [[u8; 32]; 2] {
    // SAFETY: the caller's promise.
    unsafe { two_blocks(blocks) }
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn two_blocks([first, second]: &[[u8; 64]; 2]) -> [[u8; 32]; 2] {
    let start = Sha256::new();
    let (mut one, mut two) = (start, start);
    let (mut schedule_one, mut schedule_two) = (words(parts(first)), words(parts(second)));
    for quarter in 0..4 {
        one.sixteen_rounds(quarter, &mut schedule_one);
        two.sixteen_rounds(quarter, &mut schedule_two);
    }
    one.add(start);
    two.add(start);
    [one.bytes(), two.bytes()]
}

#[inline]
#[target_feature(enable = "sse2")]
fn parts(block: &[u8; 64]) -> [__m128i; 4] {
    let (parts, _) = block.as_chunks::<16>();
    [
        load(&parts[0]),
        load(&parts[1]),
        load(&parts[2]),
        load(&parts[3]),
    ]
}

#[target_feature(enable = "aes,sha,sse4.1,ssse3")]
fn one_pass(lane: &mut Lane, prefix: &[u8; 32], data: &mut [Block]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let bits = 8 * (size_of_val(prefix) + size_of_val(data)) as u64;
    // What is left when only whole blocks of the hash have been taken: 48 bytes at most, which
    // leaves room for the padding.
    let mut tail = [0; 64];
    let mut len = 0;
    let (start, rest) = data.split_at_mut(data.len().min(2));
    let (groups, rest) = rest.as_chunks_mut::<4>();

    let rest = if let [first, second] = start {
        // The prefix is half a block of the hash.
        let (halves, _) = prefix.as_chunks::<16>();
        let mut block = [
            load(&halves[0]),
            load(&halves[1]),
            lane.decrypt(first),
            lane.decrypt(second),
        ];
        for group in groups {
            let mut schedule = words(block);
            let before = hash;
            for quarter in 0..4 {
                block[quarter] = lane.decrypt(&mut group[quarter]);
                hash.sixteen_rounds(quarter, &mut schedule);
            }
            hash.add(before);
        }
        hash.compress(block);
        rest
    } else {
        tail[..32].copy_from_slice(prefix);
        len = 32;
        start
    };
    for block in rest {
        lane.decrypt(block);
        tail[len..len + 16].copy_from_slice(block);
        len += 16;
    }
    tail[len] = 0x80;
    tail[56..].copy_from_slice(&bits.to_be_bytes());
    hash.compress(parts(&tail));
    tail.zeroize();
    hash.bytes()
}

impl Lane {
    /// The next block; in a chain of its own, so that the state is one ⊕ further from the next
    /// block than in [`super::x86::run`].
    #[inline]
    #[target_feature(enable = "aes")]
    fn decrypt(&mut self, block: &mut Block) -> __m128i {
        use x86::{last, middle, xor};

        let input = load(block);
        let mut state = xor(self.state, input);
        for round in 1..14 {
            state = middle::<DECRYPT>(state, self.keys[round]);
        }
        let out = xor(self.keys[14], self.input);
        self.state = last::<DECRYPT>(state, xor(out, self.keys[0]));
        self.input = input;
        let output = last::<DECRYPT>(state, out);
        store(block, output);
        output
    }
}

/// The state of SHA-256 as its instructions want it: words a b e f, and c d g h.
#[derive(Clone, Copy)]
struct Sha256 {
    abef: __m128i,
    cdgh: __m128i,
}

impl Sha256 {
    #[target_feature(enable = "sse2")]
    fn new() -> Self {
        Self {
            abef: _mm_set_epi64x(0x6a09_e667_bb67_ae85, 0x510e_527f_9b05_688c),
            cdgh: _mm_set_epi64x(0x3c6e_f372_a54f_f53a, 0x1f83_d9ab_5be0_cd19),
        }
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn compress(&mut self, block: [__m128i; 4]) {
        let before = *self;
        let mut schedule = words(block);
        for quarter in 0..4 {
            self.sixteen_rounds(quarter, &mut schedule);
        }
        self.add(before);
    }

    /// A quarter of the compression; after the first, `schedule` is what the quarter before left.
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn sixteen_rounds(&mut self, quarter: usize, schedule: &mut [__m128i; 4]) {
        for i in 0..4 {
            if quarter > 0 {
                let [w0, w1, w2, w3] = core::array::from_fn(|k| schedule[(i + k) % 4]);
                let sum = _mm_sha256msg1_epu32(w0, w1);
                let sum = _mm_add_epi32(sum, _mm_alignr_epi8::<4>(w3, w2));
                schedule[i] = _mm_sha256msg2_epu32(sum, w3);
            }
            let words = _mm_add_epi32(schedule[i], constants(quarter * 4 + i));
            self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, words);
            let words = _mm_shuffle_epi32::<0x0e>(words);
            self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, words);
        }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn add(&mut self, before: Self) {
        self.abef = _mm_add_epi32(self.abef, before.abef);
        self.cdgh = _mm_add_epi32(self.cdgh, before.cdgh);
    }

    #[target_feature(enable = "sse4.1,ssse3")]
    fn bytes(self) -> [u8; 32] {
        let feba = _mm_shuffle_epi32::<0x1b>(self.abef);
        let dchg = _mm_shuffle_epi32::<0xb1>(self.cdgh);
        let mut bytes = [0; 32];
        let (halves, _) = bytes.as_chunks_mut::<16>();
        store(
            &mut halves[0],
            big_endian(_mm_blend_epi16::<0xf0>(feba, dchg)),
        );
        store(&mut halves[1], big_endian(_mm_alignr_epi8::<8>(dchg, feba)));
        bytes
    }
}

/// A block as the sixteen words that it is.
#[inline]
#[target_feature(enable = "ssse3")]
fn words([a, b, c, d]: [__m128i; 4]) -> [__m128i; 4] {
    [big_endian(a), big_endian(b), big_endian(c), big_endian(d)]
}

/// Swaps the bytes of each word.
#[inline]
#[target_feature(enable = "ssse3")]
fn big_endian(words: __m128i) -> __m128i {
    _mm_shuffle_epi8(
        words,
        _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203),
    )
}

/// The constants of four rounds.
#[inline]
#[target_feature(enable = "sse2")]
fn constants(four_rounds: usize) -> __m128i {
    let four: &[u32; 4] = &K[four_rounds];
    // SAFETY: the reference is valid for 16 bytes, and the address need not be aligned.
    unsafe { _mm_loadu_si128(four.as_ptr().cast()) }
}

/// Cube roots of the first 64 primes, 32 bits of the fraction.
#[rustfmt::skip]
const K: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];
