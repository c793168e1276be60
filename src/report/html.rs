//! The report as one HTML file: no scripts, no links out, figures and fonts inside, fit to print on A4.
//! Each table can be saved as CSV and each figure as SVG and PNG: the files are data addresses of the page.
//!
//! The page is composed of a `Report`, here as JSON with every field it may have. All but `title` may
//! be left out; an unknown field is an error, so that a misspelt one is not silently lost.
//!
//! ```json
//! {
//!   "title": "Flow pump in infarct-related shock",
//!   "subtitle": "scenarios/flow_pump.toml, 10,000 replicates",
//!   "question": "Is 360 patients enough to detect a hazard ratio of 0.75?",
//!   "answer": ["Power is 52.1% (Monte Carlo SE 0.5).", "About 800 patients are needed for 80%."],
//!   "would_change": ["A control mortality above 60% at 180 days."],
//!   "summary": [{ "label": "Power", "value": "52.1%", "note": "Monte Carlo SE 0.5" }],
//!   "sections": [{
//!     "title": "Data-generating model",
//!     "paragraphs": ["Times to death follow …"],
//!     "list": ["One line each, with bullets."],
//!     "facts": [{ "label": "Seed", "value": "20260101", "code": true }],
//!     "tables": [{
//!       "caption": "Parameters.",
//!       "columns": [
//!         { "title": "Parameter" },
//!         { "title": "Value", "unit": "%", "align": "right" },
//!         { "title": "Mark", "align": "mark" }
//!       ],
//!       "rows": [["Mortality"], ["Control, 30 days", "49.0", "cited"]],
//!       "notes": ["Mark: cited from a source, or assumed."]
//!     }],
//!     "figures": ["mortality"],
//!     "notes": ["Small print of the section."],
//!     "parts": []
//!   }],
//!   "footer": "shocktrial 0.1.0"
//! }
//! ```
//!
//! Words between backticks are set as typed at a terminal.
//! Cells are text: whoever composes the report has rounded the numbers. A row of one cell is a heading
//! across the table. A column aligned `mark` holds words such as cited, assumed, fitted, implied,
//! checked, predicted, met, not met, undecided; each is set as a small label. Sections, tables and
//! figures are numbered in the order they stand; a table that states its own `number` keeps it.
//! `parts` are sections one level down. Figures are named; one that no section names follows at the end.

use std::collections::BTreeMap;
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};

use super::figures::{CannotRasterise, Figure};

/// The page as it ships; another may be given to `render_with`.
pub const TEMPLATE: &str = include_str!("report.html.jinja");

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub title: String,
    #[serde(default)]
    pub subtitle: String,
    /// What the simulation was asked.
    #[serde(default)]
    pub question: String,
    /// The answer in a sentence or two.
    #[serde(default)]
    pub answer: Vec<String>,
    /// What would change the answer.
    #[serde(default)]
    pub would_change: Vec<String>,
    /// A few numbers to take away, in a row under the answer.
    #[serde(default)]
    pub summary: Vec<KeyNumber>,
    #[serde(default)]
    pub sections: Vec<Section>,
    #[serde(default)]
    pub footer: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyNumber {
    pub label: String,
    pub value: String,
    #[serde(default)]
    pub note: String,
}

/// A heading and what follows it, in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub title: String,
    #[serde(default)]
    pub paragraphs: Vec<String>,
    #[serde(default)]
    pub list: Vec<String>,
    #[serde(default)]
    pub facts: Vec<Fact>,
    #[serde(default)]
    pub tables: Vec<Table>,
    /// Names of figures.
    #[serde(default)]
    pub figures: Vec<String>,
    #[serde(default)]
    pub notes: Vec<String>,
    #[serde(default)]
    pub parts: Vec<Section>,
}

/// A name and its value on a line; `code` sets the value as typed at a terminal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub label: String,
    pub value: String,
    #[serde(default)]
    pub code: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Stands instead of the next number.
    #[serde(default)]
    pub number: Option<String>,
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
    #[serde(default)]
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub title: String,
    #[serde(default)]
    pub unit: String,
    #[serde(default)]
    pub align: Align,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    #[default]
    Left,
    Right,
    Center,
    /// A word set as a small label.
    Mark,
}

/// Why a page could not be made.
#[derive(Debug)]
pub enum HtmlError {
    NotAReport(serde_json::Error),
    NoSuchFigure { section: String, figure: String, known: Vec<String> },
    UnevenRow { table: String, row: usize, cells: usize, columns: usize },
    Figure(CannotRasterise),
    Template(minijinja::Error),
}

impl fmt::Display for HtmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HtmlError::NotAReport(error) => write!(f, "the report cannot be read: {error}"),
            HtmlError::NoSuchFigure { section, figure, known } => write!(
                f,
                "section “{section}” shows figure “{figure}”, which was not drawn; drawn are {}",
                if known.is_empty() { "none".to_string() } else { known.join(", ") }
            ),
            HtmlError::UnevenRow { table, row, cells, columns } => {
                write!(f, "row {row} of table “{table}” has {cells} cells for {columns} columns")
            }
            HtmlError::Figure(why) => write!(f, "{why}"),
            HtmlError::Template(error) => write!(f, "the report template fails: {error:#}"),
        }
    }
}

impl std::error::Error for HtmlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HtmlError::NotAReport(error) => Some(error),
            HtmlError::Template(error) => Some(error),
            HtmlError::Figure(why) => Some(why),
            _ => None,
        }
    }
}

/// The page for a report given as JSON.
pub fn render(context: &serde_json::Value, figures: &[Figure]) -> Result<String, HtmlError> {
    let report = Report::deserialize(context).map_err(HtmlError::NotAReport)?;
    report.render_with(TEMPLATE, figures)
}

impl Report {
    /// The page as it ships.
    pub fn render(&self, figures: &[Figure]) -> Result<String, HtmlError> {
        self.render_with(TEMPLATE, figures)
    }

    /// The page by another template, such as an institution's own.
    pub fn render_with(&self, template: &str, figures: &[Figure]) -> Result<String, HtmlError> {
        let sections = Placing::new(figures).place(&self.sections)?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_filter("prose", |text: String| Value::from_safe_string(prose(&text)));
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(HtmlError::Template)?);
        let fonts = context! { regular => base64(notosans::REGULAR_TTF), bold => base64(notosans::BOLD_TTF) };
        let context = context! { report => in_template(self)?, sections => in_template(&sections)?, fonts };
        environment.render_str(template, context).map_err(HtmlError::Template)
    }
}

/// What is handed to the template, by way of JSON.
fn in_template<T: Serialize>(given: &T) -> Result<Value, HtmlError> {
    fn value(json: serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::from(()),
            Json::Bool(yes) => Value::from(yes),
            Json::Number(number) => number.as_i64().map_or(Value::from(number.as_f64()), Value::from),
            Json::String(text) => Value::from(text),
            Json::Array(items) => items.into_iter().map(value).collect(),
            Json::Object(fields) => Value::from(
                fields.into_iter().map(|(name, field)| (name, value(field))).collect::<BTreeMap<_, _>>(),
            ),
        }
    }
    serde_json::to_value(given).map(value).map_err(HtmlError::NotAReport)
}

/// A section as the template meets it: one flat list, numbered, with its figures in hand.
#[derive(Serialize)]
struct Placed<'a> {
    number: String,
    anchor: String,
    /// 2 for a section, 3 for its parts.
    level: usize,
    section: &'a Section,
    tables: Vec<PlacedTable<'a>>,
    figures: Vec<PlacedFigure<'a>>,
}

#[derive(Serialize)]
struct PlacedTable<'a> {
    number: String,
    table: &'a Table,
    /// The table as CSV, in base64.
    csv: String,
}

#[derive(Serialize)]
struct PlacedFigure<'a> {
    number: usize,
    name: &'a str,
    caption: &'a str,
    svg: &'a str,
    /// The figure as files, in base64.
    svg_file: String,
    png_file: String,
}

/// Pixels of a PNG per point of the figure.
pub const PNG_SCALE: f32 = 2.0;

/// Counts tables and figures, and remembers which figures were shown.
struct Placing<'a> {
    figures: &'a [Figure],
    shown: Vec<bool>,
    next_table: usize,
    next_figure: usize,
}

impl<'a> Placing<'a> {
    fn new(figures: &'a [Figure]) -> Placing<'a> {
        Placing { figures, shown: vec![false; figures.len()], next_table: 1, next_figure: 1 }
    }

    fn place(mut self, sections: &'a [Section]) -> Result<Vec<Placed<'a>>, HtmlError> {
        static FURTHER: std::sync::LazyLock<Section> = std::sync::LazyLock::new(|| Section {
            title: "Further figures".to_string(),
            ..Section::default()
        });
        let mut placed = Vec::new();
        for (i, section) in sections.iter().enumerate() {
            self.section(section, &format!("{}", i + 1), 2, &mut placed)?;
        }
        let left: Vec<usize> = (0..self.figures.len()).filter(|&i| !self.shown[i]).collect();
        if !left.is_empty() {
            let number = (sections.len() + 1).to_string();
            let figures = left.into_iter().map(|i| self.figure(i)).collect::<Result<_, _>>()?;
            placed.push(Placed {
                anchor: format!("section-{number}"),
                number,
                level: 2,
                section: &FURTHER,
                tables: Vec::new(),
                figures,
            });
        }
        Ok(placed)
    }

    fn section(
        &mut self,
        section: &'a Section,
        number: &str,
        level: usize,
        placed: &mut Vec<Placed<'a>>,
    ) -> Result<(), HtmlError> {
        let mut tables = Vec::new();
        for table in &section.tables {
            tables.push(self.table(table)?);
        }
        let mut figures = Vec::new();
        for name in &section.figures {
            let Some(i) = self.figures.iter().position(|figure| figure.name == *name) else {
                let known = self.figures.iter().map(|figure| figure.name.clone()).collect();
                return Err(HtmlError::NoSuchFigure {
                    section: section.title.clone(),
                    figure: name.clone(),
                    known,
                });
            };
            figures.push(self.figure(i)?);
        }
        let anchor = format!("section-{}", number.replace('.', "-"));
        placed.push(Placed { number: number.to_string(), anchor, level, section, tables, figures });
        for (i, part) in section.parts.iter().enumerate() {
            self.section(part, &format!("{number}.{}", i + 1), (level + 1).min(6), placed)?;
        }
        Ok(())
    }

    fn table(&mut self, table: &'a Table) -> Result<PlacedTable<'a>, HtmlError> {
        let columns = table.columns.len();
        for (i, row) in table.rows.iter().enumerate() {
            if row.len() != columns && row.len() != 1 {
                let (table, row, cells) = (table.caption.clone(), i + 1, row.len());
                return Err(HtmlError::UnevenRow { table, row, cells, columns });
            }
        }
        let number = table.number.clone().unwrap_or_else(|| {
            self.next_table += 1;
            (self.next_table - 1).to_string()
        });
        Ok(PlacedTable { number, table, csv: base64(csv(table).as_bytes()) })
    }

    fn figure(&mut self, i: usize) -> Result<PlacedFigure<'a>, HtmlError> {
        self.shown[i] = true;
        self.next_figure += 1;
        let figure = &self.figures[i];
        let png = figure.png(PNG_SCALE).map_err(HtmlError::Figure)?;
        let Figure { name, caption, svg, .. } = figure;
        let (svg_file, png_file) = (base64(svg.as_bytes()), base64(&png));
        Ok(PlacedFigure { number: self.next_figure - 1, name, caption, svg, svg_file, png_file })
    }
}

/// Text with what HTML reserves written out, and words between backticks set as code.
fn prose(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts: Vec<&str> = escaped.split('`').collect();
    // A backtick without its fellow is a backtick.
    if parts.len().is_multiple_of(2) {
        return escaped;
    }
    let set = |(i, part): (usize, &&str)| {
        if i % 2 == 1 { format!("<code>{part}</code>") } else { (*part).to_owned() }
    };
    parts.iter().enumerate().map(set).collect()
}

/// A table as CSV: headings with their units, then the rows; a heading across the table is a row of one cell.
fn csv(table: &Table) -> String {
    let quoted = |cell: &str| {
        // A spreadsheet takes what begins like this for a formula.
        let cell = if cell.starts_with(['=', '@', '\t', '\r', '-']) { &format!("'{cell}") } else { cell };
        if cell.contains(['"', ',', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    };
    let title = |column: &Column| {
        if column.unit.is_empty() {
            column.title.clone()
        } else {
            format!("{} ({})", column.title, column.unit)
        }
    };
    let head: Vec<String> = table.columns.iter().map(title).collect();
    // The mark at the front tells spreadsheets that the text is UTF-8.
    let mut text = String::from('\u{feff}');
    for row in std::iter::once(&head).chain(&table.rows) {
        text += &row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
        text += "\r\n";
    }
    text
}

/// Bytes as base64 (RFC 4648), for a data address.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
