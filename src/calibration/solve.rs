//! Roots: the parameter at which a model gives a wanted number.

/// Why there is no root, and what can be reached.
#[derive(Clone, Debug, PartialEq)]
pub enum NoRoot {
    /// The wanted value lies outside what the parameter can reach between its limits.
    OutOfReach { wanted: f64, lowest: f64, highest: f64 },
    /// The model gave something that is not a number.
    NotANumber { at: f64 },
}

impl std::fmt::Display for NoRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OutOfReach { wanted, lowest, highest } => {
                write!(f, "{wanted:.4} cannot be reached; values from {lowest:.4} to {highest:.4} can")
            }
            Self::NotANumber { at } => write!(f, "the model has no answer at {at}"),
        }
    }
}

impl std::error::Error for NoRoot {}

/// Most evaluations before the best point so far is returned; a root needs about ten.
const MOST_ROUNDS: usize = 100;

/// The `x` between `low` and `high` at which `f(x) = wanted`, to `within` in `f`.
///
/// `f` has to be continuous and rise or fall throughout; `start` is tried first and the bracket grown
/// from it, so a good guess is cheap. The Illinois variant of regula falsi: the end that is kept twice
/// has its distance halved. Dowell & Jarratt, BIT 1971;11:168.
pub fn root(
    mut f: impl FnMut(f64) -> f64,
    wanted: f64,
    start: f64,
    [low, high]: [f64; 2],
    within: f64,
) -> Result<f64, NoRoot> {
    let mut g = |x: f64| {
        let y = f(x) - wanted;
        if y.is_nan() { Err(NoRoot::NotANumber { at: x }) } else { Ok(y) }
    };
    let start = start.clamp(low, high);
    let at_start = g(start)?;
    if at_start.abs() <= within {
        return Ok(start);
    }
    let ([mut a, mut ga], [mut b, mut gb]) = bracket(&mut g, wanted, [start, at_start], [low, high])?;
    let mut kept = 0;
    for _ in 0..MOST_ROUNDS {
        let x = (a * gb - b * ga) / (gb - ga);
        let x = if x > a.min(b) && x < a.max(b) { x } else { 0.5 * (a + b) };
        let gx = g(x)?;
        if gx.abs() <= within || (b - a).abs() <= 1e-14 * (1.0 + x.abs()) {
            return Ok(x);
        }
        if (gx > 0.0) == (gb > 0.0) {
            (b, gb) = (x, gx);
            if kept == 1 {
                ga *= 0.5;
            }
            kept = 1;
        } else {
            (a, ga) = (x, gx);
            if kept == -1 {
                gb *= 0.5;
            }
            kept = -1;
        }
    }
    Ok(if ga.abs() < gb.abs() { a } else { b })
}

/// A point and the value there, less what is wanted.
type Point = [f64; 2];

/// Two points on either side of the root, found from the start in growing steps, first downhill.
fn bracket(
    g: &mut impl FnMut(f64) -> Result<f64, NoRoot>,
    wanted: f64,
    start: Point,
    [low, high]: [f64; 2],
) -> Result<(Point, Point), NoRoot> {
    let first = 0.05 * (high - low).min(4.0);
    let (mut below, mut above) = (start, start);
    let mut step = first;
    loop {
        if above[0] < high {
            let x = (above[0] + step).min(high);
            let next = [x, g(x)?];
            if (next[1] > 0.0) != (above[1] > 0.0) {
                return Ok((above, next));
            }
            above = next;
        }
        if below[0] > low {
            let x = (below[0] - step).max(low);
            let next = [x, g(x)?];
            if (next[1] > 0.0) != (below[1] > 0.0) {
                return Ok((below, next));
            }
            below = next;
        }
        if above[0] >= high && below[0] <= low {
            let ends = [below[1] + wanted, above[1] + wanted];
            let (lowest, highest) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            return Err(NoRoot::OutOfReach { wanted, lowest, highest });
        }
        step *= 2.0;
    }
}
