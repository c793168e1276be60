//! Square matrices of a few rows, for the information and covariance of small models. The door to
//! nalgebra.

use super::reason::Reason;
use nalgebra::{Cholesky, DMatrix, DVector, DVectorView, Dyn, SymmetricEigen};

/// A square matrix of a few rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix(DMatrix<f64>);

impl Matrix {
    pub fn zero(size: usize) -> Self {
        Matrix(DMatrix::zeros(size, size))
    }

    /// Rows, and columns.
    pub fn size(&self) -> usize {
        self.0.nrows()
    }

    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.0[(row, column)]
    }

    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.0[(row, column)] = value;
    }

    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.0[(row, column)] += value;
    }

    /// Adds `factor` times a symmetric matrix given element by element.
    pub fn add_symmetric(&mut self, factor: f64, elements: &[f64]) {
        self.0.as_mut_slice().iter_mut().zip(elements).for_each(|(v, x)| *v += factor * x);
    }

    /// The matrix with every element multiplied.
    pub fn scaled(&self, factor: f64) -> Matrix {
        Matrix(&self.0 * factor)
    }

    /// The matrix times a vector.
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        (&self.0 * DVectorView::from_slice(vector, vector.len())).as_slice().to_vec()
    }

    /// The product with another matrix of the same size.
    pub fn product(&self, other: &Matrix) -> Matrix {
        Matrix(&self.0 * &other.0)
    }

    pub fn transposed(&self) -> Matrix {
        Matrix(self.0.transpose())
    }

    /// `xᵀ A x`.
    pub fn quadratic(&self, vector: &[f64]) -> f64 {
        self.times(vector).iter().zip(vector).map(|(a, b)| a * b).sum()
    }

    /// The square roots of the diagonal: standard errors of a covariance matrix.
    pub fn standard_errors(&self) -> Vec<f64> {
        self.0.diagonal().iter().map(|v| v.max(0.0).sqrt()).collect()
    }

    /// The Cholesky factor of a symmetric positive definite matrix, and [`Reason::Collinear`] when a
    /// pivot falls below 1e-10 of its diagonal element.
    fn factor(&self) -> Result<Cholesky<f64, Dyn>, Reason> {
        let factor = Cholesky::new(self.0.clone()).ok_or(Reason::Collinear)?;
        let kept = |i: usize| {
            let pivot = factor.l_dirty()[(i, i)];
            pivot * pivot > 1e-10 * self.0[(i, i)]
        };
        if (0..self.size()).all(kept) { Ok(factor) } else { Err(Reason::Collinear) }
    }

    /// The lower triangular `L` with `L·Lᵀ` this matrix.
    pub fn cholesky(&self) -> Result<Matrix, Reason> {
        Ok(Matrix(self.factor()?.l()))
    }

    /// The solution of `A x = b` for symmetric positive definite `A`.
    pub fn solve(&self, right: &[f64]) -> Result<Vec<f64>, Reason> {
        let solved = self.factor()?.solve(&DVector::from_column_slice(right));
        Ok(solved.as_slice().to_vec())
    }

    /// The inverse of a symmetric positive definite matrix.
    pub fn inverse(&self) -> Result<Matrix, Reason> {
        Ok(Matrix(self.factor()?.inverse()))
    }

    /// The logarithm of the determinant of a symmetric positive definite matrix.
    pub fn log_determinant(&self) -> Result<f64, Reason> {
        let factor = self.factor()?;
        Ok((0..self.size()).map(|i| 2.0 * libm::log(factor.l_dirty()[(i, i)])).sum())
    }

    /// Eigenvalues and eigenvectors (as columns) of a symmetric matrix, in no order.
    pub fn eigen(&self) -> Result<(Vec<f64>, Matrix), Reason> {
        let parts =
            SymmetricEigen::try_new(self.0.clone(), f64::EPSILON, 1000).ok_or(Reason::NoConvergence)?;
        Ok((parts.eigenvalues.as_slice().to_vec(), Matrix(parts.eigenvectors)))
    }
}
