//! The crate from outside.

mod fairness;
mod forgetful_disk;
mod http;
mod protocols;
mod senders;
mod wal;
