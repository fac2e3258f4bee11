//! How an index is made: indicators come list by list and are kept once, in little more than their own bytes.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use model::intel::{Indicator, IndicatorKind, IntelList, SuppressedIndicator, Tlp};
use model::{CustomerId, IntelListId, Timestamp};

use crate::arena::{Arena, Record};
use crate::filter::Filter;
use crate::hash::Seed;
use crate::index::{Index, NO_NOTE, Owner, place};
use crate::key;
use crate::ranges::Ranges;
use crate::warnings::Warnings;

/// Bytes of notes kept beside the indicators; what comes later goes without.
const NOTES: usize = 32 << 20;
/// Characters of a note.
const NOTE: usize = 120;
/// What has expired so long ago is left out: no event that is still to be judged was received before.
const LONG_AGO: Duration = Duration::from_secs(7 * 24 * 3600);
/// Suppressed indicators told of each list.
const TOLD: usize = 1_000;

/// What an index has to know of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListScope {
    /// Its id.
    pub id: IntelListId,
    /// Its name.
    pub name: String,
    /// Where it came from.
    pub source: String,
    /// Customers it is for; every customer when absent.
    pub customers: Option<BTreeSet<CustomerId>>,
    /// Of indicators that say none themselves.
    pub confidence: u8,
    /// Of indicators that say none themselves.
    pub tlp: Tlp,
    /// When all of it no longer holds.
    pub expires: Option<Timestamp>,
    /// Less sure ones do not match.
    pub least_confidence: u8,
    /// Goes up with every change.
    pub version: i64,
}

impl From<&IntelList> for ListScope {
    fn from(list: &IntelList) -> Self {
        ListScope {
            id: list.id.clone(),
            name: list.data.name.clone(),
            source: list.data.source.clone(),
            customers: list.customers.as_ref().map(|customers| customers.iter().cloned().collect()),
            confidence: percent(list.data.confidence),
            tlp: list.data.tlp,
            expires: list.data.expires,
            least_confidence: percent(list.data.least_confidence),
            version: list.version,
        }
    }
}

fn percent(number: i64) -> u8 {
    number.clamp(0, 100) as u8
}

/// What became of an indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is looked for.
    Yes,
    /// It expired long ago.
    Expired,
    /// A warning list names it.
    Suppressed,
    /// There is no room for more.
    Full,
}

/// An index in the making.
#[derive(Debug)]
pub struct IndexBuilder {
    now: Timestamp,
    arena: Arena,
    ranges: Ranges,
    owners: Vec<Owner>,
    known: HashMap<Owner, u32>,
    notes: Vec<Box<str>>,
    known_notes: HashMap<Box<str>, u32>,
    note_bytes: usize,
    lists: Vec<ListScope>,
    warnings: Warnings,
    suppressed: Vec<Vec<SuppressedIndicator>>,
    suppressed_count: Vec<usize>,
    keys: usize,
}

impl IndexBuilder {
    /// Begins one; what `warnings` names does not get in.
    pub fn new(warnings: Warnings, now: Timestamp) -> IndexBuilder {
        IndexBuilder {
            now,
            arena: Arena::default(),
            ranges: Ranges::default(),
            owners: Vec::new(),
            known: HashMap::new(),
            notes: Vec::new(),
            known_notes: HashMap::new(),
            note_bytes: 0,
            lists: Vec::new(),
            warnings,
            suppressed: Vec::new(),
            suppressed_count: Vec::new(),
            keys: 0,
        }
    }

    /// Begins a list; gives its place, by which its indicators are added.
    pub fn list(&mut self, list: ListScope) -> u32 {
        self.lists.push(list);
        self.suppressed.push(Vec::new());
        self.suppressed_count.push(0);
        self.lists.len() as u32 - 1
    }

    /// Adds an indicator of a list.
    pub fn add(&mut self, list: u32, indicator: &Indicator) -> Added {
        let place = list as usize;
        let scope = &self.lists[place];
        let detail = indicator.detail.as_deref();
        let ends = [detail.and_then(|detail| detail.until), scope.expires];
        let until = ends.into_iter().flatten().min().unwrap_or(Timestamp::from_micros(i64::MAX));
        if until.plus(LONG_AGO) < self.now {
            return Added::Expired;
        }
        if let Some(warning) = self.warnings.of_indicator(scope.customers.as_ref(), indicator) {
            self.suppressed_count[place] += 1;
            if self.suppressed[place].len() < TOLD {
                self.suppressed[place].push(SuppressedIndicator {
                    kind: indicator.kind,
                    value: indicator.value.to_string(),
                    warning: warning.to_owned(),
                });
            }
            return Added::Suppressed;
        }
        let owner = Owner {
            list,
            confidence: detail.and_then(|detail| detail.confidence).unwrap_or(scope.confidence).min(100),
            tlp: detail.and_then(|detail| detail.tlp).unwrap_or(scope.tlp),
            from: detail.and_then(|detail| detail.from).unwrap_or(Timestamp::from_micros(i64::MIN)),
            until,
            note: NO_NOTE,
        };
        let note = indicator.note.as_deref().map_or(NO_NOTE, |note| self.note(note));
        let owner = self.owner(Owner { note, ..owner });
        if indicator.kind == IndicatorKind::Cidr {
            if let Some(net) = indicator.addresses() {
                self.ranges.push(net, owner);
            }
            return Added::Yes;
        }
        let arena = &mut self.arena;
        let mut put = None;
        key::of_indicator(indicator, |kind, text| put = arena.push(Record { kind, text, owner }));
        match put {
            Some(_) => {
                self.keys += 1;
                Added::Yes
            }
            None => Added::Full,
        }
    }

    /// The indicators of a list that a warning list names: how many, and the first thousand.
    pub fn suppressed(&self, list: u32) -> (usize, &[SuppressedIndicator]) {
        (self.suppressed_count[list as usize], &self.suppressed[list as usize])
    }

    /// Makes it ready to be asked.
    pub fn build(mut self) -> Index {
        drop((std::mem::take(&mut self.known), std::mem::take(&mut self.known_notes)));
        self.owners.shrink_to_fit();
        self.ranges.finish();
        let seed = Seed::random();
        let mut filter = Filter::for_keys(self.keys);
        // Two places of three are taken.
        let mut slots = vec![0u32; if self.keys == 0 { 0 } else { self.keys * 3 / 2 + 2 }];
        self.arena.each(|offset, record| {
            let hash = seed.hash(record.kind as u8, record.text);
            filter.insert(hash);
            let mut at = place(hash, slots.len());
            while slots[at] != 0 {
                at = if at + 1 == slots.len() { 0 } else { at + 1 };
            }
            slots[at] = offset + 1;
        });
        let mut parts: Vec<String> = self.lists.iter().map(|list| format!("{}:{}", list.id, list.version)).collect();
        parts.push(self.warnings.fingerprint().to_owned());
        Index {
            seed,
            filter,
            slots,
            arena: self.arena,
            ranges: self.ranges,
            owners: self.owners,
            notes: self.notes,
            lists: self.lists,
            warnings: self.warnings,
            keys: self.keys,
            fingerprint: parts.join(" "),
            taken_back: AtomicU64::new(0),
        }
    }

    fn owner(&mut self, owner: Owner) -> u32 {
        let owners = &mut self.owners;
        *self.known.entry(owner).or_insert_with(|| {
            owners.push(owner);
            owners.len() as u32 - 1
        })
    }

    fn note(&mut self, note: &str) -> u32 {
        let note = note.char_indices().nth(NOTE).map_or(note, |(end, _)| &note[..end]);
        if let Some(place) = self.known_notes.get(note) {
            return *place;
        }
        if self.note_bytes + note.len() > NOTES {
            return NO_NOTE;
        }
        self.note_bytes += note.len() + 64;
        let place = self.notes.len() as u32;
        self.notes.push(note.into());
        self.known_notes.insert(note.into(), place);
        place
    }
}
