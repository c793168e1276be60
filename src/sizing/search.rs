//! The search for the smallest rung of a ladder from which on a target is reached.

use super::{Share, Z95, curve::Curve, ladder::Ladder};

/// What is asked of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Power or assurance to be reached.
    pub target: f64,
    /// Half width of the interval of the answer, as a share of it, at which replicates stop growing.
    pub within: f64,
    /// Exactly this many replicates, however wide the interval; none lets them grow.
    pub replicates: Option<u64>,
    /// Replicates at most.
    pub most: u64,
}

/// What was estimated at one rung.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub rung: usize,
    pub share: Share,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The smallest rung looked at from which the estimate stays at or above the target.
    pub rung: usize,
    /// Its Monte Carlo interval: from the first rung after the last that is shown to be below the target to
    /// the first from which on all are shown to be above.
    pub lower: usize,
    pub upper: usize,
    /// What was estimated at the answer.
    pub share: Share,
    pub replicates: u64,
    /// Rungs between two that were looked at.
    pub step: usize,
    /// Everything estimated with the last number of replicates, in order.
    pub points: Vec<Point>,
    /// Whether the interval is as narrow as asked.
    pub narrow: bool,
}

/// How a search ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Found(Box<Found>),
    /// The highest rung does not reach the target: what it gives.
    OutOfReach(Point),
}

/// Replicates of the first look around.
const PILOT: u64 = 2_000;
/// Replicates of the first look at the window.
const FIRST: u64 = 10_000;
/// Looks at one number of replicates until the window holds the interval.
const MOST_LOOKS: usize = 12;

/// Searches the ladder, from a first guess at the rung.
///
/// A pilot on rungs a factor of two apart places a window by a smooth curve. All rungs of the window are
/// then estimated on the same replicates, and the window is moved and widened until it holds the interval
/// with room to spare. Where replicates may grow, they do until the interval is narrow enough, each time
/// from replicate 0 on, so that the answer depends on the last number of replicates and the seed only.
pub fn search(ladder: &dyn Ladder, asked: &Asked, guess: usize) -> Outcome {
    let curve = match pilot(ladder, asked, guess) {
        Ok(curve) => curve,
        Err(point) => return Outcome::OutOfReach(point),
    };
    let mut replicates = asked.replicates.unwrap_or(FIRST.min(asked.most));
    let mut centre = curve.reaches(asked.target);
    // Half the width in which the interval is expected, with room for plateaus of discrete tests.
    let half = |replicates: u64, centre: f64| {
        let error = (asked.target * (1.0 - asked.target) / replicates as f64).sqrt();
        6.0 * error / curve.rise(asked.target) + 0.02 * centre + 4.0
    };
    let mut window = {
        let half = half(replicates, centre);
        (centre - half, centre + half)
    };
    loop {
        let found = match settle(ladder, asked, replicates, &mut window) {
            Ok(found) => found,
            Err(point) => return Outcome::OutOfReach(point),
        };
        let more = replicates.saturating_mul(growth(&found, asked)).min(asked.most);
        if found.narrow || asked.replicates.is_some() || more == replicates {
            return Outcome::Found(Box::new(found));
        }
        replicates = more;
        centre = found.rung as f64;
        let half = half(replicates, centre);
        window = (found.lower as f64 - half / 2.0, found.upper as f64 + half / 2.0);
        window = (window.0.max(centre - 2.0 * half), window.1.min(centre + 2.0 * half));
    }
}

/// A smooth curve through rungs a factor of two apart, until some are well above the target.
fn pilot(ladder: &dyn Ladder, asked: &Asked, guess: usize) -> Result<Curve, Point> {
    let highest = ladder.highest();
    let mut guess = guess.clamp(4.min(highest), highest);
    loop {
        let mut rungs: Vec<usize> =
            [8, 4, 2, 1].iter().map(|part| guess / part).chain([2 * guess, 4 * guess]).collect();
        rungs.iter_mut().for_each(|r| *r = (*r).clamp(1, highest));
        rungs.dedup();
        let shares = ladder.shares(&rungs, PILOT);
        let points: Vec<(f64, Share)> = rungs.iter().map(|&r| r as f64).zip(shares.iter().copied()).collect();
        let last = *shares.last().expect("one rung at least");
        let reached = last.value >= asked.target;
        match Curve::fit(&points, PILOT) {
            Some(curve) if reached || curve.reaches(asked.target) <= *rungs.last().expect("one") as f64 => {
                return Ok(curve);
            }
            _ if *rungs.last().expect("one") >= highest => {
                return Err(Point { rung: highest, share: last });
            }
            _ => guess = (8 * guess).min(highest),
        }
    }
}

/// Estimates a window and moves and widens it until it holds the interval, its ends on the right sides.
fn settle(
    ladder: &dyn Ladder,
    asked: &Asked,
    replicates: u64,
    window: &mut (f64, f64),
) -> Result<Found, Point> {
    let mut looks = 0;
    loop {
        let lowest = window.0.floor().max(1.0) as usize;
        let highest = (window.1.ceil().max(2.0) as usize).min(ladder.highest());
        let lowest = lowest.min(highest);
        let step = (highest - lowest).div_ceil(ladder.at_once().max(2) - 1).max(1);
        let rungs: Vec<usize> = (lowest..=highest).step_by(step).collect();
        let shares = ladder.shares(&rungs, replicates);
        let points: Vec<Point> =
            rungs.iter().zip(shares).map(|(&rung, share)| Point { rung, share }).collect();
        let below = points.iter().rposition(|p| p.share.below(asked.target));
        let above = points.iter().rposition(|p| !p.share.above(asked.target)).map_or(0, |last| last + 1);
        // Some rungs beyond the interval on both sides make sure that no plateau was taken for the end.
        let margin = (points.len() / 8).clamp(1, 4);
        let low = lowest == 1 || below.is_some_and(|b| b + 1 >= margin);
        let high = above + margin <= points.len();
        looks += 1;
        if low && high || looks == MOST_LOOKS {
            let place = points.iter().rposition(|p| p.share.value < asked.target).map_or(0, |last| last + 1);
            let place = place.min(points.len() - 1);
            let (lower, upper) = (below.map_or(0, |b| b + 1), above.min(points.len() - 1));
            let rung = points[place].rung;
            let (lower, upper) = (points[lower.min(place)].rung, points[upper.max(place)].rung);
            return Ok(Found {
                rung,
                lower,
                upper,
                share: points[place].share,
                replicates,
                step,
                narrow: high && (upper - lower) as f64 <= 2.0 * asked.within * rung as f64,
                points,
            });
        }
        let width = (window.1 - window.0).max(8.0);
        if !high {
            if highest == ladder.highest() {
                let last = *points.last().expect("one rung at least");
                if above >= points.len() {
                    return Err(last);
                }
            }
            window.1 += 0.6 * width;
        }
        if !low {
            window.0 -= 0.6 * width;
        }
    }
}

/// By how much replicates have to grow for the interval to be as narrow as asked: its width falls with their
/// root. At least twice, at most sixteen times.
fn growth(found: &Found, asked: &Asked) -> u64 {
    let width = (found.upper - found.lower) as f64 / (2.0 * asked.within * found.rung as f64);
    (1.2 * width * width).ceil().clamp(2.0, 16.0) as u64
}

impl Found {
    /// The interval if `replicates` had been drawn and had given the same estimates: what more would buy.
    ///
    /// Unlike a rule of the root it knows the plateaus, which more replicates cannot cross.
    pub fn with(&self, target: f64, replicates: u64) -> (usize, usize) {
        let shrink = (self.replicates as f64 / replicates as f64).sqrt();
        let shown = |p: &Point| Z95 * p.share.mcse * shrink;
        let below = self.points.iter().rposition(|p| p.share.value + shown(p) < target);
        let above = self.points.iter().rposition(|p| p.share.value - shown(p) < target);
        let rung = |place: usize| self.points[place.min(self.points.len() - 1)].rung;
        (rung(below.map_or(0, |b| b + 1)).min(self.rung), rung(above.map_or(0, |a| a + 1)).max(self.rung))
    }

    /// Half the width of the interval as a share of the answer.
    pub fn half_width(&self) -> f64 {
        0.5 * (self.upper - self.lower) as f64 / self.rung as f64
    }

    /// Replicates after which the interval is expected to be as narrow as `within`, in doublings of those
    /// drawn; `None` if none of a million-fold is enough.
    pub fn enough(&self, target: f64, within: f64) -> Option<u64> {
        (1..20).map(|k| self.replicates << k).find(|&n| {
            let (lower, upper) = self.with(target, n);
            (upper - lower) as f64 <= 2.0 * within * self.rung as f64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::normal_cdf;

    /// A ladder whose power is known and whose estimates have no noise but state their error.
    struct Known {
        power: fn(f64) -> f64,
        highest: usize,
        at_once: usize,
    }

    impl Ladder for Known {
        fn highest(&self) -> usize {
            self.highest
        }
        fn at_once(&self) -> usize {
            self.at_once
        }
        fn shares(&self, rungs: &[usize], replicates: u64) -> Vec<Share> {
            let share = |&rung: &usize| {
                let value = (self.power)(rung as f64);
                Share { value, mcse: (value * (1.0 - value) / replicates as f64).sqrt() }
            };
            rungs.iter().map(share).collect()
        }
    }

    fn asked(target: f64) -> Asked {
        Asked { target, within: 0.015, replicates: None, most: 10_000_000 }
    }

    fn found(ladder: &Known, target: f64, guess: usize) -> Found {
        match search(ladder, &asked(target), guess) {
            Outcome::Found(found) => *found,
            Outcome::OutOfReach(point) => panic!("{point:?}"),
        }
    }

    #[test]
    fn a_smooth_curve_is_answered_to_the_rung_from_any_guess() {
        let power = |n: f64| normal_cdf(0.2 * n.sqrt() - 1.96);
        let truth = (1..).find(|&n| power(f64::from(n)) >= 0.9).unwrap() as usize;
        for guess in [2, 50, 300, 5000] {
            let found = found(&Known { power, highest: 50_000, at_once: 400 }, 0.9, guess);
            assert_eq!(found.rung, truth);
            assert!(found.lower <= truth && truth <= found.upper && found.narrow, "{found:?}");
        }
    }

    /// Power saws: the answer is where it stays above, not where it first gets there.
    #[test]
    fn a_plateau_is_not_the_answer() {
        let power = |n: f64| {
            let saw = if (200.0..240.0).contains(&n) { -0.02 } else { 0.0 };
            normal_cdf(0.2 * n.sqrt() - 1.96) + saw
        };
        let found = found(&Known { power, highest: 50_000, at_once: 400 }, 0.8, 100);
        let last = (1..1000).rev().find(|&n| power(f64::from(n)) < 0.8).unwrap() as usize;
        assert_eq!(found.rung, last + 1);
        assert!(found.lower <= found.rung && found.rung <= found.upper);
    }

    #[test]
    fn a_target_beyond_the_highest_rung_is_said() {
        let ladder = Known { power: |_| 0.03, highest: 5000, at_once: 30 };
        assert!(matches!(search(&ladder, &asked(0.8), 100), Outcome::OutOfReach(_)));
        let ladder = Known { power: |n| normal_cdf(0.02 * n.sqrt() - 1.96), highest: 5000, at_once: 30 };
        assert!(matches!(search(&ladder, &asked(0.8), 100), Outcome::OutOfReach(_)));
    }

    #[test]
    fn more_replicates_buy_a_narrower_interval() {
        let ladder = Known { power: |n| normal_cdf(0.2 * n.sqrt() - 1.96), highest: 50_000, at_once: 400 };
        let fixed = Asked { replicates: Some(10_000), ..asked(0.9) };
        let Outcome::Found(found) = search(&ladder, &fixed, 100) else { panic!() };
        let (lower, upper) = found.with(0.9, 160_000);
        let ratio = (found.upper - found.lower) as f64 / (upper - lower) as f64;
        assert!((3.0..5.0).contains(&ratio), "{ratio}");
        assert_eq!(found.with(0.9, 10_000), (found.lower, found.upper));
    }
}
