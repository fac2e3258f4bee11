//! Exports of events: asking for one, calling it off, fetching its file (catalogue I5, A2). What writes them is in
//! `export_worker`.

use std::path::PathBuf;
use std::time::Duration;

use model::export::{Export, ExportData, ExportState};
use model::role::Permission;
use model::{Context, ExportId, Page, PageRequest, Scope, UserId};
use serde_json::json;

use crate::error::{Error, Problems, Result};
use crate::event::{are_names, check};
use crate::{Ops, audit, person};

/// Exports of one person that wait or are written at a time.
const OPEN: usize = 10;
/// Columns of an export, and its events, at most.
const COLUMNS: usize = 200;
const EVENTS: i64 = 5_000_000;

/// Where exports are kept, and how much of them.
#[derive(Debug, Clone)]
pub struct ExportRoom {
    /// The folder of the files; made when missing.
    pub folder: PathBuf,
    /// Bytes of one file at most.
    pub file_bytes: u64,
    /// Bytes of all files of one person at most.
    pub person_bytes: u64,
    /// How long a file is kept.
    pub kept: Duration,
}

impl ExportRoom {
    /// 2 GiB a file, 5 GiB a person, for a week.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        ExportRoom {
            folder: folder.into(),
            file_bytes: 2 << 30,
            person_bytes: 5 << 30,
            kept: Duration::from_secs(7 * 86_400),
        }
    }

    pub(crate) fn file(&self, export: &Export) -> PathBuf {
        self.folder.join(format!("{}.{}", export.id, export.data.format.as_str()))
    }
}

impl Ops {
    /// Asks for a file of events; it is written in the background.
    pub async fn create_export(&self, ctx: &Context, data: ExportData) -> Result<Export> {
        let owner = reader(ctx)?.clone();
        let query = data.query().map_err(|error| Error::invalid("q", &error.to_string()))?;
        let mut problems = check(&query);
        problems.expect(data.columns.len() <= COLUMNS, "columns", "must be at most 200");
        problems.expect(are_names(&data.columns), "columns", "must have 1 to 200 characters each");
        problems.expect((1..=EVENTS).contains(&data.most), "most", "must be 1 to 5000000");
        problems.done()?;
        let export = Export {
            id: ExportId::generate(ctx.now()),
            owner: owner.clone(),
            data,
            state: ExportState::Queued,
            total: None,
            events: 0,
            bytes: 0,
            of: None,
            sha256: None,
            problem: None,
            created: ctx.now(),
            started: None,
            finished: None,
            expires: None,
        };
        let mut tx = self.store().write(ctx).await?;
        let open = tx.exports_in(&[ExportState::Queued, ExportState::Running]).await?;
        let mut problems = Problems::default();
        let waiting = open.iter().filter(|export| export.owner == owner).count();
        problems.expect(waiting < OPEN, "format", "must wait: 10 exports of yours are not finished yet");
        let kept = tx.export_bytes(&owner).await?;
        let room = (kept as u64) < self.exports().person_bytes;
        problems.expect(room, "format", "must wait: your exports fill the room you have; delete some");
        problems.done()?;
        tx.create_export(&export).await?;
        let scope = ctx.scope().narrow(&export.data.customers);
        let only = match &scope {
            Scope::Customers(customers) if customers.len() == 1 => customers.first(),
            _ => None,
        };
        tx.audit(audit(only, "export.create", &export.id, json!(export.data))).await?;
        tx.commit().await?;
        Ok(export)
    }

    /// One of the caller's own exports.
    pub async fn get_export(&self, ctx: &Context, id: &ExportId) -> Result<Export> {
        let owner = reader(ctx)?;
        Ok(self.store().read(ctx).await?.get_export(owner, id).await?)
    }

    /// The caller's own exports, newest first.
    pub async fn list_exports(&self, ctx: &Context, page: &PageRequest) -> Result<Page<Export>> {
        let owner = reader(ctx)?;
        Ok(self.store().read(ctx).await?.list_exports(owner, page).await?)
    }

    /// Calls off an export that is not finished; what was written of it goes.
    pub async fn cancel_export(&self, ctx: &Context, id: &ExportId) -> Result<Export> {
        let owner = reader(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_export(owner, id).await?;
        if !before.state.is_open() {
            return Err(Error::Conflict);
        }
        let after = Export { state: ExportState::Cancelled, finished: Some(ctx.now()), bytes: 0, ..before.clone() };
        tx.put_export(before.state, &after).await?;
        tx.audit(audit(None, "export.cancel", id, json!({"events": before.events}))).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Forgets an export that has ended, with its file.
    pub async fn delete_export(&self, ctx: &Context, id: &ExportId) -> Result<()> {
        let owner = reader(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let export = tx.get_export(owner, id).await?;
        if export.state.is_open() {
            return Err(Error::Conflict);
        }
        tx.delete_export(id).await?;
        tx.audit(audit(None, "export.delete", id, json!({"state": export.state}))).await?;
        tx.commit().await?;
        remove_file(self.exports().file(&export)).await;
        Ok(())
    }

    /// Opens the file of an export for its owner, who must still see every customer whose events may be in it. On record
    /// before the first byte leaves.
    pub async fn open_export(&self, ctx: &Context, id: &ExportId) -> Result<(Export, tokio::fs::File)> {
        let owner = reader(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let export = tx.get_export(owner, id).await?;
        if export.state != ExportState::Done {
            return Err(Error::NotFound("file: the export is not finished, or its file is no longer kept"));
        }
        let seen = match &export.of {
            None => *ctx.scope() == Scope::All,
            Some(customers) => customers.iter().all(|customer| ctx.scope().contains(customer)),
        };
        if !seen {
            return Err(Error::NotFound("file: it holds events of customers you do not see any more"));
        }
        let path = self.exports().file(&export);
        let file = tokio::fs::File::open(&path).await.map_err(|error| {
            tracing::error!(export = %id, path = %path.display(), %error, "the file of an export cannot be opened");
            Error::NotFound("file: it is gone from the disk")
        })?;
        let only = export.of.as_deref().filter(|of| of.len() == 1).and_then(|of| of.first());
        let detail = json!({"events": export.events, "bytes": export.bytes, "sha256": export.sha256});
        tx.audit(audit(only, "export.download", id, detail)).await?;
        tx.commit().await?;
        Ok((export, file))
    }

    pub(crate) fn exports(&self) -> &ExportRoom {
        &self.inner.parts.exports
    }
}

fn reader(ctx: &Context) -> Result<&UserId> {
    ctx.require(Permission::EventRead)?;
    person(ctx)
}

/// Removes a file; that it is not there is as good.
pub(crate) async fn remove_file(path: PathBuf) {
    match tokio::fs::remove_file(&path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::error!(path = %path.display(), %error, "the file of an export cannot be removed");
        }
        _ => {}
    }
}
