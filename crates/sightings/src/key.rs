//! The keys a value is found under.

use std::net::IpAddr;

use model::intel::{Holds, Indicator, IndicatorKind, mail_addresses, mails, normal};

/// What separates the kinds: a URL and a domain of the same text have different keys.
const NAME: u64 = 0x6e61_6d65_6e61_6d65;
const URL: u64 = 0x7572_6c75_726c_7572;
const HASH: u64 = 0x6861_7368_6861_7368;
const MAIL: u64 = 0x6d61_696c_6d61_696c;

/// A key. Addresses keep their order; everything else is a number drawn from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An IPv4 address.
    V4(u32),
    /// An IPv6 address.
    V6(u128),
    /// A domain, a URL or a file's hash.
    Named(u64),
}

impl From<IpAddr> for Key {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Key::V4(address.to_bits()),
            IpAddr::V6(address) => Key::V6(address.to_bits()),
        }
    }
}

/// Calls `with` for each key of a field's value. The same key may come more than once.
pub fn keys(holds: Holds, text: &str, mut with: impl FnMut(Key)) {
    match holds {
        Holds::Address | Holds::Host => host(text, &mut with),
        Holds::Mail => {
            mails(text).for_each(|domain| host(domain, &mut with));
            mail_addresses(text).for_each(|mail| with(Key::Named(draw(MAIL, mail.as_bytes()))));
        }
        Holds::Hash => {
            if let Some(hash) = normal::hash(text) {
                with(Key::Named(draw(HASH, hash.as_bytes())));
            }
        }
        Holds::Url => {
            if let Some(url) = normal::url(text) {
                with(Key::Named(draw(URL, url.as_bytes())));
                if let Some((path, _)) = url.split_once('?') {
                    with(Key::Named(draw(URL, path.as_bytes())));
                }
                if let Some(name) = normal::url_host(text) {
                    host(name, &mut with);
                }
            }
        }
    }
}

fn host(text: &str, with: &mut impl FnMut(Key)) {
    if let Some(address) = normal::address(text) {
        return with(address.into());
    }
    let Some(name) = normal::domain(text) else { return };
    let mut left = &*name;
    // A top-level domain is no indicator.
    while let Some((_, above)) = left.split_once('.') {
        with(Key::Named(draw(NAME, left.as_bytes())));
        left = above;
    }
}

/// The key of an indicator that is not a stretch of addresses.
pub fn indicator_key(indicator: &Indicator) -> Option<u64> {
    let text = indicator.value.as_bytes();
    match indicator.kind {
        IndicatorKind::Domain => Some(draw(NAME, text)),
        IndicatorKind::Url => Some(draw(URL, text)),
        IndicatorKind::Hash => Some(draw(HASH, text)),
        IndicatorKind::Mail => Some(draw(MAIL, text)),
        IndicatorKind::Address | IndicatorKind::Cidr => None,
    }
}

/// A number drawn from a text; the same in every version, for it stands in files.
fn draw(seed: u64, text: &[u8]) -> u64 {
    let mut state = seed ^ (text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        state = fold(state ^ word, 0xA076_1D64_78BD_642F);
    }
    let mut last = [0u8; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    state = fold(state ^ u64::from_le_bytes(last), 0xE703_7ED1_A0B4_28DB);
    fold(state, 0x8EBC_6AF0_9C88_C6E3)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x2D35_8DCC_AA6C_78A5) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn of(holds: Holds, text: &str) -> Vec<Key> {
        let mut found = Vec::new();
        keys(holds, text, |key| found.push(key));
        found
    }

    fn has(holds: Holds, text: &str, indicator: &str) -> bool {
        let indicator = Indicator::parse(indicator).unwrap();
        indicator_key(&indicator).is_some_and(|key| of(holds, text).contains(&Key::Named(key)))
    }

    #[test]
    fn a_name_is_found_by_those_above_it_and_by_no_other() {
        assert!(has(Holds::Host, "a.b.Evil.com.", "evil.com") && has(Holds::Host, "evil.com", "evil.com"));
        assert!(!has(Holds::Host, "notevil.com", "evil.com") && !has(Holds::Host, "evil.com", "a.evil.com"));
        assert_eq!(of(Holds::Host, "a.b.evil.com").len(), 3);
        assert_eq!(of(Holds::Host, "10.0.0.1"), [Key::V4(0x0a00_0001)]);
        assert_eq!(of(Holds::Address, "::ffff:10.0.0.1"), [Key::V4(0x0a00_0001)]);
    }

    #[test]
    fn a_url_is_found_by_its_host_and_with_or_without_its_query() {
        for indicator in ["http://evil.com/a", "https://EVIL.com/a?b=1", "evil.com"] {
            assert!(has(Holds::Url, "https://evil.com:443/a?b=1", indicator), "{indicator}");
        }
        assert!(!has(Holds::Url, "https://evil.com/a", "http://evil.com/a?b=1"));
        assert_eq!(of(Holds::Url, "http://10.0.0.1/x")[1], Key::V4(0x0a00_0001));
        assert!(has(Holds::Mail, "eve@mx.evil.com", "evil.com"));
        assert!(has(Holds::Mail, "Eve <EVE@evil.com>", "eve@evil.com"));
        assert!(has(Holds::Hash, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"));
    }

    #[test]
    fn keys_spread_and_stay_what_they_were() {
        let drawn: HashSet<u64> =
            (0..100_000).map(|number| draw(NAME, format!("h{number}.example").as_bytes())).collect();
        assert_eq!(drawn.len(), 100_000);
        let top = drawn.iter().filter(|key| **key >> 60 == 0).count();
        assert!((5_500..7_000).contains(&top), "{top}");
        assert_eq!(draw(NAME, b"evil.com"), EVIL);
        assert_ne!(draw(NAME, b"evil.com"), draw(URL, b"evil.com"));
    }

    /// Drawn once and kept: files of older versions hold it.
    const EVIL: u64 = 16_450_264_650_832_934_858;
}
