//! What arrives is told once, within the scope, and nothing of it is lost between looks.

use model::search::EventQuery;
use model::{Context, EventId};

use crate::world::{LOG, World, always};

fn matching(text: &str) -> EventQuery {
    EventQuery { condition: text.parse().unwrap(), ..always() }
}

async fn next(tail: &mut lake::Tail, context: &Context) -> (Vec<u64>, u64) {
    let found = tail.next(context, 100).await.unwrap();
    (found.events.iter().map(|event| event.id.sequence).collect(), found.skipped)
}

#[tokio::test]
async fn a_tail_tells_what_comes_after_it_began_each_event_once_and_newest_first() {
    let world = World::new().await;
    world.append(&[world.event(0, 1)]);
    let owner = world.owner(0);
    let mut tail = world.lake.tail(&owner, &matching("number NOT 4")).unwrap();
    assert_eq!(next(&mut tail, &owner).await, (vec![], 0), "what was there before is no news");
    world.append(&[world.event(0, 2), world.event(1, 3), world.event(0, 4), world.event(0, 5)]);
    assert_eq!(next(&mut tail, &owner).await, (vec![5, 2], 0), "another customer's and what does not fit are left out");
    assert_eq!(next(&mut tail, &owner).await, (vec![], 0));
    world.append(&[world.event(0, 6)]);
    assert_eq!(next(&mut tail, &owner).await, (vec![6], 0));
}

#[tokio::test]
async fn what_was_written_to_files_between_two_looks_is_told_as_well() {
    let world = World::new().await;
    let owner = world.owner(0);
    let mut tail = world.lake.tail(&owner, &always()).unwrap();
    world.append(&[world.event(0, 1), world.event(1, 2)]);
    world.lake.flush_all().await.unwrap();
    world.append(&[world.event(0, 3)]);
    assert_eq!(next(&mut tail, &owner).await, (vec![3, 1], 0));
    world.lake.flush_all().await.unwrap();
    assert_eq!(next(&mut tail, &owner).await, (vec![], 0), "what was told from memory is not told again from a file");
    world.append(&[world.event(0, 4)]);
    world.lake.flush_all().await.unwrap();
    assert_eq!(next(&mut tail, &owner).await, (vec![4], 0));
}

#[tokio::test]
async fn of_more_than_can_be_shown_the_newest_come_and_the_others_are_counted() {
    let world = World::new().await;
    let owner = world.owner(0);
    let mut tail = world.lake.tail(&owner, &always()).unwrap();
    let events: Vec<_> = (1..=250).map(|number| world.event(0, number)).collect();
    world.append(&events);
    let found = tail.next(&owner, 100).await.unwrap();
    assert_eq!((found.events.len(), found.skipped), (100, 150));
    assert_eq!(found.events[0].id, EventId { log: LOG, shard: 0, sequence: 250 });
    assert_eq!(next(&mut tail, &owner).await, (vec![], 0));
}

#[tokio::test]
async fn a_scope_that_became_smaller_is_kept_to_and_never_grows_again() {
    let world = World::new().await;
    let everyone = world.everyone();
    let mut tail = world.lake.tail(&everyone, &always()).unwrap();
    world.append(&[world.event(0, 1), world.event(1, 2)]);
    assert_eq!(next(&mut tail, &everyone).await, (vec![2, 1], 0));
    tail.narrow(&world.owner(1));
    world.append(&[world.event(0, 3), world.event(1, 4)]);
    assert_eq!(next(&mut tail, &world.owner(1)).await, (vec![4], 0));
    tail.narrow(&everyone);
    tail.narrow(&world.owner(0));
    world.append(&[world.event(0, 5), world.event(1, 6)]);
    assert_eq!(next(&mut tail, &everyone).await, (vec![], 0));
}
