//! Ending work that nobody waits for any more.
//!
//! What is solved for and what the model says of the truth go through many plain functions that return values.
//! None of them needs to know that a page was left: work done within [`stoppable`] looks up between its blocks
//! and, once it is stopped, unwinds to there.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

thread_local! {
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// What unwinds.
struct Stopped;

/// The stop signal that work on this thread obeys, to be handed to threads that help it.
#[derive(Clone, Default)]
pub struct Signal(Option<Arc<AtomicBool>>);

impl Signal {
    /// The signal of the thread at hand.
    pub fn here() -> Self {
        Signal(STOP.with_borrow(Clone::clone))
    }

    /// Ends the work here if it is stopped.
    pub fn look_up(&self) {
        if self.0.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            resume_unwind(Box::new(Stopped));
        }
    }
}

/// Does `work` on this thread; nothing once `stop` is set.
///
/// The work must leave nothing half done that others see.
pub fn stoppable<T>(stop: &Arc<AtomicBool>, work: impl FnOnce() -> T) -> Option<T> {
    let before = STOP.replace(Some(stop.clone()));
    let done = catch_unwind(AssertUnwindSafe(work));
    STOP.set(before);
    match done {
        Ok(value) => Some(value),
        Err(why) if why.is::<Stopped>() => None,
        Err(why) => resume_unwind(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_where_it_looks_up() {
        let stop = Arc::new(AtomicBool::new(false));
        let mut steps = 0;
        let done = stoppable(&stop, || {
            for step in 0..10 {
                Signal::here().look_up();
                steps += 1;
                stop.store(step == 3, Ordering::Relaxed);
            }
        });
        assert!(done.is_none() && steps == 4);
        // Outside nothing is stopped, and other panics go on.
        Signal::here().look_up();
        assert_eq!(stoppable(&Arc::default(), || 7), Some(7));
        assert!(catch_unwind(|| stoppable(&Arc::default(), || panic!("a fault"))).is_err());
    }
}
