//! Collections of somebody else's rules, and what their releases would change (catalogue D2). What a collection holds is
//! the caller's: bytes here.

use model::change::Noun;
use model::use_case::{ChangeSet, ChangeSetState, RuleChangeCount, RuleCollection, UseCaseState};
use model::{ChangeSetId, UserId};

use crate::row::Row;
use crate::sql::{Arg, json, sql};
use crate::{Error, Result, Tx};

/// Sets of changes that are listed and kept; what decided ones held is not.
const SETS_KEPT: i64 = 100;

/// A set of changes to be kept.
#[derive(Debug, Clone)]
pub struct NewChangeSet {
    /// Its id.
    pub id: ChangeSetId,
    /// The collection it changes.
    pub collection: String,
    /// The release it brings.
    pub release: String,
    /// Files of rules it has.
    pub files: i64,
    /// What it changes, by kind.
    pub counts: Vec<RuleChangeCount>,
    /// What the release holds.
    pub content: Vec<u8>,
}

impl Tx {
    /// Every collection, by name.
    pub async fn list_rule_collections(&mut self) -> Result<Vec<RuleCollection>> {
        let columns = "SELECT name, release_name, state, files, changed_by, changed, version FROM rule_collection";
        self.rows(sql(columns).push(" ORDER BY name"), collection).await
    }

    /// What a collection holds, if there is one.
    pub async fn rule_collection_content(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let query = sql("SELECT content FROM rule_collection WHERE name = ?").bind(name);
        self.row(query, |row| row.get("content")).await
    }

    /// Keeps a set of changes that nobody has decided about yet. It concerns every customer.
    pub async fn create_change_set(&mut self, new: &NewChangeSet, by: Option<&UserId>) -> Result<ChangeSet> {
        self.require_all("changing rules for everybody")?;
        let now = self.context().now();
        let insert = sql("INSERT INTO rule_change_set (id, collection, release_name, state, files, counts, content, ")
            .push("created_by, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(&new.id)
            .bind(&new.collection)
            .bind(&new.release)
            .bind(ChangeSetState::Pending)
            .bind(new.files)
            .bind(json(&new.counts))
            .bind(Arg::Bytes(Some(new.content.clone())))
            .bind(by)
            .bind(now);
        self.execute(insert).await?;
        let prune = sql("DELETE FROM rule_change_set WHERE id NOT IN ")
            .push("(SELECT id FROM rule_change_set ORDER BY created DESC, id DESC LIMIT ?)")
            .bind(SETS_KEPT);
        self.execute(prune).await?;
        self.changed(None, Noun::UseCase, new.id.as_str());
        self.get_change_set(&new.id).await
    }

    /// The latest sets of changes, the newest first.
    pub async fn list_change_sets(&mut self) -> Result<Vec<ChangeSet>> {
        let query = sql(CHANGE_SET).push(" ORDER BY created DESC, id DESC LIMIT ?").bind(SETS_KEPT);
        self.rows(query, change_set).await
    }

    /// One set of changes.
    pub async fn get_change_set(&mut self, id: &ChangeSetId) -> Result<ChangeSet> {
        let query = sql(CHANGE_SET).push(" WHERE id = ?").bind(id);
        self.row(query, change_set).await?.ok_or_else(|| Error::not_found("set of changes", id))
    }

    /// What the release of a set of changes holds, while nobody has decided.
    pub async fn change_set_content(&mut self, id: &ChangeSetId) -> Result<Option<Vec<u8>>> {
        let query = sql("SELECT content FROM rule_change_set WHERE id = ? AND content IS NOT NULL").bind(id);
        self.row(query, |row| row.get("content")).await
    }

    /// Puts what is left of a set of changes in force: the collection's rules from now on.
    pub async fn accept_change_set(
        &mut self,
        id: &ChangeSetId,
        state: UseCaseState,
        (files, content): (i64, Vec<u8>),
        by: Option<&UserId>,
    ) -> Result<RuleCollection> {
        let set = self.decide_change_set(id, ChangeSetState::Accepted, by).await?;
        let now = self.context().now();
        let put = sql("INSERT INTO rule_collection (name, release_name, state, files, content, changed_by, changed, ")
            .push("version) VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (name) DO UPDATE SET ")
            .push("release_name = excluded.release_name, state = excluded.state, files = excluded.files, ")
            .push("content = excluded.content, changed_by = excluded.changed_by, changed = excluded.changed, ")
            .push("version = rule_collection.version + 1")
            .bind(&set.collection)
            .bind(&set.release)
            .bind(state)
            .bind(files)
            .bind(Arg::Bytes(Some(content)))
            .bind(by)
            .bind(now);
        self.execute(put).await?;
        self.changed(None, Noun::UseCase, &set.collection);
        let known = self.list_rule_collections().await?.into_iter().find(|known| known.name == set.collection);
        known.ok_or_else(|| Error::not_found("collection", &set.collection))
    }

    /// Takes nothing of a set of changes.
    pub async fn discard_change_set(&mut self, id: &ChangeSetId, by: Option<&UserId>) -> Result<ChangeSet> {
        self.decide_change_set(id, ChangeSetState::Discarded, by).await
    }

    async fn decide_change_set(
        &mut self,
        id: &ChangeSetId,
        state: ChangeSetState,
        by: Option<&UserId>,
    ) -> Result<ChangeSet> {
        self.require_all("changing rules for everybody")?;
        self.get_change_set(id).await?;
        let now = self.context().now();
        let update = sql("UPDATE rule_change_set SET state = ?, content = NULL, decided_by = ?, decided = ? ")
            .push("WHERE id = ? AND state = 'pending'")
            .bind(state)
            .bind(by)
            .bind(now)
            .bind(id);
        if self.execute(update).await? == 0 {
            return Err(Error::Conflict { what: "set of changes" });
        }
        self.changed(None, Noun::UseCase, id.as_str());
        self.get_change_set(id).await
    }
}

const CHANGE_SET: &str = "SELECT id, collection, release_name, state, files, counts, created_by, created, decided_by, \
                          decided FROM rule_change_set";

fn collection(row: &Row) -> Result<RuleCollection> {
    Ok(RuleCollection {
        name: row.get("name")?,
        release: row.get("release_name")?,
        state: row.parse("state")?,
        files: row.get("files")?,
        changed_by: row.parse_maybe("changed_by")?,
        changed: row.time("changed")?,
        version: row.get("version")?,
    })
}

fn change_set(row: &Row) -> Result<ChangeSet> {
    Ok(ChangeSet {
        id: row.parse("id")?,
        collection: row.get("collection")?,
        release: row.get("release_name")?,
        state: row.parse("state")?,
        files: row.get("files")?,
        counts: row.json("counts")?,
        created_by: row.parse_maybe("created_by")?,
        created: row.time("created")?,
        decided_by: row.parse_maybe("decided_by")?,
        decided: row.time_maybe("decided")?,
    })
}
