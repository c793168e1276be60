//! Piecewise-constant hazards in time, and what an arm does to them.

/// A hazard that is constant between knots, with its running integral.
///
/// `h(t) = rate[k]` for `knots[k] ≤ t < knots[k+1]`, the last rate holding for ever; time is days.
/// Used as a *relative* hazard: a patient's own rate multiplies it, so that
/// `H(t) = rate_of_patient · cumulative(t)`.
#[derive(Clone, Debug, PartialEq)]
pub struct PiecewiseHazard {
    knots: Vec<f64>,
    rate: Vec<f64>,
    cumulative: Vec<f64>,
}

impl PiecewiseHazard {
    /// Builds the hazard from `knots` (days, rising, the first 0) and as many rates (per day, none negative).
    pub fn new(knots: &[f64], rate: &[f64]) -> Self {
        assert!(
            !knots.is_empty() && knots.len() == rate.len() && knots[0] == 0.0,
            "one rate per knot, from day 0"
        );
        let mut cumulative = Vec::with_capacity(knots.len());
        let mut total = 0.0;
        for k in 0..knots.len() {
            if k > 0 {
                total += rate[k - 1] * (knots[k] - knots[k - 1]);
            }
            cumulative.push(total);
        }
        Self { knots: knots.to_vec(), rate: rate.to_vec(), cumulative }
    }

    /// The same hazard at every time.
    pub fn constant(rate: f64) -> Self {
        Self::new(&[0.0], &[rate])
    }

    fn piece(&self, t: f64) -> usize {
        let mut k = self.knots.len() - 1;
        while k > 0 && self.knots[k] > t {
            k -= 1;
        }
        k
    }

    /// Hazard at `t`, per day; at a knot, the hazard that begins there.
    pub fn at(&self, t: f64) -> f64 {
        self.rate[self.piece(t)]
    }

    /// Integral from 0 to `t`.
    pub fn cumulative(&self, t: f64) -> f64 {
        let k = self.piece(t);
        self.cumulative[k] + self.rate[k] * (t - self.knots[k])
    }

    /// First time at which the integral reaches `h`; infinite if it never does.
    pub fn inverse(&self, h: f64) -> f64 {
        let last = self.knots.len() - 1;
        let mut k = 0;
        while k < last && self.cumulative[k + 1] < h {
            k += 1;
        }
        if self.rate[k] > 0.0 {
            self.knots[k] + (h - self.cumulative[k]) / self.rate[k]
        } else if h <= self.cumulative[k] {
            self.knots[k]
        } else {
            f64::INFINITY
        }
    }

    /// The days at which the hazard changes, the first 0.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// The hazard multiplied, at every time, by another step function.
    pub fn times(&self, other: &PiecewiseHazard) -> Self {
        let mut knots: Vec<f64> = self.knots.iter().chain(&other.knots).copied().collect();
        knots.sort_by(f64::total_cmp);
        knots.dedup();
        let rate: Vec<f64> = knots.iter().map(|&t| self.at(t) * other.at(t)).collect();
        Self::new(&knots, &rate)
    }

    /// The hazard multiplied by one number.
    pub fn scaled(&self, factor: f64) -> Self {
        let rate: Vec<f64> = self.rate.iter().map(|r| r * factor).collect();
        Self::new(&self.knots, &rate)
    }

    /// The hazard as seen by a clock that starts `delay` days later.
    pub fn delayed(&self, delay: f64) -> Self {
        let mut knots = vec![0.0];
        knots.extend(self.knots.iter().map(|k| k - delay).filter(|&k| k > 0.0));
        let rate: Vec<f64> = knots.iter().map(|&t| self.at(t + delay)).collect();
        Self::new(&knots, &rate)
    }
}

/// The relative hazards a patient lives under: one for each event and each class of patient.
///
/// A class is a group of patients for whom every hazard has the same shape in time: the course of
/// their cause of shock, split further where an arm's effect differs between phenotypes. What else
/// differs between two patients of one class is a constant rate, kept with the patient.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime {
    hazards: Vec<PiecewiseHazard>,
    classes: usize,
}

impl Regime {
    /// Builds the regime from a hazard for each event (outer) and class (inner).
    pub fn new(hazards: Vec<Vec<PiecewiseHazard>>) -> Self {
        let classes = hazards.first().map_or(0, Vec::len);
        assert!(hazards.iter().all(|h| h.len() == classes), "one hazard for each class");
        Self { hazards: hazards.into_iter().flatten().collect(), classes }
    }

    /// The relative hazard of `event` in patients of `class`.
    #[inline]
    pub fn hazard(&self, event: usize, class: usize) -> &PiecewiseHazard {
        &self.hazards[event * self.classes + class]
    }

    /// How many classes of patients the regime knows.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many events the regime knows.
    pub fn events(&self) -> usize {
        self.hazards.len().checked_div(self.classes).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes_the_integral() {
        let hazard = PiecewiseHazard::new(&[0.0, 1.0, 3.0, 7.0], &[1.0, 0.2, 0.0, 0.5]);
        for t in [0.1, 0.9, 1.0, 2.0, 2.9, 7.5, 40.0] {
            assert!((hazard.inverse(hazard.cumulative(t)) - t).abs() < 1e-12, "{t}");
        }
        assert_eq!(PiecewiseHazard::new(&[0.0, 1.0], &[1.0, 0.0]).inverse(1.5), f64::INFINITY);
    }

    #[test]
    fn a_product_is_the_product_at_every_time() {
        let a = PiecewiseHazard::new(&[0.0, 1.0], &[1.0, 0.2]);
        let b = PiecewiseHazard::new(&[0.0, 0.5, 2.0], &[2.0, 3.0, 0.0]);
        let c = a.times(&b);
        for t in [0.0, 0.4, 0.5, 1.0, 1.9, 2.0, 9.0] {
            assert_eq!(c.at(t), a.at(t) * b.at(t));
        }
        assert!((a.delayed(0.5).cumulative(1.0) - (a.cumulative(1.5) - a.cumulative(0.5))).abs() < 1e-15);
    }
}
