//! The control records that say which rules judge, and which sources parse, what follows them.

use formats::Parser;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sigma::RuleSet;

/// A change of rules as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RulesRecord {
    /// What kind of control record: `rules`. Others are passed over.
    pub kind: String,
    /// SHA-256 over what identifies the rules, in hexadecimal.
    pub hash: String,
    /// Active rules.
    pub rules: usize,
    /// Active correlations.
    pub correlations: usize,
}

impl RulesRecord {
    pub(super) fn of(rules: &RuleSet) -> Self {
        RulesRecord {
            kind: "rules".into(),
            hash: hash(rules),
            rules: rules.rules().len(),
            correlations: rules.correlations().len(),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers serialize")
    }

    /// The record, if the payload is one of this kind.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok().filter(|record: &RulesRecord| record.kind == "rules")
    }
}

/// A change of sources as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ParsersRecord {
    /// What kind of control record: `parsers`.
    pub kind: String,
    /// SHA-256 over the texts of the sources, in hexadecimal.
    pub hash: String,
    /// How many sources.
    pub sources: usize,
}

impl ParsersRecord {
    pub(super) fn of(parser: &Parser) -> Self {
        let sources = parser.sources();
        ParsersRecord { kind: "parsers".into(), hash: sources.hash().to_owned(), sources: sources.iter().count() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers serialize")
    }

    /// The record, if the payload is one of this kind.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok().filter(|record: &ParsersRecord| record.kind == "parsers")
    }
}

/// Ids, days of change, levels and places of all rules: what tells two versions of a set apart.
fn hash(rules: &RuleSet) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: Option<&str>| {
        hash.update((part.map_or(u64::MAX, |part| part.len() as u64)).to_be_bytes());
        hash.update(part.unwrap_or_default().as_bytes());
    };
    for rule in rules.rules() {
        add(Some(&rule.id));
        add(rule.modified.as_deref());
        add(Some(rule.level.as_str()));
        add(Some(&rule.path));
    }
    for rule in rules.correlations() {
        add(Some(&rule.id));
        add(rule.modified.as_deref());
        add(Some(rule.level.as_str()));
        add(Some(&rule.path));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rules_record_reads_back_and_other_control_records_are_passed_over() {
        let record = RulesRecord::of(&RuleSet::default());
        assert_eq!(RulesRecord::decode(&record.encode()), Some(record));
        assert_eq!(RulesRecord::decode(br#"{"kind":"policy","hash":"","rules":0,"correlations":0}"#), None);
        assert_eq!(RulesRecord::decode(b"\xff"), None);
    }
}
