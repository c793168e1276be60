//! The sheet a figure is drawn on: marks and words placed in nominal pixels, printed by plotters.
//!
//! plotters snaps to whole pixels, so the sheet is printed ten times enlarged and the SVG then states
//! its nominal size over the enlarged view: a tenth of a pixel is the finest step, and curves are smooth.

use std::sync::Once;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, register_font};

use super::style::{BODY, Colour, HALF_CAPITAL, INK, LEADING, MARGIN, TITLE, WHITE};

/// Also a style-sheet stack: plotters copies it into the SVG as it stands.
const FAMILY: &str = "Noto Sans, Helvetica, Arial, sans-serif";
/// Enlargement of the sheet against the nominal size.
const ENLARGED: f64 = 10.0;
/// plotters divides a font size by this before it writes the SVG.
const PLOTTERS_EM: f64 = 1.24;
/// Line height of Noto Sans (ascent 1.069, descent 0.293), by which plotters measures.
const LINE_HEIGHT: f64 = 1.362;
/// Drop from plotters' "top" to the baseline, in em. The only vertical anchor every reader of SVG
/// agrees on: the others are in ex.
const TOP_TO_BASELINE: f64 = 0.76;

pub(super) type Point = (f64, f64);

/// Which end of a line of text stands at its x.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size, weight and colour of text.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
}

impl Type {
    pub fn plain(size: f64) -> Type {
        Type { size, bold: false, colour: INK }
    }

    pub fn bold(size: f64) -> Type {
        Type { size, bold: true, colour: INK }
    }

    pub fn coloured(self, colour: Colour) -> Type {
        Type { colour, ..self }
    }

    /// From one baseline to the next.
    pub fn leading(self) -> f64 {
        self.size * LEADING
    }

    /// Width of one line, without kerning.
    pub fn width(self, text: &str) -> f64 {
        load_fonts();
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::Name(FAMILY), 1000.0, style);
        let at_1000 = font.layout_box(&clean(text)).map_or(0, |(_, (x, _))| x);
        f64::from(at_1000) * LINE_HEIGHT / 1000.0 * self.size
    }

    /// Width of the widest of several lines.
    pub fn widest<S: AsRef<str>>(self, lines: &[S]) -> f64 {
        lines.iter().map(|line| self.width(line.as_ref())).fold(0.0, f64::max)
    }

    /// `text` in lines no wider than `width`, at most `most` of them; what is left over becomes "…".
    ///
    /// Lines break at spaces, then after a hyphen, slash or underscore, then anywhere.
    pub fn wrap(self, text: &str, width: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in clean(text).split_whitespace() {
            let joined = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
            if self.width(&joined) <= width {
                line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let mut pieces = self.broken(word, width);
            line = pieces.pop().unwrap_or_default();
            lines.extend(pieces);
        }
        if !line.is_empty() {
            lines.push(line);
        }
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                while !last.is_empty() && self.width(&format!("{last}…")) > width {
                    last.pop();
                }
                *last = format!("{}…", last.trim_end());
            }
        }
        lines
    }

    /// One word in pieces no wider than `width`.
    fn broken(self, word: &str, width: f64) -> Vec<String> {
        let mut pieces = Vec::new();
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let mut fits = 0;
            let mut piece = String::new();
            for &c in &rest {
                piece.push(c);
                if self.width(&piece) > width {
                    break;
                }
                fits += 1;
            }
            let fits = fits.max(1);
            let cut = if fits == rest.len() {
                fits
            } else {
                rest[..fits].iter().rposition(|c| matches!(c, '-' | '–' | '/' | '_')).map_or(fits, |i| i + 1)
            };
            pieces.push(rest[..cut].iter().collect());
            rest.drain(..cut);
        }
        pieces
    }
}

/// Colour, width and dash of a line.
#[derive(Clone, Copy)]
pub(super) struct Stroke<'a> {
    pub colour: Colour,
    pub width: f64,
    pub dash: &'a [f64],
}

impl Stroke<'_> {
    pub fn solid(colour: Colour, width: f64) -> Stroke<'static> {
        Stroke { colour, width, dash: &[] }
    }
}

enum Mark {
    Path { points: Vec<Point>, colour: Colour, width: f64 },
    Area { points: Vec<Point>, colour: Colour, opacity: f64 },
    Disc { centre: Point, radius: f64, colour: Colour },
    Word { text: String, x: f64, baseline: f64, font: Type, anchor: Anchor, upward: bool },
}

/// Marks in the order they are laid down.
pub(super) struct Page {
    pub width: f64,
    marks: Vec<Mark>,
}

impl Page {
    pub fn new(width: f64) -> Page {
        Page { width, marks: Vec::new() }
    }

    /// A line through `points`. Points that are not numbers are left out.
    pub fn line(&mut self, points: &[Point], stroke: Stroke) {
        let points: Vec<Point> = points.iter().copied().filter(|p| on_paper(*p)).collect();
        let parts = if stroke.dash.is_empty() { vec![points] } else { dashes(&points, stroke.dash) };
        for points in parts.into_iter().filter(|part| part.len() > 1) {
            self.marks.push(Mark::Path { points, colour: stroke.colour, width: stroke.width });
        }
    }

    /// A filled shape.
    pub fn area(&mut self, points: &[Point], colour: Colour, opacity: f64) {
        let points: Vec<Point> = points.iter().copied().filter(|p| on_paper(*p)).collect();
        if points.len() > 2 {
            self.marks.push(Mark::Area { points, colour, opacity });
        }
    }

    /// A filled rectangle between two corners.
    pub fn block(&mut self, from: Point, to: Point, colour: Colour) {
        self.area(&[from, (to.0, from.1), to, (from.0, to.1)], colour, 1.0);
    }

    /// A filled square around `centre`.
    pub fn square(&mut self, centre: Point, half: f64, colour: Colour) {
        self.block((centre.0 - half, centre.1 - half), (centre.0 + half, centre.1 + half), colour);
    }

    /// A short upright stroke through `centre`, edged white so that it shows on any mark.
    pub fn upright(&mut self, centre: Point, half: f64, colour: Colour) {
        let (x, y) = centre;
        self.line(&[(x, y - half), (x, y + half)], Stroke::solid(WHITE, 3.8));
        self.line(&[(x, y - half), (x, y + half)], Stroke::solid(colour, 2.2));
    }

    pub fn disc(&mut self, centre: Point, radius: f64, colour: Colour) {
        if on_paper(centre) {
            self.marks.push(Mark::Disc { centre, radius, colour });
        }
    }

    /// A circle with a white middle.
    pub fn ring(&mut self, centre: Point, radius: f64, colour: Colour) {
        self.disc(centre, radius, colour);
        self.disc(centre, radius - 1.5, WHITE);
    }

    /// One line of text standing on `baseline`.
    pub fn word(&mut self, text: &str, x: f64, baseline: f64, font: Type, anchor: Anchor) {
        let text = clean(text);
        if !text.trim().is_empty() && on_paper((x, baseline)) {
            self.marks.push(Mark::Word { text, x, baseline, font, anchor, upward: false });
        }
    }

    /// Lines of text whose block is centred on `y`.
    pub fn block_of_words<S: AsRef<str>>(&mut self, lines: &[S], x: f64, y: f64, font: Type, anchor: Anchor) {
        let first = y + font.size * HALF_CAPITAL - font.leading() * (lines.len() as f64 - 1.0) / 2.0;
        for (i, line) in lines.iter().enumerate() {
            self.word(line.as_ref(), x, first + i as f64 * font.leading(), font, anchor);
        }
    }

    /// Lines of text from `top` down; returns the bottom of the block.
    pub fn lines<S: AsRef<str>>(&mut self, lines: &[S], x: f64, top: f64, font: Type, anchor: Anchor) -> f64 {
        for (i, line) in lines.iter().enumerate() {
            self.word(line.as_ref(), x, top + font.size * 0.95 + i as f64 * font.leading(), font, anchor);
        }
        top + lines.len() as f64 * font.leading()
    }

    /// Lines read upwards, centred on `y`, the first with its baseline at `x`.
    pub fn upward<S: AsRef<str>>(&mut self, lines: &[S], x: f64, y: f64, font: Type) {
        for (i, line) in lines.iter().enumerate() {
            let text = clean(line.as_ref());
            let x = x + i as f64 * font.leading();
            if !text.trim().is_empty() && on_paper((x, y)) {
                let baseline = y;
                self.marks.push(Mark::Word { text, x, baseline, font, anchor: Anchor::Middle, upward: true });
            }
        }
    }

    /// The title, top left, bold; returns where the figure may begin.
    pub fn title(&mut self, title: &str) -> f64 {
        let font = Type::bold(TITLE);
        let lines = font.wrap(title, self.width - 2.0 * MARGIN, 3);
        if lines.is_empty() {
            return MARGIN;
        }
        self.lines(&lines, MARGIN, MARGIN - 2.0, font, Anchor::Start) + BODY
    }

    /// The sheet as SVG, `height` nominal pixels tall, with its title for readers who do not see it.
    pub fn print(&self, height: f64, title: &str) -> String {
        load_fonts();
        let (width, height) = (self.width.ceil(), height.ceil());
        let mut svg = String::new();
        {
            let size = (enlarged(width) as u32, enlarged(height) as u32);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            area.fill(&WHITE).expect("writing to a string does not fail");
            for mark in &self.marks {
                draw(&area, mark).expect("writing to a string does not fail");
            }
            area.present().expect("writing to a string does not fail");
        }
        tidy(&svg, width, height, &clean(title))
    }
}

fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, plotters::coord::Shift>,
    mark: &Mark,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let at = |p: &Point| (enlarged(p.0), enlarged(p.1));
    match mark {
        Mark::Path { points, colour, width } => {
            let style = colour.stroke_width(enlarged(*width).max(1) as u32);
            area.draw(&PathElement::new(points.iter().map(at).collect::<Vec<_>>(), style))
        }
        Mark::Area { points, colour, opacity } => {
            area.draw(&Polygon::new(points.iter().map(at).collect::<Vec<_>>(), colour.mix(*opacity)))
        }
        Mark::Disc { centre, radius, colour } => {
            area.draw(&Circle::new(at(centre), enlarged(*radius), colour.filled()))
        }
        Mark::Word { text, x, baseline, font, anchor, upward } => {
            let h_pos = match anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let weight = if font.bold { FontStyle::Bold } else { FontStyle::Normal };
            let drop = TOP_TO_BASELINE * font.size;
            let desc = FontDesc::new(FontFamily::Name(FAMILY), font.size * PLOTTERS_EM * ENLARGED, weight);
            let (desc, place) = if *upward {
                (desc.transform(FontTransform::Rotate270), (x - drop, *baseline))
            } else {
                (desc, (*x, baseline - drop))
            };
            let style = TextStyle::from(desc).color(&font.colour).pos(Pos::new(h_pos, VPos::Top));
            area.draw_text(text, &style, at(&place))
        }
    }
}

fn enlarged(length: f64) -> i32 {
    (length * ENLARGED).round() as i32
}

/// A place that exists and is not absurdly far off the sheet.
fn on_paper((x, y): Point) -> bool {
    x.abs() < 1e5 && y.abs() < 1e5
}

/// Text fit for XML: control characters and line breaks become spaces.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { c })
        .collect()
}

fn load_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in
            [(FontStyle::Normal, notosans::REGULAR_TTF), (FontStyle::Bold, notosans::BOLD_TTF)]
        {
            if register_font(FAMILY, style, bytes).is_err() {
                unreachable!("the embedded Noto Sans is a valid font");
            }
        }
    });
}

/// A line cut into dashes.
fn dashes(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    let mut parts = Vec::new();
    let (mut step, mut left) = (0_usize, pattern[0]);
    let mut part: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let here = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
            if step.is_multiple_of(2) {
                part.push(here);
                parts.push(std::mem::take(&mut part));
            } else {
                part = vec![here];
            }
            step += 1;
            left = pattern[step % pattern.len()].max(0.2);
        }
        left -= length - done;
        if step.is_multiple_of(2) {
            part.push((x1, y1));
        }
    }
    parts.push(part);
    parts
}

/// The nominal size over the enlarged view, a title for screen readers, and text without the line
/// breaks plotters puts around it (a reader that keeps white space would shift it).
fn tidy(svg: &str, width: f64, height: f64, title: &str) -> String {
    let mut tidy = String::with_capacity(svg.len());
    let mut lines = svg.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("<svg ") {
            let (w, h) = (enlarged(width), enlarged(height));
            tidy.push_str(&format!(
                "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
                 xmlns=\"http://www.w3.org/2000/svg\">\n"
            ));
            if !title.is_empty() {
                let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                tidy.push_str(&format!("<title>{title}</title>\n"));
            }
        } else if line.starts_with("<text ") {
            tidy.push_str(line);
            tidy.push_str(lines.next().unwrap_or_default().trim());
            tidy.push_str(lines.next().unwrap_or_default());
            tidy.push('\n');
        } else {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}
