use chrono::FixedOffset;

use super::*;
use crate::HuntRunId;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn data() -> HuntData {
    HuntData {
        title: "Download cradles".to_owned(),
        hypothesis: String::new(),
        techniques: vec!["T1059.001".to_owned(), "T1105".to_owned()],
        needs: "process_command_line:*".to_owned(),
        look_for: String::new(),
        false_positives: String::new(),
        queries: vec![query("a", "process_command_line:*downloadstring*")],
        owner: None,
        due: None,
    }
}

fn query(key: &str, q: &str) -> HuntQuery {
    let ask = HuntQuestion::Search { q: q.to_owned() };
    HuntQuery {
        key: key.into(),
        name: key.into(),
        note: String::new(),
        ask,
        seconds: Some(86_400),
        from: None,
        to: None,
    }
}

#[test]
fn a_hunt_needs_a_title_readable_conditions_and_queries_that_name_no_customer() {
    assert_eq!(data().problems(), []);
    let with = |change: fn(&mut HuntData)| {
        let mut data = data();
        change(&mut data);
        data.problems().into_iter().map(|(field, _)| field).collect::<Vec<_>>()
    };
    assert_eq!(with(|data| data.title = " ".into()), ["title"]);
    assert_eq!(with(|data| data.techniques = vec!["T1".into()]), ["techniques"]);
    assert_eq!(with(|data| data.techniques = vec!["T1059.1".into()]), ["techniques"]);
    assert_eq!(with(|data| data.needs = "a:(".into()), ["needs"]);
    assert_eq!(with(|data| data.needs = "@customer:cus_1".into()), ["needs"]);
    assert_eq!(with(|data| data.queries.push(query("a", "b:c"))), ["queries"]);
    assert_eq!(with(|data| data.queries.push(query("b", " "))), ["queries"]);
    assert_eq!(with(|data| data.queries.push(query("b", "x:y NOT (a:b OR @customer:*)"))), ["queries"]);
    assert_eq!(with(|data| data.queries[0].seconds = None), ["queries"]);
    assert_eq!(with(|data| data.queries[0].from = Some(Timestamp::from_micros(1))), ["queries"]);
    assert_eq!(with(|data| data.queries = (0..21).map(|key| query(&key.to_string(), "b:c")).collect()), ["queries"]);
}

#[test]
fn a_round_begins_with_its_day_in_the_zone_and_not_in_utc() {
    let shanghai = FixedOffset::east_opt(8 * 3600).unwrap();
    let monday = Rhythm::Week { weekday: 1 };
    // In Shanghai it is Monday already.
    let late = round_at(monday, &shanghai, at("2026-11-15T16:00:00Z"));
    assert_eq!((late.key.as_str(), late.begins), ("2026-W47", at("2026-11-15T16:00:00Z")));
    let before = round_at(monday, &shanghai, at("2026-11-15T15:59:59Z"));
    assert_eq!((before.key.as_str(), before.begins), ("2026-W46", at("2026-11-08T16:00:00Z")));
    let next = round_after(monday, &shanghai, at("2026-11-22T15:59:59Z"));
    assert_eq!((next.key.as_str(), next.begins), ("2026-W48", at("2026-11-22T16:00:00Z")));
    let honolulu = FixedOffset::west_opt(10 * 3600).unwrap();
    let sunday = round_at(Rhythm::Week { weekday: 7 }, &honolulu, at("2026-11-16T09:00:00Z"));
    assert_eq!((sunday.key.as_str(), sunday.begins), ("2026-W46", at("2026-11-15T10:00:00Z")));
}

#[test]
fn a_week_around_new_year_has_the_year_of_its_iso_week() {
    let zone = FixedOffset::east_opt(0).unwrap();
    let round = round_at(Rhythm::Week { weekday: 5 }, &zone, at("2027-01-02T00:00:00Z"));
    assert_eq!((round.key.as_str(), round.begins), ("2026-W53", at("2027-01-01T00:00:00Z")));
}

#[test]
fn a_month_without_that_day_has_its_round_on_its_last() {
    let zone = FixedOffset::east_opt(8 * 3600).unwrap();
    let last = Rhythm::Month { day: 31 };
    let round = |now: &str| round_at(last, &zone, at(now));
    assert_eq!(round("2027-02-28T02:00:00Z"), Round { key: "2027-02".into(), begins: at("2027-02-27T16:00:00Z") });
    assert_eq!(round("2027-02-27T02:00:00Z").key, "2027-01");
    assert_eq!(round("2028-02-29T02:00:00Z").begins, at("2028-02-28T16:00:00Z"));
    assert_eq!(round("2027-03-30T02:00:00Z").key, "2027-02");
    assert_eq!(round_after(last, &zone, at("2027-01-31T02:00:00Z")).begins, at("2027-02-27T16:00:00Z"));
    assert_eq!(round_after(last, &zone, at("2027-02-28T02:00:00Z")).begins, at("2027-03-30T16:00:00Z"));
    assert_eq!(round_after(Rhythm::Month { day: 1 }, &zone, at("2026-12-15T00:00:00Z")).key, "2027-01");
}

#[test]
fn every_instant_lies_between_its_round_and_the_next_and_rounds_follow_one_another() {
    let zone = FixedOffset::west_opt(5 * 3600 + 1800).unwrap();
    let rhythms = (1..=7).map(|weekday| Rhythm::Week { weekday }).chain((1..=31).map(|day| Rhythm::Month { day }));
    for rhythm in rhythms {
        let mut now = at("2026-01-01T00:00:00Z");
        let mut keys = Vec::new();
        while now < at("2028-04-01T00:00:00Z") {
            let (round, next) = (round_at(rhythm, &zone, now), round_after(rhythm, &zone, now));
            assert!(round.begins <= now && now < next.begins, "{rhythm:?} {now}: {round:?} {next:?}");
            assert_eq!(round_at(rhythm, &zone, next.begins), next, "{rhythm:?} {now}");
            if keys.last() != Some(&round.key) {
                keys.push(round.key);
            }
            now = now.plus(Duration::from_secs(7 * 3600));
        }
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "{rhythm:?}");
    }
}

#[test]
fn nothing_is_clean_that_was_not_looked_at() {
    let customer = CustomerId::generate(at("2026-01-01T00:00:00Z"));
    let mut one = HuntCustomer {
        customer: customer.clone(),
        verdict: None,
        proposed: None,
        remark: String::new(),
        judged_by: None,
        judged: None,
        data_events: None,
        data_checked: None,
        data_problem: None,
        incidents: Vec::new(),
        version: 1,
    };
    let now = at("2026-01-01T00:00:00Z");
    let mut result = HuntResult {
        customer,
        query: "a".into(),
        asked: data().queries[0].ask.clone(),
        run: HuntRunId::generate(now),
        count: 0,
        things: None,
        from: now,
        to: now,
        truncated: false,
        problem: None,
        took_ms: 1,
        by: String::new(),
        at: now,
        samples: Vec::new(),
    };
    let clean = HuntVerdict::Clean;
    assert!(one.objection(clean, &data(), std::slice::from_ref(&result)).unwrap().contains("before"));
    one.data_events = Some(0);
    assert!(one.objection(clean, &data(), std::slice::from_ref(&result)).unwrap().contains("no data"));
    assert_eq!(HuntCustomer::proposal(one.data_events), Some(HuntVerdict::NoData));
    one.data_events = Some(7);
    assert_eq!(HuntCustomer::proposal(one.data_events), None, "data says nothing about clean");
    assert_eq!(one.objection(clean, &data(), std::slice::from_ref(&result)), None);
    assert!(one.objection(clean, &data(), &[]).is_some());
    assert_eq!(one.objection(HuntVerdict::Inconclusive, &data(), &[]), None);
    result.problem = Some("took too long".into());
    assert!(one.objection(clean, &data(), std::slice::from_ref(&result)).unwrap().contains("failed"));
    result.problem = None;
    result.asked = HuntQuestion::Search { q: "other".into() };
    assert!(one.objection(clean, &data(), std::slice::from_ref(&result)).unwrap().contains("changed"));
}

#[test]
fn minutes_are_shared_by_the_customers_of_a_hunt() {
    let now = at("2026-01-01T00:00:00Z");
    let (one, other) = (CustomerId::generate(now), CustomerId::generate(now.plus(Duration::from_secs(1))));
    let share = |customer: &CustomerId, minutes, customers, verdict| HuntShare {
        customer: customer.clone(),
        hunt: HuntId::generate(now),
        verdict,
        minutes,
        customers,
        incidents: 1,
        detections: 0,
    };
    let (clean, found) = (Some(HuntVerdict::Clean), Some(HuntVerdict::Found));
    let shares = vec![share(&other, 45, 30, found), share(&one, 260, 31, clean), share(&other, 45, 30, clean)];
    let summaries = summarise(shares);
    assert_eq!(
        summaries.iter().map(|of| (of.hunts, of.minutes, of.incidents)).collect::<Vec<_>>(),
        [(1, 8, 1), (2, 3, 2)]
    );
    assert_eq!((summaries[1].verdicts.clean, summaries[1].verdicts.found), (1, 1));
}
