//! From what is known on a day to comparisons: the same code for a replicate and for a real data set.

pub mod catalogue;
pub mod comparison;
pub mod competing;
pub mod hierarchical;
pub mod rates;
pub mod subgroup;
pub mod values;
