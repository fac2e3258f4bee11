//! The crate from outside.

mod fairness;
mod forgetful_disk;
mod http;
mod multi_line;
mod nats;
mod protocols;
mod python;
mod senders;
mod wal;
