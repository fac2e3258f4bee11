//! The state of all correlations in parts: each holds what changed since the one before.
//!
//! The parts from [`StatePart::oldest`] on, in order, are the whole state; those before it are of no more use. To each part
//! some of what stands in the oldest one is added, so that one part after the other becomes needless, the parts together
//! stay within about twice the state, and no part ever has to hold all of it.

use std::collections::HashMap;

use crate::correlation::correlator::{Correlator, Limits};
use crate::correlation::few::Few;
use crate::correlation::key::Key;
use crate::correlation::partition::Partition;
use crate::correlation::plan::Plan;
use crate::correlation::table::Group;
use crate::correlation::window::{Carried, Column, Held, Window};
use crate::correlation::wire::{Reader, put_bytes, put_number, put_signed};
use crate::rule_set::RuleSet;

/// The layout's number; it changes when an old one can no longer be read.
const LAYOUT: u64 = 2;
/// Of all groups one in so many is written again with each part, or as many as changed if those are more.
const AGAIN: usize = 64;

/// What identifies an event to the caller, as it stands in the state.
pub trait Token: Clone {
    /// Appends it to `out`.
    fn write(&self, out: &mut Vec<u8>);
    /// Reads what [`Token::write`] wrote.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Token for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        put_number(out, *self);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Reader::new(bytes).number()
    }
}

/// What changed since the part before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePart {
    /// Number of the first part that is still needed.
    pub oldest: u32,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// A state that cannot be taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidState {
    /// Of another version.
    #[error("the state has layout {0}, which this version does not read: replay the log instead")]
    Layout(u64),
    /// Not what was written.
    #[error("part {0} of the state is damaged: replay the log instead")]
    Damaged(u32),
}

impl<T: Token> Correlator<T> {
    /// What changed since the last part, all there is for the first, as the part of this number: above 0 and that of every
    /// part before.
    pub fn part(&mut self, number: u32) -> StatePart {
        self.begin_ledger();
        let mut out = Vec::new();
        put_number(&mut out, LAYOUT);
        put_number(&mut out, self.written.gone.len() as u64);
        for (id, fingerprint) in self.written.gone.drain(..) {
            put_bytes(&mut out, id.as_bytes());
            put_bytes(&mut out, fingerprint.as_bytes());
        }
        put_number(&mut out, self.plans.len() as u64);
        for plan in &self.plans {
            put_bytes(&mut out, plan.rule.id.as_bytes());
            put_bytes(&mut out, plan.rule.fingerprint().as_bytes());
        }
        put_number(&mut out, self.partitions.len() as u64);
        let mut token = Vec::new();
        for partition in &mut self.partitions {
            put_bytes(&mut out, partition.name.as_bytes());
            put_signed(&mut out, partition.now);
            put_number(&mut out, partition.born);
            partition.write(number, &mut out, &mut token);
        }
        let oldest = self.partitions.iter().filter_map(|partition| partition.ledger.parts.front());
        let oldest = oldest.map(|(number, _)| *number).min().unwrap_or(number);
        StatePart { oldest, bytes: out }
    }

    /// From the first call on it is noted what changes.
    fn begin_ledger(&mut self) {
        if std::mem::replace(&mut self.written.on, true) {
            return;
        }
        for partition in &mut self.partitions {
            partition.ledger.on = true;
            let ids = |(rule, table): (usize, &super::table::Table<T>)| {
                table.iter().map(|(id, _)| (rule, id)).collect::<Vec<_>>()
            };
            let all: Vec<(usize, u32)> = partition.tables.iter().enumerate().flat_map(ids).collect();
            all.into_iter().for_each(|(rule, id)| partition.changed(rule, id));
        }
    }

    /// Takes up a state from its parts by number, in order. Groups of correlations that are gone, or that now count
    /// something else, are left out.
    pub fn restore<'b>(
        rules: &RuleSet,
        limits: Limits,
        parts: impl IntoIterator<Item = (u32, &'b [u8])>,
    ) -> Result<Self, InvalidState> {
        let mut correlator = Correlator::new(rules, limits);
        correlator.written.on = true;
        let known: HashMap<_, _> =
            correlator.plans.iter().map(|plan| (plan.rule.id.clone(), plan.rule.fingerprint())).zip(0..).collect();
        for (number, bytes) in parts {
            let mut reader = Reader::new(bytes);
            match reader.number() {
                Some(LAYOUT) => {}
                Some(other) => return Err(InvalidState::Layout(other)),
                None => return Err(InvalidState::Damaged(number)),
            }
            correlator.take_up(number, &mut reader, &known).ok_or(InvalidState::Damaged(number))?;
        }
        for partition in &mut correlator.partitions {
            partition.groups = partition.tables.iter().map(|table| table.iter().count()).sum();
            let events = |(_, group): (u32, &Group<T>)| group.window.len();
            partition.events = partition.tables.iter().flat_map(|table| table.iter().map(events)).sum();
            partition.rebuild_queue(&correlator.plans);
        }
        Ok(correlator)
    }

    fn take_up(
        &mut self,
        number: u32,
        reader: &mut Reader<'_>,
        known: &HashMap<(String, String), usize>,
    ) -> Option<()> {
        for _ in 0..reader.count()? {
            let identity = (reader.text()?.to_owned(), reader.text()?.to_owned());
            if let Some(rule) = known.get(&identity) {
                self.partitions.iter_mut().for_each(|partition| partition.tables[*rule] = Default::default());
            }
        }
        let mut rules = Vec::new();
        for _ in 0..reader.count()? {
            rules.push(known.get(&(reader.text()?.to_owned(), reader.text()?.to_owned())).copied());
        }
        for _ in 0..reader.count()? {
            let name = reader.text()?;
            let now = reader.signed()?;
            let place = self.place_of(name, now);
            let partition = &mut self.partitions[place];
            (partition.now, partition.born) = (now, reader.number()?);
            for _ in 0..reader.count()? {
                let (rule, key) = (*rules.get(reader.number()? as usize)?, reader.bytes()?);
                if let Some(rule) = rule
                    && let Some(id) = partition.tables[rule].find(&self.hasher, key)
                {
                    partition.tables[rule].remove(&self.hasher, id);
                }
            }
            let mut ids = Vec::new();
            for _ in 0..reader.count()? {
                let rule = *rules.get(reader.number()? as usize)?;
                let group = read_group(reader, number)?;
                let Some(rule) = rule else { continue };
                if group.window.kind() != Window::<T>::new(&self.plans[rule].rule).kind() {
                    return None;
                }
                let table = &mut partition.tables[rule];
                if let Some(id) = table.find(&self.hasher, group.key.as_bytes()) {
                    table.remove(&self.hasher, id);
                }
                ids.push((rule as u32, table.insert(&self.hasher, group)));
            }
            partition.ledger.parts.push_back((number, ids));
        }
        reader.is_empty().then_some(())
    }
}

impl<T: Token> Partition<T> {
    /// Writes what changed and some of what was written longest ago.
    fn write(&mut self, number: u32, out: &mut Vec<u8>, token: &mut Vec<u8>) {
        put_number(out, self.ledger.removed.len() as u64);
        for (rule, key) in self.ledger.removed.drain(..) {
            put_number(out, u64::from(rule));
            put_bytes(out, key.as_bytes());
        }
        let mut ids = std::mem::take(&mut self.ledger.changed);
        ids.retain(|(rule, id)| {
            let group = self.tables[*rule as usize].get_mut(*id);
            group.is_some_and(|group| std::mem::replace(&mut group.changed, false))
        });
        for (rule, id) in &ids {
            if let Some(group) = self.tables[*rule as usize].get_mut(*id) {
                group.written = number;
            }
        }
        let most = ids.len() + ids.len().max(self.groups / AGAIN + 1);
        while ids.len() < most
            && let Some((part, old)) = self.ledger.parts.front_mut()
        {
            let Some((rule, id)) = old.pop() else {
                self.ledger.parts.pop_front();
                continue;
            };
            let part = *part;
            let group = self.tables[rule as usize].get_mut(id);
            if let Some(group) = group.filter(|group| group.written == part) {
                group.written = number;
                ids.push((rule, id));
            }
        }
        // What is empty by now need not be there.
        while self.ledger.parts.front().is_some_and(|(_, old)| old.is_empty()) {
            self.ledger.parts.pop_front();
        }
        put_number(out, ids.len() as u64);
        for (rule, id) in &ids {
            if let Some(group) = self.tables[*rule as usize].get(*id) {
                put_number(out, u64::from(*rule));
                write_group(group, out, token);
            }
        }
        self.ledger.parts.push_back((number, ids));
    }
}

fn write_group<T: Token>(group: &Group<T>, out: &mut Vec<u8>, token: &mut Vec<u8>) {
    put_bytes(out, group.key.as_bytes());
    put_signed(out, group.touch);
    put_number(out, group.born);
    let window = &group.window;
    put_number(out, u64::from(window.forgotten));
    put_number(out, window.len() as u64);
    let mut before = 0_i64;
    for time in window.times.as_slice() {
        put_signed(out, time.wrapping_sub(before));
        before = *time;
    }
    put_number(out, window.kind());
    match &window.column {
        Column::Nothing => {}
        Column::Slots(slots) => slots.as_slice().iter().for_each(|slot| put_number(out, u64::from(*slot))),
        Column::Values(values) => values.as_slice().iter().for_each(|value| put_bytes(out, value.as_bytes())),
        Column::Numbers(numbers) => {
            numbers.as_slice().iter().for_each(|number| out.extend_from_slice(&number.to_bits().to_le_bytes()));
        }
    }
    put_number(out, u64::from(window.carried.is_some()));
    for carried in window.carried.iter().flat_map(|carried| &carried.keys) {
        put_bytes(out, carried.as_bytes());
    }
    put_number(out, window.tokens.len() as u64);
    for held in window.tokens.as_slice() {
        put_number(out, u64::from(held.place));
        token.clear();
        held.token.write(token);
        put_bytes(out, token);
    }
}

fn read_group<T: Token>(reader: &mut Reader<'_>, number: u32) -> Option<Group<T>> {
    let key = Key::new(reader.bytes()?);
    let (touch, born) = (reader.signed()?, reader.number()?);
    let forgotten = u32::try_from(reader.number()?).ok()?;
    let length = reader.count().filter(|length| *length > 0)?;
    let mut before = 0_i64;
    let times = few(length, || {
        before = before.wrapping_add(reader.signed()?);
        Some(before)
    })?;
    let column = match reader.number()? {
        0 => Column::Nothing,
        1 => Column::Slots(few(length, || u16::try_from(reader.number()?).ok())?),
        2 => Column::Values(few(length, || Some(Key::new(reader.bytes()?)))?),
        3 => {
            let bits = |bytes: &[u8]| Some(f64::from_bits(u64::from_le_bytes(bytes.try_into().ok()?)));
            Column::Numbers(few(length, || bits(reader.take(8)?))?)
        }
        _ => return None,
    };
    let carried = match reader.number()? {
        0 => None,
        _ => {
            let keys = (0..length).map(|_| Some(Key::new(reader.bytes()?))).collect::<Option<_>>()?;
            Some(Box::new(Carried { keys }))
        }
    };
    let tokens = reader.count()?;
    let tokens = few(tokens, || {
        let place = u32::try_from(reader.number()?).ok().filter(|place| (*place as usize) < length)?;
        Some(Held { place, token: T::read(reader.bytes()?)? })
    })?;
    let window = Window { times, column, tokens, carried, forgotten };
    Some(Group { key, window, touch, queued: 0, born, written: number, changed: false })
}

fn few<X>(length: usize, mut next: impl FnMut() -> Option<X>) -> Option<Few<X>> {
    Some(match length {
        0 => Few::None,
        1 => Few::One(next()?),
        _ => Few::Many((0..length).map(|_| next()).collect::<Option<_>>()?),
    })
}

impl<T> Window<T> {
    /// A number for the kind of column.
    fn kind(&self) -> u64 {
        match self.column {
            Column::Nothing => 0,
            Column::Slots(_) => 1,
            Column::Values(_) => 2,
            Column::Numbers(_) => 3,
        }
    }
}

/// Whether two correlators hold the same, whatever order their tables have it in.
impl<T: Token + PartialEq> PartialEq for Correlator<T> {
    fn eq(&self, other: &Self) -> bool {
        let same_group = |plan: &Plan, one: &Group<T>, two: &Group<T>| {
            (one.touch, one.born, one.ends(plan)) == (two.touch, two.born, two.ends(plan)) && one.window == two.window
        };
        let same_table = |rule: usize, one: &Partition<T>, two: &Partition<T>| {
            let found = |group: &Group<T>| {
                let id = two.tables[rule].find(&other.hasher, group.key.as_bytes())?;
                two.tables[rule].get(id)
            };
            let mut groups = one.tables[rule].iter();
            groups.all(|(_, group)| found(group).is_some_and(|two| same_group(&self.plans[rule], group, two)))
        };
        let same = |one: &Partition<T>| {
            other.partitions.iter().find(|two| two.name == one.name).is_some_and(|two| {
                (one.now, one.born, one.groups, one.events) == (two.now, two.born, two.groups, two.events)
                    && (0..self.plans.len()).all(|rule| same_table(rule, one, two))
            })
        };
        self.plans.len() == other.plans.len()
            && self.partitions.len() == other.partitions.len()
            && self.partitions.iter().all(same)
    }
}
