//! The lake's catalogue: which files are whole, and how far each customer's events are in them.
//!
//! With SQLite it is a file of its own, so that the lake's commits never wait for the console's, with one writer that puts
//! waiting commits into one transaction. With PostgreSQL it is two tables beside the others.

use std::path::Path;

use model::{CustomerId, Scope, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::db::{Access, Db, DbTx};
use crate::row::Row;
use crate::sql::{Sql, json, sql};
use crate::tx::enter_scope;
use crate::{Error, Result, Store, migrate};

/// Searches that may read an SQLite catalogue at the same moment.
const READERS: u32 = 4;

/// Commits that may wait for the writer.
const QUEUE: usize = 64;

/// A file of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFile {
    /// Its id, unique over all customers.
    pub id: String,
    /// Whose events.
    pub customer: CustomerId,
    /// The day of its events in UTC, as `2026-11-21`.
    pub day: String,
    /// Where it is, relative to the lake's folder.
    pub path: String,
    /// How often its events have been merged; 0 as first written.
    pub level: i64,
    /// Events in it.
    pub rows: i64,
    /// Its size.
    pub bytes: i64,
    /// Earliest record time in it, UTC microseconds.
    pub min_time: i64,
    /// Latest record time in it, UTC microseconds.
    pub max_time: i64,
    /// Checksum of the whole file, as the lake writes it.
    pub checksum: String,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Where its events stood in the log.
    pub ranges: Vec<SequenceRange>,
    /// When its content was last compared with the checksum, if ever.
    pub checked: Option<Timestamp>,
    /// What was found wrong with its content.
    pub damage: Option<String>,
}

/// A run of events of one shard of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SequenceRange {
    /// The log.
    pub log: u32,
    /// The shard of the log.
    pub shard: u16,
    /// The first sequence number.
    pub first: u64,
    /// The last sequence number.
    pub last: u64,
}

/// Up to where the events of a customer in a log's shard are in the lake's files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatalogueWatermark {
    /// Whose.
    pub customer: CustomerId,
    /// The log.
    pub log: u32,
    /// The shard of the log.
    pub shard: u16,
    /// The last sequence number that is in a file.
    pub sequence: u64,
}

/// The catalogue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue {
    db: Db,
    writer: mpsc::Sender<Request>,
}

#[derive(Debug)]
struct Request {
    commit: Commit,
    answer: oneshot::Sender<Result<()>>,
}

#[derive(Debug)]
struct Commit {
    add: Vec<CatalogueFile>,
    remove: Vec<String>,
    watermarks: Vec<(CustomerId, u32, u16, u64)>,
}

impl Catalogue {
    /// Opens the catalogue in an SQLite file of its own, creating it if need be. Needs a tokio runtime.
    pub async fn open(path: &Path) -> Result<Self> {
        let db = Db::open_file(path, READERS).await?;
        migrate::migrate(&db, &migrate::CATALOGUE).await?;
        Ok(Catalogue::over(db))
    }

    /// The catalogue in the tables of a PostgreSQL store. An SQLite store has none: use [`Catalogue::open`].
    pub fn of_store(store: &Store) -> Option<Self> {
        match store.db() {
            Db::Postgres(_) => Some(Catalogue::over(store.db().clone())),
            Db::Sqlite { .. } => None,
        }
    }

    /// Adds files, removes files by id and moves watermarks on, all or nothing. A file to be removed that is gone gives
    /// [`Error::Conflict`]: somebody else has replaced it. A watermark that is further already stays.
    pub async fn commit(
        &self,
        add: &[CatalogueFile],
        remove: &[String],
        watermarks: &[(CustomerId, u32, u16, u64)],
    ) -> Result<()> {
        let commit = Commit { add: add.to_vec(), remove: remove.to_vec(), watermarks: watermarks.to_vec() };
        let (answer, answered) = oneshot::channel();
        let stopped = || Error::Database(sqlx::Error::WorkerCrashed);
        self.writer.send(Request { commit, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// The files of customers in scope that may hold events of a range, oldest first.
    pub async fn files(&self, scope: &Scope, range: TimeRange) -> Result<Vec<CatalogueFile>> {
        let mut tx = self.begin(Access::Read, scope).await?;
        let query = sql("SELECT * FROM catalogue_file WHERE max_time >= ? AND min_time < ?");
        let query = query.bind(range.from).bind(range.to).and_scope("customer", scope);
        tx.fetch_all(query.push(" ORDER BY min_time, id")).await?.iter().map(read).collect()
    }

    /// Notes when a file's content was compared with its checksum, and what was wrong with it. A file that is gone is
    /// none of it.
    pub async fn note_check(&self, id: &str, at: Timestamp, damage: Option<&str>) -> Result<()> {
        let mut tx = self.begin(Access::Write, &Scope::All).await?;
        let note = sql("UPDATE catalogue_file SET checked = ?, damage = ? WHERE id = ?").bind(at).bind(damage).bind(id);
        tx.execute(note).await?;
        tx.commit().await
    }

    /// Every file there is: for expiry, compaction and repair.
    pub async fn all_files(&self) -> Result<Vec<CatalogueFile>> {
        let mut tx = self.begin(Access::Read, &Scope::All).await?;
        tx.fetch_all(sql("SELECT * FROM catalogue_file ORDER BY customer, day, id")).await?.iter().map(read).collect()
    }

    /// Every watermark.
    pub async fn watermarks(&self) -> Result<Vec<CatalogueWatermark>> {
        let mut tx = self.begin(Access::Read, &Scope::All).await?;
        let query = sql("SELECT * FROM catalogue_watermark ORDER BY customer, log, shard");
        tx.fetch_all(query).await?.iter().map(read_watermark).collect()
    }

    /// Closes every connection. For a PostgreSQL store, those are the store's own.
    pub async fn close(&self) {
        self.db.close().await;
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    fn over(db: Db) -> Self {
        let (writer, requests) = mpsc::channel(QUEUE);
        tokio::spawn(write(db.clone(), requests));
        Catalogue { db, writer }
    }

    async fn begin(&self, access: Access, scope: &Scope) -> Result<DbTx> {
        begin(&self.db, access, scope).await
    }
}

async fn begin(db: &Db, access: Access, scope: &Scope) -> Result<DbTx> {
    let mut tx = db.begin(access).await?;
    enter_scope(&mut tx, scope).await?;
    Ok(tx)
}

/// The one writer: takes every commit that waits and makes one transaction of them, for one flush to disk. If that
/// fails, each is made alone, so that a bad one spoils no other. Ends with the last [`Catalogue`].
async fn write(db: Db, mut requests: mpsc::Receiver<Request>) {
    let mut waiting = Vec::new();
    while requests.recv_many(&mut waiting, QUEUE).await > 0 {
        if waiting.len() > 1 && commit_all(&db, waiting.iter().map(|request: &Request| &request.commit)).await.is_ok() {
            answer_all(waiting.drain(..));
        }
        for request in waiting.drain(..) {
            let done = commit_all(&db, std::iter::once(&request.commit)).await;
            answer(request.answer, done);
        }
    }
}

fn answer_all(requests: impl Iterator<Item = Request>) {
    requests.for_each(|request| answer(request.answer, Ok(())));
}

/// Who asked may have stopped waiting; the commit stands all the same.
fn answer(to: oneshot::Sender<Result<()>>, done: Result<()>) {
    drop(to.send(done));
}

async fn commit_all(db: &Db, commits: impl Iterator<Item = &Commit>) -> Result<()> {
    let mut tx = begin(db, Access::Write, &Scope::All).await?;
    for commit in commits {
        for id in &commit.remove {
            if tx.execute(sql("DELETE FROM catalogue_file WHERE id = ?").bind(id)).await? == 0 {
                return Err(Error::Conflict { what: "catalogue file" });
            }
        }
        for file in &commit.add {
            tx.execute(insert(file)).await?;
        }
        for (customer, log, shard, sequence) in &commit.watermarks {
            let put = sql("INSERT INTO catalogue_watermark (customer, log, shard, sequence) VALUES (?, ?, ?, ?) ")
                .push("ON CONFLICT (customer, log, shard) DO UPDATE SET sequence = excluded.sequence ")
                .push("WHERE catalogue_watermark.sequence < excluded.sequence")
                .bind(customer)
                .bind(i64::from(*log))
                .bind(i64::from(*shard))
                .bind((*sequence).min(i64::MAX as u64) as i64);
            tx.execute(put).await?;
        }
    }
    tx.commit().await
}

fn insert(file: &CatalogueFile) -> Sql {
    sql("INSERT INTO catalogue_file (customer, id, day, path, level, row_count, byte_count, min_time, max_time, ")
        .push("checksum, columns, ranges, checked, damage) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&file.customer)
        .bind(&file.id)
        .bind(&file.day)
        .bind(&file.path)
        .bind(file.level)
        .bind(file.rows)
        .bind(file.bytes)
        .bind(file.min_time)
        .bind(file.max_time)
        .bind(&file.checksum)
        .bind(json(&file.columns))
        .bind(json(&file.ranges))
        .bind(file.checked)
        .bind(file.damage.as_deref())
}

fn read(row: &Row) -> Result<CatalogueFile> {
    Ok(CatalogueFile {
        id: row.get("id")?,
        customer: row.parse("customer")?,
        day: row.get("day")?,
        path: row.get("path")?,
        level: row.get("level")?,
        rows: row.get("row_count")?,
        bytes: row.get("byte_count")?,
        min_time: row.get("min_time")?,
        max_time: row.get("max_time")?,
        checksum: row.get("checksum")?,
        columns: row.json("columns")?,
        ranges: row.json("ranges")?,
        checked: row.time_maybe("checked")?,
        damage: row.get("damage")?,
    })
}

fn read_watermark(row: &Row) -> Result<CatalogueWatermark> {
    Ok(CatalogueWatermark {
        customer: row.parse("customer")?,
        log: row.unsigned("log")?,
        shard: row.unsigned("shard")?,
        sequence: row.unsigned("sequence")?,
    })
}
