//! Case folding: how the default, case-insensitive comparison sees text.
//!
//! Patterns are folded once when compiled and values once per event, both by this one function, so that plain
//! comparison of the results is comparison without case. It is Unicode's simple lower case plus the two letters
//! that have more than one lower-case form.

use std::borrow::Cow;

/// The folded text, borrowed where folding changes nothing.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let folded: String = text.chars().flat_map(char::to_lowercase).map(one_form).collect();
    if folded == text { Cow::Borrowed(text) } else { Cow::Owned(folded) }
}

/// Final sigma and long s are other forms of s and sigma.
fn one_form(letter: char) -> char {
    match letter {
        '\u{3c2}' => '\u{3c3}',
        '\u{17f}' => 's',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_case_in_ascii_and_beyond() {
        assert_eq!(fold("CMD.exe"), "cmd.exe");
        assert_eq!(fold("ÄÖÜ Привет"), fold("äöü ПРИВЕТ"));
        assert_eq!(fold("ΟΔΥΣΣΕΥΣ"), fold("Οδυσσευς"));
        assert!(matches!(fold("already lower 中文"), Cow::Borrowed(_)));
    }
}
