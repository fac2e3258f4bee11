//! Copies of a database taken while it is in use.

use std::path::Path;

use sqlx::AssertSqlSafe;

use crate::db::Db;
use crate::{Catalogue, Error, Result, Store};

impl Store {
    /// Writes a copy of the whole SQLite database, as of one instant, to a new file at `path`.
    pub async fn backup_to(&self, path: &Path) -> Result<()> {
        copy(self.db(), path).await
    }
}

impl Catalogue {
    /// Writes a copy of the whole SQLite catalogue, as of one instant, to a new file at `path`.
    pub async fn backup_to(&self, path: &Path) -> Result<()> {
        copy(self.db(), path).await
    }
}

async fn copy(db: &Db, path: &Path) -> Result<()> {
    let Db::Sqlite { write, .. } = db else { return Err(Error::BackUpWithPgDump) };
    let failed = |source| Error::Io { path: path.to_owned(), source };
    if path.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let Some(target) = path.to_str() else {
        return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, "the path must be UTF-8")));
    };
    sqlx::query(AssertSqlSafe("VACUUM INTO $1")).bind(target).execute(write).await?;
    // SQLite leaves the copy in the page cache; a backup has to survive a power cut.
    let flushed = std::fs::File::open(path).and_then(|file| file.sync_all());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    flushed.and_then(|()| std::fs::File::open(folder)?.sync_all()).map_err(failed)
}
