//! Stops intake before the disk is full, and lets it go on when there is room again.

use std::io;
use std::path::Path;

/// How much must stay free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// At least so many bytes,
    pub min_free_bytes: u64,
    /// and at least this share of the file system, in percent.
    pub min_free_percent: u8,
}

impl Default for DiskRoom {
    fn default() -> Self {
        DiskRoom { min_free_bytes: 1 << 30, min_free_percent: 5 }
    }
}

impl DiskRoom {
    /// Whether the file system of `path` is too full. Once it is, a tenth more than the limit must be free again, so
    /// that intake does not flutter.
    pub fn is_low(&self, path: &Path, was_low: bool) -> io::Result<bool> {
        let found = rustix::fs::statvfs(path)?;
        let unit = found.f_frsize.max(1);
        Ok(self.judge(found.f_bavail.saturating_mul(unit), found.f_blocks.saturating_mul(unit), was_low))
    }

    fn judge(&self, free: u64, total: u64, was_low: bool) -> bool {
        let share = total / 100 * u64::from(self.min_free_percent.min(100));
        let limit = self.min_free_bytes.max(share);
        let limit = if was_low { limit.saturating_add(limit / 10) } else { limit };
        free < limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intake_stops_below_the_limit_and_goes_on_a_tenth_above_it() {
        let room = DiskRoom { min_free_bytes: 100, min_free_percent: 5 };
        assert!(!room.judge(100, 1000, false));
        assert!(room.judge(99, 1000, false));
        assert!(room.judge(109, 1000, true));
        assert!(!room.judge(110, 1000, true));
        assert!(room.judge(499, 10_000, false), "five percent of a large disk");
        assert!(DiskRoom { min_free_bytes: u64::MAX, ..room }.is_low(Path::new("."), false).unwrap());
        assert!(!DiskRoom { min_free_bytes: 0, min_free_percent: 0 }.is_low(Path::new("."), true).unwrap());
    }
}
