//! Two risks, from the four counts.

use super::{models, strata};
use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        comparison::{self, CONFIDENCE, Comparison, Method, Summary, Test},
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    statistics::{Estimate, Extremes, Interval, Reason, ScoreVariance, TwoByTwo, TwoRisks, normal_survival},
};

/// Pairs of counts above which all tables are not gone through.
const MOST_TABLES: u64 = 250_000;
/// Tables with the same margins above which Fisher's test does not go through them all.
const MOST_DIVISIONS: u32 = 200_000;

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    use MethodName as M;
    let known = data.of_known();
    let left_out = data.len() - known.len();
    let answer = match method {
        M::MantelHaenszelOddsRatio
        | M::MantelHaenszelRiskRatio
        | M::MantelHaenszelRiskDifference
        | M::MantelHaenszelCorrected
        | M::MantelHaenszelExact
        | M::BreslowDay
        | M::BreslowDayTarone => strata::answer(method, &known, settings),
        M::Logistic
        | M::LogisticLikelihoodRatio
        | M::LogisticInteraction
        | M::FirthLogistic
        | M::StandardisedRiskDifference
        | M::StandardisedRiskRatio
        | M::StandardisedOddsRatio
        | M::ModifiedPoisson
        | M::LogBinomial => models::answer(method, &known, settings),
        _ => {
            let blank = Answer::on(method, scale(method), &known);
            counted(blank.clone(), known.table(|_| true), settings)
                .unwrap_or_else(|reason| blank.because(reason))
        }
    };
    match (left_out, &data.outcome) {
        (1.., Outcome::Event { .. }) => answer.note(format!("{left_out} without a known answer left out")),
        _ => answer,
    }
}

fn scale(method: MethodName) -> Scale {
    use MethodName as M;
    match method {
        M::RiskDifference
        | M::RiskDifferenceWald
        | M::RiskDifferenceScore
        | M::RiskDifferenceAgrestiCaffo
        | M::FarringtonManning
        | M::Barnard
        | M::Boschloo
        | M::BayesRiskDifference => Scale::Difference,
        _ => Scale::Ratio,
    }
}

fn counted(blank: Answer, table: TwoByTwo, settings: &Settings) -> Result<Answer, Reason> {
    use MethodName as M;
    if table.n_treatment == 0 || table.n_control == 0 {
        return Err(Reason::EmptyArm);
    }
    let confidence = settings.confidence;
    let plain = ScoreVariance::Plain;
    let factor = ScoreVariance::MiettinenNurminen;
    Ok(match blank.method {
        M::ChiSquare | M::RiskRatio => replicate(
            blank,
            table,
            Method { summary: Summary::RiskRatio, test: Test::ChiSquare },
            settings,
            "Katz's interval, uncorrected chi-square test",
        ),
        M::RiskDifference => replicate(
            blank,
            table,
            Method { summary: Summary::RiskDifference, test: Test::ChiSquare },
            settings,
            "Newcombe's interval, uncorrected chi-square test",
        ),
        M::OddsRatio => replicate(
            blank,
            table,
            Method { summary: Summary::OddsRatio, test: Test::ChiSquare },
            settings,
            "Woolf's interval, uncorrected chi-square test",
        ),
        M::RiskRatioWald => replicate(
            blank,
            table,
            Method { summary: Summary::RiskRatio, test: Test::Wald },
            settings,
            "Katz's interval, Wald's test",
        ),
        M::RiskDifferenceWald => replicate(
            blank,
            table,
            Method { summary: Summary::RiskDifference, test: Test::Wald },
            settings,
            "Wald's interval and test",
        ),
        M::OddsRatioWald => replicate(
            blank,
            table,
            Method { summary: Summary::OddsRatio, test: Test::Wald },
            settings,
            "Woolf's interval, Wald's test",
        ),
        M::FisherDoubled => replicate(
            blank,
            table,
            Method { summary: Summary::RiskRatio, test: Test::FisherDoubled },
            settings,
            "Katz's interval; P is twice the smaller tail of Fisher's test, z its normal deviate",
        ),
        M::ChiSquareCorrected => {
            let chi_square = table.yates_chi_square();
            let answer = ratio(blank, table.log_risk_ratio(), confidence)
                .note("Katz's interval, chi-square test with Yates' correction");
            match (chi_square, table.yates_p()) {
                (Ok(x), Ok(p)) => answer.tested_by(Statistic::ChiSquare(1), x, p),
                (Err(reason), _) | (_, Err(reason)) => answer.because(reason),
            }
        }
        M::Fisher | M::FisherMidP => {
            let (n1, n0) = (table.n_treatment, table.n_control);
            let events = table.events_treatment + table.events_control;
            if events.min(n1) - events.saturating_sub(n0) > MOST_DIVISIONS {
                return Err(Reason::TooMany);
            }
            let test = table.fisher();
            let conditional = table.conditional_distribution();
            let mut answer = blank;
            match conditional.odds_ratio() {
                Ok(odds_ratio) if odds_ratio > 0.0 && odds_ratio.is_finite() => {
                    answer.estimate = libm::log(odds_ratio);
                }
                Ok(odds_ratio) => {
                    let end = if odds_ratio > 0.0 { "infinite" } else { "0" };
                    answer = answer.note(format!("the odds ratio is {end}"));
                }
                Err(_) => answer = answer.note("the margins leave the odds ratio open"),
            }
            if conditional.odds_ratio().is_ok() {
                answer = answer.between(conditional.odds_ratio_interval(confidence)?);
            }
            answer = answer.note("conditional odds ratio, Cornfield's exact interval");
            if answer.method == M::Fisher {
                answer.exactly(test.two_sided).note("P over all tables at most as probable")
            } else {
                answer.exactly(test.mid_two_sided()).note("P is twice the smaller one-sided mid-P")
            }
        }
        M::Barnard | M::Boschloo => {
            if u64::from(table.n_treatment) * u64::from(table.n_control) > MOST_TABLES {
                return Err(Reason::TooMany);
            }
            let answer = difference(blank, table, table.difference_score_interval(factor, confidence))
                .note("Miettinen and Nurminen's interval beside an exact unconditional test");
            if answer.method == M::Barnard {
                let p = table.unconditional_p(Extremes::Barnard)?;
                answer.tested_by(Statistic::Exact, table.pooled_z().unwrap_or(0.0), p)
            } else {
                answer.exactly(table.boschloo_doubled()?)
            }
        }
        M::RiskDifferenceScore => {
            let test = table.difference_test(0.0, factor)?;
            difference(blank, table, table.difference_score_interval(factor, confidence))
                .tested(test.z)
                .note("Miettinen and Nurminen's interval and score test")
        }
        M::RiskDifferenceAgrestiCaffo => {
            let answer = difference(blank, table, table.agresti_caffo_interval(confidence))
                .note("Agresti and Caffo's interval, uncorrected chi-square test");
            match table.pooled_z() {
                Ok(z) => answer.tested(z),
                Err(reason) => answer.because(reason),
            }
        }
        M::FarringtonManning => {
            let margin = settings.margin.ok_or(Reason::OutOfRange)?;
            let z = if settings.higher_is_better {
                // A good event: inferior means fewer, by the margin or more.
                table.swapped().difference_test(margin, plain)?.z
            } else {
                table.difference_test(margin, plain)?.z
            };
            difference(blank, table, table.difference_score_interval(plain, confidence))
                .tested_one_sided(z)
                .note(format!(
                    "P one-sided against the treatment being worse by {margin} or more; Mee's interval agrees with the test"
                ))
        }
        M::RiskRatioMargin => {
            let margin = settings.margin.ok_or(Reason::OutOfRange)?;
            let test = table.ratio_test(margin, plain)?;
            let (z, p) = if settings.higher_is_better {
                (-test.z, normal_survival(test.z))
            } else {
                (test.z, crate::statistics::normal_cdf(test.z))
            };
            score_ratio(blank, table.log_risk_ratio(), table.ratio_score_interval(plain, confidence)?)
                .tested_by(Statistic::Normal, z, p)
                .note(format!(
                    "P one-sided against a ratio of {margin} or worse; Koopman's interval agrees with the test"
                ))
        }
        M::RiskRatioScore => {
            let test = table.ratio_test(1.0, plain)?;
            score_ratio(blank, table.log_risk_ratio(), table.ratio_score_interval(plain, confidence)?)
                .tested(test.z)
                .note("Koopman's interval and score test")
        }
        M::RiskRatioMiettinenNurminen => {
            let test = table.ratio_test(1.0, factor)?;
            score_ratio(blank, table.log_risk_ratio(), table.ratio_score_interval(factor, confidence)?)
                .tested(test.z)
                .note("Miettinen and Nurminen's interval and score test")
        }
        M::OddsRatioScore => {
            let test = table.odds_ratio_test(1.0, factor)?;
            score_ratio(blank, table.log_odds_ratio(), table.odds_ratio_score_interval(factor, confidence)?)
                .tested(test.z)
                .note("Miettinen and Nurminen's interval and score test")
        }
        M::BayesRiskDifference => bayes(blank, table, settings)?,
        _ => return Err(Reason::Undefined),
    })
}

/// What a replicate's row says, at another confidence if asked.
fn replicate(blank: Answer, table: TwoByTwo, method: Method, settings: &Settings, note: &str) -> Answer {
    let made = comparison::compare_risks(table, method);
    let mut answer = from_comparison(blank, &made).note(note);
    if settings.confidence != CONFIDENCE && made.estimate.is_finite() {
        let newcombe = method.summary == Summary::RiskDifference && method.test == Test::ChiSquare;
        let interval = if newcombe {
            table.newcombe_interval(settings.confidence).ok()
        } else {
            Some(Interval::wald(made.estimate, made.se, settings.confidence))
        };
        if let Some(interval) = interval {
            (answer.lower, answer.upper) = (interval.lower, interval.upper);
        }
    }
    answer
}

/// An answer of the numbers of a replicate's comparison.
pub(super) fn from_comparison(blank: Answer, made: &Comparison) -> Answer {
    let interval = Interval { lower: made.lower, upper: made.upper };
    let answer = blank.estimated(made.estimate, made.se, interval).tested_by(
        Statistic::Normal,
        made.statistic,
        made.p_value,
    );
    match made.reason {
        Some(reason) => answer.because(reason),
        None => answer,
    }
}

fn ratio(blank: Answer, estimate: Result<Estimate, Reason>, confidence: f64) -> Answer {
    match estimate {
        Ok(e) => blank.estimated(e.value, e.standard_error, e.interval(confidence)),
        Err(reason) => blank.note(format!("no ratio: {reason}")),
    }
}

/// A ratio whose interval stands without it: from 0, or to infinity, where a count is 0.
fn score_ratio(blank: Answer, estimate: Result<Estimate, Reason>, interval: Interval) -> Answer {
    match estimate {
        Ok(e) => {
            let mut answer = blank.between(interval);
            (answer.estimate, answer.se) = (e.value, e.standard_error);
            answer
        }
        Err(_) => blank.between(interval).note("an empty cell leaves no estimate, but an interval"),
    }
}

fn difference(blank: Answer, table: TwoByTwo, interval: Result<Interval, Reason>) -> Answer {
    match (table.risk_difference(), interval) {
        (Ok(d), Ok(interval)) => blank.estimated(d.value, d.standard_error, interval),
        (Ok(d), Err(reason)) => {
            let mut answer = blank.note(format!("no interval: {reason}"));
            (answer.estimate, answer.se) = (d.value, d.standard_error);
            answer
        }
        (Err(reason), _) => blank.because(reason),
    }
}

fn bayes(blank: Answer, table: TwoByTwo, settings: &Settings) -> Result<Answer, Reason> {
    let prior = settings.prior_risk;
    let after = TwoRisks::from_table(table, prior);
    let (one, zero) = (after.treatment.deviation(), after.control.deviation());
    let margin = settings.margin.unwrap_or(0.0);
    let mut answer = blank.estimated(
        after.mean_difference(),
        (one * one + zero * zero).sqrt(),
        after.difference_interval(settings.confidence)?,
    );
    let better = if settings.higher_is_better {
        1.0 - after.difference_below(-margin)
    } else {
        after.difference_below(margin)
    };
    answer.probability_of_benefit = better;
    let beyond =
        if margin == 0.0 { "doing better".to_owned() } else { format!("being no worse than by {margin}") };
    Ok(answer
        .note(format!(
            "prior of each risk Beta({}, {}); posterior mean, equal-tailed interval",
            prior.a, prior.b
        ))
        .note(format!("posterior probability of {beyond} {better:.4}")))
}
