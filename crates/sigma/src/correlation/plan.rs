//! What is worked out once of each correlation before it runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::correlation::correlator::Limits;
use crate::correlation::rule::{CorrelationRule, CorrelationType};

/// One correlation, ready to run. Times are microseconds.
#[derive(Debug)]
pub(crate) struct Plan {
    pub rule: Arc<CorrelationRule>,
    pub span: i64,
    /// How late what it counts may come. A correlation it refers to fires late itself.
    pub lateness: i64,
    /// Judged when the window has ended.
    pub ends_first: bool,
    /// Of one value or rule the events in the middle say nothing.
    pub distinct: bool,
    /// Events held per group.
    pub most_events: usize,
    /// Correlations that refer to this one, and as which of their rules.
    pub uppers: Vec<(usize, u16)>,
    /// Those that refer to each other run together: the lowest position among them, if there is more than one.
    pub chain: Option<usize>,
}

/// Rule id to the correlations that refer to it, and as which of their rules.
pub(crate) type ByBase = HashMap<String, Vec<(usize, u16)>>;

/// Plans of correlations, each after those it refers to.
pub(crate) fn plans(rules: &[Arc<CorrelationRule>], limits: &Limits) -> (Vec<Plan>, ByBase) {
    let mut by_base = ByBase::new();
    for (position, rule) in rules.iter().enumerate() {
        for (slot, base) in rule.rules.iter().enumerate() {
            by_base.entry(base.clone()).or_default().push((position, slot as u16));
        }
    }
    let mut plans: Vec<Plan> = Vec::with_capacity(rules.len());
    for rule in rules {
        let delays = plans.iter().filter(|base| rule.rules.contains(&base.rule.id)).map(Plan::delay);
        let lateness = delays.fold(micros(limits.lateness), i64::max);
        let ends_first = rule.ends_first();
        plans.push(Plan {
            span: micros(rule.timespan),
            lateness,
            ends_first,
            distinct: !ends_first && matches!(rule.kind, CorrelationType::ValueCount | CorrelationType::Temporal),
            most_events: limits.events_per_group.max(rule.bound.least as usize).max(2),
            uppers: by_base.get(&rule.id).cloned().unwrap_or_default(),
            chain: None,
            rule: rule.clone(),
        });
    }
    chain(&mut plans);
    (plans, by_base)
}

impl Plan {
    /// How late it may fire, measured by the last event behind it.
    fn delay(&self) -> i64 {
        if self.ends_first { self.lateness.saturating_add(self.span).saturating_add(1) } else { self.lateness }
    }
}

/// Finds which refer to each other.
fn chain(plans: &mut [Plan]) {
    let mut root: Vec<usize> = (0..plans.len()).collect();
    loop {
        let before = root.clone();
        for (position, plan) in plans.iter().enumerate() {
            for (upper, _) in &plan.uppers {
                let lowest = root[position].min(root[*upper]);
                (root[position], root[*upper]) = (lowest, lowest);
            }
        }
        if root == before {
            break;
        }
    }
    for position in 0..plans.len() {
        let alone = root.iter().filter(|other| **other == root[position]).count() == 1;
        plans[position].chain = (!alone).then_some(root[position]);
    }
}

/// Microseconds; the longest are as good as for ever.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
