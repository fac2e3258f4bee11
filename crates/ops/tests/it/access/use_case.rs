//! Use cases and everything around them.

use super::*;

/// A baseline, and a flow that answers of it for our customer.
async fn usual(w: &World) -> &'static str {
    const TEXT: &str = "title: Base\nid: usual-base\nlogsource: {product: linux}\ndetection: {s: {a: b}, condition: s}\n---\n\
        title: Usual\nid: usual\nlevel: low\n\
        baseline: {type: first_seen, rules: [usual-base], group-by: [user_name], field: source_ip}\n";
    if w.ops.get_rule(&job(0), "usual").await.is_err() {
        let (state, text) = (model::use_case::UseCaseState::Test, Some(TEXT.to_owned()));
        let data = model::use_case::UseCaseData { state, text, ..Default::default() };
        w.ops.save_use_case(&job(0), "usual", 0, data).await.unwrap();
    }
    let (requests, mut asked) = tokio::sync::mpsc::channel(8);
    let ours = w.ours.clone();
    w.ops.set_profiles(requests);
    tokio::spawn(async move {
        while let Some(request) = asked.recv().await {
            answer(request, &ours);
        }
    });
    "usual"
}

fn answer(request: ProfileRequest, ours: &CustomerId) {
    use model::baseline::{BaselineProgress, GroupProfile, Usual};
    let (since, latest, last) = (at(0), at(0), at(0));
    match request {
        ProfileRequest::Progress(answer) => {
            let (rule, customer) = ("usual".to_owned(), ours.clone());
            let (learning, groups, forgotten, bytes) = (14, 1, 0, 400);
            let progress = BaselineProgress { rule, customer, since, latest, learning, groups, forgotten, bytes };
            drop(answer.send(vec![progress]));
        }
        ProfileRequest::Latest { answer, .. } => drop(answer.send(vec![vec!["root".to_owned()]])),
        ProfileRequest::Group { answer, .. } => {
            let usual = Usual::Values { known: 0, latest: Vec::new() };
            let profile = GroupProfile { group: Vec::new(), since, last, observations: 1, learned: false, usual };
            drop(answer.send(Some(profile)));
        }
        ProfileRequest::Forget { answer, .. } => {
            let _ = answer.send(true);
        }
    }
}

pub const CASES: &[Case] = cases! {
    Platform PolicyRead list_rules |w, ctx| all(w.ops.list_rules(&ctx, &RuleFilter::default(), &page()).await);
    Customer PolicyRead coverage |w, ctx| one(w.ops.coverage(&ctx, Some(&w.ours)).await);
    Customer PolicyRead coverage_layer |w, ctx| one(w.ops.coverage_layer(&ctx, Some(&w.ours)).await);
    Platform PolicyRead use_case_versions |w, ctx| one(w.ops.use_case_versions(&ctx, "rule-1").await);
    Platform PolicyRead check_rule |w, ctx| one(w.ops.check_rule(&ctx, FAILED.into()).await);
    Platform PolicyRead try_rule |w, ctx| {
        one(w.ops.try_rule(&ctx, RuleTrial { rule: Some("rule-1".into()), text: None, records: Vec::new() }).await)
    };
    Platform PolicyRead scorecard |w, ctx| one(w.ops.scorecard(&ctx, 30).await);
    EveryCustomer PolicyWrite save_use_case |w, ctx| {
        let version = w.ops.get_rule(&job(0), "rule-2").await?.version;
        one(w.ops.save_use_case(&ctx, "rule-2", version, Default::default()).await)
    };
    EveryCustomer PolicyWrite delete_use_case |w, ctx| {
        let version = w.ops.get_rule(&job(0), "rule-3").await?.version;
        let saved = w.ops.save_use_case(&job(0), "rule-3", version, Default::default()).await?;
        one(w.ops.delete_use_case(&ctx, "rule-3", saved.version).await)
    };
    Customer PolicyWrite release_use_case |w, ctx| {
        one(w.ops.release_use_case(&ctx, "rule-1", &w.ours, Some(model::use_case::Release::Silent)).await)
    };
    Customer PolicyRead baseline_progress |w, ctx| {
        let found = w.ops.baseline_progress(&ctx, usual(w).await).await?;
        Ok(found.iter().filter(|found| found.customer == w.ours).count())
    };
    Customer PolicyRead baseline_of |w, ctx| one(w.ops.baseline_of(&ctx, usual(w).await, &w.ours).await);
    Customer PolicyRead group_profile |w, ctx| {
        one(w.ops.group_profile(&ctx, usual(w).await, &w.ours, GroupWish { group: vec!["root".into()] }).await)
    };
    Customer PolicyWrite forget_profile |w, ctx| {
        one(w.ops.forget_profile(&ctx, usual(w).await, &w.ours, GroupWish { group: vec!["root".into()] }).await)
    };
    Customer PolicyWrite create_exception |w, ctx| {
        one(w.ops.create_exception(&ctx, exception_draft(Some(&w.ours))).await)
    };
    EveryCustomer PolicyWrite create_global_exception |w, ctx| {
        one(w.ops.create_exception(&ctx, exception_draft(None)).await)
    };
    Customer PolicyRead get_exception |w, ctx| {
        let exception = w.ops.create_exception(&job(0), exception_draft(Some(&w.ours))).await?;
        one(w.ops.get_exception(&ctx, &exception.id).await)
    };
    Customer PolicyRead list_exceptions |w, ctx| {
        let exception = w.ops.create_exception(&job(0), exception_draft(Some(&w.ours))).await?;
        let found = w.ops.list_exceptions(&ctx, &ExceptionFilter::default(), &PageRequest::new(1000, None)).await?;
        Ok(found.items.iter().filter(|found| found.id == exception.id).count())
    };
    Customer PolicyRead preview_exception |w, ctx| {
        w.alert(&w.ours, 5, |alert| alert.rule_id = "rule-1".into()).await;
        let preview = w.ops.preview_exception(&ctx, exception_draft(None)).await?;
        Ok(preview.alerts as usize)
    };
    Customer PolicyWrite update_exception |w, ctx| {
        let exception = w.ops.create_exception(&job(0), exception_draft(Some(&w.ours))).await?;
        one(w.ops.update_exception(&ctx, &exception.id, exception.version, exception.data).await)
    };
    EveryCustomer PolicyWrite update_global_exception |w, ctx| {
        let exception = w.ops.create_exception(&job(0), exception_draft(None)).await?;
        one(w.ops.update_exception(&ctx, &exception.id, exception.version, exception.data).await)
    };
    Customer PolicyWrite delete_exception |w, ctx| {
        let exception = w.ops.create_exception(&job(0), exception_draft(Some(&w.ours))).await?;
        one(w.ops.delete_exception(&ctx, &exception.id).await)
    };
    EveryCustomer PolicyWrite delete_global_exception |w, ctx| {
        let exception = w.ops.create_exception(&job(0), exception_draft(None)).await?;
        one(w.ops.delete_exception(&ctx, &exception.id).await)
    };
    Customer IncidentWork create_request |w, ctx| one(w.ops.create_request(&ctx, Some(&w.ours), request_data()).await);
    EveryCustomer IncidentWork create_request_of_the_house |w, ctx| {
        one(w.ops.create_request(&ctx, None, request_data()).await)
    };
    Customer PolicyRead get_request |w, ctx| {
        let request = w.ops.create_request(&job(0), Some(&w.ours), request_data()).await?;
        one(w.ops.get_request(&ctx, &request.id).await)
    };
    Customer PolicyRead list_requests |w, ctx| {
        let request = w.ops.create_request(&job(0), Some(&w.ours), request_data()).await?;
        let found = w.ops.list_requests(&ctx, &RequestFilter::default(), &PageRequest::new(1000, None)).await?;
        Ok(found.items.iter().filter(|found| found.id == request.id).count())
    };
    Customer IncidentWork update_request |w, ctx| {
        let request = w.ops.create_request(&job(0), Some(&w.ours), request_data()).await?;
        one(w.ops.update_request(&ctx, &request.id, request.version, request.data).await)
    };
    Platform PolicyRead get_rule |w, ctx| one(w.ops.get_rule(&ctx, "rule-1").await);
    Platform PolicyRead inactive_rules |w, ctx| one(w.ops.inactive_rules(&ctx).await);
    EveryCustomer PolicyWrite add_change_set |w, ctx| {
        one(w.ops.add_change_set(&ctx, "theirs", "1", release("a")).await)
    };
    Platform PolicyRead list_change_sets |w, ctx| one(w.ops.list_change_sets(&ctx).await);
    Platform PolicyRead list_rule_collections |w, ctx| one(w.ops.list_rule_collections(&ctx).await);
    Platform PolicyRead get_change_set |w, ctx| {
        let set = w.ops.add_change_set(&job(0), "theirs", "1", release("b")).await?;
        one(w.ops.get_change_set(&ctx, &set.id).await)
    };
    Platform PolicyRead rule_changes |w, ctx| {
        let set = w.ops.add_change_set(&job(0), "never taken", "1", release("c")).await?;
        all(w.ops.rule_changes(&ctx, &set.id, None, &page()).await)
    };
    Platform PolicyRead rule_change |w, ctx| {
        let set = w.ops.add_change_set(&job(0), "never taken", "1", release("d")).await?;
        one(w.ops.rule_change(&ctx, &set.id, "d").await)
    };
    EveryCustomer PolicyWrite accept_change_set |w, ctx| {
        let set = w.ops.add_change_set(&job(0), "theirs", "1", release("e")).await?;
        let state = model::use_case::UseCaseState::Test;
        one(w.ops.accept_change_set(&ctx, &set.id, Acceptance { state, leave_out: Vec::new() }).await)
    };
    EveryCustomer PolicyWrite discard_change_set |w, ctx| {
        let set = w.ops.add_change_set(&job(0), "theirs", "1", release("f")).await?;
        one(w.ops.discard_change_set(&ctx, &set.id).await)
    };
};
