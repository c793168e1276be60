//! Whole sites randomised: in parallel, or one group of sites after another.

use crate::random::Stream;

/// How sites get their arm.
#[derive(Clone, Debug, PartialEq)]
pub enum Clusters {
    /// Each site has one arm throughout.
    Parallel,
    /// Every site begins with `from`; in groups of equal size, in random order, they change to `to`.
    SteppedWedge {
        from: u8,
        to: u8,
        /// Calendar day of the first change.
        first: f64,
        /// Days between changes.
        every: f64,
        /// How many changes.
        steps: u16,
    },
}

impl Clusters {
    /// The place of each site in a random order.
    pub fn ranks(sites: usize, luck: &Stream) -> Vec<u16> {
        let mut order: Vec<u16> = (0..sites as u16).collect();
        order.sort_by_key(|&site| luck.word(u64::from(site)));
        let mut ranks = vec![0; sites];
        order.iter().enumerate().for_each(|(rank, &site)| ranks[usize::from(site)] = rank as u16);
        ranks
    }

    /// The arm of the site at `rank` of `sites` on a calendar day.
    pub fn arm(&self, rank: u16, sites: usize, day: f64, ratio: &[u32]) -> u8 {
        match self {
            Clusters::Parallel => {
                let whole: u32 = ratio.iter().sum();
                let mut left = u32::from(rank) % whole;
                for (arm, &weight) in ratio.iter().enumerate() {
                    if left < weight {
                        return arm as u8;
                    }
                    left -= weight;
                }
                unreachable!("a rank lies within the ratio")
            }
            Clusters::SteppedWedge { from, to, first, every, steps } => {
                let group = usize::from(rank) * usize::from(*steps) / sites;
                if day >= first + every * group as f64 { *to } else { *from }
            }
        }
    }

    /// The period a calendar day lies in, from 0: periods end where sites change.
    pub fn period(&self, day: f64) -> u32 {
        match self {
            Clusters::Parallel => 0,
            Clusters::SteppedWedge { first, .. } if day < *first => 0,
            Clusters::SteppedWedge { first, every, steps, .. } => {
                (1 + ((day - first) / every) as u32).min(u32::from(*steps))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn sites_change_in_equal_groups_and_stay_changed() {
        let wedge = Clusters::SteppedWedge { from: 0, to: 1, first: 90.0, every: 60.0, steps: 4 };
        let ranks = Clusters::ranks(12, &Stream::new(1, 2, Purpose::CLUSTERS));
        let mut sorted = ranks.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..12).collect::<Vec<u16>>());
        for (day, period, changed) in [(0.0, 0, 0), (89.9, 0, 0), (90.0, 1, 3), (155.0, 2, 6), (400.0, 4, 12)]
        {
            let treated = ranks.iter().filter(|&&r| wedge.arm(r, 12, day, &[1, 1]) == 1).count();
            assert_eq!((wedge.period(day), treated), (period, changed), "{day}");
        }
        let arms: Vec<u8> = ranks.iter().map(|&r| Clusters::Parallel.arm(r, 12, 5.0, &[1, 2])).collect();
        assert_eq!(arms.iter().filter(|&&a| a == 0).count(), 4);
    }
}
