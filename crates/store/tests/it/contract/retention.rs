use model::retention::{DeletionCause, DeletionCertificate, RetentionData};
use model::{CustomerId, DeletionId, PageRequest, TimeRange};
use store::Error;

use crate::builders::*;
use crate::fixture::Fixture;

fn certificate(customer: &CustomerId, seconds: u64) -> DeletionCertificate {
    DeletionCertificate {
        id: DeletionId::generate(at(seconds)),
        customer: customer.clone(),
        cause: DeletionCause::Expired,
        range: TimeRange { from: at(0), to: at(10) },
        events: 12,
        attachments: 0,
        files: Vec::new(),
        asked_by: "job:retention".to_owned(),
        reason: Some("180 days".to_owned()),
        began: at(seconds),
        finished: None,
        remains: Vec::new(),
        hash: None,
    }
}

pub async fn a_customers_retention_is_read_back_and_changed_on_its_version_only(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let data = RetentionData { days: Some(200), hold: Some("a dispute".to_owned()) };
    let mut tx = fixture.write(&only(&acme)).await;
    assert_eq!(tx.get_retention(&acme).await.unwrap().version, 0);
    assert!(matches!(tx.set_retention(&acme, 1, &data).await, Err(Error::Conflict { .. })), "nothing is set yet");
    assert_eq!(tx.set_retention(&acme, 0, &data).await.unwrap().version, 1);
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    assert_eq!(tx.get_retention(&acme).await.unwrap().data, data);
    for old in [0, 2] {
        assert!(matches!(tx.set_retention(&acme, old, &RetentionData::default()).await, Err(Error::Conflict { .. })));
    }
    assert_eq!(tx.set_retention(&acme, 1, &RetentionData::default()).await.unwrap().version, 2);
    assert_eq!(tx.list_retentions().await.unwrap().len(), 1);
    drop(tx);

    let mut stranger = fixture.write(&only(&bolt)).await;
    assert!(matches!(stranger.get_retention(&acme).await, Err(Error::NotFound { .. })));
    assert!(matches!(stranger.set_retention(&acme, 1, &data).await, Err(Error::NotFound { .. })));
    assert!(stranger.list_retentions().await.unwrap().is_empty());
}

pub async fn a_certificate_is_begun_finished_and_seen_by_its_customer_only(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (first, second) = (certificate(&acme, 1), certificate(&acme, 2));
    let mut tx = fixture.write(&only(&acme)).await;
    tx.begin_deletion(&first).await.unwrap();
    tx.begin_deletion(&second).await.unwrap();
    assert!(matches!(tx.begin_deletion(&certificate(&bolt, 3)).await, Err(Error::NotFound { .. })));
    tx.commit().await.unwrap();

    let mut done = DeletionCertificate { finished: Some(at(5)), ..first.clone() };
    done.hash = Some(done.digest());
    let mut tx = fixture.write(&everyone()).await;
    tx.finish_deletion(&done).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = fixture.write(&only(&acme)).await;
    let again = tx.finish_deletion(&DeletionCertificate { events: 1, ..done.clone() }).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "a finished certificate never changes");
    let read = tx.get_deletion(&first.id).await.unwrap();
    assert_eq!(read, done);
    assert!(read.holds());
    assert_eq!(tx.unfinished_deletions().await.unwrap(), std::slice::from_ref(&second));
    let page = tx.list_deletions(Some(&acme), &PageRequest::new(1, None)).await.unwrap();
    assert_eq!(page.items, std::slice::from_ref(&second));
    let page = tx.list_deletions(None, &PageRequest::new(1, page.next)).await.unwrap();
    assert_eq!(page.items, [done]);

    let mut stranger = fixture.read(&only(&bolt)).await;
    assert!(matches!(stranger.get_deletion(&first.id).await, Err(Error::NotFound { .. })));
    assert!(stranger.list_deletions(Some(&acme), &PageRequest::default()).await.unwrap().items.is_empty());
    assert!(stranger.unfinished_deletions().await.unwrap().is_empty());
}

pub async fn a_deletion_that_did_not_happen_leaves_no_certificate(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let begun = certificate(&acme, 1);
    let mut tx = fixture.write(&only(&acme)).await;
    tx.begin_deletion(&begun).await.unwrap();
    tx.forget_deletion(&begun.id).await.unwrap();
    assert!(matches!(tx.forget_deletion(&begun.id).await, Err(Error::Conflict { .. })));
    assert!(matches!(tx.get_deletion(&begun.id).await, Err(Error::NotFound { .. })));
}
