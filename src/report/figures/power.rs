//! Power against the effect, the size of the trial, or anything else swept.

use super::Figure;
use super::axis::{self, EndLabel, LEADER, Scale};
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::style::{BODY, FAINT, INK, MARGIN, PAGE_WIDTH, SMALL, TICK, colour, dash, tick};

/// Power at the points of a sweep, a line per series.
#[derive(Clone, Debug, Default)]
pub struct Power {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// What is swept, such as "True hazard ratio" or "Patients randomised".
    pub swept: String,
    pub axis: PowerAxis,
    /// Vertical axis; "Power" if empty. The unit, per cent, is added.
    pub probability: String,
    pub series: Vec<PowerSeries>,
    /// Faint lines across, such as 0.8 and 0.9.
    pub guides: Vec<f64>,
    /// Top of the vertical axis as a proportion: 1 if none. Error rates want less.
    pub top: Option<f64>,
}

/// The kind of thing swept.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PowerAxis {
    #[default]
    Number,
    /// Ratios, on a log axis.
    Ratio,
    /// Names in order; a point's `x` is its index from 0. Points are not joined.
    Categories(Vec<String>),
}

/// One line.
#[derive(Clone, Debug, Default)]
pub struct PowerSeries {
    pub label: String,
    pub points: Vec<PowerPoint>,
}

/// Power at one point with its Monte Carlo interval; NaN power leaves a gap, NaN limits no bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerPoint {
    pub x: f64,
    pub power: f64,
    pub low: f64,
    pub high: f64,
}

const PLOT_HEIGHT: f64 = 290.0;

impl Power {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title) + 4.0;
        let ceiling = self.top.filter(|top| top.is_finite() && *top > 0.0).unwrap_or(1.0).min(1.0);

        // One series needs no name at its end.
        let named = self.series.len() > 1;
        let font = Type::bold(BODY);
        let mut labels: Vec<EndLabel> = Vec::new();
        let mut usual: Vec<f64> = Vec::new();
        for (i, series) in self.series.iter().enumerate().filter(|_| named) {
            let last = series.points.iter().filter(|p| p.x.is_finite() && p.power.is_finite());
            let Some(last) = last.max_by(|a, b| a.x.total_cmp(&b.x)) else { continue };
            let lines = font.wrap(&series.label, 160.0, 3).into_iter();
            let lines = lines.map(|line| (line, font.coloured(colour(i)))).collect();
            let powers = series.points.iter().map(|p| p.power.clamp(0.0, 1.0)).filter(|p| p.is_finite());
            let powers: Vec<f64> = powers.collect();
            usual.push(powers.iter().sum::<f64>() / powers.len() as f64);
            labels.push(EndLabel { lines, end: (last.x + self.sideways(i), last.power) });
        }
        let label_width = labels.iter().map(EndLabel::width).fold(0.0, f64::max);
        let height = PLOT_HEIGHT.max(labels.iter().map(EndLabel::height).sum());
        let bottom = top + height;
        let name = if self.probability.is_empty() { "Power" } else { &self.probability };
        let vertical = axis::Left::new(&format!("{name} (%)"), levels(ceiling, &self.guides, height), height);
        let left = MARGIN + vertical.width().max(62.0);
        let right = PAGE_WIDTH - MARGIN - if named { label_width + LEADER } else { 24.0 };

        let y = Scale::linear(0.0, ceiling, bottom, top);
        let x = self.scale(left, right);

        for &guide in self.guides.iter().filter(|guide| y.holds(**guide)) {
            let at = y.at(guide);
            page.line(&[(left, at), (right, at)], Stroke { colour: FAINT, width: 1.0, dash: &[3.0, 3.0] });
        }
        vertical.draw(&mut page, &y, left);
        let below = match &self.axis {
            PowerAxis::Categories(names) => categories(&mut page, &x, bottom, names, left, right),
            _ => {
                let ticks: Vec<(f64, String)> = self.ticks(&x).into_iter().map(|v| (v, tick(v))).collect();
                axis::bottom(&mut page, &x, bottom, &ticks)
            }
        };
        for (i, series) in self.series.iter().enumerate() {
            self.line(&mut page, i, series, &x, &y);
        }
        for label in &mut labels {
            label.end = (x.at(label.end.0), y.within(label.end.1));
        }
        // Lines that end at one point keep the order they had on the way there.
        for (label, usual) in labels.iter_mut().zip(usual) {
            label.end.1 -= 0.01 * usual;
        }
        axis::end_labels(&mut page, &labels, right, top - 10.0, bottom + 10.0);
        let swept = font.wrap(&self.swept, right - left, 2);
        let below = page.lines(&swept, (left + right) / 2.0, below + 6.0, font, Anchor::Middle);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    fn scale(&self, left: f64, right: f64) -> Scale {
        if let PowerAxis::Categories(names) = &self.axis {
            return Scale::linear(-0.5, names.len().max(1) as f64 - 0.5, left, right);
        }
        let ratio = self.axis == PowerAxis::Ratio;
        let values = self.series.iter().flat_map(|series| &series.points).map(|point| point.x);
        let values = values.filter(|x| x.is_finite() && (!ratio || *x > 0.0));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        if ratio {
            // One value alone gets some room around it, and points stay clear of the axis.
            let room = if high > low { (high / low).powf(0.03) } else { 1.2 };
            return Scale::log(low / room, high * room, left, right);
        }
        let room = if high > low { 0.03 * (high - low) } else { 0.1 * low.abs().max(1.0) };
        Scale::linear(low - room, high + room, left, right)
    }

    /// The points of the sweep themselves where they are few, else round values.
    fn ticks(&self, x: &Scale) -> Vec<f64> {
        let mut swept: Vec<f64> =
            self.series.iter().flat_map(|series| &series.points).map(|point| point.x).collect();
        swept.retain(|value| value.is_finite() && x.holds(*value));
        swept.sort_by(f64::total_cmp);
        swept.dedup();
        match swept.len() {
            0 | 2..=10 => swept,
            _ => x.ticks(7),
        }
    }

    /// Series side by side within a category; on top of each other elsewhere.
    fn sideways(&self, index: usize) -> f64 {
        if !matches!(self.axis, PowerAxis::Categories(_)) {
            return 0.0;
        }
        let middle = (self.series.len() as f64 - 1.0) / 2.0;
        (index as f64 - middle) * (0.5 / self.series.len().max(1) as f64)
    }

    fn line(&self, page: &mut Page, index: usize, series: &PowerSeries, x: &Scale, y: &Scale) {
        let colour = colour(index);
        let mut points: Vec<PowerPoint> = series.points.clone();
        let possible = |p: &PowerPoint| p.x.is_finite() && (self.axis != PowerAxis::Ratio || p.x > 0.0);
        points.retain(possible);
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        let sideways = self.sideways(index);
        let at = |p: &PowerPoint| -> Point { (x.at(p.x + sideways), y.within(p.power)) };
        if !matches!(self.axis, PowerAxis::Categories(_)) {
            for run in points.split(|p| !p.power.is_finite()) {
                let path: Vec<Point> = run.iter().map(at).collect();
                page.line(&path, Stroke { colour, width: 1.9, dash: dash(index) });
            }
        }
        for point in points.iter().filter(|p| p.power.is_finite()) {
            let (px, py) = at(point);
            if point.low.is_finite() && point.high.is_finite() {
                let ends = [(px, y.within(point.low)), (px, y.within(point.high))];
                page.line(&ends, Stroke::solid(colour, 1.2));
                for (cap_x, cap_y) in ends {
                    page.line(&[(cap_x - 2.5, cap_y), (cap_x + 2.5, cap_y)], Stroke::solid(colour, 1.2));
                }
            }
            if index.is_multiple_of(2) {
                page.disc((px, py), 3.2, colour);
            } else {
                page.ring((px, py), 3.4, colour);
            }
        }
    }
}

/// Round levels and, where there is room between them, the guides.
fn levels(ceiling: f64, guides: &[f64], height: f64) -> Vec<(f64, String)> {
    let mut levels = axis::round_ticks(0.0, ceiling, 5);
    for &guide in guides.iter().filter(|g| g.is_finite()) {
        if levels.iter().all(|level| (level - guide).abs() / ceiling * height > BODY + 4.0) {
            levels.push(guide);
        }
    }
    levels.into_iter().map(|level| (level, tick((1e4 * level).round() / 100.0))).collect()
}

/// Names under their places, wrapped to the room between them.
fn categories(page: &mut Page, x: &Scale, y: f64, names: &[String], left: f64, right: f64) -> f64 {
    let none: [(f64, String); 0] = [];
    axis::bottom(page, x, y, &none);
    let font = Type::plain(if names.len() > 6 { SMALL } else { BODY });
    let room = (right - left) / names.len().max(1) as f64 - 8.0;
    let mut lowest = y;
    for (i, name) in names.iter().enumerate() {
        let at = x.at(i as f64);
        page.line(&[(at, y), (at, y + TICK)], Stroke::solid(INK, 1.0));
        let lines = font.wrap(name, room.max(12.0), 5);
        lowest = lowest.max(page.lines(&lines, at, y + TICK + 3.0, font, Anchor::Middle));
    }
    lowest
}
