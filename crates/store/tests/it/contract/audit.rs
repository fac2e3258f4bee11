use model::audit::AuditEntry;
use model::{Actor, Context, CustomerId, Scope, UserId};
use store::{AuditFilter, AuditVerdict};

use crate::builders::*;
use crate::fixture::Fixture;

fn entry(customer: Option<&CustomerId>, action: &'static str, object: &str) -> AuditEntry {
    let detail = serde_json::json!({ "name": "\u{4e2d}\0", "z": 1, "a": [null, true] });
    AuditEntry { customer: customer.cloned(), action, object: object.to_owned(), detail }
}

pub async fn a_row_says_who_when_and_why(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let user = UserId::generate(at(0));
    let permissions = Default::default();
    let context = Context::authenticated(Actor::User(user.clone()), Scope::one(acme.clone()), permissions, at(30));
    let mut tx = fixture.write(&context.because("the customer asked")).await;
    tx.audit(entry(Some(&acme), "device.update", "dev_1")).await.unwrap();
    tx.audit(entry(None, "user.sign_in", "usr_1")).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.read(&everyone()).await;
    let rows = tx.list_audit(&AuditFilter::default(), &first_page(9)).await.unwrap().items;
    assert_eq!(rows.len(), 2);
    let row = &rows[1];
    assert_eq!((row.time, row.actor.as_str(), row.action.as_str()), (at(30), user.as_str(), "device.update"));
    assert_eq!((row.customer.as_ref(), row.reason.as_deref()), (Some(&acme), Some("the customer asked")));
    assert_eq!(row.detail, entry(None, "", "").detail);
    let all = AuditFilter::default();
    for (filter, count) in [
        (AuditFilter { customer: Some(acme.clone()), ..all.clone() }, 1),
        (AuditFilter { actor: Some(user.to_string()), ..all.clone() }, 2),
        (AuditFilter { action: Some("device.".into()), ..all.clone() }, 1),
        (AuditFilter { action: Some("device".into()), ..all.clone() }, 0),
        (AuditFilter { action: Some("user.sign_in".into()), ..all.clone() }, 1),
        (AuditFilter { object: Some("dev_1".into()), ..all.clone() }, 1),
        (AuditFilter { from: Some(at(31)), ..all.clone() }, 0),
        (AuditFilter { to: Some(at(31)), ..all.clone() }, 2),
    ] {
        assert_eq!(tx.list_audit(&filter, &first_page(9)).await.unwrap().items.len(), count, "{filter:?}");
    }
    let mut tx = fixture.read(&only(&acme)).await;
    assert_eq!(tx.list_audit(&all, &first_page(9)).await.unwrap().items.len(), 1, "not what is nobody's");
}

pub async fn the_chain_shows_every_kind_of_tampering(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    for n in 0..6 {
        let mut tx = fixture.write(&only(&acme)).await;
        tx.audit(entry(Some(&acme), "device.update", &format!("dev_{n}"))).await.unwrap();
        tx.commit().await.unwrap();
    }
    let verdict = || async { fixture.read(&everyone()).await.verify_audit().await.unwrap() };
    assert_eq!(verdict().await, AuditVerdict { rows: 6, sealed: 0, first_bad: None });
    // One row stays behind the seal.
    for limit in [2, 3, 0] {
        let mut tx = fixture.write(&everyone()).await;
        assert_eq!(tx.seal_audit(limit).await.unwrap(), limit);
        tx.commit().await.unwrap();
    }
    let sound = AuditVerdict { rows: 6, sealed: 5, first_bad: None };
    assert_eq!(verdict().await, sound);

    // Somebody with all rights over the database, who switches our own guards off first.
    if !fixture.is_postgres() {
        fixture.raw("DROP TRIGGER audit_log_keeps_values; DROP TRIGGER audit_log_keeps_rows").await;
    }
    for (forge, undo, bad) in [
        (
            "UPDATE audit_log SET actor = 'job:x' WHERE sequence = 2",
            "UPDATE audit_log SET actor = 'job:test' WHERE sequence = 2",
            2,
        ),
        (
            "UPDATE audit_log SET time = time + 1 WHERE sequence = 3",
            "UPDATE audit_log SET time = time - 1 WHERE sequence = 3",
            3,
        ),
        (
            "UPDATE audit_log SET reason = '' WHERE sequence = 1",
            "UPDATE audit_log SET reason = NULL WHERE sequence = 1",
            1,
        ),
    ] {
        fixture.raw(forge).await;
        assert_eq!(verdict().await.first_bad, Some(bad), "{forge}");
        fixture.raw(undo).await;
        assert_eq!(verdict().await, sound, "{undo}");
    }
    fixture.raw("DELETE FROM audit_log WHERE sequence = 5").await;
    assert_eq!(verdict().await.first_bad, Some(5), "the end cut off");
    fixture.raw("DELETE FROM audit_log WHERE sequence = 3").await;
    assert_eq!(verdict().await.first_bad, Some(4), "a row taken out");
}

pub async fn the_databases_own_console_cannot_quietly_rewrite_a_row(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let mut tx = fixture.write(&only(&acme)).await;
    tx.audit(entry(Some(&acme), "device.update", "dev_1")).await.unwrap();
    tx.commit().await.unwrap();
    for statement in ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"] {
        let refused = if fixture.is_postgres() {
            crate::second_wall::as_scoped_role(&fixture, "*", statement).await.err()
        } else {
            let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&fixture.url).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.err()
        };
        assert!(refused.is_some(), "{statement}");
    }
}

pub async fn sealers_at_the_same_moment_make_one_chain(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let working: Vec<_> = (0..8)
        .map(|n| {
            let (store, acme) = (fixture.store.clone(), acme.clone());
            tokio::spawn(async move {
                for _ in 0..6 {
                    let mut tx = store.write(&everyone()).await.unwrap();
                    if n % 2 == 0 {
                        tx.audit(entry(Some(&acme), "device.update", "dev_1")).await.unwrap();
                    } else {
                        tx.seal_audit(3).await.unwrap();
                    }
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for one in working {
        one.await.unwrap();
    }
    let mut tx = fixture.write(&everyone()).await;
    tx.seal_audit(100).await.unwrap();
    assert_eq!(tx.verify_audit().await.unwrap(), AuditVerdict { rows: 24, sealed: 24, first_bad: None });
    assert_eq!(tx.audit_head().await.unwrap().1.len(), 64);
}
