//! Where a start begins: the watermark of the alerts, the lake's position, and the state of detection at a sequence.
//!
//! The state is kept in parts, each with what changed since the one before; parts that later ones have made needless are
//! removed. A head names the sequence and the parts that make up the state there. Head, parts and positions are committed
//! together with the alerts they stand for.

use std::collections::BTreeMap;
use std::ops::Range;

use model::AlertId;
use serde::{Deserialize, Serialize};
use store::{Tx, Watermark};

use super::aggregate::Changes;
use super::alert::OpenAlert;
use super::detect::StateParts;
use crate::error::Error;

/// The layout of heads and parts.
const VERSION: u32 = 3;

/// Names a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    version: u32,
    /// The state is that after this sequence.
    sequence: u64,
    /// The parts that make it up.
    parts: Range<u32>,
}

/// What detection knew after a sequence.
#[derive(Default)]
pub(super) struct Checkpoint {
    pub sequence: u64,
    /// The parts it was read from.
    pub parts: Range<u32>,
    /// The parts of correlations and baselines by number.
    pub state: Vec<(u32, StateParts)>,
    /// What is open, each with the part it stands in.
    pub alerts: Vec<(u32, OpenAlert)>,
}

/// What changed in detection up to a sequence, as the worker hands it over.
#[derive(Debug)]
pub(super) struct Part {
    pub sequence: u64,
    pub number: u32,
    /// Number of the first part correlations or baselines still need.
    pub oldest: u32,
    pub state: StateParts,
    pub alerts: Changes,
}

/// A part ready to be kept.
#[derive(Debug)]
pub(super) struct EncodedPart {
    pub sequence: u64,
    pub number: u32,
    /// Number of the first part still needed.
    pub oldest: u32,
    bytes: Vec<u8>,
}

/// The alerts of a part at rest.
#[derive(Serialize, Deserialize)]
struct Alerts {
    open: Vec<OpenAlert>,
    gone: Vec<AlertId>,
}

impl Part {
    /// Encodes it. This takes a while for a large one and belongs beside the flow.
    pub(super) fn encode(self) -> EncodedPart {
        let alerts = Alerts { open: self.alerts.open.iter().map(OpenAlert::of).collect(), gone: self.alerts.gone };
        let mut plain = Vec::new();
        for part in [&self.state.correlations, &self.state.baselines] {
            plain.extend_from_slice(&(part.len() as u64).to_be_bytes());
            plain.extend_from_slice(part);
        }
        serde_json::to_writer(&mut plain, &alerts).expect("texts, numbers and lists serialize");
        let bytes = zstd::encode_all(&plain[..], 1).expect("compressing in memory does not fail");
        let oldest = self.oldest.min(self.alerts.oldest);
        EncodedPart { sequence: self.sequence, number: self.number, oldest, bytes }
    }
}

/// The state and the alerts of a part.
fn decode(number: u32, bytes: &[u8]) -> Result<(StateParts, Alerts), Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::Checkpoint(format!("part {number}: {error}"));
    let plain = zstd::decode_all(bytes).map_err(|error| damaged(&error))?;
    let cut = || damaged(&"it is cut short");
    let mut rest = &plain[..];
    let mut take = || {
        let (length, behind) = rest.split_first_chunk::<8>()?;
        let (part, behind) = behind.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        rest = behind;
        Some(part.to_vec())
    };
    let state = StateParts { correlations: take().ok_or_else(cut)?, baselines: take().ok_or_else(cut)? };
    let alerts = serde_json::from_slice(rest).map_err(|error| damaged(&error))?;
    Ok((state, alerts))
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

    /// The parts the state stands in.
    pub(super) fn parts(&self) -> Range<u32> {
        self.checkpoint.as_ref().map_or(1..1, |checkpoint| checkpoint.parts.clone())
    }

    /// The first sequence to read.
    pub(super) fn first(&self) -> u64 {
        self.detected().min(self.lake) + 1
    }
}

/// Reads where to begin with a shard of a log.
pub(super) async fn load(tx: &mut Tx, log: u32, shard: u16) -> Result<Start, Error> {
    let marks = tx.alert_watermarks().await?;
    let watermark = marks.iter().find(|mark| (mark.log, mark.shard) == (log, shard)).map_or(0, |mark| mark.sequence);
    let lake = tx.get_state(&lake_state(log, shard)).await?;
    let lake = lake.and_then(|bytes| bytes.as_slice().try_into().ok()).map_or(0, u64::from_be_bytes);
    // Data from before counts were kept begins to be counted where it stands.
    let counted = counted(tx, log, shard).await?.unwrap_or(watermark);
    let checkpoint = match tx.get_state(&checkpoint_state(log, shard)).await? {
        None => None,
        Some(bytes) => match serde_json::from_slice::<Head>(&bytes) {
            Ok(head) if head.version == VERSION => Some(read(tx, log, shard, head).await?),
            _ => {
                tracing::warn!(
                    "the state of detection is of another version; correlations, baselines and open alerts begin anew"
                );
                Some(Checkpoint { sequence: watermark.min(counted), parts: 1..1, ..Checkpoint::default() })
            }
        },
    };
    Ok(Start { watermark, lake, counted, checkpoint })
}

/// Reads the parts of a state.
async fn read(tx: &mut Tx, log: u32, shard: u16, head: Head) -> Result<Checkpoint, Error> {
    let mut state = Vec::new();
    let mut alerts: BTreeMap<AlertId, (u32, OpenAlert)> = BTreeMap::new();
    for number in head.parts.clone() {
        let bytes = tx.get_state(&part_state(log, shard, number)).await?;
        let bytes = bytes.ok_or_else(|| Error::Checkpoint(format!("part {number} is missing")))?;
        let (own, changed) = decode(number, &bytes)?;
        state.push((number, own));
        changed.gone.iter().for_each(|id| drop(alerts.remove(id)));
        alerts.extend(changed.open.into_iter().map(|open| (open.id().clone(), (number, open))));
    }
    let alerts = alerts.into_values().collect();
    Ok(Checkpoint { sequence: head.sequence, parts: head.parts, state, alerts })
}

/// Up to where events are in the counts of their devices.
pub(super) async fn counted(tx: &mut Tx, log: u32, shard: u16) -> Result<Option<u64>, store::Error> {
    let kept = tx.get_state(&counted_state(log, shard)).await?;
    Ok(kept.and_then(|bytes| bytes.as_slice().try_into().ok()).map(u64::from_be_bytes))
}

/// Positions and state to commit; absent parts stay as they are.
#[derive(Default)]
pub(super) struct Positions<'p> {
    pub watermark: u64,
    pub lake: Option<u64>,
    pub counted: Option<u64>,
    /// New parts in order; the last says which are still needed.
    pub parts: &'p [EncodedPart],
    /// Number of the first part kept so far.
    pub oldest_part: u32,
}

/// Writes positions within the transaction of what they stand for.
pub(super) async fn save(tx: &mut Tx, log: u32, shard: u16, positions: &Positions<'_>) -> Result<(), store::Error> {
    tx.set_alert_watermark(&Watermark { log, shard, sequence: positions.watermark }).await?;
    if let Some(lake) = positions.lake {
        tx.put_state(&lake_state(log, shard), &lake.to_be_bytes()).await?;
    }
    if let Some(last) = positions.parts.last() {
        for part in positions.parts {
            tx.put_state(&part_state(log, shard, part.number), &part.bytes).await?;
        }
        let head = Head { version: VERSION, sequence: last.sequence, parts: last.oldest..last.number + 1 };
        let head = serde_json::to_vec(&head).expect("numbers serialize");
        tx.put_state(&checkpoint_state(log, shard), &head).await?;
        for number in positions.oldest_part..last.oldest {
            tx.delete_state(&part_state(log, shard, number)).await?;
        }
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

fn part_state(log: u32, shard: u16, number: u32) -> String {
    format!("pipeline/{log:08x}/{shard:04x}/part/{number:08x}")
}
