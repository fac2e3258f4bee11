//! A file's columns: which own fields get one, and rows of memory or of other files brought into that shape.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{Field, Schema, SchemaRef};
use model::CustomerId;
use model::core_field::CORE_FIELDS;

use crate::chunk::column_or_nulls;
use crate::columns::{
    self, CORE_REST, CUSTOMER, DEVICE, FIELDS_REST, KIND, LOG, OWN_COLUMNS, OwnKind, RAW, RECEIVED, SEQUENCE, SHARD,
    SOURCE, TIME, TIME_ORIGINAL,
};
use crate::error::{Error, Result};
use crate::json::{self, ObjectWriter};

/// Longer names stay in `fields_rest`: column names are repeated in every file's footer.
const LONGEST_NAME: usize = 128;

/// Names counted at a time: beyond, the rarest are forgotten, so that a sender of ever new names fills no memory.
const MOST_NAMES: usize = 20_000;

/// Of more rows than this, one in so many is looked at.
const FEW_ROWS: usize = 1000;
const SAMPLED: usize = 8;

/// What the rows that become a file have: which columns, and how often which own field as what kind.
#[derive(Debug, Default)]
pub(crate) struct Census {
    present: BTreeSet<String>,
    uses: hashbrown::HashMap<String, [u64; 4]>,
}

impl Census {
    /// A column that some rows have; own fields are counted instead.
    pub fn column(&mut self, name: &str) {
        if !self.present.contains(name) {
            self.present.insert(name.to_owned());
        }
    }

    /// An own field of a kind.
    pub fn own(&mut self, name: Cow<'_, str>, kind: OwnKind, count: u64) {
        match self.uses.get_mut(name.as_ref()) {
            Some(uses) => uses[kind as usize] += count,
            None => {
                let mut uses = [0; 4];
                uses[kind as usize] = count;
                self.uses.insert(name.into_owned(), uses);
            }
        }
        let mut rare = 1;
        while self.uses.len() > MOST_NAMES {
            self.uses.retain(|_, uses| uses.iter().sum::<u64>() > rare);
            rare *= 2;
        }
    }

    /// The fields of the JSON objects in these rows. Of many rows a part is looked at: what it does not show is rare.
    pub fn objects(&mut self, objects: &StringArray, rows: impl ExactSizeIterator<Item = usize>) {
        let step = if rows.len() > FEW_ROWS { SAMPLED } else { 1 };
        for row in rows.step_by(step).filter(|row| objects.is_valid(*row)) {
            json::members(objects.value(row), |name, value| {
                if let Some(kind) = json::kind(value).filter(|_| fits(&name)) {
                    self.own(name, kind, 1);
                }
            });
        }
    }

    /// The columns of a file with these rows: the commonest own fields get one each, of their commonest kind.
    pub fn layout(self) -> Layout {
        let mut names: Vec<_> =
            self.uses.into_iter().map(|(name, uses)| (uses.iter().sum::<u64>(), name, uses)).collect();
        names.sort_by(|(a_count, a, _), (b_count, b, _)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
        names.truncate(OWN_COLUMNS);
        let own: Vec<(String, OwnKind)> = names
            .into_iter()
            .map(|(_, name, uses)| {
                let leading = OwnKind::ALL.into_iter().rev().max_by_key(|kind| uses[*kind as usize]);
                (name, leading.unwrap_or(OwnKind::Text))
            })
            .collect();

        let head = [LOG, SHARD, SEQUENCE, CUSTOMER, DEVICE, RECEIVED, TIME, TIME_ORIGINAL, SOURCE].into_iter();
        let always = |name: &str| !matches!(name, TIME_ORIGINAL);
        let core = CORE_FIELDS.iter().map(|(name, _)| *name).chain([CORE_REST]);
        let present = |name: &&str| self.present.contains(*name);
        let mut fields: Vec<Field> = head.filter(|name| always(name) || present(name)).map(columns::field).collect();
        fields.extend(core.filter(present).map(columns::field));
        fields.extend(own.iter().map(|(name, kind)| {
            let metadata = HashMap::from([(KIND.to_owned(), kind.as_str().to_owned())]);
            columns::field(&columns::own_column(name)).with_metadata(metadata)
        }));
        fields.extend([FIELDS_REST, RAW].map(columns::field));
        let places = own.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        Layout { schema: Arc::new(Schema::new(fields)), own, places }
    }
}

/// A file's columns.
#[derive(Debug)]
pub(crate) struct Layout {
    pub schema: SchemaRef,
    own: Vec<(String, OwnKind)>,
    places: hashbrown::HashMap<String, usize>,
}

impl Layout {
    /// The part of a file's marks that holds in this shape too.
    pub fn known_marks<'m>(&self, marks: impl Iterator<Item = &'m String>) -> BTreeSet<String> {
        let known = |mark: &&String| {
            mark.strip_prefix('*').is_some_and(|column| match column.strip_prefix("f_") {
                Some(name) => self.places.contains_key(name),
                None => true,
            })
        };
        marks.filter(known).cloned().collect()
    }

    /// Rows in this shape. Adds to `marks` a `*<column>` for each own field that has a column of which some rows'
    /// values do not fit it.
    pub fn apply(
        &self,
        customer: &CustomerId,
        path: &str,
        batch: &RecordBatch,
        marks: &mut BTreeSet<String>,
    ) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut own = self.own(path, batch, marks)?;
        let arrays = self.schema.fields().iter().map(|field| {
            let name = field.name().as_str();
            match name {
                CUSTOMER => whose(customer, path, batch),
                FIELDS_REST => Ok(own.rest.clone()),
                _ if name.starts_with("f_") => {
                    Ok(own.columns.next().expect("there is one for each own field, in the schema's order"))
                }
                _ if !field.is_nullable() && batch.column_by_name(name).is_none() => {
                    Err(Error::Damaged { path: path.to_owned(), detail: format!("no column `{name}`") })
                }
                _ => Ok(column_or_nulls(batch, field)),
            }
        });
        let arrays = arrays.collect::<Result<Vec<ArrayRef>>>()?;
        debug_assert!(arrays.iter().all(|array| array.len() == rows));
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }

    /// The own fields of a batch: as columns where there is one of their name and kind, the others as JSON.
    fn own(&self, path: &str, batch: &RecordBatch, marks: &mut BTreeSet<String>) -> Result<Own> {
        let rows = batch.num_rows();
        let mut ready: Vec<Option<ArrayRef>> = vec![None; self.own.len()];
        let mut leftover: Vec<(&str, OwnKind, &StringArray)> = Vec::new();
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let Some(name) = field.name().strip_prefix("f_") else { continue };
            let kind = OwnKind::of(field);
            match self.places.get(name).filter(|place| self.own[**place].1 == kind) {
                Some(place) => ready[*place] = Some(column.clone()),
                None if column.null_count() == rows => {}
                None => {
                    let detail = || format!("no readable column `{}`", field.name());
                    let texts = column.as_string_opt::<i32>();
                    let texts = texts.ok_or_else(|| Error::Damaged { path: path.to_owned(), detail: detail() })?;
                    leftover.push((name, kind, texts));
                    if self.places.contains_key(name) {
                        marks.insert(columns::mark(field.name()));
                    }
                }
            }
        }
        let rest = batch.column_by_name(FIELDS_REST).and_then(|column| column.as_string_opt::<i32>());
        let rest = rest.filter(|rest| rest.null_count() < rows);
        let unread = rest.is_some() && ready.iter().any(Option::is_none);
        if leftover.is_empty() && !unread {
            let rest = column_or_nulls(batch, &columns::field(FIELDS_REST));
            let nulls = || arrow::array::new_null_array(&arrow::datatypes::DataType::Utf8, rows);
            let columns: Vec<ArrayRef> = ready.into_iter().map(|ready| ready.unwrap_or_else(nulls)).collect();
            return Ok(Own { columns: columns.into_iter(), rest });
        }
        Ok(self.split(rows, ready, &leftover, rest, marks))
    }

    /// Row by row: members of the rest that have a column now go there, columns that no longer exist go to the rest.
    fn split(
        &self,
        rows: usize,
        ready: Vec<Option<ArrayRef>>,
        leftover: &[(&str, OwnKind, &StringArray)],
        rest: Option<&StringArray>,
        marks: &mut BTreeSet<String>,
    ) -> Own {
        let mut made: Vec<Option<StringBuilder>> =
            ready.iter().map(|ready| ready.is_none().then(|| StringBuilder::with_capacity(rows, 8 * rows))).collect();
        let mut marked = vec![false; self.own.len()];
        let mut object = ObjectWriter::default();
        let most = rest.map_or(0, |rest| rest.value_offsets()[rows] - rest.value_offsets()[0]) as usize;
        let mut left = StringBuilder::with_capacity(rows, most);
        for row in 0..rows {
            if let Some(text) = rest.filter(|rest| rest.is_valid(row)).map(|rest| rest.value(row)) {
                json::members(text, |name, value| {
                    let place = self.places.get(name.as_ref()).copied();
                    let kind = json::kind(value);
                    if let Some(place) = place {
                        let values = made[place].as_mut().filter(|values| len(values) <= row);
                        if let Some(values) = values.filter(|_| kind == Some(self.own[place].1)) {
                            values.append_nulls(row - len(values));
                            values.append_value(json::scalar_text(value));
                            return;
                        }
                        marked[place] |= value != "null";
                    }
                    object.push_raw(&name, value);
                });
            }
            for (name, kind, texts) in leftover.iter().filter(|(_, _, texts)| texts.is_valid(row)) {
                object.push_raw(name, &json::scalar_json(*kind, texts.value(row)));
            }
            object.take(|object| left.append_option(object));
        }
        let names = self.own.iter().zip(&marked).filter(|(_, marked)| **marked);
        marks.extend(names.map(|((name, _), _)| columns::mark(&columns::own_column(name))));
        let columns: Vec<ArrayRef> = ready
            .into_iter()
            .zip(made)
            .map(|(ready, made)| match (ready, made) {
                (Some(ready), _) => ready,
                (None, made) => {
                    let mut made = made.unwrap_or_default();
                    made.append_nulls(rows - len(&made));
                    Arc::new(made.finish()) as ArrayRef
                }
            })
            .collect();
        Own { columns: columns.into_iter(), rest: Arc::new(left.finish()) }
    }
}

struct Own {
    columns: std::vec::IntoIter<ArrayRef>,
    rest: ArrayRef,
}

fn len(values: &StringBuilder) -> usize {
    values.offsets_slice().len() - 1
}

/// The customer's column; rows that carry one already must carry this customer.
fn whose(customer: &CustomerId, path: &str, batch: &RecordBatch) -> Result<ArrayRef> {
    let Some(column) = batch.column_by_name(CUSTOMER) else {
        let same = std::iter::repeat_n(customer.as_str(), batch.num_rows());
        return Ok(Arc::new(StringArray::from_iter_values(same)));
    };
    let texts = column.as_string_opt::<i32>();
    match texts.is_some_and(|texts| texts.iter().all(|text| text == Some(customer.as_str()))) {
        true => Ok(column.clone()),
        false => Err(Error::Damaged { path: path.to_owned(), detail: "it holds another customer's event".into() }),
    }
}

/// Whether a name can be a column's: not empty, not endless, and nothing a reader could stumble over.
fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer() -> CustomerId {
        CustomerId::derived(model::Timestamp::from_micros(0), &[b"acme"])
    }

    /// The fixed columns a batch must have, and these.
    fn batch(columns: Vec<(Field, ArrayRef)>) -> RecordBatch {
        use arrow::array::{Int32Array, Int64Array, TimestampMicrosecondArray};
        let rows = columns[0].1.len();
        let texts = || -> ArrayRef { Arc::new(StringArray::from(vec!["x"; rows])) };
        let times = || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![0; rows]).with_timezone("UTC")) };
        let numbers = || -> ArrayRef { Arc::new(Int64Array::from(vec![0; rows])) };
        let mut all: Vec<(Field, ArrayRef)> = vec![
            (columns::field(LOG), numbers()),
            (columns::field(SHARD), Arc::new(Int32Array::from(vec![0; rows]))),
            (columns::field(SEQUENCE), numbers()),
            (columns::field(DEVICE), texts()),
            (columns::field(RECEIVED), times()),
            (columns::field(TIME), times()),
            (columns::field(SOURCE), texts()),
            (columns::field(RAW), texts()),
        ];
        all.extend(columns);
        let (fields, arrays): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    }

    fn objects(texts: Vec<Option<&str>>) -> (Field, ArrayRef) {
        (columns::field(FIELDS_REST), Arc::new(StringArray::from(texts)))
    }

    fn own(name: &str, kind: OwnKind, texts: Vec<Option<&str>>) -> (Field, ArrayRef) {
        let metadata = HashMap::from([(KIND.to_owned(), kind.as_str().to_owned())]);
        (columns::field(&columns::own_column(name)).with_metadata(metadata), Arc::new(StringArray::from(texts)))
    }

    fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
        let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no {name}"));
        column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn some(texts: &[Option<&str>]) -> Vec<Option<String>> {
        texts.iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn the_commonest_names_get_columns_of_their_leading_kind() {
        let (field, column) = objects(vec![
            Some(r#"{"port":80,"user":"li","tags":["a"]}"#),
            Some(r#"{"port":"http","user":"wang"}"#),
            Some(r#"{"port":443,"user":null}"#),
            None,
        ]);
        let mut census = Census::default();
        census.objects(column.as_string::<i32>(), 0..4);
        let layout = census.layout();
        let mut marks = BTreeSet::new();
        let made = layout.apply(&customer(), "memory", &batch(vec![(field, column)]), &mut marks).unwrap();
        assert_eq!(marks, BTreeSet::from(["*f_port".to_owned()]));
        assert_eq!(texts(&made, "f_port"), some(&[Some("80"), None, Some("443"), None]));
        assert_eq!(texts(&made, "f_user"), some(&[Some("li"), Some("wang"), None, None]));
        assert_eq!(OwnKind::of(made.schema().field_with_name("f_port").unwrap()), OwnKind::Int);
        let rest = [Some(r#"{"tags":["a"]}"#), Some(r#"{"port":"http"}"#), Some(r#"{"user":null}"#), None];
        assert_eq!(texts(&made, FIELDS_REST), some(&rest));
        assert!(texts(&made, CUSTOMER).iter().all(|whose| whose.as_deref() == Some(customer().as_str())));
    }

    #[test]
    fn columns_of_another_file_move_to_where_the_new_file_has_them() {
        let mut census = Census::default();
        census.own("port".into(), OwnKind::Int, 9);
        census.own("user".into(), OwnKind::Text, 8);
        let layout = census.layout();
        let old = batch(vec![
            own("port", OwnKind::Text, vec![Some("a \"b\""), None, None]),
            own("gone", OwnKind::Float, vec![None, Some("1.50"), None]),
            objects(vec![Some(r#"{"user":"li","x":[1]}"#), Some(r#"{"port":7}"#), None]),
        ]);
        let mut marks = BTreeSet::new();
        let made = layout.apply(&customer(), "old", &old, &mut marks).unwrap();
        assert_eq!(texts(&made, "f_port"), some(&[None, Some("7"), None]));
        assert_eq!(texts(&made, "f_user"), some(&[Some("li"), None, None]));
        let rest = [Some(r#"{"x":[1],"port":"a \"b\""}"#), Some(r#"{"gone":1.50}"#), None];
        assert_eq!(texts(&made, FIELDS_REST), some(&rest));
        assert_eq!(marks, BTreeSet::from(["*f_port".to_owned()]));
        let foreign =
            batch(vec![(columns::field(CUSTOMER), Arc::new(StringArray::from(vec!["cus_other"])) as ArrayRef)]);
        assert!(matches!(layout.apply(&customer(), "old", &foreign, &mut marks), Err(Error::Damaged { .. })));
    }

    #[test]
    fn ever_new_names_fill_no_memory_and_do_not_drive_out_the_common_ones() {
        let mut census = Census::default();
        for number in 0..3 * MOST_NAMES {
            census.own(format!("n{number}").into(), OwnKind::Int, 1);
            census.own("common".into(), OwnKind::Text, 1);
        }
        assert!(census.uses.len() <= MOST_NAMES);
        let layout = census.layout();
        assert!(layout.own.len() <= OWN_COLUMNS && layout.own[0].0 == "common");
    }
}
