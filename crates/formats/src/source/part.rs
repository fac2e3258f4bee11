//! Taking a part of a value: a file name from a path, a user from `DOMAIN\user`, a host from a URL.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use memchr::memchr;

use super::definition::Part;
use crate::decode;

/// The part of `text`; nothing where it has none.
pub fn take<'a>(part: Part, text: &Cow<'a, str>) -> Option<Cow<'a, str>> {
    match part {
        Part::Lower => return Some(change_case(text, |byte| byte.is_ascii_uppercase(), str::to_lowercase)),
        Part::Upper => return Some(change_case(text, |byte| byte.is_ascii_lowercase(), str::to_uppercase)),
        Part::PlusToBlank if text.contains('+') => return Some(Cow::Owned(text.replace('+', " "))),
        Part::Mac => return mac(text).map(Cow::Owned),
        Part::HexAddress => return hex_address(text).map(Cow::Owned),
        Part::Base64 => return Some(decode::base64(text).map_or_else(|| text.clone(), Cow::Owned)),
        Part::Hex => return Some(decode::hex(text).map_or_else(|| text.clone(), Cow::Owned)),
        Part::UrlDecode => {
            return Some(match decode::url(text) {
                Cow::Borrowed(_) => text.clone(),
                Cow::Owned(plain) => Cow::Owned(plain),
            });
        }
        _ => {}
    }
    match text {
        Cow::Borrowed(text) => slice(part, text).map(Cow::Borrowed),
        Cow::Owned(text) => slice(part, text).map(|part| Cow::Owned(part.to_owned())),
    }
}

fn change_case<'a>(text: &Cow<'a, str>, differs: fn(&u8) -> bool, change: fn(&str) -> String) -> Cow<'a, str> {
    if text.is_ascii() && !text.as_bytes().iter().any(differs) { text.clone() } else { Cow::Owned(change(text)) }
}

fn slice(part: Part, text: &str) -> Option<&str> {
    let found = match part {
        Part::Basename => text.rsplit(['\\', '/']).next()?,
        Part::User => match text.split_once('\\') {
            Some((_, user)) => user,
            None => text.split_once('@').map_or(text, |(user, _)| user),
        },
        Part::Domain => match text.split_once('\\') {
            Some((domain, _)) => domain,
            None => text.split_once('@')?.1,
        },
        Part::UrlDomain => url_domain(text)?,
        Part::UrlPath => target(text)?.split(['?', '#']).next()?,
        Part::UrlQuery => target(text)?.split_once('?')?.1.split('#').next()?,
        Part::Trim => text.trim_matches(|char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '\0')),
        Part::TrimDot => text.trim_end_matches('.'),
        Part::First => text.split([',', ';', ' ']).find(|part| !part.is_empty())?,
        Part::Last => text.rsplit([',', ';', ' ']).find(|part| !part.is_empty())?,
        Part::Address => address_and_port(text)?.0,
        Part::Port => address_and_port(text)?.1?,
        Part::Number => number(text)?,
        Part::Lower
        | Part::Upper
        | Part::Mac
        | Part::HexAddress
        | Part::UrlDecode
        | Part::Base64
        | Part::Hex
        | Part::PlusToBlank => text,
    };
    (!found.is_empty()).then_some(found)
}

/// The address of `10.0.0.1:80`, `[::1]:80`, `::1`, `10.0.0.1#53`, `10.0.0.1/80`, `10.0.0.1 (host)`, of the first of
/// a list, and the port where there is one.
fn address_and_port(text: &str) -> Option<(&str, Option<&str>)> {
    let first = text.split([',', ';']).next()?.trim().trim_matches('"');
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let port = |text: &'_ str| -> Option<usize> { Some(digits(text)).filter(|count| (1..=5).contains(count)) };
    if let Some(inner) = first.strip_prefix('[') {
        let (address, after) = inner.split_once(']')?;
        let after = after.trim_start_matches([':', '#']);
        return Some((address, port(after).map(|length| &after[..length])));
    }
    // More than one colon and no dot before the last: IPv6 without a port.
    let end = first.find([' ', '(', '/', '#']).unwrap_or(first.len());
    let (mut address, mut after) = first.split_at(end);
    if let Some(at) = memchr(b':', address.as_bytes())
        && memchr(b':', &address.as_bytes()[at + 1..]).is_none()
    {
        (address, after) = first.split_at(at);
    }
    let after = after.trim_start_matches([':', '#', '/']);
    Some((address, port(after).map(|length| &after[..length])))
}

/// The first number, its sign and fraction.
fn number(text: &str) -> Option<&str> {
    let start = text.find(|char: char| char.is_ascii_digit())?;
    let length = text[start..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let signed = start > 0 && text.as_bytes()[start - 1] == b'-';
    Some(text[start - usize::from(signed)..start + length].trim_end_matches('.'))
}

/// A MAC address as `00-1A-2B-3C-4D-5E`.
fn mac(text: &str) -> Option<String> {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_hexdigit).collect();
    let is_mac = digits.len() == 12 && text.chars().all(|char| char.is_ascii_hexdigit() || "-:. ".contains(char));
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>().to_ascii_uppercase());
    is_mac.then(|| pairs.collect::<Vec<_>>().join("-"))
}

/// An address written in hexadecimal digits.
fn hex_address(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix("4-").or_else(|| text.trim().strip_prefix("6-")).unwrap_or(text.trim());
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits.len() {
        8 if is_hex => Some(Ipv4Addr::from(u32::from_str_radix(digits, 16).ok()?).to_string()),
        32 if is_hex => Some(Ipv6Addr::from(u128::from_str_radix(digits, 16).ok()?).to_string()),
        _ => Some(digits.to_owned()),
    }
}

fn url_domain(text: &str) -> Option<&str> {
    if text.starts_with('/') {
        return None;
    }
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest).split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    }
}

/// Path and query: what follows the authority, or the whole text where it starts with `/`.
fn target(text: &str) -> Option<&str> {
    if text.starts_with('/') {
        return Some(text);
    }
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.find('/').map(|at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_and_missing_ones_are_nothing() {
        for (part, text, expected) in [
            (Part::Basename, "C:\\Windows\\cmd.exe", "cmd.exe"),
            (Part::Basename, "/bin/sh", "sh"),
            (Part::User, "CORP\\li", "li"),
            (Part::User, "li@corp.example", "li"),
            (Part::Domain, "CORP\\li", "CORP"),
            (Part::Domain, "li", "-"),
            (Part::Lower, "ABC", "abc"),
            (Part::UrlDomain, "https://u:p@h.example:8443/a/b?c=/d#e", "h.example"),
            (Part::UrlDomain, "h.example/a", "h.example"),
            (Part::UrlDomain, "/a", "-"),
            (Part::UrlDomain, "http://[::1]:80/", "::1"),
            (Part::UrlPath, "https://h.example/a/b?c=/d#e", "/a/b"),
            (Part::UrlPath, "/a?b", "/a"),
            (Part::UrlQuery, "https://h.example/a/b?c=/d#e", "c=/d"),
            (Part::UrlQuery, "/a", "-"),
            (Part::Address, "10.0.0.1:80", "10.0.0.1"),
            (Part::Port, "10.0.0.1:80(eth0)", "80"),
            (Part::Address, "[2001:db8::1]:443", "2001:db8::1"),
            (Part::Port, "[2001:db8::1]:443", "443"),
            (Part::Address, "2001:db8::1", "2001:db8::1"),
            (Part::Port, "2001:db8::1", "-"),
            (Part::Address, "10.0.0.1, 10.0.0.2", "10.0.0.1"),
            (Part::Address, "10.0.0.1#53 (a.example)", "10.0.0.1"),
            (Part::Port, "10.0.0.1#53 (a.example)", "53"),
            (Part::Port, "10.0.0.1/8080", "8080"),
            (Part::Trim, " \"x\" ", "x"),
            (Part::TrimDot, "a.example.", "a.example"),
            (Part::First, "a, b", "a"),
            (Part::Last, "a, b", "b"),
            (Part::Number, "took -56.3ms", "-56.3"),
            (Part::Mac, "00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E"),
            (Part::Mac, "001a.2b3c", "-"),
            (Part::HexAddress, "4-0a010164", "10.1.1.100"),
            (Part::HexAddress, "6-20010db8000000000000000000000001", "2001:db8::1"),
            (Part::UrlDecode, "a%20b", "a b"),
            (Part::Base64, "Z2V0", "get"),
            (Part::Hex, "6c73", "ls"),
        ] {
            assert_eq!(take(part, &Cow::Borrowed(text)).as_deref().unwrap_or("-"), expected, "{text}");
        }
    }
}
