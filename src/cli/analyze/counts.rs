//! Published counts in place of a table: `ecls=100/209,control=102/208`.

use super::Arguments;
use crate::{
    analysis::dataset::{Dataset, Outcome},
    error::{Error, Finding, Result},
};

/// Patients that counts may stand for; each becomes a row.
const MOST_PATIENTS: u32 = 10_000_000;

/// One arm as written.
#[derive(Debug, PartialEq)]
struct Arm {
    name: Option<String>,
    events: u32,
    patients: u32,
}

fn parse(text: &str) -> Result<[Arm; 2]> {
    let wrong = |what: String| -> Error {
        Finding::new(what)
            .help("write events/patients of the treatment, then of the control, as in 100/209,102/208")
            .into()
    };
    let arm = |text: &str| -> Result<Arm> {
        let (name, counts) = match text.rsplit_once('=') {
            Some((name, counts)) if !name.trim().is_empty() => (Some(name.trim().to_owned()), counts),
            Some((_, counts)) => (None, counts),
            None => (None, text),
        };
        let read = || {
            let (events, patients) = counts.split_once('/')?;
            Some((events.trim().parse().ok()?, patients.trim().parse().ok()?))
        };
        let Some((events, patients)) = read() else {
            return Err(wrong(format!("“{}” is not events/patients", text.trim())));
        };
        if events > patients {
            return Err(wrong(format!("{events} events among {patients} patients")));
        }
        Ok(Arm { name, events, patients })
    };
    match text.split(',').collect::<Vec<_>>().as_slice() {
        [treatment, control] => Ok([arm(treatment)?, arm(control)?]),
        [_] => Err(wrong(format!("“{text}” has one arm; a comparison needs two"))),
        parts => Err(wrong(format!("“{text}” has {} arms; a comparison has two", parts.len()))),
    }
}

/// One row for each patient counted, each --counts a stratum.
pub(super) fn read(arguments: &Arguments) -> Result<Dataset> {
    let named = [
        ("--event", arguments.event.is_some()),
        ("--time", arguments.time.is_some()),
        ("--cause", arguments.cause.is_some()),
        ("--value", arguments.value.is_some()),
        ("--tiers", arguments.tiers.is_some()),
        ("--stratum", !arguments.stratum.is_empty()),
        ("--cluster", arguments.cluster.is_some()),
        ("--adjust", !arguments.adjust.is_empty()),
        ("--by", !arguments.by.is_empty()),
        ("--figure", arguments.figure.is_some()),
    ];
    if let Some((flag, _)) = named.iter().find(|(_, given)| *given) {
        return Err(Error::input(format!("{flag} needs a table; counts have no columns")));
    }
    let tables: Vec<[Arm; 2]> = arguments.counts.iter().map(|c| parse(c)).collect::<Result<_>>()?;
    let total: u64 = tables.iter().flatten().map(|a| u64::from(a.patients)).sum();
    if total > u64::from(MOST_PATIENTS) {
        return Err(Error::input(format!("{total} patients are counted; at most {MOST_PATIENTS}")));
    }
    let name = |k: usize, flag: &Option<String>, other: &str| {
        let written = tables.iter().find_map(|t| t[k].name.clone());
        written.or(flag.clone()).unwrap_or_else(|| other.to_owned())
    };
    let arms = vec![name(0, &arguments.treatment, "treatment"), name(1, &arguments.control, "control")];
    if arms[0] == arms[1] {
        return Err(Error::input(format!("both arms are named “{}”", arms[0])));
    }
    let (mut arm, mut event, mut stratum) = (Vec::new(), Vec::new(), Vec::new());
    for (s, table) in tables.iter().enumerate() {
        for (k, counted) in table.iter().enumerate() {
            for i in 0..counted.patients {
                arm.push(k as u32);
                event.push(i < counted.events);
                stratum.push(s as u32);
            }
        }
    }
    let known = vec![true; arm.len()];
    Ok(Dataset {
        arm,
        arms,
        treatment: 0,
        control: 1,
        outcome: Outcome::Event { event, known, time: None },
        stratum: (tables.len() > 1).then_some(stratum),
        cluster: None,
        covariates: Vec::new(),
        subgroup: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_counts_with_and_without_names() {
        let [one, two] = parse("ecls = 100/209, 102 / 208").unwrap();
        assert_eq!(one, Arm { name: Some("ecls".into()), events: 100, patients: 209 });
        assert_eq!(two, Arm { name: None, events: 102, patients: 208 });
        for (text, said) in [
            ("100/209", "has one arm"),
            ("100/209,x/208", "“x/208” is not events/patients"),
            ("300/209,1/208", "300 events among 209 patients"),
            ("-1/2,1/2", "“-1/2” is not events/patients"),
        ] {
            assert!(parse(text).unwrap_err().to_string().contains(said), "{text}");
        }
    }
}
