//! The real binary, driven over the wire.

mod crash;
mod journey;
mod offline;
mod reader;
mod server;
