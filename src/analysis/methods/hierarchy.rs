//! Pairs of patients compared by a hierarchy of outcomes.

use crate::{
    analysis::{
        answer::{Answer, Scale},
        catalogue::MethodName,
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    statistics::{
        Level, Reason, WinEstimate, Wins, compare_pairs, compare_pairs_stratified, finkelstein_schoenfeld,
    },
};

/// Patients of whom all pairs are compared.
const MOST_PATIENTS: usize = 60_000;

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    use MethodName as M;
    let scale = match method {
        M::WinRatio | M::WinOdds | M::StratifiedWinRatio => Scale::Ratio,
        _ => Scale::Difference,
    };
    let blank = Answer::on(method, scale, data);
    made(blank.clone(), data, settings).unwrap_or_else(|reason| blank.because(reason))
}

fn made(blank: Answer, data: &Dataset, settings: &Settings) -> Result<Answer, Reason> {
    use MethodName as M;
    let Outcome::Tiers(tiers) = &data.outcome else { return Err(Reason::Undefined) };
    let levels: Vec<Level> = tiers.iter().map(|t| t.level()).collect();
    let group = data.group();
    if group.len() > MOST_PATIENTS {
        return Err(Reason::TooMany);
    }
    let rule = settings.on_the_day;
    let with = |answer: Answer, estimate: Result<WinEstimate, Reason>| -> Result<Answer, Reason> {
        let e = estimate?;
        Ok(answer.estimated(e.value, e.standard_error, e.interval(settings.confidence)).tested(e.z()))
    };
    if let M::StratifiedWinRatio | M::StratifiedNetBenefit = blank.method {
        let stratum = data.stratum.as_deref().ok_or(Reason::Undefined)?;
        let wins = compare_pairs_stratified(&levels, &group, stratum, rule)?;
        let ratio = blank.method == M::StratifiedWinRatio;
        let estimate = if ratio { wins.log_win_ratio() } else { wins.net_benefit() };
        return Ok(with(blank, estimate)?.note("pairs within strata; z below 0 favours treatment"));
    }
    let wins = compare_pairs(&levels, &group, rule)?;
    // Where all pairs go one way, so does every patient, and nothing varies about the net benefit.
    let net_benefit = |answer: Answer| match wins.net_benefit() {
        Ok(estimate) => with(answer, Ok(estimate)),
        Err(_) if wins.wins + wins.losses == 0 => Err(Reason::NoVariance),
        Err(reason) => {
            let mut answer = answer.because(reason).note("no interval: every pair goes one way");
            answer.estimate = wins.win_probability() - wins.loss_probability();
            Ok(answer)
        }
    };
    let answer = match blank.method {
        M::WinRatio => with(blank.clone(), wins.log_win_ratio()),
        M::WinOdds => with(blank.clone(), wins.log_win_odds()),
        M::NetBenefit => net_benefit(blank.clone()),
        _ => finkelstein_schoenfeld(&levels, &group, rule).and_then(|test| {
            let mut answer = net_benefit(blank.clone())?.tested(test.z());
            answer.reason = None;
            Ok(answer.note("permutation test beside the net benefit with its U-statistic interval"))
        }),
    };
    Ok(answer.unwrap_or_else(|reason| blank.because(reason)).note(tally(&wins)))
}

/// What the pairs said, tier by tier.
fn tally(wins: &Wins) -> String {
    let tiers: Vec<String> = wins.by_level.iter().map(|(won, lost)| format!("{won}–{lost}")).collect();
    format!(
        "won {}, lost {}, tied {}; by tier {}; z below 0 favours treatment",
        wins.wins,
        wins.losses,
        wins.ties(),
        tiers.join(", ")
    )
}
