# R alone: a loop over trials, as most simulations in R are written.

source("timing.R")
peer <- paste("R", getRversion())

time_of("w1", peer, 2000, "patients drawn; prop.test without correction", function(trials) {
  mean(replicate(trials, {
    control <- sum(runif(210) < 0.49)
    treatment <- sum(runif(210) < 0.35)
    test <- suppressWarnings(prop.test(c(treatment, control), c(210, 210), correct = FALSE))
    test$p.value < 0.05 && treatment < control
  }))
})
