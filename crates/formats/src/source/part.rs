//! Taking a part of a value: a file name from a path, a user from `DOMAIN\user`, a host from a URL.

use std::borrow::Cow;

use super::definition::Part;

/// The part of `text`; nothing where it has none.
pub fn take<'a>(part: Part, text: &Cow<'a, str>) -> Option<Cow<'a, str>> {
    match part {
        Part::Lower => return Some(change_case(text, |byte| byte.is_ascii_uppercase(), str::to_lowercase)),
        Part::Upper => return Some(change_case(text, |byte| byte.is_ascii_lowercase(), str::to_uppercase)),
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
        Part::Lower | Part::Upper => text,
    };
    (!found.is_empty()).then_some(found)
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
        ] {
            assert_eq!(take(part, &Cow::Borrowed(text)).as_deref().unwrap_or("-"), expected, "{text}");
        }
    }
}
