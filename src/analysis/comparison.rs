//! One comparison of two arms: a summary measure with its interval, and a test.

use crate::{
    outcome::{endpoint::Observed, kinds::Yields},
    statistics::{
        Interval, LogRankAndCox, Reason, RiskSets, SortedExits, TwoByTwo, TwoGroupTable, normal_quantile,
        sort_by_time, two_sided_p,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// A summary measure.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Ratio of risks at the horizon; interval by Katz.
    RiskRatio,
    /// Difference of risks at the horizon; interval by Newcombe's hybrid of Wilson intervals, beside
    /// Wald's test by Wald.
    RiskDifference,
    /// Ratio of odds at the horizon; interval by Woolf.
    OddsRatio,
    /// Cox's hazard ratio with Efron's handling of ties; Wald interval.
    HazardRatio,
    /// Difference of the two Kaplan–Meier estimates of risk at the horizon; Greenwood's errors.
    KaplanMeierDifference,
    /// Fine and Gray's ratio of subdistribution hazards, death without the event competing.
    SubdistributionHazardRatio,
    /// Difference in means.
    MeanDifference,
    /// Ratio of geometric means, of a number measured on the scale of its logarithm.
    GeometricMeanRatio,
    /// Odds ratio of a higher number, wherever the scale is cut.
    CommonOddsRatio,
    /// Ratio of rates over the exposure.
    RateRatio,
    /// Pairs won over pairs lost.
    WinRatio,
    /// Odds of winning a pair, ties counting half.
    WinOdds,
}

impl Summary {
    /// All summary measures.
    pub const ALL: [Summary; 12] = [
        Summary::RiskRatio,
        Summary::RiskDifference,
        Summary::OddsRatio,
        Summary::HazardRatio,
        Summary::KaplanMeierDifference,
        Summary::SubdistributionHazardRatio,
        Summary::MeanDifference,
        Summary::GeometricMeanRatio,
        Summary::CommonOddsRatio,
        Summary::RateRatio,
        Summary::WinRatio,
        Summary::WinOdds,
    ];

    /// Whether it is analysed as a logarithm and printed as a ratio.
    pub fn is_ratio(self) -> bool {
        !matches!(self, Summary::RiskDifference | Summary::KaplanMeierDifference | Summary::MeanDifference)
    }

    /// What it reads of an end point.
    pub fn reads(self) -> Yields {
        match self {
            Summary::MeanDifference | Summary::GeometricMeanRatio | Summary::CommonOddsRatio => Yields::Value,
            Summary::RateRatio => Yields::Count,
            Summary::WinRatio | Summary::WinOdds => Yields::Tiers,
            _ => Yields::Event,
        }
    }

    /// Whether its value in the model has a closed form.
    pub fn has_closed_form(self) -> bool {
        self.reads() == Yields::Event && self != Summary::SubdistributionHazardRatio
    }

    /// Whether it reads times, not only who had the event by the horizon.
    pub fn needs_times(self) -> bool {
        matches!(
            self,
            Summary::HazardRatio | Summary::KaplanMeierDifference | Summary::SubdistributionHazardRatio
        )
    }

    /// The name scenarios and tables use.
    pub fn name(self) -> &'static str {
        match self {
            Summary::RiskRatio => "risk_ratio",
            Summary::RiskDifference => "risk_difference",
            Summary::OddsRatio => "odds_ratio",
            Summary::HazardRatio => "hazard_ratio",
            Summary::KaplanMeierDifference => "kaplan_meier_difference",
            Summary::SubdistributionHazardRatio => "subdistribution_hazard_ratio",
            Summary::MeanDifference => "mean_difference",
            Summary::GeometricMeanRatio => "geometric_mean_ratio",
            Summary::CommonOddsRatio => "common_odds_ratio",
            Summary::RateRatio => "rate_ratio",
            Summary::WinRatio => "win_ratio",
            Summary::WinOdds => "win_odds",
        }
    }

    /// The name people read.
    pub fn label(self) -> &'static str {
        match self {
            Summary::RiskRatio => "Risk ratio",
            Summary::RiskDifference => "Risk difference",
            Summary::OddsRatio => "Odds ratio",
            Summary::HazardRatio => "Hazard ratio",
            Summary::KaplanMeierDifference => "Kaplan–Meier difference",
            Summary::SubdistributionHazardRatio => "Subdistribution hazard ratio",
            Summary::MeanDifference => "Difference in means",
            Summary::GeometricMeanRatio => "Ratio of geometric means",
            Summary::CommonOddsRatio => "Common odds ratio",
            Summary::RateRatio => "Rate ratio",
            Summary::WinRatio => "Win ratio",
            Summary::WinOdds => "Win odds",
        }
    }
}

/// A test.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Pearson's chi-square without continuity correction.
    ChiSquare,
    /// Fisher's exact test, each tail at half the level. The statistic is the normal deviate of the tail.
    FisherDoubled,
    LogRank,
    StratifiedLogRank,
    /// Wald test of the summary measure itself; for a hazard ratio, Cox's.
    Wald,
    /// Fine and Gray's regression, Wald test with the robust error.
    FineGray,
    /// Welch's t test.
    Welch,
    /// Linear regression on arm and baseline.
    Ancova,
    /// Rank-sum test.
    MannWhitney,
    /// Rank-sum test over strata.
    VanElteren,
    /// Proportional-odds regression, Wald test.
    ProportionalOdds,
    /// Poisson regression with log exposure as offset, Wald test.
    Poisson,
    /// Negative binomial regression with log exposure as offset, Wald test; Poisson's where counts are no
    /// more variable than that.
    NegativeBinomial,
    /// Finkelstein and Schoenfeld's permutation test of the pairs.
    FinkelsteinSchoenfeld,
    /// Student's t test of the risks of whole sites.
    ClusterT,
    /// Regression with the sandwich error by site.
    ClusterRobust,
    /// Cochran, Mantel and Haenszel's, within stretches of the trial in which the shares of the arms did not change.
    MantelHaenszelByPeriod,
}

impl Test {
    /// All tests.
    pub const ALL: [Test; 17] = [
        Test::ChiSquare,
        Test::FisherDoubled,
        Test::LogRank,
        Test::StratifiedLogRank,
        Test::Wald,
        Test::FineGray,
        Test::Welch,
        Test::Ancova,
        Test::MannWhitney,
        Test::VanElteren,
        Test::ProportionalOdds,
        Test::Poisson,
        Test::NegativeBinomial,
        Test::FinkelsteinSchoenfeld,
        Test::ClusterT,
        Test::ClusterRobust,
        Test::MantelHaenszelByPeriod,
    ];

    /// The word a scenario writes.
    pub fn word(self) -> &'static str {
        match self {
            Test::ChiSquare => "chi_square",
            Test::FisherDoubled => "fisher_doubled",
            Test::LogRank => "log_rank",
            Test::StratifiedLogRank => "stratified_log_rank",
            Test::Wald => "wald",
            Test::FineGray => "fine_gray",
            Test::Welch => "welch",
            Test::Ancova => "ancova",
            Test::MannWhitney => "mann_whitney",
            Test::VanElteren => "van_elteren",
            Test::ProportionalOdds => "proportional_odds",
            Test::Poisson => "poisson",
            Test::NegativeBinomial => "negative_binomial",
            Test::FinkelsteinSchoenfeld => "finkelstein_schoenfeld",
            Test::ClusterT => "cluster_t",
            Test::ClusterRobust => "cluster_robust",
            Test::MantelHaenszelByPeriod => "mantel_haenszel_by_period",
        }
    }

    /// Whether it reads which site a patient belongs to.
    pub fn by_cluster(self) -> bool {
        matches!(self, Test::ClusterT | Test::ClusterRobust)
    }

    /// Whether it is done within strata.
    pub fn is_stratified(self) -> bool {
        matches!(self, Test::StratifiedLogRank | Test::VanElteren)
    }

    /// The test that goes with a summary measure unless the scenario says otherwise.
    pub fn usual_for(summary: Summary) -> Self {
        match summary {
            Summary::RiskRatio | Summary::RiskDifference | Summary::OddsRatio => Test::ChiSquare,
            Summary::HazardRatio => Test::LogRank,
            Summary::KaplanMeierDifference | Summary::WinRatio | Summary::WinOdds => Test::Wald,
            Summary::SubdistributionHazardRatio => Test::FineGray,
            Summary::MeanDifference | Summary::GeometricMeanRatio => Test::Welch,
            Summary::CommonOddsRatio => Test::ProportionalOdds,
            Summary::RateRatio => Test::NegativeBinomial,
        }
    }

    /// Whether the test can go with the summary measure.
    pub fn fits(self, summary: Summary) -> bool {
        let risk = matches!(summary, Summary::RiskRatio | Summary::RiskDifference | Summary::OddsRatio);
        let mean = matches!(summary, Summary::MeanDifference | Summary::GeometricMeanRatio);
        let wins = matches!(summary, Summary::WinRatio | Summary::WinOdds);
        match self {
            Test::ChiSquare | Test::MantelHaenszelByPeriod => risk,
            Test::FisherDoubled => summary == Summary::RiskRatio,
            Test::LogRank | Test::StratifiedLogRank => summary == Summary::HazardRatio,
            Test::Wald => {
                let timed = matches!(summary, Summary::HazardRatio | Summary::KaplanMeierDifference);
                risk || wins || timed
            }
            Test::FineGray => summary == Summary::SubdistributionHazardRatio,
            Test::Welch | Test::Ancova => mean,
            Test::MannWhitney | Test::VanElteren => mean,
            Test::ProportionalOdds => summary == Summary::CommonOddsRatio,
            Test::Poisson | Test::NegativeBinomial => summary == Summary::RateRatio,
            Test::FinkelsteinSchoenfeld => wins,
            Test::ClusterT => summary == Summary::RiskDifference,
            Test::ClusterRobust => matches!(summary, Summary::OddsRatio | Summary::HazardRatio),
        }
    }
}

/// How the measure and the test of a row were made, as the `method` column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    pub summary: Summary,
    pub test: Test,
}

impl Method {
    /// The name of the method in tables: the test, which fixes the statistic, the p-value and the decision.
    pub fn name(self) -> &'static str {
        match (self.test, self.summary) {
            (Test::ChiSquare, _) => "chi_square",
            (Test::LogRank, _) => "log_rank",
            (Test::StratifiedLogRank, _) => "stratified_log_rank",
            (Test::Wald, Summary::HazardRatio) => "cox_wald",
            (Test::Wald, Summary::KaplanMeierDifference) => "kaplan_meier_wald",
            (Test::Wald, Summary::WinRatio) => "win_ratio",
            (Test::Wald, Summary::WinOdds) => "win_odds",
            (test, _) => test.word(),
        }
    }
}

/// The result of comparing two arms; a number that does not exist is NaN and never printed as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    pub n_treatment: u32,
    pub n_control: u32,
    pub events_treatment: u32,
    pub events_control: u32,
    /// On the analysis scale: the logarithm of a ratio.
    pub estimate: f64,
    pub se: f64,
    /// Below zero when the treatment does better; for an interaction, chi-square.
    pub statistic: f64,
    /// Two-sided.
    pub p_value: f64,
    pub lower: f64,
    pub upper: f64,
    /// Why there is no test, if there is none.
    pub reason: Option<Reason>,
}

impl Comparison {
    /// No answer, and why.
    pub fn none(reason: Reason) -> Self {
        Comparison {
            n_treatment: 0,
            n_control: 0,
            events_treatment: 0,
            events_control: 0,
            estimate: f64::NAN,
            se: f64::NAN,
            statistic: f64::NAN,
            p_value: f64::NAN,
            lower: f64::NAN,
            upper: f64::NAN,
            reason: Some(reason),
        }
    }

    pub(super) fn counted(table: TwoByTwo) -> Self {
        Comparison {
            n_treatment: table.n_treatment,
            n_control: table.n_control,
            events_treatment: table.events_treatment,
            events_control: table.events_control,
            ..Comparison::none(Reason::NoEvents)
        }
    }

    pub(super) fn measured(&mut self, estimate: f64, se: f64, interval: Interval) {
        (self.estimate, self.se, self.lower, self.upper) = (estimate, se, interval.lower, interval.upper);
    }

    pub(super) fn tested(&mut self, z: Result<f64, Reason>) {
        match z {
            Ok(z) => (self.statistic, self.p_value, self.reason) = (z, two_sided_p(z), None),
            Err(reason) => self.reason = Some(reason),
        }
    }
}

/// The arms of a comparison as the statistics want them: 1 treatment, 0 control, 2 neither.
pub fn sides(assigned: &[u8], treatment: u8, control: u8, group: &mut Vec<u8>) {
    group.clear();
    group.extend(assigned.iter().map(|&arm| {
        if arm == treatment {
            1
        } else if arm == control {
            0
        } else {
            2
        }
    }));
}

/// Counts patients and events by arm, in those for whom `member` holds.
pub fn count(seen: &Observed, group: &[u8], member: impl Fn(usize) -> bool) -> TwoByTwo {
    let (mut n, mut events) = ([0u32; 3], [0u32; 3]);
    for (i, &g) in group.iter().enumerate() {
        let counts = u32::from(member(i));
        n[usize::from(g)] += counts;
        events[usize::from(g)] += counts & u32::from(seen.event[i]);
    }
    TwoByTwo { events_treatment: events[1], n_treatment: n[1], events_control: events[0], n_control: n[0] }
}

/// Normal deviates of tails too small to be told apart from none.
const MOST_DEVIATE: f64 = 38.0;

/// Compares risks at the horizon.
pub fn compare_risks(table: TwoByTwo, method: Method) -> Comparison {
    let mut result = Comparison::counted(table);
    if table.n_treatment == 0 || table.n_control == 0 {
        result.reason = Some(Reason::EmptyArm);
        return result;
    }
    let measure = match method.summary {
        Summary::RiskRatio => table.log_risk_ratio(),
        Summary::OddsRatio => table.log_odds_ratio(),
        _ => table.risk_difference(),
    };
    if let Ok(estimate) = measure {
        let interval = match (method.summary, method.test) {
            // An interval beside Wald's test is Wald's.
            (Summary::RiskDifference, Test::ChiSquare) => table.newcombe_interval(CONFIDENCE),
            _ => Ok(estimate.interval(CONFIDENCE)),
        };
        if let Ok(interval) = interval {
            result.measured(estimate.value, estimate.standard_error, interval);
        }
    }
    match method.test {
        Test::Wald => result.tested(measure.map(|estimate| estimate.z())),
        Test::FisherDoubled => {
            let test = table.fisher();
            let z = if test.less < test.greater {
                normal_quantile(test.less)
            } else {
                -normal_quantile(test.greater)
            };
            (result.statistic, result.reason) = (z.clamp(-MOST_DEVIATE, MOST_DEVIATE), None);
            result.p_value = (2.0 * test.less.min(test.greater)).min(1.0);
        }
        _ => result.tested(table.pooled_z()),
    }
    result
}

/// Compares times to the event. `table` holds the event times of the patients compared, in one or more
/// strata; `counts` their number and events; `tested` the table of the test, if it is another; `sets` is a
/// buffer.
pub fn compare_times(
    table: &TwoGroupTable,
    tested: &TwoGroupTable,
    sets: &mut RiskSets,
    counts: TwoByTwo,
    method: Method,
    horizon: f64,
) -> Comparison {
    let hazards = (method.summary == Summary::HazardRatio).then(|| tested.log_rank_and_cox(sets));
    compare_survival(table, hazards, counts, method, horizon)
}

/// What a table says of two hazards, for measures that ask for it.
pub type Hazards = Option<LogRankAndCox>;

/// [`compare_times`] when what the table of the test says is known.
pub fn compare_survival(
    table: &TwoGroupTable,
    hazards: Hazards,
    counts: TwoByTwo,
    method: Method,
    horizon: f64,
) -> Comparison {
    let mut result = Comparison::counted(counts);
    if counts.n_treatment == 0 || counts.n_control == 0 {
        result.reason = Some(Reason::EmptyArm);
        return result;
    }
    let estimate = if method.summary == Summary::HazardRatio {
        let fit = hazards.map_or(Err(Reason::Undefined), |(_, fit)| fit);
        fit.map(|cox| {
            let (b, se) = (cox.log_hazard_ratio, cox.standard_error);
            (b, se, Interval::wald(b, se, CONFIDENCE))
        })
    } else {
        let (s1, v1) = table.survival_at(1, horizon);
        let (s0, v0) = table.survival_at(0, horizon);
        let (difference, se) = (s0 - s1, (v1 + v0).sqrt());
        if se > 0.0 {
            Ok((difference, se, Interval::wald(difference, se, CONFIDENCE)))
        } else {
            Err(Reason::NoVariance)
        }
    };
    if let Ok((b, se, interval)) = estimate {
        result.measured(b, se, interval);
    }
    match (method.test, hazards) {
        (Test::LogRank | Test::StratifiedLogRank, Some(((difference, variance), _))) => {
            let z = if variance > 0.0 { Ok(difference / variance.sqrt()) } else { Err(Reason::NoEvents) };
            result.tested(z);
        }
        _ => result.tested(estimate.map(|(b, se, _)| b / se)),
    }
    result
}

/// Buffers of an analysis of any slice of a data set; replicates use [`Slices`](super::slices::Slices).
#[derive(Clone, Debug, Default)]
pub struct Buffers {
    pub group: Vec<u8>,
    pub order: Vec<u32>,
    pub table: TwoGroupTable,
    pub stratified: TwoGroupTable,
    pub sets: RiskSets,
}

/// A stratum for each patient, for a stratified test.
pub type Strata<'a> = Option<(&'a dyn Fn(usize) -> u8, u8)>;

impl Buffers {
    /// Sorts the patients by time, once for all comparisons of an end point.
    pub fn sort(&mut self, seen: &Observed) {
        sort_by_time(&seen.time, &mut self.order);
    }

    /// One comparison among the patients for whom `member` holds; `group` has been set by [`sides`], and
    /// for analyses of times [`Buffers::sort`] has been called.
    pub fn compare(
        &mut self,
        seen: &Observed,
        method: Method,
        horizon: f64,
        strata: Strata<'_>,
        member: impl Fn(usize) -> bool,
    ) -> Comparison {
        if !method.summary.needs_times() {
            // Only patients whose answer by the horizon is known have a risk.
            let known = |i: usize| seen.known[i] && member(i);
            return compare_risks(count(seen, &self.group, known), method);
        }
        let exits =
            SortedExits { order: &self.order, time: &seen.time, event: &seen.event, group: &self.group };
        self.table.clear();
        self.table.append(exits, &member);
        let counts = count(seen, &self.group, &member);
        match strata {
            Some((stratum, levels)) if method.test == Test::StratifiedLogRank => {
                self.stratified.clear();
                for level in 0..levels {
                    self.stratified.append(exits, |i| stratum(i) == level && member(i));
                }
                compare_times(&self.table, &self.stratified, &mut self.sets, counts, method, horizon)
            }
            _ => compare_times(&self.table, &self.table, &mut self.sets, counts, method, horizon),
        }
    }
}
