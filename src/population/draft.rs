//! Registry rows in the making: a column is made when it is first asked for.

use super::columns::Columns;
use super::expression::Expression;
use super::maker::{Maker, Recipe};
use super::recorded::Recording;
use super::registry::Registry;
use crate::statistics::{normal_cdf, normal_quantile};

/// Some rows of the registry, with the columns made so far.
///
/// Each row's numbers depend on the seed, the row and the covariate's name only, so rows can be
/// dropped between two columns without changing the others: screening makes a column for the
/// patients who passed every earlier test.
pub struct Draft<'a> {
    registry: &'a Registry,
    noise: Vec<Vec<f64>>,
    latent: Vec<Vec<f64>>,
    columns: Columns,
}

impl<'a> Draft<'a> {
    pub(super) fn new(registry: &'a Registry, rows: std::ops::Range<u64>) -> Self {
        let latents = registry.latents.len();
        let mut columns = Columns::new(&registry.dictionary);
        columns.rows = rows.collect();
        Self { registry, noise: vec![Vec::new(); latents], latent: vec![Vec::new(); latents], columns }
    }

    /// Makes the columns that `rule` reads and drops the patients who do not meet it.
    pub fn keep(&mut self, rule: &Expression) {
        for column in rule.columns() {
            self.make(column);
        }
        let stay: Vec<usize> = (0..self.columns.len()).filter(|&i| rule.evaluate(&self.columns, i)).collect();
        if stay.len() == self.columns.len() {
            return;
        }
        for values in self.noise.iter_mut().chain(&mut self.latent).chain(&mut self.columns.data) {
            if !values.is_empty() {
                for (to, &from) in stay.iter().enumerate() {
                    values[to] = values[from];
                }
                values.truncate(stay.len());
            }
        }
        for (to, &from) in stay.iter().enumerate() {
            self.columns.rows[to] = self.columns.rows[from];
        }
        self.columns.rows.truncate(stay.len());
    }

    /// How many patients are left.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Makes every column and hands them over.
    pub fn finish(mut self) -> Columns {
        for column in 0..self.registry.dictionary.len() {
            self.make(column);
        }
        self.columns
    }

    /// Makes the columns in `wanted` (and what they need) and hands them over; others may stay empty.
    pub fn finish_with(mut self, wanted: &[usize]) -> Columns {
        for &column in wanted {
            self.make(column);
        }
        self.columns
    }

    fn make(&mut self, column: usize) {
        if !self.columns.data[column].is_empty() {
            return;
        }
        let registry = self.registry;
        let maker = &registry.makers[column];
        for &earlier in &maker.needs {
            self.make(earlier);
        }
        let values = self.values(column, maker);
        self.columns.data[column] = values;
    }

    fn values(&mut self, column: usize, maker: &Maker) -> Vec<f64> {
        let registry = self.registry;
        let n = self.columns.len();
        let mut values: Vec<f64> = match &maker.recipe {
            Recipe::Cause { cumulative } => {
                let stream = registry.stream(column);
                let last = cumulative.len() - 1;
                let level = |row| {
                    let u = stream.uniform(row);
                    cumulative.iter().position(|&c| u < c).unwrap_or(last) as f64
                };
                self.columns.rows.iter().map(|&row| level(row)).collect()
            }
            Recipe::Normal { latent, by_cause } => {
                self.latent(*latent);
                self.by_cause(*latent, |cause, z| by_cause[cause].0 + by_cause[cause].1 * z)
            }
            Recipe::CutNormal { latent, by_cause } => {
                self.latent(*latent);
                self.by_cause(*latent, |cause, z| {
                    let d = &by_cause[cause];
                    let p = (d.below + d.between * normal_cdf(z)).clamp(1e-12, 1.0 - 1e-12);
                    d.mean + d.sd * normal_quantile(p)
                })
            }
            Recipe::LogNormal { latent, by_cause } => {
                self.latent(*latent);
                self.by_cause(*latent, |cause, z| by_cause[cause].0 * libm::exp(by_cause[cause].1 * z))
            }
            Recipe::Flag { latent, given, cuts } => {
                self.latent(*latent);
                let data = &self.columns.data;
                let z = &self.latent[*latent];
                let group = |i: usize| given.map_or(0, |g| data[g][i] as usize);
                (0..n).map(|i| f64::from(z[i] > cuts[group(i)][data[0][i] as usize])).collect()
            }
            Recipe::Category { latent, cuts } => {
                self.latent(*latent);
                self.by_cause(*latent, |cause, z| cuts[cause].iter().filter(|&&c| z > c).count() as f64)
            }
            Recipe::Points(points) => (0..n)
                .map(|i| {
                    points
                        .iter()
                        .filter(|(_, rule)| rule.evaluate(&self.columns, i))
                        .fold(0.0, |sum, (p, _)| sum + p)
                })
                .collect(),
            Recipe::Rules { first_of, otherwise } => (0..n)
                .map(|i| {
                    let met = first_of.iter().find(|(_, rule)| rule.evaluate(&self.columns, i));
                    met.map_or(*otherwise, |(level, _)| *level)
                })
                .collect(),
            Recipe::Follows { latent, given, rho, of, intercept, slope, residual_sd } => {
                self.latent(*latent);
                self.latent(*given);
                let (z, g, x) = (&self.latent[*latent], &self.latent[*given], &self.columns.data[*of]);
                let scale = residual_sd / (1.0 - rho * rho).sqrt();
                (0..n).map(|i| intercept + slope * x[i] + scale * (z[i] - rho * g[i])).collect()
            }
            Recipe::Above { of, cut } => self.columns.data[*of].iter().map(|x| f64::from(x > cut)).collect(),
            Recipe::Recorded { of, recording, .. } => {
                let stream = registry.stream(column);
                let uniform = |i: usize| stream.uniform(self.columns.rows[i]);
                let so = &self.columns.data[*of];
                let written = |i: usize| match recording {
                    Recording::Exact => so[i],
                    Recording::Levels(cumulative) => {
                        let c = &cumulative[so[i] as usize];
                        let u = uniform(i);
                        c.iter().position(|&p| u < p).unwrap_or(c.len() - 1) as f64
                    }
                    Recording::Added(sd) => so[i] + sd * normal_quantile(uniform(i)),
                    Recording::Multiplied(sd) => so[i] * libm::exp(sd * normal_quantile(uniform(i))),
                };
                (0..n).map(written).collect()
            }
        };
        for (by, rule) in &maker.shift {
            for (i, x) in values.iter_mut().enumerate() {
                *x += if rule.evaluate(&self.columns, i) { *by } else { 0.0 };
            }
        }
        if let Some([low, high]) = maker.limits {
            values.iter_mut().for_each(|x| *x = x.clamp(low, high));
        }
        if let Recipe::Recorded { missing: Some(missing), .. } = &maker.recipe {
            for (i, x) in values.iter_mut().enumerate() {
                if missing.stream.uniform(self.columns.rows[i]) < missing.probability(&self.columns, i) {
                    *x = f64::NAN;
                }
            }
        }
        if let Some(rule) = &maker.only_if {
            for (i, x) in values.iter_mut().enumerate() {
                if !rule.evaluate(&self.columns, i) {
                    *x = 0.0;
                }
            }
        }
        values
    }

    fn by_cause(&self, latent: usize, value: impl Fn(usize, f64) -> f64) -> Vec<f64> {
        self.columns.data[0]
            .iter()
            .zip(&self.latent[latent])
            .map(|(&cause, &z)| value(cause as usize, z))
            .collect()
    }

    /// Makes a latent value: the row's own noise mixed with that of the latents it is tied to.
    fn latent(&mut self, k: usize) {
        if !self.latent[k].is_empty() {
            return;
        }
        let weights = &self.registry.latents[k].weights;
        for &(j, _) in weights {
            if self.noise[j].is_empty() {
                let stream = self.registry.latents[j].stream;
                self.noise[j] =
                    self.columns.rows.iter().map(|&row| normal_quantile(stream.uniform(row))).collect();
            }
        }
        let mut z = vec![0.0; self.columns.len()];
        for &(j, weight) in weights {
            for (z, noise) in z.iter_mut().zip(&self.noise[j]) {
                *z += weight * noise;
            }
        }
        self.latent[k] = z;
    }
}
