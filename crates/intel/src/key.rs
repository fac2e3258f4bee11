//! The bytes an indicator is found by, and those of an event's value: the one place that says when both are the same.

use std::net::IpAddr;

use model::intel::{Holds, Indicator, IndicatorKind, mail_addresses, mails, normal};

/// What a key is of. Ranges have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Address = 0,
    Domain = 1,
    Url = 2,
    Hash = 3,
    Mail = 4,
}

impl Kind {
    pub fn of(byte: u8) -> Kind {
        match byte {
            0 => Kind::Address,
            1 => Kind::Domain,
            2 => Kind::Url,
            3 => Kind::Hash,
            _ => Kind::Mail,
        }
    }

    pub fn indicator(self) -> IndicatorKind {
        match self {
            Kind::Address => IndicatorKind::Address,
            Kind::Domain => IndicatorKind::Domain,
            Kind::Url => IndicatorKind::Url,
            Kind::Hash => IndicatorKind::Hash,
            Kind::Mail => IndicatorKind::Mail,
        }
    }
}

/// Calls `with` with the key of an indicator that is no range; whether it has one.
pub(crate) fn of_indicator(indicator: &Indicator, with: impl FnOnce(Kind, &[u8])) -> bool {
    match indicator.kind {
        IndicatorKind::Address => match normal::address(&indicator.value) {
            Some(address) => octets(address, |bytes| with(Kind::Address, bytes)),
            None => return false,
        },
        IndicatorKind::Hash => match binary(&indicator.value) {
            Some((bytes, length)) => with(Kind::Hash, &bytes[..length]),
            None => return false,
        },
        IndicatorKind::Domain => with(Kind::Domain, indicator.value.as_bytes()),
        IndicatorKind::Url => with(Kind::Url, indicator.value.as_bytes()),
        IndicatorKind::Mail => with(Kind::Mail, indicator.value.as_bytes()),
        IndicatorKind::Cidr => return false,
    }
    true
}

/// A key in words, as the indicator has it.
pub(crate) fn words(kind: Kind, text: &[u8]) -> String {
    match kind {
        Kind::Address => match (<[u8; 4]>::try_from(text), <[u8; 16]>::try_from(text)) {
            (Ok(bytes), _) => IpAddr::from(bytes).to_string(),
            (_, Ok(bytes)) => IpAddr::from(bytes).to_string(),
            _ => String::new(),
        },
        Kind::Hash => text.iter().map(|byte| format!("{byte:02x}")).collect(),
        Kind::Domain | Kind::Url | Kind::Mail => String::from_utf8_lossy(text).into_owned(),
    }
}

/// What an event's value is looked up by.
pub(crate) trait Look {
    /// A key that may be an indicator's.
    fn key(&mut self, kind: Kind, text: &[u8]);
    /// An address that a range may hold.
    fn address(&mut self, address: IpAddr);
}

/// Every key of a field's value, as [`Indicator::matches`] has it.
#[inline]
pub(crate) fn of_value(holds: Holds, text: &str, look: &mut impl Look) {
    match holds {
        Holds::Address | Holds::Host => host(text, look),
        Holds::Mail => {
            mails(text).for_each(|domain| host(domain, look));
            mail_addresses(text).for_each(|mail| look.key(Kind::Mail, mail.as_bytes()));
        }
        Holds::Hash => {
            if let Some((bytes, length)) = binary(text.trim()) {
                look.key(Kind::Hash, &bytes[..length]);
            }
        }
        Holds::Url => {
            if let Some(url) = normal::url(text) {
                look.key(Kind::Url, url.as_bytes());
                if let Some((path, _)) = url.split_once('?') {
                    look.key(Kind::Url, path.as_bytes());
                }
            }
            if let Some(name) = normal::url_host(text) {
                host(name, look);
            }
        }
    }
}

#[inline]
pub(crate) fn host(text: &str, look: &mut impl Look) {
    if let Some(address) = normal::address(text) {
        octets(address, |bytes| look.key(Kind::Address, bytes));
        return look.address(address);
    }
    if let Some(name) = normal::domain(text) {
        suffixes(&name, |name| look.key(Kind::Domain, name.as_bytes()));
    }
}

/// A name and each name above it that may be an indicator.
#[inline]
pub(crate) fn suffixes(name: &str, mut with: impl FnMut(&str)) {
    let mut left = name;
    // A top-level domain is no indicator.
    while let Some((_, above)) = left.split_once('.') {
        with(left);
        left = above;
    }
}

#[inline]
fn octets(address: IpAddr, with: impl FnOnce(&[u8])) {
    match address {
        IpAddr::V4(address) => with(&address.octets()),
        IpAddr::V6(address) => with(&address.octets()),
    }
}

/// What a hexadecimal digit stands for.
const DIGIT: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => NO_DIGIT,
        };
        byte += 1;
    }
    table
};
const NO_DIGIT: u8 = 0x80;

/// A hash of hexadecimal digits as bytes, whatever their case; of MD5's, SHA-1's or SHA-256's length.
fn binary(hash: &str) -> Option<([u8; 32], usize)> {
    let digits = hash.as_bytes();
    if !matches!(digits.len(), 32 | 40 | 64) {
        return None;
    }
    let (mut bytes, mut wrong) = ([0; 32], 0);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (DIGIT[pair[0] as usize], DIGIT[pair[1] as usize]);
        wrong |= high | low;
        *byte = high << 4 | low;
    }
    (wrong & NO_DIGIT == 0).then_some((bytes, digits.len() / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_the_indicator_it_is_of() {
        for text in [
            "203.0.113.7",
            "2001:db8::1",
            "evil.example",
            "http://evil.example/x?y",
            "D41D8CD98F00B204E9800998ECF8427F",
            "eve@evil.example",
        ] {
            let indicator = Indicator::parse(text).unwrap();
            let mut told = None;
            assert!(of_indicator(&indicator, |kind, key| told = Some((kind.indicator(), words(kind, key)))));
            assert_eq!(told, Some((indicator.kind, indicator.value.to_string())));
        }
        assert!(!of_indicator(&Indicator::parse("10.0.0.0/9").unwrap(), |_, _| ()));
    }
}
