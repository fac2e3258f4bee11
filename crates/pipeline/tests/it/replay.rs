//! Kills and restarts: events and alert counts come out exact.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::alert::{Alert, AlertState};
use model::funnel::EventCounts;
use model::use_case::{
    Exception, ExceptionData, ExceptionTerm, Release, TermOperator, UseCase, UseCaseData, UseCaseState,
};
use model::{Context, ExceptionId, PageRequest, Scope, Severity, TimeRange};
use pipeline::{PipelineConfig, Ruleset, Rulings};
use receive::wal::{Disk, OsDisk};
use receive::{Record, import_file};
use store::AlertFilter;

use crate::forgetful_disk::ForgetfulDisk;
use crate::world::{PATIENCE, Running, SECOND, World, eventually, failed_logon, now, rules};

const RULE: &str = "
title: Failed logon over SSH
id: 11111111-1111-4111-8111-111111111111
logsource: {product: linux, service: sshd}
detection: {selection: {event_action: logon-failed}, condition: selection}
";

/// Two addresses in turn.
fn logons(range: std::ops::Range<usize>) -> Vec<Record> {
    let line = |number: usize| failed_logon(["203.0.113.1", "203.0.113.2"][number % 2], number);
    range.map(|number| Record::from(line(number).into_bytes())).collect()
}

async fn put(running: &Running, records: Vec<Record>) {
    let sender = running.pipeline.senders().by_token("some-token").unwrap();
    for part in records.chunks(7) {
        running.pipeline.intake().accept(&sender, part.to_vec(), now()).await.unwrap();
    }
}

async fn world() -> World {
    let world = World::new().await;
    let device = world.device(0, "web").await;
    world.token(&device, "some-token").await;
    world
}

fn counts(alerts: &[Alert]) -> Vec<(String, i64)> {
    alerts.iter().map(|alert| (format!("{} {}", &alert.rule_id[..4], alert.key), alert.count)).collect()
}

/// Every round is killed at another moment: before, during and after commits, checkpoints and flushes.
#[tokio::test(flavor = "multi_thread")]
async fn after_kills_at_any_moment_every_event_is_there_once_and_every_alert_counts_right() {
    let world = world().await;
    let config = || {
        let mut config = world.config();
        config.flow.checkpoint_every = SECOND / 20;
        config.receive.wal.segment_bytes = 64 << 10;
        config.receive.wal.group_bytes = 16 << 10;
        config.receive.wal.keep_records = 0;
        config
    };
    let (rounds, each) = (8, 140);
    for round in 0..rounds {
        let running = world.start(config()).await;
        put(&running, logons(round * each..(round + 1) * each)).await;
        if round % 3 == 1 {
            running.lake.flush_all().await.unwrap();
        }
        tokio::time::sleep(SECOND / 25 * round as u32).await;
        running.pipeline.abort().await;
    }
    let running = world.start(config()).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let total = rounds * each;
    assert_eq!(running.wait_for_events(&world.customers[0], total).await, total);
    let mut ids: Vec<_> = running.events(&world.customers[0]).await.into_iter().map(|event| event.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), total);
    let half = total as i64 / 2;
    assert_eq!(
        counts(&world.alerts().await),
        [
            ("1111 source_address=203.0.113.1".to_owned(), half),
            ("1111 source_address=203.0.113.2".to_owned(), half),
            ("2222 source_address=203.0.113.1".to_owned(), half / 5),
            ("2222 source_address=203.0.113.2".to_owned(), half / 5),
        ]
    );
    let mut tx = world.store.read(&crate::world::everybody()).await.unwrap();
    let device = tx.list_all_devices().await.unwrap().remove(0);
    assert_eq!(device.event_count, total as i64);
    drop(tx);
    running.pipeline.drain(PATIENCE).await.unwrap();
    let start = model::Timestamp::from_micros(0);
    let mut tx = world.store.read(&crate::world::everybody()).await.unwrap();
    for step in [model::device_health::FINE, model::device_health::HOUR] {
        let buckets = tx.device_activity(&device.id, step, start).await.unwrap();
        let counted: i64 = buckets.iter().map(|(_, activity)| activity.events).sum();
        assert_eq!(counted, total as i64, "each event is in one bucket, once");
    }
    let sources = tx.device_sources(&device.id, start).await.unwrap();
    assert_eq!((sources[0].source.as_str(), sources[0].events), ("openssh_sshd", total as i64));
    let lags: i64 = tx.device_lag(&device.id, start).await.unwrap().iter().map(|lag| lag.events).sum();
    assert_eq!(lags, total as i64);
    let ever = TimeRange { from: start, to: now().plus(SECOND) };
    let mut funnel = EventCounts::default();
    tx.event_counts(None, ever).await.unwrap().iter().for_each(|(_, _, hour)| funnel.add(hour));
    let detections = world.alerts().await.iter().map(|alert| alert.count).sum();
    let expected = EventCounts { events: total as i64, detections, ..EventCounts::default() };
    assert_eq!(funnel, expected, "the funnel counts each event and each detection once");
    drop(tx);

    let after = world.start(config()).await;
    assert!(after.pipeline.settled(PATIENCE).await);
    assert_eq!(after.events(&world.customers[0]).await.len(), total, "an orderly stop replays nothing twice");
    assert!(after.pipeline.stats().receive.wal_first > 1, "the log was trimmed");
    after.pipeline.drain(PATIENCE).await.unwrap();
}

/// What was accepted before the change is parsed as before, what comes after it by the new sources; no restart between.
#[tokio::test(flavor = "multi_thread")]
async fn changed_parsers_take_over_at_a_place_in_the_log() {
    let world = world().await;
    let running = world.start(world.config()).await;
    let line = |number: usize| Record::from(format!("acme user=u{number}").into_bytes());
    put(&running, (0..10).map(line).collect()).await;
    let mut texts = formats::Sources::embedded_texts();
    texts.retain(|name, _| name == "openssh_sshd");
    let own = "vendor = \"Acme\"\nproduct = \"Box\"\n[[variant]]\nrecognise.starts_with = [\"acme \"]\n[[variant.step]]\ntype = \"key_value\"\n[core]\nuser_name = \"user\"\n";
    texts.insert("acme_box".to_owned(), own.to_owned());
    let sources = formats::Sources::from_texts(texts).unwrap();
    running.pipeline.set_parser(formats::Parser::new(Arc::new(sources))).await.unwrap();
    put(&running, (10..25).map(line).collect()).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    assert_eq!(running.wait_for_events(&world.customers[0], 25).await, 25);
    let events = running.events(&world.customers[0]).await;
    let of = |source: &str| events.iter().filter(|event| event.source == source).count();
    assert_eq!((of("acme_box"), of("unparsed") + of("key_value")), (15, 10));
    assert!(events.iter().any(|event| event.core.get("user_name").is_some_and(|name| name == "u24")));
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_lives_long_does_not_begin_at_the_same_place_every_time() {
    let world = world().await;
    let running = world.start(world.config()).await;
    put(&running, logons(0..70)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    running.lake.flush_all().await.unwrap();
    // Long before the usual time of a checkpoint.
    tokio::time::sleep(SECOND * 6).await;
    running.pipeline.abort().await;
    let running = world.start(world.config()).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    let stats = running.pipeline.stats();
    assert_eq!(stats.parsed + stats.unparsed, 0, "nothing of the log is read a second time");
    running.pipeline.abort().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_keeps_what_was_accepted_and_a_missing_sync_is_noticed() {
    for (synced, kept) in [(true, 70), (false, 0)] {
        let world = world().await;
        let disk = ForgetfulDisk::default();
        let start = async |config: PipelineConfig| {
            let disk: Arc<dyn Disk> = Arc::new(disk.clone());
            std::fs::create_dir_all(&config.receive.dir).unwrap();
            world.start_with(config, rules(RULE), disk).await
        };
        let mut config = world.config();
        // Nothing reaches lake or store by itself: only the log stands for what was accepted.
        config.flow.commit_every = SECOND * 3600;
        config.flow.position_every = SECOND * 3600;
        let running = start(config.clone()).await.unwrap();
        disk.faults.skip_file_sync.store(!synced, Ordering::SeqCst);
        put(&running, logons(0..70)).await;
        running.pipeline.abort().await;
        disk.cut_power(0);
        disk.faults.skip_file_sync.store(false, Ordering::SeqCst);
        let running = start(world.config()).await.unwrap();
        assert!(running.pipeline.settled(PATIENCE).await);
        assert_eq!(running.events(&world.customers[0]).await.len(), kept, "synced: {synced}");
        assert_eq!(world.alerts().await.iter().map(|alert| alert.count).sum::<i64>(), kept as i64);
        running.pipeline.abort().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_stops_intake_with_a_reason() {
    let world = world().await;
    let disk = ForgetfulDisk::default();
    let config = world.config();
    std::fs::create_dir_all(&config.receive.dir).unwrap();
    let running = world.start_with(config, rules(RULE), Arc::new(disk.clone())).await.unwrap();
    put(&running, logons(0..7)).await;
    disk.faults.fail_sync.store(true, Ordering::SeqCst);
    let sender = running.pipeline.senders().by_token("some-token").unwrap();
    for _ in 0..2 {
        let refused = running.pipeline.intake().accept(&sender, logons(7..14), now()).await.unwrap_err();
        assert!(matches!(refused, receive::IntakeError::Poisoned(_)), "{refused}");
    }
    assert!(running.pipeline.stats().receive.stopped.is_some_and(|why| why.contains("input/output error")));
    assert!(matches!(running.pipeline.drain(PATIENCE).await, Err(pipeline::Error::Stopped(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_older_than_what_was_stored_from_it_is_refused() {
    let world = world().await;
    let running = world.start(world.config()).await;
    put(&running, logons(0..7)).await;
    running.pipeline.drain(PATIENCE).await.unwrap();
    let old = world.path("old");
    copy(&world.path("wal"), &old);
    let running = world.start(world.config()).await;
    put(&running, logons(7..14)).await;
    running.pipeline.drain(PATIENCE).await.unwrap();

    let mut config = world.config();
    config.receive.dir = old;
    let refused = world.start_with(config, rules(RULE), Arc::new(OsDisk)).await.err().unwrap();
    assert!(matches!(refused, pipeline::Error::LogBehind { .. }), "{refused}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rules_judge_what_comes_after_them_and_nothing_before() {
    let world = world().await;
    let nothing = rules(&RULE.replace("logon-failed", "no such action").replace("1111", "9999"));
    let running = world.start_with(world.config(), nothing, Arc::new(OsDisk)).await.unwrap();
    put(&running, logons(0..10)).await;
    running.pipeline.set_rules(rules(RULE)).await.unwrap();
    put(&running, logons(10..30)).await;
    assert!(running.pipeline.settled(PATIENCE).await);
    assert_eq!(world.alerts().await.iter().map(|alert| alert.count).sum::<i64>(), 20);
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_decide_about_a_rule_holds_from_there_on_for_whom_it_was_decided() {
    let world = world().await;
    let device = world.device(1, "their web").await;
    world.token(&device, "their-token").await;
    let running = world.start_with(world.config(), rules(RULE), Arc::new(OsDisk)).await.unwrap();
    let both = async || {
        put(&running, logons(0..10)).await;
        let theirs = running.pipeline.senders().by_token("their-token").unwrap();
        running.pipeline.intake().accept(&theirs, logons(0..10), now()).await.unwrap();
    };
    let use_case = |data: UseCaseData, customers: &[(usize, Release)]| UseCase {
        id: "11111111-1111-4111-8111-111111111111".into(),
        data,
        customers: customers.iter().map(|(place, release)| (world.customers[*place].clone(), *release)).collect(),
        live_since: None,
        changed_by: None,
        created: now(),
        changed: now(),
        version: 1,
    };
    let context = Context::job("test", Scope::All, now());
    let mut tx = world.store.write(&context).await.unwrap();
    let data = ExceptionData {
        rule_id: "11111111-1111-4111-8111-111111111111".into(),
        terms: vec![ExceptionTerm {
            field: "source_ip".into(),
            operator: TermOperator::InNetwork,
            values: vec!["203.0.113.1/32".into()],
        }],
        reason: "a scanner".into(),
        owner: None,
        expires: None,
        must_fire: Vec::new(),
    };
    let exception = tx.create_exception(&ExceptionId::generate(now()), Some(&world.customers[0]), &data).await.unwrap();
    tx.commit().await.unwrap();
    let ruled = async |use_cases: Vec<UseCase>, exceptions: &[Exception]| {
        let rulings = Arc::new(Rulings::new(use_cases, exceptions));
        running.pipeline.set_rules(Ruleset { rulings, ..rules(RULE) }).await.unwrap();
    };

    both().await;
    let severe = UseCaseData { severity: Some(Severity::Critical), ..UseCaseData::default() };
    ruled(vec![use_case(severe, &[(0, Release::Silent)])], &[]).await;
    both().await;
    ruled(vec![use_case(UseCaseData::default(), &[(1, Release::Off)])], std::slice::from_ref(&exception)).await;
    both().await;
    let over = Exception { data: ExceptionData { expires: Some(now()), ..data }, ..exception.clone() };
    let retired = UseCaseData { state: UseCaseState::Test, ..UseCaseData::default() };
    ruled(vec![use_case(retired, &[])], &[over]).await;
    both().await;
    assert!(running.pipeline.settled(PATIENCE).await);

    let mut tx = world.store.read(&context).await.unwrap();
    let mut count = async |customer: usize, state: AlertState| {
        let customers = vec![world.customers[customer].clone()];
        tx.count_detections(&AlertFilter { customers, states: vec![state], ..AlertFilter::default() }).await.unwrap()
    };
    // Loud, silent, half of it excepted, in test.
    assert_eq!((count(0, AlertState::New).await, count(0, AlertState::Silent).await), (10 + 5, 10 + 10));
    // Loud, loud, off, in test.
    assert_eq!((count(1, AlertState::New).await, count(1, AlertState::Silent).await), (10 + 10, 10));
    assert_eq!(tx.count_alerts(&AlertFilter::default()).await.unwrap(), 4, "silent ones only when named");
    assert_eq!(tx.get_exception(&exception.id).await.unwrap().hits, 5);
    let loud = tx.list_alerts(&AlertFilter::default(), &PageRequest::default()).await.unwrap().items;
    let critical = loud.iter().filter(|alert| alert.severity == Severity::Critical).count();
    assert_eq!(critical, 2, "theirs, which went on growing");
    drop(tx);
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_as_its_device_and_a_devices_own_alarm_becomes_an_alert() {
    let world = world().await;
    let running = world.start(world.config()).await;
    let path = world.path("import.log");
    let cef = "<134>1 - - - - - - CEF:0|Vendor|NDR|1|100|Webshell upload|9|src=203.0.113.7 dst=10.0.0.1 act=blocked";
    std::fs::write(&path, format!("{}\n{cef}\nnot anything known\n", failed_logon("203.0.113.1", 1))).unwrap();
    let sender = running.pipeline.senders().by_token("some-token").unwrap();
    let imported = import_file(&path, &sender, &running.pipeline.intake(), now()).await.unwrap();
    assert_eq!((imported.records, imported.damaged), (3, 0));
    assert_eq!(running.wait_for_events(&world.customers[0], 3).await, 3);
    eventually("alerts", async || world.alerts().await.len() >= 2).await;
    let alerts = world.alerts().await;
    let alarm = alerts.iter().find(|alert| alert.rule_id.contains(':')).unwrap();
    assert_eq!((alarm.title.as_str(), alarm.key.as_str()), ("Webshell upload", "source_address=203.0.113.7"));
    assert!(import_file(Path::new("/no/such/file"), &sender, &running.pipeline.intake(), now()).await.is_err());
    running.pipeline.drain(PATIENCE).await.unwrap();
}
