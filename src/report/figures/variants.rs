//! Power of the variants of a scenario beside each other.

use super::Figure;
use super::axis::{self, Scale};
use super::page::{Anchor, Page, Stroke, Type};
use super::rows::{self, Column, KeyEntry, Row};
use super::style::{BODY, FAINT, GREY, MARGIN, MISSING, PAGE_WIDTH, colour, interval, percent, tick};

/// Variants in rows, power on the axis.
#[derive(Clone, Debug, Default)]
pub struct Variants {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Horizontal axis; "Power" if empty. The unit, per cent, is added.
    pub probability: String,
    /// Heading and unit of the right-hand column, such as "True effect" and "hazard ratio"; empty for none.
    pub effect: [String; 2],
    /// Faint lines, such as 0.8 and 0.9.
    pub guides: Vec<f64>,
    pub rows: Vec<Variant>,
}

/// One variant.
#[derive(Clone, Debug, Default)]
pub struct Variant {
    pub label: String,
    /// A heading written above the first of the variants that share it; empty for none.
    pub group: String,
    /// Proportion of replicates, with its Wilson interval; NaN if there is none.
    pub power: f64,
    pub low: f64,
    pub high: f64,
    /// Text of the right-hand column, such as "0.80".
    pub effect: String,
    /// No true effect: what is shown is the type I error, drawn hollow and grey.
    pub null: bool,
    /// Bold: the base case.
    pub emphasised: bool,
}

impl Variants {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title);
        let name = if self.probability.is_empty() { "Power" } else { &self.probability };
        let with_effect = !self.effect[0].is_empty();
        let mut columns = vec![Column::new("Variant", "", Anchor::Start, 215.0)];
        columns.push(Column::new(name, "% (95% CI)", Anchor::Middle, 140.0));
        if with_effect {
            columns.push(Column::new(&self.effect[0], &self.effect[1], Anchor::Middle, 130.0));
        }

        let mut rows: Vec<Row> = Vec::new();
        let mut shown: Vec<Option<&Variant>> = Vec::new();
        let mut group = "";
        for variant in &self.rows {
            if variant.group != group {
                group = &variant.group;
                if !group.is_empty() {
                    let mut cells = vec![group.to_string()];
                    cells.resize(columns.len(), String::new());
                    rows.push(Row { cells, bold: true, indented: false });
                    shown.push(None);
                }
            }
            let mut cells = vec![variant.label.clone(), variant.text()];
            if with_effect {
                cells.push(variant.effect.clone());
            }
            rows.push(Row { cells, bold: variant.emphasised, indented: !group.is_empty() });
            shown.push(Some(variant));
        }
        let layout = rows::lay_out(&mut page, top, &columns, &rows, 1);
        let x = Scale::linear(0.0, 1.0, layout.left + 6.0, layout.right - 6.0);
        for &guide in self.guides.iter().filter(|guide| x.holds(**guide)) {
            let stroke = Stroke { colour: FAINT, width: 1.0, dash: &[3.0, 3.0] };
            page.line(&[(x.at(guide), layout.top), (x.at(guide), layout.bottom + 6.0)], stroke);
        }
        for (variant, &y) in shown.iter().zip(&layout.middles) {
            let Some(variant) = variant.filter(|variant| variant.power.is_finite()) else { continue };
            let colour = if variant.null { GREY } else { colour(0) };
            rows::bar(&mut page, &x, variant.low, variant.high, y, colour);
            let centre = (x.within(variant.power), y);
            if variant.null {
                page.ring(centre, 3.6, colour);
            } else {
                page.disc(centre, 3.6, colour);
            }
        }
        let mut ticks = axis::round_ticks(0.0, 1.0, 5);
        let narrow = Type::plain(BODY).width("100") + 6.0;
        for &guide in self.guides.iter().filter(|g| g.is_finite()) {
            if ticks.iter().all(|tick| (x.at(*tick) - x.at(guide)).abs() > narrow) {
                ticks.push(guide);
            }
        }
        ticks.sort_by(f64::total_cmp);
        let ticks: Vec<(f64, String)> = ticks.into_iter().map(|v| (v, tick(100.0 * v))).collect();
        let below = axis::bottom(&mut page, &x, layout.bottom + 6.0, &ticks);
        let font = Type::bold(BODY);
        let lines = font.wrap(&format!("{name} (%)"), layout.right - layout.left, 3);
        let mut below =
            page.lines(&lines, (layout.left + layout.right) / 2.0, below + 6.0, font, Anchor::Middle);
        if self.rows.iter().any(|row| row.null) && self.rows.iter().any(|row| !row.null) {
            let entries = [
                KeyEntry { text: "Power", mark: &|page, x, y| page.disc((x, y), 3.6, colour(0)) },
                KeyEntry {
                    text: "Type I error (no true effect)",
                    mark: &|page, x, y| page.ring((x, y), 3.6, GREY),
                },
            ];
            let right = page.width - MARGIN;
            below = rows::key(&mut page, MARGIN, right, below + 4.0, &entries);
        }
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }
}

impl Variant {
    /// "81.3 (80.5–82.1)".
    fn text(&self) -> String {
        if !self.power.is_finite() {
            return MISSING.to_string();
        }
        let value = percent(self.power, 1);
        if !self.low.is_finite() || !self.high.is_finite() {
            return value;
        }
        format!("{value} ({})", interval(&percent(self.low, 1), &percent(self.high, 1)))
    }
}
