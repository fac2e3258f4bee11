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
    let mut folded = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let start = folded.len();
        folded.push_str(&rest[..plain]);
        folded[start..].make_ascii_lowercase();
        rest = &rest[plain..];
        let mut letters = rest.chars();
        while let Some(letter) = letters.clone().next().filter(|letter| !letter.is_ascii()) {
            letters.next();
            match letter {
                // Punctuation and the scripts of East Asia know no case, and are most of what is not ASCII.
                '\u{2000}'..='\u{20ff}' | '\u{2e80}'..='\u{a63f}' | '\u{ac00}'..='\u{d7ff}' => folded.push(letter),
                letter => folded.extend(letter.to_lowercase().map(one_form)),
            }
        }
        rest = letters.as_str();
    }
    if folded == text { Cow::Borrowed(text) } else { Cow::Owned(folded) }
}

/// Whether ASCII words stand in the text exactly where they stand in the folded text, cases aside: so it is unless
/// one of the three letters is there that become ASCII ones (dotted capital I, long s, the sign of the kelvin).
pub(crate) fn keeps_ascii(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr3_iter(0xc4, 0xc5, 0xe2, bytes)
        .all(|place| !matches!(bytes[place..], [0xc4, 0xb0, ..] | [0xc5, 0xbf, ..] | [0xe2, 0x84, 0xaa, ..]))
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
    fn folding_is_lower_case_letter_by_letter_and_three_letters_become_ascii() {
        let letters = (0..=0x10_ffff).filter_map(char::from_u32);
        let odd: Vec<char> = letters
            .filter(|letter| {
                let text = format!("A{letter}b");
                let expected: String = text.chars().flat_map(char::to_lowercase).map(one_form).collect();
                assert_eq!(fold(&text), expected);
                let becomes_ascii = !letter.is_ascii() && expected.chars().filter(char::is_ascii).count() > 2;
                assert_eq!(becomes_ascii, !keeps_ascii(&text), "{letter}");
                becomes_ascii
            })
            .collect();
        assert_eq!(odd, ['\u{130}', '\u{17f}', '\u{212a}']);
    }

    #[test]
    fn folding_ignores_case_in_ascii_and_beyond() {
        assert_eq!(fold("CMD.exe"), "cmd.exe");
        assert_eq!(fold("ÄÖÜ Привет"), fold("äöü ПРИВЕТ"));
        assert_eq!(fold("ΟΔΥΣΣΕΥΣ"), fold("Οδυσσευς"));
        assert!(matches!(fold("already lower 中文"), Cow::Borrowed(_)));
    }
}
