# rpact: trials simulated inside the package, in compiled code.

suppressMessages(library(rpact))
source("timing.R")
peer <- paste("rpact", packageVersion("rpact"))
fixed <- getDesignGroupSequential(kMax = 1, alpha = 0.025, sided = 1)
# Hazards per month of 30 days.
hazard <- function(risk) -log(1 - risk) / 6

time_of("w1", peer, 20000, "counts drawn, not patients; test of two rates", function(trials) {
  getSimulationRates(fixed, groups = 2, pi1 = 0.35, pi2 = 0.49, plannedSubjects = 420,
    directionUpper = FALSE, maxNumberOfIterations = trials, seed = sample.int(1e6, 1))$overallReject
})

time_of("w2", peer, 2000, "patients drawn; log-rank at 188 events, not after 180 days each", function(trials) {
  getSimulationSurvival(fixed, lambda1 = hazard(0.458), lambda2 = hazard(0.585), directionUpper = FALSE,
    plannedEvents = 188, maxNumberOfSubjects = 360, accrualTime = c(0, 1),
    maxNumberOfIterations = trials, seed = sample.int(1e6, 1))$overallReject
})

# Nobody dies after 180 days, which stands for the end of follow-up.
three <- getDesignGroupSequential(kMax = 3, alpha = 0.025, sided = 1, typeOfDesign = "OF")
time_of("w3", peer, 1000, "patients drawn; log-rank at 84, 168 and 252 events", function(trials) {
  getSimulationSurvival(three, piecewiseSurvivalTime = c(0, 6), lambda2 = c(hazard(0.585), 1e-9),
    hazardRatio = 0.75, directionUpper = FALSE, plannedEvents = c(84, 168, 252),
    maxNumberOfSubjects = 558, accrualTime = c(0, 60),
    maxNumberOfIterations = trials, seed = sample.int(1e6, 1))$overallReject
})
