//! Processor time of this program, to which other work on the machine does not add.

use std::time::Duration;

/// Processor time of all threads since the program began, where the system keeps it.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn cpu_time() -> Option<Duration> {
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }
    const PROCESS_CPUTIME: i32 = 2;
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the structure is that of 64-bit Linux and lives through the call.
    let outcome = unsafe { clock_gettime(PROCESS_CPUTIME, &mut time) };
    (outcome == 0).then(|| Duration::new(time.seconds as u64, time.nanoseconds as u32))
}

/// Processor time of all threads since the program began, where the system keeps it.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::cpu_time;

    /// Work takes time, and a thread's work is counted.
    #[test]
    fn work_takes_time() {
        let before = cpu_time().unwrap();
        let work = || (0..3_000_000u64).fold(1u64, |x, i| std::hint::black_box(x.wrapping_mul(31) ^ i));
        let made = std::thread::spawn(work).join().unwrap();
        assert!(cpu_time().unwrap() > before && made != 0);
    }
}
