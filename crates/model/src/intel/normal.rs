//! The form in which values are compared: what a record and an intelligence list write differently becomes the same.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

/// The longest name the domain name system knows, and its longest label.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Longer URLs are compared by nobody.
const LONGEST_URL: usize = 8192;

/// An address; an IPv4 address inside an IPv6 one is that IPv4 address.
pub fn address(text: &str) -> Option<IpAddr> {
    if let Some(address) = dotted(text.as_bytes()) {
        return Some(IpAddr::V4(address));
    }
    // What has no colon and ends with a letter is none in any notation: most names are told so.
    if text.bytes().last().is_some_and(|last| last.is_ascii_alphabetic()) && !text.as_bytes().contains(&b':') {
        return None;
    }
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// An IPv4 address in its usual notation: four numbers without needless zeros.
fn dotted(text: &[u8]) -> Option<Ipv4Addr> {
    if !(7..=15).contains(&text.len()) {
        return None;
    }
    let (mut octets, mut at, mut number, mut digits) = ([0u8; 4], 0, 0u32, 0);
    for byte in text {
        match byte {
            b'0'..=b'9' if digits < 3 && (digits == 0 || number > 0) => {
                number = number * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && number < 256 && at < 3 => {
                octets[at] = number as u8;
                (at, number, digits) = (at + 1, 0, 0);
            }
            _ => return None,
        }
    }
    if at != 3 || digits == 0 || number > 255 {
        return None;
    }
    octets[3] = number as u8;
    Some(Ipv4Addr::from(octets))
}

/// What a byte is to a domain name: usual (1), a digit (2), a dot (4), a letter in upper case (8), none of these (0).
const NAME: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'-' | b'_' => 1,
            b'0'..=b'9' => 2,
            b'.' => 4,
            b'A'..=b'Z' => 8,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// A domain name of two labels or more: lower case, without the dot at the end.
pub fn domain(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_ascii() {
        return ascii_domain(text);
    }
    any_domain(text)
}

fn ascii_domain(text: &str) -> Option<Cow<'_, str>> {
    if text.len() > LONGEST_NAME {
        return None;
    }
    let (mut start, mut dots, mut all, mut label) = (0, 0, 0u8, 0u8);
    for (at, byte) in text.bytes().enumerate() {
        match NAME[byte as usize] {
            0 => return None,
            4 => {
                if at == start || at - start > LONGEST_LABEL {
                    return None;
                }
                (start, dots, label) = (at + 1, dots + 1, 0);
            }
            kind => {
                all |= kind;
                label |= kind;
            }
        }
    }
    let last = text.len() - start;
    // The last label is never a number: that would be an address.
    if dots == 0 || last == 0 || last > LONGEST_LABEL || label == 2 {
        return None;
    }
    Some(if all & 8 != 0 { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) })
}

fn any_domain(text: &str) -> Option<Cow<'_, str>> {
    if text.len() > LONGEST_NAME {
        return None;
    }
    let (mut labels, mut upper, mut label, mut digits) = (0, false, 0, true);
    for character in text.chars() {
        match character {
            '.' if label == 0 => return None,
            '.' => (labels, label, digits) = (labels + 1, 0, true),
            _ => {
                let fits = character.is_ascii_alphanumeric()
                    || matches!(character, '-' | '_')
                    || (!character.is_ascii() && character.is_alphanumeric());
                if !fits || label + character.len_utf8() > LONGEST_LABEL {
                    return None;
                }
                label += character.len_utf8();
                upper |= character.is_uppercase();
                digits &= character.is_ascii_digit();
            }
        }
    }
    // The last label is never a number: that would be an address.
    let name = labels > 0 && label > 0 && !digits;
    name.then(|| if upper { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) })
}

/// A file's hash: lower-case hexadecimal of MD5's, SHA-1's or SHA-256's length.
pub fn hash(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if !matches!(text.len(), 32 | 40 | 64) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if upper { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) })
}

/// The domain of a mail address.
pub fn mail_domain(text: &str) -> Option<&str> {
    let text = text.trim().trim_matches(['<', '>']);
    text.rsplit_once('@').map(|(_, domain)| domain.trim_end_matches('>'))
}

/// A mail address in lower case.
pub fn mail(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['<', '>']);
    let (local, host) = text.rsplit_once('@')?;
    let local = local.rsplit_once('<').map_or(local, |(_, local)| local);
    let fits =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '<' | '>' | '(' | ')' | ':' | '/' | '@');
    if local.is_empty() || local.len() > 64 || !local.chars().all(fits) {
        return None;
    }
    let host = domain(host.trim_end_matches('>'))?;
    Some(format!("{}@{host}", local.to_lowercase()))
}

/// The host of a URL, as it stands there.
pub fn url_host(text: &str) -> Option<&str> {
    let (_, authority, _) = parts(text)?;
    Some(host_and_port(authority).0).filter(|host| !host.is_empty())
}

/// A URL without scheme, user, default port and fragment: `host[:port]/path[?query]`. The host is in lower case, needless
/// escapes are undone, the case of path and query is kept.
pub fn url(text: &str) -> Option<String> {
    let (scheme, authority, rest) = parts(text)?;
    let (host, port) = host_and_port(authority);
    let host = host.trim_end_matches('.');
    let plausible = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"');
    if !plausible {
        return None;
    }
    let mut made = String::with_capacity(text.len() + 1);
    match address(host) {
        Some(IpAddr::V6(host)) => made.push_str(&format!("[{host}]")),
        Some(IpAddr::V4(host)) => made.push_str(&host.to_string()),
        None => made.push_str(&host.to_lowercase()),
    }
    let usual = match scheme.map(str::to_ascii_lowercase).as_deref() {
        Some("https" | "wss") => "443",
        Some("ftp") => "21",
        Some("http" | "ws") | None => "80",
        Some(_) => "",
    };
    if let Some(port) = port.filter(|port| !port.is_empty() && *port != usual) {
        made.push(':');
        made.push_str(port);
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let rest = rest.strip_suffix('?').unwrap_or(rest);
    if !rest.starts_with('/') {
        made.push('/');
    }
    unescape(rest, &mut made);
    Some(made)
}

/// Scheme, authority, and what follows.
fn parts(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_URL {
        return None;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
        _ => (None, text),
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some((scheme, authority, rest))
}

fn is_scheme(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic()) && text.len() <= 20 && text.bytes().all(rest)
}

fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    if let Some(inner) = authority.strip_prefix('[')
        && let Some((host, rest)) = inner.split_once(']')
    {
        return (host, rest.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

/// Escapes of what needs none are undone, the others are written in upper case.
fn unescape(text: &str, into: &mut String) {
    let mut left = text;
    while let Some(at) = left.find('%') {
        into.push_str(&left[..at]);
        let code = left.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') => {
                into.push(byte as char);
                left = &left[at + 3..];
            }
            Some(byte) => {
                into.push_str(&format!("%{byte:02X}"));
                left = &left[at + 3..];
            }
            None => {
                into.push('%');
                left = &left[at + 1..];
            }
        }
    }
    into.push_str(left);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_mean_the_same_are_the_same() {
        for same in [
            "http://Evil.example/a%62/?Q=%2f",
            "HTTPS://user:pw@evil.EXAMPLE:443/ab/?Q=%2F#part",
            "http://evil.example.:80/%61b/?Q=%2F",
            "evil.example/ab/?Q=%2F",
        ] {
            assert_eq!(url(same).as_deref(), Some("evil.example/ab/?Q=%2F"), "{same}");
        }
        assert_eq!(url("http://evil.example").as_deref(), Some("evil.example/"));
        assert_eq!(url("http://evil.example?").as_deref(), Some("evil.example/"));
        assert_eq!(url("http://evil.example:8080/a").as_deref(), Some("evil.example:8080/a"));
        assert_eq!(url("https://[2001:DB8::1]:8443/x").as_deref(), Some("[2001:db8::1]:8443/x"));
        assert_eq!(url("https://evil.example:80/").as_deref(), Some("evil.example:80/"));
        assert_eq!(url("http://100%/%zz").as_deref(), Some("100%/%zz"));
        for none in ["", "http:///a", "http://a b/", " "] {
            assert_eq!(url(none), None, "{none}");
        }
        assert_eq!(url_host("http://u@[::1]:80/a"), Some("::1"));
        assert_eq!(url_host("evil.example/a"), Some("evil.example"));
    }

    #[test]
    fn the_short_ways_say_what_the_long_ones_say() {
        let parts = ["0", "1", "01", "255", "256", "9999", "", "a", "::1", " 1", "+1", "-"];
        for one in parts {
            for two in parts {
                for text in [format!("1.{one}.3.{two}"), format!("{one}.2.{two}.4"), format!("{one}.{two}")] {
                    let long = text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical());
                    assert_eq!(address(&text), long, "{text}");
                }
            }
        }
        let labels = ["", "a", "A", "9", "a9", "-", "_x", " ", "a b", ":", "/", &"x".repeat(63), &"x".repeat(64)];
        for one in labels {
            for two in labels {
                for text in [format!("{one}.{two}"), format!("q.{one}.{two}"), format!("{one}.{two}."), two.to_owned()]
                {
                    let bare = text.trim();
                    let bare = bare.strip_suffix('.').unwrap_or(bare);
                    assert_eq!(domain(&text), any_domain(bare), "{text}");
                }
            }
        }
    }

    #[test]
    fn names_and_hashes_are_told_from_what_only_looks_like_them() {
        assert_eq!(domain("Evil.Example.").as_deref(), Some("evil.example"));
        assert_eq!(domain("_dmarc.evil-1.example").as_deref(), Some("_dmarc.evil-1.example"));
        assert_eq!(domain("\u{4e8b}.\u{4f8b}").as_deref(), Some("\u{4e8b}.\u{4f8b}"));
        for none in ["localhost", "1.2.3.4", "a..b", ".a.b", "a b.c", "evil.example:80", "", "a.1", &"a.".repeat(130)] {
            assert_eq!(domain(none), None, "{none}");
        }
        assert_eq!(hash("D41D8CD98F00B204E9800998ECF8427E").as_deref(), Some("d41d8cd98f00b204e9800998ecf8427e"));
        assert_eq!(hash("d41d8cd98f00b204e9800998ecf8427"), None);
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_eq!(mail_domain("Eve <eve@evil.example>"), Some("evil.example"));
    }
}
