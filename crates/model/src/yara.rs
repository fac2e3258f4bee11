//! YARA 规则: sets of rules of our own, and what rules say about a file (catalogue D6).

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, Severity, Timestamp, UserId, YaraSetId};

/// Characters of a set's name, and of its note.
const NAME_MOST: usize = 100;
const NOTE_MOST: usize = 2000;
/// Bytes of a set's text at most.
pub const TEXT_BYTES: usize = 4 << 20;
/// Sets there may be.
pub const SETS_MOST: i64 = 100;

words! {
    /// How far the scan of a file has come.
    ScanState {
        /// It has not been scanned.
        Waiting = "waiting",
        /// Every rule was held against it.
        Done = "done",
        /// Its time was over; what matched until then is told.
        Stopped = "stopped",
        /// The engine failed on it.
        Failed = "failed",
        /// This build does not scan.
        Unavailable = "unavailable",
    }
}

/// What people say about a set of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YaraSetData {
    /// Its name.
    pub name: String,
    /// Where it is from, what it is for.
    #[serde(default)]
    pub note: String,
    /// Whether its rules are held against files.
    pub enabled: bool,
}

impl YaraSetData {
    /// What cannot be kept as given.
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > NAME_MOST {
            problems.push(("name", "must have 1 to 100 characters"));
        }
        if self.note.chars().count() > NOTE_MOST {
            problems.push(("note", "must have at most 2000 characters"));
        }
        problems
    }
}

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YaraSet {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: YaraSetId,
    /// What people say about it.
    #[serde(flatten)]
    pub data: YaraSetData,
    /// Customers whose files it is for; every customer's when absent. Those outside the reader's sight are left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub customers: Option<Vec<CustomerId>>,
    /// How many rules are in force.
    pub rules: i64,
    /// How many are left out because they cannot be loaded.
    pub left_out: i64,
    /// Bytes of its text.
    pub bytes: i64,
    /// Who changed it last.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub changed_by: Option<UserId>,
    /// When.
    pub changed: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// Why something in a text of rules cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YaraProblem {
    /// The line, from 1.
    pub line: i64,
    /// The column in characters, from 1.
    pub column: i64,
    /// The rule it is in, where it is in one.
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// A rule as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YaraRule {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// How bad a match is, as far as the rule says.
    pub severity: Severity,
    /// What a match means.
    pub description: Option<String>,
    /// The same in Chinese.
    pub description_zh: Option<String>,
}

/// What rules say about a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileScan {
    /// How far it has come.
    pub state: ScanState,
    /// When.
    pub at: Option<Timestamp>,
    /// Against how many rules.
    pub rules: i64,
    /// How many files were looked at: itself, and those in archives.
    pub files: i64,
    /// What matches, the worst first.
    pub matches: Vec<FileMatch>,
    /// What was not looked at, and why; the first of them.
    pub skipped: Vec<SkippedFile>,
    /// How many there are in all.
    pub skipped_in_all: i64,
    /// Why it failed.
    pub problem: Option<String>,
}

impl FileScan {
    /// Of a file that waits.
    pub fn waiting() -> Self {
        FileScan {
            state: ScanState::Waiting,
            at: None,
            rules: 0,
            files: 0,
            matches: Vec::new(),
            skipped: Vec::new(),
            skipped_in_all: 0,
            problem: None,
        }
    }
}

/// A rule that matches a file, or something in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileMatch {
    /// The rule.
    #[serde(flatten)]
    pub rule: YaraRule,
    /// The set it comes with; absent for those every installation has.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub set: Option<YaraSetId>,
    /// The set's name at that time.
    pub set_name: String,
    /// Where in archives; absent for the file itself.
    pub path: Option<String>,
    /// What it found where.
    pub strings: Vec<FileString>,
}

impl FileMatch {
    /// What tells it from others of the same file.
    pub fn key(&self) -> String {
        let set = self.set.as_ref().map_or("", YaraSetId::as_str);
        format!("{set}:{}:{}", self.rule.name, self.path.as_deref().unwrap_or_default())
    }
}

/// A string of a rule at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileString {
    /// Its name in the rule.
    pub id: String,
    /// Bytes before it.
    pub offset: i64,
    /// How many bytes match.
    pub length: i64,
    /// The first of them, printable; others than ASCII as `\xNN`.
    pub excerpt: String,
}

/// Something in a file that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkippedFile {
    /// Where it lies.
    pub path: String,
    /// Why, in a word: `too_large`, `bomb`, `too_much`, `too_deep`, `too_many`, `encrypted`, `unsupported`, `damaged`,
    /// `out_of_time`, `timed_out`, `failed`.
    pub reason: String,
}

/// How bad a match is, by what the rule says of itself: `severity` in our words, or the `score` of 0 to 100 that public
/// rules have.
pub fn severity(word: Option<&str>, score: Option<&str>) -> Severity {
    let word = word.map(|word| word.trim().to_lowercase());
    if let Some(said) = word.and_then(|word| word.parse().ok()) {
        return said;
    }
    match score.and_then(|score| score.trim().parse::<i64>().ok()) {
        Some(90..) => Severity::Critical,
        Some(75..) => Severity::High,
        Some(50..) => Severity::Medium,
        Some(25..) => Severity::Low,
        Some(_) => Severity::Informational,
        None => Severity::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rules_own_word_counts_before_its_score() {
        assert_eq!(severity(Some("Critical"), Some("10")), Severity::Critical);
        assert_eq!(severity(Some("apocalyptic"), Some("80")), Severity::High);
        assert_eq!(severity(None, Some("x")), Severity::Medium);
    }
}
