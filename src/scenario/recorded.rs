//! Ways of recording covariates, stated by a scenario and its runs, as columns of the one registry.

use super::{document::Document, population_file::findings, text::ScenarioText};
use crate::{
    error::Result,
    population::{Dictionary, Population, recorded::RecordedDocument},
};

/// The column in which each covariate is recorded in one run, where the run states it: pairs of places in
/// the dictionary.
pub type Recorded = Vec<(usize, usize)>;

/// Adds a column for every way of recording that the texts state, each once, and says which text reads which.
pub fn record<'d>(
    population: &mut Option<Population>,
    texts: impl Iterator<Item = (&'d Document<'d>, &'d ScenarioText)>,
) -> Result<Vec<Recorded>> {
    let mut known: Vec<(String, RecordedDocument, usize)> = Vec::new();
    let mut all = Vec::new();
    for (document, text) in texts {
        let mut own = Recorded::new();
        for (name, how) in &text.population.recorded.0 {
            let path = format!("population.recorded.{name}");
            let Some(Population::Registry(registry)) = population else {
                let message = "patients who are all alike have no covariates to record";
                return Err(document.finding(&path, message).into());
            };
            let column = match known.iter().find(|(n, h, _)| n == name && h == how) {
                Some((_, _, column)) => *column,
                None => {
                    let column = registry
                        .record(name, how)
                        .map_err(|problems| findings(document, &problems, &path))?;
                    known.push((name.clone(), how.clone(), column));
                    column
                }
            };
            let of = registry.dictionary.index(name).expect("just recorded");
            own.push((of, column));
        }
        all.push(own);
    }
    Ok(all)
}

/// The dictionary as one run reads it: its own recorded columns under their usual names, those of other runs
/// under none.
pub fn dictionary(all: &Dictionary, own: &Recorded) -> Dictionary {
    let mut dictionary = all.clone();
    for &(of, column) in own {
        let usual = format!("recorded.{}", dictionary.list[of].name);
        for other in
            dictionary.list.iter_mut().filter(|c| c.name == usual || c.name.starts_with(&format!("{usual}.")))
        {
            other.name = String::new();
        }
        dictionary.list[column].name = usual;
        dictionary.list[of].recorded = Some(column);
    }
    let read: Vec<usize> = dictionary.list.iter().filter_map(|c| c.recorded).collect();
    for (column, covariate) in dictionary.list.iter_mut().enumerate() {
        if covariate.name.starts_with("recorded.") && !read.contains(&column) {
            covariate.name = String::new();
        }
    }
    dictionary
}
