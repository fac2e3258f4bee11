//! A use case 用例: a rule with its instruction card (catalogue D2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::role::words;

words! {
    /// The languages the platform speaks.
    Language {
        /// English.
        En = "en",
        /// Simplified Chinese.
        Zh = "zh",
    }
}

/// The instruction card in one language: five parts, Markdown, for a tired person at four in the morning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The use case's name in this language.
    pub title: String,
    /// Base facts: what this is about.
    pub facts: String,
    /// Trigger logic: what made it fire.
    pub trigger: String,
    /// Signs of a false positive.
    pub false_positive: String,
    /// Possible consequences.
    pub consequences: String,
    /// Recommendations: what to do, in order.
    pub recommendations: String,
}

/// Instruction cards of a rule, by language.
pub type Cards = BTreeMap<Language, Card>;
