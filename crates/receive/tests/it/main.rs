//! The crate from outside.

mod forgetful_disk;
mod wal;
