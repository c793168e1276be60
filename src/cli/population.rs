//! `shocktrial population`: build the synthetic registry and describe it.

use super::Output;
use crate::{
    error::{Error, Result},
    population::{Columns, CovariateKind, Dictionary, Registry},
    report::tables::{self, NamedValues, Values},
    scenario::population_file::read_population,
};
use clap::Args;
use std::path::{Path, PathBuf};

/// The population file used when none is named.
pub const DEFAULT_POPULATION: &str = "scenarios/populations/cardiogenic_shock.toml";

/// Build the synthetic registry and describe it.
#[derive(Args)]
#[command(
    name = "population",
    after_help = "Example:\n  shocktrial population --rows 100000 --export registry.parquet"
)]
pub struct Arguments {
    /// The population file.
    #[arg(default_value = DEFAULT_POPULATION)]
    file: PathBuf,
    /// Rows to build.
    #[arg(long, default_value_t = 1 << 15)]
    rows: u64,
    /// Write the patients to this file, .csv or .parquet.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// Describes the population, and writes it if asked.
pub fn run(arguments: &Arguments) -> Result<()> {
    let file = read_population(&arguments.file)?;
    if let Some(why) = &file.refitted {
        eprintln!("note: {why}");
    }
    let columns = file.registry.columns(0..arguments.rows);
    if let Some(path) = &arguments.export {
        write_columns(&file.registry.dictionary, &columns, path)?;
    }
    if arguments.output.json {
        let rows =
            file.registry.describe(&columns).into_iter().chain(file.registry.describe_outcomes(&columns));
        let list: Vec<serde_json::Value> = rows
            .map(|r| serde_json::json!({ "label": r.label, "unit": r.unit, "values": r.values }))
            .collect();
        return arguments.output.print_json(&list);
    }
    arguments.output.print(|| describe(&file.text.title, &file.registry, &columns))
}

fn write_columns(dictionary: &Dictionary, columns: &Columns, path: &Path) -> Result<()> {
    let mut data = vec![NamedValues {
        name: "row".into(),
        values: Values::Numbers(columns.rows.iter().map(|&r| Some(r as f64)).collect()),
    }];
    data.extend(named(dictionary, columns));
    let mut frame = tables::data_frame(data)?;
    match path.extension().and_then(|e| e.to_str()) {
        Some("parquet") => {
            std::fs::File::create(path).map_err(|why| Error::path("write", path, &why))?;
            tables::write_parquet(&mut frame, path)
        }
        Some("csv") => tables::write_csv(&mut frame, Some(path)),
        _ => Err(Error::input(format!("{} ends in neither .csv nor .parquet", path.display()))),
    }
}

/// Covariates as named columns, levels by their names.
pub fn named(dictionary: &Dictionary, columns: &Columns) -> Vec<NamedValues> {
    dictionary
        .list
        .iter()
        .enumerate()
        .filter(|(_, covariate)| !covariate.name.is_empty())
        .map(|(i, covariate)| {
            let values = match &covariate.kind {
                CovariateKind::Levels { names, .. } => Values::Words(
                    columns.data[i]
                        .iter()
                        .map(|&x| names.get(x as usize).filter(|_| !x.is_nan()).cloned())
                        .collect(),
                ),
                _ => Values::Numbers(
                    columns.data[i].iter().map(|&x| Some(x).filter(|x| !x.is_nan())).collect(),
                ),
            };
            NamedValues { name: covariate.name.clone(), values }
        })
        .collect()
}

fn describe(title: &str, registry: &Registry, columns: &Columns) -> String {
    let causes = registry.describe(columns);
    let mut text = format!("{title}: {} patients\n", columns.len());
    for (heading, rows) in
        [("Who they are", causes), ("What happens to them", registry.describe_outcomes(columns))]
    {
        let mut header = vec![heading.to_owned(), "Unit".to_owned(), "All".to_owned()];
        header.extend(causes_of(&registry.dictionary));
        let mut table = super::table(header);
        for row in rows {
            let mut cells = vec![row.label, row.unit];
            cells.extend(row.values);
            table.add_row(cells);
        }
        text += &format!("{table}\n");
    }
    text
}

/// The causes as people read them.
fn causes_of(dictionary: &Dictionary) -> Vec<String> {
    match dictionary.list.first().map(|c| &c.kind) {
        Some(CovariateKind::Levels { names, .. }) => names.iter().map(|n| n.replace('_', " ")).collect(),
        _ => Vec::new(),
    }
}
