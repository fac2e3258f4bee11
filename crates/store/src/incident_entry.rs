//! The timeline of an incident: entries are added, never changed.

use model::change::Noun;
use model::incident::IncidentEntry;
use model::{CustomerId, IncidentId, Page, PageRequest};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{json, sql};
use crate::{Error, Result, Tx};

impl Tx {
    /// Adds an entry at the end. Entries keep the order in which they were added, whatever their clocks say. The
    /// incident's `updated` moves on, its version does not: a comment is no conflict with anybody's change.
    pub async fn add_incident_entry(
        &mut self,
        customer: &CustomerId,
        incident: &IncidentId,
        entry: &IncidentEntry,
    ) -> Result<()> {
        let next = sql("UPDATE incident SET entry_count = entry_count + 1, ")
            .push("updated = CASE WHEN updated > ? THEN updated ELSE ? END WHERE customer = ? AND id = ?")
            .bind(entry.time)
            .bind(entry.time)
            .bind(customer)
            .bind(incident);
        let next = self.scoped(next, "customer").push(" RETURNING entry_count");
        let Some(position) = self.row(next, |row| row.get::<i64>("entry_count")).await? else {
            return Err(Error::not_found("incident", incident));
        };
        let insert = sql("INSERT INTO incident_entry (customer, incident, position, id, time, user_id, what) ")
            .push("VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(customer)
            .bind(incident)
            .bind(position)
            .bind(&entry.id)
            .bind(entry.time)
            .bind(entry.user.as_ref())
            .bind(json(&entry.what));
        self.execute(insert).await?;
        self.changed(Some(customer), Noun::Incident, incident.as_str());
        Ok(())
    }

    /// The timeline, oldest first.
    pub async fn list_incident_entries(
        &mut self,
        incident: &IncidentId,
        page: &PageRequest,
    ) -> Result<Page<IncidentEntry>> {
        self.get_incident(incident).await?;
        let query = self.scoped(sql("SELECT * FROM incident_entry WHERE incident = ?").bind(incident), "customer");
        self.page(query, Order::Up(&[Key::Int("position")]), page, read).await
    }
}

fn read(row: &Row) -> Result<IncidentEntry> {
    Ok(IncidentEntry {
        id: row.parse("id")?,
        time: row.time("time")?,
        user: row.parse_maybe("user_id")?,
        what: row.json("what")?,
    })
}
