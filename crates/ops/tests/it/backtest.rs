//! A rule held against what is stored: how often, about what, on which days, and never beyond the caller's customers.

use model::role::Role;
use ops::{Backtest, Error};

use crate::world::*;

const MANY: &str = "---\ntitle: Many\nid: 3f1c7a52-7f0e-4a5e-9f0a-0c1f6f2a7b12\n\
    correlation: {type: event_count, rules: [failed], group-by: [SourceIP], timespan: 5m, condition: {gte: 3}}\nlevel: high\n";

const DAY: u64 = 86_400;

fn backtest(text: &str) -> Backtest {
    Backtest { rule: None, text: Some(text.into()), customers: Vec::new(), from: at(0), to: at(10 * DAY) }
}

#[tokio::test]
async fn a_rule_is_held_against_stored_records_by_customer_and_day() {
    let world = World::new().await;
    let mut last = None;
    for (customer, day, told) in [
        (&world.ours, 1, "Failed password for root"),
        (&world.ours, 1, "Failed password for li"),
        (&world.ours, 1, "Accepted password for li"),
        (&world.theirs, 2, "Failed password for root"),
        (&world.ours, 3, "Failed password for root"),
        (&world.ours, 30, "Failed password for root"),
    ] {
        let id = world.sign_in(customer, day * DAY, told);
        if day == 3 {
            last = Some(id);
        }
    }
    let result = world.ops.backtest(&job(0), &backtest(FAILED)).await.unwrap();
    assert_eq!((result.records, result.matched, result.fired, result.complete), (5, 4, 4, true));
    assert_eq!(result.sources, ["openssh_sshd"]);
    let mut days: Vec<_> = result.days.iter().map(|day| (&day.customer, day.fired)).collect();
    days.sort_by_key(|(customer, fired)| (*customer == &world.theirs, -*fired));
    assert_eq!(days, [(&world.ours, 2), (&world.ours, 1), (&world.theirs, 1)]);
    assert_eq!(result.things, 3, "one address on three days of two customers");
    assert_eq!((result.entities[0].value.as_str(), result.entities[0].fired), ("203.0.113.9", 4));
    assert_eq!(Some(result.samples[0].event), last, "the latest come first");
    assert_eq!(result.samples[0].matched, [("action".to_owned(), "logon-failed".to_owned())]);

    let only = Backtest { customers: vec![world.theirs.clone()], ..backtest(FAILED) };
    assert_eq!(world.ops.backtest(&job(0), &only).await.unwrap().fired, 1);
    let analyst = world.user("mei", Role::L1Analyst, &[&world.ours]).await;
    let theirs = world.ops.backtest(&acting(&analyst, 0), &backtest(FAILED)).await.unwrap();
    assert!(theirs.fired == 3 && theirs.days.iter().all(|day| day.customer == world.ours));
    assert!(world.audit_text().await.contains("event.backtest"), "a look at events is on record");
}

#[tokio::test]
async fn a_correlation_fires_in_the_time_of_the_records() {
    let world = World::new().await;
    for seconds in [100, 200, 300, 900, 1_900, 2_000, 2_050] {
        world.sign_in(&world.ours, seconds, "Failed password for root");
    }
    let result = world.ops.backtest(&job(0), &backtest(&format!("{FAILED}{MANY}"))).await.unwrap();
    assert!(result.mistakes.is_empty(), "{:?}", result.mistakes);
    assert_eq!((result.matched, result.fired, result.things), (7, 2, 1));
}

#[tokio::test]
async fn a_baseline_learns_from_the_first_half_and_judges_the_rest() {
    const USUAL: &str = "---\ntitle: New\nid: 4f1c7a52-7f0e-4a5e-9f0a-0c1f6f2a7b12\nlevel: low\n\
        baseline: {type: first_seen, rules: [failed], group-by: [source_ip], field: user_name, observations: 1}\n";
    let world = World::new().await;
    for (day, told) in [(1, "root"), (2, "ops"), (4, "root"), (7, "ops"), (7, "li"), (8, "li")] {
        world.sign_in(&world.ours, day * DAY, &format!("Failed password for {told}"));
        world.sign_in(&world.theirs, 8 * DAY, "Failed password for root");
    }
    let result = world.ops.backtest(&job(0), &backtest(&format!("{FAILED}{USUAL}"))).await.unwrap();
    assert!(result.mistakes.is_empty(), "{:?}", result.mistakes);
    assert_eq!((result.learned_until, result.matched, result.fired), (Some(at(5 * DAY)), 12, 1));
    assert_eq!(result.samples[0].time, at(7 * DAY));
    let plain = world.ops.backtest(&job(0), &backtest(FAILED)).await.unwrap();
    assert_eq!(plain.learned_until, None);
}

#[tokio::test]
async fn what_cannot_be_held_against_anything_says_why() {
    let world = World::new().await;
    let result = world.ops.backtest(&job(0), &backtest("title: x\nlogsource: {product: linux}\n")).await.unwrap();
    assert!(result.records == 0 && result.mistakes.len() == 1, "{:?}", result.mistakes);
    let nowhere = FAILED.replace("product: linux, service: sshd", "product: beos");
    let result = world.ops.backtest(&job(0), &backtest(&nowhere)).await.unwrap();
    assert!(result.mistakes.is_empty() && result.sources.is_empty() && result.records == 0);
    let both = Backtest { rule: Some("rule-1".into()), ..backtest(FAILED) };
    assert!(matches!(world.ops.backtest(&job(0), &both).await, Err(Error::Invalid { .. })));
    let unknown = Backtest { rule: Some("rule-9".into()), text: None, ..backtest(FAILED) };
    assert!(matches!(world.ops.backtest(&job(0), &unknown).await, Err(Error::NotFound("rule"))));
}
