//! What a run hands to people.

mod browser;
mod compose;
mod figures;
mod html;
