//! The values of rows that indicators are held against.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use model::intel::{Holds, INDICATOR_FIELDS};

use crate::catalogue::LakeFile;
use crate::columns::{CORE_REST, mark};
use crate::json;

const URL_FULL: &str = "url_full";
/// What makes a URL where a record has none as a whole.
const URL_PARTS: [&str; 3] = ["url_domain", "url_path", "url_query"];

/// The columns of a file that hold such values; none where it has none.
pub(crate) fn columns_of(file: &LakeFile) -> Vec<&'static str> {
    let has = |name: &str| file.columns.iter().any(|column| column == name);
    let fields = INDICATOR_FIELDS.iter().map(|(name, _)| *name);
    let mut columns: BTreeSet<&'static str> = fields.clone().filter(|name| has(name)).collect();
    if has(URL_PARTS[0]) {
        columns.extend(URL_PARTS.into_iter().filter(|name| has(name)));
    }
    if fields.into_iter().any(|name| has(&mark(name))) {
        columns.insert(CORE_REST);
    }
    columns.into_iter().collect()
}

/// A batch's values.
pub(crate) struct Values<'b> {
    columns: Vec<(&'static str, Holds, &'b StringArray)>,
    rest: Option<&'b StringArray>,
    url: Option<&'b StringArray>,
    parts: [Option<&'b StringArray>; 3],
}

impl<'b> Values<'b> {
    pub fn of(batch: &'b RecordBatch) -> Values<'b> {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let columns = INDICATOR_FIELDS.iter().filter_map(|(name, holds)| Some((*name, *holds, text(name)?)));
        Values { columns: columns.collect(), rest: text(CORE_REST), url: text(URL_FULL), parts: URL_PARTS.map(text) }
    }

    /// Calls `with` for each value of a row: its field, what the field holds, the value.
    pub fn each(&self, row: usize, mut with: impl FnMut(&'static str, Holds, &str)) {
        for (name, holds, texts) in &self.columns {
            if texts.is_valid(row) {
                with(name, *holds, texts.value(row));
            }
        }
        let whole = self.url.is_some_and(|url| url.is_valid(row));
        let part = |place: usize| self.parts[place].filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row));
        if let (false, Some(host), Some(path)) = (whole, part(0), part(1)) {
            let url = match part(2).filter(|query| !query.is_empty()) {
                Some(query) => format!("{host}{path}?{}", query.trim_start_matches('?')),
                None => format!("{host}{path}"),
            };
            with(URL_PARTS[1], Holds::Url, &url);
        }
        if let Some(object) = self.rest.filter(|rest| rest.is_valid(row)) {
            json::members(object.value(row), |name, value| {
                if let Some((name, holds)) = INDICATOR_FIELDS.iter().find(|(field, _)| *field == name) {
                    json::any_scalar(value, &mut |text| {
                        with(name, *holds, text);
                        false
                    });
                }
            });
        }
    }
}
