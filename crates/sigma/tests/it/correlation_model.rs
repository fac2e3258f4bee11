//! Correlations against a plain model of the specification that keeps every event and judges every window anew; the state
//! written down, taken up and moved on; and several shares against one.

use std::collections::BTreeMap;

use model::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use sigma::{CorrelationMatch, Correlator, Limits, RuleSet, Share};

use crate::events::event;

const SECOND: i64 = 1_000_000;
const SPAN: i64 = 10 * SECOND;
const LATENESS: i64 = 5 * SECOND;

/// A correlation as the model reads it.
#[derive(Debug, Clone, Copy)]
struct Spec {
    kind: &'static str,
    field: &'static str,
    least: Option<(f64, bool)>,
    most: Option<(f64, bool)>,
}

/// Every type, judged as events come and when the window has ended.
const SPECS: &[Spec] = &[
    spec("event_count", "", Some((3.0, true)), None),
    spec("event_count", "", Some((1.0, false)), Some((3.0, true))),
    spec("event_count", "", None, Some((3.0, false))),
    spec("event_count", "", Some((2.0, true)), Some((2.0, true))),
    spec("value_count", "v", Some((3.0, true)), None),
    spec("value_count", "v", Some((1.0, false)), Some((2.0, true))),
    spec("temporal", "", None, None),
    spec("temporal_ordered", "", None, None),
    spec("value_sum", "n", Some((14.0, true)), None),
    spec("value_sum", "n", None, Some((9.0, false))),
    spec("value_avg", "n", Some((5.5, false)), None),
    spec("value_avg", "n", None, Some((4.0, true))),
    spec("value_percentile", "n", Some((6.0, true)), None),
    spec("value_percentile", "n", None, Some((3.0, true))),
];

const fn spec(kind: &'static str, field: &'static str, least: Option<(f64, bool)>, most: Option<(f64, bool)>) -> Spec {
    Spec { kind, field, least, most }
}

impl Spec {
    fn yaml(&self, id: &str, rules: &str, group: &str) -> String {
        let mut condition = Vec::new();
        if !self.field.is_empty() {
            condition.push(format!("field: {}", self.field));
        }
        for (bound, itself, open) in [(self.least, "gte", "gt"), (self.most, "lte", "lt")] {
            condition.extend(bound.map(|(number, equal)| format!("{}: {number}", if equal { itself } else { open })));
        }
        if self.kind == "value_percentile" {
            condition.push("percentile: 75".into());
        }
        let condition =
            if condition.is_empty() { String::new() } else { format!(", condition: {{{}}}", condition.join(", ")) };
        format!(
            "---\ntitle: {id}\nid: {id}\ncorrelation: {{type: {}, rules: [{rules}], group-by: [{group}], timespan: 10s, generate: true{condition}}}\n",
            self.kind
        )
    }

    fn ends_first(&self) -> bool {
        self.most.is_some()
    }

    /// Of one value or rule only one event has to be held.
    fn forgets(&self) -> bool {
        matches!(self.kind, "value_count" | "temporal") && !self.ends_first()
    }

    /// What the condition judges, if it holds for these events.
    fn judge(&self, window: &[&Seen]) -> Option<f64> {
        let mut numbers: Vec<f64> = window.iter().filter_map(|seen| seen.fields.get("n")?.parse().ok()).collect();
        let different = |of: &dyn Fn(&Seen) -> String| {
            let mut all: Vec<_> = window.iter().map(|seen| of(seen)).collect();
            all.sort();
            all.dedup();
            all.len() as f64
        };
        let judged = match self.kind {
            "event_count" => window.len() as f64,
            "value_count" => different(&|seen| seen.fields[self.field].clone()),
            "temporal" => different(&|seen| seen.slot.to_string()),
            "temporal_ordered" => {
                let mut sorted: Vec<_> = window.iter().map(|seen| (seen.time, seen.slot)).collect();
                sorted.sort_unstable();
                let first = sorted.iter().position(|(_, slot)| *slot == 0);
                let both = first.is_some_and(|first| sorted[first..].iter().any(|(_, slot)| *slot == 1));
                1.0 + f64::from(u8::from(both))
            }
            "value_sum" => numbers.iter().sum(),
            "value_avg" => numbers.iter().sum::<f64>() / numbers.len() as f64,
            _ => {
                numbers.sort_by(f64::total_cmp);
                let place = 0.75 * (numbers.len() - 1) as f64;
                let (low, high) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
                low + (high - low) * place.fract()
            }
        };
        let least = if self.kind.starts_with("temporal") { Some((2.0, true)) } else { self.least };
        let above = least.is_none_or(|(least, itself)| judged > least || itself && judged == least);
        let below = self.most.is_none_or(|(most, itself)| judged < most || itself && judged == most);
        (above && below).then_some(judged)
    }
}

/// An event, or a correlation below that fired.
#[derive(Debug, Clone)]
struct Seen {
    time: i64,
    slot: usize,
    fields: BTreeMap<String, String>,
    ids: Vec<u64>,
}

/// What fired: correlation, group, what was judged, last time, and the events where all are held.
type Fired = (usize, String, String, i64, Vec<u64>);

/// The specification, the long way. Correlation 0 counts the rules `a` and `b`; correlation 1 counts correlation 0 and `c`.
struct Model {
    specs: [Spec; 2],
    groups: [&'static str; 2],
    now: i64,
    /// By correlation and group: when it began, and its events.
    held: BTreeMap<(usize, String), (u64, Vec<Seen>)>,
    begun: u64,
    fired: Vec<Fired>,
}

impl Model {
    fn lateness(&self, correlation: usize) -> i64 {
        match correlation {
            1 if self.specs[0].ends_first() => LATENESS + SPAN + 1,
            _ => LATENESS,
        }
    }

    /// Windows that have ended, with all that may have come late, in the order they ended.
    fn advance(&mut self, now: i64) {
        loop {
            let ended = self.held.iter().filter(|((correlation, _), _)| self.specs[*correlation].ends_first());
            let ends = |correlation: usize, seen: &[Seen]| {
                seen.iter().map(|seen| seen.time).min().unwrap() + SPAN + self.lateness(correlation)
            };
            let ended = ended.map(|(key, (begun, seen))| (ends(key.0, seen), *begun, key.clone()));
            let Some((_, _, key)) = ended.filter(|(end, ..)| *end < now).min() else { break };
            let (begun, seen) = self.held.remove(&key).unwrap();
            let first = seen.iter().map(|seen| seen.time).min().unwrap();
            let (inside, rest): (Vec<_>, Vec<_>) = seen.into_iter().partition(|seen| seen.time <= first + SPAN);
            if !rest.is_empty() {
                self.held.insert(key.clone(), (begun, rest));
            }
            let window: Vec<&Seen> = inside.iter().collect();
            if let Some(judged) = self.specs[key.0].judge(&window) {
                self.fire(key.0, key.1, judged, window.into_iter().cloned().collect());
            }
        }
        self.now = self.now.max(now);
    }

    fn see(&mut self, correlation: usize, seen: Seen) {
        let Some(group) = seen.fields.get(self.groups[correlation]).cloned() else { return };
        if !self.specs[correlation].field.is_empty() && !seen.fields.contains_key(self.specs[correlation].field) {
            return;
        }
        self.begun += 1;
        let begun = self.begun;
        let (time, spec) = (seen.time, self.specs[correlation]);
        let held = &mut self.held.entry((correlation, group.clone())).or_insert((begun, Vec::new())).1;
        held.push(seen);
        held.sort_by_key(|seen| seen.time);
        if spec.ends_first() {
            return;
        }
        let ends: Vec<i64> =
            held.iter().map(|seen| seen.time).filter(|end| (time..=time + SPAN).contains(end)).collect();
        for end in ends {
            let window: Vec<&Seen> = held.iter().filter(|seen| (end - SPAN..=end).contains(&seen.time)).collect();
            if let Some(judged) = spec.judge(&window) {
                let window = window.into_iter().cloned().collect();
                self.held.remove(&(correlation, group.clone()));
                return self.fire(correlation, group, judged, window);
            }
        }
    }

    fn fire(&mut self, correlation: usize, group: String, judged: f64, mut window: Vec<Seen>) {
        if self.specs[correlation].kind == "temporal_ordered" {
            window.sort_by_key(|seen| (seen.time, seen.slot));
        }
        let ids: Vec<u64> = window.iter().flat_map(|seen| seen.ids.clone()).collect();
        let last = window.last().unwrap();
        let time = last.time;
        let mut fields = BTreeMap::from([(self.groups[correlation].to_owned(), group.clone())]);
        if let Some(w) = last.fields.get("w") {
            fields.entry("w".to_owned()).or_insert_with(|| w.clone());
        }
        let told = self.specs[..=correlation].iter().all(|spec| !told_in_part(spec));
        self.fired.push((correlation, group, judged.to_string(), time, if told { ids.clone() } else { Vec::new() }));
        if correlation == 0 {
            self.see(1, Seen { time, slot: 0, fields, ids });
        }
    }
}

/// Of these the events behind are those of the latest of each value only.
fn told_in_part(spec: &Spec) -> bool {
    matches!(spec.kind, "value_count" | "temporal")
}

#[derive(Debug, Clone)]
struct Step {
    pause: i64,
    delay: i64,
    rule: u8,
    user: u8,
    host: u8,
    value: u8,
    number: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..4 * SECOND, 0..=LATENESS, 0..6_u8, 0..2_u8, 0..2_u8, 0..4_u8, 0..10_u8).prop_map(
        |(pause, delay, rule, user, host, value, number)| {
            // Whole seconds are frequent: the ends of windows are where mistakes are.
            let round = |micros: i64| if micros % 3 == 0 { micros } else { micros / SECOND * SECOND };
            Step { pause: round(pause), delay: round(delay), rule: rule.min(3) % 3 + 1, user, host, value, number }
        },
    );
    proptest::collection::vec(step, 1..60)
}

/// The rules: `a`, `b`, `c`, correlation 0 over `a` and `b`, correlation 1 over that and `c`.
fn rules(specs: [Spec; 2], groups: [&str; 2]) -> RuleSet {
    let rule = |(id, value): (&str, u8)| {
        format!(
            "---\ntitle: {id}\nid: {id}\nlogsource: {{product: test}}\ndetection: {{s: {{e: {value}}}, condition: s}}\n"
        )
    };
    let mut text: String = [("a", 1), ("b", 2), ("c", 3)].map(rule).concat();
    text += &specs[0].yaml("0", "a, b", groups[0]);
    text += &specs[1].yaml("1", "'0', c", groups[1]);
    let set = RuleSet::load([("c.yml".to_owned(), text.trim_start_matches("---\n").to_owned())]);
    assert!(set.errors().is_empty(), "{:?}", set.errors());
    set
}

fn limits() -> Limits {
    Limits { lateness: std::time::Duration::from_micros(LATENESS as u64), ..Limits::default() }
}

/// Shows an event to a correlator and, with the same fields, to whatever else wants it.
fn show(
    rules: &RuleSet,
    step: &Step,
    time: i64,
    id: u64,
    mut to: impl FnMut(&[sigma::Match<'_>], &model::event::Event<'_>, Timestamp, u64),
) {
    let fields = json!({ "e": step.rule, "u": step.user, "w": step.host, "v": step.value, "n": step.number });
    let event = event("", &fields);
    to(&rules.matches(&event), &event, Timestamp::from_micros(time), id);
}

fn told(specs: &[Spec; 2], found: &CorrelationMatch<u64>) -> Fired {
    let correlation: usize = found.rule.id.parse().unwrap();
    let judged = found.measured.unwrap_or(found.count as f64).to_string();
    let told = specs[..=correlation].iter().all(|spec| !told_in_part(spec));
    let events = if told { found.events.clone() } else { Vec::new() };
    (correlation, found.group[0].1.clone(), judged, found.last.as_micros(), events)
}

/// Times of events: a clock that moves on, each event as late as it may be.
fn timed(steps: &[Step]) -> Vec<(i64, &Step)> {
    let mut clock = 1_000 * SECOND;
    let timed = steps.iter().map(|step| {
        clock += step.pause;
        (clock - step.delay, step)
    });
    timed.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn every_type_agrees_with_the_specification_read_word_by_word(
        below in 0..SPECS.len(), above in 0..SPECS.len(), carries: bool, steps in steps(), end in 0..40_i64,
    ) {
        let mut specs = [SPECS[below], SPECS[above]];
        // Fields of a correlation below are its group and what its events carry, not what is counted here.
        if !specs[1].field.is_empty() {
            specs[1].field = if specs[1].kind == "value_count" { "u" } else { "n" };
        }
        let groups = ["u", if carries && !specs[0].forgets() { "w" } else { "u" }];
        if specs[1].field == "n" {
            specs[1] = SPECS[above % 4];
        }
        let rules = rules(specs, groups);
        prop_assert!(!rules.is_only_correlated("a") && !rules.is_only_correlated("0"), "they generate");
        let mut correlator = Correlator::new(&rules, limits());
        let mut model =
            Model { specs, groups, now: i64::MIN, held: BTreeMap::new(), begun: 0, fired: Vec::new() };
        let mut fired: Vec<Fired> = Vec::new();
        let times = timed(&steps);
        for (id, (time, step)) in (0..).zip(&times) {
            show(&rules, step, *time, id, |matches, event, at, id| {
                let found = correlator.observe("p", at, matches, event, id);
                fired.extend(found.iter().map(|found| told(&specs, found)));
            });
            model.advance(*time);
            let texts = [("u", step.user), ("w", step.host), ("v", step.value), ("n", step.number)];
            let fields = texts.into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
            let (correlation, slot) = [(0, 0), (0, 1), (1, 1)][usize::from(step.rule) - 1];
            model.see(correlation, Seen { time: *time, slot, fields, ids: vec![id] });
            prop_assert_eq!(&fired, &model.fired, "after event {} at {}", id, time);
        }
        let end = times.last().unwrap().0 + end * SECOND;
        fired.extend(correlator.advance("p", Timestamp::from_micros(end)).iter().map(|found| told(&specs, found)));
        model.advance(end);
        prop_assert_eq!(&fired, &model.fired);
        let statistics = correlator.statistics();
        prop_assert_eq!((statistics.late_events, statistics.evicted_groups, statistics.forgotten_events), (0, 0, 0));
    }

    #[test]
    fn state_taken_up_from_its_parts_is_the_state_itself(
        below in 0..SPECS.len(), above in 0..4_usize, steps in steps(), cuts in proptest::collection::vec(0..8_u8, 60),
        groups in 1..6_usize, late in 1..20_i64,
    ) {
        let specs = [SPECS[below], SPECS[above]];
        let rules = rules(specs, ["u", "w"]);
        let other = self::rules([specs[0], SPECS[(above + 1) % 4]], ["u", "w"]);
        // Bounds are hit and events come later than they may: that must be the same as well.
        let limits = Limits { groups, events: 3 * groups, events_per_group: 4, samples: 3, ..limits() };
        let mut through = Correlator::new(&rules, limits);
        let mut broken = Correlator::new(&rules, limits);
        let mut parts: Vec<(u32, Vec<u8>)> = Vec::new();
        for (id, ((time, step), cut)) in (0..).zip(timed(&steps).into_iter().zip(cuts)) {
            let time = if step.value == 0 { time - late * SECOND } else { time };
            let partition = ["p", "q"][usize::from(step.host)];
            show(&rules, step, time, id, |matches, event, at, id| {
                let one = through.observe(partition, at, matches, event, id);
                let other = broken.observe(partition, at, matches, event, id);
                assert_eq!(one, other);
            });
            if cut == 0 {
                // Gone and back at once: nothing of the correlation that changed may be left.
                through.replace_rules(&other);
                through.replace_rules(&rules);
                broken.replace_rules(&other);
                broken.replace_rules(&rules);
            }
            if cut < 4 {
                let number = id as u32 + 1;
                let part = broken.part(number);
                parts.push((number, part.bytes));
                parts.retain(|(number, _)| *number >= part.oldest);
                let held = parts.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
                let restored = Correlator::restore(&rules, limits, held).unwrap();
                prop_assert!(restored == broken, "after event {}", id);
                prop_assert!(broken == restored, "after event {}: nothing more either", id);
                prop_assert!(parts.len() <= 66);
                if cut < 2 {
                    broken = restored;
                }
            }
        }
        prop_assert!(through == broken);
    }

    #[test]
    fn several_shares_together_give_what_one_gives(
        below in 0..SPECS.len(), above in 0..4_usize, steps in steps(), shares in 2..5_u32,
    ) {
        let specs = [SPECS[below], SPECS[above]];
        let rules = rules(specs, ["u", "w"]);
        let mut whole = Correlator::new(&rules, limits());
        let mut parts: Vec<_> =
            (0..shares).map(|index| Correlator::with_share(&rules, limits(), Share::new(index, shares))).collect();
        let sorted = |mut found: Vec<CorrelationMatch<u64>>| {
            found.sort_by_key(|found| format!("{found:?}"));
            found
        };
        for (id, (time, step)) in (0..).zip(timed(&steps)) {
            let partition = ["p", "q"][usize::from(step.host)];
            show(&rules, step, time, id, |matches, event, at, id| {
                let one = whole.observe(partition, at, matches, event, id);
                let each = parts.iter_mut().flat_map(|part| part.observe(partition, at, matches, event, id)).collect();
                assert_eq!(sorted(one), sorted(each));
            });
        }
        let held: u64 = parts.iter().map(|part| part.statistics().groups).sum();
        prop_assert_eq!(held, whole.statistics().groups);
        let each = parts.into_iter().flat_map(Correlator::end).collect();
        prop_assert_eq!(sorted(whole.end()), sorted(each));
    }
}
