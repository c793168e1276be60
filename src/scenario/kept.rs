//! What one preparation of a scenario leaves for the next.
//!
//! A scenario that is prepared again and again, with other changes each time, reads its files once, and
//! screens patients and solves what is stated by its result only where a change asks for it. What is kept
//! is what would be computed anew, so a result does not depend on what was prepared before.

use super::{Frozen, build::Cells, interventions::Taken, population_file::PopulationFile};
use crate::{
    calibration::{
        aim::Aim,
        trial::{Predicted, Solved},
        truth::Truth,
    },
    error::{Error, Result},
    outcome::{course::Course, recipe::Recipe},
    population::Expression,
    trial::{Trial, pool::Pool},
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// What preparations of one scenario file share.
#[derive(Default)]
pub struct Kept {
    pub(super) taken: Memo<(), Vec<Taken>, 1>,
    pub(super) people: Memo<String, PopulationFile, 1>,
    pub(super) pools: Memo<PoolKey, (Arc<Pool>, Cells), 4>,
    pub(super) bases: Memo<PoolKey, Base, 4>,
    pub(super) solved: Memo<Question, (Recipe, Vec<Solved>), 32>,
    truths: Memo<(PoolKey, bool, Trial), Truth, 32>,
}

/// What a pool follows from.
#[derive(Clone, PartialEq)]
pub(super) struct PoolKey {
    /// The population as far as the scenario states it.
    pub people: String,
    pub rules: Vec<Expression>,
    pub within: Vec<(String, Expression)>,
    /// Rows wanted.
    pub rows: usize,
}

/// What is solved for: the pool, the recipe as it stands, and what has to come out.
type Question = (PoolKey, Recipe, Vec<Aim>);

/// The base as stated, solved.
pub(super) struct Base {
    pub frozen: Frozen,
    pub solved: Vec<Solved>,
    pub predicted: Vec<Predicted>,
    /// The course of usual care before any anchor.
    pub as_predicted: Course,
}

/// Who follows a preparation: is told when numbers have to be solved for, and may end it.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    pub solving: &'a dyn Fn(),
    pub stop: &'a AtomicBool,
}

/// Nobody ends a preparation that nobody follows.
static NEVER: AtomicBool = AtomicBool::new(false);

impl Default for Watch<'_> {
    fn default() -> Self {
        Watch { solving: &|| (), stop: &NEVER }
    }
}

impl Watch<'_> {
    /// An error if the work is no longer wanted.
    pub fn go_on(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

impl Kept {
    /// The truth of a trial, which does not depend on its size.
    pub(super) fn truth(
        &self,
        key: &PoolKey,
        null: bool,
        trial: &Trial,
        make: impl FnOnce() -> Truth,
    ) -> Arc<Truth> {
        let alike = |known: &(PoolKey, bool, Trial)| {
            known.0 == *key && known.1 == null && known.2.is_but_for_size(trial)
        };
        self.truths
            .found(alike)
            .unwrap_or_else(|| self.truths.keep((key.clone(), null, trial.clone()), make()))
    }
}

/// The last `MOST` results of something that takes long, each with what it follows from.
pub(super) struct Memo<K, V, const MOST: usize>(Mutex<VecDeque<(K, Arc<V>)>>);

impl<K, V, const MOST: usize> Default for Memo<K, V, MOST> {
    fn default() -> Self {
        Memo(Mutex::new(VecDeque::new()))
    }
}

impl<K, V, const MOST: usize> Memo<K, V, MOST> {
    /// The result whose key is alike; it is the last to be forgotten.
    fn found(&self, alike: impl Fn(&K) -> bool) -> Option<Arc<V>> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = list.iter().position(|(key, _)| alike(key))?;
        let entry = list.remove(place)?;
        let value = entry.1.clone();
        list.push_front(entry);
        Some(value)
    }

    fn keep(&self, key: K, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.push_front((key, value.clone()));
        list.truncate(MOST);
        value
    }

    /// The result for `key`, made if it is not known.
    pub(super) fn of(&self, key: &K, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>>
    where
        K: PartialEq + Clone,
    {
        match self.found(|known| known == key) {
            Some(value) => Ok(value),
            None => Ok(self.keep(key.clone(), make()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_made_again_and_the_oldest_is_forgotten() {
        let memo: Memo<usize, usize, 3> = Memo::default();
        for key in 0..3 {
            assert_eq!(*memo.of(&key, || Ok(key * key)).unwrap(), key * key);
        }
        assert_eq!(*memo.of(&0, || panic!("it is known")).unwrap(), 0);
        memo.of(&3, || Ok(9)).unwrap();
        assert!(memo.found(|key| *key == 0).is_some() && memo.found(|key| *key == 1).is_none());
        assert!(memo.of(&1, || Err(Error::Interrupted)).is_err());
    }
}
