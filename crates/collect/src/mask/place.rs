//! Where a value stands in a record: as it is, or as the record's format writes it.

use super::Secret;

/// The record with every secret replaced; nothing where one of them stands nowhere.
pub(super) fn replace(text: &str, secrets: &[Secret]) -> Option<String> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    let mut replaced = text.to_owned();
    for secret in secrets {
        let mut found = false;
        for form in forms(&secret.value) {
            let (next, here) = replace_form(&replaced, &form, &secret.hidden, is_json);
            if here {
                found = true;
                replaced = next;
            }
        }
        // One that stood inside a longer one is gone with it.
        if !found && !secrets.iter().any(|other| other.value != secret.value && other.value.contains(&secret.value)) {
            return None;
        }
    }
    Some(replaced)
}

/// One text in place of another, as it is.
pub(super) fn replace_plain(text: &str, value: &str, hidden: &str) -> String {
    replace_form(text, value, hidden, false).0
}

/// Whether a value stands in a text: not as a part of a longer word or number.
pub(super) fn stands_in(text: &str, value: &str) -> bool {
    bounded(text, value).next().is_some() || (text.contains(value) && !is_word(value))
}

/// Whether a text may hold a value that only decoding brings out.
pub(super) fn is_encoded_in(text: &str, value: &str) -> bool {
    forms(value).iter().any(|form| text.contains(form.as_str()) && !is_short(form))
        || formats::decode::base64(text).is_some_and(|decoded| decoded.contains(value))
}

fn is_short(form: &str) -> bool {
    form.chars().count() < 4
}

/// How formats write a value: as it is, escaped for JSON, CEF, LEEF, XML, key=value, a URL.
fn forms(value: &str) -> Vec<String> {
    let json = |text: &str| {
        let quoted = serde_json::Value::from(text).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let ascii = || {
        let mut units = [0; 2];
        let escape = |char: char| match char {
            ' '..='~' => char.to_string(),
            other => other.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        };
        json(value).chars().map(escape).collect::<String>()
    };
    let escaped = |marks: &[char]| {
        value
            .chars()
            .flat_map(|char| marks.contains(&char).then_some('\\').into_iter().chain([char]))
            .collect::<String>()
    };
    let xml = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let percent = |upper: bool| {
        let encode = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other if upper => format!("%{other:02X}"),
            other => format!("%{other:02x}"),
        };
        value.bytes().map(encode).collect::<String>()
    };
    let once = json(value);
    let mut forms = vec![
        value.to_owned(),
        once.clone(),
        once.replace('/', "\\/"),
        // A document in a text of a document.
        json(&once),
        ascii(),
        ascii().to_uppercase().replace("\\U", "\\u"),
        escaped(&['\\', '=', '|']),
        escaped(&['\\', '"', ']']),
        escaped(&['\\', '|']),
        xml.clone(),
        xml.replace('"', "&quot;").replace('\'', "&apos;"),
        xml.replace('"', "&#34;").replace('\'', "&#39;"),
        percent(true),
        percent(false),
        percent(true).replace("%20", "+"),
    ];
    // The parser may have changed the case: of domains and hashes, mostly.
    let (lower, upper) = (value.to_lowercase(), value.to_uppercase());
    forms.extend([lower, upper]);
    let mut seen = std::collections::HashSet::new();
    forms.retain(|form| !form.is_empty() && seen.insert(form.clone()));
    // Longest first: an escaped form must go before its plain part does.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// Replaces a form where it stands by itself; where it stands only inside longer words, there.
fn replace_form(text: &str, form: &str, hidden: &str, is_json: bool) -> (String, bool) {
    let mut places: Vec<usize> = bounded(text, form).collect();
    if places.is_empty() && !is_short(form) {
        places = text.match_indices(form).map(|(at, _)| at).collect();
    }
    if places.is_empty() {
        return (text.to_owned(), false);
    }
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut quotes) = (0, Quotes::default());
    for at in places {
        if at < copied {
            continue;
        }
        out.push_str(&text[copied..at]);
        quotes.pass(&text[copied..at]);
        // A number of a document becomes a text.
        let bare = is_json && !quotes.inside;
        out.extend(bare.then_some('"'));
        out.push_str(hidden);
        out.extend(bare.then_some('"'));
        quotes.pass(form);
        copied = at + form.len();
    }
    out.push_str(&text[copied..]);
    (out, true)
}

/// Whether a place of a JSON document is inside a text.
#[derive(Default)]
struct Quotes {
    inside: bool,
    escaped: bool,
}

impl Quotes {
    fn pass(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.inside => self.escaped = true,
                b'"' => self.inside = !self.inside,
                _ => {}
            }
        }
    }
}

/// Places where a form is no part of a longer word. Han characters bound no words, so beside them nothing is asked.
fn bounded<'t>(text: &'t str, form: &'t str) -> impl Iterator<Item = usize> + 't {
    let joins = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let starts_with_word = form.chars().next().is_some_and(joins);
    let ends_with_word = form.chars().next_back().is_some_and(joins);
    text.match_indices(form).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + form.len()..].chars().next();
        let free = |beside: Option<char>| beside.is_none_or(|char| !joins(char));
        // `\n`, `\u4e2d`: an escape before it is no word.
        let escape = text[..*at].len() >= 2 && text.as_bytes()[at - 2] == b'\\';
        (!starts_with_word || free(before) || escape) && (!ends_with_word || free(after))
    })
}

fn is_word(value: &str) -> bool {
    value.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, value: &str) -> Option<String> {
        replace(text, &[Secret { value: value.into(), hidden: "X".into() }])
    }

    #[test]
    fn a_value_is_found_however_it_is_written_and_longer_words_stay() {
        assert_eq!(masked("user=li uid=lily x=li", "li").unwrap(), "user=X uid=lily x=X");
        assert_eq!(masked("u=a\\=b|x", "a=b").unwrap(), "u=X|x");
        assert_eq!(masked(r#"{"u":"a\"b\u4e2d"}"#, "a\"b中").unwrap(), r#"{"u":"X"}"#);
        assert_eq!(masked("<u>a&lt;b</u>", "a<b").unwrap(), "<u>X</u>");
        assert_eq!(masked("GET /?u=a%20b", "a b").unwrap(), "GET /?u=X");
        assert_eq!(masked("USER=Li.Lei", "li.lei"), None, "mixed case is nowhere as it is");
        assert_eq!(masked("用户张三登录", "张三").unwrap(), "用户X登录");
        assert_eq!(masked(r#"{"n":7,"m":"7","k":77}"#, "7").unwrap(), r#"{"n":"X","m":"X","k":77}"#);
        assert_eq!(masked("nothing", "here"), None);
    }
}
