use super::{
    log_rank::{Weight, WeightedLogRanks, weighted_log_ranks},
    matrix::Matrix,
    normal::{normal_cdf, two_sided_p},
    reason::Reason,
    solve::gauss_legendre,
    tails::chi_square_survival,
};

/// The largest of several weighted log-rank statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxCombo {
    pub z: Vec<f64>,
    /// Correlation of the statistics under no difference.
    pub correlation: Matrix,
    /// `max|z|`.
    pub largest: f64,
    /// `max(−z)`: the statistic most in favour of group 1.
    pub largest_benefit: f64,
    pub p_two_sided: f64,
    /// Against benefit. `None` when no statistic favours group 1.
    pub p_benefit: Option<f64>,
}

/// MaxCombo: the most extreme of several weighted log-rank tests, with a P value that allows for the
/// choice.
///
/// The statistics are jointly normal with the correlation of their weights. Fleming-Harrington (0, 0) is
/// the sum of (1, 0) and (0, 1), so the usual four have a correlation of rank 3; P values are found in
/// the space of that rank. Keep the weights to three dimensions; more answer [`Reason::OutOfRange`].
///
/// Karrison, Stata J 2016;16:678. Lin et al., Stat Biopharm Res 2020;12:187.
pub fn max_combo(
    time: &[f64],
    event: &[bool],
    group: &[u8],
    stratum: Option<&[u32]>,
    weights: &[Weight],
) -> Result<MaxCombo, Reason> {
    max_combo_of(&weighted_log_ranks(time, event, group, stratum, weights)?)
}

/// [`max_combo`] from statistics already at hand.
pub fn max_combo_of(statistics: &WeightedLogRanks) -> Result<MaxCombo, Reason> {
    let z = statistics.z();
    let correlation = statistics.correlation();
    let largest = z.iter().map(|z| z.abs()).fold(0.0, f64::max);
    let largest_benefit = z.iter().map(|z| -z).fold(f64::NEG_INFINITY, f64::max);
    let p_two_sided = maximum_exceeds(&correlation, largest, true)?;
    let p_benefit = if largest_benefit > 0.0 {
        Some(maximum_exceeds(&correlation, largest_benefit, false)?)
    } else {
        None
    };
    Ok(MaxCombo { z, correlation, largest, largest_benefit, p_two_sided, p_benefit })
}

/// Whether MaxCombo rejects at `level`, two-sided or against benefit.
///
/// Mostly without its P value, which lies between that of the largest statistic alone and the same times
/// the number of statistics.
pub fn max_combo_rejects(statistics: &WeightedLogRanks, level: f64, two_sided: bool) -> Result<bool, Reason> {
    let size = |z: f64| if two_sided { z.abs() } else { -z };
    let largest = statistics.z().into_iter().map(size).fold(f64::NEG_INFINITY, f64::max);
    let alone = if two_sided { two_sided_p(largest) } else { normal_cdf(-largest) };
    if alone > level {
        return Ok(false);
    }
    if alone * statistics.observed_less_expected.len() as f64 <= level {
        return Ok(true);
    }
    Ok(maximum_exceeds(&statistics.correlation(), largest, two_sided)? <= level)
}

/// Chance that the largest of correlated standard normal variables, in absolute value if `two_sided`,
/// exceeds `limit > 0`. The correlation may be singular, of rank 3 at most.
///
/// In the `r` dimensions of the correlation the variables are projections `aₖ·x` of a standard normal
/// `x`. Along a unit direction `u` the region ends at radius `limit/max aₖ·u`; the radius is independent
/// of the direction, its square chi-square on `r` degrees of freedom. The chance is the mean of the
/// tail over directions: for a circle by arcs between the points where the leading variable changes, for
/// a sphere by slices of such arcs. Deterministic, and precise in the far tail.
pub fn maximum_exceeds(correlation: &Matrix, limit: f64, two_sided: bool) -> Result<f64, Reason> {
    if limit <= 0.0 {
        return Err(Reason::OutOfRange);
    }
    let (values, vectors) = correlation.eigen()?;
    let kept: Vec<usize> = (0..values.len()).filter(|&i| values[i] > 1e-9).collect();
    if kept.len() > 3 {
        return Err(Reason::OutOfRange);
    }
    let mut faces = Vec::new();
    for k in 0..values.len() {
        let mut a = [0.0; 3];
        for (slot, &i) in kept.iter().enumerate() {
            a[slot] = vectors.get(k, i) * values[i].sqrt();
        }
        let length = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        let a = a.map(|x| x / length);
        faces.push(a);
        if two_sided {
            faces.push(a.map(|x| -x));
        }
    }
    if kept.len() == 1 {
        let one_way = faces.iter().all(|f| f[0] * faces[0][0] > 0.0);
        return Ok(if one_way { normal_cdf(-limit) } else { two_sided_p(limit) });
    }
    let degrees = kept.len() as f64;
    let tail = |lead: f64| {
        if lead <= 0.0 { 0.0 } else { chi_square_survival((limit / lead) * (limit / lead), degrees) }
    };
    let (nodes, weights) = gauss_legendre(16);
    if kept.len() == 2 {
        return Ok(arcs(&faces, 1.0, 0.0, &nodes, &weights, &tail));
    }
    // Slices of the sphere, finest where faces meet.
    const SLICES: usize = 24;
    let mut total = 0.0;
    for slice in 0..SLICES {
        let low = -1.0 + 2.0 * slice as f64 / SLICES as f64;
        let half = 1.0 / SLICES as f64;
        for (x, w) in nodes.iter().zip(&weights) {
            let height = low + half * (1.0 + x);
            let radius = (1.0 - height * height).max(0.0).sqrt();
            total += 0.5 * half * w * arcs(&faces, radius, height, &nodes, &weights, &tail);
        }
    }
    Ok(total)
}

/// Mean of `tail(max aₖ·u)` over the circle of directions `u = (radius·cos, radius·sin, height)`.
fn arcs(
    faces: &[[f64; 3]],
    radius: f64,
    height: f64,
    nodes: &[f64],
    weights: &[f64],
    tail: &impl Fn(f64) -> f64,
) -> f64 {
    use std::f64::consts::TAU;
    let mut cuts = vec![0.0, TAU];
    let mut crossing = |a: f64, b: f64, c: f64| {
        // a·cos + b·sin + c = 0
        let length = (a * a + b * b).sqrt();
        if length > c.abs() {
            let middle = libm::atan2(b, a);
            let spread = libm::acos(-c / length);
            cuts.extend([middle + spread, middle - spread].map(|x| x.rem_euclid(TAU)));
        }
    };
    for (i, f) in faces.iter().enumerate() {
        crossing(radius * f[0], radius * f[1], height * f[2]);
        for g in &faces[..i] {
            crossing(radius * (f[0] - g[0]), radius * (f[1] - g[1]), height * (f[2] - g[2]));
        }
    }
    cuts.sort_by(f64::total_cmp);
    let lead = |angle: f64, f: &[f64; 3]| {
        radius * (libm::cos(angle) * f[0] + libm::sin(angle) * f[1]) + height * f[2]
    };
    // Neighbouring pieces with the same leading face are one arc.
    let mut pieces: Vec<(f64, f64, [f64; 3])> = Vec::new();
    for pair in cuts.windows(2).filter(|pair| pair[1] - pair[0] > 1e-14) {
        let middle = 0.5 * (pair[0] + pair[1]);
        let (sine, cosine) = (libm::sin(middle), libm::cos(middle));
        let height_of = |f: &[f64; 3]| radius * (cosine * f[0] + sine * f[1]) + height * f[2];
        let Some(face) = faces.iter().max_by(|f, g| height_of(f).total_cmp(&height_of(g))) else { continue };
        match pieces.last_mut() {
            Some(last) if last.2 == *face && pair[0] - last.1 < 1e-12 && height_of(face) > 0.0 => {
                last.1 = pair[1];
            }
            _ if height_of(face) > 0.0 => pieces.push((pair[0], pair[1], *face)),
            _ => {}
        }
    }
    let mut total = 0.0;
    for (low, high, face) in &pieces {
        // Where a face turns away from the direction the tail is flat to all orders: short panels there.
        let panels = ((high - low) / 0.5).ceil().max(1.0);
        let half = 0.5 * (high - low) / panels;
        for panel in 0..panels as usize {
            let middle = low + half * (2 * panel + 1) as f64;
            let sum: f64 =
                nodes.iter().zip(weights).map(|(x, w)| w * tail(lead(middle + half * x, face))).sum();
            total += half * sum;
        }
    }
    total / TAU
}
