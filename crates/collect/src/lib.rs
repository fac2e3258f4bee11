#![doc = include_str!("../README.md")]

mod buffer;
mod check;
mod client;
mod collector;
mod config;
mod error;
mod forward;
mod mask;
mod place;
mod stats;
mod tail;

pub use check::{Finding, check};
pub use collector::Collector;
pub use config::Config;
pub use error::Error;
pub use stats::CollectStats;
