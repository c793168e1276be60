//! Patients enrolled over calendar time.

use super::Figure;
use super::axis::{self, Scale, round_ticks};
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::rows::{self, KeyEntry};
use super::style::{BODY, FAINT, MARGIN, PAGE_WIDTH, SMALL, colour, count, tick};

/// How recruitment goes: the usual trial and the range of trials.
#[derive(Clone, Debug, Default)]
pub struct Enrolment {
    pub name: String,
    pub title: String,
    pub caption: String,
    pub months: Vec<f64>,
    /// By month: 5 %, 50 % and 95 % of trials have enrolled at most so many.
    pub enrolled: Vec<[f64; 3]>,
    /// Patients planned.
    pub planned: f64,
}

const PLOT_HEIGHT: f64 = 260.0;

impl Enrolment {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title) + 8.0;
        let bottom = top + PLOT_HEIGHT;
        let most = self.enrolled.iter().map(|e| e[2]).fold(self.planned, f64::max).max(1.0);
        let ceiling = 1.06 * most;
        let levels = round_ticks(0.0, ceiling, 6).into_iter().map(|v| (v, count(v))).collect();
        let vertical = axis::Left::new("Patients enrolled", levels, PLOT_HEIGHT);
        let left = MARGIN + vertical.width().max(62.0);
        let font = Type::plain(SMALL);
        let right = PAGE_WIDTH - MARGIN - 24.0;
        let last = self.months.last().copied().unwrap_or(1.0);
        let x = Scale::linear(0.0, last.max(1.0), left, right);
        let y = Scale::linear(0.0, ceiling, bottom, top);
        let path = |k: usize| -> Vec<Point> {
            self.months.iter().zip(&self.enrolled).map(|(&m, e)| (x.at(m), y.at(e[k]))).collect()
        };
        let mut band = path(2);
        band.extend(path(0).into_iter().rev());
        page.area(&band, colour(0), 0.16);
        let planned = y.at(self.planned);
        page.line(
            &[(left, planned), (right, planned)],
            Stroke { colour: FAINT, width: 1.2, dash: &[5.0, 3.0] },
        );
        let words = format!("Planned, {}", count(self.planned));
        page.word(&words, left + 8.0, planned - 5.0, font, Anchor::Start);
        page.line(&path(1), Stroke::solid(colour(0), 2.0));
        vertical.draw(&mut page, &y, left);
        let ticks: Vec<(f64, String)> = round_ticks(0.0, last, 8).into_iter().map(|v| (v, tick(v))).collect();
        let below = axis::bottom(&mut page, &x, bottom, &ticks);
        let heading = Type::bold(BODY);
        let words = ["Months since the first site opened"];
        let below = page.lines(&words, (left + right) / 2.0, below + 6.0, heading, Anchor::Middle);
        let line = |page: &mut Page, x: f64, y: f64| {
            page.line(&[(x - 6.0, y), (x + 6.0, y)], Stroke::solid(colour(0), 2.0));
        };
        let block = |page: &mut Page, x: f64, y: f64| {
            let corners = [(x - 6.0, y - 4.0), (x + 6.0, y - 4.0), (x + 6.0, y + 4.0), (x - 6.0, y + 4.0)];
            page.area(&corners, colour(0), 0.16);
        };
        let entries = [
            KeyEntry { text: "Median", mark: &line },
            KeyEntry { text: "Middle 90% of trials", mark: &block },
        ];
        let below = rows::key(&mut page, left, right, below + 4.0, &entries);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }
}
