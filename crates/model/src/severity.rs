//! How bad: the five Sigma levels, shared by rules, device alarms, alerts and incidents.

use serde::{Deserialize, Serialize};

/// Severity of an alert or incident. The order is the order of harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Informational,
    /// 低危.
    Low,
    /// 中危.
    Medium,
    /// 高危.
    High,
    /// 严重.
    Critical,
}

impl Severity {
    /// From least to most.
    pub const ALL: [Severity; 5] =
        [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Informational => "informational",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// 0 (informational) to 4 (critical): the number stored, so that order in the database is order of harm.
    pub fn rank(self) -> i64 {
        self as i64
    }

    /// The inverse of [`Severity::rank`].
    pub fn from_rank(rank: i64) -> Option<Severity> {
        usize::try_from(rank).ok().and_then(|rank| Severity::ALL.get(rank).copied())
    }
}

impl std::str::FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Severity::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| UnknownSeverity(text.to_owned()))
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is none of the five.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown severity `{0}`: expected informational, low, medium, high or critical")]
pub struct UnknownSeverity(String);
