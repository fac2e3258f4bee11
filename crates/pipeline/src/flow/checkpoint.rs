//! Where a start begins: the watermark of the alerts, the lake's position, and the state of detection at a sequence.

use serde::{Deserialize, Serialize};
use store::{Tx, Watermark};

use super::aggregate::OpenAlert;
use super::detect::State;
use crate::error::Error;

/// The layout of a checkpoint.
const VERSION: u32 = 1;

/// What detection knew after a sequence.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    version: u32,
    pub sequence: u64,
    pub correlations: State,
    pub alerts: Vec<OpenAlert>,
}

/// Where to begin.
pub(super) struct Start {
    /// Alerts of events up to here are written.
    pub watermark: u64,
    /// Events up to here are in committed files of the lake.
    pub lake: u64,
    /// Events up to here are in the counts of their devices; never behind the checkpoint.
    pub counted: u64,
    /// The state to go on with; absent: from the beginning of the log, with none.
    pub checkpoint: Option<Checkpoint>,
}

impl Start {
    /// The sequence up to which detection need not look again.
    pub(super) fn detected(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence)
    }

    /// The first sequence to read.
    pub(super) fn first(&self) -> u64 {
        self.detected().min(self.lake) + 1
    }
}

/// Encodes the state for [`Tx::put_state`].
pub(super) fn encode(sequence: u64, correlations: State, alerts: Vec<OpenAlert>) -> Vec<u8> {
    let checkpoint = Checkpoint { version: VERSION, sequence, correlations, alerts };
    let text = serde_json::to_vec(&checkpoint).expect("texts, numbers and lists serialize");
    zstd::encode_all(&text[..], 1).expect("compressing in memory does not fail")
}

fn decode(bytes: &[u8]) -> Result<Checkpoint, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Checkpoint(error.to_string());
    let text = zstd::decode_all(bytes).map_err(|error| failed(&error))?;
    let checkpoint: Checkpoint = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
    if checkpoint.version != VERSION {
        return Err(failed(&format_args!("layout {} is not known, only {VERSION}", checkpoint.version)));
    }
    Ok(checkpoint)
}

/// Reads where to begin with a shard of a log.
pub(super) async fn load(tx: &mut Tx, log: u32, shard: u16) -> Result<Start, Error> {
    let marks = tx.alert_watermarks().await?;
    let watermark = marks.iter().find(|mark| (mark.log, mark.shard) == (log, shard)).map_or(0, |mark| mark.sequence);
    let lake = tx.get_state(&lake_state(log, shard)).await?;
    let lake = lake.and_then(|bytes| bytes.as_slice().try_into().ok()).map_or(0, u64::from_be_bytes);
    let checkpoint = tx.get_state(&checkpoint_state(log, shard)).await?;
    let checkpoint = checkpoint.map(|bytes| decode(&bytes)).transpose()?;
    // Data from before counts were kept begins to be counted where it stands.
    let counted = counted(tx, log, shard).await?.unwrap_or(watermark);
    Ok(Start { watermark, lake, counted, checkpoint })
}

/// Up to where events are in the counts of their devices.
pub(super) async fn counted(tx: &mut Tx, log: u32, shard: u16) -> Result<Option<u64>, store::Error> {
    let kept = tx.get_state(&counted_state(log, shard)).await?;
    Ok(kept.and_then(|bytes| bytes.as_slice().try_into().ok()).map(u64::from_be_bytes))
}

/// Positions and state to commit; absent parts stay as they are.
#[derive(Default)]
pub(super) struct Positions {
    pub watermark: u64,
    pub lake: Option<u64>,
    pub checkpoint: Option<Vec<u8>>,
    pub counted: Option<u64>,
}

/// Writes positions within the transaction of what they stand for.
pub(super) async fn save(tx: &mut Tx, log: u32, shard: u16, positions: &Positions) -> Result<(), store::Error> {
    tx.set_alert_watermark(&Watermark { log, shard, sequence: positions.watermark }).await?;
    if let Some(lake) = positions.lake {
        tx.put_state(&lake_state(log, shard), &lake.to_be_bytes()).await?;
    }
    if let Some(checkpoint) = &positions.checkpoint {
        tx.put_state(&checkpoint_state(log, shard), checkpoint).await?;
    }
    if let Some(counted) = positions.counted {
        tx.put_state(&counted_state(log, shard), &counted.to_be_bytes()).await?;
    }
    Ok(())
}

fn lake_state(log: u32, shard: u16) -> String {
    format!("pipeline/{log:08x}/{shard:04x}/lake")
}

fn counted_state(log: u32, shard: u16) -> String {
    format!("pipeline/{log:08x}/{shard:04x}/counted")
}

fn checkpoint_state(log: u32, shard: u16) -> String {
    format!("pipeline/{log:08x}/{shard:04x}/checkpoint")
}
