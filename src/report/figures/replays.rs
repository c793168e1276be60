//! Trials in rows: what was published beside what trials of that size were expected to see.

use super::{
    Figure, axis,
    page::{Anchor, Page, Stroke, Type},
    rows::{self, Column, KeyEntry, Row},
    style::{FAINT, HAIRLINE, INK, MARGIN, PAGE_WIDTH, TRUTH, colour, count, fixed, percent, signed},
};

/// Shares by trial, a line each.
#[derive(Clone, Debug, Default)]
pub struct Replays {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// What the axis shows, such as "Death in usual care, %".
    pub measure: String,
    /// What bars and marks stand for: expected, published.
    pub key: [String; 2],
    /// Heading and unit of the last column.
    pub note: [String; 2],
    /// A line through the plot, such as no difference.
    pub null: Option<f64>,
    pub rows: Vec<ReplayRow>,
}

/// One trial.
#[derive(Clone, Debug, Default)]
pub struct ReplayRow {
    pub label: String,
    /// What is counted, such as "30 days".
    pub what: String,
    pub patients: f64,
    /// Expected share, and the shares between which 95 % of trials fall.
    pub expected: f64,
    pub low: f64,
    pub high: f64,
    pub published: f64,
    /// Drawn hollow: from memory, it decides nothing.
    pub memory: bool,
    /// Text of the last column.
    pub note: String,
}

impl Replays {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title);
        let differences = self.null.is_some();
        let unit = if differences { "points" } else { "%" };
        let mut columns = vec![
            Column::new("Trial", "", Anchor::Start, 150.0),
            Column::new("End point", "", Anchor::Start, 130.0),
            Column::new("Patients", "", Anchor::End, 70.0),
            Column::new("Published", unit, Anchor::Middle, 70.0),
        ];
        if !differences {
            columns.push(Column::new("Expected", "%", Anchor::Middle, 70.0));
        }
        let before = columns.len();
        columns.push(Column::new(&self.note[0], &self.note[1], Anchor::Middle, 86.0));
        let cells = |row: &ReplayRow| {
            let star = if row.memory { "*" } else { "" };
            let value = 100.0 * row.published;
            let published = if differences { signed(value, 1) } else { fixed(value, 1) };
            let mut cells = vec![row.label.clone(), row.what.clone(), count(row.patients), published + star];
            if !differences {
                cells.push(percent(row.expected, 1));
            }
            cells.push(row.note.clone());
            cells
        };
        let rows: Vec<Row> =
            self.rows.iter().map(|r| Row { cells: cells(r), bold: false, indented: false }).collect();
        let layout = rows::lay_out(&mut page, top, &columns, &rows, before);
        let values = self.rows.iter().flat_map(|r| [r.low, r.high, r.published]).filter(|v| v.is_finite());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let room = 0.03 * (high - low).max(0.1);
        let floor = if self.null.is_none() { 0.0_f64.max(low - room) } else { low - room };
        let x = axis::Scale::linear(100.0 * floor, 100.0 * (high + room), layout.left, layout.right);
        if let Some(null) = self.null {
            let at = x.within(100.0 * null);
            page.line(&[(at, layout.top), (at, layout.bottom + 8.0)], Stroke::solid(FAINT, HAIRLINE));
        }
        for (row, &y) in self.rows.iter().zip(&layout.middles) {
            rows::bar(&mut page, &x, 100.0 * row.low, 100.0 * row.high, y, colour(0));
            page.upright((x.within(100.0 * row.expected), y), 5.0, colour(0));
            let at = (x.within(100.0 * row.published), y);
            if row.memory {
                page.ring(at, 4.2, TRUTH);
            } else {
                page.disc(at, 4.2, TRUTH);
            }
        }
        let axis_y = layout.bottom + 8.0;
        let ticks: Vec<(f64, String)> = x.ticks(5).into_iter().map(|v| (v, super::style::tick(v))).collect();
        let mut below = axis::bottom(&mut page, &x, axis_y, &ticks);
        let font = Type::plain(super::style::BODY);
        let middle = 0.5 * (layout.left + layout.right);
        let lines = font.wrap(&self.measure, layout.right - layout.left + 60.0, 2);
        below = page.lines(&lines, middle, below + 4.0, font.coloured(INK), Anchor::Middle);
        let entries = [
            KeyEntry {
                text: &self.key[0],
                mark: &|page, x, y| {
                    page.line(&[(x - 7.0, y), (x + 7.0, y)], Stroke::solid(colour(0), 1.5));
                    page.upright((x, y), 5.0, colour(0));
                },
            },
            KeyEntry { text: &self.key[1], mark: &|page, x, y| page.disc((x, y), 4.2, TRUTH) },
        ];
        let right = page.width - MARGIN;
        let below = rows::key(&mut page, MARGIN, right, below + 6.0, &entries);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }
}
