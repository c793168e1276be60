//! Statistics against independent software, identities and properties.

mod adaptive;
mod bayes;
mod competing_risks;
mod continuous;
mod counts;
mod cox;
mod distributions;
mod group_sequential;
mod kaplan_meier;
mod log_rank;
mod max_combo;
mod properties;
mod reference;
mod regression;
mod restricted_mean;
mod shared;
mod sizes;
mod two_by_two;
mod win_ratio;
