//! A customer's events are found by those whose scope holds the customer, and by nobody else.

use model::search::{EventQuery, FieldFilter, FilterOp};
use model::{Context, Scope, Timestamp};

use crate::world::{Made, NOON, World, always};

const CANARY: &str = "canary-7f3a";

/// Customer 1 has a canary in every place; customer 0 has the same kinds of events without it.
fn events(world: &World, from: u64) -> Vec<Made> {
    let plain = world.event(0, from).core("user_name", "li").field("secret", "nothing").raw("quiet");
    let canary = world
        .event(1, from + 1)
        .core("user_name", CANARY)
        // A record may claim to be of another customer as much as it likes.
        .field("customer", world.customers[0].as_str().to_owned())
        .field("secret", CANARY)
        .raw(&format!("raw {CANARY}"));
    vec![plain, canary]
}

fn filtered(field: &str, value: &str) -> EventQuery {
    let filter = FieldFilter { field: field.into(), op: FilterOp::Is, value: value.into() };
    EventQuery { filters: vec![filter], ..always() }
}

#[tokio::test]
async fn another_customers_events_are_out_of_reach_in_memory_and_in_files() {
    let world = World::new().await;
    world.append(&events(&world, 1));
    world.lake.flush_all().await.unwrap();
    world.append(&events(&world, 3));
    let none = Context::job("test", Scope::Customers(Default::default()), Timestamp::from_micros(NOON));
    let [stranger, owner] = [world.owner(0), world.owner(1)];

    let mut claims = filtered("customer", world.customers[0].as_str());
    claims.customers = vec![world.customers[1].clone()];
    let mut narrowed = always();
    narrowed.customers = vec![world.customers[1].clone()];
    let text = EventQuery { text: CANARY.into(), ..always() };
    let devices = EventQuery { devices: vec![world.devices[1].clone()], ..always() };
    let queries =
        [always(), filtered("user_name", CANARY), filtered("secret", CANARY), claims, narrowed, text, devices];
    for query in &queries {
        let seen = world.search_all(&owner, query, 10).await;
        assert_eq!(seen.len(), 2, "the owner finds the canaries: {query:?}");
        assert!(seen.iter().all(|event| event.raw.contains(CANARY)));
        for context in [&stranger, &none] {
            let seen = serde_json::to_string(&world.search_all(context, query, 10).await).unwrap();
            assert!(!seen.contains(CANARY) && !seen.contains(world.customers[1].as_str()), "{query:?}: {seen}");
        }
        assert_eq!(world.lake.count(&owner, query).await.unwrap(), 2);
        let allowed = world.search_all(&stranger, query, 10).await.len() as u64;
        assert_eq!(world.lake.count(&stranger, query).await.unwrap(), allowed);
        assert_eq!(world.lake.count(&none, query).await.unwrap(), 0);
        let bars = world.lake.histogram(&none, query, 10).await.unwrap();
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<i64>(), 0);
    }
    for field in ["user_name", "secret", "customer"] {
        let own = world.lake.top_values(&owner, &always(), field, 10).await.unwrap();
        assert_eq!(own.iter().map(|value| value.count).sum::<i64>(), 2, "{field}");
        let foreign = format!("{:?}", world.lake.top_values(&stranger, &always(), field, 10).await.unwrap());
        assert!(!foreign.contains(CANARY), "{foreign}");
    }
    for sequence in [2, 4] {
        let id = world.event(1, sequence).envelope.id;
        assert!(world.lake.get(&owner, &id).await.unwrap().is_some_and(|event| event.raw.contains(CANARY)));
        assert_eq!(world.lake.get(&stranger, &id).await.unwrap(), None);
        assert_eq!(world.lake.get(&none, &id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_cursor_from_one_scope_opens_nothing_in_another() {
    let world = World::new().await;
    world.append(&events(&world, 1));
    world.append(&events(&world, 3));
    world.lake.flush_all().await.unwrap();
    let mut query = always();
    query.page.limit = 1;
    let first = world.lake.search(&world.owner(1), &query).await.unwrap();
    query.page = model::PageRequest::new(10, first.next.clone());
    assert_eq!(world.lake.search(&world.owner(1), &query).await.unwrap().items.len(), 1);
    let seen = world.lake.search(&world.owner(0), &query).await.unwrap().items;
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|event| event.customer == world.customers[0]));
    query.page.after = Some(model::Cursor("nonsense".into()));
    assert!(world.lake.search(&world.owner(1), &query).await.unwrap_err().is_bad_request());
}
