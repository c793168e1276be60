//! What is wrong with a population as written, said to the person who wrote it.

use std::fmt;

/// A finding, with the place in the document it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Keys and positions that lead to the place, such as `["covariate", "3", "flag"]`.
    pub path: Vec<String>,
    /// Byte offset inside the text at that place, for an expression.
    pub offset: Option<usize>,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Problem {
    /// A finding at `path`, written with dots.
    pub fn at(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.split('.').map(str::to_string).collect(), offset: None, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.join("."), self.message)
    }
}

impl std::error::Error for Problem {}

/// The known name closest to a misspelt one, if any is close.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::jaro_winkler(name, k), k))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

/// A sentence ending that offers the closest name, or lists the names when none is close.
pub fn instead<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match closest(name, known.clone()) {
        Some(k) => format!("; did you mean “{k}”?"),
        None => {
            let all: Vec<&str> = known.into_iter().collect();
            if all.len() <= 8 { format!("; write one of {}", all.join(", ")) } else { String::new() }
        }
    }
}
