//! The index: immutable, asked once for every event.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use ipnet::IpNet;
use model::event::Event;
use model::intel::{Holds, IndicatorKind, IntelSource, Tlp, values};
use model::{CustomerId, IntelListId, Timestamp};

use crate::arena::Arena;
use crate::builder::ListScope;
use crate::filter::Filter;
use crate::hash::Seed;
use crate::key::{self, Kind, Look};
use crate::ranges::Ranges;
use crate::warnings::Warnings;

/// What is the same for many indicators of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub list: u32,
    pub confidence: u8,
    pub tlp: Tlp,
    pub from: Timestamp,
    pub until: Timestamp,
    /// The place of its note; `NO_NOTE` without one.
    pub note: u32,
}

pub(crate) const NO_NOTE: u32 = u32::MAX;

/// Which indicators an event holds. Built by [`crate::IndexBuilder`].
#[derive(Debug)]
pub struct Index {
    pub(crate) seed: Seed,
    pub(crate) filter: Filter,
    /// Offsets into the arena, one more than they are; 0 is a free place.
    pub(crate) slots: Vec<u32>,
    pub(crate) arena: Arena,
    pub(crate) ranges: Ranges,
    pub(crate) owners: Vec<Owner>,
    pub(crate) notes: Vec<Box<str>>,
    pub(crate) lists: Vec<ListScope>,
    pub(crate) warnings: Warnings,
    pub(crate) keys: usize,
    pub(crate) fingerprint: String,
    /// Hits that a warning list took back.
    pub(crate) taken_back: AtomicU64,
}

/// An indicator seen in an event, by all lists that name it for this customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What it is.
    pub kind: IndicatorKind,
    /// In the form it is compared in.
    pub indicator: String,
    /// The first field that holds it.
    pub field: String,
    /// What that field holds.
    pub value: String,
    /// The lists that name it, the surest first.
    pub sources: Vec<IntelSource>,
}

/// How large an index is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexStats {
    /// Lists.
    pub lists: usize,
    /// Indicators, counted once for each list.
    pub indicators: usize,
    /// Bytes it takes, without allocation overhead.
    pub bytes: usize,
    /// Hits a warning list took back since it was built.
    pub taken_back: u64,
}

impl Index {
    /// The indicators an event of this customer holds, as of the time it was received.
    pub fn observe(&self, customer: &CustomerId, received: Timestamp, event: &Event<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.keys == 0 && self.ranges.len() == 0 {
            return hits;
        }
        // Almost every event holds none: its keys are gathered first, so that the filter's lines are fetched together.
        let mut glance = Glance { index: self, hashes: [0; GATHERED], count: 0, near: false };
        values(event, |_, holds, text| key::of_value(holds, text, &mut glance));
        glance.look();
        if !glance.near {
            return hits;
        }
        values(event, |field, holds, text| {
            let mut finder = Finder { index: self, customer, received, field, text, holds, hits: &mut hits };
            key::of_value(holds, text, &mut finder);
        });
        for hit in &mut hits {
            hit.sources.sort_by(|a, b| b.confidence.cmp(&a.confidence).then_with(|| a.list.cmp(&b.list)));
        }
        hits
    }

    /// Tells two indexes of different lists apart.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// How large it is.
    pub fn stats(&self) -> IndexStats {
        let owners = self.owners.capacity() * size_of::<Owner>();
        let notes: usize = self.notes.iter().map(|note| note.len() + 16).sum();
        let bytes = self.filter.memory() + self.slots.capacity() * 4 + self.arena.memory() + self.ranges.memory();
        IndexStats {
            lists: self.lists.len(),
            indicators: self.keys + self.ranges.len(),
            bytes: bytes + owners + notes,
            taken_back: self.taken_back.load(Ordering::Relaxed),
        }
    }

    /// Its lists.
    pub fn lists(&self) -> impl Iterator<Item = &IntelListId> {
        self.lists.iter().map(|list| &list.id)
    }

    /// Every owner of a key.
    #[inline]
    pub(crate) fn find(&self, kind: Kind, text: &[u8], mut with: impl FnMut(u32)) {
        let hash = self.seed.hash(kind as u8, text);
        if !self.filter.may_have(hash) {
            return;
        }
        let mut at = place(hash, self.slots.len());
        while let Some(offset) = self.slots[at].checked_sub(1) {
            let record = self.arena.get(offset);
            if record.kind == kind && record.text == text {
                with(record.owner);
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// Whether an owner's list is for this customer, and the indicator holds at that time, surely enough.
    fn holds(&self, owner: &Owner, customer: &CustomerId, received: Timestamp) -> bool {
        let list = &self.lists[owner.list as usize];
        owner.from <= received
            && received < owner.until
            && owner.confidence >= list.least_confidence
            && list.customers.as_ref().is_none_or(|customers| customers.contains(customer))
    }

    fn source(&self, owner: &Owner) -> IntelSource {
        let list = &self.lists[owner.list as usize];
        IntelSource {
            list: list.id.clone(),
            name: list.name.clone(),
            source: list.source.clone(),
            confidence: i64::from(owner.confidence),
            tlp: owner.tlp,
            note: self.notes.get(owner.note as usize).map(|note| note.to_string()),
        }
    }
}

/// Where a hash begins to be looked for among so many places; never all are taken.
#[inline]
pub(crate) fn place(hash: u64, slots: usize) -> usize {
    ((u128::from(hash.rotate_left(32)) * slots as u128) >> 64) as usize
}

/// Keys gathered before the filter is asked.
const GATHERED: usize = 32;

/// Whether an event may hold an indicator.
struct Glance<'f> {
    index: &'f Index,
    hashes: [u64; GATHERED],
    count: usize,
    near: bool,
}

impl Glance<'_> {
    #[inline]
    fn look(&mut self) {
        let filter = &self.index.filter;
        // Without a branch between them the lines are waited for all at once.
        self.near |= self.hashes[..self.count].iter().fold(false, |near, hash| near | filter.may_have(*hash));
        self.count = 0;
    }
}

impl Look for Glance<'_> {
    #[inline]
    fn key(&mut self, kind: Kind, text: &[u8]) {
        if self.count == GATHERED {
            self.look();
        }
        self.hashes[self.count] = self.index.seed.hash(kind as u8, text);
        self.count += 1;
    }

    #[inline]
    fn address(&mut self, address: IpAddr) {
        self.index.ranges.find(address, |_, _| self.near = true);
    }
}

/// Looks one value up.
struct Finder<'f> {
    index: &'f Index,
    customer: &'f CustomerId,
    received: Timestamp,
    field: &'f str,
    text: &'f str,
    holds: Holds,
    hits: &'f mut Vec<Hit>,
}

impl Look for Finder<'_> {
    #[inline]
    fn key(&mut self, kind: Kind, text: &[u8]) {
        let index = self.index;
        index.find(kind, text, |owner| self.hit(owner, kind.indicator(), || key::words(kind, text)));
    }

    #[inline]
    fn address(&mut self, address: IpAddr) {
        let index = self.index;
        index.ranges.find(address, |owner, net: IpNet| self.hit(owner, IndicatorKind::Cidr, || net.to_string()));
    }
}

impl Finder<'_> {
    #[cold]
    fn hit(&mut self, owner: u32, kind: IndicatorKind, words: impl FnOnce() -> String) {
        let owner = &self.index.owners[owner as usize];
        if !self.index.holds(owner, self.customer, self.received) {
            return;
        }
        let indicator = words();
        if self.index.warnings.of_hit(self.customer, kind, &indicator, self.holds, self.text).is_some() {
            self.index.taken_back.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let source = self.index.source(owner);
        match self.hits.iter_mut().find(|hit| hit.kind == kind && hit.indicator == indicator) {
            Some(hit) if hit.sources.iter().any(|known| known.list == source.list) => {}
            Some(hit) => hit.sources.push(source),
            None => self.hits.push(Hit {
                kind,
                indicator,
                field: self.field.to_owned(),
                value: self.text.to_owned(),
                sources: vec![source],
            }),
        }
    }
}
