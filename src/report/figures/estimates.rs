//! The spread of an estimate over replicates, beside the truth.

use super::Figure;
use super::axis::{self, Scale, round_step};
use super::page::{Anchor, Page, Stroke, Type};
use super::style::{
    BODY, Colour, FAINT, GREY, HALF_CAPITAL, INK, MARGIN, PAGE_WIDTH, PALE, SMALL, TRUTH, WHITE, colour,
    count, fixed, percent, ratio, signed, tick,
};

/// The scale an effect is measured on, and where it says "no effect".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EffectScale {
    /// A ratio: log axis, no effect at 1.
    #[default]
    Ratio,
    /// A difference: plain axis, no effect at 0.
    Difference,
}

impl EffectScale {
    /// The value that says "no effect".
    pub fn null(self) -> f64 {
        match self {
            EffectScale::Ratio => 1.0,
            EffectScale::Difference => 0.0,
        }
    }

    /// A value this scale can show.
    pub(super) fn shows(self, value: f64) -> bool {
        value.is_finite() && (self == EffectScale::Difference || value > 0.0)
    }

    pub(super) fn scale(self, low: f64, high: f64, from: f64, to: f64) -> Scale {
        match self {
            EffectScale::Ratio => Scale::log(low, high, from, to),
            EffectScale::Difference => Scale::linear(low, high, from, to),
        }
    }

    /// A value as text: differences carry their sign.
    pub(super) fn text(self, value: f64, digits: usize) -> String {
        match self {
            EffectScale::Ratio => ratio(value),
            EffectScale::Difference => signed(value, digits),
        }
    }

    /// To the scale on which the axis is even, and back.
    fn even(self, value: f64) -> f64 {
        if self == EffectScale::Ratio { value.ln() } else { value }
    }

    fn uneven(self, value: f64) -> f64 {
        if self == EffectScale::Ratio { value.exp() } else { value }
    }
}

/// Estimates of one effect, one per replicate.
#[derive(Clone, Debug, Default)]
pub struct Estimates {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// What is estimated, such as "Hazard ratio" or "Difference in mortality (percentage points)".
    pub measure: String,
    pub scale: EffectScale,
    /// One per replicate; NaN where a replicate gave none.
    pub estimates: Vec<f64>,
    /// Whether each was significant; shorter counts as not, and empty for all leaves the distinction out.
    pub significant: Vec<bool>,
    pub truth: Option<f64>,
    /// Lines beside the plot, such as "Mean, 0.81 (Monte Carlo SE, 0.002)" or "Coverage, 95.1%".
    pub notes: Vec<String>,
}

const PLOT_HEIGHT: f64 = 250.0;
/// Room for the words beside the plot.
const ASIDE: f64 = 176.0;

impl Estimates {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let mut top = page.title(&self.title);
        let (left, right) = (MARGIN + 56.0, PAGE_WIDTH - MARGIN - ASIDE - 24.0);
        let (low, high) = self.range();
        let x = self.scale.scale(low, high, left, right);

        // Names of the vertical lines stand over the plot, apart from each other.
        let font = Type::bold(SMALL);
        let null = self.scale.null();
        let mut lines: Vec<(f64, String, Colour, &[f64])> = Vec::new();
        if x.holds(null) {
            lines.push((null, "No effect".to_string(), INK, &[4.0, 3.0]));
        }
        if let Some(truth) = self.truth.filter(|v| self.scale.shows(*v)) {
            lines.push((truth, format!("Truth {}", self.scale.text(truth, 2)), TRUTH, &[]));
        }
        let wants: Vec<f64> = lines.iter().map(|line| x.within(line.0)).collect();
        let widths: Vec<f64> = lines.iter().map(|line| font.width(&line.1) + 10.0).collect();
        let places = axis::spread(&wants, &widths, left - 20.0, right + 20.0);
        if !lines.is_empty() {
            top += font.size + 12.0;
        }
        let bottom = top + PLOT_HEIGHT;

        let bars = Bars::count(self, low, high);
        let tallest = bars.all.iter().copied().max().unwrap_or(0) as f64;
        let total = self.estimates.len().max(1) as f64;
        let highest = if tallest > 0.0 { 100.0 * tallest / total } else { 10.0 };
        let step = round_step(highest / 4.0);
        let ceiling = step * (highest / step).ceil() / 100.0;
        let y = Scale::linear(0.0, ceiling, bottom, top);
        for (i, (&all, &significant)) in bars.all.iter().zip(&bars.significant).enumerate() {
            let edge = |i: usize| {
                let share = i as f64 / bars.all.len() as f64;
                left + share * (right - left)
            };
            let (from, to) = (edge(i) + 0.4, edge(i + 1) - 0.4);
            let level = |n: usize| y.at(n as f64 / total);
            if significant > 0 {
                page.block((from, level(significant)), (to, bottom), colour(0));
            }
            if all > significant {
                let shade = if self.significant.is_empty() { colour(0) } else { PALE };
                page.block((from, level(all)), (to, level(significant)), shade);
            }
        }
        for ((value, text, colour, dash), place) in lines.iter().zip(&places) {
            let at = x.within(*value);
            let ends = [(at, bottom), (at, top - 4.0)];
            if dash.is_empty() {
                page.line(&ends, Stroke::solid(WHITE, 4.0));
            }
            let width = if dash.is_empty() { 2.0 } else { 1.0 };
            page.line(&ends, Stroke { colour: *colour, width, dash });
            page.line(&[(at, top - 4.0), (*place, top - 9.0)], Stroke::solid(*colour, 0.8));
            page.word(text, *place, top - 12.0, font.coloured(*colour), Anchor::Middle);
        }

        let levels = (0..=(100.0 * ceiling / step).round() as usize)
            .map(|i| (i as f64 * step / 100.0, tick(i as f64 * step)))
            .collect();
        axis::Left::new("Trials (%)", levels, PLOT_HEIGHT).draw(&mut page, &y, left);
        let heading = Type::bold(BODY);
        let ticks: Vec<(f64, String)> = x.ticks(6).into_iter().map(|v| (v, tick(v))).collect();
        let below = axis::bottom(&mut page, &x, bottom, &ticks);
        let measure = heading.wrap(&self.measure, right - left, 3);
        let below = page.lines(&measure, (left + right) / 2.0, below + 6.0, heading, Anchor::Middle);
        let beside = self.words_beside(&mut page, &bars, right + 24.0, top - 4.0);

        Figure::print(&page, below.max(beside) + MARGIN, &self.name, &self.title, &self.caption)
    }

    /// Shares by significance with their colours, then the notes, then what is not in the picture.
    fn words_beside(&self, page: &mut Page, bars: &Bars, x: f64, top: f64) -> f64 {
        let font = Type::plain(BODY);
        let total = self.estimates.len();
        let heading = Type::bold(BODY).wrap(&format!("{} trials", count(total as f64)), ASIDE, 2);
        let mut y = page.lines(&heading, x, top, Type::bold(BODY), Anchor::Start) + 6.0;
        if total > 0 && !self.significant.is_empty() {
            let share = |n: usize| percent(n as f64 / total as f64, 1);
            for (name, n, shade) in [
                ("Significant", bars.significant_total, colour(0)),
                ("Not significant", total - bars.significant_total, PALE),
            ] {
                page.square((x + 5.0, y + font.leading() / 2.0), 5.0, shade);
                let text = format!("{name}, {}%", share(n));
                page.word(
                    &text,
                    x + 17.0,
                    y + font.leading() / 2.0 + font.size * HALF_CAPITAL,
                    font,
                    Anchor::Start,
                );
                y += font.leading() + 2.0;
            }
        }
        y += 8.0;
        for note in &self.notes {
            y = page.lines(&font.wrap(note, ASIDE, 4), x, y, font, Anchor::Start) + 5.0;
        }
        let mut left_out = Vec::new();
        if bars.beyond > 0 {
            left_out.push(format!("{} beyond the axis, in the outermost bars", count(bars.beyond as f64)));
        }
        if bars.none > 0 {
            left_out.push(format!("{} gave no estimate", count(bars.none as f64)));
        }
        let small = Type::plain(SMALL).coloured(GREY);
        for text in left_out {
            y = page.lines(&small.wrap(&text, ASIDE, 3), x, y + 2.0, small, Anchor::Start);
        }
        if !bars.all.is_empty() {
            page.line(&[(x - 12.0, top), (x - 12.0, y)], Stroke::solid(FAINT, 0.8));
        }
        y
    }

    /// The central 99.9% of estimates, widened to hold the truth and, if near, no effect.
    fn range(&self) -> (f64, f64) {
        let mut values: Vec<f64> = self
            .estimates
            .iter()
            .copied()
            .filter(|v| self.scale.shows(*v))
            .map(|v| self.scale.even(v))
            .collect();
        values.sort_by(f64::total_cmp);
        let null = self.scale.even(self.scale.null());
        let truth = self.truth.filter(|v| self.scale.shows(*v)).map(|v| self.scale.even(v));
        if values.is_empty() {
            values.push(truth.unwrap_or(null));
        }
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        let (mut low, mut high) = (at(0.0005), at(0.9995));
        let spread = (high - low).max(1e-3 * high.abs()).max(1e-6);
        for value in truth.into_iter().chain(Some(null)) {
            if value > low - 0.5 * spread && value < high + 0.5 * spread || Some(value) == truth {
                (low, high) = (low.min(value), high.max(value));
            }
        }
        let room = 0.04 * (high - low).max(if values.len() == 1 { 2.5 } else { 1e-6 });
        // Ratios beyond a million either way are kept off the axis.
        let furthest = if self.scale == EffectScale::Ratio { 13.8 } else { 1e12 };
        let low = (low - room).clamp(-furthest, furthest - 0.1);
        let high = (high + room).clamp(low + 1e-9, furthest);
        (self.scale.uneven(low), self.scale.uneven(high))
    }
}

/// Replicates by bar.
struct Bars {
    all: Vec<usize>,
    significant: Vec<usize>,
    significant_total: usize,
    beyond: usize,
    none: usize,
}

impl Bars {
    /// Bars of even width on the scale of the axis, more of them the more replicates there are.
    fn count(estimates: &Estimates, low: f64, high: f64) -> Bars {
        let scale = estimates.scale;
        let n = estimates.estimates.len();
        let number = ((2.0 * (n as f64).cbrt()).round() as usize).clamp(8, 48);
        let (low, high) = (scale.even(low), scale.even(high));
        let mut bars = Bars {
            all: vec![0; number],
            significant: vec![0; number],
            significant_total: 0,
            beyond: 0,
            none: 0,
        };
        for (i, &estimate) in estimates.estimates.iter().enumerate() {
            let significant = estimates.significant.get(i).copied().unwrap_or(false);
            bars.significant_total += usize::from(significant);
            let infinite = estimate.is_infinite() || (scale == EffectScale::Ratio && estimate == 0.0);
            if !scale.shows(estimate) && !infinite {
                bars.none += 1;
                continue;
            }
            let share = (scale.even(estimate) - low) / (high - low);
            bars.beyond += usize::from(!(0.0..=1.0).contains(&share));
            let bar = ((share * number as f64).floor().max(0.0) as usize).min(number - 1);
            bars.all[bar] += 1;
            bars.significant[bar] += usize::from(significant);
        }
        bars
    }
}

/// "Mean, 0.81 (Monte Carlo SE, 0.002)": the note most figures of estimates carry.
pub fn mean_note(scale: EffectScale, mean: f64, monte_carlo_error: f64) -> String {
    format!("Mean, {} (Monte Carlo SE, {})", scale.text(mean, 2), error_figures(monte_carlo_error))
}

/// One significant figure, two after a leading 1: all an error needs.
fn error_figures(value: f64) -> String {
    if value.is_nan() || value <= 0.0 {
        return fixed(value, 0);
    }
    let power = value.log10().floor();
    let figures = if value / 10_f64.powf(power) < 1.95 { 2.0 } else { 1.0 };
    fixed(value, (figures - 1.0 - power).clamp(0.0, 8.0) as usize)
}
