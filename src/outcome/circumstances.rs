//! Where and when a patient is treated: what multiplies the hazards of death besides who the patient is.
//!
//! A site may do better or worse than others, a treatment may work better at some sites, and mortality may
//! drift over the years of a trial. For patient `i` at site `s`, enrolled on day `t`, every hazard of death
//! that an anchor would shift is multiplied by
//!
//! ```text
//! exp(class_s + a_s + β·t) · exp(b_s) under an arm with an effect on that death,
//! a_s ~ N(0, death_sd²),  b_s ~ N(0, effect_sd²)
//! ```
//!
//! A trial draws its sites anew in each replicate; a truth or an anchor is the mean over this law.

use crate::statistics::normal_quantile;

/// Sites of one kind, by volume or otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteClass {
    /// Share of the trial's patients who are treated at such sites.
    pub share: f64,
    /// Log hazard ratio of death against a usual site.
    pub log_hazard_ratio: f64,
}

/// The law of what multiplies hazards of death, over the patients of a trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// Kinds of sites; none if all are of one kind.
    pub classes: Vec<SiteClass>,
    /// Standard deviation, over sites, of the log hazard of death.
    pub death_sd: f64,
    /// Standard deviation, over sites, of the log hazard ratio of death under a treatment.
    pub effect_sd: f64,
    /// Change of the log hazard of death per day of calendar time since the first site opened.
    pub trend: f64,
    /// Calendar days on which patients are expected, at evenly spaced ranks; read only with a trend.
    pub days: Vec<f64>,
}

/// What multiplies one patient's hazards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors {
    /// On every death an anchor would shift.
    pub death: f64,
    /// On those among them that the arm has an effect on, under that arm.
    pub effect: f64,
}

/// Points of the law for each row of a pool at least, and for all rows together.
const POINTS_PER_ROW: usize = 4;
const POINTS: usize = 1 << 14;

impl Circumstances {
    /// Whether nothing is multiplied.
    pub fn none(&self) -> bool {
        self.classes.iter().all(|c| c.log_hazard_ratio == 0.0)
            && self.death_sd == 0.0
            && self.effect_sd == 0.0
            && self.trend == 0.0
    }

    /// Points of the law for row `row` of `rows`, each of the same weight. Over all rows they fill the law
    /// evenly, so that a mean over rows is nearly free of chance.
    ///
    /// Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018, in four dimensions.
    pub fn points(&self, row: usize, rows: usize) -> impl Iterator<Item = Factors> + '_ {
        /// Powers of the root of x⁵ = x + 1, turned round.
        const STEPS: [f64; 4] =
            [0.856_674_883_854_502_9, 0.733_891_856_627_126, 0.628_706_721_037_808_6, 0.538_597_257_223_61];
        let each = POINTS_PER_ROW.max(POINTS.div_ceil(rows.max(1)));
        (0..each).map(move |k| {
            let place = (row * each + k) as f64 + 1.0;
            let u = STEPS.map(|step| (0.5 + place * step).fract().clamp(1e-9, 1.0 - 1e-9));
            self.at(u)
        })
    }

    /// The point of the law at four uniform numbers: class, site's mortality, site's effect, rank in time.
    pub fn at(&self, u: [f64; 4]) -> Factors {
        let mut log = self.death_sd * normal_quantile(u[1]);
        let mut below = 0.0;
        for class in &self.classes {
            below += class.share;
            if u[0] < below {
                log += class.log_hazard_ratio;
                break;
            }
        }
        if self.trend != 0.0 && !self.days.is_empty() {
            let place = ((u[3] * self.days.len() as f64) as usize).min(self.days.len() - 1);
            log += self.trend * self.days[place];
        }
        Factors { death: libm::exp(log), effect: libm::exp(self.effect_sd * normal_quantile(u[2])) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of a log-normal factor is `exp(sd²/2)`, of two classes the weighted mean, of a uniform
    /// calendar the integral.
    #[test]
    fn points_have_the_means_of_the_law() {
        let mean = |c: &Circumstances, rows: usize, of: &dyn Fn(Factors) -> f64| {
            let all: Vec<f64> = (0..rows).flat_map(|row| c.points(row, rows).map(of)).collect();
            all.iter().sum::<f64>() / all.len() as f64
        };
        let c = Circumstances { death_sd: 0.4, effect_sd: 0.2, ..Circumstances::default() };
        for rows in [1, 30_000] {
            assert!((mean(&c, rows, &|f| f.death) - libm::exp(0.08)).abs() < 1e-3);
            assert!((mean(&c, rows, &|f| f.effect) - libm::exp(0.02)).abs() < 1e-3);
            let product = mean(&c, rows, &|f| f.death * f.effect);
            assert!((product - libm::exp(0.10)).abs() < 2e-3, "{product}");
        }
        let class = |share, ratio: f64| SiteClass { share, log_hazard_ratio: libm::log(ratio) };
        let c = Circumstances { classes: vec![class(0.3, 0.7), class(0.7, 1.2)], ..Circumstances::default() };
        assert!((mean(&c, 1, &|f| f.death) - 1.05).abs() < 1e-3);
        let days = (0..100).map(|i| f64::from(i) + 0.5).collect();
        let c = Circumstances { trend: 0.01, days, ..Circumstances::default() };
        assert!((mean(&c, 1, &|f| f.death) - libm::expm1(1.0)).abs() < 1e-3);
        assert!(!c.none() && Circumstances::default().none());
    }
}
