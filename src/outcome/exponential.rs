//! Exponential and logarithm for the inner loop of expectations.
//!
//! Plain multiplications and additions, so the same bits on every machine, and simple enough for the
//! compiler to work on several at a time.

/// 1.5·2⁵²: added to a small number, it leaves the nearest whole number in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; a whole number times the first is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// 1/11!, 1/10!, … 1/0!: the series of `e^r`, from its last term.
const FACTORIALS: [f64; 12] = [
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
    1.0,
];
/// 1/17, 1/15, … 1: the series of the logarithm, from its last term.
const ODD: [f64; 9] =
    [1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];

/// `e^x`, to 1e-14 of its value; below −700 it stays at e⁻⁷⁰⁰, and above 700 at e⁷⁰⁰.
///
/// `x = n·ln 2 + r` with `|r| ≤ 0.35`; the series of `e^r` to the 11th power, times `2ⁿ`.
#[inline]
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let sum = FACTORIALS.iter().fold(0.0, |sum, inverse| sum * r + inverse);
    sum * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

/// `ln x` by `s = (x − 1)/(x + 1)`: `2·(s + s³/3 + s⁵/5 + …)`, to 1e-15 for `|s| < 0.15`.
#[inline]
fn near_one(s: f64) -> f64 {
    let square = s * s;
    2.0 * s * ODD.iter().fold(0.0, |sum, inverse| sum * square + inverse)
}

/// `e^x` of each.
pub fn exp_each(x: &mut [f64]) {
    for x in x {
        *x = exp(*x);
    }
}

/// `ln x` of each; the rare ones far from 1 are done again.
pub fn ln_each(x: &[f64], out: &mut [f64]) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = near_one((x - 1.0) / (x + 1.0));
    }
    for (out, &x) in out.iter_mut().zip(x) {
        if !(0.74..=1.35).contains(&x) {
            *out = libm::log(x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{exp, ln_each};

    fn ln(x: f64) -> f64 {
        let mut out = [0.0];
        ln_each(&[x], &mut out);
        out[0]
    }

    #[test]
    fn both_agree_with_the_library() {
        for i in -69_000..=69_000 {
            let x = f64::from(i) / 100.0;
            assert!((exp(x) / libm::exp(x) - 1.0).abs() < 2e-14, "{x}");
            let y = libm::exp(x / 300.0);
            assert!((ln(y) - libm::log(y)).abs() < 1e-15 * (1.0 + 10.0 * libm::log(y).abs()), "{y}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        assert!(exp(-1e9) > 0.0 && exp(-1e9) < 1e-300);
    }
}
