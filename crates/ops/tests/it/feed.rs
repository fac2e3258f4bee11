//! A feed's life: fetched, filled in place, hunted for what is new, failing in words; TLP:RED is for its keepers.

use model::alert::{Alert, AlertOrigin};
use model::event::{Event, Value};
use model::intel::*;
use model::role::{Permission, Role};
use model::*;
use ops::{Brought, Error};

use crate::world::*;

fn data() -> FeedData {
    FeedData {
        name: "CERT".to_owned(),
        kind: FeedKind::Taxii,
        url: "https://feeds.example/taxii2/".to_owned(),
        collection: "c".to_owned(),
        enabled: true,
        interval_minutes: 60,
        confidence: 90,
        tlp: Tlp::Red,
        least_confidence: 0,
        expire_days: None,
        purpose: ListPurpose::Alarm,
        hunt_new: true,
        user: "user".to_owned(),
        columns: None,
    }
}

fn brought(texts: &[&str], place: &str) -> Brought {
    let indicators = texts.iter().map(|text| Indicator::parse(text).unwrap()).collect();
    let reading = ListReading { indicators, ..ListReading::default() };
    Brought { reading, withdrawn: Vec::new(), whole: true, place: place.to_owned() }
}

#[tokio::test]
async fn a_feed_fills_its_list_in_place_and_only_what_is_new_is_hunted() {
    let w = World::new().await;
    let ours = std::slice::from_ref(&w.ours);
    let feed = w.ops.add_feed(&job(1), data(), ours, Some("hunter2".to_owned())).await.unwrap();
    assert!(feed.has_secret && !serde_json::to_string(&feed).unwrap().contains("hunter2"));
    let due = w.ops.due_feeds(at(2), 5).await.unwrap().remove(0);
    assert_eq!((due.secret.as_deref(), due.place.as_str()), (Some("hunter2"), ""));

    let counts = w.ops.take_feed(&due.feed, brought(&["evil.example", "9.1.2.3"], "one"), at(3)).await.unwrap();
    assert_eq!((counts.new, counts.total), (2, 2));
    assert!(w.ops.due_feeds(at(4), 5).await.unwrap().is_empty());
    let list = w.ops.get_intel_list(&job(4), &feed.list).await.unwrap();
    assert_eq!((list.indicators(), list.feed.as_ref()), (2, Some(&feed.id)));
    let version = w.ops.intel_version(at(4)).await.unwrap();

    let again = w.ops.get_feed(&job(4), &feed.id).await.unwrap();
    w.ops.take_feed(&again, brought(&["evil.example", "9.1.2.3"], "two"), at(5)).await.unwrap();
    assert_eq!(w.ops.intel_version(at(5)).await.unwrap(), version, "what says the same changes nothing");
    w.ops.take_feed(&again, brought(&["evil.example", "new.example"], "three"), at(6)).await.unwrap();
    let after = w.ops.get_feed(&job(6), &feed.id).await.unwrap();
    assert_eq!((after.counts.new, after.counts.gone, after.counts.total), (1, 1, 2));
    let hunts = w.ops.list_retro_hunts(&job(6), Some(&feed.list), &PageRequest::default()).await.unwrap().items;
    let asked: Vec<_> = hunts.iter().map(|hunt| (hunt.indicators, hunt.added_since)).collect();
    assert_eq!(asked, [(1, Some(at(6))), (2, Some(at(3)))]);

    let index = w.ops.intel_index(at(7)).await.unwrap();
    let mut event = Event::unparsed("", at(7));
    event.core.push("dns_question_name", Value::from("a.new.example"));
    assert_eq!(index.observe(&w.ours, at(7), &event).len(), 1);
    assert!(index.observe(&w.theirs, at(7), &event).is_empty());

    let taken = w.ops.delete_intel_list(&job(8), &feed.list).await;
    assert!(matches!(taken, Err(Error::Invalid { .. })), "the feed is deleted, not its list: {taken:?}");
    w.ops.feed_failed(&after, "no answer came in time", at(9)).await.unwrap();
    let failed = w.ops.get_feed(&job(9), &feed.id).await.unwrap();
    assert_eq!((failed.state, failed.error.as_deref()), (FeedState::Failed, Some("no answer came in time")));
    assert_eq!(failed.counts.total, 2, "what it had brought stays");
    let moved = FeedData { url: "https://other.example/".to_owned(), ..data() };
    let moved = w.ops.update_feed(&job(10), &feed.id, failed.version, moved, None).await.unwrap();
    assert!(!moved.has_secret, "a secret is not sent to another host");
    w.ops.delete_feed(&job(11), &feed.id).await.unwrap();
    assert_eq!(w.ops.list_retro_hunts(&job(11), None, &PageRequest::default()).await.unwrap().items.len(), 2);
    assert!(w.ops.intel_index(at(12)).await.unwrap().observe(&w.ours, at(12), &event).is_empty());
}

#[tokio::test]
async fn who_may_not_change_intelligence_learns_of_a_red_source_only_that_there_is_one() {
    let w = World::new().await;
    let source = |name: &str, tlp| IntelSource {
        list: IntelListId::derived(at(0), &[name.as_bytes()]),
        name: name.to_owned(),
        source: String::new(),
        confidence: 50,
        tlp,
        note: None,
    };
    let intel = AlertIntel {
        kind: IndicatorKind::Domain,
        value: "evil.example".to_owned(),
        sources: vec![source("red", Tlp::Red), source("green", Tlp::Green)],
        withheld: 0,
    };
    let alert: Alert = w
        .alert(&w.ours, 10, |alert| {
            alert.origin = AlertOrigin::Intel;
            alert.intel = Some(Box::new(intel.clone()));
        })
        .await;
    for role in [Role::L1Analyst, Role::L2Engineer] {
        let actor = Actor::Job("test");
        let permissions = role.permissions().iter().copied().collect();
        let ctx = Context::authenticated(actor, Scope::one(w.ours.clone()), permissions, at(20));
        let may = ctx.require(Permission::IntelWrite).is_ok();
        let seen = w.ops.get_alert(&ctx, &alert.id).await.unwrap().intel.unwrap();
        let names: Vec<&str> = seen.sources.iter().map(|source| source.name.as_str()).collect();
        let listed = w.ops.list_alerts(&ctx, &ops::AlertFilter::default(), &PageRequest::default()).await.unwrap();
        assert_eq!(listed.items[0].intel.as_deref(), Some(&*seen));
        match may {
            true => assert_eq!((names, seen.withheld), (vec!["red", "green"], 0)),
            false => assert_eq!((names, seen.withheld), (vec!["green"], 1)),
        }
    }
}
