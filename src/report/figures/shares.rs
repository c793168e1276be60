//! Shares of a whole: a bar per row, cut into parts that add up to all of it.

use super::Figure;
use super::axis::{self, Scale};
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::rows::{self, Column, KeyEntry, Row};
use super::style::{BODY, Colour, HALF_CAPITAL, INK, MARGIN, PAGE_WIDTH, SMALL, WHITE, fill, tick};

/// Rows of parts: how trials end, who wins the pairs.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Heading of the first column.
    pub heading: String,
    /// Horizontal axis, such as "Trials"; the unit, per cent, is added.
    pub whole: String,
    /// Heading and unit of the column on the right, such as "Benefit" and "%".
    pub total: [String; 2],
    /// What the parts are, in the order of the key; a part names its kind by its place here.
    pub kinds: Vec<String>,
    pub rows: Vec<SharesRow>,
}

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct SharesRow {
    pub label: String,
    pub emphasised: bool,
    /// Text of the column on the right.
    pub total: String,
    pub parts: Vec<SharesPart>,
}

/// A part of a bar.
#[derive(Clone, Debug, Default)]
pub struct SharesPart {
    pub kind: usize,
    /// Between 0 and 1.
    pub share: f64,
    /// What may stand in the part, the longest first; the first that fits does.
    pub words: Vec<String>,
}

/// Half the height of a bar.
const HALF: f64 = 7.5;

impl Shares {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title);
        let [total, unit] = &self.total;
        let columns = [
            Column::new(&self.heading, "", Anchor::Start, 190.0),
            Column::new(total, unit, Anchor::End, 80.0),
        ];
        let list: Vec<Row> = self
            .rows
            .iter()
            .map(|row| Row {
                cells: vec![row.label.clone(), row.total.clone()],
                bold: row.emphasised,
                indented: false,
            })
            .collect();
        let layout = rows::lay_out(&mut page, top, &columns, &list, 1);
        let x = Scale::linear(0.0, 1.0, layout.left + 6.0, layout.right - 14.0);
        for (row, &y) in self.rows.iter().zip(&layout.middles) {
            let mut from = 0.0;
            for part in row.parts.iter().filter(|part| part.share > 0.0) {
                let to = (from + part.share).min(1.0);
                self.part(&mut page, part, (x.at(from), x.at(to)), y);
                from = to;
            }
        }
        let ticks: Vec<(f64, String)> =
            [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].into_iter().map(|v| (v, tick(100.0 * v))).collect();
        let below = axis::bottom(&mut page, &x, layout.bottom + 6.0, &ticks);
        let title = format!("{} (%)", self.whole);
        let middle = (layout.left + layout.right) / 2.0;
        let below = page.lines(&[title], middle, below + 6.0, Type::bold(BODY), Anchor::Middle);
        let shown = |kind: &usize| {
            self.rows.iter().flat_map(|row| &row.parts).any(|p| p.kind == *kind && p.share > 0.0)
        };
        let kinds: Vec<usize> = (0..self.kinds.len()).filter(shown).collect();
        let mark_of = |kind: usize| {
            move |page: &mut Page, x: f64, y: f64| swatch(page, kind, (x - 5.0, y - 5.0), (x + 5.0, y + 5.0))
        };
        let marks: Vec<_> = kinds.iter().map(|&kind| mark_of(kind)).collect();
        let entries: Vec<KeyEntry> = kinds
            .iter()
            .zip(&marks)
            .map(|(&kind, mark)| KeyEntry { text: &self.kinds[kind], mark })
            .collect();
        let right = page.width - MARGIN;
        let below = rows::key(&mut page, MARGIN, right, below + 6.0, &entries);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    fn part(&self, page: &mut Page, part: &SharesPart, (from, to): (f64, f64), y: f64) {
        swatch(page, part.kind, (from, y - HALF), (to, y + HALF));
        page.line(&[(to, y - HALF), (to, y + HALF)], Stroke::solid(WHITE, 1.0));
        let font = Type::plain(SMALL).coloured(ink_on(part.kind));
        let fits = part.words.iter().find(|words| font.width(words) + 8.0 < to - from);
        if let Some(words) = fits {
            page.word(words, (from + to) / 2.0, y + font.size * HALF_CAPITAL, font, Anchor::Middle);
        }
    }
}

/// A filled block of a kind, with an edge so that pale ones are seen.
fn swatch(page: &mut Page, kind: usize, from: Point, to: Point) {
    page.block(from, to, fill(kind));
    let edge = [from, (to.0, from.1), to, (from.0, to.1), from];
    page.line(&edge, Stroke::solid(INK, 0.4));
}

/// Text that can be read on a kind's fill.
fn ink_on(kind: usize) -> Colour {
    let Colour { 0: r, 1: g, 2: b } = fill(kind);
    let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if light > 140.0 { INK } else { WHITE }
}
