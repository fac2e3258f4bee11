//! Alarms of the platform about itself: what an administrator must know before anybody else notices.

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{PlatformAlarmId, Timestamp};

words! {
    /// What is wrong.
    PlatformAlarmKind {
        /// Intake waits for room on the disk.
        DiskFull = "disk_full",
        /// Making records durable takes long.
        DiskSlow = "disk_slow",
        /// Records wait to be judged.
        Backlog = "backlog",
        /// Intake stopped for good.
        IntakeStopped = "intake_stopped",
        /// Senders are refused in numbers.
        Refusing = "refusing",
        /// Nothing arrives from anybody, though much should.
        NothingArrives = "nothing_arrives",
        /// The store does not take what the flow writes.
        StoreFails = "store_fails",
        /// The lake cannot write its files.
        LakeFails = "lake_fails",
        /// A file of the lake is damaged.
        LakeDamaged = "lake_damaged",
        /// The machine's clock was set.
        ClockJump = "clock_jump",
    }
}

/// An alarm of the platform, from its begin to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlatformAlarm {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: PlatformAlarmId,
    /// What is wrong.
    pub kind: PlatformAlarmKind,
    /// A figure or a name that belongs to it, as seen last.
    pub detail: String,
    /// Since when.
    pub began: Timestamp,
    /// Until when; absent while it lasts.
    pub ended: Option<Timestamp>,
}
