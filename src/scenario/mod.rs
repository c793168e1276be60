//! From TOML to a trial ready to run; reads every TOML file.

pub mod build;
pub mod document;
pub mod text;
