//! Two risks at every possible table: posterior chance of benefit, and the exact law of a trial that looks.

use super::{
    bayes::{BetaRisk, TwoRisks},
    unconditional::binomial,
};

/// The posterior chance that the treatment's risk is the lower, for every number of events in two arms.
#[derive(Clone, Debug, PartialEq)]
pub struct BenefitTable {
    treatment: u32,
    control: u32,
    chance: Vec<f64>,
}

impl BenefitTable {
    /// All tables of arms with so many patients.
    ///
    /// One more event moves the chance by a term in closed form, so the whole table costs one quadrature.
    /// Cook, Exact calculation of beta inequalities, MD Anderson technical report UTMDABTR-005-05, 2005.
    pub fn new(treatment: (BetaRisk, u32), control: (BetaRisk, u32)) -> Self {
        let ((one, n1), (zero, n0)) = (treatment, control);
        let log_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
        let term = |a: f64, b: f64, c: f64, d: f64| {
            libm::exp(log_beta(a + c, b + d) - log_beta(a, b) - log_beta(c, d))
        };
        let shapes = |prior: BetaRisk, events: u32, n: u32| {
            (prior.a + f64::from(events), prior.b + f64::from(n - events))
        };
        let width = n0 as usize + 1;
        let mut chance = vec![0.0; (n1 as usize + 1) * width];
        let first = TwoRisks {
            treatment: one.updated(0.0, f64::from(n1), 1.0),
            control: zero.updated(0.0, f64::from(n0), 1.0),
        };
        chance[0] = first.difference_below(0.0);
        for x in 0..=n1 {
            let (c, d) = shapes(one, x, n1);
            let row = x as usize * width;
            if x > 0 {
                let (c, d) = shapes(one, x - 1, n1);
                let (a, b) = shapes(zero, 0, n0);
                let step = term(a, b, c, d - 1.0) * (1.0 / (d - 1.0) + 1.0 / c);
                chance[row] = chance[row - width] - step;
            }
            for y in 0..n0 {
                let (a, b) = shapes(zero, y, n0);
                let step = term(a, b - 1.0, c, d) * (1.0 / (b - 1.0) + 1.0 / a);
                chance[row + y as usize + 1] = chance[row + y as usize] + step;
            }
        }
        chance.iter_mut().for_each(|p| *p = p.clamp(0.0, 1.0));
        BenefitTable { treatment: n1, control: n0, chance }
    }

    /// The chance with these events.
    pub fn chance(&self, treatment: u32, control: u32) -> f64 {
        self.chance[treatment as usize * (self.control as usize + 1) + control as usize]
    }

    /// Patients in treatment and control.
    pub fn sizes(&self) -> (u32, u32) {
        (self.treatment, self.control)
    }

    /// For each number of events in the treatment arm, the fewest in control that give a chance above
    /// `threshold`; one more than there are patients if none does.
    pub fn edges(&self, threshold: f64) -> Vec<u32> {
        (0..=self.treatment)
            .map(|x| (0..=self.control).find(|&y| self.chance(x, y) > threshold).unwrap_or(self.control + 1))
            .collect()
    }
}

/// Chance that a trial ends beyond the `edges` of its last table, given what it has and with so many
/// patients still to come: both arms beta-binomial, summed over all tables.
///
/// Spiegelhalter, Abrams & Myles, Bayesian Approaches to Clinical Trials, 2004, chapter 6.
pub fn predictive_of_edges(now: TwoRisks, events: (u32, u32), to_come: (u32, u32), edges: &[u32]) -> f64 {
    let one = now.treatment.predicted(to_come.0);
    let zero = now.control.predicted(to_come.1);
    // Chance of at least so many further events in control.
    let mut at_least = vec![0.0; zero.len() + 1];
    for j in (0..zero.len()).rev() {
        at_least[j] = at_least[j + 1] + zero[j];
    }
    one.iter()
        .enumerate()
        .map(|(i, p)| {
            let edge = edges.get(events.0 as usize + i).copied().unwrap_or(u32::MAX);
            let needed = edge.saturating_sub(events.1) as usize;
            p * at_least[needed.min(zero.len())]
        })
        .sum()
}

/// What a table of a look makes a trial do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtTable {
    Success,
    Stop,
    GoOn,
}

/// Exact chance of success and of stopping otherwise at each look of a trial of two risks.
///
/// `sizes` are patients in treatment and control at each look, `risks` theirs, and `verdict` what each look
/// does with each table; at the last look whatever is not a success is counted as going on.
pub fn exact_looks(
    sizes: &[(u32, u32)],
    risks: (f64, f64),
    verdict: impl Fn(usize, u32, u32) -> AtTable,
) -> Vec<[f64; 2]> {
    let mut out = Vec::with_capacity(sizes.len());
    let mut running = vec![1.0];
    let mut before = (0u32, 0u32);
    for (k, &(n1, n0)) in sizes.iter().enumerate() {
        let one = binomial(n1 - before.0, risks.0);
        let zero = binomial(n0 - before.1, risks.1);
        let (old, new) = (before.1 as usize + 1, n0 as usize + 1);
        // Control first, row by row, then treatment.
        let mut wide = vec![0.0; (before.0 as usize + 1) * new];
        for x in 0..=before.0 as usize {
            for y in 0..old {
                let mass = running[x * old + y];
                if mass > 0.0 {
                    for (to, q) in wide[x * new + y..].iter_mut().zip(&zero) {
                        *to += mass * q;
                    }
                }
            }
        }
        running = vec![0.0; (n1 as usize + 1) * new];
        for x in 0..=before.0 as usize {
            for (i, p) in one.iter().enumerate() {
                let to = (x + i) * new;
                for y in 0..new {
                    running[to + y] += p * wide[x * new + y];
                }
            }
        }
        let mut ended = [0.0, 0.0];
        for x in 0..=n1 {
            for y in 0..=n0 {
                let at = x as usize * new + y as usize;
                match verdict(k, x, y) {
                    AtTable::GoOn => continue,
                    AtTable::Success => ended[0] += running[at],
                    AtTable::Stop => ended[1] += running[at],
                }
                running[at] = 0.0;
            }
        }
        out.push(ended);
        before = (n1, n0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Success, TwoByTwo, predictive_probability};

    #[test]
    fn every_table_is_what_the_quadrature_gives() {
        let prior = [BetaRisk::JEFFREYS, BetaRisk { a: 3.0, b: 4.5 }];
        let table = BenefitTable::new((prior[0], 40), (prior[1], 55));
        for x in [0, 1, 7, 20, 39, 40] {
            for y in [0, 2, 11, 30, 54, 55] {
                let both = TwoRisks {
                    treatment: prior[0].updated(f64::from(x), 40.0, 1.0),
                    control: prior[1].updated(f64::from(y), 55.0, 1.0),
                };
                let (fast, slow) = (table.chance(x, y), both.difference_below(0.0));
                assert!((fast - slow).abs() < 1e-9, "{x} {y}: {fast} {slow}");
            }
        }
    }

    #[test]
    fn predictive_probability_is_the_sum_over_tables() {
        let prior = BetaRisk::UNIFORM;
        let edges = BenefitTable::new((prior, 60), (prior, 60)).edges(0.975);
        for (x, y) in [(8, 15), (12, 12), (16, 10)] {
            let interim = TwoByTwo::new(x, 35, y, 36);
            let slow = predictive_probability(interim, 60, 60, prior, Success::Posterior(0.975)).unwrap();
            let now = TwoRisks::from_table(interim, prior);
            let fast = predictive_of_edges(now, (x, y), (25, 24), &edges);
            assert!((fast - slow).abs() < 1e-10, "{x} {y}: {fast} {slow}");
        }
    }

    #[test]
    fn looks_account_for_everybody() {
        let verdict = |k: usize, x: u32, y: u32| match k {
            0 if x + 4 < y => AtTable::Success,
            0 if x > y + 4 => AtTable::Stop,
            1 if x < y => AtTable::Success,
            1 => AtTable::Stop,
            _ => AtTable::GoOn,
        };
        let ended = exact_looks(&[(10, 10), (25, 20)], (0.3, 0.45), verdict);
        let total: f64 = ended.iter().flatten().sum();
        assert!((total - 1.0).abs() < 1e-12);
        let mut first = 0.0;
        for (x, p) in binomial(10, 0.3).iter().enumerate() {
            for (y, q) in binomial(10, 0.45).iter().enumerate() {
                first += if x + 4 < y { p * q } else { 0.0 };
            }
        }
        assert!((ended[0][0] - first).abs() < 1e-14);
    }
}
