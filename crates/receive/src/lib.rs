#![doc = include_str!("../README.md")]

mod disk_room;
pub mod hand_in;
mod import;
mod intake;
pub mod listen;
mod receiver;
mod senders;
mod stats;
pub mod wal;

pub use disk_room::DiskRoom;
pub use import::{ImportError, Imported, import_file};
pub use intake::{Accepted, Intake, IntakeConfig, IntakeError, Record};
pub use receiver::{ReceiveConfig, Receiver};
pub use senders::{Sender, SenderDirectory};
pub use stats::{ReceiveStats, Rejection};
