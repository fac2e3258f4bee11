//! Opening the store and beginning transactions.

use std::sync::Arc;

use model::Context;
use tokio::sync::watch;

use crate::db::{Access, Db};
use crate::{Result, Tx, migrate};

/// Where the store is.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite:/path/to/file` or `postgres://user@host/database`.
    pub url: String,
    /// Connections at most: SQLite's readers (its one writer comes beside them), or all of PostgreSQL's.
    pub max_connections: u32,
}

/// The relational store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    commits: Arc<watch::Sender<u64>>,
}

impl Store {
    /// Opens the database and brings it to this version's schema.
    pub async fn open(config: &StoreConfig) -> Result<Self> {
        let db = Db::open(&config.url, config.max_connections).await?;
        migrate::migrate(&db, &migrate::STORE).await?;
        if let Db::Postgres(_) = db {
            migrate::migrate(&db, &migrate::CATALOGUE).await?;
        }
        Ok(Store { db, commits: Arc::new(watch::Sender::new(0)) })
    }

    /// A transaction that reads for `context`'s customers, all from one snapshot.
    pub async fn read(&self, context: &Context) -> Result<Tx> {
        Tx::begin(self, context, Access::Read).await
    }

    /// A transaction that reads and writes for `context`'s customers. Nothing lasts until [`Tx::commit`].
    pub async fn write(&self, context: &Context) -> Result<Tx> {
        Tx::begin(self, context, Access::Write).await
    }

    /// Goes up with every commit of this process that changed something: a follower of the change feed wakes by it
    /// instead of asking all the time. Changes of other processes show in the feed only.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Closes every connection once those in use have been given back.
    pub async fn close(&self) {
        self.db.close().await;
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) fn commits_sender(&self) -> Arc<watch::Sender<u64>> {
        self.commits.clone()
    }
}
