//! Three ways to hold an indicator against an event say the same: the index, the plain comparison, the keys of the
//! history hunt.

use std::collections::BTreeSet;

use intel::Warnings;
use model::CustomerId;
use model::event::Event;
use model::intel::{INDICATOR_FIELDS, Indicator, IndicatorKind, values};
use proptest::prelude::*;
use sightings::{Wanted, keys};

use crate::world::{at, event, index, scope};

type Found = BTreeSet<(IndicatorKind, String)>;

fn by_index(indicators: &[Indicator], event: &Event<'_>) -> Found {
    let index = index(Warnings::none(), &[(scope("list"), indicators)]);
    let hits = index.observe(&CustomerId::generate(at(0)), at(0), event);
    hits.into_iter().map(|hit| (hit.kind, hit.indicator)).collect()
}

fn plainly(indicators: &[Indicator], event: &Event<'_>) -> Found {
    let mut found = Found::new();
    values(event, |_, holds, text| {
        let matching = indicators.iter().filter(|indicator| indicator.matches(holds, text));
        found.extend(matching.map(|indicator| (indicator.kind, indicator.value.to_string())));
    });
    found
}

fn by_history(indicators: &[Indicator], event: &Event<'_>) -> Found {
    let wanted = Wanted::of(indicators);
    let mut found = Found::new();
    values(event, |_, holds, text| {
        keys(holds, text, |key| {
            wanted.find(key, |place| {
                let indicator = &indicators[place as usize];
                found.insert((indicator.kind, indicator.value.to_string()));
            });
        });
    });
    found
}

fn host() -> impl Strategy<Value = String> {
    let label = prop::sample::select(vec!["a", "evil", "notevil", "mail", "EVIL", "xn--evil", "\u{4e8b}", "9"]);
    let top = prop::sample::select(vec!["example", "com", "co.uk", "cn.", "1"]);
    prop_oneof![
        (prop::collection::vec(label, 0..4), top)
            .prop_map(|(labels, top)| [labels.join("."), top.to_owned()].join(".")),
        (0u8..4, 0u8..4).prop_map(|(one, two)| format!("10.1.{one}.{two}")),
        (0u8..4).prop_map(|one| format!("2001:db8::{one}")),
        (0u8..4).prop_map(|one| format!("::ffff:10.1.0.{one}")),
        Just(String::new()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec!["", "/", "/x", "/x?y=1", "/x?y=2", "/%78", "?q", "/x#f", "/X"]);
    let scheme = prop::sample::select(vec!["", "http://", "https://", "ftp://u@"]);
    let port = prop::sample::select(vec!["", ":80", ":8080"]);
    let hash =
        prop::sample::select(vec!["0123456789abcdef0123456789ABCDEF", "da39a3ee5e6b4b0d3255bfef95601890afd80700"]);
    let mail = (prop::sample::select(vec!["eve", "Bob", "x y"]), host());
    prop_oneof![
        4 => (scheme, host(), port, path).prop_map(|(scheme, host, port, path)| format!("{scheme}{host}{port}{path}")),
        3 => host(),
        1 => hash.prop_map(str::to_owned),
        1 => mail.prop_map(|(local, host)| format!("{local}@{host}")),
        1 => (0u8..4, 15u8..32).prop_map(|(one, prefix)| format!("10.1.{one}.0/{prefix}")),
        1 => "\\PC{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_the_plain_comparison_and_the_history_hunt_agree(
        texts in prop::collection::vec(value(), 0..24),
        values in prop::collection::vec((0..INDICATOR_FIELDS.len(), value()), 1..8),
        parts in proptest::option::of((host(), prop::sample::select(vec!["/x", "/", "/x/y"]), prop::sample::select(vec!["", "y=1", "?y=1"]))),
    ) {
        let mut known = BTreeSet::new();
        let read = texts.iter().filter_map(|text| Indicator::parse(text).ok());
        let indicators: Vec<Indicator> = read.filter(|one| known.insert((one.kind, one.value.clone()))).collect();
        let mut fields: Vec<(&'static str, &str)> =
            values.iter().map(|(field, value)| (INDICATOR_FIELDS[*field].0, value.as_str())).collect();
        if let Some((host, path, query)) = &parts {
            fields.extend([("url_domain", host.as_str()), ("url_path", path), ("url_query", query)]);
        }
        let event = event(&fields);
        let plain = plainly(&indicators, &event);
        prop_assert_eq!(&by_index(&indicators, &event), &plain);
        prop_assert_eq!(&by_history(&indicators, &event), &plain);
    }
}

#[test]
fn each_kind_is_found_in_each_field_that_may_hold_it() {
    let texts =
        ["9.1.2.3", "9.1.0.0/16", "evil.example", "http://evil.example/x", &"ab".repeat(16), "eve@evil.example"];
    let indicators: Vec<Indicator> = texts.iter().map(|text| Indicator::parse(text).unwrap()).collect();
    let mut kinds = BTreeSet::new();
    for (field, _) in INDICATOR_FIELDS {
        for text in ["9.1.2.3", "a.evil.example", "https://evil.example/x?y", &"AB".repeat(16), "<Eve@Evil.example>"] {
            let event = event(&[(field, text)]);
            let found = by_index(&indicators, &event);
            assert_eq!(found, plainly(&indicators, &event), "{field} {text}");
            assert_eq!(found, by_history(&indicators, &event), "{field} {text}");
            kinds.extend(found.into_iter().map(|(kind, _)| kind));
        }
    }
    assert_eq!(kinds.len(), IndicatorKind::ALL.len());
}
