//! Processor time of this program, to which other work on the machine does not add.

use std::time::Duration;

/// Processor time of all threads since the program began, where the system keeps it.
#[cfg(target_os = "linux")]
pub fn cpu_time() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::ProcessCPUTime).try_into().ok()
}

/// Processor time of all threads since the program began, where the system keeps it.
#[cfg(not(target_os = "linux"))]
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
