//! Trials with looks: when they are made, at what they stop, and how often they do.

use super::{fact, numbers, table, words};
use crate::{
    report::{
        figures::{Figure, Shares, SharesPart, SharesRow},
        html::{Fact, Section},
        numbers::{MISSING, count, fixed, interval, signed},
        results::{Effect, Place, Results, capitalised, in_sentence, mean, share},
    },
    statistics::{Boundary, Sides, Spending, crossing_probabilities, normal_survival},
    trial::{
        Trial,
        design::{
            Design, GroupSequential, Recruitment,
            group_sequential::{Futility, Information, Looks, Rule},
        },
        record::Decision,
    },
    units::{DAYS_PER_MONTH, Days},
};

/// What the protocol says of the looks of a group sequential design.
pub(super) fn facts(trial: &Trial, design: &GroupSequential) -> Vec<Fact> {
    let mut list = vec![fact("Looks", when(trial, design))];
    let going_on = match design.recruitment {
        Recruitment::GoesOn => "goes on; whoever is enrolled before the decision is in the trial",
        Recruitment::Waits => "waits for the decision",
    };
    list.push(fact("Recruitment while a look is prepared", going_on));
    if design.lag > 0.0 {
        list.push(fact("From cut to decision", Days(design.lag).to_string()));
    }
    list.push(fact("Bounds for benefit", rule(design)));
    if let Some(text) = futility(design) {
        list.push(fact("Futility", text));
    }
    let harm = match design.sides {
        Sides::Two => "the mirrored bounds".to_owned(),
        Sides::One if design.harm.is_empty() => "the trial is not stopped for harm".to_owned(),
        Sides::One => format!("z above {}", listed(&design.harm, 3)),
    };
    list.push(fact("Harm", harm));
    list
}

fn listed(values: &[f64], digits: usize) -> String {
    let texts: Vec<String> = values
        .iter()
        .map(|&v| if v.is_finite() { signed_or_plain(v, digits) } else { MISSING.into() })
        .collect();
    texts.join(", ")
}

fn signed_or_plain(value: f64, digits: usize) -> String {
    if value < 0.0 { signed(value, digits) } else { fixed(value, digits) }
}

fn when(trial: &Trial, design: &GroupSequential) -> String {
    let horizon = Days(trial.endpoints[trial.estimands[0].endpoint].by);
    let patients = || -> String {
        let each: Vec<String> =
            design.information.iter().map(|share| count((share * trial.patients as f64).round())).collect();
        each.join(", ")
    };
    match &design.looks {
        Looks::FollowedUp => format!("when {} patients have been followed for {horizon}", patients()),
        Looks::Enrolled => {
            format!("when {} patients are enrolled, with the outcomes known on that day", patients())
        }
        Looks::Events(events) => {
            let each: Vec<String> = events.iter().map(|&e| count(f64::from(e))).collect();
            format!("at {} primary events, or when everybody has been followed up", each.join(", "))
        }
        Looks::Days(days) => {
            let each: Vec<String> = days.iter().map(|d| fixed(d / DAYS_PER_MONTH, 0)).collect();
            format!("{} months after the first site opens", each.join(", "))
        }
    }
}

fn spending(function: Spending) -> String {
    match function {
        Spending::OBrienFleming => "Lan–DeMets spending of O’Brien–Fleming type".into(),
        Spending::Pocock => "Lan–DeMets spending of Pocock type".into(),
        Spending::HwangShihDeCani(gamma) => {
            format!("Hwang–Shih–DeCani spending, γ = {}", signed_or_plain(gamma, 1))
        }
        Spending::Power(rho) => format!("Kim–DeMets spending, ρ = {}", fixed(rho, 1)),
    }
}

fn rule(design: &GroupSequential) -> String {
    let name = match &design.rule {
        Rule::Exact(Boundary::WangTsiatis(0.0)) => "O’Brien and Fleming’s".to_owned(),
        Rule::Exact(Boundary::WangTsiatis(0.5)) => "Pocock’s".to_owned(),
        Rule::Exact(Boundary::WangTsiatis(delta)) => format!("Wang and Tsiatis’s, Δ = {}", fixed(*delta, 2)),
        Rule::Exact(Boundary::HaybittlePeto(constant)) => {
            format!("Haybittle and Peto’s, {}", fixed(*constant, 2))
        }
        Rule::Exact(Boundary::Spending(function)) | Rule::Spending(function) => spending(*function),
        Rule::Stated => "as stated".to_owned(),
        Rule::SpentBy(_) => "from the error spent by each look, as stated".to_owned(),
    };
    let updated = match (&design.looks, design.counted) {
        (Looks::FollowedUp | Looks::Events(_), _) => "",
        (_, Information::Patients) => {
            "; recomputed at each look from the patients whose outcome can be known"
        }
        (_, Information::Events(_)) => "; recomputed at each look from the events known",
    };
    format!("{name}{updated}")
}

fn futility(design: &GroupSequential) -> Option<String> {
    let text = match &design.futility {
        Futility::Never => return None,
        Futility::Below(bounds) => format!("evidence for benefit below {}", listed(bounds, 3)),
        Futility::ConditionalPower { least, assuming } => format!(
            "conditional power of the last look below {} {}",
            fixed(*least, 2),
            if assuming.is_some() {
                "under the effect the design is meant to find"
            } else {
                "under the trend so far"
            },
        ),
        Futility::PredictivePower(least) => {
            format!("predictive power of the last look below {}", fixed(*least, 2))
        }
    };
    let binding = if design.binding {
        "binding: the bounds for benefit count on it"
    } else {
        "not binding: the bounds for benefit do not count on it, and the simulated trial follows it"
    };
    Some(format!("{text}; {binding}"))
}

/// How often trials stop at each look and why, how large they become and how long they last.
pub fn stopping(results: &Results, figures: Vec<String>) -> Option<Section> {
    let staged: Vec<usize> = (0..results.scenario.runs.len())
        .filter(|&run| results.run(run).trial.design.most_looks() > 1)
        .collect();
    let &first = staged.first()?;
    let mut tables = Vec::new();
    if let Design::GroupSequential(design) = &results.run(first).trial.design {
        tables.push(boundaries(results, first, design));
    }
    let mut rows = Vec::new();
    for &run in &staged {
        let design = &results.run(run).trial.design;
        if staged.len() > 1 {
            rows.push(vec![format!("{}. {}", results.run(run).number, capitalised(&results.name(run)))]);
        }
        for look in 1..=design.most_looks() as u8 {
            let is_last = usize::from(look) == design.most_looks();
            let stop = |measure: &str| {
                if is_last { MISSING.into() } else { share(results.at_look(run, "", look, measure)) }
            };
            let reached = results.at_look(run, "", look, "reached");
            let primary = &results.primary(run).name;
            let estimand = Effect::of(results.primary(run));
            rows.push(vec![
                if is_last { "Last".into() } else { look.to_string() },
                if reached.is_some_and(|m| m.value == 1.0) { "100".into() } else { share(reached) },
                stop("stop_efficacy"),
                stop("stop_futility"),
                stop("stop_harm"),
                mean(results.at_look(run, "", look, "patients"), 0),
                mean(results.at_look(run, "", look, "events"), 0),
                results
                    .at_look(run, primary, look, "estimate_mean")
                    .map_or(MISSING.into(), |m| estimand.text(m.value)),
            ]);
        }
    }
    tables.push(table(
        "What trials do at each look.",
        vec![
            words("Look"),
            numbers("Made", "% of trials"),
            numbers("Stop for benefit", "%"),
            numbers("For futility", "%"),
            numbers("For harm", "%"),
            numbers("Patients analysed", "mean"),
            numbers("Primary events", "mean"),
            numbers(&format!("Mean {}", in_sentence(Effect::of(results.primary(first)).summary.label())), ""),
        ],
        rows,
        &["Shares are of all trials, with Monte Carlo standard errors; means are over the trials that make the look. The estimate at a look is that of every trial that makes it, not of those that stop there."],
    ));
    tables.push(ending(results, &staged));
    tables.push(sizes(results, &staged));
    Some(Section {
        title: "Stopping".into(),
        paragraphs: vec![
            "An estimate from a trial that stopped early is too favourable on average; the table of estimates by the look that ends the trial shows by how much.".into(),
        ],
        tables,
        figures,
        ..Section::default()
    })
}

/// Shares of trials by the look that ends them and why, for each run that looks.
pub(super) fn figure(results: &Results) -> Option<Figure> {
    let staged =
        (0..results.scenario.runs.len()).filter(|&run| results.run(run).trial.design.most_looks() > 1);
    // One look is one way to end, more than six no longer fit a bar.
    let staged: Vec<usize> =
        staged.filter(|&run| results.run(run).trial.design.most_looks() <= 6).take(12).collect();
    let rows: Vec<SharesRow> = staged
        .iter()
        .map(|&run| {
            let ended = results.fold.ended(run);
            let total: u64 = ended.iter().flatten().sum();
            let share = |n: u64| n as f64 / total.max(1) as f64;
            let mut parts = Vec::new();
            for (k, by) in ended.iter().enumerate() {
                let last = k + 1 == ended.len();
                let of = |decision: Decision| by[decision as usize];
                let open = of(Decision::None)
                    + of(Decision::Continue)
                    + if last { of(Decision::Futility) } else { 0 };
                let futile = if last { 0 } else { of(Decision::Futility) };
                let benefit = if last { 1 } else { 0 };
                for (kind, n) in
                    [(benefit, of(Decision::Benefit)), (2, futile), (5, of(Decision::Harm)), (3, open)]
                {
                    let text = fixed(100.0 * share(n), 1);
                    let words = if last { vec![text] } else { vec![format!("look {}: {text}", k + 1), text] };
                    parts.push(SharesPart { kind, share: share(n), words });
                }
            }
            let benefit: u64 = ended.iter().map(|by| by[Decision::Benefit as usize]).sum();
            let total = fixed(100.0 * share(benefit), 1);
            SharesRow { label: capitalised(&results.name(run)), emphasised: run == 0, total, parts }
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let kinds = [
        "Stops early for benefit",
        "Shows benefit at the last look",
        "Stops for futility",
        "Shows neither at the last look",
        "",
        "Shows harm",
    ];
    let figure = Shares {
        name: super::plots::STOPPING.into(),
        title: String::new(),
        caption: "How trials end: by look and reason, from the first look on the left to the last on the right. The table on looks has the same with Monte Carlo errors.".into(),
        heading: "Run".into(),
        total: ["Benefit".into(), "%".into()],
        whole: "Trials".into(),
        kinds: kinds.map(str::to_owned).to_vec(),
        rows,
    };
    Some(figure.draw())
}

/// Boundaries on every scale, with the chances the recursion gives.
fn boundaries(results: &Results, run: usize, design: &GroupSequential) -> crate::report::html::Table {
    let trial = &results.run(run).trial;
    let lower = design.planned_lower();
    let futility = design.planned_futility();
    let null = crossing_probabilities(&lower, &design.upper, &design.information, 0.0);
    let estimand = results.primary(run);
    let effect = Effect::of(estimand);
    let higher = trial.endpoints[estimand.endpoint].higher_is_better;
    let mut spent = 0.0;
    let rows = (0..design.count())
        .map(|k| {
            spent += null.above[k];
            let bound = design.upper[k];
            let edge =
                results.at_look(run, &estimand.name, k as u8 + 1, "model_se").map_or(MISSING.into(), |se| {
                    let edge = if higher { bound * se.value } else { -bound * se.value };
                    effect.text(effect.shown(edge))
                });
            let low = futility[k];
            vec![
                format!("{}", k + 1),
                fixed(100.0 * design.information[k], 0),
                fixed(bound, 3),
                fixed(normal_survival(bound), 5),
                edge,
                if low.is_finite() { signed_or_plain(low, 3) } else { MISSING.into() },
                fixed(100.0 * spent, 3),
            ]
        })
        .collect();
    let updated = !matches!(design.looks, Looks::FollowedUp | Looks::Events(_));
    table(
        "Bounds as planned.",
        vec![
            words("Look"),
            numbers("Information", "%"),
            numbers("Benefit", "−z above"),
            numbers("One-sided p", "below"),
            numbers(effect.summary.label(), "about"),
            numbers("Futility", "−z below"),
            numbers("Error spent", "%"),
        ],
        rows,
        &[
            "The effect at a bound uses the standard error usual at that look. Error spent: by the recursion over looks, without effect and with futility followed.",
            if updated {
                "The information of these looks is only known when they are made, and the bounds move with it."
            } else {
                ""
            },
        ],
    )
}

/// What trials estimate, by the look that ends them.
fn ending(results: &Results, staged: &[usize]) -> crate::report::html::Table {
    let mut rows = Vec::new();
    for &run in staged {
        let estimand = results.primary(run);
        let effect = Effect::of(estimand);
        if staged.len() > 1 {
            rows.push(vec![format!("{}. {}", results.run(run).number, capitalised(&results.name(run)))]);
        }
        for look in 1..=results.run(run).trial.design.most_looks() as u8 {
            let find = |name: &str| results.at_look(run, &estimand.name, look, name);
            let n = find("estimate_mean_if_ending").map_or(0, |m| m.replicates);
            rows.push(vec![
                look.to_string(),
                count(n as f64),
                effect.with_error(find("estimate_mean_if_ending")),
                effect.spread(find("bias_if_ending"), true),
                share(find("coverage_if_ending")),
            ]);
        }
    }
    let effect = Effect::of(results.primary(staged[0]));
    table(
        "Estimates of the primary estimand by the look that ends the trial.",
        vec![
            words("Ends at look"),
            numbers("Trials", ""),
            numbers("Mean estimate", effect.unit()),
            numbers("Bias", effect.error_unit()),
            numbers("Coverage", "%"),
        ],
        rows,
        &[
            "Among the trials that end at the look, whatever the reason. Bias is against the truth of all trials; it is what selection by the look does, beside what the method does.",
        ],
    )
}

/// Expected size and length with their distribution, beside the most a trial can take.
fn sizes(results: &Results, staged: &[usize]) -> crate::report::html::Table {
    let timed = staged.iter().any(|&run| results.timed(run));
    let mut columns = vec![
        words("Run"),
        numbers("Most", "patients"),
        numbers("Expected", "patients"),
        numbers("5, 50, 95% of trials", "patients"),
    ];
    if timed {
        columns.extend([numbers("Expected", "months"), numbers("5, 50, 95% of trials", "months")]);
    }
    let rows = staged
        .iter()
        .map(|&run| {
            let find = |name: &str| results.find(run, Place::trial(), name);
            let quantiles = |of: &str, digits: usize| -> String {
                let each: Vec<String> = ["q05", "q50", "q95"]
                    .iter()
                    .map(|q| find(&format!("{of}_{q}")).map_or(MISSING.into(), |m| fixed(m.value, digits)))
                    .collect();
                each.join(", ")
            };
            let mut row = vec![
                format!("{}. {}", results.run(run).number, capitalised(&results.name(run))),
                count(most(results, run)),
                mean(find("patients"), 1),
                quantiles("patients", 0),
            ];
            if timed {
                row.extend([mean(find("months"), 1), quantiles("months", 1)]);
            }
            row
        })
        .collect();
    table(
        "Size and length of trials that may stop.",
        columns,
        rows,
        &["Patients enrolled while a look was prepared are counted."],
    )
}

/// The most patients a trial may enrol.
fn most(results: &Results, run: usize) -> f64 {
    let trial = &results.run(run).trial;
    trial.design.most_patients(trial.patients) as f64
}

/// Two lines for the terminal: stopping by look, and expected size.
pub fn lines(results: &Results, run: usize) -> Vec<String> {
    let design = &results.run(run).trial.design;
    let mut list = Vec::new();
    for look in 1..design.most_looks() as u8 {
        let reasons: Vec<String> =
            [("benefit", "stop_efficacy"), ("futility", "stop_futility"), ("harm", "stop_harm")]
                .iter()
                .filter_map(|(word, measure)| {
                    results
                        .at_look(run, "", look, measure)
                        .filter(|m| m.value > 0.0)
                        .map(|m| format!("{}% for {word}", fixed(100.0 * m.value, 1)))
                })
                .collect();
        let reasons = if reasons.is_empty() { "no trial stops".into() } else { reasons.join(", ") };
        list.push(format!("Look {look}: {reasons}"));
    }
    let find = |name: &str| results.find(run, Place::trial(), name).map(|m| m.value);
    if design.most_looks() > 1
        && let (Some(low), Some(high)) = (find("patients_q05"), find("patients_q95"))
    {
        list.push(format!(
            "At most {} patients; 90% of trials enrol {}",
            count(most(results, run)),
            interval(&fixed(low, 0), &fixed(high, 0)),
        ));
    }
    list
}
