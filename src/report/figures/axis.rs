//! Axes drawn by hand: scales, ticks that fall where a reader expects them, labels that keep apart.

use super::page::{Anchor, Page, Point, Stroke, Type};
use super::style::{BODY, FAINT, HAIRLINE, HALF_CAPITAL, INK, TICK};

/// From a value to a place on the page.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    pub fn linear(low: f64, high: f64, from: f64, to: f64) -> Scale {
        let (low, high) = if low.is_finite() && high.is_finite() && high > low {
            (low, high)
        } else {
            let middle = if low.is_finite() { low } else { 0.0 };
            (middle - 1.0, middle + 1.0)
        };
        Scale { low, high, from, to, log: false }
    }

    /// Equal ratios take equal room.
    pub fn log(low: f64, high: f64, from: f64, to: f64) -> Scale {
        let (low, high) = if low > 0.0 && high.is_finite() && high > low { (low, high) } else { (0.5, 2.0) };
        Scale { low, high, from, to, log: true }
    }

    pub fn at(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(1e-300).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share * (self.to - self.from)
    }

    /// The place of `value`, or of the nearer end where it lies beyond the axis.
    pub fn within(&self, value: f64) -> f64 {
        self.at(value.clamp(self.low, self.high))
    }

    pub fn holds(&self, value: f64) -> bool {
        value >= self.low - 1e-9 * self.low.abs() && value <= self.high + 1e-9 * self.high.abs()
    }

    /// About `about` ticks at round values.
    pub fn ticks(&self, about: usize) -> Vec<f64> {
        if self.log { log_ticks(self.low, self.high, about) } else { round_ticks(self.low, self.high, about) }
    }
}

/// Multiples of 1, 2, 2.5 or 5 times a power of ten within `low` to `high`, about `about` of them.
pub(super) fn round_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let step = round_step((high - low) / about.max(1) as f64);
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    if last - first > 1000.0 || !(last - first).is_finite() {
        return vec![low, high];
    }
    (0..=(last - first) as usize).map(|i| (first + i as f64) * step).collect()
}

/// The smallest round step no finer than `step`.
pub(super) fn round_step(step: f64) -> f64 {
    if !step.is_finite() || step <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    let multiple = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|m| m * power >= step * (1.0 - 1e-9));
    multiple.unwrap_or(10.0) * power
}

/// Ratios a reader knows: of several sets the one nearest to `about` ticks within `low` to `high`.
fn log_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let sets: [&[f64]; 5] = [
        &[1.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
        &[1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        &[
            1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5,
            5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5,
        ],
    ];
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let within = |set: &[f64]| -> Vec<f64> {
        (first..=last)
            .flat_map(|power| set.iter().map(move |m| m * 10_f64.powi(power)))
            .filter(|v| *v >= low * (1.0 - 1e-9) && *v <= high * (1.0 + 1e-9))
            .collect()
    };
    // Halves and doublings read best where they give enough ticks.
    let doublings: Vec<f64> = (-10..=10)
        .map(|power| 2_f64.powi(power))
        .filter(|v| *v >= low * (1.0 - 1e-9) && *v <= high * (1.0 + 1e-9))
        .collect();
    if (4..=about + 1).contains(&doublings.len()) {
        return doublings;
    }
    let decades = within(sets[0]);
    if decades.len() > about + 1 {
        // Every second, third … decade, 1 among them.
        let every = decades.len().div_ceil(about.max(1)) as i32;
        let shown = |value: &f64| (value.log10().round() as i32).rem_euclid(every) == 0;
        return decades.into_iter().filter(shown).collect();
    }
    sets.iter().map(|set| within(set)).min_by_key(|ticks| ticks.len().abs_diff(about)).unwrap_or_default()
}

/// A horizontal axis at `y` with outward ticks; numbers that would touch are left out. Returns the
/// bottom of the numbers.
pub(super) fn bottom(page: &mut Page, scale: &Scale, y: f64, ticks: &[(f64, String)]) -> f64 {
    let font = Type::plain(BODY);
    page.line(&[(scale.from, y), (scale.to, y)], Stroke::solid(INK, HAIRLINE));
    let mut filled = f64::NEG_INFINITY;
    for (value, label) in ticks.iter().filter(|(value, _)| scale.holds(*value)) {
        let x = scale.at(*value);
        page.line(&[(x, y), (x, y + TICK)], Stroke::solid(INK, HAIRLINE));
        let half = font.width(label) / 2.0;
        if x - half > filled {
            page.word(label, x, y + TICK + 4.0 + font.size * 0.78, font, Anchor::Middle);
            filled = x + half + 5.0;
        }
    }
    y + TICK + 4.0 + font.size
}

/// A vertical axis: outward ticks, numbers to their left, a title read upwards.
pub(super) struct Left {
    ticks: Vec<(f64, String)>,
    title: Vec<String>,
}

impl Left {
    /// The title wraps at `height`.
    pub fn new(title: &str, ticks: Vec<(f64, String)>, height: f64) -> Left {
        Left { ticks, title: Type::bold(BODY).wrap(title, height, 2) }
    }

    /// Room it takes to the left of the axis line.
    pub fn width(&self) -> f64 {
        self.numbers() + TICK + 12.0 + self.title.len() as f64 * Type::bold(BODY).leading()
    }

    fn numbers(&self) -> f64 {
        let font = Type::plain(BODY);
        self.ticks.iter().map(|(_, text)| font.width(text)).fold(0.0, f64::max)
    }

    pub fn draw(&self, page: &mut Page, scale: &Scale, x: f64) {
        let font = Type::plain(BODY);
        page.line(&[(x, scale.from), (x, scale.to)], Stroke::solid(INK, HAIRLINE));
        for (value, label) in self.ticks.iter().filter(|(value, _)| scale.holds(*value)) {
            let y = scale.at(*value);
            page.line(&[(x - TICK, y), (x, y)], Stroke::solid(INK, HAIRLINE));
            page.word(label, x - TICK - 4.0, y + font.size * HALF_CAPITAL, font, Anchor::End);
        }
        let title = Type::bold(BODY);
        let last = x - self.numbers() - TICK - 16.0;
        let first = last - (self.title.len() as f64 - 1.0) * title.leading();
        page.upward(&self.title, first, (scale.from + scale.to) / 2.0, title);
    }
}

/// Where labels of the given `heights` stand so that none overlap and each is as near as may be to
/// the place it `wants`, all between `low` and `high`. Order is kept. Places are centres.
///
/// Labels that touch are moved as one block to the mean of what they want (pool adjacent violators),
/// then blocks are pushed back inside. Where there is not room enough they run on past `high`.
pub(super) fn spread(wants: &[f64], heights: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wants.len()).collect();
    order.sort_by(|&a, &b| wants[a].total_cmp(&wants[b]));
    // A block: its members, its height, and its top.
    let mut blocks: Vec<(Vec<usize>, f64, f64)> = Vec::new();
    let top_of = |members: &[usize], height: f64| {
        let mut above = 0.0;
        let mut sum = 0.0;
        for &i in members {
            sum += wants[i] - above - heights[i] / 2.0;
            above += heights[i];
        }
        (sum / members.len() as f64).min(high - height).max(low)
    };
    for i in order {
        let mut block = (vec![i], heights[i], top_of(&[i], heights[i]));
        while let Some(previous) = blocks.last() {
            if previous.2 + previous.1 <= block.2 {
                break;
            }
            let (mut members, height, _) = blocks.pop().expect("there is a last block");
            members.extend(block.0);
            let height = height + block.1;
            let top = top_of(&members, height);
            block = (members, height, top);
        }
        blocks.push(block);
    }
    let mut places = vec![0.0; wants.len()];
    for (members, _, top) in blocks {
        let mut y = top;
        for i in members {
            places[i] = y + heights[i] / 2.0;
            y += heights[i];
        }
    }
    places
}

/// A label for the end of a line: its words in lines, each with its type.
pub(super) struct EndLabel {
    pub lines: Vec<(String, Type)>,
    /// Where the line it names ends.
    pub end: Point,
}

impl EndLabel {
    pub fn width(&self) -> f64 {
        self.lines.iter().map(|(text, font)| font.width(text)).fold(0.0, f64::max)
    }

    pub fn height(&self) -> f64 {
        self.lines.iter().map(|(_, font)| font.leading()).sum::<f64>() + 5.0
    }
}

/// Room between the end of a line and its label, taken by a leader where the label had to move.
pub(super) const LEADER: f64 = 16.0;

/// Labels to the right of `edge`, level with the ends of their lines or led to them.
pub(super) fn end_labels(page: &mut Page, labels: &[EndLabel], edge: f64, low: f64, high: f64) {
    let wants: Vec<f64> = labels.iter().map(|label| label.end.1).collect();
    let heights: Vec<f64> = labels.iter().map(EndLabel::height).collect();
    for (label, y) in labels.iter().zip(spread(&wants, &heights, low, high)) {
        let x = edge + LEADER;
        let (end_x, end_y) = label.end;
        if (y - end_y).abs() > 3.0 || end_x < edge - 30.0 {
            let leader = [(end_x + 3.0, end_y), (edge + 3.0, end_y), (x - 3.0, y)];
            page.line(&leader, Stroke::solid(FAINT, 0.8));
        }
        let mut top = y - (label.height() - 5.0) / 2.0;
        for (text, font) in &label.lines {
            page.word(text, x, top + font.leading() / 2.0 + font.size * HALF_CAPITAL, *font, Anchor::Start);
            top += font.leading();
        }
    }
}
