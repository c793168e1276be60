//! The cells of a CSV text, record by record (RFC 4180), and what is wrong with one.

use crate::error::Finding;
use std::{borrow::Cow, fmt::Display, path::Path};

/// Reads record after record.
pub(super) struct Cells<'a> {
    rest: &'a str,
    path: &'a Path,
    /// Cells of the heading; 0 before it is read.
    width: usize,
    /// Records below the heading so far.
    row: usize,
}

impl<'a> Cells<'a> {
    /// The text of a file, and its heading.
    pub fn new(bytes: &'a [u8], path: &'a Path) -> Result<(Self, Vec<Cow<'a, str>>), Finding> {
        let wrong = |what: &dyn Display| Finding::new(format!("{}: {what}", path.display()));
        let utf8 = "save the file as UTF-8";
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(wrong(&"the text is in UTF-16").help(utf8));
        }
        let text = std::str::from_utf8(bytes).map_err(|why| {
            let before = &bytes[..why.valid_up_to()];
            let line = before.iter().filter(|&&b| b == b'\n').count();
            let place = if line == 0 { "the heading".to_owned() } else { format!("row {line}") };
            wrong(&format!("{place} has a letter that is not in UTF-8")).help(utf8)
        })?;
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut cells = Cells { rest, path, width: 0, row: 0 };
        let mut heading = Vec::new();
        if !cells.record(&mut heading)? || heading.iter().all(|c| c.trim().is_empty()) {
            return Err(wrong(&"the heading is missing").help("the first line names the columns"));
        }
        if let [only] = heading.as_slice() {
            for (separator, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")] {
                if only.contains(separator) {
                    let help = "write commas between the columns, and decimals with a point";
                    return Err(wrong(&format!("the columns are separated by {name}")).help(help));
                }
            }
        }
        cells.width = heading.len();
        Ok((cells, heading))
    }

    /// The next row that is not blank, into `cells`; false at the end.
    pub fn next_row(&mut self, cells: &mut Vec<Cow<'a, str>>) -> Result<bool, Finding> {
        loop {
            if !self.record(cells)? {
                return Ok(false);
            }
            if cells.len() == 1 && self.width > 1 && cells[0].trim().is_empty() {
                continue;
            }
            self.row += 1;
            if cells.len() == self.width {
                return Ok(true);
            }
            let (found, due) = (cells.len(), self.width);
            let many = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
            let help = if found > due {
                "a cell with a comma in it needs quotes around it, and decimals have a point"
            } else {
                "a missing value is an empty cell, with its comma"
            };
            let what = format!("row {} has {}, and the heading {due}", self.row, many(found));
            return Err(self.wrong(&what).help(help));
        }
    }

    fn wrong(&self, what: &str) -> Finding {
        Finding::new(format!("{}: {what}", self.path.display()))
    }

    /// One record; false at the end of the text.
    fn record(&mut self, cells: &mut Vec<Cow<'a, str>>) -> Result<bool, Finding> {
        cells.clear();
        if self.rest.is_empty() {
            return Ok(false);
        }
        loop {
            cells.push(match self.rest.strip_prefix('"') {
                Some(inner) => self.quoted(inner)?,
                None => {
                    let end = self.rest.find([',', '\n', '\r']).unwrap_or(self.rest.len());
                    let (cell, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    Cow::Borrowed(cell)
                }
            });
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            let line_end = ["\r\n", "\n", "\r"].into_iter().find_map(|end| self.rest.strip_prefix(end));
            self.rest = line_end.unwrap_or("");
            return Ok(true);
        }
    }

    /// A cell in quotes, `inner` being what follows the first; two quotes in it stand for one.
    fn quoted(&mut self, inner: &'a str) -> Result<Cow<'a, str>, Finding> {
        let place =
            || if self.width == 0 { "the heading".to_owned() } else { format!("row {}", self.row + 1) };
        let mut from = 0;
        loop {
            let Some(end) = inner[from..].find('"').map(|i| from + i) else {
                return Err(self.wrong(&format!("{} has a quote that is not closed", place())));
            };
            let rest = &inner[end + 1..];
            if rest.starts_with('"') {
                from = end + 2;
                continue;
            }
            if !(rest.is_empty() || rest.starts_with([',', '\n', '\r'])) {
                let what = format!("{} has letters after a cell in quotes", place());
                return Err(self.wrong(&what).help("a quote within quotes is written twice"));
            }
            self.rest = rest;
            let cell = &inner[..end];
            return Ok(if from == 0 { Cow::Borrowed(cell) } else { Cow::Owned(cell.replace("\"\"", "\"")) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Vec<String>>, String> {
        let path = Path::new("x.csv");
        let (mut cells, heading) = Cells::new(text.as_bytes(), path).map_err(|f| f.message().to_owned())?;
        let owned = |row: &[Cow<'_, str>]| row.iter().map(|c| c.to_string()).collect::<Vec<_>>();
        let mut rows = vec![owned(&heading)];
        let mut row = Vec::new();
        while cells.next_row(&mut row).map_err(|f| f.message().to_owned())? {
            rows.push(owned(&row));
        }
        Ok(rows)
    }

    #[test]
    fn reads_quotes_line_ends_and_blank_lines() {
        let due = vec![vec!["a", "b"], vec!["1", "x, \"y\"\nz"], vec!["", "2"]];
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,\"x, \"\"y\"\"\nz\"", "", ",2", ""].join(end);
            assert_eq!(read(&text).unwrap(), due, "{end:?}");
            assert_eq!(read(&format!("\u{feff}{}", text.trim_end())).unwrap(), due, "{end:?}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, said) in [
            ("", "x.csv: the heading is missing"),
            ("a;b\n1;2\n", "x.csv: the columns are separated by semicolons"),
            ("a\tb\n1\t2\n", "x.csv: the columns are separated by tabs"),
            ("a,b\n1,2\n1,2,3\n", "x.csv: row 2 has 3 cells, and the heading 2"),
            ("a,b\n1\n", "x.csv: row 1 has 1 cell, and the heading 2"),
            ("a,b\n1,2\n1,\"2\n3,4\n", "x.csv: row 2 has a quote that is not closed"),
            ("a,b\n1,\"2\"3\n", "x.csv: row 1 has letters after a cell in quotes"),
        ] {
            assert_eq!(read(text).unwrap_err(), said);
        }
        let latin = b"arm,name\n1,x\n0,caf\xe9\n";
        let found = Cells::new(latin, Path::new("x.csv")).map(|_| ()).unwrap_err();
        assert_eq!(found.message(), "x.csv: row 2 has a letter that is not in UTF-8");
    }
}
