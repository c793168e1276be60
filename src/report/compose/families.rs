//! Designs with several arms, populations or end points: what they do, in words, and what came back.

use super::{fact, numbers, table, words};
use crate::{
    report::{
        html::{Column, Fact, Section},
        numbers::{count, fixed},
        results::{Place, Results, in_percent, in_sentence, level_words, share},
    },
    statistics::two_sided_p,
    trial::{
        Trial,
        design::{
            Design, Hypothesis, Recruitment, Selection,
            drop_the_loser::LastTest,
            family::Intersection,
            platform::{Clock, Controls},
        },
        record::Slice,
    },
    units::Days,
};

/// What the report says of a design: facts in order, and the rule of a claim.
pub(super) struct Described {
    pub facts: Vec<Fact>,
    pub claim: String,
}

/// The name of a hypothesis as people read it.
pub fn hypothesis(trial: &Trial, hypothesis: Hypothesis) -> String {
    let name = trial.estimands[hypothesis.estimand].name.replace('_', " ");
    match hypothesis.slice {
        Slice::Level(s, l) => {
            let subgroup = &trial.subgroups[usize::from(s)];
            let level = &subgroup.levels[usize::from(l)];
            let part = in_sentence(&subgroup.label);
            if level == "yes" {
                format!("{name} in {part}")
            } else {
                format!("{name} in {part}: {}", level_words(level))
            }
        }
        Slice::All | Slice::Interaction(_) => name,
    }
}

/// A design of this kind in words; `None` for the others.
pub(super) fn design(trial: &Trial) -> Option<Described> {
    let once = || fact("Looks", "One, when the last patient has been followed up");
    let names = |list: &[Hypothesis]| -> String {
        list.iter().map(|&h| hypothesis(trial, h)).collect::<Vec<_>>().join("; ")
    };
    let level = |level: f64| format!("one-sided {}%", short(100.0 * level));
    Some(match &trial.design {
        Design::Fixed(_) | Design::StopOrGo(_) | Design::GroupSequential(_) => return None,
        Design::ReEstimation(_) | Design::Bayesian(_) | Design::CoPrimary(_) => return None,
        Design::ClosedTest(design) => Described {
            facts: vec![
                once(),
                fact("Hypotheses", names(&design.hypotheses)),
                fact("Sets of hypotheses", intersection(design.intersection)),
            ],
            claim: format!(
                "of a hypothesis if every set that holds it is rejected at {}",
                level(design.level)
            ),
        },
        Design::Graphical(design) => {
            let rows = design.hypotheses.iter().enumerate().map(|(i, &h)| {
                let passes: Vec<String> = design.graph.passes[i]
                    .iter()
                    .zip(&design.hypotheses)
                    .filter(|(share, _)| **share > 0.0)
                    .map(|(share, &to)| format!("{} to {}", in_percent(*share), hypothesis(trial, to)))
                    .collect();
                let passes = if passes.is_empty() { "nothing".into() } else { passes.join(", ") };
                let held = in_percent(design.graph.weights[i]);
                fact(
                    &hypothesis(trial, h),
                    format!("starts with {held} of the level; when claimed passes {passes}"),
                )
            });
            Described {
                facts: std::iter::once(once()).chain(rows).collect(),
                claim: format!(
                    "of a hypothesis if its P value is at most its share of {}; what a claimed hypothesis held is passed on, and the others are tested again",
                    level(design.level)
                ),
            }
        }
        Design::Factorial(design) => {
            let mut facts = vec![once(), fact("Factors", names(&design.factors))];
            facts.extend(design.interaction.map(|e| {
                fact(
                    "Interaction",
                    trial.estimands[e].name.replace('_', " ") + ", shown on its own and claimed by no rule",
                )
            }));
            Described { facts, claim: format!("of each factor at {}", level(design.level)) }
        }
        Design::MultiStage(design) => {
            let at: Vec<String> = design.looks.iter().map(|t| count(t * trial.patients as f64)).collect();
            let upper: Vec<String> = design.upper.iter().map(|u| fixed(-u, 3)).collect();
            let drop: Vec<String> = design
                .drop_below
                .iter()
                .map(|d| if d.is_finite() { fixed(-d, 3) } else { "never".into() })
                .collect();
            let stop = if design.stop_at_first_claim {
                "ends the trial"
            } else {
                "closes the arm; the others go on"
            };
            Described {
                facts: vec![
                    fact(
                        "Looks",
                        format!(
                            "After {} patients if no arm was dropped; {}",
                            at.join(", "),
                            waits(design.recruitment)
                        ),
                    ),
                    fact("Arms", names(&design.hypotheses)),
                    fact(
                        "Dropped",
                        format!(
                            "an arm with z above {} at a look (binding); its patients are not recruited",
                            drop.join(", ")
                        ),
                    ),
                    fact("First claim", stop),
                ],
                claim: format!(
                    "of an arm if z < {} at its looks; the chance of any false claim is {}",
                    upper.join(", "),
                    level(design.level)
                ),
            }
        }
        Design::DropTheLoser(design) => {
            let whole = trial.allocation.ratio.iter().sum();
            let first = crate::trial::design::DropTheLoser::first(trial.patients, design.first_stage, whole);
            let claim = match design.test {
                LastTest::AllPatients(critical) => format!(
                    "of the arm that went on if z of all patients < {} (one-sided p < {}), the critical value of the best of {} arms",
                    fixed(-critical, 3),
                    short(two_sided_p(critical) / 2.0),
                    design.hypotheses.len()
                ),
                LastTest::Combination(kind) => format!(
                    "of an arm if every set of arms that holds it is rejected at {}; sets by {}, stages by the inverse normal combination with squared weights {} and {}",
                    level(design.level),
                    in_sentence(&intersection(kind)),
                    fixed(design.weight, 3),
                    fixed(1.0 - design.weight, 3)
                ),
            };
            let mut facts = vec![
                fact(
                    "Looks",
                    format!(
                        "Two, after {} and {} patients; {}",
                        count(first as f64),
                        count(trial.patients as f64),
                        waits(design.recruitment)
                    ),
                ),
                fact("Arms", names(&design.hypotheses)),
                fact(
                    "First look",
                    format!(
                        "{} of {} arms with the best z go on with the control",
                        design.keep,
                        design.hypotheses.len()
                    ),
                ),
            ];
            if design.stop_below.is_finite() {
                facts.push(fact(
                    "Futility",
                    format!("if the best z is not below {}", fixed(-design.stop_below, 3)),
                ));
            }
            Described { facts, claim }
        }
        Design::ResponseAdaptive(design) => {
            let [least, most] = design.limits.map(in_percent);
            let mut facts = vec![
                fact(
                    "Allocation changes",
                    format!(
                        "after {} patients and every {} from then on; {}",
                        count(design.burn_in as f64),
                        count(design.every as f64),
                        waits(design.recruitment)
                    ),
                ),
                fact(
                    "Share of an arm",
                    format!(
                        "in proportion to the {} of its chance of being the best, between {least} and {most}; prior Beta({}, {})",
                        if design.power == 1.0 {
                            "size".to_owned()
                        } else {
                            format!("power {}", short(design.power))
                        },
                        short(design.prior.a),
                        short(design.prior.b)
                    ),
                ),
            ];
            facts.extend(design.fixed.map(|(arm, share)| {
                fact("Kept", format!("{} at {}", trial.arms[arm].label, in_percent(share)))
            }));
            facts.push(fact("Hypotheses", names(&design.test.hypotheses)));
            if design.test.hypotheses.len() > 1 {
                facts.push(fact("Sets of hypotheses", intersection(design.test.intersection)));
            }
            Described {
                facts,
                claim: format!(
                    "at the end, by a test that takes allocation as fixed, at {}",
                    level(design.test.level)
                ),
            }
        }
        Design::Platform(design) => {
            let open = design
                .open
                .iter()
                .zip(&trial.arms)
                .zip(&trial.allocation.ratio)
                .filter(|(_, ratio)| **ratio > 0);
            let open: Vec<String> = open
                .map(|((range, arm), _)| format!("{} {}", arm.label, while_open(trial, design.clock, range)))
                .collect();
            let controls = match design.controls {
                Controls::Concurrent => "Concurrent: only those randomised while the arm was open",
                Controls::Pooled => "All, also those randomised while the arm was not open (non-concurrent)",
            };
            Described {
                facts: vec![
                    once(),
                    fact("Arms open", open.join("; ")),
                    fact("Controls", controls),
                    fact("Hypotheses", names(&design.hypotheses)),
                ],
                claim: format!("of each arm at {}", level(design.level)),
            }
        }
        Design::BayesianArms(design) => {
            let at: Vec<String> = design.looks.iter().map(|t| count(t * trial.patients as f64)).collect();
            Described {
                facts: vec![
                    fact("Looks", format!("After {} patients; {}", at.join(", "), waits(design.recruitment))),
                    fact(
                        "Prior",
                        format!(
                            "Beta({}, {}) for the risk of each arm",
                            short(design.prior.a),
                            short(design.prior.b)
                        ),
                    ),
                    fact(
                        "Closed",
                        format!(
                            "an arm whose chance of being the best is below {}; its patients go to the others",
                            short(design.drop_below)
                        ),
                    ),
                ],
                claim: format!(
                    "of an arm whose chance of being the best is above {}",
                    short(design.superior_above)
                ),
            }
        }
        Design::Enrichment(design) => {
            let [all, part] = design.hypotheses;
            let mut facts = vec![fact(
                "Looks",
                format!(
                    "Two, after {} and {} patients; {}",
                    count((trial.patients as f64 * design.first_stage).round()),
                    count(trial.patients as f64),
                    waits(design.recruitment)
                ),
            )];
            facts.push(fact("Hypotheses", names(&[all, part])));
            facts.extend(
                design
                    .stop
                    .as_ref()
                    .map(|rule| fact("Stops for futility", format!("if {rule} (z above 0 is benefit here)"))),
            );
            facts.push(fact(
                "Second stage",
                format!(
                    "enrols {} only if {}, else everybody (z above 0 is benefit here)",
                    hypothesis(trial, part),
                    design.enrich
                ),
            ));
            Described {
                facts,
                claim: format!(
                    "of a hypothesis if every set that holds it is rejected at {}; sets by {}, stages by the inverse normal combination with squared weights {} and {}",
                    level(design.level),
                    in_sentence(&intersection(design.intersection)),
                    fixed(design.first_stage, 3),
                    fixed(1.0 - design.first_stage, 3)
                ),
            }
        }
    })
}

fn waits(recruitment: Recruitment) -> &'static str {
    match recruitment {
        Recruitment::Waits => "recruitment waits for the look",
        Recruitment::GoesOn => "recruitment goes on during the look",
    }
}

fn intersection(kind: Intersection) -> String {
    match kind {
        Intersection::Bonferroni => "Bonferroni's test".into(),
        Intersection::Simes => "Simes' test".into(),
        Intersection::Dunnett(rho) => format!("Dunnett's test, correlation {}", fixed(rho, 3)),
        Intersection::PartAndWhole => "The test of Spiessens and Debois for a part and the whole".into(),
    }
}

/// A number with as few decimals as it needs.
fn short(value: f64) -> String {
    let text = fixed(value, 5);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// What a design does not protect against: said wherever its results are shown.
fn cautions(trial: &Trial) -> Vec<String> {
    let mut list = Vec::new();
    match &trial.design {
        Design::ResponseAdaptive(_) => list.push(
            "Response-adaptive allocation does not control the type I error when risks change over the trial: arms then differ in when their patients came. The final test takes allocation as fixed.".into(),
        ),
        Design::Platform(design) => {
            if design.controls == Controls::Pooled {
                list.push("Non-concurrent controls are counted: the type I error is not controlled when risks change over the trial. Compare with controls = \"concurrent\".".into());
            }
            if design.hypotheses.len() > 1 {
                list.push("Each arm of the platform is tested at the full level; the chance of any false claim is higher.".into());
            }
        }
        Design::Factorial(design) => list.push(format!(
            "Each of {} factors is tested at the full level; the chance of any false claim is higher. A factor's effect is an average over the other and means little where they interact.",
            design.factors.len()
        )),
        Design::BayesianArms(_) => list.push(
            "The rules hold posterior probabilities, not a type I error: read it from a run without effect.".into(),
        ),
        _ => {}
    }
    list
}

/// When an arm of a platform is open.
fn while_open(trial: &Trial, clock: Clock, range: &std::ops::Range<f64>) -> String {
    match (clock, range.end.is_finite()) {
        (Clock::Patients, finite) => {
            let last = if finite { range.end } else { trial.patients as f64 };
            format!("for patients {} to {}", count(range.start + 1.0), count(last))
        }
        (Clock::Days, true) => format!("from {} to {}", Days(range.start), Days(range.end)),
        (Clock::Days, false) if range.start > 0.0 => format!("from {} on", Days(range.start)),
        (Clock::Days, false) => "throughout".into(),
    }
}

/// What the designs of all runs do not protect against, each said once; of a variant by its name.
pub fn all_cautions(results: &Results) -> Vec<String> {
    let mut said = Vec::new();
    let mut list = Vec::new();
    for run in 0..results.scenario.runs.len() {
        for caution in cautions(&results.run(run).trial) {
            if said.contains(&caution) {
                continue;
            }
            let of = if run == 0 { String::new() } else { format!("{}: ", results.short_name(run)) };
            list.push(format!("{of}{caution}"));
            said.push(caution);
        }
    }
    list
}

/// Every run: chances of claims over the family, of each hypothesis, and of what is selected.
pub(super) fn section(results: &Results) -> Option<Section> {
    let runs: Vec<usize> = (0..results.scenario.runs.len()).filter(|&run| is_family(results, run)).collect();
    let (columns, _) = rows(results, *runs.first()?);
    let mut list = Vec::new();
    for &run in &runs {
        let (own, cells) = rows(results, run);
        // Designs that differ in what they claim stand under headings of their own.
        if own != columns {
            continue;
        }
        list.push(
            std::iter::once(format!("{}. {}", results.run(run).number, results.short_name(run)))
                .chain(cells)
                .collect(),
        );
    }
    let head: Vec<Column> =
        std::iter::once(words("Run")).chain(columns.iter().map(|title| numbers(title, "%"))).collect();
    let mut tables = vec![table(
        "Claims over all hypotheses of the design, of each, and what is selected.",
        head,
        list,
        &[
            "Any false: at least one claim of a hypothesis that has no effect in this run.",
            "An arm is selected if it was not dropped, or if it was declared superior; a population if the last stage enrolled it.",
        ],
    )];
    for &run in &runs {
        let (own, cells) = rows(results, run);
        if own != columns {
            let head = own.iter().map(|title| numbers(title, "%")).collect();
            tables.push(table(
                format!("The same for “{}”.", results.short_name(run)),
                head,
                vec![cells],
                &[],
            ));
        }
    }
    Some(Section {
        title: "Several hypotheses".into(),
        paragraphs: all_cautions(results),
        tables,
        ..Section::default()
    })
}

/// Whether a run has several hypotheses.
pub fn is_family(results: &Results, run: usize) -> bool {
    results.find(run, Place::trial(), "power_any").is_some()
}

/// Headings and cells of one run.
pub fn rows(results: &Results, run: usize) -> (Vec<String>, Vec<String>) {
    let trial = &results.run(run).trial;
    let (mut head, mut cells) = (Vec::new(), Vec::new());
    let mut add = |title: String, cell: String| {
        head.push(title);
        cells.push(cell);
    };
    let whole = |name: &str| share(results.find(run, Place::trial(), name));
    add("Any claim".into(), whole("power_any"));
    add("All claims".into(), whole("power_all"));
    add("Any false".into(), whole("family_wise_error"));
    let family = trial.design.family();
    let place = |h: Hypothesis| {
        let place = Place::of(&trial.estimands[h.estimand].name);
        match h.slice {
            Slice::Level(s, l) => {
                let subgroup = &trial.subgroups[usize::from(s)];
                place.within(&subgroup.name, &subgroup.levels[usize::from(l)])
            }
            Slice::All | Slice::Interaction(_) => place,
        }
    };
    for &h in family {
        add(format!("Claims {}", hypothesis(trial, h)), share(results.power(run, place(h))));
    }
    match trial.design.selection() {
        None => {}
        Some(Selection::ArmsKept | Selection::SuperiorArm) => {
            for arm in &trial.arms {
                let selected = results.find(run, Place::trial().arm(&arm.name), "select_arm");
                if selected.is_some() {
                    add(format!("Selects {}", in_sentence(&arm.label)), share(selected));
                }
            }
        }
        Some(Selection::Population) => {
            for &h in family {
                let Place { population, level, .. } = place(h);
                let selected =
                    results.find(run, Place::trial().within(population, level), "select_population");
                let name = match h.slice {
                    Slice::Level(s, _) => in_sentence(&trial.subgroups[usize::from(s)].label),
                    Slice::All | Slice::Interaction(_) => "everybody".into(),
                };
                add(format!("Selects {name}"), share(selected));
            }
        }
    }
    (head, cells)
}
