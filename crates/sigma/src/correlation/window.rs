//! One group's window of one correlation.
//!
//! Two kinds. A condition with only a lower end slides: it fires as soon as enough events lie within one timespan.
//! A condition with an upper end can only be judged once nothing more can come: its window opens with the group's
//! first event, takes what lies within the timespan, and is judged when event time has passed its end.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::correlation::rule::{CorrelationRule, CorrelationType};

/// One match that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry<T> {
    pub time: Timestamp,
    /// Which of the correlation's rules matched.
    pub slot: usize,
    /// For `value_count` the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// For correlations above this one, fields that are no part of the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<(String, String)>,
    /// The events behind it: one, or those of the correlation referred to.
    pub events: Vec<T>,
}

/// The entries of a group, in order of time and slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window<T> {
    pub entries: Vec<Entry<T>>,
    /// Entries counted but no longer held.
    #[serde(default)]
    pub forgotten: u64,
    /// When event time passes this, the window is over.
    pub deadline: Timestamp,
}

/// What became of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It counts.
    Counted,
    /// It is older than the window.
    Late,
    /// It lies after the end of a window that is to be judged first.
    Beyond,
}

impl<T> Window<T> {
    pub(crate) fn new(deadline: Timestamp) -> Self {
        Window { entries: Vec::new(), forgotten: 0, deadline }
    }

    /// Adds an entry, forgetting what falls out of the timespan or exceeds `limit`; true in the second place when the
    /// limit was hit.
    pub(crate) fn add(&mut self, rule: &CorrelationRule, entry: Entry<T>, limit: usize) -> (Outcome, bool) {
        if let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) {
            if entry.time.plus(rule.timespan) < last.time {
                return (Outcome::Late, false);
            }
            if rule.ends_first() && first.time.plus(rule.timespan) < entry.time {
                return (Outcome::Beyond, false);
            }
        }
        self.replace_equal(rule, &entry);
        let place = self.entries.partition_point(|present| (present.time, present.slot) <= (entry.time, entry.slot));
        self.entries.insert(place, entry);
        let oldest = self.entries.last().map(|last| last.time.minus(rule.timespan));
        let outdated = self.entries.partition_point(|present| Some(present.time) < oldest);
        self.entries.drain(..outdated);
        let over = self.entries.len() > limit;
        if over {
            self.entries.remove(0);
            self.forgotten += u64::from(rule.ends_first());
        }
        (Outcome::Counted, over)
    }

    /// Where one event per value or per rule is enough, the older one goes.
    fn replace_equal(&mut self, rule: &CorrelationRule, entry: &Entry<T>) {
        match rule.kind {
            CorrelationType::ValueCount => self.entries.retain(|present| present.value != entry.value),
            CorrelationType::Temporal => self.entries.retain(|present| present.slot != entry.slot),
            _ => {}
        }
    }

    /// What the condition judges.
    pub(crate) fn count(&self, rule: &CorrelationRule) -> u64 {
        match rule.kind {
            CorrelationType::TemporalOrdered => self.longest_in_order(rule.rules.len()),
            _ => self.entries.len() as u64 + self.forgotten,
        }
    }

    /// Whether the condition holds.
    pub(crate) fn satisfies(&self, rule: &CorrelationRule) -> bool {
        if let Some(measure) = &rule.measure {
            return self.measured(rule).is_some_and(|number| measure.holds(number));
        }
        let count = self.count(rule);
        count >= rule.bound.least && rule.bound.most.is_none_or(|most| count <= most)
    }

    /// The number a condition over numbers judges.
    pub(crate) fn measured(&self, rule: &CorrelationRule) -> Option<f64> {
        let measure = rule.measure.as_ref()?;
        let mut numbers: Vec<f64> =
            self.entries.iter().filter_map(|entry| entry.value.as_deref()?.parse().ok()).collect();
        if numbers.is_empty() {
            return None;
        }
        let sum: f64 = numbers.iter().sum();
        Some(match rule.kind {
            CorrelationType::ValueSum => sum,
            CorrelationType::ValuePercentile => {
                numbers.sort_by(f64::total_cmp);
                // Between the two numbers the share falls between, in proportion.
                let place = measure.percentile / 100.0 * (numbers.len() - 1) as f64;
                let (low, high) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
                low + (high - low) * place.fract()
            }
            _ => sum / numbers.len() as f64,
        })
    }

    /// The most rules that matched one after the other in the order listed.
    fn longest_in_order(&self, slots: usize) -> u64 {
        let mut best = vec![0; slots];
        for entry in &self.entries {
            let before = best[..entry.slot].iter().max().copied().unwrap_or_default();
            best[entry.slot] = best[entry.slot].max(before + 1);
        }
        best.into_iter().max().unwrap_or_default()
    }
}
