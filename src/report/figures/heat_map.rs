//! Power over two things swept: a cell for each pair, its number written in it.

use super::Figure;
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::style::{BODY, Colour, HALF_CAPITAL, INK, MARGIN, MISSING, PAGE_WIDTH, SMALL, WHITE, percent};

/// Power at each pair of two things swept.
#[derive(Clone, Debug, Default)]
pub struct HeatMap {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// What runs across, and its values in order.
    pub across: (String, Vec<String>),
    /// What runs down, and its values in order.
    pub down: (String, Vec<String>),
    /// By row, then column: power and its Monte Carlo standard error; NaN leaves a cell empty.
    pub cells: Vec<Vec<[f64; 2]>>,
    /// Levels whose boundary is drawn, such as 0.8.
    pub contours: Vec<f64>,
}

/// Darkest and lightest ground: one hue, so that it prints in grey and every reader sees the order.
const DARK: [f64; 3] = [8.0, 69.0, 128.0];
const LIGHT: [f64; 3] = [238.0, 244.0, 250.0];
const CELL_HEIGHT: f64 = 34.0;

/// The ground of a power.
fn ground(power: f64) -> Colour {
    let mix = |k: usize| (LIGHT[k] + (DARK[k] - LIGHT[k]) * power.clamp(0.0, 1.0)).round() as u8;
    plotters::style::RGBColor(mix(0), mix(1), mix(2))
}

impl HeatMap {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title) + 4.0;
        let (plain, bold, small) = (Type::plain(BODY), Type::bold(BODY), Type::plain(SMALL));
        let names = self.down.1.iter().map(|name| plain.width(name)).fold(0.0, f64::max);
        let height = CELL_HEIGHT * self.down.1.len() as f64;
        let title = bold.wrap(&self.down.0, height.max(90.0), 3);
        let left = MARGIN + (title.len() as f64) * bold.leading() + 10.0 + names + 8.0;
        let right = PAGE_WIDTH - MARGIN;
        let columns = self.across.1.len().max(1);
        let width = ((right - left) / columns as f64).min(110.0);
        let right = left + width * columns as f64;
        let bottom = top + height;
        let corner = |row: usize, column: usize| -> Point {
            (left + width * column as f64, top + CELL_HEIGHT * row as f64)
        };
        for (r, row) in self.cells.iter().enumerate() {
            for (c, [power, mcse]) in row.iter().enumerate() {
                let (from, to) = (corner(r, c), corner(r + 1, c + 1));
                let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
                if !power.is_finite() {
                    page.word(MISSING, middle.0, middle.1 + BODY * HALF_CAPITAL, plain, Anchor::Middle);
                    continue;
                }
                page.block(from, to, ground(*power));
                let colour = if *power > 0.5 { WHITE } else { INK };
                let value = percent(*power, 0);
                if mcse.is_finite() && width > 44.0 {
                    let lines = [value, format!("± {}", percent(*mcse, 1))];
                    page.word(&lines[0], middle.0, middle.1 - 1.0, bold.coloured(colour), Anchor::Middle);
                    page.word(&lines[1], middle.0, middle.1 + 12.0, small.coloured(colour), Anchor::Middle);
                } else {
                    let at = middle.1 + BODY * HALF_CAPITAL;
                    page.word(&value, middle.0, at, bold.coloured(colour), Anchor::Middle);
                }
            }
        }
        for level in &self.contours {
            self.contour(&mut page, *level, &corner);
        }
        for (r, name) in self.down.1.iter().enumerate() {
            let middle = top + CELL_HEIGHT * (r as f64 + 0.5);
            page.word(name, left - 8.0, middle + BODY * HALF_CAPITAL, plain, Anchor::End);
        }
        page.upward(&title, MARGIN + bold.leading(), (top + bottom) / 2.0, bold);
        for (c, name) in self.across.1.iter().enumerate() {
            let middle = left + width * (c as f64 + 0.5);
            page.word(name, middle, bottom + 6.0 + BODY, plain, Anchor::Middle);
        }
        let lines = bold.wrap(&self.across.0, right - left, 2);
        let below = bottom + 6.0 + 2.0 * BODY;
        let below = page.lines(&lines, (left + right) / 2.0, below, bold, Anchor::Middle);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    /// A line between cells below a level and cells at or above it.
    fn contour(&self, page: &mut Page, level: f64, corner: &dyn Fn(usize, usize) -> Point) {
        let above = |r: usize, c: usize| {
            let cell = self.cells.get(r).and_then(|row| row.get(c)).filter(|cell| cell[0].is_finite());
            cell.map(|cell| cell[0] >= level)
        };
        let mut draw = |from: Point, to: Point| {
            page.line(&[from, to], Stroke::solid(WHITE, 4.2));
            page.line(&[from, to], Stroke::solid(INK, 2.0));
        };
        for r in 0..self.cells.len() {
            for c in 0..self.cells[r].len() {
                if let (Some(here), Some(next)) = (above(r, c), above(r, c + 1))
                    && here != next
                {
                    draw(corner(r, c + 1), corner(r + 1, c + 1));
                }
                if let (Some(here), Some(next)) = (above(r, c), above(r + 1, c))
                    && here != next
                {
                    draw(corner(r + 1, c), corner(r + 1, c + 1));
                }
            }
        }
    }
}
