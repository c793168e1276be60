//! Group sequential designs as written.

use super::Builder;
use crate::{
    scenario::text::{
        AlphaText, AssumingText, BoundaryText, FutilityText, GroupSequentialText, HarmText, SpendByText,
        SpendingText, WhenText,
    },
    statistics::{Boundary, Paths, Sides, Spending, boundary_for_spent},
    trial::{
        design::{
            Design, GroupSequential,
            boundaries::{FutilityPlan, Plan},
            group_sequential::{Futility, Information, Looks, Rule},
        },
        estimand::{AfterStopping, Estimand},
    },
    units::DAYS_PER_MONTH,
};

/// Where the design stands in a scenario.
const PATH: &str = "trial.design.group_sequential";
/// The most looks; more than any trial makes, few enough for the recursion.
const MOST_LOOKS: usize = 50;

fn at(key: &str) -> String {
    format!("{PATH}.{key}")
}

impl Builder<'_> {
    /// The design; estimates that allow for stopping are added to `estimands`.
    pub(super) fn group_sequential(
        &mut self,
        text: &GroupSequentialText,
        estimands: &mut Vec<Estimand>,
    ) -> Design {
        let level = self.alpha(&at("alpha"), &text.alpha);
        let sides = if matches!(text.alpha, AlphaText::TwoSided(_)) { Sides::Two } else { Sides::One };
        let (looks, information) = self.looks(text);
        let timed = estimands.first().is_some_and(|primary| primary.method.summary.needs_times());
        let counted = self.counted(text, &looks, timed);
        let known = matches!(looks, Looks::FollowedUp | Looks::Events(_));
        let (rule, stated) = self.bounds_rule(text, information.len(), level, known);
        let futility = self.futility(text.futility.as_ref(), information.len(), &rule, known);
        let binding = text.futility.as_ref().is_some_and(|futility| futility.binding);
        if binding && sides == Sides::Two {
            self.wrong(
                &at("futility.binding"),
                "binding futility bounds buy power in one direction only; write alpha = { one_sided = … } or binding = false",
            );
        }
        let recruitment = self.going_on(&at("recruitment"), text.recruitment);
        let harm = self.harm(text.harm.as_ref(), &information, sides);
        let mut design = GroupSequential {
            looks,
            counted,
            spend_by_time: text.spend_by == SpendByText::Time,
            level,
            sides,
            upper: vec![f64::INFINITY; information.len()],
            futility: Futility::Never,
            binding,
            harm,
            recruitment,
            lag: text.lag.map_or(0.0, |lag| lag.0),
            paths: None,
            information,
            rule,
        };
        if self.findings.is_empty() {
            let plan = Plan {
                information: design.information.clone(),
                rule: design.rule.clone(),
                stated,
                level,
                sides,
                futility,
                binding,
            };
            match plan.solve() {
                Ok((upper, futility)) => (design.upper, design.futility) = (upper, futility),
                Err(_) => self.wrong(
                    PATH,
                    "no bounds satisfy this; looks too close together, or futility bounds above those for benefit",
                ),
            }
            self.crossed(&design);
        }
        if text.estimates {
            self.estimates(&mut design, estimands);
        }
        Design::GroupSequential(Box::new(design))
    }

    /// When the looks are, and the information planned for each.
    fn looks(&mut self, text: &GroupSequentialText) -> (Looks, Vec<f64>) {
        let shares = |builder: &mut Self| -> Vec<f64> {
            let Some(list) = &text.looks else {
                builder.wrong(
                    PATH,
                    "say when the looks are: looks = [0.5, 1.0], or events = […], or months = […]",
                );
                return vec![1.0];
            };
            builder.shares(&at("looks"), list)
        };
        if let Some(events) = &text.events {
            if text.looks.is_some() || text.months.is_some() {
                self.wrong(&at("events"), "looks at numbers of events need neither looks nor months");
            }
            if events.is_empty()
                || events.len() > MOST_LOOKS
                || events[0] == 0
                || !events.windows(2).all(|w| w[0] < w[1])
            {
                self.wrong(
                    &at("events"),
                    "numbers of events rise from look to look; write events = [84, 168, 252]",
                );
                return (Looks::Events(vec![1]), vec![1.0]);
            }
            let last = f64::from(events[events.len() - 1]);
            if last > f64::from(self.text.trial.patients) {
                let message = format!(
                    "{last} events are more than the trial's {} patients can have",
                    self.text.trial.patients
                );
                self.wrong(&at(&format!("events.{}", events.len() - 1)), message);
            }
            let information = events.iter().map(|&e| f64::from(e) / last).collect();
            return (Looks::Events(events.clone()), information);
        }
        if let Some(months) = &text.months {
            let information = shares(self);
            if self.text.trial.sites.is_none() {
                self.wrong(
                    &at("months"),
                    "calendar looks need a calendar: state trial.sites, how many there are and how fast they enrol",
                );
            }
            let rising = months.windows(2).all(|w| w[0] < w[1]) && months.first().is_some_and(|&m| m > 0.0);
            if !rising || months.len() != information.len() {
                self.wrong(
                    &at("months"),
                    "months rise from look to look, one for each share of information expected in looks",
                );
            }
            return (Looks::Days(months.iter().map(|m| m * DAYS_PER_MONTH).collect()), information);
        }
        let information = shares(self);
        let looks = match text.when {
            WhenText::FollowedUp => Looks::FollowedUp,
            WhenText::Enrolled => {
                if self.text.trial.sites.is_none() {
                    self.wrong(
                        &at("when"),
                        "without trial.sites everybody arrives at once and nothing is known then; state trial.sites or leave this out",
                    );
                }
                Looks::Enrolled
            }
        };
        (looks, information)
    }

    /// Shares of the information at the looks.
    pub(super) fn shares(&mut self, path: &str, list: &[f64]) -> Vec<f64> {
        if list.len() > MOST_LOOKS {
            self.wrong(path, format!("{} looks are more than the {MOST_LOOKS} possible", list.len()));
            return vec![1.0];
        }
        let before = self.findings.len();
        for (i, &share) in list.iter().enumerate() {
            let path = format!("{path}.{i}");
            if share > 1.0 {
                self.wrong(&path, format!("a look at {share} is beyond the last, which is at 1"));
            } else if share <= 0.0 || share.is_nan() {
                self.wrong(&path, format!("a look at {share} has no data; shares are above 0"));
            } else if i > 0 && share <= list[i - 1] {
                self.wrong(&path, format!("the look at {share} is not after the one at {}", list[i - 1]));
            }
        }
        if self.findings.len() == before && list.last() != Some(&1.0) {
            self.wrong(path, "the last look is at the end; write 1 as the last share");
        }
        if self.findings.len() == before { list.to_vec() } else { vec![1.0] }
    }

    /// What realised information is counted in.
    fn counted(&mut self, text: &GroupSequentialText, looks: &Looks, timed: bool) -> Information {
        let open = matches!(looks, Looks::Enrolled | Looks::Days(_));
        match text.full_events {
            Some(events) if !open => {
                self.wrong(
                    &at("full_events"),
                    "the information of these looks is known beforehand; leave this out",
                );
                Information::Events(events)
            }
            Some(events) => {
                Information::Events(self.positive(&at("full_events"), events, "number of events"))
            }
            None if open && timed => {
                self.wrong(
                    PATH,
                    "this test reads times, so its information is events; say how many are planned: full_events = …",
                );
                Information::Patients
            }
            None => Information::Patients,
        }
    }

    fn spending(&mut self, path: &str, text: &SpendingText) -> Option<Spending> {
        Some(match text {
            SpendingText::OBrienFleming => Spending::OBrienFleming,
            SpendingText::Pocock => Spending::Pocock,
            SpendingText::HwangShihDecani(gamma) => {
                if gamma.is_nan() || gamma.abs() > 50.0 {
                    self.wrong(
                        path,
                        format!("γ = {gamma} is out of range; −4 is like O’Brien–Fleming, 1 like Pocock"),
                    );
                }
                Spending::HwangShihDeCani(*gamma)
            }
            SpendingText::KimDemets(rho) => Spending::Power(self.positive(
                &format!("{path}.kim_demets"),
                *rho,
                "power of the information",
            )),
            SpendingText::Stated(_) => return None,
        })
    }

    /// The rule for benefit, and its bounds if they are stated.
    fn bounds_rule(
        &mut self,
        text: &GroupSequentialText,
        looks: usize,
        level: f64,
        known: bool,
    ) -> (Rule, Vec<f64>) {
        let nothing = (Rule::Spending(Spending::OBrienFleming), Vec::new());
        if text.spend_by == SpendByText::Time && (text.months.is_none() || text.spending.is_none()) {
            self.wrong(&at("spend_by"), "spending by time needs looks at months and a spending function");
        }
        match (&text.boundary, &text.spending) {
            (Some(_), Some(_)) => {
                self.wrong(
                    &at("spending"),
                    "alpha would be spent twice; state boundary or spending, not both",
                );
                nothing
            }
            (None, None) => {
                self.wrong(
                    PATH,
                    "say how alpha is shared between looks: boundary = \"obrien_fleming\" or spending = \"obrien_fleming\"",
                );
                nothing
            }
            (None, Some(SpendingText::Stated(spent))) => {
                let rising =
                    spent.windows(2).all(|w| w[0] <= w[1]) && spent.first().is_some_and(|&s| s >= 0.0);
                if spent.len() != looks || !rising {
                    self.wrong(
                        &at("spending.stated"),
                        format!("state the error spent by each of the {looks} looks, never less than before"),
                    );
                    return nothing;
                }
                if (spent[looks - 1] - level).abs() > 1e-9 {
                    let message = format!(
                        "{} is spent by the last look, but alpha is {level} in the direction of benefit",
                        spent[looks - 1]
                    );
                    self.wrong(&at(&format!("spending.stated.{}", looks - 1)), message);
                }
                (Rule::SpentBy(spent.clone()), Vec::new())
            }
            (None, Some(function)) => {
                let function = self.spending(&at("spending"), function).unwrap_or(Spending::OBrienFleming);
                (Rule::Spending(function), Vec::new())
            }
            (Some(_), None) if !known => {
                self.wrong(
                    &at("boundary"),
                    "the information of these looks is only known when they are made; write spending = … instead",
                );
                nothing
            }
            (Some(boundary), None) => match boundary {
                BoundaryText::OBrienFleming => (Rule::Exact(Boundary::WangTsiatis(0.0)), Vec::new()),
                BoundaryText::Pocock => (Rule::Exact(Boundary::WangTsiatis(0.5)), Vec::new()),
                BoundaryText::WangTsiatis(delta) => {
                    if !(-0.5..=1.0).contains(delta) {
                        self.wrong(
                            &at("boundary.wang_tsiatis"),
                            format!("Δ = {delta} is out of range; 0 is O’Brien and Fleming’s, 0.5 Pocock’s"),
                        );
                    }
                    (Rule::Exact(Boundary::WangTsiatis(*delta)), Vec::new())
                }
                BoundaryText::HaybittlePeto(constant) => {
                    let path = at("boundary.haybittle_peto");
                    let constant = self.positive(&path, *constant, "bound on z");
                    (Rule::Exact(Boundary::HaybittlePeto(constant)), Vec::new())
                }
                BoundaryText::Stated(bounds) => {
                    if bounds.len() != looks {
                        let message = format!("{} bounds for {looks} looks", bounds.len());
                        self.wrong(&at("boundary.stated"), message);
                        return nothing;
                    }
                    (Rule::Stated, bounds.clone())
                }
            },
        }
    }

    fn futility(
        &mut self,
        text: Option<&FutilityText>,
        looks: usize,
        rule: &Rule,
        known: bool,
    ) -> FutilityPlan {
        let Some(text) = text else { return FutilityPlan::Never };
        let ways = [
            text.z.is_some(),
            text.conditional_power.is_some(),
            text.predictive_power.is_some(),
            text.beta_spending.is_some(),
        ];
        if ways.iter().filter(|&&w| w).count() != 1 {
            self.wrong(
                &at("futility"),
                "state futility in one way: z, conditional_power, predictive_power or beta_spending",
            );
            return FutilityPlan::Never;
        }
        let power = text.power.map(|power| self.probability(&at("futility.power"), power));
        let uses_power = text.beta_spending.is_some()
            || (text.conditional_power.is_some() && text.assuming == AssumingText::Design);
        if uses_power != power.is_some() {
            self.wrong(
                &at("futility"),
                if uses_power {
                    "state the power at the effect the design is meant to find: power = 0.9"
                } else {
                    "only beta spending and conditional power assuming the design’s effect use a power"
                },
            );
        }
        if let Some(bounds) = &text.z {
            if bounds.len() + 1 != looks {
                let message = format!("{} bounds for the {} looks before the last", bounds.len(), looks - 1);
                self.wrong(&at("futility.z"), message);
            }
            return FutilityPlan::Below(bounds.clone());
        }
        if let Some(least) = text.conditional_power {
            let least = self.inner("futility.conditional_power", least);
            let power = if text.assuming == AssumingText::Design { power } else { None };
            return FutilityPlan::ConditionalPower { least, power };
        }
        if let Some(least) = text.predictive_power {
            return FutilityPlan::PredictivePower(self.inner("futility.predictive_power", least));
        }
        let path = at("futility.beta_spending");
        let spending = text.beta_spending.as_ref().and_then(|s| self.spending(&path, s));
        if !matches!(rule, Rule::Spending(_)) || spending.is_none() {
            self.wrong(
                &path,
                "beta spending needs a spending function on both sides, none stated look by look",
            );
        }
        if !known {
            self.wrong(&path, "beta spending needs looks whose information is known beforehand");
        }
        FutilityPlan::BetaSpending {
            spending: spending.unwrap_or(Spending::OBrienFleming),
            power: power.unwrap_or(0.9),
        }
    }

    /// A probability that is neither 0 nor 1.
    fn inner(&mut self, key: &str, value: f64) -> f64 {
        let value = self.probability(&at(key), value);
        if value == 0.0 || value == 1.0 {
            self.wrong(
                &at(key),
                format!("{value} is never or always crossed; write a number between 0 and 1"),
            );
            return 0.5;
        }
        value
    }

    fn harm(&mut self, text: Option<&HarmText>, information: &[f64], sides: Sides) -> Vec<f64> {
        let Some(text) = text else { return Vec::new() };
        let before_last = information.len() - 1;
        if sides == Sides::Two {
            self.wrong(&at("harm"), "a two-sided test stops for harm at the mirrored bound already");
        }
        match (&text.z, &text.spending, text.error) {
            (Some(bounds), None, None) => {
                if bounds.len() != before_last {
                    let message =
                        format!("{} bounds for the {before_last} looks before the last", bounds.len());
                    self.wrong(&at("harm.z"), message);
                }
                bounds.clone()
            }
            (None, Some(spending), Some(error)) => {
                let error = self.inner("harm.error", error);
                let Some(function) = self.spending(&at("harm.spending"), spending) else {
                    self.wrong(&at("harm.spending"), "state harm bounds as z, or a spending function");
                    return Vec::new();
                };
                let spent: Vec<f64> = information.iter().map(|&t| function.spent(t, error)).collect();
                let mut bounds =
                    boundary_for_spent(&spent, information, Sides::One, None).unwrap_or_default();
                bounds.truncate(before_last);
                bounds
            }
            _ => {
                self.wrong(&at("harm"), "state harm as z = […], or as spending and error");
                Vec::new()
            }
        }
    }

    /// Bounds that have crossed leave no trial to go on.
    fn crossed(&mut self, design: &GroupSequential) {
        let lower = design.planned_futility();
        for (k, (low, high)) in lower.iter().zip(&design.upper).enumerate() {
            if k + 1 < design.count() && low >= high {
                let message = format!(
                    "at look {} the futility bound of {low:.3} is not below the bound for benefit of {high:.3}",
                    k + 1
                );
                self.wrong(&at("futility"), message);
                return;
            }
        }
    }

    /// Adds the primary estimand again with estimates that allow for stopping.
    fn estimates(&mut self, design: &mut GroupSequential, estimands: &mut Vec<Estimand>) {
        if matches!(design.looks, Looks::Enrolled | Looks::Days(_)) {
            self.wrong(
                &at("estimates"),
                "estimates that allow for stopping need looks whose information is known beforehand",
            );
            return;
        }
        let Some(primary) = estimands.first().cloned() else { return };
        design.paths = Some(Paths::new(&design.planned_lower(), &design.upper, &design.information));
        for (kind, name) in [(AfterStopping::Stagewise, "stagewise"), (AfterStopping::Repeated, "repeated")] {
            estimands.push(Estimand {
                name: format!("{}.{name}", primary.name),
                subgroups: Vec::new(),
                after_stopping: Some(kind),
                ..primary.clone()
            });
        }
    }
}
