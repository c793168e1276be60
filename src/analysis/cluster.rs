//! Comparisons of whole sites: of cluster summaries, and regressions with an error by cluster.

use super::comparison::{CONFIDENCE, Comparison, Summary, count};
use crate::{
    outcome::endpoint::Observed,
    statistics::{
        CoxData, Family, Reason, Regression, StudentEstimate, Ties, TwoByTwo, cox, glm, normal_quantile,
        pooled_t,
    },
};

/// The cluster and the period of each patient.
#[derive(Clone, Copy)]
pub struct Clustered<'a> {
    pub cluster: &'a [u16],
    pub period: &'a dyn Fn(usize) -> u32,
}

/// Compares two arms of whole clusters. The statistic is the normal deviate with the P value of the test.
///
/// *Risk difference*: Student's t test of the clusters' own risks, each cluster counting once, on two degrees
/// of freedom less than clusters (Donner & Klar, Design and Analysis of Cluster Randomization Trials, 2000).
///
/// *Odds ratio*, *hazard ratio*: logistic regression, or Cox's, on the arm and the period (for Cox, strata), as
/// if patients were independent; the error is the sandwich by cluster times `G/(G − 1)`, judged by Student's t
/// on `G − 2` degrees of freedom for `G` clusters (Liang & Zeger, Biometrika 1986;73:13; Lin & Wei, J Am Stat
/// Assoc 1989;84:1074). With few clusters it is still too small.
pub fn compare_clusters(
    seen: &Observed,
    group: &[u8],
    clustered: Clustered,
    summary: Summary,
    member: &dyn Fn(usize) -> bool,
) -> Comparison {
    let (table, estimate) = cluster_estimate(seen, group, clustered, summary, member);
    let mut result = Comparison { reason: None, ..Comparison::counted(table) };
    match estimate {
        Err(reason) => result.reason = Some(reason),
        Ok(estimate) => {
            let interval = estimate.interval(CONFIDENCE);
            result.measured(estimate.value, estimate.standard_error, interval);
            (result.statistic, result.p_value) = normal_deviate(&estimate);
        }
    }
    result
}

/// The normal deviate with the P value of Student's t, and that P value.
pub(super) fn normal_deviate(estimate: &StudentEstimate) -> (f64, f64) {
    let p = estimate.p_two_sided();
    let size = if p > 0.0 { -normal_quantile(0.5 * p) } else { f64::INFINITY };
    (if estimate.value < 0.0 { -size } else { size }, p)
}

/// The patients compared, and the estimate of [`compare_clusters`] with its error and degrees of freedom.
pub(super) fn cluster_estimate(
    seen: &Observed,
    group: &[u8],
    clustered: Clustered,
    summary: Summary,
    member: &dyn Fn(usize) -> bool,
) -> (TwoByTwo, Result<StudentEstimate, Reason>) {
    let timed = summary == Summary::HazardRatio;
    let taken: Vec<usize> =
        (0..group.len()).filter(|&i| group[i] < 2 && (timed || seen.known[i]) && member(i)).collect();
    let table = count(seen, group, |i| (timed || seen.known[i]) && member(i));
    if table.n_treatment == 0 || table.n_control == 0 {
        return (table, Err(Reason::EmptyArm));
    }
    let estimate = match summary {
        Summary::RiskDifference => summaries(seen, group, clustered.cluster, &taken),
        _ => regression(seen, group, clustered, &taken, timed),
    };
    (table, estimate)
}

/// The t test of the clusters' risks.
fn summaries(
    seen: &Observed,
    group: &[u8],
    cluster: &[u16],
    taken: &[usize],
) -> Result<StudentEstimate, Reason> {
    let clusters = taken.iter().map(|&i| usize::from(cluster[i]) + 1).max().unwrap_or(0);
    let mut sums = vec![[(0.0, 0.0); 2]; clusters];
    for &i in taken {
        let (n, events) = &mut sums[usize::from(cluster[i])][usize::from(group[i])];
        *n += 1.0;
        *events += f64::from(u8::from(seen.event[i]));
    }
    let risks = |arm: usize| -> Vec<f64> {
        sums.iter().filter(|s| s[arm].0 > 0.0).map(|s| s[arm].1 / s[arm].0).collect()
    };
    pooled_t(&risks(1), &risks(0))
}

fn regression(
    seen: &Observed,
    group: &[u8],
    clustered: Clustered,
    taken: &[usize],
    timed: bool,
) -> Result<StudentEstimate, Reason> {
    let arm: Vec<f64> = taken.iter().map(|&i| f64::from(group[i])).collect();
    let cluster: Vec<u32> = taken.iter().map(|&i| u32::from(clustered.cluster[i])).collect();
    let period: Vec<u32> = taken.iter().map(|&i| (clustered.period)(i)).collect();
    let mut distinct = cluster.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let clusters = distinct.len() as f64;
    if clusters < 3.0 {
        return Err(Reason::NoVariance);
    }
    let (value, variance) = if timed {
        let time: Vec<f64> = taken.iter().map(|&i| seen.time[i]).collect();
        let event: Vec<bool> = taken.iter().map(|&i| seen.event[i]).collect();
        let covariates = [arm.as_slice()];
        let data = CoxData {
            stratum: Some(&period),
            cluster: Some(&cluster),
            ..CoxData::new(&time, &event, &covariates)
        };
        let fit = cox(data, Ties::Efron)?.estimate?;
        (fit.coefficients[0], fit.robust_covariance.get(0, 0))
    } else {
        let outcome: Vec<f64> = taken.iter().map(|&i| f64::from(u8::from(seen.event[i]))).collect();
        let mut periods = period.clone();
        periods.sort_unstable();
        periods.dedup();
        let dummies: Vec<Vec<f64>> = periods
            .iter()
            .skip(1)
            .map(|&k| period.iter().map(|&p| f64::from(u8::from(p == k))).collect())
            .collect();
        let covariates: Vec<&[f64]> =
            std::iter::once(arm.as_slice()).chain(dummies.iter().map(Vec::as_slice)).collect();
        let fit = glm(Regression::new(&outcome, &covariates), Family::Logistic)?;
        (fit.coefficient(1).value, fit.clustered_covariance(&cluster).get(1, 1))
    };
    let variance = variance * clusters / (clusters - 1.0);
    if variance.is_nan() || variance <= 0.0 {
        return Err(Reason::NoVariance);
    }
    Ok(StudentEstimate { value, standard_error: variance.sqrt(), degrees: clusters - 2.0 })
}
