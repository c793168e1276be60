//! What a run hands to people.

mod figures;
mod html;
