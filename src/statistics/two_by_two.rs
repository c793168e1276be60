use super::{
    interval::Interval,
    normal::{interval_multiplier, normal_cdf, two_sided_p},
    proportion::wilson_interval,
    reason::Reason,
    solve::root,
    tails::chi_square_survival,
};

/// Events and people in two arms.
///
/// Every comparison is of treatment to control: a difference below 0, a ratio below 1 and a `z` below 0
/// mean that treatment has fewer events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TwoByTwo {
    pub events_treatment: u32,
    pub n_treatment: u32,
    pub events_control: u32,
    pub n_control: u32,
}

/// An estimate with the standard error of Wald's test and interval, on the scale where both are
/// symmetric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub standard_error: f64,
}

impl Estimate {
    /// `value / standard_error`.
    pub fn z(&self) -> f64 {
        self.value / self.standard_error
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }

    pub fn interval(&self, confidence: f64) -> Interval {
        Interval::wald(self.value, self.standard_error, confidence)
    }
}

/// A score test of a difference, ratio or odds ratio against a given value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreTest {
    pub z: f64,
    /// Risks of highest likelihood under the hypothesis.
    pub risk_treatment: f64,
    pub risk_control: f64,
}

impl ScoreTest {
    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z)
    }

    /// One-sided P value against the hypothesis that treatment is worse than the margin: `Φ(z)`.
    pub fn p_non_inferiority(&self) -> f64 {
        normal_cdf(self.z)
    }
}

/// Whether a score variance carries Miettinen and Nurminen's factor `N/(N − 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreVariance {
    /// Without: Mee's and Farrington-Manning's difference, Koopman's ratio.
    Plain,
    /// With: Miettinen & Nurminen, Stat Med 1985;4:213.
    MiettinenNurminen,
}

/// Numbers as floats: events and people in treatment, then in control.
struct Counts {
    x1: f64,
    n1: f64,
    x0: f64,
    n0: f64,
}

impl Counts {
    fn p1(&self) -> f64 {
        self.x1 / self.n1
    }

    fn p0(&self) -> f64 {
        self.x0 / self.n0
    }

    fn factor(&self, variance: ScoreVariance) -> f64 {
        let n = self.n1 + self.n0;
        match variance {
            ScoreVariance::Plain => 1.0,
            ScoreVariance::MiettinenNurminen => n / (n - 1.0),
        }
    }
}

impl TwoByTwo {
    pub fn new(events_treatment: u32, n_treatment: u32, events_control: u32, n_control: u32) -> Self {
        TwoByTwo { events_treatment, n_treatment, events_control, n_control }
    }

    fn counts(&self) -> Result<Counts, Reason> {
        if self.n_treatment == 0 || self.n_control == 0 {
            return Err(Reason::EmptyArm);
        }
        Ok(Counts {
            x1: f64::from(self.events_treatment),
            n1: f64::from(self.n_treatment),
            x0: f64::from(self.events_control),
            n0: f64::from(self.n_control),
        })
    }

    /// The same table with the arms exchanged.
    pub fn swapped(&self) -> Self {
        TwoByTwo::new(self.events_control, self.n_control, self.events_treatment, self.n_treatment)
    }

    /// Risk in treatment and in control.
    pub fn risks(&self) -> Result<(f64, f64), Reason> {
        let c = self.counts()?;
        Ok((c.p1(), c.p0()))
    }

    /// The difference in risks over its standard error with the pooled risk.
    ///
    /// Its square is the chi-square without continuity correction, the default test of two risks.
    /// Nobody or everybody with the event is [`Reason::NoVariance`].
    pub fn pooled_z(&self) -> Result<f64, Reason> {
        let c = self.counts()?;
        let p = (c.x1 + c.x0) / (c.n1 + c.n0);
        let variance = p * (1.0 - p) * (1.0 / c.n1 + 1.0 / c.n0);
        if variance <= 0.0 {
            return Err(Reason::NoVariance);
        }
        Ok((c.p1() - c.p0()) / variance.sqrt())
    }

    /// Pearson's chi-square without continuity correction, on 1 degree of freedom.
    pub fn chi_square(&self) -> Result<f64, Reason> {
        self.pooled_z().map(|z| z * z)
    }

    /// Two-sided P value of [`TwoByTwo::chi_square`].
    pub fn chi_square_p(&self) -> Result<f64, Reason> {
        self.pooled_z().map(two_sided_p)
    }

    /// Chi-square with Yates' continuity correction: each cell moved half a person towards its
    /// expectation, or all the way if closer. Conservative.
    pub fn yates_chi_square(&self) -> Result<f64, Reason> {
        let c = self.counts()?;
        let n = c.n1 + c.n0;
        let events = c.x1 + c.x0;
        if events == 0.0 || events == n {
            return Err(Reason::NoVariance);
        }
        let apart = (c.x1 - c.n1 * events / n).abs();
        let apart = apart - apart.min(0.5);
        let expected = |size: f64, share: f64| 1.0 / (size * share);
        let (yes, no) = (events / n, (n - events) / n);
        Ok(apart
            * apart
            * (expected(c.n1, yes) + expected(c.n1, no) + expected(c.n0, yes) + expected(c.n0, no)))
    }

    /// P value of [`TwoByTwo::yates_chi_square`].
    pub fn yates_p(&self) -> Result<f64, Reason> {
        self.yates_chi_square().map(|x| chi_square_survival(x, 1.0))
    }

    /// Difference in risks, with the standard error from the two separate risks.
    ///
    /// The standard error is 0 when both risks are 0 or 1.
    pub fn risk_difference(&self) -> Result<Estimate, Reason> {
        let c = self.counts()?;
        let (p1, p0) = (c.p1(), c.p0());
        let variance = p1 * (1.0 - p1) / c.n1 + p0 * (1.0 - p0) / c.n0;
        Ok(Estimate { value: p1 - p0, standard_error: variance.sqrt() })
    }

    /// Log risk ratio with its delta-method standard error `√(1/x₁ − 1/n₁ + 1/x₀ − 1/n₀)`; its interval,
    /// raised, is Katz's. No events in either arm is [`Reason::Undefined`].
    ///
    /// Katz et al., Biometrics 1978;34:469.
    pub fn log_risk_ratio(&self) -> Result<Estimate, Reason> {
        log_ratio(&self.counts()?, 0.0, 0.0)
    }

    /// Log risk ratio after adding ½ to each of the four cells.
    pub fn log_risk_ratio_halves(&self) -> Result<Estimate, Reason> {
        log_ratio(&self.counts()?, 0.5, 1.0)
    }

    /// Log risk ratio after adding ½ to events and people of both arms.
    /// Walter, Int J Epidemiol 1975;4:319.
    pub fn log_risk_ratio_walter(&self) -> Result<Estimate, Reason> {
        log_ratio(&self.counts()?, 0.5, 0.5)
    }

    /// Log odds ratio with Woolf's standard error `√(1/a + 1/b + 1/c + 1/d)`. An empty cell is
    /// [`Reason::Undefined`].
    pub fn log_odds_ratio(&self) -> Result<Estimate, Reason> {
        log_odds(&self.counts()?, 0.0)
    }

    /// Log odds ratio after adding ½ to each cell (Haldane and Anscombe).
    pub fn log_odds_ratio_halves(&self) -> Result<Estimate, Reason> {
        log_odds(&self.counts()?, 0.5)
    }

    /// Newcombe's interval of the risk difference: the distances to the Wilson limits of the two
    /// risks, combined as a hypotenuse.
    ///
    /// Newcombe, Stat Med 1998;17:873, method 10.
    pub fn newcombe_interval(&self, confidence: f64) -> Result<Interval, Reason> {
        let c = self.counts()?;
        let (p1, p0) = (c.p1(), c.p0());
        let one = wilson_interval(self.events_treatment, self.n_treatment, confidence);
        let zero = wilson_interval(self.events_control, self.n_control, confidence);
        let hypotenuse = |a: f64, b: f64| (a * a + b * b).sqrt();
        Ok(Interval {
            lower: p1 - p0 - hypotenuse(p1 - one.lower, zero.upper - p0),
            upper: p1 - p0 + hypotenuse(one.upper - p1, p0 - zero.lower),
        })
    }

    /// Agresti and Caffo's interval of the risk difference: Wald's after one event and one non-event are
    /// added to each arm. Am Stat 2000;54:280.
    pub fn agresti_caffo_interval(&self, confidence: f64) -> Result<Interval, Reason> {
        let c = self.counts()?;
        let (n1, n0) = (c.n1 + 2.0, c.n0 + 2.0);
        let (p1, p0) = ((c.x1 + 1.0) / n1, (c.x0 + 1.0) / n0);
        let error = (p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0).sqrt();
        Ok(Interval::wald(p1 - p0, error, confidence))
    }

    /// Score test that the risk difference is `difference`.
    ///
    /// The variance is at the risks of highest likelihood with that difference, a cubic's root. With a
    /// margin above 0 and [`ScoreVariance::Plain`] this is Farrington and Manning's non-inferiority
    /// test: a small `Φ(z)` shows treatment worse by less than the margin.
    ///
    /// Farrington & Manning, Stat Med 1990;9:1447.
    pub fn difference_test(&self, difference: f64, variance: ScoreVariance) -> Result<ScoreTest, Reason> {
        Ok(difference_score(&self.counts()?, difference, variance))
    }

    /// The differences that [`TwoByTwo::difference_test`] does not reject: Miettinen and Nurminen's, or
    /// without the factor Mee's, interval.
    pub fn difference_score_interval(
        &self,
        variance: ScoreVariance,
        confidence: f64,
    ) -> Result<Interval, Reason> {
        const EDGE: f64 = 1e-12;
        let c = self.counts()?;
        let z = interval_multiplier(confidence);
        let d = c.p1() - c.p0();
        let score = |x: f64| difference_score(&c, x, variance).z;
        Ok(Interval {
            lower: if d <= EDGE - 1.0 { -1.0 } else { root(|x| score(x) - z, EDGE - 1.0, d)? },
            upper: if d >= 1.0 - EDGE { 1.0 } else { root(|x| score(x) + z, d, 1.0 - EDGE)? },
        })
    }

    /// Score test that the risk ratio is `ratio`: Koopman's, or with the factor Miettinen and Nurminen's.
    ///
    /// A margin above 1 makes it a non-inferiority test. No events in either arm give `z = 0`.
    ///
    /// Koopman, Biometrics 1984;40:513.
    pub fn ratio_test(&self, ratio: f64, variance: ScoreVariance) -> Result<ScoreTest, Reason> {
        if ratio <= 0.0 {
            return Err(Reason::OutOfRange);
        }
        Ok(ratio_score(&self.counts()?, ratio, variance))
    }

    /// The ratios that [`TwoByTwo::ratio_test`] does not reject. From 0 when treatment has no events,
    /// to infinity when control has none.
    pub fn ratio_score_interval(&self, variance: ScoreVariance, confidence: f64) -> Result<Interval, Reason> {
        let c = self.counts()?;
        let z = interval_multiplier(confidence);
        if c.x1 == 0.0 && c.x0 == 0.0 {
            return Ok(Interval { lower: 0.0, upper: f64::INFINITY });
        }
        // No ratio of risks in a trial lies beyond e^±20.
        let middle = if c.x1 > 0.0 && c.x0 > 0.0 { libm::log(c.p1() / c.p0()) } else { 0.0 };
        let score = |x: f64| ratio_score(&c, libm::exp(x), variance).z;
        let start = if c.x0 == 0.0 { 20.0 } else { middle };
        let end = if c.x1 == 0.0 { -20.0 } else { middle };
        Ok(Interval {
            lower: if c.x1 == 0.0 { 0.0 } else { libm::exp(root(|x| score(x) - z, -20.0, start)?) },
            upper: if c.x0 == 0.0 { f64::INFINITY } else { libm::exp(root(|x| score(x) + z, end, 20.0)?) },
        })
    }

    /// Score test that the odds ratio is `ratio`, at the risks of highest likelihood with it.
    pub fn odds_ratio_test(&self, ratio: f64, variance: ScoreVariance) -> Result<ScoreTest, Reason> {
        if ratio <= 0.0 {
            return Err(Reason::OutOfRange);
        }
        let c = self.counts()?;
        let events = c.x1 + c.x0;
        if events == 0.0 || events == c.n1 + c.n0 {
            return Err(Reason::NoVariance);
        }
        Ok(odds_score(&c, ratio, variance))
    }

    /// The odds ratios that [`TwoByTwo::odds_ratio_test`] does not reject.
    pub fn odds_ratio_score_interval(
        &self,
        variance: ScoreVariance,
        confidence: f64,
    ) -> Result<Interval, Reason> {
        let c = self.counts()?;
        let z = interval_multiplier(confidence);
        let events = c.x1 + c.x0;
        if events == 0.0 || events == c.n1 + c.n0 {
            return Ok(Interval { lower: 0.0, upper: f64::INFINITY });
        }
        let above = c.x1 * (c.n0 - c.x0);
        let below = c.x0 * (c.n1 - c.x1);
        let middle = if above > 0.0 && below > 0.0 {
            libm::log(above / below)
        } else if above > 0.0 {
            20.0
        } else {
            -20.0
        };
        let score = |x: f64| odds_score(&c, libm::exp(x), variance).z;
        Ok(Interval {
            lower: if above == 0.0 { 0.0 } else { libm::exp(root(|x| score(x) - z, -20.0, middle)?) },
            upper: if below == 0.0 {
                f64::INFINITY
            } else {
                libm::exp(root(|x| score(x) + z, middle, 20.0)?)
            },
        })
    }

    /// Difference of the arcsine-transformed risks over its standard error:
    /// `2(asin√p₁ − asin√p₀) / √(1/n₁ + 1/n₀)`.
    pub fn arcsine_z(&self) -> Result<f64, Reason> {
        let c = self.counts()?;
        let angle = |p: f64| libm::asin(p.sqrt());
        Ok(2.0 * (angle(c.p1()) - angle(c.p0())) / (1.0 / c.n1 + 1.0 / c.n0).sqrt())
    }
}

fn log_ratio(c: &Counts, to_events: f64, to_people: f64) -> Result<Estimate, Reason> {
    let (x1, n1) = (c.x1 + to_events, c.n1 + to_people);
    let (x0, n0) = (c.x0 + to_events, c.n0 + to_people);
    if x1 == 0.0 || x0 == 0.0 {
        return Err(Reason::Undefined);
    }
    let variance = 1.0 / x1 - 1.0 / n1 + 1.0 / x0 - 1.0 / n0;
    Ok(Estimate { value: libm::log((x1 / n1) / (x0 / n0)), standard_error: variance.max(0.0).sqrt() })
}

fn log_odds(c: &Counts, add: f64) -> Result<Estimate, Reason> {
    let cells = [c.x1 + add, c.n1 - c.x1 + add, c.x0 + add, c.n0 - c.x0 + add];
    if cells.contains(&0.0) {
        return Err(Reason::Undefined);
    }
    let variance: f64 = cells.iter().map(|x| 1.0 / x).sum();
    let value = libm::log(cells[0] * cells[3] / (cells[1] * cells[2]));
    Ok(Estimate { value, standard_error: variance.sqrt() })
}

/// Score of a risk difference, at the cubic's root in Miettinen and Nurminen's closed form.
fn difference_score(c: &Counts, difference: f64, variance: ScoreVariance) -> ScoreTest {
    let Counts { x1, n1, x0, n0 } = *c;
    let n = n1 + n0;
    let cubic = n;
    let square = (n1 + 2.0 * n0) * difference - n - x1 - x0;
    let linear = (n0 * difference - n - 2.0 * x0) * difference + x1 + x0;
    let constant = x0 * difference * (1.0 - difference);
    let third = square / (3.0 * cubic);
    let q = third * third * third - linear * square / (6.0 * cubic * cubic) + constant / (2.0 * cubic);
    let size = (third * third - linear / (3.0 * cubic)).max(0.0).sqrt();
    let p = if q < 0.0 { -size } else { size };
    let cosine = if p == 0.0 { 0.0 } else { (q / (p * p * p)).clamp(-1.0, 1.0) };
    let angle = (std::f64::consts::PI + libm::acos(cosine)) / 3.0;
    let risk_control = (2.0 * p * libm::cos(angle) - third).clamp(0.0, 1.0);
    let risk_treatment = (risk_control + difference).clamp(0.0, 1.0);
    let spread = risk_treatment * (1.0 - risk_treatment) / n1 + risk_control * (1.0 - risk_control) / n0;
    let apart = c.p1() - c.p0() - difference;
    let z = if apart.abs() < 1e-15 { 0.0 } else { apart / (spread * c.factor(variance)).sqrt() };
    ScoreTest { z, risk_treatment, risk_control }
}

/// Risks of highest likelihood with difference `difference`, given observed risks in equal arms.
pub(super) fn restricted_risks(treatment: f64, control: f64, difference: f64) -> (f64, f64) {
    let counts = Counts { x1: treatment, n1: 1.0, x0: control, n0: 1.0 };
    let test = difference_score(&counts, difference, ScoreVariance::Plain);
    (test.risk_treatment, test.risk_control)
}

fn ratio_score(c: &Counts, ratio: f64, variance: ScoreVariance) -> ScoreTest {
    let Counts { x1, n1, x0, n0 } = *c;
    let a = (n1 + n0) * ratio;
    let b = -(n1 * ratio + x1 + n0 + x0 * ratio);
    let discriminant = (b * b - 4.0 * a * (x1 + x0)).max(0.0);
    let risk_control = (-b - discriminant.sqrt()) / (2.0 * a);
    let risk_treatment = ratio * risk_control;
    let spread = risk_treatment * (1.0 - risk_treatment) / n1
        + ratio * ratio * risk_control * (1.0 - risk_control) / n0;
    let apart = c.p1() - ratio * c.p0();
    let z = if apart.abs() < 1e-15 { 0.0 } else { apart / (spread * c.factor(variance)).sqrt() };
    ScoreTest { z, risk_treatment, risk_control }
}

fn odds_score(c: &Counts, ratio: f64, variance: ScoreVariance) -> ScoreTest {
    let Counts { x1, n1, x0, n0 } = *c;
    let a = n0 * (ratio - 1.0);
    let b = n1 * ratio + n0 - (x1 + x0) * (ratio - 1.0);
    let events = x1 + x0;
    let risk_control =
        if a.abs() < 1e-14 { events / b } else { (-b + (b * b + 4.0 * a * events).sqrt()) / (2.0 * a) };
    let risk_treatment = risk_control * ratio / (1.0 + risk_control * (ratio - 1.0));
    let inverse = 1.0 / (n1 * risk_treatment * (1.0 - risk_treatment))
        + 1.0 / (n0 * risk_control * (1.0 - risk_control));
    let z = (x1 - n1 * risk_treatment) * (inverse / c.factor(variance)).sqrt();
    ScoreTest { z, risk_treatment, risk_control }
}
