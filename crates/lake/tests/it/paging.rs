//! Pages and snapshots while rows move from memory to files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::PageRequest;
use model::search::EventQuery;

use crate::world::{Made, NOON, World, always};

/// Times repeat, and the later events are not the newer ones.
fn event(world: &World, sequence: u64) -> Made {
    world.event(sequence as usize % 2, sequence).at(NOON + (sequence as i64 * 7919 % 13) * 1_000_000)
}

#[tokio::test]
async fn pages_hold_every_event_once_while_rows_move_to_files() {
    let world = World::new().await;
    let all: Vec<_> = (1..=120).map(|sequence| event(&world, sequence)).collect();
    for batch in all.chunks(12) {
        world.append(batch);
    }
    let mut query = always();
    query.page = PageRequest::new(11, None);
    let mut seen = Vec::new();
    let mut next_sequence = 121;
    loop {
        let page = world.lake.search(&world.everyone(), &query).await.unwrap();
        seen.extend(page.items);
        let Some(next) = page.next else { break };
        query.page.after = Some(next);
        // Newer than anything: must not show up in older pages, and shifts memory into files.
        world.append(&[world.event(0, next_sequence).at(NOON + 3_600_000_000)]);
        next_sequence += 1;
        world.lake.flush_all().await.unwrap();
    }
    let mut expected: Vec<_> = all.iter().map(Made::stored).collect();
    expected.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_search_during_flushes_sees_each_event_once() {
    let world = Arc::new(World::new().await);
    let done = Arc::new(AtomicBool::new(false));
    let writer = {
        let (world, done) = (world.clone(), done.clone());
        tokio::spawn(async move {
            for round in 0..12u64 {
                let batch: Vec<_> = (1..=40).map(|place| event(&world, round * 40 + place)).collect();
                world.append(&batch);
                if round % 2 == 1 {
                    world.lake.flush_all().await.unwrap();
                }
            }
            done.store(true, Ordering::SeqCst);
        })
    };
    let mut rounds = 0;
    loop {
        let finished = done.load(Ordering::SeqCst);
        let query = EventQuery { page: PageRequest::new(1000, None), ..always() };
        let before = world.lake.appended(crate::world::LOG, 0).unwrap_or(0);
        let events = world.lake.search(&world.everyone(), &query).await.unwrap().items;
        let mut sequences: Vec<_> = events.iter().map(|event| event.id.sequence).collect();
        sequences.sort_unstable();
        let last = sequences.last().copied().unwrap_or(0);
        assert_eq!(sequences, (1..=last).collect::<Vec<_>>(), "each once, none missing");
        assert!(last >= before, "what was appended before is found");
        let counted = world.lake.count(&world.everyone(), &always()).await.unwrap();
        assert!(counted >= last && counted <= 480);
        rounds += 1;
        if finished {
            break;
        }
    }
    writer.await.unwrap();
    println!("{rounds} searches during flushes");
    assert!(rounds > 1);
}
