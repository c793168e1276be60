//! Who leaves a trial before its end, where that has to do with how the patient fares.

use crate::{
    cohort::Cohort,
    outcome::{course::Course, events::EventKind},
    random::{Purpose, Stream},
    trial::pool::Pool,
};

/// Loss to follow-up whose hazard follows the patient's own risk, or the arm:
/// `λ·r^p·ratio_of_arm`, `r` being the patient's rate of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct InformativeLoss {
    /// Hazard per day in a patient of rate 1 in an arm of ratio 1.
    pub rate: f64,
    /// The event whose rate in the patient it follows, and the power of it.
    pub follows: (usize, f64),
    /// Hazard ratio by arm.
    pub by_arm: Vec<f64>,
}

/// What becomes of the data of a survivor who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// They are removed from the trial.
    Removed,
    /// What was seen until then is kept.
    KeptUntilThen,
}

/// Consent asked of survivors after the emergency. The dead cannot refuse, so refusal has to do with outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct DeferredConsent {
    /// Day since randomisation on which survivors are asked.
    pub asked: f64,
    /// Probability of refusal by arm.
    pub refuse: Vec<f64>,
    pub data: Refused,
}

/// Both, where a trial has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaving {
    pub loss: Option<InformativeLoss>,
    pub deferred: Option<DeferredConsent>,
}

/// The streams that decide in one replicate.
#[derive(Clone, Copy, Debug)]
pub struct LeavingLuck {
    loss: Stream,
    deferred: Stream,
}

impl LeavingLuck {
    pub fn new(seed: u64, replicate: u64) -> Self {
        let stream = |purpose| Stream::new(seed, replicate, purpose);
        LeavingLuck { loss: stream(Purpose::LOSS), deferred: stream(Purpose::DEFERRED_CONSENT) }
    }
}

impl Leaving {
    /// Whether nobody leaves in this way.
    pub fn none(&self) -> bool {
        self.loss.is_none() && self.deferred.is_none()
    }

    /// Decides for patients `from..`, whose course is known, when they leave.
    pub fn decide(&self, cohort: &mut Cohort, from: usize, course: &Course, pool: &Pool, luck: &LeavingLuck) {
        for i in from..cohort.len() {
            let (place, arm) = (cohort.place[i], usize::from(cohort.assigned[i]));
            if let Some(loss) = &self.loss {
                let (event, power) = loss.follows;
                let risk = libm::pow(pool.patient(cohort.row[i]).rates[event], power);
                let rate = loss.rate * risk * loss.by_arm[arm];
                let lost =
                    if rate > 0.0 { -libm::log(luck.loss.uniform(place)) / rate } else { f64::INFINITY };
                cohort.lost[i] = cohort.lost[i].min(lost);
            }
            if let Some(deferred) = self.deferred.as_ref().filter(|d| d.refuses(cohort, i, course, luck)) {
                cohort.lost[i] = match deferred.data {
                    Refused::Removed => 0.0,
                    Refused::KeptUntilThen => cohort.lost[i].min(deferred.asked),
                };
            }
        }
    }
}

impl DeferredConsent {
    /// Whether patient `i`, whose course is known, lives to be asked and refuses.
    pub fn refuses(&self, cohort: &Cohort, i: usize, course: &Course, luck: &LeavingLuck) -> bool {
        let deaths = course.events.of_kind(EventKind::Death).map(|e| cohort.events[e][i]);
        let arm = usize::from(cohort.assigned[i]);
        deaths.fold(f64::INFINITY, f64::min) > self.asked
            && luck.deferred.uniform(cohort.place[i]) < self.refuse[arm]
    }
}
