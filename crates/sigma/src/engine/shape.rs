//! Records of one kind have the same names in the same order: where the fields rules ask about are is found out once
//! for each kind and compared with afterwards.

use std::sync::Arc;

use model::event::{Aliases, Event, Fields, Value};

use super::partition::Partition;
use crate::rule::Rule;
use crate::view::Columns;

/// Where in an event a value is: a place among the record's fields, or with this bit among the core fields.
type Place = u32;
const CORE: Place = 1 << 31;

/// What is known of the events of one kind in one partition.
#[derive(Debug)]
pub(crate) struct Shape {
    key: u64,
    partition: u64,
    aliases: Arc<Aliases>,
    names: String,
    /// Where each name ends, those of the core fields after the record's own.
    ends: Vec<u32>,
    own: usize,
    /// Columns that are there, in order.
    places: Vec<(u32, Place)>,
    /// Gates whose column is there.
    pub gated: Vec<(u32, Place)>,
    /// Rules to be asked whatever the gates say.
    pub open: Box<[u64]>,
    /// Rules that can hold with these fields; worked out when the shape is seen again.
    pub possible: Option<Box<[u64]>>,
    seen: bool,
}

/// Shapes held.
const SHAPES: usize = 1024;

/// The shapes met, each at one place.
#[derive(Debug)]
pub(crate) struct Shapes(Box<[Option<Box<Shape>>]>);

impl Default for Shapes {
    fn default() -> Self {
        Shapes((0..SHAPES).map(|_| None).collect())
    }
}

impl Shapes {
    /// The event's shape.
    pub(crate) fn of(
        &mut self,
        event: &Event<'_>,
        partition: &Partition,
        rules: &[Arc<Rule>],
        names: &Columns,
    ) -> &Shape {
        let key = key(event, partition);
        let slot = &mut self.0[(key >> 32) as usize % SHAPES];
        let fits = slot.as_ref().is_some_and(|shape| shape.fits(key, event, partition));
        if !fits {
            *slot = None;
        }
        let shape = slot.get_or_insert_with(|| Box::new(Shape::new(key, event, partition, names)));
        if fits && !shape.seen {
            shape.seen = true;
            shape.settle(partition, rules, names.len());
        }
        shape
    }
}

fn key(event: &Event<'_>, partition: &Partition) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    let hash = mix(event.fields.shape(), event.core.shape());
    mix(mix(hash, partition.serial), event.aliases.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Shape {
    fn new(key: u64, event: &Event<'_>, partition: &Partition, columns: &Columns) -> Self {
        let (mut names, mut ends) = (String::new(), Vec::with_capacity(event.fields.len() + event.core.len()));
        for (name, _) in event.fields.iter().chain(event.core.iter()) {
            names.push_str(name);
            ends.push(names.len() as u32);
        }
        let wanted = partition.columns.iter();
        let places: Vec<(u32, Place)> =
            wanted.filter_map(|column| Some((*column, locate(event, columns.name(*column as usize))?))).collect();
        let gates = (0..).zip(&partition.gates);
        let gated = gates.filter_map(|(gate, (column, _))| Some((gate, find(&places, *column)?))).collect();
        Shape {
            key,
            partition: partition.serial,
            aliases: event.aliases.clone(),
            names,
            ends,
            own: event.fields.len(),
            places,
            gated,
            open: partition.open.clone(),
            possible: None,
            seen: false,
        }
    }

    fn fits(&self, key: u64, event: &Event<'_>, partition: &Partition) -> bool {
        if self.key != key || self.partition != partition.serial {
            return false;
        }
        if self.own != event.fields.len() || self.ends.len() != self.own + event.core.len() {
            return false;
        }
        let mut start = 0;
        let mut names = event.fields.iter().chain(event.core.iter()).zip(&self.ends);
        let same = names.all(|((name, _), end)| {
            let known = &self.names.as_bytes()[start..*end as usize];
            start = *end as usize;
            known == name.as_bytes()
        });
        same && (Arc::ptr_eq(&self.aliases, &event.aliases) || self.aliases == event.aliases)
    }

    /// Works out which rules can hold at all.
    fn settle(&mut self, partition: &Partition, rules: &[Arc<Rule>], columns: usize) {
        let mut there = vec![false; columns];
        self.places.iter().for_each(|(column, _)| there[*column as usize] = true);
        let mut possible = vec![0; partition.open.len()].into_boxed_slice();
        for (local, position) in partition.positions.iter().enumerate() {
            if rules[*position as usize].expression.may_hold(&|column| there[column]) {
                possible[local / 64] |= 1 << (local % 64);
            }
        }
        self.open.iter_mut().zip(&possible).for_each(|(open, possible)| *open &= possible);
        self.possible = Some(possible);
    }

    /// A column's value.
    pub(crate) fn value<'e>(&self, event: &'e Event<'e>, column: u32) -> Option<&'e Value<'e>> {
        at(event, find(&self.places, column)?)
    }

    /// The columns that are there, with their values.
    pub(crate) fn values<'e>(&self, event: &'e Event<'e>) -> impl Iterator<Item = (u32, &'e Value<'e>)> {
        self.places.iter().filter_map(|(column, place)| Some((*column, at(event, *place)?)))
    }
}

/// The value at a place.
pub(crate) fn at<'e>(event: &'e Event<'e>, place: Place) -> Option<&'e Value<'e>> {
    let fields: &Fields<'e> = if place & CORE == 0 { &event.fields } else { &event.core };
    fields.at((place & !CORE) as usize).map(|(_, value)| value)
}

fn find(places: &[(u32, Place)], column: u32) -> Option<Place> {
    let found = places.binary_search_by_key(&column, |(column, _)| *column).ok()?;
    Some(places[found].1)
}

/// Where [`Event::resolve`] finds the value.
fn locate(event: &Event<'_>, name: &str) -> Option<Place> {
    let own = |name: &str| event.fields.place(name).map(|place| place as Place);
    let core = |name: &str| event.core.place(name).map(|place| place as Place | CORE);
    if let Some(place) = own(name) {
        return Some(place);
    }
    if let Some(target) = event.aliases.get(name) {
        return own(target).or_else(|| core(target));
    }
    if name.contains('.') { core(&name.replace('.', "_")) } else { core(name) }
}
