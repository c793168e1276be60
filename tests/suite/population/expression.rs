//! Entry rules: what they mean, how they are written back, and what a mistake is told.

use shocktrial::population::expression::ParseError;
use shocktrial::population::{Columns, Covariate, CovariateKind, Dictionary, Expression, Reading};
use shocktrial::random::{Purpose, Stream};

fn dictionary() -> Dictionary {
    let covariate = |name: &str, kind, recorded| Covariate {
        name: name.into(),
        label: name.into(),
        unit: String::new(),
        kind,
        recorded,
    };
    let levels = |names: &[&str], ordered| CovariateKind::Levels {
        names: names.iter().map(|n| n.to_string()).collect(),
        ordered,
    };
    Dictionary {
        list: vec![
            covariate("cause", levels(&["ami", "mixed"], false), None),
            covariate("lactate_mmol_per_l", CovariateKind::Number, None),
            covariate("comatose", CovariateKind::Flag, None),
            covariate("frail", CovariateKind::Flag, None),
            covariate("scai_stage", levels(&["b", "c", "d", "e"], true), Some(5)),
            covariate("recorded.scai_stage", levels(&["b", "c", "d", "e"], true), None),
            covariate("mitral_regurgitation_grade", levels(&["0", "1", "2", "3", "4"], true), None),
        ],
    }
}

/// Two patients: ami, lactate 3.5, comatose, stage d recorded c, grade 3; and mixed, 1.5, frail, b, b, 0.
fn columns() -> Columns {
    let mut columns = Columns::new(&dictionary());
    columns.rows = vec![0, 1];
    let data = [[0.0, 1.0], [3.5, 1.5], [1.0, 0.0], [0.0, 1.0], [2.0, 0.0], [1.0, 0.0], [3.0, 0.0]];
    columns.data = data.iter().map(|d| d.to_vec()).collect();
    columns
}

fn met(rule: &str, reading: Reading) -> [bool; 2] {
    let rule = Expression::parse(rule, &dictionary(), reading).unwrap_or_else(|e| panic!("{rule}: {e}"));
    [rule.evaluate(&columns(), 0), rule.evaluate(&columns(), 1)]
}

#[test]
fn rules_mean_what_they_say() {
    for (rule, wanted) in [
        ("cause = ami", [true, false]),
        ("cause != ami", [false, true]),
        ("lactate_mmol_per_l > 3.5", [false, false]),
        ("lactate_mmol_per_l >= 3.5", [true, false]),
        ("lactate_mmol_per_l < 3.5", [false, true]),
        ("lactate_mmol_per_l <= 1.5", [false, true]),
        ("lactate_mmol_per_l = 1.5", [false, true]),
        ("lactate_mmol_per_l > -0.5", [true, true]),
        ("comatose", [true, false]),
        ("not comatose", [false, true]),
        ("not not comatose", [true, false]),
        ("comatose or frail", [true, true]),
        ("comatose and frail", [false, false]),
        ("scai_stage >= c", [true, false]),
        ("scai_stage >= d", [false, false]),
        ("true.scai_stage >= d", [true, false]),
        ("recorded.scai_stage = c", [true, false]),
        ("mitral_regurgitation_grade >= 3", [true, false]),
        ("k_of(2, comatose, frail, lactate_mmol_per_l > 3)", [true, false]),
        ("k_of(1, comatose, frail)", [true, true]),
        ("everybody", [true, true]),
    ] {
        assert_eq!(met(rule, Reading::Recorded), wanted, "{rule}");
    }
}

/// `not` binds closest, then `and`, then `or`.
#[test]
fn words_bind_as_in_speech() {
    for (loose, tight) in [
        ("frail or comatose and cause = mixed", "frail or (comatose and cause = mixed)"),
        ("not frail and cause = mixed", "(not frail) and cause = mixed"),
        ("not frail or comatose", "(not frail) or comatose"),
    ] {
        let read = |text| Expression::parse(text, &dictionary(), Reading::Recorded).unwrap();
        assert_eq!(read(loose), read(tight));
    }
    assert_eq!(met("not (frail and cause = mixed)", Reading::Recorded), [true, false]);
}

/// A bare name is the recorded value for people and the true one for nature.
#[test]
fn a_bare_name_reads_by_who_asks() {
    assert_eq!(met("scai_stage = d", Reading::Recorded), [false, false]);
    assert_eq!(met("scai_stage = d", Reading::True), [true, false]);
    let rule =
        Expression::parse("scai_stage = d and lactate_mmol_per_l > 2", &dictionary(), Reading::Recorded);
    assert_eq!(rule.unwrap().columns(), [1, 5]);
}

fn mistake(rule: &str) -> ParseError {
    Expression::parse(rule, &dictionary(), Reading::Recorded).expect_err(rule)
}

#[test]
fn a_mistake_is_told_where_it_is() {
    for (rule, offset, message) in [
        (
            "comatose and lactat_mmol_per_l > 3",
            13,
            "no covariate is called “lactat_mmol_per_l”; did you mean “lactate_mmol_per_l”?",
        ),
        ("cause = amy", 8, "“cause” is one of ami, mixed, not “amy”; did you mean “ami”?"),
        ("cause < ami", 6, "the levels of “cause” have no order; compare with = or !="),
        ("comatose = 1", 0, "“comatose” is yes or no; write “comatose” or “not comatose”"),
        (
            "lactate_mmol_per_l",
            0,
            "“lactate_mmol_per_l” is a number; compare it, as in “lactate_mmol_per_l > 2”",
        ),
        ("cause", 0, "“cause” has levels; compare it, as in “cause = ami”"),
        ("lactate_mmol_per_l > high", 21, "“high” is not a number to compare “lactate_mmol_per_l” with"),
        ("lactate_mmol_per_l > 1.2.3", 21, "“1.2.3” is not a number to compare “lactate_mmol_per_l” with"),
        ("lactate_mmol_per_l >", 20, "expected a value to compare “lactate_mmol_per_l” with"),
        ("lactate_mmol_per_l ≥ 3", 19, "write “>=” for “at least”"),
        ("cause == ami", 6, "write “=” for “is equal to”"),
        ("comatose && frail", 9, "write “and” or “or”"),
        ("!comatose", 0, "write “not”"),
        ("(comatose", 9, "a closing parenthesis is missing"),
        ("comatose)", 8, "this parenthesis closes nothing; remove it"),
        ("comatose frail", 9, "expected “and” or “or” here"),
        ("and comatose", 0, "a covariate is missing before this word"),
        ("comatose and", 12, "the rule ends here, but a covariate was expected"),
        ("", 0, "the rule ends here, but a covariate was expected"),
        ("k_of(3, comatose, frail)", 5, "3 of 2 cannot be asked for"),
        ("k_of(comatose, frail)", 5, "write k_of(2, first, second, third)"),
        ("comatose ; frail", 9, "“;” has no meaning in a rule"),
    ] {
        let error = mistake(rule);
        assert_eq!((error.offset, error.to_string().as_str()), (offset, message), "{rule}");
    }
}

#[test]
fn no_text_can_exhaust_the_stack() {
    assert!(mistake(&"(".repeat(100_000)).message.contains("nested deeper"));
    assert!(mistake(&"not ".repeat(100_000)).message.contains("nested deeper"));
}

/// A thousand random rules: written back and read again, each is the same rule.
#[test]
fn a_rule_written_back_reads_as_itself() {
    let stream = Stream::new(1, 0, Purpose::named("rules"));
    let mut place = 0;
    let mut below = |bound| {
        place += 1;
        stream.below(place, bound)
    };
    fn rule(depth: u32, below: &mut impl FnMut(u32) -> u32) -> String {
        let tests = [
            "comatose",
            "frail",
            "lactate_mmol_per_l > 3",
            "scai_stage >= c",
            "true.scai_stage != e",
            "cause = mixed",
        ];
        match if depth == 0 { 0 } else { below(6) } {
            0 | 1 => tests[below(6) as usize].to_string(),
            2 => format!("({}) and ({})", rule(depth - 1, below), rule(depth - 1, below)),
            3 => format!("({}) or ({})", rule(depth - 1, below), rule(depth - 1, below)),
            4 => format!("not ({})", rule(depth - 1, below)),
            _ => format!("k_of(2, {}, {}, frail)", rule(depth - 1, below), rule(depth - 1, below)),
        }
    }
    for _ in 0..1000 {
        let text = rule(4, &mut below);
        let read = Expression::parse(&text, &dictionary(), Reading::Recorded).unwrap();
        let again = Expression::parse(&read.to_string(), &dictionary(), Reading::Recorded).unwrap();
        assert_eq!(read, again, "{text} became {read}");
        for row in 0..2 {
            assert_eq!(read.evaluate(&columns(), row), again.evaluate(&columns(), row));
        }
    }
}

#[test]
fn clauses_are_what_all_have_to_hold() {
    let read = |text| Expression::parse(text, &dictionary(), Reading::Recorded).unwrap();
    let joined = Expression::all([read("cause = ami and comatose"), read("frail or comatose")]);
    let clauses: Vec<String> = joined.clauses().iter().map(|c| c.to_string()).collect();
    assert_eq!(clauses, ["cause = ami", "comatose", "frail or comatose"]);
    assert_eq!(Expression::all([]), Expression::everybody());
    assert_eq!(joined.to_string(), "cause = ami and comatose and (frail or comatose)");
}
