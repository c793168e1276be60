//! How the results of a design read: each number with its Monte Carlo error, and beside those of other designs.

use super::shelf::Shown;
use crate::{
    operating::{
        Measure,
        paired::{Difference, less},
    },
    report::{
        numbers::{fixed, interval, signed_with_error},
        results::{Effect, Place, Results, in_sentence, mean, share},
    },
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Other designs by their numbers, with what they showed.
pub type Others = Vec<(u64, Arc<Shown>)>;

/// What is told of one number.
struct Number {
    key: &'static str,
    label: String,
    unit: String,
    text: String,
    note: String,
}

impl Number {
    fn json(self, measure: Option<&Measure>, differences: Vec<Value>) -> Value {
        let finite = |x: f64| if x.is_finite() { json!(x) } else { Value::Null };
        let of = |get: fn(&Measure) -> f64| measure.map_or(Value::Null, |m| finite(get(m)));
        json!({
            "key": self.key, "label": self.label, "unit": self.unit, "text": self.text, "note": self.note,
            "value": of(|m| m.value), "mcse": of(|m| m.mcse), "lower": of(|m| m.lower), "upper": of(|m| m.upper),
            "replicates": measure.map_or(0, |m| m.replicates), "differences": differences,
        })
    }
}

/// A difference from each other design, as a number and in words.
fn differences(
    others: &Others,
    difference: impl Fn(&Shown) -> Option<Difference>,
    words: impl Fn(&Difference) -> String,
) -> Vec<Value> {
    let one = |(design, shown): &(u64, Arc<Shown>)| {
        let d = difference(shown)?;
        Some(json!({
            "design": design, "value": d.value, "mcse": d.mcse, "replicates": d.replicates, "text": words(&d),
            "ranks": d.ranks(),
        }))
    };
    others.iter().filter_map(one).collect()
}

fn points(d: &Difference) -> String {
    format!("{} points", signed_with_error(100.0 * d.value, 100.0 * d.mcse, 2))
}

/// Power, and how it differs.
pub fn power(m: &Measure, own: &Shown, others: &Others) -> Value {
    let error = m.measure == "type_i_error";
    let number = Number {
        key: "power",
        label: if error { "Type I error" } else { "Power" }.into(),
        unit: "%".into(),
        text: share(Some(m)),
        note: monte_carlo(m),
    };
    number.json(Some(m), differences(others, |other| own.benefit.less(&other.benefit), points))
}

fn monte_carlo(m: &Measure) -> String {
    let ends = [m.lower, m.upper].map(|x| fixed(100.0 * x, 1));
    format!("95% Monte Carlo interval {}", interval(&ends[0], &ends[1]))
}

/// Everything else that is known so far.
pub fn others(results: &Results, own: &Shown, others: &Others) -> Vec<Value> {
    let estimand = results.primary(0);
    let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
    let trial = &results.run(0).trial;
    let mut list = Vec::new();
    if let Some(run) = results.assured()
        && let Some(m) = results.find(run, Place::of(&results.primary(run).name), "assurance")
    {
        let number = Number {
            key: "assurance",
            label: "Assurance".into(),
            unit: "%".into(),
            text: share(Some(m)),
            note: "chance to show a benefit when its size is not taken for granted".into(),
        };
        list.push(
            number.json(Some(m), differences(others, |other| own.assured.less(&other.assured), points)),
        );
    }
    let whole = |name: &'static str| results.find(0, Place::trial(), name);
    let plain = |d: &Difference| signed_with_error(d.value, d.mcse, 1);
    if let Some(m) = whole("patients") {
        let most = format!("{} planned", trial.patients);
        let number = Number {
            key: "patients",
            label: "Expected patients".into(),
            unit: String::new(),
            text: mean(Some(m), 1),
            note: most,
        };
        list.push(
            number.json(Some(m), differences(others, |other| less(&own.patients, &other.patients), plain)),
        );
    }
    if let Some(m) = whole("months").filter(|_| results.timed(0)) {
        let ends = ["months_q05", "months_q95"].map(|q| whole(q).map_or(f64::NAN, |m| m.value));
        let number = Number {
            key: "months",
            label: "Expected months".into(),
            unit: String::new(),
            text: mean(Some(m), 1),
            note: format!("90% of trials {}", interval(&fixed(ends[0], 0), &fixed(ends[1], 0))),
        };
        list.push(number.json(Some(m), differences(others, |other| less(&own.months, &other.months), plain)));
    }
    if let Some(m) = results.find(0, place, "estimate_mean") {
        let ends = ["estimate_q025", "estimate_q975"]
            .map(|q| results.find(0, place, q).map_or(f64::NAN, |m| m.value));
        let number = Number {
            key: "estimate",
            label: format!("Mean {}", in_sentence(estimand.method.summary.label())),
            unit: effect.unit().into(),
            text: effect.with_error(Some(m)),
            note: format!("95% of trials {}", effect.range(ends[0], ends[1])),
        };
        let paired = |other: &Shown| less(&own.estimates, &other.estimates);
        let words = |d: &Difference| {
            if effect.is_ratio() {
                format!("× {} ({} log)", fixed(libm::exp(d.value), 3), fixed(d.mcse, 4))
            } else {
                signed_with_error(effect.factor() * d.value, effect.factor() * d.mcse, 2)
            }
        };
        list.push(number.json(Some(m), differences(others, paired, words)));
    }
    if let Some(m) = results.find(0, place, "truth") {
        let number = Number {
            key: "truth",
            label: format!("True {}", in_sentence(estimand.method.summary.label())),
            unit: effect.unit().into(),
            text: effect.exact(Some(m)),
            note: "from the model, not from replicates".into(),
        };
        list.push(number.json(Some(m), Vec::new()));
    }
    for (key, side) in [("control_risk", 1), ("treatment_risk", 0)] {
        let (name, label) = (trial.side_name(estimand, side), trial.side_label(estimand, side));
        if let Some(m) = results.find(0, place.arm(&name), "risk") {
            let of = in_sentence(&trial.endpoints[estimand.endpoint].label);
            let number = Number {
                key,
                label: format!("Risk, {}", in_sentence(&label)),
                unit: "%".into(),
                text: share(Some(m)),
                note: of,
            };
            list.push(number.json(Some(m), Vec::new()));
        }
    }
    list
}
