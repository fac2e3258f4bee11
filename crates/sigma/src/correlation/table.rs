//! The groups of one correlation: found by their values, kept in chunks so that no growth moves them.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::correlation::key::Key;
use crate::correlation::plan::Plan;
use crate::correlation::window::Window;

/// Groups in one piece of memory.
const CHUNK: usize = 512;

/// One group.
#[derive(Debug)]
pub(crate) struct Group<T> {
    pub key: Key,
    pub window: Window<T>,
    /// The partition's time when an event was last added.
    pub touch: i64,
    /// The time it stands in the queue under: never later than when it ends.
    pub queued: i64,
    /// Counts up within the partition: of groups that end at one time the older goes first.
    pub born: u64,
    /// The part of the state it was last written to; 0 for none.
    pub written: u32,
    /// Whether it has changed since.
    pub changed: bool,
}

impl<T> Group<T> {
    /// When the partition's time passes this, the group ends or its first window is judged.
    pub(crate) fn ends(&self, plan: &Plan) -> i64 {
        let reach = plan.span.saturating_add(plan.lateness);
        if !plan.ends_first {
            return self.touch.saturating_add(reach);
        }
        // Events of long ago, as an import brings them, are judged by a clock that runs as far behind as they came.
        let behind = self.touch.saturating_sub(self.window.last());
        let behind = if behind > plan.lateness { behind } else { 0 };
        self.window.first().saturating_add(reach).saturating_add(behind)
    }
}

/// All groups of one correlation in one partition.
#[derive(Debug)]
pub(crate) struct Table<T> {
    index: HashTable<u32>,
    chunks: Vec<Vec<Option<Group<T>>>>,
    free: Vec<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { index: HashTable::new(), chunks: Vec::new(), free: Vec::new() }
    }
}

impl<T> Table<T> {
    pub(crate) fn find(&self, hasher: &RandomState, key: &[u8]) -> Option<u32> {
        let same = |id: &u32| self.get(*id).is_some_and(|group| group.key.as_bytes() == key);
        self.index.find(hasher.hash_one(key), same).copied()
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Group<T>> {
        self.chunks.get(id as usize / CHUNK)?.get(id as usize % CHUNK)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Group<T>> {
        self.chunks.get_mut(id as usize / CHUNK)?.get_mut(id as usize % CHUNK)?.as_mut()
    }

    /// Adds a group whose key is not there yet.
    pub(crate) fn insert(&mut self, hasher: &RandomState, group: Group<T>) -> u32 {
        let hash = hasher.hash_one(group.key.as_bytes());
        let id = match self.free.pop() {
            Some(id) => {
                self.chunks[id as usize / CHUNK][id as usize % CHUNK] = Some(group);
                id
            }
            None => {
                if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
                    self.chunks.push(if self.chunks.is_empty() { Vec::new() } else { Vec::with_capacity(CHUNK) });
                }
                let chunk = self.chunks.len() - 1;
                self.chunks[chunk].push(Some(group));
                (chunk * CHUNK + self.chunks[chunk].len() - 1) as u32
            }
        };
        let chunks = &self.chunks;
        let rehash = |id: &u32| {
            let group = &chunks[*id as usize / CHUNK][*id as usize % CHUNK];
            group.as_ref().map_or(0, |group| hasher.hash_one(group.key.as_bytes()))
        };
        self.index.insert_unique(hash, id, rehash);
        id
    }

    pub(crate) fn remove(&mut self, hasher: &RandomState, id: u32) -> Option<Group<T>> {
        let group = self.chunks.get_mut(id as usize / CHUNK)?.get_mut(id as usize % CHUNK)?.take()?;
        if let Ok(entry) = self.index.find_entry(hasher.hash_one(group.key.as_bytes()), |other| *other == id) {
            entry.remove();
        }
        self.free.push(id);
        if self.index.is_empty() {
            // A flood that is over leaves nothing behind.
            *self = Table::default();
        }
        Some(group)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Group<T>)> {
        self.chunks.iter().flatten().zip(0..).filter_map(|(group, id)| Some((id, group.as_ref()?)))
    }
}
