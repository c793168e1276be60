//! Effect by subgroup: what the estimates of a trial of this size would show, and the truth.

use super::Figure;
use super::axis;
use super::estimates::EffectScale;
use super::page::{Anchor, Page, Stroke, Type};
use super::rows::{self, Column, KeyEntry, Row};
use super::style::{
    BODY, FAINT, HAIRLINE, INK, MARGIN, MISSING, PAGE_WIDTH, SMALL, TICK, TRUTH, colour, count, fixed,
    interval, tick,
};

/// Subgroups in rows, effect on the axis.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Names of the arms, treatment then control.
    pub arms: [String; 2],
    /// What is counted, such as "deaths/patients".
    pub events: String,
    /// What is estimated, such as "Hazard ratio".
    pub measure: String,
    /// What its range is, such as "95% CI" or "95% of trials".
    pub range: String,
    pub scale: EffectScale,
    /// Heading and unit of the last column, such as "Power" and "%"; empty for none.
    pub note: [String; 2],
    /// Ends of the axis; found from the rows if none. Ranges that go beyond end in an arrow.
    pub limits: Option<(f64, f64)>,
    /// Words under the axis, left and right of no effect, such as "Flow pump better".
    pub favours: [String; 2],
    /// What the square shows: "Estimate" if empty. A simulation's is "Mean estimate".
    pub square: String,
    pub rows: Vec<ForestRow>,
}

/// A line of the forest.
#[derive(Clone, Debug)]
pub enum ForestRow {
    /// Name of a subgrouping, above its levels.
    Heading(String),
    Level(ForestLevel),
}

/// One subgroup, or all patients.
#[derive(Clone, Debug, Default)]
pub struct ForestLevel {
    pub label: String,
    /// Bold and not indented: all patients.
    pub overall: bool,
    /// Patients in the subgroup; sizes the square. NaN if unknown.
    pub patients: f64,
    /// Events and patients, treatment then control; means over replicates may have decimals.
    pub events: Option<[(f64, f64); 2]>,
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
    pub truth: Option<f64>,
    /// Text of the last column.
    pub note: String,
}

/// Half the side of the square of the largest subgroup.
const LARGEST: f64 = 6.5;
const SMALLEST: f64 = 2.6;

impl Forest {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title);
        let levels: Vec<&ForestLevel> = self.levels().collect();
        let with_events = levels.iter().any(|level| level.events.is_some());
        let with_patients = !with_events && levels.iter().any(|level| level.patients.is_finite());
        let with_note = !self.note[0].is_empty();

        let mut columns = vec![Column::new("Subgroup", "", Anchor::Start, 190.0)];
        if with_patients {
            columns.push(Column::new("Patients", "", Anchor::Middle, 90.0));
        }
        if with_events {
            columns.push(Column::new(&self.arms[0], &self.events, Anchor::Middle, 96.0));
            columns.push(Column::new(&self.arms[1], &self.events, Anchor::Middle, 96.0));
        }
        let before = columns.len();
        let unit = if self.range.is_empty() { String::new() } else { format!("({})", self.range) };
        columns.push(Column::new(&self.measure, &unit, Anchor::Middle, 150.0));
        if with_note {
            columns.push(Column::new(&self.note[0], &self.note[1], Anchor::Middle, 96.0));
        }

        let mut rows: Vec<Row> = Vec::new();
        let mut under_heading = false;
        for row in &self.rows {
            let level = match row {
                ForestRow::Heading(heading) => {
                    under_heading = true;
                    let mut cells = vec![heading.clone()];
                    cells.resize(columns.len(), String::new());
                    rows.push(Row { cells, bold: true, indented: false });
                    continue;
                }
                ForestRow::Level(level) => level,
            };
            under_heading &= !level.overall;
            let mut cells = vec![level.label.clone()];
            if with_patients {
                cells.push(count(level.patients));
            }
            if with_events {
                for arm in 0..2 {
                    cells.push(level.events.map_or(String::new(), |events| {
                        format!("{}/{}", count(events[arm].0), count(events[arm].1))
                    }));
                }
            }
            cells.push(self.effect(level));
            if with_note {
                cells.push(level.note.clone());
            }
            rows.push(Row { cells, bold: level.overall, indented: under_heading });
        }

        let layout = rows::lay_out(&mut page, top, &columns, &rows, before);
        let (low, high) = self.ends(&levels);
        let x = self.scale.scale(low, high, layout.left, layout.right);
        let null = x.within(self.scale.null());
        if x.holds(self.scale.null()) {
            page.line(&[(null, layout.top), (null, layout.bottom + 8.0)], Stroke::solid(INK, HAIRLINE));
        }
        let overall = levels.iter().find(|level| level.overall && self.scale.shows(level.estimate));
        if let Some(overall) = overall.filter(|level| x.holds(level.estimate)) {
            let at = x.at(overall.estimate);
            let stroke = Stroke { colour: FAINT, width: 1.0, dash: &[3.0, 3.0] };
            page.line(&[(at, layout.top), (at, layout.bottom + 8.0)], stroke);
        }

        let largest = levels.iter().map(|level| level.patients).filter(|n| n.is_finite()).fold(0.0, f64::max);
        for (row, &y) in self.rows.iter().zip(&layout.middles) {
            let ForestRow::Level(level) = row else { continue };
            let low = if self.scale == EffectScale::Ratio { level.low.max(0.0) } else { level.low };
            rows::bar(&mut page, &x, low, level.high, y, colour(0));
            if self.scale.shows(level.estimate) && x.holds(level.estimate) {
                let share = if largest > 0.0 && level.patients.is_finite() {
                    (level.patients.max(0.0) / largest).sqrt()
                } else {
                    0.7
                };
                page.square((x.at(level.estimate), y), (LARGEST * share).max(SMALLEST), colour(0));
            }
            if let Some(truth) = level.truth.filter(|v| self.scale.shows(*v) && x.holds(*v)) {
                page.upright((x.at(truth), y), 8.5, TRUTH);
            }
        }

        let ticks = self.ticks(&x);
        let axis_y = layout.bottom + 8.0;
        let mut below = axis::bottom(&mut page, &x, axis_y, &ticks);
        below = self.favours(&mut page, null, below + 6.0);
        below = self.key(&mut page, layout.left, axis_y, below, &levels);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    fn levels(&self) -> impl Iterator<Item = &ForestLevel> {
        self.rows.iter().filter_map(|row| match row {
            ForestRow::Level(level) => Some(level),
            ForestRow::Heading(_) => None,
        })
    }

    /// "0.74 (0.55–0.99)", or a dash where there is none.
    fn effect(&self, level: &ForestLevel) -> String {
        if level.estimate.is_nan() {
            return MISSING.to_string();
        }
        let text = |value: f64| self.scale.text(value, 1);
        let limit = |value: f64| match self.scale {
            EffectScale::Ratio => text(value),
            EffectScale::Difference => fixed(value, 1),
        };
        if level.low.is_nan() || level.high.is_nan() {
            return text(level.estimate);
        }
        format!("{} ({})", text(level.estimate), interval(&limit(level.low), &limit(level.high)))
    }

    /// Ends that hold every estimate and truth, and ranges unless they go far beyond those.
    fn ends(&self, levels: &[&ForestLevel]) -> (f64, f64) {
        if let Some((low, high)) = self.limits
            && low < high
            && self.scale.shows(low)
            && high.is_finite()
        {
            return (low, high);
        }
        let points = levels.iter().flat_map(|level| [Some(level.estimate), level.truth]).flatten();
        let points: Vec<f64> = points.filter(|v| self.scale.shows(*v)).collect();
        let ranges = levels.iter().flat_map(|level| [level.low, level.high]);
        let ranges: Vec<f64> = ranges.filter(|v| self.scale.shows(*v)).collect();
        let extremes = |values: &[f64], null: f64| {
            values.iter().fold((null, null), |(low, high), v| (low.min(*v), high.max(*v)))
        };
        match self.scale {
            EffectScale::Ratio => {
                // Logs to base 2, so that the ends are doublings.
                let logs = |values: &[f64]| values.iter().map(|v| v.log2()).collect::<Vec<_>>();
                let (near_low, near_high) = extremes(&logs(&points), 0.0);
                let (far_low, far_high) = extremes(&logs(&ranges), 0.0);
                let reach = (near_high - near_low).max(1.0);
                let low = far_low.max(near_low - reach).min(near_low).clamp(-10.0, -0.5);
                let high = far_high.min(near_high + reach).max(near_high).clamp(0.5, 10.0);
                (2_f64.powf((2.0 * low).floor() / 2.0), 2_f64.powf((2.0 * high).ceil() / 2.0))
            }
            EffectScale::Difference => {
                let (near_low, near_high) = extremes(&points, 0.0);
                let (far_low, far_high) = extremes(&ranges, 0.0);
                let reach = (near_high - near_low).max(1e-6) * 2.0;
                let low = far_low.max(near_low - reach).min(near_low);
                let high = far_high.min(near_high + reach).max(near_high);
                let room = 0.06 * (high - low).max(1e-6);
                (low - room, high + room)
            }
        }
    }

    fn ticks(&self, x: &axis::Scale) -> Vec<(f64, String)> {
        x.ticks(5).into_iter().map(|value| (value, tick(value))).collect()
    }

    /// What lies on either side of no effect, wrapped to the room there is.
    fn favours(&self, page: &mut Page, null: f64, top: f64) -> f64 {
        let font = Type::plain(BODY);
        let mut below = top;
        for (text, anchor, room) in [
            (&self.favours[0], Anchor::End, null - MARGIN - 8.0),
            (&self.favours[1], Anchor::Start, page.width - MARGIN - null - 8.0),
        ] {
            // No room means that no effect is the end of the axis, with nothing on this side of it.
            if text.is_empty() || room < 60.0 {
                continue;
            }
            let arrowed = if anchor == Anchor::End { format!("← {text}") } else { format!("{text} →") };
            let lines = font.wrap(&arrowed, room.min(190.0), 4);
            let at = if anchor == Anchor::End { null - 8.0 } else { null + 8.0 };
            below = below.max(page.lines(&lines, at, top, font, anchor));
        }
        below
    }

    /// What square and upright stroke stand for, left of the axis where there is room, else below it.
    fn key(&self, page: &mut Page, left: f64, axis_y: f64, below: f64, levels: &[&ForestLevel]) -> f64 {
        if levels.iter().all(|level| level.truth.is_none()) {
            return below;
        }
        let square = if self.square.is_empty() { "Estimate" } else { &self.square };
        let entries = [
            KeyEntry { text: square, mark: &|page, x, y| page.square((x, y), 4.5, colour(0)) },
            KeyEntry { text: "Truth", mark: &|page, x, y| page.upright((x, y), 6.0, TRUTH) },
        ];
        let font = Type::plain(SMALL);
        let width: f64 = entries.iter().map(|entry| font.width(entry.text) + 34.0).sum();
        if MARGIN + width < left - 30.0 && self.favours[0].is_empty() {
            return below.max(rows::key(page, MARGIN, left - 30.0, axis_y + TICK, &entries));
        }
        rows::key(page, MARGIN, page.width - MARGIN, below + 6.0, &entries)
    }
}
