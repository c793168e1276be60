//! Figures: what they say, that no words overlap or leave the page, and that ugly data is drawn too.
//!
//! Words are found by an SVG reader with the embedded fonts, not by the code that placed them.

use std::sync::{Arc, OnceLock};

use proptest::{prelude::*, test_runner::RngSeed};
use resvg::usvg;
use shocktrial::report::figures::*;

/// A word as it stands on the page.
#[derive(Debug)]
struct Word {
    text: String,
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
}

impl Word {
    fn middle(&self) -> f32 {
        (self.left + self.right) / 2.0
    }
}

fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
        fonts.load_font_data(notosans::BOLD_TTF.to_vec());
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

fn words(figure: &Figure) -> Vec<Word> {
    let options = usvg::Options { fontdb: fonts(), ..Default::default() };
    let tree = usvg::Tree::from_str(&figure.svg, &options).expect("the SVG is well formed");
    let size = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    assert_eq!(size, (figure.width, figure.height), "{} states its own size", figure.name);
    let mut words = Vec::new();
    collect(tree.root(), &mut words);
    words
}

fn collect(group: &usvg::Group, words: &mut Vec<Word>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => collect(group, words),
            usvg::Node::Text(text) => {
                let ink = text.flattened().abs_bounding_box();
                let text: String = text.chunks().iter().map(|chunk| chunk.text()).collect();
                let (left, right, top, bottom) = (ink.left(), ink.right(), ink.top(), ink.bottom());
                words.push(Word { text, left, right, top, bottom });
            }
            _ => {}
        }
    }
}

/// Words stand on the page and apart from each other.
fn is_tidy(figure: &Figure) -> Result<(), String> {
    let words = words(figure);
    let (width, height) = (figure.width as f32, figure.height as f32);
    for word in &words {
        if word.left < 0.0 || word.top < 0.0 || word.right > width || word.bottom > height {
            return Err(format!("{}: {word:?} leaves the page of {width} by {height}", figure.name));
        }
    }
    for (i, a) in words.iter().enumerate() {
        for b in &words[i + 1..] {
            let across = a.right.min(b.right) - a.left.max(b.left);
            let down = a.bottom.min(b.bottom) - a.top.max(b.top);
            if across > 0.2 && down > 0.2 {
                return Err(format!("{}: {a:?} and {b:?} overlap", figure.name));
            }
        }
    }
    Ok(())
}

fn find<'a>(words: &'a [Word], text: &str) -> &'a Word {
    words.iter().find(|word| word.text == text).unwrap_or_else(|| panic!("no {text:?} in {words:#?}"))
}

fn count(words: &[Word], text: &str) -> usize {
    words.iter().filter(|word| word.text == text).count()
}

fn curves() -> KaplanMeier {
    let arm = |label: &str, level: f64, at_risk: [f64; 4]| KaplanMeierArm {
        label: label.into(),
        times: vec![0.0, 5.0, 30.0, 90.0, 180.0],
        probability: vec![0.0, level / 2.0, level * 0.8, level, level],
        at_risk: at_risk.to_vec(),
        ..Default::default()
    };
    KaplanMeier {
        name: "mortality".into(),
        title: "Death from any cause".into(),
        caption: "Cumulative mortality.".into(),
        outcome: "Death from any cause".into(),
        time: "Days since randomisation".into(),
        ticks: vec![0.0, 60.0, 120.0, 180.0],
        arms: vec![
            arm("Standard care", 0.58, [176.0, 90.0, 77.0, 74.0]),
            arm("Microaxial flow pump", 0.458, [179.0, 117.0, 108.0, f64::NAN]),
        ],
        notes: vec!["Hazard ratio, 0.74 (95% CI, 0.55–0.99)".into(), "P = 0.04 by log-rank test".into()],
        ..Default::default()
    }
}

fn power() -> Power {
    let point = |x: f64, power: f64| PowerPoint { x, power, low: power - 0.01, high: power + 0.01 };
    let series = |label: &str, last: f64| PowerSeries {
        label: label.into(),
        points: vec![point(0.7, 0.9), point(0.8, 0.7), point(1.0, last)],
    };
    Power {
        name: "power".into(),
        title: "Power by true effect".into(),
        swept: "True hazard ratio".into(),
        axis: PowerAxis::Ratio,
        series: vec![
            series("400 patients", 0.025),
            series("800 patients", 0.025),
            series("1200 patients", 0.025),
        ],
        guides: vec![0.8, 0.9],
        ..Default::default()
    }
}

fn forest() -> Forest {
    let level = |label: &str, overall: bool, estimate: f64, low: f64, high: f64| {
        ForestRow::Level(ForestLevel {
            label: label.into(),
            overall,
            patients: 100.0,
            events: Some([(41.2, 179.0), (51.7, 176.0)]),
            estimate,
            low,
            high,
            truth: Some(0.75),
            note: "52.1".into(),
        })
    };
    Forest {
        name: "subgroups".into(),
        arms: ["Flow pump".into(), "Standard care".into()],
        events: "deaths/patients".into(),
        measure: "Hazard ratio".into(),
        range: "95% of trials".into(),
        note: ["Power".into(), "%".into()],
        favours: ["Flow pump better".into(), "Standard care better".into()],
        square: "Mean estimate".into(),
        rows: vec![
            level("All patients", true, 0.74, 0.55, 0.99),
            ForestRow::Heading("Age".into()),
            level("<67 yr", false, 0.62, 0.38, 1.01),
            level("≥67 yr", false, 0.84, 0.001, 300.0),
        ],
        ..Default::default()
    }
}

fn risk(value: f64) -> Risk {
    Risk { value, low: value - 0.01, high: value + 0.01 }
}

fn complications() -> Complications {
    let event = |label: &str, control: f64, treatment: f64| Complication {
        label: label.into(),
        risks: vec![risk(control), risk(treatment)],
        difference: None,
    };
    Complications {
        name: "complications".into(),
        arms: vec!["Standard care".into(), "Flow pump".into()],
        events: vec![
            event("Stroke", 0.040, 0.038),
            event("Bleeding", 0.119, 0.218),
            event("Limb ischaemia", 0.011, 0.056),
        ],
        ..Default::default()
    }
}

fn variants() -> Variants {
    let row = |label: &str, group: &str, power: f64, null: bool| Variant {
        label: label.into(),
        group: group.into(),
        power,
        low: (power - 0.01).max(0.0),
        high: (power + 0.01).min(1.0),
        effect: "0.75".into(),
        null,
        emphasised: group.is_empty(),
    };
    Variants {
        name: "variants".into(),
        effect: ["True effect".into(), "hazard ratio".into()],
        guides: vec![0.8, 0.9],
        rows: vec![
            row("As published", "", 0.81, false),
            row("SCAI stage C only", "Enrichment", 1.0, false),
            row("No effect", "Null", 0.0, true),
        ],
        ..Default::default()
    }
}

fn estimates() -> Estimates {
    // Evenly spread on the log scale from 0.5 to 1.1; the lower 60% significant.
    let n = 1000;
    let at = |i: usize| (0.5_f64.ln() + (1.1_f64 / 0.5).ln() * i as f64 / (n - 1) as f64).exp();
    Estimates {
        name: "estimates".into(),
        measure: "Hazard ratio".into(),
        estimates: (0..n).map(at).chain([f64::NAN]).collect(),
        significant: (0..n).map(|i| i < 600).collect(),
        truth: Some(0.8),
        notes: vec![mean_note(EffectScale::Ratio, 0.803, 0.0021)],
        ..Default::default()
    }
}

fn all() -> Vec<Figure> {
    vec![
        curves().draw(),
        power().draw(),
        forest().draw(),
        complications().draw(),
        variants().draw(),
        estimates().draw(),
    ]
}

#[test]
fn ordinary_figures_are_tidy() {
    for figure in all() {
        is_tidy(&figure).unwrap();
    }
}

#[test]
fn the_same_data_give_the_same_bytes() {
    for (first, second) in all().iter().zip(all()) {
        assert_eq!(first.svg, second.svg);
    }
    let figure = curves().draw();
    assert_eq!(figure.png(1.0), figure.png(1.0));
}

#[test]
fn numbers_at_risk_stand_under_their_ticks() {
    let figure = curves().draw();
    let words = words(&figure);
    for (tick, at_risk) in [("0", "176"), ("60", "90"), ("120", "77"), ("180", "74"), ("60", "117")] {
        // "60" is a day and a level of mortality; the day is the lower of the two.
        let tick = words.iter().rfind(|word| word.text == tick).unwrap();
        let number = find(&words, at_risk);
        assert!((tick.middle() - number.middle()).abs() < 1.0, "{tick:?} {number:?}");
    }
    for text in ["58.0%", "45.8%", "No. at risk", "P = 0.04 by log-rank test", "Death from any cause (%)"] {
        find(&words, text);
    }
    // Once at the end of the curve, once in the table; a missing number is left blank.
    assert_eq!(count(&words, "Standard care"), 2);
    assert!(!figure.svg.contains("NaN"));
}

#[test]
fn notes_go_above_a_plot_full_of_curves() {
    let mut figure = curves();
    for (arm, level) in figure.arms.iter_mut().zip([0.9, 0.1]) {
        arm.band = Some((vec![0.0; 5], vec![1.0; 5]));
        arm.probability = vec![level; 5];
    }
    let figure = figure.draw();
    is_tidy(&figure).unwrap();
    let words = words(&figure);
    let axis_top = find(&words, "100");
    assert!(find(&words, "P = 0.04 by log-rank test").bottom < axis_top.top);
}

#[test]
fn lines_that_end_together_have_labels_apart() {
    let figure = power().draw();
    is_tidy(&figure).unwrap();
    let words = words(&figure);
    for text in ["400 patients", "800 patients", "1200 patients", "Power (%)", "90"] {
        find(&words, text);
    }
}

#[test]
fn power_of_0_and_of_1_is_drawn_within_the_axes() {
    let mut figure = power();
    for (series, level) in figure.series.iter_mut().zip([0.0, 1.0, f64::NAN]) {
        series.points = vec![PowerPoint { x: 1.0, power: level, low: level - 0.1, high: level + 0.1 }];
    }
    let figure = figure.draw();
    is_tidy(&figure).unwrap();
    assert!(figure.svg.contains("400 patients") && !figure.svg.contains("1200 patients"));
}

#[test]
fn a_forest_says_what_it_shows() {
    let figure = forest().draw();
    let words = words(&figure);
    let said = [
        "Subgroup",
        "All patients",
        "<67 yr",
        "0.62 (0.38–1.01)",
        "0.84 (<0.01–300)",
        "← Flow pump better",
        "Standard care better →",
        "Mean estimate",
        "Truth",
    ];
    for text in said {
        find(&words, text);
    }
    assert_eq!(count(&words, "41/179"), 3);
    // A level under a heading is indented, the heading is not.
    assert!(find(&words, "<67 yr").left > find(&words, "Age").left + 5.0);
    assert!(find(&words, "← Flow pump better").right < find(&words, "Standard care better →").left);
}

#[test]
fn an_axis_without_no_effect_has_no_side_beyond_its_end() {
    // Tables to the left of the plot leave room there; to the right there is only the page's end.
    let mut figure = forest();
    figure.limits = Some((0.3, 0.9));
    (figure.measure, figure.range, figure.note) = Default::default();
    for row in &mut figure.rows {
        if let ForestRow::Level(level) = row {
            (level.estimate, level.low) = (f64::NAN, f64::NAN);
        }
    }
    let figure = figure.draw();
    is_tidy(&figure).unwrap();
    assert_eq!(count(&words(&figure), "Standard care better →"), 0);
}

#[test]
fn differences_have_real_minus_signs_and_no_dash_beside_them() {
    let mut figure = forest();
    figure.scale = EffectScale::Difference;
    if let ForestRow::Level(level) = &mut figure.rows[0] {
        (level.estimate, level.low, level.high) = (-8.2, -15.0, 1.4);
    }
    let figure = figure.draw();
    find(&words(&figure), "−8.2 (−15.0 to 1.4)");
    is_tidy(&figure).unwrap();
}

#[test]
fn complications_come_worst_first() {
    let figure = complications().draw();
    let words = words(&figure);
    let row = |text: &str| find(&words, text).bottom;
    assert!(row("Bleeding") < row("Limb ischaemia") && row("Limb ischaemia") < row("Stroke"));
    for text in ["+9.9", "+4.5", "−0.2", "21.8"] {
        find(&words, text);
    }
}

#[test]
fn variants_stand_under_their_groups() {
    let words = words(&variants().draw());
    for text in ["Enrichment", "81.0 (80.0–82.0)", "100.0 (99.0–100.0)", "0.0 (0.0–1.0)", "hazard ratio"]
    {
        find(&words, text);
    }
    assert!(find(&words, "Enrichment").bottom < find(&words, "SCAI stage C only").top);
}

#[test]
fn estimates_are_counted_in_full() {
    let figure = estimates().draw();
    let words = words(&figure);
    // 600 of 1001, one of which gave no estimate.
    for text in
        ["1001 trials", "Significant, 59.9%", "Not significant, 40.1%", "1 gave no estimate", "Truth 0.80"]
    {
        find(&words, text);
    }
    assert!(figure.svg.contains("Monte Carlo SE"));
}

#[test]
fn a_png_has_the_size_asked_for_or_says_why_not() {
    let figure = power().draw();
    let png = figure.png(2.0).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| f64::from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
    assert_eq!((side(16), side(20)), (2.0 * figure.width, 2.0 * figure.height));
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1000.0] {
        let error = figure.png(scale).unwrap_err();
        assert!(error.to_string().starts_with("figure power cannot be drawn as pixels"), "{error}");
    }
}

#[test]
fn an_outlined_figure_needs_no_fonts() {
    let outlined = forest().draw().outlined().unwrap();
    assert!(!outlined.contains("<text") && outlined.contains("<path"));
}

#[test]
fn nothing_to_show_is_still_a_figure() {
    let figures = [
        KaplanMeier::default().draw(),
        Power::default().draw(),
        Power { axis: PowerAxis::Categories(Vec::new()), ..Default::default() }.draw(),
        Forest::default().draw(),
        Complications::default().draw(),
        Variants::default().draw(),
        Estimates::default().draw(),
    ];
    for figure in &figures {
        is_tidy(figure).unwrap();
        figure.png(1.0).unwrap();
    }
}

/// Labels people should not write.
fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("Standard care".to_string()),
        Just("<&>\"' \u{1}\n\t]]>".to_string()),
        Just("Pneumonoultramicroscopicsilicovolcanoconiosis/extracorporeal-membrane_oxygenation".to_string()),
        Just(
            "Patients whose lactate stayed above 8 mmol/L in spite of everything that was tried".to_string()
        ),
        "[ -~]{0,40}",
        // Any letters but marks stacked on one another, which are taller than a line.
        "[\\PC--\\p{M}]{0,20}",
    ]
}

/// Numbers nobody expects.
fn number() -> impl Strategy<Value = f64> {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1.0, 1e-300, 1e300, -3.0, 5e-324, 12_345.6];
    prop_oneof![prop::sample::select(odd.to_vec()), 0.0..1.0_f64, 0.2..5.0_f64]
}

fn numbers(most: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(number(), 0..most)
}

fn scale() -> impl Strategy<Value = EffectScale> {
    prop_oneof![Just(EffectScale::Ratio), Just(EffectScale::Difference)]
}

prop_compose! {
    fn arm()(
        label in label(),
        smooth in any::<bool>(),
        times in numbers(8),
        probability in numbers(8),
        band in prop::option::of((numbers(8), numbers(8))),
        at_risk in numbers(8),
    ) -> KaplanMeierArm {
        let kind = if smooth { CurveKind::Smooth } else { CurveKind::Steps };
        KaplanMeierArm { label, kind, times, probability, band, at_risk }
    }
}

prop_compose! {
    fn level()(
        label in label(),
        overall in any::<bool>(),
        numbers in (number(), number(), number(), number(), prop::option::of(number())),
        events in prop::option::of((number(), number(), number(), number())),
        note in label(),
    ) -> ForestRow {
        let (patients, estimate, low, high, truth) = numbers;
        let events = events.map(|(a, b, c, d)| [(a, b), (c, d)]);
        ForestRow::Level(ForestLevel { label, overall, patients, events, estimate, low, high, truth, note })
    }
}

fn risks() -> impl Strategy<Value = Risk> {
    (number(), number(), number()).prop_map(|(value, low, high)| Risk { value, low, high })
}

fn tidy(figure: Figure) -> Result<(), TestCaseError> {
    is_tidy(&figure).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Default::default() })]

    #[test]
    fn any_curves_are_tidy(
        arms in prop::collection::vec(arm(), 0..5),
        ticks in numbers(9),
        words in (label(), label(), label(), label()),
        notes in prop::collection::vec(label(), 0..4),
        survival in any::<bool>(),
        top in prop::option::of(number()),
    ) {
        let (title, outcome, time, at_risk) = words;
        let shows = if survival { Shows::Survival } else { Shows::Events };
        let figure = KaplanMeier {
            title, outcome, time, at_risk, ticks, arms, notes, shows, top, ..Default::default()
        };
        tidy(figure.draw())?;
    }

    #[test]
    fn any_power_is_tidy(
        series in prop::collection::vec(
            (label(), prop::collection::vec((number(), number(), number(), number()), 0..6)), 0..7),
        words in (label(), label(), label()),
        kind in 0..3,
        categories in prop::collection::vec(label(), 0..6),
        guides in numbers(3),
        top in prop::option::of(number()),
    ) {
        let (title, swept, probability) = words;
        let axis = match kind {
            0 => PowerAxis::Number,
            1 => PowerAxis::Ratio,
            _ => PowerAxis::Categories(categories),
        };
        let series = series
            .into_iter()
            .map(|(label, points)| PowerSeries {
                label,
                points: points.into_iter().map(|(x, power, low, high)| PowerPoint { x, power, low, high }).collect(),
            })
            .collect();
        tidy(Power { title, swept, probability, axis, series, guides, top, ..Default::default() }.draw())?;
    }

    #[test]
    fn any_forest_is_tidy(
        rows in prop::collection::vec(prop_oneof![label().prop_map(ForestRow::Heading), level()], 0..6),
        words in (label(), label(), label(), label(), label(), label()),
        notes in (label(), label(), label(), label(), label()),
        scale in scale(),
        limits in prop::option::of((number(), number())),
    ) {
        let (title, treatment, control, events, measure, range) = words;
        let (heading, unit, better, worse, square) = notes;
        let figure = Forest {
            title, events, measure, range, scale, limits, square, rows,
            arms: [treatment, control],
            note: [heading, unit],
            favours: [better, worse],
            ..Default::default()
        };
        tidy(figure.draw())?;
    }

    #[test]
    fn any_complications_are_tidy(
        arms in prop::collection::vec(label(), 0..5),
        events in prop::collection::vec(
            (label(), prop::collection::vec(risks(), 0..5), prop::option::of(risks())), 0..6),
        words in (label(), label(), label()),
    ) {
        let (title, risk, range) = words;
        let events = events
            .into_iter()
            .map(|(label, risks, difference)| Complication { label, risks, difference })
            .collect();
        tidy(Complications { title, risk, range, arms, events, ..Default::default() }.draw())?;
    }

    #[test]
    fn any_variants_are_tidy(
        rows in prop::collection::vec(
            (label(), label(), label(), number(), number(), number(), any::<bool>(), any::<bool>()), 0..6),
        words in (label(), label(), label(), label()),
        guides in numbers(3),
    ) {
        let (title, probability, heading, unit) = words;
        let rows = rows
            .into_iter()
            .map(|(label, group, effect, power, low, high, null, emphasised)| Variant {
                label, group, power, low, high, effect, null, emphasised,
            })
            .collect();
        let effect = [heading, unit];
        tidy(Variants { title, probability, effect, guides, rows, ..Default::default() }.draw())?;
    }

    #[test]
    fn any_estimates_are_tidy(
        estimates in numbers(40),
        significant in prop::collection::vec(any::<bool>(), 0..40),
        truth in prop::option::of(number()),
        scale in scale(),
        words in (label(), label()),
        notes in prop::collection::vec(label(), 0..4),
    ) {
        let (title, measure) = words;
        tidy(Estimates { title, measure, scale, estimates, significant, truth, notes, ..Default::default() }.draw())?;
    }
}

fn sizes() -> PowerCurve {
    let line = |label: &str, rise: f64| PowerCurveLine {
        label: label.into(),
        points: (1..=10)
            .map(|k| {
                let power = 1.0 - (-rise * f64::from(k)).exp();
                [f64::from(k) * 80.0, power, power - 0.01, (power + 0.01).min(1.0)]
            })
            .collect(),
    };
    PowerCurve {
        name: "power_by_size".into(),
        size: "Patients randomised".into(),
        probability: "Trials that show a benefit".into(),
        curves: vec![
            line("Benefit as stated", 0.33),
            line("Half of the benefit", 0.1),
            line("Effect from the prior (assurance)", 0.06),
        ],
        target: Some(0.8),
        found: Some([386.0, 394.0, 404.0]),
        ..Default::default()
    }
}

fn grid() -> HeatMap {
    let values = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    HeatMap {
        name: "heat_map".into(),
        across: ("Patients".into(), values(&["300", "500", "700", "900", "1100"])),
        down: ("Microaxial flow pump, share of benefit".into(), values(&["0.25", "0.5", "0.75", "1.0"])),
        cells: (0..4).map(|r| (0..5).map(|c| [f64::from(r * 5 + c) / 20.0, 0.008]).collect()).collect(),
        contours: vec![0.8, 0.9],
        ..Default::default()
    }
}

fn fall() -> Waterfall {
    let step = |label: &str, total: f64, change: Option<[f64; 2]>| WaterfallStep {
        label: label.into(),
        total: [total, 0.005],
        change,
    };
    Waterfall {
        name: "waterfall".into(),
        probability: "Power".into(),
        steps: vec![
            step("With none of these", 0.91, None),
            step("Nobody dies of brain injury", 0.82, Some([-0.09, 0.004])),
            step("Complications do not kill", 0.63, Some([-0.19, 0.005])),
            step("No crossover", 0.66, Some([0.03, 0.004])),
            step("Base case", 0.66, None),
        ],
        ..Default::default()
    }
}

fn plane() -> TradeOff {
    let point = |label: &str, across: f64, power: f64, other: Option<f64>| TradeOffPoint {
        label: label.into(),
        at: [across, power, power - 0.01, power + 0.01],
        other: other.map(|p| [across, p, p - 0.01, p + 0.01]),
    };
    TradeOff {
        name: "trade_off".into(),
        across: "Deaths averted per 1000 patients with shock screened, if adopted".into(),
        up: "Power (%)".into(),
        points: vec![
            point("Base case", 12.0, 0.42, None),
            point("DanGer-like", 6.0, 0.81, Some(0.33)),
            point("Left ventricle, no coma", 11.5, 0.78, Some(0.52)),
            point("Without comatose patients", 11.8, 0.79, Some(0.53)),
        ],
        ..Default::default()
    }
}

#[test]
fn figures_of_sizing_and_comparison_are_tidy_and_say_their_numbers() {
    for (figure, says) in [
        (sizes().draw(), vec!["394 (386–404)", "Patients randomised"]),
        (grid().draw(), vec!["95", "± 0.8", "1100"]),
        (fall().draw(), vec!["91.0 ± 0.5%", "−19.0 ± 0.5", "+3.0 ± 0.4"]),
        (plane().draw(), vec!["DanGer-like", "Power (%)"]),
    ] {
        is_tidy(&figure).unwrap();
        let words = words(&figure);
        says.iter().for_each(|text| assert!(count(&words, text) > 0, "{}: {text}", figure.name));
        if let Some(folder) = std::env::var_os("FIGURES") {
            let path = std::path::Path::new(&folder).join(format!("{}.png", figure.name));
            std::fs::write(path, figure.png(2.0).unwrap()).unwrap();
        }
    }
}

#[test]
fn figures_of_sizing_and_comparison_survive_nothing() {
    PowerCurve::default().draw();
    HeatMap::default().draw();
    Waterfall::default().draw();
    TradeOff::default().draw();
    let nothing = [f64::NAN; 4];
    TradeOff {
        points: vec![TradeOffPoint { label: "Nothing".into(), at: nothing, other: Some(nothing) }],
        ..Default::default()
    }
    .draw();
    HeatMap {
        cells: vec![vec![[f64::NAN; 2]]],
        across: ("x".into(), vec!["1".into()]),
        down: ("y".into(), vec!["2".into()]),
        ..Default::default()
    }
    .draw();
}
