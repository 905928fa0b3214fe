//! Many messages at once.
//!
//! A message that is done makes room for the next, so that messages of different lengths keep the
//! lanes full as well.
#![allow(unsafe_code)]

use super::{Block, Message, portable};

/// What a batch runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// One message after the other.
    Portable,
    /// Eight messages side by side.
    #[cfg(target_arch = "x86_64")]
    AesNi,
    /// Sixteen, two in a register.
    #[cfg(all(target_arch = "x86_64", vaes))]
    Vaes256,
    /// Sixteen, four in a register.
    #[cfg(all(target_arch = "x86_64", vaes))]
    Vaes512,
}

impl Kernel {
    /// The fastest one that this CPU can run.
    pub(super) fn best() -> Self {
        Self::available().next().unwrap_or(Self::Portable)
    }

    /// Those that this CPU can run, the fastest first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        [
            #[cfg(all(target_arch = "x86_64", vaes))]
            super::vaes::available_512().then_some(Self::Vaes512),
            #[cfg(all(target_arch = "x86_64", vaes))]
            super::vaes::available_256().then_some(Self::Vaes256),
            #[cfg(target_arch = "x86_64")]
            super::x86::available().then_some(Self::AesNi),
            Some(Self::Portable),
        ]
        .into_iter()
        .flatten()
    }
}

/// # Safety
/// `kernel` is one of [`Kernel::available`].
pub(super) unsafe fn crypt<const ENC: bool>(kernel: Kernel, messages: &mut [Message<'_>]) {
    match kernel {
        Kernel::Portable => {
            for message in messages {
                portable::crypt::<ENC>(message.key, message.data);
            }
        }
        // SAFETY: the caller's promise; no kernel but the portable one is available without AES.
        #[cfg(target_arch = "x86_64")]
        _ => unsafe { side_by_side::<ENC>(kernel, messages) },
    }
}

#[cfg(target_arch = "x86_64")]
unsafe fn side_by_side<const ENC: bool>(kernel: Kernel, messages: &mut [Message<'_>]) {
    use super::x86::{self, Lane};

    let most = match kernel {
        #[cfg(vaes)]
        Kernel::Vaes256 | Kernel::Vaes512 => super::vaes::MAX_LANES,
        _ => x86::MAX_LANES,
    };
    let most = most.min(messages.len());
    let mut waiting = messages
        .iter_mut()
        .filter(|message| !message.data.is_empty());
    // The first `data.len()` lanes have a message.
    let mut lanes: Vec<Lane> = core::iter::repeat_with(Lane::idle).take(most).collect();
    let mut data: Vec<&mut [Block]> = Vec::with_capacity(most);
    loop {
        while data.len() < most {
            let Some(message) = waiting.next() else { break };
            // SAFETY: the caller's promise.
            unsafe { lanes[data.len()].start::<ENC>(message.key) };
            data.push(message.data);
        }
        let Some(blocks) = data.iter().map(|d| d.len()).min() else {
            return;
        };
        // SAFETY: the caller's promise.
        unsafe { run::<ENC>(kernel, &mut lanes[..data.len()], &mut data, blocks) };
        for i in (0..data.len()).rev() {
            let rest = core::mem::take(&mut data[i]);
            data[i] = &mut rest[blocks..];
            if data[i].is_empty() {
                data.swap_remove(i);
                if i < data.len() {
                    lanes.swap(i, data.len());
                }
            }
        }
    }
}

/// Takes all messages `blocks` blocks further.
#[cfg(target_arch = "x86_64")]
unsafe fn run<const ENC: bool>(
    kernel: Kernel,
    lanes: &mut [super::x86::Lane],
    data: &mut [&mut [Block]],
    blocks: usize,
) {
    #[cfg(vaes)]
    use super::vaes::{run_256, run_512};
    use super::x86;

    // SAFETY, in all of the function: the caller's promise.
    macro_rules! by_count {
        ($($count:literal)*) => {
            match lanes.len() {
                $($count => {
                    if let (Ok(lanes), Ok(data)) = (lanes.try_into(), data.try_into()) {
                        unsafe { x86::run::<ENC, $count>(lanes, data, blocks) }
                    }
                })*
                _ => {}
            }
        };
    }
    match (kernel, lanes.len()) {
        // Up to four messages the chain alone sets the pace, and narrow registers need no packing.
        #[cfg(vaes)]
        (Kernel::Vaes512, 13..) => unsafe { run_512::<ENC, 4>(lanes, data, blocks) },
        #[cfg(vaes)]
        (Kernel::Vaes512, 9..) => unsafe { run_512::<ENC, 3>(lanes, data, blocks) },
        #[cfg(vaes)]
        (Kernel::Vaes512, 5..) => unsafe { run_512::<ENC, 2>(lanes, data, blocks) },
        #[cfg(vaes)]
        (Kernel::Vaes256, 9..) => unsafe { run_256::<ENC, 8>(lanes, data, blocks) },
        #[cfg(vaes)]
        (Kernel::Vaes256, 5..) => unsafe { run_256::<ENC, 4>(lanes, data, blocks) },
        _ => by_count!(1 2 3 4 5 6 7 8),
    }
}
