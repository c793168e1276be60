# Reads what `shocktrial run` wrote and draws its power again. Needs R and nothing else.
#
#   Rscript docs/scripts/read_results.R output/ecls_shock power.pdf [patients.csv]
#
# The third file is patient-level data, from
#   shocktrial patients SCENARIO --replicate 0 --analysis-data --out patients.csv

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
picture <- arguments[2]

measures <- read.csv(file.path(folder, "operating_characteristics.csv"), na.strings = "")

# Power of the primary estimand by run, with its 95 % Monte Carlo interval. The first estimand of the table is
# the primary one; an empty look is the trial as a whole.
primary <- measures$estimand[1]
whole <- measures$estimand == primary & measures$population == "all" & is.na(measures$look) & is.na(measures$arm)
power <- measures[whole & measures$measure %in% c("power", "type_i_error", "assurance"), ]
sweep <- ifelse(is.na(power$sweep), "", power$sweep)
power$name <- trimws(paste(ifelse(is.na(power$variant), "base case", power$variant), sweep))
for (i in seq_len(nrow(power))) {
  cat(sprintf("%s: %.4f (%.4f to %.4f)\n", power$name[i], power$value[i], power$lower[i], power$upper[i]))
}

pdf(picture, width = 7, height = 1.5 + 0.3 * nrow(power))
par(mar = c(4, 14, 1, 1), las = 1)
rows <- rev(seq_len(nrow(power)))
plot(power$value, rows, xlim = c(0, 1), yaxt = "n", xlab = "Power", ylab = "", pch = 16, bty = "l")
segments(power$lower, rows, power$upper, rows)
axis(2, at = rows, labels = substr(power$name, 1, 40), tick = FALSE, cex.axis = 0.7)
abline(v = c(0.8, 0.9), lty = 3)
invisible(dev.off())

# Patient-level data: one row per subject and parameter. CNSR is 1 where the time is censored.
if (length(arguments) > 2) {
  patients <- read.csv(arguments[3], na.strings = "")
  for (code in unique(patients$PARAMCD)) {
    one <- patients[patients$PARAMCD == code & patients$KNOWNFL == "Y", ]
    if (all(is.na(one$CNSR))) next
    counts <- tapply(1 - one$CNSR, one$TRTP, sum)
    total <- tapply(one$CNSR, one$TRTP, length)
    cat(sprintf("%s, %s: %d of %d\n", code, names(counts), as.integer(counts), as.integer(total)), sep = "")
    if (requireNamespace("survival", quietly = TRUE) && length(counts) == 2) {
      everybody <- patients[patients$PARAMCD == code, ]
      test <- survival::survdiff(survival::Surv(AVAL, 1 - CNSR) ~ TRTP, data = everybody)
      cat(sprintf("%s, log-rank: chi-square %.4f\n", code, test$chisq))
    }
  }
}
