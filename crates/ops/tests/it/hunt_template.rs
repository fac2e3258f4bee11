//! The hunts of our own over the records that our use cases are proven with: what they ask for is what parsers give.

use std::path::Path;

use lake::{LogPosition, RowBatch};
use model::event::Envelope;
use model::hunt::{HuntQuestion, condition};
use model::search::EventQuery;
use model::use_case::Language;
use model::*;

use crate::world::*;

/// Records of every use case, parsed by every source, in the lake as our customer's. Gives how many.
fn records(world: &World) -> u64 {
    let sources = ops::Parsers::of(formats::Sources::embedded_texts(), Default::default()).unwrap();
    let parser = sources.live();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/use_cases");
    let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut sequence = 0;
    let mut batch = RowBatch::default();
    for folder in folders {
        let fixture = std::fs::read_to_string(folder.join("fixture.toml")).unwrap_or_default();
        let source = fixture.lines().find_map(|line| line.strip_prefix("source = "));
        let source = source.map(|name| name.trim_matches('"').to_owned());
        let mut text = std::fs::read_to_string(folder.join("true.log")).unwrap_or_default();
        if folder.ends_with("windows_download_by_system_tool") {
            // No use case of ours is about remote control.
            text += &text.replace("certutil.exe", "AnyDesk.exe");
        }
        for line in text.lines() {
            sequence += 1;
            let mut hint = formats::Hint::new(at(100));
            hint.source = source.as_deref().map(Into::into);
            let mut event = parser.parse(line, &hint);
            event.time = at(100);
            let id = EventId { log: 1, shard: 0, sequence };
            let device = DeviceId::derived(at(0), &[b"device"]);
            batch.push(&Envelope { id, customer: world.ours.clone(), device, received: at(100) }, &event);
        }
    }
    world.lake.append(batch, LogPosition { log: 1, shard: 0, sequence }).unwrap();
    sequence
}

#[tokio::test]
async fn every_template_finds_the_data_it_needs_and_records_of_what_it_hunts() {
    let world = World::new().await;
    let all = records(&world);
    assert!(all > 400, "{all} records");
    let range = TimeRange { from: at(0), to: at(200) };
    let count = async |text: &str| {
        let query = EventQuery { condition: condition(text).unwrap(), ..EventQuery::all(range) };
        world.lake.count(&job(0), &query).await.unwrap()
    };
    let mut poor = Vec::new();
    for template in ops::hunt_templates() {
        let data = &template.data[&Language::En];
        let needed = count(&data.needs).await;
        let mut found = Vec::new();
        for query in &data.queries {
            if let HuntQuestion::Search { q } = &query.ask {
                found.push((query.key.as_str(), count(q).await));
            }
        }
        println!("{}: {needed} of {all} records are data it needs; {found:?}", template.slug);
        // Records of attacks are most of these; a query that finds a third of all asks for nothing in particular.
        let sharp = found.iter().all(|(_, count)| *count < all / 3);
        if needed == 0 || !found.iter().any(|(_, count)| *count > 0) || !sharp {
            poor.push((template.slug.as_str(), needed, found));
        }
    }
    assert!(poor.is_empty(), "{poor:?}");
}
