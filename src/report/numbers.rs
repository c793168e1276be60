//! How numbers read, the same in figures, tables and on the terminal page.

/// What stands where there is no number.
pub const MISSING: &str = "–";

/// `value` with `digits` decimals and a real minus sign; never "−0".
pub fn fixed(value: f64, digits: usize) -> String {
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
pub fn signed(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    let nothing = text.chars().all(|c| matches!(c, '0' | '.'));
    if value.is_finite() && value > 0.0 && !nothing { format!("+{text}") } else { text }
}

/// A ratio: two decimals, fewer once it is large, a bound where two decimals would show nothing.
pub fn ratio(value: f64) -> String {
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
pub fn percent(share: f64, digits: usize) -> String {
    fixed(100.0 * share, digits)
}

/// From `low` to `high`: an en dash, or "to" where a minus sign would be mistaken for it.
pub fn interval(low: &str, high: &str) -> String {
    let between =
        if low.starts_with(['−', '+']) || high.starts_with(['−', '+']) { " to " } else { "–" };
    format!("{low}{between}{high}")
}

/// A whole number, with commas from 10,000 up.
pub fn count(value: f64) -> String {
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
pub fn tick(value: f64) -> String {
    if value.abs() >= 9999.5 {
        return count(value);
    }
    let text = fixed(value, 6);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Decimals that a value with this Monte Carlo error has to show: up to the first figure of the error,
/// `most` at the most or where there is no error.
pub fn decimals(error: f64, most: usize) -> usize {
    if error > 0.0 && error.is_finite() {
        (-error.log10().floor()).clamp(0.0, most as f64) as usize
    } else {
        most
    }
}

/// A value and its Monte Carlo error, no finer than the error: `52.1 (0.5)`.
pub fn with_error(value: f64, error: f64, most: usize) -> String {
    let digits = decimals(error, most);
    let text = fixed(value, digits);
    if value.is_finite() { beside(text, error, digits) } else { text }
}

/// As [`with_error`], with a plus sign before what is above zero.
pub fn signed_with_error(value: f64, error: f64, most: usize) -> String {
    let digits = decimals(error, most);
    let text = signed(value, digits);
    if value.is_finite() { beside(text, error, digits) } else { text }
}

/// `text (error)`; an error too small for the digits shown is said to be below their last.
fn beside(text: String, error: f64, digits: usize) -> String {
    if !error.is_finite() {
        return text;
    }
    let least = 10_f64.powi(-(digits as i32));
    if error == 0.0 {
        text
    } else if error < least / 2.0 {
        format!("{text} (<{})", fixed(least, digits))
    } else {
        format!("{text} ({})", fixed(error, digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_error() {
        assert_eq!(with_error(52.1342, 0.53, 1), "52.1 (0.5)");
        assert_eq!(with_error(0.78312, 0.0013, 3), "0.783 (0.001)");
        assert_eq!(with_error(412.4, 3.2, 1), "412 (3)");
        assert_eq!(with_error(83.69, 0.004, 1), "83.7 (<0.1)");
        assert_eq!(with_error(83.69, 0.0, 1), "83.7");
        assert_eq!(signed_with_error(-0.04, 0.3, 1), "0.0 (0.3)");
        assert_eq!(with_error(f64::NAN, 0.3, 1), MISSING);
    }
}
