//! The fuzz targets on their corpus, and on the corpus bent a little.

#[path = "../../fuzz/targets.rs"]
mod targets;

use crate::simulation::at;
use std::time::{Duration, Instant};

type Target = fn(&[u8]) -> bool;
const TARGETS: [(&str, Target); 4] = [
    ("scenario", targets::scenario),
    ("expression", targets::expression),
    ("ledger", targets::ledger),
    ("data", targets::data),
];

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> =
        std::fs::read_dir(at("fuzz/corpus").join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// splitmix64: the same inputs every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }
}

/// Numbers and characters that have a way of going wrong.
const ODD: [&[u8]; 18] = [
    b"0",
    b"-1",
    b"1e308",
    b"nan",
    b"inf",
    b"-0.0",
    b"4294967296",
    b"\"",
    b"'",
    b"[",
    b"]",
    b"{",
    b"}",
    b"=",
    b",",
    b"\n",
    b"\xF0\x9F\x92\x94",
    b"\0",
];

/// Where the words of `input` begin and end: runs of letters, figures, `_` and `.`.
fn words(input: &[u8]) -> Vec<(usize, usize)> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.';
    let mut found = Vec::new();
    let mut start = 0;
    for run in input.chunk_by(|a, b| is_word(a) == is_word(b)) {
        if is_word(&run[0]) {
            found.push((start, start + run.len()));
        }
        start += run.len();
    }
    found
}

/// One input of the corpus with a few changes: bytes, words that go wrong, pieces of another input, lines
/// left out or written twice, numbers replaced, words of one input in the place of another's.
fn bent(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut input = corpus[dice.roll(corpus.len())].clone();
    for _ in 0..1 + dice.roll(3) {
        let n = input.len();
        let place = dice.roll(n + 1);
        match dice.roll(12) {
            0 if n > 0 => input[place.min(n - 1)] ^= 1 << dice.roll(8),
            1 => {
                input.splice(place..place, ODD[dice.roll(ODD.len())].iter().copied());
            }
            2 if n > 0 => {
                let end = (place + 1 + dice.roll(16)).min(n);
                input.drain(place.min(end)..end);
            }
            3 => {
                let other = &corpus[dice.roll(corpus.len())];
                let from = dice.roll(other.len() + 1);
                let to = (from + dice.roll(64)).min(other.len());
                input.splice(place..place, other[from..to].iter().copied());
            }
            4 | 5 => {
                let lines: Vec<&[u8]> = input.split_inclusive(|&b| b == b'\n').collect();
                let line = dice.roll(lines.len());
                let times = dice.roll(3);
                let kept = lines.iter().enumerate().flat_map(|(i, l)| {
                    std::iter::repeat_n(*l, if i == line { times } else { 1 }).flatten().copied()
                });
                input = kept.collect();
            }
            6 | 7 => {
                let Some(start) = (place..n).find(|&i| input[i].is_ascii_digit()) else { continue };
                let end = (start..n).find(|&i| !input[i].is_ascii_digit()).unwrap_or(n);
                let number = ODD[dice.roll(7)];
                input.splice(start..end, number.iter().copied());
            }
            // Half of the changes keep the shape, so that more than the reader's first lines are tried.
            _ => {
                let other = &corpus[dice.roll(corpus.len())];
                let (here, there) = (words(&input), words(other));
                if let (false, false) = (here.is_empty(), there.is_empty()) {
                    let (from, to) = here[dice.roll(here.len())];
                    let word = there[dice.roll(there.len())];
                    input.splice(from..to, other[word.0..word.1].iter().copied());
                }
            }
        }
    }
    input
}

#[test]
fn the_corpus_is_read_without_a_crash() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() > 3, "{name}");
        let read = corpus.iter().filter(|input| target(input)).count();
        assert!(2 * read > corpus.len(), "{name}: {read} of {} get past parsing", corpus.len());
        let mut dice = Dice(1);
        for _ in 0..150 {
            target(&bent(&corpus, &mut dice));
        }
    }
}

/// A campaign of its own: FUZZ_SECONDS for each target (600 by default), on FUZZ_TARGET only if that is set.
/// `FUZZ_SECONDS=60 cargo test --release --test suite fuzz:: -- --ignored --nocapture`
#[test]
#[ignore = "runs for minutes; see the comment"]
fn campaign() {
    let variable = |name: &str| std::env::var(name).ok();
    let seconds = variable("FUZZ_SECONDS").and_then(|s| s.parse().ok()).unwrap_or(600);
    let only = variable("FUZZ_TARGET");
    for (name, target) in TARGETS.into_iter().filter(|(name, _)| only.as_deref().is_none_or(|o| o == *name)) {
        let mut corpus = corpus(name);
        let seeds = corpus.len();
        let mut dice = Dice(std::process::id().into());
        let (start, mut runs, mut read) = (Instant::now(), 0_u64, 0_u64);
        while start.elapsed() < Duration::from_secs(seconds) {
            let input = bent(&corpus, &mut dice);
            // Left behind for whoever has to find out, should the target not come back.
            std::fs::write(std::env::temp_dir().join(format!("shocktrial-fuzz-{name}")), &input).unwrap();
            runs += 1;
            if target(&input) {
                read += 1;
                // What still parses is bent further, within a pool of fixed size.
                if corpus.len() < 500 {
                    corpus.push(input)
                } else {
                    let i = seeds + dice.roll(500 - seeds);
                    corpus[i] = input
                }
            }
        }
        println!(
            "{name}: {runs} executions in {seconds} s, {:.0} % past parsing, no crash",
            100.0 * read as f64 / runs as f64
        );
    }
}
