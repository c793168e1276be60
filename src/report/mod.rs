//! What a run hands to people: the terminal page, tables, figures, the HTML report.

pub mod figures;
pub mod folder;
pub mod html;
pub mod summary;
pub mod tables;
