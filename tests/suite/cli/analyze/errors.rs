//! What is wrong with a table, said to the person who made it: file, column, row.

use super::{super::Folder, answers, say};

pub(super) const GOOD: &str = "arm,day,dead,age,site,cause,x\n\
    a,3,1,60,one,1,1\n\
    a,5,0,61,two,0,2\n\
    b,4,1,62,one,2,3\n\
    b,9,0,63,two,1,4\n\
    a,2,1,50,one,1,5\n\
    b,8,1,55,two,0,6\n";

/// Exit code 2, nothing on standard output, and the words in the error.
pub(super) fn wrong(text: &str, flags: &str, words: &[&str]) {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = Folder::new(&format!("wrong-{number}"));
    let path = folder.write("data.csv", text);
    let mut arguments = vec!["analyze", path.as_str()];
    arguments.extend(flags.split(' ').filter(|w| !w.is_empty()));
    let said = say(&arguments);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{flags}: {}{}", said.out, said.error);
    for word in words {
        assert!(said.error.contains(word), "{flags}: no “{word}” in\n{}", said.error);
    }
}

#[test]
fn missing_values_name_column_and_row() {
    let gaps = GOOD.replace("b,4,1", "b,,1");
    wrong(
        &gaps,
        "--arm arm --time day --event dead",
        &["column “day”, row 3: a value is missing", "--drop-missing"],
    );
    let gaps = GOOD.replace("a,5,0,61", "a,5,0,NA");
    wrong(
        &gaps,
        "--arm arm --event dead --adjust age --method logistic",
        &["column “age”, row 2: a value is missing"],
    );
    let gaps = GOOD.replace("b,9,0", "b,9,.");
    wrong(&gaps, "--arm arm --time day --event dead", &["column “dead”, row 4: a value is missing"]);
    wrong(&GOOD.replace("b,4", ",4"), "--arm arm --event dead", &["column “arm”, row 3: a value is missing"]);
}

#[test]
fn rows_with_missing_values_are_left_out_when_asked() {
    let folder = Folder::new("drop-missing");
    let path = folder.write("data.csv", &GOOD.replace("b,4,1", "b,,1"));
    let flags = [&path, "--arm", "arm", "--time", "day", "--event", "dead", "--drop-missing"];
    assert!(answers(&flags).iter().all(|a| a["n"] == 5));
    // A missing event without times is an answer not known, and is said.
    let path = folder.write("known.csv", &GOOD.replace("b,4,1", "b,4,"));
    let known = answers(&[&path, "--arm", "arm", "--event", "dead"]);
    assert_eq!(known[0]["n"], 5);
    assert!(known[0]["notes"].as_str().unwrap().contains("1 without a known answer left out"));
}

#[test]
fn words_among_numbers_name_column_and_row() {
    wrong(
        &GOOD.replace("b,9,0", "b,nine,0"),
        "--arm arm --time day --event dead",
        &["column “day”, row 4: “nine” is not a number"],
    );
    wrong(GOOD, "--arm arm --value site", &["column “site”, row 1: “one” is not a number"]);
    wrong(GOOD, "--arm arm --event age", &["column “age”, row 1: 60 is neither 0 nor 1", "age=VALUE"]);
    wrong(GOOD, "--arm arm --event dead=2", &["no row of column “dead” is “2”"]);
}

#[test]
fn arms_have_to_be_two() {
    let one = GOOD.replace("\nb,", "\na,");
    wrong(
        &one,
        "--arm arm --event dead",
        &["all patients are in the arm “a” of column “arm”; a comparison needs two"],
    );
    let three = GOOD.replace("b,9", "c,9");
    wrong(
        &three,
        "--arm arm --event dead",
        &["column “arm” has 3 arms, a, b, c; name two with --treatment and --control"],
    );
    wrong(GOOD, "--arm arm --event dead --treatment c", &["no patient is in the arm “c”; the arms are a, b"]);
    wrong(GOOD, "--arm arm --event dead --treatment a --control a", &["treatment and control are both “a”"]);
}

#[test]
fn times_are_not_negative() {
    wrong(
        &GOOD.replace("a,2,1", "a,-2,1"),
        "--arm arm --time day --event dead",
        &["column “day”, row 5: -2 is not a time; it has to be 0 or more"],
    );
    wrong(GOOD, "--arm arm --time day --event dead --horizon -3", &["--horizon"]);
}

#[test]
fn columns_are_suggested() {
    wrong(GOOD, "--arm arm --event dea", &["has no column “dea”; did you mean “dead”?"]);
    wrong(GOOD, "--arm treatment --event dead", &["has no column “treatment”; write one of arm, day, dead"]);
    wrong(GOOD, "--arm arm --event dead --adjust site:three", &["no row of column “site” is “three”"]);
}

#[test]
fn levels_are_not_endless() {
    let mut text = "arm,dead,site,x\n".to_owned();
    for i in 0..60 {
        text.push_str(&format!("{},{},site{i},{i}\n", i % 2, i % 3 % 2));
    }
    wrong(
        &text,
        "--arm arm --event dead --adjust site",
        &["column “site”, row 51: “site50” is level 51 of 60; a category may have 50"],
    );
    wrong(&text, "--arm arm --event dead --by site", &["column “site” has 60 levels; subgroups may have 16"]);
    wrong(&text, "--arm site --event dead", &["column “site” has 60 arms, site0, site1", "…; name two with"]);
}

#[test]
fn counts_and_exposures_are_checked() {
    let text = GOOD.replace("a,2,1,50,one,1,5", "a,2,1,50,one,1,1.5");
    wrong(&text, "--arm arm --value x --kind count", &["column “x”, row 5: 1.5 is not a count"]);
    wrong(
        GOOD,
        "--arm arm --value x --offset cause",
        &["column “cause”, row 2: 0 is not an exposure", "not its logarithm"],
    );
    wrong(
        GOOD,
        "--arm arm --value x --adjust log(cause) --method ancova",
        &["column “cause”, row 2: 0 has no logarithm"],
    );
}

#[test]
fn causes_are_checked() {
    wrong(
        GOOD,
        "--arm arm --time day --cause cause --of 3",
        &["no row of column “cause” is the cause “3”; the causes are 1, 2"],
    );
    wrong(GOOD, "--arm arm --time day --cause cause --of 0", &["--of and --censored are both “0”"]);
}

#[test]
fn methods_say_what_they_need() {
    for (flags, words) in [
        ("--event dead --method log_rank", "log_rank needs times; add --time COL"),
        ("--event dead --method welch", "welch needs a number; name it with --value COL"),
        ("--value age --method chi_square", "chi_square needs an event"),
        ("--event dead --time day --method stratified_log_rank", "needs strata; add --stratum COL"),
        ("--event dead --time day --method kaplan_meier", "needs a time; add --horizon TIME"),
        ("--event dead --method farrington_manning", "needs a difference in risks; add --margin such as 0.1"),
        ("--event dead --method risk_ratio_margin", "needs a ratio of risks; add --margin such as 1.25"),
        ("--event dead --time day --method modest_weights", "add --delay TIME"),
        ("--event dead --method logistic_interaction", "needs a subgroup; add --by COL"),
        ("--event dead --method gray", "gray needs causes"),
        ("--event dead --confidence 95", "--confidence has to be between 0 and 1, such as 0.95"),
        ("--event dead --alpha 1", "--alpha has to be between 0 and 1, such as 0.05"),
        ("--event dead --time day --rho -1 --method fleming_harrington", "--rho has to be between 0 and 100"),
        ("--event dead --adjust arm", "--adjust arm: “arm” is the column of the arms"),
        ("--event dead --stratum arm", "--stratum arm: “arm” is the column of the arms"),
        ("--event dead --adjust age --adjust age", "--adjust age is given twice"),
        (
            "--event dead --time day --margin 0.1",
            "--margin is used by farrington_manning, risk_ratio_margin,",
        ),
        ("--event dead --time day --offset x", "name the count with --value COL"),
        ("", "no end point is named"),
        ("--tiers later:day:dead", "“later” is not a kind of tier"),
        ("--event dead --figure x.svg", "curves need times"),
        ("--event dead --time day --figure x.jpg", "a figure is .svg or .png"),
    ] {
        wrong(GOOD, &format!("--arm arm {flags}"), &[words]);
    }
    let said = say(&["analyze", "--counts", "1/2,1/3", "--adjust", "age"]);
    assert_eq!(said.code, 2);
    assert!(said.error.contains("--adjust needs a table"), "{}", said.error);
}

#[test]
fn a_table_has_to_be_one() {
    wrong("", "--arm arm --event dead", &["data.csv"]);
    wrong("arm,dead\n", "--arm arm --event dead", &["has no rows"]);
    let said = say(&["analyze", "nowhere.csv", "--arm", "a", "--event", "b"]);
    assert_eq!(said.code, 2);
    assert!(said.error.contains("cannot read nowhere.csv: it does not exist"), "{}", said.error);
    let folder = Folder::new("not-parquet");
    let path = folder.write("data.parquet", "not a table");
    let said = say(&["analyze", &path, "--arm", "a", "--event", "b"]);
    assert_eq!(said.code, 2, "{}", said.error);
    assert!(said.error.contains("cannot be read as a table"), "{}", said.error);
}

/// No event, one arm of none and the like are answers with a reason, and no number is made up.
#[test]
fn what_cannot_be_answered_says_why() {
    let folder = Folder::new("no-events");
    let path = folder.write("data.csv", &GOOD.replace(",1,", ",0,"));
    for (flags, reason) in [
        ("--time day --event dead", "nobody had the event"),
        ("--event dead", "nothing varies between the groups compared"),
        ("--event dead --method logistic", "nobody had the event"),
    ] {
        let mut arguments = vec![path.as_str(), "--arm", "arm"];
        arguments.extend(flags.split(' '));
        let first = answers(&arguments).remove(0);
        assert!(first["p_value"].is_null() && first["statistic"].is_null(), "{first}");
        assert!(first["notes"].as_str().unwrap().contains(reason), "{first}");
        let printed = say(&[&["analyze"], arguments.as_slice()].concat());
        assert!(printed.out.contains(reason) && !printed.out.contains("NaN"), "{}", printed.out);
    }
    // All events in one arm: Cox says so, with the tests that hold and Firth's estimate.
    let cox = super::answer(
        &[&super::data("zero_arm"), "--arm", "arm", "--time", "time", "--event", "status"],
        "cox",
    );
    let notes = cox["notes"].as_str().unwrap();
    assert!(cox["estimate"].is_null() && cox["p_value"].is_null());
    for words in ["the estimate is infinite", "score P <0.0001", "Firth's hazard ratio 0.0269"] {
        assert!(notes.contains(words), "{notes}");
    }
}
