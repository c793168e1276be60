//! Comparisons of whole clusters, as a trial that randomises sites makes them.

use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        cluster::{Clustered, cluster_estimate, normal_deviate},
        comparison::Summary,
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    outcome::endpoint::Observed,
    statistics::Reason,
};

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    let (summary, scale) = match method {
        MethodName::ClusterT => (Summary::RiskDifference, Scale::Difference),
        MethodName::ClusterCox => (Summary::HazardRatio, Scale::Ratio),
        _ => (Summary::OddsRatio, Scale::Ratio),
    };
    let known = data.of_known();
    let data = if summary == Summary::HazardRatio { data } else { &known };
    let blank = Answer::on(method, scale, data);
    let (Outcome::Event { event, known, time }, Some(cluster)) = (&data.outcome, &data.cluster) else {
        return blank.because(Reason::Undefined);
    };
    let Some(cluster) = cluster.iter().map(|&c| u16::try_from(c).ok()).collect::<Option<Vec<u16>>>() else {
        return blank.because(Reason::OutOfRange);
    };
    let seen = Observed {
        event: event.clone(),
        known: known.clone(),
        time: time.clone().unwrap_or_else(|| vec![0.0; data.len()]),
    };
    let group: Vec<u8> = data
        .arm
        .iter()
        .map(|&arm| match arm {
            arm if arm == data.treatment => 1,
            arm if arm == data.control => 0,
            _ => 2,
        })
        .collect();
    let period = |i: usize| data.stratum.as_ref().map_or(0, |stratum| stratum[i]);
    let clustered = Clustered { cluster: &cluster, period: &period };
    match cluster_estimate(&seen, &group, clustered, summary, &|_| true).1 {
        Err(reason) => blank.because(reason),
        Ok(estimate) => {
            let (statistic, p) = normal_deviate(&estimate);
            blank
                .estimated(estimate.value, estimate.standard_error, estimate.interval(settings.confidence))
                .tested_by(Statistic::Normal, statistic, p)
                .note(format!(
                    "P and interval by Student's t on {} degrees of freedom; z is the normal deviate of that P",
                    estimate.degrees
                ))
        }
    }
}
