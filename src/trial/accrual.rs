//! Accrual: who is screened when, and who of them is enrolled.

use super::sites::{Roster, SitePlan};
use crate::{
    cohort::Cohort,
    outcome::circumstances::{Circumstances, Factors},
    random::{Purpose, Stream},
    units::DAYS_PER_MONTH,
};

/// Sites that open evenly over a time and then screen at a constant rate.
///
/// The stated rate is of patients the base design enrols; patients arrive at the rate at which
/// candidates for any of the scenario's designs arrive, so a narrower design takes longer, as it must.
#[derive(Clone, Debug, PartialEq)]
pub struct Accrual {
    pub sites: u16,
    /// Days over which the sites open; site `k` of `n` opens at `(k + ½)/n` of it.
    pub opening: f64,
    /// Candidates per site and day, once open.
    pub candidates_per_site_day: f64,
    /// How sites differ, if they do.
    pub plan: Option<SitePlan>,
    /// Calendar day on which recruitment ends at the latest; infinite for none.
    pub ends: f64,
    /// Hazard per day that something outside ends recruitment.
    pub stop_rate: f64,
}

impl Accrual {
    /// One site at which everybody arrives at once: for trials that state no accrual.
    pub fn immediate() -> Self {
        Accrual {
            sites: 1,
            opening: 0.0,
            candidates_per_site_day: f64::INFINITY,
            plan: None,
            ends: f64::INFINITY,
            stop_rate: 0.0,
        }
    }

    /// Whether everybody arrives at once, at one site.
    pub fn is_immediate(&self) -> bool {
        self.sites == 1 && self.candidates_per_site_day.is_infinite()
    }

    /// Accrual from the rate a base design enrols at, of which it takes `share_taken` of the candidates.
    pub fn new(sites: u16, opening: f64, patients_per_site_month: f64, share_taken: f64) -> Self {
        let candidates_per_site_day = patients_per_site_month / DAYS_PER_MONTH / share_taken;
        Accrual { sites, opening, candidates_per_site_day, ..Accrual::immediate() }
    }

    /// The day on which the expected number of candidates reaches `expected`: the integral of a rate
    /// that rises linearly while sites open, turned round.
    pub(super) fn day_of(&self, expected: f64) -> f64 {
        let full = f64::from(self.sites) * self.candidates_per_site_day;
        if full.is_infinite() {
            return 0.0;
        }
        let by_opening = full * self.opening / 2.0;
        if expected < by_opening {
            (2.0 * expected * self.opening / full).sqrt()
        } else {
            self.opening + (expected - by_opening) / full
        }
    }

    /// Whether recruitment goes on until the trial is full, whoever comes.
    pub fn takes_everybody(&self) -> bool {
        let most = self.plan.as_ref().map_or(usize::MAX, |plan| plan.most_patients);
        self.ends.is_infinite() && self.stop_rate == 0.0 && most == usize::MAX
    }

    /// Days on which patients are expected, at evenly spaced ranks of `patients`, if a share `taken` of the
    /// candidates is enrolled.
    pub fn expected_days(&self, patients: usize, taken: f64) -> Vec<f64> {
        const RANKS: usize = 64;
        let roster = self.plan.as_ref().map(|plan| Roster::expected(self, plan));
        let day = |k: usize| {
            let expected = (k as f64 + 0.5) / RANKS as f64 * patients as f64 / taken;
            roster.as_ref().map_or_else(|| self.day_of(expected), |roster| roster.day_of(expected))
        };
        (0..RANKS).map(day).filter(|day| *day < self.ends).collect()
    }

    /// How many sites are open on a day, at least one.
    fn open_on(&self, day: f64) -> u32 {
        if day >= self.opening {
            return u32::from(self.sites);
        }
        let share = day / self.opening;
        ((share * f64::from(self.sites) + 0.5) as u32).clamp(1, u32::from(self.sites))
    }
}

/// Who of the candidates a design enrols.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolment {
    /// Probability that a candidate of each pool row is enrolled: 0 if not eligible, else the chance to
    /// be alive at randomisation and to take part.
    pub probability: Vec<f64>,
}

/// How far a trial has come along its stream of candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Candidates seen.
    pub screened: u64,
    /// Sum of their unit-exponential gaps: the expected number by the last one.
    pub expected: f64,
    /// Days for which recruitment has waited.
    pub waited: f64,
}

/// What decides accrual in one replicate: streams, and what was drawn of its sites.
#[derive(Clone, Debug)]
pub struct AccrualLuck<'a> {
    roster: Option<Roster>,
    /// Where everybody arrives at once, nobody is at a site: what multiplies hazards is drawn for each patient.
    law: Option<(&'a Circumstances, [Stream; 4])>,
    /// Change of the log hazard of death per day, if anything multiplies hazards at all.
    trend: Option<f64>,
    /// Day on which recruitment ends.
    ends: f64,
    row: Stream,
    consent: Stream,
    gap: Stream,
    site: Stream,
    loss: Stream,
}

impl<'a> AccrualLuck<'a> {
    pub fn new(accrual: &Accrual, circumstances: &'a Circumstances, seed: u64, replicate: u64) -> Self {
        let stream = |purpose| Stream::new(seed, replicate, purpose);
        let stopped = if accrual.stop_rate > 0.0 {
            -libm::log(stream(Purpose::EXTERNAL_STOP).uniform(0)) / accrual.stop_rate
        } else {
            f64::INFINITY
        };
        let law = (accrual.is_immediate() && !circumstances.none()).then(|| {
            let purposes =
                [Purpose::SITE_CLASS, Purpose::SITE_MORTALITY, Purpose::SITE_EFFECT, Purpose::SITE_RATE];
            (circumstances, purposes.map(stream))
        });
        AccrualLuck {
            law,
            roster: accrual
                .plan
                .as_ref()
                .map(|plan| Roster::draw(accrual, plan, circumstances, seed, replicate)),
            trend: (!circumstances.none()).then_some(circumstances.trend),
            ends: accrual.ends.min(stopped),
            row: stream(Purpose::REGISTRY_ROW),
            consent: stream(Purpose::CONSENT),
            gap: stream(Purpose::ACCRUAL),
            site: stream(Purpose::SITE),
            loss: stream(Purpose::LOSS),
        }
    }

    /// The day on which recruitment ends; infinite if nothing ends it early.
    pub fn ends(&self) -> f64 {
        self.ends
    }

    /// What multiplies a patient's hazards of death.
    fn factors(&self, site: u16, day: f64, place: u64) -> Option<Factors> {
        if let Some((law, streams)) = &self.law {
            return Some(law.at(streams.map(|stream| stream.uniform(place))));
        }
        let trend = libm::exp(self.trend? * day);
        let Factors { death, effect } =
            self.roster.as_ref().map_or(Factors { death: 1.0, effect: 1.0 }, |roster| roster.factors(site));
        Some(Factors { death: death * trend, effect })
    }
}

/// Where a stretch of recruitment ends: at a number of patients or before a day, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Until {
    /// Patients in the trial.
    pub patients: usize,
    /// Calendar day; nobody enrolled on it or later is taken. Infinite for no such limit.
    pub day: f64,
}

/// The most candidates screened for one trial; a design that needs more stops short.
pub const MOST_CANDIDATES: u64 = 1 << 24;

impl Accrual {
    /// Screens candidates until `until`; `loss_rate` is per day. A candidate who comes too late is left
    /// for the next call.
    pub fn enrol(
        &self,
        cohort: &mut Cohort,
        until: Until,
        progress: &mut Progress,
        enrolment: &Enrolment,
        loss_rate: f64,
        luck: &AccrualLuck<'_>,
    ) {
        let pool = enrolment.probability.len() as u32;
        let timed = self.candidates_per_site_day.is_finite();
        let last = until.day.min(luck.ends);
        let day_of = |expected: f64| match &luck.roster {
            None => self.day_of(expected),
            Some(roster) => roster.day_of(expected),
        };
        let most = self.plan.as_ref().map_or(usize::MAX, |plan| plan.most_patients);
        let mut enrolled_at = vec![0; if most < usize::MAX { usize::from(self.sites) } else { 0 }];
        if most < usize::MAX {
            cohort.site.iter().for_each(|&site| enrolled_at[usize::from(site)] += 1);
        }
        while cohort.len() < until.patients && progress.screened < MOST_CANDIDATES {
            let place = progress.screened;
            let mut expected = progress.expected;
            if timed {
                expected -= libm::log(luck.gap.uniform(place));
                if last < f64::INFINITY && day_of(expected) + progress.waited >= last {
                    return;
                }
            }
            progress.screened += 1;
            progress.expected = expected;
            let row = luck.row.below(place, pool);
            let probability = enrolment.probability[row as usize];
            if probability < 1.0 && luck.consent.uniform(place) >= probability {
                continue;
            }
            let day = day_of(progress.expected) + progress.waited;
            let site = match &luck.roster {
                Some(roster) => roster.site(day - progress.waited, luck.site.uniform(place)),
                None if self.sites > 1 => luck.site.below(place, self.open_on(day)) as u16,
                None => 0,
            };
            if most < usize::MAX {
                // A site that has its patients turns away who comes.
                let enrolled = &mut enrolled_at[usize::from(site)];
                if *enrolled == most {
                    continue;
                }
                *enrolled += 1;
            }
            cohort.place.push(place);
            cohort.row.push(row);
            cohort.site.push(site);
            cohort.enrolled.push(day);
            cohort.factors.extend(luck.factors(site, day, place));
            let lost = if loss_rate > 0.0 {
                -libm::log(luck.loss.uniform(place)) / loss_rate
            } else {
                f64::INFINITY
            };
            cohort.lost.push(lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_accrual_is_arithmetic() {
        // 44 sites opening over 24 months at 0.23 a month: half the full rate on average while opening.
        let accrual = Accrual::new(44, 24.0 * DAYS_PER_MONTH, 0.23, 1.0);
        assert!((accrual.day_of(44.0 * 0.23 * 12.0) / DAYS_PER_MONTH - 24.0).abs() < 1e-9);
        assert!((accrual.day_of(44.0 * 0.23 * 15.0) / DAYS_PER_MONTH - 27.0).abs() < 1e-9);
        // A design that takes half of the candidates has them arrive twice as fast and needs twice as many.
        let wide = Accrual::new(44, 24.0 * DAYS_PER_MONTH, 0.23, 0.5);
        assert!((wide.day_of(2.0 * 100.0) - accrual.day_of(100.0)).abs() < 1e-9);
    }
}
