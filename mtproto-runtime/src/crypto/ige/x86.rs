//! IGE over the AES instructions of x86-64: one message, or up to eight side by side.
//!
//! **The chain.** Order does not matter in a ⊕-sum of round key and block, so that everything IGE
//! mixes in between two blocks can be folded into the last round key of the first:
//!
//! ```text
//! state(i+1) = aesenclast(s, k14 ⊕ in(i−1) ⊕ in(i+1) ⊕ k0)    on the chain
//! out(i)     = aesenclast(s, k14 ⊕ in(i−1))                   beside it
//! ```
//!
//! where s is the state after 13 rounds. Between one block and the next stand the 14 rounds and
//! nothing else, and no arrangement of one message does with less.
//!
//! **Unsafe code.** The compiler does not check two things here. Calls of functions that need CPU
//! features: each is made behind [`available`], which asks for every feature this file enables.
//! And reads and writes by address: [`load`] and [`store`] take references to exactly the 16 bytes
//! they touch and make no demand on alignment; [`run`] indexes by counters below a length it has
//! checked.
#![allow(unsafe_code)]

use core::arch::x86_64::{
    __m128i, _mm_aesdec_si128, _mm_aesdeclast_si128, _mm_aesenc_si128, _mm_aesenclast_si128,
    _mm_aesimc_si128, _mm_aeskeygenassist_si128, _mm_loadu_si128, _mm_setzero_si128,
    _mm_shuffle_epi32, _mm_slli_si128, _mm_storeu_si128, _mm_xor_si128,
};

use zeroize::Zeroize;

use super::{Block, Key};

/// Most messages side by side: more do not fit in the registers.
pub(super) const MAX_LANES: usize = 8;

/// Whether this CPU has the features that this file enables.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("aes")
}

/// One message on its way: round keys, and what the next block is mixed with.
pub(super) struct Lane {
    pub(super) keys: [__m128i; 15],
    /// out(i−1) ⊕ k0
    pub(super) state: __m128i,
    /// in(i−1)
    pub(super) input: __m128i,
}

impl Lane {
    /// # Safety
    /// [`available`] has said yes.
    pub(super) unsafe fn new<const ENC: bool>(key: &Key) -> Self {
        let mut lane = Self::idle();
        // SAFETY: the caller's promise.
        unsafe { lane.start::<ENC>(key) };
        lane
    }

    /// A lane without a message.
    pub(super) fn idle() -> Self {
        // SAFETY: numbers, for which zero is a value.
        unsafe { core::mem::zeroed() }
    }

    /// Begins a message.
    ///
    /// # Safety
    /// [`available`] has said yes.
    pub(super) unsafe fn start<const ENC: bool>(&mut self, key: &Key) {
        // SAFETY: the caller's promise.
        unsafe { start::<ENC>(self, key) }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.keys.zeroize();
        self.state.zeroize();
        self.input.zeroize();
    }
}

/// Takes `N` messages `blocks` blocks further.
///
/// # Panics
/// If one of them is shorter.
///
/// # Safety
/// [`available`] has said yes.
pub(super) unsafe fn run<const ENC: bool, const N: usize>(
    lanes: &mut [Lane; N],
    data: &mut [&mut [Block]; N],
    blocks: usize,
) {
    // SAFETY: the caller's promise.
    unsafe { chains::<ENC, N>(lanes, data, blocks) }
}

#[target_feature(enable = "aes")]
fn chains<const ENC: bool, const N: usize>(
    lanes: &mut [Lane; N],
    data: &mut [&mut [Block]; N],
    blocks: usize,
) {
    assert!(data.iter().all(|d| d.len() >= blocks));
    if blocks == 0 {
        return;
    }
    // SAFETY: called with i < blocks and j < N only, and the lengths have been compared above.
    let at = |data: &[&mut [Block]; N], j: usize, i: usize| {
        load(unsafe { data.get_unchecked(j).get_unchecked(i) })
    };
    let mut state: [__m128i; N] = core::array::from_fn(|j| xor(lanes[j].state, at(data, j, 0)));
    let mut input: [__m128i; N] = core::array::from_fn(|j| lanes[j].input);
    for i in 0..blocks {
        for round in 1..14 {
            for j in 0..N {
                state[j] = middle::<ENC>(state[j], lanes[j].keys[round]);
            }
        }
        // After the last block there is none to fold in: take it again, and out again below.
        let next = (i + 1).min(blocks - 1);
        for j in 0..N {
            let keys = &lanes[j].keys;
            let out = xor(input[j], keys[14]);
            let folded = xor(xor(out, keys[0]), at(data, j, next));
            let output = last::<ENC>(state[j], out);
            state[j] = last::<ENC>(state[j], folded);
            input[j] = at(data, j, i);
            // SAFETY: as above.
            store(
                unsafe { data.get_unchecked_mut(j).get_unchecked_mut(i) },
                output,
            );
        }
    }
    for j in 0..N {
        lanes[j].state = xor(state[j], input[j]);
        lanes[j].input = input[j];
    }
}

#[target_feature(enable = "aes")]
fn start<const ENC: bool>(lane: &mut Lane, key: &Key) {
    let (halves, _) = key.iv.as_chunks::<16>();
    let (output, input) = match ENC {
        true => (&halves[0], &halves[1]),
        false => (&halves[1], &halves[0]),
    };
    lane.keys = match ENC {
        true => expand(&key.key),
        false => invert(expand(&key.key)),
    };
    lane.state = xor(load(output), lane.keys[0]);
    lane.input = load(input);
}

#[inline]
#[target_feature(enable = "aes")]
pub(super) fn middle<const ENC: bool>(state: __m128i, key: __m128i) -> __m128i {
    if ENC {
        _mm_aesenc_si128(state, key)
    } else {
        _mm_aesdec_si128(state, key)
    }
}

#[inline]
#[target_feature(enable = "aes")]
pub(super) fn last<const ENC: bool>(state: __m128i, key: __m128i) -> __m128i {
    if ENC {
        _mm_aesenclast_si128(state, key)
    } else {
        _mm_aesdeclast_si128(state, key)
    }
}

/// The key schedule of AES-256.
#[inline]
#[target_feature(enable = "aes")]
fn expand(key: &[u8; 32]) -> [__m128i; 15] {
    let (halves, _) = key.as_chunks::<16>();
    let mut keys = [_mm_setzero_si128(); 15];
    keys[0] = load(&halves[0]);
    keys[1] = load(&halves[1]);
    // The round constant must be known when compiling.
    macro_rules! next {
        ($i:literal, $constant:literal, $word:literal) => {
            let word = _mm_aeskeygenassist_si128::<$constant>(keys[$i - 1]);
            keys[$i] = xor(running_sum(keys[$i - 2]), _mm_shuffle_epi32::<$word>(word));
        };
    }
    next!(2, 0x01, 0xff);
    next!(3, 0x00, 0xaa);
    next!(4, 0x02, 0xff);
    next!(5, 0x00, 0xaa);
    next!(6, 0x04, 0xff);
    next!(7, 0x00, 0xaa);
    next!(8, 0x08, 0xff);
    next!(9, 0x00, 0xaa);
    next!(10, 0x10, 0xff);
    next!(11, 0x00, 0xaa);
    next!(12, 0x20, 0xff);
    next!(13, 0x00, 0xaa);
    next!(14, 0x40, 0xff);
    keys
}

/// Each 32-bit word becomes the sum of itself and those before it.
#[inline]
#[target_feature(enable = "sse2")]
fn running_sum(key: __m128i) -> __m128i {
    let key = xor(key, _mm_slli_si128::<4>(key));
    xor(key, _mm_slli_si128::<8>(key))
}

/// The schedule of the inverse cipher.
#[inline]
#[target_feature(enable = "aes")]
fn invert(keys: [__m128i; 15]) -> [__m128i; 15] {
    let mut inverse = keys;
    for i in 0..15 {
        inverse[i] = match i {
            0 | 14 => keys[14 - i],
            _ => _mm_aesimc_si128(keys[14 - i]),
        };
    }
    inverse
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn xor(a: __m128i, b: __m128i) -> __m128i {
    _mm_xor_si128(a, b)
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn load(block: &Block) -> __m128i {
    // SAFETY: the reference is valid for 16 bytes, and the address need not be aligned.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn store(block: &mut Block, value: __m128i) {
    // SAFETY: the reference is valid for 16 bytes, and the address need not be aligned.
    unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), value) }
}
