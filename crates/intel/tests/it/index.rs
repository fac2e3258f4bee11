//! Scope, time, confidence, warning lists.

use intel::{Added, IndexBuilder, Warnings};
use model::CustomerId;
use model::intel::{Indicator, IndicatorDetail, IndicatorKind, Tlp};

use crate::world::{at, event, for_customer, index, read, scope};

fn customer() -> CustomerId {
    CustomerId::generate(at(0))
}

#[test]
fn a_hit_says_what_was_seen_where_and_who_names_it() {
    let list = read(&["evil.example", "http://evil.example/x", "9.1.2.0/24", "9.1.2.3"]);
    let mut sure = scope("sure");
    (sure.confidence, sure.tlp) = (90, Tlp::Red);
    let index = index(Warnings::none(), &[(scope("list"), &list), (sure, &list[..1])]);
    let seen = event(&[("destination_ip", "9.1.2.3"), ("url_full", "https://cdn.evil.example/y")]);
    let hits = index.observe(&customer(), at(0), &seen);
    let told: Vec<(IndicatorKind, &str, &str)> =
        hits.iter().map(|hit| (hit.kind, hit.indicator.as_str(), hit.field.as_str())).collect();
    assert_eq!(
        told,
        [
            (IndicatorKind::Address, "9.1.2.3", "destination_ip"),
            (IndicatorKind::Cidr, "9.1.2.0/24", "destination_ip"),
            (IndicatorKind::Domain, "evil.example", "url_full"),
        ]
    );
    let sources: Vec<_> = hits[2].sources.iter().map(|source| (source.name.as_str(), source.confidence)).collect();
    assert_eq!(sources, [("sure", 90), ("list", 50)]);
    assert_eq!((hits[2].sources[0].tlp, hits[2].value.as_str()), (Tlp::Red, "https://cdn.evil.example/y"));
    assert!(index.observe(&customer(), at(0), &event(&[("url_full", "https://evil.example/x/y")])).len() == 1);
}

#[test]
fn a_list_of_one_customer_never_matches_anothers_event() {
    let (one, other) = (customer(), customer());
    let list = read(&["evil.example", "9.1.0.0/16"]);
    let index = index(Warnings::none(), &[(for_customer("list", &one), &list)]);
    let seen = event(&[("dns_question_name", "a.evil.example"), ("source_ip", "9.1.2.3")]);
    assert_eq!(index.observe(&one, at(0), &seen).len(), 2);
    assert!(index.observe(&other, at(0), &seen).is_empty());
}

#[test]
fn an_indicator_holds_from_its_beginning_until_its_end_or_its_lists() {
    let mut one = Indicator::parse("evil.example").unwrap();
    one.set_detail(IndicatorDetail { from: Some(at(10)), until: Some(at(20)), ..IndicatorDetail::default() });
    let mut ends = scope("ends");
    ends.expires = Some(at(15));
    let seen = event(&[("url_domain", "evil.example")]);
    let hits = |index: &intel::Index, second| index.observe(&customer(), at(second), &seen).len();
    let endless = index(Warnings::none(), &[(scope("list"), std::slice::from_ref(&one))]);
    let ending = index(Warnings::none(), &[(ends, std::slice::from_ref(&one))]);
    let found: Vec<usize> = [9, 10, 14, 15, 19, 20].iter().map(|second| hits(&endless, *second)).collect();
    assert_eq!(found, [0, 1, 1, 1, 1, 0]);
    let found: Vec<usize> = [9, 10, 14, 15, 19, 20].iter().map(|second| hits(&ending, *second)).collect();
    assert_eq!(found, [0, 1, 1, 0, 0, 0]);
    let mut late = IndexBuilder::new(Warnings::none(), at(3600 * 24 * 30));
    let list = late.list(scope("list"));
    assert_eq!(late.add(list, &one), Added::Expired);
}

#[test]
fn what_a_source_is_not_sure_enough_of_does_not_match() {
    let mut list = read(&["sure.example", "unsure.example", "usual.example"]);
    let detail = |confidence| IndicatorDetail { confidence: Some(confidence), ..IndicatorDetail::default() };
    list[0].set_detail(detail(80));
    list[1].set_detail(detail(20));
    let mut careful = scope("list");
    careful.least_confidence = 50;
    let index = index(Warnings::none(), &[(careful, &list)]);
    let seen = |name: &str| index.observe(&customer(), at(0), &event(&[("dns_question_name", name)])).len();
    assert_eq!((seen("sure.example"), seen("unsure.example"), seen("usual.example")), (1, 0, 1));
}

#[test]
fn what_a_warning_list_names_is_told_at_load_and_never_alarms() {
    let list = read(&["8.8.8.8", "8.8.8.0/24", "www.google.com", "http://google.com/evil", "com.evil.example"]);
    let mut builder = IndexBuilder::new(Warnings::built_in(at(0)), at(0));
    let place = builder.list(scope("list"));
    let added: Vec<Added> = list.iter().map(|indicator| builder.add(place, indicator)).collect();
    use Added::{Suppressed, Yes};
    assert_eq!(added, [Suppressed, Yes, Suppressed, Yes, Yes]);
    let (count, told) = builder.suppressed(place);
    assert_eq!((count, told[0].warning.as_str()), (2, "public DNS resolvers"));
    let index = builder.build();
    let seen = |field, value| index.observe(&customer(), at(0), &event(&[(field, value)])).len();
    assert_eq!(seen("destination_ip", "8.8.8.9"), 1);
    assert_eq!(seen("destination_ip", "8.8.8.8"), 0, "the range holds it, but it is a public resolver");
    assert_eq!(seen("url_full", "https://google.com/evil?x"), 1);
    assert_eq!(index.stats().taken_back, 1);
}

#[test]
fn a_warning_list_of_one_customer_is_silent_only_there() {
    let (one, other) = (customer(), customer());
    let warnings = Warnings::with(at(0), |builder| {
        let list = builder.list(for_customer("partners", &one));
        builder.add(list, &Indicator::parse("partner.example").unwrap());
    });
    let list = read(&["partner.example"]);
    let index = index(warnings, &[(scope("list"), &list)]);
    let seen = event(&[("url_domain", "www.partner.example")]);
    assert!(index.observe(&one, at(0), &seen).is_empty());
    assert_eq!(index.observe(&other, at(0), &seen).len(), 1);
}

#[test]
fn an_empty_index_finds_nothing_and_indexes_of_other_lists_are_told_apart() {
    let empty = index(Warnings::built_in(at(0)), &[]);
    assert!(empty.observe(&customer(), at(0), &event(&[("source_ip", "9.1.2.3")])).is_empty());
    let list = read(&["9.1.2.3"]);
    let mut newer = scope("list");
    newer.version = 2;
    let (old, new) = (index(Warnings::none(), &[(scope("list"), &list)]), index(Warnings::none(), &[(newer, &list)]));
    assert_ne!(old.fingerprint(), new.fingerprint());
    assert_eq!((new.stats().lists, new.stats().indicators), (1, 1));
}
