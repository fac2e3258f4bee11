//! The real binary, driven over the wire.

mod collect;
mod crash;
mod hunt;
mod journey;
mod offline;
mod reader;
mod server;
