//! A parser of our own (catalogue I2): the text of a `source.toml` that people wrote, with the lines it was written for
//! and what they must parse to. It stands in for the built-in source of its name.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, UserId};

/// Bytes of a parser's text at most.
pub const MOST_TEXT: usize = 128 * 1024;
/// Samples of a parser at most,
pub const MOST_SAMPLES: usize = 200;
/// and bytes of one of them.
pub const MOST_LINE: usize = 16 * 1024;

/// A parser of our own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Parser {
    /// `<vendor>_<product>`: the source its events name.
    pub name: String,
    /// What a `source.toml` says.
    pub text: String,
    /// Lines and what they must parse to.
    pub samples: Vec<ParserSample>,
    /// Who changed it last; absent: the platform.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub changed_by: Option<UserId>,
    /// Since when it is there.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// A line and what it must parse to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParserSample {
    /// The record as received.
    pub line: String,
    /// When it is taken to be received: dates without a year are read by it.
    pub received: Timestamp,
    /// The zone its times are in where they name none.
    pub time_zone: String,
    /// The event: source, time, log sources, core, fields and alarm, where it has them.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub expected: serde_json::Value,
}

/// An earlier state of a parser of our own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParserVersion {
    /// Which.
    pub version: i64,
    /// Who saved it; absent: the platform.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// The text as it was; absent where the parser was deleted.
    pub text: Option<String>,
}

/// Whether a text can be the name of a parser: what a folder of `sources/` may be called.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (3..=64).contains(&name.len())
        && name.bytes().all(plain)
        && name.contains('_')
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.ends_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_folder_of_sources_may_be_called() {
        for good in ["acme_box", "h3c_secpath", "360_tianqing"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["acme", "Acme_box", "../etc_x", "a_", "_a", "acme-box", "", "acme_b\u{f6}x", &"a_".repeat(40)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
