//! What is asked and how the trial is run: estimands, design, analysis.

use super::{fact, families, kinds, table, words};
use crate::{
    analysis::comparison::{Method, Summary, Test},
    report::{
        html::{Fact, Section},
        numbers::{count, fixed, ratio},
        results::{Effect, Place, Results, capitalised, in_percent, in_sentence},
    },
    scenario::text::{ArmText, ScenarioText},
    statistics::{normal_quantile, two_sided_p},
    trial::{
        Trial,
        design::Design,
        estimand::{Estimand, Strategy},
    },
    units::{DAYS_PER_MONTH, Days},
};

/// The estimands, with what is done about each event that may come between.
pub fn estimands(results: &Results) -> Section {
    let trial = &results.run(0).trial;
    let text = &results.scenario.texts[0];
    let mut parts = Vec::new();
    for (index, estimand) in trial.estimands.iter().enumerate() {
        // A further measure of the same comparison differs by its summary only.
        if let Some((first, _)) = estimand.name.rsplit_once('.')
            && trial.estimands[..index].iter().any(|e| e.name == first)
        {
            continue;
        }
        let endpoint = &trial.endpoints[estimand.endpoint];
        let events: Vec<&str> =
            endpoint.any_of.iter().map(|&e| trial.course.events.list[e].label.as_str()).collect();
        let mut facts = vec![
            fact("Population", if parts.is_empty() { population(results, text) } else { "As above".into() }),
            fact("Treatment", treatment(trial, estimand)),
            fact(
                "Variable",
                format!("{}: {}", endpoint.label, kinds::variable(trial, endpoint, &in_list(&events))),
            ),
            fact("Summary measure", measures(trial, estimand)),
            fact("Benefit", capitalised(kinds::benefit(endpoint))),
        ];
        facts.extend(strategies(trial, estimand, text));
        parts.push(Section {
            title: capitalised(&estimand.name.replace('_', " "))
                + if index == 0 && estimand.name != "primary" { " (primary)" } else { "" },
            facts,
            ..Section::default()
        });
    }
    Section { title: "Estimands".into(), parts, ..Section::default() }
}

/// What is compared with what.
fn treatment(trial: &Trial, estimand: &Estimand) -> String {
    let pair = |one: &str, other: &str| format!("{one}, against {}", in_sentence(other));
    let whole = pair(&trial.side_label(estimand, 0), &trial.side_label(estimand, 1));
    let label = |arm: u8| trial.arms[usize::from(arm)].label.as_str();
    match estimand.minus {
        None => whole,
        Some((one, other)) => {
            format!("{whole}; less the effect of {}", in_sentence(&pair(label(one), label(other))))
        }
    }
}

fn population(results: &Results, text: &ScenarioText) -> String {
    let rules = &text.population.eligible;
    let who = if text.population.homogeneous.is_some() {
        "Patients who are all alike".to_owned()
    } else if rules.is_empty() {
        "Everybody in the registry".to_owned()
    } else {
        let rules: Vec<String> = rules.iter().map(|rule| in_sentence(&results.rule(rule))).collect();
        format!("Patients of the registry with {}", rules.join("; "))
    };
    match text.population.delay {
        Some(delay) if delay.0 > 0.0 => {
            format!("{who}; alive and in hospital {} after admission", length(delay))
        }
        _ => who,
    }
}

/// The summary measure and the others of the same comparison.
fn measures(trial: &Trial, estimand: &Estimand) -> String {
    let mut names = vec![estimand.method.summary.label().to_owned()];
    let others =
        trial.estimands.iter().filter(|e| e.name.rsplit_once('.').is_some_and(|(n, _)| n == estimand.name));
    names.extend(others.map(|e| in_sentence(e.method.summary.label())));
    match names.len() {
        1 => names.remove(0),
        _ => format!("{}; also {}", names[0], names[1..].join(", ")),
    }
}

/// What the estimand makes of a bail-out, and what the analysis does for it.
fn bail_out(trial: &Trial, estimand: &Estimand) -> String {
    let what = match estimand.strategy {
        Strategy::TreatmentPolicy => "patients stay in the arm they were assigned to".to_owned(),
        Strategy::Composite => "a bail-out counts as the end point".into(),
        Strategy::WhileOnTreatment => "what happens after a bail-out does not count".into(),
        Strategy::Hypothetical => "what would have happened without it. The truth is that of potential outcomes, the same luck without the change; the analysis censors at the bail-out, which assumes that those who bail out are like those who do not".into(),
        Strategy::PrincipalStratum => {
            let arms: Vec<String> =
                estimand.stratum.iter().map(|&a| in_sentence(&trial.arms[usize::from(a)].label)).collect();
            format!(
                "patients who would not bail out under {}. The truth is that of potential outcomes; the analysis leaves out those who were seen to bail out, which is not the same patients",
                arms.join(" or ")
            )
        }
    };
    format!("{}: {what}", estimand.strategy.label())
}

fn strategies(trial: &Trial, estimand: &Estimand, text: &ScenarioText) -> Vec<Fact> {
    let endpoint = &trial.endpoints[estimand.endpoint];
    let times = estimand.method.summary.needs_times();
    let mut facts = Vec::new();
    let compared: Vec<&ArmText> =
        [estimand.treatment, estimand.control].iter().map(|&arm| &text.arm.0[usize::from(arm)].1).collect();
    if compared.iter().any(|arm| !arm.bail_out.is_empty()) {
        facts.push(fact("Bail-out", bail_out(trial, estimand)));
    }
    if compared.iter().any(|arm| !arm.instead.is_empty()) {
        facts.push(fact(
            "Another arm's treatment from the start",
            "Treatment policy: patients stay in the arm they were assigned to",
        ));
    }
    if !endpoint.ended_by.is_empty() {
        let how = if times {
            "Censored at death: the hazard is the cause-specific one"
        } else {
            "Counted as without the event: it can no longer happen"
        };
        facts.push(fact("Death that is not part of the end point", how));
    }
    if trial.loss_rate > 0.0 {
        let how = if times {
            "Censored when lost"
        } else {
            "Left out of the comparison unless the event was seen before"
        };
        facts.push(fact("Loss to follow-up", how));
    }
    facts
}

/// A length of time: whole months and years as such, where days would be hard to read.
pub(super) fn length(days: Days) -> String {
    let months = days.0 / DAYS_PER_MONTH;
    if months >= 2.0 && (months - months.round()).abs() < 1e-6 {
        format!("{months:.0} months")
    } else {
        days.to_string()
    }
}

fn in_list(items: &[&str]) -> String {
    let items: Vec<String> = items.iter().map(|i| in_sentence(i)).collect();
    match items.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => items.join(""),
    }
}

/// The design, precise enough to be coded again.
pub fn design(results: &Results) -> Section {
    let trial = &results.run(0).trial;
    let text = &results.scenario.texts[0];
    let mut facts = vec![
        fact("Patients", count(trial.patients as f64)),
        fact("Allocation", allocation(trial)),
        fact("Randomisation", randomisation(trial, text)),
        fact("Entry", population(results, text)),
    ];
    facts.extend(super::conduct::alike_within_sites(results));
    if let Some(sites) = &text.trial.sites {
        let opening = sites
            .opening
            .map_or("all open from the start".to_owned(), |o| format!("opening evenly over {}", length(o)));
        facts.push(fact(
            "Sites",
            format!(
                "{}, {opening}; {} patients per site and month once open",
                sites.count, sites.patients_per_site_month
            ),
        ));
    } else {
        facts.push(fact(
            "Sites",
            "No accrual is stated: everybody arrives at once, and calendar time is not reported",
        ));
    }
    if text.trial.consent < 1.0 {
        facts.push(fact(
            "Consent",
            format!("{} of eligible patients take part", in_percent(text.trial.consent)),
        ));
    }
    facts.extend(super::conduct::facts(text, length));
    facts.push(fact("Follow-up", length(Days(trial.follow_up))));
    if let Some(loss) = &text.trial.loss {
        facts.push(fact(
            "Loss to follow-up",
            if loss.follows_risk == 0.0 && loss.hazard_ratio.0.is_empty() {
                format!("{} by {}, at a constant rate", in_percent(loss.share), loss.by)
            } else {
                format!(
                    "{} by {}, were all to live; its hazard follows the patient's own hazard of death to the power {}, and differs by arm where stated",
                    in_percent(loss.share),
                    loss.by,
                    loss.follows_risk
                )
            },
        ));
    }
    let mut paragraphs = Vec::new();
    let rules = match &trial.design {
        Design::Fixed(fixed_design) => {
            facts.push(fact("Looks", "One, when the last patient has been followed up"));
            decision_rule(fixed_design.critical)
        }
        Design::CoPrimary(design) => {
            facts.push(fact("Looks", "One, when the last patient has been followed up"));
            let names: Vec<&str> =
                design.hypotheses.iter().map(|h| trial.estimands[h.estimand].name.as_str()).collect();
            facts.push(fact(
                "Co-primary",
                format!("{}; the trial succeeds if all show benefit", names.join(", ")),
            ));
            decision_rule(design.critical)
        }
        Design::StopOrGo(two) => {
            let first = (trial.patients as f64 * two.first_stage).round();
            facts.push(fact(
                "Looks",
                format!(
                    "Two, after {} and {} patients have been followed up; recruitment waits for the first",
                    count(first),
                    count(trial.patients as f64)
                ),
            ));
            facts.push(fact(
                "First look",
                format!(
                    "The trial goes on if z is below {}; otherwise it stops for futility (binding in the simulation). No benefit is claimed",
                    fixed(-two.go_if_benefit_above, 3)
                ),
            ));
            decision_rule(two.last.critical)
        }
        Design::GroupSequential(looks) => {
            facts.extend(super::looks::facts(trial, looks));
            let bounds: Vec<String> = looks.upper.iter().map(|&u| fixed(-u, 3)).collect();
            format!("if z < {} at looks 1 to {}, as planned", bounds.join(", "), looks.count())
        }
        Design::ReEstimation(resized) => {
            facts.extend(super::adaptive::resizing(trial, resized));
            decision_rule(resized.critical)
        }
        Design::Bayesian(looks) => {
            facts.extend(super::adaptive::posterior(trial, looks));
            super::adaptive::success(looks)
        }
        _ => families::design(trial).map_or(String::new(), |described| {
            facts.extend(described.facts);
            described.claim
        }),
    };
    paragraphs.extend(families::all_cautions(results));
    facts.push(fact("Benefit is claimed", rules));
    let estimand = results.primary(0);
    let effect = Effect::of(estimand);
    // Where several hypotheses share the level there is no one edge.
    let alone = trial.design.family().is_empty();
    if let Some(se) = results.find(0, Place::of(&estimand.name), "model_se").filter(|_| alone) {
        let edge = -trial.design.critical() * se.value;
        let higher = trial.endpoints[estimand.endpoint].higher_is_better;
        let edge = effect.shown(if higher { -edge } else { edge });
        paragraphs.push(format!(
            "With the standard error usual in this trial, {} is reached at an estimated {} of about {}.",
            if matches!(trial.design, Design::Fixed(_)) { "the boundary" } else { "the last boundary" },
            in_sentence(effect.summary.label()),
            effect.words(edge),
        ));
    }
    Section { title: "Design".into(), paragraphs, facts, ..Section::default() }
}

fn decision_rule(critical: f64) -> String {
    let p = two_sided_p(critical) / 2.0;
    format!(
        "if z < {} (one-sided p < {}); harm if z > {}",
        fixed(-critical, 3),
        shortest(p),
        fixed(critical, 3)
    )
}

/// A p-value with as few decimals as it needs.
fn shortest(p: f64) -> String {
    let text = fixed(p, 5);
    text.trim_end_matches('0').to_owned()
}

fn allocation(trial: &Trial) -> String {
    let arms: Vec<String> = trial
        .arms
        .iter()
        .zip(&trial.allocation.ratio)
        .filter(|(_, r)| **r > 0)
        .map(|(arm, r)| format!("{} {r}", arm.label))
        .collect();
    arms.join(" : ")
}

fn randomisation(trial: &Trial, text: &ScenarioText) -> String {
    if let Some(other) = super::conduct::randomisation(text, length) {
        return other;
    }
    if trial.allocation.blocks.is_empty() {
        return "Simple, each patient alone".into();
    }
    let sizes: Vec<String> = trial.allocation.blocks.iter().map(u32::to_string).collect();
    let strata = &text.trial.allocation.stratify_by;
    let within = if strata.is_empty() {
        String::new()
    } else {
        format!(", within {}", strata.join(" and ").replace('_', " "))
    };
    let several = if sizes.len() > 1 { ", drawn at random" } else { "" };
    format!("Permuted blocks of {}{several}{within}", sizes.join(" or "))
}

/// The analysis of each replicate.
pub fn analysis(results: &Results) -> Section {
    let trial = &results.run(0).trial;
    let rows = trial
        .estimands
        .iter()
        .map(|estimand| {
            let failed =
                results.power(0, Place::of(&estimand.name)).map_or("–".into(), |m| count(m.failed as f64));
            vec![
                estimand.name.clone(),
                test(estimand.method.test).into(),
                summary(estimand.method).into(),
                failed,
            ]
        })
        .collect();
    let z = normal_quantile(0.975);
    Section {
        title: "Analysis".into(),
        paragraphs: vec![
            "Each replicate is analysed by the code that analyses a real data set. A comparison that gives no answer (no events, an empty arm, no convergence) is counted as not significant.".into(),
        ],
        tables: vec![table(
            "Methods, and replicates of the base case without an answer.",
            vec![words("Estimand"), words("Test"), words("Estimate and 95% interval"), super::numbers("No answer", "replicates")],
            rows,
            &[
                &format!("z is below 0 where the treatment does better. Intervals are two-sided 95%, with {} standard errors where they are Wald's.", ratio(z)),
                "Interactions: Woolf's test for ratios of risks or odds; for hazard ratios, the test of the interaction in a Cox model stratified by the subgroup. Significant below a two-sided 5%, without correction for the number of subgroups.",
            ],
        )],
        ..Section::default()
    }
}

fn test(test: Test) -> &'static str {
    match test {
        Test::ChiSquare => "Pearson's chi-square, no continuity correction",
        Test::FisherDoubled => "Fisher's exact test, each tail at half the level",
        Test::LogRank => "Log-rank",
        Test::StratifiedLogRank => "Stratified log-rank",
        Test::Wald => "Wald",
        Test::FineGray => "Fine and Gray's regression, robust error",
        Test::Welch => "Welch's t test",
        Test::Ancova => "Analysis of covariance on the baseline",
        Test::MannWhitney => "Mann–Whitney rank-sum test",
        Test::VanElteren => "Van Elteren's stratified rank-sum test",
        Test::ProportionalOdds => "Proportional-odds regression, Wald",
        Test::Poisson => "Poisson regression with log exposure as offset, Wald",
        Test::NegativeBinomial => "Negative binomial regression with log exposure as offset, Wald",
        Test::FinkelsteinSchoenfeld => "Finkelstein and Schoenfeld's permutation test",
        Test::ClusterT => "Student's t test of the risks of whole sites",
        Test::MantelHaenszelByPeriod => "Cochran–Mantel–Haenszel over periods of one allocation ratio",
        Test::ClusterRobust => "Wald, sandwich error by site, Student's t",
    }
}

fn summary(method: Method) -> &'static str {
    if method.test == Test::MantelHaenszelByPeriod {
        return match method.summary {
            Summary::RiskDifference => "Mantel–Haenszel risk difference, Sato",
            Summary::OddsRatio => "Mantel–Haenszel odds ratio, Robins, Breslow and Greenland",
            _ => "Mantel–Haenszel risk ratio, Greenland and Robins",
        };
    }
    match method.summary {
        Summary::RiskRatio => "Risk ratio, Katz",
        Summary::RiskDifference => "Risk difference, Newcombe",
        Summary::OddsRatio => "Odds ratio, Woolf",
        Summary::HazardRatio => "Hazard ratio, Cox with Efron's ties, Wald",
        Summary::KaplanMeierDifference => "Difference of Kaplan–Meier risks, Greenwood",
        Summary::SubdistributionHazardRatio => "Subdistribution hazard ratio, Wald with the robust error",
        Summary::MeanDifference => "Difference in means, Student's t",
        Summary::GeometricMeanRatio => "Ratio of geometric means, Student's t of the logarithms",
        Summary::CommonOddsRatio => "Common odds ratio, Wald",
        Summary::RateRatio => "Rate ratio, Wald",
        Summary::WinRatio => "Win ratio, U-statistic error",
        Summary::WinOdds => "Win odds, U-statistic error",
    }
}
