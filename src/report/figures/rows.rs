//! A table with a plot in it: columns of text left and right of one axis, a row a line.
//!
//! Forest plots, complications and comparisons of variants are all this. Columns are measured, wrapped
//! to their most, and the plot takes what is left; the page grows if that is too little.

use super::axis::Scale;
use super::page::{Anchor, Page, Stroke, Type};
use super::style::{BODY, Colour, GREY, HAIRLINE, HALF_CAPITAL, INK, MARGIN, PAGE_WIDTH, SMALL, STRIPE};

/// A column of text.
pub(super) struct Column {
    /// Bold lines over the column.
    pub heading: String,
    /// A smaller line under the heading.
    pub unit: String,
    pub anchor: Anchor,
    /// Wider text wraps.
    pub most: f64,
    pub colour: Colour,
}

impl Column {
    pub fn new(heading: &str, unit: &str, anchor: Anchor, most: f64) -> Column {
        Column { heading: heading.to_string(), unit: unit.to_string(), anchor, most, colour: INK }
    }
}

/// A row: text for each column, in order. Text in the first column alone is a heading, and may run on
/// over the others as far as the plot.
pub(super) struct Row {
    pub cells: Vec<String>,
    pub bold: bool,
    pub indented: bool,
}

/// Where the plot and the rows stand.
pub(super) struct Layout {
    pub left: f64,
    pub right: f64,
    /// Middle of each row.
    pub middles: Vec<f64>,
    /// Top and bottom of the rows.
    pub top: f64,
    pub bottom: f64,
}

/// Between two columns.
const GAP: f64 = 16.0;
const INDENT: f64 = 14.0;
const LEAST_PLOT: f64 = 200.0;
/// Above and below the text of a row.
const PADDING: f64 = 4.5;

fn cell_font(row: &Row) -> Type {
    if row.bold { Type::bold(BODY) } else { Type::plain(BODY) }
}

/// Lays the table out from `top` and writes its text; the plot goes between columns `before - 1` and
/// `before`. `page.width` is set here.
pub(super) fn lay_out(page: &mut Page, top: f64, columns: &[Column], rows: &[Row], before: usize) -> Layout {
    let alone = |row: &Row| row.cells.iter().skip(1).all(|cell| cell.is_empty());
    let indent = |row: &Row, column: usize| if row.indented && column == 0 { INDENT } else { 0.0 };
    let lines_of = |row: &Row, column: usize, most: f64| {
        cell_font(row).wrap(row.cells.get(column).map_or("", String::as_str), most - indent(row, column), 4)
    };
    let heading_font = Type::bold(BODY);
    let unit_font = Type::plain(SMALL).coloured(GREY);
    let mut widths: Vec<f64> = Vec::new();
    let mut headings: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for (c, column) in columns.iter().enumerate() {
        let cells = rows.iter().filter(|row| !(c == 0 && alone(row)));
        let cells = cells
            .map(|row| indent(row, c) + cell_font(row).widest(&lines_of(row, c, column.most)))
            .fold(0.0, f64::max);
        let room = cells.max(column.most.min(104.0));
        let heading = heading_font.wrap(&column.heading, room, 4);
        let unit = unit_font.wrap(&column.unit, room, 3);
        widths.push(cells.max(heading_font.widest(&heading)).max(unit_font.widest(&unit)));
        headings.push((heading, unit));
    }
    let text: f64 = widths.iter().map(|width| width + GAP).sum();
    page.width = PAGE_WIDTH.max(text + LEAST_PLOT + 2.0 * MARGIN + GAP);

    // Left edges of the columns; the plot takes what they leave.
    let mut edges: Vec<f64> = Vec::new();
    let mut x = MARGIN;
    for &width in &widths[..before] {
        edges.push(x);
        x += width + GAP;
    }
    let left = x + if before > 0 { 4.0 } else { 0.0 };
    let mut right = page.width - MARGIN;
    for &width in widths[before..].iter().rev() {
        right -= width;
        edges.insert(before, right);
        right -= GAP;
    }
    right -= 4.0;

    let place = |c: usize, indent: f64| match columns[c].anchor {
        Anchor::Start => edges[c] + indent,
        Anchor::Middle => edges[c] + widths[c] / 2.0,
        Anchor::End => edges[c] + widths[c],
    };
    // Headings stand on the rule.
    let tall = |(heading, unit): &(Vec<String>, Vec<String>)| {
        heading.len() as f64 * heading_font.leading() + unit.len() as f64 * unit_font.leading()
    };
    let head = headings.iter().map(tall).fold(0.0, f64::max);
    for (c, both) in headings.iter().enumerate() {
        let y = top + head - tall(both);
        let y = page.lines(
            &both.0,
            place(c, 0.0),
            y,
            heading_font.coloured(columns[c].colour),
            columns[c].anchor,
        );
        page.lines(&both.1, place(c, 0.0), y, unit_font, columns[c].anchor);
    }
    let rule = top + head + 5.0;
    let mut y = rule;
    let mut middles = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let room = |c: usize| if c == 0 && alone(row) { left - MARGIN - GAP } else { columns[c].most };
        let cells: Vec<Vec<String>> = (0..columns.len()).map(|c| lines_of(row, c, room(c))).collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64;
        let font = cell_font(row);
        let height = lines * font.leading() + 2.0 * PADDING;
        if i.is_multiple_of(2) {
            page.block((MARGIN - 6.0, y), (page.width - MARGIN + 6.0, y + height), STRIPE);
        }
        let middle = y + height / 2.0;
        for (c, lines) in cells.iter().enumerate() {
            page.block_of_words(lines, place(c, indent(row, c)), middle, font, columns[c].anchor);
        }
        middles.push(middle);
        y += height;
    }
    page.line(&[(MARGIN - 6.0, rule), (page.width - MARGIN + 6.0, rule)], Stroke::solid(INK, HAIRLINE));
    Layout { left, right, middles, top: rule, bottom: y }
}

/// A bar from `low` to `high` at `y`, with an arrow where it goes on beyond the axis.
pub(super) fn bar(page: &mut Page, x: &Scale, low: f64, high: f64, y: f64, colour: Colour) {
    if low.is_nan() || high.is_nan() {
        return;
    }
    let (from, to) = (x.within(low), x.within(high));
    page.line(&[(from, y), (to, y)], Stroke::solid(colour, 1.5));
    for (beyond, tip, inwards) in [(!x.holds(low), from, 6.0), (!x.holds(high), to, -6.0)] {
        if beyond {
            page.area(&[(tip, y), (tip + inwards, y - 3.6), (tip + inwards, y + 3.6)], colour, 1.0);
        }
    }
}

/// One entry of the key below a plot: a mark and what it stands for.
pub(super) struct KeyEntry<'a> {
    pub text: &'a str,
    pub mark: &'a dyn Fn(&mut Page, f64, f64),
}

/// Keys in a line from `x`, wrapped at `right`; returns the bottom.
pub(super) fn key(page: &mut Page, x: f64, right: f64, top: f64, entries: &[KeyEntry]) -> f64 {
    let font = Type::plain(SMALL);
    let (mut at, mut y) = (x, top + font.leading() / 2.0);
    for entry in entries {
        let width = 16.0 + font.width(entry.text) + 18.0;
        if at > x && at + width - 18.0 > right {
            at = x;
            y += font.leading() + 3.0;
        }
        (entry.mark)(page, at + 5.0, y);
        page.word(entry.text, at + 16.0, y + font.size * HALF_CAPITAL, font, Anchor::Start);
        at += width;
    }
    y + font.leading() / 2.0
}
