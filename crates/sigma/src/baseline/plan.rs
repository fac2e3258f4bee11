//! What is worked out once of each baseline before it runs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::baseline::rule::BaselineRule;
use crate::baseline::values::minutes;
use crate::correlation::plan::micros;

/// One baseline, ready to run. Times are microseconds.
#[derive(Debug)]
pub(crate) struct Plan {
    pub rule: Arc<BaselineRule>,
    pub learning: i64,
    pub forget: i64,
    pub forget_minutes: u32,
    pub field: String,
}

/// Rule id to the baselines that look at its matches.
pub(crate) type ByBase = HashMap<String, Vec<usize>>;

pub(crate) fn plans(rules: &[Arc<BaselineRule>]) -> (Vec<Plan>, ByBase) {
    let mut by_base = ByBase::new();
    for (position, rule) in rules.iter().enumerate() {
        for base in &rule.rules {
            by_base.entry(base.clone()).or_default().push(position);
        }
    }
    let plan = |rule: &Arc<BaselineRule>| Plan {
        learning: micros(rule.learning),
        forget: micros(rule.forget),
        forget_minutes: minutes(micros(rule.forget)),
        field: rule.field_name(),
        rule: rule.clone(),
    };
    (rules.iter().map(plan).collect(), by_base)
}
