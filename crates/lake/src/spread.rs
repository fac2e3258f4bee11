//! A file's commonest own fields get columns; the rest stays JSON.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, StringBuilder};
use arrow::datatypes::Field;

use crate::columns::{self, FIELDS_REST, KIND, OWN_COLUMNS, OwnKind};
use crate::json::{self, ObjectWriter};

/// Longer names stay in `fields_rest`: column names are repeated in every file's footer.
const LONGEST_NAME: usize = 128;

/// The own fields of a file as columns.
pub(crate) struct Spread {
    pub columns: Vec<(Field, ArrayRef)>,
    /// `*<column>` where some rows keep the field in `fields_rest`.
    pub marks: Vec<String>,
}

#[derive(Default)]
struct Uses {
    by_kind: [u32; 4],
    others: u32,
}

impl Uses {
    fn count(&self) -> u32 {
        self.by_kind.iter().sum()
    }

    /// The commonest kind and how often it occurs.
    fn leading(&self) -> (OwnKind, u32) {
        let (place, count) = self
            .by_kind
            .iter()
            .enumerate()
            .max_by_key(|(place, count)| (**count, usize::MAX - place))
            .unwrap_or((0, &0));
        (OwnKind::ALL[place], *count)
    }
}

struct Own {
    name: String,
    kind: OwnKind,
    values: StringBuilder,
}

/// Splits the JSON objects of `fields` into columns and a rest.
pub(crate) fn spread(fields: &StringArray) -> Spread {
    let (mut chosen, marks) = choose(fields);
    let places: HashMap<String, usize> =
        chosen.iter().enumerate().map(|(place, own)| (own.name.clone(), place)).collect();
    let mut rest = StringBuilder::new();
    let mut object = ObjectWriter::default();
    for row in 0..fields.len() {
        if fields.is_valid(row) {
            json::members(fields.value(row), |name, value| match places.get(name.as_ref()) {
                Some(place) if json::kind(value) == Some(chosen[*place].kind) => {
                    let own = &mut chosen[*place];
                    let missing = row - (own.values.offsets_slice().len() - 1);
                    own.values.append_nulls(missing);
                    own.values.append_value(json::scalar_text(value));
                }
                _ => object.push_raw(&name, value),
            });
        }
        object.take(|object| rest.append_option(object));
    }
    let mut columns: Vec<(Field, ArrayRef)> = Vec::with_capacity(chosen.len() + 1);
    for mut own in chosen {
        let missing = fields.len() - (own.values.offsets_slice().len() - 1);
        own.values.append_nulls(missing);
        let metadata = HashMap::from([(KIND.to_owned(), own.kind.as_str().to_owned())]);
        let field = columns::field(&columns::own_column(&own.name)).with_metadata(metadata);
        columns.push((field, Arc::new(own.values.finish())));
    }
    let rest = rest.finish();
    if rest.null_count() < rest.len() {
        columns.push((columns::field(FIELDS_REST), Arc::new(rest)));
    }
    Spread { columns, marks }
}

fn choose(fields: &StringArray) -> (Vec<Own>, Vec<String>) {
    let mut uses: HashMap<Cow<'_, str>, Uses> = HashMap::new();
    for object in fields.iter().flatten() {
        json::members(object, |name, value| {
            if !fits(&name) {
                return;
            }
            let uses = uses.entry(name).or_default();
            match json::kind(value) {
                Some(kind) => uses.by_kind[kind as usize] += 1,
                None if value == "null" => {}
                None => uses.others += 1,
            }
        });
    }
    let mut names: Vec<_> = uses.into_iter().filter(|(_, uses)| uses.count() > 0).collect();
    names.sort_by(|(a, a_uses), (b, b_uses)| b_uses.count().cmp(&a_uses.count()).then_with(|| a.cmp(b)));
    names.truncate(OWN_COLUMNS);
    let mut marks = Vec::new();
    let chosen = names.into_iter().map(|(name, uses)| {
        let (kind, count) = uses.leading();
        if uses.count() + uses.others > count {
            marks.push(columns::mark(&columns::own_column(&name)));
        }
        Own { name: name.into_owned(), kind, values: StringBuilder::new() }
    });
    (chosen.collect(), marks)
}

/// Whether a name can be a column's: not empty, not endless, and nothing a reader could stumble over.
fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_names_get_columns_of_their_leading_kind() {
        let fields = StringArray::from(vec![
            Some(r#"{"port":80,"user":"li","tags":["a"]}"#),
            Some(r#"{"port":"http","user":"wang"}"#),
            Some(r#"{"port":443,"user":null}"#),
            None,
        ]);
        let spread = spread(&fields);
        let names: Vec<_> = spread.columns.iter().map(|(field, _)| field.name().as_str()).collect();
        assert_eq!(names, ["f_port", "f_user", "fields_rest"]);
        assert_eq!(spread.marks, ["*f_port"]);
        let column = |place: usize| spread.columns[place].1.as_any().downcast_ref::<StringArray>().unwrap().clone();
        assert_eq!(column(0), StringArray::from(vec![Some("80"), None, Some("443"), None]));
        assert_eq!(OwnKind::of(&spread.columns[0].0), OwnKind::Int);
        assert_eq!(
            column(2),
            StringArray::from(vec![
                Some(r#"{"tags":["a"]}"#),
                Some(r#"{"port":"http"}"#),
                Some(r#"{"user":null}"#),
                None
            ])
        );
    }
}
