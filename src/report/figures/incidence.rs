//! Cumulative incidence of events that rule each other out, a panel per arm.

use super::Figure;
use super::axis::{self, EndLabel, LEADER, Scale, round_ticks};
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::style::{BODY, MARGIN, PAGE_WIDTH, SMALL, colour, count, dash, percent, tick};

/// What happens to patients, by arm, control first.
#[derive(Clone, Debug, Default)]
pub struct Incidence {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Horizontal axis, such as "Days since randomisation".
    pub time: String,
    /// Times that carry a tick and a number at risk.
    pub ticks: Vec<f64>,
    /// Names of the events, the same in every panel.
    pub events: Vec<String>,
    pub panels: Vec<IncidencePanel>,
    /// What the numbers below count, such as "Alive in hospital".
    pub at_risk: String,
}

/// One arm.
#[derive(Clone, Debug, Default)]
pub struct IncidencePanel {
    pub label: String,
    pub times: Vec<f64>,
    /// By event: the probability at each time.
    pub incidence: Vec<Vec<f64>>,
    /// Number at risk at each tick.
    pub at_risk: Vec<f64>,
}

const PLOT_HEIGHT: f64 = 230.0;
/// Room for the names at the ends of the lines.
const NAMES: f64 = 92.0;

impl Incidence {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let mut top = page.title(&self.title);
        let most =
            self.panels.iter().flat_map(|p| p.incidence.iter().flatten()).copied().fold(0.05, f64::max);
        let step = axis::round_step(most / 4.0);
        let ceiling = (most / step).ceil() * step;
        let each = PAGE_WIDTH / 2.0;
        let mut bottom = top;
        for (i, panel) in self.panels.iter().enumerate() {
            if i > 0 && i.is_multiple_of(2) {
                top = bottom + 20.0;
            }
            let below = self.panel(&mut page, panel, (i % 2) as f64 * each, top, ceiling);
            bottom = bottom.max(below);
        }
        Figure::print(&page, bottom + MARGIN, &self.name, &self.title, &self.caption)
    }

    fn panel(&self, page: &mut Page, panel: &IncidencePanel, start: f64, top: f64, ceiling: f64) -> f64 {
        let heading = Type::bold(BODY);
        let plain = Type::plain(SMALL);
        let font = Type::plain(SMALL);
        let levels = round_ticks(0.0, ceiling, 5).into_iter().map(|v| (v, tick((1e4 * v).round() / 100.0)));
        let vertical = axis::Left::new("Patients (%)", levels.collect(), PLOT_HEIGHT);
        let left = start + MARGIN + vertical.width();
        let right = start + PAGE_WIDTH / 2.0 - MARGIN - NAMES - LEADER;
        let names = heading.wrap(&panel.label, right - left + NAMES, 2);
        let top = page.lines(&names, left, top, heading, Anchor::Start) + 12.0;
        let bottom = top + PLOT_HEIGHT;
        let (first, last) =
            (self.ticks.first().copied().unwrap_or(0.0), self.ticks.last().copied().unwrap_or(1.0));
        let x = Scale::linear(first, last, left, right);
        let y = Scale::linear(0.0, ceiling, bottom, top);
        let mut labels = Vec::new();
        for (e, (name, curve)) in self.events.iter().zip(&panel.incidence).enumerate() {
            let path: Vec<Point> =
                panel.times.iter().zip(curve).map(|(&t, &p)| (x.at(t), y.within(p))).collect();
            page.line(&path, Stroke { colour: colour(e), width: 1.8, dash: dash(e) });
            let Some((&end, &p)) = path.last().zip(curve.last()) else { continue };
            let mut lines: Vec<(String, Type)> =
                font.wrap(name, NAMES, 3).into_iter().map(|line| (line, font.coloured(colour(e)))).collect();
            lines.push((format!("{}%", percent(p, 1)), font.coloured(colour(e))));
            labels.push(EndLabel { lines, end });
        }
        axis::end_labels(page, &labels, right, top - 10.0, bottom + 10.0);
        vertical.draw(page, &y, left);
        let ticks: Vec<(f64, String)> = self.ticks.iter().map(|t| (*t, tick(*t))).collect();
        let mut below = axis::bottom(page, &x, bottom, &ticks);
        below = page.lines(&[&self.time], (left + right) / 2.0, below + 5.0, heading, Anchor::Middle) + 4.0;
        if panel.at_risk.iter().any(|n| n.is_finite()) {
            below = page.lines(&[&self.at_risk], start + MARGIN, below, Type::bold(SMALL), Anchor::Start);
            let mut filled = f64::NEG_INFINITY;
            for (&at, &n) in self.ticks.iter().zip(&panel.at_risk).filter(|(_, n)| n.is_finite()) {
                let text = count(n);
                let half = plain.width(&text) / 2.0;
                if x.at(at) - half > filled {
                    page.word(&text, x.at(at), below + plain.size * 0.95, plain, Anchor::Middle);
                    filled = x.at(at) + half + 4.0;
                }
            }
            below += plain.leading();
        }
        below
    }
}
