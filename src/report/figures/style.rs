//! How a figure looks: colours, type sizes, dashes.

use plotters::style::RGBColor;

pub(super) use crate::report::numbers::{MISSING, count, fixed, interval, percent, ratio, signed, tick};

/// A colour as plotters takes it.
pub(super) type Colour = RGBColor;

/// Text, axes and null lines.
pub(super) const INK: Colour = RGBColor(0x1E, 0x1E, 0x1E);
/// Secondary text: units under a heading, the name of a guide.
pub(super) const GREY: Colour = RGBColor(0x5F, 0x64, 0x6B);
/// Guides and leaders, there to be looked past.
pub(super) const FAINT: Colour = RGBColor(0xC4, 0xC9, 0xD1);
/// Stripes behind every other row.
pub(super) const STRIPE: Colour = RGBColor(0xF3, 0xF4, 0xF8);
/// Bars of replicates that were not significant.
pub(super) const PALE: Colour = RGBColor(0xCF, 0xD4, 0xDC);
/// The ground.
pub(super) const WHITE: Colour = RGBColor(0xFF, 0xFF, 0xFF);
/// The truth a simulation was told, wherever it is drawn beside an estimate.
pub(super) const TRUTH: Colour = RGBColor(0xB8, 0x5C, 0x00);

/// Colours of arms and series, control first.
///
/// Blue and brick red are the pair journals use and stay apart under the common colour-vision
/// deficits; orange is darkened until text in it can be read; the fourth is grey, because green
/// beside red would not survive. Beyond four, series also need their dashes to be told apart.
const PALETTE: [Colour; 6] = [
    RGBColor(0x00, 0x72, 0xB5),
    RGBColor(0xBC, 0x3C, 0x29),
    RGBColor(0xC9, 0x70, 0x00),
    RGBColor(0x59, 0x59, 0x59),
    RGBColor(0x20, 0x85, 0x4E),
    RGBColor(0x6F, 0x5B, 0xA7),
];

/// Dash and gap lengths of arms and series in the same order; empty is a solid line.
const DASHES: [&[f64]; 6] =
    [&[], &[7.0, 2.2], &[2.2, 2.2], &[10.0, 2.5, 2.0, 2.5], &[4.0, 2.5], &[12.0, 4.0]];

/// Fills of the parts of a bar, by kind: apart in colour, and in grey from dark to white.
const FILLS: [Colour; 6] = [
    RGBColor(0x00, 0x5A, 0x8F),
    RGBColor(0x8F, 0xC1, 0xE3),
    RGBColor(0x8A, 0x90, 0x99),
    RGBColor(0xE6, 0xE9, 0xEE),
    RGBColor(0xE0, 0xA8, 0x60),
    RGBColor(0x9E, 0x2B, 0x1C),
];

/// The fill of the parts of kind `index`.
pub(super) fn fill(index: usize) -> Colour {
    FILLS[index % FILLS.len()]
}

/// The colour of arm or series `index`.
pub(super) fn colour(index: usize) -> Colour {
    PALETTE[index % PALETTE.len()]
}

/// The dash of arm or series `index`, shifted once the colours have come round.
pub(super) fn dash(index: usize) -> &'static [f64] {
    DASHES[(index + index / DASHES.len()) % DASHES.len()]
}

/// Type sizes in px of the nominal page; 720 px across print at about 180 mm, so 12 is 9 pt.
pub(super) const TITLE: f64 = 14.0;
pub(super) const BODY: f64 = 12.0;
pub(super) const SMALL: f64 = 11.0;
/// From one baseline to the next, in multiples of the type size.
pub(super) const LEADING: f64 = 1.28;
/// Half the height of a capital, in multiples of the type size: sets text centred on a row.
pub(super) const HALF_CAPITAL: f64 = 0.357;
/// Width of a figure that spans a page.
pub(super) const PAGE_WIDTH: f64 = 720.0;
/// White kept on every side; as much as a table of the report keeps beside its text.
pub(super) const MARGIN: f64 = 8.0;
/// Axis lines and ticks.
pub(super) const HAIRLINE: f64 = 1.0;
/// Outward ticks.
pub(super) const TICK: f64 = 5.0;
