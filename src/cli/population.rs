//! `shocktrial population`: build the synthetic registry and describe it.

use crate::{
    error::{Error, Result},
    population::{Columns, CovariateKind, Dictionary, Population},
    report::tables::{self, NamedValues, Values},
    scenario::population_file::read_population,
};
use clap::Args;
use std::path::{Path, PathBuf};

/// The population file used when none is named.
pub const DEFAULT_POPULATION: &str = "scenarios/populations/cardiogenic_shock.toml";

/// Build the synthetic registry and describe it.
#[derive(Args)]
#[command(name = "population")]
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
}

/// Describes the population, and writes it if asked.
pub fn run(arguments: &Arguments) -> Result<()> {
    let file = read_population(&arguments.file)?;
    if let Some(why) = &file.refitted {
        eprintln!("note: {why}");
    }
    let population = Population::Registry(Box::new(file.registry));
    let columns = population.columns(0..arguments.rows);
    if let Some(path) = &arguments.export {
        write_columns(&population, &columns, path)?;
    }
    super::print(&describe(&file.text.title, &population, &columns))
}

fn write_columns(population: &Population, columns: &Columns, path: &Path) -> Result<()> {
    let mut data = vec![NamedValues {
        name: "row".into(),
        values: Values::Numbers(columns.rows.iter().map(|&r| Some(r as f64)).collect()),
    }];
    data.extend(named(population.dictionary(), columns));
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
        .map(|(i, covariate)| {
            let values = match &covariate.kind {
                CovariateKind::Levels { names, .. } => {
                    Values::Words(columns.data[i].iter().map(|&x| names.get(x as usize).cloned()).collect())
                }
                _ => Values::Numbers(columns.data[i].iter().map(|&x| Some(x)).collect()),
            };
            NamedValues { name: covariate.name.clone(), values }
        })
        .collect()
}

fn describe(title: &str, population: &Population, columns: &Columns) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["Covariate", "Unit", "Mean or share", "Quartiles"]);
    for (i, covariate) in population.dictionary().list.iter().enumerate() {
        let mut values = columns.data[i].clone();
        if values.is_empty() {
            continue;
        }
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let at = |q: f64| values[((q * n) as usize).min(values.len() - 1)];
        let (shown, quartiles) = match &covariate.kind {
            CovariateKind::Number => {
                (format!("{mean:.2}"), format!("{:.1}   {:.1}   {:.1}", at(0.25), at(0.5), at(0.75)))
            }
            CovariateKind::Flag => (format!("{:.1} %", 100.0 * mean), String::new()),
            CovariateKind::Levels { names, .. } => {
                let share = |k: usize| values.iter().filter(|&&x| x as usize == k).count() as f64 / n;
                let shares: Vec<String> =
                    names.iter().enumerate().map(|(k, name)| format!("{name} {:.1} %", 100.0 * share(k))).collect();
                (shares.join(", "), String::new())
            }
        };
        table.add_row([covariate.label.clone(), covariate.unit.clone(), shown, quartiles]);
    }
    format!("{title}: {} patients\n{table}", columns.len())
}
