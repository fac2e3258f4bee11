//! One indicator: read from how people write it, and held against a record's value.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Tlp, normal};
use crate::Timestamp;
use crate::role::words;

words! {
    /// What an indicator is.
    IndicatorKind {
        /// One IPv4 or IPv6 address.
        Address = "address",
        /// A range of addresses.
        Cidr = "cidr",
        /// A domain with all names below it.
        Domain = "domain",
        /// A URL, whatever its scheme; without a query it stands for every query.
        Url = "url",
        /// A file's hash: MD5, SHA-1 or SHA-256.
        Hash = "hash",
        /// One mail address.
        Mail = "mail",
    }
}

/// What a core field holds that indicators are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// An address.
    Address,
    /// A domain name or an address.
    Host,
    /// A URL.
    Url,
    /// A file's hash.
    Hash,
    /// Mail addresses; they and their domains count.
    Mail,
}

/// The core fields that indicators are held against. Where a record has no `url_full`, `url_domain`, `url_path` and
/// `url_query` together are one more URL.
pub const INDICATOR_FIELDS: &[(&str, Holds)] = &[
    ("source_ip", Holds::Address),
    ("source_nat_ip", Holds::Address),
    ("destination_ip", Holds::Address),
    ("destination_nat_ip", Holds::Address),
    ("destination_domain", Holds::Host),
    ("host_ip", Holds::Address),
    ("file_hash_md5", Holds::Hash),
    ("file_hash_sha1", Holds::Hash),
    ("file_hash_sha256", Holds::Hash),
    ("dns_question_name", Holds::Host),
    ("dns_resolved_ip", Holds::Address),
    ("url_full", Holds::Url),
    ("url_domain", Holds::Host),
    ("http_request_referrer", Holds::Url),
    ("tls_server_name", Holds::Host),
    ("email_from", Holds::Mail),
    ("email_to", Holds::Mail),
];

/// What a core field holds, if indicators are held against it: [`INDICATOR_FIELDS`] by name.
pub fn holds_of(field: &str) -> Option<Holds> {
    Some(match field {
        "source_ip" | "source_nat_ip" | "destination_ip" | "destination_nat_ip" | "host_ip" | "dns_resolved_ip" => {
            Holds::Address
        }
        "destination_domain" | "dns_question_name" | "url_domain" | "tls_server_name" => Holds::Host,
        "file_hash_md5" | "file_hash_sha1" | "file_hash_sha256" => Holds::Hash,
        "url_full" | "http_request_referrer" => Holds::Url,
        "email_from" | "email_to" => Holds::Mail,
        _ => return None,
    })
}

/// What a source says about one of its indicators where that differs from what it says about all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IndicatorDetail {
    /// How sure the source is, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// How far it may be passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
    /// It holds from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// It no longer holds from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When a feed brought it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Timestamp>,
}

/// An indicator in the form it is compared in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Indicator {
    /// What it is.
    pub kind: IndicatorKind,
    /// In the form it is compared in.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub value: Box<str>,
    /// What its list says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub note: Option<Box<str>>,
    /// What its source says about it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<IndicatorDetail>))]
    pub detail: Option<Box<IndicatorDetail>>,
}

/// Why a text is no indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIndicator {
    /// Nothing the platform looks for.
    #[error("no address, CIDR range, domain, URL or hash")]
    Nothing,
    /// A range that is no range.
    #[error("the prefix length does not fit the address")]
    Prefix,
    /// Everything is not a range worth hunting.
    #[error("the range holds every address")]
    EveryAddress,
    /// A name without a dot, or a top-level domain.
    #[error("a domain needs two labels or more")]
    OneLabel,
    /// SHA-512 and other lengths.
    #[error("only MD5, SHA-1 and SHA-256 hashes are looked for")]
    HashLength,
    /// A URL without a host.
    #[error("the URL has no host")]
    NoHost,
    /// A range that stands for too much of the world.
    #[error("the range is too wide: at least /9, for IPv6 at least /20, is needed")]
    TooWide,
    /// A name under which anybody registers names.
    #[error("everybody's domains are below this name")]
    PublicSuffix,
    /// The hash of a file without content, or of one that everybody has.
    #[error("this is the hash of an empty file")]
    EmptyFile,
}

impl Indicator {
    /// Reads an indicator as people write it, defanged (`hxxp://evil[.]example`) or not.
    pub fn parse(text: &str) -> Result<Indicator, NoIndicator> {
        let text = text.trim().trim_matches(['"', '\'', '`', '<', '>']).trim();
        let fanged = refang(text);
        let text = fanged.as_str();
        if text.contains("://") {
            let url = normal::url(text).ok_or(NoIndicator::NoHost)?;
            return Ok(Indicator::of(IndicatorKind::Url, url));
        }
        if let Some(address) = normal::address(text) {
            return Ok(Indicator::of(IndicatorKind::Address, address.to_string()));
        }
        if let Some((address, prefix)) = text.split_once('/')
            && let Some(address) = normal::address(address)
            && !prefix.is_empty()
            && prefix.bytes().all(|byte| byte.is_ascii_digit())
        {
            return range(address, prefix);
        }
        if text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let hash = normal::hash(text).ok_or(NoIndicator::HashLength)?;
            return Ok(Indicator::of(IndicatorKind::Hash, hash));
        }
        if text.contains(['/', '?']) {
            let host = normal::url_host(text).filter(|host| is_host(host)).ok_or(NoIndicator::Nothing)?;
            let url = normal::url(text).filter(|_| !host.is_empty()).ok_or(NoIndicator::NoHost)?;
            return Ok(Indicator::of(IndicatorKind::Url, url));
        }
        // `host:port`: the host is what can be looked for.
        if let Some((host, port)) = text.rsplit_once(':')
            && !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && is_host(host)
        {
            return Indicator::parse(host);
        }
        if text.contains('@') {
            return normal::mail(text).map(|mail| Indicator::of(IndicatorKind::Mail, mail)).ok_or(NoIndicator::Nothing);
        }
        let name = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
        match normal::domain(name) {
            Some(name) => Ok(Indicator::of(IndicatorKind::Domain, name)),
            None if normal::domain(&format!("a.{name}")).is_some() => Err(NoIndicator::OneLabel),
            None => Err(NoIndicator::Nothing),
        }
    }

    fn of(kind: IndicatorKind, value: impl Into<String>) -> Indicator {
        Indicator { kind, value: value.into().into_boxed_str(), note: None, detail: None }
    }

    /// Why it would stand for too much to be looked for, if it does: what a feed may hold by mistake and everybody's
    /// traffic does.
    pub fn too_common(&self) -> Option<NoIndicator> {
        match self.kind {
            IndicatorKind::Cidr => {
                let range: IpNet = self.value.parse().ok()?;
                let least = if range.addr().is_ipv4() { 9 } else { 20 };
                (range.prefix_len() < least).then_some(NoIndicator::TooWide)
            }
            IndicatorKind::Domain => is_public_suffix(&self.value).then_some(NoIndicator::PublicSuffix),
            IndicatorKind::Hash => EMPTY_FILES.contains(&&*self.value).then_some(NoIndicator::EmptyFile),
            IndicatorKind::Address | IndicatorKind::Url | IndicatorKind::Mail => None,
        }
    }

    /// Confidence, where the source says one about this indicator alone.
    pub fn detail(&self) -> IndicatorDetail {
        self.detail.as_deref().cloned().unwrap_or_default()
    }

    /// Says something about it alone; a detail that says nothing is not kept.
    pub fn set_detail(&mut self, detail: IndicatorDetail) {
        self.detail = (detail != IndicatorDetail::default()).then(|| Box::new(detail));
    }

    /// The addresses it stands for, if it stands for any.
    pub fn addresses(&self) -> Option<IpNet> {
        match self.kind {
            IndicatorKind::Address => self.value.parse::<IpAddr>().ok().map(IpNet::from),
            IndicatorKind::Cidr => self.value.parse().ok(),
            _ => None,
        }
    }

    /// Whether a record's value is what it stands for.
    pub fn matches(&self, holds: Holds, text: &str) -> bool {
        let host = |host: &str| match (self.kind, normal::address(host)) {
            (IndicatorKind::Address | IndicatorKind::Cidr, Some(address)) => {
                self.addresses().is_some_and(|range| range.contains(&address))
            }
            (IndicatorKind::Domain, None) => normal::domain(host).is_some_and(|name| self.is_above(&name)),
            _ => false,
        };
        match holds {
            Holds::Address | Holds::Host => host(text),
            Holds::Mail if self.kind == IndicatorKind::Mail => mail_addresses(text).any(|mail| mail == *self.value),
            Holds::Mail => mails(text).any(host),
            Holds::Hash => {
                self.kind == IndicatorKind::Hash && normal::hash(text).is_some_and(|hash| *hash == *self.value)
            }
            Holds::Url if self.kind == IndicatorKind::Url => normal::url(text).is_some_and(|url| {
                url == *self.value || url.split_once('?').is_some_and(|(path, _)| path == &*self.value)
            }),
            Holds::Url => normal::url_host(text).is_some_and(host),
        }
    }

    fn is_above(&self, name: &str) -> bool {
        name.strip_suffix(&*self.value).is_some_and(|below| below.is_empty() || below.ends_with('.'))
    }
}

/// The domains of the mail addresses in a text.
pub fn mails(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ']).filter_map(normal::mail_domain)
}

/// The mail addresses in a text, in the form they are compared in.
pub fn mail_addresses(text: &str) -> impl Iterator<Item = String> {
    text.split([',', ';', ' ']).filter_map(normal::mail)
}

/// Names under which anybody may register one; the frequent ones of two labels.
fn is_public_suffix(name: &str) -> bool {
    let Some((second, top)) = name.split_once('.') else { return true };
    if top.contains('.') {
        return false;
    }
    let general = matches!(second, "com" | "net" | "org" | "gov" | "edu" | "mil" | "co" | "ac" | "or" | "ne" | "go");
    let country = top.len() == 2 && top.bytes().all(|byte| byte.is_ascii_lowercase());
    (general && country) || OTHER_SUFFIXES.contains(&name)
}

/// Other such names, and hosts under which everybody may have pages.
const OTHER_SUFFIXES: &[&str] = &[
    "gob.mx",
    "gouv.fr",
    "gov.uk",
    "id.au",
    "ltd.uk",
    "me.uk",
    "nhs.uk",
    "plc.uk",
    "police.uk",
    "sch.uk",
    "in-addr.arpa",
    "ip6.arpa",
    "github.io",
    "blogspot.com",
    "herokuapp.com",
    "azurewebsites.net",
    "amazonaws.com",
    "cloudfront.net",
    "workers.dev",
    "pages.dev",
    "netlify.app",
    "vercel.app",
    "web.app",
    "firebaseapp.com",
    "appspot.com",
    "duckdns.org",
];

/// Hashes of files without content, and of a single line end.
const EMPTY_FILES: &[&str] = &[
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "68b329da9893e34099c7d8ad5cb9c940",
    "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc",
    "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
];

fn is_host(text: &str) -> bool {
    normal::address(text).is_some() || normal::domain(text).is_some()
}

fn range(address: IpAddr, prefix: &str) -> Result<Indicator, NoIndicator> {
    let prefix: u8 = prefix.parse().map_err(|_| NoIndicator::Prefix)?;
    if prefix == 0 {
        return Err(NoIndicator::EveryAddress);
    }
    let range = IpNet::new(address, prefix).map_err(|_| NoIndicator::Prefix)?;
    if range.prefix_len() == range.max_prefix_len() {
        return Ok(Indicator::of(IndicatorKind::Address, range.addr().to_string()));
    }
    Ok(Indicator::of(IndicatorKind::Cidr, range.trunc().to_string()))
}

/// Undoes what people do to indicators so that nobody clicks them.
pub fn refang(text: &str) -> String {
    let mut text = text.to_owned();
    if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("hxxp")) {
        text.replace_range(1..3, "tt");
    } else if text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("fxp")) {
        text.replace_range(1..2, "t");
    }
    if !text.contains(['[', '(', '{', '\\']) {
        return text;
    }
    const FORMS: &[(&str, &str)] = &[
        ("[://]", "://"),
        ("[:]//", "://"),
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("{dot}", "."),
        ("[DOT]", "."),
        ("[:]", ":"),
        ("[/]", "/"),
        ("[@]", "@"),
        ("[at]", "@"),
        ("\\.", "."),
    ];
    for (from, to) in FORMS {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    // `192.168.0[.1` and `evil[.example`: half a bracket is seen too.
    if text.contains("[.") || text.contains(".]") {
        text = text.replace("[.", ".").replace(".]", ".");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(IndicatorKind, String), NoIndicator> {
        Indicator::parse(text).map(|indicator| (indicator.kind, indicator.value.into()))
    }

    #[test]
    fn indicators_are_read_as_people_write_them() {
        use IndicatorKind::*;
        for (text, kind, value) in [
            ("203.0.113.7", Address, "203.0.113.7"),
            ("203[.]0[.]113[.]7", Address, "203.0.113.7"),
            ("203.0.113.7:8080", Address, "203.0.113.7"),
            ("[2001:DB8::1]:443", Address, "2001:db8::1"),
            ("2001:DB8:0::1", Address, "2001:db8::1"),
            ("::ffff:203.0.113.7", Address, "203.0.113.7"),
            ("203.0.113.7/24", Cidr, "203.0.113.0/24"),
            ("203.0.113.7/32", Address, "203.0.113.7"),
            ("2001:db8::/33", Cidr, "2001:db8::/33"),
            ("Evil[.]Example", Domain, "evil.example"),
            ("evil(dot)example.", Domain, "evil.example"),
            ("*.evil.example", Domain, "evil.example"),
            ("evil[.example", Domain, "evil.example"),
            ("evil.example:8443", Domain, "evil.example"),
            ("hxxps://Evil[.]Example:443/A?b=1#c", Url, "evil.example/A?b=1"),
            ("hXXp[:]//203.0.113[.]7/x.bin", Url, "203.0.113.7/x.bin"),
            ("evil.example/drop.exe", Url, "evil.example/drop.exe"),
            ("\"D41D8CD98F00B204E9800998ECF8427E\"", Hash, "d41d8cd98f00b204e9800998ecf8427e"),
            ("Eve[@]Evil[.]Example", Mail, "eve@evil.example"),
        ] {
            assert_eq!(read(text), Ok((kind, value.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_indicator_is_told_why() {
        for (text, why) in [
            ("hello world", NoIndicator::Nothing),
            ("com", NoIndicator::OneLabel),
            ("203.0.113.7/33", NoIndicator::Prefix),
            ("0.0.0.0/0", NoIndicator::EveryAddress),
            ("::/0", NoIndicator::EveryAddress),
            ("http:///x", NoIndicator::NoHost),
            (&"a".repeat(128), NoIndicator::HashLength),
            ("999.1.1.1", NoIndicator::Nothing),
            ("2026/11/21", NoIndicator::Nothing),
            ("", NoIndicator::Nothing),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }

    #[test]
    fn what_everybodys_traffic_holds_is_refused() {
        for (text, why) in [
            ("10.0.0.0/8", NoIndicator::TooWide),
            ("2001::/16", NoIndicator::TooWide),
            ("co.uk", NoIndicator::PublicSuffix),
            ("com.cn", NoIndicator::PublicSuffix),
            ("d41d8cd98f00b204e9800998ecf8427e", NoIndicator::EmptyFile),
        ] {
            assert_eq!(Indicator::parse(text).unwrap().too_common(), Some(why), "{text}");
        }
        for fine in ["10.0.0.0/9", "evil.co.uk", "co.example", "evil.cn", "http://github.io/", "a@com.cn"] {
            assert_eq!(Indicator::parse(fine).unwrap().too_common(), None, "{fine}");
        }
    }

    #[test]
    fn every_field_is_known_by_name() {
        for (field, holds) in INDICATOR_FIELDS {
            assert_eq!(holds_of(field), Some(*holds), "{field}");
        }
        let known = crate::core_field::CORE_FIELDS.iter().filter(|(name, _)| holds_of(name).is_some()).count();
        assert_eq!(known, INDICATOR_FIELDS.len());
    }

    #[test]
    fn a_domain_stands_for_what_is_below_it_and_not_for_what_only_ends_alike() {
        let evil = Indicator::parse("evil.com").unwrap();
        for (name, below) in
            [("evil.com", true), ("A.b.EVIL.com.", true), ("notevil.com", false), ("evil.com.cn", false)]
        {
            assert_eq!(evil.matches(Holds::Host, name), below, "{name}");
        }
        assert!(evil.matches(Holds::Url, "https://cdn.evil.com/x"));
        assert!(evil.matches(Holds::Mail, "Eve <eve@mx.evil.com>; bob@good.com"));
        assert!(!evil.matches(Holds::Mail, "evil.com@good.com"));
        let eve = Indicator::parse("eve@evil.com").unwrap();
        assert!(eve.matches(Holds::Mail, "Bob <bob@evil.com>, Eve <EVE@evil.com.>"));
        assert!(!eve.matches(Holds::Mail, "steve@evil.com") && !eve.matches(Holds::Host, "evil.com"));
        let page = Indicator::parse("http://evil.com/x").unwrap();
        assert!(page.matches(Holds::Url, "https://evil.com/x?y=1"));
        assert!(!page.matches(Holds::Url, "https://evil.com/x/y"));
        let range = Indicator::parse("10.0.0.0/8").unwrap();
        assert!(range.matches(Holds::Url, "http://10.1.1.1/") && !range.matches(Holds::Address, "11.0.0.0"));
    }
}
