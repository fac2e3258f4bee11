//! The change feed: which live lists, caches and workers follow. Its rows are written at commit, see [`Tx::commit`].

use model::change::{Change, Noun};
use model::{CustomerId, Scope, Timestamp};

use crate::row::Row;
use crate::sql::sql;
use crate::{Result, Tx};

/// Rows put into one INSERT.
const CHUNK: usize = 100;

/// A change noted during a transaction.
#[derive(Debug, Clone)]
pub(crate) struct PendingChange {
    pub(crate) customer: Option<CustomerId>,
    pub(crate) noun: Noun,
    pub(crate) id: String,
}

impl Tx {
    /// Up to `limit` changes after `sequence`, in order. Of what belongs to no customer, a context for some customers
    /// sees only global audit policies, and lists and hunts for every customer.
    pub async fn changes_after(&mut self, sequence: i64, limit: usize) -> Result<Vec<Change>> {
        let mut query = sql("SELECT * FROM change_feed WHERE sequence > ?").bind(sequence);
        if *self.scope() != Scope::All {
            query = query.push(" AND (customer IS NULL AND noun IN (?, ?, ?, ?, ?)");
            for noun in [Noun::AuditPolicy, Noun::IntelList, Noun::RetroHunt, Noun::Hunt, Noun::YaraSet] {
                query = query.bind(noun);
            }
            query = query.push(" OR TRUE");
            query = self.scoped(query, "customer").push(")");
        }
        let query = query.push(" ORDER BY sequence LIMIT ?").bind(limit.min(i64::MAX as usize) as i64);
        self.rows(query, read).await
    }

    /// The newest change there is: where a follower that wants no past begins.
    pub async fn last_change(&mut self) -> Result<i64> {
        let newest = sql("SELECT COALESCE(MAX(sequence), 0) AS newest FROM change_feed");
        self.db().fetch_one(newest).await?.get("newest")
    }

    /// Forgets changes from before `time`; gives how many. Needs every customer in scope.
    pub async fn prune_changes(&mut self, time: Timestamp) -> Result<u64> {
        self.require_all("pruning the change feed")?;
        self.execute(sql("DELETE FROM change_feed WHERE time < ?").bind(time)).await
    }

    pub(crate) async fn flush_changes(&mut self) -> Result<()> {
        let now = self.context().now();
        let changes = std::mem::take(&mut self.changes);
        for chunk in changes.chunks(CHUNK) {
            let mut insert = sql("INSERT INTO change_feed (customer, noun, id, time) VALUES ");
            for (place, change) in chunk.iter().enumerate() {
                insert = insert.push(if place == 0 { "(?, ?, ?, ?)" } else { ", (?, ?, ?, ?)" });
                insert = insert.bind(change.customer.as_ref()).bind(change.noun).bind(change.id.as_str()).bind(now);
            }
            self.execute(insert).await?;
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<Change> {
    Ok(Change {
        sequence: row.get("sequence")?,
        customer: row.parse_maybe("customer")?,
        noun: row.parse("noun")?,
        id: row.get("id")?,
        time: row.time("time")?,
    })
}
