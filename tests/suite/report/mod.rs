//! What a run hands to people.

mod compose;
mod figures;
mod html;
