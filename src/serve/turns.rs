//! Who computes when: all threads work for one page at a time, and pages take turns, first come first served.
//!
//! A turn is a few blocks of replicates, so a page waits for a fraction of a second for each other that
//! computes, and none waits for another's end.

use crate::error::{Error, Result};
use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a page computes while others wait.
const LENGTH: Duration = Duration::from_millis(40);
/// How often one who waits looks whether he is still wanted.
const LOOK: Duration = Duration::from_millis(10);

/// The line of those who compute; the first has the turn.
#[derive(Default)]
pub struct Turns {
    line: Mutex<(u64, VecDeque<u64>)>,
    moved: Condvar,
}

/// The turn of one page, until it is dropped.
pub struct Turn<'t> {
    turns: &'t Turns,
    ticket: u64,
    since: Instant,
}

impl Turns {
    /// Waits for a turn, unless `stop` is set meanwhile.
    pub fn wait(&self, stop: &AtomicBool) -> Result<Turn<'_>> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.0 += 1;
        let ticket = line.0;
        line.1.push_back(ticket);
        loop {
            if stop.load(Ordering::Relaxed) {
                drop(line);
                self.leave(ticket);
                return Err(Error::Interrupted);
            }
            if line.1.front() == Some(&ticket) {
                return Ok(Turn { turns: self, ticket, since: Instant::now() });
            }
            line = self.moved.wait_timeout(line, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn leave(&self, ticket: u64) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.1.retain(|other| *other != ticket);
        self.moved.notify_all();
    }
}

impl Turn<'_> {
    /// Lets the next one compute if this turn has lasted, and waits for another.
    pub fn offer(&mut self, stop: &AtomicBool) -> Result<()> {
        let alone = || self.turns.line.lock().unwrap_or_else(PoisonError::into_inner).1.len() == 1;
        if self.since.elapsed() < LENGTH || alone() {
            return Ok(());
        }
        self.turns.leave(self.ticket);
        let next = self.turns.wait(stop)?;
        (self.ticket, self.since) = (next.ticket, next.since);
        std::mem::forget(next);
        Ok(())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.leave(self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn pages_take_turns_and_one_that_is_stopped_leaves_the_line() {
        let (turns, on) = (Turns::default(), AtomicBool::new(false));
        let mut first = turns.wait(&on).unwrap();
        let stopped = AtomicBool::new(true);
        assert!(matches!(turns.wait(&stopped), Err(Error::Interrupted)));
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                let turn = turns.wait(&on).unwrap();
                assert_ne!(turn.ticket, 1);
                thread::sleep(LENGTH);
            });
            while turns.line.lock().unwrap().1.len() < 2 {
                thread::yield_now();
            }
            assert!(!second.is_finished(), "the first has the turn");
            thread::sleep(LENGTH);
            first.offer(&on).unwrap();
            // It comes back only when the second is done.
            second.join().unwrap();
        });
        drop(first);
        assert!(turns.line.lock().unwrap().1.is_empty());
    }
}
