//! The lake's upkeep while the server runs, and the commands of `vedette lake`.

mod answer;
mod arguments;
mod command;
mod evidence;
mod upkeep;

pub use answer::{Request, answer, policy, rules};
pub use arguments::LakeCommand;
pub use command::run;
pub use upkeep::{Seen, Upkeep};
