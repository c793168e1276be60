//! Designs with several arms, populations or end points, with every rule on their numbers.

use super::Builder;
use crate::{
    analysis::{comparison::Summary, subgroup::Subgroup},
    error::Finding,
    scenario::{
        document::suggestion,
        family_text::{
            AlphaSplitText, ArmBoundaryText, BayesianArmsText, ClosedTestText, ControlsText,
            DropTheLoserText, EnrichmentText, FactorialText, GraphicalText, HierarchicalText,
            IntersectionText, LastTestText, MultiStageText, PlatformText, ResponseAdaptiveText,
        },
        text::RecruitmentText,
    },
    statistics::{ArmBounds, BetaRisk, Graph, MOST_ARM_LOOKS, select_best_critical},
    trial::{
        accrual::Enrolment,
        design::{
            BayesianArms, ClosedTest, Design, DropTheLoser, Enrichment, Factorial, Graphical, Hypothesis,
            MultiStage, Platform, Recruitment, ResponseAdaptive,
            drop_the_loser::LastTest,
            family::{Intersection, MOST_HYPOTHESES},
            platform::{Clock, Controls},
            rule::Rule,
        },
        estimand::Estimand,
        record::Slice,
    },
    units::Days,
};

/// What a design may speak of.
#[derive(Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub estimands: &'a [Estimand],
    pub subgroups: &'a [Subgroup],
    /// Weight of each arm in allocation.
    pub ratio: &'a [u32],
}

/// When recruitment goes on during a look, and how long a look takes.
fn pace(recruitment: Option<RecruitmentText>, lag: Option<Days>) -> (Recruitment, f64) {
    let recruitment = match recruitment {
        Some(RecruitmentText::GoesOn) => Recruitment::GoesOn,
        Some(RecruitmentText::Waits) | None => Recruitment::Waits,
    };
    (recruitment, lag.map_or(0.0, |lag| lag.0))
}

impl Builder<'_> {
    pub(super) fn closed_test(&mut self, text: &ClosedTestText, spoken: Spoken) -> Design {
        let path = "trial.design.closed_test";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let key = format!("{path}.hypotheses");
        let hypotheses = self.hypotheses(&key, &text.hypotheses, spoken, 2);
        let intersection = self.intersection(path, text.intersection, &key, &hypotheses, spoken);
        Design::ClosedTest(ClosedTest::new(level, hypotheses, intersection))
    }

    pub(super) fn graphical(&mut self, text: &GraphicalText, spoken: Spoken) -> Design {
        let path = "trial.design.graphical";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let names: Vec<String> = text.hypothesis.names().into_iter().map(str::to_owned).collect();
        let key = format!("{path}.hypothesis");
        let hypotheses = self.hypotheses_by_key(&key, &names, spoken);
        let mut passes = vec![vec![0.0; names.len()]; names.len()];
        let mut weights = Vec::new();
        for (i, (name, hypothesis)) in text.hypothesis.0.iter().enumerate() {
            let key = format!("{key}.\"{name}\"");
            weights.push(self.probability(&format!("{key}.weight"), hypothesis.weight));
            for (to, share) in &hypothesis.passes.0 {
                let key = format!("{key}.passes.\"{to}\"");
                let share = self.probability(&key, *share);
                match names.iter().position(|n| n == to) {
                    Some(j) if j != i => passes[i][j] = share,
                    Some(_) => self.wrong(&key, "a hypothesis cannot pass its level to itself"),
                    None => {
                        let known: Vec<&str> = names.iter().map(String::as_str).collect();
                        let hint = suggestion(to, &known);
                        self.wrong(&key, format!("there is no hypothesis “{to}” in the graph{hint}"));
                    }
                }
            }
            self.at_most_the_whole(&format!("{key}.passes"), &passes[i], "passes on");
        }
        self.at_most_the_whole(&key, &weights, "spends");
        Design::Graphical(Graphical { level, hypotheses, graph: Graph { weights, passes } })
    }

    pub(super) fn hierarchical(&mut self, text: &HierarchicalText, spoken: Spoken) -> Design {
        let path = "trial.design.hierarchical";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let hypotheses = self.hypotheses(&format!("{path}.order"), &text.order, spoken, 2);
        let graph = Graph::fixed_sequence(hypotheses.len());
        Design::Graphical(Graphical { level, hypotheses, graph })
    }

    pub(super) fn alpha_split(&mut self, text: &AlphaSplitText, spoken: Spoken) -> Design {
        let path = "trial.design.alpha_split";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let names: Vec<String> = text.shares.names().into_iter().map(str::to_owned).collect();
        let key = format!("{path}.shares");
        let hypotheses = self.hypotheses_by_key(&key, &names, spoken);
        let mut weights = Vec::new();
        for (name, share) in &text.shares.0 {
            weights.push(self.probability(&format!("{key}.\"{name}\""), *share));
        }
        self.at_most_the_whole(&key, &weights, "spends");
        let n = weights.len();
        let graph = if text.pass_on && n > 1 {
            Graph::even(weights)
        } else {
            Graph { weights, passes: vec![vec![0.0; n]; n] }
        };
        Design::Graphical(Graphical { level, hypotheses, graph })
    }

    pub(super) fn factorial(&mut self, text: &FactorialText, spoken: Spoken) -> Design {
        let path = "trial.design.factorial";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let key = format!("{path}.factors");
        let factors = self.hypotheses(&key, &text.factors, spoken, 2);
        for (i, h) in factors.iter().enumerate() {
            if spoken.estimands[h.estimand].with.iter().any(Vec::is_empty) {
                let message = "a factor compares all arms with it and all arms without it; write compare = { treatment = [\"a\", \"both\"], control = [\"control\", \"b\"] }";
                self.wrong(&format!("{key}.{i}"), message);
            }
        }
        let interaction = text.interaction.as_ref().and_then(|name| {
            let key = format!("{path}.interaction");
            let place = self.estimand_named(&key, name, spoken)?;
            if spoken.estimands[place].minus.is_none() {
                let message = format!(
                    "“{name}” subtracts no other comparison; give it minus = {{ treatment = …, control = … }}"
                );
                self.wrong(&key, message);
            }
            Some(place)
        });
        Design::Factorial(Factorial { level, factors, interaction })
    }

    pub(super) fn multi_stage(&mut self, text: &MultiStageText, spoken: Spoken) -> Design {
        let path = "trial.design.multi_arm_multi_stage";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let key = format!("{path}.arms");
        let hypotheses = self.hypotheses(&key, &text.arms, spoken, 2);
        let correlation = self.shared_control(&key, &hypotheses, spoken);
        let looks = self.shares_of_looks(&format!("{path}.looks"), &text.looks);
        if looks.len() > MOST_ARM_LOOKS {
            let message = format!("bounds for several arms are computed for up to {MOST_ARM_LOOKS} looks");
            self.wrong(&format!("{path}.looks"), message);
        }
        let drop_below = if text.drop_below.is_empty() {
            vec![f64::NEG_INFINITY; looks.len() - 1]
        } else {
            text.drop_below.clone()
        };
        if drop_below.len() + 1 != looks.len() {
            let message = format!(
                "{} bounds for {} looks; write one for each look before the last",
                drop_below.len(),
                looks.len()
            );
            self.wrong(&format!("{path}.drop_below"), message);
        }
        let delta = match text.boundary {
            ArmBoundaryText::OBrienFleming => 0.0,
            ArmBoundaryText::Pocock => 0.5,
            ArmBoundaryText::WangTsiatis(delta) => delta,
        };
        let bounds =
            ArmBounds { arms: hypotheses.len(), correlation, information: &looks, drop_below: &drop_below };
        let upper = if self.findings.is_empty() { bounds.solve(level, delta).ok() } else { None };
        let upper = upper.unwrap_or_else(|| {
            if self.findings.is_empty() {
                self.wrong(&format!("{path}.boundary"), "no bounds of this shape hold the level");
            }
            vec![f64::INFINITY; looks.len()]
        });
        let (recruitment, lag) = pace(text.recruitment, text.lag);
        let stop_at_first_claim = text.stop_at_first_claim;
        Design::MultiStage(MultiStage {
            level,
            hypotheses,
            looks,
            upper,
            drop_below,
            recruitment,
            lag,
            stop_at_first_claim,
        })
    }

    pub(super) fn drop_the_loser(&mut self, text: &DropTheLoserText, spoken: Spoken) -> Design {
        let path = "trial.design.drop_the_loser";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let key = format!("{path}.arms");
        let hypotheses = self.hypotheses(&key, &text.arms, spoken, 2);
        let correlation = self.shared_control(&key, &hypotheses, spoken);
        let first_stage = self.stage_share(&format!("{path}.first_stage"), text.first_stage);
        let keep = text.keep as usize;
        if keep == 0 || keep >= hypotheses.len() {
            let message = format!("of {} arms, 1 to {} can go on", hypotheses.len(), hypotheses.len() - 1);
            self.wrong(&format!("{path}.keep"), message);
        }
        let patients = self.text.trial.patients as usize;
        let weight = {
            let whole: u32 = spoken.ratio.iter().sum::<u32>().max(1);
            let first = DropTheLoser::first(patients, first_stage, whole);
            let arm = hypotheses.first().map_or(1, |h| usize::from(spoken.estimands[h.estimand].treatment));
            let control = hypotheses.first().map_or(0, |h| usize::from(spoken.estimands[h.estimand].control));
            let left = spoken.ratio[arm] * text.keep.min(7) + spoken.ratio[control];
            let second = patients.saturating_sub(first) as f64 / f64::from(left.max(1));
            let first = first as f64 / f64::from(whole);
            first / (first + second)
        };
        let test = match text.test {
            LastTestText::Combination => {
                let kind = text.intersection.unwrap_or(IntersectionText::Dunnett);
                LastTest::Combination(self.intersection(path, kind, &key, &hypotheses, spoken))
            }
            LastTestText::AllPatients => {
                if keep > 1 {
                    let message = "the critical value of all patients is known for one arm that goes on; write keep = 1 or test = \"combination\"";
                    self.wrong(&format!("{path}.test"), message);
                }
                if text.intersection.is_some() {
                    let message = "sets of arms are tested in the combination only";
                    self.wrong(&format!("{path}.intersection"), message);
                }
                let critical = select_best_critical(level, hypotheses.len(), correlation, weight);
                LastTest::AllPatients(critical.unwrap_or(f64::INFINITY))
            }
        };
        let (recruitment, lag) = pace(text.recruitment, text.lag);
        let stop_below = text.stop_below.unwrap_or(f64::NEG_INFINITY);
        Design::DropTheLoser(DropTheLoser {
            level,
            hypotheses,
            first_stage,
            keep,
            stop_below,
            test,
            weight,
            recruitment,
            lag,
        })
    }

    pub(super) fn response_adaptive(&mut self, text: &ResponseAdaptiveText, spoken: Spoken) -> Design {
        let path = "trial.design.response_adaptive";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let key = format!("{path}.hypotheses");
        let first = vec![spoken.estimands[0].name.clone()];
        let hypotheses = self.hypotheses(&key, text.hypotheses.as_ref().unwrap_or(&first), spoken, 1);
        let intersection = match text.intersection {
            None if hypotheses.len() > 1 => {
                let message =
                    "several hypotheses need the test of a set of them; add intersection = \"bonferroni\"";
                self.wrong(&key, message);
                Intersection::Bonferroni
            }
            None => Intersection::Bonferroni,
            Some(IntersectionText::Dunnett) => {
                let message = "Dunnett's test takes arms of a fixed size; write \"bonferroni\" or \"simes\"";
                self.wrong(&format!("{path}.intersection"), message);
                Intersection::Bonferroni
            }
            Some(kind) => self.intersection(path, kind, &key, &hypotheses, spoken),
        };
        if !self.text.trial.allocation.blocks.is_empty() {
            let message = "blocks keep a ratio that this design changes; leave blocks out";
            self.wrong("trial.allocation.blocks", message);
        }
        if text.burn_in == 0 || text.burn_in >= self.text.trial.patients {
            let message = format!("the burn-in lies between 1 and {} patients", self.text.trial.patients);
            self.wrong(&format!("{path}.burn_in"), message);
        }
        if text.every == 0 {
            self.wrong(&format!("{path}.every"), "the ratio changes after at least one patient");
        }
        if !(0.0..=10.0).contains(&text.power) {
            self.wrong(&format!("{path}.power"), "write a power between 0 (even arms) and 10");
        }
        let fixed = self.kept_share(path, text, spoken);
        let open = spoken.ratio.iter().filter(|&&r| r > 0).count();
        let free = (open - usize::from(fixed.is_some()).min(open)) as f64;
        let left = 1.0 - fixed.map_or(0.0, |(_, share)| share);
        let [least, most] = text.limits;
        let in_order = (0.0..=most).contains(&least) && most <= 1.0;
        if !in_order || least * free > left || most * free < left {
            let message = format!("{free} arms cannot share {left} within these limits");
            self.wrong(&format!("{path}.limits"), message);
        }
        self.risks_only(path, spoken);
        let (recruitment, lag) = pace(text.recruitment, text.lag);
        Design::ResponseAdaptive(ResponseAdaptive {
            test: ClosedTest::new(level, hypotheses, intersection),
            prior: self.prior(&format!("{path}.prior"), text.prior),
            patients: self.text.trial.patients as usize,
            burn_in: text.burn_in.max(1) as usize,
            every: text.every.max(1) as usize,
            power: text.power,
            limits: text.limits,
            fixed,
            recruitment,
            lag,
        })
    }

    /// The arm of a response-adaptive trial that keeps its share.
    fn kept_share(
        &mut self,
        path: &str,
        text: &ResponseAdaptiveText,
        spoken: Spoken,
    ) -> Option<(usize, f64)> {
        let (name, share) = text.fixed.0.first()?;
        let key = format!("{path}.fixed.{name}");
        if text.fixed.0.len() > 1 {
            self.wrong(&format!("{path}.fixed"), "one arm can keep its share");
        }
        let arm = self.arm(&key, name);
        if !(*share > 0.0 && *share < 1.0) || spoken.ratio[arm] == 0 {
            self.wrong(&key, "an open arm keeps a share between 0 and 1");
        }
        Some((arm, *share))
    }

    pub(super) fn platform(&mut self, text: &PlatformText, spoken: Spoken) -> Design {
        let path = "trial.design.platform";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let key = format!("{path}.arms");
        let hypotheses = self.hypotheses(&key, &text.arms, spoken, 1);
        self.one_control(&key, &hypotheses, spoken);
        let patients = self.text.trial.patients as usize;
        let mut open = vec![0.0..f64::INFINITY; spoken.ratio.len()];
        let control = hypotheses.first().map(|h| spoken.estimands[h.estimand].control);
        let dated = !text.open_between.0.is_empty();
        if dated && !text.open.0.is_empty() {
            self.wrong(path, "arms are open by patients (open) or by the calendar (open_between), not both");
        }
        if dated && self.text.trial.sites.is_none() {
            let message = "dates need calendar time; say where patients come from in trial.sites";
            self.wrong(&format!("{path}.open_between"), message);
        }
        for (name, times) in &text.open_between.0 {
            let key = format!("{path}.open_between.{name}");
            let arm = self.arm(&key, name);
            let range = match times[..] {
                [from] => from.0..f64::INFINITY,
                [from, to] if from.0 < to.0 => from.0..to.0,
                _ => {
                    self.wrong(&key, "an arm opens on a day and may close on a later one, as in [\"12 months\"] or [\"12 months\", \"30 months\"]");
                    continue;
                }
            };
            if control == Some(arm as u8) {
                self.wrong(&key, "the control is open throughout, or arms have nobody to be compared with");
                continue;
            }
            open[arm] = range;
        }
        for (name, [from, to]) in &text.open.0 {
            let key = format!("{path}.open.{name}");
            let arm = self.arm(&key, name);
            if from >= to || *to as usize > patients {
                let message = format!("an arm is open from one patient to a later one, of {patients}");
                self.wrong(&key, message);
                continue;
            }
            if control == Some(arm as u8) {
                self.wrong(&key, "the control is open throughout, or arms have nobody to be compared with");
                continue;
            }
            open[arm] =
                f64::from(*from)..if *to as usize == patients { f64::INFINITY } else { f64::from(*to) };
        }
        let controls = match text.controls {
            ControlsText::Concurrent => Controls::Concurrent,
            ControlsText::Pooled => Controls::Pooled,
        };
        let (clock, end) =
            if dated { (Clock::Days, f64::INFINITY) } else { (Clock::Patients, patients as f64) };
        let design = Platform::new(level, hypotheses, controls, clock, open, end);
        let in_one_way = text.open.0.is_empty() || !dated;
        for at in std::iter::once(0.0).chain(design.changes().iter().copied()).filter(|_| in_one_way) {
            let mut arms =
                (0..spoken.ratio.len()).filter(|&a| spoken.ratio[a] > 0 && Some(a as u8) != control);
            if !arms.any(|arm| design.open[arm].contains(&at)) {
                let (when, key) = match clock {
                    Clock::Patients => (format!("{at} patients"), "open"),
                    Clock::Days => (Days(at).to_string(), "open_between"),
                };
                let message = format!("after {when} no arm but the control is open");
                self.wrong(&format!("{path}.{key}"), message);
            }
        }
        Design::Platform(design)
    }

    pub(super) fn bayesian_arms(&mut self, text: &BayesianArmsText, spoken: Spoken) -> Design {
        let path = "trial.design.bayesian_arms";
        let looks = self.shares_of_looks(&format!("{path}.looks"), &text.looks);
        if !(text.superior_above > 0.5 && text.superior_above < 1.0) {
            let message = "one arm is superior above a chance between 0.5 and 1";
            self.wrong(&format!("{path}.superior_above"), message);
        }
        if !(0.0..0.5).contains(&text.drop_below) {
            let message = "an arm is closed below a chance from 0 (never) to 0.5";
            self.wrong(&format!("{path}.drop_below"), message);
        }
        self.risks_only(path, spoken);
        let endpoint = spoken.estimands[0].endpoint;
        for arm in (0..spoken.ratio.len()).filter(|&a| spoken.ratio[a] > 0) {
            let arm = arm as u8;
            let known = |e: &&Estimand| e.endpoint == endpoint && (e.treatment == arm || e.control == arm);
            if !spoken.estimands.iter().any(|e| known(&e)) {
                let name = &self.text.arm.0[usize::from(arm)].0;
                let message = format!("no estimand on the primary end point has the arm “{name}”");
                self.wrong(path, message);
            }
        }
        let hypotheses = (0..spoken.estimands.len())
            .filter(|&e| spoken.estimands[e].endpoint == endpoint && !spoken.estimands[e].name.contains('.'))
            .map(|estimand| Hypothesis { estimand, slice: Slice::All })
            .collect();
        let (recruitment, lag) = pace(text.recruitment, text.lag);
        Design::BayesianArms(BayesianArms {
            prior: self.prior(&format!("{path}.prior"), text.prior),
            hypotheses,
            looks,
            superior_above: text.superior_above,
            drop_below: text.drop_below,
            recruitment,
            lag,
        })
    }

    pub(super) fn enrichment(&mut self, text: &EnrichmentText, spoken: Spoken) -> Design {
        let path = "trial.design.enrichment";
        let level = self.alpha(&format!("{path}.alpha"), &text.alpha);
        let first_stage = self.stage_share(&format!("{path}.first_stage"), text.first_stage);
        let all = Hypothesis { estimand: 0, slice: Slice::All };
        let part = self.slice(&format!("{path}.population"), &text.population, 0, spoken);
        let part = Hypothesis { estimand: 0, slice: part.unwrap_or(Slice::All) };
        let names = ["all", text.population.as_str()];
        let stop = text.stop.as_ref().and_then(|stop| self.over(&format!("{path}.stop"), stop, &names));
        let enrich = self.over(&format!("{path}.enrich"), &text.enrich, &names);
        let intersection = match text.intersection {
            IntersectionText::Bonferroni => Intersection::Bonferroni,
            IntersectionText::Simes => Intersection::Simes,
            IntersectionText::SpiessensDebois => Intersection::PartAndWhole,
            IntersectionText::Dunnett => {
                let message =
                    "Dunnett's test is for arms against one control; write \"simes\" or \"spiessens_debois\"";
                self.wrong(&format!("{path}.intersection"), message);
                Intersection::Simes
            }
        };
        let (recruitment, lag) = pace(text.recruitment, text.lag);
        let never = Rule::parse("z(all) > 0 and z(all) < 0", &names).expect("a rule");
        Design::Enrichment(Box::new(Enrichment {
            level,
            hypotheses: [all, part],
            first_stage,
            stop,
            enrich: enrich.unwrap_or(never),
            intersection,
            recruitment,
            lag,
        }))
    }

    /// The enrolments a design may change to.
    pub(super) fn narrower(
        &mut self,
        design: &Design,
        enrolment: &Enrolment,
        subgroups: &[Subgroup],
    ) -> Vec<Enrolment> {
        let Design::Enrichment(design) = design else { return Vec::new() };
        let (subgroup, level) = design.part();
        let Some(subgroup) = subgroups.get(subgroup) else { return Vec::new() };
        let probability: Vec<f64> = enrolment
            .probability
            .iter()
            .zip(&subgroup.code)
            .map(|(&p, &code)| if usize::from(code) == level { p } else { 0.0 })
            .collect();
        if probability.iter().all(|&p| p == 0.0) {
            let message = "none of the trial's patients belongs to this part";
            self.wrong("trial.design.enrichment.population", message);
        }
        vec![Enrolment { probability }]
    }

    fn over(&mut self, path: &str, text: &str, names: &[&str]) -> Option<Rule> {
        match Rule::parse(text, names) {
            Ok(rule) => Some(rule),
            Err(why) => {
                let mut span = self.document.span_of(path);
                // The text starts after its opening quote; point at the word that is wrong.
                if !span.is_empty() && span.len() >= why.offset + 2 {
                    let start = span.start + 1 + why.offset;
                    span = start..(start + why.length).min(span.end);
                    self.findings.push(Finding::new(why.message).at(&self.document.source, span));
                } else {
                    self.wrong(path, why.message);
                }
                None
            }
        }
    }

    fn estimand_named(&mut self, path: &str, name: &str, spoken: Spoken) -> Option<usize> {
        let place = spoken.estimands.iter().position(|e| e.name == name);
        if place.is_none() {
            let names: Vec<&str> = spoken.estimands.iter().map(|e| e.name.as_str()).collect();
            self.wrong(path, format!("there is no estimand “{name}”{}", suggestion(name, &names)));
        }
        place
    }

    /// A level of a subgroup of an estimand: `SUBGROUP` for its “yes”, or `SUBGROUP = LEVEL`.
    fn slice(&mut self, path: &str, name: &str, estimand: usize, spoken: Spoken) -> Option<Slice> {
        let estimand = &spoken.estimands[estimand];
        let mut known = Vec::new();
        for &s in &estimand.subgroups {
            let subgroup = &spoken.subgroups[s];
            for (level, word) in subgroup.levels.iter().enumerate() {
                let written =
                    if word == "yes" { subgroup.name.clone() } else { format!("{} = {word}", subgroup.name) };
                if written == name {
                    return Some(Slice::Level(s as u8, level as u8));
                }
                known.push(written);
            }
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = if known.is_empty() {
            format!("; add subgroups = [\"{name}\"] to the estimand “{}”", estimand.name)
        } else {
            suggestion(name, &known)
        };
        self.wrong(path, format!("“{name}” is no subgroup of the estimand “{}”{hint}", estimand.name));
        None
    }

    fn hypothesis(&mut self, path: &str, text: &str, spoken: Spoken) -> Option<Hypothesis> {
        let (estimand, part) = text.split_once(" in ").map_or((text, None), |(e, part)| (e, Some(part)));
        let estimand = self.estimand_named(path, estimand.trim(), spoken)?;
        let slice = match part {
            None => Slice::All,
            Some(part) => self.slice(path, part.trim(), estimand, spoken)?,
        };
        Some(Hypothesis { estimand, slice })
    }

    /// A list of hypotheses, at least `least` and all different.
    fn hypotheses(&mut self, path: &str, texts: &[String], spoken: Spoken, least: usize) -> Vec<Hypothesis> {
        let at = |i: usize| format!("{path}.{i}");
        self.several(path, texts, spoken, least, at)
    }

    /// The same where they are the keys of a table.
    fn hypotheses_by_key(&mut self, path: &str, texts: &[String], spoken: Spoken) -> Vec<Hypothesis> {
        let at = |i: usize| format!("{path}.\"{}\"", texts[i]);
        self.several(path, texts, spoken, 2, at)
    }

    fn several(
        &mut self,
        path: &str,
        texts: &[String],
        spoken: Spoken,
        least: usize,
        at: impl Fn(usize) -> String,
    ) -> Vec<Hypothesis> {
        if texts.len() < least || texts.len() > MOST_HYPOTHESES {
            let message = format!("{} hypotheses; write {least} to {MOST_HYPOTHESES}", texts.len());
            self.wrong(path, message);
        }
        let mut list: Vec<Hypothesis> = Vec::new();
        for (i, text) in texts.iter().enumerate() {
            let found = self.hypothesis(&at(i), text, spoken);
            if let Some(h) = found {
                if list.contains(&h) {
                    self.wrong(&at(i), format!("“{text}” stands here twice"));
                }
                list.push(h);
            } else {
                list.push(Hypothesis { estimand: 0, slice: Slice::All });
            }
        }
        list.truncate(MOST_HYPOTHESES);
        list
    }

    fn intersection(
        &mut self,
        path: &str,
        kind: IntersectionText,
        key: &str,
        hypotheses: &[Hypothesis],
        spoken: Spoken,
    ) -> Intersection {
        match kind {
            IntersectionText::Bonferroni => Intersection::Bonferroni,
            IntersectionText::Simes => Intersection::Simes,
            IntersectionText::Dunnett => Intersection::Dunnett(self.shared_control(key, hypotheses, spoken)),
            IntersectionText::SpiessensDebois => {
                let message = "this test is for everybody and a part of them, in an enrichment design";
                self.wrong(&format!("{path}.intersection"), message);
                Intersection::Bonferroni
            }
        }
    }

    /// The correlation of any two arms against one control, which have to be of one size.
    fn shared_control(&mut self, path: &str, hypotheses: &[Hypothesis], spoken: Spoken) -> f64 {
        self.one_control(path, hypotheses, spoken);
        let Some(first) = hypotheses.first() else { return 0.5 };
        let estimand = |h: &Hypothesis| &spoken.estimands[h.estimand];
        let weight = |arm: u8| spoken.ratio[usize::from(arm)];
        let arm = weight(estimand(first).treatment);
        if hypotheses.iter().any(|h| weight(estimand(h).treatment) != arm) {
            self.wrong(
                path,
                "arms tested together by their correlation have the same share in trial.allocation.ratio",
            );
        }
        f64::from(arm) / f64::from((arm + weight(estimand(first).control)).max(1))
    }

    /// Hypotheses that compare different arms with one control, on one end point, in everybody.
    fn one_control(&mut self, path: &str, hypotheses: &[Hypothesis], spoken: Spoken) {
        let Some(first) = hypotheses.first() else { return };
        let estimand = |h: &Hypothesis| &spoken.estimands[h.estimand];
        for (i, h) in hypotheses.iter().enumerate() {
            let (one, other) = (estimand(first), estimand(h));
            let repeated = hypotheses[..i].iter().any(|b| estimand(b).treatment == other.treatment);
            let plain =
                other.minus.is_none() && other.with.iter().all(Vec::is_empty) && h.slice == Slice::All;
            if repeated || !plain || (one.control, one.endpoint) != (other.control, other.endpoint) {
                let message = "each of these estimands compares another arm with the same control, on the same end point, in everybody";
                self.wrong(&format!("{path}.{i}"), message);
            }
        }
    }

    /// Looks as rising shares of the patients, up to 1.
    fn shares_of_looks(&mut self, path: &str, looks: &[f64]) -> Vec<f64> {
        let rising = looks.windows(2).all(|w| w[0] < w[1]) && looks.first().is_some_and(|&t| t > 0.0);
        if rising && looks.last() == Some(&1.0) {
            return looks.to_vec();
        }
        let message = match looks.iter().position(|&t| t > 1.0) {
            Some(i) => format!("a look at {} of the patients is beyond the last; looks rise to 1", looks[i]),
            None => "looks are shares of the patients that rise to 1, such as [0.5, 1]".to_owned(),
        };
        self.wrong(path, message);
        vec![1.0]
    }

    fn stage_share(&mut self, path: &str, share: f64) -> f64 {
        if share > 0.0 && share < 1.0 {
            return share;
        }
        self.wrong(path, "the first stage is a share between 0 and 1");
        0.5
    }

    fn prior(&mut self, path: &str, [a, b]: [f64; 2]) -> BetaRisk {
        if a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() {
            return BetaRisk { a, b };
        }
        self.wrong(path, "a beta prior has two numbers above 0, such as [1, 1]");
        BetaRisk::UNIFORM
    }

    /// Rules on posterior risks count patients with and without the primary end point.
    fn risks_only(&mut self, path: &str, spoken: Spoken) {
        let first = &spoken.estimands[0];
        let summary = first.method.summary;
        if matches!(summary, Summary::HazardRatio | Summary::KaplanMeierDifference) {
            let message = "this design counts risks; give the first estimand the summary risk_ratio, risk_difference or odds_ratio";
            self.wrong(path, message);
        }
    }

    fn at_most_the_whole(&mut self, path: &str, shares: &[f64], what: &str) {
        let total: f64 = shares.iter().sum();
        if total > 1.0 + 1e-9 {
            let total = (total * 1e6).round() / 1e6;
            self.wrong(path, format!("this {what} {total} of the level; the shares can add up to 1"));
        }
    }
}
