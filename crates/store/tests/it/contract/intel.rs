use model::intel::{
    FeedCounts, FeedData, FeedKind, FeedState, Hit, HitSample, Indicator, IntelListData, ListPurpose, ListReading,
    RetroHunt, RetroHuntProgress, RetroHuntState, Tlp, read_list,
};
use model::{CustomerId, EventId, FeedId, HitId, IntelListId, PageRequest, RetroHuntId, TimeRange};
use store::{Error, FeedOutcome, FeedSecret, HitFilter, RetroHuntOutcome};

use crate::builders::*;
use crate::fixture::Fixture;

fn data(name: &str) -> IntelListData {
    IntelListData {
        name: name.to_owned(),
        source: "CERT".to_owned(),
        description: String::new(),
        confidence: 80,
        tlp: Tlp::Green,
        expires: Some(at(100)),
        purpose: ListPurpose::Alarm,
        least_confidence: 0,
        hunt_new: true,
    }
}

fn reading() -> ListReading {
    read_list(b"evil.example\n203.0.113.0/24\nnothing at all\nevil.example\n", 10)
}

async fn list(fixture: &Fixture, name: &str, customers: Option<&[CustomerId]>) -> IntelListId {
    let id = IntelListId::generate(at(1));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_intel_list(&id, customers, &data(name), &reading()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn hunt(list: &IntelListId, customers: Option<Vec<CustomerId>>) -> RetroHunt {
    RetroHunt {
        id: RetroHuntId::generate(at(2)),
        list: list.clone(),
        list_name: "a list".to_owned(),
        indicators: 2,
        customers,
        range: Some(TimeRange { from: at(0), to: at(50) }),
        added_since: None,
        asked_by: "job:test".to_owned(),
        state: RetroHuntState::Queued,
        progress: RetroHuntProgress::default(),
        hits: 0,
        more: false,
        error: None,
        created: at(2),
        started: None,
        finished: None,
    }
}

fn hit(hunt: &RetroHunt, customer: &CustomerId, value: &str, last: u64) -> Hit {
    let event = EventId { log: 1, shard: 0, sequence: last };
    Hit {
        id: HitId::derived(at(2), &[customer.as_str().as_bytes(), value.as_bytes()]),
        hunt: hunt.id.clone(),
        customer: customer.clone(),
        indicator: Indicator::parse(value).unwrap(),
        first: at(1),
        last: at(last),
        count: 7,
        exact: true,
        samples: vec![HitSample { id: event, time: at(last), field: "dns_question_name".into(), value: value.into() }],
    }
}

pub async fn a_list_is_read_back_changed_on_its_version_and_seen_by_its_customers(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (global, acmes) =
        (list(&fixture, "Global", None).await, list(&fixture, "Acme", Some(std::slice::from_ref(&acme))).await);
    let both = list(&fixture, "Both", Some(&[acme.clone(), bolt.clone()])).await;
    let mut tx = fixture.write(&only(&acme)).await;
    let read = tx.get_intel_list(&acmes).await.unwrap();
    assert_eq!((read.customers.as_deref(), &read.data), (Some(std::slice::from_ref(&acme)), &data("Acme")));
    assert_eq!((read.indicators(), read.duplicates, read.unread), (2, 1, 1));
    assert_eq!(tx.intel_list_unread(&acmes).await.unwrap()[0].line, 3);
    assert_eq!(tx.intel_list_indicators(&acmes).await.unwrap(), reading().indicators);
    assert_eq!(tx.intel_list_part(&acmes, 1).await.unwrap(), []);
    let page = tx.list_intel_lists(None, &PageRequest::new(2, None)).await.unwrap();
    let rest = tx.list_intel_lists(None, &PageRequest::new(2, page.next)).await.unwrap();
    assert_eq!(page.items.len() + rest.items.len(), 3);
    assert_eq!(tx.list_intel_lists(Some("acm"), &PageRequest::default()).await.unwrap().items.len(), 1);
    assert_eq!(tx.get_intel_list(&both).await.unwrap().customers, Some(vec![acme.clone()]), "others are left out");

    assert!(matches!(tx.update_intel_list(&acmes, 9, &data("x")).await, Err(Error::Conflict { .. })));
    assert_eq!(tx.update_intel_list(&acmes, 1, &data("New")).await.unwrap().version, 2);
    for shared in [&global, &both] {
        let changed = tx.update_intel_list(shared, 1, &data("x")).await;
        assert!(matches!(changed, Err(Error::ScopeTooNarrow { .. })), "{changed:?}");
        assert!(matches!(tx.delete_intel_list(shared).await, Err(Error::ScopeTooNarrow { .. })));
    }
    tx.commit().await.unwrap();

    let mut stranger = fixture.write(&only(&bolt)).await;
    assert!(matches!(stranger.get_intel_list(&acmes).await, Err(Error::NotFound { .. })));
    assert!(matches!(stranger.intel_list_indicators(&acmes).await, Err(Error::NotFound { .. })));
    assert!(matches!(stranger.delete_intel_list(&acmes).await, Err(Error::NotFound { .. })));
    let id = IntelListId::generate(at(3));
    let added = stranger.create_intel_list(&id, None, &data("x"), &reading()).await;
    assert!(matches!(added, Err(Error::ScopeTooNarrow { .. })));
    drop(stranger);
    let mut stranger = fixture.write(&only(&bolt)).await;
    let added = stranger.create_intel_list(&id, Some(std::slice::from_ref(&acme)), &data("x"), &reading()).await;
    assert!(matches!(added, Err(Error::NotFound { .. })));
    drop(stranger);

    let mut own = fixture.write(&only(&bolt)).await;
    own.create_intel_list(&id, Some(std::slice::from_ref(&bolt)), &data("Bolt"), &reading()).await.unwrap();
    own.delete_intel_list(&id).await.unwrap();
    own.commit().await.unwrap();
    assert!(matches!(fixture.read(&everyone()).await.get_intel_list(&id).await, Err(Error::NotFound { .. })));
}

pub async fn a_hunts_hits_are_replaced_counted_and_seen_by_their_customer_only(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let global = list(&fixture, "Global", None).await;
    let wide = hunt(&global, None);
    let narrow = hunt(&global, Some(vec![acme.clone()]));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_retro_hunt(&wide).await.unwrap();
    tx.create_retro_hunt(&narrow).await.unwrap();
    let first = [hit(&wide, &acme, "evil.example", 10), hit(&wide, &bolt, "evil.example", 11)];
    tx.replace_hits(&wide.id, &first).await.unwrap();
    let hits = [
        hit(&wide, &acme, "evil.example", 20),
        hit(&wide, &acme, "203.0.113.0/24", 21),
        hit(&wide, &bolt, "evil.example", 22),
    ];
    tx.replace_hits(&wide.id, &hits).await.unwrap();
    assert_eq!(tx.get_retro_hunt(&wide.id).await.unwrap().hits, 3);
    tx.commit().await.unwrap();

    let mut tx = fixture.read(&only(&acme)).await;
    assert_eq!(tx.get_retro_hunt(&wide.id).await.unwrap().hits, 2, "others' hits are not even counted");
    assert_eq!(tx.get_retro_hunt(&narrow.id).await.unwrap(), narrow);
    let filter = HitFilter::default();
    let page = tx.list_hits(&wide.id, &filter, &PageRequest::new(1, None)).await.unwrap();
    assert_eq!(page.items, [hits[1].clone()]);
    let rest = tx.list_hits(&wide.id, &filter, &PageRequest::new(1, page.next)).await.unwrap();
    assert_eq!(rest.items, [hits[0].clone()]);
    let named = HitFilter { text: Some("EVIL".into()), customers: vec![acme.clone()], ..HitFilter::default() };
    assert_eq!(tx.list_hits(&wide.id, &named, &PageRequest::default()).await.unwrap().items, [hits[0].clone()]);
    let cidrs = HitFilter { kinds: vec![model::intel::IndicatorKind::Cidr], ..HitFilter::default() };
    assert_eq!(tx.list_hits(&wide.id, &cidrs, &PageRequest::default()).await.unwrap().items.len(), 1);
    drop(tx);

    let mut stranger = fixture.write(&only(&bolt)).await;
    assert_eq!(stranger.list_hits(&wide.id, &filter, &PageRequest::default()).await.unwrap().items.len(), 1);
    assert!(matches!(stranger.get_retro_hunt(&narrow.id).await, Err(Error::NotFound { .. })));
    assert!(matches!(
        stranger.list_hits(&narrow.id, &filter, &PageRequest::default()).await,
        Err(Error::NotFound { .. })
    ));
    assert_eq!(stranger.list_retro_hunts(None, &PageRequest::default()).await.unwrap().items.len(), 1);
    assert!(matches!(stranger.replace_hits(&wide.id, &hits).await, Err(Error::NotFound { .. })));
    assert!(matches!(stranger.create_retro_hunt(&hunt(&global, None)).await, Err(Error::ScopeTooNarrow { .. })));
}

pub async fn a_hunt_that_is_over_stays_as_it_is(fixture: Fixture) {
    let global = list(&fixture, "Global", None).await;
    let hunt = hunt(&global, None);
    let outcome = |state, finished| RetroHuntOutcome {
        state,
        progress: RetroHuntProgress { files: 9, looked: 9, to_read: 2, read: 1 },
        more: false,
        error: None,
        finished,
    };
    let mut tx = fixture.write(&everyone()).await;
    tx.create_retro_hunt(&hunt).await.unwrap();
    assert_eq!(tx.open_retro_hunts().await.unwrap(), std::slice::from_ref(&hunt));
    assert!(tx.start_retro_hunt(&hunt.id, at(3)).await.unwrap());
    assert!(tx.note_retro_hunt(&hunt.id, &outcome(RetroHuntState::Running, None)).await.unwrap());
    assert_eq!(tx.open_retro_hunts().await.unwrap()[0].state, RetroHuntState::Running, "a restart finds it");
    assert!(tx.note_retro_hunt(&hunt.id, &outcome(RetroHuntState::Cancelled, Some(at(4)))).await.unwrap());
    assert!(!tx.note_retro_hunt(&hunt.id, &outcome(RetroHuntState::Done, Some(at(5)))).await.unwrap());
    assert!(!tx.start_retro_hunt(&hunt.id, at(6)).await.unwrap());
    let read = tx.get_retro_hunt(&hunt.id).await.unwrap();
    assert_eq!(
        (read.state, read.started, read.finished, read.progress.looked),
        (RetroHuntState::Cancelled, Some(at(3)), Some(at(4)), 9)
    );
    assert_eq!(tx.list_retro_hunts(Some(&global), &PageRequest::default()).await.unwrap().items, [read]);
    assert!(tx.open_retro_hunts().await.unwrap().is_empty());
    tx.delete_intel_list(&global).await.unwrap();
    assert!(tx.get_retro_hunt(&hunt.id).await.is_ok(), "a hunt outlives its list");
}

pub async fn a_feed_fills_its_list_in_place_and_is_seen_and_changed_with_it(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let told = FeedData {
        name: "Feed".into(),
        kind: FeedKind::Taxii,
        url: "https://feeds.example/".into(),
        collection: "c".into(),
        enabled: true,
        interval_minutes: 30,
        confidence: 70,
        tlp: Tlp::Green,
        least_confidence: 10,
        expire_days: Some(30),
        purpose: ListPurpose::Alarm,
        hunt_new: true,
        user: "u".into(),
        columns: None,
    };
    let (id, list) = (FeedId::generate(at(1)), IntelListId::generate(at(1)));
    let mut tx = fixture.write(&everyone()).await;
    let feed = tx.create_feed(&id, &list, Some(std::slice::from_ref(&acme)), &told, Some(b"sealed")).await.unwrap();
    let other = (FeedId::generate(at(1)), IntelListId::generate(at(1)));
    tx.create_feed(&other.0, &other.1, None, &FeedData { enabled: false, ..told.clone() }, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((feed.state, feed.has_secret, feed.customers.clone()), (FeedState::New, true, Some(vec![acme.clone()])));

    let mut tx = fixture.read(&only(&bolt)).await;
    assert!(matches!(tx.get_feed(&id).await, Err(Error::NotFound { .. })));
    let seen = tx.list_feeds(None, &PageRequest::default()).await.unwrap().items;
    assert_eq!(seen.iter().map(|feed| &feed.id).collect::<Vec<_>>(), [&other.0]);
    drop(tx);

    let now = fixture.write(&everyone()).await.context().now();
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.due_feeds(now, 10).await.unwrap().len(), 1, "one that is off is never due");
    assert_eq!(tx.feed_place(&id).await.unwrap(), (Some(b"sealed".to_vec()), String::new()));
    let filled = tx.replace_indicators(&list, &reading()).await.unwrap();
    assert_eq!((filled.indicators(), filled.feed.as_ref(), filled.version), (2, Some(&id), 2));
    let counts = FeedCounts { new: 2, total: 2, ..FeedCounts::default() };
    let outcome = FeedOutcome {
        state: FeedState::Fine,
        error: None,
        failures: 0,
        counts: Some(counts.clone()),
        place: Some("further".into()),
        fetched: now,
        changed: true,
        next: Some(now.plus(std::time::Duration::from_secs(60))),
    };
    tx.note_feed(&feed, &outcome).await.unwrap();
    let after = tx.get_feed(&id).await.unwrap();
    assert_eq!((after.state, &after.counts, after.changed), (FeedState::Fine, &counts, Some(now)));
    assert!(tx.due_feeds(now, 10).await.unwrap().is_empty());
    let moved = FeedData { url: "https://other.example/".into(), ..told.clone() };
    let moved = tx.update_feed(&id, after.version, &moved, &FeedSecret::Keep).await.unwrap();
    assert_eq!(tx.feed_place(&id).await.unwrap().1, "", "another address is fetched from the beginning");
    assert!(matches!(
        tx.update_feed(&id, after.version, &told, &FeedSecret::Remove).await,
        Err(Error::Conflict { what: "feed" })
    ));
    tx.update_feed(&id, moved.version, &told, &FeedSecret::Remove).await.unwrap();
    assert!(!tx.get_feed(&id).await.unwrap().has_secret);
    assert_eq!(tx.list_hits_of(&list).await.unwrap(), store::ListHits::default());
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&bolt)).await;
    assert!(tx.delete_feed(&id).await.is_err());
    assert!(tx.wake_feed(&other.0).await.is_err(), "a feed for every customer is not one customer's");
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    tx.delete_feed(&id).await.unwrap();
    assert!(matches!(tx.get_intel_list(&list).await, Err(Error::NotFound { .. })));
    tx.commit().await.unwrap();
}
