//! Sites that differ: kinds of sites, rates of their own, pauses, and how well their patients fare.
//!
//! A site enrols at the rate `λ_s = mean · class · G_s`, `G_s` a gamma variable of mean 1 and the stated
//! coefficient of variation, so that counts are negative binomial (Anisimov & Fedorov, Stat Med
//! 2007;26:4958). Every replicate draws its sites anew.

use super::accrual::Accrual;
use crate::{
    outcome::circumstances::{Circumstances, Factors},
    random::{Purpose, Stream},
    statistics::normal_quantile,
};

/// Sites of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassPlan {
    /// As people call it; empty if all sites are of one kind.
    pub name: String,
    /// Share of the sites.
    pub share: f64,
    /// Rate against the mean of all sites.
    pub rate: f64,
    pub log_hazard_ratio: f64,
}

/// A time in which no site enrols, in calendar days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pause {
    pub from: f64,
    pub until: f64,
}

/// What is stated of sites beyond their number, opening and mean rate.
#[derive(Clone, Debug, PartialEq)]
pub struct SitePlan {
    /// Kinds of sites, at least one; shares add up to 1 and rates have the mean 1.
    pub classes: Vec<ClassPlan>,
    /// Coefficient of variation of the rates of sites of one kind.
    pub rate_variation: f64,
    /// Sites open at random times instead of evenly.
    pub random_opening: bool,
    pub pauses: Vec<Pause>,
    /// Patients a site may enrol.
    pub most_patients: usize,
}

/// One site of one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Site {
    opens: f64,
    /// Candidates per day.
    rate: f64,
    factors: Factors,
}

/// The sites of one replicate.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    sites: Vec<Site>,
    /// Sites in the order they open, and the sum of rates up to each.
    order: Vec<u16>,
    rates: Vec<f64>,
    /// Days on which the rate of the whole trial changes, the rate from then on and the number expected by
    /// then.
    edges: Vec<(f64, f64, f64)>,
}

/// The golden ratio less 1: steps of it fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

impl Roster {
    /// Draws the sites of one replicate.
    pub fn draw(
        accrual: &Accrual,
        plan: &SitePlan,
        circumstances: &Circumstances,
        seed: u64,
        replicate: u64,
    ) -> Self {
        let stream = |purpose| Stream::new(seed, replicate, purpose);
        let (rate, opening) = (stream(Purpose::SITE_RATE), stream(Purpose::SITE_OPENING));
        let (death, effect) = (stream(Purpose::SITE_MORTALITY), stream(Purpose::SITE_EFFECT));
        let n = f64::from(accrual.sites);
        let normal = |sd: f64, stream: &Stream, s: u64| {
            if sd > 0.0 { sd * normal_quantile(stream.uniform(s)) } else { 0.0 }
        };
        let site = |s: u64| {
            let class = plan.kind(seed, replicate, s);
            let own =
                if plan.rate_variation > 0.0 { gamma_of_mean_1(plan.rate_variation, &rate, s) } else { 1.0 };
            let share = if plan.random_opening { opening.uniform(s) } else { (s as f64 + 0.5) / n };
            Site {
                opens: share * accrual.opening,
                rate: accrual.candidates_per_site_day * class.rate * own,
                factors: Factors {
                    death: libm::exp(class.log_hazard_ratio + normal(circumstances.death_sd, &death, s)),
                    effect: libm::exp(normal(circumstances.effect_sd, &effect, s)),
                },
            }
        };
        Roster::new((0..u64::from(accrual.sites)).map(site).collect(), &plan.pauses)
    }

    /// Sites as expected: every rate at its mean, openings even.
    pub fn expected(accrual: &Accrual, plan: &SitePlan) -> Self {
        let n = f64::from(accrual.sites);
        let site = |s: u16| Site {
            opens: (f64::from(s) + 0.5) / n * accrual.opening,
            rate: accrual.candidates_per_site_day,
            factors: Factors { death: 1.0, effect: 1.0 },
        };
        Roster::new((0..accrual.sites).map(site).collect(), &plan.pauses)
    }

    fn new(sites: Vec<Site>, pauses: &[Pause]) -> Self {
        let mut order: Vec<u16> = (0..sites.len() as u16).collect();
        let opens = |s: &u16| sites[usize::from(*s)].opens;
        order.sort_by(|a, b| opens(a).total_cmp(&opens(b)).then(a.cmp(b)));
        let mut sum = 0.0;
        let rates: Vec<f64> = order
            .iter()
            .map(|&s| {
                sum += sites[usize::from(s)].rate;
                sum
            })
            .collect();
        let mut days: Vec<f64> = std::iter::once(0.0)
            .chain(sites.iter().map(|s| s.opens))
            .chain(pauses.iter().flat_map(|p| [p.from, p.until]))
            .collect();
        days.sort_by(f64::total_cmp);
        days.dedup();
        let mut roster = Roster { sites, order, rates, edges: Vec::with_capacity(days.len()) };
        let (mut before, mut rate, mut expected) = (0.0, 0.0, 0.0);
        for day in days {
            expected += rate * (day - before);
            let paused = pauses.iter().any(|p| p.from <= day && day < p.until);
            let open = roster.open_on(day);
            rate = if paused || open == 0 { 0.0 } else { roster.rates[open - 1] };
            roster.edges.push((day, rate, expected));
            before = day;
        }
        roster
    }

    /// How many sites have opened by a day.
    fn open_on(&self, day: f64) -> usize {
        self.order.partition_point(|&s| self.sites[usize::from(s)].opens <= day)
    }

    /// The day on which the expected number of candidates reaches `expected`.
    pub fn day_of(&self, expected: f64) -> f64 {
        let k = self.edges.partition_point(|edge| edge.2 <= expected).max(1) - 1;
        let (day, rate, by_then) = self.edges[k];
        if rate > 0.0 { day + (expected - by_then) / rate } else { f64::INFINITY }
    }

    /// The site of a candidate on a day: among those open, in proportion to their rates.
    pub fn site(&self, day: f64, uniform: f64) -> u16 {
        let open = self.open_on(day).max(1);
        let at = uniform * self.rates[open - 1];
        let k = self.rates[..open].partition_point(|&sum| sum <= at).min(open - 1);
        self.order[k]
    }

    /// What multiplies the hazards of death of a site's patients.
    pub fn factors(&self, site: u16) -> Factors {
        self.sites[usize::from(site)].factors
    }
}

impl SitePlan {
    /// The kind of a site in one replicate. Kinds alternate evenly in the order of opening, from a random start.
    pub fn kind(&self, seed: u64, replicate: u64, site: u64) -> &ClassPlan {
        let start = Stream::new(seed, replicate, Purpose::SITE_CLASS).uniform(0);
        self.class((start + site as f64 * GOLDEN).fract())
    }

    /// The kind of site at `u` of the way through the shares.
    fn class(&self, u: f64) -> &ClassPlan {
        let mut below = 0.0;
        let found = self.classes.iter().find(|class| {
            below += class.share;
            u < below
        });
        found.unwrap_or(&self.classes[self.classes.len() - 1])
    }
}

/// A gamma variable of mean 1 and a coefficient of variation, by Marsaglia & Tsang's squeeze.
///
/// Marsaglia & Tsang, ACM Trans Math Softw 2000;26:363. A shape below 1 is that of one more times `U^(1/shape)`.
///
/// rand_distr draws the same way, but with the platform's logarithms, which may differ between machines and so
/// move rows; turning the distribution function round takes an iteration for each site.
fn gamma_of_mean_1(variation: f64, stream: &Stream, site: u64) -> f64 {
    let shape = 1.0 / (variation * variation);
    // Each site has a stretch of the stream of its own.
    let own = Stream::new(stream.word(site), site, Purpose::SITE_RATE);
    let raised = if shape < 1.0 { shape + 1.0 } else { shape };
    let d = raised - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let mut place = 1;
    let value = loop {
        let (x, u) = (normal_quantile(own.uniform(place)), own.uniform(place + 1));
        place += 2;
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            break d * v;
        }
    };
    let boost = if shape < 1.0 { libm::pow(own.uniform(0), 1.0 / shape) } else { 1.0 };
    value * boost / shape
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean 1 and the stated variance, within 4 standard errors over 40 000 sites.
    #[test]
    fn rates_have_their_mean_and_variation() {
        for variation in [0.3, 1.0, 1.5] {
            let n = 40_000u64;
            let stream = Stream::new(3, 4, Purpose::SITE_RATE);
            let x: Vec<f64> = (0..n).map(|s| gamma_of_mean_1(variation, &stream, s)).collect();
            let mean = x.iter().sum::<f64>() / n as f64;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
            let v = variation * variation;
            assert!((mean - 1.0).abs() < 4.0 * (v / n as f64).sqrt(), "{variation}: {mean}");
            // The variance of a gamma variance estimate: (2 + 6·cv²)·cv⁴/n.
            let error = ((2.0 + 6.0 * v) * v * v / n as f64).sqrt();
            assert!((variance - v).abs() < 4.0 * error, "{variation}: {variance}");
        }
    }

    /// A pause adds its length to every day behind it, and nobody comes in it.
    #[test]
    fn a_pause_moves_later_days() {
        let accrual = Accrual::new(10, 100.0, 3.0, 1.0);
        let class = ClassPlan { name: String::new(), share: 1.0, rate: 1.0, log_hazard_ratio: 0.0 };
        let plan = |pauses| SitePlan {
            classes: vec![class.clone()],
            rate_variation: 0.0,
            random_opening: false,
            pauses,
            most_patients: usize::MAX,
        };
        let free = Roster::expected(&accrual, &plan(Vec::new()));
        let paused = Roster::expected(&accrual, &plan(vec![Pause { from: 150.0, until: 180.0 }]));
        let mut expected = 0.5;
        while expected < 400.0 {
            let (a, b) = (free.day_of(expected), paused.day_of(expected));
            let wanted = if a < 150.0 { a } else { a + 30.0 };
            assert!((b - wanted).abs() < 1e-9, "{expected}: {a} {b}");
            expected += 7.3;
        }
        // Even openings in steps keep to the straight ramp but for the first site's wait.
        assert!((free.day_of(100.0) - accrual.day_of(100.0)).abs() < 5.0 / 10.0 + 1e-9);
    }
}
