//! One group's events of one correlation, in order of time.
//!
//! Two kinds. A condition with only a lower end slides: every window that ends with an event is judged as soon as an event
//! is added to it. A condition with an upper end can only be judged once nothing more can come: its window opens with the
//! group's first event, takes what lies within the timespan, and is judged when what may come late has come.
//!
//! Counts need no more than times, so times, values and the events' tokens are lists of their own; tokens are kept of some
//! events only.

use std::collections::HashSet;
use std::ops::Range;

use crate::correlation::few::Few;
use crate::correlation::key::Key;
use crate::correlation::plan::Plan;
use crate::correlation::rule::{CorrelationRule, CorrelationType};

/// An event on its way into a group.
pub(crate) struct Arrival<'a, T> {
    pub time: i64,
    /// Which of the correlation's rules matched.
    pub slot: u16,
    /// For `value_count` the value.
    pub values: &'a [u8],
    /// For sums, averages and percentiles the number.
    pub number: f64,
    /// For correlations above this one, fields that are no part of the group.
    pub carried: Option<Key>,
    /// The events behind it: one, or those of the correlation referred to.
    pub tokens: &'a [T],
}

/// What the kind of correlation looks at beside times.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    Nothing,
    Slots(Few<u16>),
    Values(Few<Key>),
    Numbers(Few<f64>),
}

/// The token of one of a group's events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held<T> {
    pub place: u32,
    pub token: T,
}

/// What each of a group's events carries for correlations above.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Carried {
    pub keys: Vec<Key>,
}

/// A group's events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window<T> {
    pub times: Few<i64>,
    pub column: Column,
    pub tokens: Few<Held<T>>,
    /// What each event carries, where correlations above ask for it.
    pub carried: Option<Box<Carried>>,
    /// Events counted but no longer held.
    pub forgotten: u32,
}

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It came too late.
    Late,
    /// It is held at this place.
    At(usize),
    /// It says nothing that the events around it do not.
    Needless,
}

/// A window that satisfies its condition.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub range: Range<usize>,
    pub count: u64,
    pub measured: Option<f64>,
}

impl<T> Window<T> {
    pub(crate) fn new(rule: &CorrelationRule) -> Self {
        let column = match rule.kind {
            CorrelationType::EventCount => Column::Nothing,
            CorrelationType::ValueCount => Column::Values(Few::None),
            CorrelationType::Temporal | CorrelationType::TemporalOrdered => Column::Slots(Few::None),
            _ => Column::Numbers(Few::None),
        };
        let carried = (!rule.carried.is_empty()).then(Box::default);
        Window { times: Few::None, column, tokens: Few::None, carried, forgotten: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// Time of the first event held, or 0.
    pub(crate) fn first(&self) -> i64 {
        self.times.as_slice().first().copied().unwrap_or_default()
    }

    /// Time of the last event held, or 0.
    pub(crate) fn last(&self) -> i64 {
        self.times.as_slice().last().copied().unwrap_or_default()
    }

    /// Adds an event, of whose tokens and those already held at most `tokens` stay: half from the beginning, half from the
    /// end. Forgets what is too old to serve any window to come and what exceeds the bound; true in the second place when
    /// the bound was hit.
    pub(crate) fn add(&mut self, plan: &Plan, arrival: Arrival<'_, T>, tokens: usize) -> (Added, bool)
    where
        T: Clone,
    {
        let held = self.times.as_slice();
        if held.last().is_some_and(|newest| arrival.time < newest.saturating_sub(plan.lateness)) {
            return (Added::Late, false);
        }
        let mut place = self.place_of(arrival.time, arrival.slot);
        self.insert(place, arrival, tokens);
        let mut needless = false;
        if plan.distinct {
            for gone in self.needless_around(place, plan.span) {
                self.remove(gone..gone + 1);
                needless |= gone == place;
                place -= usize::from(gone < place);
            }
        }
        if !plan.ends_first {
            let oldest = self.last().saturating_sub(plan.span).saturating_sub(plan.lateness);
            let outdated = self.times.as_slice().partition_point(|time| *time < oldest);
            self.remove(0..outdated);
            place = place.saturating_sub(outdated);
        }
        let over = self.len() > plan.most_events;
        if over {
            let gone = if plan.ends_first { self.least_telling() } else { 0 };
            self.remove(gone..gone + 1);
            self.forgotten = self.forgotten.saturating_add(u32::from(plan.ends_first));
            needless |= gone == place;
            place -= usize::from(gone < place);
        }
        (if needless { Added::Needless } else { Added::At(place) }, over)
    }

    /// Behind what is earlier; events of one time stand in the order of their rules.
    fn place_of(&self, time: i64, slot: u16) -> usize {
        let times = self.times.as_slice();
        if times.last().is_none_or(|newest| *newest < time) {
            return times.len();
        }
        let after = times.partition_point(|present| *present <= time);
        match &self.column {
            Column::Slots(slots) => {
                let before = times.partition_point(|present| *present < time);
                before + slots.as_slice()[before..after].partition_point(|present| *present <= slot)
            }
            _ => after,
        }
    }

    fn insert(&mut self, place: usize, arrival: Arrival<'_, T>, most: usize)
    where
        T: Clone,
    {
        self.times.insert(place, arrival.time);
        match &mut self.column {
            Column::Nothing => {}
            Column::Slots(slots) => slots.insert(place, arrival.slot),
            Column::Values(values) => values.insert(place, Key::new(arrival.values)),
            Column::Numbers(numbers) => numbers.insert(place, arrival.number),
        }
        if let (Some(all), Some(own)) = (&mut self.carried, arrival.carried) {
            all.keys.insert(place, own);
        }
        let place = place as u32;
        let first = self.tokens.as_slice().partition_point(|held| held.place < place);
        self.tokens.as_mut_slice()[first..].iter_mut().for_each(|held| held.place += 1);
        for (offset, token) in arrival.tokens.iter().enumerate() {
            self.tokens.insert(first + offset, Held { place, token: token.clone() });
        }
        while self.tokens.len() > most.max(1) {
            let middle = most / 2;
            self.tokens.remove(middle..middle + 1);
        }
    }

    /// Takes events out.
    pub(crate) fn remove(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let held = self.tokens.as_slice();
        let from = held.partition_point(|held| (held.place as usize) < range.start);
        let to = held.partition_point(|held| (held.place as usize) < range.end);
        self.tokens.as_mut_slice()[to..].iter_mut().for_each(|held| held.place -= range.len() as u32);
        self.tokens.remove(from..to);
        if let Some(all) = &mut self.carried {
            all.keys.drain(range.clone());
        }
        match &mut self.column {
            Column::Nothing => {}
            Column::Slots(slots) => slots.remove(range.clone()),
            Column::Values(values) => values.remove(range.clone()),
            Column::Numbers(numbers) => numbers.remove(range.clone()),
        }
        self.times.remove(range);
    }

    fn same(&self, one: usize, other: usize) -> bool {
        match &self.column {
            Column::Slots(slots) => slots.as_slice()[one] == slots.as_slice()[other],
            Column::Values(values) => values.as_slice()[one] == values.as_slice()[other],
            _ => false,
        }
    }

    /// Of three events with one value of which the outer two are no further apart than the timespan, every window with the
    /// one in the middle has one of the others too. Latest first.
    fn needless_around(&self, place: usize, span: i64) -> Vec<usize> {
        let times = self.times.as_slice();
        let before = (0..place).rev().filter(|other| self.same(*other, place)).take(2);
        let mut near: Vec<usize> = before.collect();
        near.reverse();
        near.push(place);
        near.extend((place + 1..times.len()).filter(|other| self.same(*other, place)).take(2));
        let (mut gone, mut middle) = (Vec::new(), 1);
        while middle + 1 < near.len() {
            if times[near[middle + 1]].saturating_sub(times[near[middle - 1]]) <= span {
                gone.push(near.remove(middle));
            } else {
                middle += 1;
            }
        }
        gone.reverse();
        gone
    }

    /// Which of too many goes from a window that opened with its first event: not that one, and if possible one whose value
    /// stands there again.
    fn least_telling(&self) -> usize {
        let again = |place: &usize| (place + 1..self.len()).any(|other| self.same(*place, other));
        match self.column {
            Column::Values(_) | Column::Slots(_) => (1..self.len().min(64)).find(again).unwrap_or(1),
            _ => 1,
        }
    }

    /// The first satisfied window of those that an event just added at `place` lies in.
    pub(crate) fn satisfied_with(&self, plan: &Plan, place: usize) -> Option<Verdict> {
        let times = self.times.as_slice();
        let latest = times[place].saturating_add(plan.span);
        let (mut end, mut start) = (place, 0);
        while let Some(time) = times.get(end).filter(|time| **time <= latest) {
            while times.get(end + 1) == Some(time) {
                end += 1;
            }
            let oldest = time.saturating_sub(plan.span);
            start += times[start..].partition_point(|time| *time < oldest);
            let verdict = self.judge(&plan.rule, start..end + 1);
            if verdict.is_some() {
                return verdict;
            }
            end += 1;
        }
        None
    }

    /// The window that opens with the first event: its events, and the verdict if they satisfy the condition.
    pub(crate) fn judge_first(&self, plan: &Plan) -> (Range<usize>, Option<Verdict>) {
        let latest = self.first().saturating_add(plan.span);
        let range = 0..self.times.as_slice().partition_point(|time| *time <= latest);
        (range.clone(), self.judge(&plan.rule, range))
    }

    fn judge(&self, rule: &CorrelationRule, range: Range<usize>) -> Option<Verdict> {
        let held = range.len() as u64 + u64::from(self.forgotten);
        if let (Some(measure), Column::Numbers(numbers)) = (&rule.measure, &self.column) {
            let measured = measured(rule, &numbers.as_slice()[range.clone()])?;
            let verdict = Verdict { range, count: held, measured: Some(measured) };
            return measure.holds(measured).then_some(verdict);
        }
        if held < rule.bound.least {
            return None;
        }
        let count = match &self.column {
            Column::Values(values) => distinct(&values.as_slice()[range.clone()]) + u64::from(self.forgotten),
            Column::Slots(slots) if rule.kind == CorrelationType::TemporalOrdered => {
                longest_in_order(&slots.as_slice()[range.clone()], rule.rules.len())
            }
            Column::Slots(slots) => slots.as_slice()[range.clone()].iter().collect::<HashSet<_>>().len() as u64,
            _ => held,
        };
        let holds = count >= rule.bound.least && rule.bound.most.is_none_or(|most| count <= most);
        holds.then_some(Verdict { range, count, measured: None })
    }

    /// Tokens of a window's events; of one value or rule only those of its latest event where that is what counts.
    pub(crate) fn events(&self, plan: &Plan, range: &Range<usize>) -> Vec<T>
    where
        T: Clone,
    {
        let once = matches!(plan.rule.kind, CorrelationType::ValueCount | CorrelationType::Temporal);
        let again = |place: usize| (place + 1..range.end).any(|other| self.same(place, other));
        let inside = self.tokens.as_slice().iter().filter(|held| range.contains(&(held.place as usize)));
        inside.filter(|held| !once || !again(held.place as usize)).map(|held| held.token.clone()).collect()
    }

    /// The latest value of each carried field among a window's events.
    pub(crate) fn carried(&self, plan: &Plan, range: &Range<usize>) -> Vec<(String, String)> {
        let mut known: Vec<(String, String)> = Vec::new();
        for carried in self.carried.iter().flat_map(|all| all.keys[range.clone()].iter().rev()) {
            for (name, value) in plan.rule.carried.iter().zip(carried.values()) {
                if let Some(value) = value
                    && !known.iter().any(|(present, _)| present == name)
                {
                    known.push((name.clone(), value.to_owned()));
                }
            }
            if known.len() == plan.rule.carried.len() {
                break;
            }
        }
        known
    }
}

/// How many different values.
fn distinct(values: &[Key]) -> u64 {
    if values.len() > 24 {
        return values.iter().map(Key::as_bytes).collect::<HashSet<_>>().len() as u64;
    }
    values.iter().enumerate().filter(|(place, value)| !values[..*place].contains(value)).count() as u64
}

/// The sum, average or percentile of numbers in order of time.
fn measured(rule: &CorrelationRule, numbers: &[f64]) -> Option<f64> {
    let measure = rule.measure.as_ref()?;
    let last = numbers.len().checked_sub(1)?;
    Some(match rule.kind {
        CorrelationType::ValueSum => numbers.iter().sum(),
        CorrelationType::ValuePercentile => {
            // Between the two numbers the share falls between, in proportion.
            let place = measure.percentile / 100.0 * last as f64;
            let mut numbers = numbers.to_vec();
            let (_, low, above) = numbers.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
            let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*low);
            *low + (next - *low) * place.fract()
        }
        _ => numbers.iter().sum::<f64>() / numbers.len() as f64,
    })
}

/// The most rules that matched one after the other in the order listed.
fn longest_in_order(events: &[u16], slots: usize) -> u64 {
    let mut best = vec![0; slots];
    for slot in events.iter().map(|slot| usize::from(*slot)) {
        let before = best[..slot].iter().max().copied().unwrap_or_default();
        best[slot] = best[slot].max(before + 1);
    }
    best.into_iter().max().unwrap_or_default()
}
