//! Which of the alerts that grew are written now. In a flood the same few grow all the time, and each writing takes all of
//! one along; what only grew can wait a little, what is new or worse cannot.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use model::event::AttackOutcome;
use model::{AlertId, Severity};

use super::alert::Growing;

/// Up to so many are written together however often they grow.
const FEW: usize = 200;
/// One that only grew is written this often.
const GROWN_EVERY: Duration = Duration::from_secs(5);

/// When alerts were written last, and how bad they were.
#[derive(Debug, Default)]
pub(super) struct Pace {
    written: HashMap<AlertId, (Instant, Severity, AttackOutcome)>,
}

impl Pace {
    /// Those of `waiting` to be written now.
    pub(super) fn due(&self, waiting: &BTreeMap<AlertId, Growing>, now: Instant) -> Vec<AlertId> {
        let is_due = |alert: &&Growing| match self.written.get(&alert.id) {
            None => true,
            Some((at, severity, outcome)) => {
                (*severity, *outcome) != alert.grade() || now.duration_since(*at) >= GROWN_EVERY
            }
        };
        let few = waiting.len() <= FEW;
        waiting.values().filter(|alert| few || is_due(alert)).map(|alert| alert.id.clone()).collect()
    }

    /// Whether any would be.
    pub(super) fn is_any_due(&self, waiting: &BTreeMap<AlertId, Growing>, now: Instant) -> bool {
        !waiting.is_empty() && !self.due(waiting, now).is_empty()
    }

    /// These have been written.
    pub(super) fn wrote<'a>(&mut self, alerts: impl IntoIterator<Item = &'a Growing>, now: Instant) {
        self.written.retain(|_, (at, ..)| now.duration_since(*at) < GROWN_EVERY);
        for alert in alerts {
            let (severity, outcome) = alert.grade();
            self.written.insert(alert.id.clone(), (now, severity, outcome));
        }
    }
}
