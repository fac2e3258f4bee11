//! A session that knows `events` and nothing else.

use std::sync::Arc;

use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{SQLOptions, SessionContext};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::tokenizer::Location;

use super::guard::{Asked, EVENTS, wrong};
use super::view::Events;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// Functions whose results can be large whatever the events are, or that tell of the machine.
const FORBIDDEN: &[&str] = &[
    "repeat",
    "lpad",
    "rpad",
    "space",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "range",
    "generate_series",
    "gen_series",
    "version",
    "arrow_typeof",
];

/// The plan of a checked text over this view.
pub(super) async fn plan(engine: &Engine, view: Events, asked: &Asked, memory: usize) -> Result<DataFrame> {
    let mut config = engine.context().copied_config();
    config.options_mut().sql_parser.collect_spans = true;
    config.options_mut().sql_parser.enable_ident_normalization = false;
    config.options_mut().execution.enable_recursive_ctes = false;
    let environment = RuntimeEnvBuilder::from_runtime_env(&engine.context().runtime_env())
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory)))
        .build_arc()?;
    let allowed = |name: &str| !FORBIDDEN.contains(&name);
    let scalar = SessionStateDefaults::default_scalar_functions().into_iter();
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(environment)
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(
            scalar
                .filter(|function| allowed(function.name()) && function.aliases().iter().all(|name| allowed(name)))
                .collect(),
        )
        .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .build();
    let session = SessionContext::new_with_state(state);
    session.register_table(EVENTS, Arc::new(view))?;
    let statement = Statement::Statement(Box::new(asked.statement.clone()));
    let plan = session.state().statement_to_plan(statement).await.map_err(unplanned)?;
    let only_reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_reads.verify_plan(&plan).map_err(unplanned)?;
    Ok(DataFrame::new(session.state(), plan))
}

/// What the planner does not understand is the asker's to mend; it often says where.
fn unplanned(error: DataFusionError) -> Error {
    let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
    let place = span.map_or(Location::new(1, 1), |span| Location::new(span.start.line, span.start.column));
    match error.find_root() {
        DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::SQL(..)
        | DataFusionError::NotImplemented(_) => {
            let problem = error.strip_backtrace();
            let problem = problem.split_once(": ").map_or(problem.as_str(), |(_, rest)| rest);
            // All core fields by name are no help.
            let problem = problem.split("\nValid fields").next().unwrap_or(problem);
            wrong(place, problem)
        }
        _ => error.into(),
    }
}
