//! The crate from outside.

mod catalogue;
mod forgetful_disk;
mod listen;
mod replay;
mod wal;
mod world;
