//! Searches that people keep: for themselves, or shared with everybody who sees their customer (catalogue I5).

use serde::{Deserialize, Serialize};

use crate::query::Query;
use crate::{CustomerId, SavedSearchId, Timestamp, UserId};

/// The most columns a search keeps, and seconds it looks back.
const COLUMNS: usize = 50;
const SECONDS: i64 = 10 * 366 * 86_400;

/// What a person says of a search they keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedSearchData {
    /// What it is called.
    pub name: String,
    /// The search language.
    #[serde(default)]
    pub query: String,
    /// The columns shown beside time, customer and source.
    #[serde(default)]
    pub columns: Vec<String>,
    /// The last so many seconds; absent where it is between two instants.
    #[serde(default)]
    pub seconds: Option<i64>,
    /// First instant inside, where it is between two instants.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// First instant after.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Only this customer; only those who see it see the search.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// Whether colleagues see it; nobody but its owner otherwise.
    #[serde(default)]
    pub shared: bool,
}

impl SavedSearchData {
    /// What keeps it from being kept.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if !(1..=100).contains(&self.name.trim().chars().count()) {
            problems.push(("name", "must have 1 to 100 characters".to_owned()));
        }
        if let Err(error) = self.query.parse::<Query>() {
            problems.push(("query", error.to_string()));
        }
        if self.columns.len() > COLUMNS {
            problems.push(("columns", format!("must be at most {COLUMNS}")));
        }
        if !self.columns.iter().all(|column| (1..=200).contains(&column.len())) {
            problems.push(("columns", "must have 1 to 200 characters each".to_owned()));
        }
        match (self.seconds, self.from, self.to) {
            (Some(seconds), None, None) if (1..=SECONDS).contains(&seconds) => {}
            (None, Some(from), Some(to)) if from < to => {}
            _ => problems.push(("seconds", format!("must be 1 to {SECONDS}, or absent with `from` before `to`"))),
        }
        problems
    }
}

/// A search somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedSearch {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: SavedSearchId,
    /// Who keeps it, and alone may change it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub owner: UserId,
    /// What they say of it.
    #[serde(flatten)]
    pub data: SavedSearchData,
    /// When it was made.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_needs_a_name_a_readable_query_and_one_kind_of_range() {
        let data = SavedSearchData {
            name: "Failed sign-ins".to_owned(),
            query: "event_action:logon NOT event_outcome:success".to_owned(),
            columns: vec!["user_name".to_owned()],
            seconds: Some(3600),
            from: None,
            to: None,
            customer: None,
            shared: false,
        };
        assert_eq!(data.problems(), []);
        let at = Timestamp::from_micros;
        let wrong = [
            SavedSearchData { name: " ".to_owned(), ..data.clone() },
            SavedSearchData { query: "a:(b".to_owned(), ..data.clone() },
            SavedSearchData { columns: vec![String::new()], ..data.clone() },
            SavedSearchData { seconds: None, ..data.clone() },
            SavedSearchData { from: Some(at(1)), to: Some(at(2)), ..data.clone() },
            SavedSearchData { seconds: None, from: Some(at(2)), to: Some(at(2)), ..data.clone() },
        ];
        for data in wrong {
            assert_eq!(data.problems().len(), 1, "{data:?}");
        }
    }
}
