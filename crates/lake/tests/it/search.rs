//! Random events and queries: memory, files and both together give what a naive reading of the query gives.

use std::collections::BTreeSet;

use model::event::Value;
use model::query::{Bound, EnvelopeField, FieldRef, Pattern, Piece, Query, Range, Test};
use model::search::{EventQuery, FieldFilter, FilterOp};
use model::{Context, TimeRange, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use crate::oracle;
use crate::world::{Made, NOON, World, always};

const CORE: &[&str] = &["source_ip", "destination_port", "user_name", "event_action", "dns_resolved_ip"];
const OWN: &[&str] = &["user_name_", "a.b", "f_x", "a\"b", "登录", "port"];
const TEXTS: &[&str] = &[
    "",
    "admin",
    "Admin",
    "ADMIN x",
    "10.0.0.1",
    "10.0.0.77",
    "FE80:0::1",
    "fe80::1",
    "Ärger",
    "ärger 登录失败",
    "443",
    "a%b_c",
    "true",
    "1.5",
];
const OPS: &[FilterOp] = &[
    FilterOp::Is,
    FilterOp::IsNot,
    FilterOp::Contains,
    FilterOp::StartsWith,
    FilterOp::Exists,
    FilterOp::Missing,
    FilterOp::InRange,
];

fn value() -> impl Strategy<Value = Value<'static>> {
    let scalar = prop_oneof![
        6 => select(TEXTS).prop_map(Value::from),
        2 => select(&[0i64, 22, 443, -7, i64::MAX][..]).prop_map(Value::Int),
        1 => select(&[1.5, 0.1 + 0.2, 1e300][..]).prop_map(Value::Float),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
    ];
    prop_oneof![5 => scalar.clone(), 1 => proptest::collection::vec(scalar, 0..4).prop_map(Value::List)]
}

#[derive(Debug, Clone)]
struct Sketch {
    customer: usize,
    device: usize,
    time: i64,
    source: &'static str,
    core: Vec<(&'static str, Value<'static>)>,
    fields: Vec<(&'static str, Value<'static>)>,
    raw: Vec<&'static str>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let hour = 3_600_000_000i64;
    let time = prop_oneof![
        20 => (0i64..40).prop_map(move |step| NOON + step * hour),
        1 => select(&[i64::MIN, -1, 0, 253_402_300_799_000_000, i64::MAX - 1][..]),
    ];
    let pairs = |names: &'static [&'static str]| {
        proptest::collection::vec((select(names), value()), 0..4).prop_map(|pairs| {
            let mut seen = BTreeSet::new();
            pairs.into_iter().filter(|(name, _)| seen.insert(*name)).collect::<Vec<_>>()
        })
    };
    let raw = proptest::collection::vec(select(TEXTS), 0..4);
    (0usize..2, 0usize..4, time, select(&["sshd", "nginx"][..]), pairs(CORE), pairs(OWN), raw).prop_map(
        |(customer, device, time, source, core, fields, raw)| Sketch {
            customer,
            device,
            time,
            source,
            core,
            fields,
            raw,
        },
    )
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let text = select(
        &[
            "admin",
            "adm",
            "in",
            "ADMIN x",
            "x",
            "10.0.0.1",
            "10.0.0.77",
            "10.",
            "ärger",
            "rger",
            "登",
            "录失",
            "登录",
            "443",
            "b_c",
            "%",
            "1.5",
        ][..],
    );
    let piece = prop_oneof![3 => text.prop_map(|text| Piece::Text(text.to_owned())), 1 => Just(Piece::Any), 1 => Just(Piece::One)];
    proptest::collection::vec(piece, 0..4).prop_map(Pattern::of)
}

fn test() -> impl Strategy<Value = Test> {
    let bounds = &[
        "1",
        "443",
        "1.5",
        "-7",
        "1e300",
        "10.0.0.1",
        "10.0.0.77",
        "fe80::1",
        "admin",
        "x",
        "9223372036854775807",
    ][..];
    let bound = move || {
        (select(bounds), any::<bool>()).prop_map(|(value, inclusive)| Bound { value: value.to_owned(), inclusive })
    };
    prop_oneof![
        1 => Just(Test::Exists),
        3 => select(TEXTS).prop_map(|text| Test::Is(text.to_owned())),
        2 => pattern().prop_map(Test::Like),
        1 => select(&["10.0.0.0/8", "10.0.0.0/26", "10.0.0.1/32", "0.0.0.0/0", "fe80::/10"][..]).prop_map(|net| Test::Within(net.parse().unwrap())),
        2 => (bound(), proptest::option::of(bound()), any::<bool>()).prop_map(|(one, other, swapped)| {
            let (low, high) = if swapped { (other, Some(one)) } else { (Some(one), other) };
            Test::Between(Range { low, high })
        }),
    ]
}

fn condition() -> impl Strategy<Value = Query> {
    let names: Vec<&'static str> =
        CORE.iter().chain(OWN).chain(&["absent", "source.ip", "user.name"]).copied().collect();
    let envelope = select(&[EnvelopeField::Device, EnvelopeField::Source, EnvelopeField::Customer][..]);
    let word = prop_oneof![
        Just(Test::Exists),
        select(&["SSHD", "x"][..]).prop_map(|text| Test::Is(text.to_owned())),
        select(&["s*d", "dev_*", "cus_*", "*0*"][..]).prop_map(|text| Test::Like(Pattern::of_word(text))),
    ];
    let instant = (0i64..40, any::<bool>(), any::<bool>()).prop_map(|(step, inclusive, low)| {
        let bound = Some(Bound { value: Timestamp::from_micros(NOON + step * 3_600_000_000).to_string(), inclusive });
        Test::Between(if low { Range { low: bound, high: None } } else { Range { low: None, high: bound } })
    });
    let leaf = prop_oneof![
        6 => (select(names), test()).prop_map(|(name, test)| Query::field(name, test)),
        1 => (envelope, word).prop_map(|(field, test)| Query::Field(FieldRef::Envelope(field), test)),
        1 => instant.prop_map(|test| Query::Field(FieldRef::Envelope(EnvelopeField::Time), test)),
        4 => pattern().prop_map(Query::Text),
    ];
    let tree = leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Query::all),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Query::any),
            inner.prop_map(Query::not),
        ]
    });
    prop_oneof![1 => Just(Query::All), 3 => tree]
}

fn filter() -> impl Strategy<Value = FieldFilter> {
    let names: Vec<&'static str> = CORE.iter().chain(OWN).chain(&["absent"]).copied().collect();
    (select(names), select(OPS), select(TEXTS)).prop_map(|(field, op, value)| {
        let value = if op == FilterOp::InRange { "10.0.0.0/26" } else { value };
        FieldFilter { field: field.to_owned(), op, value: value.to_owned() }
    })
}

#[derive(Debug, Clone)]
struct Question {
    everyone: bool,
    narrowed: bool,
    device: Option<usize>,
    source: Option<&'static str>,
    range: Option<(i64, i64)>,
    filters: Vec<FieldFilter>,
    condition: Query,
    text: &'static str,
    top: &'static str,
}

fn question() -> impl Strategy<Value = Question> {
    let hour = 3_600_000_000i64;
    let range = proptest::option::of((0i64..40, 1i64..30))
        .prop_map(move |range| range.map(|(from, length)| (NOON + from * hour, NOON + (from + length) * hour)));
    let text = select(&["", "", "admin", "\"admin x\" 10.0", "登录 ärger", "%"][..]);
    let names: Vec<&'static str> = CORE.iter().chain(OWN).copied().collect();
    (
        any::<bool>(),
        proptest::bool::weighted(0.2),
        proptest::option::weighted(0.2, 0usize..4),
        proptest::option::weighted(0.2, select(&["sshd", "nginx"][..])),
        range,
        proptest::collection::vec(filter(), 0..2),
        condition(),
        text,
        select(names),
    )
        .prop_map(|(everyone, narrowed, device, source, range, filters, condition, text, top)| Question {
            everyone,
            narrowed,
            device,
            source,
            range,
            filters,
            condition,
            text,
            top,
        })
}

impl Question {
    fn ask(&self, world: &World) -> (Context, EventQuery) {
        let mut query = always();
        if let Some((from, to)) = self.range {
            query.range = TimeRange { from: Timestamp::from_micros(from), to: Timestamp::from_micros(to) };
        }
        if self.narrowed {
            query.customers = vec![world.customers[1].clone()];
        }
        query.devices = self.device.map(|device| world.devices[device].clone()).into_iter().collect();
        query.sources = self.source.map(str::to_owned).into_iter().collect();
        query.filters = self.filters.clone();
        query.condition = self.condition.clone();
        query.text = self.text.to_owned();
        (if self.everyone { world.everyone() } else { world.owner(0) }, query)
    }
}

fn made(world: &World, sketches: &[Sketch]) -> Vec<Made> {
    let events = sketches.iter().enumerate().map(|(place, sketch)| {
        let mut event = world.event(sketch.customer, place as u64 + 1).at(sketch.time).raw(&sketch.raw.join(" "));
        event.envelope.device = world.devices[sketch.device].clone();
        event.source = sketch.source.to_owned();
        event.core = sketch.core.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        event.fields = sketch.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        event
    });
    events.collect()
}

async fn agrees(sketches: &[Sketch], flush_after: &[usize], questions: &[Question]) {
    let world = World::new().await;
    let events = made(&world, sketches);
    let mut from = 0;
    for place in flush_after {
        let to = (*place).clamp(from, events.len());
        world.append(&events[from..to]);
        world.lake.flush_all().await.unwrap();
        from = to;
    }
    for batch in events[from..].chunks(5) {
        world.append(batch);
    }
    let stored: Vec<_> = events.iter().map(Made::stored).collect();
    for question in questions {
        let (context, query) = question.ask(&world);
        let expected = oracle::search(&stored, &context, &query);
        let found = world.search_all(&context, &query, 7).await;
        assert_eq!(found, expected, "{query:?}");
        assert_eq!(world.lake.count(&context, &query).await.unwrap(), expected.len() as u64, "{query:?}");
        let top = world.lake.top_values(&context, &query, question.top, 100).await.unwrap();
        assert_eq!(top, oracle::top_values(&expected, question.top), "{} of {query:?}", question.top);
        let bars = world.lake.histogram(&context, &query, 24).await.unwrap();
        for (place, bar) in bars.iter().enumerate() {
            let end = bars.get(place + 1).map(|next| next.start);
            let inside = |time: Timestamp| bar.start <= time && end.is_none_or(|end| time < end);
            assert_eq!(bar.count, expected.iter().filter(|event| inside(event.time)).count() as i64, "{query:?}");
        }
    }
}

fn check(cases: u32, placements: impl Fn(usize) -> Vec<usize> + Clone) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    let input = (proptest::collection::vec(sketch(), 1..40), proptest::collection::vec(question(), 1..6));
    proptest::test_runner::TestRunner::new(config)
        .run(&input, |(sketches, questions)| {
            runtime.block_on(agrees(&sketches, &placements(sketches.len()), &questions));
            Ok(())
        })
        .unwrap();
}

#[test]
fn memory_alone_answers_as_a_naive_search_would() {
    check(24, |_| Vec::new());
}

#[test]
fn files_alone_answer_as_a_naive_search_would() {
    check(24, |events| vec![events / 3, events]);
}

#[test]
fn files_and_memory_together_answer_as_a_naive_search_would() {
    check(32, |events| vec![events / 4, events / 2]);
}
