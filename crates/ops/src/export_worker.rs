//! What writes exports: one at a time, in the order they were asked for. An export that was under way when the process
//! ended begins anew; a file is only shown once it is whole and on disk.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use model::export::{Export, ExportState};
use model::role::Permission;
use model::user::User;
use model::{Actor, Context, Scope, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::error::{Error, Result};
use crate::export::remove_file;
use crate::session::context_of;
use crate::{Ops, audit};

/// How often progress is put down, and with it whether the owner has called it off.
const TELL: Duration = Duration::from_millis(700);
/// How often the queue is looked at without being woken.
const POLL: Duration = Duration::from_secs(2);
/// How often files are looked at that may be over.
const TIDY: Duration = Duration::from_secs(600);
/// How long the row of an export without a file is kept.
const FORGET: Duration = Duration::from_secs(30 * 86_400);

/// The loop that writes exports while the server runs.
pub struct Exporter {
    ops: Ops,
}

/// Why an export ended without a file.
enum Ended {
    /// Its owner called it off.
    Cancelled,
    /// This, for its owner.
    Failed(String),
    /// This, for us.
    Broken(Error),
}

impl<E: Into<Error>> From<E> for Ended {
    fn from(error: E) -> Self {
        Ended::Broken(error.into())
    }
}

impl Exporter {
    /// Over these use cases.
    pub fn new(ops: Ops) -> Self {
        Exporter { ops }
    }

    /// Runs until `shutdown` is ready: an export under way is left as it is and begins anew after the next start.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let work = async {
            while let Err(error) = self.ops.resume_exports(now()).await {
                tracing::error!(error = &error as &dyn std::error::Error, "exports cannot be resumed; tried again");
                tokio::time::sleep(POLL).await;
            }
            let mut commits = self.ops.commits();
            let mut tidied: Option<Instant> = None;
            loop {
                match self.ops.run_next_export(now()).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "exports cannot be written");
                    }
                }
                if tidied.is_none_or(|last| last.elapsed() >= TIDY) {
                    tidied = Some(Instant::now());
                    if let Err(error) = self.ops.expire_exports(now()).await {
                        tracing::error!(error = &error as &dyn std::error::Error, "exports cannot be tidied up");
                    }
                }
                // Whoever asks for an export commits; nobody else is worth hurrying for.
                let _ = tokio::time::timeout(POLL, commits.changed()).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = shutdown => {}
        }
    }
}

impl Ops {
    /// Puts exports that were cut short back into the queue, and removes files that belong to no finished export.
    pub async fn resume_exports(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("export", Scope::All, now);
        let folder = &self.exports().folder;
        tokio::fs::create_dir_all(folder).await.map_err(unwritable)?;
        let mut tx = self.store().write(&ctx).await?;
        let cut_short = tx.exports_in(&[ExportState::Running]).await?;
        for export in &cut_short {
            let again = Export { state: ExportState::Queued, events: 0, bytes: 0, started: None, ..export.clone() };
            tx.put_export(ExportState::Running, &again).await?;
        }
        let whole = tx.exports_in(&[ExportState::Done]).await?;
        tx.commit().await?;
        let whole: BTreeSet<PathBuf> = whole.iter().map(|export| self.exports().file(export)).collect();
        let mut entries = tokio::fs::read_dir(folder).await.map_err(unwritable)?;
        while let Some(entry) = entries.next_entry().await.map_err(unwritable)? {
            if !whole.contains(&entry.path()) {
                remove_file(entry.path()).await;
            }
        }
        Ok(cut_short.len())
    }

    /// Writes the export that has waited longest; gives whether there was one.
    pub async fn run_next_export(&self, now: Timestamp) -> Result<bool> {
        let ctx = Context::job("export", Scope::All, now);
        // Looking takes no turn from those who write.
        let queued = self.store().read(&ctx).await?.exports_in(&[ExportState::Queued]).await?;
        let Some(next) = queued.into_iter().next() else { return Ok(false) };
        let mut tx = self.store().write(&ctx).await?;
        let mut export = Export { state: ExportState::Running, started: Some(now), ..next };
        match tx.put_export(ExportState::Queued, &export).await {
            // Called off meanwhile.
            Err(store::Error::Conflict { .. }) => return Ok(true),
            taken => taken?,
        }
        let owner = tx.get_user(&export.owner).await?;
        tx.commit().await?;
        let part = self.exports().folder.join(format!("{}.part", export.id));
        let ended = self.write_export(&mut export, &owner, &part).await;
        if !matches!(ended, Ok(())) {
            remove_file(part).await;
        }
        match ended {
            Ok(()) => {}
            Err(Ended::Cancelled) => return Ok(true),
            Err(Ended::Failed(problem)) => export.problem = Some(problem),
            Err(Ended::Broken(error)) => {
                tracing::error!(export = %export.id, error = &error as &dyn std::error::Error, "an export failed");
                export.problem = Some(match error {
                    Error::TooCostly(detail) | Error::SearchedTooMuch { detail, .. } => detail,
                    _ => "something failed on our side; it is in the log".to_owned(),
                });
            }
        }
        let done = export.problem.is_none();
        let finished: Timestamp = self::now();
        export.finished = Some(finished);
        (export.state, export.expires) = match done {
            true => (ExportState::Done, Some(finished.plus(self.exports().kept))),
            false => (ExportState::Failed, None),
        };
        if !done {
            export.bytes = 0;
        }
        let detail = json!({"events": export.events, "bytes": export.bytes, "sha256": export.sha256,
            "problem": export.problem, "asked_by": export.owner});
        let action = if done { "export.finish" } else { "export.fail" };
        let ctx = Context::job("export", Scope::All, finished);
        let mut tx = self.store().write(&ctx).await?;
        match tx.put_export(ExportState::Running, &export).await {
            Ok(()) => {
                tx.audit(audit(None, action, &export.id, detail)).await?;
                tx.commit().await?;
            }
            // Called off at the last moment.
            Err(store::Error::Conflict { .. }) => remove_file(self.exports().file(&export)).await,
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Removes files that were kept long enough, and forgets exports that have had none for long.
    pub async fn expire_exports(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("export", Scope::All, now);
        let mut tx = self.store().write(&ctx).await?;
        let kept = tx.exports_in(&[ExportState::Done]).await?;
        let over: Vec<_> = kept.into_iter().filter(|export| export.expires.is_some_and(|end| end <= now)).collect();
        for export in &over {
            let expired = Export { state: ExportState::Expired, bytes: 0, ..export.clone() };
            tx.put_export(ExportState::Done, &expired).await?;
            tx.audit(audit(None, "export.expire", &export.id, json!({}))).await?;
        }
        tx.prune_exports(now.minus(FORGET)).await?;
        tx.commit().await?;
        for export in &over {
            remove_file(self.exports().file(export)).await;
        }
        Ok(over.len())
    }

    /// Writes with what the owner may see at this moment.
    async fn write_export(&self, export: &mut Export, owner: &User, part: &Path) -> Result<(), Ended> {
        let ctx = context_of(owner, Actor::User(owner.id.clone()), now());
        if !owner.data.active || ctx.require(Permission::EventRead).is_err() {
            return Err(Ended::Failed("its owner may not search any more".to_owned()));
        }
        let query = export.data.query().map_err(|error| Ended::Failed(error.to_string()))?;
        export.of = match ctx.scope().narrow(&query.customers) {
            Scope::All => None,
            Scope::Customers(customers) => Some(customers.iter().cloned().collect()),
        };
        let found = self.lake().count(&ctx, &query).await?;
        export.total = Some((found as i64).min(export.data.most));
        self.tell(export).await?;

        let (format, columns) = (export.data.format, &export.data.columns);
        let most = usize::try_from(export.data.most).unwrap_or(usize::MAX);
        let mut events = self.lake().export_stream(&ctx, &query, format, columns, most).await?;
        let kept = self.store().read(&ctx).await?.export_bytes(&owner.id).await? as u64;
        let room = self.exports();
        let limit = room.file_bytes.min(room.person_bytes.saturating_sub(kept));
        let mut file = tokio::fs::File::create(part).await.map_err(unwritable)?;
        let (mut hash, mut told) = (Sha256::new(), Instant::now());
        loop {
            let next = tokio::time::timeout(TELL, events.next()).await;
            if told.elapsed() >= TELL || next.is_err() {
                export.events = events.events() as i64;
                self.tell(export).await?;
                told = Instant::now();
            }
            let Ok(next) = next else { continue };
            let Some(bytes) = next.transpose()? else { break };
            export.bytes += bytes.len() as i64;
            if export.bytes as u64 > limit {
                let mib = limit >> 20;
                return Err(Ended::Failed(format!("it is larger than the {mib} MiB there is room for: narrow it")));
            }
            hash.update(&bytes);
            file.write_all(&bytes).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        file.sync_all().await.map_err(unwritable)?;
        drop(file);
        tokio::fs::rename(part, room.file(export)).await.map_err(unwritable)?;
        let folder = tokio::fs::File::open(&room.folder).await.map_err(unwritable)?;
        folder.sync_all().await.map_err(unwritable)?;
        export.events = events.events() as i64;
        export.sha256 = Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        Ok(())
    }

    /// Puts down how far it is. That it is no longer running means that its owner called it off.
    async fn tell(&self, export: &Export) -> Result<(), Ended> {
        let ctx = Context::job("export", Scope::All, now());
        let mut tx = self.store().write(&ctx).await?;
        match tx.put_export(ExportState::Running, export).await {
            Ok(()) => Ok(tx.commit().await?),
            Err(store::Error::Conflict { .. }) => Err(Ended::Cancelled),
            Err(error) => Err(error.into()),
        }
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

fn unwritable(error: std::io::Error) -> Error {
    tracing::error!(%error, "the folder of exports cannot be written");
    Error::Unavailable("the folder of exports cannot be written")
}
