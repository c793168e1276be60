//! The methods by name: the words that `analyze --method` takes, scenarios may use and results carry.
//!
//! The one list. A new method is a line here and a case in its family's file under `methods`.

use super::comparison::{Method, Summary, Test};
use serde::{Deserialize, Serialize};

/// What of a patient a method reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reads {
    /// Whether the event happened.
    Risk,
    /// When the event happened, or until when it had not.
    Time,
    /// When the first of several kinds of event happened, and which.
    Cause,
    /// A number.
    Value,
    /// How often something happened, over an exposure.
    Count,
    /// A hierarchy of outcomes, the worst first.
    Tiers,
}

macro_rules! catalogue {
    ($($reads:ident { $($(#[$doc:meta])* $name:ident $word:literal $label:literal $about:literal,)* })*) => {
        /// A method of analysis.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
        pub enum MethodName {
            $($(#[doc = $about] #[serde(rename = $word)] $name,)*)*
        }

        impl MethodName {
            /// All methods, by what they read.
            pub const ALL: &[MethodName] = &[$($(MethodName::$name,)*)*];

            /// The word people write and results carry.
            pub fn word(self) -> &'static str {
                match self { $($(MethodName::$name => $word,)*)* }
            }

            /// The name people read.
            pub fn label(self) -> &'static str {
                match self { $($(MethodName::$name => $label,)*)* }
            }

            /// What it estimates and how, in a few words.
            pub fn about(self) -> &'static str {
                match self { $($(MethodName::$name => $about,)*)* }
            }

            /// What of a patient it reads.
            pub fn reads(self) -> Reads {
                match self { $($(MethodName::$name => Reads::$reads,)*)* }
            }
        }
    };
}

catalogue! {
    Risk {
        ChiSquare "chi_square" "Chi-square" "Pearson's test, uncorrected, beside the risk ratio with Katz's interval",
        ChiSquareCorrected "chi_square_corrected" "Chi-square, corrected" "with Yates' continuity correction, beside the risk ratio with Katz's interval",
        Fisher "fisher" "Fisher's exact test" "conditional odds ratio with its exact interval",
        FisherDoubled "fisher_doubled" "Fisher's exact test, doubled" "twice the smaller tail, beside the risk ratio with Katz's interval",
        FisherMidP "fisher_mid_p" "Fisher's mid-P" "Fisher's test with half the weight of the table seen",
        Barnard "barnard" "Barnard's exact test" "unconditional, tables ordered by the pooled z, beside the risk difference with the score interval",
        Boschloo "boschloo" "Boschloo's exact test" "unconditional, tables ordered by Fisher's P value (twice the smaller tail), beside the risk difference with the score interval",
        RiskDifference "risk_difference" "Risk difference" "Newcombe's interval, chi-square test",
        RiskDifferenceWald "risk_difference_wald" "Risk difference, Wald" "Wald's interval and test",
        RiskDifferenceScore "risk_difference_score" "Risk difference, score" "Miettinen and Nurminen's interval and test",
        RiskDifferenceAgrestiCaffo "risk_difference_agresti_caffo" "Risk difference, Agresti–Caffo" "Agresti and Caffo's interval, chi-square test",
        RiskRatio "risk_ratio" "Risk ratio" "Katz's interval, chi-square test",
        RiskRatioWald "risk_ratio_wald" "Risk ratio, Wald" "Wald's test and interval (Katz's)",
        RiskRatioScore "risk_ratio_score" "Risk ratio, score" "Koopman's interval and test",
        RiskRatioMiettinenNurminen "risk_ratio_miettinen_nurminen" "Risk ratio, Miettinen–Nurminen" "score interval and test with the factor N/(N − 1)",
        OddsRatio "odds_ratio" "Odds ratio" "Woolf's interval, chi-square test",
        OddsRatioWald "odds_ratio_wald" "Odds ratio, Wald" "Wald's test and interval (Woolf's)",
        OddsRatioScore "odds_ratio_score" "Odds ratio, score" "Miettinen and Nurminen's interval and test",
        FarringtonManning "farrington_manning" "Farrington–Manning" "non-inferiority of the risk difference at --margin; Mee's interval, which agrees with the test",
        RiskRatioMargin "risk_ratio_margin" "Risk ratio margin" "non-inferiority of the risk ratio at --margin; Koopman's test and interval",
        MantelHaenszelOddsRatio "mantel_haenszel_odds_ratio" "Mantel–Haenszel odds ratio" "over strata; Cochran-Mantel-Haenszel test, Robins-Breslow-Greenland interval",
        MantelHaenszelRiskRatio "mantel_haenszel_risk_ratio" "Mantel–Haenszel risk ratio" "over strata; Cochran-Mantel-Haenszel test, Greenland-Robins interval",
        MantelHaenszelRiskDifference "mantel_haenszel_risk_difference" "Mantel–Haenszel risk difference" "over strata; Cochran-Mantel-Haenszel test, Sato's interval",
        MantelHaenszelCorrected "mantel_haenszel_corrected" "Mantel–Haenszel, corrected" "the test with its continuity correction, beside the odds ratio",
        MantelHaenszelExact "mantel_haenszel_exact" "Mantel–Haenszel, exact" "exact conditional test over strata, with its odds ratio and interval",
        BreslowDay "breslow_day" "Breslow–Day" "test that the odds ratio is the same in all strata",
        BreslowDayTarone "breslow_day_tarone" "Breslow–Day–Tarone" "the same with Tarone's correction",
        Logistic "logistic" "Logistic regression" "odds ratio given covariates; Wald, clustered if clusters are named",
        LogisticLikelihoodRatio "logistic_likelihood_ratio" "Logistic regression, likelihood ratio" "likelihood-ratio test of the arm, beside Wald's interval",
        FirthLogistic "firth_logistic" "Firth's logistic regression" "penalised likelihood: finite under separation; profile test and interval",
        StandardisedRiskDifference "standardised_risk_difference" "Standardised risk difference" "marginal, by g-computation from logistic regression; influence-function error",
        StandardisedRiskRatio "standardised_risk_ratio" "Standardised risk ratio" "marginal, by g-computation from logistic regression; influence-function error",
        StandardisedOddsRatio "standardised_odds_ratio" "Standardised odds ratio" "marginal, by g-computation from logistic regression; influence-function error",
        LogisticInteraction "logistic_interaction" "Logistic interaction" "test of arm by subgroup, of --by, in one logistic regression",
        ClusterT "cluster_t" "Student's t of clusters" "difference in risks, each of --cluster counting once; two degrees of freedom less than clusters",
        ClusterLogistic "cluster_logistic" "Logistic regression, by cluster" "odds ratio given the stratum; sandwich error over --cluster times G/(G − 1), Student's t on G − 2",
        ModifiedPoisson "modified_poisson" "Modified Poisson regression" "risk ratio given covariates by log-Poisson with the sandwich error",
        LogBinomial "log_binomial" "Log-binomial regression" "risk ratio given covariates; Wald",
        BayesRiskDifference "bayes_risk_difference" "Bayesian risk difference" "beta-binomial posterior, prior of --prior-risk; exact by quadrature",
    }
    Time {
        LogRank "log_rank" "Log-rank" "beside Cox's hazard ratio with Wald's interval",
        StratifiedLogRank "stratified_log_rank" "Stratified log-rank" "beside the stratified Cox hazard ratio with Wald's interval",
        Gehan "gehan" "Gehan–Breslow" "log-rank weighted by the number at risk",
        TaroneWare "tarone_ware" "Tarone–Ware" "log-rank weighted by the root of the number at risk",
        PetoPeto "peto_peto" "Peto–Peto" "log-rank weighted by pooled survival",
        FlemingHarrington "fleming_harrington" "Fleming–Harrington" "log-rank weighted by S(t−)^rho (1 − S(t−))^gamma, of --rho and --gamma",
        ModestWeights "modest_weights" "Modest weights" "Magirr and Burman's weights for an effect delayed by --delay",
        MaxCombo "max_combo" "MaxCombo" "the largest of Fleming-Harrington (0,0), (1,0), (0,1) and (1,1), P from their joint distribution",
        PetoHazardRatio "peto_hazard_ratio" "Peto's hazard ratio" "one step from the log-rank test: (O − E)/V",
        LogRankGroups "log_rank_groups" "Log-rank, all arms" "test that all arms have the same hazard",
        LogRankTrend "log_rank_trend" "Log-rank trend" "test of a trend over arms in their order",
        Cox "cox" "Cox" "hazard ratio given covariates, in strata if named; Wald, clustered if clusters are named",
        ClusterCox "cluster_cox" "Cox, by cluster" "hazard ratio in strata if named; sandwich error over --cluster times G/(G − 1), Student's t on G − 2",
        CoxRobust "cox_robust" "Cox, robust" "the same with the sandwich error of single patients",
        CoxScore "cox_score" "Cox, score test" "score test of the arm; without covariates and ties the log-rank test",
        CoxLikelihoodRatio "cox_likelihood_ratio" "Cox, likelihood ratio" "likelihood-ratio test of the arm with the profile interval, which agrees with it",
        FirthCox "firth_cox" "Firth's Cox regression" "penalised likelihood: finite when all events lie in one arm",
        CoxInteraction "cox_interaction" "Cox interaction" "test of arm by subgroup, of --by, in one Cox model",
        ProportionalHazards "proportional_hazards" "Proportional hazards" "Grambsch and Therneau's test that the arm's hazard ratio does not change",
        KaplanMeierDifference "kaplan_meier_difference" "Kaplan–Meier difference" "difference in risk at --horizon; Greenwood, Wald",
        KaplanMeierLogLog "kaplan_meier_log_log" "Kaplan–Meier, log-log test" "the same difference tested on the log(−log) scale",
        RestrictedMeanDifference "restricted_mean_difference" "Restricted mean difference" "survival time to --horizon, treatment less control",
        RestrictedMeanRatio "restricted_mean_ratio" "Restricted mean ratio" "ratio of mean survival times to --horizon",
        RestrictedLossRatio "restricted_loss_ratio" "Restricted loss ratio" "ratio of mean times lost before --horizon",
        KaplanMeier "kaplan_meier" "Kaplan–Meier risk" "risk by --horizon in each arm, interval on the --interval scale",
        MedianSurvival "median_survival" "Median survival" "time by which half have had the event in each arm, Brookmeyer and Crowley's interval",
        NelsonAalen "nelson_aalen" "Nelson–Aalen" "cumulative hazard by --horizon in each arm",
        RestrictedMean "restricted_mean" "Restricted mean" "survival time to --horizon in each arm",
        BayesHazardRatio "bayes_hazard_ratio" "Bayesian hazard ratio" "normal posterior of Cox's log hazard ratio, prior of --prior-effect",
    }
    Cause {
        CumulativeIncidence "cumulative_incidence" "Cumulative incidence" "Aalen-Johansen risk by --horizon in each arm",
        CumulativeIncidenceDifference "cumulative_incidence_difference" "Cumulative incidence difference" "difference of the Aalen-Johansen risks at --horizon; Wald",
        Gray "gray" "Gray" "test that the arms' cumulative incidence is the same",
        StratifiedGray "stratified_gray" "Stratified Gray" "the same over strata",
        FineGray "fine_gray" "Fine–Gray" "subdistribution hazard ratio given covariates; Wald with the robust error",
        CauseSpecificCox "cause_specific_cox" "Cause-specific Cox" "hazard ratio of the cause, other causes censoring",
        CauseSpecificLogRank "cause_specific_log_rank" "Cause-specific log-rank" "log-rank test of the cause, other causes censoring",
    }
    Value {
        Welch "welch" "Welch's t test" "difference in means, each arm its own variance",
        Student "student" "Student's t test" "difference in means, one variance",
        Ancova "ancova" "Analysis of covariance" "difference in means given covariates",
        AncovaRobust "ancova_robust" "Analysis of covariance, robust" "the same with the HC3 sandwich error",
        GeometricMeanRatio "geometric_mean_ratio" "Geometric mean ratio" "linear regression of the logarithm, given covariates",
        MannWhitney "mann_whitney" "Mann–Whitney" "rank-sum test beside the probability that treatment is higher",
        MannWhitneyCorrected "mann_whitney_corrected" "Mann–Whitney, corrected" "the same with the continuity correction",
        MannWhitneyExact "mann_whitney_exact" "Mann–Whitney, exact" "the same by all divisions of the ranks",
        HodgesLehmann "hodges_lehmann" "Hodges–Lehmann shift" "median difference, interval by inverting the Mann-Whitney test",
        BrunnerMunzel "brunner_munzel" "Brunner–Munzel" "that neither arm tends to be higher, unequal spreads allowed",
        VanElteren "van_elteren" "Van Elteren" "rank-sum test over strata",
        KruskalWallis "kruskal_wallis" "Kruskal–Wallis" "rank test that all arms are alike",
        ProportionalOdds "proportional_odds" "Proportional odds" "odds ratio of a higher category given covariates; Wald",
    }
    Count {
        Poisson "poisson" "Poisson regression" "rate ratio given covariates; Wald",
        PoissonRobust "poisson_robust" "Poisson regression, robust" "the same with the sandwich error, clustered if clusters are named",
        QuasiPoisson "quasi_poisson" "Quasi-Poisson regression" "the same with the error scaled by the Pearson dispersion",
        NegativeBinomial "negative_binomial" "Negative binomial regression" "rate ratio given covariates; Wald, allowing for the dispersion's error",
        RateRatioExact "rate_ratio_exact" "Exact rate ratio" "conditional on the total, without covariates",
    }
    Tiers {
        WinRatio "win_ratio" "Win ratio" "above 1 when treatment does better; U-statistic error",
        WinOdds "win_odds" "Win odds" "ties counting half to each side; U-statistic error",
        NetBenefit "net_benefit" "Net benefit" "share of pairs won less share lost; U-statistic error",
        FinkelsteinSchoenfeld "finkelstein_schoenfeld" "Finkelstein–Schoenfeld" "permutation test of the scores, beside the net benefit",
        StratifiedWinRatio "stratified_win_ratio" "Stratified win ratio" "pairs within strata, weighted by one over their size",
        StratifiedNetBenefit "stratified_net_benefit" "Stratified net benefit" "pairs within strata, weighted by one over their size",
    }
}

impl MethodName {
    /// The method of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|m| m.word() == word)
    }

    /// Whether it cannot be done without strata.
    pub fn needs_strata(self) -> bool {
        use MethodName::*;
        matches!(
            self,
            MantelHaenszelOddsRatio
                | MantelHaenszelRiskRatio
                | MantelHaenszelRiskDifference
                | MantelHaenszelCorrected
                | MantelHaenszelExact
                | BreslowDay
                | BreslowDayTarone
                | StratifiedLogRank
                | StratifiedGray
                | VanElteren
                | StratifiedWinRatio
                | StratifiedNetBenefit
        )
    }

    /// Whether it takes strata when they are named: what cannot do without, models, and tests that have no
    /// stratified one of another name beside them.
    pub fn takes_strata(self) -> bool {
        use MethodName::*;
        self.needs_strata()
            || matches!(self, Gehan | TaroneWare | PetoPeto | FlemingHarrington | ModestWeights | MaxCombo)
            || matches!(self, PetoHazardRatio | CauseSpecificLogRank | LogRankGroups | LogRankTrend)
            || matches!(
                self,
                Cox | CoxRobust | CoxScore | CoxLikelihoodRatio | FirthCox | ProportionalHazards
            )
            || matches!(self, CauseSpecificCox | CoxInteraction | BayesHazardRatio)
            || matches!(self, ClusterLogistic | ClusterCox)
    }

    /// Whether it cannot be done without clusters.
    pub fn needs_clusters(self) -> bool {
        matches!(self, MethodName::ClusterT | MethodName::ClusterLogistic | MethodName::ClusterCox)
    }

    /// Whether it takes covariates when they are named.
    pub fn takes_covariates(self) -> bool {
        use MethodName::*;
        matches!(self, Logistic | LogisticLikelihoodRatio | FirthLogistic | ModifiedPoisson | LogBinomial)
            || matches!(self, StandardisedRiskDifference | StandardisedRiskRatio | StandardisedOddsRatio)
            || matches!(
                self,
                Cox | CoxRobust | CoxScore | CoxLikelihoodRatio | FirthCox | ProportionalHazards
            )
            || matches!(self, CoxInteraction | LogisticInteraction)
            || matches!(self, BayesHazardRatio | FineGray | CauseSpecificCox)
            || matches!(self, Ancova | AncovaRobust | GeometricMeanRatio | ProportionalOdds)
            || matches!(self, Poisson | PoissonRobust | QuasiPoisson | NegativeBinomial)
    }

    /// Whether its standard error is clustered when clusters are named.
    pub fn takes_clusters(self) -> bool {
        use MethodName::*;
        self.needs_clusters()
            || matches!(self, Logistic | ModifiedPoisson | Cox | CauseSpecificCox | PoissonRobust)
            || matches!(self, StandardisedRiskDifference | StandardisedRiskRatio | StandardisedOddsRatio)
            || matches!(self, LogisticInteraction | CoxInteraction)
    }

    /// Whether it compares all arms of the data, not two.
    pub fn of_all_arms(self) -> bool {
        matches!(self, MethodName::LogRankGroups | MethodName::LogRankTrend | MethodName::KruskalWallis)
    }

    /// Whether it answers for each arm instead of comparing two.
    pub fn by_arm(self) -> bool {
        use MethodName::*;
        matches!(self, KaplanMeier | MedianSurvival | NelsonAalen | RestrictedMean | CumulativeIncidence)
    }

    /// Whether it looks at one time, --horizon.
    pub fn needs_horizon(self) -> bool {
        use MethodName::*;
        matches!(self, KaplanMeierDifference | KaplanMeierLogLog | KaplanMeier | NelsonAalen)
            || matches!(self, RestrictedMeanDifference | RestrictedMeanRatio | RestrictedLossRatio)
            || matches!(self, RestrictedMean | CumulativeIncidence | CumulativeIncidenceDifference)
    }

    /// Whether it compares the levels of a subgroup.
    pub fn needs_subgroup(self) -> bool {
        matches!(self, MethodName::CoxInteraction | MethodName::LogisticInteraction)
    }

    /// Whether its sign knows which way is better, so that nothing turns it.
    pub fn has_own_direction(self) -> bool {
        self.reads() == Reads::Tiers || self.needs_margin()
    }

    /// Whether it tests against a margin.
    pub fn needs_margin(self) -> bool {
        matches!(self, MethodName::FarringtonManning | MethodName::RiskRatioMargin)
    }
}

/// The method that repeats what a scenario asks of a replicate.
impl From<Method> for MethodName {
    fn from(method: Method) -> Self {
        match (method.summary, method.test) {
            (Summary::RiskRatio, Test::FisherDoubled) => MethodName::FisherDoubled,
            (Summary::RiskDifference, Test::ClusterT) => MethodName::ClusterT,
            (Summary::OddsRatio, Test::ClusterRobust) => MethodName::ClusterLogistic,
            (Summary::HazardRatio, Test::ClusterRobust) => MethodName::ClusterCox,
            (Summary::RiskRatio, Test::MantelHaenszelByPeriod) => MethodName::MantelHaenszelRiskRatio,
            (Summary::OddsRatio, Test::MantelHaenszelByPeriod) => MethodName::MantelHaenszelOddsRatio,
            (Summary::RiskDifference, Test::MantelHaenszelByPeriod) => {
                MethodName::MantelHaenszelRiskDifference
            }
            (Summary::RiskRatio, Test::Wald) => MethodName::RiskRatioWald,
            (Summary::RiskDifference, Test::Wald) => MethodName::RiskDifferenceWald,
            (Summary::OddsRatio, Test::Wald) => MethodName::OddsRatioWald,
            (Summary::RiskDifference, _) => MethodName::RiskDifference,
            (Summary::OddsRatio, _) => MethodName::OddsRatio,
            (Summary::RiskRatio, _) => MethodName::RiskRatio,
            (Summary::KaplanMeierDifference, _) => MethodName::KaplanMeierDifference,
            (Summary::HazardRatio, Test::StratifiedLogRank) => MethodName::StratifiedLogRank,
            (Summary::HazardRatio, Test::Wald) => MethodName::Cox,
            (Summary::HazardRatio, _) => MethodName::LogRank,
            (Summary::SubdistributionHazardRatio, _) => MethodName::FineGray,
            (Summary::GeometricMeanRatio, _) => MethodName::GeometricMeanRatio,
            (Summary::MeanDifference, Test::Ancova) => MethodName::Ancova,
            (Summary::MeanDifference, Test::MannWhitney) => MethodName::MannWhitney,
            (Summary::MeanDifference, Test::VanElteren) => MethodName::VanElteren,
            (Summary::MeanDifference, _) => MethodName::Welch,
            (Summary::CommonOddsRatio, _) => MethodName::ProportionalOdds,
            (Summary::RateRatio, Test::Poisson) => MethodName::Poisson,
            (Summary::RateRatio, _) => MethodName::NegativeBinomial,
            (Summary::WinRatio | Summary::WinOdds, Test::FinkelsteinSchoenfeld) => {
                MethodName::FinkelsteinSchoenfeld
            }
            (Summary::WinRatio, _) => MethodName::WinRatio,
            (Summary::WinOdds, _) => MethodName::WinOdds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_read_back() {
        for (i, &m) in MethodName::ALL.iter().enumerate() {
            assert_eq!(MethodName::from_word(m.word()), Some(m));
            assert_eq!(serde_json::to_value(m).unwrap(), serde_json::json!(m.word()));
            assert!(MethodName::ALL[..i].iter().all(|o| o.label() != m.label()), "{}", m.label());
            assert!(m.word().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", m.word());
        }
    }
}
