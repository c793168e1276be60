//! Time to one kind of event when another may come first. Causes are numbered from 1; 0 is censored.

use super::{
    interval::Interval, log_rank::levels, matrix::Matrix, normal::interval_multiplier, reason::Reason,
    tails::chi_square_survival,
};

/// Cumulative incidence at one event time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncidenceStep {
    pub time: f64,
    at_risk: f64,
    of_cause: f64,
    of_any: f64,
    survival_before: f64,
    pub incidence: f64,
}

/// The Aalen-Johansen estimate of the risk of one cause.
///
/// At each time the chance of still being free of any event is multiplied by the share of those at risk
/// who have this one: `F(t) = Σ S(t−)·d₁/n`. One less Kaplan-Meier of this cause alone would be too high.
///
/// Aalen & Johansen, Scand J Stat 1978;5:141.
#[derive(Clone, Debug, PartialEq)]
pub struct CumulativeIncidence {
    /// One step for each time with an event of any cause, in rising order.
    pub steps: Vec<IncidenceStep>,
}

impl CumulativeIncidence {
    /// The risk of `of` over time.
    pub fn new(time: &[f64], cause: &[u8], of: u8) -> Self {
        let mut rows: Vec<usize> = (0..time.len()).collect();
        rows.sort_by(|&a, &b| time[a].total_cmp(&time[b]));
        let mut steps = Vec::new();
        let (mut survival, mut incidence) = (1.0, 0.0);
        let mut start = 0;
        while start < rows.len() {
            let now = time[rows[start]];
            let end = start + rows[start..].iter().take_while(|&&i| time[i] == now).count();
            let at_risk = (rows.len() - start) as f64;
            let of_cause = rows[start..end].iter().filter(|&&i| cause[i] == of).count() as f64;
            let of_any = rows[start..end].iter().filter(|&&i| cause[i] != 0).count() as f64;
            if of_any > 0.0 {
                incidence += survival * of_cause / at_risk;
                steps.push(IncidenceStep {
                    time: now,
                    at_risk,
                    of_cause,
                    of_any,
                    survival_before: survival,
                    incidence,
                });
                survival *= 1.0 - of_any / at_risk;
            }
            start = end;
        }
        CumulativeIncidence { steps }
    }

    /// The risk by `time`.
    pub fn at(&self, time: f64) -> f64 {
        self.steps.iter().take_while(|s| s.time <= time).last().map_or(0.0, |s| s.incidence)
    }

    /// Variance of the risk by `time`, of Greenwood's type (delta method).
    ///
    /// Marubini & Valsecchi, Analysing Survival Data, 1995, chapter 10.
    pub fn variance_at(&self, time: f64) -> f64 {
        let last = self.at(time);
        let mut variance = 0.0;
        for s in self.steps.iter().take_while(|s| s.time <= time) {
            let ahead = last - s.incidence;
            let n = s.at_risk;
            if n > s.of_any {
                variance += ahead * ahead * s.of_any / (n * (n - s.of_any));
            }
            variance += s.survival_before * s.survival_before * (n - s.of_cause) * s.of_cause / (n * n * n);
            variance -= 2.0 * ahead * s.survival_before * s.of_cause / (n * n);
        }
        variance.max(0.0)
    }

    /// Pointwise interval on the scale `log(−log F)`; `[0, 0]` before the first event.
    pub fn interval_at(&self, time: f64, confidence: f64) -> Interval {
        let f = self.at(time);
        if f <= 0.0 || f >= 1.0 {
            return Interval { lower: f, upper: f };
        }
        let log = libm::log(f);
        let reach = interval_multiplier(confidence) * self.variance_at(time).sqrt() / (f * log.abs());
        Interval { lower: libm::exp(log * libm::exp(reach)), upper: libm::exp(log * libm::exp(-reach)) }
    }
}

/// Gray's test that the risk of one cause is the same in several groups.
#[derive(Clone, Debug, PartialEq)]
pub struct GrayTest {
    /// Weighted difference of observed and expected for each group but the last.
    pub scores: Vec<f64>,
    pub covariance: Matrix,
    pub chi_square: f64,
    pub degrees: usize,
}

impl GrayTest {
    pub fn p(&self) -> f64 {
        chi_square_survival(self.chi_square, self.degrees as f64)
    }

    /// For two groups numbered 0 and 1: negative when group 1 has less of the event.
    pub fn z(&self) -> f64 {
        let z = self.chi_square.sqrt();
        if self.scores[0] > 0.0 { -z } else { z }
    }
}

/// Gray's test of cumulative incidence, stratified if `stratum` is given.
///
/// Like the log-rank test, with everyone who had the competing event kept at risk in the part that would
/// still be followed: group `j` counts `Rⱼ = nⱼ(1 − Fⱼ(t−))/Sⱼ(t−)`. The score is
/// `Σ (1 − F₀(t−))^rho (d₁ⱼ − Rⱼ·d₁/R)`, summed over strata.
///
/// Gray, Ann Stat 1988;16:1141.
pub fn gray_test(
    time: &[f64],
    cause: &[u8],
    group: &[u32],
    stratum: Option<&[u32]>,
    of: u8,
    rho: f64,
) -> Result<GrayTest, Reason> {
    let groups = levels(Some(group));
    let k = groups.len();
    if k < 2 {
        return Err(Reason::EmptyArm);
    }
    if !cause.contains(&of) {
        return Err(Reason::NoEvents);
    }
    let mut scores = vec![0.0; k - 1];
    let mut covariance = Matrix::zero(k - 1);
    for level in levels(stratum) {
        let mut rows: Vec<usize> =
            (0..time.len()).filter(|&i| stratum.is_none_or(|s| s[i] == level)).collect();
        rows.sort_by(|&a, &b| time[a].total_cmp(&time[b]));
        let exits: Vec<(f64, u8, usize)> = rows
            .iter()
            .map(|&i| {
                let kind = if cause[i] == 0 {
                    0
                } else if cause[i] == of {
                    1
                } else {
                    2
                };
                (time[i], kind, groups.partition_point(|&g| g < group[i]))
            })
            .collect();
        gray_stratum(&exits, k, rho, &mut scores, &mut covariance);
    }
    let solved = covariance.solve(&scores).map_err(|_| Reason::NoVariance)?;
    let chi_square = solved.iter().zip(&scores).map(|(a, b)| a * b).sum();
    Ok(GrayTest { scores, covariance, chi_square, degrees: k - 1 })
}

/// Adds one stratum's scores and covariance. Exits are time, kind (0 censored, 1 event, 2 competing) and
/// group, in rising time.
fn gray_stratum(exits: &[(f64, u8, usize)], k: usize, rho: f64, scores: &mut [f64], covariance: &mut Matrix) {
    let mut at_risk = vec![0.0; k];
    exits.iter().for_each(|e| at_risk[e.2] += 1.0);
    // Just before and just after each time: event-free survival, incidence; pooled incidence.
    let (mut free_before, mut free) = (vec![1.0; k], vec![1.0; k]);
    let (mut risk_before, mut risk) = (vec![0.0; k], vec![0.0; k]);
    let mut pooled_before = 0.0;
    // a: weight of group k's increment in score i now; c: its accumulated compensator.
    let mut c = Matrix::zero(k);
    let mut own = vec![0.0; k];
    let mut cross = Matrix::zero(k);
    let mut sum = Matrix::zero(k);
    let mut start = 0;
    while start < exits.len() {
        let now = exits[start].0;
        let end = start + exits[start..].iter().take_while(|e| e.0 == now).count();
        let (mut d1, mut d2) = (vec![0.0; k], vec![0.0; k]);
        for e in &exits[start..end] {
            match e.1 {
                1 => d1[e.2] += 1.0,
                2 => d2[e.2] += 1.0,
                _ => {}
            }
        }
        let (events, others): (f64, f64) = (d1.iter().sum(), d2.iter().sum());
        if events + others > 0.0 {
            let (mut total, mut total_risk) = (0.0, 0.0);
            for j in (0..k).filter(|&j| at_risk[j] > 0.0) {
                free[j] = free_before[j] * (at_risk[j] - d1[j] - d2[j]) / at_risk[j];
                risk[j] = risk_before[j] + free_before[j] * d1[j] / at_risk[j];
                total += at_risk[j] / free_before[j];
                total_risk += at_risk[j] * (1.0 - risk_before[j]) / free_before[j];
            }
            let pooled = pooled_before + events / total;
            let weight = libm::pow(1.0 - pooled_before, rho);
            let mut a = Matrix::zero(k);
            for i in (0..k).filter(|&i| at_risk[i] > 0.0) {
                let t = at_risk[i] / free_before[i];
                for j in (0..k).filter(|&j| at_risk[j] > 0.0) {
                    let share = at_risk[j] / free_before[j] / total;
                    let value = weight * t * (if i == j { 1.0 } else { 0.0 } - share);
                    a.set(i, j, value);
                    c.add(i, j, value * events / (total * (1.0 - pooled_before)));
                }
                if i + 1 < k {
                    let expected =
                        events * at_risk[i] * (1.0 - risk_before[i]) / (free_before[i] * total_risk);
                    scores[i] += weight * (d1[i] - expected);
                }
            }
            for g in (0..k).filter(|&g| at_risk[g] > 0.0) {
                if events > 0.0 {
                    let left = if free[g] > 0.0 { 1.0 - (1.0 - pooled) / free[g] } else { 1.0 };
                    let tied = if events > 1.0 {
                        1.0 - (events - 1.0) / (total * free_before[g] - 1.0)
                    } else {
                        1.0
                    };
                    let spread = tied * free_before[g] * events / (total * at_risk[g]);
                    own[g] += left * left * spread;
                    for i in 0..k - 1 {
                        let t1 = a.get(i, g) - left * c.get(i, g);
                        cross.add(i, g, t1 * left * spread);
                        for j in 0..k - 1 {
                            sum.add(i, j, t1 * (a.get(j, g) - left * c.get(j, g)) * spread);
                        }
                    }
                }
                if d2[g] > 0.0 && free[g] > 0.0 {
                    let left = (1.0 - pooled) / free[g];
                    let tied = if d2[g] > 1.0 { 1.0 - (d2[g] - 1.0) / (at_risk[g] - 1.0) } else { 1.0 };
                    let spread = free_before[g] * free_before[g] * d2[g] * tied / (at_risk[g] * at_risk[g]);
                    own[g] += left * left * spread;
                    for i in 0..k - 1 {
                        let t1 = left * c.get(i, g);
                        cross.add(i, g, -t1 * left * spread);
                        for j in 0..k - 1 {
                            sum.add(i, j, t1 * left * c.get(j, g) * spread);
                        }
                    }
                }
            }
            pooled_before = pooled;
            free_before.copy_from_slice(&free);
            risk_before.copy_from_slice(&risk);
        }
        exits[start..end].iter().for_each(|e| at_risk[e.2] -= 1.0);
        start = end;
    }
    for i in 0..k - 1 {
        for j in 0..k - 1 {
            let mut value = sum.get(i, j);
            for (g, own) in own.iter().enumerate() {
                value += c.get(i, g) * c.get(j, g) * own;
                value += c.get(i, g) * cross.get(j, g) + c.get(j, g) * cross.get(i, g);
            }
            covariance.add(i, j, value);
        }
    }
}

/// Where a censoring at an event's time stands in the estimate of the censoring distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CensoringTies {
    /// Those with the event are still in the censoring risk set (R's `crr`).
    #[default]
    Together,
    /// Censoring comes after events, as in Kaplan-Meier (R's `finegray`).
    After,
}

/// A fitted subdistribution-hazards model.
#[derive(Clone, Debug, PartialEq)]
pub struct FineGrayFit {
    /// Log subdistribution hazard ratios.
    pub coefficients: Vec<f64>,
    /// With the weights' own uncertainty, as Fine and Gray give it.
    pub robust_covariance: Matrix,
    /// Inverse information.
    pub covariance: Matrix,
    pub log_likelihood_null: f64,
    pub log_likelihood: f64,
}

impl FineGrayFit {
    pub fn standard_errors(&self) -> Vec<f64> {
        self.robust_covariance.standard_errors()
    }
}

/// Fine and Gray's model: covariates act on the risk of one cause itself.
///
/// Someone who has had the competing event stays in the risk set with the weight `G(t−)/G(T−)`, `G` being
/// the pooled Kaplan-Meier estimate of not being censored. Ties by Breslow. Without competing events
/// it is Cox's model. The robust variance adds to each score residual the part due to estimating `G`.
///
/// Fine & Gray, J Am Stat Assoc 1999;94:496.
pub fn fine_gray(
    time: &[f64],
    cause: &[u8],
    covariates: &[&[f64]],
    of: u8,
    ties: CensoringTies,
) -> Result<FineGrayFit, Reason> {
    let (n, p) = (time.len(), covariates.len());
    if !cause.contains(&of) {
        return Err(Reason::NoEvents);
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| time[a].total_cmp(&time[b]));
    // Censoring: times, numbers censored, numbers at risk, and the curve just after each.
    let mut censored: Vec<f64> = (0..n).filter(|&i| cause[i] == 0).map(|i| time[i]).collect();
    censored.sort_by(f64::total_cmp);
    censored.dedup();
    let mut kept = Vec::with_capacity(censored.len());
    let mut leaving = Vec::with_capacity(censored.len());
    let mut curve = 1.0;
    for &c in &censored {
        let gone = time.iter().zip(cause).filter(|&(&t, &k)| t == c && k == 0).count() as f64;
        let at_risk = time
            .iter()
            .zip(cause)
            .filter(|&(&t, &k)| t > c || (t == c && (k == 0 || ties == CensoringTies::Together)))
            .count() as f64;
        curve *= 1.0 - gone / at_risk;
        kept.push(curve);
        leaving.push((gone, time.iter().filter(|&&t| t >= c).count() as f64));
    }
    let uncensored_before = |t: f64| {
        let before = censored.partition_point(|&c| c < t);
        before.checked_sub(1).map_or(1.0, |i| kept[i])
    };
    let own: Vec<f64> = time.iter().map(|&t| uncensored_before(t)).collect();
    let mut events: Vec<f64> = (0..n).filter(|&i| cause[i] == of).map(|i| time[i]).collect();
    events.sort_by(f64::total_cmp);
    let mut times = events.clone();
    times.dedup();
    let deaths: Vec<f64> = times
        .iter()
        .map(|&t| (events.partition_point(|&e| e <= t) - events.partition_point(|&e| e < t)) as f64)
        .collect();
    let left: Vec<f64> = times.iter().map(|&t| uncensored_before(t)).collect();
    let centre: Vec<f64> = covariates.iter().map(|c| c.iter().sum::<f64>() / n as f64).collect();
    let x: Vec<f64> =
        (0..n).flat_map(|i| covariates.iter().zip(&centre).map(move |(c, m)| c[i] - m)).collect();
    let row = |i: usize| &x[i * p..(i + 1) * p];
    let weight = |i: usize, j: usize| {
        if time[i] >= times[j] {
            1.0
        } else if cause[i] != 0 && cause[i] != of {
            left[j] / own[i]
        } else {
            0.0
        }
    };
    let evaluate = |beta: &[f64]| {
        let risk: Vec<f64> =
            (0..n).map(|i| libm::exp(row(i).iter().zip(beta).map(|(x, b)| x * b).sum())).collect();
        let mut value = 0.0;
        let mut score = vec![0.0; p];
        let mut information = Matrix::zero(p);
        let mut totals = Vec::with_capacity(times.len());
        let mut means = Vec::with_capacity(times.len());
        for i in (0..n).filter(|&i| cause[i] == of) {
            value += row(i).iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
            score.iter_mut().zip(row(i)).for_each(|(s, x)| *s += x);
        }
        for (j, &d) in deaths.iter().enumerate() {
            let mut total = 0.0;
            let mut mean = vec![0.0; p];
            let mut second = Matrix::zero(p);
            for (i, &r) in risk.iter().enumerate() {
                let w = weight(i, j) * r;
                if w == 0.0 {
                    continue;
                }
                total += w;
                for (a, (m, x)) in mean.iter_mut().zip(row(i)).enumerate() {
                    *m += w * x;
                    for (b, y) in row(i).iter().enumerate() {
                        second.add(a, b, w * x * y);
                    }
                }
            }
            mean.iter_mut().for_each(|m| *m /= total);
            value -= d * libm::log(total);
            for (a, s) in score.iter_mut().enumerate() {
                *s -= d * mean[a];
                for b in 0..p {
                    information.add(a, b, d * (second.get(a, b) / total - mean[a] * mean[b]));
                }
            }
            totals.push(total);
            means.push(mean);
        }
        (value, score, information, totals, means, risk)
    };
    let mut beta = vec![0.0; p];
    let mut now = evaluate(&beta);
    let null = now.0;
    let mut settled = false;
    for _ in 0..60 {
        let step = now.2.solve(&now.1).map_err(|_| Reason::MonotoneLikelihood)?;
        beta.iter_mut().zip(&step).for_each(|(b, s)| *b += s);
        now = evaluate(&beta);
        let largest = step.iter().map(|s| s.abs()).fold(0.0, f64::max);
        if largest < 1e-12 * (1.0 + beta.iter().map(|b| b.abs()).fold(0.0, f64::max)) {
            settled = true;
            break;
        }
    }
    if !settled {
        return Err(Reason::NoConvergence);
    }
    let (value, _, information, totals, means, risk) = now;
    let covariance = information.inverse()?;
    // Score residuals, and for each censoring time the effect q(u) of the weights on the score.
    let mut residuals = vec![0.0; n * p];
    let mut effect = vec![vec![0.0; p]; censored.len()];
    for i in 0..n {
        for j in 0..times.len() {
            let w = weight(i, j);
            if w == 0.0 {
                continue;
            }
            let hazard = risk[i] * deaths[j] / totals[j];
            let event = f64::from(u8::from(cause[i] == of && time[i] == times[j]));
            for a in 0..p {
                residuals[i * p + a] += (row(i)[a] - means[j][a]) * (event - w * hazard);
            }
            if time[i] < times[j] {
                let from = censored.partition_point(|&c| c <= time[i]);
                let until = censored.partition_point(|&c| c <= times[j]);
                for q in &mut effect[from..until] {
                    for a in 0..p {
                        q[a] += w * hazard * (row(i)[a] - means[j][a]);
                    }
                }
            }
        }
    }
    for i in 0..n {
        for (u, &c) in censored.iter().enumerate() {
            if c > time[i] {
                break;
            }
            let (gone, at_risk) = leaving[u];
            let jump = f64::from(u8::from(cause[i] == 0 && time[i] == c)) - gone / at_risk;
            for a in 0..p {
                residuals[i * p + a] += effect[u][a] / at_risk * jump;
            }
        }
    }
    let mut middle = Matrix::zero(p);
    for r in residuals.chunks_exact(p) {
        for a in 0..p {
            for b in 0..p {
                middle.add(a, b, r[a] * r[b]);
            }
        }
    }
    let robust_covariance = covariance.product(&middle).product(&covariance);
    Ok(FineGrayFit {
        coefficients: beta,
        robust_covariance,
        covariance,
        log_likelihood_null: null,
        log_likelihood: value,
    })
}
