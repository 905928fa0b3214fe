//! Where secrets end.
//!
//! A verdict ("the hash is right") or a public value (g^a) is calculated from secrets in constant
//! time, and from then on everybody may see it. Each such place calls one of the functions here,
//! so that they can be found, and so that the check of `cargo xtask constant-time` knows them: it
//! marks secrets as undefined memory and lets valgrind find branches and addresses that depend on
//! them. In an ordinary build the functions do nothing.

use subtle::Choice;

/// A decision that everybody may see.
pub(crate) fn verdict(choice: Choice) -> bool {
    let mut byte = choice.unwrap_u8();
    publish(&mut byte);
    byte == 1
}

/// A value that everybody may see.
#[cfg(not(constant_time_check))]
pub(crate) fn publish<T: Copy>(_: &mut T) {}

/// A value that everybody may see: for valgrind, defined memory.
#[cfg(constant_time_check)]
#[allow(unsafe_code)]
pub(crate) fn publish<T: Copy>(value: &mut T) {
    const MAKE_MEM_DEFINED: usize = 0x4d43_0002;
    let request = [
        MAKE_MEM_DEFINED,
        core::ptr::from_mut(value).addr(),
        size_of::<T>(),
        0,
        0,
        0,
    ];
    // SAFETY: valgrind's client request: rotations by 128 bits in all and an exchange of a register
    // with itself, which do nothing outside of valgrind; under valgrind rdx gets a result, and the
    // marks of memory change, not its content.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") request.as_ptr(),
            inout("rdx") 0_usize => _,
        );
    }
}
