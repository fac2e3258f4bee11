use model::hunt::*;
use model::*;
use store::{Error, HuntFilter, HuntTask, NewHunt};

use crate::builders::*;
use crate::fixture::Fixture;

fn data(title: &str) -> HuntData {
    let ask = HuntQuestion::Search { q: "user_name:*".into() };
    let query = HuntQuery {
        key: "a".into(),
        name: "Sign-ins".into(),
        note: String::new(),
        ask,
        seconds: Some(3600),
        from: None,
        to: None,
    };
    HuntData {
        title: title.into(),
        hypothesis: "Somebody is in".into(),
        techniques: vec!["T1078".into()],
        needs: String::new(),
        look_for: String::new(),
        false_positives: String::new(),
        queries: vec![query],
        owner: None,
        due: Some(at(100)),
    }
}

fn new(title: &str, customers: &[&CustomerId]) -> NewHunt {
    let customers = customers.iter().map(|customer| (*customer).clone()).collect();
    NewHunt { id: HuntId::generate(at(0)), round: None, data: data(title), customers, by: None }
}

/// A hunt at these customers, in the store.
async fn hunt(fixture: &Fixture, title: &str, customers: &[&CustomerId]) -> Hunt {
    let mut tx = fixture.write(&everyone()).await;
    let hunt = tx.create_hunt(&new(title, customers)).await.unwrap();
    tx.commit().await.unwrap();
    hunt
}

fn run(hunt: &HuntId) -> HuntRun {
    HuntRun {
        id: HuntRunId::generate(at(1)),
        hunt: hunt.clone(),
        asked_by: "job:test".into(),
        asked_user: None,
        state: HuntRunState::Queued,
        total: 0,
        done: 0,
        created: at(1),
        started: None,
        finished: None,
    }
}

fn result(customer: &CustomerId, run: &HuntRunId, count: i64) -> HuntResult {
    let sample = HuntSample {
        event: EventId { log: 1, shard: 0, sequence: 7 },
        time: at(1),
        device: DeviceId::derived(at(0), &[b"d"]),
        source: "openssh_sshd".into(),
        fields: vec![("user_name".into(), "li.lei".into())],
        raw: format!("record of {customer}"),
    };
    HuntResult {
        customer: customer.clone(),
        query: "a".into(),
        asked: data("x").queries[0].ask.clone(),
        run: run.clone(),
        count,
        things: None,
        from: at(0),
        to: at(1),
        truncated: false,
        problem: None,
        took_ms: 12,
        by: "job:test".into(),
        at: at(1),
        samples: vec![sample],
    }
}

pub async fn a_hunt_is_changed_judged_and_concluded_and_read_back_as_written(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let made = hunt(&fixture, "Cradles", &[&acme, &bolt]).await;
    assert_eq!((made.state, made.version, made.whole, made.verdicts.open), (HuntState::Planned, 1, true, 2));
    let mut tx = fixture.write(&everyone_at(5)).await;
    let changed = tx.update_hunt(&made.id, 1, &HuntData { due: None, ..data("Download cradles") }).await.unwrap();
    assert!(matches!(tx.update_hunt(&made.id, 1, &changed.data).await, Err(Error::Conflict { .. })));
    tx.begin_hunt(&made.id).await.unwrap();
    assert_eq!(tx.get_hunt(&made.id).await.unwrap().state, HuntState::Active);
    tx.note_hunt_data(&made.id, &acme, Some(12), None).await.unwrap();
    tx.note_hunt_data(&made.id, &bolt, Some(0), None).await.unwrap();
    tx.judge_hunt_customer(&made.id, &acme, 1, Some(HuntVerdict::Clean), "nothing").await.unwrap();
    let again = tx.judge_hunt_customer(&made.id, &acme, 1, None, "").await;
    assert!(matches!(again, Err(Error::Conflict { .. })));
    let incident = IncidentId::generate(at(2));
    tx.link_hunt_incident(&made.id, &bolt, &incident).await.unwrap();
    tx.link_hunt_incident(&made.id, &bolt, &incident).await.unwrap();
    let judged = tx.list_hunt_customers(&made.id).await.unwrap();
    let of = |customer: &CustomerId| judged.iter().find(|one| one.customer == *customer).unwrap();
    assert_eq!(
        (of(&acme).verdict, of(&acme).proposed, of(&acme).data_events),
        (Some(HuntVerdict::Clean), None, Some(12))
    );
    assert_eq!((of(&bolt).verdict, of(&bolt).proposed), (None, Some(HuntVerdict::NoData)));
    assert_eq!(of(&bolt).incidents, [incident]);
    let time = |minutes| HuntTime {
        id: HuntTimeId::generate(at(3)),
        user: None,
        minutes,
        note: "looked".into(),
        created: at(3),
    };
    tx.add_hunt_time(&made.id, &time(90)).await.unwrap();
    tx.add_hunt_time(&made.id, &time(-30)).await.unwrap();
    let detection = HuntDetection {
        kind: DetectionKind::UseCase,
        object: "rule-1".into(),
        customer: None,
        title: "Cradle".into(),
        created: at(4),
    };
    tx.add_hunt_detection(&made.id, &detection).await.unwrap();
    let now = tx.get_hunt(&made.id).await.unwrap();
    let over = tx.set_hunt_state(&made.id, now.version, HuntState::Concluded, "All well").await.unwrap();
    assert_eq!((over.minutes, over.incidents, over.concluded), (60, 1, Some(at(5))));
    assert_eq!((over.conclusion.as_deref(), over.verdicts.clean, over.verdicts.open), (Some("All well"), 1, 1));
    assert_eq!(tx.list_hunt_times(&made.id).await.unwrap().len(), 2);
    assert_eq!(tx.list_hunt_detections(&made.id).await.unwrap(), [detection]);
    tx.commit().await.unwrap();

    let week = TimeRange { from: at(5), to: at(6) };
    let mut tx = fixture.read(&everyone()).await;
    let shares = tx.hunt_shares(week, &[]).await.unwrap();
    assert_eq!(
        shares.iter().map(|share| (share.minutes, share.customers, share.detections)).collect::<Vec<_>>(),
        [(60, 2, 1); 2]
    );
    assert_eq!(tx.hunt_shares(week, std::slice::from_ref(&bolt)).await.unwrap()[0].incidents, 1);
    assert_eq!(tx.hunt_shares(TimeRange { from: at(6), to: at(9) }, &[]).await.unwrap(), []);
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    let fewer = tx.set_hunt_customers(&made.id, over.version, std::slice::from_ref(&acme)).await.unwrap();
    assert_eq!((fewer.customers.as_slice(), fewer.incidents, fewer.whole), (std::slice::from_ref(&acme), 0, true));
    let more = tx.set_hunt_customers(&made.id, fewer.version, &[acme.clone(), bolt.clone()]).await.unwrap();
    assert_eq!((more.verdicts.clean, more.verdicts.open), (1, 1));
}

pub async fn hunts_are_found_by_state_owner_due_date_customer_and_text(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let one = hunt(&fixture, "Cradles", &[&acme]).await;
    hunt(&fixture, "Web shells", &[&acme, &bolt]).await;
    let mut tx = fixture.read(&everyone()).await;
    let page = PageRequest::default();
    let all = HuntFilter::default();
    let wanted = [
        (all.clone(), 2),
        (HuntFilter { text: Some("CRADL".into()), ..all.clone() }, 1),
        (HuntFilter { text: Some("t1078".into()), ..all.clone() }, 2),
        (HuntFilter { customers: vec![bolt.clone()], ..all.clone() }, 1),
        (HuntFilter { states: vec![HuntState::Concluded], ..all.clone() }, 0),
        (HuntFilter { overdue_at: Some(at(101)), ..all.clone() }, 2),
        (HuntFilter { overdue_at: Some(at(100)), ..all.clone() }, 0),
        (HuntFilter { owner: Some(UserId::generate(at(0))), ..all.clone() }, 0),
        (HuntFilter { programme: Some(HuntProgrammeId::generate(at(0))), ..all.clone() }, 0),
    ];
    for (filter, count) in wanted {
        assert_eq!(tx.list_hunts(&filter, &page).await.unwrap().items.len(), count, "{filter:?}");
    }
    drop(tx);
    let mut tx = fixture.read(&only(&bolt)).await;
    assert_eq!(tx.list_hunts(&all, &page).await.unwrap().items.len(), 1);
    assert_eq!(tx.list_hunts(&HuntFilter { customers: vec![acme], ..all }, &page).await.unwrap().items, []);
    assert!(matches!(tx.get_hunt(&one.id).await, Err(Error::NotFound { .. })));
}

pub async fn a_run_goes_on_where_it_stopped_and_a_later_answer_takes_the_place_of_an_earlier(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let hunt = hunt(&fixture, "Cradles", &[&acme, &bolt]).await.id;
    let mut tx = fixture.write(&everyone()).await;
    let asked = run(&hunt);
    let task = |customer: &CustomerId, query: &str| HuntTask { customer: customer.clone(), query: query.into() };
    let tasks = [task(&acme, HuntTask::DATA), task(&acme, "a"), task(&bolt, HuntTask::DATA), task(&bolt, "a")];
    tx.create_hunt_run(&asked, &tasks).await.unwrap();
    assert_eq!(tx.hunt_runs_in(&[HuntRunState::Queued]).await.unwrap().len(), 1);
    assert!(!tx.finish_hunt_task(&asked.id, &tasks[0]).await.unwrap(), "it has not begun");
    assert!(tx.move_hunt_run(&asked.id, HuntRunState::Queued, HuntRunState::Running).await.unwrap());
    assert!(tx.finish_hunt_task(&asked.id, &tasks[0]).await.unwrap());
    assert!(!tx.finish_hunt_task(&asked.id, &tasks[0]).await.unwrap(), "only once");
    tx.put_hunt_result(&hunt, &result(&acme, &asked.id, 3)).await.unwrap();
    assert!(tx.finish_hunt_task(&asked.id, &tasks[1]).await.unwrap());
    assert!(tx.move_hunt_run(&asked.id, HuntRunState::Running, HuntRunState::Interrupted).await.unwrap());
    assert!(!tx.move_hunt_run(&asked.id, HuntRunState::Running, HuntRunState::Done).await.unwrap());
    assert_eq!(tx.open_hunt_tasks(&asked.id).await.unwrap(), tasks[2..]);
    let stands = tx.get_hunt_run(&asked.id).await.unwrap();
    assert_eq!((stands.total, stands.done, stands.finished.is_some()), (4, 2, true));
    assert_eq!(tx.list_hunt_runs(&hunt).await.unwrap(), [stands]);
    tx.put_hunt_result(&hunt, &result(&acme, &asked.id, 5)).await.unwrap();
    tx.put_hunt_result(&hunt, &result(&bolt, &asked.id, 8)).await.unwrap();
    let found = tx.list_hunt_results(&hunt).await.unwrap();
    let counts: std::collections::BTreeSet<_> = found.iter().map(|result| result.count).collect();
    assert_eq!((counts, found[0].samples.len()), ([5, 8].into(), 0));
    let whole = tx.get_hunt_result(&hunt, "a", &acme).await.unwrap();
    assert_eq!(whole, result(&acme, &asked.id, 5));
    assert!(matches!(tx.get_hunt_result(&hunt, "b", &acme).await, Err(Error::NotFound { .. })));
}

pub async fn of_a_hunt_a_customer_sees_and_changes_their_own_part_only(fixture: Fixture) {
    let (acme, bolt, cove) =
        (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await, customer(&fixture, "Cove").await);
    let made = hunt(&fixture, "Cradles", &[&acme, &bolt, &cove]).await;
    let asked = run(&made.id);
    let mut tx = fixture.write(&everyone()).await;
    let task = |customer: &CustomerId| HuntTask { customer: customer.clone(), query: "a".into() };
    tx.create_hunt_run(&asked, &[task(&acme), task(&bolt), task(&cove)]).await.unwrap();
    tx.move_hunt_run(&asked.id, HuntRunState::Queued, HuntRunState::Running).await.unwrap();
    for customer in [&acme, &bolt, &cove] {
        tx.put_hunt_result(&made.id, &result(customer, &asked.id, 3)).await.unwrap();
        tx.link_hunt_incident(&made.id, customer, &IncidentId::generate(at(1))).await.unwrap();
    }
    let time =
        HuntTime { id: HuntTimeId::generate(at(3)), user: None, minutes: 90, note: "at Bolt".into(), created: at(3) };
    tx.add_hunt_time(&made.id, &time).await.unwrap();
    let secret = HuntDetection {
        kind: DetectionKind::Request,
        object: "ucr_1".into(),
        customer: Some(bolt.clone()),
        title: "For Bolt".into(),
        created: at(4),
    };
    tx.add_hunt_detection(&made.id, &secret).await.unwrap();
    let version = tx.get_hunt(&made.id).await.unwrap().version;
    tx.set_hunt_state(&made.id, version, HuntState::Active, "Bolt has it").await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    let seen = tx.get_hunt(&made.id).await.unwrap();
    assert_eq!(
        (seen.customers.as_slice(), seen.whole, seen.conclusion.clone()),
        (std::slice::from_ref(&acme), false, None)
    );
    assert_eq!((seen.incidents, seen.minutes, seen.verdicts.open), (1, 30, 1));
    let run = tx.get_hunt_run(&asked.id).await.unwrap();
    assert_eq!((run.total, run.done), (1, 0));
    assert_eq!(tx.open_hunt_tasks(&asked.id).await.unwrap(), [task(&acme)]);
    let parts = (
        tx.list_hunt_customers(&made.id).await.unwrap().len(),
        tx.list_hunt_results(&made.id).await.unwrap().len(),
        tx.list_hunt_detections(&made.id).await.unwrap().len(),
        tx.hunt_shares(TimeRange { from: at(0), to: at(9) }, std::slice::from_ref(&bolt)).await.unwrap().len(),
    );
    assert_eq!(parts, (1, 1, 0, 0));
    assert!(matches!(tx.get_hunt_result(&made.id, "a", &bolt).await, Err(Error::NotFound { .. })));
    assert!(matches!(tx.list_hunt_times(&made.id).await, Err(Error::ScopeTooNarrow { .. })));
    assert!(matches!(tx.update_hunt(&made.id, seen.version, &seen.data).await, Err(Error::ScopeTooNarrow { .. })));
    let state = tx.set_hunt_state(&made.id, seen.version, HuntState::Concluded, "x").await;
    assert!(matches!(state, Err(Error::ScopeTooNarrow { .. })));
    let fewer = tx.set_hunt_customers(&made.id, seen.version, std::slice::from_ref(&acme)).await;
    assert!(matches!(fewer, Err(Error::ScopeTooNarrow { .. })));
    assert!(!tx.finish_hunt_task(&asked.id, &task(&bolt)).await.unwrap());
    assert!(tx.finish_hunt_task(&asked.id, &task(&acme)).await.unwrap());
    let foreign = tx.judge_hunt_customer(&made.id, &bolt, 1, Some(HuntVerdict::Clean), "").await;
    assert!(matches!(foreign, Err(Error::NotFound { .. })));
    let foreign = tx.link_hunt_incident(&made.id, &bolt, &IncidentId::generate(at(9))).await;
    assert!(matches!(foreign, Err(Error::NotFound { .. })));
    assert!(matches!(tx.put_hunt_result(&made.id, &result(&bolt, &asked.id, 9)).await, Err(Error::NotFound { .. })));
    let detection = HuntDetection { customer: None, object: "r".into(), ..secret };
    assert!(matches!(tx.add_hunt_detection(&made.id, &detection).await, Err(Error::ScopeTooNarrow { .. })));
    let foreign = tx.note_hunt_data(&made.id, &bolt, Some(0), None).await;
    assert!(matches!(foreign, Err(Error::NotFound { .. })));
    tx.judge_hunt_customer(&made.id, &acme, 1, Some(HuntVerdict::Found), "ours").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = fixture.read(&everyone()).await;
    let judged = tx.list_hunt_customers(&made.id).await.unwrap();
    assert!(judged.iter().all(|one| one.data_checked.is_none()), "another's data is not noted");
    assert_eq!(judged.iter().filter(|one| one.verdict.is_some()).count(), 1);
}

pub async fn a_round_of_a_programme_has_one_hunt_and_a_programme_its_customers(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let programme = HuntProgrammeData {
        rhythm: Rhythm::Week { weekday: 1 },
        time_zone: "Asia/Shanghai".into(),
        due_days: 5,
        active: true,
        template: data("Cradles"),
    };
    let mut tx = fixture.write(&everyone()).await;
    let (id, other) = (HuntProgrammeId::generate(at(0)), HuntProgrammeId::generate(at(1)));
    let made = tx.create_hunt_programme(&id, None, &programme).await.unwrap();
    assert_eq!((made.customers, made.last_round.clone(), made.version), (None, None, 1));
    let both = [acme.clone(), bolt.clone()];
    tx.create_hunt_programme(&other, Some(&both), &programme).await.unwrap();
    let first = NewHunt { round: Some((id.clone(), "2026-W47".into())), ..new("Cradles", &[&acme]) };
    tx.create_hunt(&first).await.unwrap();
    let again = NewHunt { id: HuntId::generate(at(9)), ..first.clone() };
    assert!(matches!(tx.create_hunt(&again).await, Err(Error::Taken { .. })));
    let next = NewHunt { round: Some((id.clone(), "2026-W48".into())), ..again };
    tx.create_hunt(&next).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    let seen = tx.list_hunt_programmes("", &PageRequest::default()).await.unwrap().items;
    assert_eq!(seen.iter().map(|one| one.customers.clone()).collect::<Vec<_>>().len(), 2);
    let chosen = tx.get_hunt_programme(&other).await.unwrap();
    assert_eq!(chosen.customers, Some(vec![acme.clone()]));
    assert!(matches!(
        tx.update_hunt_programme(&other, 1, Some(&both), &programme).await,
        Err(Error::ScopeTooNarrow { .. })
    ));
    assert!(matches!(tx.update_hunt_programme(&id, 1, None, &programme).await, Err(Error::ScopeTooNarrow { .. })));
    assert!(matches!(tx.delete_hunt_programme(&id).await, Err(Error::ScopeTooNarrow { .. })));
    assert!(matches!(tx.delete_hunt_programme(&other).await, Err(Error::ScopeTooNarrow { .. })));
    assert!(matches!(tx.create_hunt_programme(&id, Some(&both), &programme).await, Err(Error::NotFound { .. })));
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    let changed = tx.update_hunt_programme(&other, 1, Some(&both[..1]), &programme).await.unwrap();
    assert_eq!((changed.customers, changed.version), (Some(vec![acme]), 2));
    assert!(matches!(tx.update_hunt_programme(&other, 1, None, &programme).await, Err(Error::Conflict { .. })));
    assert_eq!(tx.list_hunt_programmes("cradle", &PageRequest::default()).await.unwrap().items.len(), 2);
    tx.delete_hunt_programme(&id).await.unwrap();
    assert_eq!(tx.list_hunts(&HuntFilter::default(), &PageRequest::default()).await.unwrap().items.len(), 2);
}
