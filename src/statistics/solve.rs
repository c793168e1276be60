//! Small numerical tools: roots and quadrature.

use super::reason::Reason;

/// A root of `f` between `low` and `high` by Brent's method, where `f` changes sign.
///
/// Stops when the bracket is as narrow as floating point allows. Without a change of sign the
/// answer is [`Reason::NoConvergence`].
///
/// Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4.
pub fn root(mut f: impl FnMut(f64) -> f64, low: f64, high: f64) -> Result<f64, Reason> {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 {
        return Ok(a);
    }
    if fb == 0.0 {
        return Ok(b);
    }
    if fa.is_nan() || fb.is_nan() || (fa > 0.0) == (fb > 0.0) {
        return Err(Reason::NoConvergence);
    }
    let (mut c, mut fc) = (a, fa);
    let mut step = b - a;
    let mut previous = step;
    for _ in 0..300 {
        if (fb > 0.0) == (fc > 0.0) {
            c = a;
            fc = fa;
            step = b - a;
            previous = step;
        }
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tolerance = 2.0 * f64::EPSILON * b.abs() + 1e-300;
        let middle = 0.5 * (c - b);
        if middle.abs() <= tolerance || fb == 0.0 {
            return Ok(b);
        }
        if previous.abs() >= tolerance && fa.abs() > fb.abs() {
            let s = fb / fa;
            let (mut p, mut q) = if a == c {
                (2.0 * middle * s, 1.0 - s)
            } else {
                let q = fa / fc;
                let r = fb / fc;
                (s * (2.0 * middle * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
            };
            if p > 0.0 {
                q = -q;
            }
            p = p.abs();
            if 2.0 * p < (3.0 * middle * q - (tolerance * q).abs()).min((previous * q).abs()) {
                previous = step;
                step = p / q;
            } else {
                step = middle;
                previous = middle;
            }
        } else {
            step = middle;
            previous = middle;
        }
        a = b;
        fa = fb;
        b += if step.abs() > tolerance { step } else { tolerance.copysign(middle) };
        fb = f(b);
        if fb.is_nan() {
            return Err(Reason::NoConvergence);
        }
    }
    Ok(b)
}

/// Nodes and weights of the `n`-point Gauss-Legendre rule on `[−1, 1]`.
///
/// Newton's method on the Legendre polynomial from Chebyshev-like starting points.
pub fn gauss_legendre(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut nodes = vec![0.0; n];
    let mut weights = vec![0.0; n];
    let size = n as f64;
    for i in 0..n.div_ceil(2) {
        let mut x = libm::cos(std::f64::consts::PI * (i as f64 + 0.75) / (size + 0.5));
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut p, mut before) = (1.0, 0.0);
            for j in 0..n {
                let j = j as f64;
                let next = ((2.0 * j + 1.0) * x * p - j * before) / (j + 1.0);
                before = p;
                p = next;
            }
            slope = size * (x * p - before) / (x * x - 1.0);
            let step = p / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        nodes[i] = -x;
        nodes[n - 1 - i] = x;
        let weight = 2.0 / ((1.0 - x * x) * slope * slope);
        weights[i] = weight;
        weights[n - 1 - i] = weight;
    }
    if n % 2 == 1 {
        nodes[n / 2] = 0.0;
    }
    (nodes, weights)
}

/// `∫ f` from `low` to `high` by `panels` Gauss-Legendre rules of 20 points side by side.
pub fn integrate(mut f: impl FnMut(f64) -> f64, low: f64, high: f64, panels: usize) -> f64 {
    let (nodes, weights) = gauss_legendre(20);
    let width = (high - low) / panels as f64;
    let mut total = 0.0;
    for panel in 0..panels {
        let middle = low + (panel as f64 + 0.5) * width;
        for (x, w) in nodes.iter().zip(&weights) {
            total += 0.5 * width * w * f(middle + 0.5 * width * x);
        }
    }
    total
}
