//! The crate from outside.

mod forgetful_disk;
mod http;
mod protocols;
mod senders;
mod wal;
