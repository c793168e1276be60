//! Where the power went: from what is expected to the ideal, a bar for each part taken away.

use super::Figure;
use super::axis::{self, Scale};
use super::page::{Anchor, Page, Stroke, Type};
use super::style::{
    BODY, FAINT, GREY, HALF_CAPITAL, MARGIN, PAGE_WIDTH, SMALL, colour, percent, signed, tick,
};

/// Shares that lead from one total to another, part by part.
#[derive(Clone, Debug, Default)]
pub struct Waterfall {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Horizontal axis, such as "Power"; the unit, per cent, is added.
    pub probability: String,
    pub steps: Vec<WaterfallStep>,
}

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct WaterfallStep {
    pub label: String,
    /// The share reached with this step, and its Monte Carlo standard error.
    pub total: [f64; 2],
    /// What the step changes against the one before, and its paired error; none for a total.
    pub change: Option<[f64; 2]>,
}

const ROW: f64 = 34.0;
const BAR: f64 = 20.0;

impl Waterfall {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title) + 6.0;
        let (plain, bold) = (Type::plain(BODY), Type::bold(BODY));
        let wrapped: Vec<Vec<String>> = self
            .steps
            .iter()
            .map(|step| if step.change.is_none() { bold } else { plain }.wrap(&step.label, 210.0, 2))
            .collect();
        let names = wrapped.iter().map(|lines| bold.widest(lines)).fold(0.0, f64::max);
        let left = MARGIN + names + 12.0;
        let right = PAGE_WIDTH - MARGIN - 10.0;
        let reach = self.steps.iter().map(|step| step.total[0]).filter(|t| t.is_finite()).fold(0.0, f64::max);
        let x = Scale::linear(0.0, (reach + 0.16).min(1.12), left, right);
        let bottom = top + ROW * self.steps.len() as f64;
        let mut before: Option<f64> = None;
        for (k, (step, lines)) in self.steps.iter().zip(&wrapped).enumerate() {
            let middle = top + ROW * (k as f64 + 0.5);
            let (y0, y1) = (middle - BAR / 2.0, middle + BAR / 2.0);
            let font = if step.change.is_none() { bold } else { plain };
            page.block_of_words(lines, left - 12.0, middle, font, Anchor::End);
            let [total, mcse] = step.total;
            if !total.is_finite() {
                continue;
            }
            let (from, paint) = match (step.change, before) {
                (Some([change, _]), Some(before)) => (before, colour(usize::from(change < 0.0))),
                _ => (0.0, GREY),
            };
            let (a, b) = (x.at(from.min(total)), x.at(from.max(total)));
            page.block((a, y0), (b.max(a + 1.0), y1), paint);
            let text = match step.change {
                Some([change, error]) => {
                    format!("{} ± {}", signed(100.0 * change, 1), percent(error, 1))
                }
                None => format!("{} ± {}%", percent(total, 1), percent(mcse, 1)),
            };
            page.word(&text, b + 6.0, middle + BODY * HALF_CAPITAL, font, Anchor::Start);
            if k + 1 < self.steps.len() {
                let at = x.at(total);
                let line = [(at, y0), (at, middle + ROW + BAR / 2.0)];
                page.line(&line, Stroke { colour: FAINT, width: 1.0, dash: &[2.0, 2.0] });
            }
            before = Some(total);
        }
        let ticks: Vec<(f64, String)> = axis::round_ticks(0.0, x.high.min(1.0), 5)
            .into_iter()
            .map(|v| (v, tick((1e4 * v).round() / 100.0)))
            .collect();
        let below = axis::bottom(&mut page, &x, bottom, &ticks);
        let title = format!("{} (%)", self.probability);
        let below = page.lines(&[title], (left + right) / 2.0, below + 6.0, bold, Anchor::Middle);
        let note = Type::plain(SMALL).coloured(GREY);
        let below = page.lines(
            &["± Monte Carlo standard error; changes are paired"],
            MARGIN,
            below + 2.0,
            note,
            Anchor::Start,
        );
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }
}
