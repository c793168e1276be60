//! P values adjusted for several hypotheses, in the order given.

/// Bonferroni: each P value times their number.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    p.iter().map(|x| (x * p.len() as f64).min(1.0)).collect()
}

/// Šidák: `1 − (1 − p)ᵐ`, exact for independent tests.
pub fn sidak(p: &[f64]) -> Vec<f64> {
    p.iter().map(|x| -libm::expm1(p.len() as f64 * libm::log1p(-x))).collect()
}

/// Holm's step-down: Bonferroni within the hypotheses not yet rejected. Scand J Stat 1979;6:65.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let mut out = vec![0.0; m];
    let mut most = 0.0f64;
    for (k, &i) in rising(p).iter().enumerate() {
        most = most.max(((m - k) as f64 * p[i]).min(1.0));
        out[i] = most;
    }
    out
}

/// Hochberg's step-up: valid for independent or positively dependent tests. Biometrika 1988;75:800.
pub fn hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, |k, m| (m - k) as f64)
}

/// Benjamini and Hochberg's false discovery rate. J R Stat Soc B 1995;57:289.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, |k, m| m as f64 / (k + 1) as f64)
}

/// Hommel's procedure: the closed test by Simes' test of each intersection. Biometrika 1988;75:383.
pub fn hommel(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let order = rising(p);
    let sorted: Vec<f64> = order.iter().map(|&i| p[i]).collect();
    let mut out = vec![0.0; m];
    for (k, &i) in order.iter().enumerate() {
        // The worst intersection of a given size holds the hypothesis and the largest P values.
        let worst = (1..=m)
            .map(|size| {
                let mut members: Vec<f64> =
                    (0..m).rev().filter(|&j| j != k).take(size - 1).map(|j| sorted[j]).collect();
                members.push(sorted[k]);
                simes(&members)
            })
            .fold(0.0f64, f64::max);
        out[i] = worst.min(1.0);
    }
    out
}

/// Simes' P value of the hypothesis that all of them hold: `min m·p₍ₖ₎/k`. Biometrika 1986;73:751.
pub fn simes(p: &[f64]) -> f64 {
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let m = sorted.len() as f64;
    sorted.iter().enumerate().map(|(k, x)| m * x / (k + 1) as f64).fold(1.0, f64::min)
}

/// A graph that says how hypotheses share a level: what each starts with, and to whom it passes what it
/// holds when it is rejected.
///
/// Bretz, Maurer, Brannath & Posch, Stat Med 2009;28:586.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Share of the level each hypothesis starts with; 1 at most together.
    pub weights: Vec<f64>,
    /// Row `i`: the shares of its level that hypothesis `i` passes to each other; 1 at most together.
    pub passes: Vec<Vec<f64>>,
}

impl Graph {
    /// Hypotheses tested in order, each at the full level, up to the first that is not rejected.
    pub fn fixed_sequence(hypotheses: usize) -> Self {
        let to = |i: usize| (0..hypotheses).map(|j| f64::from(u8::from(j == i + 1))).collect();
        let mut weights = vec![0.0; hypotheses];
        weights.iter_mut().take(1).for_each(|w| *w = 1.0);
        Graph { weights, passes: (0..hypotheses).map(to).collect() }
    }

    /// Hypotheses that share the level as `weights` say, each passing all it holds to the others evenly.
    pub fn even(weights: Vec<f64>) -> Self {
        let n = weights.len();
        let to = |i: usize| (0..n).map(|j| if i == j { 0.0 } else { 1.0 / (n - 1) as f64 }).collect();
        Graph { passes: (0..n).map(to).collect(), weights }
    }

    /// Which hypotheses are rejected at `level`, given their P values; without one none is.
    ///
    /// The order in which they are taken does not matter.
    pub fn rejected(&self, p: &[f64], level: f64) -> Vec<bool> {
        let n = p.len();
        let mut rejected = vec![false; n];
        let mut weights = self.weights.clone();
        let mut passes = self.passes.clone();
        while let Some(i) = (0..n).find(|&i| !rejected[i] && p[i] <= weights[i] * level) {
            rejected[i] = true;
            let open: Vec<usize> = (0..n).filter(|&j| !rejected[j]).collect();
            let before = passes.clone();
            for &j in &open {
                weights[j] += weights[i] * before[i][j];
                let back = before[j][i] * before[i][j];
                for &k in open.iter().filter(|&&k| k != j) {
                    passes[j][k] = if back < 1.0 {
                        (before[j][k] + before[j][i] * before[i][k]) / (1.0 - back)
                    } else {
                        0.0
                    };
                }
            }
            weights[i] = 0.0;
        }
        rejected
    }
}

fn rising(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    order
}

fn step_up(p: &[f64], factor: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let m = p.len();
    let mut out = vec![0.0; m];
    let mut least = 1.0f64;
    for (k, &i) in rising(p).iter().enumerate().rev() {
        least = least.min(factor(k, m) * p[i]);
        out[i] = least;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All patterns of three P values from a grid around the levels at which decisions turn.
    fn grid() -> impl Iterator<Item = [f64; 3]> {
        let values = [0.004, 0.008, 0.010, 0.0124, 0.0126, 0.02, 0.024, 0.026, 0.3];
        values.into_iter().flat_map(move |a| {
            values.into_iter().flat_map(move |b| values.into_iter().map(move |c| [a, b, c]))
        })
    }

    #[test]
    fn even_graph_is_holms_procedure() {
        let graph = Graph::even(vec![1.0 / 3.0; 3]);
        for p in grid() {
            let expected: Vec<bool> = holm(&p).iter().map(|&p| p <= 0.025).collect();
            assert_eq!(graph.rejected(&p, 0.025), expected, "{p:?}");
        }
    }

    #[test]
    fn a_sequence_stops_at_the_first_that_is_not_rejected() {
        let graph = Graph::fixed_sequence(3);
        for p in grid() {
            let first = p.iter().take_while(|&&p| p <= 0.025).count();
            let expected: Vec<bool> = (0..3).map(|i| i < first).collect();
            assert_eq!(graph.rejected(&p, 0.025), expected, "{p:?}");
        }
        assert_eq!(graph.rejected(&[f64::NAN, 0.001, 0.001], 0.025), [false; 3]);
    }

    /// Two primary and two secondary hypotheses: each primary passes half of its level to the other and half
    /// to its own secondary, each secondary all it holds to the other primary.
    ///
    /// By hand with α = 0.025: p₁ = 0.01 ≤ 0.0125 is rejected; H₂ then holds 0.01875 and H₃ 0.00625.
    /// p₂ = 0.015 is rejected; what H₂ passed to H₁ now goes on to H₃: of its weight ¾ a third reaches H₃
    /// and two thirds H₄, so each holds ½, 0.0125. p₄ = 0.012 is rejected and H₃ holds 0.025;
    /// p₃ = 0.03 is not.
    #[test]
    fn four_hypotheses_by_hand() {
        let graph = Graph {
            weights: vec![0.5, 0.5, 0.0, 0.0],
            passes: vec![
                vec![0.0, 0.5, 0.5, 0.0],
                vec![0.5, 0.0, 0.0, 0.5],
                vec![0.0, 1.0, 0.0, 0.0],
                vec![1.0, 0.0, 0.0, 0.0],
            ],
        };
        assert_eq!(graph.rejected(&[0.01, 0.015, 0.03, 0.012], 0.025), [true, true, false, true]);
        assert_eq!(graph.rejected(&[0.01, 0.015, 0.03, 0.013], 0.025), [true, true, false, false]);
        assert_eq!(graph.rejected(&[0.013, 0.013, 0.001, 0.001], 0.025), [false; 4]);
    }
}
