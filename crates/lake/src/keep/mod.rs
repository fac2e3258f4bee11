//! Keeping what is there: merging small files, expiry and deletion, looking after damage, evidence.

mod compact;
mod delete;
mod evidence;
mod file;
mod idset;
mod pace;
mod retire;
mod scrub;
mod tally;
mod verify;

pub use compact::Compacted;
pub use delete::Deletion;
pub use evidence::{Exported, NDJSON, PARQUET, parquet_rows};
pub(crate) use file::Reader;
pub(crate) use pace::Pace;
pub use retire::Hold;
pub(crate) use retire::{Lease, Retired};
pub use scrub::Scrubbed;
pub(crate) use tally::Tally;
pub use tally::{LakeStats, Stored};
pub use verify::{Problem, Verified, verify};
