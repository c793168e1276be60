//! Figures from the literature, as data.
