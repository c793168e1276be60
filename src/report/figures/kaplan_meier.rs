//! Event or survival curves by arm, with the number at risk below.

use super::Figure;
use super::axis::{self, EndLabel, LEADER, Scale, round_ticks};
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::style::{BODY, MARGIN, PAGE_WIDTH, SMALL, colour, count, dash, percent, tick};

/// Curves by arm, control first: a trial's own data, or what a simulation expects.
#[derive(Clone, Debug, Default)]
pub struct KaplanMeier {
    pub name: String,
    /// Drawn top left; empty for none.
    pub title: String,
    pub caption: String,
    /// Vertical axis, such as "Death from any cause"; the unit, per cent, is added.
    pub outcome: String,
    /// Horizontal axis, such as "Days since randomisation".
    pub time: String,
    /// Times, in order, that carry a tick and a column of numbers at risk; round ones are found if empty.
    pub ticks: Vec<f64>,
    pub shows: Shows,
    /// Top of the vertical axis as a proportion; found from the curves if none. Survival runs to 1.
    pub top: Option<f64>,
    pub arms: Vec<KaplanMeierArm>,
    /// Lines of text inside the axes, such as "Hazard ratio, 0.80 (95% CI, 0.66–0.97)".
    pub notes: Vec<String>,
    /// Heading of the table below; "No. at risk" if empty.
    pub at_risk: String,
}

/// What the curves count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shows {
    /// Cumulative probability of the event, from 0 up.
    #[default]
    Events,
    /// Probability of being free of it, from 1 down.
    Survival,
}

/// How points are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CurveKind {
    /// A step at each time: an estimate from data.
    #[default]
    Steps,
    /// Straight lines: a model or an average over replicates.
    Smooth,
}

/// One arm's curve.
#[derive(Clone, Debug, Default)]
pub struct KaplanMeierArm {
    pub label: String,
    pub kind: CurveKind,
    pub times: Vec<f64>,
    /// Probability at each time, 0 to 1, events or survival as the figure shows.
    pub probability: Vec<f64>,
    /// Lower and upper limit at each time: an interval, or the range of single trials.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
    /// Number at risk at each tick; fewer, or NaN, leaves blanks. Empty for all arms: no table.
    pub at_risk: Vec<f64>,
}

/// Height of the plot; taller if the labels need it.
const PLOT_HEIGHT: f64 = 300.0;

impl KaplanMeier {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let mut top = page.title(&self.title);

        let curves: Vec<Curve> = self.arms.iter().map(|arm| Curve::new(arm, self.shows)).collect();
        let ticks = self.time_ticks(&curves);
        let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
        let ceiling = self.ceiling(&curves);

        // Columns: names of the arms at risk, axis, plot, labels.
        let name_font = Type::plain(SMALL);
        let table = self.arms.iter().any(|arm| arm.at_risk.iter().any(|n| n.is_finite()));
        let names: Vec<Vec<String>> =
            self.arms.iter().map(|arm| name_font.wrap(&arm.label, 118.0, 3)).collect();
        let heading = if self.at_risk.is_empty() { "No. at risk" } else { &self.at_risk };
        let heading = Type::bold(SMALL).wrap(heading, 118.0, 2);
        let widest_first = self
            .arms
            .iter()
            .filter_map(|arm| arm.at_risk.first())
            .map(|n| name_font.width(&count(*n)) / 2.0)
            .fold(8.0, f64::max);
        let levels = round_ticks(0.0, ceiling, 5).into_iter().map(|v| (v, tick((1e4 * v).round() / 100.0)));
        let vertical = axis::Left::new(&format!("{} (%)", self.outcome), levels.collect(), PLOT_HEIGHT);
        let mut left = MARGIN + vertical.width().max(62.0);
        if table {
            let names = names.iter().map(|lines| name_font.widest(lines)).fold(0.0, f64::max);
            left = left.max(MARGIN + names + 12.0 + widest_first);
        }
        let label_font = Type::bold(BODY);
        let mut labels: Vec<EndLabel> = Vec::new();
        for (i, (arm, curve)) in self.arms.iter().zip(&curves).enumerate() {
            let Some(end) = curve.at(last) else { continue };
            let mut lines: Vec<(String, Type)> = label_font
                .wrap(&arm.label, 150.0, 3)
                .into_iter()
                .map(|line| (line, label_font.coloured(colour(i))))
                .collect();
            lines.push((format!("{}%", percent(end.1, 1)), Type::plain(BODY).coloured(colour(i))));
            labels.push(EndLabel { lines, end });
        }
        let label_width = labels.iter().map(EndLabel::width).fold(0.0, f64::max);
        let right = PAGE_WIDTH - MARGIN - (label_width + LEADER).max(24.0);
        let height = PLOT_HEIGHT.max(labels.iter().map(EndLabel::height).sum());

        let x = Scale::linear(first, last, left, right);
        let mut y = Scale::linear(0.0, ceiling, top + height, top);
        let corner = self.place_notes(&curves, &x, &y, (left, right), (top, top + height));
        if corner.is_none() && !self.notes.is_empty() {
            let font = Type::plain(BODY);
            let lines: Vec<String> =
                self.notes.iter().flat_map(|note| font.wrap(note, PAGE_WIDTH - 2.0 * MARGIN, 3)).collect();
            top = page.lines(&lines, MARGIN, top - 6.0, font, Anchor::Start) + BODY;
            y = Scale::linear(0.0, ceiling, top + height, top);
        }

        for (i, curve) in curves.iter().enumerate() {
            page.area(&curve.band(&x, &y), colour(i), 0.13);
        }
        vertical.draw(&mut page, &y, left);
        let title_font = Type::bold(BODY);
        let days: Vec<(f64, String)> = ticks.iter().map(|t| (*t, tick(*t))).collect();
        let mut below = axis::bottom(&mut page, &x, top + height, &days);
        for (i, curve) in curves.iter().enumerate() {
            page.line(&curve.path(&x, &y), Stroke { colour: colour(i), width: 1.9, dash: dash(i) });
        }
        for label in &mut labels {
            label.end = (x.within(label.end.0), y.within(label.end.1));
        }
        axis::end_labels(&mut page, &labels, right, top - 10.0, top + height + 10.0);
        if let Some(place) = corner {
            place.write(&mut page);
        }

        let time = title_font.wrap(&self.time, right - left, 2);
        below = page.lines(&time, (left + right) / 2.0, below + 6.0, title_font, Anchor::Middle);
        if table {
            below = self.at_risk_table(&mut page, below, &heading, &names, &ticks, &x);
        }
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    fn at_risk_table(
        &self,
        page: &mut Page,
        below: f64,
        heading: &[String],
        names: &[Vec<String>],
        ticks: &[f64],
        x: &Scale,
    ) -> f64 {
        let font = Type::plain(SMALL);
        // The heading may share its line with the axis title, which stands over the plot.
        let mut row = page.lines(heading, MARGIN, below, Type::bold(SMALL), Anchor::Start) + 3.0;
        let number = |n: &f64| if n.is_finite() { count(*n) } else { String::new() };
        // Every column, or every second, third … where the numbers would touch.
        let widest = self.arms.iter().flat_map(|arm| &arm.at_risk).map(|n| font.width(&number(n)));
        let widest = widest.fold(0.0, f64::max) + 6.0;
        let every = (1..=ticks.len())
            .find(|&every| {
                let shown: Vec<f64> = ticks.iter().step_by(every).map(|t| x.at(*t)).collect();
                shown.windows(2).all(|pair| pair[1] - pair[0] >= widest)
            })
            .unwrap_or(1);
        for (i, (arm, name)) in self.arms.iter().zip(names).enumerate() {
            let lines = name.len().max(1) as f64;
            let middle = row + lines * font.leading() / 2.0;
            let font = font.coloured(colour(i));
            page.block_of_words(name, MARGIN, middle, font, Anchor::Start);
            for (n, t) in arm.at_risk.iter().zip(ticks).step_by(every) {
                page.block_of_words(&[number(n)], x.at(*t), middle, font, Anchor::Middle);
            }
            row += lines * font.leading() + 3.0;
        }
        row
    }

    /// The ticks as stated, in order and finite; otherwise round ones over the curves.
    fn time_ticks(&self, curves: &[Curve]) -> Vec<f64> {
        let mut ticks: Vec<f64> = self.ticks.iter().copied().filter(|t| t.is_finite()).collect();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        if ticks.len() > 1 {
            return ticks;
        }
        let last = curves.iter().flat_map(|curve| &curve.points).map(|p| p.0).fold(0.0, f64::max);
        let last = if last > 0.0 { last } else { 1.0 };
        let step = axis::round_step(last / 6.0);
        (0..=(last / step - 1e-9).ceil() as usize).map(|i| i as f64 * step).collect()
    }

    /// Top of the vertical axis: a round level that leaves some room above curves and bands.
    fn ceiling(&self, curves: &[Curve]) -> f64 {
        if let Some(top) = self.top.filter(|top| top.is_finite() && *top > 0.0) {
            return top.min(1.0);
        }
        if self.shows == Shows::Survival {
            return 1.0;
        }
        let highest = curves
            .iter()
            .flat_map(|curve| curve.points.iter().map(|p| p.1).chain(curve.high.iter().map(|p| p.1)))
            .fold(0.0, f64::max);
        if highest == 0.0 {
            return 0.1;
        }
        let tops = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0];
        tops.into_iter().find(|top| highest * 1.12 <= *top).unwrap_or(1.0)
    }

    /// A corner of the plot where the notes touch no curve, if there is one.
    fn place_notes(
        &self,
        curves: &[Curve],
        x: &Scale,
        y: &Scale,
        (left, right): (f64, f64),
        (top, bottom): (f64, f64),
    ) -> Option<Notes> {
        let font = Type::plain(BODY);
        let widest = (right - left) * 0.75;
        let lines: Vec<String> = self.notes.iter().flat_map(|note| font.wrap(note, widest, 3)).collect();
        if lines.is_empty() {
            return None;
        }
        let (width, height) = (font.widest(&lines), lines.len() as f64 * (font.leading() + 2.0));
        let inset = 14.0;
        let ink: Vec<Point> = curves
            .iter()
            .flat_map(|curve| {
                let mut ink = curve.path(x, y);
                ink.extend(curve.band(x, y));
                dense(&ink)
            })
            .collect();
        let starts = [left + inset, right - inset - width];
        let tops = [top + 2.0, bottom - height - 8.0];
        let corners =
            [(starts[0], tops[0]), (starts[1], tops[1]), (starts[0], tops[1]), (starts[1], tops[0])];
        let free = |&(from, above): &Point| {
            !ink.iter().any(|&(px, py)| {
                px > from - 10.0 && px < from + width + 10.0 && py > above - 8.0 && py < above + height + 8.0
            })
        };
        let (from, above) = corners.into_iter().find(free)?;
        Some(Notes { lines, from, above, font })
    }
}

/// Notes in the place found for them.
struct Notes {
    lines: Vec<String>,
    from: f64,
    above: f64,
    font: Type,
}

impl Notes {
    fn write(&self, page: &mut Page) {
        for (i, line) in self.lines.iter().enumerate() {
            let baseline = self.above + self.font.size + i as f64 * (self.font.leading() + 2.0);
            page.word(line, self.from, baseline, self.font, Anchor::Start);
        }
    }
}

/// Points along a path no further apart than a few pixels.
fn dense(path: &[Point]) -> Vec<Point> {
    let mut points = Vec::new();
    for pair in path.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let parts = (((x1 - x0).hypot(y1 - y0) / 4.0).ceil().clamp(1.0, 1000.0)) as usize;
        points.extend((0..=parts).map(|i| {
            let share = i as f64 / parts as f64;
            (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
        }));
    }
    points
}

/// An arm's points in order of time, probabilities within 0 and 1, gaps left out.
struct Curve {
    points: Vec<Point>,
    low: Vec<Point>,
    high: Vec<Point>,
    kind: CurveKind,
}

impl Curve {
    fn new(arm: &KaplanMeierArm, shows: Shows) -> Curve {
        let start = if shows == Shows::Survival { 1.0 } else { 0.0 };
        let ordered = |values: &[f64]| {
            let mut points: Vec<Point> = arm
                .times
                .iter()
                .zip(values)
                .filter(|(t, p)| t.is_finite() && p.is_finite())
                .map(|(t, p)| (*t, p.clamp(0.0, 1.0)))
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            if points.first().is_some_and(|p| p.0 > 0.0) {
                points.insert(0, (0.0, start));
            }
            points
        };
        let (low, high) = match &arm.band {
            Some((low, high)) => (ordered(low), ordered(high)),
            None => (Vec::new(), Vec::new()),
        };
        Curve { points: ordered(&arm.probability), low, high, kind: arm.kind }
    }

    /// The last point at or before `time`.
    fn at(&self, time: f64) -> Option<Point> {
        let last = self.points.iter().rev().find(|p| p.0 <= time)?;
        // A step holds its value; a line between two points has one of its own.
        let next = self.points.iter().find(|p| p.0 > time);
        match (self.kind, next) {
            (CurveKind::Steps, Some(_)) => Some((time, last.1)),
            (CurveKind::Smooth, Some(next)) => {
                let share = (time - last.0) / (next.0 - last.0);
                Some((time, last.1 + share * (next.1 - last.1)))
            }
            (_, None) => Some(*last),
        }
    }

    fn path(&self, x: &Scale, y: &Scale) -> Vec<Point> {
        joined(&self.points, self.kind, x, y)
    }

    fn band(&self, x: &Scale, y: &Scale) -> Vec<Point> {
        let mut outline = joined(&self.low, self.kind, x, y);
        outline.extend(joined(&self.high, self.kind, x, y).into_iter().rev());
        outline
    }
}

/// Points on the page, with the corners of steps, cut off at the ends of the axes.
fn joined(points: &[Point], kind: CurveKind, x: &Scale, y: &Scale) -> Vec<Point> {
    let mut path: Vec<Point> = Vec::new();
    for (i, &(time, value)) in points.iter().enumerate() {
        if time > x.high {
            let before = if i > 0 { points[i - 1] } else { break };
            let edge = match kind {
                CurveKind::Steps => before.1,
                CurveKind::Smooth => {
                    before.1 + (value - before.1) * (x.high - before.0) / (time - before.0).max(1e-12)
                }
            };
            path.push((x.at(x.high), y.within(edge)));
            break;
        }
        let here = (x.within(time), y.within(value));
        if kind == CurveKind::Steps
            && let Some(&(_, level)) = path.last()
        {
            path.push((here.0, level));
        }
        path.push(here);
    }
    path
}
