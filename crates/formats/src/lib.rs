#![doc = include_str!("../README.md")]

mod builder;
pub mod cef;
pub mod csv;
pub mod decode;
pub mod dissect;
mod envelope;
pub mod file;
pub mod frame;
pub mod fuzz;
mod generic;
mod grok;
mod hash;
pub mod json;
mod json_repair;
pub mod key_value;
mod leef;
mod parser;
mod source;
pub mod split;
pub mod syslog;
pub mod text;
pub mod time;
pub mod trial;
mod xml;

pub use parser::{Hint, Parser};
pub use source::{Line, Place, RecordStart, Source, SourceError, Sources};
pub use time::Zone;
