//! The two databases have the same tables.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use store::{Error, Store, StoreConfig};

use crate::fixture::Fixture;

/// Table, column, type, whether it may be NULL.
type Column = (String, String, &'static str, bool);

async fn sqlite_columns(url: &str, columns: &mut BTreeSet<Column>, indexes: &mut BTreeSet<String>) {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    for table in sqlx::query(tables).fetch_all(&mut connection).await.unwrap() {
        let table: String = table.get("name");
        let info = AssertSqlSafe(format!("SELECT name, type, \"notnull\" FROM pragma_table_info('{table}')"));
        for column in sqlx::query(info).fetch_all(&mut connection).await.unwrap() {
            let kind = match column.get::<&str, _>("type") {
                "BIGINT" | "INTEGER" => "number",
                "TEXT" => "text",
                "BOOLEAN" => "truth",
                "BLOB" => "bytes",
                other => panic!("{table}: {other}"),
            };
            columns.insert((table.clone(), column.get("name"), kind, column.get::<i64, _>("notnull") == 0));
        }
    }
    let made = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
    let made = sqlx::query(made).fetch_all(&mut connection).await.unwrap();
    indexes.extend(made.into_iter().map(|row| row.get::<String, _>("name")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_schema_is_the_same_on_both_databases() {
    let (sqlite, postgres) = (Fixture::sqlite().await, Fixture::postgres().await);
    sqlite.catalogue().await;
    let (mut columns, mut indexes) = (BTreeSet::new(), BTreeSet::new());
    sqlite_columns(&sqlite.url, &mut columns, &mut indexes).await;
    let catalogue = format!("sqlite:{}", sqlite.folder.path().join("catalogue.db").display());
    sqlite_columns(&catalogue, &mut columns, &mut indexes).await;

    let mut connection = PgConnection::connect(&postgres.raw_url).await.unwrap();
    let rows = sqlx::query(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text, collation_name::text
         FROM information_schema.columns WHERE table_schema = 'public'",
    );
    let mut others = BTreeSet::new();
    for row in rows.fetch_all(&mut connection).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let kind = match row.get::<&str, _>(2) {
            "bigint" => "number",
            "text" => "text",
            "boolean" => "truth",
            "bytea" => "bytes",
            other => panic!("{table}: {other}"),
        };
        if kind == "text" {
            assert_eq!(row.get::<Option<&str>, _>(4), Some("C"), "{table}.{column} is compared byte by byte");
        }
        others.insert((table, column, kind, row.get::<&str, _>(3) == "YES"));
    }
    assert!(columns.len() > 150, "{} columns", columns.len());
    assert_eq!(columns.difference(&others).collect::<Vec<&Column>>(), Vec::<&Column>::new(), "only on SQLite");
    assert_eq!(others.difference(&columns).collect::<Vec<&Column>>(), Vec::<&Column>::new(), "only on PostgreSQL");

    // PostgreSQL lists the indexes of constraints too; SQLite keeps those to itself.
    let made = sqlx::query("SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'");
    let made: BTreeSet<String> =
        made.fetch_all(&mut connection).await.unwrap().into_iter().map(|row| row.get(0)).collect();
    assert!(indexes.len() > 10);
    assert!(indexes.is_subset(&made), "{:?}", indexes.difference(&made).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_again_changes_nothing_and_a_newer_schema_is_refused() {
    for fixture in [Fixture::sqlite().await, Fixture::postgres().await] {
        let config = StoreConfig { url: fixture.url.clone(), max_connections: 2 };
        Store::open(&config).await.unwrap().close().await;
        fixture.raw("INSERT INTO migration (family, number, name, applied) VALUES ('store', 9999, 'later', 0)").await;
        let newer = Store::open(&config).await;
        assert!(matches!(newer, Err(Error::NewerSchema { found: 9999, .. })), "{newer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_openers_at_the_same_moment_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("store.db").display());
    for url in [sqlite, crate::postgres::database().await.url] {
        let openers: Vec<_> = (0..4)
            .map(|_| {
                let config = StoreConfig { url: url.clone(), max_connections: 2 };
                tokio::spawn(async move { Store::open(&config).await.map(drop) })
            })
            .collect();
        for opener in openers {
            opener.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn an_address_of_something_else_is_refused_without_its_password() {
    let config = StoreConfig { url: "mysql://me:hunter2@host/db".into(), max_connections: 2 };
    let refused = Store::open(&config).await.unwrap_err();
    assert!(matches!(refused, Error::BadUrl(_)));
    assert!(!refused.to_string().contains("hunter2"), "{refused}");
}

#[tokio::test]
async fn a_database_user_without_the_rights_is_told_which_ones() {
    let url = crate::postgres::database_of_a_stranger().await;
    let error = Store::open(&StoreConfig { url, max_connections: 2 }).await.unwrap_err();
    assert!(matches!(error, Error::MayNotMigrate { .. }), "{error}");
    assert!(error.to_string().contains("CREATEROLE"), "{error}");
}
