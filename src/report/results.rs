//! What a run has to tell: its scenario with what came back, found by name.

use super::{
    numbers::{MISSING, fixed, interval, percent, ratio, signed, signed_with_error, with_error},
    summary::Verdict,
};
use crate::{
    analysis::comparison::Summary,
    calibration::trial::{Predicted, Solved},
    operating::{Fold, Measure},
    outcome::kinds::Yields,
    scenario::Scenario,
    simulation::{Role, Run},
    trial::{Arm, Trial, estimand::Estimand},
};

/// Everything the page and the report are made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    pub scenario: &'a Scenario,
    pub measures: &'a [Measure],
    pub fold: &'a Fold,
    pub verdicts: &'a [Verdict],
    /// How the run came about, as labels and values: version, commit, seed, command, hashes, threads, time.
    pub reproduction: &'a [(String, String)],
}

/// Where a measure stands within a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    pub estimand: &'a str,
    pub population: &'a str,
    pub level: &'a str,
    pub arm: &'a str,
}

impl<'a> Place<'a> {
    /// The trial as a whole.
    pub fn trial() -> Self {
        Place { population: "all", ..Place::default() }
    }

    /// An estimand in all patients.
    pub fn of(estimand: &'a str) -> Self {
        Place { estimand, ..Place::trial() }
    }

    /// The same in one level of a subgroup; an empty level is the interaction.
    pub fn within(self, population: &'a str, level: &'a str) -> Self {
        Place { population, level, ..self }
    }

    /// The same in one arm.
    pub fn arm(self, arm: &'a str) -> Self {
        Place { arm, ..self }
    }
}

/// Measures by run, and how they read.
pub struct Results<'a> {
    pub scenario: &'a Scenario,
    pub fold: &'a Fold,
    by_run: Vec<Vec<&'a Measure>>,
    /// Measures at single looks.
    by_look: Vec<Vec<&'a Measure>>,
}

impl<'a> Results<'a> {
    pub fn new(input: &Input<'a>) -> Self {
        let mut by_run = vec![Vec::new(); input.scenario.runs.len()];
        let mut by_look = by_run.clone();
        for measure in input.measures {
            let lists = if measure.look.is_none() { &mut by_run } else { &mut by_look };
            if let Some(list) = lists.get_mut((measure.run as usize).wrapping_sub(1)) {
                list.push(measure);
            }
        }
        Results { scenario: input.scenario, fold: input.fold, by_run, by_look }
    }

    /// A measure at one look, of an estimand in all patients or, with an empty name, of the trial.
    pub fn at_look(&self, run: usize, estimand: &str, look: u8, measure: &str) -> Option<&'a Measure> {
        self.by_look[run].iter().copied().find(|m| {
            m.look == Some(look)
                && m.measure == measure
                && m.estimand == estimand
                && m.population == "all"
                && m.arm.is_empty()
        })
    }

    /// A measure at the last look, if it was computed.
    pub fn find(&self, run: usize, place: Place, measure: &str) -> Option<&'a Measure> {
        self.by_run[run].iter().copied().find(|m| {
            m.measure == measure
                && m.estimand == place.estimand
                && m.population == place.population
                && m.level == place.level
                && m.arm == place.arm
        })
    }

    /// Power, or the type I error where there is no effect.
    pub fn power(&self, run: usize, place: Place) -> Option<&'a Measure> {
        ["power", "type_i_error", "assurance"].into_iter().find_map(|name| self.find(run, place, name))
    }

    /// Share of trials that find the interaction, or claim one where there is none.
    pub fn interaction(&self, run: usize, place: Place) -> Option<&'a Measure> {
        self.find(run, place, "interaction_power")
            .or_else(|| self.find(run, place, "interaction_false_claim"))
    }

    /// The primary estimand of a run.
    pub fn primary(&self, run: usize) -> &'a Estimand {
        &self.run(run).trial.estimands[0]
    }

    pub fn run(&self, run: usize) -> &'a Run {
        &self.scenario.runs[run]
    }

    /// Risks of an estimand's end point in its control and treatment arm, from the model.
    pub fn model_risks(&self, run: usize, estimand: &Estimand) -> [f64; 2] {
        let risks = &self.scenario.truths[run].risks;
        let ratio = &self.run(run).trial.allocation.ratio;
        [1, 0].map(|side| {
            let (mut sum, mut total) = (0.0, 0.0);
            for arm in estimand.arms(side).map(usize::from) {
                let weight = f64::from(ratio[arm]);
                sum += weight * risks[arm].get(estimand.endpoint).copied().unwrap_or(f64::NAN);
                total += weight;
            }
            sum / total
        })
    }

    /// Stated runs that are not points of a sweep: the base and its variants.
    pub fn variants(&self) -> impl Iterator<Item = usize> + '_ {
        let stated = |run: &usize| self.run(*run).sweep.is_empty() && self.run(*run).role.is_stated();
        (0..self.scenario.runs.len()).filter(stated)
    }

    /// The run whose effect is drawn from the prior, if there is one.
    pub fn assured(&self) -> Option<usize> {
        (0..self.scenario.runs.len()).find(|&run| matches!(self.run(run).role, Role::Prior(_)))
    }

    /// The assurance in a sentence.
    pub fn assurance(&self) -> Option<String> {
        let run = self.assured()?;
        let place = Place::of(&self.primary(run).name);
        let assurance = self.find(run, place, "assurance")?;
        let prior = &self.scenario.prior;
        let from = if self.scenario.usual_prior {
            "what finished trials of shock saw of what they had assumed"
        } else {
            "the scenario's own"
        };
        let likely = self.find(run, place, "assurance_from_likely").filter(|m| m.value.is_finite());
        let likely = likely.map_or(String::new(), |m| {
            format!(
                "; {}% (Monte Carlo SE {}) of it comes from effects in the middle half of the prior",
                percent(m.value, 0),
                percent(m.mcse, 0)
            )
        });
        Some(format!(
            "Assurance, the chance to show a benefit when its size is not taken for granted, is {} (Monte Carlo SE {} points). The prior, {from}, is {} of the benefit stated, standard deviation {}{likely}.",
            in_percent(assurance.value),
            fixed(100.0 * assurance.mcse, 1),
            fixed(prior.mean, 2),
            fixed(prior.sd, 2),
        ))
    }

    /// A run as people call it.
    pub fn name(&self, run: usize) -> String {
        let run = self.run(run);
        let variant = if run.variant.is_empty() { "Base case" } else { &run.variant };
        let point = sweep_label(&run.sweep, &run.trial.arms);
        match (run.variant.is_empty(), run.sweep.is_empty()) {
            (_, true) => variant.to_owned(),
            (true, false) => point,
            (false, false) => format!("{variant}, {point}"),
        }
    }

    /// The coordinates of a run of the sweep.
    pub fn coordinates(&self, run: usize) -> Vec<Coordinate> {
        let run = self.run(run);
        coordinates(&run.sweep, &run.trial.arms)
    }

    /// What the runs from `run` on sweep, if it is the first point of a sweep: a heading over its points.
    pub fn heading(&self, run: usize) -> Option<String> {
        let (here, before) = (self.run(run), run.checked_sub(1).map(|r| self.run(r)));
        let goes_on = before.is_some_and(|b| b.variant == here.variant && !b.sweep.is_empty());
        if here.sweep.is_empty() || goes_on {
            return None;
        }
        let labels: Vec<String> = self.coordinates(run).into_iter().map(|c| in_sentence(&c.label)).collect();
        let variant = if here.variant.is_empty() { "Base case".into() } else { capitalised(&here.variant) };
        Some(format!("{variant}, by {}", labels.join(" and ")))
    }

    /// A run under its heading: the values of a sweep point alone.
    pub fn short_name(&self, run: usize) -> String {
        if self.run(run).sweep.is_empty() {
            return capitalised(&self.name(run));
        }
        let values: Vec<String> = self.coordinates(run).into_iter().map(|c| c.text).collect();
        values.join("; ")
    }

    /// What a solved number gives, in words: arms by their labels.
    pub fn solved_label(&self, run: u32, solved: &Solved) -> String {
        self.claim_label(run, &solved.label)
    }

    /// What entry criteria predict, in words.
    pub fn predicted_label(&self, predicted: &Predicted) -> String {
        self.claim_label(0, &predicted.label)
    }

    fn claim_label(&self, run: u32, label: &str) -> String {
        let place = (run as usize).saturating_sub(1);
        let mut label = label.to_owned();
        for arm in &self.run(place).trial.arms {
            for before in [" in ", "from ", "to "] {
                let (name, people) = (format!("{before}{}", arm.name), in_sentence(&arm.label));
                if let Some(start) = label.strip_suffix(&name) {
                    let joined = if before == " in " { ", " } else { before };
                    label = format!("{start}{joined}{people}");
                }
                label = label.replace(&format!("{name} "), &format!("{before}{people} "));
            }
        }
        let label = capitalised(&label.replace('_', " "));
        if run > 1 { format!("{label} ({})", in_sentence(&self.name(place))) } else { label }
    }

    /// A rule as people read it: covariates by their labels, `Lactate ≥ 6`.
    pub fn rule(&self, text: &str) -> String {
        let dictionary = self.scenario.population.dictionary();
        let word = |word: &str| {
            let name = word.trim_matches(['(', ')']);
            let label = dictionary.list.iter().find(|c| c.name == name).map(|c| in_sentence(&c.label));
            match (label, name) {
                (Some(label), _) => word.replace(name, &label),
                (None, ">=") => "≥".to_owned(),
                (None, "<=") => "≤".to_owned(),
                (None, "!=") => "≠".to_owned(),
                _ => word.replace('_', " "),
            }
        };
        capitalised(&text.split_whitespace().map(word).collect::<Vec<_>>().join(" "))
    }

    /// Whether the trial takes time: not where everybody arrives at once.
    pub fn timed(&self, run: usize) -> bool {
        self.run(run).trial.accrual.candidates_per_site_day.is_finite()
    }
}

/// A measure that is a proportion, in per cent with its error: `52.1 (0.5)`.
pub fn share(measure: Option<&Measure>) -> String {
    let Some(m) = measure else { return MISSING.into() };
    match (m.mcse == 0.0, m.value) {
        // Never among the replicates: the Monte Carlo interval says how rare it may still be.
        (true, 0.0) if m.upper > 0.0 => bound("<", 100.0 * m.upper),
        (true, 1.0) if m.lower < 1.0 => bound(">", 100.0 * m.lower),
        (true, _) => fixed(100.0 * m.value, 1),
        (false, _) => with_error(100.0 * m.value, 100.0 * m.mcse, share_digits(m.value)),
    }
}

/// Decimals of a percentage at the most: what hardly ever or nearly always happens needs one more.
fn share_digits(share: f64) -> usize {
    if (0.01..=0.99).contains(&share) { 1 } else { 2 }
}

/// A bound in per cent, rounded away from what it bounds.
fn bound(sign: &str, value: f64) -> String {
    let digits = share_digits(value / 100.0);
    let unit = 10_f64.powi(digits as i32);
    let rounded = if sign == "<" { (unit * value).ceil() } else { (unit * value).floor() };
    format!("{sign}{}", fixed(rounded / unit, digits))
}

/// A mean of something counted, with its error.
pub fn mean(measure: Option<&Measure>, most: usize) -> String {
    // What is the same in every replicate needs no decimals.
    let digits = |m: &Measure| if m.mcse == 0.0 && m.value.fract() == 0.0 { 0 } else { most };
    measure.map_or(MISSING.into(), |m| with_error(m.value, m.mcse, digits(m)))
}

/// How effects of one summary measure read: ratios as ratios, differences in percentage points.
#[derive(Clone, Copy, Debug)]
pub struct Effect {
    pub summary: Summary,
}

impl Effect {
    pub fn of(estimand: &Estimand) -> Self {
        Effect { summary: estimand.method.summary }
    }

    pub fn is_ratio(self) -> bool {
        self.summary.is_ratio()
    }

    /// Whether it is a difference of risks, shown in percentage points.
    pub fn is_percent(self) -> bool {
        !self.is_ratio() && self.summary.reads() == Yields::Event
    }

    /// What the numbers are, for a heading.
    pub fn unit(self) -> &'static str {
        if self.is_percent() { "percentage points" } else { "" }
    }

    /// Factor from the analysis scale to what people read, for errors and spreads.
    pub fn factor(self) -> f64 {
        if self.is_percent() { 100.0 } else { 1.0 }
    }

    /// What errors are of, for a heading.
    pub fn error_unit(self) -> &'static str {
        match (self.is_ratio(), self.is_percent()) {
            (true, _) => "log",
            (_, true) => "points",
            _ => "",
        }
    }

    /// A value already on the scale people read.
    pub fn text(self, value: f64) -> String {
        match (self.is_ratio(), self.is_percent()) {
            (true, _) => ratio(value),
            (_, true) => signed(100.0 * value, 1),
            _ => signed(value, 2),
        }
    }

    /// A value of the model, with a decimal more than readers need, to stand beside a mean estimate.
    pub fn exact(self, measure: Option<&Measure>) -> String {
        measure.map_or(MISSING.into(), |m| match self.is_ratio() {
            true if (0.01..9.995).contains(&m.value) => fixed(m.value, 3),
            true => ratio(m.value),
            false => signed(self.factor() * m.value, if self.is_percent() { 2 } else { 3 }),
        })
    }

    /// As in running text: `0.71`, or `−14.0 points`.
    pub fn words(self, value: f64) -> String {
        if self.is_percent() { format!("{} points", self.text(value)) } else { self.text(value) }
    }

    pub fn range(self, low: f64, high: f64) -> String {
        interval(&self.text(low), &self.text(high))
    }

    /// A value with its error, which for a ratio stands on the log scale.
    pub fn with_error(self, measure: Option<&Measure>) -> String {
        measure.map_or(MISSING.into(), |m| {
            if self.is_ratio() {
                with_error(m.value, m.value * m.mcse, 3)
            } else {
                signed_with_error(self.factor() * m.value, self.factor() * m.mcse, 2)
            }
        })
    }

    /// An error or spread on the analysis scale: of a log ratio, or in percentage points.
    pub fn spread(self, measure: Option<&Measure>, signs: bool) -> String {
        let scale = self.factor();
        let most = if self.is_percent() { 2 } else { 4 };
        measure.map_or(MISSING.into(), |m| {
            let text = if signs { signed_with_error } else { with_error };
            text(scale * m.value, scale * m.mcse, most)
        })
    }

    /// A value on the analysis scale, on the scale people read.
    pub fn shown(self, value: f64) -> f64 {
        if self.is_ratio() { libm::exp(value) } else { value }
    }
}

/// A proportion in running text: `52.1%`.
pub fn in_percent(share: f64) -> String {
    format!("{}%", percent(share, 1))
}

/// One coordinate of a sweep point.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// What is swept, in words.
    pub label: String,
    /// The value as written, without the words that name it.
    pub text: String,
    /// The value, if it is a number.
    pub number: Option<f64>,
}

/// The coordinates of a sweep point: `arm.ecls.effect.death=hazard_ratio 0.8` is 0.8 on
/// “Ecls, death, hazard ratio”.
pub fn coordinates(sweep: &str, arms: &[Arm]) -> Vec<Coordinate> {
    let mut parts: Vec<(&str, String)> = Vec::new();
    for piece in sweep.split("; ").filter(|p| !p.is_empty()) {
        match piece.split_once('=') {
            // A rule such as `eligible=[lactate > 3; …]` may itself hold what joins the pairs.
            Some((path, value)) if !path.contains(' ') => parts.push((path, value.to_owned())),
            _ => {
                if let Some(last) = parts.last_mut() {
                    last.1 += "; ";
                    last.1 += piece;
                }
            }
        }
    }
    parts.iter().map(|(path, value)| coordinate(path, value, arms)).collect()
}

fn coordinate(path: &str, value: &str, arms: &[Arm]) -> Coordinate {
    let words: Vec<&str> = value.split_whitespace().collect();
    let is_number = |w: &str| w.trim_end_matches(',').replace('_', "").parse::<f64>().is_ok();
    let at = words.iter().position(|w| is_number(w)).filter(|_| !value.starts_with('['));
    let number = at.and_then(|i| words[i].trim_end_matches(',').replace('_', "").parse().ok());
    // Words before the number name its kind: `hazard_ratio 0.8`.
    let (kind, text) = match at {
        Some(i) if i <= 3 => (words[..i].to_vec(), words[i..].join(" ")),
        _ => (Vec::new(), value.to_owned()),
    };
    let skipped = ["arm", "population", "trial", "effect", "such_that", "homogeneous", "event"];
    let parts = split_path(path);
    let names: Vec<String> = parts
        .iter()
        .map(String::as_str)
        .chain(kind)
        .filter(|part| !skipped.contains(part) && part.parse::<u32>().is_err())
        .map(|part| {
            let arm = arms.iter().find(|a| a.name == *part && path.starts_with("arm."));
            arm.map_or_else(|| part.replace('_', " "), |a| a.label.clone())
        })
        .collect();
    let mut names = names;
    // How a covariate is recorded: what of the test, then of what.
    if let [first, covariate, what] = &names[..]
        && first == "recorded"
    {
        names = vec![what.clone(), covariate.clone()];
    }
    let label = if names.is_empty() { path.to_owned() } else { capitalised(&names.join(", ")) };
    Coordinate { label, text, number }
}

/// Parts of a dotted path, obeying quotes.
pub fn split_path(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            _ => parts.last_mut().expect("one part at least").push(c),
        }
    }
    parts
}

/// A sweep point in words.
pub fn sweep_label(sweep: &str, arms: &[Arm]) -> String {
    let parts: Vec<String> =
        coordinates(sweep, arms).into_iter().map(|c| format!("{} {}", c.label, c.text)).collect();
    parts.join("; ")
}

/// A level of a subgroup as people read it.
pub fn level_words(level: &str) -> String {
    let word = |word: &str| match word {
        "lv" | "rv" => word.to_uppercase(),
        _ => word.to_owned(),
    };
    capitalised(&level.split('_').map(word).collect::<Vec<_>>().join(" "))
}

/// A text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A text with its first letter in lower case, for the middle of a sentence; abbreviations keep theirs.
pub fn in_sentence(text: &str) -> String {
    let mut letters = text.chars();
    // Kaplan–Meier, VA-ECMO: a capital within the first word says that it is a name.
    let name = text.split(' ').next().is_some_and(|word| word.chars().skip(1).any(char::is_uppercase));
    match (letters.next(), text.chars().nth(1)) {
        _ if name => text.to_owned(),
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// The part of a trial's patients who are in each level of a subgroup.
pub fn shares_of_levels(trial: &Trial, subgroup: usize) -> Vec<f64> {
    let subgroup = &trial.subgroups[subgroup];
    let mut shares = vec![0.0; subgroup.levels.len()];
    for (&code, &weight) in subgroup.code.iter().zip(&trial.enrolment.probability) {
        // Those of whom it was not recorded are in no level.
        if let Some(share) = shares.get_mut(usize::from(code)) {
            *share += weight;
        }
    }
    let whole: f64 = trial.enrolment.probability.iter().sum();
    shares.iter_mut().for_each(|s| *s /= whole);
    shares
}

/// Patients expected in an arm at the full size.
pub fn patients_in(trial: &Trial, arm: u8) -> f64 {
    let whole: u32 = trial.allocation.ratio.iter().sum();
    trial.patients as f64 * f64::from(trial.allocation.ratio[usize::from(arm)]) / f64::from(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_point_is_read_back_from_its_name() {
        let arms = [Arm { name: "ecls".into(), label: "Early ECMO".into() }];
        let one =
            coordinates("arm.ecls.effect.death_from_shock=hazard_ratio 0.8; trial.patients=1_200", &arms);
        assert_eq!(one[0].label, "Early ECMO, death from shock, hazard ratio");
        assert_eq!((one[0].number, one[0].text.as_str()), (Some(0.8), "0.8"));
        assert_eq!((one[1].label.as_str(), one[1].number), ("Patients", Some(1200.0)));
        let such = coordinates("arm.pump.effect.death=such_that risk 0.35, of death_30d", &arms);
        assert_eq!((such[0].label.as_str(), such[0].number), ("Pump, death, risk", Some(0.35)));
        let rule = coordinates("population.eligible=[lactate > 3; not comatose]", &arms);
        assert_eq!((rule.len(), rule[0].text.as_str()), (1, "[lactate > 3; not comatose]"));
    }

    #[test]
    fn what_never_happened_is_bounded_by_the_replicates() {
        let never = Measure { value: 0.0, mcse: 0.0, lower: 0.0, upper: 0.000_96, ..blank() };
        assert_eq!(share(Some(&never)), "<0.10");
        let impossible = Measure { upper: 0.0, ..never };
        assert_eq!(share(Some(&impossible)), "0.0");
        assert_eq!(share(None), MISSING);
    }

    fn blank() -> Measure {
        Measure {
            run: 1,
            estimand: String::new(),
            population: String::new(),
            level: String::new(),
            look: None,
            arm: String::new(),
            measure: "power",
            value: 0.5,
            mcse: 0.005,
            lower: 0.49,
            upper: 0.51,
            replicates: 10_000,
            failed: 0,
            method: "",
        }
    }

    #[test]
    fn abbreviations_keep_their_capitals() {
        assert_eq!(in_sentence("Early VA-ECMO"), "early VA-ECMO");
        assert_eq!(in_sentence("VA-ECMO"), "VA-ECMO");
        assert_eq!(in_sentence("Kaplan–Meier difference"), "Kaplan–Meier difference");
    }
}
