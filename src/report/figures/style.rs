//! How a figure looks and how its numbers read: colours, type sizes, dashes, formats.

use plotters::style::RGBColor;

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

/// What stands where there is no number.
pub(super) const MISSING: &str = "–";

/// `value` with `digits` decimals and a real minus sign; never "−0".
pub(super) fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return MISSING.to_string();
    }
    if value.abs() >= 1e7 {
        return format!("{value:.1e}").replace('-', "−");
    }
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_string(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// As `fixed`, with a plus sign before what is above zero: for differences.
pub(super) fn signed(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    let nothing = text.chars().all(|c| matches!(c, '0' | '.'));
    if value.is_finite() && value > 0.0 && !nothing { format!("+{text}") } else { text }
}

/// A ratio: two decimals, fewer once it is large, a bound where two decimals would show nothing.
pub(super) fn ratio(value: f64) -> String {
    match value {
        v if v.is_infinite() && v > 0.0 => "∞".to_string(),
        v if !v.is_finite() => MISSING.to_string(),
        v if v < 0.01 => "<0.01".to_string(),
        v if v < 9.995 => fixed(v, 2),
        v if v < 99.95 => fixed(v, 1),
        v if v < 9999.5 => fixed(v, 0),
        _ => ">9999".to_string(),
    }
}

/// A proportion as a percentage without its sign.
pub(super) fn percent(share: f64, digits: usize) -> String {
    fixed(100.0 * share, digits)
}

/// From `low` to `high`: an en dash, or "to" where a minus sign would be mistaken for it.
pub(super) fn interval(low: &str, high: &str) -> String {
    let between =
        if low.starts_with(['−', '+']) || high.starts_with(['−', '+']) { " to " } else { "–" };
    format!("{low}{between}{high}")
}

/// A whole number, with commas from 10,000 up.
pub(super) fn count(value: f64) -> String {
    let plain = fixed(value, 0);
    if !value.is_finite() || value.abs() < 9999.5 || value.abs() >= 1e7 {
        return plain;
    }
    let digits = plain.trim_start_matches('−');
    let mut grouped = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    if plain.starts_with('−') { format!("−{grouped}") } else { grouped }
}

/// A tick's number: as few decimals as it needs.
pub(super) fn tick(value: f64) -> String {
    if value.abs() >= 9999.5 {
        return count(value);
    }
    let text = fixed(value, 6);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}
