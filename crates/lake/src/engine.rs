//! The query engine's own threads, memory and queue: a search may be slow, but it never starves anything else.

use std::future::Future;
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use object_store::local::LocalFileSystem;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::config::LakeConfig;
use crate::disk::SPILL;
use crate::error::{Error, Result};
use crate::meter::Costs;
use crate::text::Indexes;

/// Where the lake's folder is registered with the engine.
pub(crate) const STORE: &str = "lake://files/";

const BATCH_ROWS: usize = 8192;

/// Expressions are walked by recursion; the memory is only taken where it is used.
const STACK: usize = 32 << 20;

pub(crate) struct Engine {
    runtime: Option<Runtime>,
    context: SessionContext,
    permits: Arc<Semaphore>,
    /// How many permits there are.
    most: usize,
    pub partitions: usize,
    pub indexes: Indexes,
    pub costs: Costs,
}

impl Engine {
    pub fn new(config: &LakeConfig) -> Result<Self> {
        let partitions = std::thread::available_parallelism().map_or(2, |cores| cores.get()).min(4);
        let mut session = SessionConfig::new()
            .with_batch_size(BATCH_ROWS)
            .with_target_partitions(partitions)
            .with_information_schema(false)
            .with_collect_statistics(false);
        let options = session.options_mut();
        options.execution.parquet.reorder_filters = true;
        options.execution.parquet.schema_force_view_types = false;
        options.optimizer.max_passes = 1;

        let environment = RuntimeEnvBuilder::new()
            .with_memory_limit(config.query_memory, 1.0)
            .with_temp_file_path(config.dir.join(SPILL))
            .build_arc()?;
        let files = LocalFileSystem::new_with_prefix(&config.dir)
            .map_err(|error| Error::disk("open", &config.dir)(error.into()))?;
        let store = ObjectStoreUrl::parse(STORE)?;
        // No query reaches any file but the lake's.
        environment.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
        environment.register_object_store(store.as_ref(), Arc::new(files));

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(partitions)
            .thread_name("lake-query")
            .thread_stack_size(STACK)
            .enable_all()
            .build()
            .map_err(Error::disk("start query threads for", &config.dir))?;
        Ok(Engine {
            runtime: Some(runtime),
            context: SessionContext::new_with_config_rt(session, environment),
            permits: Arc::new(Semaphore::new(config.concurrent_queries.max(1))),
            most: config.concurrent_queries.max(1),
            partitions,
            indexes: Indexes::new(&config.dir),
            costs: Costs::new(config),
        })
    }

    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Whether no query runs or waits.
    pub fn is_idle(&self) -> bool {
        self.permits.available_permits() == self.most
    }

    /// How many queries run.
    pub fn running(&self) -> usize {
        self.most - self.permits.available_permits().min(self.most)
    }

    /// Runs a query on the engine's threads when its turn comes; dropping the future stops the work.
    pub async fn run<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::Stopped)?;
        let runtime = self.runtime.as_ref().ok_or(Error::Stopped)?;
        let mut task = Stopping(runtime.spawn(async move {
            let _permit = permit;
            work.await
        }));
        (&mut task.0).await.map_err(|_| Error::Stopped)?
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Aborts its task when nobody waits for it any more.
struct Stopping<T>(JoinHandle<T>);

impl<T> Drop for Stopping<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
