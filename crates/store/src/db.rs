//! The two databases behind one face: pools, transactions and statements. Nothing above this file knows which it is,
//! except where a statement has to differ.

use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Transaction};

use crate::row::Row;
use crate::sql::{Arg, Sql};
use crate::{Error, Result};

/// How long a writer waits for its turn.
const WAIT: Duration = Duration::from_secs(30);
/// How soon a locked file is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// An open database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    /// One writing connection, because SQLite has one writer, and a pool of reading ones.
    Sqlite { write: SqlitePool, read: SqlitePool },
    /// One pool.
    Postgres(PgPool),
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A transaction of either database.
pub(crate) enum DbTx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs one statement by one method of sqlx on whichever database it is: the body is expanded per back end.
macro_rules! run {
    ($tx:expr, $statement:expr, $method:ident, |$row:ident, $done:ident| $map:expr) => {{
        match $tx {
            DbTx::Sqlite(tx) => {
                let (text, args) = $statement.finish();
                let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(text));
                for arg in args {
                    query = match arg {
                        Arg::Int(value) => query.bind(value),
                        Arg::Bool(value) => query.bind(value),
                        Arg::Text(value) => query.bind(value),
                        Arg::Bytes(value) => query.bind(value),
                    };
                }
                let $row = Row::Sqlite;
                let $done = query.$method(&mut **tx).await?;
                $map
            }
            DbTx::Postgres(tx) => {
                let (text, args) = $statement.finish_numbered();
                let mut query = sqlx::query::<Postgres>(AssertSqlSafe(text));
                for arg in args {
                    query = match arg {
                        Arg::Int(value) => query.bind(value),
                        Arg::Bool(value) => query.bind(value),
                        Arg::Text(value) => query.bind(value),
                        Arg::Bytes(value) => query.bind(value),
                    };
                }
                let $row = Row::Postgres;
                let $done = query.$method(&mut **tx).await?;
                $map
            }
        }
    }};
}

impl Db {
    /// Opens by URL. `max_connections` bounds SQLite's readers, or PostgreSQL's connections.
    pub(crate) async fn open(url: &str, max_connections: u32) -> Result<Self> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)?.application_name("vedette");
            // A pool only ever says that it waited in vain; a connection of our own says why.
            PgConnection::connect_with(&options).await.map_err(Error::NoConnection)?.close().await?;
            let pool = PgPoolOptions::new().max_connections(max_connections.max(2)).acquire_timeout(WAIT);
            return Ok(Db::Postgres(pool.connect_with(options).await?));
        }
        if !url.starts_with("sqlite:") {
            return Err(Error::BadUrl(url.split(':').next().unwrap_or_default().to_owned()));
        }
        Db::sqlite(SqliteConnectOptions::from_str(url)?, max_connections).await
    }

    /// Opens an SQLite file, creating it if need be.
    pub(crate) async fn open_file(path: &Path, max_connections: u32) -> Result<Self> {
        Db::sqlite(SqliteConnectOptions::new().filename(path), max_connections).await
    }

    async fn sqlite(options: SqliteConnectOptions, max_connections: u32) -> Result<Self> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT);
        // SQLite itself ends a transaction whose disk is full. The connection then still counts it as open and begins no
        // other: it is given up for a new one.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(WAIT)
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
        let write = first_connection(write, &options).await?;
        let read = SqlitePoolOptions::new().max_connections(max_connections.max(1)).acquire_timeout(WAIT);
        let read = read.connect_with(options.create_if_missing(false).pragma("query_only", "ON")).await?;
        Ok(Db::Sqlite { write, read })
    }

    /// Begins a transaction. On PostgreSQL a reader sees one snapshot (REPEATABLE READ); a writer works under READ
    /// COMMITTED, where lost updates are kept out by the `version` every update names.
    pub(crate) async fn begin(&self, access: Access) -> Result<DbTx> {
        Ok(match (self, access) {
            (Db::Sqlite { read, .. }, Access::Read) => DbTx::Sqlite(read.begin().await?),
            (Db::Sqlite { write, .. }, Access::Write) => DbTx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            (Db::Postgres(pool), Access::Read) => {
                DbTx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
            (Db::Postgres(pool), Access::Write) => {
                DbTx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?)
            }
        })
    }

    /// Closes every connection, after those in use have been given back.
    pub(crate) async fn close(&self) {
        match self {
            Db::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

impl DbTx {
    /// Whether this is PostgreSQL, for the statements that differ.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, DbTx::Postgres(_))
    }

    /// Runs a statement; gives the number of rows it changed.
    pub(crate) async fn execute(&mut self, statement: Sql) -> Result<u64> {
        Ok(run!(self, statement, execute, |_row, done| done.rows_affected()))
    }

    /// Runs a query; gives every row.
    pub(crate) async fn fetch_all(&mut self, statement: Sql) -> Result<Vec<Row>> {
        Ok(run!(self, statement, fetch_all, |row, rows| rows.into_iter().map(row).collect()))
    }

    /// Runs a query; gives the first row, if there is one.
    pub(crate) async fn fetch_optional(&mut self, statement: Sql) -> Result<Option<Row>> {
        Ok(run!(self, statement, fetch_optional, |row, found| found.map(row)))
    }

    /// Runs a query that always has a row.
    pub(crate) async fn fetch_one(&mut self, statement: Sql) -> Result<Row> {
        Ok(run!(self, statement, fetch_one, |row, found| row(found)))
    }

    /// Runs several fixed statements without values.
    pub(crate) async fn run_script(&mut self, script: String) -> Result<(), sqlx::Error> {
        match self {
            DbTx::Sqlite(tx) => sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut **tx).await.map(drop),
            DbTx::Postgres(tx) => sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut **tx).await.map(drop),
        }
    }

    /// On PostgreSQL, waits until no other transaction holds this lock; it is given back at the end of this one.
    /// SQLite has one writer anyway.
    pub(crate) async fn lock(&mut self, key: i64) -> Result<()> {
        if self.is_postgres() {
            self.execute(crate::sql::sql("SELECT pg_advisory_xact_lock(?)").bind(key)).await?;
        }
        Ok(())
    }

    /// Makes everything done here lasting.
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            DbTx::Sqlite(tx) => tx.commit().await?,
            DbTx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// The writing connection. Several openers of a new file switch it to write-ahead mode at once; SQLite tells all but
/// one that it is locked without waiting, whatever the timeout.
async fn first_connection(pool: SqlitePoolOptions, options: &SqliteConnectOptions) -> Result<SqlitePool> {
    let deadline = Instant::now() + WAIT;
    loop {
        match pool.clone().connect_with(options.clone()).await.map_err(Error::from) {
            Err(Error::Busy(_)) if Instant::now() < deadline => tokio::time::sleep(RETRY).await,
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::sql;

    #[tokio::test]
    async fn a_commit_waits_for_the_disk_and_foreign_keys_hold_on_every_connection() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_file(&folder.path().join("a % ? # b.db"), 2).await.unwrap();
        for access in [Access::Write, Access::Read] {
            let mut tx = db.begin(access).await.unwrap();
            let synchronous = tx.fetch_one(sql("PRAGMA synchronous")).await.unwrap();
            assert_eq!(synchronous.get::<i64>("synchronous").unwrap(), 2, "2 is FULL");
            let journal = tx.fetch_one(sql("PRAGMA journal_mode")).await.unwrap();
            assert_eq!(journal.get::<String>("journal_mode").unwrap(), "wal");
            let keys = tx.fetch_one(sql("PRAGMA foreign_keys")).await.unwrap();
            assert_eq!(keys.get::<i64>("foreign_keys").unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn writing_goes_on_after_the_disk_was_full() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_file(&folder.path().join("store.db"), 2).await.unwrap();
        let mut tx = db.begin(Access::Write).await.unwrap();
        tx.run_script("CREATE TABLE note (text BLOB)".to_owned()).await.unwrap();
        tx.commit().await.unwrap();
        let write = || sql("INSERT INTO note (text) VALUES (randomblob(100000))");
        let mut tx = db.begin(Access::Write).await.unwrap();
        // No page more than there are: what a full disk is to SQLite.
        tx.fetch_one(sql("PRAGMA max_page_count = 1")).await.unwrap();
        let refused = tx.execute(write()).await.unwrap_err().to_string();
        assert!(refused.contains("full"), "{refused}");
        drop(tx);
        let mut tx = db.begin(Access::Write).await.unwrap();
        tx.execute(write()).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_database_server_that_is_not_there_is_told_at_once_with_the_reason() {
        let started = std::time::Instant::now();
        let error = Db::open("postgres://joe:secret@127.0.0.1:1/vedette", 2).await.unwrap_err().to_string();
        assert!(error.contains("refused") && !error.contains("secret"), "{error}");
        assert!(started.elapsed() < WAIT / 2);
    }
}
