//! The exact law of trials whose size is settled at a look: all tables of both stages.

use super::binomial;
use shocktrial::statistics::TwoByTwo;

/// A trial of two risks, looked at when both arms have `first` patients; who comes then is randomised in pairs.
#[derive(Clone, Copy)]
pub struct AtHalf {
    pub first: usize,
    pub treatment: f64,
    pub control: f64,
}

/// What becomes of it.
pub struct Resized {
    /// Probability of claiming benefit.
    pub claimed: f64,
    /// Mean and variance of its size.
    pub patients: f64,
    pub variance: f64,
}

/// `z` of two counts below zero where the treatment has fewer events; `None` without variance.
pub fn z_of(treatment: (usize, usize), control: (usize, usize)) -> Option<f64> {
    let (events, patients) = (treatment.0 + control.0, treatment.1 + control.1);
    if events == 0 || events == patients {
        return None;
    }
    let [x, n, y, m] = [treatment.0, treatment.1, control.0, control.1].map(|k| k as f64);
    let pooled = events as f64 / patients as f64;
    Some((x / n - y / m) / (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt())
}

impl AtHalf {
    /// The law under a rule for the size, read from the events of both arms at the look, and a rule for the
    /// claim, read from the tables of the first stage and of the second. A claim must not be lost by more
    /// events in control or fewer in treatment.
    pub fn law(
        self,
        size: impl Fn(usize, usize) -> usize,
        claims: impl Fn(TwoByTwo, TwoByTwo) -> bool,
    ) -> Resized {
        let n = self.first;
        let (treated, controls) = (binomial(n, self.treatment), binomial(n, self.control));
        let mut found = Resized { claimed: 0.0, patients: 0.0, variance: 0.0 };
        let (mut seen, mut square) = (0.0, 0.0);
        for (x, px) in treated.iter().enumerate() {
            for (y, py) in controls.iter().enumerate() {
                // What is left out adds up to less than 1e-8.
                let p = px * py;
                if p < 1e-12 {
                    continue;
                }
                let size = size(x, y);
                seen += p;
                found.patients += p * size as f64;
                square += p * (size * size) as f64;
                let first = table((x, n), (y, n));
                let more = size - 2 * n;
                let half = more / 2;
                // The last of an odd number is in either arm.
                found.claimed += p * if more.is_multiple_of(2) {
                    self.later(half, half, |second| claims(first, second))
                } else {
                    0.5 * self.later(half + 1, half, |second| claims(first, second))
                        + 0.5 * self.later(half, half + 1, |second| claims(first, second))
                };
            }
        }
        assert!(1.0 - seen < 1e-8, "{seen}");
        found.variance = square - found.patients * found.patients;
        found
    }

    /// The chance of a claim by a second stage of so many patients in each arm.
    fn later(self, n: usize, m: usize, claims: impl Fn(TwoByTwo) -> bool) -> f64 {
        let (treated, controls) = (binomial(n, self.treatment), binomial(m, self.control));
        let (mut sum, mut y, mut above) = (0.0, 0, 1.0);
        for (x, p) in treated.iter().enumerate() {
            // The fewest events in control that are enough rise with those in treatment.
            while y <= m && !claims(table((x, n), (y, m))) {
                above -= controls[y];
                y += 1;
            }
            if y > m {
                break;
            }
            sum += p * above;
        }
        sum
    }
}

fn table(treatment: (usize, usize), control: (usize, usize)) -> TwoByTwo {
    TwoByTwo {
        events_treatment: treatment.0 as u32,
        n_treatment: treatment.1 as u32,
        events_control: control.0 as u32,
        n_control: control.1 as u32,
    }
}

/// `z` of one table.
pub fn z(t: TwoByTwo) -> Option<f64> {
    let side = |events: u32, patients: u32| (events as usize, patients as usize);
    z_of(side(t.events_treatment, t.n_treatment), side(t.events_control, t.n_control))
}

/// Both tables as one.
pub fn both(a: TwoByTwo, b: TwoByTwo) -> TwoByTwo {
    TwoByTwo {
        events_treatment: a.events_treatment + b.events_treatment,
        n_treatment: a.n_treatment + b.n_treatment,
        events_control: a.events_control + b.events_control,
        n_control: a.n_control + b.n_control,
    }
}
