//! Everything over HTTP: what is taken is in the log before the answer, what is not is said in the protocol's own words.

mod connection;
mod elastic;
mod encrypted;
mod hec;
mod ndjson;
mod once;
mod otlp;
mod senders;
pub mod world;
