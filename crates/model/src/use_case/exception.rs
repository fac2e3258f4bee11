//! An exception 例外: events that a use case must not fire on, for one customer or for all, with a reason and an end.

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, ExceptionId, Timestamp, UserId};

/// Terms of an exception at most,
pub const MOST_TERMS: usize = 20;
/// values of one of them,
pub const MOST_VALUES: usize = 500;
/// and records that must still fire.
pub const MOST_RECORDS: usize = 20;

words! {
    /// How a field is compared; letter case makes no difference.
    TermOperator {
        /// The whole value.
        Is = "is",
        /// A part of it.
        Contains = "contains",
        /// Its beginning.
        StartsWith = "starts_with",
        /// Its end.
        EndsWith = "ends_with",
        /// An address inside a network such as 10.0.0.0/8.
        InNetwork = "in_network",
    }
}

/// A field and the values it may have, one of which is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExceptionTerm {
    /// The field, by any name a rule could use for it.
    pub field: String,
    /// How it is compared.
    pub operator: TermOperator,
    /// The values, taken literally.
    pub values: Vec<String>,
}

/// A record on which the use case must fire in spite of the exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MustFire {
    /// The source that parses it; found out when absent.
    #[serde(default)]
    pub source: Option<String>,
    /// The record as received.
    pub raw: String,
}

/// The part of an exception that people edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExceptionData {
    /// Rule id, or `<source>:<alarm name>` for a device's own alarm.
    pub rule_id: String,
    /// Every one must hold.
    pub terms: Vec<ExceptionTerm>,
    /// Why this is no attack.
    pub reason: String,
    /// Who answers for it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub owner: Option<UserId>,
    /// When it ends.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// Records on which the use case must fire in spite of it.
    #[serde(default)]
    pub must_fire: Vec<MustFire>,
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exception {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: ExceptionId,
    /// For one customer, or for all when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// What can be changed about it.
    #[serde(flatten)]
    pub data: ExceptionData,
    /// How often it kept the use case from firing.
    pub hits: i64,
    /// When it did last.
    pub last_hit: Option<Timestamp>,
    /// Since when it is kept.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

impl ExceptionData {
    /// The terms as the `detection` section of a Sigma rule.
    pub fn detection(&self) -> serde_json::Value {
        let mut section = serde_json::Map::new();
        for (place, term) in self.terms.iter().enumerate() {
            let (modifier, literal) = match term.operator {
                TermOperator::Is => ("", true),
                TermOperator::Contains => ("|contains", true),
                TermOperator::StartsWith => ("|startswith", true),
                TermOperator::EndsWith => ("|endswith", true),
                TermOperator::InNetwork => ("|cidr", false),
            };
            let write = |value: &String| if literal { escaped(value) } else { value.clone() };
            let values: Vec<String> = term.values.iter().map(write).collect();
            let item = serde_json::json!({ format!("{}{modifier}", term.field): values });
            section.insert(format!("term_{place}"), item);
        }
        section.insert("condition".into(), "all of term_*".into());
        section.into()
    }

    /// Whether it holds no longer at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }
}

/// A text as Sigma writes it: wildcards and the character that escapes them escaped.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '*' | '?' | '\\') {
            written.push('\\');
        }
        written.push(letter);
    }
    written
}
