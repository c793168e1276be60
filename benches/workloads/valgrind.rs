//! Tells callgrind, begun with `--instr-atstart=no`, when to count. Nothing happens outside valgrind.

/// Counts from here on.
pub fn start() {
    request(4);
}

/// Counts no longer.
pub fn stop() {
    request(5);
}

/// Asks callgrind, by the instructions that valgrind knows it by; a processor is left as it was.
/// Valgrind manual, "The Client Request mechanism"; `valgrind.h`, `callgrind.h`.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn request(number: u64) {
    let callgrind = u64::from(b'C') << 24 | u64::from(b'T') << 16;
    let question = [callgrind + number, 0, 0, 0, 0, 0];
    let mut _answer = 0u64;
    // SAFETY: four rotations by 128 in all and an exchange with itself change nothing; valgrind reads the
    // six words and answers in the register.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") question.as_ptr(),
            inout("rdx") _answer,
            inout("rdi") 0u64 => _,
        );
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn request(_: u64) {}
