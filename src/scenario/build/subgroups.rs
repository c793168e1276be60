//! Subgroups and strata: patients split by what was recorded of them.

use super::Builder;
use crate::{
    analysis::subgroup::{MISSING_LEVEL, Subgroup},
    population::{Columns, CovariateKind, Reading},
    trial::pool::Pool,
};

impl Builder<'_> {
    /// The place of a subgroup; patients of whom it is not known are in none of its levels.
    pub(super) fn subgroup(
        &mut self,
        path: &str,
        text: &str,
        pool: &Pool,
        list: &mut Vec<Subgroup>,
    ) -> usize {
        let built = self.split(path, text, &pool.columns, pool.len());
        placed(built, list)
    }

    /// The place of strata; patients of whom they are not known make a stratum of their own.
    pub(super) fn stratum(&mut self, path: &str, text: &str, pool: &Pool, list: &mut Vec<Subgroup>) -> usize {
        let built = self.split(path, text, &pool.columns, pool.len()).with_missing_as_level();
        placed(built, list)
    }

    /// The level of each row in a covariate or a rule, as recorded.
    pub(super) fn split(&mut self, path: &str, text: &str, columns: &Columns, rows: usize) -> Subgroup {
        let dictionary = self.dictionary();
        let index = dictionary.index(text);
        let label = index.map_or_else(|| text.to_owned(), |i| dictionary.list[i].label.clone());
        if let Some(index) = index
            && let CovariateKind::Levels { names, .. } = &dictionary.list[index].kind
        {
            let column = dictionary.list[index].recorded.unwrap_or(index);
            let code = |&x: &f64| if x.is_nan() { MISSING_LEVEL } else { x as u8 };
            let code = columns.data[column].iter().map(code).collect();
            return Subgroup { name: text.to_owned(), label, levels: names.clone(), code };
        }
        let rule = self.rule(path, text, Reading::Recorded);
        let code = |row: usize| rule.decide(columns, row).map_or(MISSING_LEVEL, u8::from);
        let code = (0..rows).map(code).collect();
        Subgroup { name: text.to_owned(), label, levels: vec!["no".into(), "yes".into()], code }
    }
}

/// The place of a split in the list, added if it is new.
fn placed(built: Subgroup, list: &mut Vec<Subgroup>) -> usize {
    if let Some(index) = list.iter().position(|s| s.name == built.name && s.levels == built.levels) {
        return index;
    }
    list.push(built);
    list.len() - 1
}
