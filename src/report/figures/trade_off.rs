//! Strategies in the plane of what they give to the trial and what they give to patients.

use super::Figure;
use super::axis::{self, EndLabel, LEADER, Scale};
use super::page::{Anchor, Page, Stroke, Type};
use super::style::{BODY, FAINT, MARGIN, PAGE_WIDTH, SMALL, colour, tick};

/// Strategies by two measures.
#[derive(Clone, Debug, Default)]
pub struct TradeOff {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Horizontal axis with its unit.
    pub across: String,
    /// Vertical axis with its unit.
    pub up: String,
    pub points: Vec<TradeOffPoint>,
}

/// One strategy: a disc at one size of the trial, joined to a ring at another.
#[derive(Clone, Debug, Default)]
pub struct TradeOffPoint {
    pub label: String,
    /// Across, up, and the limits of the Monte Carlo interval of the latter.
    pub at: [f64; 4],
    pub other: Option<[f64; 4]>,
}

const PLOT_HEIGHT: f64 = 330.0;

impl TradeOff {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title) + 8.0;
        let bottom = top + PLOT_HEIGHT;
        let all = || self.points.iter().flat_map(|p| std::iter::once(p.at).chain(p.other));
        let finite = |k: usize| all().map(move |p| p[k]).filter(|v| v.is_finite());
        let most = finite(0).fold(0.0, f64::max);
        let least = finite(0).fold(0.0, f64::min);
        let font = |k: usize| Type::bold(SMALL).coloured(colour(k));
        let labels: Vec<EndLabel> = self
            .points
            .iter()
            .enumerate()
            .map(|(k, point)| EndLabel {
                lines: font(k).wrap(&point.label, 150.0, 3).into_iter().map(|line| (line, font(k))).collect(),
                end: (0.0, 0.0),
            })
            .collect();
        let highest = finite(3).fold(0.0, f64::max).min(1.0);
        let y = Scale::linear(0.0, (highest + 0.05).min(1.0), bottom, top);
        let ticks: Vec<(f64, String)> = axis::round_ticks(0.0, y.high, 5)
            .into_iter()
            .map(|v| (v, tick((1e4 * v).round() / 100.0)))
            .collect();
        let left_axis = axis::Left::new(&self.up, ticks, PLOT_HEIGHT);
        let left = MARGIN + left_axis.width();
        let room = labels.iter().map(EndLabel::width).fold(0.0, f64::max) + LEADER;
        let right = PAGE_WIDTH - MARGIN - room;
        let x = Scale::linear(least, most * 1.06 + 1e-9, left, right);
        left_axis.draw(&mut page, &y, left);
        let ticks: Vec<(f64, String)> = x.ticks(6).into_iter().map(|v| (v, tick(v))).collect();
        let below = axis::bottom(&mut page, &x, bottom, &ticks);
        if least < 0.0 {
            page.line(&[(x.at(0.0), top), (x.at(0.0), bottom)], Stroke::solid(FAINT, 1.0));
        }
        let mut ends = Vec::new();
        for ((k, point), label) in self.points.iter().enumerate().zip(labels) {
            let place = |p: &[f64; 4]| (x.within(p[0]), y.within(p[1]));
            let paint = colour(k);
            if let Some(other) = point.other.filter(|p| p[1].is_finite()) {
                page.line(
                    &[place(&point.at), place(&other)],
                    Stroke { colour: paint, width: 1.2, dash: &[3.0, 2.0] },
                );
                page.line(
                    &[(x.within(other[0]), y.within(other[2])), (x.within(other[0]), y.within(other[3]))],
                    Stroke::solid(paint, 1.2),
                );
                page.ring(place(&other), 4.2, paint);
            }
            if point.at[1].is_finite() {
                let [across, _, low, high] = point.at;
                page.line(
                    &[(x.within(across), y.within(low)), (x.within(across), y.within(high))],
                    Stroke::solid(paint, 1.4),
                );
                page.disc(place(&point.at), 4.4, paint);
            }
            ends.push(EndLabel { end: place(&point.at), ..label });
        }
        axis::end_labels(&mut page, &ends, right, top - 6.0, bottom + 6.0);
        let font = Type::bold(BODY);
        let lines = font.wrap(&self.across, right - left, 2);
        let below = page.lines(&lines, (left + right) / 2.0, below + 6.0, font, Anchor::Middle);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }
}
