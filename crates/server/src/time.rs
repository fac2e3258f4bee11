//! The clock, read in one place.

use std::time::SystemTime;

use model::Timestamp;

/// The instant.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}
