//! One test program, mirroring `src/`.

mod statistics;
