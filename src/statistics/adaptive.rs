//! Changing a trial on its own data without inflating its error.
//!
//! As in the sequential methods, evidence is counted upwards: `b = −z`, P values are one-sided against
//! benefit, and the drift is the mean of `b` at full information.

use super::{
    normal::{normal_cdf, normal_density, normal_quantile, normal_survival},
    reason::Reason,
    solve::{integrate, root},
    tails::{chi_square_quantile, chi_square_survival},
};

/// Combined evidence after each stage by the inverse normal method: `Σwₖbₖ/√Σwₖ²`, the squared weights
/// fixed beforehand.
///
/// Lehmacher & Wassmer, Biometrics 1999;55:1286. Cui, Hung & Wang, Biometrics 1999;55:853.
pub fn inverse_normal(stage_evidence: &[f64], squared_weights: &[f64]) -> Vec<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    stage_evidence
        .iter()
        .zip(squared_weights)
        .map(|(b, w)| {
            sum += w.sqrt() * b;
            weight += w;
            sum / weight.sqrt()
        })
        .collect()
}

/// Fisher's combination of independent P values: `−2Σlog p` is chi-square on twice their number.
pub fn fisher_combination(p: &[f64]) -> f64 {
    let sum: f64 = p.iter().map(|p| libm::log(*p)).sum();
    chi_square_survival(-2.0 * sum, 2.0 * p.len() as f64)
}

/// A two-stage design by Bauer and Köhne.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BauerKoehne {
    /// Reject after the first stage at or below.
    pub first: f64,
    /// Reject after the second stage when the product of P values is at or below.
    pub product: f64,
}

/// Bauer and Köhne's bounds with the product at its full level, stopping for futility above
/// `stop_above` (1 for never).
///
/// `α₁ + c·log(α₀/α₁) = α` with `c = exp(−χ²₄/2)`. Biometrics 1994;50:1029.
pub fn bauer_koehne(level: f64, stop_above: f64) -> Result<BauerKoehne, Reason> {
    let product = libm::exp(-0.5 * chi_square_quantile(1.0 - level, 4.0));
    if stop_above >= 1.0 {
        return Ok(BauerKoehne { first: product, product });
    }
    let spent = |a: f64| a + product * libm::log(stop_above / a) - level;
    Ok(BauerKoehne { first: root(spent, product, level)?, product })
}

/// How a Fisher design of two or three stages shares out its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FisherRule {
    /// Each stage's product has the same level by itself.
    EqualLevels,
    /// The last product has the full level, the earlier ones equal levels.
    FullLast,
    /// The last product has the full level, the one before it cannot be overturned by the last.
    NoInteraction,
}

/// The critical products of a Fisher combination design, which stops for futility when a stage's own P
/// value is above its `stop_above`; two or three stages.
///
/// Wassmer & Brannath, Group Sequential and Confirmatory Adaptive Designs, 2016, chapter 7.
pub fn fisher_products(rule: FisherRule, level: f64, stop_above: &[f64]) -> Result<Vec<f64>, Reason> {
    let stages = stop_above.len() + 1;
    if !(2..=3).contains(&stages) {
        return Err(Reason::OutOfRange);
    }
    let product = |level: f64, k: usize| libm::exp(-0.5 * chi_square_quantile(1.0 - level, 2.0 * k as f64));
    let build = |x: f64| -> Vec<f64> {
        let last = product(level, stages);
        match rule {
            FisherRule::EqualLevels => (1..=stages).map(|k| product(x, k)).collect(),
            FisherRule::FullLast => (1..stages).map(|k| product(x, k)).chain([last]).collect(),
            FisherRule::NoInteraction if stages == 3 => vec![x, last / stop_above[1], last],
            FisherRule::NoInteraction => vec![x, last],
        }
    };
    let total = |x: f64| fisher_spent(&build(x), stop_above).iter().sum::<f64>() - level;
    // Products fall from stage to stage; below this the search would break that order.
    let last = product(level, stages);
    let low = match rule {
        FisherRule::EqualLevels => 1e-6,
        FisherRule::FullLast => chi_square_survival(-2.0 * libm::log(last), 2.0 * (stages as f64 - 1.0)),
        FisherRule::NoInteraction => last / stop_above[stages - 2],
    };
    Ok(build(root(total, low, level)?))
}

/// Chance, without effect, of first rejecting at each of two or three stages.
pub fn fisher_spent(products: &[f64], stop_above: &[f64]) -> Vec<f64> {
    let mut out = vec![products[0]];
    if products.len() > 1 {
        out.push(products[1] * libm::log(stop_above[0] / products[0]));
    }
    if products.len() > 2 {
        let from = products[0].max(products[1] / stop_above[1]);
        let square = |p: f64| {
            let l = libm::log(stop_above[1] * p / products[1]);
            l * l
        };
        out.push(products[2] * 0.5 * (square(stop_above[0]) - square(from)));
    }
    out
}

/// Chance of ending with evidence above `critical`, given `b` at information share `t`, for a drift.
///
/// `1 − Φ((c − √t·b − δ(1 − t))/√(1 − t))`. The current trend is the drift `b/√t`; with drift 0 it is the
/// conditional error. Lan & Wittes, Biometrics 1988;44:579.
pub fn conditional_power(b: f64, t: f64, critical: f64, drift: f64) -> f64 {
    normal_survival((critical - t.sqrt() * b - drift * (1.0 - t)) / (1.0 - t).sqrt())
}

/// Conditional power averaged over the effect's posterior under a flat prior:
/// `1 − Φ((c − b/√t)/√((1 − t)/t))`. Spiegelhalter, Freedman & Blackburn, Control Clin Trials 1986;7:8.
pub fn predictive_power(b: f64, t: f64, critical: f64) -> f64 {
    normal_survival((critical - b / t.sqrt()) / ((1.0 - t) / t).sqrt())
}

/// Raising the number of patients when the interim result is promising.
///
/// Sizes are totals. Between the lower edge and the target the trial grows to reach the target under the
/// current trend, to `most` at the most; elsewhere it ends as planned. The final test needs no adjustment
/// where the adjusted critical value would be lower than the plain one.
///
/// Mehta & Pocock, Stat Med 2011;30:3267. Chen, DeMets & Lan, Stat Med 2004;23:1023.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PromisingZone {
    pub first: f64,
    pub planned: f64,
    pub most: f64,
    pub critical: f64,
    pub target: f64,
}

impl PromisingZone {
    /// What the second part must show for the planned trial to succeed.
    fn still_needed(&self, b: f64) -> f64 {
        (self.critical * self.planned.sqrt() - b * self.first.sqrt()) / (self.planned - self.first).sqrt()
    }

    /// Conditional power of the trial as planned, under the current trend.
    pub fn planned_power(&self, b: f64) -> f64 {
        let t = self.first / self.planned;
        conditional_power(b, t, self.critical, b / t.sqrt())
    }

    /// Total that gives the target under the current trend; infinite for no trend.
    pub fn wanted(&self, b: f64) -> f64 {
        if b == 0.0 {
            return f64::INFINITY;
        }
        let reach = self.still_needed(b) + normal_quantile(self.target);
        self.first + self.first / (b * b) * reach * reach
    }

    /// [`PromisingZone::wanted`], no lower than planned and no higher than the most.
    pub fn size(&self, b: f64) -> f64 {
        self.wanted(b).max(self.planned).min(self.most)
    }

    /// Critical value for the plain statistic of `size` patients that keeps the planned conditional error.
    pub fn adjusted_critical(&self, b: f64, size: f64) -> f64 {
        ((size - self.first).sqrt() * self.still_needed(b) + b * self.first.sqrt()) / size.sqrt()
    }

    /// Conditional power of a trial of `size`, its stages weighted as planned, under the current trend.
    pub fn power(&self, b: f64, size: f64) -> f64 {
        normal_survival(self.still_needed(b) - b * (size - self.first).sqrt() / self.first.sqrt())
    }

    /// Interim evidence from which the plain test keeps its level.
    pub fn lower_edge(&self) -> Result<f64, Reason> {
        let gap = |b: f64| self.adjusted_critical(b, self.size(b)) - self.critical;
        root(gap, 0.3 * self.critical, 0.87 * self.critical)
    }

    /// Interim evidence at which the planned trial already has the target power.
    pub fn upper_edge(&self) -> Result<f64, Reason> {
        root(|b| self.planned_power(b) - self.target, 0.0, 6.0)
    }

    /// Planned conditional power at the lower edge: the least that counts as promising.
    pub fn least_power(&self) -> Result<f64, Reason> {
        Ok(self.planned_power(self.lower_edge()?))
    }

    /// Interim evidence below which the wanted total is above the most.
    pub fn cap_edge(&self) -> Result<f64, Reason> {
        root(|b| self.wanted(b) - self.most, 0.3 * self.critical, 1.5 * self.critical)
    }

    /// Type I error of the plain test when the zone is followed, by quadrature over the interim result.
    pub fn type_one_error(&self) -> Result<f64, Reason> {
        let (low, high) = (self.lower_edge()?, self.upper_edge()?);
        let mut cuts = [-9.0, 0.0, low, self.cap_edge()?.clamp(low, high), high, 9.0];
        cuts.sort_by(f64::total_cmp);
        let mut total = 0.0;
        for pair in cuts.windows(2) {
            let middle = 0.5 * (pair[0] + pair[1]);
            let grows = middle >= low && middle < high;
            total += integrate(
                |b| {
                    let size = if grows { self.size(b) } else { self.planned };
                    let needed =
                        (self.critical * size.sqrt() - b * self.first.sqrt()) / (size - self.first).sqrt();
                    normal_density(b) * normal_survival(needed)
                },
                pair[0],
                pair[1],
                20,
            );
        }
        Ok(total)
    }
}

/// Dunnett's P value that no arm beats the shared control: the chance that the largest of `arms`
/// statistics with common `correlation` (½ for equal arms) is at least `largest`.
///
/// By quadrature over the part they share. Dunnett, J Am Stat Assoc 1955;50:1096.
pub fn dunnett_p(largest: f64, arms: usize, correlation: f64) -> f64 {
    let (shared, own) = (correlation.sqrt(), (1.0 - correlation).sqrt());
    integrate(
        |u| {
            let below = normal_survival((largest - shared * u) / own);
            // 1 − (1 − q)^k, precise for small q.
            normal_density(u) * -libm::expm1(arms as f64 * libm::log1p(-below.min(1.0 - 1e-16)))
        },
        -9.0,
        9.0,
        30,
    )
}

/// The evidence at which [`dunnett_p`] equals `level`.
pub fn dunnett_critical(level: f64, arms: usize, correlation: f64) -> Result<f64, Reason> {
    root(|c| dunnett_p(c, arms, correlation) - level, 0.0, 9.0)
}

/// P values adjusted by the closed test: a hypothesis is rejected when every intersection that holds it
/// is. `intersection` gives the P value of a set from its members' P values, in their order; up to
/// sixteen hypotheses.
///
/// Marcus, Peritz & Gabriel, Biometrika 1976;63:655.
pub fn closed_test(p: &[f64], intersection: impl Fn(&[f64]) -> f64) -> Result<Vec<f64>, Reason> {
    if p.len() > 16 {
        return Err(Reason::OutOfRange);
    }
    let mut out = vec![0.0f64; p.len()];
    for set in 1usize..1 << p.len() {
        let members: Vec<usize> = (0..p.len()).filter(|i| set >> i & 1 == 1).collect();
        let values: Vec<f64> = members.iter().map(|&i| p[i]).collect();
        let joint = intersection(&values);
        members.iter().for_each(|&i| out[i] = out[i].max(joint));
    }
    Ok(out)
}

/// One-sided P value of evidence, `1 − Φ(b)`.
pub fn evidence_p(b: f64) -> f64 {
    normal_cdf(-b)
}
