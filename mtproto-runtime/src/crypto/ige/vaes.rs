//! Many messages on the wide AES instructions: two of them in a register of 256 bits, four in one
//! of 512, each with its own round keys.
//!
//! The chain is that of [`super::x86`]. What the registers hold is collected from the messages
//! block by block and spread over them again.
//!
//! **Unsafe code.** Calls of functions that need CPU features are made behind the `*_available`
//! functions, which ask for every feature their kernel enables. The kernels read and write blocks
//! through pointers that were taken from the messages' exclusive borrows a few lines above, at
//! indexes below a length that has been compared with theirs. A lane that has no message repeats
//! the first one: it reads the same blocks before they are written and writes the same bytes.
#![allow(unsafe_code)]
#![allow(
    clippy::incompatible_msrv,
    reason = "the build script asks for the version"
)]

use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_loadu_si128, _mm_storeu_si128, _mm256_aesdec_epi128,
    _mm256_aesdeclast_epi128, _mm256_aesenc_epi128, _mm256_aesenclast_epi128,
    _mm256_extracti128_si256, _mm256_set_m128i, _mm256_xor_si256, _mm512_aesdec_epi128,
    _mm512_aesdeclast_epi128, _mm512_aesenc_epi128, _mm512_aesenclast_epi128,
    _mm512_castsi128_si512, _mm512_extracti32x4_epi32, _mm512_inserti32x4, _mm512_xor_si512,
};

use super::Block;
use super::x86::{self, Lane};

/// Most messages side by side.
pub(super) const MAX_LANES: usize = 16;

/// Whether this CPU has the features of [`run_512`].
pub(super) fn available_512() -> bool {
    x86::available() && is_x86_feature_detected!("vaes") && is_x86_feature_detected!("avx512f")
}

/// Whether this CPU has the features of [`run_256`].
pub(super) fn available_256() -> bool {
    x86::available() && is_x86_feature_detected!("vaes") && is_x86_feature_detected!("avx2")
}

macro_rules! kernel {
    (
        $(#[$doc:meta])*
        $name:ident, $features:literal, $vector:ty, $width:literal, $collect:ident, $spread:ident,
        $xor:ident, $enc:ident, $enc_last:ident, $dec:ident, $dec_last:ident
    ) => {
        $(#[$doc])*
        ///
        /// # Panics
        /// If there are more messages than lanes, or one has fewer blocks.
        pub(super) unsafe fn $name<const ENC: bool, const VECTORS: usize>(
            lanes: &mut [Lane],
            data: &mut [&mut [Block]],
            blocks: usize,
        ) {
            #[target_feature(enable = $features)]
            fn inner<const ENC: bool, const VECTORS: usize>(
                lanes: &mut [Lane],
                data: &mut [&mut [Block]],
                blocks: usize,
            ) {
                let count = lanes.len();
                assert!(0 < count && count == data.len() && count <= VECTORS * $width);
                assert!(data.iter().all(|d| d.len() >= blocks));
                if blocks == 0 {
                    return;
                }
                // The message of a lane; lanes without one repeat the first.
                let message = |v: usize, w: usize| match v * $width + w {
                    lane if lane < count => lane,
                    _ => 0,
                };
                let mut keys: [[$vector; 15]; VECTORS] = core::array::from_fn(|v| {
                    core::array::from_fn(|round| {
                        $collect(core::array::from_fn(|w| lanes[message(v, w)].keys[round]))
                    })
                });
                let mut state: [$vector; VECTORS] = core::array::from_fn(|v| {
                    $collect(core::array::from_fn(|w| lanes[message(v, w)].state))
                });
                let mut input: [$vector; VECTORS] = core::array::from_fn(|v| {
                    $collect(core::array::from_fn(|w| lanes[message(v, w)].input))
                });
                let pointers: [[*mut Block; $width]; VECTORS] = core::array::from_fn(|v| {
                    core::array::from_fn(|w| data[message(v, w)].as_mut_ptr())
                });
                let at = |v: usize, i: usize| -> $vector {
                    // SAFETY: i < blocks, and every message has that many.
                    $collect(core::array::from_fn(|w| unsafe {
                        _mm_loadu_si128(pointers[v][w].add(i).cast())
                    }))
                };
                let mut this: [$vector; VECTORS] = core::array::from_fn(|v| at(v, 0));
                for v in 0..VECTORS {
                    state[v] = $xor(state[v], this[v]);
                }
                for i in 0..blocks {
                    for round in 1..14 {
                        for v in 0..VECTORS {
                            let key = keys[v][round];
                            state[v] =
                                if ENC { $enc(state[v], key) } else { $dec(state[v], key) };
                        }
                    }
                    // After the last block there is none to fold in: take it again, and out again
                    // below. Read before anything is written, for the sake of repeated lanes.
                    let next = (i + 1).min(blocks - 1);
                    let next: [$vector; VECTORS] = core::array::from_fn(|v| at(v, next));
                    for v in 0..VECTORS {
                        let out = $xor(input[v], keys[v][14]);
                        let folded = $xor($xor(out, keys[v][0]), next[v]);
                        let (output, chained) = match ENC {
                            true => ($enc_last(state[v], out), $enc_last(state[v], folded)),
                            false => ($dec_last(state[v], out), $dec_last(state[v], folded)),
                        };
                        state[v] = chained;
                        input[v] = this[v];
                        this[v] = next[v];
                        for (w, block) in $spread(output).into_iter().enumerate() {
                            // SAFETY: i < blocks, and every message has that many.
                            unsafe { _mm_storeu_si128(pointers[v][w].add(i).cast(), block) };
                        }
                    }
                }
                for v in 0..VECTORS {
                    let state = $spread($xor(state[v], input[v]));
                    let input = $spread(input[v]);
                    for w in 0..$width {
                        let lane = v * $width + w;
                        if lane < count {
                            lanes[lane].state = state[w];
                            lanes[lane].input = input[w];
                        }
                    }
                }
                // SAFETY: plain numbers, ours alone, not read again.
                unsafe { zeroize::zeroize_flat_type(&mut keys) };
            }
            // SAFETY: the caller's promise.
            unsafe { inner::<ENC, VECTORS>(lanes, data, blocks) }
        }
    };
}

kernel!(
    /// Takes up to 4 messages a vector `blocks` blocks further.
    ///
    /// # Safety
    /// [`available_512`] has said yes.
    run_512, "vaes,avx512f", __m512i, 4, collect_512, spread_512, _mm512_xor_si512,
    _mm512_aesenc_epi128, _mm512_aesenclast_epi128, _mm512_aesdec_epi128, _mm512_aesdeclast_epi128
);

kernel!(
    /// Takes up to 2 messages a vector `blocks` blocks further.
    ///
    /// # Safety
    /// [`available_256`] has said yes.
    run_256, "vaes,avx2", __m256i, 2, collect_256, spread_256, _mm256_xor_si256,
    _mm256_aesenc_epi128, _mm256_aesenclast_epi128, _mm256_aesdec_epi128, _mm256_aesdeclast_epi128
);

#[inline]
#[target_feature(enable = "avx512f")]
fn collect_512([a, b, c, d]: [__m128i; 4]) -> __m512i {
    let vector = _mm512_castsi128_si512(a);
    let vector = _mm512_inserti32x4::<1>(vector, b);
    let vector = _mm512_inserti32x4::<2>(vector, c);
    _mm512_inserti32x4::<3>(vector, d)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn spread_512(vector: __m512i) -> [__m128i; 4] {
    [
        _mm512_extracti32x4_epi32::<0>(vector),
        _mm512_extracti32x4_epi32::<1>(vector),
        _mm512_extracti32x4_epi32::<2>(vector),
        _mm512_extracti32x4_epi32::<3>(vector),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn collect_256([a, b]: [__m128i; 2]) -> __m256i {
    _mm256_set_m128i(b, a)
}

#[inline]
#[target_feature(enable = "avx2")]
fn spread_256(vector: __m256i) -> [__m128i; 2] {
    [
        _mm256_extracti128_si256::<0>(vector),
        _mm256_extracti128_si256::<1>(vector),
    ]
}
