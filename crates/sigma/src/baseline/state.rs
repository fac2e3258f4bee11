//! The profiles in parts, as those of correlations: each part holds what changed since the one before, and some of what
//! stands in the oldest one, so that one after the other becomes needless.

use std::collections::HashMap;

use crate::baseline::group::Group;
use crate::baseline::holders::Holders;
use crate::baseline::keeper::{BaselineLimits, Baselines};
use crate::baseline::room::Room;
use crate::baseline::shelf::{Shelf, Weight};
use crate::correlation::key::Key;
use crate::correlation::state::{InvalidState, StatePart};
use crate::correlation::wire::{Reader, put_bytes, put_number, put_signed};
use crate::rule_set::RuleSet;

/// The layout's number; it changes when an old one can no longer be read.
const LAYOUT: u64 = 1;
/// Of everything one in so many is written again with each part, or as many as changed if those are more.
const AGAIN: usize = 64;

impl Baselines {
    /// What changed since the last part, all there is for the first, as the part of this number: above 0 and that of every
    /// part before.
    pub fn part(&mut self, number: u32) -> StatePart {
        if !std::mem::replace(&mut self.written.on, true) {
            let rooms = self.partitions.iter_mut().flat_map(|partition| partition.rooms.iter_mut().flatten());
            rooms.for_each(|room| {
                room.groups.begin_ledger();
                room.values.begin_ledger();
            });
        }
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
        let mut oldest = number;
        for partition in &mut self.partitions {
            put_bytes(&mut out, partition.name.as_bytes());
            put_number(&mut out, partition.rooms.iter().flatten().count() as u64);
            for (plan, room) in partition.rooms.iter_mut().enumerate() {
                let Some(room) = room else { continue };
                put_number(&mut out, plan as u64);
                [room.begun, room.latest, room.crowded].iter().for_each(|time| put_signed(&mut out, *time));
                write(&mut room.groups, number, &mut out, Group::write);
                write(&mut room.values, number, &mut out, Holders::write);
                let parts = [room.groups.oldest_part(), room.values.oldest_part()];
                oldest = parts.into_iter().flatten().fold(oldest, u32::min);
            }
        }
        StatePart { oldest, bytes: out }
    }

    /// Takes up profiles from their parts by number, in order. Those of baselines that are gone, or that now learn something
    /// else, are left out.
    pub fn restore<'b>(
        rules: &RuleSet,
        limits: BaselineLimits,
        parts: impl IntoIterator<Item = (u32, &'b [u8])>,
    ) -> Result<Self, InvalidState> {
        let mut baselines = Baselines::new(rules, limits);
        baselines.written.on = true;
        let identity = |plan: &crate::baseline::plan::Plan| (plan.rule.id.clone(), plan.rule.fingerprint());
        let known: HashMap<_, usize> = baselines.plans.iter().map(identity).zip(0..).collect();
        for (number, bytes) in parts {
            let mut reader = Reader::new(bytes);
            match reader.number() {
                Some(LAYOUT) => {}
                Some(other) => return Err(InvalidState::Layout(other)),
                None => return Err(InvalidState::Damaged(number)),
            }
            baselines.take_up(number, &mut reader, &known).ok_or(InvalidState::Damaged(number))?;
        }
        for room in baselines.partitions.iter_mut().flat_map(|partition| partition.rooms.iter_mut().flatten()) {
            room.groups.put_in_order();
            room.values.put_in_order();
        }
        Ok(baselines)
    }

    fn take_up(
        &mut self,
        number: u32,
        reader: &mut Reader<'_>,
        known: &HashMap<(String, String), usize>,
    ) -> Option<()> {
        let identity = |reader: &mut Reader<'_>| Some((reader.text()?.to_owned(), reader.text()?.to_owned()));
        for _ in 0..reader.count()? {
            // It may have come back since: what stands in earlier parts is of before it went.
            if let Some(plan) = known.get(&identity(reader)?) {
                self.partitions.iter_mut().for_each(|partition| partition.rooms[*plan] = None);
            }
        }
        let plans = (0..reader.count()?).map(|_| Some(known.get(&identity(reader)?).copied()));
        let plans = plans.collect::<Option<Vec<Option<usize>>>>()?;
        for _ in 0..reader.count()? {
            let place = self.place_of(reader.text()?);
            for _ in 0..reader.count()? {
                let plan = *plans.get(usize::try_from(reader.number()?).ok()?)?;
                let mut left_out = Room::new(0, true);
                let wanted = plan.map(|plan| {
                    let room = self.partitions[place].rooms[plan].get_or_insert_with(|| Box::new(Room::new(0, true)));
                    (room, Group::new(&self.plans[plan].rule.kind, 0, 0, 0).profile.number())
                });
                let (room, kind) = match wanted {
                    Some((room, kind)) => (&mut **room, Some(kind)),
                    None => (&mut left_out, None),
                };
                (room.begun, room.latest, room.crowded) = (reader.signed()?, reader.signed()?, reader.signed()?);
                let fits = |group: &Group| kind.is_none_or(|kind| group.profile.number() == kind);
                read(&mut room.groups, number, reader, |reader| Group::read(reader).filter(fits))?;
                read(&mut room.values, number, reader, Holders::read)?;
            }
        }
        reader.is_empty().then_some(())
    }
}

fn write<S: Weight>(shelf: &mut Shelf<S>, number: u32, out: &mut Vec<u8>, state: impl Fn(&S, &mut Vec<u8>)) {
    put_number(out, shelf.touches);
    let removed = shelf.take_removed();
    put_number(out, removed.len() as u64);
    removed.iter().for_each(|key| put_bytes(out, key.as_bytes()));
    let ids = shelf.take_changed(number, AGAIN).to_vec();
    put_number(out, ids.len() as u64);
    for slot in ids.into_iter().filter_map(|id| shelf.get(id)) {
        put_bytes(out, slot.key.as_bytes());
        put_number(out, slot.touched);
        state(&slot.state, out);
    }
}

fn read<S: Weight>(
    shelf: &mut Shelf<S>,
    number: u32,
    reader: &mut Reader<'_>,
    state: impl Fn(&mut Reader<'_>) -> Option<S>,
) -> Option<()> {
    shelf.touches = reader.number()?;
    for _ in 0..reader.count()? {
        shelf.take_back(reader.bytes()?);
    }
    let mut ids = Vec::new();
    for _ in 0..reader.count()? {
        let key = Key::new(reader.bytes()?);
        let touched = reader.number()?;
        ids.push(shelf.take_up(number, key, touched, state(reader)?));
    }
    shelf.took_up(number, ids);
    Some(())
}

/// Whether two hold the same, whatever place it is held in.
impl PartialEq for Baselines {
    fn eq(&self, other: &Self) -> bool {
        let same_room = |one: &Room, two: &Room| {
            (one.begun, one.latest, one.crowded) == (two.begun, two.latest, two.crowded)
                && same_shelf(&one.groups, &two.groups)
                && same_shelf(&one.values, &two.values)
        };
        self.plans.len() == other.plans.len()
            && self.partitions.len() == other.partitions.len()
            && self.partitions.iter().all(|one| {
                let two = other.partitions.iter().find(|two| two.name == one.name);
                two.is_some_and(|two| {
                    one.rooms.iter().zip(&two.rooms).all(|rooms| match rooms {
                        (Some(one), Some(two)) => same_room(one, two),
                        (one, two) => one.is_none() && two.is_none(),
                    })
                })
            })
    }
}

fn same_shelf<S: Weight + PartialEq>(one: &Shelf<S>, two: &Shelf<S>) -> bool {
    (one.touches, one.len()) == (two.touches, two.len())
        && one
            .in_order()
            .zip(two.in_order())
            .all(|((_, one), (_, two))| one.key == two.key && one.touched == two.touched && one.state == two.state)
}
