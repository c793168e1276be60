//! Files as people have them: Parquet of any type, CSV with slips.

use super::{
    super::Folder,
    answer, answers,
    errors::{GOOD, wrong},
    say,
};

fn parquet(name: &str) -> String {
    format!("tests/suite/cli/analyze/tables/{name}.parquet")
}

/// Only the columns that are named are read, whatever the others hold.
#[test]
fn parquet_columns_that_are_not_used_may_hold_anything() {
    for name in ["unused_date", "unused_decimal"] {
        let path = parquet(name);
        let found = answer(&[&path, "--arm", "arm", "--time", "time", "--event", "ev"], "cox");
        assert!(found["estimate"].is_f64(), "{found}");
    }
}

#[test]
fn a_parquet_column_of_another_type_is_named_with_what_to_write_instead() {
    for (name, column, kind, help) in [
        ("date", "time", "dates", "write days from randomisation as a number, or the date as text"),
        ("decimal", "time", "decimals or another kind of value", "write it as numbers of 64 bits (float64)"),
        ("int8", "ev", "integers of 8 bits", "write it as integers of 32 bits (int32)"),
    ] {
        let path = parquet(name);
        let said = say(&["analyze", &path, "--arm", "arm", "--time", "time", "--event", "ev"]);
        let due = format!(
            "error: {path}: column “{column}” holds {kind}, which is not read\n |\n = help: {help}\n"
        );
        assert_eq!((said.code, said.out.as_str(), said.error.as_str()), (2, "", due.as_str()));
    }
    let said = say(&["analyze", &parquet("damaged"), "--arm", "arm", "--time", "time", "--event", "ev"]);
    assert_eq!(said.code, 2);
    assert!(
        !said.error.contains("panicked") && said.error.contains("cannot be read as a table"),
        "{}",
        said.error
    );
}

#[test]
fn a_slip_in_a_covariate_is_not_a_category() {
    let slip = GOOD.replace("a,5,0,61", "a,5,0,b");
    wrong(
        &slip,
        "--arm arm --event dead --adjust age --method logistic",
        &["column “age”, row 2: “b” is not a number", "for a category against this level write age:b"],
    );
    let comma = GOOD.replace("a,5,0,61", "a,5,0,\"61,5\"");
    wrong(
        &comma,
        "--arm arm --event dead --adjust age --method logistic",
        &["column “age”, row 2: “61,5” is not a number", "write the decimals with a point, as in 61.5"],
    );
}

#[test]
fn names_that_stand_twice_are_errors_where_they_are_used() {
    let twice = GOOD.replace("site,cause,x", "age,cause,x");
    wrong(
        &twice,
        "--arm arm --event dead --adjust age --method logistic",
        &["columns 4 and 5 are both called “age”", "give each its own name"],
    );
    let folder = Folder::new("twice");
    let path = folder.write("twice.csv", &twice);
    assert_eq!(answers(&[&path, "--arm", "arm", "--event", "dead"])[0]["n"], 6);
}

#[test]
fn codes_are_not_numbers() {
    let folder = Folder::new("codes");
    let rows: String =
        (0..60).map(|i| format!("{},{},{}\n", ["01", "1", "2"][i % 3], u8::from(i % 7 < 3), i % 2)).collect();
    let path = folder.write("codes.csv", &format!("site,dead,arm\n{rows}"));
    let found = answer(
        &[&path, "--arm", "arm", "--event", "dead", "--stratum", "site"],
        "mantel_haenszel_odds_ratio",
    );
    assert!(found["notes"].as_str().unwrap().contains("3 strata"), "{found}");
    let three = say(&["analyze", &path, "--arm", "site", "--event", "dead"]);
    assert!(three.error.contains("has 3 arms, 01, 1, 2"), "{}", three.error);
}

#[test]
fn what_is_no_table_says_which_row_and_what_to_write() {
    for (text, said, help) in [
        (
            GOOD.replace(',', ";"),
            "the columns are separated by semicolons",
            "write commas between the columns",
        ),
        (GOOD.replace(',', "\t"), "the columns are separated by tabs", "write commas between the columns"),
        (
            GOOD.replace("a,5,0,61", "a,5,0,61,5"),
            "row 2 has 8 cells, and the heading 7",
            "decimals have a point",
        ),
        (GOOD.replace("a,5,0,61,two", "a,5,0,61"), "row 2 has 6 cells, and the heading 7", "an empty cell"),
        (GOOD.replace("two,0,2", "\"two,0,2"), "row 2 has a quote that is not closed", ""),
    ] {
        wrong(&text, "--arm arm --event dead", &[said, help]);
    }
    let folder = Folder::new("blank-lines");
    let path = folder.write("blank.csv", &format!("{}\n\n", GOOD.replace("\nb,9", "\n\nb,9")));
    assert_eq!(answers(&[&path, "--arm", "arm", "--event", "dead"])[0]["n"], 6);
}
