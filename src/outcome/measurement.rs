//! Numbers measured in patients, durations and counts, for end points that are not events.
//!
//! A value is a function of the patient, the arm whose treatment he starts and his own luck, so the same
//! patient has the same luck in every arm, variant and design.

use crate::{
    cohort::Cohort,
    random::{Purpose, Stream},
    statistics::normal_quantile,
};

/// Something measured, with what each arm does to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The name scenarios use.
    pub name: String,
    /// The name people read.
    pub label: String,
    /// Unit as people read it.
    pub unit: String,
    pub model: Model,
    /// By arm: a difference on the scale of the model, which for durations, counts and logged numbers is
    /// the logarithm of a ratio.
    pub effect: Vec<f64>,
}

/// How a measurement comes about.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    Number(Number),
    Duration(Duration),
    Count(Count),
}

/// A number at baseline and again on some days, both normal.
///
/// On day `k` a patient with baseline `b` has `centre + change_k + slope·(b − centre) + effect` and a
/// residual, `shared` of whose variance is the same on all days.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Expected baseline of each pool row.
    pub expected: Vec<f64>,
    /// Spread of the baseline about it.
    pub baseline_sd: f64,
    /// Mean baseline.
    pub centre: f64,
    /// Days since randomisation.
    pub days: Vec<f64>,
    /// Mean change from baseline on each day, without effect.
    pub change: Vec<f64>,
    pub slope: f64,
    pub residual_sd: f64,
    pub shared: f64,
    /// Whether the scale is that of a logarithm.
    pub logged: bool,
}

/// How long something lasts, from randomisation; log-normal.
#[derive(Clone, Debug, PartialEq)]
pub struct Duration {
    /// Expected logarithm of the days in each pool row.
    pub expected: Vec<f64>,
    pub sd_of_log: f64,
}

/// How often something happens over an exposure: Poisson about a rate of the patient's own, which is gamma
/// distributed about its mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// Log rate per day of each pool row.
    pub log_rate: Vec<f64>,
    /// Shape of the gamma distribution, a whole number: the sum of so many exponentials. 0 for Poisson's own.
    pub shape: u32,
}

/// The streams of one replicate behind the measurements, by measurement, then draw.
#[derive(Clone, Debug, Default)]
pub struct MeasurementLuck {
    streams: Vec<Vec<Stream>>,
}

impl MeasurementLuck {
    /// Moves to the luck of one replicate.
    pub fn move_to(&mut self, seed: u64, replicate: u64, purposes: &[Vec<Purpose>]) {
        self.streams.clear();
        let streams = |list: &Vec<Purpose>| list.iter().map(|&p| Stream::new(seed, replicate, p)).collect();
        self.streams.extend(purposes.iter().map(streams));
    }
}

impl Measurement {
    /// What its draws are for, in order.
    pub fn purposes(&self) -> Vec<Purpose> {
        let draw = |what: &str| Purpose::measurement(&self.name, what);
        match &self.model {
            Model::Number(number) => ["baseline".to_owned(), "shared".to_owned()]
                .into_iter()
                .chain((0..number.days.len()).map(|k| format!("occasion {k}")))
                .map(|what| draw(&what))
                .collect(),
            Model::Duration(_) => vec![draw("duration")],
            Model::Count(count) => {
                let rates = (0..count.shape).map(|k| format!("rate {k}"));
                std::iter::once("count".to_owned()).chain(rates).map(|what| draw(&what)).collect()
            }
        }
    }

    /// Whether its scale is that of a logarithm.
    pub fn is_logged(&self) -> bool {
        match &self.model {
            Model::Number(number) => number.logged,
            Model::Duration(_) | Model::Count(_) => true,
        }
    }
}

/// One patient's draws of one measurement.
#[derive(Clone, Copy, Debug)]
pub struct Draws<'a> {
    measurement: &'a Measurement,
    streams: &'a [Stream],
}

impl<'a> Draws<'a> {
    /// The draws of measurement `index`.
    pub fn new(measurements: &'a [Measurement], luck: &'a MeasurementLuck, index: usize) -> Self {
        Draws { measurement: &measurements[index], streams: &luck.streams[index] }
    }

    fn normal(&self, draw: usize, place: u64) -> f64 {
        normal_quantile(self.streams[draw].uniform(place))
    }

    fn effect(&self, cohort: &Cohort, i: usize) -> f64 {
        self.measurement.effect[usize::from(cohort.received[i])]
    }

    /// A number at baseline.
    pub fn baseline(&self, cohort: &Cohort, i: usize) -> f64 {
        let Model::Number(number) = &self.measurement.model else { return f64::NAN };
        number.expected[cohort.row[i] as usize] + number.baseline_sd * self.normal(0, cohort.place[i])
    }

    /// A number on its `occasion`-th day, given its baseline.
    pub fn number(&self, cohort: &Cohort, i: usize, occasion: usize, baseline: f64) -> f64 {
        let Model::Number(number) = &self.measurement.model else { return f64::NAN };
        let place = cohort.place[i];
        let residual = number.shared.sqrt() * self.normal(1, place)
            + (1.0 - number.shared).sqrt() * self.normal(2 + occasion, place);
        number.centre
            + number.change[occasion]
            + number.slope * (baseline - number.centre)
            + self.effect(cohort, i)
            + number.residual_sd * residual
    }

    /// The days of a duration.
    pub fn duration(&self, cohort: &Cohort, i: usize) -> f64 {
        let Model::Duration(duration) = &self.measurement.model else { return f64::NAN };
        let expected = duration.expected[cohort.row[i] as usize] + self.effect(cohort, i);
        libm::exp(expected + duration.sd_of_log * self.normal(0, cohort.place[i]))
    }

    /// A count over `exposure` days.
    pub fn count(&self, cohort: &Cohort, i: usize, exposure: f64) -> f64 {
        let Model::Count(count) = &self.measurement.model else { return f64::NAN };
        let place = cohort.place[i];
        let exponentials = self.streams[1..].iter().map(|s| -libm::log(s.uniform(place)));
        let own = if count.shape > 0 { exponentials.sum::<f64>() / f64::from(count.shape) } else { 1.0 };
        let rate = libm::exp(count.log_rate[cohort.row[i] as usize] + self.effect(cohort, i));
        poisson(self.streams[0].uniform(place), rate * own * exposure)
    }
}

/// The Poisson quantile of `uniform`: the first count whose distribution function reaches it.
fn poisson(uniform: f64, mean: f64) -> f64 {
    let mut chance = libm::exp(-mean);
    let (mut below, mut k) = (chance, 0.0);
    // Beyond some 700 expected events the first chance is 0; no scenario counts that many.
    while below < uniform && k < 10_000.0 {
        k += 1.0;
        chance *= mean / k;
        below += chance;
    }
    k
}

#[cfg(test)]
mod tests {
    use super::poisson;

    /// Distribution of Poisson(2): 0.1353, 0.4060, 0.6767.
    #[test]
    fn the_poisson_quantile_inverts_the_distribution() {
        assert_eq!([0.13, 0.14, 0.40, 0.41, 0.67, 0.68].map(|u| poisson(u, 2.0)), [0., 1., 1., 2., 2., 3.]);
    }
}
