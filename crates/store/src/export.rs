//! Exports of events: what was asked for, how far it is, until when its file is kept (catalogue I5).

use model::change::Noun;
use model::export::{Export, ExportState};
use model::{CustomerId, ExportId, Page, PageRequest, Timestamp, UserId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, sql};
use crate::{Error, Result, Tx};

impl Tx {
    /// Keeps what was asked for.
    pub async fn create_export(&mut self, export: &Export) -> Result<()> {
        let insert =
            sql("INSERT INTO export_job (id, owner, state, content, total, events, bytes, customers, sha256, ")
                .push("problem, created, started, finished, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                .bind(&export.id)
                .bind(&export.owner)
                .bind(export.state)
                .bind(json(&export.data))
                .bind(export.total)
                .bind(export.events)
                .bind(export.bytes)
                .bind(customers(export.of.as_deref()))
                .bind(export.sha256.as_deref())
                .bind(export.problem.as_deref())
                .bind(export.created)
                .bind(export.started)
                .bind(export.finished)
                .bind(export.expires);
        self.execute(insert).await?;
        self.changed(None, Noun::Export, export.id.as_str());
        Ok(())
    }

    /// One export of `owner`.
    pub async fn get_export(&mut self, owner: &UserId, id: &ExportId) -> Result<Export> {
        let query = sql("SELECT * FROM export_job WHERE owner = ? AND id = ?").bind(owner).bind(id);
        self.row(query, read).await?.ok_or_else(|| Error::not_found("export", id))
    }

    /// The exports of `owner`, newest first.
    pub async fn list_exports(&mut self, owner: &UserId, page: &PageRequest) -> Result<Page<Export>> {
        let query = sql("SELECT * FROM export_job WHERE owner = ?").bind(owner);
        self.page(query, Order::Down(&[Key::Int("created"), Key::Text("id")]), page, read).await
    }

    /// Everybody's exports in one of these states, oldest first.
    pub async fn exports_in(&mut self, states: &[ExportState]) -> Result<Vec<Export>> {
        let query = sql("SELECT * FROM export_job WHERE TRUE").and_in("state", states.iter().copied());
        self.rows(query.push(" ORDER BY created, id"), read).await
    }

    /// How many bytes of `owner`'s files are kept or being written.
    pub async fn export_bytes(&mut self, owner: &UserId) -> Result<i64> {
        let query = sql("SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM export_job WHERE owner = ?")
            .bind(owner)
            .and_in("state", [ExportState::Running, ExportState::Done]);
        let sum = self.row(query, |row| row.get::<i64>("bytes")).await?;
        Ok(sum.unwrap_or(0))
    }

    /// Puts down how an export stands, if it is still in the state `from`.
    pub async fn put_export(&mut self, from: ExportState, export: &Export) -> Result<()> {
        let update =
            sql("UPDATE export_job SET state = ?, total = ?, events = ?, bytes = ?, customers = ?, sha256 = ?, ")
                .push("problem = ?, started = ?, finished = ?, expires = ? WHERE id = ? AND state = ?")
                .bind(export.state)
                .bind(export.total)
                .bind(export.events)
                .bind(export.bytes)
                .bind(customers(export.of.as_deref()))
                .bind(export.sha256.as_deref())
                .bind(export.problem.as_deref())
                .bind(export.started)
                .bind(export.finished)
                .bind(export.expires)
                .bind(&export.id)
                .bind(from);
        if self.execute(update).await? == 0 {
            return Err(Error::Conflict { what: "export" });
        }
        self.changed(None, Noun::Export, export.id.as_str());
        Ok(())
    }

    /// Forgets an export.
    pub async fn delete_export(&mut self, id: &ExportId) -> Result<()> {
        self.execute(sql("DELETE FROM export_job WHERE id = ?").bind(id)).await?;
        self.changed(None, Noun::Export, id.as_str());
        Ok(())
    }

    /// Forgets exports that ended before `before` and have no file any more; gives how many.
    pub async fn prune_exports(&mut self, before: Timestamp) -> Result<u64> {
        let delete = sql("DELETE FROM export_job WHERE finished < ?").bind(before);
        let ended = [ExportState::Failed, ExportState::Cancelled, ExportState::Expired];
        self.execute(delete.and_in("state", ended)).await
    }
}

fn customers(of: Option<&[CustomerId]>) -> Arg {
    of.map_or(Arg::Text(None), json)
}

fn read(row: &Row) -> Result<Export> {
    let of = match row.get::<Option<String>>("customers")? {
        Some(_) => Some(row.json("customers")?),
        None => None,
    };
    Ok(Export {
        id: row.parse("id")?,
        owner: row.parse("owner")?,
        data: row.json("content")?,
        state: row.parse("state")?,
        total: row.get("total")?,
        events: row.get("events")?,
        bytes: row.get("bytes")?,
        of,
        sha256: row.get("sha256")?,
        problem: row.get("problem")?,
        created: row.time("created")?,
        started: row.time_maybe("started")?,
        finished: row.time_maybe("finished")?,
        expires: row.time_maybe("expires")?,
    })
}
