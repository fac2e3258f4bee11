//! Releases of somebody else's rules, taken over as reviewed sets of changes (catalogue D2): what is new, changed, removed,
//! and what we changed ourselves meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use model::role::Permission;
use model::use_case::{
    ChangeSet, ChangeSetState, RuleChange, RuleChangeCount, RuleChangeKind, RuleCollection, UseCaseState,
};
use model::{ChangeSetId, Context, Page, PageRequest};
use serde_json::json;
use store::NewChangeSet;

use crate::error::{Error, Problems, Result};
use crate::library::{Library, Loaded, RuleFile, RuleOrigin};
use crate::rule_archive::{ArchivedRule, pack, read, unpack};
use crate::turns::Turn;
use crate::{Ops, audit, paging, require_all};

/// What somebody decides about a set of changes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The state of the collection's rules about which nobody decides otherwise: test or live.
    pub state: UseCaseState,
    /// Rules, by id, that stay as they are: what is new is left out, what is changed or removed keeps its text.
    #[serde(default)]
    pub leave_out: Vec<String>,
}

impl Ops {
    /// Collections in force.
    pub async fn list_rule_collections(&self, ctx: &Context) -> Result<Vec<RuleCollection>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.list_rule_collections().await?)
    }

    /// Keeps a release, a `.zip` or `.tar.gz`, as a set of changes to be decided about. Nothing is in force yet.
    pub async fn add_change_set(
        &self,
        ctx: &Context,
        collection: &str,
        release: &str,
        archive: Vec<u8>,
    ) -> Result<ChangeSet> {
        ctx.require(Permission::PolicyWrite)?;
        require_all(ctx)?;
        let mut problems = Problems::default();
        let named = |text: &str| (1..=100).contains(&text.trim().chars().count());
        problems.expect(named(collection), "collection", "must have 1 to 100 characters");
        problems.expect(named(release), "release", "must have 1 to 100 characters");
        problems.done()?;
        let (collection, release) = (collection.trim().to_owned(), release.trim().to_owned());
        let files = {
            let _turn = self.turn(Turn::Backtest).await?;
            let read = tokio::task::spawn_blocking(move || read(&archive)).await;
            let read = read.map_err(|_| Error::Unavailable("reading the archive"))?;
            read.map_err(|error| Error::invalid("archive", &error.to_string()))?
        };
        let changes = self.compare(ctx, &collection, files.clone()).await?;
        let mut counts: BTreeMap<RuleChangeKind, i64> = BTreeMap::new();
        changes.iter().for_each(|change| *counts.entry(change.kind).or_default() += 1);
        let new = NewChangeSet {
            id: ChangeSetId::generate(ctx.now()),
            collection,
            release,
            files: files.len() as i64,
            counts: counts.into_iter().map(|(kind, count)| RuleChangeCount { kind, count }).collect(),
            content: pack(&files),
        };
        let mut tx = self.store().write(ctx).await?;
        let set = tx.create_change_set(&new, ctx.actor().user()).await?;
        let detail = json!({"collection": set.collection, "release": set.release, "counts": set.counts});
        tx.audit(audit(None, "rule_collection.add", &set.id, detail)).await?;
        tx.commit().await?;
        Ok(set)
    }

    /// The latest sets of changes, the newest first.
    pub async fn list_change_sets(&self, ctx: &Context) -> Result<Vec<ChangeSet>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.list_change_sets().await?)
    }

    /// One set of changes.
    pub async fn get_change_set(&self, ctx: &Context, id: &ChangeSetId) -> Result<ChangeSet> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.get_change_set(id).await?)
    }

    /// What a set would change against what is in force now, by kind and title, without texts. Empty once it is decided.
    pub async fn rule_changes(
        &self,
        ctx: &Context,
        id: &ChangeSetId,
        kind: Option<RuleChangeKind>,
        page: &PageRequest,
    ) -> Result<Page<RuleChange>> {
        ctx.require(Permission::PolicyRead)?;
        let changes = self.changes_of(ctx, id).await?;
        let found: Vec<_> = changes.into_iter().filter(|change| kind.is_none_or(|kind| kind == change.kind)).collect();
        let (items, next) = paging::part(&found, page)?;
        let items = items.iter().map(|change| RuleChange { before: None, after: None, ..change.clone() }).collect();
        Ok(Page { items, next })
    }

    /// What a set would change about one rule, with both texts.
    pub async fn rule_change(&self, ctx: &Context, id: &ChangeSetId, rule: &str) -> Result<RuleChange> {
        ctx.require(Permission::PolicyRead)?;
        let changes = self.changes_of(ctx, id).await?;
        changes.into_iter().find(|change| change.id == rule).ok_or(Error::NotFound("change"))
    }

    /// Puts a set of changes in force, but for what is left out.
    pub async fn accept_change_set(
        &self,
        ctx: &Context,
        id: &ChangeSetId,
        acceptance: Acceptance,
    ) -> Result<RuleCollection> {
        ctx.require(Permission::PolicyWrite)?;
        require_all(ctx)?;
        if !matches!(acceptance.state, UseCaseState::Test | UseCaseState::Live) {
            return Err(Error::invalid("state", "must be test or live"));
        }
        let mut tx = self.store().read(ctx).await?;
        let set = tx.get_change_set(id).await?;
        let release = content(tx.change_set_content(id).await?, "set of changes")?;
        let before = in_force(tx.rule_collection_content(&set.collection).await?)?;
        drop(tx);
        let changes = self.compare(ctx, &set.collection, release.clone()).await?;
        let files = without(release, before, &changes, &acceptance.leave_out);
        let mut tx = self.store().write(ctx).await?;
        let content = (files.len() as i64, pack(&files));
        let accepted = tx.accept_change_set(id, acceptance.state, content, ctx.actor().user()).await?;
        let detail = json!({"release": set.release, "state": acceptance.state, "left_out": acceptance.leave_out});
        tx.audit(audit(None, "rule_collection.accept", &set.collection, detail)).await?;
        tx.commit().await?;
        self.load_use_cases(ctx.now()).await?;
        Ok(accepted)
    }

    /// Takes nothing of a set of changes.
    pub async fn discard_change_set(&self, ctx: &Context, id: &ChangeSetId) -> Result<ChangeSet> {
        ctx.require(Permission::PolicyWrite)?;
        require_all(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let set = tx.discard_change_set(id, ctx.actor().user()).await?;
        tx.audit(audit(None, "rule_collection.discard", id, json!({"release": set.release}))).await?;
        tx.commit().await?;
        Ok(set)
    }

    async fn changes_of(&self, ctx: &Context, id: &ChangeSetId) -> Result<Vec<RuleChange>> {
        let mut tx = self.store().read(ctx).await?;
        let set = tx.get_change_set(id).await?;
        if set.state != ChangeSetState::Pending {
            return Ok(Vec::new());
        }
        let release = content(tx.change_set_content(id).await?, "set of changes")?;
        drop(tx);
        self.compare(ctx, &set.collection, release).await
    }

    async fn compare(&self, ctx: &Context, collection: &str, release: Vec<ArchivedRule>) -> Result<Vec<RuleChange>> {
        let before = self.store().read(ctx).await?.rule_collection_content(collection).await?;
        let before = in_force(before)?;
        let loaded = self.loaded();
        let _turn = self.turn(Turn::Backtest).await?;
        let work = move || compare(&before, &release, &loaded);
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("reading the rules"))
    }
}

/// The files of a collection, as the library takes them.
pub(crate) fn files_of(collection: &RuleCollection, packed: &[u8]) -> Option<Vec<RuleFile>> {
    let file = |file: ArchivedRule| RuleFile {
        path: format!("{}/{}", collection.name, file.path),
        text: file.text,
        origin: RuleOrigin::Collection,
        cards: Default::default(),
        state: collection.state,
    };
    Some(unpack(packed)?.into_iter().map(file).collect())
}

/// A release's files without what is left out of it: that keeps the file it is in force with.
fn without(
    mut release: Vec<ArchivedRule>,
    before: Vec<ArchivedRule>,
    changes: &[RuleChange],
    leave_out: &[String],
) -> Vec<ArchivedRule> {
    let left = || changes.iter().filter(|change| leave_out.contains(&change.id));
    let dropped: BTreeSet<&str> = left().filter(|change| change.after.is_some()).map(|change| &*change.path).collect();
    let kept: BTreeSet<&str> = left().filter_map(|change| change.before.as_deref()).collect();
    release.retain(|file| !dropped.contains(file.path.as_str()));
    for mut file in before.into_iter().filter(|file| kept.contains(file.text.as_str())) {
        // Another rule may have taken its place.
        while release.iter().any(|other| other.path == file.path) {
            file.path.insert_str(0, "kept/");
        }
        release.push(file);
    }
    release.sort_by(|one, other| one.path.cmp(&other.path));
    release
}

/// What is in force of a collection: nothing where there is none yet.
fn in_force(packed: Option<Vec<u8>>) -> Result<Vec<ArchivedRule>> {
    packed.map_or(Ok(Vec::new()), |packed| content(Some(packed), "collection"))
}

fn content(packed: Option<Vec<u8>>, what: &'static str) -> Result<Vec<ArchivedRule>> {
    let packed = packed.ok_or(Error::NotFound(what))?;
    unpack(&packed).ok_or(Error::Unavailable("reading what is kept of the release"))
}

fn compare(before: &[ArchivedRule], release: &[ArchivedRule], loaded: &Loaded) -> Vec<RuleChange> {
    let library = |files: &[ArchivedRule]| {
        let file = |file: &ArchivedRule| RuleFile {
            path: file.path.clone(),
            text: file.text.clone(),
            origin: RuleOrigin::Collection,
            cards: Default::default(),
            state: UseCaseState::Live,
        };
        Library::new(files.iter().map(file).collect())
    };
    let (old, new) = (library(before), library(release));
    let ours = |id: &str| loaded.decided.get(id).is_some_and(|use_case| use_case.data.text.is_some());
    let mut changes = Vec::new();
    for info in new.infos() {
        let was = old.base(&info.id);
        let kind = match was {
            Some(was) if was.text == info.text => continue,
            Some(_) if ours(&info.id) => RuleChangeKind::Modified,
            Some(_) => RuleChangeKind::Changed,
            None => RuleChangeKind::New,
        };
        changes.push(RuleChange {
            kind,
            id: info.id.clone(),
            title: info.title.clone(),
            level: Some(info.level),
            path: info.path.clone(),
            before: was.and_then(|was| was.text.clone()),
            after: info.text.clone(),
        });
    }
    for info in old.infos().filter(|info| new.base(&info.id).is_none()) {
        changes.push(RuleChange {
            kind: RuleChangeKind::Removed,
            id: info.id.clone(),
            title: info.title.clone(),
            level: Some(info.level),
            path: info.path.clone(),
            before: info.text.clone(),
            after: None,
        });
    }
    for error in new.rules().errors() {
        changes.push(RuleChange {
            kind: RuleChangeKind::Unusable,
            id: error.path.clone(),
            title: error.message.clone(),
            level: None,
            path: error.path.clone(),
            before: None,
            after: release.iter().find(|file| file.path == error.path).map(|file| file.text.clone()),
        });
    }
    changes.sort_by(|one, other| (one.kind, &one.title, &one.id).cmp(&(other.kind, &other.title, &other.id)));
    changes
}
