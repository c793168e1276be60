//! Bounds of a group sequential design, by the information at each look.

use super::Figure;
use super::axis::{self, Scale};
use super::page::{Anchor, Page, Point, Stroke, Type};
use super::style::{
    BODY, Colour, FAINT, HALF_CAPITAL, MARGIN, PAGE_WIDTH, SMALL, WHITE, colour, fixed, tick,
};

/// Evidence at which a trial stops, benefit upwards.
#[derive(Clone, Debug, Default)]
pub struct Boundaries {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Share of the information at each look, rising, the last 1.
    pub information: Vec<f64>,
    /// The trial shows benefit above these; infinite where it cannot.
    pub benefit: Vec<f64>,
    /// It stops for futility below these; minus infinity where it does not.
    pub futility: Vec<f64>,
    /// It shows harm below these; minus infinity where it does not.
    pub harm: Vec<f64>,
}

const PLOT_HEIGHT: f64 = 320.0;

/// A region on one side of some bounds.
struct Region<'a> {
    words: &'a str,
    bounds: &'a [f64],
    colour: Colour,
    above: bool,
}

impl Boundaries {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let top = page.title(&self.title) + 4.0;
        let bottom = top + PLOT_HEIGHT;
        let regions = self.regions();
        let (low, high) = limits(&regions);
        let ticks = axis::round_ticks(low, high, 7).into_iter().map(|v| (v, tick(v))).collect();
        let vertical = axis::Left::new("Evidence for benefit (−z)", ticks, PLOT_HEIGHT);
        let left = MARGIN + vertical.width().max(62.0);
        let right = PAGE_WIDTH - MARGIN - 30.0;
        let x = Scale::linear(0.0, 1.0, left, right);
        let y = Scale::linear(low, high, bottom, top);

        if y.holds(0.0) {
            let null = [(left, y.at(0.0)), (right, y.at(0.0))];
            page.line(&null, Stroke { colour: FAINT, width: 1.0, dash: &[3.0, 3.0] });
        }
        for region in &regions {
            self.region(&mut page, region, &x, &y);
        }
        // Numbers after all lines, so that no line runs through them.
        let mut placed: Vec<Point> = Vec::new();
        for region in &regions {
            self.numbers(&mut page, region, &x, &y, &mut placed);
        }
        self.words(&mut page, &regions, &x, &y);
        vertical.draw(&mut page, &y, left);
        let ticks: Vec<(f64, String)> =
            [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].into_iter().map(|v| (v, tick(v))).collect();
        let below = axis::bottom(&mut page, &x, bottom, &ticks);
        let font = Type::bold(BODY);
        let below = page.lines(
            &["Share of the information"],
            (left + right) / 2.0,
            below + 6.0,
            font,
            Anchor::Middle,
        );
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    /// The regions that exist: benefit, futility unless it lies beyond harm, harm.
    fn regions(&self) -> Vec<Region<'_>> {
        let exists = |bounds: &[f64]| bounds.iter().any(|b| b.is_finite());
        let mut list =
            vec![Region { words: "Benefit", bounds: &self.benefit, colour: colour(0), above: true }];
        if exists(&self.futility) {
            let words = "Stop for futility";
            list.push(Region { words, bounds: &self.futility, colour: colour(3), above: false });
        }
        if exists(&self.harm) {
            list.push(Region { words: "Harm", bounds: &self.harm, colour: colour(1), above: false });
        }
        list
    }

    /// The points of some bounds, those that exist.
    fn points(&self, bounds: &[f64], x: &Scale, y: &Scale) -> Vec<Point> {
        let known = self.information.iter().zip(bounds).filter(|(t, b)| t.is_finite() && b.is_finite());
        known.map(|(&t, &b)| (x.within(t), y.within(b))).collect()
    }

    fn region(&self, page: &mut Page, region: &Region, x: &Scale, y: &Scale) {
        let points = self.points(region.bounds, x, y);
        let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return };
        let edge = y.at(if region.above { y.high } else { y.low });
        let mut shape = points.clone();
        shape.extend([(last.0, edge), (first.0, edge)]);
        page.area(&shape, region.colour, 0.09);
        page.line(&points, Stroke::solid(region.colour, 1.9));
        for &point in &points {
            page.disc(point, 3.4, region.colour);
        }
    }

    /// The bounds in numbers, on the side of the region, apart from each other.
    fn numbers(&self, page: &mut Page, region: &Region, x: &Scale, y: &Scale, placed: &mut Vec<Point>) {
        let font = Type::plain(SMALL);
        let known =
            self.information.iter().zip(region.bounds).filter(|(t, b)| t.is_finite() && b.is_finite());
        for (&t, &bound) in known {
            let text = fixed(bound, 2);
            let half = font.width(&text) / 2.0;
            let away = if region.above { -14.0 } else { 14.0 };
            let centre = (x.within(t), y.within(bound) + away);
            let crowded = placed
                .iter()
                .any(|p| (p.0 - centre.0).abs() < 2.0 * half + 6.0 && (p.1 - centre.1).abs() < 15.0);
            if crowded {
                continue;
            }
            placed.push(centre);
            let baseline = centre.1 + font.size * HALF_CAPITAL;
            page.word(&text, centre.0, baseline, font.coloured(region.colour), Anchor::Middle);
        }
    }

    /// Each region's name where it has most room, to the left of the first look.
    fn words(&self, page: &mut Page, regions: &[Region], x: &Scale, y: &Scale) {
        let font = Type::bold(BODY);
        let first = self.information.iter().copied().find(|t| t.is_finite()).unwrap_or(1.0);
        let edge = |region: &Region| {
            region.bounds.iter().copied().find(|b| b.is_finite()).map_or(y.at(0.0), |b| y.within(b))
        };
        let room = x.at(first) - x.at(0.0) - 30.0;
        let mut wants = Vec::new();
        for region in regions {
            let lines = font.wrap(region.words, room.max(60.0), 2);
            let shift = if region.above { -4.0 } else { 4.0 };
            wants.push((lines, edge(region) + shift, region.colour));
        }
        let heights: Vec<f64> = wants.iter().map(|w| w.0.len() as f64 * font.leading() + 6.0).collect();
        let centres: Vec<f64> = wants.iter().map(|w| w.1).collect();
        let places = axis::spread(&centres, &heights, y.at(y.high), y.at(y.low));
        let at =
            if room >= 60.0 { (x.at(first) - 24.0, Anchor::End) } else { (x.at(0.0) + 8.0, Anchor::Start) };
        for ((lines, _, colour), place) in wants.iter().zip(places) {
            let widest = font.widest(lines);
            let from = if at.1 == Anchor::End { at.0 - widest } else { at.0 };
            let half = lines.len() as f64 * font.leading() / 2.0;
            page.block((from - 2.0, place - half), (from + widest + 2.0, place + half), WHITE);
            page.block_of_words(lines, at.0, place, font.coloured(*colour), at.1);
        }
    }
}

/// Room for every bound and for zero, with some white beyond.
fn limits(regions: &[Region]) -> (f64, f64) {
    let bounds = regions.iter().flat_map(|r| r.bounds.iter().copied()).filter(|b| b.is_finite());
    let (low, high) = bounds.fold((0.0f64, 0.0f64), |(l, h), b| (l.min(b), h.max(b)));
    // A bound that is never crossed in practice does not flatten the others.
    ((low - 0.7).max(-9.0), (high + 0.7).min(9.0))
}
