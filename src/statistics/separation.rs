//! What of a model stays finite when some of its coefficients run to infinity.

use super::{
    cox::{CoxData, Ties, cox},
    glm::{Family, Regression, fit},
    matrix::Matrix,
    reason::Reason,
};

/// Below this a fitted mean is on its way to 0.
const FORETOLD: f64 = 1e-6;

/// The rows and covariates that decide between finite coefficients, where others are infinite.
///
/// A site in which nobody dies has a log odds of −∞: its patients are foretold completely, and whatever the
/// other coefficients are, they add nothing to the likelihood. The model of the rows left, with the
/// covariates that still vary in them, has the same coefficients and errors as the limit of the whole model.
///
/// Albert & Anderson, Biometrika 1984;71:1. Geyer, Electron J Stat 2009;3:259.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Rows that are not foretold.
    pub rows: Vec<usize>,
    /// Covariates of the model of those rows.
    pub covariates: Vec<usize>,
    /// Covariates without a finite coefficient.
    pub infinite: Vec<usize>,
}

/// What stays finite of a regression whose likelihood is monotone. `None` where that is nothing, where the
/// first covariate, the one asked about, is not part of it, or where nothing is infinite.
pub fn overlap(data: Regression<'_>, family: Family) -> Option<Overlap> {
    let stopped = fit(data, family).err().filter(|s| s.reason == Reason::MonotoneLikelihood)?;
    let foretold = |i: usize| {
        let (y, mean) = (data.outcome[i], *stopped.fitted.get(i).unwrap_or(&0.5));
        (y == 0.0 && mean < FORETOLD) || (family != Family::Poisson && y == 1.0 && mean > 1.0 - FORETOLD)
    };
    finite(data.covariates, (0..data.outcome.len()).filter(|&i| !foretold(i)).collect())
}

/// The same of Cox's model: rows whose hazard runs to 0 beside that of all who die leave their risk sets.
pub fn cox_overlap(data: CoxData<'_>, ties: Ties) -> Option<Overlap> {
    let stopped = cox(data, ties).ok().filter(|f| f.estimate == Err(Reason::MonotoneLikelihood))?;
    let least = (0..data.time.len())
        .filter(|&i| data.event[i])
        .map(|i| stopped.predictor[i])
        .fold(f64::INFINITY, f64::min);
    let gone = |i: usize| !data.event[i] && stopped.predictor[i] < least + libm::log(FORETOLD);
    finite(data.covariates, (0..data.time.len()).filter(|&i| !gone(i)).collect())
}

/// The covariates whose coefficients the rows determine.
fn finite(covariates: &[&[f64]], rows: Vec<usize>) -> Option<Overlap> {
    let all = covariates.first()?.len();
    if rows.is_empty() || rows.len() == all {
        return None;
    }
    // Columns of length 1 about their means, which stand for an intercept or a baseline hazard.
    let scaled: Vec<Vec<f64>> = covariates
        .iter()
        .map(|column| {
            let mean = rows.iter().map(|&i| column[i]).sum::<f64>() / rows.len() as f64;
            let apart: Vec<f64> = rows.iter().map(|&i| column[i] - mean).collect();
            let length = apart.iter().map(|x| x * x).sum::<f64>().sqrt();
            let most = rows.iter().map(|&i| column[i].abs()).fold(0.0, f64::max);
            if length > 1e-9 * most { apart.iter().map(|x| x / length).collect() } else { Vec::new() }
        })
        .collect();
    let varies: Vec<usize> = (0..covariates.len()).filter(|&j| !scaled[j].is_empty()).collect();
    if !varies.contains(&0) {
        return None;
    }
    let gram = |columns: &[usize]| {
        let mut gram = Matrix::zero(columns.len());
        for (a, &i) in columns.iter().enumerate() {
            for (b, &j) in columns.iter().enumerate() {
                gram.set(a, b, scaled[i].iter().zip(&scaled[j]).map(|(x, y)| x * y).sum());
            }
        }
        gram
    };
    // A coefficient is free where a combination of columns that vanishes has a part of its column.
    let (values, vectors) = gram(&varies).eigen().ok()?;
    let free = |place: usize| {
        let null = (0..values.len()).filter(|&k| values[k] < 1e-9);
        null.map(|k| vectors.get(place, k) * vectors.get(place, k)).sum::<f64>() > 1e-6
    };
    let (open, settled): (Vec<usize>, Vec<usize>) = (0..varies.len()).partition(|&place| free(place));
    let mut kept: Vec<usize> = settled.into_iter().map(|place| varies[place]).collect();
    if !kept.contains(&0) {
        return None;
    }
    for j in open.into_iter().map(|place| varies[place]) {
        kept.push(j);
        if gram(&kept).inverse().is_err() {
            kept.pop();
        }
    }
    kept.sort_unstable();
    let settled = |j: &usize| varies.iter().position(|v| v == j).is_some_and(|place| !free(place));
    let infinite = (0..covariates.len()).filter(|j| !settled(j)).collect();
    Some(Overlap { rows, covariates: kept, infinite })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A level without events, be it the reference or another, leaves the arm's estimate that of the rest.
    #[test]
    fn a_level_without_events_says_nothing_of_the_arm() {
        let n = 60;
        let arm: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 2 == 0))).collect();
        let level: Vec<usize> = (0..n).map(|i| i % 3).collect();
        let y: Vec<f64> = (0..n).map(|i| f64::from(u8::from(level[i] != 2 && (i * 7) % 5 < 2))).collect();
        let column = |k: usize| -> Vec<f64> { level.iter().map(|&l| f64::from(u8::from(l == k))).collect() };
        for (reference, infinite) in [(0, vec![2]), (2, vec![1, 2])] {
            let others: Vec<Vec<f64>> = (0..3).filter(|&k| k != reference).map(column).collect();
            let columns = [&arm[..], &others[0], &others[1]];
            let made = overlap(Regression::new(&y, &columns), Family::Logistic).unwrap();
            assert_eq!(made.rows, (0..n).filter(|&i| level[i] != 2).collect::<Vec<_>>());
            assert_eq!((made.covariates.len(), made.infinite), (2, infinite));
            let time: Vec<f64> = (0..n).map(|i| 1.0 + ((i * 11) % 17) as f64).collect();
            let event: Vec<bool> = y.iter().map(|&y| y == 1.0).collect();
            let cox = cox_overlap(CoxData::new(&time, &event, &columns), Ties::Efron).unwrap();
            assert_eq!(cox.rows, made.rows);
        }
        let divided: Vec<f64> = arm.iter().map(|a| 1.0 - a).collect();
        assert_eq!(overlap(Regression::new(&divided, &[&arm]), Family::Logistic), None);
    }
}
