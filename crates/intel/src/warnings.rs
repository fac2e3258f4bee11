//! What never alarms, whatever a feed says: public resolvers, addresses of nobody, the largest sites.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::intel::{Holds, Indicator, IndicatorKind, SuppressedIndicator, Tlp, normal};
use model::{CustomerId, IntelListId, Timestamp};

use crate::builder::{IndexBuilder, ListScope};
use crate::index::Index;
use crate::key::{self, Kind};

/// What every installation has: name and entries.
pub const BUILT_IN: &[(&str, &[&str])] = &[
    (
        "public DNS resolvers",
        &[
            "8.8.8.8",
            "8.8.4.4",
            "1.1.1.1",
            "1.0.0.1",
            "1.1.1.2",
            "1.0.0.2",
            "1.1.1.3",
            "1.0.0.3",
            "9.9.9.9",
            "149.112.112.112",
            "208.67.222.222",
            "208.67.220.220",
            "4.2.2.1",
            "4.2.2.2",
            "64.6.64.6",
            "64.6.65.6",
            "94.140.14.14",
            "94.140.15.15",
            "77.88.8.8",
            "77.88.8.1",
            "114.114.114.114",
            "114.114.115.115",
            "223.5.5.5",
            "223.6.6.6",
            "119.29.29.29",
            "180.76.76.76",
            "1.2.4.8",
            "210.2.4.8",
            "101.226.4.6",
            "123.125.81.6",
            "168.126.63.1",
            "168.95.1.1",
            "2001:4860:4860::8888",
            "2001:4860:4860::8844",
            "2606:4700:4700::1111",
            "2606:4700:4700::1001",
            "2620:fe::fe",
            "2620:fe::9",
            "2400:3200::1",
            "2400:3200:baba::1",
            "2402:4e00::",
        ],
    ),
    (
        "addresses for special use",
        &[
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "::1/128",
            "64:ff9b::/96",
            "100::/64",
            "2001:db8::/32",
            "fc00::/7",
            "fe80::/10",
            "ff00::/8",
        ],
    ),
    (
        "large sites and update services",
        &[
            "google.com",
            "gstatic.com",
            "googleapis.cn",
            "youtube.com",
            "microsoft.com",
            "windows.com",
            "windowsupdate.com",
            "office.com",
            "office365.com",
            "live.com",
            "msftconnecttest.com",
            "bing.com",
            "apple.com",
            "icloud.com",
            "mozilla.org",
            "firefox.com",
            "wikipedia.org",
            "facebook.com",
            "instagram.com",
            "twitter.com",
            "linkedin.com",
            "amazon.com",
            "cloudflare.com",
            "digicert.com",
            "verisign.com",
            "letsencrypt.org",
            "lencr.org",
            "ubuntu.com",
            "debian.org",
            "redhat.com",
            "baidu.com",
            "qq.com",
            "weixin.qq.com",
            "taobao.com",
            "tmall.com",
            "jd.com",
            "163.com",
            "126.com",
            "sina.com.cn",
            "weibo.com",
            "sohu.com",
            "alipay.com",
            "360.cn",
            "bilibili.com",
            "douyin.com",
            "huawei.com",
            "mi.com",
            "ntp.org",
        ],
    ),
    (
        "files everybody has",
        &[
            "d41d8cd98f00b204e9800998ecf8427e",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "68b329da9893e34099c7d8ad5cb9c940",
            "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc",
            "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
        ],
    ),
];

/// Warning lists, ready to be asked. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Warnings(Option<Arc<Index>>);

impl Warnings {
    /// None at all: everything alarms.
    pub fn none() -> Warnings {
        Warnings(None)
    }

    /// Only those every installation has.
    pub fn built_in(now: Timestamp) -> Warnings {
        Warnings::with(now, |_| ())
    }

    /// Those every installation has, and what `more` adds.
    pub fn with(now: Timestamp, more: impl FnOnce(&mut IndexBuilder)) -> Warnings {
        let mut builder = IndexBuilder::new(Warnings::none(), now);
        for (name, entries) in BUILT_IN {
            let id = IntelListId::derived(Timestamp::from_micros(0), &[name.as_bytes()]);
            let list = builder.list(ListScope {
                id,
                name: (*name).to_owned(),
                source: String::new(),
                customers: None,
                confidence: 100,
                tlp: Tlp::Clear,
                expires: None,
                least_confidence: 0,
                version: 1,
            });
            for entry in *entries {
                builder.add(list, &Indicator::parse(entry).expect("a test reads every entry"));
            }
        }
        more(&mut builder);
        Warnings(Some(Arc::new(builder.build())))
    }

    pub(crate) fn fingerprint(&self) -> &str {
        self.0.as_ref().map_or("", |index| index.fingerprint())
    }

    /// The warning list that names an indicator for every one of these customers.
    pub fn of_indicator(&self, customers: Option<&BTreeSet<CustomerId>>, indicator: &Indicator) -> Option<&str> {
        let index = self.0.as_deref()?;
        let for_all = |list: &ListScope| match (&list.customers, customers) {
            (None, _) => true,
            (Some(named), Some(customers)) => customers.is_subset(named),
            (Some(_), None) => false,
        };
        match indicator.kind {
            IndicatorKind::Cidr => {
                let net = indicator.addresses()?;
                let mut found = None;
                index.ranges.find(net.network(), |owner, warned| {
                    let list = &index.lists[index.owners[owner as usize].list as usize];
                    if warned.contains(&net) && for_all(list) {
                        found = Some(list.name.as_str());
                    }
                });
                found
            }
            IndicatorKind::Address | IndicatorKind::Domain => named_host(index, &indicator.value, for_all),
            IndicatorKind::Url => {
                let exact = named(index, Kind::Url, indicator.value.as_bytes(), for_all);
                // Pages of a large site may be bad; all of it is not.
                let root = || indicator.value.strip_suffix('/').filter(|host| !host.contains('/'));
                exact.or_else(|| named_host(index, normal::url_host(root()?)?, for_all))
            }
            IndicatorKind::Hash | IndicatorKind::Mail => {
                let mut found = None;
                key::of_indicator(indicator, |kind, text| found = named(index, kind, text, for_all));
                found
            }
        }
    }

    /// Those of a list's indicators that a warning list names.
    pub fn suppressed(&self, customers: Option<&[CustomerId]>, indicators: &[Indicator]) -> Vec<SuppressedIndicator> {
        let customers = customers.map(|customers| customers.iter().cloned().collect());
        let named = indicators.iter().filter_map(|indicator| {
            let warning = self.of_indicator(customers.as_ref(), indicator)?;
            let (kind, value) = (indicator.kind, indicator.value.to_string());
            Some(SuppressedIndicator { kind, value, warning: warning.to_owned() })
        });
        named.collect()
    }

    /// The warning list that takes a hit back: because it names the indicator for this customer, or the host or address
    /// that the indicator only covers.
    pub(crate) fn of_hit(
        &self,
        customer: &CustomerId,
        kind: IndicatorKind,
        indicator: &str,
        holds: Holds,
        value: &str,
    ) -> Option<&str> {
        let index = self.0.as_deref()?;
        let for_it = |list: &ListScope| list.customers.as_ref().is_none_or(|named| named.contains(customer));
        let host = match (kind, holds) {
            (IndicatorKind::Cidr | IndicatorKind::Domain, Holds::Address | Holds::Host) => Some(value),
            (IndicatorKind::Cidr | IndicatorKind::Domain, Holds::Url) => normal::url_host(value),
            _ => None,
        };
        if let Some(warning) = host.and_then(|host| named_host(index, host, for_it)) {
            return Some(warning);
        }
        let one = BTreeSet::from([customer.clone()]);
        let indicator = Indicator { kind, value: indicator.into(), note: None, detail: None };
        self.of_indicator(Some(&one), &indicator)
    }
}

fn named<'i>(index: &'i Index, kind: Kind, text: &[u8], wanted: impl Fn(&ListScope) -> bool) -> Option<&'i str> {
    let mut found = None;
    index.find(kind, text, |owner| {
        let list = &index.lists[index.owners[owner as usize].list as usize];
        if wanted(list) {
            found = Some(list.name.as_str());
        }
    });
    found
}

fn named_host<'i>(index: &'i Index, host: &str, wanted: impl Fn(&ListScope) -> bool) -> Option<&'i str> {
    struct Finder<'i, W> {
        index: &'i Index,
        wanted: W,
        found: Option<&'i str>,
    }
    impl<W: Fn(&ListScope) -> bool> key::Look for Finder<'_, W> {
        fn key(&mut self, kind: Kind, text: &[u8]) {
            let index = self.index;
            self.found = self.found.or_else(|| named(index, kind, text, &self.wanted));
        }

        fn address(&mut self, address: std::net::IpAddr) {
            let index = self.index;
            index.ranges.find(address, |owner, _| {
                let list = &index.lists[index.owners[owner as usize].list as usize];
                if (self.wanted)(list) {
                    self.found = Some(list.name.as_str());
                }
            });
        }
    }
    let mut finder = Finder { index, wanted, found: None };
    key::host(host, &mut finder);
    finder.found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(text: &str) -> Option<String> {
        let warnings = Warnings::built_in(Timestamp::from_micros(0));
        warnings.of_indicator(None, &Indicator::parse(text).unwrap()).map(str::to_owned)
    }

    #[test]
    fn every_built_in_entry_is_read_and_named() {
        for (name, entries) in BUILT_IN {
            for entry in *entries {
                assert_eq!(warned(entry).as_deref(), Some(*name), "{entry}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_warned_one_is_not_named() {
        for warned_one in ["8.8.8.8", "10.1.2.0/24", "www.google.com", "http://google.com/", "http://8.8.8.8"] {
            assert!(warned(warned_one).is_some(), "{warned_one}");
        }
        for fine in ["8.8.8.9", "8.8.8.0/24", "9.0.0.0/9", "notgoogle.com", "http://google.com/evil", "eve@google.com"]
        {
            assert_eq!(warned(fine), None, "{fine}");
        }
    }
}
