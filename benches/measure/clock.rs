//! CPU time as what criterion measures: other work on the machine does not add to it.

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use std::time::Duration;

/// Whose CPU time is taken.
#[allow(dead_code, reason = "not every program asks for both")]
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// Of the thread that asks.
    Thread,
    /// Of all threads of the program together.
    Process,
}

impl Measurement for Clock {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        self.now()
    }

    fn end(&self, start: Duration) -> Duration {
        self.now() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        // A time is a time.
        static WALL: WallTime = WallTime;
        WALL.formatter()
    }
}

impl Clock {
    #[cfg(target_os = "linux")]
    fn now(self) -> Duration {
        use rustix::time::{ClockId, clock_gettime};
        let clock = match self {
            Clock::Process => ClockId::ProcessCPUTime,
            Clock::Thread => ClockId::ThreadCPUTime,
        };
        clock_gettime(clock).try_into().expect("a time that has passed is not negative")
    }

    /// Wall time, where there is no better clock.
    #[cfg(not(target_os = "linux"))]
    fn now(self) -> Duration {
        use std::{sync::OnceLock, time::Instant};
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}
