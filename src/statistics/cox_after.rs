//! What follows a proportional-hazards fit: baseline hazard, predictions, residuals, concordance, and
//! the test of proportional hazards.

use super::{
    cox::{CoxData, CoxEstimate, Prepared, Ties},
    kaplan_meier::KaplanMeier,
    matrix::Matrix,
    reason::Reason,
    tails::chi_square_survival,
};

/// Survival predicted for one set of covariates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    pub cumulative_hazard: f64,
    pub survival: f64,
    /// Of survival: `S·√var(Λ)`.
    pub standard_error: f64,
}

/// Cumulative hazard and survival at `time` for someone with covariates `x`, in a model without
/// strata.
///
/// The hazard increment at a death is one over the weighted risk set, with Efron's correction when the
/// fit used it. The variance adds that of the increments to that of the coefficients:
/// `Σ dΛ² + qᵀVq`, `q = Σ (x̄ − x)dΛ`. With `x` zero this is the baseline.
///
/// Tsiatis, Ann Stat 1981;9:93.
pub fn cox_predict(data: CoxData<'_>, ties: Ties, fit: &CoxEstimate, x: &[f64], time: f64) -> Predicted {
    let prepared = Prepared::new(data);
    let p = prepared.p;
    let centred: Vec<f64> = x.iter().zip(&prepared.centre).map(|(x, c)| x - c).collect();
    let beta = &fit.coefficients;
    let risk = libm::exp(centred.iter().zip(beta).map(|(x, b)| x * b).sum());
    let (mut hazard, mut own) = (0.0, 0.0);
    let mut lean = vec![0.0; p];
    prepared.scan(beta, ties, false, |set| {
        if set.time <= time {
            let step = risk * set.weight / set.total;
            hazard += step;
            own += step * step / set.weight;
            for a in 0..p {
                lean[a] += (set.mean[a] - centred[a]) * step;
            }
        }
    });
    let survival = libm::exp(-hazard);
    let variance = own + fit.covariance.quadratic(&lean);
    Predicted { cumulative_hazard: hazard, survival, standard_error: survival * variance.sqrt() }
}

/// Martingale residuals: observed less expected events of each row.
///
/// A tied death in Efron's form is expected to bear only the part of each increment for which it was
/// still at risk. They add to zero.
pub fn cox_martingale_residuals(data: CoxData<'_>, ties: Ties, fit: &CoxEstimate) -> Vec<f64> {
    let prepared = Prepared::new(data);
    let beta = &fit.coefficients;
    let mut residuals: Vec<f64> = data.event.iter().map(|&e| f64::from(u8::from(e))).collect();
    let mut jumps: Vec<Vec<(f64, f64)>> = vec![Vec::new(); prepared.strata.len()];
    prepared.scan(beta, ties, false, |set| {
        let hazard = set.weight / set.total;
        jumps[set.stratum].push((set.time, hazard));
        for &i in set.deaths {
            residuals[i] += set.gone * hazard * libm::exp(prepared.predictor(i, beta));
        }
    });
    for ((rows, _), jumps) in prepared.strata.iter().zip(&jumps) {
        for &i in rows {
            let from = data.entry.map_or(f64::NEG_INFINITY, |e| e[i]);
            let sum: f64 =
                jumps.iter().filter(|(t, _)| *t <= data.time[i] && *t > from).map(|(_, h)| h).sum();
            residuals[i] -= sum * libm::exp(prepared.predictor(i, beta));
        }
    }
    residuals
}

/// Harrell's concordance and its variance.
///
/// Among pairs whose order of death is known, the share in which the one who dies first has the
/// higher `risk`; ties in risk count half. Two deaths at one time are not compared; a death and a
/// censoring at one time are, the death being first. The variance is the infinitesimal jackknife.
///
/// Harrell et al., JAMA 1982;247:2543.
pub fn concordance(time: &[f64], event: &[bool], risk: &[f64]) -> Result<(f64, f64), Reason> {
    let n = time.len();
    let (mut won, mut pairs) = (vec![0.0; n], vec![0.0; n]);
    for i in (0..n).filter(|&i| event[i]) {
        for j in 0..n {
            if time[i] < time[j] || (time[i] == time[j] && !event[j]) {
                let score = if risk[i] > risk[j] {
                    1.0
                } else if risk[i] == risk[j] {
                    0.5
                } else {
                    0.0
                };
                for k in [i, j] {
                    won[k] += score;
                    pairs[k] += 1.0;
                }
            }
        }
    }
    let total = pairs.iter().sum::<f64>() / 2.0;
    if total == 0.0 {
        return Err(Reason::NoEvents);
    }
    let value = won.iter().sum::<f64>() / 2.0 / total;
    let variance = won.iter().zip(&pairs).map(|(w, p)| (w - value * p) / total).map(|d| d * d).sum();
    Ok((value, variance))
}

/// How time enters the test of proportional hazards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TimeScale {
    /// One less the pooled Kaplan-Meier estimate just before each time.
    #[default]
    KaplanMeier,
    /// Rank among all follow-up times, censored ones too, ties averaged.
    Rank,
    Identity,
    Log,
}

/// Score tests that log hazard ratios do not change with time.
#[derive(Clone, Debug, PartialEq)]
pub struct ProportionalHazardsTest {
    /// Chi-square on 1 degree of freedom for each covariate.
    pub chi_square: Vec<f64>,
    /// For all covariates together, on as many degrees of freedom.
    pub global_chi_square: f64,
}

impl ProportionalHazardsTest {
    pub fn p(&self, covariate: usize) -> f64 {
        chi_square_survival(self.chi_square[covariate], 1.0)
    }

    pub fn global_p(&self) -> f64 {
        chi_square_survival(self.global_chi_square, self.chi_square.len() as f64)
    }
}

/// Test of proportional hazards: the score test for adding `x·g(t)` to the fitted model.
///
/// With `V` the covariance of the covariates in each risk set at the estimate, the score for the
/// added terms is `Σ g(t)(x − x̄)` and the information of old and new terms together has blocks
/// `ΣV`, `ΣgV`, `Σg²V`. The scale `g` is centred, which changes nothing but rounding.
///
/// Grambsch & Therneau, Biometrika 1994;81:515, in the exact form of R's survival 3.
pub fn proportional_hazards_test(
    data: CoxData<'_>,
    ties: Ties,
    fit: &CoxEstimate,
    scale: TimeScale,
) -> Result<ProportionalHazardsTest, Reason> {
    let prepared = Prepared::new(data);
    let p = prepared.p;
    let beta = &fit.coefficients;
    let mut sorted = data.time.to_vec();
    sorted.sort_by(f64::total_cmp);
    let curve = KaplanMeier::with_entry(data.entry.unwrap_or(&[]), data.time, data.event);
    let value = |t: f64| match scale {
        TimeScale::Identity => t,
        TimeScale::Log => libm::log(t),
        TimeScale::Rank => {
            let (low, high) = (sorted.partition_point(|&s| s < t), sorted.partition_point(|&s| s <= t));
            0.5 * (low + 1 + high) as f64
        }
        TimeScale::KaplanMeier => {
            let before = curve.steps.partition_point(|s| s.time < t);
            1.0 - before.checked_sub(1).map_or(1.0, |i| curve.steps[i].survival)
        }
    };
    let (mut sum, mut count) = (0.0, 0.0);
    prepared.scan(beta, ties, false, |set| {
        sum += value(set.time);
        count += 1.0;
    });
    let centre = sum / count;
    let mut score = vec![0.0; p];
    let mut information = Matrix::zero(2 * p);
    prepared.scan(beta, ties, false, |set| {
        let g = value(set.time) - centre;
        let share = set.weight / set.deaths.len() as f64;
        for (a, u) in score.iter_mut().enumerate() {
            let deaths: f64 = set.deaths.iter().map(|&i| prepared.row(i)[a]).sum();
            *u += g * (share * deaths - set.weight * set.mean[a]);
            for b in 0..p {
                let v = set.weight * set.covariance[a * p + b];
                information.add(a, b, v);
                information.add(a, p + b, g * v);
                information.add(p + a, b, g * v);
                information.add(p + a, p + b, g * g * v);
            }
        }
    });
    let test = |terms: &[usize]| {
        let size = p + terms.len();
        let place = |k: usize| if k < p { k } else { p + terms[k - p] };
        let mut part = Matrix::zero(size);
        let mut right = vec![0.0; size];
        for i in 0..size {
            if i >= p {
                right[i] = score[terms[i - p]];
            }
            for j in 0..size {
                part.set(i, j, information.get(place(i), place(j)));
            }
        }
        let solved = part.solve(&right)?;
        Ok(solved.iter().zip(&right).map(|(a, b)| a * b).sum())
    };
    let chi_square = (0..p).map(|a| test(&[a])).collect::<Result<_, Reason>>()?;
    let global_chi_square = test(&(0..p).collect::<Vec<_>>())?;
    Ok(ProportionalHazardsTest { chi_square, global_chi_square })
}
