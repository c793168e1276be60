use super::{reason::Reason, two_by_two::TwoByTwo};

/// Which tables are as extreme as the one seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extremes {
    /// By the pooled `z`, both directions: Barnard's test. Biometrika 1947;34:123.
    Barnard,
    /// By the pooled `z`, few events in treatment.
    BarnardLess,
    /// By the pooled `z`, many events in treatment.
    BarnardGreater,
    /// By Fisher's one-sided P value, few events in treatment: Boschloo's test.
    /// Stat Neerl 1970;24:1.
    BoschlooLess,
    /// By Fisher's one-sided P value, many events in treatment.
    BoschlooGreater,
    /// By Fisher's two-sided P value.
    BoschlooTwoSided,
}

impl TwoByTwo {
    /// Exact P value without conditioning on the number of events: the chance of tables as extreme,
    /// at the common risk that makes it largest.
    ///
    /// The risk is sought on a grid of 2000 and refined around the five highest points. The work grows
    /// with the product of the arms.
    pub fn unconditional_p(&self, extremes: Extremes) -> Result<f64, Reason> {
        let (n1, n0) = (self.n_treatment, self.n_control);
        if n1 == 0 || n0 == 0 {
            return Err(Reason::EmptyArm);
        }
        let measure = |table: TwoByTwo| -> f64 {
            // Smaller is more extreme.
            match extremes {
                Extremes::Barnard => -table.pooled_z().map_or(0.0, f64::abs),
                Extremes::BarnardLess => table.pooled_z().unwrap_or(0.0),
                Extremes::BarnardGreater => -table.pooled_z().unwrap_or(0.0),
                Extremes::BoschlooLess => table.fisher().less,
                Extremes::BoschlooGreater => table.fisher().greater,
                Extremes::BoschlooTwoSided => table.fisher().two_sided,
            }
        };
        let observed = measure(*self);
        let limit = match extremes {
            Extremes::Barnard | Extremes::BarnardLess | Extremes::BarnardGreater => observed + 1e-9,
            _ => observed * (1.0 + 1e-9),
        };
        let mut extreme = Vec::new();
        for x1 in 0..=n1 {
            for x0 in 0..=n0 {
                if measure(TwoByTwo::new(x1, n1, x0, n0)) <= limit {
                    extreme.push((x1 as usize, x0 as usize));
                }
            }
        }
        let chance = |risk: f64| {
            let (one, zero) = (binomial(n1, risk), binomial(n0, risk));
            extreme.iter().map(|&(a, b)| one[a] * zero[b]).sum::<f64>()
        };
        const POINTS: usize = 2000;
        let width = (0.9995 - 0.0005) / (POINTS - 1) as f64;
        let mut grid: Vec<(f64, f64)> =
            (0..POINTS).map(|i| 0.0005 + i as f64 * width).map(|risk| (chance(risk), risk)).collect();
        grid.sort_by(|a, b| b.0.total_cmp(&a.0));
        let best = grid[..5].iter().map(|&(_, risk)| highest(&chance, risk - width, risk + width));
        Ok(best.fold(grid[0].0, f64::max).min(1.0))
    }

    /// Boschloo's two-sided P value as twice the smaller one-sided one.
    pub fn boschloo_doubled(&self) -> Result<f64, Reason> {
        let less = self.unconditional_p(Extremes::BoschlooLess)?;
        let greater = self.unconditional_p(Extremes::BoschlooGreater)?;
        Ok((2.0 * less.min(greater)).min(1.0))
    }
}

/// Chances of 0 to `n` events at `risk`, from the mode outwards.
pub(super) fn binomial(n: u32, risk: f64) -> Vec<f64> {
    let mut out = vec![0.0; n as usize + 1];
    if risk <= 0.0 || risk >= 1.0 {
        out[if risk <= 0.0 { 0 } else { n as usize }] = 1.0;
        return out;
    }
    let odds = risk / (1.0 - risk);
    let mode = ((f64::from(n) + 1.0) * risk).min(f64::from(n)) as usize;
    out[mode] = 1.0;
    let size = f64::from(n);
    for k in mode..n as usize {
        out[k + 1] = out[k] * odds * (size - k as f64) / (k as f64 + 1.0);
    }
    for k in (0..mode).rev() {
        out[k] = out[k + 1] * (k as f64 + 1.0) / (odds * (size - k as f64));
    }
    let total: f64 = out.iter().sum();
    out.iter_mut().for_each(|p| *p /= total);
    out
}

/// The highest value of `f` between two points, by golden section.
fn highest(f: &impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (low.max(1e-9), high.min(1.0 - 1e-9));
    let (mut c, mut d) = (b - GOLDEN * (b - a), a + GOLDEN * (b - a));
    let (mut fc, mut fd) = (f(c), f(d));
    for _ in 0..40 {
        if fc > fd {
            (b, d, fd) = (d, c, fc);
            c = b - GOLDEN * (b - a);
            fc = f(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + GOLDEN * (b - a);
            fd = f(d);
        }
    }
    fc.max(fd)
}
