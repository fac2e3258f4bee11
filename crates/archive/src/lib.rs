#![doc = include_str!("../README.md")]

mod cipher;
mod protected;
mod reader;

pub use protected::Protected;
pub use reader::{Entry, entries};
