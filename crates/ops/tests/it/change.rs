//! The change feed tells each follower of what they may read, and of nothing else.

use model::change::Noun;
use model::role::Role;

use crate::world::*;

#[tokio::test]
async fn a_follower_hears_of_their_customers_and_nouns_and_still_moves_on() {
    let world = World::new().await;
    let li = acting(&world.user("li", Role::L1Analyst, &[&world.ours]).await, 10);
    let admin = acting(&world.user("root", Role::Administrator, &[]).await, 10);
    let start = world.ops.last_change(&admin).await.unwrap();
    let ours = world.asset(&world.ours).await;
    let theirs = world.asset(&world.theirs).await;
    world.user("new", Role::L1Analyst, &[&world.ours]).await;

    let mine = world.ops.changes_after(&li, start, 100).await.unwrap();
    let seen: Vec<_> = mine.changes.iter().map(|change| (change.noun, change.id.as_str())).collect();
    assert_eq!(seen, [(Noun::Asset, ours.id.as_str())]);
    let all = world.ops.changes_after(&admin, start, 100).await.unwrap();
    assert!(all.changes.iter().any(|change| change.id == theirs.id.as_str()));
    assert!(all.changes.iter().any(|change| change.noun == Noun::User));
    assert_eq!(all.last, world.ops.last_change(&admin).await.unwrap());
    let rest = world.ops.changes_after(&admin, all.last, 100).await.unwrap();
    assert_eq!((rest.changes.len(), rest.last), (0, all.last));
    let one = world.ops.changes_after(&admin, start, 1).await.unwrap();
    assert_eq!((one.changes.len(), one.last), (1, start + 1));
}
