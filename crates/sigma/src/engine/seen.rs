//! The values of one event that conditions ask about, as text and folded, in memory that is used again.

use std::cell::OnceCell;
use std::ops::Range;

use model::event::{Event, Value};

use super::digest::{Digest, Pairs};
use crate::fold::fold;
use crate::item::Item;
use crate::view::{Look, Sight, flatten};

/// A value held.
#[derive(Debug)]
struct Held<'e> {
    value: &'e Value<'e>,
    /// Where the value is no text, its text in the arena.
    text: Option<Range<usize>>,
    folded: Range<usize>,
    /// Made when many words are asked for.
    digest: OnceCell<Digest>,
}

/// Where a column's values are.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The event it was worked out for.
    event: u32,
    has: bool,
    start: usize,
    end: usize,
}

/// What is used again.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    arena: String,
    held: Vec<Held<'static>>,
    places: Vec<Place>,
    event: u32,
}

/// One event's values; columns are taken in before they are asked about.
#[derive(Debug)]
pub(crate) struct Seen<'e, 'm> {
    arena: String,
    held: Vec<Held<'e>>,
    searched: Option<Range<usize>>,
    raw: &'e Value<'e>,
    memory: &'m mut Memory,
}

/// One single value.
pub(crate) struct SeenCell<'c> {
    value: &'c Value<'c>,
    text: &'c str,
    folded: &'c str,
    digest: Option<&'c Digest>,
}

impl Look for SeenCell<'_> {
    fn value(&self) -> &Value<'_> {
        self.value
    }

    fn text(&self) -> &str {
        self.text
    }

    fn folded(&self) -> &str {
        self.folded
    }

    fn may_contain(&self, pairs: &Pairs) -> bool {
        self.digest.is_none_or(|digest| digest.may_contain(pairs))
    }
}

impl<'e, 'm> Seen<'e, 'm> {
    /// Begins an event of a set with so many columns.
    pub(crate) fn new(memory: &'m mut Memory, raw: &'e Value<'e>, columns: usize) -> Self {
        memory.event = memory.event.wrapping_add(1);
        if memory.places.len() != columns || memory.event == 0 {
            memory.places.clear();
            memory.places.resize(columns, Place::default());
            memory.event = 1;
        }
        let mut arena = std::mem::take(&mut memory.arena);
        arena.clear();
        let held = reused(std::mem::take(&mut memory.held));
        Seen { arena, held, searched: None, raw, memory }
    }

    /// Gives the memory back.
    pub(crate) fn end(self) {
        self.memory.arena = self.arena;
        self.memory.held = reused(self.held);
    }

    /// Takes in a column, unless it was.
    pub(crate) fn take_in(&mut self, column: usize, value: impl FnOnce() -> Option<&'e Value<'e>>) {
        if self.memory.places[column].event == self.memory.event {
            return;
        }
        let start = self.held.len();
        let value = value();
        if let Some(value) = value {
            flatten(value, &mut |value| self.hold(value));
        }
        let place = Place { event: self.memory.event, has: value.is_some(), start, end: self.held.len() };
        self.memory.places[column] = place;
    }

    /// Takes in all values keywords are searched in, unless they were.
    pub(crate) fn take_in_all(&mut self, event: &'e Event<'e>) {
        if self.searched.is_some() {
            return;
        }
        let start = self.held.len();
        for (_, value) in event.fields.iter().chain(event.core.iter()) {
            flatten(value, &mut |value| self.hold(value));
        }
        self.hold(self.raw);
        self.searched = Some(start..self.held.len());
    }

    fn hold(&mut self, value: &'e Value<'e>) {
        let start = self.arena.len();
        let text = match value {
            Value::Str(text) => {
                self.fold(text);
                None
            }
            other => {
                self.arena.push_str(&other.text().unwrap_or_default());
                Some(start..self.arena.len())
            }
        };
        let mut folded = start..self.arena.len();
        if let Value::Float(_) = value {
            // `NaN` is the only number with letters of another case.
            folded.start = self.arena.len();
            self.arena.extend_from_within(start..folded.end);
            self.arena[folded.start..].make_ascii_lowercase();
            folded.end = self.arena.len();
        }
        self.held.push(Held { value, text, folded, digest: OnceCell::new() });
    }

    fn fold(&mut self, text: &str) {
        if text.is_ascii() {
            let start = self.arena.len();
            self.arena.push_str(text);
            self.arena[start..].make_ascii_lowercase();
        } else {
            self.arena.push_str(&fold(text));
        }
    }

    /// Whether the event satisfies the item. Its columns were taken in.
    pub(crate) fn satisfies(&self, item: &Item) -> bool {
        let passes = |(number, value): (usize, &crate::item::Value)| match item.column {
            Some(column) => {
                let may_pass =
                    |pairs: &Pairs| self.cells(column).iter().any(|held| self.digest(held).may_contain(pairs));
                let pairs = item.pairs.get(number).and_then(Option::as_ref);
                pairs.is_none_or(may_pass) && value.test.passes(column, self)
            }
            None => {
                let searched = self.searched.clone().unwrap_or_default();
                self.held[searched].iter().any(|held| value.test.holds(&self.cell(held), self))
            }
        };
        let mut tests = item.tests.iter().enumerate();
        (if item.all { tests.all(passes) } else { tests.any(passes) }) != item.negated
    }

    fn digest<'h>(&self, held: &'h Held<'e>) -> &'h Digest {
        held.digest.get_or_init(|| Digest::of(&self.arena[held.folded.clone()]))
    }

    fn cell<'c>(&'c self, held: &'c Held<'e>) -> SeenCell<'c> {
        let text = match (&held.text, held.value) {
            (None, Value::Str(text)) => text,
            (Some(text), _) => &self.arena[text.clone()],
            (None, _) => "",
        };
        SeenCell { value: held.value, text, folded: &self.arena[held.folded.clone()], digest: held.digest.get() }
    }

    fn cells(&self, column: usize) -> &[Held<'e>] {
        let place = &self.memory.places[column];
        debug_assert_eq!(place.event, self.memory.event, "column {column} was not taken in");
        &self.held[place.start..place.end]
    }
}

impl Sight for Seen<'_, '_> {
    const QUICK: bool = true;
    type Cell<'c> = SeenCell<'c>;

    fn has(&self, column: usize) -> bool {
        self.memory.places[column].has
    }

    fn any(&self, column: usize, passes: impl Fn(&SeenCell<'_>) -> bool) -> bool {
        self.cells(column).iter().any(|held| passes(&self.cell(held)))
    }

    fn is_null(&self, column: usize) -> bool {
        let cells = self.cells(column);
        cells.is_empty() || cells.iter().any(|held| matches!(held.value, Value::Null))
    }
}

/// The same allocation for another event's values.
fn reused<'b>(mut held: Vec<Held<'_>>) -> Vec<Held<'b>> {
    held.clear();
    held.into_iter()
        .map(|held| Held { value: &Value::Null, text: held.text, folded: held.folded, digest: held.digest })
        .collect()
}
