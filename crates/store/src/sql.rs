//! A statement under construction: fixed text with `?` for values, numbered `$1`, `$2` ... where the database wants it.
//!
//! Text can only come from the program itself (`&'static str`), values only as arguments.

use model::{Scope, Severity, Timestamp};
use serde::Serialize;

/// Characters of a searched part that count; SQLite refuses patterns of more than 50,000 bytes.
const LONGEST_PART: usize = 1000;

/// A value of one of the four types both databases keep faithfully.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Bool(bool),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// A statement with its values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sql {
    text: String,
    args: Vec<Arg>,
}

/// Begins a statement.
pub(crate) fn sql(text: &'static str) -> Sql {
    Sql::default().push(text)
}

impl Sql {
    /// Goes on with `text`.
    pub(crate) fn push(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Gives the next `?` its value.
    pub(crate) fn bind(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Goes on with `text` and one value, where there is one.
    pub(crate) fn push_if<T: Into<Arg>>(self, text: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.push(text).bind(value),
            None => self,
        }
    }

    /// Goes on with ` AND <column> = ?`, or ` IN (...)` for several values, unless nothing is named.
    pub(crate) fn and_in<T: Into<Arg>>(self, column: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        let mut values: Vec<T> = values.into_iter().collect();
        match (values.pop(), values.is_empty()) {
            (None, _) => self,
            // Not a list of one: only so do the databases see that an index gives the wanted order.
            (Some(only), true) => self.push(" AND ").push(column).push(" = ?").bind(only),
            (Some(last), false) => {
                let mut query = self.push(" AND ").push(column).push(" IN (");
                for value in values {
                    query = query.push("?, ").bind(value);
                }
                query.push("?)").bind(last)
            }
        }
    }

    /// Goes on with the scope: every statement on customer-owned rows has this.
    pub(crate) fn and_scope(self, column: &'static str, scope: &Scope) -> Self {
        match scope {
            Scope::All => self,
            Scope::Customers(customers) if customers.is_empty() => self.push(" AND FALSE"),
            Scope::Customers(customers) => self.and_in(column, customers.iter()),
        }
    }

    /// Goes on with a search for a part of a text, without case, in a column filled by [`searchable`].
    pub(crate) fn and_contains(self, column: &'static str, part: &str) -> Self {
        let part: String = part.trim().to_lowercase().chars().take(LONGEST_PART).collect();
        if part.is_empty() {
            return self;
        }
        let mut pattern = String::with_capacity(part.len() + 2);
        pattern.push('%');
        for character in part.chars() {
            if matches!(character, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(character);
        }
        pattern.push('%');
        self.push(" AND ").push(column).push(" LIKE ? ESCAPE '!'").bind(pattern)
    }

    /// The finished text as SQLite reads it, and its values. SQLite would read numbers too, but looks each of them up
    /// among all others.
    pub(crate) fn finish(self) -> (String, Vec<Arg>) {
        debug_assert_eq!(self.text.matches('?').count(), self.args.len(), "each ? has one value: {}", self.text);
        (self.text, self.args)
    }

    /// The same with the values numbered as PostgreSQL reads them.
    pub(crate) fn finish_numbered(self) -> (String, Vec<Arg>) {
        let (text, args) = self.finish();
        let mut numbered = String::with_capacity(text.len() + 3 * args.len());
        for (number, part) in text.split('?').enumerate() {
            if number > 0 {
                numbered.push('$');
                numbered.push_str(&number.to_string());
            }
            numbered.push_str(part);
        }
        (numbered, args)
    }
}

/// The text a row is found by: lower case by Unicode's rules, which neither database applies alike by itself.
pub(crate) fn searchable<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    parts.into_iter().map(str::to_lowercase).collect::<Vec<_>>().join("\n")
}

/// A value kept as JSON text.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Arg {
    Arg::from(serde_json::to_string(value).expect("the model's plain data has only text as keys"))
}

impl From<&str> for Arg {
    /// PostgreSQL cannot keep NUL in text; both databases get the replacement character instead.
    fn from(text: &str) -> Self {
        Arg::Text(Some(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }))
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        if text.contains('\0') { Arg::from(text.as_str()) } else { Arg::Text(Some(text)) }
    }
}

impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Arg::from(text.as_str())
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Arg::Int(Some(number))
    }
}

impl From<Option<i64>> for Arg {
    fn from(number: Option<i64>) -> Self {
        Arg::Int(number)
    }
}

impl From<bool> for Arg {
    fn from(truth: bool) -> Self {
        Arg::Bool(truth)
    }
}

impl From<&[u8]> for Arg {
    fn from(bytes: &[u8]) -> Self {
        Arg::Bytes(Some(bytes.to_vec()))
    }
}

impl From<Timestamp> for Arg {
    fn from(time: Timestamp) -> Self {
        Arg::Int(Some(time.as_micros()))
    }
}

impl From<Option<Timestamp>> for Arg {
    fn from(time: Option<Timestamp>) -> Self {
        Arg::Int(time.map(Timestamp::as_micros))
    }
}

impl From<Severity> for Arg {
    fn from(severity: Severity) -> Self {
        Arg::Int(Some(severity.rank()))
    }
}

impl From<Option<&str>> for Arg {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Arg::Text(None), Arg::from)
    }
}

macro_rules! text_args {
    ($ids:ident: $($id:ident),*; $words:ident: $($word:path),*) => {
        $(impl From<&model::$id> for Arg {
            fn from(id: &model::$id) -> Self {
                Arg::Text(Some(id.as_str().to_owned()))
            }
        }
        impl From<Option<&model::$id>> for Arg {
            fn from(id: Option<&model::$id>) -> Self {
                Arg::Text(id.map(|id| id.as_str().to_owned()))
            }
        })*
        $(impl From<$word> for Arg {
            fn from(word: $word) -> Self {
                Arg::Text(Some(word.as_str().to_owned()))
            }
        }
        impl From<Option<$word>> for Arg {
            fn from(word: Option<$word>) -> Self {
                Arg::Text(word.map(|word| word.as_str().to_owned()))
            }
        })*
    };
}

text_args! {
    ids: CustomerId, DeviceId, DeviceCredentialId, AssetId, ResourceGroupId, AlertId, AuditPolicyId, IncidentId,
        IncidentEntryId, UserId, SessionId, ApiTokenId, DeletionId, SavedSearchId, ExportId, PlatformAlarmId,
        IntelListId, FeedId, RetroHuntId, HitId, ExceptionId, RequestId, ChangeSetId, HuntId, HuntRunId, HuntProgrammeId,
        HuntTimeId, AttachmentId, YaraSetId;
    words: model::silence::SilenceAlarm, model::customer::OperatingState, model::device::DeviceKind,
        model::device::CredentialKind,
        model::asset::Importance, model::resource_group::ResourceGroupKind, model::alert::AlertOrigin,
        model::alert::AlertState, model::incident::IncidentState, model::incident::Verdict,
        model::incident::RejectReason, model::change::Noun, model::attachment::AttachmentState, model::role::Role, model::intel::RetroHuntState,
        model::intel::IndicatorKind, model::intel::FeedState, model::export::ExportState, model::use_case::Language,
        model::use_case::Release, model::use_case::RequestState, model::use_case::UseCaseState,
        model::use_case::ChangeSetState, model::hunt::HuntState, model::hunt::HuntVerdict, model::hunt::HuntRunState,
        model::hunt::DetectionKind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_marks_are_numbered_across_pieces() {
        let (text, args) = sql("SELECT a FROM t WHERE b = ?").bind(1).and_in("c", ["x", "y"]).finish_numbered();
        assert_eq!(text, "SELECT a FROM t WHERE b = $1 AND c IN ($2, $3)");
        assert_eq!(args, [Arg::from(1), Arg::from("x"), Arg::from("y")]);
        let plain = sql("SELECT a FROM t WHERE b = ?").bind(1).and_in("c", ["x"]).and_in("d", [0i64; 0]);
        assert_eq!(plain.clone().finish().0, "SELECT a FROM t WHERE b = ? AND c = ?");
        assert_eq!(plain.finish_numbered().0, "SELECT a FROM t WHERE b = $1 AND c = $2");
    }

    #[test]
    fn an_empty_scope_sees_nothing_and_the_whole_scope_everything() {
        let (none, _) =
            sql("SELECT a FROM t WHERE TRUE").and_scope("c", &Scope::Customers(Default::default())).finish();
        assert_eq!(none, "SELECT a FROM t WHERE TRUE AND FALSE");
        let (all, _) = sql("SELECT a FROM t WHERE TRUE").and_scope("c", &Scope::All).finish();
        assert_eq!(all, "SELECT a FROM t WHERE TRUE");
    }

    #[test]
    fn wildcards_in_a_search_are_plain_characters() {
        let (_, args) = sql("SELECT a FROM t WHERE TRUE").and_contains("s", " 5%_! ").finish();
        assert_eq!(args, [Arg::from("%5!%!_!!%")]);
    }

    #[test]
    fn nul_never_reaches_a_text_column() {
        assert_eq!(Arg::from("a\0b"), Arg::Text(Some("a\u{fffd}b".into())));
    }
}
