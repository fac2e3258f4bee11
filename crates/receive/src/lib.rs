#![doc = include_str!("../README.md")]

mod disk_room;
mod hand_in;
pub mod http;
mod import;
mod intake;
mod limits;
pub mod listen;
pub mod nats;
mod once;
mod receiver;
mod recent;
mod room;
mod senders;
mod stats;
pub mod wal;

pub use disk_room::DiskRoom;
pub use import::{ImportError, Imported, import_file};
pub use intake::{Accepted, Edit, Intake, IntakeConfig, IntakeError, OnceError, Record, Trail};
pub use limits::{Rate, RateLimits};
pub use receiver::{ReceiveConfig, Receiver};
pub use recent::{Heard, Refused};
pub use senders::{Sender, SenderDirectory};
pub use stats::{Protocol, ProtocolStats, ReceiveStats, Rejection};
