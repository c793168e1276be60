//! Power against the size of the trial, each curve in its Monte Carlo band, with the size that was found.

use super::Figure;
use super::axis::{self, EndLabel, LEADER, Scale};
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::style::{BODY, FAINT, GREY, MARGIN, PAGE_WIDTH, SMALL, colour, dash, tick};

/// Curves of power over sizes.
#[derive(Clone, Debug, Default)]
pub struct PowerCurve {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Horizontal axis, such as "Patients randomised".
    pub size: String,
    /// Vertical axis, such as "Power"; the unit, per cent, is added.
    pub probability: String,
    pub curves: Vec<PowerCurveLine>,
    /// The power asked for.
    pub target: Option<f64>,
    /// The size found, with its Monte Carlo interval.
    pub found: Option<[f64; 3]>,
}

/// One curve.
#[derive(Clone, Debug, Default)]
pub struct PowerCurveLine {
    pub label: String,
    /// Size, power, and the limits of its Monte Carlo interval.
    pub points: Vec<[f64; 4]>,
}

const PLOT_HEIGHT: f64 = 300.0;

impl PowerCurve {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title) + 4.0;
        let bottom = top + PLOT_HEIGHT;
        let mut levels: Vec<f64> = axis::round_ticks(0.0, 1.0, 5);
        if let Some(target) = self.target.filter(|t| levels.iter().all(|l| (l - t).abs() > 0.055)) {
            levels.push(target);
        }
        let ticks = levels.iter().map(|&l| (l, tick((1e4 * l).round() / 100.0))).collect();
        let left_axis = axis::Left::new(&format!("{} (%)", self.probability), ticks, PLOT_HEIGHT);
        let left = MARGIN + left_axis.width();
        let labels = self.labels();
        let room = labels.iter().map(EndLabel::width).fold(0.0, f64::max) + LEADER;
        let right = PAGE_WIDTH - MARGIN - room;
        let sizes = || self.curves.iter().flat_map(|c| c.points.iter().map(|p| p[0]));
        let (low, high) = sizes().fold((f64::INFINITY, 0.0_f64), |(l, h), x| (l.min(x), h.max(x)));
        let low = if low < 0.3 * high { 0.0 } else { low };
        let x = Scale::linear(low, high, left, right);
        let y = Scale::linear(0.0, 1.0, bottom, top);
        if let Some([lower, found, upper]) = self.found {
            let (from, to) = (x.within(lower), x.within(upper));
            page.area(&[(from, top), (to, top), (to, bottom), (from, bottom)], GREY, 0.16);
            let at = x.within(found);
            page.line(&[(at, top), (at, bottom)], Stroke { colour: GREY, width: 1.0, dash: &[2.0, 2.0] });
        }
        if let Some(target) = self.target {
            let at = y.within(target);
            page.line(&[(left, at), (right, at)], Stroke { colour: FAINT, width: 1.0, dash: &[3.0, 3.0] });
        }
        for (index, curve) in self.curves.iter().enumerate() {
            let points: Vec<&[f64; 4]> = curve.points.iter().filter(|p| p[1].is_finite()).collect();
            let upper = points.iter().map(|p| (x.within(p[0]), y.within(p[3])));
            let lower = points.iter().rev().map(|p| (x.within(p[0]), y.within(p[2])));
            let band: Vec<Point> = upper.chain(lower).collect();
            page.area(&band, colour(index), 0.22);
            let line: Vec<Point> = points.iter().map(|p| (x.within(p[0]), y.within(p[1]))).collect();
            page.line(&line, Stroke { colour: colour(index), width: 1.7, dash: dash(index) });
        }
        left_axis.draw(&mut page, &y, left);
        let ticks: Vec<(f64, String)> = x.ticks(7).into_iter().map(|v| (v, super::style::count(v))).collect();
        let below = axis::bottom(&mut page, &x, bottom, &ticks);
        let ends = labels.into_iter().zip(&self.curves).map(|(label, curve)| {
            let last = curve.points.iter().rev().find(|p| p[1].is_finite());
            let end = last.map_or((right, bottom), |p| (x.within(p[0]), y.within(p[1])));
            EndLabel { end, ..label }
        });
        axis::end_labels(&mut page, &ends.collect::<Vec<_>>(), right, top - 6.0, bottom + 6.0);
        if let Some([lower, found, upper]) = self.found {
            let whole = |v: f64| super::style::count(v);
            let range = super::style::interval(&whole(lower), &whole(upper));
            let text = format!("{} ({range})", whole(found));
            let font = Type::plain(SMALL);
            let at = x.within(found);
            let (place, anchor) = if at + 6.0 + font.width(&text) < right {
                (x.within(upper) + 6.0, Anchor::Start)
            } else {
                (x.within(lower) - 6.0, Anchor::End)
            };
            page.word(&text, place, bottom - 8.0, font, anchor);
        }
        let font = Type::bold(BODY);
        let lines = font.wrap(&self.size, right - left, 2);
        let below = page.lines(&lines, (left + right) / 2.0, below + 6.0, font, Anchor::Middle);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    /// Labels at the ends of the curves; where they end is set once the axes are known.
    fn labels(&self) -> Vec<EndLabel> {
        let label = |(index, curve): (usize, &PowerCurveLine)| {
            let font = Type::bold(SMALL).coloured(colour(index));
            let lines = font.wrap(&curve.label, 130.0, 3).into_iter().map(|line| (line, font)).collect();
            EndLabel { lines, end: (0.0, 0.0) }
        };
        self.curves.iter().enumerate().map(label).collect()
    }
}
