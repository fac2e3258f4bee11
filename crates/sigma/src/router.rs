//! Which rules an event concerns: by its set of log sources, worked out once per distinct set.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use model::event::LogSource;

use crate::engine::partition::Partition;
use crate::engine::program::Program;
use crate::rule::Rule;

/// Sets of log sources come from source definitions and are few; beyond this the cache starts anew.
const MAX_CACHED: usize = 4096;

/// The index of rules by log source.
#[derive(Debug, Default)]
pub(crate) struct Router {
    by_source: Vec<(LogSource, Vec<u32>)>,
    cache: RwLock<HashMap<Arc<[LogSource]>, Arc<Partition>>>,
}

impl Router {
    /// Indexes the rules by their position.
    pub(crate) fn new(rules: &[Arc<Rule>]) -> Self {
        let mut index: HashMap<&LogSource, Vec<u32>> = HashMap::new();
        for (position, rule) in (0..).zip(rules) {
            index.entry(&rule.log_source).or_default().push(position);
        }
        let by_source = index.into_iter().map(|(source, rules)| (source.clone(), rules)).collect();
        Router { by_source, cache: RwLock::default() }
    }

    /// Positions of the rules for events of this set, ascending.
    pub(crate) fn concerned(&self, sources: &[LogSource]) -> Vec<u32> {
        let concerned = self.by_source.iter().filter(|(stated, _)| sources.iter().any(|member| covers(stated, member)));
        let mut positions: Vec<u32> = concerned.flat_map(|(_, rules)| rules).copied().collect();
        positions.sort_unstable();
        positions
    }

    /// The rules for events of this set, behind their gates.
    pub(crate) fn partition(
        &self,
        sources: &Arc<[LogSource]>,
        rules: &[Arc<Rule>],
        program: &Program,
    ) -> Arc<Partition> {
        if let Some(found) = self.cache.read().unwrap_or_else(PoisonError::into_inner).get(sources) {
            return found.clone();
        }
        let partition = Arc::new(Partition::new(self.concerned(sources), rules, program));
        self.keep(sources, partition.clone());
        partition
    }

    /// Uses this partition for events of this set from now on.
    pub(crate) fn keep(&self, sources: &Arc<[LogSource]>, partition: Arc<Partition>) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(sources.clone(), partition);
    }

    /// The partitions in use.
    pub(crate) fn partitions(&self) -> Vec<(Arc<[LogSource]>, Arc<Partition>)> {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        cache.iter().map(|(sources, partition)| (sources.clone(), partition.clone())).collect()
    }
}

/// Whether each part `stated` has equals that of `member`; a part `member` lacks satisfies nobody who states it.
pub(crate) fn covers(stated: &LogSource, member: &LogSource) -> bool {
    let part = |stated: &Option<String>, present: &Option<String>| stated.is_none() || stated == present;
    part(&stated.category, &member.category)
        && part(&stated.product, &member.product)
        && part(&stated.service, &member.service)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(category: &str, product: &str, service: &str) -> LogSource {
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        LogSource { category: part(category), product: part(product), service: part(service) }
    }

    #[test]
    fn a_rule_needs_every_part_it_states_in_one_member() {
        let event = source("process_creation", "windows", "sysmon");
        assert!(covers(&source("process_creation", "windows", ""), &event));
        assert!(covers(&source("", "windows", ""), &event));
        assert!(!covers(&source("process_creation", "linux", ""), &event));
        assert!(!covers(&source("process_creation", "windows", ""), &source("", "windows", "")));
    }
}
