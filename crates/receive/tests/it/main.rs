//! The crate from outside.

mod forgetful_disk;
mod protocols;
mod senders;
mod wal;
