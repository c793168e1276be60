//! Textbook methods on slices: no patients, no arms, no files.
//!
//! A comparison that cannot be made is a value with its [`Reason`]. A negative `z` means that the
//! experimental arm, group 1, does better on a bad event.

mod competing_risks;
mod counts;
mod cox;
mod cox_after;
mod cox_firth;
mod firth_logistic;
mod fisher;
mod g_computation;
mod glm;
mod group_sequential;
mod interaction;
mod interval;
mod kaplan_meier;
mod linear;
mod log_rank;
mod max_combo;
mod multiplicity;
mod normal;
mod ordinal;
mod proportion;
mod ranks;
mod reason;
mod restricted_mean;
pub mod solve;
mod stratified_tables;
mod tails;
mod two_by_two;
mod two_group;
mod unconditional;
mod win_ratio;

pub use competing_risks::*;
pub use counts::*;
pub use cox::*;
pub use cox_after::*;
pub use cox_firth::*;
pub use firth_logistic::*;
pub use fisher::*;
pub use g_computation::*;
pub use glm::*;
pub use group_sequential::*;
pub use interaction::*;
pub use interval::Interval;
pub use kaplan_meier::*;
pub use linear::*;
pub use log_rank::*;
pub use max_combo::*;
pub use multiplicity::*;
pub use normal::*;
pub use ordinal::*;
pub use proportion::*;
pub use ranks::*;
pub use reason::Reason;
pub use restricted_mean::*;
pub use stratified_tables::*;
pub use tails::*;
pub use two_by_two::*;
pub use two_group::*;
pub use unconditional::*;
pub use win_ratio::*;
