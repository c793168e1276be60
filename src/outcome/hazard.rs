//! Piecewise-constant hazards in time, and what an arm does to them.

/// One piece of a step function and its integral.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Day on which the piece begins.
    pub knot: f64,
    /// Value from there on.
    pub rate: f64,
    /// Integral from 0 to the knot.
    pub cumulative: f64,
}

/// Integral from 0 to `t` of the step function with these pieces.
#[inline]
pub fn cumulative(pieces: &[Piece], t: f64) -> f64 {
    let piece = &pieces[piece_at(pieces, t)];
    piece.cumulative + piece.rate * (t - piece.knot)
}

/// First time at which the integral of the step function with these pieces reaches `h`; infinite if it never does.
#[inline]
pub fn inverse(pieces: &[Piece], h: f64) -> f64 {
    // Pieces are few and their integrals rise: counting them has no branch to be guessed wrong.
    let k: usize = pieces[1..].iter().map(|piece| usize::from(piece.cumulative < h)).sum();
    let piece = &pieces[k];
    if piece.rate > 0.0 {
        piece.knot + (h - piece.cumulative) / piece.rate
    } else if h <= piece.cumulative {
        piece.knot
    } else {
        f64::INFINITY
    }
}

#[inline]
fn piece_at(pieces: &[Piece], t: f64) -> usize {
    pieces[1..].iter().map(|piece| usize::from(piece.knot <= t)).sum()
}

/// A hazard that is constant between knots, with its running integral.
///
/// `h(t) = rate[k]` for `knots[k] ≤ t < knots[k+1]`, the last rate holding for ever; time is days.
/// Used as a *relative* hazard: a patient's own rate multiplies it, so that
/// `H(t) = rate_of_patient · cumulative(t)`.
#[derive(Clone, Debug, PartialEq)]
pub struct PiecewiseHazard {
    pieces: Vec<Piece>,
}

impl PiecewiseHazard {
    /// Builds the hazard from `knots` (days, rising, the first 0) and as many rates (per day, none negative).
    pub fn new(knots: &[f64], rates: &[f64]) -> Self {
        assert!(
            !knots.is_empty() && knots.len() == rates.len() && knots[0] == 0.0,
            "one rate per knot, from day 0"
        );
        let mut pieces: Vec<Piece> = Vec::with_capacity(knots.len());
        for (&knot, &rate) in knots.iter().zip(rates) {
            let cumulative = pieces.last().map_or(0.0, |p| p.cumulative + p.rate * (knot - p.knot));
            pieces.push(Piece { knot, rate, cumulative });
        }
        Self { pieces }
    }

    /// The same hazard at every time.
    pub fn constant(rate: f64) -> Self {
        Self::new(&[0.0], &[rate])
    }

    /// The pieces in order, the first from day 0.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Hazard at `t`, per day; at a knot, the hazard that begins there.
    pub fn at(&self, t: f64) -> f64 {
        self.pieces[piece_at(&self.pieces, t)].rate
    }

    /// Integral from 0 to `t`.
    pub fn cumulative(&self, t: f64) -> f64 {
        cumulative(&self.pieces, t)
    }

    /// First time at which the integral reaches `h`; infinite if it never does.
    pub fn inverse(&self, h: f64) -> f64 {
        inverse(&self.pieces, h)
    }

    /// The days at which the hazard changes, the first 0.
    pub fn knots(&self) -> impl Iterator<Item = f64> + '_ {
        self.pieces.iter().map(|piece| piece.knot)
    }

    /// The hazard multiplied, at every time, by another step function.
    pub fn times(&self, other: &PiecewiseHazard) -> Self {
        let mut knots: Vec<f64> = self.knots().chain(other.knots()).collect();
        knots.sort_by(f64::total_cmp);
        knots.dedup();
        let rate: Vec<f64> = knots.iter().map(|&t| self.at(t) * other.at(t)).collect();
        Self::new(&knots, &rate)
    }

    /// The hazard multiplied by one number.
    pub fn scaled(&self, factor: f64) -> Self {
        let (knots, rates): (Vec<f64>, Vec<f64>) =
            self.pieces.iter().map(|piece| (piece.knot, piece.rate * factor)).unzip();
        Self::new(&knots, &rates)
    }

    /// The step function put off to a day, 1 before.
    pub fn started_on(&self, day: f64) -> Self {
        let knots: Vec<f64> = std::iter::once(0.0).chain(self.pieces.iter().map(|p| p.knot + day)).collect();
        let rate: Vec<f64> = std::iter::once(1.0).chain(self.pieces.iter().map(|p| p.rate)).collect();
        Self::new(&knots, &rate)
    }

    /// The hazard as seen by a clock that starts `delay` days later.
    pub fn delayed(&self, delay: f64) -> Self {
        let mut knots = vec![0.0];
        knots.extend(self.knots().map(|k| k - delay).filter(|&k| k > 0.0));
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
