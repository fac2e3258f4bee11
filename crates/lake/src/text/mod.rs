//! The index of a file: for each block of 8192 rows a small filter of what occurs in it, so that a search for a word or
//! a value reads the few blocks that may hold it instead of everything.
//!
//! It stands inside the Parquet file, between the last row group and the footer, where other readers do not look; the
//! footer's key [`KEY`] says where. So it is written, checked, copied and deleted with its file. Whoever writes a file
//! of the lake, a flush or a compaction, gives its rows in file order to an [`IndexBuilder`] and ends with
//! [`IndexBuilder::append_to`] before the writer is closed. A file without an index is searched whole.
//!
//! What a filter holds (and so what a search can be spared by):
//! - the words of the raw record of three or more ASCII letters or digits, in lower case;
//! - the first four signs of words that have so many, for prefixes;
//! - four short words in a row joined by the same `.`, `:` or `-`: addresses, hardware addresses;
//! - single characters and pairs of neighbours of Chinese, Japanese and Korean text;
//! - the values of the core fields in [`VALUE_COLUMNS`], in lower case, unless all their words are there already.
//!
//! What it cannot know, it lets pass: shorter words, words with other letters than ASCII ones, parts of words, and
//! searches that fold the case of other letters. A filter may say "perhaps" where nothing is (one time in 256), never
//! "no" where something is.

mod blocks;
mod build;
mod find;
mod fuse;
mod keys;
mod read;

pub(crate) use blocks::Blocks;
pub(crate) use build::IndexBuilder;
pub(crate) use find::TextMatcher;
pub use read::index_bytes;
pub(crate) use read::{Index, Indexes};

/// Rows of a block: those of a page.
pub(crate) const BLOCK_ROWS: usize = 8192;

/// The footer's key of the index: version (in 1 every value has a key of its own), offset, bytes of its head, bytes in all.
pub(crate) const KEY: &str = "vedette.index";

/// The core fields whose values are in the filters: those single values are looked up in.
pub(crate) const VALUE_COLUMNS: &[&str] = &[
    "source_ip",
    "source_mac",
    "source_nat_ip",
    "destination_ip",
    "destination_domain",
    "destination_mac",
    "destination_nat_ip",
    "host_name",
    "host_ip",
    "user_name",
    "user_id",
    "user_target_name",
    "group_name",
    "process_name",
    "process_executable",
    "file_path",
    "file_name",
    "file_hash_md5",
    "file_hash_sha1",
    "file_hash_sha256",
    "service_name",
    "dns_question_name",
    "dns_resolved_ip",
    "url_domain",
    "tls_server_name",
    "email_from",
    "email_to",
    "rule_id",
    "rule_name",
    "threat_name",
    "vulnerability_id",
    "event_code",
    "event_action",
];
