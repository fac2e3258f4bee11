//! What the routes are walked through with.

use model::intel::{Feed, FeedData, FeedKind, ListPurpose, Tlp};

use super::*;

pub fn canary(_: &World, text: &str) -> bool {
    text.contains(CANARY)
}

pub fn customer(world: &World, text: &str) -> bool {
    text.contains(world.ours.as_str())
}

pub fn to(path: impl Into<String>) -> Ask {
    Ask::new("", path)
}

/// A search over the last hour, with more fields.
pub fn search(path: &str, more: Value) -> Ask {
    to(path).json(joined(around_now(), more))
}

pub async fn asset(c: Cast<'_>) -> model::asset::Asset {
    c.world.ops.create_asset(&job(), &c.world.ours, asset_data()).await.unwrap()
}

pub async fn group(c: Cast<'_>) -> model::resource_group::ResourceGroup {
    let data = serde_json::from_value(group_data(&format!("{CANARY} {}", c.world.fresh()))).unwrap();
    c.world.ops.create_resource_group(&job(), &c.world.ours, data).await.unwrap()
}

pub async fn colleague(c: Cast<'_>) -> model::user::User {
    c.world.user(&format!("colleague.{}", c.world.fresh()), Role::L1Analyst, &[&c.world.ours]).await
}

/// What the owner may do, and a search through the events of our customer.
pub fn searcher(c: Cast<'_>) -> model::Context {
    let actor = model::Actor::User(c.owner.user.id.clone());
    let permissions = [EventRead].into_iter().collect();
    model::Context::authenticated(actor, model::Scope::one(c.world.ours.clone()), permissions, now())
}

pub async fn kept(c: Cast<'_>) -> model::saved_search::SavedSearch {
    c.world.ops.create_saved_search(&searcher(c), search_data(c.world)).await.unwrap()
}

pub fn search_data(world: &World) -> model::saved_search::SavedSearchData {
    model::saved_search::SavedSearchData {
        name: format!("Whatever {CANARY} did"),
        query: "user_name:*".to_owned(),
        columns: Vec::new(),
        seconds: Some(3600),
        from: None,
        to: None,
        customer: Some(world.ours.clone()),
        shared: true,
    }
}

pub async fn export(c: Cast<'_>) -> model::export::Export {
    c.world.event();
    let data = joined(around_now(), json!({"format": "ndjson", "most": 5, "customers": [c.world.ours]}));
    let data = serde_json::from_value(data).unwrap();
    let export = c.world.ops.create_export(&searcher(c), data).await;
    match export {
        Ok(export) => export,
        Err(_) => {
            c.world.finish_exports().await;
            let data = joined(around_now(), json!({"format": "ndjson", "most": 5, "customers": [c.world.ours]}));
            c.world.ops.create_export(&searcher(c), serde_json::from_value(data).unwrap()).await.unwrap()
        }
    }
}

pub async fn own_token(c: Cast<'_>) -> model::ApiTokenId {
    let actor = model::Actor::User(c.owner.user.id.clone());
    let ctx = model::Context::authenticated(actor, model::Scope::All, Default::default(), now());
    c.world.ops.create_api_token(&ctx, CANARY, None).await.unwrap().0.id
}

/// A list of ours, with a hunt that waits.
pub async fn asked(c: Cast<'_>) -> ops::AddedList {
    c.world.intel(std::slice::from_ref(&c.world.ours)).await
}

/// A list of ours, with a hunt that is over: hunts that wait would all be run by the first who runs one.
pub async fn intel(c: Cast<'_>) -> ops::AddedList {
    let added = asked(c).await;
    c.world.ops.cancel_retro_hunt(&job(), &added.hunt.as_ref().unwrap().id).await.unwrap();
    added
}

pub fn feed_data() -> FeedData {
    FeedData {
        name: CANARY.to_owned(),
        kind: FeedKind::List,
        url: "https://feeds.example/list.txt".to_owned(),
        collection: String::new(),
        enabled: true,
        interval_minutes: 60,
        confidence: 50,
        tlp: Tlp::Amber,
        least_confidence: 0,
        expire_days: None,
        purpose: ListPurpose::Alarm,
        hunt_new: true,
        user: String::new(),
        columns: None,
    }
}

/// A feed of ours.
pub async fn feed(c: Cast<'_>) -> Feed {
    let secret = Some("secret".to_owned());
    c.world.ops.add_feed(&job(), feed_data(), std::slice::from_ref(&c.world.ours), secret).await.unwrap()
}

/// A hunt of ours that found something.
pub async fn found(c: Cast<'_>) -> model::RetroHuntId {
    c.world.event();
    let hunt = asked(c).await.hunt.unwrap().id;
    c.world.ops.run_waiting_retro_hunts().await.unwrap();
    hunt
}

/// A policy for every customer, which everybody may read.
pub fn global_policy() -> model::audit_policy::AuditPolicyData {
    model::audit_policy::AuditPolicyData { name: "For all".to_owned(), ..policy_data() }
}
