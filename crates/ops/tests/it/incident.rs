//! An incident's life, with its timeline and its audit rows to the letter.

use model::alert::Alert;
use model::entity::EntityKind;
use model::incident::{IncidentState, RejectReason, Transition, TransitionError, Verdict};
use model::role::Role;
use model::*;
use ops::{Error, IncidentFilter, NewIncident};

use crate::world::*;

#[tokio::test]
async fn from_alert_to_closed_every_step_is_told_and_audited() {
    let world = World::new().await;
    let li = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let lead = world.user("lead", Role::ShiftLead, &[&world.ours]).await;
    let alert = world.alert(&world.ours, 100, |_| {}).await;
    let ops = &world.ops;

    let raised = ops.raise_alert(&acting(&li, 200), &alert.id, None, None).await.unwrap();
    assert_eq!(
        (raised.title.as_str(), raised.severity, raised.state),
        ("Password spraying", Severity::High, IncidentState::New)
    );
    assert_eq!((raised.key.as_str(), raised.alert_count, raised.number), ("host=WEB01", 1, 1));
    assert_eq!((raised.first, raised.last, raised.created), (at(100), at(100), at(200)));
    let again = ops.raise_alert(&acting(&li, 201), &alert.id, None, None).await.unwrap();
    assert_eq!(again, ops.get_incident(&acting(&li, 201), &raised.id).await.unwrap(), "a second click changes nothing");

    let id = &raised.id;
    let started = ops.transition_incident(&acting(&li, 300), id, again.version, Transition::Start).await.unwrap();
    assert_eq!((started.state, started.assignee.as_ref()), (IncidentState::InProgress, Some(&li.id)));
    ops.comment_incident(&acting(&li, 310), id, "  asked the customer \n").await.unwrap();
    let version = ops.get_incident(&acting(&li, 311), id).await.unwrap().version;
    let given = ops.assign_incident(&acting(&lead, 320), id, version, Some(lead.id.clone())).await.unwrap();
    let graver = ops.set_incident_severity(&acting(&lead, 330), id, given.version, Severity::Critical).await.unwrap();
    let suspend = Transition::Suspend { reason: "waits for the customer".into(), until: at(1000) };
    let waiting = ops.transition_incident(&acting(&lead, 340), id, graver.version, suspend).await.unwrap();
    assert_eq!((waiting.state, waiting.suspended_until), (IncidentState::Suspended, Some(at(1000))));
    assert_eq!(ops.wake_suspended(at(999)).await.unwrap(), 0);
    assert_eq!(ops.wake_suspended(at(1000)).await.unwrap(), 1);
    assert_eq!(ops.wake_suspended(at(1000)).await.unwrap(), 0, "once is enough");
    let woken = ops.get_incident(&acting(&lead, 1001), id).await.unwrap();
    assert_eq!((woken.state, woken.suspended_until), (IncidentState::InProgress, None));
    let resolve = Transition::Resolve { verdict: Verdict::TruePositive, summary: "blocked".into() };
    let closed = ops.transition_incident(&acting(&lead, 1010), id, woken.version, resolve).await.unwrap();
    assert_eq!((closed.state, closed.verdict), (IncidentState::Resolved, Some(Verdict::TruePositive)));
    let reopen = Transition::Reopen { reason: "here again".into() };
    let open = ops.transition_incident(&acting(&lead, 1020), id, closed.version, reopen).await.unwrap();
    assert_eq!((open.state, open.verdict, open.assignee.as_ref()), (IncidentState::InProgress, None, Some(&lead.id)));
    let reject = Transition::Reject { reason: RejectReason::Duplicate, summary: "see #2".into() };
    let rejected = ops.transition_incident(&acting(&lead, 1030), id, open.version, reject).await.unwrap();
    assert_eq!((rejected.state, rejected.reject_reason), (IncidentState::Rejected, Some(RejectReason::Duplicate)));

    assert_eq!(
        world.timeline(id).await,
        [
            "LI raised by alert",
            "LI assigned to somebody",
            "LI start: new -> in_progress",
            "LI said asked the customer",
            "LEAD assigned to somebody",
            "LEAD severity high -> critical",
            "LEAD suspend: in_progress -> suspended",
            "platform resume: suspended -> in_progress",
            "LEAD resolve: in_progress -> resolved",
            "LEAD reopen: resolved -> in_progress",
            "LEAD reject: in_progress -> rejected",
        ]
    );
    assert_eq!(
        world.actions_on(id.as_str()).await,
        [
            "incident.create",
            "incident.assign",
            "incident.start",
            "incident.comment",
            "incident.assign",
            "incident.set_severity",
            "incident.suspend",
            "incident.resume",
            "incident.resolve",
            "incident.reopen",
            "incident.reject",
        ]
    );
    assert_eq!(world.actions_on(alert.id.as_str()).await, ["alert.raise"]);
    let rows = world.audit_of(id.as_str()).await;
    assert!(rows.iter().all(|row| row.customer.as_ref() == Some(&world.ours)));
    assert_eq!(rows[7].actor, "job:wake");
    assert_eq!(rows[4].detail, serde_json::json!({"from": li.id, "to": lead.id}));
}

#[tokio::test]
async fn a_change_on_a_stale_version_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let li = acting(&world.user("li", Role::ShiftLead, &[&world.ours]).await, 10);
    let seen = world.incident(&world.ours).await;
    let now = world.ops.set_incident_severity(&li, &seen.id, seen.version, Severity::Low).await.unwrap();
    let ops = &world.ops;
    assert!(matches!(
        ops.transition_incident(&li, &seen.id, seen.version, Transition::Start).await,
        Err(Error::Conflict)
    ));
    assert!(matches!(
        ops.set_incident_severity(&li, &seen.id, seen.version, Severity::High).await,
        Err(Error::Conflict)
    ));
    assert!(matches!(ops.assign_incident(&li, &seen.id, seen.version, None).await, Err(Error::Conflict)));
    assert_eq!(ops.get_incident(&li, &seen.id).await.unwrap(), now);
    assert_eq!(world.timeline(&seen.id).await.len(), 2);
}

#[tokio::test]
async fn an_alert_that_joins_refuses_nobodys_decision_unless_it_makes_the_incident_worse() {
    let world = World::new().await;
    let li = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let alert = |seconds, severity| world.alert(&world.ours, seconds, move |alert| alert.severity = severity);
    let raise = async |alert: &Alert| world.ops.raise_alert(&acting(&li, 200), &alert.id, None, None).await.unwrap();
    let seen = raise(&alert(100, Severity::Medium).await).await;
    let joined = raise(&alert(101, Severity::Medium).await).await;
    assert_eq!((&joined.id, joined.alert_count), (&seen.id, 2), "both alerts are about the same");
    let start =
        async |version| world.ops.transition_incident(&acting(&li, 300), &seen.id, version, Transition::Start).await;
    let worse = raise(&alert(102, Severity::Critical).await).await;
    assert_eq!(worse.severity, Severity::Critical);
    for version in [seen.version, joined.version, worse.version + 1] {
        assert!(matches!(start(version).await, Err(Error::Conflict)), "version {version}");
    }
    raise(&alert(103, Severity::Low).await).await;
    let started = start(worse.version).await.unwrap();
    assert_eq!((started.alert_count, started.version), (4, worse.version + 2));
}

#[tokio::test]
async fn a_transition_the_state_does_not_allow_leaves_no_trace() {
    let world = World::new().await;
    let li = acting(&world.user("li", Role::L1Analyst, &[&world.ours]).await, 10);
    let incident = world.incident(&world.ours).await;
    let resolve = Transition::Resolve { verdict: Verdict::TruePositive, summary: "done".into() };
    let outcome = world.ops.transition_incident(&li, &incident.id, incident.version, resolve).await;
    assert!(matches!(outcome, Err(Error::Transition(TransitionError::NotAllowed { .. }))), "{outcome:?}");
    let endless = Transition::Reject { reason: RejectReason::FalsePositive, summary: "x".repeat(10_001) };
    let outcome = world.ops.transition_incident(&li, &incident.id, incident.version, endless).await;
    assert!(matches!(outcome, Err(Error::Invalid { .. })), "{outcome:?}");
    for text in ["", " \n ", &"x".repeat(10_001)] {
        assert!(matches!(world.ops.comment_incident(&li, &incident.id, text).await, Err(Error::Invalid { .. })));
    }
    assert_eq!(world.timeline(&incident.id).await, ["platform raised by hand"]);
    assert_eq!(world.actions_on(incident.id.as_str()).await, ["incident.create"]);
}

#[tokio::test]
async fn an_incident_is_given_only_to_somebody_who_can_work_on_it() {
    let world = World::new().await;
    let lead = world.user("lead", Role::ShiftLead, &[&world.ours]).await;
    let li = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let auditor = world.user("auditor", Role::Auditor, &[]).await;
    let theirs = world.user("theirs", Role::L1Analyst, &[&world.theirs]).await;
    let everywhere = world.user("everywhere", Role::L3Analyst, &[]).await;
    let gone = world.user("gone", Role::L1Analyst, &[&world.ours]).await;
    let mut data = gone.data.clone();
    data.active = false;
    world.ops.update_user(&job(1), &gone.id, gone.version, data).await.unwrap();
    let incident = world.incident(&world.ours).await;
    let assign = |ctx: Context, version: i64, to: Option<UserId>| {
        let (ops, id) = (world.ops.clone(), incident.id.clone());
        async move { ops.assign_incident(&ctx, &id, version, to).await }
    };
    for user in [&auditor.id, &theirs.id, &gone.id, &UserId::generate(at(9))] {
        let outcome = assign(acting(&lead, 10), 1, Some(user.clone())).await;
        assert!(matches!(outcome, Err(Error::Invalid { .. })), "{outcome:?}");
    }
    let given = assign(acting(&lead, 10), 1, Some(li.id.clone())).await.unwrap();
    let taken = assign(acting(&everywhere, 11), given.version, Some(everywhere.id.clone())).await.unwrap();
    let outcome = assign(acting(&li, 12), taken.version, None).await;
    assert!(matches!(outcome, Err(Error::Denied(_))), "another's work is not given back by anybody: {outcome:?}");
    let back = assign(acting(&everywhere, 13), taken.version, None).await.unwrap();
    assert_eq!(back.assignee, None);

    let can = world.ops.list_assignees(&acting(&li, 14), Some(&world.ours)).await.unwrap();
    let names: Vec<_> = can.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["EVERYWHERE", "LEAD", "LI"]);
    let any = world.ops.list_assignees(&acting(&li, 14), None).await.unwrap();
    assert_eq!(any, can, "who works only elsewhere is nobody here");
}

#[tokio::test]
async fn the_page_shows_alerts_cards_names_and_what_is_alike() {
    let world = World::new().await;
    let li = world.user("li", Role::L1Analyst, &[]).await;
    let ctx = acting(&li, 86_400 * 2);
    let yesterday = world.alert(&world.ours, 100, |_| {}).await;
    let old = world.ops.raise_alert(&acting(&li, 100), &yesterday.id, None, None).await.unwrap();
    let reject = Transition::Reject { reason: RejectReason::FalsePositive, summary: "a test".into() };
    world.ops.transition_incident(&acting(&li, 101), &old.id, old.version, reject).await.unwrap();
    let elsewhere = world.alert(&world.theirs, 100, |_| {}).await;
    world.ops.raise_alert(&acting(&li, 102), &elsewhere.id, None, None).await.unwrap();
    let unlike = |alert: &mut model::alert::Alert| alert.entities = vec![entity(EntityKind::Host, "DC01")];
    let unlike = world.alert(&world.ours, 100, unlike).await;
    world.ops.raise_alert(&acting(&li, 103), &unlike.id, None, None).await.unwrap();

    let today = world.alert(&world.ours, 86_400 * 2 - 50, |_| {}).await;
    let title = Some("Here again".to_owned());
    let new = world.ops.raise_alert(&ctx, &today.id, Some(Severity::Critical), title).await.unwrap();
    assert_ne!(new.id, old.id, "a closed incident is not joined");
    let new = world.ops.transition_incident(&ctx, &new.id, new.version, Transition::Start).await.unwrap();
    let view = world.ops.view_incident(&ctx, &new.id).await.unwrap();
    assert_eq!((view.incident.title.as_str(), view.incident.severity), ("Here again", Severity::Critical));
    assert_eq!(view.customer.data.short_name, "Ours");
    assert_eq!(view.alerts.iter().map(|alert| &alert.id).collect::<Vec<_>>(), [&today.id]);
    assert_eq!(view.alerts[0].incident.as_ref(), Some(&new.id));
    assert_eq!(view.cards.keys().collect::<Vec<_>>(), ["rule-1"]);
    assert_eq!(view.assignee_name.as_deref(), Some("LI"));
    assert_eq!(view.related.iter().map(|incident| &incident.id).collect::<Vec<_>>(), [&old.id]);
}

#[tokio::test]
async fn an_incident_by_hand_keeps_its_note_and_joins_nothing() {
    let world = World::new().await;
    let li = acting(&world.user("li", Role::L1Analyst, &[&world.ours]).await, 10);
    let new = NewIncident { note: Some("by telephone".into()), ..new_incident(&world.ours) };
    let one = world.ops.create_incident(&li, new.clone()).await.unwrap();
    let two = world.ops.create_incident(&li, new).await.unwrap();
    assert_ne!(one.key, two.key);
    assert_eq!(two.number, one.number + 1);
    assert_eq!(world.timeline(&one.id).await, ["LI raised by hand", "LI said by telephone"]);
    let nameless = NewIncident { title: "  ".into(), ..new_incident(&world.ours) };
    assert!(matches!(world.ops.create_incident(&li, nameless).await, Err(Error::Invalid { .. })));
    let mine = IncidentFilter { unassigned: true, open_only: true, ..IncidentFilter::default() };
    let open = world.ops.list_incidents(&li, &mine, &PageRequest::default()).await.unwrap();
    assert_eq!(open.items.len(), 2);
}
