//! What detection goes by: the rules, and what people decided about them (catalogue D2).

use std::collections::HashMap;
use std::sync::Arc;

use model::event::Event;
use model::use_case::{Exception, Release, UseCase};
use model::{CustomerId, ExceptionId, Severity, Timestamp};
use sha2::{Digest, Sha256};
use sigma::{RuleSet, Selection};

/// The rules in force with what was decided about them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Ruleset {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// What was decided about them.
    pub rulings: Arc<Rulings>,
}

impl From<Arc<RuleSet>> for Ruleset {
    fn from(rules: Arc<RuleSet>) -> Self {
        Ruleset { rules, rulings: Arc::default() }
    }
}

/// What was decided about rules: what they do for whom, and what they must not fire on.
#[derive(Debug, Default)]
pub struct Rulings {
    use_cases: HashMap<String, UseCase>,
    exceptions: HashMap<String, Vec<Excepted>>,
    hash: String,
}

#[derive(Debug)]
struct Excepted {
    id: ExceptionId,
    customer: Option<CustomerId>,
    expires: Option<Timestamp>,
    selection: Selection,
}

impl Rulings {
    /// Rulings of these; an exception that cannot be compiled holds for nothing and is logged.
    pub fn new(use_cases: Vec<UseCase>, exceptions: &[Exception]) -> Self {
        let mut compiled: HashMap<String, Vec<Excepted>> = HashMap::new();
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        for use_case in &use_cases {
            add(use_case.id.as_bytes());
            add(&serde_json::to_vec(&(&use_case.data, &use_case.customers)).unwrap_or_default());
        }
        for exception in exceptions {
            let selection = match Selection::read(&exception.data.detection()) {
                Ok(selection) => selection,
                Err(error) => {
                    tracing::warn!(exception = %exception.id, %error, "an exception cannot be used and holds for nothing");
                    continue;
                }
            };
            add(exception.id.as_str().as_bytes());
            add(&exception.version.to_be_bytes());
            compiled.entry(exception.data.rule_id.clone()).or_default().push(Excepted {
                id: exception.id.clone(),
                customer: exception.customer.clone(),
                expires: exception.data.expires,
                selection,
            });
        }
        let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let use_cases = use_cases.into_iter().map(|use_case| (use_case.id.clone(), use_case)).collect();
        Rulings { use_cases, exceptions: compiled, hash }
    }

    /// What tells two versions apart: SHA-256 over everything decided, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What a rule does for a customer: nobody decided, it raises alerts.
    pub(crate) fn release(&self, rule_id: &str, customer: &CustomerId) -> Release {
        let decided = |use_case: &UseCase| use_case.release_for(customer).unwrap_or(Release::Off);
        self.use_cases.get(rule_id).map_or(Release::Live, decided)
    }

    /// How bad its alerts are, where that was decided.
    pub(crate) fn severity(&self, rule_id: &str) -> Option<Severity> {
        self.use_cases.get(rule_id)?.data.severity
    }

    /// The exception that keeps a rule from firing on an event received at `now`.
    pub(crate) fn exception(
        &self,
        rule_id: &str,
        customer: &CustomerId,
        now: Timestamp,
        event: &Event<'_>,
    ) -> Option<&ExceptionId> {
        let concerns = |excepted: &&Excepted| {
            excepted.customer.as_ref().is_none_or(|own| own == customer)
                && excepted.expires.is_none_or(|expires| now < expires)
                && excepted.selection.holds(event)
        };
        self.exceptions.get(rule_id)?.iter().find(concerns).map(|excepted| &excepted.id)
    }

    /// Whether there is any exception to a rule.
    pub(crate) fn has_exceptions(&self, rule_id: &str) -> bool {
        self.exceptions.contains_key(rule_id)
    }
}
