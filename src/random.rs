//! Random numbers with an address: seed, replicate, purpose, place.
//!
//! A word depends on its address and on nothing else: not on the thread, the shard, the scenario,
//! the variant, the arm or what was drawn before it. Two variants that meet the same patient
//! therefore give him the same luck, and a shorter trial is a prefix of a longer one.

use crate::vector::vectorised;
use rand::rand_core::{Infallible, TryRng};

/// Odd constant of the Weyl sequence behind SplitMix64: 2⁶⁴ over the golden ratio.
const WEYL: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's finaliser, a bijection of 64-bit words in which every input bit moves every output bit.
///
/// Steele, Lea & Flood, OOPSLA 2014; constants of Stafford's variant 13.
#[inline(always)]
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What a random number is for, by a stable name; a new purpose changes no other draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(u64);

impl Purpose {
    /// Which registry row a screened patient is.
    pub const REGISTRY_ROW: Purpose = Purpose::named("registry row");
    /// Whether a screened patient is alive at randomisation and consents.
    pub const CONSENT: Purpose = Purpose::named("consent");
    /// Time between two screened patients.
    pub const ACCRUAL: Purpose = Purpose::named("accrual");
    /// Which site a patient comes to.
    pub const SITE: Purpose = Purpose::named("site");
    /// How fast each site of a trial enrols.
    pub const SITE_RATE: Purpose = Purpose::named("site rate");
    /// Which kind of site each is.
    pub const SITE_CLASS: Purpose = Purpose::named("site class");
    /// When each site opens.
    pub const SITE_OPENING: Purpose = Purpose::named("site opening");
    /// How well the patients of each site fare.
    pub const SITE_MORTALITY: Purpose = Purpose::named("site mortality");
    /// How well a treatment works at each site.
    pub const SITE_EFFECT: Purpose = Purpose::named("site effect");
    /// When something outside ends recruitment.
    pub const EXTERNAL_STOP: Purpose = Purpose::named("external stop");
    /// In which order sites are randomised.
    pub const CLUSTERS: Purpose = Purpose::named("clusters");
    /// Whether a survivor refuses deferred consent.
    pub const DEFERRED_CONSENT: Purpose = Purpose::named("deferred consent");
    /// Which arm a patient is allocated to.
    pub const ALLOCATION: Purpose = Purpose::named("allocation");
    /// Whether a patient starts the treatment of the arm.
    pub const ADHERENCE: Purpose = Purpose::named("adherence");
    /// When a patient is lost to follow-up.
    pub const LOSS: Purpose = Purpose::named("loss");

    /// The purpose called `name`. FNV-1a, so that the name alone fixes it.
    pub const fn named(name: &str) -> Self {
        Purpose(fnv1a(0xCBF2_9CE4_8422_2325, name))
    }

    /// The luck that decides when `event` happens.
    pub fn event(event: &str) -> Self {
        Purpose(fnv1a(Purpose::named("event ").0, event))
    }

    /// The luck that decides when a patient changes to the arm `to`.
    pub fn bail_out(to: &str) -> Self {
        Purpose(fnv1a(Purpose::named("bail-out ").0, to))
    }

    /// One of the draws behind a measurement.
    pub fn measurement(measurement: &str, draw: &str) -> Self {
        let start = fnv1a(Purpose::named("measurement ").0, measurement);
        Purpose(fnv1a(fnv1a(start, "; "), draw))
    }

    /// The draw behind a covariate of a registry row.
    pub fn covariate(name: &str) -> Self {
        Purpose(fnv1a(Purpose::named("covariate ").0, name))
    }
}

const fn fnv1a(start: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = start;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        i += 1;
    }
    hash
}

/// All words of one seed, replicate and purpose: SplitMix64 read at any place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stream {
    key: u64,
}

#[inline(always)]
fn word(key: u64, place: u64) -> u64 {
    mix(key.wrapping_add(place.wrapping_add(1).wrapping_mul(WEYL)))
}

/// The uniform number in the upper 52 bits of a word.
#[inline(always)]
pub fn uniform(word: u64) -> f64 {
    // 2⁵² and a whole number below it share a float: the exact conversion, without an instruction of its own.
    const CELLS: f64 = (1u64 << 52) as f64;
    (f64::from_bits(CELLS.to_bits() | word >> 12) - CELLS + 0.5) * (1.0 / CELLS)
}

vectorised! {
    fn uniforms(key: u64, places: &[u64], out: &mut [f64]) {
        for (out, &place) in out.iter_mut().zip(places) {
            *out = uniform(word(key, place));
        }
    }
}

vectorised! {
    fn every_other_word(key: u64, start: u64, out: &mut [u64]) {
        for (k, out) in (0u64..).zip(out.iter_mut()) {
            *out = word(key, start + 2 * k);
        }
    }
}

impl Stream {
    /// The stream at an address.
    pub fn new(seed: u64, replicate: u64, purpose: Purpose) -> Self {
        let key = mix(seed.wrapping_add(WEYL));
        let key = mix(key ^ replicate.wrapping_mul(WEYL));
        Stream { key: mix(key ^ purpose.0) }
    }

    /// The word at `place`.
    #[inline]
    pub fn word(&self, place: u64) -> u64 {
        word(self.key, place)
    }

    /// A uniform number in (0, 1), never 0 or 1: the middles of 2⁵² equal cells.
    #[inline]
    pub fn uniform(&self, place: u64) -> f64 {
        uniform(self.word(place))
    }

    /// The uniform numbers at some places.
    #[inline]
    pub fn uniforms(&self, places: &[u64], out: &mut [f64]) {
        uniforms(self.key, places, out);
    }

    /// The words at every other place from `start`.
    #[inline]
    pub fn every_other_word(&self, start: u64, out: &mut [u64]) {
        every_other_word(self.key, start, out);
    }

    /// A whole number in `0..bound`, by the high half of a product; the bias is below `bound / 2⁶⁴`.
    #[inline]
    pub fn below(&self, place: u64, bound: u32) -> u32 {
        ((self.word(place) as u128 * bound as u128) >> 64) as u32
    }

    /// A generator for `rand` that starts at `place`, for draws that use a varying number of words.
    pub fn generator(&self, place: u64) -> Generator {
        Generator { stream: Stream { key: self.word(place) }, next: 0 }
    }
}

/// A sequential generator over its own stream, for the traits of `rand`.
#[derive(Clone, Debug)]
pub struct Generator {
    stream: Stream,
    next: u64,
}

impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let word = self.stream.word(self.next);
        self.next += 1;
        Ok(word)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_depends_on_every_part_of_its_address() {
        let base = Stream::new(1, 2, Purpose::LOSS).word(3);
        assert_eq!(base, Stream::new(1, 2, Purpose::LOSS).word(3));
        assert_ne!(base, Stream::new(2, 2, Purpose::LOSS).word(3));
        assert_ne!(base, Stream::new(1, 3, Purpose::LOSS).word(3));
        assert_ne!(base, Stream::new(1, 2, Purpose::SITE).word(3));
        assert_ne!(base, Stream::new(1, 2, Purpose::LOSS).word(4));
        assert_ne!(Purpose::event("stroke"), Purpose::event("sepsis"));
    }

    /// Mean and variance of a million uniforms over a thousand neighbouring replicates,
    /// and the correlation of neighbours, each within 4 standard errors.
    #[test]
    fn uniforms_are_uniform_across_replicates() {
        let (mut sum, mut square, mut product, n) = (0.0, 0.0, 0.0, 1_000_000.0);
        for replicate in 0..1000 {
            let stream = Stream::new(7, replicate, Purpose::REGISTRY_ROW);
            let next = Stream::new(7, replicate + 1, Purpose::REGISTRY_ROW);
            for place in 0..1000 {
                let u = stream.uniform(place) - 0.5;
                sum += u;
                square += u * u;
                product += u * (next.uniform(place) - 0.5);
            }
        }
        assert!((sum / n).abs() < 4.0 * (1.0 / 12.0 / n).sqrt());
        assert!((square / n - 1.0 / 12.0).abs() < 4.0 * (1.0 / 180.0 / n).sqrt());
        assert!((product / n).abs() < 4.0 * (1.0 / 144.0 / n).sqrt());
    }
}
