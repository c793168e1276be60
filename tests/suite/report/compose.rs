//! The report and the terminal page of a finished run: complete, rounded, and within the terminal.

use shocktrial::{
    error::Result,
    operating::{Fold, Measure, Truth},
    report::{
        compose::{Input, compose},
        html::Report,
        page::page,
        summary::Verdict,
    },
    scenario::{self, Changes, Scenario, expect},
    simulation::{Block, Plan, Sink},
};
use std::{path::Path, sync::Arc};

const SCENARIO: &str = r#"
title      = "Two risks"
question   = "Are 420 patients enough?"
replicates = 500
seed       = 1
limits     = ["Patients are all alike."]

[population]
homogeneous.event.death = { risk = { value = 0.49, cite = "rev-ecls-mort-ctl" }, by = "30 days" }
homogeneous.event.bleeding = { risk = 0.10, by = "30 days" }

[arm.control]
label = "Usual care"

[arm.ecls]
label = "Early VA-ECMO"
effect.death = { such_that = { risk = 0.35, of = "death_30d" } }
effect.bleeding = { hazard_ratio = { value = 2.4, assumed = "a guess" } }

[endpoint.death_30d]
label  = "Death at 30 days"
any_of = ["death"]
by     = "30 days"

[estimand.primary]
endpoint = "death_30d"
compare  = { treatment = "ecls", control = "control" }
summary  = "risk_ratio"
also     = ["risk_difference", "hazard_ratio"]

[trial]
patients   = 420
allocation = { ratio = { ecls = 1, control = 1 }, blocks = [4] }
sites      = { count = 44, opening = "24 months", patients_per_site_month = 0.23 }
follow_up  = "30 days"
design     = { fixed = { alpha = { two_sided = 0.05 } } }

[sweep]
"arm.ecls.effect.death" = [{ hazard_ratio = 0.9 }, { hazard_ratio = 0.6 }]

[[variant]]
name = "no bail-out"
takes_away = true
why  = "a world without crossover"
set."arm.control.instead" = [{ arm = "ecls", share = 0.5 }]

[[variant]]
name = "no effect"
null = true

[[expect]]
risk   = { value = 0.49, cite = "rev-ecls-mort-ctl" }
of     = "death_30d"
arm    = "control"
within = 0.01
"#;

struct Folding(Fold);

impl Sink for Folding {
    fn take(&mut self, block: &Block) -> Result<()> {
        self.0.add(block);
        Ok(())
    }
}

struct Run {
    scenario: Scenario,
    fold: Fold,
    measures: Vec<Measure>,
    verdicts: Vec<Verdict>,
}

fn run() -> Run {
    let source = Arc::new(shocktrial::error::Source { name: "two_risks.toml".into(), text: SCENARIO.into() });
    let scenario = scenario::prepare(&source, Path::new("."), &Changes::default()).unwrap();
    let truths = scenario.truths.iter().map(|t| {
        t.estimands.iter().map(|e| e.iter().map(|&value| Truth { value, mcse: 0.0 }).collect()).collect()
    });
    let mut sink = Folding(Fold::new(&scenario.runs, truths.collect()));
    let plan = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed };
    plan.simulate(0..plan.replicates(), &Default::default(), &mut sink).unwrap();
    let measures = sink.0.measures(&scenario.runs);
    let verdicts = vec![Verdict {
        expectation: scenario.expectations[0].clone(),
        measure: "risk",
        expected: 0.49,
        value: 0.4912,
        mcse: 0.0016,
        verdict: expect::Verdict::Met,
    }];
    Run { scenario, fold: sink.0, measures, verdicts }
}

impl Run {
    fn input<'a>(&'a self, reproduction: &'a [(String, String)]) -> Input<'a> {
        Input {
            scenario: &self.scenario,
            measures: &self.measures,
            fold: &self.fold,
            verdicts: &self.verdicts,
            reproduction,
        }
    }
}

fn section<'a>(report: &'a Report, title: &str) -> &'a shocktrial::report::html::Section {
    report.sections.iter().find(|s| s.title == title).unwrap_or_else(|| panic!("no section “{title}”"))
}

#[test]
fn the_report_says_what_good_practice_asks_for() {
    let run = run();
    let reproduction = [("Seed".to_owned(), "1".to_owned())];
    let (figures, report) = compose(&run.input(&reproduction));
    let names: Vec<&str> = figures.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        ["kaplan_meier", "estimates", "power_by_effect", "complications", "variants", "enrolment", "months"]
    );
    let titles: Vec<&str> = report.sections.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Decision",
            "Estimands",
            "Design",
            "Data-generating model",
            "Calibration",
            "Scenario grid",
            "Analysis",
            "Replicates",
            "Error rates",
            "Power",
            "Estimation",
            "Size and time",
            "Patients",
            "Decomposition",
            "Robustness",
            "Example trials",
            "Validation",
            "Reproduction",
            "Limits"
        ]
    );
    assert!(report.answer[0].contains("35.0% with early VA-ECMO against 49.0%"), "{}", report.answer[0]);
    assert_eq!(report.answer[1], "That is between the 80% and 90% that trials are usually planned for.");
    assert!(report.answer[2].contains("“no bail-out”"), "{}", report.answer[2]);
    // Every run stands in the grid, the points of the sweep under a heading.
    let grid = &section(&report, "Scenario grid").tables[0].rows;
    assert_eq!(grid.len(), 6);
    assert_eq!(grid[1], ["Base case, by early VA-ECMO, death, hazard ratio"]);
    assert_eq!(grid[2][0], "2. 0.9");
    let page = report.render(&figures).unwrap();
    // The fonts before the end of the style are letters of any kind.
    let (_, said) = page.split_once("</style>").unwrap();
    // Files to download are letters of any kind as well.
    let said: String = said
        .split(";base64,")
        .enumerate()
        .map(|(i, part)| if i == 0 { part } else { part.split_once('"').map_or("", |(_, rest)| rest) })
        .collect();
    assert!(!said.contains("NaN") && !said.contains(">inf"));
}

#[test]
fn each_number_of_the_scenario_has_a_source_or_is_assumed() {
    let run = run();
    let (_, report) = compose(&run.input(&[]));
    let model = section(&report, "Data-generating model");
    let rows = &model.tables.iter().find(|t| t.caption.starts_with("Every number")).unwrap().rows;
    let of = |label: &str| rows.iter().find(|r| r[0].contains(label)).unwrap_or_else(|| panic!("no {label}"));
    assert_eq!((of("death › risk")[1].as_str(), of("death › risk")[3].as_str()), ("0.49", "cited"));
    assert!(of("death › risk")[2].contains("rev-ecls-mort-ctl"));
    assert_eq!(of("bleeding › hazard ratio")[2..], ["A guess", "assumed"]);
    assert_eq!(of("patients per site month")[3], "assumed");
    assert_eq!(of("Allocation › ratio › ecls")[3], "chosen");
    // What the scenario expects back is no assumption, and the design's own numbers are choices.
    assert!(rows.iter().all(|r| !r[0].contains("within")));
    let solved = &model.tables.iter().find(|t| t.caption.starts_with("Numbers solved")).unwrap().rows;
    assert_eq!(solved[0][0], "Death at 30 days, early VA-ECMO");
    assert_eq!(solved[0][3], "conditional hazard ratio 0.640");
}

#[test]
fn the_page_fits_a_terminal_of_100_columns() {
    let run = run();
    let text = page(&run.input(&[]));
    for line in text.lines() {
        assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line:?}");
    }
    for words in [
        "Two risks",
        "Usual care",
        "Base case",
        "No effect",
        " ± ",
        "* no effect",
        "Solved",
        "met",
        "assumed",
    ] {
        assert!(text.contains(words), "no “{words}” in\n{text}");
    }
    assert!(!text.contains("NaN") && !text.contains("−0.0 "), "{text}");
}
