use super::{reason::Reason, tails::chi_square_survival};

/// A test that an effect is the same at every level of a subgroup.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    pub chi_square: f64,
    /// Levels compared less one.
    pub degrees: usize,
    /// Inverse-variance mean of the level estimates.
    pub pooled: f64,
    pub pooled_standard_error: f64,
}

impl Interaction {
    pub fn p(&self) -> f64 {
        chi_square_survival(self.chi_square, self.degrees as f64)
    }
}

/// Wald's test of interaction from each level's estimate and standard error.
///
/// `Σ((estimate − pooled)/se)²` around the inverse-variance mean, on levels − 1 degrees of freedom. On
/// log hazard ratios, log odds ratios (Woolf's test) or risk differences, as the summary measure says.
/// Levels are `None` where no estimate could be made; fewer than two estimates are
/// [`Reason::NoVariance`].
///
/// Woolf, Ann Hum Genet 1955;19:251. Cochran, Biometrics 1954;10:101.
pub fn interaction(levels: &[Option<(f64, f64)>]) -> Result<Interaction, Reason> {
    let usable =
        levels.iter().flatten().copied().filter(|(b, se)| b.is_finite() && se.is_finite() && *se > 0.0);
    let (mut count, mut weights, mut sum) = (0usize, 0.0, 0.0);
    for (estimate, error) in usable.clone() {
        let w = 1.0 / (error * error);
        count += 1;
        weights += w;
        sum += w * estimate;
    }
    if count < 2 {
        return Err(Reason::NoVariance);
    }
    let pooled = sum / weights;
    let chi_square = usable.map(|(b, se)| ((b - pooled) / se) * ((b - pooled) / se)).sum();
    Ok(Interaction { chi_square, degrees: count - 1, pooled, pooled_standard_error: 1.0 / weights.sqrt() })
}
