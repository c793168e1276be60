# CPU time of a peer on a workload: the least of five batches, as a line for run.sh.

batches <- 5

# `simulate(trials)` gives the share of trials that show a benefit.
time_of <- function(workload, peer, trials, what, simulate) {
  set.seed(1)
  simulate(max(2, trials %/% 20))
  seconds <- Inf
  power <- numeric(0)
  for (batch in seq_len(batches)) {
    before <- sum(proc.time()[1:2])
    power <- c(power, simulate(trials))
    seconds <- min(seconds, sum(proc.time()[1:2]) - before)
  }
  cat(workload, peer, trials / seconds, mean(power), batches * trials, what, sep = "\t")
  cat("\n")
}
