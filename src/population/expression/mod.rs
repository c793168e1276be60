//! The language of entry rules: `cause = ami and lactate_mmol_per_l > 3 and not comatose`.
//!
//! ```text
//! rule       = either { "or" either }
//! either     = term { "and" term }
//! term       = "not" term | "(" rule ")" | "k_of(" k "," rule { "," rule } ")" | test
//! test       = covariate                             a flag
//!            | covariate operator (number | level)   operator: = != < <= > >=
//! covariate  = [ "true." | "recorded." ] name
//! ```
//!
//! `not` binds closest, then `and`, then `or`. A bare name is the recorded value where a rule is
//! applied by people (entry, strata, subgroups) and the true value where it is nature's (effects).

mod parse;

use super::columns::{Columns, Dictionary};
use std::fmt;

/// Which value a bare name reads, when a covariate has a true and a recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// What the doctors wrote down: entry rules, strata, subgroups.
    Recorded,
    /// What is so: effects, outcomes.
    True,
}

/// How a covariate is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Operator {
    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    #[inline]
    fn holds(self, x: f64, y: f64) -> bool {
        match self {
            Self::Equal => x == y,
            Self::NotEqual => x != y,
            Self::Less => x < y,
            Self::AtMost => x <= y,
            Self::More => x > y,
            Self::AtLeast => x >= y,
        }
    }
}

/// A covariate in a rule: its column, and its name as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    pub column: usize,
    pub name: String,
}

/// One part of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Every part holds; with no part, always.
    And(Vec<Node>),
    /// Some part holds.
    Or(Vec<Node>),
    Not(Box<Node>),
    /// At least `k` of the parts hold.
    KOf {
        k: usize,
        of: Vec<Node>,
    },
    /// A covariate that is yes or no.
    Flag(Mention),
    /// A covariate against a number, or the position of a level; `text` is the value as written.
    Compare {
        covariate: Mention,
        operator: Operator,
        value: f64,
        text: String,
    },
}

/// A rule about a patient, ready to be applied to columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub root: Node,
}

/// Why a rule cannot be read: where in its text, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset of the offending part.
    pub offset: usize,
    /// Its length in bytes.
    pub length: usize,
    pub message: String,
    /// A name that may have been meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.suggestion {
            Some(s) => write!(f, "{}; did you mean “{s}”?", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ParseError {}

impl Expression {
    /// Reads a rule about the covariates of `dictionary`.
    pub fn parse(text: &str, dictionary: &Dictionary, reading: Reading) -> Result<Self, ParseError> {
        parse::parse(text, dictionary, reading).map(|root| Self { root })
    }

    /// The rule that every patient meets.
    pub fn everybody() -> Self {
        Self { root: Node::And(Vec::new()) }
    }

    /// The rule that asks for all of `rules`.
    pub fn all(rules: impl IntoIterator<Item = Expression>) -> Self {
        let mut parts = Vec::new();
        for rule in rules {
            match rule.root {
                Node::And(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        if parts.len() == 1 { Self { root: parts.remove(0) } } else { Self { root: Node::And(parts) } }
    }

    /// The parts that all have to hold, one rule each.
    pub fn clauses(&self) -> Vec<Expression> {
        match &self.root {
            Node::And(parts) => parts.iter().map(|p| Self { root: p.clone() }).collect(),
            other => vec![Self { root: other.clone() }],
        }
    }

    /// Whether the patient in position `row` meets the rule; a rule that cannot be decided because something
    /// was not recorded is not met.
    pub fn evaluate(&self, columns: &Columns, row: usize) -> bool {
        self.decide(columns, row) == Some(true)
    }

    /// Whether the patient in position `row` meets the rule; `None` if that cannot be decided because
    /// something was not recorded. Kleene's three-valued logic.
    pub fn decide(&self, columns: &Columns, row: usize) -> Option<bool> {
        holds(&self.root, &columns.data, row)
    }

    /// The columns the rule reads, each once, in order.
    pub fn columns(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.visit(&mut |m| found.push(m.column));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn visit(&self, look: &mut impl FnMut(&Mention)) {
        fn go(node: &Node, look: &mut impl FnMut(&Mention)) {
            match node {
                Node::And(parts) | Node::Or(parts) | Node::KOf { of: parts, .. } => {
                    parts.iter().for_each(|p| go(p, look));
                }
                Node::Not(inner) => go(inner, look),
                Node::Flag(m) | Node::Compare { covariate: m, .. } => look(m),
            }
        }
        go(&self.root, look);
    }
}

fn holds(node: &Node, data: &[Vec<f64>], row: usize) -> Option<bool> {
    /// `Some(settles)` as soon as a part says so, `None` if one is undecided, else the opposite.
    fn settled(parts: &[Node], settles: bool, data: &[Vec<f64>], row: usize) -> Option<bool> {
        let mut open = false;
        for part in parts {
            match holds(part, data, row) {
                Some(value) if value == settles => return Some(settles),
                Some(_) => {}
                None => open = true,
            }
        }
        (!open).then_some(!settles)
    }
    let recorded = |column: usize| Some(data[column][row]).filter(|x| !x.is_nan());
    match node {
        Node::And(parts) => settled(parts, false, data, row),
        Node::Or(parts) => settled(parts, true, data, row),
        Node::Not(inner) => holds(inner, data, row).map(|held| !held),
        Node::KOf { k, of } => {
            let (mut held, mut open) = (0, 0);
            for part in of {
                match holds(part, data, row) {
                    Some(value) => held += usize::from(value),
                    None => open += 1,
                }
            }
            if held >= *k { Some(true) } else { (held + open < *k).then_some(false) }
        }
        Node::Flag(m) => recorded(m.column).map(|x| x != 0.0),
        Node::Compare { covariate, operator, value, .. } => {
            recorded(covariate.column).map(|x| operator.holds(x, *value))
        }
    }
}

/// Writes the rule back as text that reads as the same rule.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(&self.root, 0, f)
    }
}

/// `depth`: how closely the surroundings bind; 0 anything, 1 inside `or`, 2 inside `and`, 3 after `not`.
fn write(node: &Node, depth: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let list = |parts: &[Node], word: &str, own: u8, f: &mut fmt::Formatter<'_>| {
        let wrap = depth >= own && !parts.is_empty();
        if wrap {
            f.write_str("(")?;
        }
        for (i, p) in parts.iter().enumerate() {
            if i > 0 {
                f.write_str(word)?;
            }
            write(p, own, f)?;
        }
        if wrap { f.write_str(")") } else { Ok(()) }
    };
    match node {
        Node::And(parts) if parts.is_empty() => f.write_str("everybody"),
        Node::And(parts) => list(parts, " and ", 2, f),
        Node::Or(parts) => list(parts, " or ", 1, f),
        Node::Not(inner) => {
            f.write_str("not ")?;
            write(inner, 3, f)
        }
        Node::KOf { k, of } => {
            write!(f, "k_of({k}")?;
            for p in of {
                f.write_str(", ")?;
                write(p, 0, f)?;
            }
            f.write_str(")")
        }
        Node::Flag(m) => f.write_str(&m.name),
        Node::Compare { covariate, operator, text, .. } => {
            write!(f, "{} {} {text}", covariate.name, operator.symbol())
        }
    }
}
