//! What a model was to give beside what it gives: a dot each, and the distance between them.

use super::Figure;
use super::axis;
use super::axis::Scale;
use super::page::{Anchor, Page, Stroke, Type};
use super::rows::{self, Column, KeyEntry, Row};
use super::style::{BODY, FAINT, INK, MARGIN, PAGE_WIDTH, colour, percent, signed, tick};

/// Targets in rows, shares on the axis.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Horizontal axis, such as "Risk"; the unit, per cent, is added.
    pub measure: String,
    /// What the ring, the dot and the square are.
    pub stands_for: [String; 3],
    pub rows: Vec<CalibrationDot>,
}

/// One target.
#[derive(Clone, Debug, Default)]
pub struct CalibrationDot {
    pub label: String,
    /// The share wanted: a ring.
    pub target: f64,
    /// The share that comes out: a dot; NaN if there is none.
    pub achieved: f64,
    /// The share predicted without it, and its standard error: a square; NaN if there is none.
    pub predicted: [f64; 2],
}

impl Calibration {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title);
        let mut columns = vec![
            Column::new("Target", "", Anchor::Start, 230.0),
            Column::new(&self.stands_for[0], "%", Anchor::Middle, 60.0),
        ];
        let achieved = self.rows.iter().any(|row| row.achieved.is_finite());
        let predicted = self.rows.iter().any(|row| row.predicted[0].is_finite());
        if achieved {
            columns.push(Column::new(&self.stands_for[1], "%", Anchor::Middle, 70.0));
        }
        if predicted {
            columns.push(Column::new(&self.stands_for[2], "% (difference)", Anchor::Middle, 110.0));
        }
        let list: Vec<Row> = self
            .rows
            .iter()
            .map(|row| {
                let mut cells = vec![row.label.clone(), percent(row.target, 1)];
                if achieved {
                    cells.push(percent(row.achieved, 1));
                }
                if predicted {
                    let [value, _] = row.predicted;
                    cells.push(if value.is_finite() {
                        format!("{} ({})", percent(value, 1), signed(100.0 * (value - row.target), 1))
                    } else {
                        String::new()
                    });
                }
                Row { cells, bold: false, indented: false }
            })
            .collect();
        let layout = rows::lay_out(&mut page, top, &columns, &list, 1);
        let all =
            self.rows.iter().flat_map(|r| [r.target, r.achieved, r.predicted[0]]).filter(|v| v.is_finite());
        let high = all.fold(0.1, f64::max);
        let step = axis::round_step(high / 4.0);
        let x =
            Scale::linear(0.0, ((high / step).ceil() * step).min(1.0), layout.left + 6.0, layout.right - 6.0);
        for (row, &y) in self.rows.iter().zip(&layout.middles) {
            let [value, error] = row.predicted;
            if value.is_finite() {
                page.line(&[(x.within(row.target), y), (x.within(value), y)], Stroke::solid(FAINT, 1.2));
                rows::bar(&mut page, &x, value - 1.96 * error, value + 1.96 * error, y, colour(2));
                page.square((x.within(value), y), 3.4, colour(2));
            }
            page.ring((x.within(row.target), y), 4.8, INK);
            if row.achieved.is_finite() {
                page.disc((x.within(row.achieved), y), 2.4, colour(0));
            }
        }
        let ticks: Vec<(f64, String)> = axis::round_ticks(0.0, x.high, 4)
            .into_iter()
            .map(|v| (v, tick((1e4 * v).round() / 100.0)))
            .collect();
        let below = axis::bottom(&mut page, &x, layout.bottom + 6.0, &ticks);
        let title = format!("{} (%)", self.measure);
        let middle = (layout.left + layout.right) / 2.0;
        let below = page.lines(&[title], middle, below + 6.0, Type::bold(BODY), Anchor::Middle);
        let [ring, dot, square] = &self.stands_for;
        let mut entries = vec![KeyEntry { text: ring, mark: &|page, x, y| page.ring((x, y), 4.8, INK) }];
        if achieved {
            entries.push(KeyEntry { text: dot, mark: &|page, x, y| page.disc((x, y), 2.4, colour(0)) });
        }
        if predicted {
            entries.push(KeyEntry { text: square, mark: &|page, x, y| page.square((x, y), 3.4, colour(2)) });
        }
        let right = page.width - MARGIN;
        let below = rows::key(&mut page, MARGIN, right, below + 4.0, &entries);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }
}
