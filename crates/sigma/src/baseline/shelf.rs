//! Things found by a key and held in the order they were last touched, so that at a bound the one untouched for longest
//! goes. Notes what changed since it was last written.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::correlation::key::Key;

/// Things in one piece of memory.
const CHUNK: usize = 256;
/// No place.
const NONE: u32 = u32::MAX;

/// What a thing takes beside itself.
pub(crate) trait Weight {
    /// Bytes on the heap.
    fn heap(&self) -> usize;
}

/// A thing and its place in the order.
#[derive(Debug)]
pub(crate) struct Slot<S> {
    pub key: Key,
    pub state: S,
    /// Counts up with each touch in its shelf.
    pub touched: u64,
    before: u32,
    after: u32,
    /// The part of the state it was last written to; 0 for none.
    pub written: u32,
    /// Whether it has changed since.
    changed: bool,
}

/// What has changed since the shelf was last written. Kept only once somebody asked for it.
#[derive(Debug, Default)]
struct Ledger {
    on: bool,
    changed: Vec<u32>,
    removed: Vec<Key>,
    /// What each part was written with, oldest part first. What changed later stands in a later one as well.
    parts: VecDeque<(u32, Vec<u32>)>,
}

/// The shelf.
#[derive(Debug)]
pub(crate) struct Shelf<S> {
    index: HashTable<u32>,
    hasher: RandomState,
    chunks: Vec<Vec<Option<Slot<S>>>>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
    pub touches: u64,
    len: usize,
    /// Bytes on the heap behind what it holds.
    heap: usize,
    ledger: Ledger,
}

impl<S: Weight> Shelf<S> {
    pub(crate) fn new(keeps_ledger: bool) -> Self {
        Shelf {
            index: HashTable::new(),
            hasher: RandomState::new(),
            chunks: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
            touches: 0,
            len: 0,
            heap: 0,
            ledger: Ledger { on: keeps_ledger, ..Ledger::default() },
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.len * (size_of::<Option<Slot<S>>>() + size_of::<u64>()) + self.heap
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<u32> {
        let same = |id: &u32| self.get(*id).is_some_and(|slot| slot.key.as_bytes() == key);
        self.index.find(self.hasher.hash_one(key), same).copied()
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Slot<S>> {
        self.chunks.get(id as usize / CHUNK)?.get(id as usize % CHUNK)?.as_ref()
    }

    fn get_mut(&mut self, id: u32) -> Option<&mut Slot<S>> {
        self.chunks.get_mut(id as usize / CHUNK)?.get_mut(id as usize % CHUNK)?.as_mut()
    }

    /// Changes a thing, which now is the one touched last.
    pub(crate) fn touch<R>(&mut self, id: u32, change: impl FnOnce(&mut S) -> R) -> Option<R> {
        self.unlink(id)?;
        self.link(id);
        self.touches += 1;
        let touched = self.touches;
        self.get_mut(id)?.touched = touched;
        self.change(id, change)
    }

    /// Changes a thing where it stands.
    pub(crate) fn change<R>(&mut self, id: u32, change: impl FnOnce(&mut S) -> R) -> Option<R> {
        let on = self.ledger.on;
        let slot = self.get_mut(id)?;
        let before = slot.state.heap();
        let result = change(&mut slot.state);
        let after = slot.state.heap();
        let note = on && !std::mem::replace(&mut slot.changed, true);
        self.heap = self.heap + after - before;
        if note {
            self.ledger.changed.push(id);
        }
        Some(result)
    }

    /// Adds what is not there yet.
    pub(crate) fn insert(&mut self, key: Key, state: S) -> u32 {
        self.touches += 1;
        let touched = self.touches;
        let id = self.put(Slot { key, state, touched, before: NONE, after: NONE, written: 0, changed: self.ledger.on });
        if self.ledger.on {
            self.ledger.changed.push(id);
        }
        id
    }

    fn put(&mut self, slot: Slot<S>) -> u32 {
        self.heap += slot.state.heap() + slot.key.heap();
        let hash = self.hasher.hash_one(slot.key.as_bytes());
        let id = match self.free.pop() {
            Some(id) => {
                self.chunks[id as usize / CHUNK][id as usize % CHUNK] = Some(slot);
                id
            }
            None => {
                if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
                    self.chunks.push(if self.chunks.is_empty() { Vec::new() } else { Vec::with_capacity(CHUNK) });
                }
                let chunk = self.chunks.len() - 1;
                self.chunks[chunk].push(Some(slot));
                (chunk * CHUNK + self.chunks[chunk].len() - 1) as u32
            }
        };
        let (chunks, hasher) = (&self.chunks, &self.hasher);
        let rehash = |id: &u32| {
            let slot = &chunks[*id as usize / CHUNK][*id as usize % CHUNK];
            slot.as_ref().map_or(0, |slot| hasher.hash_one(slot.key.as_bytes()))
        };
        self.index.insert_unique(hash, id, rehash);
        self.len += 1;
        self.link(id);
        id
    }

    /// Takes a thing out.
    pub(crate) fn remove(&mut self, id: u32) -> Option<S> {
        self.unlink(id)?;
        let slot = self.chunks.get_mut(id as usize / CHUNK)?.get_mut(id as usize % CHUNK)?.take()?;
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(slot.key.as_bytes()), |other| *other == id) {
            entry.remove();
        }
        self.free.push(id);
        self.len -= 1;
        self.heap -= slot.state.heap() + slot.key.heap();
        if self.ledger.on && slot.written != 0 {
            self.ledger.removed.push(slot.key);
        }
        if self.len == 0 {
            // A flood that is over leaves nothing behind.
            (self.index, self.chunks, self.free) = (HashTable::new(), Vec::new(), Vec::new());
            self.ledger.changed = Vec::new();
            self.ledger.parts.iter_mut().for_each(|(_, ids)| ids.clear());
        }
        Some(slot.state)
    }

    /// What was untouched for longest.
    pub(crate) fn oldest(&self) -> Option<(u32, &Slot<S>)> {
        self.get(self.oldest).map(|slot| (self.oldest, slot))
    }

    /// Everything, what was untouched for longest first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (u32, &Slot<S>)> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let id = next;
            let slot = self.get(id)?;
            next = slot.after;
            Some((id, slot))
        })
    }

    /// The same from the other end.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Slot<S>> {
        let mut next = self.newest;
        std::iter::from_fn(move || {
            let slot = self.get(next)?;
            next = slot.before;
            Some(slot)
        })
    }

    fn link(&mut self, id: u32) {
        let newest = std::mem::replace(&mut self.newest, id);
        match self.get_mut(newest) {
            Some(slot) => slot.after = id,
            None => self.oldest = id,
        }
        if let Some(slot) = self.get_mut(id) {
            (slot.before, slot.after) = (newest, NONE);
        }
    }

    fn unlink(&mut self, id: u32) -> Option<()> {
        let slot = self.get(id)?;
        let (before, after) = (slot.before, slot.after);
        match self.get_mut(before) {
            Some(slot) => slot.after = after,
            None => self.oldest = after,
        }
        match self.get_mut(after) {
            Some(slot) => slot.before = before,
            None => self.newest = before,
        }
        Some(())
    }
}

/// Writing in parts.
impl<S: Weight> Shelf<S> {
    /// From now on it is noted what changes; everything there is has changed.
    pub(crate) fn begin_ledger(&mut self) {
        if std::mem::replace(&mut self.ledger.on, true) {
            return;
        }
        let ids: Vec<u32> = self.in_order().map(|(id, _)| id).collect();
        for id in ids {
            if let Some(slot) = self.get_mut(id) {
                slot.changed = true;
                self.ledger.changed.push(id);
            }
        }
    }

    /// Keys of what is gone and stands in an earlier part.
    pub(crate) fn take_removed(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.ledger.removed)
    }

    /// What the part of this number has to hold: what changed, and of everything else one in `again`, of what was written
    /// longest ago.
    pub(crate) fn take_changed(&mut self, number: u32, again: usize) -> &[u32] {
        let mut ids = std::mem::take(&mut self.ledger.changed);
        ids.retain(|id| {
            let slot = self.get_mut(*id);
            slot.is_some_and(|slot| {
                slot.written = number;
                std::mem::replace(&mut slot.changed, false)
            })
        });
        let most = ids.len() + ids.len().max(self.len / again + 1);
        while ids.len() < most
            && let Some((part, old)) = self.ledger.parts.front_mut()
        {
            let Some(id) = old.pop() else {
                self.ledger.parts.pop_front();
                continue;
            };
            let part = *part;
            if let Some(slot) = self.get_mut(id).filter(|slot| slot.written == part) {
                slot.written = number;
                ids.push(id);
            }
        }
        while self.ledger.parts.front().is_some_and(|(_, old)| old.is_empty()) {
            self.ledger.parts.pop_front();
        }
        self.ledger.parts.push_back((number, ids));
        self.ledger.parts.back().map_or(&[], |(_, ids)| ids)
    }

    /// Number of the first part that is still needed.
    pub(crate) fn oldest_part(&self) -> Option<u32> {
        self.ledger.parts.front().map(|(number, _)| *number)
    }

    /// Takes out what an earlier part had.
    pub(crate) fn take_back(&mut self, key: &[u8]) {
        if let Some(id) = self.find(key) {
            let on = std::mem::replace(&mut self.ledger.on, false);
            self.remove(id);
            self.ledger.on = on;
        }
    }

    /// Puts in what was written, without regard to order; [`Shelf::put_in_order`] follows.
    pub(crate) fn take_up(&mut self, number: u32, key: Key, touched: u64, state: S) -> u32 {
        self.take_back(key.as_bytes());
        self.put(Slot { key, state, touched, before: NONE, after: NONE, written: number, changed: false })
    }

    /// Notes what a part held.
    pub(crate) fn took_up(&mut self, number: u32, ids: Vec<u32>) {
        self.ledger.on = true;
        self.ledger.parts.push_back((number, ids));
    }

    /// Puts all in the order of their last touch.
    pub(crate) fn put_in_order(&mut self) {
        let mut all: Vec<(u64, u32)> = self.in_order().map(|(id, slot)| (slot.touched, id)).collect();
        all.sort_unstable();
        (self.oldest, self.newest) = (NONE, NONE);
        for (_, id) in all {
            self.link(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for u64 {
        fn heap(&self) -> usize {
            0
        }
    }

    fn key(number: u64) -> Key {
        Key::new(&number.to_le_bytes())
    }

    #[test]
    fn what_was_untouched_for_longest_stands_first_whatever_was_put_in_and_taken_out() {
        let mut shelf: Shelf<u64> = Shelf::new(false);
        let mut model: Vec<u64> = Vec::new();
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let number = random.u64(..700);
            match (shelf.find(key(number).as_bytes()), random.u8(..4)) {
                (Some(id), 0) => {
                    assert_eq!(shelf.remove(id), Some(number));
                    model.retain(|other| *other != number);
                }
                (Some(id), _) => {
                    shelf.touch(id, |_| ()).unwrap();
                    model.retain(|other| *other != number);
                    model.push(number);
                }
                (None, _) => {
                    shelf.insert(key(number), number);
                    model.push(number);
                }
            }
        }
        let held: Vec<u64> = shelf.in_order().map(|(_, slot)| slot.state).collect();
        assert_eq!((held.len(), &held), (shelf.len(), &model));
        while let Some((id, _)) = shelf.oldest() {
            shelf.remove(id);
        }
        assert_eq!((shelf.len(), shelf.chunks.len(), shelf.heap), (0, 0, 0));
    }
}
