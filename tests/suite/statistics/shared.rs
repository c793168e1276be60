//! Small conveniences of several test files.

use shocktrial::statistics::{SortedExits, TwoGroupTable, sort_by_time};

use super::reference::Data;

/// The two-group table of a data set's `time`, `status` and `arm`.
pub fn table_of(data: &Data) -> TwoGroupTable {
    let (time, event, group) = (data.column("time"), data.flags("status"), data.groups("arm"));
    let mut order = Vec::new();
    sort_by_time(&time, &mut order);
    let mut table = TwoGroupTable::new();
    table.tally(SortedExits { order: &order, time: &time, event: &event, group: &group });
    table
}
