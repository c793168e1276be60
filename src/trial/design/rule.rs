//! A rule over the evidence of several hypotheses, as a scenario writes it:
//! `z(responder) - z(all) > 0.3 or z(all) < 0.5`.
//!
//! `z(NAME)` is the evidence at the look, above 0 when the treatment does better. Sums of numbers and
//! multiples of evidence are compared with `<`, `<=`, `>`, `>=`; comparisons are joined by `and`, `or`,
//! `not` and parentheses. A comparison of evidence that does not exist does not hold.

use std::fmt;

/// A rule ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    root: Node,
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    /// Left less right, and how it compares with 0.
    Compare(Sum, Order),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A constant and multiples of evidence.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sum {
    constant: f64,
    terms: Vec<(f64, usize)>,
}

/// What is wrong with the text of a rule, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleError {
    pub offset: usize,
    pub length: usize,
    pub message: String,
}

impl Rule {
    /// Reads a rule over the hypotheses called `names`.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, RuleError> {
        let mut parser = Parser { text, at: 0, names };
        let root = parser.either()?;
        parser.skip();
        if parser.at < text.len() {
            return Err(parser.wrong(parser.rest().len(), "expected “and”, “or” or the end of the rule here"));
        }
        Ok(Rule { root, text: text.to_owned() })
    }

    /// Whether the rule holds; `evidence` in the order of the names.
    pub fn holds(&self, evidence: &[f64]) -> bool {
        holds(&self.root, evidence)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn holds(node: &Node, evidence: &[f64]) -> bool {
    match node {
        Node::Or(parts) => parts.iter().any(|p| holds(p, evidence)),
        Node::And(parts) => parts.iter().all(|p| holds(p, evidence)),
        Node::Not(inner) => !holds(inner, evidence),
        Node::Compare(sum, order) => {
            let value =
                sum.terms.iter().fold(sum.constant, |total, &(factor, i)| total + factor * evidence[i]);
            match order {
                Order::Less => value < 0.0,
                Order::AtMost => value <= 0.0,
                Order::More => value > 0.0,
                Order::AtLeast => value >= 0.0,
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    names: &'a [&'a str],
}

/// What a comparison looks like.
const FORM: &str = "write a comparison such as z(all) < 0.5";

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn wrong(&self, length: usize, message: impl Into<String>) -> RuleError {
        RuleError { offset: self.at, length: length.max(1), message: message.into() }
    }

    /// Takes a word or sign if it is next.
    fn take(&mut self, wanted: &str) -> bool {
        self.skip();
        let rest = self.rest();
        let whole = wanted.ends_with(|c: char| !c.is_ascii_alphabetic())
            || !rest[wanted.len().min(rest.len())..]
                .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let found = rest.starts_with(wanted) && whole;
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn either(&mut self) -> Result<Node, RuleError> {
        let mut parts = vec![self.both()?];
        while self.take("or") {
            parts.push(self.both()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Or(parts) })
    }

    fn both(&mut self) -> Result<Node, RuleError> {
        let mut parts = vec![self.part()?];
        while self.take("and") {
            parts.push(self.part()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::And(parts) })
    }

    fn part(&mut self) -> Result<Node, RuleError> {
        if self.take("not") {
            return Ok(Node::Not(Box::new(self.part()?)));
        }
        if self.take("(") {
            let inner = self.either()?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err(self.wrong(1, "a closing parenthesis is missing"))
            };
        }
        let mut sum = Sum::default();
        self.sum(1.0, &mut sum)?;
        let order = [("<=", Order::AtMost), (">=", Order::AtLeast), ("<", Order::Less), (">", Order::More)]
            .into_iter()
            .find(|(sign, _)| self.take(sign));
        let Some((_, order)) = order else {
            let message = if self.rest().starts_with('=') { "two statistics are never equal" } else { FORM };
            return Err(self.wrong(1, format!("expected <, <=, > or >= here: {message}")));
        };
        self.sum(-1.0, &mut sum)?;
        Ok(Node::Compare(sum, order))
    }

    fn sum(&mut self, sign: f64, sum: &mut Sum) -> Result<(), RuleError> {
        let mut factor = if self.take("-") { -sign } else { sign };
        loop {
            self.term(factor, sum)?;
            if self.take("+") {
                factor = sign;
            } else if self.take("-") {
                factor = -sign;
            } else {
                return Ok(());
            }
        }
    }

    /// A number, evidence, or a number times evidence.
    fn term(&mut self, sign: f64, sum: &mut Sum) -> Result<(), RuleError> {
        self.skip();
        let digits =
            self.rest().find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(self.rest().len());
        let mut factor = sign;
        if digits > 0 {
            let number = &self.rest()[..digits];
            let Ok(value) = number.parse::<f64>() else {
                return Err(self.wrong(digits, format!("“{number}” is not a number")));
            };
            self.at += digits;
            factor *= value;
            if !self.take("*") {
                sum.constant += factor;
                return Ok(());
            }
        }
        let at = self.at;
        if !self.take("z(") {
            self.at = at;
            self.skip();
            let word =
                self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest().len());
            return Err(self.wrong(word, FORM));
        }
        let Some(end) = self.rest().find(')') else {
            return Err(self.wrong(1, "a closing parenthesis is missing"));
        };
        let name = self.rest()[..end].trim();
        let Some(index) = self.names.iter().position(|n| *n == name) else {
            let known = self.names.iter().map(|n| format!("z({n})")).collect::<Vec<_>>().join(" or ");
            return Err(self.wrong(end, format!("the rule names no population of the design; write {known}")));
        };
        sum.terms.push((factor, index));
        self.at += end + 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["all", "responder"];

    fn holds(text: &str, all: f64, responder: f64) -> bool {
        Rule::parse(text, &NAMES).unwrap().holds(&[all, responder])
    }

    #[test]
    fn a_selection_rule_reads_as_it_is_written() {
        let rule = "z(responder) - z(all) > 0.3 or z(all) < 0.5";
        assert!(holds(rule, 1.0, 1.4) && holds(rule, 0.4, 0.1) && !holds(rule, 1.0, 1.2));
        let rule = "z(all) < 0 and z(responder) < 0";
        assert!(holds(rule, -0.1, -0.1) && !holds(rule, -0.1, 0.1));
        assert!(holds("not (z(all) < 0 or z(responder) < 0)", 0.1, 0.1));
        assert!(holds("2 * z(all) >= z(responder) + 1 - 0.5", 1.0, 1.5));
        assert!(!holds("-z(all) > -1", 1.0, 0.0) && holds("-z(all) >= -1", 1.0, 0.0));
    }

    #[test]
    fn nothing_holds_without_an_answer() {
        assert!(!holds("z(all) < 0", f64::NAN, 1.0) && !holds("z(all) >= 0", f64::NAN, 1.0));
        assert!(holds("z(all) < 0 or z(responder) > 0", f64::NAN, 1.0));
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        let wrong = |text: &str| Rule::parse(text, &NAMES).unwrap_err();
        let error = wrong("z(some) < 0");
        assert_eq!((error.offset, error.length), (2, 4));
        assert!(error.message.contains("z(all) or z(responder)"), "{}", error.message);
        assert!(wrong("z(all) = 0").message.contains("never equal"));
        assert!(wrong("").message.contains("write a comparison"));
        assert!(wrong("(z(all) < 0").message.contains("closing parenthesis"));
        assert!(wrong("z(all) < 0 xor").message.contains("expected"));
        assert_eq!(wrong("all < 0").length, 3);
    }
}
