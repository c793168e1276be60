//! `shocktrial boundaries` as people run it.

use super::{Folder, say};
use serde_json::Value;

fn json(arguments: &[&str]) -> Value {
    let mut all = vec!["boundaries"];
    all.extend(arguments);
    all.push("--json");
    let said = say(&all);
    assert_eq!(said.code, 0, "{}", said.error);
    serde_json::from_str(&said.out).unwrap()
}

fn near(value: &Value, expected: f64, within: f64) {
    let value = value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"));
    assert!((value - expected).abs() <= within, "{value} {expected}");
}

/// ECLS-SHOCK with one look at half: bounds and sizes of the exact family and of the spending of its type.
#[test]
fn one_look_at_half_is_as_published() {
    let common =
        ["--looks", "0.5,1", "--alpha", "0.05", "--sides", "2", "--power", "0.8", "--risks", "0.49,0.35"];
    for (rule, z, most) in [("--boundary", [2.7965, 1.9774], 390.9), ("--spending", [2.9626, 1.9686], 389.3)]
    {
        let mut arguments = vec![rule, "obrien_fleming"];
        arguments.extend(common);
        let out = json(&arguments);
        for k in 0..2 {
            near(&out["looks"][k]["z"], z[k], 5e-5);
        }
        near(&out["patients"], most, 0.05);
        near(&out["looks"][1]["alpha_spent"], 0.05, 1e-9);
        let crossed: f64 = (0..2).map(|k| out["looks"][k]["crossing_alternative"].as_f64().unwrap()).sum();
        assert!((crossed - 0.8).abs() < 1e-9);
        assert!(out["inflation"].as_f64().unwrap() > 1.0);
        assert!(out["expected_patients_alternative"].as_f64() < out["patients"].as_f64());
    }
    let exact =
        json(&["--boundary", "obrien_fleming", "--looks", "0.5,1", "--alpha", "0.05", "--sides", "2"]);
    near(&exact["looks"][1]["p"], 0.0480, 5e-5);
}

#[test]
fn names_are_read_as_people_write_them() {
    let one = json(&["--spending", "O'Brien-Fleming", "--looks", "0.33,0.67,1"]);
    assert_eq!(one, json(&["--spending", "obrien_fleming", "--looks", "0.33,0.67,1"]));
    near(&one["looks"][0]["z"], 3.7307, 5e-4);
    let peto = json(&["--boundary", "haybittle_peto=3", "--looks", "0.5,1"]);
    near(&peto["looks"][0]["z"], 3.0, 0.0);
    json(&["--spending", "hwang_shih_decani=-4", "--looks", "0.5,1", "--beta-spending", "kim_demets=2"]);
}

/// Futility, a hazard ratio, bounds at the information found, and the page for people.
#[test]
fn the_page_says_what_the_object_says() {
    let flags = [
        "boundaries",
        "--spending",
        "obrien_fleming",
        "--looks",
        "0.5,0.75,1",
        "--hazard-ratio",
        "0.75",
        "--futility",
        "-0.5,0.4",
        "--realised",
        "0.46,0.81",
    ];
    let said = say(&flags);
    assert_eq!((said.code, said.error.as_str()), (0, ""));
    for words in [
        "Hazard ratio",
        "Events",
        "Futility z",
        "−0.5000",
        "Inflation",
        "not binding",
        "Look so far",
        "46.0%",
    ] {
        assert!(said.out.contains(words), "{words}\n{}", said.out);
    }
    let out = json(&flags[1..]);
    near(&out["looks"][0]["futility_z"], -0.5, 0.0);
    // More information than planned at a look spends more by then, and the total is the same.
    let planned = json(&["--spending", "obrien_fleming", "--looks", "0.46,0.81,1"]);
    for k in 0..2 {
        near(&out["realised"][k]["z"], planned["looks"][k]["z"].as_f64().unwrap(), 1e-9);
        near(&out["realised"][k]["alpha_spent"], planned["looks"][k]["alpha_spent"].as_f64().unwrap(), 1e-9);
    }
}

#[test]
fn a_figure_is_drawn_where_asked() {
    let folder = Folder::new("bounds");
    for name in ["bounds.svg", "bounds.png"] {
        let file = folder.path(name);
        let said =
            say(&["boundaries", "--boundary", "pocock", "--looks", "0.25,0.5,0.75,1", "--figure", &file]);
        assert_eq!(said.code, 0, "{}", said.error);
        assert!(std::fs::metadata(&file).unwrap().len() > 2000);
    }
    assert_eq!(say(&["boundaries", "--boundary", "pocock", "--figure", &folder.path("bounds.doc")]).code, 2);
}

#[test]
fn wrong_flags_are_2_with_what_to_write() {
    for (flags, words) in [
        (&["--boundary", "obrien"][..], "write one of obrien_fleming"),
        (&["--boundary", "pocock", "--looks", "0.5,1.2"], "rise from above 0 to 1"),
        (&["--spending", "kim_demets"], "needs its parameter"),
        (&["--boundary", "pocock", "--alpha", "2.5"], "--alpha 2.5 is not between"),
        (&[], "say which bounds"),
        (
            &["--boundary", "pocock", "--futility", "3", "--looks", "0.5,1"],
            "is not below the bound for benefit",
        ),
        (&["--boundary", "pocock", "--risks", "0.3,0.3"], "state two that differ"),
        (&["--boundary", "pocock", "--beta-spending", "pocock"], "goes with --spending"),
    ] {
        let mut all = vec!["boundaries"];
        all.extend(flags);
        let said = say(&all);
        assert!(
            said.code == 2 && said.out.is_empty() && said.error.contains(words),
            "{flags:?}: {}",
            said.error
        );
    }
}
