//! The engine as a whole: what must not depend on threads, shards or what runs beside it.

mod identities;
mod random;
mod shared;

pub use shared::*;
