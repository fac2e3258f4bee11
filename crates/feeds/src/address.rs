//! Which addresses a feed may be at, and what its URL says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Error;

/// Whether an address is somebody's in the public network: not this machine, not its neighbours, not a network inside.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 240
        || shared
        || protocols
        || benchmark
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // An IPv4 address behind a translator or inside 6to4 is that address.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(Ipv4Addr::from(((segments[6] as u32) << 16) | segments[7] as u32));
    }
    if segments[0] == 0x2002 {
        return is_public_v4(Ipv4Addr::from(((segments[1] as u32) << 16) | segments[2] as u32));
    }
    let global = segments[0] & 0xe000 == 0x2000;
    let teredo = segments[0] == 0x2001 && segments[1] == 0;
    let documentation = segments[0] == 0x2001 && segments[1] == 0xdb8;
    global && !teredo && !documentation
}

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub tls: bool,
    pub host: String,
    pub port: u16,
    /// Path and query, beginning with `/`.
    pub path: String,
}

impl Url {
    pub fn parse(text: &str) -> Result<Url, Error> {
        let none = || Error::Address(text.chars().take(200).collect());
        let text = text.trim();
        let (tls, rest) = match text.split_once("://").ok_or_else(none)? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return Err(none()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| none())?),
            _ => (authority, if tls { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let plain = |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii());
        if host.is_empty() || authority.contains('@') || !plain(&host) || !plain(path) {
            return Err(none());
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Url { tls, host, port, path })
    }

    /// Where an answer points to.
    pub fn join(&self, place: &str) -> Result<Url, Error> {
        if place.contains("://") {
            return Url::parse(place);
        }
        if let Some(rest) = place.strip_prefix("//") {
            return Url::parse(&format!("{}://{rest}", if self.tls { "https" } else { "http" }));
        }
        let path = match place.starts_with('/') {
            true => place.to_owned(),
            false => {
                let bare = self.path.split('?').next().unwrap_or("/");
                format!("{}/{place}", bare.rsplit_once('/').map_or("", |(folder, _)| folder))
            }
        };
        Ok(Url { path, ..self.clone() })
    }

    /// Below it, as if it were a folder.
    pub fn below(&self, place: &str) -> Url {
        let bare = self.path.split('?').next().unwrap_or("/").trim_end_matches('/');
        Url { path: format!("{bare}/{place}"), ..self.clone() }
    }

    /// With one more word in its query.
    pub fn with(&self, name: &str, value: &str) -> Url {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        let mut path = format!("{}{mark}{name}=", self.path);
        for byte in value.bytes() {
            match byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                true => path.push(byte as char),
                false => path.push_str(&format!("%{byte:02X}")),
            }
        }
        Url { path, ..self.clone() }
    }

    /// Host and port as the `Host` header has them.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port == if self.tls { 443 } else { 80 } {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }

    pub fn same_place(&self, other: &Url) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_are_told_from_public_ones_however_they_are_written() {
        for inside in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:0a00:1::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for public in ["8.8.8.8", "9.1.2.3", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn urls_are_taken_apart_and_put_together() {
        let url = Url::parse("https://Feeds.example:8443/a/b?c=d#e").unwrap();
        assert_eq!(
            (url.tls, url.host.as_str(), url.port, url.path.as_str()),
            (true, "feeds.example", 8443, "/a/b?c=d")
        );
        assert_eq!(url.authority(), "feeds.example:8443");
        assert_eq!(url.join("/x").unwrap().path, "/x");
        assert_eq!(url.join("x?y").unwrap().path, "/a/x?y");
        assert_eq!(url.join("http://other.example").unwrap(), Url::parse("http://other.example/").unwrap());
        assert_eq!(url.join("//other.example/z").unwrap().host, "other.example");
        assert_eq!(url.below("manifest.json").path, "/a/b/manifest.json");
        assert_eq!(
            url.with("added_after", "2026-01-01T00:00:00Z").path,
            "/a/b?c=d&added_after=2026-01-01T00%3A00%3A00Z"
        );
        assert_eq!(Url::parse("http://[::1]:80/").unwrap().authority(), "[::1]");
        for broken in
            ["ftp://x/", "http://", "http://u:p@x/", "https://x y/", "x", "http://x:99999/", "file:///etc/passwd"]
        {
            assert!(Url::parse(broken).is_err(), "{broken}");
        }
    }
}
