//! What a run hands to people: the terminal page, tables, figures, the HTML report, the output folder.

pub mod analysis_data;
pub mod compose;
pub mod figures;
pub mod folder;
pub mod html;
pub mod numbers;
pub mod page;
pub mod results;
pub mod retold;
pub mod sizing;
pub mod summary;
pub mod tables;
pub mod validation;
#[cfg(feature = "workbook")]
pub mod workbook;
