#![doc = include_str!("../README.md")]

mod build;
mod column;
mod error;
mod key;
mod look;
mod run;
mod wanted;

pub use build::Builder;
pub use error::{Error, Result};
pub use key::{Key, indicator_key, keys};
pub use look::{Found, Scratch};
pub use run::{Run, RunInfo};
pub use wanted::Wanted;
