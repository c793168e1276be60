//! Statistics against independent software, identities and properties.

mod cox;
mod kaplan_meier;
mod log_rank;
mod properties;
mod reference;
mod shared;
mod two_by_two;
