//! Exponential and logarithm for the inner loop of expectations.
//!
//! Plain multiplications and additions, so the same bits on every machine, and simple enough for the
//! compiler to work on several at a time.

use crate::vector::vectorised;

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
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let sum = FACTORIALS.iter().fold(0.0, |sum, inverse| sum * r + inverse);
    sum * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

/// `ln x` by `s = (x − 1)/(x + 1)`: `2·(s + s³/3 + s⁵/5 + …)`, to 1e-15 for `|s| < 0.15`.
#[inline(always)]
fn near_one(s: f64) -> f64 {
    let square = s * s;
    2.0 * s * ODD.iter().fold(0.0, |sum, inverse| sum * square + inverse)
}

/// `ln x` of a positive, normal, finite number, to the last bit that of `libm::log`.
///
/// The same arithmetic without the cases that need a branch, so that several go side by side.
/// FreeBSD's `e_log.c`, by Sun Microsystems; 1 ulp.
#[inline(always)]
pub fn ln_positive(x: f64) -> f64 {
    const L: [f64; 7] = [
        0.666_666_666_666_673_5,
        0.399_999_999_994_094_2,
        0.285_714_287_436_623_9,
        0.222_221_984_321_497_84,
        0.181_835_721_616_180_5,
        0.153_138_376_992_093_73,
        0.147_981_986_051_165_86,
    ];
    // x = 2ᵏ·(1 + f) with 1 + f between √½ and √2: what is added carries into the exponent from √2 on.
    const TO_ROOT: u64 = (0x3ff0_0000 - 0x3fe6_a09e) << 32;
    let shifted = x.to_bits() + TO_ROOT;
    // The exponent as a float, without a conversion: 2⁵² and the number share a word.
    let k = f64::from_bits((shifted >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let f = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff) + (0x3fe6_a09e << 32)) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (L[1] + w * (L[3] + w * L[5]));
    let odd = z * (L[0] + w * (L[2] + w * (L[4] + w * L[6])));
    let r = odd + even;
    s * (half_square + r) + k * LN2_LOW - half_square + f + k * LN2_HIGH
}

vectorised! {
    /// The luck `−ln u` of each uniform number.
    pub fn luck_each(uniform: &mut [f64]) {
        for u in uniform {
            *u = -ln_positive(*u);
        }
    }
}

vectorised! {
    /// `e^x` of each.
    pub fn exp_each(x: &mut [f64]) {
        for x in x {
            *x = exp(*x);
        }
    }
}

vectorised! {
    fn near_one_each(x: &[f64], out: &mut [f64]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = near_one((x - 1.0) / (x + 1.0));
        }
    }
}

/// `ln x` of each; the rare ones far from 1 are done again.
pub fn ln_each(x: &[f64], out: &mut [f64]) {
    near_one_each(x, out);
    for (out, &x) in out.iter_mut().zip(x) {
        if !(0.74..=1.35).contains(&x) {
            *out = libm::log(x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{exp, ln_each, ln_positive};

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
        for i in 1..200_000u64 {
            let x = f64::from_bits(0x3ff0_0000_0000_0000 - i.pow(3));
            assert_eq!(ln_positive(x).to_bits(), libm::log(x).to_bits(), "{x}");
            let x = f64::from(i as u32) / 1e5;
            assert_eq!(ln_positive(x), libm::log(x), "{x}");
        }
        assert_eq!(ln_positive(f64::MIN_POSITIVE), libm::log(f64::MIN_POSITIVE));
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        assert!(exp(-1e9) > 0.0 && exp(-1e9) < 1e-300);
    }
}
