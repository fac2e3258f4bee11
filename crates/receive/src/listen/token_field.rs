//! The token we issue to a sender, carried in a JSON record: `"vedette_token": "..."`, or `"_vedette_token"` in GELF.
//!
//! The token is a secret: it authenticates the record and is masked before the record is stored.

use memchr::memmem;

/// The member's name; GELF demands an underscore before it.
pub(super) const TOKEN_FIELD: &str = "vedette_token";

const MASK: &[u8] = b"***";

/// The token of a JSON record, and the record with every value of the field masked.
pub(super) fn take(record: Vec<u8>) -> (Option<String>, Vec<u8>) {
    let mut token = None;
    let mut masked = Vec::with_capacity(record.len());
    let mut copied = 0;
    for at in memmem::find_iter(&record, TOKEN_FIELD.as_bytes()) {
        if at < copied {
            continue;
        }
        let Some((start, end)) = value(&record, at) else { continue };
        if token.is_none() {
            token = std::str::from_utf8(&record[start..end]).ok().filter(|token| !token.is_empty()).map(str::to_owned);
        }
        masked.extend_from_slice(&record[copied..start]);
        masked.extend_from_slice(MASK);
        copied = end;
    }
    if copied == 0 {
        return (None, record);
    }
    masked.extend_from_slice(&record[copied..]);
    (token, masked)
}

/// Where the text value of the member named at `at` stands; nothing where it is no member: inside a text the quotes
/// around the name would be escaped.
fn value(record: &[u8], at: usize) -> Option<(usize, usize)> {
    let name = if at > 0 && record[at - 1] == b'_' { at - 1 } else { at };
    let opened = name.checked_sub(1)?;
    if record[opened] != b'"' || (opened > 0 && record[opened - 1] == b'\\') {
        return None;
    }
    let blank = |mut place: usize| {
        while record.get(place).is_some_and(u8::is_ascii_whitespace) {
            place += 1;
        }
        place
    };
    let closed = at + TOKEN_FIELD.len();
    let colon = blank((record.get(closed) == Some(&b'"')).then_some(closed + 1)?);
    let quote = blank((record.get(colon) == Some(&b':')).then_some(colon + 1)?);
    let start = (record.get(quote) == Some(&b'"')).then_some(quote + 1)?;
    let mut end = start;
    while end < record.len() && record[end] != b'"' {
        end += if record[end] == b'\\' { 2 } else { 1 };
    }
    Some((start, end.min(record.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(record: &str) -> (Option<String>, String) {
        let (token, record) = take(record.as_bytes().to_vec());
        (token, String::from_utf8(record).unwrap())
    }

    #[test]
    fn the_token_is_taken_out_of_a_member_at_any_depth_and_masked() {
        let (token, record) = taken(r#"{"message":"x","fields":{"vedette_token" : "s3cret"},"_vedette_token":"b"}"#);
        assert_eq!(token.as_deref(), Some("s3cret"));
        assert_eq!(record, r#"{"message":"x","fields":{"vedette_token" : "***"},"_vedette_token":"***"}"#);
    }

    #[test]
    fn a_text_that_speaks_of_a_token_is_none() {
        for record in [
            r#"{"message":"{\"vedette_token\":\"x\"}"}"#,
            r#"{"my_vedette_token":"x"}"#,
            r#"{"vedette_token":1}"#,
            r#"{"vedette_token"#,
        ] {
            assert_eq!(taken(record), (None, record.to_owned()));
        }
        assert_eq!(taken(r#"{"vedette_token":"cut"#), (Some("cut".to_owned()), r#"{"vedette_token":"***"#.to_owned()));
    }
}
