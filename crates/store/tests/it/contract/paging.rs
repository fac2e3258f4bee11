use model::{Cursor, DeviceId, PageRequest};
use store::{AlertFilter, DeviceFilter, Error};

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn pages_hold_every_row_once_while_rows_are_added(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    // Three alerts of one instant each, so that the id has to break the tie.
    let alerts: Vec<_> = (0..30).map(|n| alert(&acme, &device, &format!("k{n}"), 100 + n / 3)).collect();
    let mut tx = fixture.write(&everyone()).await;
    tx.upsert_alerts(&alerts).await.unwrap();
    tx.commit().await.unwrap();

    let mut seen = Vec::new();
    let mut request = first_page(4);
    for round in 0.. {
        let mut tx = fixture.write(&everyone()).await;
        let newer = alert(&acme, &device, &format!("new{round}"), 500 + round);
        tx.upsert_alerts(&[newer]).await.unwrap();
        let page = tx.list_alerts(&AlertFilter::default(), &request).await.unwrap();
        tx.commit().await.unwrap();
        assert!(page.items.len() <= 4);
        seen.extend(page.items.into_iter().map(|alert| (alert.last, alert.id)));
        let Some(next) = page.next else { break };
        request = PageRequest::new(4, Some(next));
    }
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once");
    let old = seen.iter().filter(|(last, _)| *last < at(500)).count();
    assert_eq!((old, seen.len()), (30, 31), "every old one, and the one that was there when the first page was read");
}

pub async fn a_foreign_cursor_is_refused(fixture: Fixture) {
    let mut tx = fixture.read(&everyone()).await;
    // Not base64url; not JSON; a list of the wrong length; a list of the wrong types.
    for cursor in ["%%", "AAAA", "W10", "WzEsMl0", "WyJhIiwiYiJd"] {
        let request = PageRequest::new(4, Some(Cursor(cursor.to_owned())));
        let page = tx.list_alerts(&AlertFilter::default(), &request).await;
        assert!(matches!(page, Err(Error::BadCursor)), "{cursor}: {page:?}");
    }
}

pub async fn text_order_is_the_same_everywhere(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let mut tx = fixture.write(&everyone()).await;
    for name in ["b", "a", "B", "_", "\u{e4}", "Z", "a b", "ab", "\u{4e2d}"] {
        tx.create_device(&acme, &DeviceId::generate(at(0)), &device_data(name)).await.unwrap();
    }
    let mut names = Vec::new();
    let mut request = first_page(2);
    loop {
        let page = tx.list_devices(&DeviceFilter::default(), &request).await.unwrap();
        names.extend(page.items.into_iter().map(|device| device.data.name));
        let Some(next) = page.next else { break };
        request = PageRequest::new(2, Some(next));
    }
    assert_eq!(names, ["B", "Z", "_", "a", "a b", "ab", "b", "\u{e4}", "\u{4e2d}"], "by bytes");
}
