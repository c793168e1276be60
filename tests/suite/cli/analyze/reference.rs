//! The command against the reference values: `tests/reference/analyze.tsv`, a case a line.

use super::{answers, data};
use crate::simulation::at;
use serde_json::Value;
use std::{collections::HashMap, fs};

struct Case {
    line: usize,
    method: String,
    arm: Option<String>,
    /// Field, family, path, and whether the sign is turned.
    fields: Vec<(String, String, String, bool)>,
    within: (f64, f64),
}

/// Cases by the flags they share, in the order of the file.
fn cases() -> Vec<(String, Vec<Case>)> {
    let text = fs::read_to_string(at("tests/reference/analyze.tsv")).unwrap();
    let mut list: Vec<(String, Vec<Case>)> = Vec::new();
    for (line, row) in text.lines().enumerate().filter(|(_, l)| !l.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [flags, method, fields, within] = cells[..] else { panic!("line {}: {row}", line + 1) };
        let (method, arm) = match method.split_once(" arm:") {
            Some((method, arm)) => (method, Some(arm.to_owned())),
            None => (method, None),
        };
        let field = |text: &str| {
            let (field, path) = text.trim().split_once('=').unwrap();
            let (path, turned) = path.strip_prefix('-').map_or((path, false), |p| (p, true));
            let (family, path) = path.split_once(':').unwrap();
            (field.to_owned(), family.to_owned(), path.to_owned(), turned)
        };
        let (absolute, relative) = within.split_once(' ').unwrap();
        let case = Case {
            line: line + 1,
            method: method.to_owned(),
            arm,
            fields: fields.split(", ").map(field).collect(),
            within: (absolute.parse().unwrap(), relative.parse().unwrap()),
        };
        match list.iter_mut().find(|(f, _)| f == flags) {
            Some((_, cases)) => cases.push(case),
            None => list.push((flags.to_owned(), vec![case])),
        }
    }
    list
}

/// The expected values of a family by path.
fn expected(family: &str) -> HashMap<String, String> {
    let text = fs::read_to_string(at(&format!("tests/reference/{family}/expected.tsv"))).unwrap();
    text.lines().filter_map(|l| l.split_once('\t')).map(|(p, v)| (p.to_owned(), v.to_owned())).collect()
}

/// A field of an answer, or what is made of one.
fn found(answer: &Value, field: &str) -> Option<f64> {
    if field == "chi_square" {
        return answer["statistic"].as_f64().map(|z| z * z);
    }
    match field.strip_prefix("log_") {
        Some(field) => answer[field].as_f64().map(f64::ln),
        None => answer[field].as_f64(),
    }
}

#[test]
fn the_command_says_what_independent_software_says() {
    let mut families: HashMap<String, HashMap<String, String>> = HashMap::new();
    let mut largest: HashMap<String, (usize, f64)> = HashMap::new();
    let mut wrong = Vec::new();
    for (flags, cases) in cases() {
        let words: Vec<&str> = flags.split(' ').collect();
        let mut arguments: Vec<String> = Vec::new();
        if words[0].starts_with("--") {
            arguments.extend(words.iter().map(|w| (*w).to_owned()));
        } else {
            let arm = if words[0] == "lung" { "sex" } else { "arm" };
            arguments.extend([data(words[0]), "--arm".to_owned(), arm.to_owned()]);
            arguments.extend(words[1..].iter().map(|w| (*w).to_owned()));
        }
        let mut asked: Vec<&str> = Vec::new();
        for case in &cases {
            if !asked.contains(&case.method.as_str()) {
                asked.push(&case.method);
                arguments.extend(["--method".to_owned(), case.method.clone()]);
            }
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let list = answers(&arguments);
        for case in &cases {
            let by_subgroup = words.contains(&"--by");
            let answer = list
                .iter()
                .find(|a| {
                    a["method"] == case.method.as_str()
                        && (a["subgroup"].is_null() || by_subgroup)
                        && case.arm.as_ref().is_none_or(|arm| a["arm"] == arm.as_str())
                })
                .unwrap_or_else(|| panic!("line {}: no answer", case.line));
            for (field, family, path, turned) in &case.fields {
                let values = families.entry(family.clone()).or_insert_with(|| expected(family));
                let text = values.get(path).unwrap_or_else(|| panic!("line {}: no {path}", case.line));
                let theirs = text.parse::<f64>().unwrap() * if *turned { -1.0 } else { 1.0 };
                let ours = found(answer, field).unwrap_or(f64::NAN);
                let difference = (ours - theirs).abs();
                if difference <= case.within.0 + case.within.1 * theirs.abs() {
                    let most = largest.entry(family.clone()).or_default();
                    *most = (most.0 + 1, most.1.max(difference));
                } else {
                    let (line, method) = (case.line, &case.method);
                    wrong.push(format!("line {line}: {method} {field} {ours}, reference {theirs}; {answer}"));
                }
            }
        }
    }
    let mut table: Vec<_> = largest.into_iter().collect();
    table.sort_by(|a, b| a.0.cmp(&b.0));
    for (family, (values, difference)) in table {
        println!("{family}: {values} values by the command, largest difference {difference:.1e}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every method of the catalogue can be asked for, and answers on some data set.
#[test]
fn every_method_answers() {
    use shocktrial::analysis::catalogue::{MethodName, Reads};
    for &method in MethodName::ALL {
        let (name, flags) = match method.reads() {
            Reads::Risk => ("ecls_like", "--event dead30 --by ca"),
            Reads::Time => ("ecls_like", "--time time --event status --horizon 25 --by ca"),
            Reads::Cause => ("competing", "--time time --cause etype --horizon 25"),
            Reads::Value => ("small20", "--value lactate"),
            Reads::Count => ("ecls_like", "--value bleeds --offset exposure"),
            Reads::Tiers => ("hier", "--tiers time:death_time:death,lower:ordinal:1"),
        };
        let path = data(name);
        let mut arguments = vec![path.as_str(), "--arm", "arm", "--stratum", "stratum"];
        arguments.extend(flags.split(' '));
        match method {
            MethodName::FarringtonManning => arguments.extend(["--margin", "0.1"]),
            MethodName::RiskRatioMargin => arguments.extend(["--margin", "1.2"]),
            MethodName::ModestWeights => arguments.extend(["--delay", "5"]),
            _ => {}
        }
        if method == MethodName::Barnard || method == MethodName::Boschloo {
            arguments[0] = "tests/reference/data/small20.csv";
            arguments.iter_mut().filter(|a| **a == "dead30").for_each(|a| *a = "status");
        }
        if method.needs_clusters() {
            // A cluster of the t test is in one arm; patients stand for clusters where none of the data is.
            let cluster = if method == MethodName::ClusterT { "id" } else { "center" };
            arguments.extend(["--cluster", cluster]);
        }
        arguments.extend(["--method", method.word()]);
        let list = answers(&arguments);
        let whole = list.first().unwrap();
        let given = ["estimate", "p_value"].iter().any(|field| whole[field].is_number());
        let open = method == MethodName::MedianSurvival;
        assert!(given || open, "{}: {whole}", method.word());
    }
}
