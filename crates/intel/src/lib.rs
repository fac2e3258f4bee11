#![doc = include_str!("../README.md")]

mod arena;
mod builder;
mod filter;
mod hash;
mod index;
mod key;
mod ranges;
pub mod read;
mod warnings;

pub use builder::{Added, IndexBuilder, ListScope};
pub use index::{Hit, Index, IndexStats};
pub use warnings::{BUILT_IN, Warnings};
