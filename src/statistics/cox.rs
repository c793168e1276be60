use super::{
    interval::Interval,
    log_rank::levels,
    matrix::Matrix,
    normal::two_sided_p,
    reason::Reason,
    solve::root,
    tails::{chi_square_quantile, chi_square_survival},
};

/// How deaths at the same time share a risk set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ties {
    /// Each of the tied deaths in turn, the others partly removed. Efron, J Am Stat Assoc 1977;72:557.
    #[default]
    Efron,
    /// All tied deaths against the full risk set: biased towards no effect when ties are many.
    /// Breslow, Biometrics 1974;30:89.
    Breslow,
}

/// Rows for a proportional-hazards model, as columns of equal length.
#[derive(Clone, Copy, Debug)]
pub struct CoxData<'a> {
    pub time: &'a [f64],
    pub event: &'a [bool],
    /// One slice for each covariate.
    pub covariates: &'a [&'a [f64]],
    /// At risk after `entry`, up to and including `time`; from the start if absent.
    pub entry: Option<&'a [f64]>,
    /// Each stratum has its own baseline hazard.
    pub stratum: Option<&'a [u32]>,
    /// Case weights.
    pub weight: Option<&'a [f64]>,
    /// Rows of one person or centre, for the robust variance; each row its own if absent.
    pub cluster: Option<&'a [u32]>,
    /// Added to the linear predictor with coefficient 1.
    pub offset: Option<&'a [f64]>,
}

impl<'a> CoxData<'a> {
    pub fn new(time: &'a [f64], event: &'a [bool], covariates: &'a [&'a [f64]]) -> Self {
        CoxData {
            time,
            event,
            covariates,
            entry: None,
            stratum: None,
            weight: None,
            cluster: None,
            offset: None,
        }
    }
}

/// A fitted proportional-hazards model.
#[derive(Clone, Debug, PartialEq)]
pub struct CoxFit {
    pub n: usize,
    pub events: usize,
    /// The coefficients, unless the likelihood is monotone or a covariate redundant; the tests
    /// against no effect below hold either way.
    pub estimate: Result<CoxEstimate, Reason>,
    /// Log hazards of the rows where the iteration ended, on their way to infinity or not.
    pub(super) predictor: Vec<f64>,
    /// Log partial likelihood with all coefficients zero.
    pub log_likelihood_null: f64,
    /// At the estimate, or its limit when that is infinite.
    pub log_likelihood: f64,
    /// Score chi-square against no effect, on as many degrees of freedom as covariates.
    pub score_chi_square: f64,
    /// The score test with the sandwich's middle in place of the information, for clusters or
    /// weights.
    pub robust_score_chi_square: Result<f64, Reason>,
}

/// Coefficients of a proportional-hazards model and how sure they are.
#[derive(Clone, Debug, PartialEq)]
pub struct CoxEstimate {
    /// Log hazard ratios for one unit of each covariate; below zero is fewer events.
    pub coefficients: Vec<f64>,
    /// Inverse information.
    pub covariance: Matrix,
    /// Sandwich: sum over clusters of the outer product of summed score residuals, between inverse
    /// informations, without a small-sample factor. Lin & Wei, J Am Stat Assoc 1989;84:1074.
    pub robust_covariance: Matrix,
    /// Chi-square of the coefficients with the model's covariance.
    pub wald_chi_square: f64,
    pub iterations: u32,
}

impl CoxEstimate {
    pub fn standard_errors(&self) -> Vec<f64> {
        self.covariance.standard_errors()
    }

    pub fn robust_standard_errors(&self) -> Vec<f64> {
        self.robust_covariance.standard_errors()
    }

    pub fn z(&self, covariate: usize) -> f64 {
        self.coefficients[covariate] / self.standard_errors()[covariate]
    }

    pub fn p_two_sided(&self, covariate: usize) -> f64 {
        two_sided_p(self.z(covariate))
    }

    pub fn hazard_ratio(&self, covariate: usize) -> f64 {
        libm::exp(self.coefficients[covariate])
    }

    /// Wald's interval of the hazard ratio.
    pub fn interval(&self, covariate: usize, confidence: f64) -> Interval {
        Interval::wald(self.coefficients[covariate], self.standard_errors()[covariate], confidence).exp()
    }
}

impl CoxFit {
    /// Likelihood-ratio chi-square against no effect.
    pub fn likelihood_ratio_chi_square(&self) -> f64 {
        2.0 * (self.log_likelihood - self.log_likelihood_null)
    }

    pub fn likelihood_ratio_p(&self, covariates: usize) -> f64 {
        chi_square_survival(self.likelihood_ratio_chi_square(), covariates as f64)
    }

    pub fn score_p(&self, covariates: usize) -> f64 {
        chi_square_survival(self.score_chi_square, covariates as f64)
    }
}

/// One term of the partial likelihood: a death against its risk set, in Efron's form one of several
/// tied deaths with `gone` of each of them removed.
pub(super) struct RiskSet<'s> {
    pub time: f64,
    pub stratum: usize,
    /// Rows that die at this time.
    pub deaths: &'s [usize],
    /// Share of each tied death that has left the risk set.
    pub gone: f64,
    /// The mean case weight of the tied deaths: the weight of this term.
    pub weight: f64,
    /// Sum of `w·exp(xβ)` over the risk set.
    pub total: f64,
    /// Weighted mean of the covariates.
    pub mean: &'s [f64],
    /// Weighted covariance of the covariates, row by row.
    pub covariance: &'s [f64],
    /// Third central moments, if asked for.
    pub third: &'s [f64],
}

/// Rows sorted and centred once for all iterations.
pub(super) struct Prepared<'a> {
    pub data: CoxData<'a>,
    pub p: usize,
    pub centre: Vec<f64>,
    /// Centred covariates, row by row.
    pub x: Vec<f64>,
    /// For each stratum its rows by falling time, and again by falling entry.
    pub strata: Vec<(Vec<usize>, Vec<usize>)>,
}

impl<'a> Prepared<'a> {
    pub fn new(data: CoxData<'a>) -> Self {
        let n = data.time.len();
        let p = data.covariates.len();
        let centre: Vec<f64> = data.covariates.iter().map(|c| c.iter().sum::<f64>() / n as f64).collect();
        let mut x = vec![0.0; n * p];
        for (j, column) in data.covariates.iter().enumerate() {
            for (i, value) in column.iter().enumerate() {
                x[i * p + j] = value - centre[j];
            }
        }
        let strata = levels(data.stratum)
            .into_iter()
            .map(|level| {
                let mut rows: Vec<usize> =
                    (0..n).filter(|&i| data.stratum.is_none_or(|s| s[i] == level)).collect();
                rows.sort_by(|&a, &b| data.time[b].total_cmp(&data.time[a]));
                let mut entries = Vec::new();
                if let Some(entry) = data.entry {
                    entries = rows.clone();
                    entries.sort_by(|&a, &b| entry[b].total_cmp(&entry[a]));
                }
                (rows, entries)
            })
            .collect();
        Prepared { data, p, centre, x, strata }
    }

    pub fn row(&self, i: usize) -> &[f64] {
        &self.x[i * self.p..(i + 1) * self.p]
    }

    pub fn weight(&self, i: usize) -> f64 {
        self.data.weight.map_or(1.0, |w| w[i])
    }

    /// `xβ` with the covariates centred.
    pub fn predictor(&self, i: usize, beta: &[f64]) -> f64 {
        let offset = self.data.offset.map_or(0.0, |o| o[i]);
        offset + self.row(i).iter().zip(beta).map(|(x, b)| x * b).sum::<f64>()
    }

    /// Visits every term of the partial likelihood at `beta`, strata in order, times falling.
    pub fn scan(&self, beta: &[f64], ties: Ties, cubes: bool, mut visit: impl FnMut(&RiskSet<'_>)) {
        let p = self.p;
        let size = 1 + p + p * p + if cubes { p * p * p } else { 0 };
        let mut sums = vec![0.0; size];
        let mut dying = vec![0.0; size];
        let mut moments = vec![0.0; size];
        let mut third = vec![0.0; if cubes { p * p * p } else { 0 }];
        let mut deaths = Vec::new();
        for (stratum, (rows, entries)) in self.strata.iter().enumerate() {
            sums.fill(0.0);
            let (mut next, mut left) = (0, 0);
            while next < rows.len() {
                let time = self.data.time[rows[next]];
                dying.fill(0.0);
                deaths.clear();
                let mut death_weight = 0.0;
                while next < rows.len() && self.data.time[rows[next]] == time {
                    let i = rows[next];
                    self.add_moments(i, beta, cubes, &mut sums, 1.0);
                    if self.data.event[i] {
                        self.add_moments(i, beta, cubes, &mut dying, 1.0);
                        deaths.push(i);
                        death_weight += self.weight(i);
                    }
                    next += 1;
                }
                if let Some(entry) = self.data.entry {
                    while left < entries.len() && entry[entries[left]] >= time {
                        self.add_moments(entries[left], beta, cubes, &mut sums, -1.0);
                        left += 1;
                    }
                }
                if deaths.is_empty() {
                    continue;
                }
                let count = deaths.len();
                for k in 0..count {
                    let gone = if ties == Ties::Efron { k as f64 / count as f64 } else { 0.0 };
                    for ((m, s), d) in moments.iter_mut().zip(&sums).zip(&dying) {
                        *m = s - gone * d;
                    }
                    let total = moments[0];
                    for m in &mut moments[1..] {
                        *m /= total;
                    }
                    let (mean, rest) = moments[1..].split_at_mut(p);
                    let (second, raw) = rest.split_at_mut(p * p);
                    if cubes {
                        for a in 0..p {
                            for b in 0..p {
                                for c in 0..p {
                                    third[(a * p + b) * p + c] = raw[(a * p + b) * p + c]
                                        - mean[a] * second[b * p + c]
                                        - mean[b] * second[a * p + c]
                                        - mean[c] * second[a * p + b]
                                        + 2.0 * mean[a] * mean[b] * mean[c];
                                }
                            }
                        }
                    }
                    for a in 0..p {
                        for b in 0..p {
                            second[a * p + b] -= mean[a] * mean[b];
                        }
                    }
                    visit(&RiskSet {
                        time,
                        stratum,
                        deaths: &deaths,
                        gone,
                        weight: death_weight / count as f64,
                        total,
                        mean,
                        covariance: second,
                        third: &third,
                    });
                }
            }
        }
    }

    fn add_moments(&self, i: usize, beta: &[f64], cubes: bool, sums: &mut [f64], sign: f64) {
        let p = self.p;
        let r = sign * self.weight(i) * libm::exp(self.predictor(i, beta));
        let x = self.row(i);
        sums[0] += r;
        for a in 0..p {
            sums[1 + a] += r * x[a];
            for b in 0..p {
                sums[1 + p + a * p + b] += r * x[a] * x[b];
                if cubes {
                    for c in 0..p {
                        sums[1 + p + p * p + (a * p + b) * p + c] += r * x[a] * x[b] * x[c];
                    }
                }
            }
        }
    }

    /// Standard deviation of each covariate.
    pub fn spreads(&self) -> Vec<f64> {
        let n = self.data.time.len() as f64;
        (0..self.p)
            .map(|a| {
                let sum: f64 = self.x.iter().skip(a).step_by(self.p).map(|x| x * x).sum();
                (sum / n).sqrt().max(1e-12)
            })
            .collect()
    }

    /// [`Reason::NoVariance`] where a covariate that varies over patients varies in no risk set, as when each
    /// stratum holds one arm: the information is then what rounding left, and not 0.
    pub fn check_contest(&self, information: &Matrix, spread: &[f64]) -> Result<(), Reason> {
        let events: f64 =
            (0..self.data.time.len()).filter(|&i| self.data.event[i]).map(|i| self.weight(i)).sum();
        let noise = |a: usize| {
            let most = events * spread[a] * spread[a];
            spread[a] > 1e-12 && information.get(a, a) <= 1e-12 * most
        };
        if (0..self.p).any(noise) { Err(Reason::NoVariance) } else { Ok(()) }
    }

    /// Log partial likelihood, score and information at `beta`.
    pub fn likelihood(&self, beta: &[f64], ties: Ties) -> (f64, Vec<f64>, Matrix) {
        let mut value = 0.0;
        let mut score = vec![0.0; self.p];
        let mut information = Matrix::zero(self.p);
        self.scan(beta, ties, false, |set| {
            value -= set.weight * libm::log(set.total);
            for (s, m) in score.iter_mut().zip(set.mean) {
                *s -= set.weight * m;
            }
            information.add_symmetric(set.weight, set.covariance);
        });
        for i in (0..self.data.time.len()).filter(|&i| self.data.event[i]) {
            let w = self.weight(i);
            value += w * self.predictor(i, beta);
            for (s, x) in score.iter_mut().zip(self.row(i)) {
                *s += w * x;
            }
        }
        (value, score, information)
    }

    /// Score residuals at `beta`: each row's part of the score, its case weight included.
    pub fn score_residuals(&self, beta: &[f64], ties: Ties) -> Vec<f64> {
        let p = self.p;
        let n = self.data.time.len();
        let mut residuals = vec![0.0; n * p];
        // Hazard increments and means in each stratum, by falling time.
        let mut jumps: Vec<Vec<(f64, f64, Vec<f64>)>> = vec![Vec::new(); self.strata.len()];
        self.scan(beta, ties, false, |set| {
            let hazard = set.weight / set.total;
            jumps[set.stratum].push((set.time, hazard, set.mean.to_vec()));
            let share = 1.0 / set.deaths.len() as f64;
            for &i in set.deaths {
                let risk = libm::exp(self.predictor(i, beta));
                for a in 0..p {
                    let apart = self.row(i)[a] - set.mean[a];
                    // What the pass over everyone below takes away in full, a tied death loses in part.
                    residuals[i * p + a] += self.weight(i) * apart * (share + set.gone * risk * hazard);
                }
            }
        });
        for ((rows, _), jumps) in self.strata.iter().zip(&jumps) {
            let mut sum_hazard = vec![0.0];
            let mut sum_mean = vec![vec![0.0; p]];
            for (_, hazard, mean) in jumps.iter().rev() {
                sum_hazard.push(sum_hazard.last().unwrap_or(&0.0) + hazard);
                let last = &sum_mean[sum_mean.len() - 1];
                sum_mean.push((0..p).map(|a| last[a] + hazard * mean[a]).collect());
            }
            let times: Vec<f64> = jumps.iter().rev().map(|j| j.0).collect();
            for &i in rows {
                let until = times.partition_point(|&t| t <= self.data.time[i]);
                let from = self.data.entry.map_or(0, |e| times.partition_point(|&t| t <= e[i]));
                let risk = self.weight(i) * libm::exp(self.predictor(i, beta));
                for a in 0..p {
                    residuals[i * p + a] -= risk
                        * (self.row(i)[a] * (sum_hazard[until] - sum_hazard[from])
                            - (sum_mean[until][a] - sum_mean[from][a]));
                }
            }
        }
        residuals
    }

    /// The middle of the sandwich: outer products of residuals summed by cluster.
    fn residual_products(&self, residuals: &[f64]) -> Matrix {
        let p = self.p;
        let mut middle = Matrix::zero(p);
        let mut add = |sum: &[f64]| {
            for a in 0..p {
                for b in 0..p {
                    middle.add(a, b, sum[a] * sum[b]);
                }
            }
        };
        match self.data.cluster {
            None => residuals.chunks_exact(p).for_each(&mut add),
            Some(cluster) => {
                for level in levels(Some(cluster)) {
                    let mut sum = vec![0.0; p];
                    for i in (0..cluster.len()).filter(|&i| cluster[i] == level) {
                        for a in 0..p {
                            sum[a] += residuals[i * p + a];
                        }
                    }
                    add(&sum);
                }
            }
        }
        middle
    }
}

/// Cox's proportional-hazards model with any number of covariates.
///
/// The hazard is `h(t)·exp(xβ)` with `h` free, one for each stratum. `β` maximises the partial
/// likelihood by Newton's method with step halving; the standard errors come from the information at
/// the estimate, and a robust covariance stands beside them. The score test is at `β = 0` and equals
/// the log-rank test when the only covariate is the arm and no times tie.
///
/// When a covariate, or a combination, is largest in every risk set at its death, the likelihood
/// rises for ever: `estimate` is [`Reason::MonotoneLikelihood`], while the likelihood-ratio test (with
/// the limit) and the score test stand; [`super::cox_overlap`] keeps what is finite and [`super::cox_firth`]
/// gives a finite estimate of all. A constant or
/// repeated covariate is [`Reason::Collinear`], one that varies in no risk set [`Reason::NoVariance`].
///
/// Cox, J R Stat Soc B 1972;34:187. Therneau & Grambsch, Modeling Survival Data, 2000.
pub fn cox(data: CoxData<'_>, ties: Ties) -> Result<CoxFit, Reason> {
    let events = data.event.iter().filter(|&&e| e).count();
    if events == 0 {
        return Err(Reason::NoEvents);
    }
    let prepared = Prepared::new(data);
    let p = prepared.p;
    let spread = prepared.spreads();
    let mut beta = vec![0.0; p];
    let (null, first_score, first_information) = prepared.likelihood(&beta, ties);
    let n = data.time.len();
    if p == 0 {
        let empty = CoxEstimate {
            coefficients: beta,
            covariance: Matrix::zero(0),
            robust_covariance: Matrix::zero(0),
            wald_chi_square: 0.0,
            iterations: 0,
        };
        return Ok(CoxFit {
            n,
            events,
            estimate: Ok(empty),
            predictor: vec![0.0; n],
            log_likelihood_null: null,
            log_likelihood: null,
            score_chi_square: 0.0,
            robust_score_chi_square: Ok(0.0),
        });
    }
    prepared.check_contest(&first_information, &spread)?;
    let first_step = first_information.solve(&first_score)?;
    let score_chi_square = first_step.iter().zip(&first_score).map(|(a, b)| a * b).sum();
    let robust_score_chi_square = prepared
        .residual_products(&prepared.score_residuals(&beta, ties))
        .solve(&first_score)
        .map(|solved| solved.iter().zip(&first_score).map(|(a, b)| a * b).sum());
    let (mut value, mut score, mut information) = (null, first_score, first_information);
    let mut iterations = 0;
    let outcome = loop {
        let Ok(mut step) = information.solve(&score) else { break Err(Reason::MonotoneLikelihood) };
        let length = step.iter().zip(&spread).map(|(s, d)| (s * d).abs()).fold(0.0, f64::max);
        let mut halvings = 0;
        let (next, found) = loop {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + s).collect();
            let found = prepared.likelihood(&next, ties);
            if found.0.is_finite() && found.0 >= value - 1e-12 * (1.0 + value.abs()) || halvings > 40 {
                break (next, found);
            }
            step.iter_mut().for_each(|s| *s *= 0.5);
            halvings += 1;
        };
        let gain = (found.0 - value).abs();
        beta = next;
        (value, score, information) = found;
        iterations += 1;
        if length < 1e-9 {
            break Ok(());
        }
        // A likelihood that no longer rises under a long stride is flat for ever.
        if gain < 1e-13 * (1.0 + value.abs()) && length > 1e-3 {
            break Err(Reason::MonotoneLikelihood);
        }
        if iterations >= 100 {
            break Err(Reason::NoConvergence);
        }
    };
    let predictor = (0..n).map(|i| prepared.predictor(i, &beta)).collect();
    let estimate = outcome.and_then(|()| {
        let covariance = information.inverse()?;
        let wald_chi_square = information.quadratic(&beta);
        let middle = prepared.residual_products(&prepared.score_residuals(&beta, ties));
        let robust_covariance = covariance.product(&middle).product(&covariance);
        Ok(CoxEstimate { coefficients: beta, covariance, robust_covariance, wald_chi_square, iterations })
    });
    Ok(CoxFit {
        n,
        events,
        estimate,
        predictor,
        log_likelihood_null: null,
        log_likelihood: value,
        score_chi_square,
        robust_score_chi_square,
    })
}

/// Profile-likelihood interval of one log hazard ratio: the values whose likelihood, maximised over the
/// other coefficients, is within half a chi-square quantile of the highest.
///
/// Agrees with the likelihood-ratio test at its limits. An end is infinite when the likelihood never
/// falls far enough on that side.
pub fn cox_profile_interval(
    data: CoxData<'_>,
    ties: Ties,
    covariate: usize,
    confidence: f64,
) -> Result<Interval, Reason> {
    let fit = cox(data, ties)?;
    let others: Vec<&[f64]> =
        data.covariates.iter().enumerate().filter(|(j, _)| *j != covariate).map(|(_, c)| *c).collect();
    let drop = 0.5 * chi_square_quantile(confidence, 1.0);
    let height = |b: f64| {
        let offset: Vec<f64> = data.covariates[covariate]
            .iter()
            .enumerate()
            .map(|(i, x)| b * x + data.offset.map_or(0.0, |o| o[i]))
            .collect();
        let at = CoxData { covariates: &others, offset: Some(&offset), ..data };
        cox(at, ties).map_or(f64::NAN, |f| f.log_likelihood - fit.log_likelihood + drop)
    };
    let estimate = fit.estimate?;
    let (b, se) = (estimate.coefficients[covariate], estimate.standard_errors()[covariate]);
    let end = |sign: f64| {
        let mut reach = 2.0 * se;
        for _ in 0..12 {
            if height(b + sign * reach) < 0.0 {
                return root(&height, b, b + sign * reach);
            }
            reach *= 2.0;
        }
        Ok(sign * f64::INFINITY)
    };
    Ok(Interval { lower: end(-1.0)?, upper: end(1.0)? })
}
