//! Rules with their cards: listed by title, found by word, paged, whole when asked for one.

use model::*;
use ops::Error;

use crate::world::*;

#[tokio::test]
async fn rules_are_listed_by_title_found_by_words_and_paged() {
    let world = World::new().await;
    let ops = &world.ops;
    let page = ops.list_rules(&job(0), "", &PageRequest::new(2, None)).await.unwrap();
    let titles: Vec<_> = page.items.iter().map(|view| view.rule.title.as_str()).collect();
    assert_eq!(titles, ["Beacon", "Password spraying"]);
    assert!(page.items.iter().all(|view| view.rule.text.is_none()), "a list leaves the text out");
    assert_eq!(page.items[1].cards.len(), 1);
    let rest = ops.list_rules(&job(0), "", &PageRequest::new(2, page.next)).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let found = ops.list_rules(&job(0), "SPRAYING t1110", &PageRequest::default()).await.unwrap();
    assert_eq!(found.items.len(), 1);
    let strange = PageRequest::new(2, Some(Cursor("x".into())));
    assert!(matches!(ops.list_rules(&job(0), "", &strange).await, Err(Error::Invalid { .. })));

    assert_eq!(ops.get_rule(&job(0), "rule-1").await.unwrap().rule.text.as_deref(), Some("title: it"));
    assert!(matches!(ops.get_rule(&job(0), "rule-9").await, Err(Error::NotFound("rule"))));
    assert_eq!(ops.inactive_rules(&job(0)).await.unwrap()[0].id, "rule-4");
}
