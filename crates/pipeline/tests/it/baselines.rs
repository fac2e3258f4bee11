//! Baselines in the flow: what is learned outlives kills, departures become alerts with their reason, and a profile is
//! forgotten at a place in the log.

use std::sync::Arc;
use std::time::Duration;

use model::alert::{Alert, AlertOrigin, AlertState};
use model::baseline::Unusual;
use model::use_case::{Exception, ExceptionData, ExceptionTerm, TermOperator};
use model::{ExceptionId, Timestamp};
use pipeline::{Ruleset, Rulings};
use receive::Record;
use receive::wal::OsDisk;

use crate::world::{PATIENCE, Running, SECOND, World, now, rules};

const RULES: &str = "
title: Accepted
id: 11111111-1111-4111-8111-111111111111
logsource: {product: linux, service: sshd}
detection: {k: [Accepted password], condition: k}
---
title: Logon From A New Address
id: 22222222-2222-4222-8222-222222222222
level: medium
tags: [attack.t1078]
baseline:
    type: first_seen
    rules: [11111111-1111-4111-8111-111111111111]
    group-by: [user_name]
    field: source_ip
    learning: 14d
";

const RULE: &str = "22222222-2222-4222-8222-222222222222";
const DAY: Duration = Duration::from_secs(86_400);

async fn world() -> World {
    let world = World::new().await;
    let device = world.device(0, "web").await;
    world.token(&device, "some-token").await;
    world
}

/// A logon that came when it happened.
async fn logon(running: &Running, user: &str, address: &str, at: Timestamp) {
    let sender = running.pipeline.senders().by_token("some-token").unwrap();
    let time = at.to_chrono().format("%Y-%m-%dT%H:%M:%SZ");
    let line = format!("<38>1 {time} web01 sshd 42 - - Accepted password for {user} from {address} port 4242 ssh2");
    running.pipeline.intake().accept(&sender, vec![Record::from(line.into_bytes())], at).await.unwrap();
}

async fn start(world: &World, rules: Ruleset) -> Running {
    let mut config = world.config();
    config.flow.checkpoint_every = SECOND / 20;
    world.start_with(config, rules, Arc::new(OsDisk)).await.unwrap()
}

fn told(alerts: &[Alert]) -> Vec<(String, i64, String)> {
    let value = |alert: &Alert| match &alert.departure.as_ref().unwrap().reason {
        Unusual::FirstSeen { value, .. } => value.clone(),
        other => panic!("{other:?}"),
    };
    alerts.iter().map(|alert| (alert.key.clone(), alert.count, value(alert))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_outlives_kills_and_a_new_address_alarms_once_with_its_reason() {
    let world = world().await;
    let begin = now().minus(DAY * 40);
    for round in 0..5 {
        let running = start(&world, rules(RULES)).await;
        for day in round * 6..round * 6 + 6 {
            for user in ["zhang.wei", "li.na"] {
                logon(&running, user, &format!("10.1.2.{}", 3 + day % 3), begin.plus(DAY * day)).await;
            }
        }
        tokio::time::sleep(SECOND / 20 * round).await;
        running.pipeline.abort().await;
    }
    let running = start(&world, rules(RULES)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    assert!(world.alerts().await.is_empty(), "learning");
    let night = begin.plus(DAY * 30);
    for minute in 0..3 {
        logon(&running, "zhang.wei", "203.0.113.7", night.plus(Duration::from_secs(60 * minute))).await;
    }
    assert!(running.pipeline.settled(PATIENCE).await);
    running.pipeline.abort().await;
    let running = start(&world, rules(RULES)).await;
    logon(&running, "li.na", "203.0.113.8", night).await;
    assert!(running.pipeline.settled(PATIENCE).await);

    let alerts = world.alerts().await;
    let expected = [("user=li.na", 1, "203.0.113.8"), ("user=zhang.wei", 1, "203.0.113.7")];
    assert_eq!(told(&alerts), expected.map(|(key, count, value)| (key.to_owned(), count, value.to_owned())));
    let departure = alerts[1].departure.as_ref().unwrap();
    assert_eq!((alerts[1].origin, alerts[1].title.as_str()), (AlertOrigin::Baseline, "Logon From A New Address"));
    assert_eq!((departure.observations, departure.at.since(departure.since) / 86_400), (30, DAY * 30 / 86_400));
    let Unusual::FirstSeen { known, latest, .. } = &departure.reason else { panic!("{departure:?}") };
    assert_eq!((*known, latest[0].value.as_deref()), (3, Some("10.1.2.5")));
    assert!(alerts[1].samples[0].matched.iter().any(|field| field.value == "203.0.113.7"));

    let progress = running.pipeline.baseline_progress().await;
    assert_eq!((progress.len(), progress[0].groups, &progress[0].customer), (1, 2, &world.customers[0]));
    let group = || vec!["zhang.wei".to_owned()];
    let customer = || world.customers[0].clone();
    let profile = running.pipeline.group_profile(customer(), RULE.into(), group(), now()).await.unwrap();
    assert_eq!((profile.learned, profile.observations), (true, 33));
    assert_eq!(running.pipeline.latest_groups(customer(), RULE.into(), 1).await, [["li.na"]]);

    running.pipeline.forget_group(customer(), RULE.into(), group()).await.unwrap();
    logon(&running, "zhang.wei", "203.0.113.99", night.plus(DAY)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let after = running.pipeline.group_profile(customer(), RULE.into(), group(), now()).await.unwrap();
    assert_eq!((world.alerts().await.len(), after.observations), (2, 1), "forgotten: it learns anew");
    running.pipeline.abort().await;
    let running = start(&world, rules(RULES)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let again = running.pipeline.group_profile(customer(), RULE.into(), group(), now()).await.unwrap();
    assert_eq!(again, after, "a restart brings nothing back");
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_excepted_or_silent_is_learned_all_the_same() {
    let world = world().await;
    let term =
        ExceptionTerm { field: "source_ip".into(), operator: TermOperator::Is, values: vec!["203.0.113.7".into()] };
    let exception = Exception {
        id: ExceptionId::generate(now()),
        customer: None,
        data: ExceptionData {
            rule_id: RULE.into(),
            terms: vec![term],
            reason: "the branch office".into(),
            owner: None,
            expires: None,
            must_fire: Vec::new(),
        },
        created: now(),
        version: 1,
        hits: 0,
        last_hit: None,
    };
    let set = rules(RULES);
    let rulings = Rulings::new(Vec::new(), &[exception]);
    let running = start(&world, Ruleset { rules: set.rules, rulings: Arc::new(rulings) }).await;
    let begin = now().minus(DAY * 40);
    for day in 0..20 {
        logon(&running, "zhang.wei", "10.1.2.3", begin.plus(DAY * day)).await;
    }
    logon(&running, "zhang.wei", "203.0.113.7", begin.plus(DAY * 20)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    assert!(world.alerts().await.is_empty(), "excepted");
    running.pipeline.set_rules(rules(RULES)).await.unwrap();
    logon(&running, "zhang.wei", "203.0.113.7", begin.plus(DAY * 21)).await;
    logon(&running, "zhang.wei", "203.0.113.9", begin.plus(DAY * 21)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let alerts = world.alerts().await;
    assert_eq!(told(&alerts), [("user=zhang.wei".to_owned(), 1, "203.0.113.9".to_owned())]);
    assert_eq!(alerts[0].state, AlertState::New);
    running.pipeline.drain(PATIENCE).await.unwrap();
}
