//! Pairs of patients compared by the worst thing first: win ratio, win odds, net benefit.

use super::{
    interval::Interval,
    log_rank::levels,
    normal::{interval_multiplier, two_sided_p},
    reason::Reason,
};

/// One level of a hierarchy, its columns indexed by patient.
#[derive(Clone, Copy, Debug)]
pub enum Level<'a> {
    /// The later event wins. The winner must have been followed, free of it, to the loser's event.
    Time { time: &'a [f64], event: &'a [bool] },
    /// The lower value wins.
    Lower(&'a [f64]),
    /// The higher value wins.
    Higher(&'a [f64]),
    /// The value lower by at least the margin wins; closer ones are undecided.
    LowerBy { value: &'a [f64], margin: f64 },
    /// The value higher by at least the margin wins; closer ones are undecided.
    HigherBy { value: &'a [f64], margin: f64 },
}

/// Whether someone censored on the very day of another's event has outlived them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CensoredOnTheDay {
    /// Yes, as in Kaplan-Meier, where censoring comes after events.
    #[default]
    Wins,
    /// The pair is undecided at this level.
    Undecided,
}

impl Level<'_> {
    /// 1 when `i` wins over `j`, −1 when `i` loses, 0 when undecided.
    fn compare(&self, i: usize, j: usize, rule: CensoredOnTheDay) -> i8 {
        match self {
            Level::Time { time, event } => {
                let outlives = |a: usize, b: usize| {
                    event[b]
                        && (time[a] > time[b]
                            || (time[a] == time[b] && !event[a] && rule == CensoredOnTheDay::Wins))
                };
                i8::from(outlives(i, j)) - i8::from(outlives(j, i))
            }
            Level::Lower(value) => i8::from(value[i] < value[j]) - i8::from(value[i] > value[j]),
            Level::Higher(value) => i8::from(value[i] > value[j]) - i8::from(value[i] < value[j]),
            Level::LowerBy { value, margin } => -higher_by(value[i], value[j], *margin),
            Level::HigherBy { value, margin } => higher_by(value[i], value[j], *margin),
        }
    }
}

/// 1 when `x` is at least `margin` above `y`, −1 when as far below, 0 between.
fn higher_by(x: f64, y: f64, margin: f64) -> i8 {
    i8::from(x > y && x - y >= margin) - i8::from(y > x && y - x >= margin)
}

/// The first level that decides between `i` and `j`, and how.
fn decide(hierarchy: &[Level<'_>], i: usize, j: usize, rule: CensoredOnTheDay) -> Option<(usize, bool)> {
    hierarchy.iter().enumerate().find_map(|(k, level)| match level.compare(i, j, rule) {
        0 => None,
        sign => Some((k, sign > 0)),
    })
}

/// Wins and losses of treatment over all pairs, and the variances of their shares.
#[derive(Clone, Debug, PartialEq)]
pub struct Wins {
    pub n_treatment: usize,
    pub n_control: usize,
    pub wins: u64,
    pub losses: u64,
    /// Pairs decided at each level of the hierarchy: wins and losses.
    pub by_level: Vec<(u64, u64)>,
    /// Variance of the share of wins, of losses, and their covariance.
    variance_win: f64,
    variance_loss: f64,
    covariance: f64,
}

/// An estimate of relative benefit on the scale where it is about normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WinEstimate {
    /// Log win ratio, log win odds, or net benefit: above 0 when treatment does better.
    pub value: f64,
    pub standard_error: f64,
}

impl WinEstimate {
    /// Below 0 when treatment does better, as everywhere: `−value / standard error`.
    pub fn z(&self) -> f64 {
        -self.value / self.standard_error
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }

    /// Interval of `value`; raise it for a ratio or odds.
    pub fn interval(&self, confidence: f64) -> Interval {
        let reach = interval_multiplier(confidence) * self.standard_error;
        Interval { lower: self.value - reach, upper: self.value + reach }
    }
}

/// Compares every treated with every control patient by a hierarchy of outcomes.
///
/// Each pair goes to the first level that separates it. `group` is 1 or 0; others are left out. The
/// variances are those of a two-sample U-statistic: the covariance of each treated patient's shares of
/// wins and losses over their number, plus the same over controls, sample covariances with `n − 1`.
///
/// Pocock et al., Eur Heart J 2012;33:176. Bebu & Lachin, Biostatistics 2016;17:178.
pub fn compare_pairs(hierarchy: &[Level<'_>], group: &[u8], rule: CensoredOnTheDay) -> Result<Wins, Reason> {
    let rows = |g: u8| -> Vec<usize> { (0..group.len()).filter(|&i| group[i] == g).collect() };
    compare_rows(hierarchy, &rows(1), &rows(0), rule)
}

fn compare_rows(
    hierarchy: &[Level<'_>],
    treatment: &[usize],
    control: &[usize],
    rule: CensoredOnTheDay,
) -> Result<Wins, Reason> {
    let (n1, n0) = (treatment.len(), control.len());
    if n1 < 2 || n0 < 2 {
        return Err(super::linear::too_small(n1 as f64, n0 as f64));
    }
    let controls: Vec<Opponents> = hierarchy.iter().map(|level| Opponents::gather(level, control)).collect();
    let mut by_level = vec![(0u64, 0u64); hierarchy.len()];
    let mut of_treatment = Vec::with_capacity(n1);
    let mut of_control = vec![(0u32, 0u32); n0];
    // Verdicts on one treated patient against each control, level by level.
    let (mut verdict, mut next) = (vec![0i8; n0], vec![0i8; n0]);
    for &i in treatment {
        let (mut wins, mut losses) = (0, 0);
        for (k, (level, controls)) in hierarchy.iter().zip(&controls).enumerate() {
            let into = if k == 0 { &mut verdict } else { &mut next };
            controls.judge(level, i, rule, into);
            if k > 0 {
                verdict.iter_mut().zip(&next).for_each(|(v, n)| *v = if *v == 0 { *n } else { *v });
            }
            let won: u32 = verdict.iter().map(|&v| u32::from(v > 0)).sum();
            let lost: u32 = verdict.iter().map(|&v| u32::from(v < 0)).sum();
            by_level[k].0 += u64::from(won - wins);
            by_level[k].1 += u64::from(lost - losses);
            (wins, losses) = (won, lost);
        }
        of_treatment.push((wins, losses));
        for (theirs, v) in of_control.iter_mut().zip(&verdict) {
            theirs.0 += u32::from(*v > 0);
            theirs.1 += u32::from(*v < 0);
        }
    }
    let [a, b, c] = share_covariance(&of_treatment, n0 as f64);
    let [d, e, f] = share_covariance(&of_control, n1 as f64);
    Ok(Wins {
        n_treatment: n1,
        n_control: n0,
        wins: by_level.iter().map(|l| l.0).sum(),
        losses: by_level.iter().map(|l| l.1).sum(),
        by_level,
        variance_win: a + d,
        variance_loss: b + e,
        covariance: c + f,
    })
}

/// One level's values of the controls, side by side.
struct Opponents {
    value: Vec<f64>,
    event: Vec<bool>,
}

impl Opponents {
    fn gather(level: &Level<'_>, rows: &[usize]) -> Self {
        let (value, event) = match level {
            Level::Time { time, event } => (time, Some(event)),
            Level::Lower(value) | Level::Higher(value) => (value, None),
            Level::LowerBy { value, .. } | Level::HigherBy { value, .. } => (value, None),
        };
        Opponents {
            value: rows.iter().map(|&j| value[j]).collect(),
            event: event.map_or_else(Vec::new, |e| rows.iter().map(|&j| e[j]).collect()),
        }
    }

    /// [`Level::compare`] of patient `i` with every control.
    fn judge(&self, level: &Level<'_>, i: usize, rule: CensoredOnTheDay, verdict: &mut [i8]) {
        match level {
            Level::Time { time, event } => {
                let (t, dies) = (time[i], event[i]);
                let on_the_day = rule == CensoredOnTheDay::Wins;
                for ((v, &u), &falls) in verdict.iter_mut().zip(&self.value).zip(&self.event) {
                    let win = falls & ((t > u) | ((t == u) & !dies & on_the_day));
                    let loss = dies & ((u > t) | ((t == u) & !falls & on_the_day));
                    *v = i8::from(win) - i8::from(loss);
                }
            }
            Level::Lower(value) => {
                let x = value[i];
                for (v, &y) in verdict.iter_mut().zip(&self.value) {
                    *v = i8::from(x < y) - i8::from(x > y);
                }
            }
            Level::Higher(value) => {
                let x = value[i];
                for (v, &y) in verdict.iter_mut().zip(&self.value) {
                    *v = i8::from(x > y) - i8::from(x < y);
                }
            }
            Level::LowerBy { value, margin } => {
                for (v, &y) in verdict.iter_mut().zip(&self.value) {
                    *v = -higher_by(value[i], y, *margin);
                }
            }
            Level::HigherBy { value, margin } => {
                for (v, &y) in verdict.iter_mut().zip(&self.value) {
                    *v = higher_by(value[i], y, *margin);
                }
            }
        }
    }
}

/// Variances and covariance of the mean shares of wins and losses.
fn share_covariance(counts: &[(u32, u32)], opponents: f64) -> [f64; 3] {
    let n = counts.len() as f64;
    let share = |c: u32| f64::from(c) / opponents;
    let win = counts.iter().map(|c| share(c.0)).sum::<f64>() / n;
    let loss = counts.iter().map(|c| share(c.1)).sum::<f64>() / n;
    let mut out = [0.0; 3];
    for c in counts {
        let (w, l) = (share(c.0) - win, share(c.1) - loss);
        out[0] += w * w;
        out[1] += l * l;
        out[2] += w * l;
    }
    out.map(|x| x / ((n - 1.0) * n))
}

impl Wins {
    fn pairs(&self) -> f64 {
        self.n_treatment as f64 * self.n_control as f64
    }

    /// Share of pairs that treatment wins.
    pub fn win_probability(&self) -> f64 {
        self.wins as f64 / self.pairs()
    }

    /// Share of pairs that treatment loses.
    pub fn loss_probability(&self) -> f64 {
        self.losses as f64 / self.pairs()
    }

    /// Undecided pairs.
    pub fn ties(&self) -> u64 {
        (self.n_treatment * self.n_control) as u64 - self.wins - self.losses
    }

    /// Variance of the share of wins, of losses, and their covariance.
    pub fn covariance(&self) -> [f64; 3] {
        [self.variance_win, self.variance_loss, self.covariance]
    }

    /// Log of wins over losses; [`Reason::Undefined`] when either is 0.
    pub fn log_win_ratio(&self) -> Result<WinEstimate, Reason> {
        let (w, l) = (self.win_probability(), self.loss_probability());
        if w == 0.0 || l == 0.0 {
            return Err(Reason::Undefined);
        }
        let variance =
            self.variance_win / (w * w) + self.variance_loss / (l * l) - 2.0 * self.covariance / (w * l);
        estimate(libm::log(w / l), variance)
    }

    /// Share of wins less share of losses: Buyse's net benefit. Stat Med 2010;29:3245.
    pub fn net_benefit(&self) -> Result<WinEstimate, Reason> {
        estimate(self.win_probability() - self.loss_probability(), self.net_variance())
    }

    /// Log win odds: ties count half for each. Brunner et al., Stat Med 2021;40:3367.
    pub fn log_win_odds(&self) -> Result<WinEstimate, Reason> {
        let share = 0.5 + 0.5 * (self.win_probability() - self.loss_probability());
        if share <= 0.0 || share >= 1.0 {
            return Err(Reason::Undefined);
        }
        let slope = share * (1.0 - share);
        estimate(libm::log(share / (1.0 - share)), self.net_variance() / 4.0 / (slope * slope))
    }

    fn net_variance(&self) -> f64 {
        self.variance_win + self.variance_loss - 2.0 * self.covariance
    }
}

fn estimate(value: f64, variance: f64) -> Result<WinEstimate, Reason> {
    if variance > 0.0 {
        Ok(WinEstimate { value, standard_error: variance.sqrt() })
    } else {
        Err(Reason::NoVariance)
    }
}

/// Wins and losses within strata, added up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StratifiedWins {
    wins: f64,
    losses: f64,
    variance_win: f64,
    variance_loss: f64,
    covariance: f64,
    pairs: f64,
}

/// Stratified comparison: pairs are formed within strata, and each stratum's wins and losses weighted by
/// one over its size.
///
/// A stratum with fewer than two people in an arm adds nothing. Dong et al., J Biopharm Stat 2018;28:778.
pub fn compare_pairs_stratified(
    hierarchy: &[Level<'_>],
    group: &[u8],
    stratum: &[u32],
    rule: CensoredOnTheDay,
) -> Result<StratifiedWins, Reason> {
    let mut out = StratifiedWins {
        wins: 0.0,
        losses: 0.0,
        variance_win: 0.0,
        variance_loss: 0.0,
        covariance: 0.0,
        pairs: 0.0,
    };
    for level in levels(Some(stratum)) {
        let rows = |g: u8| -> Vec<usize> {
            (0..group.len()).filter(|&i| group[i] == g && stratum[i] == level).collect()
        };
        let Ok(here) = compare_rows(hierarchy, &rows(1), &rows(0), rule) else { continue };
        let size = (here.n_treatment + here.n_control) as f64;
        let scale = here.pairs() / size;
        out.wins += here.wins as f64 / size;
        out.losses += here.losses as f64 / size;
        out.variance_win += here.variance_win * scale * scale;
        out.variance_loss += here.variance_loss * scale * scale;
        out.covariance += here.covariance * scale * scale;
        out.pairs += scale;
    }
    if out.pairs > 0.0 { Ok(out) } else { Err(Reason::EmptyArm) }
}

impl StratifiedWins {
    pub fn log_win_ratio(&self) -> Result<WinEstimate, Reason> {
        let (w, l) = (self.wins, self.losses);
        if w == 0.0 || l == 0.0 {
            return Err(Reason::Undefined);
        }
        let variance =
            self.variance_win / (w * w) + self.variance_loss / (l * l) - 2.0 * self.covariance / (w * l);
        estimate(libm::log(w / l), variance)
    }

    pub fn net_benefit(&self) -> Result<WinEstimate, Reason> {
        let variance = self.variance_win + self.variance_loss - 2.0 * self.covariance;
        estimate((self.wins - self.losses) / self.pairs, variance / (self.pairs * self.pairs))
    }
}

/// Finkelstein and Schoenfeld's test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinkelsteinSchoenfeld {
    /// Sum over treatment of each patient's wins less losses against everyone.
    pub score: f64,
    /// Over all ways of dealing out the arms.
    pub variance: f64,
}

impl FinkelsteinSchoenfeld {
    /// Below 0 when treatment does better.
    pub fn z(&self) -> f64 {
        -self.score / self.variance.sqrt()
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }
}

/// Finkelstein and Schoenfeld's test that the arms are alike: the sum of treated patients' scores against
/// all others, with its permutation variance `n₁n₀/(N(N − 1))·ΣU²`.
///
/// Stat Med 1999;18:1341.
pub fn finkelstein_schoenfeld(
    hierarchy: &[Level<'_>],
    group: &[u8],
    rule: CensoredOnTheDay,
) -> Result<FinkelsteinSchoenfeld, Reason> {
    let rows: Vec<usize> = (0..group.len()).filter(|&i| group[i] <= 1).collect();
    let n1 = rows.iter().filter(|&&i| group[i] == 1).count() as f64;
    let n = rows.len() as f64;
    if n1 == 0.0 || n1 == n {
        return Err(Reason::EmptyArm);
    }
    let mut scores = vec![0i64; rows.len()];
    for a in 0..rows.len() {
        for b in 0..a {
            if let Some((_, won)) = decide(hierarchy, rows[a], rows[b], rule) {
                let sign = if won { 1 } else { -1 };
                scores[a] += sign;
                scores[b] -= sign;
            }
        }
    }
    let score: i64 = rows.iter().zip(&scores).filter(|(i, _)| group[**i] == 1).map(|(_, s)| s).sum();
    let squares: f64 = scores.iter().map(|&s| (s * s) as f64).sum();
    if squares == 0.0 {
        return Err(Reason::NoVariance);
    }
    Ok(FinkelsteinSchoenfeld { score: score as f64, variance: n1 * (n - n1) / (n * (n - 1.0)) * squares })
}
