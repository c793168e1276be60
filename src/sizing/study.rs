//! A sizing study: the answer, and what a reader of a protocol asks next.

use super::{
    Asked, ClosedForm, Effects, Found, Ladder, Outcome, Resources, Share, Sizes, Strata,
    closed_form::{closed_form, enumerated_size},
    ladder::{MOST_PATIENTS, WHOLE_BENEFIT},
    resources, search, sites_for,
};
use crate::{
    calibration::{
        prior::{Prior, STRATA, at_share},
        truth::{Known, Truth, truth},
    },
    error::{Error, Result},
    scenario::Scenario,
    trial::Trial,
};

/// What has to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The share of trials that show a benefit when the effect is as stated.
    Power(f64),
    /// The same when the effect is drawn from the prior.
    Assurance(f64),
}

impl Goal {
    /// The number itself.
    pub fn target(self) -> f64 {
        match self {
            Goal::Power(target) | Goal::Assurance(target) => target,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Goal::Power(_) => "power",
            Goal::Assurance(_) => "assurance",
        }
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// The smallest number of patients.
    Patients,
    /// The primary events such a trial has.
    Events,
    /// The months such a trial takes.
    Months,
    /// The sites with which such a trial is over in time.
    Sites,
    /// The smallest effect that the scenario's own number of patients shows.
    Effect,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    pub goal: Goal,
    pub find: Find,
    /// Half width of the Monte Carlo interval wanted, as a share of the answer.
    pub within: f64,
    /// Exactly this many replicates.
    pub replicates: Option<u64>,
    /// Months the trial may take, for [`Find::Sites`].
    pub months: Option<f64>,
}

/// The trial at some share of its benefit.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Share of the stated benefit.
    pub share: f64,
    /// True effect of the primary estimand, on the analysis scale.
    pub effect: f64,
    /// Risks in the control and treatment arm, if the end point is an event.
    pub risks: [f64; 2],
    pub power: Share,
}

/// Power or assurance at several sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeCurve {
    /// Share of the benefit; `None` where it is drawn from the prior.
    pub share: Option<f64>,
    pub points: Vec<(usize, Share)>,
}

/// Everything a sizing study found.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    pub question: Question,
    /// The run sized, from 0.
    pub run: usize,
    pub found: Found,
    /// Lower end, answer, upper end, in patients; all the scenario's own where an effect was sought.
    pub patients: [usize; 3],
    /// Patients between two sizes looked at; 0 where an effect was sought.
    pub step: usize,
    /// The same of the share of the benefit, where an effect was sought.
    pub effects: Option<[WhatIf; 3]>,
    /// Whether patients were counted in tables, being all alike.
    pub counted: bool,
    pub closed_form: Option<ClosedForm>,
    /// What was simulated at the size of the formula, if it was looked at.
    pub at_formula: Option<Share>,
    /// The size by adding up the probabilities of all tables.
    pub enumerated: Option<usize>,
    /// What trials of the three sizes take.
    pub resources: [Resources; 3],
    /// Sites for the three sizes.
    pub sites: Option<[Option<u16>; 3]>,
    pub prior: Prior,
    /// Whether the prior is that of finished trials.
    pub usual_prior: bool,
    /// At the answer, with the effect drawn from the prior; `None` if there is no benefit to doubt.
    pub assured: Option<Strata>,
    /// At the answer.
    pub what_if: Vec<WhatIf>,
    pub curves: Vec<SizeCurve>,
    /// Replicates behind the curves and what stands at the answer.
    pub beside: u64,
    /// Four times the replicates, and the interval they are expected to give.
    pub more: (u64, [usize; 2]),
    /// Replicates expected to be enough for the width wanted.
    pub enough: Option<u64>,
}

/// Shares of the benefit that are looked at beside the whole.
const SHARES: [f64; 4] = [1.0, 0.75, 0.5, 0.0];
/// Sizes of a curve.
const SIZES: usize = 10;
/// The most replicates of a search that may choose them.
const MOST_REPLICATES: u64 = 4_000_000;

/// Sizes one run of a scenario. Uses the ambient threads.
///
/// # Errors
/// When the goal is out of reach, with what the largest trial gives.
pub fn study(scenario: &Scenario, run: usize, question: &Question) -> Result<Study> {
    let (trial, recipe) = (&scenario.runs[run].trial, &scenario.recipes[run]);
    let (pool, seed) = (&scenario.pool, scenario.seed);
    let (prior, usual_prior) = (scenario.prior, scenario.usual_prior);
    let arm = usize::from(trial.estimands[0].treatment);
    let doubted = recipe.has_benefit(arm);
    if !doubted && (question.find == Find::Effect || matches!(question.goal, Goal::Assurance(_))) {
        return Err(Error::input(
            "the treatment does no good in this run, so there is no effect to look for",
        ));
    }
    let drawn = || prior.trials(recipe, trial, STRATA);
    let mut sums = Known::default();
    let own = truth(trial, pool, &mut sums);
    let sized = match question.goal {
        Goal::Power(_) => Sizes::new(std::slice::from_ref(trial), pool, seed),
        Goal::Assurance(_) => Sizes::new(&drawn(), pool, seed),
    };
    let asked = Asked {
        target: question.goal.target(),
        within: question.within,
        replicates: question.replicates,
        most: MOST_REPLICATES,
    };
    let formula = match question.goal {
        Goal::Power(target) => closed_form(trial, &own, target),
        Goal::Assurance(_) => None,
    };
    let effects = Effects { pool, seed, trial: |share| at_share(recipe, trial, share) };
    let outcome = if question.find == Find::Effect {
        search(&effects, &asked, WHOLE_BENEFIT)
    } else {
        let guess = formula.as_ref().map_or(trial.patients, |f| f.patients.min(MOST_PATIENTS));
        search(&sized, &asked, sized.rung(guess))
    };
    let found = match outcome {
        Outcome::Found(found) => *found,
        Outcome::OutOfReach(point) => return Err(out_of_reach(question, point.share, trial)),
    };
    let rungs = [found.lower, found.rung, found.upper];
    let by_effect = question.find == Find::Effect;
    let patients = rungs.map(|rung| if by_effect { trial.patients } else { rung * sized.unit });
    let counted = sized.counts();
    // Designs with looks on the way are simulated anew at each size.
    let beside = match (counted, trial.nests()) {
        (true, _) => 10_000,
        (false, true) => 4_000,
        (false, false) => 1_000,
    };
    let mut what_if = |share: f64, patients: usize, replicates: u64| {
        let at = at_share(recipe, trial, share).at_size(patients);
        let power = Sizes::new(std::slice::from_ref(&at), pool, seed);
        let rung = power.rung(patients);
        WhatIf {
            power: power.shares(&[rung], replicates)[0],
            ..known(&at, &truth(&at, pool, &mut sums), share)
        }
    };
    let sites = |months: f64| {
        patients.map(|n| sites_for(&Trial { patients: n, ..trial.clone() }, pool, seed, months).map(|s| s.0))
    };
    let sought = by_effect
        .then(|| rungs.map(|rung| what_if(rung as f64 / WHOLE_BENEFIT as f64, trial.patients, beside)));
    let curves = curves(&sized, trial, doubted.then_some((recipe, &drawn)), patients[1], beside);
    let assured = doubted.then(|| {
        let sizes = Sizes::new(&drawn(), pool, seed);
        let shares = sizes.by_trial(&[sizes.rung(patients[1])], beside);
        Strata { shares: shares.into_iter().map(|s| s[0]).collect() }
    });
    let with = found.with(asked.target, 4 * found.replicates);
    let in_patients = |rung: usize| if by_effect { rung } else { rung * sized.unit };
    Ok(Study {
        question: *question,
        run,
        patients,
        step: if by_effect { 0 } else { found.step * sized.unit },
        effects: sought,
        counted,
        at_formula: formula.as_ref().and_then(|f| {
            let rung = f.patients / sized.unit;
            found.points.iter().find(|p| !by_effect && p.rung == rung).map(|p| p.share)
        }),
        enumerated: match question.goal {
            Goal::Power(target) if !by_effect => {
                let sizes: Vec<usize> = found.points.iter().map(|p| p.rung * sized.unit).collect();
                enumerated_size(trial, &own, &sizes, target)
            }
            _ => None,
        },
        closed_form: formula.filter(|_| !by_effect),
        resources: patients.map(|n| resources(&Trial { patients: n, ..trial.clone() }, pool, seed)),
        sites: question.months.filter(|_| question.find == Find::Sites).map(sites),
        prior,
        usual_prior,
        assured,
        what_if: if doubted {
            SHARES.iter().map(|&share| what_if(share, patients[1], beside)).collect()
        } else {
            Vec::new()
        },
        curves,
        beside,
        more: (4 * found.replicates, [in_patients(with.0), in_patients(with.1)]),
        enough: found.enough(asked.target, asked.within),
        found,
    })
}

fn known(trial: &Trial, truth: &Truth, share: f64) -> WhatIf {
    let primary = &trial.estimands[0];
    let risk = |arm: u8| {
        truth.risks.get(usize::from(arm)).and_then(|r| r.get(primary.endpoint)).copied().unwrap_or(f64::NAN)
    };
    WhatIf {
        share,
        effect: truth.estimands[0][0],
        risks: [risk(primary.control), risk(primary.treatment)],
        power: Share { value: f64::NAN, mcse: f64::NAN },
    }
}

/// Power by size for some shares of the benefit, then with the effect drawn from the prior.
fn curves(
    sized: &Sizes,
    trial: &Trial,
    doubted: Option<(&crate::outcome::recipe::Recipe, &dyn Fn() -> Vec<Trial>)>,
    around: usize,
    replicates: u64,
) -> Vec<SizeCurve> {
    let most = sized.rung(2 * around).min(sized.highest());
    let mut rungs: Vec<usize> = (1..=SIZES).map(|k| (most * k).div_ceil(SIZES).max(2)).collect();
    rungs.dedup();
    let curve = |share: Option<f64>, trials: &[Trial]| {
        let sizes = Sizes::new(trials, sized.pool, sized.seed);
        let shares = sizes.shares(&rungs, replicates);
        let points = rungs.iter().map(|rung| rung * sizes.unit).zip(shares).collect();
        SizeCurve { share, points }
    };
    let Some((recipe, drawn)) = doubted else {
        return vec![curve(Some(1.0), std::slice::from_ref(trial))];
    };
    let mut list: Vec<SizeCurve> = SHARES
        .iter()
        .filter(|share| **share > 0.0)
        .map(|&share| curve(Some(share), &[at_share(recipe, trial, share)]))
        .collect();
    list.push(curve(None, &drawn()));
    list
}

fn out_of_reach(question: &Question, share: Share, trial: &Trial) -> Error {
    let (target, name) = (100.0 * question.goal.target(), question.goal.name());
    let got = format!("{:.1} % (Monte Carlo error {:.1})", 100.0 * share.value, 100.0 * share.mcse);
    Error::NotMet(match question.find {
        Find::Effect => format!(
            "no effect up to four times the benefit stated gives {} patients {target:.0} % {name}; there it is {got}",
            trial.patients
        ),
        _ => {
            format!("no trial of up to {MOST_PATIENTS} patients has {target:.0} % {name}; there it is {got}")
        }
    })
}
