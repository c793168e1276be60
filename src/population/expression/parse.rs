//! Text of a rule to its parts.

use super::super::columns::{CovariateKind, Dictionary};
use super::super::problem::closest;
use super::{Mention, Node, Operator, ParseError, Reading};

/// Parentheses deeper than this are refused, so that no text can exhaust the stack.
const DEEPEST: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Number(&'a str),
    Operator(Operator),
    Open,
    Close,
    Comma,
    End,
}

pub(super) fn parse(text: &str, dictionary: &Dictionary, reading: Reading) -> Result<Node, ParseError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0, dictionary, reading };
    if parser.peek() == Token::Word("everybody") && tokens.len() == 2 {
        return Ok(Node::And(Vec::new()));
    }
    let node = parser.rule()?;
    match parser.peek() {
        Token::End => Ok(node),
        Token::Close => Err(parser.error("this parenthesis closes nothing; remove it")),
        _ => Err(parser.error("expected “and” or “or” here")),
    }
}

fn tokens(text: &str) -> Result<Vec<(Token<'_>, usize, usize)>, ParseError> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let start = i;
        let rest = &text[i..];
        let run = |keep: &dyn Fn(u8) -> bool| rest.bytes().take_while(|&b| keep(b)).count();
        let token = match bytes[i] {
            b if b.is_ascii_whitespace() => {
                i += 1;
                continue;
            }
            b'(' => (Token::Open, 1),
            b')' => (Token::Close, 1),
            b',' => (Token::Comma, 1),
            _ if rest.starts_with("<=") => (Token::Operator(Operator::AtMost), 2),
            _ if rest.starts_with(">=") => (Token::Operator(Operator::AtLeast), 2),
            _ if rest.starts_with("!=") => (Token::Operator(Operator::NotEqual), 2),
            b'<' => (Token::Operator(Operator::Less), 1),
            b'>' => (Token::Operator(Operator::More), 1),
            b'=' if !rest.starts_with("==") => (Token::Operator(Operator::Equal), 1),
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let n = run(&|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
                (Token::Word(&rest[..n]), n)
            }
            b if b.is_ascii_digit() || b == b'-' || b == b'.' => {
                let n = 1 + rest.bytes().skip(1).take_while(|b| b.is_ascii_digit() || *b == b'.').count();
                (Token::Number(&rest[..n]), n)
            }
            _ => {
                let c = rest.chars().next().unwrap_or(' ');
                let (length, message) = match c {
                    '=' => (2, "write “=” for “is equal to”".to_string()),
                    '≥' => (c.len_utf8(), "write “>=” for “at least”".to_string()),
                    '≤' => (c.len_utf8(), "write “<=” for “at most”".to_string()),
                    '&' | '|' => (1, "write “and” or “or”".to_string()),
                    '!' => (1, "write “not”".to_string()),
                    _ => (c.len_utf8(), format!("“{c}” has no meaning in a rule")),
                };
                return Err(ParseError { offset: i, length, message, suggestion: None });
            }
        };
        found.push((token.0, start, token.1));
        i += token.1;
    }
    found.push((Token::End, text.len(), 0));
    Ok(found)
}

struct Parser<'a> {
    tokens: &'a [(Token<'a>, usize, usize)],
    next: usize,
    depth: usize,
    dictionary: &'a Dictionary,
    reading: Reading,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens[self.next].0
    }

    fn advance(&mut self) -> Token<'a> {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn error_at(&self, token: usize, message: impl Into<String>) -> ParseError {
        let (_, offset, length) = self.tokens[token];
        ParseError { offset, length, message: message.into(), suggestion: None }
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        self.error_at(self.next, message)
    }

    fn rule(&mut self) -> Result<Node, ParseError> {
        self.series("or", Self::either, Node::Or)
    }

    fn either(&mut self) -> Result<Node, ParseError> {
        self.series("and", Self::term, Node::And)
    }

    fn series(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Result<Node, ParseError>,
        join: impl Fn(Vec<Node>) -> Node,
    ) -> Result<Node, ParseError> {
        let mut parts = vec![part(self)?];
        while self.peek() == Token::Word(word) {
            self.advance();
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn nested<T>(&mut self, inner: impl Fn(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        if self.depth == DEEPEST {
            return Err(self.error(format!("a rule may not be nested deeper than {DEEPEST}")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn term(&mut self) -> Result<Node, ParseError> {
        match self.peek() {
            Token::Word("not") => {
                self.advance();
                Ok(Node::Not(Box::new(self.nested(Self::term)?)))
            }
            Token::Open => {
                self.advance();
                let node = self.nested(Self::rule)?;
                self.close()?;
                Ok(node)
            }
            Token::Word("k_of") => self.k_of(),
            Token::Word("and" | "or") => Err(self.error("a covariate is missing before this word")),
            Token::Word(name) => self.test(name),
            Token::End => Err(self.error("the rule ends here, but a covariate was expected")),
            _ => Err(self.error("expected a covariate here")),
        }
    }

    fn close(&mut self) -> Result<(), ParseError> {
        match self.peek() {
            Token::Close => {
                self.advance();
                Ok(())
            }
            Token::End => Err(self.error("a closing parenthesis is missing")),
            _ => Err(self.error("expected “and”, “or” or a closing parenthesis here")),
        }
    }

    fn k_of(&mut self) -> Result<Node, ParseError> {
        self.advance();
        let form = "write k_of(2, first, second, third)";
        if self.advance() != Token::Open {
            return Err(self.error_at(self.next - 1, form));
        }
        let at = self.next;
        let Token::Number(number) = self.advance() else { return Err(self.error_at(at, form)) };
        let Ok(k) = number.parse::<usize>() else {
            return Err(self.error_at(at, format!("“{number}” is not a count; {form}")));
        };
        let mut of = Vec::new();
        while self.peek() == Token::Comma {
            self.advance();
            of.push(self.nested(Self::rule)?);
        }
        self.close()?;
        if k == 0 || k > of.len() {
            return Err(self.error_at(at, format!("{k} of {} cannot be asked for", of.len())));
        }
        Ok(Node::KOf { k, of })
    }

    fn test(&mut self, name: &'a str) -> Result<Node, ParseError> {
        let at = self.next;
        let covariate = self.covariate(name)?;
        self.advance();
        let described = &self.dictionary.list[covariate.column];
        let Token::Operator(operator) = self.peek() else {
            return match &described.kind {
                CovariateKind::Flag => Ok(Node::Flag(covariate)),
                CovariateKind::Number => {
                    Err(self.error_at(at, format!("“{name}” is a number; compare it, as in “{name} > 2”")))
                }
                CovariateKind::Levels { names, .. } => Err(self.error_at(
                    at,
                    format!(
                        "“{name}” has levels; compare it, as in “{name} = {}”",
                        names.first().map_or("", |n| n)
                    ),
                )),
            };
        };
        self.advance();
        let at_value = self.next;
        let (Token::Word(text) | Token::Number(text)) = self.advance() else {
            return Err(self.error_at(at_value, format!("expected a value to compare “{name}” with")));
        };
        let value = self.value(&covariate, operator, text, at, at_value)?;
        Ok(Node::Compare { covariate, operator, value, text: text.to_string() })
    }

    fn value(
        &self,
        covariate: &Mention,
        operator: Operator,
        text: &str,
        at: usize,
        at_value: usize,
    ) -> Result<f64, ParseError> {
        let name = &covariate.name;
        match &self.dictionary.list[covariate.column].kind {
            CovariateKind::Flag => {
                Err(self.error_at(at, format!("“{name}” is yes or no; write “{name}” or “not {name}”")))
            }
            CovariateKind::Number => text.parse::<f64>().map_err(|_| {
                self.error_at(at_value, format!("“{text}” is not a number to compare “{name}” with"))
            }),
            CovariateKind::Levels { names, ordered } => {
                if !ordered && !matches!(operator, Operator::Equal | Operator::NotEqual) {
                    return Err(self.error_at(
                        at_value - 1,
                        format!("the levels of “{name}” have no order; compare with = or !="),
                    ));
                }
                match names.iter().position(|n| n == text) {
                    Some(i) => Ok(i as f64),
                    None => {
                        let mut error = self.error_at(
                            at_value,
                            format!("“{name}” is one of {}, not “{text}”", names.join(", ")),
                        );
                        error.suggestion =
                            closest(text, names.iter().map(String::as_str)).map(str::to_string);
                        Err(error)
                    }
                }
            }
        }
    }

    fn covariate(&self, written: &str) -> Result<Mention, ParseError> {
        let (reading, name) = match written.split_once('.') {
            Some(("true", name)) => (Reading::True, name),
            Some(("recorded", name)) => (Reading::Recorded, name),
            _ => (self.reading, written),
        };
        let Some(column) = self.dictionary.index(name) else {
            let names = self.dictionary.list.iter().map(|c| c.name.as_str()).filter(|n| !n.contains('.'));
            let mut error = self.error(format!("no covariate is called “{name}”"));
            error.suggestion = closest(name, names).map(str::to_string);
            return Err(error);
        };
        let column = match (reading, self.dictionary.list[column].recorded) {
            (Reading::Recorded, Some(recorded)) => recorded,
            _ => column,
        };
        Ok(Mention { column, name: written.to_string() })
    }
}
