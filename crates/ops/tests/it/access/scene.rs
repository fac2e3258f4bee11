//! What the use cases are walked through with.

use model::device::Device;

use super::*;

/// One thing seen or done.
pub fn one<T>(result: ops::Result<T>) -> ops::Result<usize> {
    result.map(|_| 1)
}

pub fn all<T>(result: ops::Result<Page<T>>) -> ops::Result<usize> {
    result.map(|page| page.items.len())
}

pub const PARSER: &str = "vendor = \"Acme\"\nproduct = \"Box\"\n[[variant]]\nrecognise.starts_with = [\"acme \"]\n";

pub fn parser_draft(version: i64) -> ParserDraft {
    ParserDraft { version, text: PARSER.to_owned(), samples: vec!["acme a=1".to_owned()], time_zone: None }
}

pub fn page() -> PageRequest {
    PageRequest::default()
}

pub fn raise() -> PolicyAction {
    PolicyAction::RaiseIncident { severity: None }
}

pub fn query() -> EventQuery {
    EventQuery::all(TimeRange { from: at(0), to: at(100_000) })
}

pub fn rules() -> DeletionRules {
    let policy = model::retention::RetentionPolicy { default_days: Some(1), floor_days: 0 };
    DeletionRules { policy, below_floor: false, remains: Vec::new() }
}

/// As the caller, but of our customer.
pub fn at_ours(w: &World, ctx: &Context) -> Context {
    let (scope, may) = (Scope::one(w.ours.clone()), ctx.permissions().clone());
    Context::authenticated(ctx.actor().clone(), scope, may, ctx.now())
}

pub fn search_of(customer: &CustomerId) -> model::saved_search::SavedSearchData {
    model::saved_search::SavedSearchData {
        name: "Sign-ins".to_owned(),
        query: "user_name:*".to_owned(),
        columns: Vec::new(),
        seconds: Some(60),
        from: None,
        to: None,
        customer: Some(customer.clone()),
        shared: true,
    }
}

/// A search through our customer's events that the caller keeps.
pub async fn kept(w: &World, ctx: &Context) -> SavedSearchId {
    w.ops.create_saved_search(&at_ours(w, ctx), search_of(&w.ours)).await.unwrap().id
}

pub fn export_data() -> model::export::ExportData {
    model::export::ExportData {
        from: at(0),
        to: at(100_000),
        customers: Vec::new(),
        devices: Vec::new(),
        sources: Vec::new(),
        filters: Vec::new(),
        q: String::new(),
        text: String::new(),
        format: model::search::ExportFormat::Ndjson,
        columns: Vec::new(),
        most: 10,
    }
}

/// An export the caller has asked for; those asked for before are written.
pub async fn asked_for(w: &World, ctx: &Context) -> ops::Result<ExportId> {
    w.ops.resume_exports(at(5)).await?;
    while w.ops.run_next_export(at(5)).await? {}
    Ok(w.ops.create_export(ctx, export_data()).await?.id)
}

/// An event that is over, in a file.
pub async fn old_event(w: &World) {
    let id = EventId { log: 1, shard: 0, sequence: w.fresh() + 1 };
    w.event_at(&w.ours, id, Timestamp::from_micros(at(0).as_micros() - 3 * 86_400_000_000));
    w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
    w.lake.flush_all().await.unwrap();
}

pub fn intel_data() -> IntelListData {
    IntelListData {
        name: "CERT".to_owned(),
        source: String::new(),
        description: String::new(),
        confidence: 50,
        tlp: Tlp::Amber,
        expires: None,
        purpose: ListPurpose::Alarm,
        least_confidence: 0,
        hunt_new: true,
    }
}

/// A list of the world's first customer, with the hunt that looks for it.
pub async fn intel(w: &World) -> ops::Result<AddedList> {
    let ours = std::slice::from_ref(&w.ours);
    w.ops.add_intel_list(&job(0), intel_data(), ours, b"evil.example\nnothing\n".to_vec()).await
}

pub fn feed_data() -> FeedData {
    FeedData {
        name: "CERT".to_owned(),
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

/// A feed of the world's first customer.
pub async fn feed(w: &World) -> ops::Result<Feed> {
    w.ops.add_feed(&job(0), feed_data(), std::slice::from_ref(&w.ours), Some("secret".to_owned())).await
}

/// An address our collector received from that no device is registered for.
pub async fn stranger(w: &World, collector: &Device) {
    let (customer, device) = (collector.customer.clone(), collector.id.clone());
    let address = "10.0.0.9".to_owned();
    let peer = store::PeerActivity { customer, device, address, records: 1, first_seen: at(1), last_seen: at(1) };
    let mut tx = w.store.write(&job(0)).await.unwrap();
    tx.record_collector_peers(&[peer]).await.unwrap();
    tx.commit().await.unwrap();
}

/// An archive with one rule.
pub fn release(id: &str) -> Vec<u8> {
    crate::world::tarred(&[("a.yml", &crate::world::rule_text(id, "action: x"))])
}
