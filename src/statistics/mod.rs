//! Textbook methods on slices: no patients, no arms, no files.
