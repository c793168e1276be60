//! How the value of one covariate is made from the cause, latent values and earlier covariates.

use super::expression::Expression;
use super::recorded::{Missing, Recording};

/// A normal distribution cut off at its limits, prepared for one cause.
#[derive(Clone, Copy, Debug)]
pub(super) struct CutNormal {
    pub mean: f64,
    pub sd: f64,
    /// Probability below the lower limit, before cutting.
    pub below: f64,
    /// Probability between the limits.
    pub between: f64,
}

/// The recipe of a column.
#[derive(Clone, Debug)]
pub(super) enum Recipe {
    /// The cause, from its own uniform number against cumulative shares.
    Cause {
        cumulative: Vec<f64>,
    },
    /// A plain normal latent value on its own scale.
    Normal {
        latent: usize,
        by_cause: Vec<(f64, f64)>,
    },
    CutNormal {
        latent: usize,
        by_cause: Vec<CutNormal>,
    },
    LogNormal {
        latent: usize,
        by_cause: Vec<(f64, f64)>,
    },
    /// Yes above a cut of the latent value; two cuts where an earlier flag makes two groups.
    Flag {
        latent: usize,
        given: Option<usize>,
        cuts: [Vec<f64>; 2],
    },
    /// Level = how many of the cuts the latent value lies above.
    Category {
        latent: usize,
        cuts: Vec<Vec<f64>>,
    },
    Points(Vec<(f64, Expression)>),
    Rules {
        first_of: Vec<(f64, Expression)>,
        otherwise: f64,
    },
    /// `intercept + slope · covariate + residual_sd · residual`, the residual being what the latent
    /// value holds beyond the latent value `given`, with which it correlates by `rho`.
    Follows {
        latent: usize,
        given: usize,
        rho: f64,
        of: usize,
        intercept: f64,
        slope: f64,
        residual_sd: f64,
    },
    Above {
        of: usize,
        cut: f64,
    },
    /// What is written down of another column; NaN where nothing is.
    Recorded {
        of: usize,
        recording: Recording,
        missing: Option<Missing>,
    },
}

/// A column, its recipe, and what is done to the value afterwards.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    pub recipe: Recipe,
    pub only_if: Option<Expression>,
    pub shift: Vec<(f64, Expression)>,
    pub limits: Option<[f64; 2]>,
    /// Columns that have to be made before.
    pub needs: Vec<usize>,
}
