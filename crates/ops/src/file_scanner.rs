//! The worker that holds attached files against YARA rules, one file at a time: new files first, then those that were
//! held against other rules than are in force now. A stop or a crash loses the scan under way and nothing else.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use model::incident::IncidentChange;
use model::yara::{FileMatch, FileScan, ScanState};
use model::{Context, CustomerId, PageRequest, Scope, Severity, Timestamp};
use serde_json::json;
use store::ScannedAttachment;
use tokio::time::timeout;
use yara::Stragglers;

use crate::error::{Error, Result};
use crate::incident::entry;
use crate::yara_engine::{Engine, Wanted, engine_version};
use crate::{Ops, audit};

/// How often is looked without being told.
const POLL: Duration = Duration::from_secs(30);
/// After a look that found nothing, at least so long passes.
const REST: Duration = Duration::from_millis(500);
/// A sender that was not heard for so long is gone.
const SILENT: Duration = Duration::from_secs(15 * 60);
/// How often what such senders left is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);
/// A scan of a file that took the process with it so often is not tried again until the rules change.
const ATTEMPTS: i64 = 3;
/// Scans that were left behind; with so many running, no further is begun.
const LEFT_BEHIND: usize = 2;
/// Sets of rules that are kept compiled: most customers share one.
const COMPILED: usize = 4;

/// Scans attached files while the server runs.
pub struct FileScanner {
    ops: Ops,
    stragglers: Stragglers,
    compiled: Vec<(String, Arc<Engine>)>,
    /// The sets for which every file was found scanned.
    settled: Option<String>,
}

impl FileScanner {
    /// Over these use cases.
    pub fn new(ops: Ops) -> Self {
        FileScanner { ops, stragglers: Stragglers::default(), compiled: Vec::new(), settled: None }
    }

    /// Runs until `shutdown` is ready.
    pub async fn run(mut self, shutdown: impl Future<Output = ()> + Send) {
        let work = async {
            // Nobody sends yet: whatever is unfinished was left by an earlier process.
            let mut silent_since = now();
            let mut swept: Option<Instant> = None;
            let mut commits = self.ops.commits();
            loop {
                commits.mark_unchanged();
                if swept.is_none_or(|last| last.elapsed() >= SWEEP_EVERY) {
                    swept = Some(Instant::now());
                    if let Err(error) = self.ops.sweep_attachments(silent_since).await {
                        tracing::error!(error = &error as &dyn std::error::Error, "unfinished files cannot be swept");
                    }
                }
                silent_since = now().minus(SILENT);
                match self.scan_next(now()).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a file cannot be scanned"),
                }
                tokio::time::sleep(REST).await;
                let _ = timeout(POLL, commits.changed()).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = shutdown => {}
        }
    }

    /// Scans a file that waits; says whether there was one.
    pub async fn scan_next(&mut self, now: Timestamp) -> Result<bool> {
        if self.stragglers.count() >= LEFT_BEHIND {
            return Ok(false);
        }
        let ctx = Context::job("yara", Scope::All, now);
        let sets = self.sets_version(&ctx).await?;
        if self.settled.as_ref() == Some(&sets)
            && self.ops.store().read(&ctx).await?.count_unscanned_attachments().await? == 0
        {
            return Ok(false);
        }
        let Some((customer, with, found)) = self.next(&ctx).await? else {
            self.settled = Some(sets);
            return Ok(false);
        };
        let ctx = Context::job("yara", Scope::one(customer), now);
        let scan = if found.attempts >= ATTEMPTS {
            let problem = Some(format!("the server ended {} times while it was scanned", found.attempts));
            FileScan { state: ScanState::Failed, at: Some(now), problem, ..FileScan::waiting() }
        } else {
            let mut tx = self.ops.store().write(&ctx).await?;
            tx.begin_attachment_scan(&found.attachment.id).await?;
            tx.commit().await?;
            self.scan(&ctx, &with, &found).await?
        };
        match self.keep(&ctx, &with, &found, scan).await {
            // It was removed meanwhile.
            Err(Error::NotFound(_)) => Ok(true),
            kept => kept.map(|()| true),
        }
    }

    /// What tells the sets as they stand from how they stood.
    async fn sets_version(&self, ctx: &Context) -> Result<String> {
        let mut parts = vec![engine_version()];
        let mut page = PageRequest::new(PageRequest::MOST, None);
        loop {
            let some = self.ops.store().read(ctx).await?.list_yara_sets(&page).await?;
            parts.extend(some.items.iter().map(|set| format!("{}:{}", set.id, set.version)));
            match some.next {
                Some(next) => page.after = Some(next),
                None => return Ok(parts.join(" ")),
            }
        }
    }

    /// A file to scan, with what the rules it is to be held against are called: one never scanned, if there is one.
    async fn next(&self, ctx: &Context) -> Result<Option<(CustomerId, String, ScannedAttachment)>> {
        let mut tx = self.ops.store().read(ctx).await?;
        let mut later = None;
        for customer in tx.customers_with_attachments().await? {
            let sets = tx.enabled_yara_sets(&customer).await?;
            let versions = sets.iter().map(|set| format!("{}:{}", set.id, set.version));
            let with = std::iter::once(engine_version()).chain(versions).collect::<Vec<_>>().join(" ");
            let Some(found) = tx.next_unscanned_attachment(&customer, &with).await? else { continue };
            if found.attachment.scan.state == ScanState::Waiting {
                return Ok(Some((customer, with, found)));
            }
            later.get_or_insert((customer, with, found));
        }
        Ok(later)
    }

    async fn scan(&mut self, ctx: &Context, with: &str, found: &ScannedAttachment) -> Result<FileScan> {
        let engine = self.engine(ctx, with, &found.attachment.customer).await?;
        let mut bytes = Vec::with_capacity(usize::try_from(found.attachment.size).unwrap_or_default());
        for part in 0.. {
            let content = self.ops.store().read(ctx).await?.attachment_part(&found.attachment.id, part).await?;
            match content {
                Some(content) => bytes.extend(content),
                None => break,
            }
        }
        let (name, stragglers) = (found.attachment.name.clone(), self.stragglers.clone());
        let scan = tokio::task::spawn_blocking(move || engine.scan(&name, bytes, &stragglers)).await;
        let failed = |_| FileScan {
            state: ScanState::Failed,
            problem: Some("the scan broke off".to_owned()),
            ..FileScan::waiting()
        };
        let scan = scan.unwrap_or_else(failed);
        Ok(FileScan { at: Some(ctx.now()), ..scan })
    }

    /// The rules called `with`, compiled.
    async fn engine(&mut self, ctx: &Context, with: &str, customer: &CustomerId) -> Result<Arc<Engine>> {
        if let Some((_, engine)) = self.compiled.iter().find(|(name, _)| name == with) {
            return Ok(engine.clone());
        }
        let mut wanted = Vec::new();
        let mut tx = self.ops.store().read(ctx).await?;
        for set in tx.enabled_yara_sets(customer).await? {
            let text = tx.yara_set_text(&set.id).await?.text;
            wanted.push(Wanted { id: set.id, name: set.name, text });
        }
        drop(tx);
        let _turn = self.ops.yara_turn().lock().await;
        let engine = tokio::task::spawn_blocking(move || Arc::new(Engine::new(wanted))).await;
        let engine = engine.map_err(|_| Error::Unavailable("the rules could not be compiled"))?;
        self.compiled.insert(0, (with.to_owned(), engine.clone()));
        self.compiled.truncate(COMPILED);
        Ok(engine)
    }

    /// Keeps what was found. What the timeline does not have yet is told there, once.
    async fn keep(&self, ctx: &Context, with: &str, found: &ScannedAttachment, scan: FileScan) -> Result<()> {
        let of = &found.attachment;
        let mut told = found.told.clone();
        let new: Vec<&FileMatch> = scan.matches.iter().filter(|one| !told.contains(&one.key())).collect();
        let mut rules: Vec<String> = new.iter().map(|one| one.rule.name.clone()).collect();
        rules.dedup();
        let severity = new.iter().map(|one| one.rule.severity).max().unwrap_or(Severity::Informational);
        told.extend(new.iter().map(|one| one.key()));
        let mut tx = self.ops.store().write(ctx).await?;
        tx.finish_attachment_scan(of, with, &scan, &told).await?;
        if !rules.is_empty() {
            let incident = tx.get_incident(&of.incident).await?;
            let detail = json!({"incident": of.incident, "name": of.name, "sha256": of.sha256, "rules": rules});
            let (attachment, name) = (of.id.clone(), of.name.clone());
            entry(&mut tx, &incident, IncidentChange::FileMatched { attachment, name, severity, rules }).await?;
            tx.audit(audit(Some(&of.customer), "attachment.match", &of.id, detail)).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
