//! Flags, exit codes, and what goes to which stream.

use super::{BINARY, Folder, names, say};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why} in {text}"))
}

fn power(summary: &Value, run: u64) -> &Value {
    let measures = summary["operating_characteristics"].as_array().unwrap();
    measures.iter().find(|m| m["run"] == run && m["measure"] == "power" && m["population"] == "all").unwrap()
}

/// Flags beat `--set`, which beats the file.
#[test]
fn flags_beat_set_and_set_beats_the_file() {
    let folder = Folder::new("set");
    let out = folder.path("out");
    let run = |more: &[&str]| {
        let mut arguments = vec!["run", BINARY, "--json", "--out", &out, "--set", "replicates=30"];
        arguments.extend(more);
        let said = say(&arguments);
        assert!(matches!(said.code, 0 | 1), "{}", said.error);
        json(&said.out)
    };
    let set = run(&["--set", "trial.patients=200", "--set", "seed=77"]);
    assert_eq!(power(&set, 1)["replicates"], 30);
    assert_eq!(set["runs"][0]["patients"], 200);
    assert_eq!(set["runs"][1]["patients"], 200);
    assert_eq!(set["seed"], 77);
    let flags = run(&["--set", "seed=77", "--replicates", "20", "--seed", "78"]);
    assert_eq!(power(&flags, 1)["replicates"], 20);
    assert_eq!(flags["runs"][0]["patients"], 420);
    assert_eq!(flags["seed"], 78);
}

/// The same bytes whatever instructions the machine has.
#[test]
fn instructions_change_no_row() {
    let folder = Folder::new("instructions");
    let under = |instructions: &str, arguments: &[&str]| {
        let mut command = super::shocktrial(arguments);
        let output = command.env("SHOCKTRIAL_INSTRUCTIONS", instructions).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    for scenario in ["w2_log_rank", "w5_subgroups"] {
        let path = format!("scenarios/peers/{scenario}.toml");
        let rows = ["portable", "avx2", "avx512"].map(|instructions| {
            let out = folder.path(&format!("{scenario}_{instructions}"));
            // Few replicates miss no expectation: each has a larger error than any difference.
            under(instructions, &["run", &path, "--replicates", "60", "--quiet", "--out", &out]);
            std::fs::read(format!("{out}/replicates.parquet")).unwrap()
        });
        assert!(rows[0] == rows[1] && rows[0] == rows[2], "{scenario}");
    }
    let patients = ["portable", "avx512"].map(|instructions| {
        let out = folder.path(&format!("patients_{instructions}.csv"));
        let path = "scenarios/published/ecls_shock.toml";
        under(instructions, &["patients", path, "--replicate", "3", "--out", &out]);
        std::fs::read(out).unwrap()
    });
    assert!(patients[0] == patients[1] && !patients[0].is_empty());
}

#[test]
fn a_path_that_is_not_there_cannot_be_set() {
    for (set, says) in [
        ("trial.pateints=200", "there is no key “pateints” here; did you mean “patients”?"),
        ("trial.patients.x=200", "“trial.patients” is a single value"),
        ("arm.treatmant.label=x", "there is no arm “treatmant”; did you mean “treatment”?"),
        ("trial.patients=few", "write a whole number"),
        ("trial..patients=3", "is not a path"),
        ("trial.patients", "write PATH=VALUE"),
    ] {
        let said = say(&["check", BINARY, "--set", set]);
        assert_eq!(said.code, 2, "{set}: {}", said.error);
        assert!(said.error.contains(says), "{set}: {}", said.error);
        assert!(said.out.is_empty(), "{set}: {}", said.out);
    }
}

/// The summary as it is in the file, how fast it came about, and nothing else.
#[test]
fn json_is_alone_on_standard_output() {
    let folder = Folder::new("json");
    let out = folder.path("out");
    let said = say(&["run", BINARY, "--replicates", "300", "--json", "--out", &out]);
    assert_eq!(said.code, 0, "{}", said.error);
    let summary = json(&said.out);
    let file = std::fs::read_to_string(folder.path("out/summary.json")).unwrap();
    let (printed, speed) = said.out.split_once(",\n  \"speed\": ").unwrap();
    assert_eq!(printed, file.trim_end().strip_suffix("\n}").unwrap());
    assert_eq!(speed.matches('{').count(), 1, "{speed}");
    let speed = &summary["speed"];
    let number = |name: &str| speed[name].as_f64().unwrap_or(f64::NAN);
    assert!(number("threads") >= 1.0 && number("wall_seconds") > 0.0, "{speed}");
    let manifest = json(&std::fs::read_to_string(folder.path("out/manifest.json")).unwrap());
    for name in ["replicates_per_second", "replicates_per_second_per_core"] {
        assert!(number(name) > 0.0 || cfg!(not(target_os = "linux")), "{speed}");
        assert_eq!(manifest[name], speed[name]);
    }
    assert!(summary["title"].is_string() && summary["limits"].is_array() && summary["warnings"].is_array());
    for measure in summary["operating_characteristics"].as_array().unwrap() {
        // A number from simulation never comes without its error.
        let simulated = measure["replicates"].as_u64().unwrap() > 0;
        assert!(!simulated || measure["value"].is_null() || measure["mcse"].is_number(), "{measure}");
    }
    let quiet = say(&["run", BINARY, "--replicates", "100", "--quiet", "--out", &out]);
    assert!(quiet.out.is_empty() && quiet.error.is_empty(), "{} {}", quiet.out, quiet.error);
}

#[test]
fn equal_stems_are_an_error() {
    let folder = Folder::new("stems");
    let copy =
        folder.write("w1_binary.toml", &std::fs::read_to_string(crate::simulation::at(BINARY)).unwrap());
    let said = say(&["run", BINARY, &copy, "--replicates", "10", "--out", &folder.path("out")]);
    assert_eq!(said.code, 2);
    assert!(said.error.contains("two scenarios are called “w1_binary”"), "{}", said.error);
    assert!(said.out.is_empty());
    assert_eq!(names(&folder.0), ["w1_binary.toml"]);
}

#[test]
fn several_scenarios_go_to_a_folder_each_and_the_worst_code_wins() {
    let folder = Folder::new("several");
    let text = std::fs::read_to_string(crate::simulation::at(BINARY)).unwrap();
    let good = folder.write("good.toml", &text);
    let missed = folder.write("missed.toml", &text.replace("power  = 0.83691", "power  = 0.5"));
    let broken = folder.write("broken.toml", &text.replace("any_of = [\"death\"]", "any_of = [\"deth\"]"));
    let out = folder.path("out");
    let said = say(&["run", &good, &missed, "--replicates", "500", "--quiet", "--out", &out]);
    assert_eq!(said.code, 1, "{}", said.error);
    assert_eq!(names(folder.0.join("out").as_path()), ["good", "missed"]);
    let said = say(&["run", &missed, &broken, &good, "--replicates", "500", "--quiet", "--out", &out]);
    assert_eq!(said.code, 2, "{}", said.error);
    assert!(said.error.contains("did you mean “death”?"), "{}", said.error);
    assert_eq!(names(folder.0.join("out").as_path()), ["good", "missed"]);
}

/// Exit code 1, with the result written: what was found is worth having.
#[test]
fn an_expectation_that_is_not_met_ends_with_1_and_a_result() {
    let folder = Folder::new("expect");
    let text = std::fs::read_to_string(crate::simulation::at(BINARY)).unwrap();
    let scenario = folder.write("missed.toml", &text.replace("power  = 0.83691", "power  = 0.5"));
    let said = say(&["run", &scenario, "--replicates", "1000", "--json", "--out", &folder.path("out")]);
    assert_eq!(said.code, 1);
    assert!(
        said.error.contains("1 expectation(s) not met\n  line 42: power of primary is 0.8"),
        "{}",
        said.error
    );
    let verdicts = json(&said.out)["expectations"].clone();
    assert_eq!((&verdicts[0]["verdict"], &verdicts[0]["line"]), (&Value::from("not met"), &Value::from(42)));
    assert_ne!(verdicts[1]["verdict"], "not met");
    assert!(folder.0.join("out/replicates.parquet").is_file());
}

#[test]
fn a_folder_that_cannot_be_written_is_2_and_nothing_is_left() {
    let folder = Folder::new("unwritable");
    let file = folder.write("file", "in the way");
    for out in [file.clone(), format!("{file}/out"), "/proc/shocktrial".to_owned()] {
        let said = say(&["run", BINARY, "--replicates", "10", "--out", &out]);
        assert_eq!(said.code, 2, "{out}: {}", said.error);
        assert!(said.out.is_empty() && said.error.starts_with("error: "), "{out}: {}", said.error);
    }
    assert_eq!(names(&folder.0), ["file"]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "in the way");
}

/// A scenario that is wrong leaves an earlier result as it was.
#[test]
fn a_broken_scenario_writes_nothing() {
    let folder = Folder::new("broken");
    let said = say(&["run", "tests/broken/unknown_event.toml", "--out", &folder.path("out")]);
    assert_eq!(said.code, 2);
    assert!(said.out.is_empty() && names(&folder.0).is_empty());
    assert_eq!(say(&["run", BINARY, "--replicates", "10", "--quiet", "--out", &folder.path("out")]).code, 0);
    let before = std::fs::read(folder.0.join("out/summary.json")).unwrap();
    let said = say(&[
        "run",
        BINARY,
        "--set",
        "trial.patients=1",
        "--replicates",
        "10",
        "--out",
        &folder.path("out"),
    ]);
    assert_eq!(said.code, 2, "{}", said.error);
    assert_eq!(std::fs::read(folder.0.join("out/summary.json")).unwrap(), before);
    assert_eq!(names(&folder.0), ["out"]);
}

#[test]
fn check_reads_and_runs_nothing() {
    let said = say(&["check", BINARY, "scenarios/designs/stop_or_go.toml"]);
    assert_eq!(said.code, 0, "{}", said.error);
    assert!(
        said.out.contains("W1: two risks, 2 run(s)") && said.out.contains("Stop or go, 3 run(s)"),
        "{}",
        said.out
    );
    let missing = say(&["check", "scenarios/peers/not_there.toml"]);
    assert_eq!(missing.code, 2);
    assert!(missing.error.contains("cannot read scenarios/peers/not_there.toml: it does not exist"));
}

#[test]
fn evidence_lists_figures_with_their_sources() {
    let said = say(&["evidence", "ecls"]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("rev-ecls-mort-ctl") && said.out.contains("49"), "{}", said.out);
    assert!(said.out.lines().filter(|l| l.contains('[')).count() > 5);
    assert!(say(&["evidence", "no such word"]).out.contains("no figure has that word"));
}

/// Names of a scenario's own reach the report as text and the CSV as words, whatever they would be elsewhere.
#[test]
fn names_cannot_become_code() {
    let folder = Folder::new("escape");
    let text = std::fs::read_to_string(crate::simulation::at(BINARY)).unwrap();
    let evil = "<script>alert(1)</script>";
    let text = text
        .replace("W1: two risks", &format!("{evil}&amp;"))
        .replace("label = \"Treatment\"", &format!("label = \"{evil}\""))
        .replace("12.5 % of controls cross at the start", "=cmd|' /C calc'!A0");
    let scenario = folder.write("evil.toml", &text);
    let said = say(&["run", &scenario, "--replicates", "60", "--quiet", "--out", &folder.path("out")]);
    assert!(matches!(said.code, 0 | 1), "{}", said.error);
    let html = std::fs::read_to_string(folder.path("out/report.html")).unwrap();
    assert!(!html.contains(evil) && html.contains("alert(1)"), "the names are in the report, escaped");
    assert!(html.contains("&amp;amp;"));
    for figure in names(&folder.0.join("out/figures")).iter().filter(|name| name.ends_with(".svg")) {
        let svg = std::fs::read_to_string(folder.0.join("out/figures").join(figure)).unwrap();
        assert!(!svg.contains(evil), "{figure}");
    }
    let csv = std::fs::read_to_string(folder.path("out/operating_characteristics.csv")).unwrap();
    assert!(csv.contains(",'=cmd|") && !csv.contains(",=cmd|"), "{csv}");
}

#[test]
fn odd_flags_are_2() {
    for arguments in [
        &["run"][..],
        &["run", BINARY, "--range", "5..5"],
        &["run", BINARY, "--range", "900000..900001"],
        &["run", BINARY, "--replicates", "many"],
        &["runn", BINARY],
        &["patients", BINARY, "--run", "9", "--replicate", "0"],
        &["patients", BINARY, "--replicate", "0", "--look", "2"],
    ] {
        let said = say(arguments);
        assert_eq!(said.code, 2, "{arguments:?}: {}", said.error);
        assert!(said.out.is_empty() && said.error.contains("error"), "{arguments:?}: {}", said.error);
    }
}

/// One object with what the contract names, beside the formula; the folder holds the same.
#[test]
fn size_prints_one_object() {
    let folder = Folder::new("size");
    let out = folder.path("out");
    let said = say(&["size", BINARY, "--power", "0.8", "--replicates", "2000", "--json", "--out", &out]);
    assert_eq!(said.code, 0, "{}", said.error);
    let object = json(&said.out);
    let number = |key: &str| object[key].as_f64().unwrap_or_else(|| panic!("{key}: {object}"));
    assert!(number("lower") <= number("patients") && number("patients") <= number("upper"));
    assert!((number("power") - 0.8).abs() < 0.05 && number("mcse") > 0.0);
    assert_eq!((number("replicates"), number("closed_form")), (2000.0, 388.0));
    let written = std::fs::read_to_string(format!("{out}/size.json")).unwrap();
    assert_eq!(json(&written)["patients"], object["patients"]);
    for file in ["size.csv", "size.txt", "figures/power_by_size.svg", "figures/power_by_size.png"] {
        assert!(std::path::Path::new(&out).join(file).is_file(), "{file}");
    }
}

#[test]
fn a_size_that_cannot_be_is_said() {
    for (flags, says) in [
        (vec!["--power", "80"], "write 0.8 for 80 %"),
        (vec!["--power", "1.5e9"], "write a number between 0 and 1"),
        (vec!["--find", "sites"], "add --months 36"),
        (vec!["--months", "12"], "--months goes with --find sites only"),
        (vec!["--find", "months"], "the scenario states no accrual"),
        (vec!["--within", "0"], "write 1.5 for ±1.5 %"),
        (vec!["--replicates", "5"], "fewer than 100 replicates"),
        (vec!["--variant", "twelve"], "there is no variant “twelve”"),
        (vec!["--find", "effect", "--assurance", "0.5"], "an assurance has no single effect"),
        (vec!["--set", "null=true"], "this run removes every effect"),
    ] {
        let mut arguments = vec!["size", BINARY];
        arguments.extend(flags.iter());
        let said = say(&arguments);
        assert_eq!(said.code, 2, "{flags:?}: {}", said.error);
        assert!(said.error.contains(says), "{flags:?}: {}", said.error);
    }
}
