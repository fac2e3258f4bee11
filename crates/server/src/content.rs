//! Detection content: the embedded use cases, folders of further rules, and their instruction cards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use model::use_case::{Cards, UseCaseState};
use ops::{Library, RuleFile, RuleOrigin};

use crate::config;

static USE_CASES: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../content/use_cases");

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
pub fn load(settings: &config::Detection) -> Result<Library, ContentError> {
    let mut files = Vec::new();
    if settings.embedded_rules {
        let texts: BTreeMap<String, String> = embedded().collect();
        for (path, text) in &texts {
            if let Some(slug) = path.strip_suffix("/rule.yml") {
                let cards =
                    texts.get(&format!("{slug}/card.toml")).map_or(Ok(Cards::new()), |card| toml::from_str(card));
                let cards =
                    cards.map_err(|error| ContentError::Card { path: slug.to_owned(), message: error.to_string() })?;
                files.push(RuleFile {
                    path: path.clone(),
                    text: text.clone(),
                    origin: RuleOrigin::BuiltIn,
                    cards,
                    state: UseCaseState::Live,
                });
            }
        }
    }
    for folder in &settings.rule_folders {
        read_folder(folder, folder, &mut files)?;
    }
    let library = Library::new(files);
    let rules = library.rules();
    for error in rules.errors() {
        tracing::warn!(path = error.path, error = error.message, "a rule cannot be used");
    }
    tracing::info!(
        rules = rules.rules().len(),
        correlations = rules.correlations().len(),
        baselines = rules.baselines().len(),
        inactive = rules.inactive().len(),
        unusable = rules.errors().len(),
        "rules are loaded"
    );
    Ok(library)
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

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<RuleFile>) -> Result<(), ContentError> {
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
            let path = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            files.push(RuleFile {
                path,
                text,
                origin: RuleOrigin::Folder,
                cards: Cards::new(),
                state: UseCaseState::Live,
            });
        }
    }
    Ok(())
}
