use model::AuditPolicyId;
use store::{AuditPolicyFilter, Error};

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn global_policies_are_seen_by_all_and_changed_with_every_customer_only(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let bolt = customer(&fixture, "Bolt").await;
    let [global, own, other] = std::array::from_fn(|_| AuditPolicyId::generate(at(0)));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_audit_policy(&global, None, &policy_data("global", 5)).await.unwrap();
    tx.create_audit_policy(&own, Some(&acme), &policy_data("own", 9)).await.unwrap();
    tx.create_audit_policy(&other, Some(&bolt), &policy_data("other", 1)).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    let seen: Vec<_> = tx.all_audit_policies().await.unwrap().into_iter().map(|policy| policy.id).collect();
    assert_eq!(seen, [global.clone(), own.clone()]);
    let page = tx.list_audit_policies(&AuditPolicyFilter::default(), &first_page(1)).await.unwrap();
    let rest = model::PageRequest::new(5, page.next);
    let rest = tx.list_audit_policies(&AuditPolicyFilter::default(), &rest).await.unwrap();
    assert_eq!((&page.items[0].id, &rest.items[0].id, rest.items.len()), (&global, &own, 1));
    assert_eq!(page.items[0].data, policy_data("global", 5));
    let mine = AuditPolicyFilter { customer: Some(acme.clone()), text: Some("OWN".into()) };
    assert_eq!(tx.list_audit_policies(&mine, &first_page(5)).await.unwrap().items.len(), 1);
    let changed = tx.update_audit_policy(&global, 1, &policy_data("mine now", 5)).await;
    assert!(matches!(changed, Err(Error::ScopeTooNarrow { .. })), "{changed:?}");
    assert!(matches!(tx.delete_audit_policy(&global).await, Err(Error::ScopeTooNarrow { .. })));
    assert!(matches!(tx.delete_audit_policy(&other).await, Err(Error::NotFound { .. })));
    assert!(tx.changes_after(0, 99).await.unwrap().iter().any(|change| change.id == global.as_str()));
    drop(tx);

    let mut tx = fixture.write(&everyone()).await;
    tx.update_audit_policy(&global, 1, &policy_data("global 2", 5)).await.unwrap();
    tx.delete_audit_policy(&global).await.unwrap();
}

pub async fn hits_count_without_a_new_version(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let global = AuditPolicyId::generate(at(0));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_audit_policy(&global, None, &policy_data("global", 5)).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..3 {
        let mut tx = fixture.write(&only(&acme)).await;
        tx.count_policy_hit(&global).await.unwrap();
        tx.commit().await.unwrap();
    }
    let policy = fixture.read(&only(&acme)).await.get_audit_policy(&global).await.unwrap();
    assert_eq!((policy.hits, policy.version), (3, 1));
}
