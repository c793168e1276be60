//! End points that are more than the first of some events: how a trial observes and compares them.

use super::{Trial, Workspace, design::Look, estimand::Estimand};
use crate::{
    analysis::{
        comparison::{Comparison, Strata, Summary, sides},
        competing::compare_incidence,
        hierarchical::{compare_tiers, pairs_by_tier},
        rates::compare_rates,
        slices::{Among, Slices},
        values::compare_values,
    },
    outcome::{
        endpoint::Observed,
        kinds::{Kind, Measured, Yields},
    },
};

impl Trial {
    /// Writes what is known at a look of every end point that is a number.
    pub(super) fn observe_numbers(&self, look: &Look, workspace: &mut Workspace) {
        let Workspace { cohort, followed, measurement_luck: luck, measured, .. } = workspace;
        for (endpoint, measured) in self.endpoints.iter().zip(measured) {
            match &endpoint.kind {
                Kind::FirstOf | Kind::Composite(_) | Kind::Tiers(_) => continue,
                Kind::Value(kind) => kind.observe(&self.measurements, luck, cohort, followed, measured),
                Kind::Count(kind) => kind.observe(&self.measurements, luck, cohort, followed, measured),
                Kind::DaysFree(kind) => kind.observe(&self.measurements, luck, cohort, followed, measured),
            }
            let mature = self.mature(endpoint, look, cohort, followed.len());
            measured.known[mature..].fill(false);
        }
    }

    /// Pairs won and lost at each tier of an estimand's end point in the trial just conducted; `None` if it is
    /// no hierarchy, or there is no pair.
    pub fn pairs_by_tier(&self, estimand: usize, workspace: &Workspace) -> Option<Vec<(u64, u64)>> {
        let estimand = &self.estimands[estimand];
        let Kind::Tiers(tiers) = &self.endpoints[estimand.endpoint].kind else { return None };
        let (mut group, n) = (Vec::new(), workspace.followed.len());
        sides(&workspace.cohort.assigned[..n], estimand.treatment, estimand.control, &mut group);
        let higher = |e: usize| self.endpoints[e].higher_is_better;
        pairs_by_tier(tiers, &workspace.seen, &workspace.measured, higher, &group).ok()
    }

    /// The comparison of an estimand that is not one of risks or times to the first event; none if it is.
    pub(super) fn compare_kind(
        &self,
        estimand: &Estimand,
        seen: &[Observed],
        measured: &[Measured],
        slices: &Slices,
        among: Among,
    ) -> Option<Comparison> {
        let group = slices.group();
        let member = |i: usize| slices.holds(among, i);
        let stratum_of = |i: usize| estimand.strata.map_or(0, |s| slices.level(s)[i]);
        let strata: Strata = estimand
            .strata
            .map(|s| (&stratum_of as &dyn Fn(usize) -> u8, self.subgroups[s].levels.len() as u8));
        let (e, method) = (estimand.endpoint, estimand.method);
        let endpoint = &self.endpoints[e];
        let higher = |e: usize| self.endpoints[e].higher_is_better;
        match (&endpoint.kind, endpoint.kind.yields()) {
            (Kind::Tiers(tiers), _) => {
                Some(compare_tiers(tiers, seen, measured, higher, group, method, member))
            }
            (_, Yields::Value) => Some(compare_values(&measured[e], group, method, strata, member)),
            (_, Yields::Count) => Some(compare_rates(&measured[e], group, method, member)),
            _ if method.summary == Summary::SubdistributionHazardRatio => {
                Some(compare_incidence(&seen[e], group, endpoint.by, member))
            }
            _ => None,
        }
    }
}
