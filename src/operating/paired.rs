//! Differences between runs, and between questions of one run, on the same replicates.

/// One bit for each replicate, in order: whether something was shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bits {
    words: Vec<u64>,
    len: u64,
}

impl Bits {
    /// Adds the next replicate.
    pub fn push(&mut self, shown: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if shown && let Some(last) = self.words.last_mut() {
            *last |= 1 << (self.len % 64);
        }
        self.len += 1;
    }

    /// How many replicates there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether replicate `i` of those added shows it.
    pub fn get(&self, i: u64) -> bool {
        self.words[(i / 64) as usize] >> (i % 64) & 1 == 1
    }

    /// This share less the other's, over the replicates both have.
    ///
    /// With `b` replicates that show it here only and `c` there only, the Monte Carlo standard error is
    /// `√(b + c − (b − c)²/n)/n`: what both show, or neither, adds nothing.
    pub fn less(&self, other: &Bits) -> Option<Difference> {
        let n = self.len.min(other.len);
        if n == 0 {
            return None;
        }
        let (mut here, mut there) = (0u64, 0u64);
        for (k, (a, b)) in self.words.iter().zip(&other.words).enumerate() {
            let left = n - (k as u64 * 64).min(n);
            let among = if left >= 64 { u64::MAX } else { (1u64 << left) - 1 };
            here += u64::from((a & !b & among).count_ones());
            there += u64::from((b & !a & among).count_ones());
        }
        let (b, c, n) = (here as f64, there as f64, n as f64);
        let spread = (b + c - (b - c) * (b - c) / n).max(0.0);
        Some(Difference { value: (b - c) / n, mcse: spread.sqrt() / n, replicates: n as u64 })
    }
}

/// The mean of what replicates gave here less what they gave there, over those both have.
///
/// The Monte Carlo standard error is that of the mean of the differences; NaN where a value is missing.
pub fn less(here: &[f64], there: &[f64]) -> Option<Difference> {
    let n = here.len().min(there.len());
    if n < 2 {
        return None;
    }
    let differences = || here.iter().zip(there).map(|(a, b)| a - b);
    let mean = differences().sum::<f64>() / n as f64;
    let square: f64 = differences().map(|d| (d - mean) * (d - mean)).sum();
    let mcse = (square / (n as f64 - 1.0) / n as f64).sqrt();
    Some(Difference { value: mean, mcse, replicates: n as u64 })
}

/// A difference of two shares, or two means, on the same replicates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    pub value: f64,
    pub mcse: f64,
    pub replicates: u64,
}

impl Difference {
    /// Whether its 95 % Monte Carlo interval leaves out 0, so that the two may be ranked.
    pub fn ranks(&self) -> bool {
        self.value.abs() > super::Z95 * self.mcse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_of_the_same_replicates_differ_by_their_differences() {
        let difference = less(&[3.0, 5.0, 8.0, 9.0], &[1.0, 4.0, 5.0]).unwrap();
        // Of 2, 1 and 3: mean 2, standard deviation 1.
        assert_eq!((difference.value, difference.replicates), (2.0, 3));
        assert!((difference.mcse - 1.0 / 3.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(less(&[1.0], &[2.0]), None);
    }

    #[test]
    fn discordant_replicates_make_the_error() {
        let (mut a, mut b) = (Bits::default(), Bits::default());
        for i in 0..100u64 {
            a.push(i < 40);
            b.push((10..30).contains(&i) || i >= 95);
        }
        // Here only: 0 to 9 and 30 to 39. There only: 95 to 99.
        let difference = a.less(&b).unwrap();
        assert!((difference.value - 0.15).abs() < 1e-12);
        assert!((difference.mcse - (25.0 - 225.0 / 100.0_f64).sqrt() / 100.0).abs() < 1e-12);
        assert!(difference.ranks() && !a.less(&a).unwrap().ranks());
        assert_eq!(a.less(&Bits::default()), None);
        assert!(a.get(39) && !a.get(40));
    }
}
