//! From what is known on a day to comparisons: the same code for a replicate and for a real data set.

pub mod answer;
pub mod catalogue;
pub mod cluster;
pub mod comparison;
pub mod competing;
pub mod dataset;
pub mod hierarchical;
pub mod methods;
pub mod periods;
pub mod rates;
pub mod settings;
pub mod slices;
pub mod subgroup;
pub mod values;
