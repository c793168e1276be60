//! How the trial is conducted, with what each part assumes, and the screening log.

use super::{fact, numbers, table, words};
use crate::{
    calibration::clustering::intra_cluster_correlation,
    report::{
        html::{Fact, Table},
        numbers::{count, fixed, ratio},
        results::{Results, in_percent},
    },
    scenario::text::{ClustersText, RefusedText, ScenarioText},
    trial::allocation::Scheme,
    units::Days,
};

/// Facts on recruitment beyond the number of sites and their rate, on consent, time and withdrawal.
pub fn facts(text: &ScenarioText, length: impl Fn(Days) -> String) -> Vec<Fact> {
    let trial = &text.trial;
    let mut facts = Vec::new();
    if let Some(sites) = &trial.sites {
        if sites.rate_variation > 0.0 {
            facts.push(fact(
                "Rates of sites",
                format!(
                    "Gamma, coefficient of variation {}; each replicate draws its sites anew",
                    sites.rate_variation
                ),
            ));
        }
        for (name, class) in &sites.class.0 {
            facts.push(fact(
                &format!("Sites called {}", name.replace('_', " ")),
                format!(
                    "{} of the sites, rate {} against other kinds, hazard ratio of death {}",
                    in_percent(class.share),
                    class.rate,
                    ratio(class.death_hazard_ratio)
                ),
            ));
        }
        if sites.death_sd > 0.0 || sites.effect_sd > 0.0 {
            facts.push(fact(
                "Random effects of sites",
                format!(
                    "Normal on the log hazard of death, standard deviation {}; on the log hazard ratio of the treatment, {}. Assumed to have nothing to do with a site's rate; truths average over them",
                    sites.death_sd, sites.effect_sd
                ),
            ));
        }
        for pause in &sites.pauses {
            let value =
                format!("no site enrols for {} from {} on", length(pause.lasting), length(pause.from));
            facts.push(fact("Pause", value));
        }
        if let Some(most) = sites.most_patients {
            facts.push(fact("Largest site", format!("{most} patients; who comes later is turned away")));
        }
    }
    for among in &trial.consent_if {
        facts.push(fact(
            "Consent",
            format!("{} of those with {} take part", in_percent(among.share), among.rule.replace('_', " ")),
        ));
    }
    if let Some(trend) = &trial.trend {
        facts.push(fact(
            "Trend",
            format!(
                "the hazard of death changes by {} a year, in both arms alike",
                ratio(trend.death_hazard_ratio_per_year)
            ),
        ));
    }
    if let Some(ends) = trial.recruitment_ends {
        facts.push(fact("Recruitment ends", format!("after {}, however many there are", length(ends))));
    }
    if let Some(stop) = &trial.external_stop {
        facts.push(fact(
            "Stop from outside",
            format!(
                "recruitment is ended with a chance of {} by {}, at a constant rate that has nothing to do with the data",
                in_percent(stop.risk),
                length(stop.by)
            ),
        ));
    }
    if let Some(deferred) = &trial.deferred_consent {
        let data = match deferred.data {
            RefusedText::Removed => "their data are removed",
            RefusedText::KeptUntilThen => "what was seen until then is kept",
        };
        let others: Vec<String> = deferred
            .refuse_in
            .0
            .iter()
            .map(|(arm, share)| format!("{} in {}", in_percent(*share), arm.replace('_', " ")))
            .collect();
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
        facts.push(fact(
            "Deferred consent",
            format!(
                "survivors are asked on day {}; {} refuse{others}, and {data}. The dead cannot refuse, so refusal has to do with the outcome",
                deferred.asked.0,
                in_percent(deferred.refuse)
            ),
        ));
    }
    if let Some(lag) = trial.adjudication {
        facts.push(fact("Adjudication", format!("an outcome is in the database after {}", length(lag))));
    }
    for (name, arm) in &text.arm.0 {
        if let Some(delay) = arm.starts_after {
            let label = arm.label.clone().unwrap_or_else(|| name.replace('_', " "));
            facts.push(fact(
                &format!("Start of {label}"),
                format!("{} after randomisation; usual care until then", length(delay)),
            ));
        }
    }
    facts
}

/// How patients or whole sites get their arm, where not in blocks.
pub fn randomisation(text: &ScenarioText, length: impl Fn(Days) -> String) -> Option<String> {
    let allocation = &text.trial.allocation;
    if let Some(minimise) = &allocation.minimise {
        let over: Vec<String> = minimise.over.iter().map(|o| o.replace('_', " ")).collect();
        return Some(format!(
            "Minimisation over {}: the arm with the least imbalance (Pocock and Simon's range) with probability {}",
            over.join(", "),
            minimise.probability
        ));
    }
    Some(match allocation.clusters.as_ref()? {
        ClustersText::Parallel {} => "Whole sites, each to one arm throughout".to_owned(),
        ClustersText::SteppedWedge(wedge) => format!(
            "Whole sites, in {} groups in random order: the first changes from {} to {} after {}, then one every {}",
            wedge.steps,
            wedge.from.replace('_', " "),
            wedge.to.replace('_', " "),
            length(wedge.first),
            length(wedge.every)
        ),
    })
}

/// How alike patients of one site are, where sites differ in mortality and whole sites are randomised or read by
/// the primary test.
pub fn alike_within_sites(results: &Results) -> Option<Fact> {
    let trial = &results.run(0).trial;
    let primary = results.primary(0);
    let by_site = matches!(trial.allocation.scheme, Scheme::Clusters(_)) || primary.method.test.by_cluster();
    let (sites, law) = (f64::from(trial.accrual.sites), &trial.course.circumstances);
    if !by_site || law.none() {
        return None;
    }
    let control = usize::from(primary.control);
    let icc = intra_cluster_correlation(trial, &results.scenario.pool, control, primary.endpoint)?;
    let each = trial.patients as f64 / sites;
    Some(fact(
        "Intra-cluster correlation",
        format!(
            "{} of the primary end point under control, from the model; with {} patients at each of {} sites the design effect is {}",
            fixed(icc, 4),
            fixed(each, 1),
            count(sites),
            fixed(1.0 + (each - 1.0) * icc, 2)
        ),
    ))
}

/// The screening log of the base run: what becomes of those who are screened, as the model expects it.
pub fn screening(results: &Results) -> Option<Table> {
    let lines = &results.scenario.screening;
    let enrolled = lines.last().filter(|_| lines.len() > 1)?.share;
    let patients = results.run(0).trial.patients as f64;
    let rows = lines
        .iter()
        .map(|line| {
            let per_trial = if enrolled > 0.0 { line.share / enrolled * patients } else { f64::NAN };
            vec![results.rule(&line.reason), fixed(100.0 * line.share, 1), count(per_trial)]
        })
        .collect();
    Some(table(
        "Screening log, as expected.",
        vec![
            words("What becomes of them"),
            numbers("Of those screened", "%"),
            numbers("Per trial", "patients"),
        ],
        rows,
        &[
            "From the model, not from replicates. An entry rule counts those who meet all rules written before it. Patients turned away by a full site, or who come in a pause, are not counted.",
        ],
    ))
}
