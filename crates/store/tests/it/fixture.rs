//! One empty store for one test, on either database.

use model::Context;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::{Catalogue, Store, StoreConfig, Tx};
use tempfile::TempDir;

use crate::postgres;

pub struct Fixture {
    pub store: Store,
    pub folder: TempDir,
    /// As the program connects.
    pub url: String,
    /// As somebody who may do anything connects.
    pub raw_url: String,
}

impl Fixture {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        Self::open(folder, url.clone(), url).await
    }

    pub async fn postgres() -> Self {
        let database = postgres::database().await;
        Self::open(tempfile::tempdir().unwrap(), database.url, database.superuser_url).await
    }

    async fn open(folder: TempDir, url: String, raw_url: String) -> Self {
        let store = Store::open(&StoreConfig { url: url.clone(), max_connections: 8 }).await.unwrap();
        Fixture { store, folder, url, raw_url }
    }

    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    pub async fn catalogue(&self) -> Catalogue {
        match Catalogue::of_store(&self.store) {
            Some(catalogue) => catalogue,
            None => Catalogue::open(&self.folder.path().join("catalogue.db")).await.unwrap(),
        }
    }

    pub async fn read(&self, context: &Context) -> Tx {
        self.store.read(context).await.unwrap()
    }

    pub async fn write(&self, context: &Context) -> Tx {
        self.store.write(context).await.unwrap()
    }

    /// Runs statements past the store, as somebody at the database's own console would.
    pub async fn raw(&self, statements: &str) {
        let statements = AssertSqlSafe(statements.to_owned());
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.raw_url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = SqliteConnection::connect(&self.raw_url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        }
    }
}
