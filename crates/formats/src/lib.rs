#![doc = include_str!("../README.md")]

mod builder;
pub mod cef;
pub mod dissect;
pub mod file;
pub mod frame;
mod generic;
mod hash;
pub mod json;
pub mod key_value;
mod parser;
mod source;
pub mod syslog;
pub mod text;
pub mod time;

pub use parser::{Hint, Parser};
pub use source::{Source, SourceError, Sources};
pub use time::Zone;
