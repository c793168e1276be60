//! Work on many patients: in blocks of fixed size, on the threads there are, folded in order.

use crate::{
    outcome::expectation::{Course, Expectation, Path, Patients},
    stop::Signal,
};
use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Patients per block. Fixed, so that a sum is the same bits on any number of threads.
pub const BLOCK: usize = 1 << 10;

/// Threads used at most; 0 for as many as there are processors. No result depends on it.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Uses so many threads for the rest of the program, or as many as there are processors.
pub fn use_threads(threads: Option<usize>) {
    THREADS.store(threads.unwrap_or(0), Ordering::Relaxed);
}

/// Does `work` on each block of `0..n` and returns the results in the order of the blocks.
pub fn in_blocks<T: Send>(n: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let count = n.div_ceil(BLOCK);
    let most = match THREADS.load(Ordering::Relaxed) {
        0 => std::thread::available_parallelism().map_or(1, |t| t.get()),
        threads => threads,
    };
    let threads = most.min(count.max(1));
    let range = |block: usize| block * BLOCK..n.min((block + 1) * BLOCK);
    let signal = Signal::here();
    let one = |block: usize| {
        signal.look_up();
        work(range(block))
    };
    let share = |thread: usize| -> Vec<T> { (thread..count).step_by(threads).map(one).collect() };
    if threads == 1 {
        return share(0);
    }
    let share = &share;
    let mut shares: Vec<std::vec::IntoIter<T>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|t| scope.spawn(move || share(t))).collect();
        let done = |r: std::thread::ScopedJoinHandle<'_, Vec<T>>| {
            r.join().unwrap_or_else(|e| std::panic::resume_unwind(e))
        };
        running.into_iter().map(|r| done(r).into_iter()).collect()
    });
    (0..count).filter_map(|block| shares[block % threads].next()).collect()
}

/// Slices of the patients that show how much a mean owes to which patients were drawn.
pub const SLICES: usize = 16;

/// The mean course of all patients on one path, each with a weight (1 without weights).
pub fn mean(expectation: &Expectation, path: Path, patients: &Patients, weights: Option<&[f64]>) -> Course {
    mean_and_slices(expectation, path, patients, weights).0
}

/// The same, with the mean course of each of 16 slices: a number read off them has the error
/// [`pool_error`] because other rows might have been drawn.
pub fn mean_and_slices(
    expectation: &Expectation,
    path: Path,
    patients: &Patients,
    weights: Option<&[f64]>,
) -> (Course, Vec<Course>) {
    let sums = in_blocks(patients.len(), |range| {
        expectation.sum(path, patients, range, weights, &mut expectation.abreast())
    });
    let mut slices = vec![expectation.nobody(); SLICES];
    let mut total = expectation.nobody();
    for (block, sum) in sums.iter().enumerate() {
        total.add(sum, 1.0);
        slices[block % SLICES].add(sum, 1.0);
    }
    (total.mean(), slices.into_iter().filter(|s| s.weight > 0.0).map(Course::mean).collect())
}

/// Standard error of a mean from its values in slices: their standard deviation over √slices.
pub fn pool_error(slices: &[f64]) -> f64 {
    let n = slices.len() as f64;
    let mean = slices.iter().sum::<f64>() / n;
    let variance = slices.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (variance / n).sqrt()
}
