//! Requests to valgrind, as its header files for C make them.

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Whether this process runs under valgrind.
pub fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) > 0
}

/// What depends on these values is to be reported.
pub fn make_secret<T>(values: &[T]) {
    request(
        MAKE_MEM_UNDEFINED,
        values.as_ptr().addr(),
        size_of_val(values),
    );
}

/// Everybody may see these bytes.
pub fn make_public(bytes: &[u8]) {
    request(MAKE_MEM_DEFINED, bytes.as_ptr().addr(), bytes.len());
}

/// How often a branch or an address has depended on a secret.
pub fn reports_of(operation: fn()) -> usize {
    let before = request(COUNT_ERRORS, 0, 0);
    operation();
    request(COUNT_ERRORS, 0, 0) - before
}

#[cfg(target_arch = "x86_64")]
fn request(code: usize, first: usize, second: usize) -> usize {
    let request = [code, first, second, 0, 0, 0];
    let mut result = 0_usize;
    // SAFETY: rotations by 128 bits in all and an exchange of a register with itself, which do
    // nothing outside of valgrind; under valgrind rdx gets the result, and marks of memory change.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") request.as_ptr(),
            inout("rdx") result,
        );
    }
    result
}
