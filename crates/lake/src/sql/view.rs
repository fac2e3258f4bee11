//! The view `events`: the scope's files and memory under one set of columns.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, ScalarValue};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::TableType;
use datafusion::error::DataFusionError;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, lit, try_cast};
use datafusion::physical_plan::ExecutionPlan;
use model::core_field::{CORE_FIELDS, CoreType};

use super::guard::Asked;
use crate::columns::{self, CUSTOMER, DEVICE, LOG, RAW, RECEIVED, SEQUENCE, SHARD, SOURCE, TIME, TIME_ORIGINAL};
use crate::meter::Meter;
use crate::part::{Part, Reading};
use crate::query::{Conditions, FieldName, column};
use crate::sequence::Sequence;
use crate::snapshot::Snapshot;
use crate::store::Inner;
use crate::udf;

/// The event's id, as text.
const ID: &str = "id";

/// Columns every event has or may have.
const FIXED: &[&str] = &[ID, TIME, RECEIVED, CUSTOMER, DEVICE, SOURCE, TIME_ORIGINAL, RAW];

/// Own fields shown where all columns are asked for.
const MOST_OWN: usize = 200;

/// `events` for one query.
pub(super) struct Events {
    inner: Arc<Inner>,
    snapshot: Snapshot,
    conditions: Conditions,
    meter: Arc<Meter>,
    schema: SchemaRef,
    fields: Vec<FieldName>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Events {
    /// With the columns the text may name: all core fields, the own fields it names, and those of the files where it asks
    /// for everything.
    pub fn new(
        inner: Arc<Inner>,
        snapshot: Snapshot,
        conditions: Conditions,
        meter: Arc<Meter>,
        asked: &Asked,
    ) -> Self {
        let mut own: Vec<&str> = asked.words.iter().filter_map(|word| word.strip_prefix("f_")).collect();
        if asked.wildcard {
            let present = snapshot.files.iter().flat_map(|file| &file.columns);
            let mut present: Vec<&str> = present.filter_map(|column| column.strip_prefix("f_")).collect();
            present.sort_unstable();
            present.dedup();
            present.truncate(MOST_OWN);
            own.extend(present);
            own.sort_unstable();
            own.dedup();
        }
        let core = CORE_FIELDS.iter().map(|(name, _)| FieldName::of(name));
        // An own field that is called like a core one is still the record's own.
        let own = own.into_iter().filter(|name| !name.is_empty()).map(FieldName::own);
        let fields: Vec<FieldName> = core.chain(own).collect();
        let fixed = FIXED.iter().map(|name| match *name {
            ID => Field::new(ID, DataType::Utf8, true),
            name => columns::field(name).with_nullable(true),
        });
        let named = fields.iter().map(|field| {
            let kind = if field.core == Some(CoreType::Int) { DataType::Int64 } else { DataType::Utf8 };
            Field::new(&field.column, kind, true)
        });
        let schema = Arc::new(Schema::new(fixed.chain(named).collect::<Vec<_>>()));
        Events { inner, snapshot, conditions, meter, schema, fields }
    }

    /// Each part's rows with exactly these columns, filtered.
    fn rows(&self, wanted: &[usize], filters: &[Expr]) -> crate::error::Result<Vec<DataFrame>> {
        let mut needed: Vec<&str> = wanted.iter().map(|place| self.schema.field(*place).name().as_str()).collect();
        let named = filters.iter().flat_map(Expr::column_refs).map(|column| column.name.as_str());
        for name in named.collect::<std::collections::BTreeSet<_>>() {
            if !needed.contains(&name) {
                needed.push(name);
            }
        }
        let fixed: Vec<&'static str> = FIXED.iter().copied().filter(|name| needed.contains(name)).collect();
        let also: Vec<FieldName> =
            self.fields.iter().filter(|field| needed.contains(&field.column.as_str())).cloned().collect();
        let read: Vec<&'static str> = fixed.iter().copied().filter(|name| !matches!(*name, ID | CUSTOMER)).collect();
        let reading = Reading {
            conditions: &self.conditions,
            also: &also,
            fixed: &read,
            meter: &self.meter,
            positions: fixed.contains(&ID),
            coded: false,
        };
        let engine = &self.inner.engine;
        let mut parts = reading.memory(engine, &self.snapshot, None)?;
        let places: Vec<usize> = (0..self.snapshot.files.len()).collect();
        parts.extend(reading.files(engine, &self.snapshot, &places, None)?);
        let rows = parts.into_iter().map(|part| {
            let mut columns: Vec<Expr> = fixed.iter().map(|name| fixed_column(name, &part)).collect();
            columns.extend(also.iter().zip(&part.also).map(|(field, shape)| {
                let rest = || udf::member_text(&field.name, column(field.rest()));
                let value = match (shape.column, shape.rest, field.core) {
                    (true, false, _) => column(&field.column),
                    (true, true, Some(CoreType::Int)) => {
                        coalesce(vec![column(&field.column), try_cast(rest(), DataType::Int64)])
                    }
                    (true, true, _) => coalesce(vec![column(&field.column), rest()]),
                    (false, true, Some(CoreType::Int)) => try_cast(rest(), DataType::Int64),
                    (false, true, _) => rest(),
                    (false, false, Some(CoreType::Int)) => lit(ScalarValue::Int64(None)),
                    (false, false, _) => lit(ScalarValue::Utf8(None)),
                };
                value.alias(&field.column)
            }));
            let mut rows = part.rows.select(columns)?;
            for filter in filters {
                rows = rows.filter(filter.clone())?;
            }
            Ok(rows.select(wanted.iter().map(|place| column(self.schema.field(*place).name())).collect::<Vec<_>>())?)
        });
        rows.collect()
    }
}

fn fixed_column(name: &'static str, part: &Part) -> Expr {
    match name {
        ID => udf::event_id(column(LOG), column(SHARD), column(SEQUENCE)).alias(ID),
        CUSTOMER => lit(part.customer.as_str()).alias(CUSTOMER),
        name => column(name),
    }
}

#[async_trait]
impl TableProvider for Events {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&wanted)?);
        let filters: Vec<Expr> = filters.iter().map(without_relation).collect::<Result<_>>()?;
        // A count reads no column, but rows all the same.
        let read = if wanted.is_empty() { vec![self.schema.index_of(TIME)?] } else { wanted.clone() };
        let parts = self.rows(&read, &filters).map_err(|error| DataFusionError::External(Box::new(error)))?;
        let mut plans = Vec::with_capacity(parts.len());
        for part in parts {
            plans.push(part.create_physical_plan().await?);
        }
        if plans.is_empty() {
            return Ok(Arc::new(datafusion::physical_plan::empty::EmptyExec::new(schema)));
        }
        let all = Arc::new(self.schema.project(&read)?);
        let rows: Arc<dyn ExecutionPlan> = Arc::new(Sequence::new(all, &plans, self.inner.engine.partitions));
        if wanted.is_empty() { crate::sequence::project(rows, Some(&Vec::new())) } else { Ok(rows) }
    }
}

/// Columns by their bare names: inside there is no relation called `events`.
fn without_relation(filter: &Expr) -> Result<Expr> {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let bare = |part: Expr| {
        Ok(match part {
            Expr::Column(named) => Transformed::yes(column(&named.name)),
            other => Transformed::no(other),
        })
    };
    Ok(filter.clone().transform(bare)?.data)
}
