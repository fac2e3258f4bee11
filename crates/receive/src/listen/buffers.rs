//! What connections hold of unfinished messages, bounded over all of them: before a message is whole nobody knows whose
//! it is, so no customer's share could be charged.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room is counted in units of so many bytes.
const UNIT: usize = 1024;
/// So much every connection may hold without asking: what is read at once.
const FREE: usize = 64 * 1024;

/// The room of all connections together.
#[derive(Debug, Clone)]
pub(super) struct Buffers(Arc<Semaphore>);

/// What one connection holds of it; given back when it ends.
#[derive(Debug)]
pub(super) struct Held {
    all: Buffers,
    units: usize,
    permit: Option<OwnedSemaphorePermit>,
    refused: bool,
}

impl Buffers {
    pub(super) fn new(bytes: usize) -> Self {
        Buffers(Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))))
    }

    pub(super) fn nothing(&self) -> Held {
        Held { all: self.clone(), units: 0, permit: None, refused: false }
    }
}

impl Held {
    /// Holds this many bytes from now on; false where there is no room for them.
    pub(super) fn hold(&mut self, bytes: usize) -> bool {
        let wanted = bytes.saturating_sub(FREE).div_ceil(UNIT);
        if wanted > self.units {
            return self.take(wanted - self.units);
        }
        if let Some(permit) = &mut self.permit {
            // Dropping gives back.
            drop(permit.split(self.units - wanted));
        }
        self.units = wanted;
        true
    }

    /// Holds more: what a message becomes when it is unpacked.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        self.take(bytes.div_ceil(UNIT))
    }

    /// Whether there was no room once.
    pub(super) fn was_refused(&self) -> bool {
        self.refused
    }

    fn take(&mut self, units: usize) -> bool {
        let count = u32::try_from(units).unwrap_or(u32::MAX);
        match self.all.0.clone().try_acquire_many_owned(count) {
            Ok(more) => {
                self.units += units;
                match &mut self.permit {
                    Some(permit) => permit.merge(more),
                    None => self.permit = Some(more),
                }
                true
            }
            Err(_) => {
                self.refused = true;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_share_the_room_and_give_it_back() {
        let all = Buffers::new(1 << 20);
        let (mut one, mut other) = (all.nothing(), all.nothing());
        assert!(one.hold(FREE) && other.hold(FREE), "what is read at once is free");
        assert!(one.hold(FREE + (1 << 19)) && one.grow(1 << 19));
        assert!(!other.hold(FREE + 1) && other.was_refused());
        assert!(one.hold(0));
        assert!(other.hold(FREE + (1 << 20)));
        drop(other);
        assert!(one.hold(FREE + (1 << 20)));
    }
}
