//! Comparisons that use only the order of outcomes.
//!
//! Above 0, or above ½, means higher values in treatment. For days alive and free of support, where
//! death counts as the lowest value, higher is better.

use super::{
    interval::Interval,
    log_rank::levels,
    normal::{interval_multiplier, normal_cdf, two_sided_p},
    reason::Reason,
    tails::{chi_square_survival, student_two_sided_p},
    two_by_two::Estimate,
};

/// Ranks from 1, ties sharing their mean rank.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut out = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let end = start + order[start..].iter().take_while(|&&i| values[i] == values[order[start]]).count();
        for &i in &order[start..end] {
            out[i] = 0.5 * (start + 1 + end) as f64;
        }
        start = end;
    }
    out
}

/// Mann and Whitney's comparison of two groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Pairs in which treatment is higher, ties counting half.
    pub u: f64,
    pub pairs: f64,
    /// Of `u` under no difference, given the ties.
    pub variance: f64,
}

impl MannWhitney {
    /// `(U − n₁n₀/2)/√V`.
    pub fn z(&self) -> f64 {
        (self.u - 0.5 * self.pairs) / self.variance.sqrt()
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }

    /// With the continuity correction of ½.
    pub fn p_two_sided_corrected(&self) -> f64 {
        let apart = self.u - 0.5 * self.pairs;
        let apart = apart - 0.5 * apart.signum() * f64::from(u8::from(apart != 0.0));
        (2.0 * normal_cdf(-apart.abs() / self.variance.sqrt())).min(1.0)
    }

    /// Chance that someone in treatment is higher than someone in control, ties counting half.
    pub fn probability(&self) -> f64 {
        self.u / self.pairs
    }
}

/// Mann-Whitney (Wilcoxon rank-sum) test with the tie-corrected variance.
///
/// Mann & Whitney, Ann Math Stat 1947;18:50.
pub fn mann_whitney(treatment: &[f64], control: &[f64]) -> Result<MannWhitney, Reason> {
    let (n1, n0) = (treatment.len() as f64, control.len() as f64);
    if n1 == 0.0 || n0 == 0.0 {
        return Err(Reason::EmptyArm);
    }
    let all: Vec<f64> = treatment.iter().chain(control).copied().collect();
    let r = ranks(&all);
    let n = n1 + n0;
    let sum: f64 = r[..treatment.len()].iter().sum();
    let variance = n1 * n0 / 12.0 * (n + 1.0 - tie_sum(&all) / (n * (n - 1.0)));
    if variance <= 1e-12 {
        return Err(Reason::NoVariance);
    }
    Ok(MannWhitney { u: sum - n1 * (n1 + 1.0) / 2.0, pairs: n1 * n0, variance })
}

/// `Σ(t³ − t)` over groups of `t` tied values.
fn tie_sum(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|c| c.len() as f64).map(|t| t * t * t - t).sum()
}

/// Exact two-sided P value of the rank sum, ties or not: the chance, over all divisions of the
/// observed ranks, of a sum at least as far from its mean.
///
/// The work grows with the cube of the number of people; meant for a hundred or so.
pub fn mann_whitney_exact_p(treatment: &[f64], control: &[f64]) -> Result<f64, Reason> {
    if treatment.is_empty() || control.is_empty() {
        return Err(Reason::EmptyArm);
    }
    let all: Vec<f64> = treatment.iter().chain(control).copied().collect();
    // Doubled ranks are whole.
    let doubled: Vec<usize> = ranks(&all).iter().map(|r| (2.0 * r) as usize).collect();
    let n1 = treatment.len();
    let most: usize = doubled.iter().sum();
    let mut ways = vec![vec![0.0f64; most + 1]; n1 + 1];
    ways[0][0] = 1.0;
    for (seen, &r) in doubled.iter().enumerate() {
        for k in (1..=n1.min(seen + 1)).rev() {
            for s in (r..=most).rev() {
                let from = ways[k - 1][s - r];
                ways[k][s] += from;
            }
        }
    }
    let total: f64 = ways[n1].iter().sum();
    let mean = most as f64 * n1 as f64 / all.len() as f64;
    let seen: usize = doubled[..n1].iter().sum();
    let apart = (seen as f64 - mean).abs() - 1e-9;
    let extreme: f64 =
        ways[n1].iter().enumerate().filter(|(s, _)| (*s as f64 - mean).abs() >= apart).map(|(_, w)| w).sum();
    Ok((extreme / total).min(1.0))
}

/// Median of all differences between someone in treatment and someone in control.
///
/// Hodges & Lehmann, Ann Math Stat 1963;34:598.
pub fn hodges_lehmann(treatment: &[f64], control: &[f64]) -> Result<f64, Reason> {
    let d = sorted_differences(treatment, control);
    if d.is_empty() {
        return Err(Reason::EmptyArm);
    }
    Ok(0.5 * (d[(d.len() - 1) / 2] + d[d.len() / 2]))
}

fn sorted_differences(treatment: &[f64], control: &[f64]) -> Vec<f64> {
    let mut d: Vec<f64> = treatment.iter().flat_map(|a| control.iter().map(move |b| a - b)).collect();
    d.sort_by(f64::total_cmp);
    d
}

/// The shifts that the Mann-Whitney test, uncorrected and with the ties that each shift makes, does
/// not reject.
pub fn hodges_lehmann_interval(
    treatment: &[f64],
    control: &[f64],
    confidence: f64,
) -> Result<Interval, Reason> {
    let mut d = sorted_differences(treatment, control);
    d.dedup();
    if d.is_empty() {
        return Err(Reason::EmptyArm);
    }
    let limit = interval_multiplier(confidence);
    let z = |shift: f64| {
        let moved: Vec<f64> = treatment.iter().map(|x| x - shift).collect();
        mann_whitney(&moved, control).map_or(0.0, |m| m.z())
    };
    // Between neighbouring differences the statistic stays the same, and it falls with the shift.
    let middle = |i: usize| 0.5 * (d[i - 1] + d[i]);
    let first = |keep: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0, d.len());
        while low < high {
            let i = (low + high) / 2;
            let at = if i == 0 { d[0] - 1.0 } else { middle(i) };
            if keep(z(at)) { high = i } else { low = i + 1 }
        }
        low
    };
    let lower = first(&|z| z <= limit);
    let upper = first(&|z| z < -limit);
    Ok(Interval {
        lower: if lower == 0 { f64::NEG_INFINITY } else { d[lower - 1] },
        upper: if upper == 0 || upper > d.len() - 1 && z(d[d.len() - 1] + 1.0) >= -limit {
            f64::INFINITY
        } else {
            d[upper - 1]
        },
    })
}

/// Exact interval of the shift without ties: order statistics of the differences.
pub fn hodges_lehmann_exact_interval(
    treatment: &[f64],
    control: &[f64],
    confidence: f64,
) -> Result<Interval, Reason> {
    let d = sorted_differences(treatment, control);
    if d.is_empty() {
        return Err(Reason::EmptyArm);
    }
    let (n1, n0) = (treatment.len(), control.len());
    // Number of divisions giving each U, by the usual recursion on the largest value.
    let mut ways = vec![vec![0.0f64; n1 * n0 + 1]; n1 + 1];
    ways[0][0] = 1.0;
    for rank in 0..n1 + n0 {
        for k in (1..=n1.min(rank + 1)).rev() {
            let gain = rank + 1 - k;
            if gain > n1 * n0 {
                continue;
            }
            for u in (gain..=n1 * n0).rev() {
                let from = ways[k - 1][u - gain];
                ways[k][u] += from;
            }
        }
    }
    let total: f64 = ways[n1].iter().sum();
    let tail = 0.5 * (1.0 - confidence);
    let mut sum = 0.0;
    let mut q = 0;
    for (u, w) in ways[n1].iter().enumerate() {
        sum += w / total;
        if sum >= tail {
            q = u;
            break;
        }
    }
    let q = q.max(1);
    Ok(Interval { lower: d[q - 1], upper: d[d.len() - q] })
}

/// Chance that treatment is higher, with the variance of its two parts (placements): valid when the
/// groups differ.
///
/// DeLong et al., Biometrics 1988;44:837.
pub fn probability_of_higher(treatment: &[f64], control: &[f64]) -> Result<Estimate, Reason> {
    let (n1, n0) = (treatment.len() as f64, control.len() as f64);
    if n1 < 2.0 || n0 < 2.0 {
        return Err(super::linear::too_small(n1, n0));
    }
    let all: Vec<f64> = treatment.iter().chain(control).copied().collect();
    let r = ranks(&all);
    let (within_1, within_0) = (ranks(treatment), ranks(control));
    let one: Vec<f64> = r[..treatment.len()].iter().zip(&within_1).map(|(a, b)| (a - b) / n0).collect();
    let zero: Vec<f64> =
        r[treatment.len()..].iter().zip(&within_0).map(|(a, b)| 1.0 - (a - b) / n1).collect();
    let ((value, v1), (_, v0)) =
        (super::linear::mean_and_variance(&one), super::linear::mean_and_variance(&zero));
    Ok(Estimate { value, standard_error: (v1 / n1 + v0 / n0).sqrt() })
}

/// Brunner and Munzel's test that neither group tends to be higher, with unequal spreads allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrunnerMunzel {
    /// Positive when treatment tends to be higher.
    pub statistic: f64,
    pub degrees: f64,
}

impl BrunnerMunzel {
    pub fn p_two_sided(&self) -> f64 {
        student_two_sided_p(self.statistic, self.degrees)
    }
}

/// Brunner & Munzel, Biom J 2000;42:17.
pub fn brunner_munzel(treatment: &[f64], control: &[f64]) -> Result<BrunnerMunzel, Reason> {
    let (n1, n0) = (treatment.len() as f64, control.len() as f64);
    if n1 < 2.0 || n0 < 2.0 {
        return Err(super::linear::too_small(n1, n0));
    }
    let all: Vec<f64> = treatment.iter().chain(control).copied().collect();
    let r = ranks(&all);
    let apart = |r: &[f64], within: Vec<f64>| {
        let d: Vec<f64> = r.iter().zip(within).map(|(a, b)| a - b).collect();
        super::linear::mean_and_variance(&d).1
    };
    let s1 = apart(&r[..treatment.len()], ranks(treatment));
    let s0 = apart(&r[treatment.len()..], ranks(control));
    let pooled = n1 * s1 + n0 * s0;
    if pooled <= 0.0 {
        return Err(Reason::NoVariance);
    }
    let mean = |r: &[f64]| r.iter().sum::<f64>() / r.len() as f64;
    let difference = mean(&r[..treatment.len()]) - mean(&r[treatment.len()..]);
    let degrees = pooled * pooled / ((n1 * s1) * (n1 * s1) / (n1 - 1.0) + (n0 * s0) * (n0 * s0) / (n0 - 1.0));
    Ok(BrunnerMunzel { statistic: n1 * n0 * difference / ((n1 + n0) * pooled.sqrt()), degrees })
}

/// Sum over strata of weighted rank sums of group 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StratifiedRanks {
    pub sum: f64,
    pub expected: f64,
    pub variance: f64,
}

impl StratifiedRanks {
    /// Positive when group 1 is higher.
    pub fn z(&self) -> f64 {
        (self.sum - self.expected) / self.variance.sqrt()
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }
}

/// Van Elteren's stratified rank-sum test: ranks taken within strata, each stratum of `N` weighted
/// by `1/(N + 1)`, ties in the variance.
///
/// A stratum with one group only adds nothing. Van Elteren, Bull Int Stat Inst 1960;37:351.
pub fn van_elteren(values: &[f64], group: &[u8], stratum: &[u32]) -> Result<StratifiedRanks, Reason> {
    let mut out = StratifiedRanks { sum: 0.0, expected: 0.0, variance: 0.0 };
    for level in levels(Some(stratum)) {
        let rows: Vec<usize> = (0..values.len()).filter(|&i| stratum[i] == level && group[i] <= 1).collect();
        let here: Vec<f64> = rows.iter().map(|&i| values[i]).collect();
        let n = rows.len() as f64;
        let n1 = rows.iter().filter(|&&i| group[i] == 1).count() as f64;
        if n1 == 0.0 || n1 == n {
            continue;
        }
        let r = ranks(&here);
        let w = 1.0 / (n + 1.0);
        let middle = 0.5 * (n + 1.0);
        let spread = r.iter().map(|r| (r - middle) * (r - middle)).sum::<f64>() / n;
        out.sum += w * rows.iter().zip(&r).filter(|(i, _)| group[**i] == 1).map(|(_, r)| r).sum::<f64>();
        out.expected += w * n1 * middle;
        out.variance += w * w * n1 * (n - n1) / (n - 1.0) * spread;
    }
    if out.variance > 0.0 { Ok(out) } else { Err(Reason::NoVariance) }
}

/// Kruskal and Wallis's chi-square that several groups share one distribution, with its degrees of
/// freedom and P value. J Am Stat Assoc 1952;47:583.
pub fn kruskal_wallis(values: &[f64], group: &[u32]) -> Result<(f64, usize, f64), Reason> {
    let r = ranks(values);
    let n = values.len() as f64;
    let groups = levels(Some(group));
    if groups.len() < 2 {
        return Err(Reason::EmptyArm);
    }
    let sum: f64 = groups
        .iter()
        .map(|g| {
            let mine: Vec<f64> = r.iter().zip(group).filter(|(_, x)| *x == g).map(|(r, _)| *r).collect();
            let total: f64 = mine.iter().sum();
            total * total / mine.len() as f64
        })
        .sum();
    let ties = 1.0 - tie_sum(values) / (n * n * n - n);
    if ties <= 0.0 {
        return Err(Reason::NoVariance);
    }
    let chi_square = (12.0 / (n * (n + 1.0)) * sum - 3.0 * (n + 1.0)) / ties;
    let degrees = groups.len() - 1;
    Ok((chi_square, degrees, chi_square_survival(chi_square, degrees as f64)))
}

/// Pearson's correlation.
pub fn correlation(x: &[f64], y: &[f64]) -> Result<f64, Reason> {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xx += (a - mx) * (a - mx);
        yy += (b - my) * (b - my);
        xy += (a - mx) * (b - my);
    }
    if xx > 0.0 && yy > 0.0 { Ok(xy / (xx * yy).sqrt()) } else { Err(Reason::NoVariance) }
}

/// Spearman's correlation: Pearson's of the ranks.
pub fn rank_correlation(x: &[f64], y: &[f64]) -> Result<f64, Reason> {
    correlation(&ranks(x), &ranks(y))
}

/// Kendall's tau-b: concordant less discordant pairs over the geometric mean of pairs untied in
/// each. Biometrika 1938;30:81.
pub fn kendall_tau(x: &[f64], y: &[f64]) -> Result<f64, Reason> {
    let (mut sum, mut in_x, mut in_y) = (0.0, 0.0, 0.0);
    let order = |a: f64, b: f64| f64::from(i8::from(a > b) - i8::from(a < b));
    for i in 0..x.len() {
        for j in 0..i {
            let (a, b) = (order(x[i], x[j]), order(y[i], y[j]));
            sum += a * b;
            in_x += a * a;
            in_y += b * b;
        }
    }
    if in_x > 0.0 && in_y > 0.0 { Ok(sum / (in_x * in_y).sqrt()) } else { Err(Reason::NoVariance) }
}

/// Quantile by linear interpolation between order statistics at `(n − 1)p` (R's type 7).
pub fn quantile(values: &[f64], p: f64) -> Result<f64, Reason> {
    if values.is_empty() {
        return Err(Reason::EmptyArm);
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() - 1) as f64 * p.clamp(0.0, 1.0);
    let low = at.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    Ok(sorted[low] + (at - low as f64) * (sorted[high] - sorted[low]))
}
