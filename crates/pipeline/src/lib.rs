#![doc = include_str!("../README.md")]

mod disk_room;
mod error;
mod flow;
mod follow;
pub mod hand_in;
mod import;
mod intake;
pub mod listen;
mod names;
mod pipeline;
mod senders;
mod stats;
pub mod wal;

pub use disk_room::DiskRoom;
pub use error::Error;
pub use flow::FlowConfig;
pub use import::{ImportError, Imported, import_file};
pub use intake::{Accepted, Intake, IntakeConfig, IntakeError, Record};
pub use pipeline::{Pipeline, PipelineConfig, PipelineParts};
pub use senders::{Sender, SenderDirectory};
pub use stats::{PipelineStats, Rejection, StageTimes};
