use super::{
    matrix::Matrix,
    normal::{normal_cdf, two_sided_p},
    reason::Reason,
    tails::chi_square_survival,
    two_group::{EventTime, SortedExits, TwoGroupTable, sort_by_time},
};

/// A test that two groups share one hazard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogRank {
    /// Weighted sum of observed less expected events in group 1.
    pub observed_less_expected: f64,
    pub variance: f64,
    /// `(O − E)/√V`; negative when group 1 fares better.
    pub z: f64,
}

impl LogRank {
    fn from_sums(observed_less_expected: f64, variance: f64) -> Result<Self, Reason> {
        if variance <= 0.0 {
            return Err(Reason::NoVariance);
        }
        Ok(LogRank { observed_less_expected, variance, z: observed_less_expected / variance.sqrt() })
    }

    pub fn chi_square(&self) -> f64 {
        self.z * self.z
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z)
    }

    /// One-sided P value against benefit, `Φ(z)`.
    pub fn p_benefit(&self) -> f64 {
        normal_cdf(self.z)
    }

    /// Peto's one-step log hazard ratio `(O − E)/V`, and its standard error `1/√V`.
    ///
    /// Meant for the unweighted test, and biased towards zero far from it.
    /// Yusuf et al., Prog Cardiovasc Dis 1985;27:335.
    pub fn peto_log_hazard_ratio(&self) -> (f64, f64) {
        (self.observed_less_expected / self.variance, 1.0 / self.variance.sqrt())
    }
}

/// The weight of each event time in a log-rank test.
///
/// `S` is the pooled Kaplan-Meier estimate, in a stratified test the stratum's own.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Weight {
    /// 1: the log-rank test.
    #[default]
    Constant,
    /// `S(t−)^rho · (1 − S(t−))^gamma`. (0, 1) looks late, (1, 0) early.
    /// Fleming & Harrington, Counting Processes and Survival Analysis, 1991, chapter 7.
    FlemingHarrington { rho: f64, gamma: f64 },
    /// The number at risk. Gehan, Biometrika 1965;52:203.
    Gehan,
    /// The square root of the number at risk. Tarone & Ware, Biometrika 1977;64:156.
    TaroneWare,
    /// `∏(1 − d/(n + 1))` up to and including `t`. Peto & Peto, J R Stat Soc A 1972;135:185.
    PetoPeto,
    /// `1/max(S(t−), S(delay))`: rises until `delay`, then stays, and never favours the arm with
    /// early harm. Magirr & Burman, Stat Med 2019;38:3782.
    Modest { delay: f64 },
}

/// Log-rank test that two groups share one hazard, stratified if `stratum` is given.
///
/// At each event time, `d` deaths among `n` at risk, `n₁` of them in group 1, are expected to
/// put `d·n₁/n` in group 1, with the hypergeometric variance `d·(n₁/n)(1 − n₁/n)(n − d)/(n − 1)`.
/// Observed less expected and the variance are weighted and summed over times, then strata:
/// `z = Σw(O − E) / √Σw²V`. A negative `z` means group 1 fares better.
///
/// `group` is 1 or 0; rows with another number are left out. Tied deaths are taken together;
/// someone censored at a death's time is still at risk for it. A stratum holding one group only
/// adds nothing. Weights use the pooled estimate just before each time.
///
/// Mantel, Cancer Chemother Rep 1966;50:163. Peto & Peto, J R Stat Soc A 1972;135:185.
pub fn log_rank(
    time: &[f64],
    event: &[bool],
    group: &[u8],
    stratum: Option<&[u32]>,
    weight: Weight,
) -> Result<LogRank, Reason> {
    let tables = strata_tables(time, event, group, stratum)?;
    let (mut difference, mut variance) = (0.0, 0.0);
    for table in &tables {
        let (u, v) = table.weighted_sums(weight);
        difference += u;
        variance += v;
    }
    LogRank::from_sums(difference, variance)
}

/// One table for each stratum, after checking that there is something to compare.
fn strata_tables(
    time: &[f64],
    event: &[bool],
    group: &[u8],
    stratum: Option<&[u32]>,
) -> Result<Vec<TwoGroupTable>, Reason> {
    if !group.contains(&1) || !group.contains(&0) {
        return Err(Reason::EmptyArm);
    }
    if !event.iter().zip(group).any(|(&e, &g)| e && g <= 1) {
        return Err(Reason::NoEvents);
    }
    let mut order = Vec::new();
    sort_by_time(time, &mut order);
    let exits = SortedExits { order: &order, time, event, group };
    Ok(levels(stratum)
        .into_iter()
        .map(|level| {
            let mut table = TwoGroupTable::new();
            table.append(exits, |row| stratum.is_none_or(|s| s[row] == level));
            table
        })
        .collect())
}

/// The distinct strata in rising order; a single one without strata.
pub(super) fn levels(stratum: Option<&[u32]>) -> Vec<u32> {
    let mut levels = stratum.map_or_else(|| vec![0], <[u32]>::to_vec);
    levels.sort_unstable();
    levels.dedup();
    levels
}

impl EventTime {
    fn difference(&self) -> f64 {
        self.d1 - self.d * self.n1 / self.n
    }

    fn variance(&self) -> f64 {
        if self.n > 1.0 {
            let share = self.n1 / self.n;
            self.d * share * (1.0 - share) * (self.n - self.d) / (self.n - 1.0)
        } else {
            0.0
        }
    }
}

impl TwoGroupTable {
    /// The unweighted log-rank test; stratified if the table holds several strata.
    pub fn log_rank(&self) -> Result<LogRank, Reason> {
        if self.rows().is_empty() {
            return Err(Reason::NoEvents);
        }
        let (difference, variance) = self.log_rank_sums();
        LogRank::from_sums(difference, variance)
    }

    /// Weighted observed less expected and its variance, for a table of one stratum.
    pub fn weighted_sums(&self, weight: Weight) -> (f64, f64) {
        let mut sums = (0.0, 0.0);
        self.for_each_weighted(&[weight], |row, w| {
            sums.0 += w[0] * row.difference();
            sums.1 += w[0] * w[0] * row.variance();
        });
        sums
    }

    /// Visits the rows of one stratum by rising time, each with its weights.
    fn for_each_weighted(&self, weights: &[Weight], mut visit: impl FnMut(&EventTime, &[f64])) {
        let settled: Vec<f64> = weights
            .iter()
            .map(|weight| match weight {
                Weight::Modest { delay } => {
                    let mut survival = 1.0;
                    for r in self.rows().iter().rev().take_while(|r| r.time <= *delay) {
                        survival *= 1.0 - r.d / r.n;
                    }
                    survival
                }
                _ => 0.0,
            })
            .collect();
        let mut now = vec![0.0; weights.len()];
        let (mut survival, mut peto) = (1.0f64, 1.0);
        for r in self.rows().iter().rev() {
            peto *= 1.0 - r.d / (r.n + 1.0);
            for (k, weight) in weights.iter().enumerate() {
                now[k] = match *weight {
                    Weight::Constant => 1.0,
                    Weight::FlemingHarrington { rho, gamma } => {
                        power(survival, rho) * power(1.0 - survival, gamma)
                    }
                    Weight::Gehan => r.n,
                    Weight::TaroneWare => r.n.sqrt(),
                    Weight::PetoPeto => peto,
                    Weight::Modest { .. } => 1.0 / survival.max(settled[k]),
                };
            }
            visit(r, &now);
            survival *= 1.0 - r.d / r.n;
        }
    }
}

/// `base^exponent` with `0⁰ = 1`, cheap for the exponents in use.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 {
        1.0
    } else if exponent == 1.0 {
        base
    } else if exponent == 0.5 {
        base.sqrt()
    } else {
        libm::pow(base, exponent)
    }
}

/// Several weighted log-rank statistics and their covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedLogRanks {
    pub observed_less_expected: Vec<f64>,
    /// `Σ wⱼwₖV`.
    pub covariance: Matrix,
}

impl WeightedLogRanks {
    pub fn z(&self) -> Vec<f64> {
        let se = self.covariance.standard_errors();
        self.observed_less_expected.iter().zip(se).map(|(u, s)| u / s).collect()
    }

    /// Correlation of the statistics when the groups share one hazard.
    pub fn correlation(&self) -> Matrix {
        let se = self.covariance.standard_errors();
        let mut out = self.covariance.clone();
        for i in 0..out.size() {
            for j in 0..out.size() {
                out.set(i, j, if i == j { 1.0 } else { self.covariance.get(i, j) / (se[i] * se[j]) });
            }
        }
        out
    }
}

/// Several weighted log-rank statistics at once, with their covariance, as MaxCombo needs.
///
/// As [`log_rank`]; a weight without variance gives [`Reason::NoVariance`].
pub fn weighted_log_ranks(
    time: &[f64],
    event: &[bool],
    group: &[u8],
    stratum: Option<&[u32]>,
    weights: &[Weight],
) -> Result<WeightedLogRanks, Reason> {
    let tables = strata_tables(time, event, group, stratum)?;
    weighted_log_ranks_of(&tables, weights)
}

/// [`weighted_log_ranks`] from one table for each stratum.
pub fn weighted_log_ranks_of(
    tables: &[TwoGroupTable],
    weights: &[Weight],
) -> Result<WeightedLogRanks, Reason> {
    let k = weights.len();
    let mut sums = vec![0.0; k];
    let mut covariance = Matrix::zero(k);
    for table in tables {
        table.for_each_weighted(weights, |row, w| {
            let (u, v) = (row.difference(), row.variance());
            for i in 0..k {
                sums[i] += w[i] * u;
                for j in 0..k {
                    covariance.add(i, j, w[i] * w[j] * v);
                }
            }
        });
    }
    if (0..k).any(|i| covariance.get(i, i) <= 0.0) {
        return Err(Reason::NoVariance);
    }
    Ok(WeightedLogRanks { observed_less_expected: sums, covariance })
}

/// Pike's hazard ratio `(O₁/E₁)/(O₀/E₀)`, near one the same as Cox's.
pub fn pike_hazard_ratio(time: &[f64], event: &[bool], group: &[u8]) -> Result<f64, Reason> {
    let tables = strata_tables(time, event, group, None)?;
    let (mut observed, mut expected, mut observed_1, mut expected_1) = (0.0, 0.0, 0.0, 0.0);
    for r in tables[0].rows() {
        observed += r.d;
        observed_1 += r.d1;
        expected += r.d;
        expected_1 += r.d * r.n1 / r.n;
    }
    let (observed_0, expected_0) = (observed - observed_1, expected - expected_1);
    if observed_0 == 0.0 || expected_1 == 0.0 || expected_0 == 0.0 {
        return Err(Reason::Undefined);
    }
    Ok((observed_1 / expected_1) / (observed_0 / expected_0))
}

/// A test that several groups share one hazard.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupsLogRank {
    /// The group numbers, in rising order; the vectors below follow it.
    pub groups: Vec<u32>,
    pub observed: Vec<f64>,
    pub expected: Vec<f64>,
    /// Covariance of `observed − expected`, singular because the differences add to zero.
    pub covariance: Matrix,
    pub chi_square: f64,
    /// Groups less one.
    pub degrees: usize,
}

impl GroupsLogRank {
    pub fn p(&self) -> f64 {
        chi_square_survival(self.chi_square, self.degrees as f64)
    }

    /// Trend over the groups: `z = Σc(O − E)/√(cᵀVc)` for scores `c`, one for each group.
    ///
    /// Positive when higher scores fare worse. Tarone, Biometrika 1975;62:679.
    pub fn trend(&self, scores: &[f64]) -> Result<f64, Reason> {
        let sum: f64 =
            self.observed.iter().zip(&self.expected).zip(scores).map(|((o, e), c)| c * (o - e)).sum();
        let variance = self.covariance.quadratic(scores);
        if variance <= 0.0 { Err(Reason::NoVariance) } else { Ok(sum / variance.sqrt()) }
    }
}

/// Log-rank test of any number of groups, stratified if `stratum` is given, with weight
/// `S(t−)^rho` of the pooled Kaplan-Meier estimate (0 for the plain test).
///
/// The chi-square is the quadratic form of observed less expected with the multivariate
/// hypergeometric covariance, one group dropped. The squared `z` of [`log_rank`] with two groups.
///
/// Harrington & Fleming, Biometrika 1982;69:553.
pub fn log_rank_of_groups(
    time: &[f64],
    event: &[bool],
    group: &[u32],
    stratum: Option<&[u32]>,
    rho: f64,
) -> Result<GroupsLogRank, Reason> {
    let groups = levels(Some(group));
    let k = groups.len();
    if k < 2 {
        return Err(Reason::EmptyArm);
    }
    let index: Vec<usize> = group.iter().map(|g| groups.partition_point(|x| x < g)).collect();
    let mut order = Vec::new();
    sort_by_time(time, &mut order);
    let (mut observed, mut expected) = (vec![0.0; k], vec![0.0; k]);
    let mut covariance = Matrix::zero(k);
    for level in levels(stratum) {
        let rows: Vec<usize> = order
            .iter()
            .map(|&i| i as usize)
            .filter(|&row| stratum.is_none_or(|s| s[row] == level))
            .collect();
        let mut at_risk = vec![0.0; k];
        for &row in &rows {
            at_risk[index[row]] += 1.0;
        }
        let mut survival = 1.0;
        let mut start = 0;
        while start < rows.len() {
            let now = time[rows[start]];
            let end = start + rows[start..].iter().take_while(|&&row| time[row] == now).count();
            let n: f64 = at_risk.iter().sum();
            let mut deaths = vec![0.0; k];
            for &row in rows[start..end].iter().filter(|&&row| event[row]) {
                deaths[index[row]] += 1.0;
            }
            let d: f64 = deaths.iter().sum();
            if d > 0.0 {
                let weight = power(survival, rho);
                let spread = if n > 1.0 { weight * weight * d * (n - d) / (n - 1.0) } else { 0.0 };
                for i in 0..k {
                    observed[i] += weight * deaths[i];
                    expected[i] += weight * d * at_risk[i] / n;
                    for j in 0..k {
                        let own = if i == j { at_risk[i] / n } else { 0.0 };
                        covariance.add(i, j, spread * (own - at_risk[i] * at_risk[j] / (n * n)));
                    }
                }
                survival *= 1.0 - d / n;
            }
            for &row in &rows[start..end] {
                at_risk[index[row]] -= 1.0;
            }
            start = end;
        }
    }
    if observed.iter().sum::<f64>() == 0.0 {
        return Err(Reason::NoEvents);
    }
    let mut reduced = Matrix::zero(k - 1);
    for i in 0..k - 1 {
        for j in 0..k - 1 {
            reduced.set(i, j, covariance.get(i, j));
        }
    }
    let difference: Vec<f64> = (0..k - 1).map(|i| observed[i] - expected[i]).collect();
    let solved = reduced.solve(&difference).map_err(|_| Reason::NoVariance)?;
    let chi_square = solved.iter().zip(&difference).map(|(a, b)| a * b).sum();
    Ok(GroupsLogRank { groups, observed, expected, covariance, chi_square, degrees: k - 1 })
}
