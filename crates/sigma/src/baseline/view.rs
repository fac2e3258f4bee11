//! What people see of profiles: how far learning is, and what is usual for one group.

use model::Timestamp;
use model::baseline::{GroupProfile, NamedValue, Usual, VolumePart};

use crate::baseline::group::{Group, Profile};
use crate::baseline::keeper::{Baselines, group_key};
use crate::baseline::local::Local;
use crate::baseline::rule::{BaselineKind, BaselineRule};
use crate::baseline::volume::PARTS;

/// Values shown.
const SHOWN: usize = 100;
/// How far what is high is above what is usual, where a baseline does not say.
const DEVIATIONS: f64 = 4.0;

/// How far a baseline is for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The partition.
    pub partition: String,
    /// The baseline's id.
    pub rule: String,
    /// When the first event was received.
    pub since: Timestamp,
    /// When the latest was.
    pub latest: Timestamp,
    /// Seconds that must be covered.
    pub learning: u64,
    /// Groups known.
    pub groups: u64,
    /// Groups forgotten since the start because there were too many.
    pub forgotten: u64,
    /// Bytes held, about.
    pub bytes: u64,
}

impl Baselines {
    /// How far each baseline is for each partition it has seen anything of.
    pub fn progress(&self) -> Vec<Progress> {
        let mut all = Vec::new();
        for partition in &self.partitions {
            for (plan, room) in partition.rooms.iter().enumerate() {
                let Some(room) = room else { continue };
                let rule = self.rule(plan);
                all.push(Progress {
                    partition: partition.name.clone(),
                    rule: rule.id.clone(),
                    since: Timestamp::from_micros(room.begun),
                    latest: Timestamp::from_micros(room.latest),
                    learning: rule.learning.as_secs(),
                    groups: room.groups.len() as u64,
                    forgotten: room.forgotten,
                    bytes: (room.groups.bytes() + room.values.bytes()) as u64,
                });
            }
        }
        all
    }

    /// What is usual for a group, given by its values in the order of `group-by`, at a time of receipt.
    pub fn look_up(&self, partition: &str, rule: &str, group: &[String], now: Timestamp) -> Option<GroupProfile> {
        let (place, plan) = self.find(partition, rule)?;
        let room = self.partitions[place].rooms[plan].as_ref()?;
        let id = room.groups.find(&group_key(group))?;
        let held = &room.groups.get(id)?.state;
        let names = self.rule(plan).group_by.iter().zip(group);
        Some(GroupProfile {
            group: names.map(|(name, value)| NamedValue { name: name.clone(), value: value.clone() }).collect(),
            since: Timestamp::from_micros(held.born),
            last: Timestamp::from_micros(held.last),
            observations: held.observations(),
            learned: room.is_learned(&self.plans[plan], id, now.as_micros()),
            usual: usual(held, self.rule(plan)),
        })
    }

    /// The groups heard of last, newest first, by their values.
    pub fn latest_groups(&self, partition: &str, rule: &str, most: usize) -> Vec<Vec<String>> {
        let Some((place, plan)) = self.find(partition, rule) else { return Vec::new() };
        let Some(room) = &self.partitions[place].rooms[plan] else { return Vec::new() };
        let latest = room.groups.newest_first().take(most);
        latest.map(|slot| slot.key.values().flatten().map(str::to_owned).collect()).collect()
    }
}

fn usual(group: &Group, rule: &BaselineRule) -> Usual {
    match &group.profile {
        Profile::Values(values) => Usual::Values { known: values.len() as u64, latest: values.latest(SHOWN) },
        Profile::Member => Usual::Values { known: 0, latest: Vec::new() },
        Profile::Hours(hours) => {
            Usual::Hours { active: hours.active(), weeks: hours.covered(Local::new(group.last, 0)) }
        }
        Profile::Volume(volume) => {
            let deviations = match rule.kind {
                BaselineKind::Volume { deviations, .. } => deviations,
                _ => DEVIATIONS,
            };
            let known = (0..2 * PARTS).filter(|part| volume.part(*part).windows > 0);
            let part = |part: usize| {
                let expected = volume.expected(part, deviations)?;
                let hours = 24 / PARTS;
                let from = (part % PARTS * hours) as u8;
                Some(VolumePart {
                    workdays: part < PARTS,
                    from,
                    to: from + hours as u8,
                    usual: expected.usual,
                    high: expected.high,
                    windows: u64::from(volume.part(part).windows),
                })
            };
            Usual::Volume { parts: known.filter_map(part).collect(), most: volume.most }
        }
        Profile::Pairs(pairs) => Usual::Intervals { known: pairs.len() as u64, latest: pairs.latest(SHOWN) },
    }
}
