//! Latent normal values that are correlated: what ties the covariates of a patient together.

/// Lower triangle `L` of a correlation matrix, `L·Lᵀ = R`, row by row.
///
/// `None` if the matrix is not positive definite: the correlations cannot all hold at once.
pub fn cholesky(r: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = r.len();
    let mut l = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            if i == j {
                let d = r[i][i] - sum;
                if d < 1e-6 {
                    return None;
                }
                l[i][i] = d.sqrt();
            } else {
                l[i][j] = (r[i][j] - sum) / l[j][j];
            }
        }
    }
    Some(l)
}
