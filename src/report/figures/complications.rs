//! Risk of each complication by arm, worst for the treatment first.

use super::Figure;
use super::axis::{self, Scale};
use super::page::{Anchor, Page, Stroke, Type};
use super::rows::{self, Column, KeyEntry, Row};
use super::style::{BODY, FAINT, MARGIN, MISSING, PAGE_WIDTH, colour, interval, percent, signed, tick};

/// Complications in rows, risk on the axis.
#[derive(Clone, Debug, Default)]
pub struct Complications {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Names of the arms, control first.
    pub arms: Vec<String>,
    /// Horizontal axis; "Patients with the event" if empty. The unit, per cent, is added.
    pub risk: String,
    /// What the interval around the difference is, such as "95% CI"; the heading says "Difference".
    pub range: String,
    pub events: Vec<Complication>,
}

/// One complication.
#[derive(Clone, Debug, Default)]
pub struct Complication {
    pub label: String,
    /// Risk in each arm, in the order of the arms; fewer leaves blanks.
    pub risks: Vec<Risk>,
    /// Second arm less first, with its interval, as proportions; worked out without one if none.
    pub difference: Option<Risk>,
}

/// A proportion with its Monte Carlo or confidence interval; NaN limits draw no bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Complications {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title);
        let mut events: Vec<&Complication> = self.events.iter().collect();
        // Missing differences last; names settle ties.
        let rank = |event: &Complication| {
            let value = event.difference().map_or(f64::NEG_INFINITY, |difference| difference.value);
            if value.is_nan() { f64::NEG_INFINITY } else { value }
        };
        events.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then_with(|| a.label.cmp(&b.label)));

        let paired = self.arms.len() == 2;
        let mut columns = vec![Column::new("Event", "", Anchor::Start, 180.0)];
        let before = columns.len();
        for (i, arm) in self.arms.iter().enumerate() {
            columns.push(Column { colour: colour(i), ..Column::new(arm, "%", Anchor::Middle, 92.0) });
        }
        if paired {
            let unit =
                if self.range.is_empty() { "points".into() } else { format!("points ({})", self.range) };
            columns.push(Column::new("Difference", &unit, Anchor::Middle, 150.0));
        }
        let rows: Vec<Row> = events
            .iter()
            .map(|event| {
                let mut cells = vec![event.label.clone()];
                for arm in 0..self.arms.len() {
                    cells.push(
                        event.risks.get(arm).map_or(MISSING.to_string(), |risk| percent(risk.value, 1)),
                    );
                }
                if paired {
                    cells.push(event.difference().map_or(MISSING.to_string(), points));
                }
                Row { cells, bold: false, indented: false }
            })
            .collect();
        let layout = rows::lay_out(&mut page, top, &columns, &rows, before);

        let risks = || events.iter().flat_map(|event| &event.risks);
        let highest = risks().flat_map(|risk| [risk.value, risk.high]).filter(|v| v.is_finite());
        let highest = highest.fold(0.0, f64::max).clamp(0.0, 1.0);
        let step = axis::round_step(if highest > 0.0 { highest / 5.0 } else { 0.02 });
        let ceiling = (step * (highest / step).ceil().max(1.0)).min(1.0);
        let x = Scale::linear(0.0, ceiling, layout.left, layout.right - 6.0);
        let ticks: Vec<(f64, String)> =
            axis::round_ticks(0.0, ceiling, 5).into_iter().map(|v| (v, tick(100.0 * v))).collect();

        for (event, &y) in events.iter().zip(&layout.middles) {
            let places: Vec<f64> =
                event.risks.iter().filter(|r| r.value.is_finite()).map(|r| x.within(r.value)).collect();
            let ends = places.iter().fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
            page.line(&[(ends.0, y), (ends.1, y)], Stroke::solid(FAINT, 2.0));
            for (arm, risk) in event.risks.iter().enumerate().take(self.arms.len()) {
                if !risk.value.is_finite() {
                    continue;
                }
                // Arms too close to tell apart stand a little above and below the line.
                let close = ends.1 - ends.0 < 10.0;
                let step = if close { 4.0 } else { 0.0 };
                let y = y + (arm as f64 - (self.arms.len() as f64 - 1.0) / 2.0) * step;
                rows::bar(&mut page, &x, risk.low.max(0.0), risk.high.min(1.0), y, colour(arm));
                mark(&mut page, arm, x.within(risk.value), y);
            }
        }
        let below = axis::bottom(&mut page, &x, layout.bottom + 6.0, &ticks);
        let font = Type::bold(BODY);
        let name = if self.risk.is_empty() { "Patients with the event" } else { &self.risk };
        let lines = font.wrap(&format!("{name} (%)"), layout.right - layout.left, 3);
        let mut below =
            page.lines(&lines, (layout.left + layout.right) / 2.0, below + 6.0, font, Anchor::Middle);
        if self.arms.len() > 1 {
            let marks: Vec<_> = (0..self.arms.len())
                .map(|arm| move |page: &mut Page, x: f64, y: f64| mark(page, arm, x, y))
                .collect();
            let entries: Vec<KeyEntry> =
                self.arms.iter().zip(&marks).map(|(arm, mark)| KeyEntry { text: arm, mark }).collect();
            let right = page.width - MARGIN;
            below = rows::key(&mut page, MARGIN, right, below + 4.0, &entries);
        }
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }
}

impl Complication {
    fn difference(&self) -> Option<Risk> {
        self.difference.or_else(|| match self.risks[..] {
            [control, treatment, ..] => {
                Some(Risk { value: treatment.value - control.value, low: f64::NAN, high: f64::NAN })
            }
            _ => None,
        })
    }
}

/// The dot of an arm: hollow for the control, so that grey print tells them apart too.
fn mark(page: &mut Page, arm: usize, x: f64, y: f64) {
    if arm.is_multiple_of(2) {
        page.ring((x, y), 3.8, colour(arm));
    } else {
        page.disc((x, y), 3.8, colour(arm));
    }
}

/// A difference in percentage points, "+12.3 (11.9–12.7)".
fn points(difference: Risk) -> String {
    let value = signed(100.0 * difference.value, 1);
    if difference.low.is_nan() || difference.high.is_nan() {
        return value;
    }
    let (low, high) = (percent(difference.low, 1), percent(difference.high, 1));
    format!("{value} ({})", interval(&low, &high))
}
