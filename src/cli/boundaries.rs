//! `shocktrial boundaries`: the bounds of a group sequential trial and what follows from them.

use super::table;
use crate::{
    error::{Error, Result},
    report::{
        figures::{Boundaries, Figure},
        numbers::{MISSING, fixed, signed},
    },
    statistics::{Boundary, Comparison, Sides, Spending, boundary_for_spent, normal_survival},
    trial::design::{
        boundaries::{Characteristics, FutilityPlan, Plan},
        group_sequential::Rule,
    },
};
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Print group sequential bounds, error spent, crossing probabilities and expected size.
#[derive(Args)]
#[command(name = "boundaries", after_help = EXAMPLES)]
pub struct Arguments {
    /// Exact family: obrien_fleming, pocock, wang_tsiatis=Δ, haybittle_peto=Z.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["spending", "z"])]
    boundary: Option<String>,
    /// Lan–DeMets spending of a type: obrien_fleming, pocock, hwang_shih_decani=γ, kim_demets=ρ.
    #[arg(long, value_name = "NAME", conflicts_with = "z")]
    spending: Option<String>,
    /// Bounds on z for benefit, as stated, one for each look.
    #[arg(long, value_name = "Z,Z…", value_delimiter = ',')]
    z: Option<Vec<f64>>,
    /// Shares of the information at the looks, the last 1.
    #[arg(long, value_name = "T,T…", value_delimiter = ',', default_value = "0.5,1")]
    looks: Vec<f64>,
    /// Error of the test: of both directions together if two-sided.
    #[arg(long, default_value_t = 0.025)]
    alpha: f64,
    /// One- or two-sided.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    sides: u8,
    /// Power at the alternative.
    #[arg(long, default_value_t = 0.8)]
    power: f64,
    /// Stop for futility below these, one for each look before the last.
    #[arg(long, value_name = "Z,Z…", value_delimiter = ',', allow_hyphen_values = true,
          conflicts_with_all = ["beta_spending", "conditional_power", "predictive_power"])]
    futility: Option<Vec<f64>>,
    /// Spend the chance of missing the alternative, of a type as in --spending.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["conditional_power", "predictive_power"])]
    beta_spending: Option<String>,
    /// Stop for futility below this conditional power under the trend.
    #[arg(long, value_name = "P", conflicts_with = "predictive_power")]
    conditional_power: Option<f64>,
    /// Stop for futility below this predictive power.
    #[arg(long, value_name = "P")]
    predictive_power: Option<f64>,
    /// The trial must stop for futility, so the bounds for benefit may be lower.
    #[arg(long)]
    binding: bool,
    /// Risks in control and treatment: gives patients and bounds as risk differences.
    #[arg(long, value_name = "P0,P1", value_delimiter = ',', num_args = 1, conflicts_with = "hazard_ratio")]
    risks: Option<Vec<f64>>,
    /// Hazard ratio with equal arms: gives events and bounds as hazard ratios.
    #[arg(long, value_name = "HR")]
    hazard_ratio: Option<f64>,
    /// Information found at the looks made so far, in shares of the planned: their updated bounds. A share
    /// of 1 or more is the last look.
    #[arg(long, value_name = "T,T…", value_delimiter = ',', requires = "spending")]
    realised: Option<Vec<f64>>,
    /// The last of the looks made so far is the last of all, whatever its information.
    #[arg(long, requires = "realised")]
    last: bool,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
    /// Draw the bounds into this file, .svg or .png.
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  shocktrial boundaries --boundary obrien_fleming --looks 0.5,1 --alpha 0.05 --sides 2 --risks 0.49,0.35
  shocktrial boundaries --spending hwang_shih_decani=-4 --looks 0.33,0.67,1 --power 0.9 --hazard-ratio 0.75
  shocktrial boundaries --spending obrien_fleming --beta-spending pocock --looks 0.5,0.75,1 --figure bounds.svg
  shocktrial boundaries --spending obrien_fleming --looks 0.5,0.75,1 --realised 0.46,0.81";

/// Prints the bounds.
pub fn run(arguments: &Arguments) -> Result<()> {
    let design = Solved::new(arguments)?;
    if let Some(file) = &arguments.figure {
        draw(&design, file)?;
    }
    super::print(&if arguments.json { design.as_json(arguments) } else { design.as_text(arguments) })
}

/// A name with a parameter, if it has one: `kim_demets=2`.
fn named(text: &str) -> Result<(String, Option<f64>)> {
    let (name, number) = match text.split_once(['=', ':']) {
        Some((name, number)) => {
            let number = number
                .trim()
                .parse()
                .map_err(|_| Error::input(format!("“{number}” in “{text}” is not a number")))?;
            (name, Some(number))
        }
        None => (text, None),
    };
    Ok((name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase(), number))
}

fn spending(text: &str) -> Result<Spending> {
    let known = "obrien_fleming, pocock, hwang_shih_decani=γ, kim_demets=ρ";
    match named(text)? {
        (name, None) if name == "obrienfleming" => Ok(Spending::OBrienFleming),
        (name, None) if name == "pocock" => Ok(Spending::Pocock),
        (name, Some(gamma)) if name == "hwangshihdecani" && gamma.abs() <= 50.0 => {
            Ok(Spending::HwangShihDeCani(gamma))
        }
        (name, Some(rho)) if name == "kimdemets" && rho > 0.0 => Ok(Spending::Power(rho)),
        (name, None) if name == "hwangshihdecani" || name == "kimdemets" => {
            Err(Error::input(format!("“{text}” needs its parameter; write {text}=NUMBER")))
        }
        _ => Err(Error::input(format!("there is no spending function “{text}”; write one of {known}"))),
    }
}

fn family(text: &str) -> Result<Boundary> {
    let known = "obrien_fleming, pocock, wang_tsiatis=Δ, haybittle_peto=Z";
    match named(text)? {
        (name, None) if name == "obrienfleming" => Ok(Boundary::WangTsiatis(0.0)),
        (name, None) if name == "pocock" => Ok(Boundary::WangTsiatis(0.5)),
        (name, Some(delta)) if name == "wangtsiatis" && (-0.5..=1.0).contains(&delta) => {
            Ok(Boundary::WangTsiatis(delta))
        }
        (name, z) if name == "haybittlepeto" && z.is_none_or(|z| z > 0.0) => {
            Ok(Boundary::HaybittlePeto(z.unwrap_or(3.0)))
        }
        (name, None) if name == "wangtsiatis" => {
            Err(Error::input(format!("“{text}” needs its parameter; write {text}=0.25")))
        }
        _ => Err(Error::input(format!("there is no family “{text}”; write one of {known}"))),
    }
}

fn inside(flag: &str, value: f64, low: f64, high: f64) -> Result<f64> {
    if value > low && value < high {
        return Ok(value);
    }
    Err(Error::input(format!("{flag} {value} is not between {low} and {high}")))
}

/// What the numbers on the effect scale are.
enum Scale {
    Risks { control: f64, treatment: f64 },
    HazardRatio(f64),
}

/// A design with everything that follows from it.
struct Solved {
    plan: Plan,
    upper: Vec<f64>,
    /// Minus infinity where there is no bound.
    futility: Vec<f64>,
    sides: Sides,
    properties: Characteristics,
    scale: Option<Scale>,
    /// Patients, or events, of the whole trial.
    size: Option<f64>,
    /// Updated bounds of the looks made so far: information, z, error spent in one direction.
    realised: Option<Vec<[f64; 3]>>,
}

impl Solved {
    fn new(arguments: &Arguments) -> Result<Self> {
        let sides = if arguments.sides == 2 { Sides::Two } else { Sides::One };
        let level = inside("--alpha", arguments.alpha, 0.0, 0.5)? / f64::from(arguments.sides);
        let power = inside("--power", arguments.power, level, 1.0)?;
        let information = looks(&arguments.looks)?;
        let before_last = information.len() - 1;
        let (rule, stated) = match (&arguments.boundary, &arguments.spending, &arguments.z) {
            (Some(name), ..) => (Rule::Exact(family(name)?), Vec::new()),
            (_, Some(name), _) => (Rule::Spending(spending(name)?), Vec::new()),
            (.., Some(z)) if z.len() == information.len() => (Rule::Stated, z.clone()),
            (.., Some(z)) => {
                return Err(Error::input(format!(
                    "--z has {} bounds for {} looks",
                    z.len(),
                    information.len()
                )));
            }
            _ => return Err(Error::input("say which bounds: --boundary NAME, --spending NAME or --z Z,Z…")),
        };
        let futility = match (
            &arguments.futility,
            &arguments.beta_spending,
            arguments.conditional_power,
            arguments.predictive_power,
        ) {
            (Some(z), ..) if z.len() == before_last => FutilityPlan::Below(z.clone()),
            (Some(z), ..) => {
                return Err(Error::input(format!(
                    "--futility has {} bounds for the {before_last} looks before the last",
                    z.len()
                )));
            }
            (_, Some(name), ..) => {
                if arguments.spending.is_none() {
                    return Err(Error::input("--beta-spending goes with --spending"));
                }
                FutilityPlan::BetaSpending { spending: spending(name)?, power }
            }
            (_, _, Some(least), _) => FutilityPlan::ConditionalPower {
                least: inside("--conditional-power", least, 0.0, 1.0)?,
                power: None,
            },
            (.., Some(least)) => {
                FutilityPlan::PredictivePower(inside("--predictive-power", least, 0.0, 1.0)?)
            }
            _ => FutilityPlan::Never,
        };
        if sides == Sides::Two && (arguments.binding || arguments.beta_spending.is_some()) {
            return Err(Error::input("binding futility and beta spending are one-sided; write --sides 1"));
        }
        let binding = arguments.binding;
        let plan = Plan { information, rule, stated, level, sides, futility, binding };
        let unsolved =
            |why: crate::statistics::Reason| Error::input(format!("no bounds satisfy this ({})", why));
        let (upper, rule) = plan.solve().map_err(unsolved)?;
        let last = upper[before_last];
        let futility: Vec<f64> =
            plan.information.iter().enumerate().map(|(k, &t)| rule.bound(k, t, last)).collect();
        let mirrored = |u: f64| if sides == Sides::Two { -u } else { f64::NEG_INFINITY };
        let lower: Vec<f64> = futility.iter().zip(&upper).map(|(f, &u)| f.max(mirrored(u))).collect();
        if let Some(k) = (0..before_last).find(|&k| lower[k] >= upper[k]) {
            return Err(Error::input(format!(
                "at look {} the futility bound {:.3} is not below the bound for benefit {:.3}",
                k + 1,
                lower[k],
                upper[k]
            )));
        }
        let properties = Characteristics::new(&lower, &upper, &plan.information, level, power, sides)
            .map_err(|_| Error::input("the design cannot reach this power; ease the futility bounds"))?;
        let (scale, size) = Self::size(arguments, &properties, level, power)?;
        let realised =
            arguments.realised.as_ref().map(|found| updated(&plan, found, arguments.last)).transpose()?;
        Ok(Solved { plan, upper, futility, sides, properties, scale, size, realised })
    }

    /// Patients or events of the whole trial, where an effect is stated.
    fn size(
        arguments: &Arguments,
        properties: &Characteristics,
        level: f64,
        power: f64,
    ) -> Result<(Option<Scale>, Option<f64>)> {
        if let Some(risks) = &arguments.risks {
            let [control, treatment] = risks[..] else {
                return Err(Error::input("--risks takes two risks, like --risks 0.49,0.35"));
            };
            for risk in [control, treatment] {
                inside("--risks", risk, 0.0, 1.0)?;
            }
            if control == treatment {
                return Err(Error::input("equal risks need no trial; state two that differ"));
            }
            let fixed = 2.0 * Comparison { level, power, ratio: 1.0 }.two_risks(control, treatment);
            return Ok((Some(Scale::Risks { control, treatment }), Some(fixed * properties.inflation)));
        }
        if let Some(ratio) = arguments.hazard_ratio {
            if !(ratio > 0.0 && ratio != 1.0 && ratio.is_finite()) {
                return Err(Error::input(format!("--hazard-ratio {ratio} is no effect to be found")));
            }
            let log = libm::log(ratio);
            let events = 4.0 * properties.drift * properties.drift / (log * log);
            return Ok((Some(Scale::HazardRatio(ratio)), Some(events)));
        }
        Ok((None, None))
    }

    /// The effect at evidence `b` at a look, if there is a scale.
    fn effect(&self, look: usize, b: f64) -> Option<f64> {
        let size = self.size? * self.plan.information[look];
        if !b.is_finite() {
            return None;
        }
        match self.scale.as_ref()? {
            Scale::Risks { control, treatment } => {
                let mean = 0.5 * (control + treatment);
                let towards = if treatment < control { -1.0 } else { 1.0 };
                Some(towards * b * (mean * (1.0 - mean) * 4.0 / size).sqrt())
            }
            Scale::HazardRatio(ratio) => {
                let towards = if *ratio < 1.0 { -1.0 } else { 1.0 };
                Some(libm::exp(towards * b * 2.0 / size.sqrt()))
            }
        }
    }

    /// Chance of crossing for benefit at a look, or in either direction in a two-sided test.
    fn crossing(&self, of: &crate::statistics::Crossing, look: usize) -> f64 {
        match self.sides {
            Sides::One => of.above[look],
            // With futility below, the mirrored bound is not what stops the trial there.
            Sides::Two if self.futility[look] > -self.upper[look] => of.above[look],
            Sides::Two => of.above[look] + of.below[look],
        }
    }

    /// Chance of stopping for futility at a look.
    fn giving_up(&self, of: &crate::statistics::Crossing, look: usize) -> f64 {
        if self.futility[look].is_finite() { of.below[look] } else { 0.0 }
    }

    fn nominal(&self, bound: f64) -> f64 {
        let one = normal_survival(bound);
        if self.sides == Sides::Two { 2.0 * one } else { one }
    }

    fn as_json(&self, arguments: &Arguments) -> String {
        let p = &self.properties;
        let mut spent = 0.0;
        let looks: Vec<Value> = (0..self.upper.len())
            .map(|k| {
                spent += self.crossing(&p.null, k);
                let mut look = Map::new();
                let number = |x: f64| if x.is_finite() { json!(x) } else { Value::Null };
                look.insert("information".into(), json!(self.plan.information[k]));
                look.insert("z".into(), number(self.upper[k]));
                look.insert("p".into(), json!(self.nominal(self.upper[k])));
                look.insert("alpha_spent".into(), json!(spent));
                look.insert("crossing_null".into(), json!(self.crossing(&p.null, k)));
                look.insert("crossing_alternative".into(), json!(self.crossing(&p.alternative, k)));
                look.insert("futility_z".into(), number(self.futility[k]));
                look.insert("futility_null".into(), json!(self.giving_up(&p.null, k)));
                look.insert("futility_alternative".into(), json!(self.giving_up(&p.alternative, k)));
                look.insert("effect".into(), self.effect(k, self.upper[k]).map_or(Value::Null, |e| json!(e)));
                let low = self.effect(k, self.futility[k]);
                look.insert("futility_effect".into(), low.map_or(Value::Null, |e| json!(e)));
                if let Some(size) = self.size {
                    look.insert(self.unit().into(), json!(size * self.plan.information[k]));
                }
                Value::Object(look)
            })
            .collect();
        let mut out = json!({
            "looks": looks,
            "inflation": p.inflation,
            "drift": p.drift,
            "alpha": arguments.alpha,
            "sides": arguments.sides,
            "power": arguments.power,
            "expected_information_null": p.expected[0],
            "expected_information_alternative": p.expected[1],
        });
        if let Some(size) = self.size {
            let unit = self.unit();
            out[unit] = json!(size);
            out[format!("expected_{unit}_null")] = json!(size * p.expected[0]);
            out[format!("expected_{unit}_alternative")] = json!(size * p.expected[1]);
            out["scale"] = json!(match self.scale {
                Some(Scale::HazardRatio(_)) => "hazard_ratio",
                _ => "risk_difference",
            });
        }
        if let Some(realised) = &self.realised {
            let list = realised.iter().map(|[t, z, spent]| {
                json!({ "information": t, "z": if z.is_finite() { json!(z) } else { Value::Null },
                        "p": self.nominal(*z), "alpha_spent": spent * f64::from(arguments.sides) })
            });
            out["realised"] = Value::Array(list.collect());
        }
        serde_json::to_string_pretty(&out).expect("plain values serialise")
    }

    fn unit(&self) -> &'static str {
        if matches!(self.scale, Some(Scale::HazardRatio(_))) { "events" } else { "patients" }
    }

    fn as_text(&self, arguments: &Arguments) -> String {
        let p = &self.properties;
        let two = self.sides == Sides::Two;
        let gives_up = self.futility.iter().any(|f| f.is_finite());
        let mut head = vec!["Look", "Information", "z"];
        head.push(if two { "Two-sided p" } else { "One-sided p" });
        if let Some(scale) = &self.scale {
            head.push(match scale {
                Scale::Risks { .. } => "Risk difference",
                Scale::HazardRatio(_) => "Hazard ratio",
            });
            head.push(if self.unit() == "events" { "Events" } else { "Patients" });
        }
        head.extend(["Error spent", "If null", "If alternative"]);
        let mut rows = table(head);
        let mut spent = 0.0;
        for k in 0..self.upper.len() {
            spent += self.crossing(&p.null, k);
            let bound = |b: f64| if b.is_finite() { plain(b, 4) } else { MISSING.into() };
            let mut row = vec![
                format!("{}", k + 1),
                format!("{}%", fixed(100.0 * self.plan.information[k], 1)),
                bound(self.upper[k]),
                fixed(self.nominal(self.upper[k]), 5),
            ];
            if let (Some(scale), Some(size)) = (&self.scale, self.size) {
                row.push(self.effect(k, self.upper[k]).map_or(MISSING.into(), |effect| match scale {
                    Scale::Risks { .. } => format!("{} points", signed(100.0 * effect, 1)),
                    Scale::HazardRatio(_) => fixed(effect, 3),
                }));
                row.push(fixed(size * self.plan.information[k], 1));
            }
            row.extend([
                format!("{}%", fixed(100.0 * spent, 3)),
                format!("{}%", fixed(100.0 * self.crossing(&p.null, k), 3)),
                format!("{}%", fixed(100.0 * self.crossing(&p.alternative, k), 2)),
            ]);
            rows.add_row(row);
        }
        let percent = |share: f64| format!("{}%", fixed(100.0 * share, 1));
        let mut lines = vec![rows.to_string(), String::new()];
        if gives_up {
            let mut rows = table(["Look", "Futility z", "Stopped, null", "Stopped, alternative"]);
            for k in (0..self.upper.len() - 1).filter(|&k| self.futility[k].is_finite()) {
                rows.add_row(vec![
                    format!("{}", k + 1),
                    plain(self.futility[k], 4),
                    format!("{}%", fixed(100.0 * self.giving_up(&p.null, k), 2)),
                    format!("{}%", fixed(100.0 * self.giving_up(&p.alternative, k), 2)),
                ]);
            }
            lines.extend([rows.to_string(), String::new()]);
        }
        lines.push(format!(
            "Inflation {} of a trial without looks, at a power of {}",
            fixed(p.inflation, 4),
            percent(arguments.power)
        ));
        lines.push(format!(
            "Expected information {} without effect, {} at the alternative",
            percent(p.expected[0]),
            percent(p.expected[1])
        ));
        if let Some(size) = self.size {
            let unit = self.unit();
            lines.push(format!(
                "At most {} {unit}; expected {} without effect, {} at the alternative",
                fixed(size, 1),
                fixed(size * p.expected[0], 1),
                fixed(size * p.expected[1], 1)
            ));
        }
        if gives_up {
            lines.push(
                if arguments.binding {
                    "Futility is binding: the bounds for benefit count on it"
                } else {
                    "Futility is not binding: the bounds for benefit do not count on it; chances are those of a trial that follows it"
                }
                .into(),
            );
        }
        lines.push(
            "z is counted upwards for benefit; the last columns are the chances of crossing at the look"
                .into(),
        );
        if let Some(realised) = &self.realised {
            let mut rows = table(["Look so far", "Information found", "z", "p", "Error spent"]);
            for (k, [t, z, spent]) in realised.iter().enumerate() {
                rows.add_row(vec![
                    format!("{}", k + 1),
                    percent(*t),
                    if z.is_finite() { plain(*z, 4) } else { MISSING.into() },
                    fixed(self.nominal(*z), 5),
                    format!("{}%", fixed(100.0 * spent * f64::from(arguments.sides), 3)),
                ]);
            }
            lines.extend([String::new(), rows.to_string()]);
        }
        lines
            .iter()
            .flat_map(|l| l.lines().map(str::trim_end).collect::<Vec<_>>())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A number with a real minus sign and no plus.
fn plain(value: f64, digits: usize) -> String {
    if value < 0.0 { signed(value, digits) } else { fixed(value, digits) }
}

fn looks(list: &[f64]) -> Result<Vec<f64>> {
    let rising = list.windows(2).all(|w| w[0] < w[1]) && list.first().is_some_and(|&t| t > 0.0);
    if !rising || list.last() != Some(&1.0) || list.len() > 50 {
        return Err(Error::input(
            "--looks rise from above 0 to 1, the last, like --looks 0.5,1; at most 50 of them",
        ));
    }
    Ok(list.to_vec())
}

/// Bounds of the looks made so far at the information that was found.
fn updated(plan: &Plan, found: &[f64], last: bool) -> Result<Vec<[f64; 3]>> {
    let Rule::Spending(function) = &plan.rule else {
        return Err(Error::input("--realised goes with --spending"));
    };
    let mut spent: Vec<f64> = found.iter().map(|&t| function.spent(t, plan.level)).collect();
    if last && let Some(spent) = spent.last_mut() {
        *spent = plan.level;
    }
    let upper = boundary_for_spent(&spent, found, plan.sides, None)
        .map_err(|_| Error::input("--realised rises from look to look, like --realised 0.46,0.81"))?;
    Ok(found.iter().zip(upper).zip(spent).map(|((&t, z), spent)| [t, z, spent]).collect())
}

fn draw(design: &Solved, file: &std::path::Path) -> Result<()> {
    let harm = design.upper.iter().map(|&u| if design.sides == Sides::Two { -u } else { f64::NEG_INFINITY });
    let figure: Figure = Boundaries {
        name: "boundaries".into(),
        information: design.plan.information.clone(),
        benefit: design.upper.clone(),
        futility: design.futility.clone(),
        harm: harm.collect(),
        ..Boundaries::default()
    }
    .draw();
    let bytes = match file.extension().and_then(|e| e.to_str()) {
        Some("svg") => figure.svg.into_bytes(),
        Some("png") => figure.png(2.0).map_err(|why| Error::Machine(why.to_string()))?,
        _ => return Err(Error::input(format!("{} ends neither in .svg nor in .png", file.display()))),
    };
    std::fs::write(file, bytes).map_err(|why| Error::path("write", file, &why))
}
