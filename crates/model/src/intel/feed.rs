//! A feed: where indicators come from by themselves, how often, and how it went.

use serde::{Deserialize, Serialize};

use super::{ListPurpose, Tlp};
use crate::role::words;
use crate::{CustomerId, FeedId, IntelListId, Timestamp};

words! {
    /// What a feed's address leads to.
    FeedKind {
        /// A collection of a TAXII 2.1 server.
        Taxii = "taxii",
        /// A MISP feed: a folder with `manifest.json`, at a URL.
        Misp = "misp",
        /// A STIX 2 bundle at a URL.
        Stix = "stix",
        /// A table with named columns at a URL.
        Csv = "csv",
        /// A plain list at a URL.
        List = "list",
        /// A folder of files on the server, of any of these forms.
        Folder = "folder",
    }
}

/// Which columns of a table hold what. Columns that are not named are not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CsvMapping {
    /// The indicators.
    pub value: String,
    /// What is said about each.
    #[serde(default)]
    pub note: String,
    /// How sure, 0 to 100.
    #[serde(default)]
    pub confidence: String,
    /// From when.
    #[serde(default)]
    pub from: String,
    /// Until when.
    #[serde(default)]
    pub until: String,
    /// What separates cells.
    #[serde(default = "comma")]
    pub delimiter: String,
    /// Whether the line that names the columns begins with `#`.
    #[serde(default)]
    pub header_is_comment: bool,
}

fn comma() -> String {
    ",".into()
}

impl Default for CsvMapping {
    fn default() -> Self {
        let none = String::new;
        CsvMapping {
            value: "indicator".into(),
            note: none(),
            confidence: none(),
            from: none(),
            until: none(),
            delimiter: comma(),
            header_is_comment: false,
        }
    }
}

/// What people say about a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedData {
    /// Its name; its list has it too.
    pub name: String,
    /// What kind.
    pub kind: FeedKind,
    /// Where: a URL, for TAXII the collection's or the server's; for a folder its name below the folder of feeds.
    pub url: String,
    /// The collection's id or title, where the URL is the server's or the API root's.
    #[serde(default)]
    pub collection: String,
    /// Whether it is fetched.
    pub enabled: bool,
    /// How often, in minutes.
    pub interval_minutes: i64,
    /// Of indicators that say none themselves, 0 to 100.
    pub confidence: i64,
    /// Of indicators that say none themselves.
    pub tlp: Tlp,
    /// Less sure ones do not alarm.
    #[serde(default)]
    pub least_confidence: i64,
    /// Indicators that say no end hold so many days after they were last seen in it; without end when absent.
    #[serde(default)]
    pub expire_days: Option<i64>,
    /// What its list is for.
    pub purpose: ListPurpose,
    /// Whether what is new in it is hunted backwards.
    #[serde(default)]
    pub hunt_new: bool,
    /// The user of basic authentication; with a secret and without a user it is a bearer token.
    #[serde(default)]
    pub user: String,
    /// The columns of a table.
    #[serde(default)]
    pub columns: Option<CsvMapping>,
}

impl FeedData {
    /// What cannot be kept as given.
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        let mut expect = |holds: bool, field, message| {
            if !holds {
                problems.push((field, message));
            }
        };
        let length = |text: &str| text.chars().count();
        expect(!self.name.trim().is_empty() && length(&self.name) <= 200, "name", "must have 1 to 200 characters");
        expect(!self.url.trim().is_empty() && self.url.len() <= 2000, "url", "must have 1 to 2000 characters");
        expect(length(&self.collection) <= 200, "collection", "must have at most 200 characters");
        expect(length(&self.user) <= 200, "user", "must have at most 200 characters");
        expect((1..=43_200).contains(&self.interval_minutes), "interval_minutes", "must be between 1 and 43200");
        expect((0..=100).contains(&self.confidence), "confidence", "must be between 0 and 100");
        expect((0..=100).contains(&self.least_confidence), "least_confidence", "must be between 0 and 100");
        let days = self.expire_days.is_none_or(|days| (1..=3650).contains(&days));
        expect(days, "expire_days", "must be between 1 and 3650");
        let web = self.url.starts_with("http://") || self.url.starts_with("https://");
        match self.kind {
            FeedKind::Folder => {
                let name = !self.url.contains(['/', '\\', '\0']) && !self.url.starts_with('.');
                expect(name, "url", "must be the name of a folder inside the folder of feeds");
            }
            _ => expect(web, "url", "must begin with https:// or http://"),
        }
        let columns = self.columns.as_ref().is_none_or(|columns| !columns.value.trim().is_empty());
        expect(
            self.kind != FeedKind::Csv || self.columns.is_some() && columns,
            "columns",
            "must name the column of indicators",
        );
        let comma = self.columns.as_ref().is_none_or(|columns| columns.delimiter.len() == 1);
        expect(comma, "columns", "the separator must be one ASCII character");
        problems
    }
}

words! {
    /// How the last fetch went.
    FeedState {
        /// It was never fetched.
        New = "new",
        /// It was read.
        Fine = "fine",
        /// It was read, and nothing had changed.
        Unchanged = "unchanged",
        /// It could not be read; says why.
        Failed = "failed",
        /// Nobody wants it fetched.
        Off = "off",
    }
}

/// What the last fetches brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedCounts {
    /// Indicators that were not there before, in the last fetch that changed anything.
    pub new: i64,
    /// Of which something else is said.
    pub changed: i64,
    /// No longer there: expired, withdrawn or left out.
    pub gone: i64,
    /// In all.
    pub total: i64,
    /// What gave no indicator.
    pub unread: i64,
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feed {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: FeedId,
    /// What people say about it.
    #[serde(flatten)]
    pub data: FeedData,
    /// Customers it is for; every customer when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub customers: Option<Vec<CustomerId>>,
    /// The list its indicators are in.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub list: IntelListId,
    /// Whether a secret is kept for it.
    pub has_secret: bool,
    /// How the last fetch went.
    pub state: FeedState,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// How often it has failed since it last went well.
    pub failures: i64,
    /// What the last fetches brought.
    pub counts: FeedCounts,
    /// When it was last fetched.
    pub fetched: Option<Timestamp>,
    /// When it last brought something new.
    pub changed: Option<Timestamp>,
    /// When it is fetched next.
    pub next: Option<Timestamp>,
    /// When it was added.
    pub created: Timestamp,
    /// Goes up with every change of what people say.
    pub version: i64,
}
