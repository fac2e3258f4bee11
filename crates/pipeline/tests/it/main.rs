//! The crate from outside.

mod baselines;
mod catalogue;
#[expect(dead_code, reason = "the log's own tests use the rest")]
#[path = "../../../receive/tests/it/forgetful_disk.rs"]
mod forgetful_disk;
mod intel;
mod listen;
mod multi_line;
mod replay;
mod world;
