//! Exact expectations against the slow twin and against algebra.

use super::slow;
use shocktrial::outcome::events::{Event, EventKind, Events, Setting};
use shocktrial::outcome::expectation::{ABREAST, AtSwitch, Course, Expectation, FirstOf, Path};
use shocktrial::outcome::hazard::{PiecewiseHazard, Regime};

fn event(name: &str, kind: EventKind, setting: Setting, excess: &[(usize, f64)]) -> Event {
    Event { name: name.into(), label: name.into(), kind, setting, excess: excess.to_vec(), anchored: false }
}

/// Two deaths, three complications, discharge slowed by two of them, and death at home.
fn events() -> Events {
    use EventKind::{Complication, Death, Discharge};
    use Setting::{AfterDischarge, InHospital};
    Events {
        list: vec![
            event("shock", Death, InHospital, &[]),
            event("brain", Death, InHospital, &[]),
            event("renal", Complication, InHospital, &[(0, 0.9), (5, -0.4)]),
            event("sepsis", Complication, InHospital, &[(0, 1.5), (5, -0.5)]),
            event("ward", Complication, InHospital, &[]),
            event("discharge", Discharge, InHospital, &[]),
            event("late", Death, AfterDischarge, &[]),
        ],
    }
}

const RATES: [f64; 7] = [0.10, 0.02, 0.08, 0.05, 0.3, 1.2, 0.004];

fn usual() -> Regime {
    let shape = |r: [f64; 5]| vec![PiecewiseHazard::new(&[0.0, 1.0, 3.0, 7.0, 30.0], &r)];
    Regime::new(vec![
        shape([2.0, 1.0, 0.5, 0.3, 0.1]),
        shape([0.1, 1.0, 2.0, 0.5, 0.0]),
        shape([1.0, 1.5, 1.0, 0.3, 0.1]),
        shape([0.2, 1.0, 1.5, 0.5, 0.1]),
        shape([0.1, 1.0, 1.0, 1.0, 1.0]),
        shape([0.0, 0.02, 0.05, 0.1, 0.08]),
        shape([1.0, 1.0, 1.0, 1.0, 0.5]),
    ])
}

/// A device: fewer deaths from shock, more complications, quicker discharge, other late hazard.
fn device() -> Regime {
    let base = usual();
    let factor = [0.4, 1.0, 2.5, 1.7, 1.0, 1.3, 3.0];
    Regime::new((0..7).map(|e| vec![base.hazard(e, 0).scaled(factor[e])]).collect())
}

const DAYS: [f64; 5] = [1.0, 4.0, 14.0, 45.0, 180.0];

/// Each probability on each day, within 4 Monte Carlo errors and the accuracy the closed form claims.
fn agrees_with_the_slow_twin(switch: Option<f64>) {
    let (events, usual, device) = (events(), usual(), device());
    let death_or_renal =
        FirstOf { events: vec![true, true, true, false, false, false, true], at_switch: AtSwitch::GoesOn };
    let sepsis_or_switch =
        FirstOf { events: vec![false, false, false, true, false, false, false], at_switch: AtSwitch::Counts };
    let end_points = [death_or_renal, sepsis_or_switch];
    let expectation = Expectation::new(&events, &[&usual, &device], &DAYS, &end_points);
    let mut space = expectation.workspace();
    let path = Path { before: 0, switch: switch.map(|day| (day, 1)) };
    let course = expectation.course(path, 0, &RATES, &mut space);

    let n = 150_000;
    let lives: Vec<slow::Life> = (0..n)
        .map(|i| slow::live(&events, (&usual, switch.map(|day| (day, &device))), 0, &RATES, 180.0, i))
        .collect();
    for (d, &day) in DAYS.iter().enumerate() {
        let check = |what: &str, exact: f64, happens: &dyn Fn(&slow::Life) -> bool| {
            let p = lives.iter().filter(|l| happens(l)).count() as f64 / n as f64;
            let tolerance = 4.0 * (exact * (1.0 - exact) / n as f64).sqrt() + 1e-4;
            assert!((p - exact).abs() < tolerance, "{what} by day {day}: simulated {p}, exact {exact}");
        };
        check("alive", course.alive[d], &|l| l.death(&events) > day);
        check("in hospital", course.in_hospital[d], &|l| l.death(&events).min(l.time[5]) > day);
        for e in 0..events.len() {
            check(&events.list[e].name, course.happened[e][d], &|l| l.time[e] <= day);
        }
        for (i, end_point) in end_points.iter().enumerate() {
            let first =
                |l: &slow::Life| l.first(&end_point.events, end_point.at_switch == AtSwitch::Counts) <= day;
            check("end point", course.first_of[i][d], &first);
        }
    }
}

#[test]
fn one_regime_agrees_with_the_slow_twin() {
    agrees_with_the_slow_twin(None);
}

#[test]
fn a_switch_agrees_with_the_slow_twin() {
    agrees_with_the_slow_twin(Some(2.3));
}

/// Probability is neither made nor lost: alive and dead, and the end point "any death", add up.
#[test]
fn probability_is_conserved() {
    let (events, usual, device) = (events(), usual(), device());
    let death = FirstOf {
        events: events.list.iter().map(|e| e.kind == EventKind::Death).collect(),
        at_switch: AtSwitch::GoesOn,
    };
    let expectation = Expectation::new(&events, &[&usual, &device], &DAYS, &[death]);
    let mut space = expectation.workspace();
    for switch in [None, Some((0.0, 1)), Some((0.7, 1)), Some((30.0, 1)), Some((500.0, 1))] {
        let course = expectation.course(Path { before: 0, switch }, 0, &RATES, &mut space);
        for d in 0..DAYS.len() {
            let dead = course.happened[0][d] + course.happened[1][d] + course.happened[6][d];
            assert!((dead + course.alive[d] - 1.0).abs() < 1e-12);
            assert!((course.first_of[0][d] - dead).abs() < 1e-12);
            assert!((course.in_hospital[d] + course.home[d] - course.alive[d]).abs() < 1e-12);
        }
    }
}

/// Patients walked abreast, with rates and days of a switch of their own, fare as each does alone: also
/// those who leave hospital at once, who cannot leave, and for whom nothing at all happens.
#[test]
fn abreast_is_one_by_one() {
    let (events, usual, device) = (events(), usual(), device());
    let end_point = |counted: &[usize], at_switch| FirstOf {
        events: (0..events.len()).map(|e| counted.contains(&e)).collect(),
        at_switch,
    };
    let end_points = [
        end_point(&[0, 1, 6], AtSwitch::GoesOn),
        end_point(&[0], AtSwitch::GoesOn),
        end_point(&[0, 1, 6], AtSwitch::Counts),
        end_point(&[0, 1, 2, 6], AtSwitch::Ends),
        end_point(&[3, 4, 5], AtSwitch::GoesOn),
        end_point(&[], AtSwitch::Counts),
    ];
    let expectation = Expectation::new(&events, &[&usual, &device], &DAYS, &end_points);
    let (mut alone, mut abreast) = (expectation.workspace(), expectation.abreast());
    let switches = [None, Some(0.0), Some(0.1), Some(0.1), Some(1.0), Some(2.3), Some(44.9), Some(400.0)];
    let patient = |i: usize| {
        let scale = [1.0, 0.0, 0.3, 30.0, 2.0][i % 5];
        let rates = |side: usize| {
            let own = |(e, r): (usize, &f64)| r * scale * (1.0 + 0.1 * ((i + side + e) % 7) as f64);
            RATES.iter().enumerate().map(own).collect::<Vec<f64>>()
        };
        let path = Path { before: i % 2, switch: switches[i % switches.len()].map(|day| (day, 1 - i % 2)) };
        (path, rates(0), rates(1))
    };
    for first in [0, ABREAST] {
        for i in 0..ABREAST - first / 3 {
            let (path, before, after) = patient(first + i);
            assert_eq!(expectation.enter(path, 0, [&before, &after], &mut abreast), i);
        }
        expectation.walk(&mut abreast);
        for i in 0..ABREAST - first / 3 {
            let (path, before, after) = patient(first + i);
            let alone = expectation.course_under(path, 0, [&before, &after], &mut alone);
            let mut sum = expectation.nobody();
            abreast.add_to(&mut sum, i, 1.0);
            let curves = |c: &Course| {
                let own = [c.alive.clone(), c.in_hospital.clone(), c.home.clone()];
                [&own[..], &c.happened[..], &c.first_of[..]].concat()
            };
            for (which, (a, b)) in curves(alone).iter().zip(curves(&sum)).enumerate() {
                for (a, b) in a.iter().zip(b) {
                    assert!((a - b).abs() < 1e-12, "patient {i}, curve {which}: {a} alone, {b} abreast");
                }
            }
        }
    }
}

/// A switch on day 0 is the other regime; a switch after the horizon is none.
#[test]
fn a_switch_at_the_ends_is_no_switch() {
    let (events, usual, device) = (events(), usual(), device());
    let expectation = Expectation::new(&events, &[&usual, &device], &DAYS, &[]);
    let mut space = expectation.workspace();
    let mut course = |path| expectation.course(path, 0, &RATES, &mut space).clone();
    assert_eq!(course(Path { before: 0, switch: Some((0.0, 1)) }), course(Path::of(1)));
    assert_eq!(course(Path { before: 0, switch: Some((180.0, 1)) }), course(Path::of(0)));
}

/// One constant hazard λ: alive by day t with probability e^(−λt), exactly.
#[test]
fn one_constant_hazard_is_exponential() {
    let events = Events { list: vec![event("death", EventKind::Death, Setting::InHospital, &[])] };
    let regime = Regime::new(vec![vec![PiecewiseHazard::constant(0.02)]]);
    let expectation = Expectation::new(&events, &[&regime], &DAYS, &[]);
    let mut space = expectation.workspace();
    let course = expectation.course(Path::of(0), 0, &[1.0], &mut space);
    for (d, day) in DAYS.iter().enumerate() {
        assert!((course.alive[d] - (-0.02 * day).exp()).abs() < 1e-14);
        assert!((course.happened[0][d] + course.alive[d] - 1.0).abs() < 1e-14);
    }
}

/// A hundred times as many steps move no probability of a patient by 0.0005, up to twice these hazards;
/// the mean over a registry moves far less.
#[test]
fn the_steps_are_fine_enough() {
    let (events, usual) = (events(), usual());
    let end_point =
        FirstOf { events: vec![true, true, true, false, false, false, true], at_switch: AtSwitch::GoesOn };
    let fine: Vec<f64> = (0..2000).map(|i| 180.0 * (f64::from(i) / 2000.0).powi(3)).collect();
    let coarse = Expectation::new(&events, &[&usual], &DAYS, std::slice::from_ref(&end_point));
    let fine = Expectation::with_steps(&events, &[&usual], &DAYS, &[end_point], &fine);
    let (mut a, mut b) = (coarse.workspace(), fine.workspace());
    for scale in [0.2, 1.0, 2.0] {
        let rates = RATES.map(|r| r * scale);
        let (a, b) =
            (coarse.course(Path::of(0), 0, &rates, &mut a), fine.course(Path::of(0), 0, &rates, &mut b));
        for d in 0..DAYS.len() {
            assert!((a.alive[d] - b.alive[d]).abs() < 5e-4);
            assert!((a.first_of[0][d] - b.first_of[0][d]).abs() < 5e-4);
            for e in 0..events.len() {
                let (a, b) = (a.happened[e][d], b.happened[e][d]);
                assert!((a - b).abs() < 5e-4, "event {e}, day {d}, scale {scale}: {a} {b}");
            }
        }
    }
}

/// The registry itself: the mean over some of its rows, with all its events, against simulated lives.
#[test]
fn the_registry_agrees_with_the_slow_twin() {
    let document = crate::population::document();
    let registry = shocktrial::population::Registry::new(&document).unwrap();
    let (events, regime) = (&registry.outcome.events, registry.outcome.regime());
    let days = [3.0, 30.0, 180.0, 365.0];
    let expectation = Expectation::new(events, &[regime], &days, &[]);
    let mut space = expectation.workspace();
    let (rows, each) = (2000, 50);
    let columns = registry.columns(0..rows);
    let mut sum = expectation.nobody();
    let mut alive = [0.0; 4];
    let mut happened = vec![[0.0; 4]; events.len()];
    let mut rates = vec![0.0; events.len()];
    for row in 0..rows as usize {
        registry.outcome.rates(&columns, row, &mut rates);
        let class = registry.outcome.class(&columns, row);
        sum.add(expectation.course(Path::of(0), class, &rates, &mut space), 1.0);
        for k in 0..each {
            let life = slow::live(events, (regime, None), class, &rates, 365.0, (row * each + k) as u64);
            for (d, &day) in days.iter().enumerate() {
                alive[d] += f64::from(life.death(events) > day);
                for (e, count) in happened.iter_mut().enumerate() {
                    count[d] += f64::from(life.time[e] <= day);
                }
            }
        }
    }
    let mean = sum.mean();
    let n = (rows as usize * each) as f64;
    let check = |what: &str, day: f64, exact: f64, count: f64| {
        let tolerance = 4.0 * (exact * (1.0 - exact) / n).sqrt() + 1e-4;
        assert!(
            (count / n - exact).abs() < tolerance,
            "{what} by day {day}: simulated {}, exact {exact}",
            count / n
        );
    };
    for (d, &day) in days.iter().enumerate() {
        check("alive", day, mean.alive[d], alive[d]);
        for (e, event) in events.list.iter().enumerate() {
            check(&event.name, day, mean.happened[e][d], happened[e][d]);
        }
    }
}
