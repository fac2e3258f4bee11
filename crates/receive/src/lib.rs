#![doc = include_str!("../README.md")]

mod disk_room;
pub mod hand_in;
mod import;
mod intake;
mod limits;
pub mod listen;
mod receiver;
mod room;
mod senders;
mod stats;
pub mod wal;

pub use disk_room::DiskRoom;
pub use import::{ImportError, Imported, import_file};
pub use intake::{Accepted, Intake, IntakeConfig, IntakeError, Record};
pub use limits::{Rate, RateLimits};
pub use receiver::{ReceiveConfig, Receiver};
pub use senders::{Sender, SenderDirectory};
pub use stats::{Protocol, ProtocolStats, ReceiveStats, Rejection};
