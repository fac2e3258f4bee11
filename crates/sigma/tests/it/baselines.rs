//! Baselines on hand-made events: what each kind finds, what it takes to learn, and what happens at its bounds.

use model::Timestamp;
use model::baseline::{Departure, Unusual, Usual};
use serde_json::{Value as Json, json};
use sigma::{BaselineLimits, Baselines, Gravity, Known, Moment, ProblemKind, RuleSet, check};

use crate::events::event;

pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// Monday the first of June 2026, midnight UTC.
pub const MONDAY: i64 = 20_605 * DAY;

pub fn rules(section: &str) -> RuleSet {
    let text = format!(
        "title: base\nid: base\nlogsource: {{product: test}}\ndetection: {{s: {{e: 1}}, condition: s}}\n---\n\
         title: B\nid: b\nbaseline: {{rules: [base], {section}}}\n"
    );
    RuleSet::load([("b.yml".to_owned(), text)])
}

fn error(section: &str) -> String {
    let set = rules(section);
    assert!(set.baselines().is_empty(), "{section} loads");
    set.errors()[0].message.clone()
}

/// One customer's stream.
pub struct Stream {
    pub rules: RuleSet,
    pub baselines: Baselines,
    pub offset: i32,
}

impl Stream {
    pub fn new(section: &str) -> Self {
        Self::within(section, BaselineLimits::default())
    }

    pub fn within(section: &str, limits: BaselineLimits) -> Self {
        let rules = rules(section);
        assert!(rules.errors().is_empty(), "{:?}", rules.errors());
        Stream { baselines: Baselines::new(&rules, limits), rules, offset: 0 }
    }

    /// What an event departs from, received when it happened.
    pub fn see(&mut self, time: i64, fields: &Json) -> Option<Departure> {
        self.see_of("customer", time, time, fields)
    }

    pub fn see_of(&mut self, partition: &str, time: i64, received: i64, fields: &Json) -> Option<Departure> {
        let mut fields = fields.clone();
        fields["e"] = json!(1);
        let event = event("", &fields);
        let matches = self.rules.matches(&event);
        let at = Timestamp::from_micros;
        let moment = Moment { time: at(time), received: at(received), offset: self.offset };
        let mut fired = self.baselines.observe(partition, moment, &matches, &event);
        assert!(fired.len() <= 1);
        fired.pop().map(|found| found.departure)
    }
}

/// The days a user logs on from their own address, at ten.
fn logons(stream: &mut Stream, user: &str, address: &str, days: std::ops::Range<i64>) {
    for day in days {
        let found = stream.see(MONDAY + day * DAY + 10 * HOUR, &json!({"user": user, "ip": address}));
        assert!(found.is_none(), "day {day}: {found:?}");
    }
}

const LOGON: &str = "type: first_seen, group-by: [user], field: ip, learning: 14d";

#[test]
fn a_new_address_is_told_once_with_what_is_known_and_never_while_learning() {
    let mut stream = Stream::new(LOGON);
    logons(&mut stream, "zhang.wei", "10.1.2.3", 0..41);
    logons(&mut stream, "Zhang.Wei", "10.1.2.4", 3..4);
    let night = MONDAY + 41 * DAY + 10 * HOUR;
    let found = stream.see(night, &json!({"user": "zhang.wei", "ip": "203.0.113.7"})).unwrap();
    assert_eq!((found.group[0].value.as_str(), found.observations), ("zhang.wei", 42));
    assert_eq!(found.at.since(found.since).as_secs(), 41 * 86_400);
    let Unusual::FirstSeen { field, value, known, latest, nobody_else } = found.reason else { panic!() };
    assert_eq!((field.as_str(), value.as_str(), known, nobody_else), ("ip", "203.0.113.7", 2, false));
    assert_eq!(latest[0].value.as_deref(), Some("10.1.2.4"), "the late one is the latest that was learned");
    assert!(stream.see(night + MINUTE, &json!({"user": "zhang.wei", "ip": "203.0.113.7"})).is_none(), "learned");

    assert!(stream.see(night, &json!({"user": "new", "ip": "10.9.9.9"})).is_none(), "a new user learns for itself");
    assert!(stream.see(night + DAY, &json!({"user": "new", "ip": "10.9.9.8"})).is_none());
    assert!(stream.see(night + 15 * DAY, &json!({"user": "new", "ip": "10.9.9.7"})).is_none(), "too little is known");
    for number in 0..3 {
        stream.see(night + 15 * DAY, &json!({"user": "new", "ip": format!("10.9.9.{number}")}));
    }
    assert!(stream.see(night + 16 * DAY, &json!({"user": "new", "ip": "203.0.113.8"})).is_some());
}

#[test]
fn what_is_new_to_a_user_and_not_to_the_customer_can_be_passed_over() {
    let mut stream = Stream::new(&format!("{LOGON}, also-new-to: customer"));
    logons(&mut stream, "a", "10.0.0.1", 0..20);
    logons(&mut stream, "b", "10.0.0.2", 0..20);
    assert!(stream.see(MONDAY + 20 * DAY, &json!({"user": "a", "ip": "10.0.0.2"})).is_none());
    let found = stream.see(MONDAY + 20 * DAY, &json!({"user": "a", "ip": "203.0.113.7"})).unwrap();
    assert!(matches!(found.reason, Unusual::FirstSeen { nobody_else: true, .. }));
    assert!(stream.see(MONDAY + 20 * DAY, &json!({"user": "b", "ip": "203.0.113.7"})).is_none());
}

#[test]
fn a_value_that_was_not_there_for_long_is_new_again() {
    let mut stream = Stream::new(&format!("{LOGON}, forget: 30d"));
    logons(&mut stream, "a", "10.0.0.2", 0..13);
    logons(&mut stream, "a", "10.0.0.1", 0..20);
    logons(&mut stream, "a", "10.0.0.2", 20..48);
    assert!(stream.see(MONDAY + 49 * DAY, &json!({"user": "a", "ip": "10.0.0.1"})).is_none(), "29 days");
    logons(&mut stream, "a", "10.0.0.2", 49..80);
    assert!(stream.see(MONDAY + 80 * DAY, &json!({"user": "a", "ip": "10.0.0.1"})).is_some(), "31 days");
}

#[test]
fn the_learning_period_is_that_of_receipt_whatever_time_events_say() {
    let mut stream = Stream::new(LOGON);
    for day in 0..20 {
        let time = MONDAY + day * DAY;
        stream.see_of("customer", time, MONDAY + day * MINUTE, &json!({"user": "a", "ip": "10.0.0.1"}));
    }
    let late = MONDAY + HOUR;
    let new = json!({"user": "a", "ip": "203.0.113.7"});
    assert!(
        stream.see_of("customer", MONDAY + 90 * DAY, late, &new).is_none(),
        "an import or a wrong clock ends nothing"
    );
}

#[test]
fn a_late_event_is_judged_like_any_other_and_one_from_before_all_that_is_known_is_not() {
    let mut stream = Stream::new(LOGON);
    logons(&mut stream, "a", "10.0.0.1", 0..20);
    let received = MONDAY + 20 * DAY;
    let see = |stream: &mut Stream, days: i64, ip: &str| {
        stream.see_of("customer", received - days * DAY, received, &json!({"user": "a", "ip": ip})).is_some()
    };
    assert!(see(&mut stream, 3, "203.0.113.7"));
    assert!(!see(&mut stream, 100, "203.0.113.8"));
    assert!(see(&mut stream, 0, "203.0.113.8"), "nor was it learned");
}

#[test]
fn what_two_of_four_hundred_hosts_run_is_rare_and_what_many_run_is_not() {
    let mut stream = Stream::new("type: rare, group-by: [host], field: [parent, process], learning: 14d");
    let run = |stream: &mut Stream, day: i64, host: &str, process: &str| {
        stream.see(MONDAY + day * DAY, &json!({"host": host, "parent": "services.exe", "process": process}))
    };
    for day in 0..15 {
        for host in 0..30 {
            assert!(run(&mut stream, day, &format!("h{host}"), "svchost.exe").is_none());
        }
        assert!(run(&mut stream, day, "h1", "backup.exe").is_none());
    }
    let found = run(&mut stream, 15, "h2", "evil.exe").unwrap();
    let Unusual::Rare { field, value, having, of, others } = found.reason else { panic!() };
    assert_eq!((field.as_str(), value.as_str(), having, of), ("parent / process", "services.exe / evil.exe", 1, 30));
    assert!(others.is_empty());
    assert!(run(&mut stream, 15, "h2", "EVIL.exe").is_none(), "told once, whatever its case");
    let Unusual::Rare { having, others, .. } = run(&mut stream, 16, "h3", "evil.exe").unwrap().reason else { panic!() };
    assert_eq!((having, others), (2, vec!["h2".to_owned()]));
    assert!(run(&mut stream, 16, "h4", "evil.exe").is_none(), "three have it");
    assert!(run(&mut stream, 16, "h1", "backup.exe").is_none(), "known of this host");
    assert!(run(&mut stream, 16, "h5", "backup.exe").is_some());
    assert!(run(&mut stream, 16, "h99", "other.exe").is_none(), "a new host learns for itself");
}

#[test]
fn few_hosts_make_nothing_rare() {
    let mut stream = Stream::new("type: rare, group-by: [host], field: process, learning: 1d, population: 20");
    for day in 0..20 {
        for host in 0..19 {
            let found = stream.see(MONDAY + day * DAY, &json!({"host": host, "process": format!("p{day}-{host}")}));
            assert!(found.is_none());
        }
    }
}

#[test]
fn a_logon_at_night_by_who_works_by_day_is_told_in_local_time() {
    let mut stream = Stream::new("type: off_hours, group-by: [user], learning: 21d");
    stream.offset = 8 * 3600;
    let local = |day: i64, hour: i64| MONDAY + day * DAY + (hour - 8) * HOUR;
    let see = |stream: &mut Stream, time: i64| stream.see(time, &json!({"user": "li.na"}));
    for day in (0..28).filter(|day| day % 7 < 5) {
        for hour in 9..18 {
            assert!(see(&mut stream, local(day, hour) + 5 * MINUTE).is_none());
        }
    }
    assert!(see(&mut stream, local(28, 18) + 30 * MINUTE).is_none(), "half an hour longer");
    let found = see(&mut stream, local(29, 3) + 12 * MINUTE).unwrap();
    let Unusual::OffHours { weekday, minute, offset, workdays, active, days, usual } = found.reason else { panic!() };
    assert_eq!((weekday, minute, offset, workdays), (2, 3 * 60 + 12, 480, true));
    assert_eq!((active, days, usual), (0, 22, vec![(9, 18)]));
    assert!(see(&mut stream, local(29, 3) + 40 * MINUTE).is_none(), "told once");
    assert!(see(&mut stream, local(30, 4)).is_none(), "learned, for the hours around it too");
    assert!(see(&mut stream, local(33, 10)).is_some(), "a Saturday");
}

#[test]
fn a_night_shift_is_usual_for_who_has_it() {
    let mut stream = Stream::new("type: off_hours, group-by: [user], learning: 21d");
    for day in 0..40 {
        for hour in [22, 23, 24, 25, 26, 27, 28, 29] {
            let found = stream.see(MONDAY + day * DAY + hour * HOUR, &json!({"user": "night"}));
            assert!(found.is_none(), "day {day}, hour {hour}: {found:?}");
        }
    }
}

#[test]
fn ten_times_the_usual_upload_is_told_once_and_again_when_it_doubles() {
    let mut stream =
        Stream::new("type: volume, group-by: [host], field: bytes, at-least: 1000000, learning: 14d, timespan: 1h");
    let mut random = fastrand::Rng::with_seed(1);
    for hour in 0..15 * 24 {
        for part in 0..6 {
            let event = json!({"host": "h", "bytes": random.i64(100_000..300_000)});
            assert!(stream.see(MONDAY + hour * HOUR + part * 9 * MINUTE, &event).is_none(), "hour {hour}");
        }
    }
    let start = MONDAY + 15 * DAY + 10 * HOUR;
    let told: Vec<Departure> = (0..20)
        .filter_map(|part| stream.see(start + part * MINUTE, &json!({"host": "h", "bytes": 1_000_000})))
        .collect();
    assert!(told.len() == 2 || told.len() == 3, "{told:?}");
    let Unusual::Volume { field, value, usual, high, from, seconds, .. } = &told[0].reason else { panic!() };
    assert_eq!((field.as_deref(), from.as_micros(), *seconds), (Some("bytes"), start, 3600));
    assert!((800_000.0..1_600_000.0).contains(usual) && value > high && *value >= 3.0 * usual, "{told:?}");
    let again = stream.see(start + 20 * MINUTE, &json!({"host": "h", "bytes": "no number"}));
    assert!(again.is_none());
    assert_eq!(stream.baselines.statistics().without_group, 1);
}

#[test]
fn what_one_host_calls_home_to_every_minute_is_told_once_and_what_all_call_is_not() {
    let mut stream = Stream::new("type: beacon, group-by: [src], field: dst, learning: 3d, span: 30m");
    let mut random = fastrand::Rng::with_seed(2);
    let mut told = Vec::new();
    // Ten hosts ask the time server every minute and browse.
    for minute in 0..4 * 24 * 60 {
        for host in 0..10 {
            let time = MONDAY + minute * MINUTE + host * SECOND;
            told.extend(stream.see(time, &json!({"src": host, "dst": "ntp"})));
            if random.u8(..20) == 0 {
                let dst = format!("web{}", random.u8(..50));
                told.extend(stream.see(time + random.i64(0..50) * SECOND, &json!({"src": host, "dst": dst})));
            }
        }
    }
    assert!(told.is_empty(), "{told:?}");
    for minute in 0..120 {
        let time = MONDAY + 4 * DAY + minute * MINUTE + random.i64(0..6) * SECOND;
        told.extend(stream.see(time, &json!({"src": 3, "dst": "203.0.113.9"})));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    let Unusual::Beacon { value, interval, jitter, beats, having, of, .. } = &told[0].reason else { panic!() };
    assert_eq!((value.as_str(), *having, *of), ("203.0.113.9", 1, 10));
    assert!((58_000..62_000).contains(interval) && *jitter < 10 && *beats >= 30, "{told:?}");
}

#[test]
fn a_beacon_that_began_while_learning_is_told_afterwards() {
    let mut stream = Stream::new("type: beacon, group-by: [src], field: dst, learning: 1d, population: 1");
    let all = (0..30 * 60).filter_map(|minute| stream.see(MONDAY + minute * MINUTE, &json!({"src": 1, "dst": "c2"})));
    let told: Vec<_> = all.map(|found| found.at.as_micros()).collect();
    assert_eq!(told, [MONDAY + DAY]);
}

#[test]
fn a_forgotten_group_learns_anew() {
    let mut stream = Stream::new(LOGON);
    logons(&mut stream, "a", "10.0.0.1", 0..20);
    let now = Timestamp::from_micros(MONDAY + 20 * DAY);
    let known = stream.baselines.look_up("customer", "b", &["A".to_owned()], now).unwrap();
    assert!(known.learned && matches!(known.usual, Usual::Values { known: 1, .. }), "{known:?}");
    assert_eq!(stream.baselines.latest_groups("customer", "b", 5), [["a"]]);
    assert!(stream.baselines.forget("customer", "b", &["a".to_owned()]));
    assert!(!stream.baselines.forget("customer", "b", &["a".to_owned()]));
    assert!(stream.baselines.look_up("customer", "b", &["a".to_owned()], now).is_none());
    assert!(stream.see(MONDAY + 20 * DAY, &json!({"user": "a", "ip": "203.0.113.7"})).is_none());
}

#[test]
fn beyond_the_bound_the_group_heard_of_least_lately_goes_and_is_counted() {
    let limits = BaselineLimits { groups: 100, ..BaselineLimits::default() };
    let mut stream = Stream::within(LOGON, limits);
    logons(&mut stream, "kept", "10.0.0.1", 0..20);
    logons(&mut stream, "other", "10.0.0.1", 0..20);
    for number in 0..5_000 {
        let time = MONDAY + 20 * DAY + number * SECOND;
        stream.see(time, &json!({"user": format!("invented {number}"), "ip": "10.0.0.1"}));
        if number % 50 == 0 {
            stream.see(time, &json!({"user": "kept", "ip": "10.0.0.1"}));
        }
    }
    let statistics = stream.baselines.statistics();
    assert_eq!((statistics.groups, statistics.forgotten_groups), (100, 4_902));
    let found = |stream: &mut Stream, user| {
        stream.see(MONDAY + 21 * DAY, &json!({"user": user, "ip": "203.0.113.7"})).is_some()
    };
    assert!(found(&mut stream, "kept"));
    assert!(!found(&mut stream, "other"), "forgotten: it learns anew");
    assert_eq!(stream.baselines.progress()[0].forgotten, 4_903);
}

#[test]
fn who_invents_values_makes_nothing_rare() {
    let limits = BaselineLimits { values: 200, ..BaselineLimits::default() };
    let mut stream = Stream::within("type: rare, group-by: [host], field: p, learning: 2d, population: 3", limits);
    for day in 0..4 {
        for host in 0..5 {
            stream.see(MONDAY + day * DAY, &json!({"host": host, "p": "usual"}));
        }
    }
    let mut told = 0;
    for number in 0..1_000 {
        told += u32::from(stream.see(MONDAY + 4 * DAY, &json!({"host": 1, "p": number})).is_some());
    }
    assert_eq!(told, 200, "until values had to be forgotten");
    assert!(stream.see(MONDAY + 4 * DAY, &json!({"host": 2, "p": "usual"})).is_none(), "it was pushed out");
}

#[test]
fn base_rules_do_not_alert_by_themselves_unless_asked_to() {
    assert!(rules(LOGON).is_only_correlated("base"));
    assert!(!rules(&format!("{LOGON}, generate: true")).is_only_correlated("base"));
}

#[test]
fn what_a_baseline_cannot_mean_is_refused_with_its_place() {
    for (section, part) in [
        ("type: last_seen", "write first_seen, rare, off_hours, volume or beacon"),
        ("group-by: [a]", "`type` is missing"),
        ("type: first_seen", "baseline.field"),
        ("type: rare, field: a", "baseline.group-by"),
        ("type: off_hours, field: a", "means nothing with off_hours"),
        ("type: volume, field: [a, b]", "name the one that is summed"),
        ("type: volume, timespan: 2d", "from 5m to 1d"),
        ("type: first_seen, field: a, also-new-to: world", "write customer"),
        ("type: first_seen, field: a, forget: 14d", "is not longer than `learning`"),
        ("type: first_seen, field: a, tolerance: 2", "means nothing here: known are"),
        ("type: first_seen, field: a, values: 5000", "from 1 to 1000"),
        ("type: beacon, group-by: a, field: b, jitter: often", "must be a number"),
        ("type: first_seen, field: a, learning: soon", "write a number and s, m, h or d"),
    ] {
        let message = error(section);
        assert!(message.contains(part), "{section}: {message}");
    }
    let unknown = "title: B\nid: b\nbaseline: {type: off_hours, rules: [nobody]}\n";
    let set = RuleSet::load([("b.yml".to_owned(), unknown.to_owned())]);
    assert!(set.errors()[0].message.contains("`nobody`, which is no id or name"), "{:?}", set.errors());
}

#[test]
fn the_editor_tells_what_is_wrong_with_a_baseline_and_which_of_its_fields_nobody_sends() {
    let text = "title: B\nid: 00000000-0000-4000-8000-000000000000\nlevel: low\ndate: 2026-01-01\nbaseline:\n    \
                type: first_seen\n    rules: [base]\n    group-by: [user, nobody]\n    field: ip\n";
    let fields = ["user".to_owned(), "ip".to_owned()].into();
    let known = Known { fields: Some(&fields), ..Known::default() };
    let found = check(text, &known);
    let [problem] = &found[..] else { panic!("{found:?}") };
    assert_eq!((problem.kind, problem.severity), (ProblemKind::UnknownField, Gravity::Warning));
    assert_eq!(problem.place.map(|place| place.line), Some(8));
    let found = check(&text.replace("first_seen", "seen"), &Known::default());
    let [problem] = &found[..] else { panic!("{found:?}") };
    assert_eq!((problem.kind, problem.place.map(|place| place.line)), (ProblemKind::Refused, Some(6)));
}
