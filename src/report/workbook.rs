//! The tables of the report and the operating characteristics as an Excel workbook; the only door to
//! `rust_xlsxwriter`.

use super::html::{Align, Report, Section, Table};
use crate::{
    error::{Error, Result},
    operating::Measure,
    simulation::Run,
};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

/// Cells are no wider than this, in characters.
const WIDEST: f64 = 60.0;
/// Characters a sheet's name may have.
const NAME: usize = 31;

/// Formats used on every sheet.
struct Formats {
    bold: Format,
    head: Format,
    group: Format,
    wrapped: Format,
    right: Format,
    note: Format,
}

impl Formats {
    fn new() -> Formats {
        let plain = || Format::new().set_align(FormatAlign::Top);
        Formats {
            bold: Format::new().set_bold(),
            head: plain().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Thin),
            group: plain().set_bold().set_background_color(0xF3F4F8),
            wrapped: plain().set_text_wrap(),
            right: plain().set_align(FormatAlign::Right),
            note: plain().set_italic().set_font_color(0x5F646B),
        }
    }
}

/// The workbook as bytes: a sheet per section of the report that has tables, then every measure at full
/// precision. The same tables give the same bytes.
pub fn workbook(report: &Report, measures: &[Measure], runs: &[Run]) -> Result<Vec<u8>> {
    written(report, measures, runs).map_err(|why| Error::Machine(format!("cannot write the workbook: {why}")))
}

fn written(report: &Report, measures: &[Measure], runs: &[Run]) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The day is fixed, so that the file depends on what is in it and on nothing else.
    let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title(&report.title).set_creation_datetime(&day));
    let formats = Formats::new();
    let mut number = 1;
    let contents = book.add_worksheet().set_name("Contents")?;
    contents.write_string_with_format(0, 0, &report.title, &formats.bold)?;
    contents.write_string(1, 0, &report.question)?;
    contents.set_column_width(0, 22)?;
    contents.set_column_width(1, 100)?;
    let mut row = 3;
    let mut next = 1;
    for (i, section) in report.sections.iter().enumerate() {
        let name = sheet_name(i + 1, &section.title);
        for table in tables(section) {
            contents.write_url_with_text(row, 0, format!("internal:'{name}'!A1").as_str(), name.as_str())?;
            contents.write_string(
                row,
                1,
                format!("Table {}. {}", numbered(table, &mut next), table.caption),
            )?;
            row += 1;
        }
    }
    contents.write_url_with_text(
        row,
        0,
        "internal:'Operating characteristics'!A1",
        "Operating characteristics",
    )?;
    contents.write_string(
        row,
        1,
        "Every measure at full precision, one a row; the columns are those of operating_characteristics.csv",
    )?;
    for (i, section) in report.sections.iter().enumerate() {
        let list = tables(section);
        if list.is_empty() {
            continue;
        }
        let sheet = book.add_worksheet().set_name(sheet_name(i + 1, &section.title))?;
        let mut widths: Vec<f64> = Vec::new();
        let mut row = 0;
        for table in list {
            let label = format!("Table {}. {}", numbered(table, &mut number), table.caption);
            sheet.write_string_with_format(row, 0, label, &formats.bold)?;
            row = one(sheet, row + 1, table, &formats, &mut widths)? + 2;
        }
        for (column, width) in widths.iter().enumerate() {
            sheet.set_column_width(column as u16, width.clamp(8.0, WIDEST))?;
        }
    }
    every_measure(book.add_worksheet(), measures, runs, &formats)?;
    book.save_to_buffer()
}

/// The tables of a section and its parts, in order.
fn tables(section: &Section) -> Vec<&Table> {
    section.tables.iter().chain(section.parts.iter().flat_map(tables)).collect()
}

/// The number a table has in the report.
fn numbered(table: &Table, next: &mut usize) -> String {
    table.number.clone().unwrap_or_else(|| {
        *next += 1;
        (*next - 1).to_string()
    })
}

/// A name a sheet may have: no signs that Excel keeps for itself, and not too long.
fn sheet_name(number: usize, title: &str) -> String {
    let plain: String =
        title.chars().filter(|c| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'')).collect();
    format!("{number} {plain}").chars().take(NAME).collect::<String>().trim_end().to_owned()
}

/// Writes a table from `row` down; returns the row after its notes.
fn one(
    sheet: &mut Worksheet,
    row: u32,
    table: &Table,
    formats: &Formats,
    widths: &mut Vec<f64>,
) -> std::result::Result<u32, XlsxError> {
    let mut row = row;
    widths.resize(widths.len().max(table.columns.len()), 0.0);
    let mut wide =
        |column: usize, text: &str| widths[column] = widths[column].max(text.chars().count() as f64 + 2.0);
    for (c, column) in table.columns.iter().enumerate() {
        let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
        let text = format!("{}{unit}", column.title);
        wide(c, &column.title);
        sheet.write_string_with_format(row, c as u16, text, &formats.head)?;
    }
    row += 1;
    for cells in &table.rows {
        if cells.len() == 1 && table.columns.len() > 1 {
            for c in 0..table.columns.len() {
                sheet.write_string_with_format(
                    row,
                    c as u16,
                    if c == 0 { &cells[0] } else { "" },
                    &formats.group,
                )?;
            }
            row += 1;
            continue;
        }
        for (c, cell) in cells.iter().enumerate() {
            wide(c, cell);
            let right = table.columns[c].align == Align::Right;
            match plain_number(cell).filter(|_| right) {
                Some((value, decimals)) => {
                    let places =
                        if decimals > 0 { format!("0.{}", "0".repeat(decimals)) } else { "0".to_owned() };
                    sheet.write_number_with_format(
                        row,
                        c as u16,
                        value,
                        &formats.right.clone().set_num_format(places),
                    )?;
                }
                None => {
                    let format = if right { &formats.right } else { &formats.wrapped };
                    sheet.write_string_with_format(row, c as u16, cell, format)?;
                }
            }
        }
        row += 1;
    }
    for note in &table.notes {
        sheet.write_string_with_format(row, 0, note, &formats.note)?;
        row += 1;
    }
    Ok(row)
}

/// A cell that is a number and nothing else, with how many decimals it shows.
fn plain_number(cell: &str) -> Option<(f64, usize)> {
    let plain = cell.replace('−', "-").replace(',', "");
    let value: f64 = plain.parse().ok()?;
    (value.is_finite() && plain.ends_with(|c: char| c.is_ascii_digit()))
        .then(|| (value, plain.split_once('.').map_or(0, |(_, decimals)| decimals.len())))
}

/// Every measure in a row, numbers as numbers.
fn every_measure(
    sheet: &mut Worksheet,
    measures: &[Measure],
    runs: &[Run],
    formats: &Formats,
) -> std::result::Result<(), XlsxError> {
    sheet.set_name("Operating characteristics")?;
    let head = [
        "run",
        "variant",
        "sweep",
        "estimand",
        "population",
        "level",
        "look",
        "arm",
        "measure",
        "value",
        "mcse",
        "lower",
        "upper",
        "replicates",
        "failed",
    ];
    for (c, name) in head.iter().enumerate() {
        sheet.write_string_with_format(0, c as u16, *name, &formats.head)?;
        sheet.set_column_width(c as u16, if c < 9 && c != 0 && c != 6 { 18 } else { 11 })?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (i, m) in measures.iter().enumerate() {
        let row = i as u32 + 1;
        let run = runs.iter().find(|run| run.number == m.run);
        let (variant, sweep) = run.map_or(("", ""), |run| (run.variant.as_str(), run.sweep.as_str()));
        sheet.write_number(row, 0, f64::from(m.run))?;
        let texts = [variant, sweep, &m.estimand, &m.population, &m.level];
        for (c, text) in (1..).zip(texts).filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(row, c, text)?;
        }
        if let Some(look) = m.look {
            sheet.write_number(row, 6, f64::from(look))?;
        }
        for (c, text) in
            [(7, m.arm.as_str()), (8, m.measure)].into_iter().filter(|(_, text)| !text.is_empty())
        {
            sheet.write_string(row, c, text)?;
        }
        for (c, value) in (9..).zip([m.value, m.mcse, m.lower, m.upper]).filter(|(_, v)| v.is_finite()) {
            sheet.write_number(row, c, value)?;
        }
        sheet.write_number(row, 13, m.replicates as f64)?;
        sheet.write_number(row, 14, m.failed as f64)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_are_numbers_are_numbers() {
        assert_eq!(plain_number("49.0"), Some((49.0, 1)));
        assert_eq!(plain_number("−9.20"), Some((-9.2, 2)));
        assert_eq!(plain_number("10,000"), Some((10_000.0, 0)));
        for text in ["52.1 (0.5)", "–", "<0.1", "", "inf", "NaN", "1–2"] {
            assert_eq!(plain_number(text), None, "{text}");
        }
    }

    #[test]
    fn sheets_have_names_excel_takes() {
        assert_eq!(sheet_name(3, "A/B: [what]?"), "3 AB what");
        assert!(sheet_name(12, "Subgroups and whatever else there is to say").chars().count() <= NAME);
    }
}
