//! Threat hunts: what is asked of whom, what is kept of it, what may be said of it, and who sees which part.

use model::hunt::*;
use model::intel::{IntelListData, ListPurpose, Tlp};
use model::role::Role;
use model::use_case::UseCaseState;
use model::*;
use ops::{Error, HuntDetectionWish, HuntIncident, HuntRunWish};

use crate::world::*;

pub fn hunt_data(title: &str) -> HuntData {
    HuntData {
        title: title.into(),
        hypothesis: "Somebody guesses".into(),
        techniques: vec!["T1110".into()],
        needs: "user_name:*".into(),
        look_for: String::new(),
        false_positives: String::new(),
        queries: vec![query("names", HuntQuestion::Search { q: "user_name:(li OR root)".into() })],
        owner: None,
        due: None,
    }
}

fn query(key: &str, ask: HuntQuestion) -> HuntQuery {
    let (from, to) = (Some(at(0)), Some(at(86_400)));
    HuntQuery { key: key.into(), name: format!("query {key}"), note: String::new(), ask, seconds: None, from, to }
}

/// Runs a hunt to its end.
pub async fn run_all(world: &World, hunt: &HuntId) -> HuntRun {
    world.ops.run_hunt(&job(1), hunt, &HuntRunWish::default()).await.unwrap();
    while world.ops.run_next_hunt(at(2)).await.unwrap() {}
    world.ops.list_hunt_runs(&job(2), hunt).await.unwrap().remove(0)
}

async fn at_both(world: &World, data: HuntData) -> HuntId {
    world.ops.create_hunt(&job(0), data, &[]).await.unwrap().id
}

async fn judge(world: &World, hunt: &HuntId, customer: &CustomerId, verdict: HuntVerdict) -> ops::Result<HuntCustomer> {
    let known = world.ops.list_hunt_customers(&job(3), hunt).await?;
    let version = known.iter().find(|one| one.customer == *customer).unwrap().version;
    world.ops.judge_hunt_customer(&job(3), hunt, customer, version, Some(verdict), "looked at all of it").await
}

#[tokio::test]
async fn a_hunt_is_run_judged_customer_by_customer_and_concluded_only_then() {
    let world = World::new().await;
    for told in ["Failed password for li", "Failed password for root", "Accepted password for mei"] {
        world.sign_in(&world.ours, 10, told);
    }
    let hunt = at_both(&world, hunt_data("Guessing")).await;
    let early = judge(&world, &hunt, &world.ours, HuntVerdict::Clean).await.unwrap_err();
    assert!(early.to_string().contains("before the hunt was run"), "{early}");

    let run = run_all(&world, &hunt).await;
    assert_eq!((run.state, run.total, run.done), (HuntRunState::Done, 4, 4));
    let results = world.ops.list_hunt_results(&job(2), &hunt).await.unwrap();
    let of = |customer: &CustomerId| results.iter().find(|result| result.customer == *customer).unwrap();
    assert_eq!((of(&world.ours).count, of(&world.theirs).count), (2, 0));
    assert_eq!((of(&world.ours).from, of(&world.ours).to, of(&world.ours).truncated), (at(0), at(86_400), false));
    let kept = world.ops.get_hunt_result(&job(2), &hunt, "names", &world.ours).await.unwrap();
    assert_eq!(kept.samples.len(), 2);
    assert!(kept.samples[0].raw.contains("password for") && kept.samples[0].source == "openssh_sshd");
    assert!(kept.samples[0].fields.iter().any(|(name, _)| name == "user_name"));

    let customers = world.ops.list_hunt_customers(&job(2), &hunt).await.unwrap();
    let data = |customer: &CustomerId| customers.iter().find(|one| one.customer == *customer).unwrap().clone();
    assert_eq!((data(&world.ours).data_events, data(&world.ours).proposed), (Some(3), None));
    assert_eq!((data(&world.theirs).data_events, data(&world.theirs).proposed), (Some(0), Some(HuntVerdict::NoData)));
    let never = judge(&world, &hunt, &world.theirs, HuntVerdict::Clean).await.unwrap_err();
    assert!(never.to_string().contains("no data"), "{never}");

    judge(&world, &hunt, &world.ours, HuntVerdict::Clean).await.unwrap();
    let hunt_now = world.ops.get_hunt(&job(3), &hunt).await.unwrap();
    assert_eq!(hunt_now.state, HuntState::Active);
    let unjudged = world.ops.conclude_hunt(&job(4), &hunt, hunt_now.version, "All well").await.unwrap_err();
    assert!(matches!(&unjudged, Error::NotNow(told) if told.starts_with("1 of its customers")), "{unjudged}");
    judge(&world, &hunt, &world.theirs, HuntVerdict::NoData).await.unwrap();
    world.ops.log_hunt_time(&job(4), &hunt, 260, "reading").await.unwrap();
    let empty = world.ops.conclude_hunt(&job(5), &hunt, hunt_now.version, " ").await;
    assert!(matches!(empty, Err(Error::Invalid { .. })));
    let over = world.ops.conclude_hunt(&job(5), &hunt, hunt_now.version, "All well").await.unwrap();
    assert_eq!(
        (over.state, over.minutes, over.verdicts.clean, over.verdicts.no_data),
        (HuntState::Concluded, 260, 1, 1)
    );
    let late = judge(&world, &hunt, &world.ours, HuntVerdict::Found).await;
    assert!(matches!(late, Err(Error::NotNow(_))), "what is concluded stays so until it is taken up again");
    assert!(matches!(world.ops.update_hunt(&job(6), &hunt, over.version, over.data).await, Err(Error::NotNow(_))));
    let again = world.ops.reopen_hunt(&job(6), &hunt, over.version, "news").await.unwrap();
    assert_eq!((again.state, again.concluded), (HuntState::Active, None));
    let said = world.actions_on(hunt.as_str()).await;
    for wanted in ["hunt.create", "hunt.run", "hunt.judge", "hunt.time", "hunt.conclude", "hunt.reopen"] {
        assert!(said.iter().any(|action| action == wanted), "{wanted}: {said:?}");
    }
}

#[tokio::test]
async fn a_person_of_one_customer_sees_changes_and_runs_their_own_part_only() {
    let world = World::new().await;
    world.sign_in(&world.ours, 10, "Failed password for li");
    for _ in 0..7 {
        world.sign_in(&world.theirs, 10, "Failed password for root");
    }
    let hunt = at_both(&world, hunt_data("Guessing")).await;
    run_all(&world, &hunt).await;
    let secret = HuntIncident {
        customer: world.theirs.clone(),
        incident: None,
        title: Some("Their secret".into()),
        severity: Severity::High,
        note: None,
        sample: None,
    };
    let their_incident = world.ops.add_hunt_incident(&job(3), &hunt, secret.clone()).await.unwrap();
    world.ops.log_hunt_time(&job(3), &hunt, 100, "their secret took long").await.unwrap();

    let hunter = world.user("lan", Role::L2Engineer, &[&world.ours]).await;
    let ctx = acting(&hunter, 4);
    let seen = world.ops.get_hunt(&ctx, &hunt).await.unwrap();
    assert_eq!((seen.customers.as_slice(), seen.whole, seen.minutes), (std::slice::from_ref(&world.ours), false, 50));
    let all = (
        serde_json::to_string(&seen).unwrap(),
        serde_json::to_string(
            &world.ops.list_hunts(&ctx, &ops::HuntFilter::default(), &PageRequest::default()).await.unwrap(),
        )
        .unwrap(),
        serde_json::to_string(&world.ops.list_hunt_customers(&ctx, &hunt).await.unwrap()).unwrap(),
        serde_json::to_string(&world.ops.list_hunt_results(&ctx, &hunt).await.unwrap()).unwrap(),
        serde_json::to_string(&world.ops.list_hunt_runs(&ctx, &hunt).await.unwrap()).unwrap(),
        serde_json::to_string(&world.ops.list_hunt_detections(&ctx, &hunt).await.unwrap()).unwrap(),
        serde_json::to_string(&world.ops.get_hunt_result(&ctx, &hunt, "names", &world.ours).await.unwrap()).unwrap(),
    );
    let all = [all.0, all.1, all.2, all.3, all.4, all.5, all.6].join("\n");
    for theirs in
        [world.theirs.as_str(), "secret", "for root", their_incident.id.as_str(), "\"count\":7", "minutes\":100"]
    {
        assert!(!all.contains(theirs), "{theirs} is told: {all}");
    }
    let runs = world.ops.list_hunt_runs(&ctx, &hunt).await.unwrap();
    assert_eq!((runs[0].total, runs[0].done), (2, 2));
    assert!(matches!(world.ops.get_hunt_result(&ctx, &hunt, "names", &world.theirs).await, Err(Error::NotFound(_))));
    assert!(matches!(world.ops.list_hunt_times(&ctx, &hunt).await, Err(Error::NeedsItsCustomers(_))));
    let known = world.ops.list_hunt_customers(&job(4), &hunt).await.unwrap();
    let version = |customer: &CustomerId| known.iter().find(|one| one.customer == *customer).unwrap().version;
    let (elsewhere, found) = (&world.theirs, Some(HuntVerdict::Found));
    world.ops.judge_hunt_customer(&job(4), &hunt, elsewhere, version(elsewhere), found, "secret").await.unwrap();
    let auditor = world.user("an", Role::Auditor, &[&world.ours]).await;
    let page = PageRequest::new(1000, None);
    let log = world.ops.list_audit(&acting(&auditor, 5), &ops::AuditFilter::default(), &page).await.unwrap().items;
    let log: Vec<_> = log.into_iter().filter(|row| row.object == hunt.as_str()).collect();
    assert!(log.iter().any(|row| row.action == "hunt.run"), "a look at their events is in their log");
    let log = serde_json::to_string(&log).unwrap();
    for theirs in [world.theirs.as_str(), "secret", their_incident.id.as_str(), "100"] {
        assert!(!log.contains(theirs), "{theirs} is in the log: {log}");
    }
    let update = world.ops.update_hunt(&ctx, &hunt, seen.version, seen.data.clone()).await;
    assert!(matches!(update, Err(Error::NeedsItsCustomers(_))));
    let off = world.ops.call_off_hunt(&ctx, &hunt, seen.version, "x").await;
    assert!(matches!(off, Err(Error::NeedsItsCustomers(_))));
    let none = world.ops.judge_hunt_customer(&ctx, &hunt, &world.theirs, 1, Some(HuntVerdict::Found), "").await;
    assert!(matches!(none, Err(Error::NotFound(_))));
    assert!(matches!(world.ops.add_hunt_incident(&ctx, &hunt, secret).await, Err(Error::NotFound(_))));
    let foreign = HuntIncident {
        customer: world.ours.clone(),
        incident: Some(their_incident.id.clone()),
        title: None,
        severity: Severity::Low,
        note: None,
        sample: None,
    };
    assert!(matches!(world.ops.add_hunt_incident(&ctx, &hunt, foreign).await, Err(Error::NotFound(_))));
    let wish = HuntRunWish { customers: vec![world.theirs.clone()], ..HuntRunWish::default() };
    assert!(matches!(world.ops.run_hunt(&ctx, &hunt, &wish).await, Err(Error::Invalid { .. })));

    world.ops.judge_hunt_customer(&ctx, &hunt, &world.ours, 1, Some(HuntVerdict::Clean), "looked").await.unwrap();
    let run = world.ops.run_hunt(&ctx, &hunt, &HuntRunWish::default()).await.unwrap();
    assert_eq!(run.total, 2, "their own part is run");
    while world.ops.run_next_hunt(at(5)).await.unwrap() {}
    let results = world.ops.list_hunt_results(&job(5), &hunt).await.unwrap();
    let runs_of = |customer: &CustomerId| results.iter().find(|one| one.customer == *customer).unwrap().run == run.id;
    assert_eq!((runs_of(&world.ours), runs_of(&world.theirs)), (true, false));
}

#[tokio::test]
async fn what_a_person_may_no_longer_see_is_not_looked_at_for_them() {
    let world = World::new().await;
    world.sign_in(&world.theirs, 10, "Failed password for root");
    let hunt = at_both(&world, hunt_data("Guessing")).await;
    let hunter = world.user("lan", Role::L2Engineer, &[]).await;
    world.ops.run_hunt(&acting(&hunter, 1), &hunt, &HuntRunWish::default()).await.unwrap();
    let mut data = hunter.data.clone();
    (data.all_customers, data.customers) = (false, vec![world.ours.clone()]);
    world.ops.update_user(&job(2), &hunter.id, hunter.version, data).await.unwrap();
    while world.ops.run_next_hunt(at(3)).await.unwrap() {}
    for result in world.ops.list_hunt_results(&job(4), &hunt).await.unwrap() {
        let problem = result.problem.as_deref();
        assert_eq!((result.count, problem.is_some()), (0, result.customer == world.theirs), "{problem:?}");
    }
    let refused = judge(&world, &hunt, &world.theirs, HuntVerdict::Clean).await;
    assert!(refused.is_err(), "what was not looked at is not clean");
}

#[tokio::test]
async fn a_run_that_was_cut_short_says_so_and_goes_on_where_it_stopped() {
    let world = World::new().await;
    world.sign_in(&world.ours, 10, "Failed password for li");
    world.sign_in(&world.theirs, 10, "Failed password for li");
    let hunt = at_both(&world, hunt_data("Guessing")).await;
    let run = world.ops.run_hunt(&job(1), &hunt, &HuntRunWish::default()).await.unwrap();
    let twice = world.ops.run_hunt(&job(1), &hunt, &HuntRunWish::default()).await;
    assert!(matches!(twice, Err(Error::NotNow(_))), "one at a time");

    // As a process leaves it that is killed after the first customer.
    let mut tx = world.store.write(&job(2)).await.unwrap();
    tx.move_hunt_run(&run.id, HuntRunState::Queued, HuntRunState::Running).await.unwrap();
    let tasks = tx.open_hunt_tasks(&run.id).await.unwrap();
    for task in &tasks[..2] {
        assert!(tx.finish_hunt_task(&run.id, task).await.unwrap());
    }
    tx.commit().await.unwrap();
    assert!(!world.ops.run_next_hunt(at(3)).await.unwrap(), "nothing goes on by itself");
    assert_eq!(world.ops.interrupt_hunt_runs(at(3)).await.unwrap(), 1);
    let stands = world.ops.list_hunt_runs(&job(3), &hunt).await.unwrap().remove(0);
    assert_eq!((stands.state, stands.done, stands.total), (HuntRunState::Interrupted, 2, 4));
    assert!(!world.ops.run_next_hunt(at(3)).await.unwrap());

    world.ops.continue_hunt_run(&job(4), &hunt, &run.id).await.unwrap();
    while world.ops.run_next_hunt(at(5)).await.unwrap() {}
    let over = world.ops.list_hunt_runs(&job(5), &hunt).await.unwrap().remove(0);
    assert_eq!((over.state, over.done), (HuntRunState::Done, 4));
    let results = world.ops.list_hunt_results(&job(5), &hunt).await.unwrap();
    assert_eq!(
        results.iter().map(|result| &result.customer).collect::<Vec<_>>(),
        [&tasks[2].customer],
        "not asked twice"
    );
    let again = world.ops.continue_hunt_run(&job(6), &hunt, &run.id).await;
    assert!(matches!(again, Err(Error::NotNow(_))));
    assert_eq!(world.ops.interrupt_hunt_runs(at(7)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_run_that_is_stopped_keeps_what_it_found() {
    let world = World::new().await;
    let hunt = at_both(&world, hunt_data("Guessing")).await;
    let run = world.ops.run_hunt(&job(1), &hunt, &HuntRunWish::default()).await.unwrap();
    let stopped = world.ops.cancel_hunt_run(&job(2), &hunt, &run.id).await.unwrap();
    assert_eq!(stopped.state, HuntRunState::Cancelled);
    assert!(!world.ops.run_next_hunt(at(3)).await.unwrap());
    let elsewhere = at_both(&world, hunt_data("Other")).await;
    assert!(matches!(world.ops.continue_hunt_run(&job(3), &elsewhere, &run.id).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_list_and_a_rule_are_asked_like_a_search_and_what_cannot_be_asked_says_why() {
    let world = World::new().await;
    for customer in [&world.ours, &world.theirs] {
        world.sign_in(customer, 10, "Failed password for li");
    }
    let list = IntelListData {
        name: "Seen lately".into(),
        source: String::new(),
        description: String::new(),
        confidence: 50,
        tlp: Tlp::Amber,
        expires: None,
        purpose: ListPurpose::Hunt,
        least_confidence: 0,
        hunt_new: false,
    };
    let ours = std::slice::from_ref(&world.ours);
    let list =
        world.ops.add_intel_list(&job(0), list, ours, b"203.0.113.9\nevil.example".to_vec()).await.unwrap().list.id;
    let mut data = hunt_data("All kinds");
    data.queries = vec![
        query("list", HuntQuestion::List { list: list.clone() }),
        query("rule", HuntQuestion::UseCase { text: FAILED.into() }),
        query("broken", HuntQuestion::UseCase { text: "title: nothing".into() }),
    ];
    let hunt = at_both(&world, data.clone()).await;
    run_all(&world, &hunt).await;
    let results = world.ops.list_hunt_results(&job(2), &hunt).await.unwrap();
    let of = |key: &str, customer: &CustomerId| {
        results.iter().find(|result| result.query == key && result.customer == *customer).unwrap().clone()
    };
    assert_eq!((of("list", &world.ours).count, of("list", &world.ours).things), (1, Some(1)));
    assert!(
        of("list", &world.theirs).problem.unwrap().contains("not for this customer"),
        "nor does it tell what it holds"
    );
    assert_eq!((of("rule", &world.ours).count, of("rule", &world.theirs).count), (1, 1));
    assert!(of("broken", &world.ours).problem.unwrap().contains("cannot be used"));
    let sample = world.ops.get_hunt_result(&job(2), &hunt, "list", &world.ours).await.unwrap().samples.remove(0);
    assert!(sample.raw.contains("203.0.113.9"));

    let hunter = world.user("lan", Role::L2Engineer, &[&world.theirs]).await;
    let unseen = world.ops.create_hunt(&acting(&hunter, 3), data, &[]).await.unwrap_err();
    assert!(unseen.to_string().contains("no such intelligence list"), "{unseen}");
}

#[tokio::test]
async fn a_sample_becomes_an_incident_and_a_query_a_request_or_a_draft() {
    let world = World::new().await;
    world.sign_in(&world.ours, 10, "Failed password for li");
    let hunt = at_both(&world, hunt_data("Guessing")).await;
    run_all(&world, &hunt).await;
    let sample = world.ops.get_hunt_result(&job(2), &hunt, "names", &world.ours).await.unwrap().samples.remove(0);
    let wish = HuntIncident {
        customer: world.ours.clone(),
        incident: None,
        title: None,
        severity: Severity::High,
        note: Some("Please look".into()),
        sample: Some(("names".into(), sample.event)),
    };
    let incident = world.ops.add_hunt_incident(&job(3), &hunt, wish.clone()).await.unwrap();
    assert_eq!((incident.title.as_str(), incident.first), ("Guessing", sample.time));
    assert!(incident.entities.iter().any(|entity| entity.value == "203.0.113.9"), "{:?}", incident.entities);
    let timeline = world.timeline(&incident.id).await.join("\n");
    assert!(
        timeline.contains("Please look")
            && timeline.contains("Failed password for li")
            && timeline.contains(hunt.as_str())
    );
    let none =
        HuntIncident { sample: Some(("names".into(), EventId { log: 9, shard: 9, sequence: 9 })), ..wish.clone() };
    assert!(matches!(world.ops.add_hunt_incident(&job(3), &hunt, none).await, Err(Error::Invalid { .. })));
    let link = HuntIncident { incident: Some(incident.id.clone()), sample: None, ..wish };
    assert_eq!(world.ops.add_hunt_incident(&job(3), &hunt, link.clone()).await.unwrap().id, incident.id);
    let theirs = world.incident(&world.theirs).await;
    let foreign = HuntIncident { incident: Some(theirs.id), ..link };
    assert!(matches!(world.ops.add_hunt_incident(&job(3), &hunt, foreign).await, Err(Error::Invalid { .. })));
    let linked = world.ops.list_hunt_customers(&job(4), &hunt).await.unwrap();
    assert_eq!(linked.iter().flat_map(|one| &one.incidents).collect::<Vec<_>>(), [&incident.id]);

    let wish = |kind| HuntDetectionWish { query: "names".into(), kind, customer: None, title: None };
    let request = world.ops.make_hunt_detection(&job(5), &hunt, wish(DetectionKind::Request)).await.unwrap();
    let made = world.ops.get_request(&job(5), &request.object.parse().unwrap()).await.unwrap();
    assert!(made.data.description.contains("user_name:(li OR root)") && made.data.description.contains(hunt.as_str()));
    let draft = world.ops.make_hunt_detection(&job(5), &hunt, wish(DetectionKind::UseCase)).await.unwrap();
    let rule = world.ops.get_rule(&job(5), &draft.object).await.unwrap();
    assert_eq!(rule.decided.state, UseCaseState::Draft);
    let text = rule.rule.text.or(rule.decided.text).unwrap();
    assert!(text.contains("user_name: 'li'") && text.contains("service: 'sshd'"), "{text}");
    assert_eq!(world.ops.list_hunt_detections(&job(6), &hunt).await.unwrap().len(), 2);

    for customer in [&world.ours, &world.theirs] {
        let verdict = if customer == &world.ours { HuntVerdict::Found } else { HuntVerdict::NoData };
        judge(&world, &hunt, customer, verdict).await.unwrap();
    }
    world.ops.log_hunt_time(&job(7), &hunt, 90, "").await.unwrap();
    world.ops.log_hunt_time(&job(7), &hunt, -30, "too much").await.unwrap();
    assert!(matches!(world.ops.log_hunt_time(&job(7), &hunt, -61, "").await, Err(Error::Invalid { .. })));
    let version = world.ops.get_hunt(&job(7), &hunt).await.unwrap().version;
    world.ops.conclude_hunt(&job(8), &hunt, version, "Found at one").await.unwrap();
    let week = TimeRange { from: at(0), to: at(100) };
    let summary = world.ops.hunt_summary(&job(9), week, std::slice::from_ref(&world.ours)).await.unwrap();
    let of = &summary[0];
    assert_eq!((of.hunts, of.minutes, of.verdicts.found, of.incidents, of.detections), (1, 30, 1, 1, 2));
    assert_eq!(world.ops.hunt_summary(&job(9), TimeRange { from: at(50), to: at(99) }, &[]).await.unwrap(), []);
}

#[tokio::test]
async fn each_round_of_a_programme_has_one_hunt_and_missed_rounds_are_not_made_up_for() {
    let world = World::new().await;
    const DAY: u64 = 86_400;
    let data = HuntProgrammeData {
        rhythm: Rhythm::Week { weekday: 1 },
        time_zone: "Asia/Shanghai".into(),
        due_days: 5,
        active: true,
        template: hunt_data("Weekly"),
    };
    let programme = world.ops.create_hunt_programme(&job(0), None, data.clone()).await.unwrap();
    let next = programme.next.unwrap();
    assert!(next > at(0) && next <= at(7 * DAY));
    assert_eq!(world.ops.make_due_hunts(at(1)).await.unwrap(), 0, "it begins with its next round");
    let made = world.ops.make_due_hunts(next).await.unwrap();
    let again = world.ops.make_due_hunts(next.plus(std::time::Duration::from_secs(60))).await.unwrap();
    assert_eq!((made, again), (1, 0));
    let late = next.plus(std::time::Duration::from_secs(70 * DAY + 5));
    assert_eq!(world.ops.make_due_hunts(late).await.unwrap(), 1, "ten weeks away, one hunt");
    let page = world.ops.list_hunts(&job(0), &ops::HuntFilter::default(), &PageRequest::default()).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let hunt = &page.items[1];
    assert_eq!((hunt.programme.as_ref(), hunt.customers.len()), (Some(&programme.id), 2));
    assert_eq!(hunt.data.due, Some(next.plus(std::time::Duration::from_secs(5 * DAY))));
    assert!(hunt.is_overdue(late) && !hunt.is_overdue(next));
    let overdue = ops::HuntFilter { overdue_at: Some(late), ..ops::HuntFilter::default() };
    assert_eq!(world.ops.list_hunts(&job(0), &overdue, &PageRequest::default()).await.unwrap().items.len(), 1);
    let begun = world.ops.begin_hunt_programme(&Context::job("test", Scope::All, late), &programme.id).await.unwrap();
    assert_eq!(begun.id, page.items[0].id, "the round has its hunt already");

    let off = HuntProgrammeData { active: false, ..data.clone() };
    let changed = world.ops.update_hunt_programme(&job(1), &programme.id, 1, None, off).await.unwrap();
    assert_eq!(changed.next, None);
    assert_eq!(world.ops.make_due_hunts(late.plus(std::time::Duration::from_secs(30 * DAY))).await.unwrap(), 0);
    let wrong = HuntProgrammeData { time_zone: "Mars/Olympus".into(), ..data };
    assert!(matches!(world.ops.create_hunt_programme(&job(0), None, wrong).await, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_hunts_owner_must_be_somebody_who_may_hunt() {
    let world = World::new().await;
    let first_line = world.user("mei", Role::L1Analyst, &[]).await;
    let second_line = world.user("lan", Role::L2Engineer, &[]).await;
    let data = HuntData { owner: Some(first_line.id.clone()), ..hunt_data("h") };
    assert!(matches!(world.ops.create_hunt(&job(0), data.clone(), &[]).await, Err(Error::Invalid { .. })));
    world.ops.create_hunt(&job(0), HuntData { owner: Some(second_line.id), ..data }, &[]).await.unwrap();
    let refused = world.ops.create_hunt(&acting(&first_line, 1), hunt_data("h"), &[]).await;
    assert!(matches!(refused, Err(Error::Denied(_))));
}
