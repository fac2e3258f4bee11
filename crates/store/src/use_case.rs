//! What people decided about use cases (catalogue D2), and what was decided before.

use std::collections::BTreeMap;

use model::change::Noun;
use model::use_case::{Release, UseCase, UseCaseData, UseCaseState, UseCaseVersion};
use model::{CustomerId, UserId};

use crate::history::{History, VERSIONS_KEPT};
use crate::row::Row;
use crate::sql::{json, sql};
use crate::{Error, Result, Tx};

const HISTORY: History = History {
    next: "SELECT COALESCE(MAX(version), 0) + 1 AS next FROM use_case_version WHERE id = ?",
    insert: "INSERT INTO use_case_version (id, version, changed_by, changed, content) VALUES (?, ?, ?, ?, ?)",
    prune: "DELETE FROM use_case_version WHERE id = ? AND version <= ?",
};

type Releases = BTreeMap<String, BTreeMap<CustomerId, Release>>;

impl Tx {
    /// Every use case about which something was decided, by id.
    pub async fn list_use_cases(&mut self) -> Result<Vec<UseCase>> {
        let mut releases = self.releases(None).await?;
        let mut found = self.rows(sql("SELECT * FROM use_case ORDER BY id"), read).await?;
        found.iter_mut().for_each(|found| found.customers = releases.remove(&found.id).unwrap_or_default());
        // Something was decided for a customer about a use case that is otherwise as it came.
        found.extend(releases.into_iter().map(|(id, customers)| UseCase { customers, ..UseCase::undecided(&id) }));
        Ok(found)
    }

    /// One of them, if there is one.
    pub async fn find_use_case(&mut self, id: &str) -> Result<Option<UseCase>> {
        let found = self.row(sql("SELECT * FROM use_case WHERE id = ?").bind(id), read).await?;
        let customers = self.releases(Some(id)).await?.remove(id).unwrap_or_default();
        Ok(found.map(|found| UseCase { customers, ..found }))
    }

    /// What a use case does for single customers in scope.
    pub async fn releases_of(&mut self, id: &str) -> Result<BTreeMap<CustomerId, Release>> {
        Ok(self.releases(Some(id)).await?.remove(id).unwrap_or_default())
    }

    /// What it was before, the newest first.
    pub async fn use_case_versions(&mut self, id: &str) -> Result<Vec<UseCaseVersion>> {
        let query = sql("SELECT * FROM use_case_version WHERE id = ? ORDER BY version DESC LIMIT ?");
        let read = |row: &Row| {
            let content: Option<String> = row.get("content")?;
            let data = content.map(|text| serde_json::from_str(&text)).transpose();
            Ok(UseCaseVersion {
                version: row.get("version")?,
                by: row.parse_maybe("changed_by")?,
                at: row.time("changed")?,
                data: data.map_err(|error| Error::corrupt("content", error))?,
            })
        };
        self.rows(query.bind(id).bind(VERSIONS_KEPT), read).await
    }

    /// Writes a decision about a use case that still has `version`; 0 where there is none yet. It concerns every
    /// customer.
    pub async fn save_use_case(
        &mut self,
        id: &str,
        version: i64,
        data: &UseCaseData,
        by: Option<&UserId>,
    ) -> Result<UseCase> {
        self.require_all("changing a use case for everybody")?;
        let now = self.context().now();
        let before = self.find_use_case(id).await?;
        let was_live = before.as_ref().and_then(|before| before.live_since);
        let live_since = (data.state == UseCaseState::Live).then(|| was_live.unwrap_or(now));
        let next = self.next_version(&HISTORY, id).await?;
        let touched = match version {
            0 => {
                let insert =
                    sql("INSERT INTO use_case (id, content, live_since, changed_by, created, changed, version) ")
                        .push("VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING")
                        .bind(id)
                        .bind(json(data))
                        .bind(live_since)
                        .bind(by)
                        .bind(now)
                        .bind(now)
                        .bind(next);
                self.execute(insert).await?
            }
            version => {
                let update = sql("UPDATE use_case SET content = ?, live_since = ?, changed_by = ?, changed = ?, ")
                    .push("version = ? WHERE id = ? AND version = ?")
                    .bind(json(data))
                    .bind(live_since)
                    .bind(by)
                    .bind(now)
                    .bind(next)
                    .bind(id)
                    .bind(version);
                self.execute(update).await?
            }
        };
        if touched == 0 {
            return Err(Error::Conflict { what: "use case" });
        }
        self.keep_version(&HISTORY, id, next, Some(json(data)), by).await?;
        self.changed(None, Noun::UseCase, id);
        self.find_use_case(id).await?.ok_or_else(|| Error::not_found("use case", id))
    }

    /// Takes a decision back that still has `version`: a built-in use case is again as it came, one of our own is gone.
    /// What was decided for single customers stays.
    pub async fn delete_use_case(&mut self, id: &str, version: i64, by: Option<&UserId>) -> Result<()> {
        self.require_all("changing a use case for everybody")?;
        if self.find_use_case(id).await?.is_none() {
            return Err(Error::not_found("use case", id));
        }
        let delete = sql("DELETE FROM use_case WHERE id = ? AND version = ?").bind(id).bind(version);
        if self.execute(delete).await? == 0 {
            return Err(Error::Conflict { what: "use case" });
        }
        let next = self.next_version(&HISTORY, id).await?;
        self.keep_version(&HISTORY, id, next, None, by).await?;
        self.changed(None, Noun::UseCase, id);
        Ok(())
    }

    /// Says what a use case does for one customer; what it does for everybody when absent.
    pub async fn set_release(
        &mut self,
        customer: &CustomerId,
        id: &str,
        release: Option<Release>,
        by: Option<&UserId>,
    ) -> Result<()> {
        self.get_customer(customer).await?;
        let now = self.context().now();
        let statement = match release {
            Some(release) => {
                sql("INSERT INTO use_case_release (customer, use_case, release_word, changed_by, changed) ")
                    .push("VALUES (?, ?, ?, ?, ?) ON CONFLICT (customer, use_case) DO UPDATE SET ")
                    .push("release_word = excluded.release_word, changed_by = excluded.changed_by, ")
                    .push("changed = excluded.changed")
                    .bind(customer)
                    .bind(id)
                    .bind(release)
                    .bind(by)
                    .bind(now)
            }
            None => sql("DELETE FROM use_case_release WHERE customer = ? AND use_case = ?").bind(customer).bind(id),
        };
        self.execute(statement).await?;
        self.changed(Some(customer), Noun::UseCase, id);
        Ok(())
    }

    async fn releases(&mut self, id: Option<&str>) -> Result<Releases> {
        let query = self.scoped(sql("SELECT * FROM use_case_release WHERE TRUE"), "customer");
        let read = |row: &Row| {
            Ok((row.get::<String>("use_case")?, row.parse("customer")?, row.parse::<Release>("release_word")?))
        };
        let mut releases = Releases::new();
        for (id, customer, release) in self.rows(query.push_if(" AND use_case = ?", id), read).await? {
            releases.entry(id).or_default().insert(customer, release);
        }
        Ok(releases)
    }
}

fn read(row: &Row) -> Result<UseCase> {
    Ok(UseCase {
        id: row.get("id")?,
        data: row.json("content")?,
        customers: BTreeMap::new(),
        live_since: row.time_maybe("live_since")?,
        changed_by: row.parse_maybe("changed_by")?,
        created: row.time("created")?,
        changed: row.time("changed")?,
        version: row.get("version")?,
    })
}
