//! Many sources as one table that reads few of them at a time: the union of a hundred groups of files would open all of
//! them at once.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::TableType;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::{StreamExt, stream};

/// Sources one after another in a few lanes.
#[derive(Debug)]
pub(crate) struct Sequence {
    /// Sources with the partition of each.
    lanes: Vec<Vec<(Arc<dyn ExecutionPlan>, usize)>>,
    properties: Arc<PlanProperties>,
}

impl Sequence {
    /// All partitions of plans that have this schema, in `lanes` lanes.
    pub fn new(schema: SchemaRef, plans: &[Arc<dyn ExecutionPlan>], lanes: usize) -> Self {
        let partitions = plans.iter().flat_map(|plan| {
            (0..plan.output_partitioning().partition_count()).map(|partition| (plan.clone(), partition))
        });
        let mut filled = vec![Vec::new(); lanes.max(1)];
        for (place, source) in partitions.enumerate() {
            filled[place % lanes.max(1)].push(source);
        }
        filled.retain(|lane| !lane.is_empty());
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(filled.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Sequence { lanes: filled, properties: Arc::new(properties) }
    }
}

impl DisplayAs for Sequence {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sequence: lanes={}", self.lanes.len())
    }
}

impl ExecutionPlan for Sequence {
    fn name(&self) -> &str {
        "Sequence"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    /// None that an optimiser should look into: the sources are planned already.
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, lane: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let sources = self.lanes.get(lane).cloned().unwrap_or_default();
        let batches =
            stream::iter(sources).flat_map(move |(plan, partition)| match plan.execute(partition, context.clone()) {
                Ok(batches) => batches,
                Err(error) => {
                    let schema = plan.schema();
                    Box::pin(RecordBatchStreamAdapter::new(schema, stream::once(async { Err(error) })))
                }
            });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

/// Planned sources as a table.
#[derive(Debug)]
pub(crate) struct Sources {
    pub schema: SchemaRef,
    pub plans: Vec<Arc<dyn ExecutionPlan>>,
    pub lanes: usize,
}

#[async_trait]
impl TableProvider for Sources {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Arc<dyn ExecutionPlan> = Arc::new(Sequence::new(self.schema.clone(), &self.plans, self.lanes));
        project(all, projection)
    }
}

/// Only some columns of a plan.
pub(crate) fn project(plan: Arc<dyn ExecutionPlan>, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
    use datafusion::physical_expr::expressions::Column;
    use datafusion::physical_plan::projection::ProjectionExec;
    let Some(projection) = projection else { return Ok(plan) };
    let schema = plan.schema();
    let columns = projection.iter().map(|place| {
        let name = schema.field(*place).name();
        (Arc::new(Column::new(name, *place)) as Arc<dyn PhysicalExpr>, name.clone())
    });
    Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), plan)?))
}
