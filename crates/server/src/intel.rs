//! Keeps what the pipeline looks for in step with the intelligence lists.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ops::Ops;
use pipeline::Pipeline;
use tokio::sync::watch;

use crate::error::{Error, whole};
use crate::time::now;

/// How often the lists are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// After a change the next index is not begun before so many times as long as the last one took: lists that change all
/// the time must not keep a core busy.
const PAUSE: u32 = 5;

/// Builds the index anew when lists have changed, beside the thread that judges, and hands it over.
pub async fn follow(
    ops: Ops,
    pipeline: Arc<Pipeline>,
    mut in_force: String,
    mut draining: watch::Receiver<bool>,
) -> Result<(), Error> {
    let mut not_before = Instant::now();
    while tokio::time::timeout(LOOK, draining.wait_for(|draining| *draining)).await.is_err() {
        if Instant::now() < not_before {
            continue;
        }
        let begun = Instant::now();
        match renew(&ops, &pipeline, &in_force).await {
            Ok(None) => {}
            Ok(Some(version)) => {
                in_force = version;
                not_before = Instant::now() + begun.elapsed() * PAUSE;
            }
            Err(why) => {
                tracing::warn!(why, "changed intelligence lists are not in force; tried again");
                not_before = Instant::now() + Duration::from_secs(5);
            }
        }
    }
    Ok(())
}

async fn renew(ops: &Ops, pipeline: &Pipeline, in_force: &str) -> Result<Option<String>, String> {
    let version = ops.intel_version(now()).await.map_err(|error| whole(&error))?;
    if version == in_force {
        return Ok(None);
    }
    let index = Arc::new(ops.intel_index(now()).await.map_err(|error| whole(&error))?);
    ops.set_intel(index.clone());
    pipeline.set_intel(index).await.map_err(|error| whole(&error))?;
    Ok(Some(version))
}
