//! Detection content: the embedded use cases, folders of further rules, and their instruction cards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use model::event::LogSource;
use model::use_case::Cards;
use ops::{InactiveRule, RuleInfo, UseCases};
use sigma::RuleSet;

use crate::config;

static USE_CASES: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../content/use_cases");

/// Rules ready to match, what people read of them, and what could not be used.
pub struct Content {
    /// Rules ready to match.
    pub rules: Arc<RuleSet>,
    /// What people read of them.
    pub use_cases: Arc<UseCases>,
}

/// Content that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A card of ours is wrong.
    #[error("the card {path} cannot be used: {message}")]
    Card { path: String, message: String },
    /// A folder is not there.
    #[error("cannot read the rules in {}: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
}

/// Loads what the settings name. Rules that cannot be used are logged and listed, and stop nothing else.
pub fn load(settings: &config::Detection) -> Result<Content, ContentError> {
    let mut files = Vec::new();
    let mut cards_by_path = BTreeMap::new();
    if settings.embedded_rules {
        for (path, text) in embedded() {
            if path.ends_with(".yml") {
                files.push((path, text));
            } else if let Some(slug) = path.strip_suffix("/card.toml") {
                let cards: Cards = toml::from_str(&text)
                    .map_err(|error| ContentError::Card { path: path.clone(), message: error.to_string() })?;
                cards_by_path.insert(format!("{slug}/rule.yml"), cards);
            }
        }
    }
    for folder in &settings.rule_folders {
        read_folder(folder, folder, &mut files)?;
    }
    let texts: BTreeMap<String, String> = files.iter().cloned().collect();
    let rules = RuleSet::load(files);
    for error in rules.errors() {
        tracing::warn!(path = error.path, error = error.message, "a rule cannot be used");
    }
    tracing::info!(
        rules = rules.rules().len(),
        correlations = rules.correlations().len(),
        inactive = rules.inactive().len(),
        unusable = rules.errors().len(),
        "rules are loaded"
    );
    let use_cases = Arc::new(describe(&rules, &texts, &cards_by_path));
    Ok(Content { rules: Arc::new(rules), use_cases })
}

/// The embedded files of the use cases, as (path, text), in order of path.
pub fn embedded() -> impl Iterator<Item = (String, String)> {
    let mut folders: Vec<_> = USE_CASES.dirs().collect();
    folders.sort_by_key(|folder| folder.path());
    let files = folders.into_iter().flat_map(|folder| {
        let mut files: Vec<_> = folder.files().collect();
        files.sort_by_key(|file| file.path());
        files
    });
    files.filter_map(|file| Some((file.path().to_str()?.to_owned(), file.contents_utf8()?.to_owned())))
}

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> Result<(), ContentError> {
    let unreadable = |source| ContentError::Folder { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(root, &path, files)?;
        } else if path.extension().is_some_and(|kind| kind == "yml" || kind == "yaml") {
            let text =
                std::fs::read_to_string(&path).map_err(|source| ContentError::Folder { path: path.clone(), source })?;
            let name = path.strip_prefix(root).unwrap_or(&path);
            files.push((name.display().to_string(), text));
        }
    }
    Ok(())
}

fn describe(rules: &RuleSet, texts: &BTreeMap<String, String>, cards_by_path: &BTreeMap<String, Cards>) -> UseCases {
    let alone = rules.rules().iter().filter(|rule| !rules.is_only_correlated(&rule.id)).map(|rule| RuleInfo {
        id: rule.id.clone(),
        title: rule.title.clone(),
        level: rule.level,
        status: rule.status.clone(),
        description: rule.description.clone(),
        author: rule.author.clone(),
        references: rule.references.clone(),
        tags: rule.tags.clone(),
        techniques: rule.techniques(),
        falsepositives: rule.falsepositives.clone(),
        log_source: print(&rule.log_source),
        path: rule.path.clone(),
        text: texts.get(&rule.path).cloned(),
    });
    let together =
        rules.correlations().iter().filter(|rule| !rules.is_only_correlated(&rule.id)).map(|rule| RuleInfo {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level: rule.level,
            status: rule.status.clone(),
            description: rule.description.clone(),
            author: rule.author.clone(),
            references: rule.references.clone(),
            tags: rule.tags.clone(),
            techniques: rule.techniques(),
            falsepositives: rule.falsepositives.clone(),
            log_source: "correlation".to_owned(),
            path: rule.path.clone(),
            text: texts.get(&rule.path).cloned(),
        });
    let rules_shown: Vec<RuleInfo> = alone.chain(together).collect();
    let cards =
        rules_shown.iter().filter_map(|rule| Some((rule.id.clone(), cards_by_path.get(&rule.path)?.clone()))).collect();
    let unused = rules.inactive().iter().map(|rule| InactiveRule {
        id: rule.id.clone(),
        title: rule.title.clone(),
        path: rule.path.clone(),
        reason: rule.reason.clone(),
    });
    let unusable = rules.errors().iter().map(|error| InactiveRule {
        id: String::new(),
        title: String::new(),
        path: error.path.clone(),
        reason: error.message.clone(),
    });
    UseCases { rules: rules_shown, inactive: unused.chain(unusable).collect(), cards }
}

fn print(log_source: &LogSource) -> String {
    let parts = [&log_source.product, &log_source.category, &log_source.service];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/")
}
