//! Where the files are that a scenario names.
//!
//! A scenario may come from a stranger: what it names lies in its own folder, or in one whose name says
//! what it holds, and a link does not lead out of these.

use std::path::{Component, Path, PathBuf};

/// Where a scenario's population and interventions are.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// Where the scenario says, seen from its folder.
    Folder(&'a Path),
    /// In this folder, by the names a finished result keeps them under, whatever the scenario says.
    Kept(&'a Path),
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Place<'a> {
    fn from(folder: &'a P) -> Self {
        Place::Folder(folder.as_ref())
    }
}

/// What a scenario may name.
#[derive(Clone, Copy, Debug)]
pub enum Named {
    Population,
    /// An intervention, by its number among those the scenario takes.
    Intervention(usize),
}

impl Named {
    /// The folder such files may lie in, wherever it is.
    fn home(self) -> &'static str {
        match self {
            Named::Population => "populations",
            Named::Intervention(_) => "interventions",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Named::Population => "population",
            Named::Intervention(_) => "intervention",
        }
    }

    /// The name a finished result keeps the file under.
    pub fn kept(self) -> String {
        match self {
            Named::Population => "population.toml".into(),
            Named::Intervention(number) => format!("intervention-{number}.toml"),
        }
    }
}

impl Place<'_> {
    /// The path of a file that a scenario calls `name`, or why it cannot be read.
    pub fn path(self, what: Named, name: &str) -> Result<PathBuf, String> {
        let folder = match self {
            Place::Folder(folder) => folder,
            Place::Kept(folder) => return Ok(folder.join(what.kept())),
        };
        let out_of_bounds = || {
            let (word, home) = (what.word(), what.home());
            format!(
                "“{name}” is out of bounds; a file of this kind ({word}) lies in the scenario's folder or in one called {home}"
            )
        };
        let at_home = |path: &Path| path.parent().and_then(Path::file_name).is_some_and(|n| n == what.home());
        let below = |c: Component| matches!(c, Component::Normal(_) | Component::CurDir);
        let path = folder.join(name);
        if !Path::new(name).components().all(below) && !at_home(&path) {
            return Err(out_of_bounds());
        }
        if !path.is_file() {
            return Err(format!("there is no {} file at {}", what.word(), path.display()));
        }
        let own = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match (path.canonicalize(), own.canonicalize()) {
            (Ok(real), Ok(own)) if real.starts_with(&own) || at_home(&real) => Ok(path),
            _ => Err(out_of_bounds()),
        }
    }
}
