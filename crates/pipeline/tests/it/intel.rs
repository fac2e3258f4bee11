//! Indicators in the flow: alerts of the host that met one, walls between customers, lists changed while it runs, and the
//! same verdicts as the hunt through history.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::intel::{Index, IndexBuilder, ListScope, Warnings};
use lake::{HuntWatch, Target};
use model::alert::{Alert, AlertOrigin};
use model::intel::{Indicator, IndicatorKind, Tlp};
use model::use_case::{Exception, ExceptionData, ExceptionTerm, Release, TermOperator, UseCase};
use model::{CustomerId, ExceptionId, IntelListId, Severity, TimeRange, Timestamp};
use pipeline::{Ruleset, Rulings};
use receive::Record;

use crate::world::{PATIENCE, Running, World, everybody, failed_logon, now};

fn index(name: &str, customer: Option<&CustomerId>, indicators: &[Indicator]) -> Arc<Index> {
    let mut builder = IndexBuilder::new(Warnings::built_in(now()), now());
    let list = builder.list(ListScope {
        id: IntelListId::derived(Timestamp::from_micros(0), &[name.as_bytes()]),
        name: name.to_owned(),
        source: "CERT".to_owned(),
        customers: customer.map(|customer| [customer.clone()].into()),
        confidence: 80,
        tlp: Tlp::Amber,
        expires: None,
        least_confidence: 0,
        version: 1,
    });
    for indicator in indicators {
        builder.add(list, indicator);
    }
    Arc::new(builder.build())
}

fn read(texts: &[&str]) -> Vec<Indicator> {
    texts.iter().map(|text| Indicator::parse(text).unwrap()).collect()
}

async fn world() -> World {
    let world = World::new().await;
    for (customer, token) in [(0, "some-token"), (1, "other-token")] {
        let device = world.device(customer, "web").await;
        world.token(&device, token).await;
    }
    world
}

async fn put(running: &Running, token: &str, lines: &[String]) {
    let sender = running.pipeline.senders().by_token(token).unwrap();
    for part in lines.chunks(50) {
        let records = part.iter().map(|line| Record::from(line.clone().into_bytes())).collect();
        running.pipeline.intake().accept(&sender, records, now()).await.unwrap();
    }
}

async fn of_intel(world: &World) -> Vec<Alert> {
    let mut alerts = world.alerts().await;
    alerts.retain(|alert| alert.origin == AlertOrigin::Intel);
    alerts
}

#[tokio::test(flavor = "multi_thread")]
async fn an_indicator_on_a_host_is_one_alert_that_says_who_names_it_and_only_at_its_lists_customer() {
    let world = world().await;
    *world.intel.lock().unwrap() = index("CERT list", Some(&world.customers[0]), &read(&["9.1.2.3", "8.8.8.8"]));
    let running = world.start(world.config()).await;
    for token in ["some-token", "other-token"] {
        let lines: Vec<String> = (0..5).map(|number| failed_logon("9.1.2.3", number)).collect();
        put(&running, token, &lines).await;
        put(&running, token, &[failed_logon("8.8.8.8", 1), failed_logon("9.1.2.4", 1)]).await;
    }
    assert!(running.pipeline.settled(PATIENCE).await);
    let alerts = of_intel(&world).await;
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    let alert = &alerts[0];
    assert_eq!((&alert.customer, alert.count, alert.severity), (&world.customers[0], 5, Severity::High));
    assert_eq!((alert.rule_id.as_str(), alert.key.as_str()), ("intel:address:9.1.2.3", "host=web01"));
    let matched = &alert.samples[0].matched[0];
    assert_eq!((matched.field.as_str(), matched.value.as_str()), ("source_ip", "9.1.2.3"));
    let intel = alert.intel.as_ref().unwrap();
    assert_eq!((intel.kind, intel.value.as_str()), (IndicatorKind::Address, "9.1.2.3"));
    let source = &intel.sources[0];
    assert_eq!((source.name.as_str(), source.confidence, source.tlp), ("CERT list", 80, Tlp::Amber));
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_indicator_is_silenced_and_excepted_from_like_a_rule() {
    let world = world().await;
    *world.intel.lock().unwrap() = index("list", None, &read(&["9.1.2.3"]));
    let running = world.start(world.config()).await;
    let exception = Exception {
        id: ExceptionId::generate(now()),
        customer: None,
        data: ExceptionData {
            rule_id: "intel:address:9.1.2.3".into(),
            terms: vec![ExceptionTerm {
                field: "host_name".into(),
                operator: TermOperator::Is,
                values: vec!["web01".into()],
            }],
            reason: "our own probe".into(),
            owner: None,
            expires: None,
            must_fire: Vec::new(),
        },
        hits: 0,
        last_hit: None,
        created: now(),
        version: 1,
    };
    let off = UseCase {
        customers: [(world.customers[0].clone(), Release::Off)].into(),
        ..UseCase::undecided("intel:address:9.1.2.3")
    };
    for rulings in [Rulings::new(vec![off], &[]), Rulings::new(Vec::new(), &[exception])] {
        running.pipeline.set_rules(Ruleset { rulings: Arc::new(rulings), ..Ruleset::default() }).await.unwrap();
        put(&running, "some-token", &[failed_logon("9.1.2.3", 1)]).await;
    }
    assert!(running.pipeline.settled(PATIENCE).await);
    assert!(of_intel(&world).await.is_empty());
    running.pipeline.set_rules(Ruleset::default()).await.unwrap();
    put(&running, "some-token", &[failed_logon("9.1.2.3", 2)]).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    assert_eq!(of_intel(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_lists_take_over_at_a_place_in_the_log_and_a_kill_changes_no_verdict() {
    let world = world().await;
    let lines = |from: usize, to: usize| -> Vec<String> {
        (from..to).map(|number| failed_logon(["9.1.2.3", "9.1.2.4"][number % 2], number)).collect()
    };
    let mut config = world.config();
    config.flow.checkpoint_every = PATIENCE;
    let running = world.start(config.clone()).await;
    put(&running, "some-token", &lines(0, 40)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let one = index("one", None, &read(&["9.1.2.3"]));
    running.pipeline.set_intel(one.clone()).await.unwrap();
    put(&running, "some-token", &lines(40, 100)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let both = index("both", None, &read(&["9.1.2.3", "9.1.2.0/24"]));
    running.pipeline.set_intel(both.clone()).await.unwrap();
    put(&running, "some-token", &lines(100, 140)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let counts = async || -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for alert in of_intel(&world).await {
            *counts.entry(alert.rule_id).or_default() += alert.count;
        }
        counts
    };
    let expected = BTreeMap::from([("intel:address:9.1.2.3".to_owned(), 50), ("intel:cidr:9.1.2.0/24".to_owned(), 40)]);
    assert_eq!(counts().await, expected);
    *world.intel.lock().unwrap() = both;
    for _ in 0..3 {
        running.pipeline.abort().await;
        let running = world.start(config.clone()).await;
        assert!(running.pipeline.settled(PATIENCE).await);
        assert_eq!(counts().await, expected, "what was judged stays judged");
        running.pipeline.abort().await;
    }
    let running = world.start(config).await;
    put(&running, "some-token", &lines(140, 160)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let after: i64 = counts().await.values().sum();
    assert_eq!(after, 120);
    running.pipeline.drain(PATIENCE).await.unwrap();
}

/// Records of a proxy, a resolver, a firewall and a mail gateway.
fn traffic(number: usize) -> String {
    let pick = |from: &[&'static str], turn: usize| from[(number / turn) % from.len()];
    let host = pick(&["evil.example", "a.b.evil.example", "notevil.example", "good.example", "9.1.2.9"], 1);
    let address = pick(&["9.1.2.3", "9.1.3.7", "9.9.9.9", "2a01:db8::1", "10.0.0.8"], 3);
    let path = pick(&["/x", "/x?id=1", "/y", "/"], 5);
    let hash = pick(&["0123456789ABCDEF0123456789abcdef", "00000000000000000000000000000000"], 7);
    format!(
        "<134>1 - - - - - - CEF:0|Vendor|Proxy|1|100|request|1|src=10.0.0.{} dst={address} dhost={host} \
         request=http://{host}{path} fileHash={hash} suser=eve@evil.example",
        number % 5
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_alarms_live_is_what_the_hunt_finds_in_the_same_events_afterwards() {
    let world = world().await;
    let indicators = read(&[
        "evil.example",
        "9.1.2.0/24",
        "9.1.3.7",
        "2a01:db8::/32",
        "http://good.example/x",
        "http://notevil.example/x?id=1",
        "0123456789abcdef0123456789abcdef",
        "good.example",
        "never.example",
    ]);
    *world.intel.lock().unwrap() = index("list", None, &indicators);
    let running = world.start(world.config()).await;
    let lines: Vec<String> = (0..420).map(traffic).collect();
    put(&running, "some-token", &lines).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let mut live: BTreeMap<String, i64> = BTreeMap::new();
    for alert in of_intel(&world).await {
        *live.entry(alert.intel.unwrap().value).or_default() += alert.count;
    }
    for flushed in [false, true] {
        if flushed {
            running.lake.flush_all().await.unwrap();
        }
        let (from, to) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        let watch = Arc::new(HuntWatch::default());
        let target = Arc::new(Target::of(indicators.clone()));
        let range = TimeRange { from, to };
        let found = running.lake.hunt(&everybody(), target, &[], range, watch.clone()).await.unwrap();
        let hunted = found.read(watch).await.unwrap().hunted();
        let history: BTreeMap<String, i64> = hunted
            .sightings
            .iter()
            .map(|seen| (indicators[seen.indicator as usize].value.to_string(), seen.count as i64))
            .collect();
        assert_eq!(live, history, "flushed: {flushed}");
    }
    assert!(live.len() >= 5, "{live:?}");
    running.pipeline.drain(PATIENCE).await.unwrap();
}
