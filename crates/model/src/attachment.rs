//! Files attached to an incident 附件 (catalogue T4, D6): what the customer sent, what was collected. They are kept as
//! evidence and held against YARA rules; they are never opened.

use serde::{Deserialize, Serialize};

use crate::intel::IntelSource;
use crate::role::words;
use crate::yara::FileScan;
use crate::{AttachmentId, CustomerId, IncidentId, Timestamp, UserId};

/// Bytes of a file at most.
pub const FILE_BYTES: i64 = 64 << 20;
/// Files of an incident at most, and bytes of all of them.
pub const INCIDENT_FILES: i64 = 100;
/// See [`INCIDENT_FILES`].
pub const INCIDENT_BYTES: i64 = 512 << 20;
/// Bytes of all files of a customer at most.
pub const CUSTOMER_BYTES: i64 = 20 << 30;
/// Bytes in which a content is kept and read.
pub const PART_BYTES: usize = 1 << 20;
/// Characters of a name at most.
pub const NAME_MOST: usize = 255;

words! {
    /// What became of a file.
    AttachmentState {
        /// It is being sent.
        Uploading = "uploading",
        /// It is there.
        Kept = "kept",
        /// Its content is gone, on somebody's word.
        Removed = "removed",
    }
}

/// A file of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AttachmentId,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// The incident it belongs to.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub incident: IncidentId,
    /// What it was called, made harmless: see [`file_name`].
    pub name: String,
    /// What became of it.
    pub state: AttachmentState,
    /// Bytes.
    pub size: i64,
    /// Hash of its content, lower-case hexadecimal.
    pub sha256: String,
    /// Hash of its content, lower-case hexadecimal.
    pub sha1: String,
    /// Hash of its content, lower-case hexadecimal.
    pub md5: String,
    /// CRC-32 of its content, which ZIP wants to know.
    #[serde(skip)]
    pub crc32: u32,
    /// Who attached it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub added_by: Option<UserId>,
    /// When.
    pub added: Timestamp,
    /// By whom its content was removed, when and why.
    pub removal: Option<Removal>,
    /// What YARA rules say about it.
    pub scan: FileScan,
}

/// The end of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Removal {
    /// Who; absent when the platform did it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A hash of a file that lists of indicators name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownHash {
    /// The hash.
    pub value: String,
    /// The lists that name it, the surest first.
    pub sources: Vec<IntelSource>,
    /// How many more lists name it that the reader may not know.
    pub withheld: i64,
}

/// A file's name as it is kept: the last part of what may be a path, without control characters, format characters that
/// turn text around, and characters that some system takes for a separator; nothing if nothing is left.
pub fn file_name(given: &str) -> Option<String> {
    let last = given.rsplit(['/', '\\']).find(|part| !part.trim().is_empty())?;
    let harmless = |char: char| {
        let turns =
            matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if char.is_control() || turns || matches!(char, ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { char }
    };
    let name: String = last.trim().chars().map(harmless).take(NAME_MOST).collect();
    let name = name.trim_end_matches(['.', ' ']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_keep_their_script_and_lose_what_harms() {
        assert_eq!(file_name("C:\\inetpub\\shell.jsp").as_deref(), Some("shell.jsp"));
        assert_eq!(file_name("../../etc/\u{62a5}\u{544a}.docx").as_deref(), Some("\u{62a5}\u{544a}.docx"));
        assert_eq!(file_name("a\u{202e}gnp.exe\r\n").as_deref(), Some("a_gnp.exe"));
        assert_eq!(file_name("<img src=x>.html").as_deref(), Some("_img src=x_.html"));
        assert_eq!(file_name("a/b/").as_deref(), Some("b"));
        assert_eq!([file_name(""), file_name("/ /"), file_name("..")], [None, None, None]);
    }

    proptest! {
        #[test]
        fn a_kept_name_is_kept_as_it_is(given in any::<String>()) {
            if let Some(name) = file_name(&given) {
                prop_assert!(name.chars().count() <= NAME_MOST && !name.contains(['/', '\\', '\0', '\n', '"']));
                let again = file_name(&name);
                prop_assert_eq!(again.as_deref(), Some(name.as_str()));
            }
        }
    }
}
