//! Row-level security on PostgreSQL, tried with statements that forget the scope.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::builders::*;
use crate::fixture::Fixture;

/// Runs a statement as the store's transactions run, with a scope but without the store's own filter.
pub async fn as_scoped_role(fixture: &Fixture, scope: &str, statement: &str) -> Result<u64, sqlx::Error> {
    let mut connection = PgConnection::connect(&fixture.url).await?;
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT set_config('vedette.scope', $1, TRUE), set_config('role', 'vedette_scoped', TRUE)")
        .bind(scope)
        .execute(&mut *tx)
        .await?;
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(done)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_forgets_the_scope_still_meets_only_its_own_customers() {
    let fixture = Fixture::postgres().await;
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    device(&fixture, &acme, "fw").await;
    device(&fixture, &bolt, "fw").await;
    device(&fixture, &bolt, "ndr").await;
    let both = format!("{acme},{bolt}");
    for (scope, seen) in [(acme.as_str(), 1), (bolt.as_str(), 2), (&both, 3), ("*", 3), ("", 0), ("%", 0)] {
        assert_eq!(as_scoped_role(&fixture, scope, "SELECT id FROM device").await.unwrap(), seen, "{scope}");
    }
    let update = "UPDATE device SET version = version + 1";
    assert_eq!(as_scoped_role(&fixture, acme.as_str(), update).await.unwrap(), 1);
    assert_eq!(as_scoped_role(&fixture, bolt.as_str(), update).await.unwrap(), 2);
    let steal = format!("UPDATE device SET customer = '{acme}'");
    assert!(as_scoped_role(&fixture, bolt.as_str(), &steal).await.is_err(), "a row cannot be moved out of the scope");
    assert_eq!(as_scoped_role(&fixture, bolt.as_str(), "DELETE FROM device").await.unwrap(), 2);
    assert_eq!(as_scoped_role(&fixture, "*", "SELECT id FROM device").await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_with_a_customer_has_forced_row_level_security_and_a_foreign_owner() {
    let fixture = Fixture::postgres().await;
    let mut connection = PgConnection::connect(&fixture.raw_url).await.unwrap();
    let tables = sqlx::query(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind = 'r' AND (c.relname = 'customer' OR EXISTS (
             SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'customer'))
         ORDER BY c.relname",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() >= 13, "{} tables", tables.len());
    for table in tables {
        let (name, owner): (String, String) = (table.get("relname"), table.get("owner"));
        assert_ne!(owner, "vedette_scoped", "{name}");
        // Which ports are in use is no customer's secret, and issuing one has to see them all.
        assert!(table.get::<bool, _>("forced") || name == "listener_port", "{name} has no forced row-level security");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_was_used_for_one_customer_forgets_it() {
    let fixture = Fixture::postgres().await;
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    for _ in 0..20 {
        for customer in [&acme, &bolt] {
            let seen = fixture.read(&only(customer)).await.all_customers().await.unwrap();
            assert_eq!(seen.iter().map(|seen| &seen.id).collect::<Vec<_>>(), [customer]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_shared_hunt_a_statement_that_forgets_the_scope_meets_one_customers_part() {
    let fixture = Fixture::postgres().await;
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let tables = "INSERT INTO hunt (id, state, customers, content, conclusion, search, created, version) VALUES
            ('shared', 'active', 2, '{}', '', '', 0, 1), ('bolts', 'active', 1, '{}', '', '', 0, 1);
        INSERT INTO hunt_run (id, hunt, state, asked_by, created) VALUES ('r1', 'shared', 'done', '', 0), ('r2', 'bolts', 'done', '', 0);
        INSERT INTO hunt_time (id, hunt, minutes, note, created) VALUES ('t1', 'shared', 5, '', 0), ('t2', 'bolts', 5, '', 0);
        INSERT INTO hunt_detection (customer, hunt, kind, object, title, created) VALUES
            (NULL, 'shared', 'request', 'o1', '', 0), (NULL, 'bolts', 'request', 'o2', '', 0);";
    fixture.raw(tables).await;
    for (customer, hunt, run) in [(&acme, "shared", "r1"), (&bolt, "shared", "r1"), (&bolt, "bolts", "r2")] {
        let rows = format!(
            "INSERT INTO hunt_customer (customer, hunt, remark, version) VALUES ('{customer}', '{hunt}', '', 1);
            INSERT INTO hunt_result (customer, hunt, query, content, samples) VALUES ('{customer}', '{hunt}', 'q', '{{}}', '[]');
            INSERT INTO hunt_incident (customer, hunt, incident, linked) VALUES ('{customer}', '{hunt}', 'i{customer}', 0);
            INSERT INTO hunt_task (customer, run, query, place, done) VALUES ('{customer}', '{run}', 'q', 0, FALSE);"
        );
        fixture.raw(&rows).await;
    }
    for table in [
        "hunt",
        "hunt_customer",
        "hunt_result",
        "hunt_incident",
        "hunt_task",
        "hunt_run",
        "hunt_time",
        "hunt_detection",
    ] {
        let all = if ["hunt", "hunt_run", "hunt_time", "hunt_detection"].contains(&table) { 2 } else { 3 };
        let select = format!("SELECT * FROM {table}");
        for (scope, seen) in [(acme.as_str(), 1), (bolt.as_str(), 2), ("*", all), ("", 0)] {
            assert_eq!(as_scoped_role(&fixture, scope, &select).await.unwrap(), seen, "{table} by {scope}");
        }
    }
    let update = "UPDATE hunt SET version = version + 1";
    assert_eq!(as_scoped_role(&fixture, acme.as_str(), update).await.unwrap(), 1);
    let steal = format!("UPDATE hunt_customer SET customer = '{bolt}'");
    assert!(as_scoped_role(&fixture, acme.as_str(), &steal).await.is_err(), "a row cannot be moved out of the scope");
    let foreign =
        format!("INSERT INTO hunt_customer (customer, hunt, remark, version) VALUES ('{bolt}', 'shared', '', 1)");
    assert!(as_scoped_role(&fixture, acme.as_str(), &foreign).await.is_err());
}
