//! Figures of journal quality; the only door to plotters.
