//! Which methods: those named, or the usual ones for the end point.

use super::{Arguments, Kind, outcome::kind};
use crate::{
    analysis::{
        catalogue::{MethodName, Reads},
        dataset::{Dataset, Outcome},
        methods::can_read,
        settings::Settings,
    },
    error::{Error, Result},
};

pub(super) fn methods(arguments: &Arguments, data: &Dataset, settings: &Settings) -> Result<Vec<MethodName>> {
    if arguments.methods.is_empty() {
        let list = usual(arguments, data, settings);
        check_used(arguments, &list)?;
        return Ok(list);
    }
    for &method in &arguments.methods {
        let word = method.word();
        if !can_read(method, &data.outcome) {
            return Err(Error::input(format!("{word} needs {}", wanted(method, &data.outcome))));
        }
        if method.needs_strata() && data.stratum.is_none() {
            return Err(Error::input(format!("{word} needs strata; add --stratum COL")));
        }
        if method.needs_clusters() && data.cluster.is_none() {
            return Err(Error::input(format!("{word} needs clusters; add --cluster COL")));
        }
        if method.needs_horizon() && settings.horizon.is_none() {
            return Err(Error::input(format!("{word} needs a time; add --horizon TIME")));
        }
        if method.needs_subgroup() && arguments.by.is_empty() {
            return Err(Error::input(format!("{word} needs a subgroup; add --by COL")));
        }
        if method == MethodName::ModestWeights && settings.delay.is_none() {
            return Err(Error::input(format!(
                "{word} needs the time from which an effect is expected; add --delay TIME"
            )));
        }
        let margin = settings.margin;
        match method {
            MethodName::FarringtonManning if !margin.is_some_and(|m| m > -1.0 && m < 1.0) => {
                return Err(Error::input(format!(
                    "{word} needs a difference in risks; add --margin such as 0.1"
                )));
            }
            MethodName::RiskRatioMargin if !margin.is_some_and(|m| m > 0.0) => {
                return Err(Error::input(format!(
                    "{word} needs a ratio of risks; add --margin such as 1.25"
                )));
            }
            _ => {}
        }
    }
    let mut list: Vec<MethodName> = Vec::new();
    for &method in &arguments.methods {
        if !list.contains(&method) {
            list.push(method);
        }
    }
    check_used(arguments, &list)?;
    Ok(list)
}

/// What is set and nothing asked for reads.
fn check_used(arguments: &Arguments, methods: &[MethodName]) -> Result<()> {
    use MethodName as M;
    let settings: [(&str, bool, &[MethodName]); 2] = [
        (
            "--margin",
            arguments.margin.is_some(),
            &[M::FarringtonManning, M::RiskRatioMargin, M::BayesRiskDifference],
        ),
        ("--delay", arguments.delay.is_some(), &[M::ModestWeights]),
    ];
    for (flag, given, readers) in settings {
        if given && !methods.iter().any(|m| readers.contains(m)) {
            let words: Vec<&str> = readers.iter().map(|m| m.word()).collect();
            let message = format!("{flag} is used by {} only; ask for it with --method", words.join(", "));
            return Err(Error::input(message));
        }
    }
    if arguments.value.is_none() && arguments.offset.is_some() {
        return Err(Error::input("--offset is the exposure of a count; name the count with --value COL"));
    }
    Ok(())
}

/// What a method reads that the data do not hold.
fn wanted(method: MethodName, outcome: &Outcome) -> &'static str {
    match (method.reads(), outcome) {
        (Reads::Time, Outcome::Event { .. }) => "times; add --time COL",
        (Reads::Time, _) => "an event and its time; name them with --event COL and --time COL",
        (Reads::Risk, _) => "an event; name it with --event COL",
        (Reads::Cause, _) => "causes; name them with --cause COL and --time COL",
        (Reads::Value, _) => "a number; name it with --value COL",
        (Reads::Count, _) => "a count; name it with --value COL --kind count",
        (Reads::Tiers, _) => "a hierarchy; write it with --tiers",
    }
}

fn usual(arguments: &Arguments, data: &Dataset, settings: &Settings) -> Vec<MethodName> {
    use MethodName as M;
    let (strata, covariates) = (data.stratum.is_some(), !data.covariates.is_empty());
    let clusters = data.cluster.is_some();
    let horizon = settings.horizon.is_some();
    let when = |yes: bool, method: MethodName| yes.then_some(method);
    let list: Vec<Option<MethodName>> = match &data.outcome {
        Outcome::Event { time: None, .. } => vec![
            Some(M::RiskRatio),
            Some(M::RiskDifference),
            Some(M::OddsRatio),
            when(strata, M::MantelHaenszelRiskRatio),
            when(covariates || clusters, M::Logistic),
            when(covariates, M::StandardisedRiskDifference),
            when(settings.margin.is_some_and(|m| m.abs() < 1.0 && m != 0.0), M::FarringtonManning),
            when(settings.margin.is_some_and(|m| m >= 1.0), M::RiskRatioMargin),
        ],
        Outcome::Event { .. } => vec![
            Some(M::LogRank),
            when(strata, M::StratifiedLogRank),
            Some(M::Cox),
            when(horizon, M::KaplanMeierDifference),
            when(horizon, M::RestrictedMeanDifference),
        ],
        Outcome::Cause { .. } => vec![
            Some(M::Gray),
            when(strata, M::StratifiedGray),
            Some(M::FineGray),
            Some(M::CauseSpecificCox),
            when(horizon, M::CumulativeIncidence),
            when(horizon, M::CumulativeIncidenceDifference),
        ],
        Outcome::Value(_) if kind(arguments) == Kind::Ordinal => {
            vec![Some(M::ProportionalOdds), Some(M::MannWhitney), when(strata, M::VanElteren)]
        }
        Outcome::Value(_) => vec![
            Some(M::Welch),
            when(covariates, M::Ancova),
            Some(M::MannWhitney),
            Some(M::HodgesLehmann),
            when(strata, M::VanElteren),
        ],
        Outcome::Count { .. } => vec![
            Some(M::NegativeBinomial),
            Some(M::PoissonRobust),
            when(!covariates && !clusters, M::RateRatioExact),
        ],
        Outcome::Tiers(_) => vec![
            Some(M::WinRatio),
            Some(M::WinOdds),
            Some(M::NetBenefit),
            Some(M::FinkelsteinSchoenfeld),
            when(strata, M::StratifiedWinRatio),
        ],
    };
    list.into_iter().flatten().collect()
}
