#![doc = include_str!("../README.md")]

mod error;
mod flow;
mod follow;
mod names;
mod pipeline;
mod rulings;
mod stats;

pub use error::Error;
pub use flow::FlowConfig;
pub use intel::IndexStats;
pub use pipeline::{Pipeline, PipelineConfig, PipelineParts};
pub use rulings::{Ruleset, Rulings};
pub use stats::{PipelineStats, StageTimes};
