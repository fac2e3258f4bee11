//! What detection rules, correlations and baselines say of themselves, whatever they detect.

use model::Severity;
use serde_json::{Map, Value as Json};

use crate::error::Error;
use crate::processing::{Part, Subject};
use crate::reading::Document;
use crate::rule_set::{Inactive, LoadError};

/// What a rule says of itself. Rules, correlations and baselines dereference to it.
#[derive(Debug, PartialEq)]
pub struct Head {
    /// Its id; made of path and title where the file gives none.
    pub id: String,
    /// The name others may refer to it by.
    pub name: Option<String>,
    /// The title.
    pub title: String,
    /// `stable`, `test`, `experimental`.
    pub status: Option<String>,
    /// How bad a match is; medium where the rule does not say.
    pub level: Severity,
    /// What it detects.
    pub description: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Day it was written, as written.
    pub date: Option<String>,
    /// Day it was last changed, as written.
    pub modified: Option<String>,
    /// Sources.
    pub references: Vec<String>,
    /// Tags such as `attack.t1059.001`.
    pub tags: Vec<String>,
    /// Known harmless causes.
    pub falsepositives: Vec<String>,
    /// The file it came from.
    pub path: String,
    /// Top-level keys the specification does not know, `related` and `taxonomy` among them.
    pub custom: Map<String, Json>,
}

impl Head {
    /// Takes its keys from a document; what the document has besides is up to the caller.
    pub(crate) fn take(document: &mut Document, path: &str) -> Result<Self, Error> {
        let title = document.required_text("title")?;
        Ok(Head {
            id: document.id(path, &title)?,
            name: document.text("name")?,
            title,
            status: document.text("status")?,
            level: document.level()?,
            description: document.text("description")?,
            author: document.text("author")?,
            date: document.text("date")?,
            modified: document.text("modified")?,
            references: document.texts("references")?,
            tags: document.texts("tags")?,
            falsepositives: document.texts("falsepositives")?,
            path: path.to_owned(),
            custom: Map::new(),
        })
    }

    /// ATT&CK techniques among its tags, as ATT&CK writes them: `T1059.001`.
    pub fn techniques(&self) -> Vec<String> {
        let is_technique =
            |tag: &&str| tag.strip_prefix('t').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        attack(&self.tags).filter(|tag| is_technique(&tag.as_str())).map(|tag| tag.to_uppercase()).collect()
    }

    /// ATT&CK tactics among its tags: `execution`, `lateral-movement`.
    pub fn tactics(&self) -> Vec<String> {
        let is_numbered = |tag: &str| {
            let mut letters = tag.chars();
            letters.next().is_some_and(|c| matches!(c, 't' | 's' | 'g'))
                && letters.next().is_some_and(|c| c.is_ascii_digit())
        };
        attack(&self.tags).filter(|tag| !is_numbered(tag)).map(|tag| tag.replace('_', "-")).collect()
    }

    /// As a rule that is not in use.
    pub(crate) fn inactive(self, reason: String) -> Inactive {
        Inactive { path: self.path, id: self.id, title: self.title, reason }
    }

    /// As a rule that cannot be used.
    pub(crate) fn failed(self, error: &Error) -> LoadError {
        LoadError { path: self.path, message: error.to_string() }
    }

    /// What pipelines can ask of it.
    pub(crate) fn subject(&self, part: Part) -> Subject<'_> {
        let Head { title, id, status, description, author, date, modified, .. } = self;
        let others = [status, description, author, date, modified].map(Option::as_ref);
        let texts = [Some(title), Some(id)].into_iter().chain(others);
        Subject::new(part, texts, self.level, &self.tags)
    }
}

fn attack(tags: &[String]) -> impl Iterator<Item = String> {
    tags.iter().filter_map(|tag| tag.to_lowercase().strip_prefix("attack.").map(str::to_owned))
}
