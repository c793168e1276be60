//! Rows of the registry: their independence of each other, their marginals, and mistakes in the file.

use super::{citations, document};
use shocktrial::evidence::{Claim, What, lookup};
use shocktrial::population::describe::DescriptionRow;
use shocktrial::population::document::ByCause;
use shocktrial::population::homogeneous::{Homogeneous, HomogeneousDocument};
use shocktrial::population::{Expression, Population, Reading, Registry};

fn registry() -> Registry {
    Registry::new(&document()).unwrap()
}

/// Row 5000 is the same row in every range, block and screening.
#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let registry = registry();
    let wide = registry.columns(0..6000);
    let narrow = registry.columns(4990..5003);
    let rule = registry.rule("cause = ami and lactate_mmol_per_l > 3", Reading::Recorded).unwrap();
    let screened = registry.screen_range(&rule, 0..6000);
    assert!(screened.len() > 400);
    for (i, name) in wide.names.iter().enumerate() {
        assert_eq!(wide.data[i][4990..5003], narrow.data[i][..], "{name}");
        for (k, &row) in screened.rows.iter().enumerate() {
            assert_eq!(screened.data[i][k], wide.data[i][row as usize], "{name}");
        }
    }
}

/// Screening finds exactly the rows that meet the rule, whatever the order of its parts.
#[test]
fn screening_is_filtering() {
    let registry = registry();
    let all = registry.columns(0..20_000);
    for text in
        ["comatose and cause = ami", "not vasopressor", "k_of(2, frail, female, prior_stroke)", "everybody"]
    {
        let rule = registry.rule(text, Reading::Recorded).unwrap();
        let kept: Vec<u64> = (0..20_000).filter(|&i| rule.evaluate(&all, i as usize)).collect();
        assert_eq!(registry.screen_range(&rule, 0..20_000).rows, kept);
        let screening = registry.screen(&rule, 100, 1 << 20);
        assert_eq!(screening.columns.rows, kept[..100]);
        assert_eq!(screening.screened, kept[99] + 1);
    }
    let nobody = registry.rule("cause = mixed and stemi", Reading::Recorded).unwrap();
    let screening = registry.screen(&nobody, 10, 30_000);
    assert_eq!((screening.columns.len(), screening.screened), (0, 30_000));
    let shares = registry.clause_shares(&nobody, 1 << 14);
    assert!((shares[0].1 - 0.206).abs() < 0.02 && (shares[1].1 - 0.139).abs() < 0.02);
}

/// Prevalences and medians by cause are those of the file, within 4 standard errors.
#[test]
fn marginals_are_those_of_the_file() {
    let (document, registry) = (document(), registry());
    let columns = registry.columns(0..1 << 16);
    let of_cause =
        |cause: usize| (0..columns.len()).filter(|&i| columns.data[0][i] == cause as f64).collect();
    let rows: Vec<Vec<usize>> = (0..5).map(of_cause).collect();
    let resolve = |b: &ByCause| b.resolve(&registry.causes).unwrap();
    let mut compared = 0;
    for covariate in &document.covariate {
        let x = columns.column(&covariate.name).unwrap();
        let wanted: Vec<(f64, f64)> =
            if let Some(p) = covariate.flag.as_ref().and_then(|f| f.prevalence.as_ref()) {
                resolve(p).into_iter().map(|p| (p, 0.5)).collect()
            } else if let (Some(d), None) = (&covariate.log_normal, &covariate.only_if) {
                resolve(&d.median).into_iter().map(|m| (0.5, m)).collect()
            } else {
                continue;
            };
        for (cause, (p, above)) in wanted.into_iter().enumerate() {
            let n = rows[cause].len() as f64;
            let share = rows[cause].iter().filter(|&&i| x[i] > above).count() as f64 / n;
            let tolerance = 4.0 * (p * (1.0 - p) / n).sqrt() + 1e-12;
            assert!(
                (share - p).abs() <= tolerance,
                "{} in cause {cause}: {share}, wanted {p}",
                covariate.name
            );
            compared += 1;
        }
    }
    assert!(compared > 50);
    for (cause, rows) in rows.iter().enumerate() {
        assert!((rows.len() as f64 / 65536.0 - registry.shares[cause]).abs() < 0.008);
    }
}

/// What one covariate says about another has to hold in every row.
#[test]
fn rows_are_consistent() {
    let registry = registry();
    let columns = registry.columns(0..1 << 14);
    for impossible in [
        "cpr_minutes > 0 and not cardiac_arrest",
        "cardiac_arrest and cpr_minutes < 1",
        "stemi and cause != ami",
        "revascularised and cause != ami",
        "multivessel and vessels_diseased < 2",
        "cause = ami and not revascularised and not timi_flow_below_3",
        "true.scai_stage = b and lactate_mmol_per_l > 2",
        "true.scai_stage > b and lactate_mmol_per_l <= 2",
        "true.scai_stage = e and lactate_mmol_per_l <= 8",
        "iabp_shock_ii_score > 9",
        "recorded.scai_stage = e and true.scai_stage = b",
    ] {
        let rule = Expression::parse(impossible, &registry.dictionary, Reading::Recorded).unwrap();
        let found = (0..columns.len()).filter(|&i| rule.evaluate(&columns, i)).count();
        assert_eq!(found, 0, "{impossible}");
    }
}

/// Normal latent values carry the correlation of the file: mean pressure given systolic pressure leaves
/// a residual of 4 mmHg, and lactate correlates with systolic pressure by about −0.3 within a cause.
#[test]
fn covariates_hang_together() {
    let registry = registry();
    let columns = registry.columns(0..1 << 16);
    let of = |name: &str| columns.column(name).unwrap();
    let (systolic, mean) = (of("systolic_pressure_mmhg"), of("mean_pressure_mmhg"));
    let residual: f64 = systolic.iter().zip(mean).map(|(s, m)| (m - 12.0 - 0.62 * s).powi(2)).sum();
    assert!(((residual / 65536.0).sqrt() - 4.0).abs() < 0.05);
    let rows: Vec<usize> = (0..columns.len()).filter(|&i| columns.data[0][i] == 0.0).collect();
    let lactate: Vec<f64> = rows.iter().map(|&i| of("lactate_mmol_per_l")[i].ln()).collect();
    let pressure: Vec<f64> = rows.iter().map(|&i| systolic[i]).collect();
    let n = rows.len() as f64;
    let centre = |x: &[f64]| x.iter().map(|v| v - x.iter().sum::<f64>() / n).collect::<Vec<f64>>();
    let (a, b) = (centre(&lactate), centre(&pressure));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let correlation = product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt();
    assert!((correlation + 0.3).abs() < 0.03, "{correlation}");
}

/// Every cited number is the ledger's.
#[test]
fn citations_agree_with_the_ledger() {
    let citations = citations();
    assert!(citations.len() >= 8);
    for (id, value) in citations {
        let figure = lookup(&id).unwrap_or_else(|| panic!("{id}"));
        figure.agrees(&Claim { value, what: What::Share, horizon_days: None }).unwrap();
    }
}

/// Mistakes in a population are found together, each with its place.
#[test]
fn mistakes_are_told_with_their_place() {
    let mut broken = document();
    broken.covariate[0].normal.as_mut().unwrap().sd = ByCause::Each([("amy".to_string(), 1.0)].into());
    broken.correlation.between.get_mut("frail").unwrap().insert("femail".into(), 0.1);
    broken.covariate[1].flag.as_mut().unwrap().prevalence = Some(ByCause::Same(27.0));
    let problems: Vec<String> = Registry::new(&broken).unwrap_err().iter().map(|p| p.to_string()).collect();
    for wanted in [
        "correlation.between.frail.femail: “femail” has no latent value to correlate; did you mean “female”?",
        "covariate.0.normal.sd: “amy” is not a cause; did you mean “ami”?",
        "covariate.1.flag.prevalence: 27 is not a share; write 0.41 for 41 %",
    ] {
        assert!(problems.iter().any(|p| p == wanted), "{problems:#?}");
    }
    let mut broken = document();
    let event = broken.event.iter_mut().find(|e| e.name == "sepsis").unwrap();
    event.multiplies.insert("discharge".into(), 0.2);
    event.log_hazard_ratio.insert("lactat".into(), 1.0);
    let problems: Vec<String> = Registry::new(&broken).unwrap_err().iter().map(|p| p.to_string()).collect();
    assert!(problems.iter().any(|p| p == "event: complications together would stop “discharge” altogether"));
    assert!(
        problems.iter().any(|p| p.contains("no predictor is called “lactat”; did you mean “log_lactate”?")),
        "{problems:#?}"
    );
    let mut broken = document();
    for other in ["age_years", "female"] {
        broken.correlation.between.entry("glucose_mg_per_dl".into()).or_default().insert(other.into(), 0.95);
    }
    let problems = Registry::new(&broken).unwrap_err();
    assert_eq!(problems[0].message, "these correlations cannot all hold at once; weaken some");
}

/// A rate by hand, for one patient and one event.
#[test]
fn a_rate_is_log_linear_in_the_covariates() {
    let registry = registry();
    let columns = registry.columns(0..200);
    let stroke = registry.outcome.events.index("stroke").unwrap();
    let brain = registry.outcome.events.index("death_from_brain_injury").unwrap();
    let mut rates = vec![0.0; registry.outcome.events.len()];
    for row in 0..200 {
        registry.outcome.rates(&columns, row, &mut rates);
        let of = |name: &str| columns.column(name).unwrap()[row];
        let log = -5.725 + 0.15 * (of("age_years") - 66.0) / 10.0 + 0.6 * of("prior_stroke");
        assert!((rates[stroke].ln() - log).abs() < 1e-12);
        assert_eq!(rates[brain] > 0.0, of("comatose") == 1.0);
    }
}

fn homogeneous(text: &str) -> Result<Homogeneous, Vec<shocktrial::population::Problem>> {
    Homogeneous::new(&toml::from_str::<HomogeneousDocument>(text).unwrap())
}

#[test]
fn a_homogeneous_population_has_the_hazard_it_states() {
    let population =
        Population::Homogeneous(homogeneous("event.death = { risk = 0.49, by = \"30 days\" }").unwrap());
    let hazard = population.baseline_regime().hazard(0, 0);
    assert!((1.0 - (-hazard.cumulative(30.0)).exp() - 0.49).abs() < 1e-14);
    let mut rates = [0.0];
    let columns = population.columns(0..3);
    population.rates(&columns, 2, &mut rates);
    assert_eq!((rates[0], columns.len(), population.class(&columns, 1)), (1.0, 3, 0));
    let median = homogeneous("event.death = { median = \"10 days\" }").unwrap();
    assert!((median.regime.hazard(0, 0).cumulative(10.0) - 2f64.ln()).abs() < 1e-15);
    let pieces = "event.death = { hazards_per_day = [0.02, 0.01], from_days = [0, 7] }";
    assert!((homogeneous(pieces).unwrap().regime.hazard(0, 0).cumulative(10.0) - 0.17).abs() < 1e-15);
}

#[test]
fn a_homogeneous_population_says_what_is_missing() {
    for (text, message) in [
        ("event.death = { risk = 0.49 }", "a risk needs the day it is reached by, and the other way round"),
        ("event.death = { risk = 49.0, by = \"30 days\" }", "49 is not a risk below 1; write 0.49 for 49 %"),
        (
            "event.death = {}",
            "write one of: risk with by, median, hazard_per_day, hazards_per_day with from_days",
        ),
        ("event.death = { hazard_per_day = -1.0 }", "-1 is not a hazard"),
    ] {
        assert_eq!(homogeneous(text).unwrap_err()[0].message, message);
    }
}

/// The description says what the columns hold: prevalences that can be counted, risks that add up.
#[test]
fn the_description_is_that_of_the_columns() {
    let registry = registry();
    let columns = registry.columns(0..1 << 13);
    let rows = registry.describe(&columns);
    let row = |rows: &[DescriptionRow], label: &str| rows.iter().find(|r| r.label == label).unwrap().clone();
    let female = columns.column("female").unwrap().iter().sum::<f64>() / columns.len() as f64;
    assert_eq!(row(&rows, "Female").values[0], format!("{:.1}", 100.0 * female));
    assert_eq!(row(&rows, "ST-elevation infarct").values[2], "0.0");
    assert_eq!(row(&rows, "SCAI stage, as recorded: c").values.len(), 6);
    let outcomes = registry.describe_outcomes(&columns);
    let of = |label: &str| row(&outcomes, label).values[0].parse::<f64>().unwrap();
    let deaths = of("Death from shock") + of("Other death in hospital") + of("Death from brain injury");
    assert!((deaths - of("Death in hospital")).abs() < 0.2);
    assert!((deaths + of("Death after discharge") - of("Death by day 365")).abs() < 0.2);
    assert!(document().assumptions().len() > 40);
}
