//! A query's sources: files of one customer that look alike, and a customer's rows in memory, each as a table of just
//! the columns the query reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch};
use arrow::datatypes::{Field, Schema};
use datafusion::catalog::MemTable;
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::Expr;
use model::CustomerId;

use crate::catalogue::LakeFile;
use crate::chunk::{Chunk, column_or_nulls};
use crate::columns::{self, CORE_REST, FIELDS_REST, LOG, RAW, SEQUENCE, SHARD, TIME, mark};
use crate::engine::Engine;
use crate::error::Result;
use crate::meter::Meter;
use crate::query::{Conditions, FieldName, Shape};
use crate::scan::{FileRows, Files, Rows, origin};
use crate::sequence::Sources;
use crate::snapshot::{Snapshot, chunk_origin};
use crate::text::Index;

/// So many columns are few.
const FEW: usize = 4;

/// So many files are worth threads.
const MANY: usize = 8;

/// What a query reads of each row: its conditions, and perhaps more fields.
pub(crate) struct Reading<'q> {
    pub conditions: &'q Conditions,
    pub also: &'q [FieldName],
    /// Fixed columns that are needed too.
    pub fixed: &'q [&'static str],
    pub meter: &'q Arc<Meter>,
    /// Positions are needed too, not only times.
    pub positions: bool,
    /// Texts may come as numbers of dictionaries.
    pub coded: bool,
}

/// A table whose rows already passed the conditions.
pub(crate) struct Part {
    pub rows: DataFrame,
    /// Whose rows they are.
    pub customer: CustomerId,
    /// The shapes of [`Reading::also`].
    pub also: Vec<Shape>,
}

/// Files with their places, by customer, the shapes the fields have in them, and whether all their rows lie in the range.
type Groups<'f> = BTreeMap<Group<'f>, Vec<FileRows>>;
type Group<'f> = (&'f CustomerId, Vec<Shape>, bool);

impl<'q> Reading<'q> {
    /// Times and positions of what passes, with texts as numbers.
    pub(crate) fn of(conditions: &'q Conditions, meter: &'q Arc<Meter>) -> Self {
        Reading { conditions, also: &[], fixed: &[], meter, positions: true, coded: true }
    }

    fn fields(&self) -> impl Iterator<Item = &FieldName> {
        self.conditions.fields.iter().chain(self.also)
    }

    /// The columns to read where the fields have these shapes.
    fn columns(&self, shapes: &[Shape]) -> Vec<Field> {
        let mut names: Vec<&str> = vec![TIME];
        if self.positions {
            names.extend([LOG, SHARD, SEQUENCE]);
        }
        names.extend(self.conditions.fixed_columns());
        names.extend(self.fixed);
        for (field, shape) in self.fields().zip(shapes) {
            names.extend(shape.column.then_some(field.column.as_str()));
            names.extend(shape.rest.then_some(field.rest()));
        }
        let mut fields: Vec<Field> = Vec::with_capacity(names.len());
        for name in names {
            if !fields.iter().any(|field| field.name() == name) {
                fields.push(columns::field(name));
            }
        }
        for (field, _) in self.fields().zip(shapes).filter(|(_, shape)| shape.coded) {
            let coded = fields.iter_mut().filter(|column| *column.name() == field.column);
            coded.for_each(|column| *column = column.clone().with_data_type(columns::coded_type()));
        }
        fields
    }

    /// Whether to decide about rows while columns are read. Where there are only a few columns of short values it costs
    /// more to skip the others' rows than to read them.
    fn decides_early(&self, columns: &[Field]) -> bool {
        let long = |name: &str| matches!(name, RAW | CORE_REST | FIELDS_REST);
        self.positions || columns.len() > FEW || columns.iter().any(|column| long(column.name()))
    }

    fn part(
        &self,
        rows: DataFrame,
        customer: &CustomerId,
        shapes: &[Shape],
        in_range: bool,
        bound: Option<&Expr>,
    ) -> Result<Part> {
        let filters = self.conditions.fields.len();
        let mut condition = self.conditions.expression(customer, &shapes[..filters], in_range);
        if let Some(bound) = bound {
            condition = condition.and(bound.clone());
        }
        Ok(Part { rows: rows.filter(condition)?, customer: customer.clone(), also: shapes[filters..].to_vec() })
    }

    /// The files of `places`, one part for each customer and shape.
    pub fn files(
        &self,
        engine: &Engine,
        snapshot: &Snapshot,
        places: &[usize],
        bound: Option<&Expr>,
    ) -> Result<Vec<Part>> {
        let mut groups = Groups::new();
        for (group, rows) in self.look_up(engine, snapshot, places) {
            groups.entry(group).or_default().push(rows);
        }
        let parts = groups.into_iter().map(|((customer, shapes, in_range), files)| {
            let columns = self.columns(&shapes);
            let early = self.decides_early(&columns);
            let table = Files::new(columns, files, early, engine.partitions, self.meter.clone());
            self.part(engine.context().read_table(Arc::new(table))?, customer, &shapes, in_range, bound)
        });
        parts.collect()
    }

    /// What is read of each file, looked up by several threads where indexes are asked: a needle's search asks all of them.
    fn look_up<'f>(&self, engine: &Engine, snapshot: &'f Snapshot, places: &[usize]) -> Vec<(Group<'f>, FileRows)> {
        let lane = |places: &[usize]| -> Vec<_> {
            places.iter().filter_map(|place| self.look_into(engine, &snapshot.files[*place], *place)).collect()
        };
        if places.len() < MANY || !self.conditions.can_use_an_index() {
            return lane(places);
        }
        std::thread::scope(|scope| {
            let parts = places.chunks(places.len().div_ceil(engine.partitions));
            let lanes: Vec<_> = parts.map(|places| scope.spawn(move || lane(places))).collect();
            let found =
                lanes.into_iter().map(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            found.flatten().collect()
        })
    }

    /// What is read of a file, and with which others; nothing where no row of it can be wanted.
    fn look_into<'f>(&self, engine: &Engine, file: &'f LakeFile, place: usize) -> Option<(Group<'f>, FileRows)> {
        let index = engine.indexes.open(&file.path, file.rows);
        let mut shapes: Vec<Shape> = self.fields().map(|field| file_shape(file, field)).collect();
        for (field, shape) in self.fields().zip(&mut shapes) {
            let has = || index.as_ref().is_some_and(|index| index.is_coded(&field.name));
            shape.coded = self.coded && field.core.is_some() && shape.column && !shape.rest && has();
        }
        let rows = self.rows(index.as_ref(), file, &shapes)?;
        let range = self.conditions.range;
        let in_range = range.contains(file.min_time) && range.contains(file.max_time);
        let coded = self.fields().zip(&shapes).filter(|(_, shape)| shape.coded);
        let coded: Vec<&str> = coded.map(|(field, _)| field.column.as_str()).collect();
        let schema = index.filter(|_| !coded.is_empty()).map(|index| index.coded_schema(&coded));
        let (path, bytes) = (file.path.clone(), file.bytes);
        let rows = FileRows { origin: place as i32, path, bytes, rows, schema };
        Some(((&file.customer, shapes, in_range), rows))
    }

    /// What a file's index says of the rows to read: all, some, or no need to open it at all.
    fn rows(&self, index: Option<&Index>, file: &LakeFile, shapes: &[Shape]) -> Option<Rows> {
        let Some(index) = index.filter(|_| self.conditions.can_use_an_index()) else { return Some(Rows::All) };
        let blocks = self.conditions.blocks(index, &shapes[..self.conditions.fields.len()]);
        match blocks {
            blocks if blocks.is_none() => None,
            blocks if blocks.is_all() => Some(Rows::All),
            blocks => Some(Rows::Some(blocks.selection(file.rows))),
        }
    }

    /// Everything in memory, one part for each customer.
    pub fn memory(&self, engine: &Engine, snapshot: &Snapshot, bound: Option<&Expr>) -> Result<Vec<Part>> {
        let mut groups: BTreeMap<&CustomerId, Vec<(i32, &Chunk)>> = BTreeMap::new();
        for (place, (customer, chunk)) in snapshot.chunks.iter().enumerate() {
            groups.entry(customer).or_default().push((chunk_origin(place), chunk));
        }
        let parts = groups.into_iter().map(|(customer, chunks)| {
            let shapes: Vec<Shape> = self.fields().map(|field| memory_shape(&chunks, field)).collect();
            let mut fields = self.columns(&shapes);
            fields.push(origin());
            let schema = Arc::new(Schema::new(fields));
            let batches =
                chunks.iter().map(|(place, chunk)| narrow(&schema, *place, &chunk.batch)).collect::<Result<_>>()?;
            let table = MemTable::try_new(schema, vec![batches])?;
            self.part(engine.context().read_table(Arc::new(table))?, customer, &shapes, false, bound)
        });
        parts.collect()
    }
}

fn file_shape(file: &LakeFile, field: &FieldName) -> Shape {
    let has = |name: &str| file.columns.iter().any(|column| column == name);
    let column = has(&field.column);
    let marked = has(&mark(&field.column));
    match field.core {
        Some(_) => Shape { column, rest: marked, coded: false },
        None => Shape { column, rest: has(FIELDS_REST) && (marked || !column), coded: false },
    }
}

fn memory_shape(chunks: &[(i32, &Chunk)], field: &FieldName) -> Shape {
    match field.core {
        Some(_) => Shape {
            column: chunks.iter().any(|(_, chunk)| chunk.batch.column_by_name(&field.column).is_some()),
            rest: chunks.iter().any(|(_, chunk)| chunk.marks.contains(&mark(&field.column))),
            coded: false,
        },
        None => Shape { column: false, rest: true, coded: false },
    }
}

/// A chunk's columns of this schema, the last of which is its origin.
fn narrow(schema: &Arc<Schema>, origin: i32, batch: &RecordBatch) -> Result<RecordBatch> {
    let (_, fields) = schema.fields().split_last().expect("the origin is always there");
    let mut arrays: Vec<ArrayRef> = fields.iter().map(|field| column_or_nulls(batch, field)).collect();
    arrays.push(Arc::new(Int32Array::from_value(origin, batch.num_rows())));
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}

/// All parts' rows, a few parts at a time; nothing when there are none. All have the same columns.
pub(crate) async fn together(engine: &Engine, parts: Vec<DataFrame>) -> Result<Option<DataFrame>> {
    let mut plans = Vec::with_capacity(parts.len());
    for part in parts {
        plans.push(part.create_physical_plan().await?);
    }
    let Some(schema) = plans.first().map(|plan| plan.schema()) else { return Ok(None) };
    let nullable = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    let schema = Arc::new(Schema::new(nullable.collect::<Vec<_>>()));
    let sources = Sources { schema, plans, lanes: engine.partitions };
    Ok(Some(engine.context().read_table(Arc::new(sources))?))
}

/// All parts' rows under one another; nothing when there are none.
pub(crate) fn union(parts: impl IntoIterator<Item = Result<DataFrame>>) -> Result<Option<DataFrame>> {
    let mut all: Option<DataFrame> = None;
    for part in parts {
        let part = part?;
        all = Some(match all {
            Some(all) => all.union(part)?,
            None => part,
        });
    }
    Ok(all)
}
