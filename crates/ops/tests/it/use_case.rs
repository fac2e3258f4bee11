//! Use cases: listed and found, written, tried, released, excepted from, asked for and scored.

use model::alert::{Alert, AlertState, Sample};
use model::role::Role;
use model::use_case::{
    Card, Cards, ChangeSet, ChangeSetState, ExceptionData, Language, MustFire, Release, RequestData, RequestState,
    RuleChangeKind, UseCaseData, UseCaseState,
};
use model::*;
use ops::{Acceptance, Error, RuleFilter, RuleOrigin, RuleTrial, TrialRecord};

use crate::world::*;

fn words(text: &str) -> RuleFilter {
    RuleFilter { text: text.to_owned(), ..RuleFilter::default() }
}

#[tokio::test]
async fn rules_are_listed_by_title_found_by_words_and_paged() {
    let world = World::new().await;
    let ops = &world.ops;
    let page = ops.list_rules(&job(0), &RuleFilter::default(), &PageRequest::new(2, None)).await.unwrap();
    let titles: Vec<_> = page.items.iter().map(|view| view.rule.title.as_str()).collect();
    assert_eq!(titles, ["Beacon", "Password spraying"]);
    assert!(page.items.iter().all(|view| view.rule.text.is_none()), "a list leaves the text out");
    assert_eq!(page.items[1].cards.len(), 1);
    let rest = ops.list_rules(&job(0), &RuleFilter::default(), &PageRequest::new(2, page.next)).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let found = ops.list_rules(&job(0), &words("SPRAYING t1110"), &PageRequest::default()).await.unwrap();
    assert_eq!(found.items.len(), 1);
    let strange = PageRequest::new(2, Some(Cursor("x".into())));
    assert!(matches!(ops.list_rules(&job(0), &RuleFilter::default(), &strange).await, Err(Error::Invalid { .. })));

    assert!(ops.get_rule(&job(0), "rule-1").await.unwrap().rule.text.unwrap().starts_with("title: Password"));
    assert!(matches!(ops.get_rule(&job(0), "rule-9").await, Err(Error::NotFound("rule"))));
    assert_eq!(ops.inactive_rules(&job(0)).await.unwrap()[0].id, "rule-4");
}

fn card() -> Cards {
    let part = || "x".to_owned();
    let card = Card {
        title: part(),
        facts: part(),
        trigger: part(),
        false_positive: part(),
        consequences: part(),
        recommendations: part(),
    };
    Cards::from([(Language::Zh, card)])
}

#[tokio::test]
async fn a_use_case_goes_from_draft_to_live_keeps_its_versions_and_can_be_taken_back() {
    let world = World::new().await;
    let ops = &world.ops;
    let mut data = UseCaseData { state: UseCaseState::Draft, text: Some("title: half".into()), ..Default::default() };
    let saved = ops.save_use_case(&job(1), "ours-1", 0, data.clone()).await.unwrap();
    assert_eq!((saved.rule.title.as_str(), saved.decided.state), ("half", UseCaseState::Draft));
    assert!(ops.loaded().rules.rule("ours-1").is_none(), "a draft judges nothing");

    // What cannot be used stays a draft; what goes live has a card.
    data.state = UseCaseState::Test;
    assert!(matches!(
        ops.save_use_case(&job(2), "ours-1", saved.version, data.clone()).await,
        Err(Error::Invalid { .. })
    ));
    data.text = Some(rule_text("ours-2", "action: x"));
    let refused = ops.save_use_case(&job(2), "ours-1", saved.version, data.clone()).await.unwrap_err().to_string();
    assert!(refused.contains("id ours-1"), "{refused}");
    data.text = Some(rule_text("ours-1", "action: x"));
    let saved = ops.save_use_case(&job(3), "ours-1", saved.version, data.clone()).await.unwrap();
    assert!(ops.loaded().rules.rule("ours-1").is_some());
    data.state = UseCaseState::Live;
    assert!(ops.save_use_case(&job(4), "ours-1", saved.version, data.clone()).await.is_err(), "no card");
    data.cards = card();
    let saved = ops.save_use_case(&job(5), "ours-1", saved.version, data.clone()).await.unwrap();
    assert!(saved.is_new && saved.live_since == Some(at(5)));
    assert!(matches!(ops.save_use_case(&job(6), "ours-1", 1, data.clone()).await, Err(Error::Conflict)));
    let month = 31 * 24 * 3600;
    assert!(!ops.get_rule(&job(month), "ours-1").await.unwrap().is_new);

    data.state = UseCaseState::Retired;
    let saved = ops.save_use_case(&job(7), "ours-1", saved.version, data).await.unwrap();
    assert!(ops.loaded().rules.rule("ours-1").is_none() && saved.live_since.is_none());
    let versions = ops.use_case_versions(&job(8), "ours-1").await.unwrap();
    assert_eq!(
        versions.iter().map(|one| one.data.as_ref().unwrap().state.as_str()).collect::<Vec<_>>(),
        ["retired", "live", "test", "draft"]
    );
    ops.delete_use_case(&job(9), "ours-1", saved.version).await.unwrap();
    assert!(matches!(ops.get_rule(&job(9), "ours-1").await, Err(Error::NotFound(_))));
    assert_eq!(ops.use_case_versions(&job(9), "ours-1").await.unwrap().len(), 5, "what it was stays known");
}

#[tokio::test]
async fn a_text_of_our_own_stands_in_for_a_built_in_one_until_it_is_taken_back() {
    let world = World::new().await;
    let ops = &world.ops;
    let before = ops.loaded().rules.clone();
    let data = UseCaseData { text: Some(rule_text("rule-1", "action: other")), ..Default::default() };
    let saved = ops.save_use_case(&job(1), "rule-1", 0, data.clone()).await.unwrap();
    assert!(saved.replaces && saved.built_in.unwrap().contains("logon-failed"));
    assert_eq!(ops.loaded().rules.rule("rule-1").unwrap().title, "Ours");
    assert_eq!(saved.cards.len(), 1, "its card is still the built-in one");
    // Another file's id cannot be taken, and nothing that is in force is lost to a text that cannot be used.
    let stolen = UseCaseData {
        text: Some(format!("{}---\n{}", rule_text("mine", "a: b"), rule_text("rule-2", "a: b"))),
        ..data
    };
    assert!(ops.save_use_case(&job(2), "mine", 0, UseCaseData { cards: card(), ..stolen }).await.is_err());
    assert!(ops.loaded().rules.rule("rule-2").is_some());

    // Decisions that leave the texts alone leave the compiled rules alone.
    let compiled = ops.loaded().rules.clone();
    ops.release_use_case(&job(3), "rule-2", &world.ours, Some(Release::Off)).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&compiled, &ops.loaded().rules));
    let retired = UseCaseData { state: UseCaseState::Retired, ..Default::default() };
    ops.save_use_case(&job(4), "rule-3", 0, retired).await.unwrap();
    assert!(ops.loaded().rules.rule("rule-3").is_none());
    ops.delete_use_case(&job(5), "rule-1", saved.version).await.unwrap();
    ops.delete_use_case(&job(5), "rule-3", 1).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &ops.loaded().rules));
}

#[tokio::test]
async fn what_is_decided_for_a_customer_is_seen_only_by_who_sees_the_customer() {
    let world = World::new().await;
    for customer in [&world.ours, &world.theirs] {
        world.ops.release_use_case(&job(1), "rule-1", customer, Some(Release::Silent)).await.unwrap();
    }
    let us = world.user("us", Role::L2Engineer, &[&world.ours]).await;
    let seen = world.ops.get_rule(&acting(&us, 2), "rule-1").await.unwrap().customers;
    assert_eq!(seen.keys().collect::<Vec<_>>(), [&world.ours]);
    let all = world.ops.release_use_case(&job(3), "rule-1", &world.ours, None).await.unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), [&world.theirs]);
}

#[tokio::test]
async fn an_exception_that_hides_what_must_fire_is_refused_and_a_preview_tells_what_it_would_have_hidden() {
    let world = World::new().await;
    let ops = &world.ops;
    let record = |address: &str| format!("<38>sshd[7]: Failed password for root from {address} port 51022 ssh2");
    let mut draft = exception_draft(Some(&world.ours));
    let must = |raw: String| MustFire { source: Some("openssh_sshd".into()), raw };
    draft.data.must_fire = vec![must(record("203.0.113.9"))];
    let refused = ops.create_exception(&job(1), draft.clone()).await.unwrap_err().to_string();
    assert!(refused.contains("would no longer fire"), "{refused}");
    draft.data.must_fire = vec![must("<38>sshd[7]: Accepted password for root from 203.0.113.8 port 1 ssh2".into())];
    let refused = ops.create_exception(&job(1), draft.clone()).await.unwrap_err().to_string();
    assert!(refused.contains("does not fire the use case"), "{refused}");
    draft.data.must_fire = vec![must(record("203.0.113.8"))];
    let kept = ops.create_exception(&job(1), draft.clone()).await.unwrap();
    assert_eq!(ops.get_rule(&job(1), "rule-1").await.unwrap().exceptions, 1);

    let sample = |address: &str| Sample {
        event: EventId { log: 1, shard: 0, sequence: 1 },
        time: at(0),
        source: "openssh_sshd".into(),
        raw: record(address),
        matched: Vec::new(),
    };
    for (customer, addresses) in [
        (&world.ours, vec!["203.0.113.9"]),
        (&world.ours, vec!["203.0.113.9", "203.0.113.7"]),
        (&world.ours, vec!["203.0.113.7"]),
        (&world.theirs, vec!["203.0.113.9"]),
    ] {
        let change = |alert: &mut Alert| {
            alert.rule_id = "rule-1".into();
            alert.count = 10;
            alert.samples = addresses.iter().map(|address| sample(address)).collect();
        };
        world.alert(customer, 5, change).await;
    }
    let preview = ops.preview_exception(&job(9), draft.clone()).await.unwrap();
    assert_eq!((preview.alerts, preview.hidden, preview.hidden_detections, preview.partly), (3, 1, 10, 1));
    assert_eq!((preview.examples.len(), preview.kept.len(), preview.attacks.len()), (2, 1, 0));
    assert!(preview.complete);
    draft.customer = None;
    assert_eq!(ops.preview_exception(&job(9), draft.clone()).await.unwrap().hidden, 2);
    // Records of an exception for everybody may be a customer's.
    let global = ops.create_exception(&job(10), draft).await.unwrap();
    let us = world.user("us", Role::L2Engineer, &[&world.ours]).await;
    assert!(ops.get_exception(&acting(&us, 11), &global.id).await.unwrap().data.must_fire.is_empty());
    assert_eq!(ops.get_exception(&acting(&us, 11), &kept.id).await.unwrap().data.must_fire.len(), 1);
    for (change, told) in [
        ("terms", Box::new(|data: &mut ExceptionData| data.terms.clear()) as Box<dyn Fn(&mut ExceptionData)>),
        ("terms", Box::new(|data| data.terms[0].field = "a|re".into())),
        ("reason", Box::new(|data| data.reason = " ".into())),
        ("expires", Box::new(|data| data.expires = Some(at(1)))),
        ("rule_id", Box::new(|data| data.rule_id = "nothing".into())),
    ] {
        let mut data = kept.data.clone();
        told(&mut data);
        let refused = ops.update_exception(&job(12), &kept.id, kept.version, data).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid { fields } if fields[0].field == change), "{change}: {refused:?}");
    }
}

#[tokio::test]
async fn a_trial_explains_each_record_and_a_check_tells_lines() {
    let world = World::new().await;
    let failed = "<38>sshd[7]: Failed password for root from 203.0.113.9 port 51022 ssh2".to_owned();
    let records = vec![TrialRecord { source: None, raw: failed }, TrialRecord { source: None, raw: "nothing".into() }];
    let trial = RuleTrial { rule: None, text: Some(FAILED.into()), records };
    let told = world.ops.try_rule(&job(0), trial).await.unwrap();
    assert_eq!(told.records.iter().map(|one| one.explanations[0].fires).collect::<Vec<_>>(), [true, false]);
    assert_eq!(told.records[0].source, "openssh_sshd");
    let problems = world.ops.check_rule(&job(0), FAILED.replace("condition: fails", "condition: falls")).await.unwrap();
    let error = problems.iter().find(|one| one.severity == "error").unwrap();
    assert_eq!((error.kind.as_str(), error.line), ("detection_missing", Some(5)));
}

#[tokio::test]
async fn a_request_is_due_in_72_hours_and_its_answer_stops_the_clock() {
    let world = World::new().await;
    let ops = &world.ops;
    let request = ops.create_request(&job(0), Some(&world.ours), request_data()).await.unwrap();
    let day = 24 * 3600;
    assert_eq!(request.due, at(3 * day));
    assert!(!request.is_late(at(3 * day)) && request.is_late(at(3 * day + 1)));
    let mut data = RequestData { state: RequestState::Done, ..request.data };
    assert!(
        ops.update_request(&job(day), &request.id, request.version, data.clone()).await.is_err(),
        "no answer given"
    );
    data.answer = "It is live.".into();
    let done = ops.update_request(&job(day), &request.id, request.version, data.clone()).await.unwrap();
    assert_eq!(done.answered, Some(at(day)));
    assert!(!done.is_late(at(9 * day)));
    let late = ops.update_request(&job(2 * day), &request.id, done.version, data).await.unwrap();
    assert_eq!(late.answered, Some(at(day)), "a word added later does not make the answer late");
}

#[tokio::test]
async fn a_scorecard_counts_what_people_judged_and_keeps_silent_alerts_apart() {
    let world = World::new().await;
    let ours = |state: AlertState| {
        move |alert: &mut Alert| {
            alert.rule_id = "rule-1".into();
            alert.count = 7;
            alert.state = state;
        }
    };
    world.alert(&world.ours, 5, ours(AlertState::New)).await;
    world.alert(&world.theirs, 6, ours(AlertState::Silent)).await;
    let of = async |ctx: &Context| {
        let card = world.ops.scorecard(ctx, 30).await.unwrap();
        card.items.into_iter().find(|score| score.rule == "rule-1").unwrap()
    };
    let score = of(&job(9)).await;
    assert_eq!((score.alerts, score.detections, score.silent, score.last_fired), (1, 7, 1, Some(at(6))));
    let us = world.user("us", Role::L2Engineer, &[&world.ours]).await;
    let score = of(&acting(&us, 9)).await;
    assert_eq!((score.alerts, score.silent, score.last_fired), (1, 0, Some(at(5))));
    assert!(matches!(world.ops.scorecard(&job(9), 0).await, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_release_is_reviewed_before_it_is_in_force_and_keeps_what_we_changed_or_left_out() {
    let world = World::new().await;
    let ops = &world.ops;
    let first = tarred(&[
        ("r/a.yml", &rule_text("theirs-a", "action: a")),
        ("r/b.yml", &rule_text("theirs-b", "action: b")),
        ("r/c.yml", &rule_text("theirs-c", "action: c")),
        ("r/taken.yml", &rule_text("rule-1", "action: taken")),
        ("r/broken.yml", "title: x\nlogsource: {product: y}\ndetection: {k: [a]}\n"),
    ]);
    let set = ops.add_change_set(&job(1), "SigmaHQ", "r1", first).await.unwrap();
    let counts = |set: &ChangeSet| set.counts.iter().map(|one| (one.kind.as_str(), one.count)).collect::<Vec<_>>();
    assert_eq!((set.files, counts(&set)), (5, vec![("new", 4), ("unusable", 1)]));
    assert!(ops.loaded().rules.rule("theirs-a").is_none(), "nothing is in force before somebody decides");
    let page = PageRequest::new(2, None);
    let new = ops.rule_changes(&job(1), &set.id, Some(RuleChangeKind::New), &page).await.unwrap();
    assert_eq!((new.items.len(), new.items[0].after.is_none(), new.next.is_some()), (2, true, true));
    let live = Acceptance { state: UseCaseState::Live, leave_out: vec!["theirs-c".into()] };
    let wrong = Acceptance { state: UseCaseState::Draft, ..live.clone() };
    assert!(matches!(ops.accept_change_set(&job(2), &set.id, wrong).await, Err(Error::Invalid { .. })));
    let test = Acceptance { state: UseCaseState::Test, ..live.clone() };
    let accepted = ops.accept_change_set(&job(2), &set.id, test).await.unwrap();
    assert_eq!((accepted.release.as_str(), accepted.files), ("r1", 4));
    assert!(matches!(
        ops.accept_change_set(&job(3), &set.id, live.clone()).await,
        Err(Error::NotFound(_) | Error::Conflict)
    ));
    let rules = ops.loaded().rules.clone();
    assert!(rules.rule("theirs-a").is_some() && rules.rule("theirs-c").is_none());
    assert_eq!(rules.rule("rule-1").unwrap().title, "Password spraying", "an id that is taken stays with who has it");
    let seen = ops.get_rule(&job(3), "theirs-a").await.unwrap();
    assert_eq!((seen.decided.state, seen.version, seen.rule.origin), (UseCaseState::Test, 0, RuleOrigin::Collection));

    // We change one, and decide about another.
    let ours = UseCaseData { text: Some(rule_text("theirs-b", "action: ours")), cards: card(), ..Default::default() };
    ops.save_use_case(&job(4), "theirs-b", 0, ours).await.unwrap();
    let decided = UseCaseData { severity: Some(Severity::Critical), ..Default::default() };
    let decided = ops.save_use_case(&job(4), "theirs-a", 0, decided).await.unwrap();
    assert_eq!(decided.decided.state, UseCaseState::Live, "what was decided goes before the collection's state");

    let second = tarred(&[
        ("r/a.yml", &rule_text("theirs-a", "action: better")),
        ("r/b.yml", &rule_text("theirs-b", "action: better")),
        ("r/d.yml", &rule_text("theirs-d", "action: d")),
    ]);
    let set = ops.add_change_set(&job(5), "SigmaHQ", "r2", second.clone()).await.unwrap();
    assert_eq!(counts(&set), [("new", 1), ("changed", 1), ("removed", 1), ("modified", 1)]);
    let change = ops.rule_change(&job(5), &set.id, "theirs-a").await.unwrap();
    assert!(change.before.unwrap().contains("action: a") && change.after.unwrap().contains("better"));
    let discarded = ops.discard_change_set(&job(6), &set.id).await.unwrap();
    assert_eq!(discarded.state, ChangeSetState::Discarded);
    assert!(ops.rule_changes(&job(6), &set.id, None, &page).await.unwrap().items.is_empty());
    let set = ops.add_change_set(&job(7), "SigmaHQ", "r2", second).await.unwrap();
    let kept = Acceptance { leave_out: vec!["theirs-a".into()], ..live };
    ops.accept_change_set(&job(8), &set.id, kept).await.unwrap();
    let texts = |id: &'static str| async move { ops.get_rule(&job(9), id).await.map(|found| found.rule.text.unwrap()) };
    assert!(texts("theirs-a").await.unwrap().contains("action: a"), "left out: as it was");
    assert!(texts("theirs-b").await.unwrap().contains("action: ours"), "ours stays in force");
    assert!(texts("theirs-d").await.is_ok());
    // What a reload of the folders brings has the collections as well.
    assert!(!ops.load_use_cases(at(10)).await.unwrap(), "nothing is new");
    assert!(ops.add_change_set(&job(11), "SigmaHQ", "r3", b"no archive".to_vec()).await.is_err());
}
