//! What can be wrong with a source folder.

use std::path::PathBuf;

/// Why sources could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A folder or file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A `source.toml` is not TOML, lacks a key, or has one nobody knows.
    #[error("{file}: {source}")]
    Syntax {
        /// Which file.
        file: String,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// There are more layouts than can be told apart.
    #[error("the sources have more than {most} layouts together: remove sources nobody sends")]
    TooMany {
        /// The most there may be.
        most: usize,
    },
    /// A key's value cannot be used.
    #[error("{file}:{place}: `{key}`: {problem}")]
    Invalid {
        /// Which file.
        file: String,
        /// Where in it.
        place: Place,
        /// Which key.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// A place in a text, counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// Of a byte in a text.
    pub fn of(text: &str, at: usize) -> Place {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}
