//! The control records that say which rules judge, which sources parse and which indicators are looked for in what
//! follows them.

use formats::Parser;
use intel::Index;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::rulings::Ruleset;

/// A change of rules as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RulesRecord {
    /// What kind of control record: `rules`. Others are passed over.
    pub kind: String,
    /// What tells the rules and what was decided about them from others.
    pub hash: String,
    /// Active rules.
    pub rules: usize,
    /// Active correlations.
    pub correlations: usize,
}

impl RulesRecord {
    pub(super) fn of(ruleset: &Ruleset) -> Self {
        let rules = &ruleset.rules;
        RulesRecord {
            kind: "rules".into(),
            hash: format!("{}.{}", rules.hash(), ruleset.rulings.hash()),
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

/// A change of threat intelligence as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IntelRecord {
    /// What kind of control record: `intel`.
    pub kind: String,
    /// SHA-256 over the lists and their versions, in hexadecimal.
    pub hash: String,
    /// How many indicators.
    pub indicators: usize,
}

impl IntelRecord {
    pub(super) fn of(index: &Index) -> Self {
        let digest = Sha256::digest(index.fingerprint().as_bytes());
        let hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        IntelRecord { kind: "intel".into(), hash, indicators: index.stats().indicators }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers serialize")
    }

    /// The record, if the payload is one of this kind.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok().filter(|record: &IntelRecord| record.kind == "intel")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rules_record_reads_back_and_other_control_records_are_passed_over() {
        let record = RulesRecord::of(&Ruleset::default());
        assert_eq!(RulesRecord::decode(&record.encode()), Some(record));
        assert_eq!(RulesRecord::decode(br#"{"kind":"policy","hash":"","rules":0,"correlations":0}"#), None);
        assert_eq!(RulesRecord::decode(b"\xff"), None);
    }
}
