# The survival package, a call for each test and fit.

suppressMessages(library(survival))
source("timing.R")
peer <- paste("survival", packageVersion("survival"))

draw <- function(n, hazards) {
  arm <- rep(0:1, length.out = n)
  time <- rexp(n, hazards[arm + 1])
  list(arm = arm, time = pmin(time, 180), event = time <= 180)
}

w2 <- -log(1 - c(0.585, 0.458)) / 180
w5 <- -log(1 - 0.585) / 180 * c(1, 0.75)
upper <- qnorm(0.975)

time_of("w2", peer, 100, "patients drawn; survdiff", function(trials) {
  mean(replicate(trials, {
    d <- draw(360, w2)
    test <- survdiff(Surv(time, event) ~ arm, d)
    test$chisq > upper^2 && test$obs[2] < test$exp[2]
  }))
})

time_of("w4", peer, 50, "patients drawn; survdiff, and coxph with its 95 % interval", function(trials) {
  mean(replicate(trials, {
    d <- draw(360, w2)
    test <- survdiff(Surv(time, event) ~ arm, d)
    fit <- coxph(Surv(time, event) ~ arm, d)
    interval <- exp(confint(fit))
    stopifnot(interval[1] < interval[2])
    test$chisq > upper^2 && test$obs[2] < test$exp[2]
  }))
})

# The same by the routine beneath coxph, without formulas.
time_of("w4", paste(peer, "(coxph.fit)"), 400, "patients drawn; score test and estimate of coxph.fit", function(trials) {
  control <- coxph.control()
  names <- as.character(seq_len(360))
  mean(replicate(trials, {
    d <- draw(360, w2)
    fit <- coxph.fit(matrix(as.numeric(d$arm)), Surv(d$time, d$event), NULL, NULL, NULL, control, NULL, "efron", names)
    interval <- exp(fit$coefficients + c(-1, 1) * upper * sqrt(fit$var[1]))
    stopifnot(interval[1] < interval[2])
    fit$score > upper^2 && fit$coefficients < 0
  }))
})

time_of("w5", peer, 5, "patients drawn; 16 calls of coxph: everybody, 10 subgroups, 5 interactions", function(trials) {
  mean(replicate(trials, {
    d <- as.data.frame(draw(558, w5))
    for (k in 1:5) d[[paste0("x", k)]] <- as.integer(runif(558) < c(0.4, 0.5, 0.6, 0.7, 0.8)[k])
    fit <- coxph(Surv(time, event) ~ arm, d)
    for (k in 1:5) {
      d$x <- d[[paste0("x", k)]]
      coxph(Surv(time, event) ~ arm, d[d$x == 0, ])
      coxph(Surv(time, event) ~ arm, d[d$x == 1, ])
      coxph(Surv(time, event) ~ arm * x, d)
    }
    coef(fit) / sqrt(vcov(fit)[1]) < -upper
  }))
})
