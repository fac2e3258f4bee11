#![doc = include_str!("../README.md")]

mod address;
mod client;
mod error;
mod fetch;
mod folder;
mod misp;
mod place;
mod taxii;

pub use address::is_public;
pub use error::Error;
pub use fetch::{Brought, Fetched, Fetcher, Settings};
