//! The rules of one set of log sources behind their gates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use model::event::{Event, Value};

use super::gate::{Draft, Gate};
use super::hash::Stretch;
use super::need;
use super::program::{Program, Step};
use super::rarity::Rarity;
use super::shape::{Shape, at};
use crate::rule::Rule;

/// Events counted before the words are chosen anew.
const SAMPLE: u32 = 128;
/// Of the first events every so many-th is counted, later every so many-th.
const EVERY: [u64; 2] = [16, 8192];

/// The rules of one set of log sources.
#[derive(Debug)]
pub(crate) struct Partition {
    /// Its own number: no two partitions have the same.
    pub serial: u64,
    /// Positions of all its rules, ascending; a rule's place here is its local number.
    pub positions: Vec<u32>,
    /// By local number: what a rule looks at.
    pub locals: Vec<Local>,
    /// By column.
    pub gates: Vec<(u32, Gate)>,
    /// What is looked for in all values and the record as received.
    pub keywords: Option<Gate>,
    /// By local number: rules that have no words.
    pub open: Box<[u64]>,
    /// All columns its rules look at.
    pub columns: Vec<u32>,
    lists: Vec<u32>,
    generation: u32,
    learnt: Mutex<Rarity>,
    /// Whether another has taken its place.
    pub outdated: AtomicBool,
}

/// What a rule looks at.
#[derive(Debug)]
pub(crate) struct Local {
    /// Columns, ascending.
    pub columns: Box<[u32]>,
    /// Whether it searches all values.
    pub searches: bool,
    /// Its condition.
    pub step: Step,
}

impl Partition {
    /// The partition of the rules at these positions, with nothing known of its events.
    pub(crate) fn new(positions: Vec<u32>, rules: &[Arc<Rule>], program: &Program) -> Self {
        Partition::with(positions, rules, program, &Rarity::default(), 0)
    }

    fn with(positions: Vec<u32>, rules: &[Arc<Rule>], program: &Program, rarity: &Rarity, generation: u32) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let mut open = vec![0_u64; positions.len().div_ceil(64)].into_boxed_slice();
        let mut drafts: BTreeMap<Option<usize>, Draft> = BTreeMap::new();
        let (mut locals, mut columns) = (Vec::with_capacity(positions.len()), BTreeSet::new());
        for (local, position) in (0_u32..).zip(&positions) {
            let expression = &rules[*position as usize].expression;
            match need::of_expression(expression, rarity) {
                None => open[local as usize / 64] |= 1 << (local % 64),
                Some(need) => need.atoms.into_iter().for_each(|atom| {
                    drafts.entry(atom.column).or_default().add(atom, local);
                }),
            }
            let mut own = BTreeSet::new();
            expression.seen_columns(&mut own);
            let own: Box<[u32]> = own.into_iter().map(|column| column as u32).collect();
            columns.extend(own.iter().copied());
            locals.push(Local {
                columns: own,
                searches: expression.searches(),
                step: program.step(expression, rarity),
            });
        }
        let mut lists = Vec::new();
        let mut keywords = None;
        let mut gates = Vec::new();
        for (column, draft) in drafts {
            let gate = draft.finish(column, rarity, &mut lists);
            match column {
                Some(column) => gates.push((column as u32, gate)),
                None => keywords = Some(gate),
            }
        }
        Partition {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            positions,
            locals,
            gates,
            keywords,
            open,
            columns: columns.into_iter().collect(),
            lists,
            generation,
            learnt: Mutex::default(),
            outdated: AtomicBool::new(false),
        }
    }

    /// Marks the rules the event may satisfy.
    pub(crate) fn mark<'e>(&self, event: &'e Event<'e>, shape: &Shape, bits: &mut Vec<u64>) {
        bits.clear();
        bits.extend_from_slice(&shape.open);
        let mut found = |rules: Stretch| {
            for rule in rules.of(&self.lists) {
                bits[*rule as usize / 64] |= 1 << (rule % 64);
            }
        };
        for (gate, place) in &shape.gated {
            if let Some(value) = at(event, *place) {
                look(&self.gates[*gate as usize].1, value, &mut found);
            }
        }
        if let Some(gate) = &self.keywords {
            // What a parser took out of the record as it stands there is looked at with the record.
            let record = event.raw.as_bytes().as_ptr_range();
            let elsewhere = |text: &str| {
                let text = text.as_bytes().as_ptr_range();
                text.start.addr() < record.start.addr() || text.end.addr() > record.end.addr()
            };
            for (_, value) in event.fields.iter().chain(event.core.iter()) {
                match value {
                    Value::Str(text) if !elsewhere(text) => {}
                    value => look(gate, value, &mut found),
                }
            }
            gate.find(event.raw, &mut found);
        }
        if let Some(possible) = &shape.possible {
            bits.iter_mut().zip(possible).for_each(|(bits, possible)| *bits &= possible);
        }
    }

    /// Counts what is in this event if it is its turn, `turn` being a number that grows by one with each event of the
    /// thread; once enough were counted gives the partition that is to take this one's place.
    pub(crate) fn learn<'e>(
        &self,
        turn: u64,
        event: &'e Event<'e>,
        shape: &Shape,
        rules: &[Arc<Rule>],
        program: &Program,
    ) -> Option<Self> {
        if !turn.is_multiple_of(EVERY[usize::from(self.generation > 0)]) {
            return None;
        }
        let mut rarity = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        if rarity.events() >= SAMPLE {
            return None;
        }
        rarity.event();
        for (column, value) in shape.values(event) {
            texts(value, &mut |text| rarity.value(Some(column as usize), text));
        }
        if self.locals.iter().any(|local| local.searches) {
            for (_, value) in event.fields.iter().chain(event.core.iter()) {
                texts(value, &mut |text| rarity.value(None, text));
            }
            rarity.value(None, event.raw);
        }
        if rarity.events() < SAMPLE {
            return None;
        }
        let next = Partition::with(self.positions.clone(), rules, program, &rarity, self.generation + 1);
        self.outdated.store(true, Ordering::Relaxed);
        Some(next)
    }

    /// Bytes its tables take.
    pub(crate) fn size(&self) -> usize {
        let gates = self.gates.iter().map(|(_, gate)| gate).chain(&self.keywords);
        gates.map(Gate::size).sum::<usize>() + self.lists.len() * 4
    }

    /// Local numbers of the rules without words.
    pub(crate) fn always_asked(&self) -> impl Iterator<Item = u32> {
        (0..self.positions.len() as u32).filter(|local| self.open[*local as usize / 64] >> (local % 64) & 1 != 0)
    }
}

fn look(gate: &Gate, value: &Value<'_>, found: &mut impl FnMut(Stretch)) {
    match value {
        Value::Str(text) => gate.find(text, found),
        Value::Int(number) => {
            let mut digits = [0; 20];
            gate.find_folded(written(*number, &mut digits), found);
        }
        Value::Null => {}
        Value::List(values) => values.iter().for_each(|value| look(gate, value, found)),
        other => gate.find(&other.text().unwrap_or_default(), found),
    }
}

/// The number's decimal digits.
fn written(number: i64, digits: &mut [u8; 20]) -> &[u8] {
    let (mut rest, mut start) = (number.unsigned_abs(), digits.len());
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    &digits[start..]
}

fn texts(value: &Value<'_>, each: &mut impl FnMut(&str)) {
    match value {
        Value::List(values) => values.iter().for_each(|value| texts(value, each)),
        Value::Null => {}
        other => each(&other.text().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_texts_are() {
        for number in [0, 7, -1, 4624, i64::MAX, i64::MIN] {
            assert_eq!(written(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }
}
