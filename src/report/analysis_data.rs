//! Patients of one trial in the shape of an analysis data set, as CDISC's ADaM has it: a row per subject and
//! parameter, with a dictionary of the columns.

use super::tables::{NamedValues, Values};
use crate::{
    outcome::{endpoint::Observed, kinds::Yields},
    trial::{Trial, Workspace, design::Look},
};

/// A column and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub variable: String,
    pub label: String,
    /// `Char` or `Num`.
    pub kind: &'static str,
    /// Codes, unit or derivation.
    pub note: String,
}

/// The data and their dictionary.
#[derive(Clone, Debug)]
pub struct AnalysisData {
    pub columns: Vec<NamedValues>,
    pub dictionary: Vec<Entry>,
}

/// One row in the making.
struct Row {
    patient: usize,
    parameter: usize,
    value: Option<f64>,
    base: Option<f64>,
    censored: Option<f64>,
    known: bool,
}

/// What is known at a look of the patients analysed there.
pub fn analysis_data(study: &str, trial: &Trial, workspace: &Workspace, look: &Look) -> AnalysisData {
    let cohort = &workspace.cohort;
    let n = look.patients;
    let codes = parameter_codes(trial);
    let (mut followed, mut seen) = (Vec::new(), Observed::default());
    trial.cut(look, cohort, &mut followed);
    let mut rows: Vec<Row> = Vec::new();
    for (parameter, (endpoint, measured)) in trial.endpoints.iter().zip(workspace.measured()).enumerate() {
        match endpoint.kind.yields() {
            Yields::Event => {
                trial.observe(endpoint, look, cohort, &followed, &mut seen);
                rows.extend((0..n).map(|patient| Row {
                    patient,
                    parameter,
                    value: Some(seen.time[patient]),
                    base: None,
                    censored: Some(f64::from(u8::from(!seen.event[patient]))),
                    known: seen.known[patient],
                }));
            }
            // A hierarchy is made of its tiers, which have rows of their own.
            Yields::Tiers => {}
            Yields::Value | Yields::Count => rows.extend((0..n).map(|patient| {
                let known = measured.known[patient];
                Row {
                    patient,
                    parameter,
                    value: known.then(|| measured.value[patient]),
                    base: measured.baseline.get(patient).copied().filter(|_| known),
                    censored: None,
                    known,
                }
            })),
        }
    }
    rows.sort_by_key(|row| (row.patient, row.parameter));

    let mut made = Making { rows: &rows, data: AnalysisData { columns: Vec::new(), dictionary: Vec::new() } };
    let label = |arm: u8| trial.arms[usize::from(arm)].label.clone();
    let width = n.max(1).to_string().len();
    made.word("STUDYID", "Study", "The title of the scenario", |_| Some(study.to_owned()));
    made.word("USUBJID", "Subject, unique", "Study and number in order of randomisation", |r| {
        Some(format!("{study}-{:0width$}", r.patient + 1))
    });
    made.number("SUBJID", "Subject within the study", "In order of randomisation, from 1", |r| {
        Some(r.patient as f64 + 1.0)
    });
    made.number("SITEID", "Site", "From 1", |r| Some(f64::from(cohort.site[r.patient]) + 1.0));
    made.number("RANDDY", "Day of randomisation", "Days since the first site opened", |r| {
        Some(cohort.enrolled[r.patient])
    });
    made.word("TRTP", "Treatment assigned", "The label of the arm", |r| {
        Some(label(cohort.assigned[r.patient]))
    });
    made.number("TRTPN", "Treatment assigned, number", &arm_codes(trial), |r| {
        Some(f64::from(cohort.assigned[r.patient]))
    });
    made.word("TRTA", "Treatment received from the start", "The label of the arm", |r| {
        Some(label(cohort.received[r.patient]))
    });
    if !trial.allocation.stratum.is_empty() {
        made.number("STRATUM", "Stratum of randomisation", "By covariates, from 0; sites are SITEID", |r| {
            trial.allocation.stratum.get(cohort.row[r.patient] as usize).map(|&s| f64::from(s))
        });
    }
    for (k, subgroup) in trial.subgroups.iter().enumerate() {
        let name = format!("SUBGR{}", k + 1);
        made.word(&name, &subgroup.label, "Subgroup, as recorded; missing where it was not", |r| {
            let code = subgroup.code.get(cohort.row[r.patient] as usize)?;
            subgroup.levels.get(usize::from(*code)).cloned()
        });
    }
    made.number("PARAMN", "Parameter, number", "In the order of the scenario, from 1", |r| {
        Some(r.parameter as f64 + 1.0)
    });
    made.word("PARAMCD", "Parameter, short", "The end point in eight letters", |r| {
        Some(codes[r.parameter].clone())
    });
    made.word("PARAM", "Parameter", "The label of the end point", |r| {
        Some(trial.endpoints[r.parameter].label.clone())
    });
    made.number("AVAL", "Analysis value", "Time to the event or to censoring; else the value", |r| r.value);
    made.word("AVALU", "Unit of the analysis value", "DAYS for times", |r| {
        r.censored.map(|_| "DAYS".to_owned())
    });
    made.number("BASE", "Baseline value", "Where the parameter has one", |r| r.base);
    made.number("CNSR", "Censoring", "0 event, 1 censored; missing for values", |r| r.censored);
    made.word(
        "KNOWNFL",
        "Answer known",
        "Y where it is known by the horizon whether the event happened, or the value is; risks are of these",
        |r| Some(if r.known { "Y" } else { "N" }.to_owned()),
    );
    made.data
}

/// Columns added one by one, each with its entry.
struct Making<'a> {
    rows: &'a [Row],
    data: AnalysisData,
}

impl Making<'_> {
    fn enter(&mut self, name: &str, label: &str, kind: &'static str, note: &str, values: Values) {
        self.data.columns.push(NamedValues { name: name.to_owned(), values });
        let (variable, label, note) = (name.to_owned(), label.to_owned(), note.to_owned());
        self.data.dictionary.push(Entry { variable, label, kind, note });
    }

    fn word(&mut self, name: &str, label: &str, note: &str, of: impl Fn(&Row) -> Option<String>) {
        let values = Values::Words(self.rows.iter().map(of).collect());
        self.enter(name, label, "Char", note, values);
    }

    fn number(&mut self, name: &str, label: &str, note: &str, of: impl Fn(&Row) -> Option<f64>) {
        let values = Values::Numbers(self.rows.iter().map(of).collect());
        self.enter(name, label, "Num", note, values);
    }
}

fn arm_codes(trial: &Trial) -> String {
    let codes: Vec<String> =
        trial.arms.iter().enumerate().map(|(i, arm)| format!("{i} {}", arm.label)).collect();
    codes.join("; ")
}

/// The names of end points in at most eight capitals and digits, each once.
fn parameter_codes(trial: &Trial) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for endpoint in &trial.endpoints {
        let letters = endpoint.name.chars().filter(char::is_ascii_alphanumeric);
        let whole: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        let mut code: String = whole.chars().take(8).collect();
        let mut k = 2;
        while codes.contains(&code) {
            let tail = k.to_string();
            code = whole.chars().take(8 - tail.len()).collect::<String>() + &tail;
            k += 1;
        }
        codes.push(code);
    }
    codes
}

impl AnalysisData {
    /// The dictionary as a table.
    pub fn dictionary_columns(&self) -> Vec<NamedValues> {
        let column = |name: &str, of: fn(&Entry) -> String| NamedValues {
            name: name.to_owned(),
            values: Values::Words(self.dictionary.iter().map(|entry| Some(of(entry))).collect()),
        };
        vec![
            column("variable", |e| e.variable.clone()),
            column("label", |e| e.label.clone()),
            column("type", |e| e.kind.to_owned()),
            column("note", |e| e.note.clone()),
        ]
    }
}
