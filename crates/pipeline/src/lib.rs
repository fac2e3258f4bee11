#![doc = include_str!("../README.md")]

mod error;
mod flow;
mod follow;
mod names;
mod pipeline;
mod stats;

pub use error::Error;
pub use flow::FlowConfig;
pub use pipeline::{Pipeline, PipelineConfig, PipelineParts};
pub use stats::{PipelineStats, StageTimes};
