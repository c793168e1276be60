//! What can go wrong, said to the person who can mend it.

use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};
use std::{fmt, ops::Range, path::Path, sync::Arc};

/// A text someone wrote, and where it came from.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// One thing found wrong with an input: where, what was found, what to write instead.
#[derive(Clone, Debug)]
pub struct Finding {
    message: String,
    place: Option<(Arc<Source>, Range<usize>)>,
    /// The path of the value, where it was given on the command line and has no line in a file.
    set: Option<String>,
    help: Option<String>,
}

impl Finding {
    /// A finding without a place in a file: a flag, a path, a combination.
    pub fn new(message: impl Into<String>) -> Self {
        Finding { message: message.into(), place: None, set: None, help: None }
    }

    /// The same finding, at bytes `span` of `source`.
    pub fn at(mut self, source: &Arc<Source>, span: Range<usize>) -> Self {
        let end = source.text.len();
        self.place = Some((source.clone(), span.start.min(end)..span.end.min(end)));
        self
    }

    /// The same finding, of the value at `path` as the command line sets it.
    pub fn set_by(mut self, path: impl Into<String>) -> Self {
        self.set = Some(path.into());
        self
    }

    /// The same finding, with what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The message alone.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The path of the value from the command line that it is about.
    pub fn path(&self) -> Option<&str> {
        self.set.as_deref()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut elements: Vec<Element> = Vec::new();
        if let Some((source, span)) = &self.place {
            let snippet = Snippet::source(source.text.as_str())
                .path(source.name.as_str())
                .annotation(AnnotationKind::Primary.span(span.clone()));
            elements.push(snippet.into());
        }
        if let Some(help) = &self.help {
            elements.push(Level::HELP.message(help.as_str()).into());
        }
        let title = match &self.set {
            Some(path) => format!("{} (set on the command line: {path})", self.message),
            None => self.message.clone(),
        };
        let report = Level::ERROR.primary_title(title.as_str()).elements(elements);
        f.write_str(&Renderer::plain().render(&[report]))
    }
}

/// Why a command ends without its result; the exit code follows from it.
#[derive(Debug)]
pub enum Error {
    /// A calibration target or a stated expectation was not met. What was asked for is printed already.
    NotMet(String),
    /// The input is wrong: flags, scenario, data, a path the user named.
    Input(Vec<Finding>),
    /// Shards missing, double or not of one run; a folder that does not verify.
    Shards(String),
    /// The machine failed us: disk or memory.
    Machine(String),
    /// The user stopped the run.
    Interrupted,
}

/// Result of anything that may fail for a reason outside the program.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An input error with one message and no place.
    pub fn input(message: impl Into<String>) -> Self {
        Error::Input(vec![Finding::new(message)])
    }

    /// A path the user named that cannot be read or written.
    pub fn path(doing: &str, path: &Path, why: &std::io::Error) -> Self {
        let why = match why.kind() {
            std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => why.to_string(),
        };
        Error::input(format!("cannot {doing} {}: {why}", path.display()))
    }

    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::NotMet(_) => 1,
            Error::Input(_) => 2,
            Error::Shards(_) => 3,
            Error::Machine(_) => 4,
            Error::Interrupted => 130,
        }
    }
}

impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        Error::Input(vec![finding])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Input(findings) => {
                for (i, finding) in findings.iter().enumerate() {
                    if i > 0 {
                        f.write_str("\n\n")?;
                    }
                    write!(f, "{finding}")?;
                }
                Ok(())
            }
            Error::NotMet(what) | Error::Shards(what) | Error::Machine(what) => write!(f, "error: {what}"),
            Error::Interrupted => {
                f.write_str("stopped before the end; what was done is kept, --resume goes on from it")
            }
        }
    }
}
