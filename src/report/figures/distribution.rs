//! How something differs from trial to trial: its patients, its months.

use super::Figure;
use super::axis::{self, Scale, round_step};
use super::page::{Anchor, Page, Stroke, Type};
use super::style::{BODY, INK, MARGIN, PAGE_WIDTH, SMALL, colour, tick};

/// A histogram over replicates, with lines where a reader looks.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// Horizontal axis with its unit, such as "Months to the last analysis".
    pub measure: String,
    pub values: Vec<f64>,
    /// Values marked by a line, and their names.
    pub marks: Vec<(f64, String)>,
}

const PLOT_HEIGHT: f64 = 220.0;
/// Different values up to which each gets its own bar.
const FEW: usize = 12;

impl Distribution {
    pub fn draw(&self) -> Figure {
        let mut page = Page::new(PAGE_WIDTH);
        let font = Type::plain(SMALL);
        let top = page.title(&self.title) + 2.0 * font.leading() + 8.0;
        let bottom = top + PLOT_HEIGHT;
        let (width, bars) = self.bars();
        let values = || bars.iter().map(|(at, _)| *at);
        let marked = self.marks.iter().map(|m| m.0).filter(|v| v.is_finite());
        let low = values().map(|at| at - width).chain(marked.clone()).fold(f64::INFINITY, f64::min);
        let high = values().map(|at| at + width).chain(marked).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = bars.iter().map(|(_, n)| *n as f64).sum();
        let tallest = bars.iter().map(|(_, n)| *n as f64 / total.max(1.0)).fold(0.0, f64::max);
        let step = round_step(100.0 * tallest.max(0.01) / 5.0);
        let ceiling = (100.0 * tallest.max(0.01) / step).ceil() * step;
        let levels: Vec<(f64, String)> = (0..=(ceiling / step).round() as usize)
            .map(|i| (i as f64 * step, tick(i as f64 * step)))
            .collect();
        let vertical = axis::Left::new("Trials (%)", levels, PLOT_HEIGHT);
        let left = MARGIN + vertical.width().max(62.0);
        let right = PAGE_WIDTH - MARGIN - 24.0;
        let x = Scale::linear(low, high, left, right);
        let y = Scale::linear(0.0, ceiling, bottom, top);
        for (at, n) in &bars {
            let share = 100.0 * *n as f64 / total;
            let half = 0.5 * width;
            let (from, to) = (x.at(at - half) + 0.4, x.at(at + half) - 0.4);
            page.block((from, y.at(share)), (to.max(from + 1.0), bottom), colour(0));
        }
        self.marked(&mut page, &x, top, bottom);
        vertical.draw(&mut page, &y, left);
        let ticks: Vec<(f64, String)> = x.ticks(8).into_iter().map(|v| (v, tick(v))).collect();
        let below = axis::bottom(&mut page, &x, bottom, &ticks);
        let heading = Type::bold(BODY);
        let below = page.lines(&[&self.measure], (left + right) / 2.0, below + 6.0, heading, Anchor::Middle);
        Figure::print(&page, below + MARGIN, &self.name, &self.title, &self.caption)
    }

    /// Lines at the marks, their names above the plot and apart from each other.
    fn marked(&self, page: &mut Page, x: &Scale, top: f64, bottom: f64) {
        let font = Type::plain(SMALL);
        let marks: Vec<&(f64, String)> = self.marks.iter().filter(|m| m.0.is_finite()).collect();
        let wants: Vec<f64> = marks.iter().map(|m| x.at(m.0)).collect();
        let widths: Vec<f64> = marks.iter().map(|m| font.width(&m.1) + 14.0).collect();
        let places = axis::spread(&wants, &widths, MARGIN, PAGE_WIDTH - MARGIN);
        for (((_, name), at), place) in marks.iter().map(|m| (m.0, &m.1)).zip(&wants).zip(&places) {
            let stroke = Stroke { colour: INK, width: 1.0, dash: &[4.0, 2.5] };
            page.line(&[(*at, bottom), (*at, top - 4.0)], stroke);
            page.line(&[(*at, top - 4.0), (*place, top - 10.0)], Stroke::solid(INK, 0.8));
            page.word(name, *place, top - 14.0, font, Anchor::Middle);
        }
    }

    /// Width of the bars, and middle and count of each that holds a trial.
    fn bars(&self) -> (f64, Vec<(f64, usize)>) {
        let mut values: Vec<f64> = self.values.iter().copied().filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (Some(&low), Some(&high)) = (values.first(), values.last()) else { return (1.0, Vec::new()) };
        let mut each: Vec<(f64, usize)> = Vec::new();
        for &value in &values {
            match each.last_mut() {
                Some((at, n)) if *at == value => *n += 1,
                _ => each.push((value, 1)),
            }
        }
        if each.len() <= FEW {
            let nearest = each.windows(2).map(|w| w[1].0 - w[0].0).fold(f64::INFINITY, f64::min);
            let widest = ((high - low) / 20.0).max(1.0);
            return (if nearest.is_finite() { nearest.min(widest) } else { widest }, each);
        }
        let number = (2.0 * (values.len() as f64).cbrt()).clamp(8.0, 40.0);
        let width = round_step((high - low) / number);
        let mut bars: Vec<(f64, usize)> = Vec::new();
        for value in values {
            // What lies on an edge belongs to the bar below it.
            let middle = ((value / width).ceil() - 0.5) * width;
            match bars.last_mut() {
                Some((at, n)) if (*at - middle).abs() < 0.5 * width => *n += 1,
                _ => bars.push((middle, 1)),
            }
        }
        (width, bars)
    }
}
