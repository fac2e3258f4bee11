//! What a threat hunt took and what it was good for: minutes, detections, and its share for each customer.

use model::hunt::{HuntDetection, HuntShare, HuntState, HuntTime};
use model::{CustomerId, HuntId, Scope, TimeRange};

use crate::row::Row;
use crate::sql::sql;
use crate::{Result, Tx};

impl Tx {
    /// Writes down minutes that were spent on a hunt.
    pub async fn add_hunt_time(&mut self, hunt: &HuntId, time: &HuntTime) -> Result<()> {
        let customers = self.get_hunt(hunt).await?.customers;
        let insert = sql("INSERT INTO hunt_time (id, hunt, user_id, minutes, note, created) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(&time.id)
            .bind(hunt)
            .bind(time.user.as_ref())
            .bind(time.minutes)
            .bind(&time.note)
            .bind(time.created);
        self.execute(insert).await?;
        self.hunt_changed(hunt, &customers);
        Ok(())
    }

    /// What was written down of minutes, oldest first. Takes sight of all the hunt's customers: notes may be about any.
    pub async fn list_hunt_times(&mut self, hunt: &HuntId) -> Result<Vec<HuntTime>> {
        self.whole_hunt(hunt).await?;
        let query = sql("SELECT * FROM hunt_time WHERE hunt = ? ORDER BY created, id").bind(hunt);
        self.rows(query, read_time).await
    }

    /// Notes a detection that came of a hunt.
    pub async fn add_hunt_detection(&mut self, hunt: &HuntId, detection: &HuntDetection) -> Result<()> {
        let customers = self.get_hunt(hunt).await?.customers;
        match &detection.customer {
            Some(customer) => drop(self.hunt_customer(hunt, customer).await?),
            None => self.require_all("making a detection for everybody")?,
        }
        let insert = sql("INSERT INTO hunt_detection (customer, hunt, kind, object, title, created) ")
            .push("VALUES (?, ?, ?, ?, ?, ?)")
            .bind(detection.customer.as_ref())
            .bind(hunt)
            .bind(detection.kind)
            .bind(&detection.object)
            .bind(&detection.title)
            .bind(detection.created);
        self.execute(insert).await?;
        self.hunt_changed(hunt, &customers);
        Ok(())
    }

    /// The detections that came of a hunt: those for everybody and those of customers in scope, oldest first.
    pub async fn list_hunt_detections(&mut self, hunt: &HuntId) -> Result<Vec<HuntDetection>> {
        self.get_hunt(hunt).await?;
        let query = self.own_and_global(sql("SELECT p.* FROM hunt_detection p WHERE p.hunt = ?").bind(hunt));
        self.rows(query.push(" ORDER BY p.created, p.object"), read_detection).await
    }

    /// What each hunt concluded in `range` was for each of these customers in scope; for all of them when none is named.
    pub async fn hunt_shares(&mut self, range: TimeRange, customers: &[CustomerId]) -> Result<Vec<HuntShare>> {
        let query = sql("SELECT c.customer, c.hunt, c.verdict, h.customers, (SELECT CAST(COALESCE(SUM(t.minutes), 0) ")
            .push(
                "AS BIGINT) FROM hunt_time t WHERE t.hunt = c.hunt) AS minutes, (SELECT COUNT(*) FROM hunt_incident i ",
            )
            .push("WHERE i.hunt = c.hunt AND i.customer = c.customer) AS incidents, (SELECT COUNT(*) FROM ")
            .push("hunt_detection d WHERE d.hunt = c.hunt AND (d.customer IS NULL OR d.customer = c.customer)) AS ")
            .push("detections FROM hunt_customer c JOIN hunt h ON h.id = c.hunt WHERE h.state = ? ")
            .push("AND h.concluded >= ? AND h.concluded < ?")
            .bind(HuntState::Concluded)
            .bind(range.from)
            .bind(range.to);
        let query = match self.scope() {
            Scope::All => query,
            scope => query.and_scope("c.customer", scope),
        };
        self.rows(query.and_in("c.customer", customers).push(" ORDER BY c.customer, c.hunt"), read_share).await
    }
}

fn read_time(row: &Row) -> Result<HuntTime> {
    Ok(HuntTime {
        id: row.parse("id")?,
        user: row.parse_maybe("user_id")?,
        minutes: row.get("minutes")?,
        note: row.get("note")?,
        created: row.time("created")?,
    })
}

fn read_detection(row: &Row) -> Result<HuntDetection> {
    Ok(HuntDetection {
        kind: row.parse("kind")?,
        object: row.get("object")?,
        customer: row.parse_maybe("customer")?,
        title: row.get("title")?,
        created: row.time("created")?,
    })
}

fn read_share(row: &Row) -> Result<HuntShare> {
    Ok(HuntShare {
        customer: row.parse("customer")?,
        hunt: row.parse("hunt")?,
        verdict: row.parse_maybe("verdict")?,
        minutes: row.get("minutes")?,
        customers: row.get("customers")?,
        incidents: row.get("incidents")?,
        detections: row.get("detections")?,
    })
}
