//! The state of all correlations as a value that can be written down and taken up again.

use std::collections::HashMap;
use std::sync::Arc;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::correlation::correlator::{Correlator, Limits, Partition};
use crate::correlation::window::Window;
use crate::rule_set::RuleSet;

/// The layout's number; it changes when an old one can no longer be read.
const VERSION: u32 = 1;

/// A correlator's state. Groups refer to correlations by id, so it survives a reload of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot<T> {
    version: u32,
    partitions: Vec<PartitionState<T>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PartitionState<T> {
    name: String,
    now: Timestamp,
    groups: Vec<GroupState<T>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct GroupState<T> {
    rule: String,
    fingerprint: String,
    values: Vec<String>,
    window: Window<T>,
}

/// A snapshot of a layout this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the correlation state has layout {0}, this version reads layout {VERSION}: replay the log instead")]
pub struct InvalidSnapshot(u32);

impl<T: Clone> Correlator<T> {
    /// The state now, in a stable order.
    pub fn snapshot(&self) -> Snapshot<T> {
        let fingerprints: Vec<_> = self.rules.iter().map(|rule| rule.fingerprint()).collect();
        let mut partitions: Vec<_> = self
            .partitions
            .iter()
            .map(|(name, state)| PartitionState {
                name: name.clone(),
                now: state.now,
                groups: state
                    .deadlines
                    .iter()
                    .filter_map(|(_, key)| {
                        Some(GroupState {
                            rule: self.rules[key.0].id.clone(),
                            fingerprint: fingerprints[key.0].clone(),
                            values: key.1.clone(),
                            window: state.groups.get(key)?.clone(),
                        })
                    })
                    .collect(),
            })
            .collect();
        partitions.sort_by(|a, b| a.name.cmp(&b.name));
        Snapshot { version: VERSION, partitions }
    }

    /// Takes up a state. Groups of correlations that are gone, or that now count something else, start anew.
    pub fn restore(rules: &RuleSet, limits: Limits, snapshot: Snapshot<T>) -> Result<Self, InvalidSnapshot> {
        if snapshot.version != VERSION {
            return Err(InvalidSnapshot(snapshot.version));
        }
        let mut correlator = Correlator::new(rules, limits);
        let known: HashMap<_, _> = correlator
            .rules
            .iter()
            .enumerate()
            .map(|(position, rule)| ((rule.id.clone(), rule.fingerprint()), position))
            .collect();
        for partition in snapshot.partitions {
            let mut state = Partition::new(partition.now);
            for group in partition.groups {
                if let Some(&position) = known.get(&(group.rule, group.fingerprint)) {
                    let key = Arc::new((position, group.values));
                    state.deadlines.insert((group.window.deadline, key.clone()));
                    state.groups.insert(key, group.window);
                }
            }
            if !state.groups.is_empty() {
                correlator.partitions.insert(partition.name, state);
            }
        }
        Ok(correlator)
    }
}
