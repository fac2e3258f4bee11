use model::alert::{Alert, AlertState};
use model::use_case::{
    ChangeSetState, ExceptionData, ExceptionTerm, Release, RequestData, RequestKind, RequestState, RuleChangeCount,
    RuleChangeKind, TermOperator, UseCaseData, UseCaseState,
};
use model::{ChangeSetId, ExceptionId, RequestId};
use store::{Error, ExceptionFilter, ExceptionHits, NewChangeSet, RequestFilter};

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn a_decision_keeps_its_versions_and_what_is_decided_for_a_customer_stays_with_the_customer(
    fixture: Fixture,
) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let test = UseCaseData { state: UseCaseState::Test, text: Some("title: t".into()), ..UseCaseData::default() };
    let mut tx = fixture.write(&everyone()).await;
    let saved = tx.save_use_case("rule", 0, &test, None).await.unwrap();
    assert_eq!((saved.data.clone(), saved.live_since), (test, None));
    assert!(matches!(tx.save_use_case("rule", 0, &saved.data, None).await, Err(Error::Conflict { .. })));
    let live = UseCaseData { state: UseCaseState::Live, ..saved.data };
    let saved = tx.save_use_case("rule", saved.version, &live, None).await.unwrap();
    assert!(saved.live_since.is_some());
    let again = tx.save_use_case("rule", saved.version, &live, None).await.unwrap();
    assert_eq!((again.live_since, again.version), (saved.live_since, saved.version + 1));
    for customer in [&acme, &bolt] {
        tx.set_release(customer, "rule", Some(Release::Off), None).await.unwrap();
        tx.set_release(customer, "rule", Some(Release::Silent), None).await.unwrap();
        tx.set_release(customer, "untouched", Some(Release::Off), None).await.unwrap();
    }
    tx.set_release(&bolt, "untouched", None, None).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    let seen = tx.list_use_cases().await.unwrap();
    assert_eq!(
        seen.iter().map(|one| (one.id.as_str(), one.customers.len())).collect::<Vec<_>>(),
        [("rule", 1), ("untouched", 1)]
    );
    assert_eq!((seen[1].version, seen[1].data.state), (0, UseCaseState::Live));
    assert_eq!(tx.find_use_case("rule").await.unwrap().unwrap().customers[&acme], Release::Silent);
    assert_eq!(tx.releases_of("rule").await.unwrap().len(), 1);
    let narrow = tx.save_use_case("rule", again.version, &live, None).await;
    assert!(matches!(narrow, Err(Error::ScopeTooNarrow { .. })), "{narrow:?}");
    assert!(matches!(tx.delete_use_case("rule", again.version, None).await, Err(Error::ScopeTooNarrow { .. })));
    assert!(matches!(tx.set_release(&bolt, "rule", None, None).await, Err(Error::NotFound { .. })));
    drop(tx);

    let mut tx = fixture.write(&everyone()).await;
    tx.delete_use_case("rule", again.version, None).await.unwrap();
    assert!(matches!(tx.delete_use_case("rule", again.version, None).await, Err(Error::NotFound { .. })));
    let versions = tx.use_case_versions("rule").await.unwrap();
    let states: Vec<_> = versions.iter().map(|one| one.data.as_ref().map(|data| data.state.as_str())).collect();
    assert_eq!(states, [None, Some("live"), Some("live"), Some("test")]);
    assert_eq!(tx.find_use_case("rule").await.unwrap(), None);
    assert_eq!(tx.releases_of("rule").await.unwrap().len(), 2, "what was decided for customers stays");
}

fn exception_data(value: &str) -> ExceptionData {
    ExceptionData {
        rule_id: "rule".into(),
        terms: vec![ExceptionTerm { field: "f".into(), operator: TermOperator::Is, values: vec![value.into()] }],
        reason: "a scanner".into(),
        owner: None,
        expires: None,
        must_fire: Vec::new(),
    }
}

pub async fn exceptions_of_a_customer_are_its_own_and_global_ones_are_changed_with_every_customer_only(
    fixture: Fixture,
) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let [global, own, other] = std::array::from_fn(|_| ExceptionId::generate(at(0)));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_exception(&global, None, &exception_data("global")).await.unwrap();
    tx.create_exception(&own, Some(&acme), &exception_data("own")).await.unwrap();
    tx.create_exception(&other, Some(&bolt), &exception_data("other")).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    let mut seen: Vec<_> = tx.all_exceptions().await.unwrap().into_iter().map(|one| one.id).collect();
    let mut wanted = [global.clone(), own.clone()];
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
    let filter = ExceptionFilter { rule_id: Some("rule".into()), text: Some("OWN".into()), ..Default::default() };
    assert_eq!(tx.list_exceptions(&filter, &first_page(9)).await.unwrap().items.len(), 1);
    let mine = ExceptionFilter { customers: vec![acme.clone(), bolt.clone()], ..Default::default() };
    assert_eq!(tx.list_exceptions(&mine, &first_page(9)).await.unwrap().items.len(), 1);
    assert!(matches!(tx.get_exception(&other).await, Err(Error::NotFound { .. })));
    let refused = tx.create_exception(&ExceptionId::generate(at(1)), Some(&bolt), &exception_data("x")).await;
    assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
    assert!(matches!(tx.delete_exception(&global).await, Err(Error::ScopeTooNarrow { .. })));
    let changed = tx.update_exception(&own, 1, &exception_data("mine")).await.unwrap();
    assert_eq!((changed.version, changed.data.terms[0].values[0].as_str()), (2, "mine"));
    assert!(matches!(tx.update_exception(&own, 1, &changed.data).await, Err(Error::Conflict { .. })));
    let hit = |id: &ExceptionId, hits, second| ExceptionHits { exception: id.clone(), hits, last: at(second) };
    // One that is gone, or another customer's, is passed over.
    let gone = ExceptionId::generate(at(9));
    tx.count_exception_hits(&[hit(&own, 2, 7), hit(&gone, 1, 7), hit(&other, 1, 7)]).await.unwrap();
    tx.count_exception_hits(&[hit(&own, 3, 5)]).await.unwrap();
    let counted = tx.get_exception(&own).await.unwrap();
    assert_eq!((counted.hits, counted.last_hit, counted.version), (5, Some(at(7)), 2));
    tx.commit().await.unwrap();
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.get_exception(&other).await.unwrap().hits, 0);
    tx.delete_exception(&own).await.unwrap();
    tx.delete_exception(&global).await.unwrap();
    assert_eq!(tx.all_exceptions().await.unwrap().len(), 1);
}

pub async fn a_request_is_due_after_72_hours_and_answered_once(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let data = RequestData {
        kind: RequestKind::New,
        title: "Logons at night".into(),
        description: String::new(),
        rule_id: None,
        assignee: None,
        state: RequestState::Open,
        answer: String::new(),
    };
    let [house, own, other] = std::array::from_fn(|_| RequestId::generate(at(0)));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_request(&house, None, &data, None).await.unwrap();
    tx.create_request(&other, Some(&bolt), &data, None).await.unwrap();
    let request = tx.create_request(&own, Some(&acme), &data, None).await.unwrap();
    assert_eq!(request.due, request.created.plus(model::use_case::ANSWERED_WITHIN));
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    let filter = RequestFilter { states: vec![RequestState::Open], text: Some("NIGHT".into()), ..Default::default() };
    assert_eq!(tx.list_requests(&filter, &first_page(9)).await.unwrap().items.len(), 2);
    let both = RequestFilter { customers: vec![acme.clone(), bolt.clone()], ..Default::default() };
    assert_eq!(tx.list_requests(&both, &first_page(9)).await.unwrap().items.len(), 1);
    assert!(matches!(tx.get_request(&other).await, Err(Error::NotFound { .. })));
    assert!(matches!(tx.update_request(&house, 1, &data).await, Err(Error::ScopeTooNarrow { .. })));
    let done = RequestData { state: RequestState::Done, answer: "It is live.".into(), ..data.clone() };
    let answered = tx.update_request(&own, 1, &done).await.unwrap();
    assert!(answered.answered.is_some());
    assert!(matches!(tx.update_request(&own, 1, &done).await, Err(Error::Conflict { .. })));
    let opened = tx.update_request(&own, answered.version, &data).await.unwrap();
    assert_eq!(opened.answered, None);
}

pub async fn what_rules_raised_is_counted_by_rule_within_the_scope(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (ours, theirs) = (device(&fixture, &acme, "fw").await, device(&fixture, &bolt, "fw").await);
    let made = |customer, device, key: &str, state| Alert {
        rule_id: "rule".into(),
        count: 5,
        state,
        ..alert(customer, device, key, 10)
    };
    let mut tx = fixture.write(&everyone()).await;
    let alerts = [
        made(&acme, &ours, "a", AlertState::New),
        made(&acme, &ours, "b", AlertState::Silent),
        made(&bolt, &theirs, "c", AlertState::New),
    ];
    tx.upsert_alerts(&alerts).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = fixture.read(&only(&acme)).await;
    let count = tx.rule_counts(at(0)).await.unwrap()["rule"];
    assert_eq!((count.alerts, count.detections, count.silent, count.incidents), (1, 5, 1, 0));
    assert_eq!(count.last, Some(alerts[0].last));
    assert!(tx.rule_counts(alerts[0].last.plus(std::time::Duration::from_secs(1))).await.unwrap().is_empty());
    let all = fixture.read(&everyone()).await.rule_counts(at(0)).await.unwrap()["rule"];
    assert_eq!((all.alerts, all.detections), (2, 10));
}

pub async fn a_release_is_decided_about_once_and_its_content_goes_with_the_decision(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let new = |release: &str| NewChangeSet {
        id: ChangeSetId::generate(at(0)),
        collection: "SigmaHQ".into(),
        release: release.into(),
        files: 2,
        counts: vec![RuleChangeCount { kind: RuleChangeKind::New, count: 2 }],
        content: vec![0, 255, 7],
    };
    let (first, second) = (new("r1"), new("r2"));
    let mut tx = fixture.write(&everyone()).await;
    let set = tx.create_change_set(&first, None).await.unwrap();
    assert_eq!((set.state, set.counts.len(), set.files), (ChangeSetState::Pending, 1, 2));
    tx.create_change_set(&second, None).await.unwrap();
    assert_eq!(tx.change_set_content(&first.id).await.unwrap(), Some(vec![0, 255, 7]));
    assert_eq!(tx.rule_collection_content("SigmaHQ").await.unwrap(), None);
    for version in 1..3 {
        let set = if version == 1 { &first.id } else { &second.id };
        let taken = tx.accept_change_set(set, UseCaseState::Test, (version, vec![version as u8]), None).await.unwrap();
        assert_eq!((taken.version, taken.files, taken.state), (version, version, UseCaseState::Test));
    }
    assert_eq!(tx.rule_collection_content("SigmaHQ").await.unwrap(), Some(vec![2]));
    assert_eq!(tx.list_rule_collections().await.unwrap()[0].release, "r2");
    assert_eq!(tx.change_set_content(&first.id).await.unwrap(), None);
    assert!(matches!(tx.discard_change_set(&first.id, None).await, Err(Error::Conflict { .. })));
    let third = new("r3");
    tx.create_change_set(&third, None).await.unwrap();
    assert_eq!(tx.discard_change_set(&third.id, None).await.unwrap().state, ChangeSetState::Discarded);
    assert_eq!(tx.list_change_sets().await.unwrap().len(), 3);
    assert_eq!(tx.get_change_set(&third.id).await.unwrap().release, "r3");
    tx.commit().await.unwrap();
    let mut tx = fixture.write(&only(&acme)).await;
    assert!(matches!(tx.create_change_set(&new("r4"), None).await, Err(Error::ScopeTooNarrow { .. })));
    assert_eq!(tx.list_rule_collections().await.unwrap().len(), 1);
}
