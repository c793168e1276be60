//! Statistics of expected outcomes: every row counts as dead with its own probability.

/// Quantile of some numbers, by the nearest rank.
pub(super) fn quantile(mut x: Vec<f64>, at: f64) -> f64 {
    if x.is_empty() {
        return f64::NAN;
    }
    let rank = ((at * x.len() as f64) as usize).min(x.len() - 1);
    *x.select_nth_unstable_by(rank, f64::total_cmp).1
}

/// Probability that a patient who dies has the higher score, ties counting half, from scores and risks.
pub(super) fn auc(mut rows: Vec<(f64, f64)>) -> f64 {
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut alive_below, mut dead_below, mut pairs) = (0.0, 0.0, 0.0);
    let mut i = 0;
    while i < rows.len() {
        let (mut dead, mut alive) = (0.0, 0.0);
        let score = rows[i].0;
        while i < rows.len() && rows[i].0 == score {
            dead += rows[i].1;
            alive += 1.0 - rows[i].1;
            i += 1;
        }
        pairs += dead * (alive_below + 0.5 * alive);
        alive_below += alive;
        dead_below += dead;
    }
    pairs / (dead_below * alive_below)
}

/// Coefficients of a logistic regression of risks on predictors, by Newton's method.
pub(super) fn logistic(rows: &[(Vec<f64>, f64)]) -> Vec<f64> {
    let k = rows.first().map_or(0, |r| r.0.len());
    let mut beta = vec![0.0; k];
    for _ in 0..25 {
        let mut gradient = vec![0.0; k];
        let mut information = vec![vec![0.0; k]; k];
        for (x, y) in rows {
            let eta: f64 = x.iter().zip(&beta).map(|(x, b)| x * b).sum();
            let p = 1.0 / (1.0 + libm::exp(-eta));
            for a in 0..k {
                gradient[a] += x[a] * (y - p);
                for b in 0..k {
                    information[a][b] += x[a] * x[b] * p * (1.0 - p);
                }
            }
        }
        let Some(step) = solve(information, gradient) else { return vec![f64::NAN; k] };
        beta.iter_mut().zip(&step).for_each(|(b, s)| *b += s);
        if step.iter().all(|s| s.abs() < 1e-10) {
            break;
        }
    }
    beta
}

/// Solves `a·x = b` by elimination with pivoting; none if `a` is singular.
pub(super) fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()))?;
        if a[pivot][column].abs() < 1e-300 {
            return None;
        }
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..n {
            let factor = a[row][column] / a[column][column];
            if factor != 0.0 {
                let (above, below) = a.split_at_mut(row);
                below[0][column..]
                    .iter_mut()
                    .zip(&above[column][column..])
                    .for_each(|(x, y)| *x -= factor * y);
                b[row] -= factor * b[column];
            }
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|c| a[row][c] * b[c]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_system_is_solved() {
        let x = solve(vec![vec![0.0, 2.0], vec![3.0, 1.0]], vec![4.0, 5.0]).unwrap();
        assert!((x[0] - 1.0).abs() < 1e-15 && (x[1] - 2.0).abs() < 1e-15);
        assert_eq!(solve(vec![vec![1.0, 2.0], vec![2.0, 4.0]], vec![1.0, 1.0]), None);
    }

    /// Four patients, two certain to die: pairs (dead, alive) by score 1<2, 3>2: one lost, three won of
    /// four with scores dead 1, 3 and alive 0, 2.
    #[test]
    fn the_c_statistic_counts_pairs() {
        let rows = vec![(1.0, 1.0), (3.0, 1.0), (0.0, 0.0), (2.0, 0.0)];
        assert_eq!(auc(rows), 0.75);
        assert_eq!(auc(vec![(1.0, 0.3), (1.0, 0.7)]), 0.5);
    }

    /// One binary predictor: the coefficient is the log odds ratio of the two mean risks.
    #[test]
    fn logistic_regression_gives_the_odds_ratio() {
        let rows: Vec<_> =
            [(0.0, 0.2), (0.0, 0.3), (1.0, 0.5), (1.0, 0.7)].map(|(x, y)| (vec![1.0, x], y)).into();
        let beta = logistic(&rows);
        assert!((libm::exp(beta[1]) - (0.6 / 0.4) / (0.25 / 0.75)).abs() < 1e-9);
    }
}
