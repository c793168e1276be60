//! Small numerical tools: roots, quadrature, and linear systems of a few unknowns.

use super::reason::Reason;

/// A root of `f` between `low` and `high` by Brent's method, where `f` changes sign.
///
/// Stops when the bracket is as narrow as floating point allows. Without a change of sign the
/// answer is [`Reason::NoConvergence`].
///
/// Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4.
pub fn root(mut f: impl FnMut(f64) -> f64, low: f64, high: f64) -> Result<f64, Reason> {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 {
        return Ok(a);
    }
    if fb == 0.0 {
        return Ok(b);
    }
    if fa.is_nan() || fb.is_nan() || (fa > 0.0) == (fb > 0.0) {
        return Err(Reason::NoConvergence);
    }
    let (mut c, mut fc) = (a, fa);
    let mut step = b - a;
    let mut previous = step;
    for _ in 0..300 {
        if (fb > 0.0) == (fc > 0.0) {
            c = a;
            fc = fa;
            step = b - a;
            previous = step;
        }
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tolerance = 2.0 * f64::EPSILON * b.abs() + 1e-300;
        let middle = 0.5 * (c - b);
        if middle.abs() <= tolerance || fb == 0.0 {
            return Ok(b);
        }
        if previous.abs() >= tolerance && fa.abs() > fb.abs() {
            let s = fb / fa;
            let (mut p, mut q) = if a == c {
                (2.0 * middle * s, 1.0 - s)
            } else {
                let q = fa / fc;
                let r = fb / fc;
                (s * (2.0 * middle * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
            };
            if p > 0.0 {
                q = -q;
            }
            p = p.abs();
            if 2.0 * p < (3.0 * middle * q - (tolerance * q).abs()).min((previous * q).abs()) {
                previous = step;
                step = p / q;
            } else {
                step = middle;
                previous = middle;
            }
        } else {
            step = middle;
            previous = middle;
        }
        a = b;
        fa = fb;
        b += if step.abs() > tolerance { step } else { tolerance.copysign(middle) };
        fb = f(b);
        if fb.is_nan() {
            return Err(Reason::NoConvergence);
        }
    }
    Ok(b)
}

/// Nodes and weights of the `n`-point Gauss-Legendre rule on `[−1, 1]`.
///
/// Newton's method on the Legendre polynomial from Chebyshev-like starting points.
pub fn gauss_legendre(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut nodes = vec![0.0; n];
    let mut weights = vec![0.0; n];
    let size = n as f64;
    for i in 0..n.div_ceil(2) {
        let mut x = libm::cos(std::f64::consts::PI * (i as f64 + 0.75) / (size + 0.5));
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut p, mut before) = (1.0, 0.0);
            for j in 0..n {
                let j = j as f64;
                let next = ((2.0 * j + 1.0) * x * p - j * before) / (j + 1.0);
                before = p;
                p = next;
            }
            slope = size * (x * p - before) / (x * x - 1.0);
            let step = p / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        nodes[i] = -x;
        nodes[n - 1 - i] = x;
        let weight = 2.0 / ((1.0 - x * x) * slope * slope);
        weights[i] = weight;
        weights[n - 1 - i] = weight;
    }
    if n % 2 == 1 {
        nodes[n / 2] = 0.0;
    }
    (nodes, weights)
}

/// `∫ f` from `low` to `high` by `panels` Gauss-Legendre rules of 20 points side by side.
pub fn integrate(mut f: impl FnMut(f64) -> f64, low: f64, high: f64, panels: usize) -> f64 {
    let (nodes, weights) = gauss_legendre(20);
    let width = (high - low) / panels as f64;
    let mut total = 0.0;
    for panel in 0..panels {
        let middle = low + (panel as f64 + 0.5) * width;
        for (x, w) in nodes.iter().zip(&weights) {
            total += 0.5 * width * w * f(middle + 0.5 * width * x);
        }
    }
    total
}

/// A square matrix of a few rows, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub size: usize,
    pub values: Vec<f64>,
}

impl Matrix {
    pub fn zero(size: usize) -> Self {
        Matrix { size, values: vec![0.0; size * size] }
    }

    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.size + column]
    }

    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.size + column] = value;
    }

    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.size + column] += value;
    }

    /// The matrix times a vector.
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.size).map(|i| (0..self.size).map(|j| self.get(i, j) * vector[j]).sum()).collect()
    }

    /// The product with another matrix of the same size.
    pub fn product(&self, other: &Matrix) -> Matrix {
        let mut out = Matrix::zero(self.size);
        for i in 0..self.size {
            for k in 0..self.size {
                let value = self.get(i, k);
                for j in 0..self.size {
                    out.add(i, j, value * other.get(k, j));
                }
            }
        }
        out
    }

    /// `xᵀ A x`.
    pub fn quadratic(&self, vector: &[f64]) -> f64 {
        self.times(vector).iter().zip(vector).map(|(a, b)| a * b).sum()
    }

    /// The square roots of the diagonal: standard errors of a covariance matrix.
    pub fn standard_errors(&self) -> Vec<f64> {
        (0..self.size).map(|i| self.get(i, i).max(0.0).sqrt()).collect()
    }

    /// The lower Cholesky factor of a symmetric positive definite matrix, and [`Reason::Collinear`]
    /// when a pivot falls below 1e-10 of its diagonal element.
    pub fn cholesky(&self) -> Result<Matrix, Reason> {
        let n = self.size;
        let mut factor = Matrix::zero(n);
        for i in 0..n {
            for j in 0..=i {
                let mut sum = self.get(i, j);
                for k in 0..j {
                    sum -= factor.get(i, k) * factor.get(j, k);
                }
                if i == j {
                    if sum.is_nan() || sum <= 1e-10 * self.get(i, i) {
                        return Err(Reason::Collinear);
                    }
                    factor.set(i, i, sum.sqrt());
                } else {
                    factor.set(i, j, sum / factor.get(j, j));
                }
            }
        }
        Ok(factor)
    }

    /// The solution of `A x = b` for symmetric positive definite `A`.
    pub fn solve(&self, right: &[f64]) -> Result<Vec<f64>, Reason> {
        let factor = self.cholesky()?;
        let n = self.size;
        let mut x = right.to_vec();
        for i in 0..n {
            for k in 0..i {
                x[i] -= factor.get(i, k) * x[k];
            }
            x[i] /= factor.get(i, i);
        }
        for i in (0..n).rev() {
            for k in i + 1..n {
                x[i] -= factor.get(k, i) * x[k];
            }
            x[i] /= factor.get(i, i);
        }
        Ok(x)
    }

    /// The inverse of a symmetric positive definite matrix.
    pub fn inverse(&self) -> Result<Matrix, Reason> {
        let n = self.size;
        let mut out = Matrix::zero(n);
        for j in 0..n {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            for (i, value) in self.solve(&unit)?.into_iter().enumerate() {
                out.set(i, j, value);
            }
        }
        Ok(out)
    }

    /// The logarithm of the determinant of a symmetric positive definite matrix.
    pub fn log_determinant(&self) -> Result<f64, Reason> {
        let factor = self.cholesky()?;
        Ok((0..self.size).map(|i| 2.0 * libm::log(factor.get(i, i))).sum())
    }

    /// Eigenvalues and eigenvectors (as columns) of a symmetric matrix, by Jacobi rotations.
    pub fn eigen(&self) -> (Vec<f64>, Matrix) {
        let n = self.size;
        let mut a = self.clone();
        let mut vectors = Matrix::zero(n);
        for i in 0..n {
            vectors.set(i, i, 1.0);
        }
        for _ in 0..100 {
            let off: f64 =
                (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a.get(i, j).abs()).sum();
            if off < 1e-300 {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    if a.get(p, q).abs() < 1e-300 {
                        continue;
                    }
                    let theta = (a.get(q, q) - a.get(p, p)) / (2.0 * a.get(p, q));
                    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                    let t = if theta == 0.0 { 1.0 } else { t };
                    let c = 1.0 / (t * t + 1.0).sqrt();
                    let s = t * c;
                    for k in 0..n {
                        let (x, y) = (a.get(k, p), a.get(k, q));
                        a.set(k, p, c * x - s * y);
                        a.set(k, q, s * x + c * y);
                    }
                    for k in 0..n {
                        let (x, y) = (a.get(p, k), a.get(q, k));
                        a.set(p, k, c * x - s * y);
                        a.set(q, k, s * x + c * y);
                    }
                    for k in 0..n {
                        let (x, y) = (vectors.get(k, p), vectors.get(k, q));
                        vectors.set(k, p, c * x - s * y);
                        vectors.set(k, q, s * x + c * y);
                    }
                }
            }
        }
        ((0..n).map(|i| a.get(i, i)).collect(), vectors)
    }
}
