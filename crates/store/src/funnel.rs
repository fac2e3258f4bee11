//! The numbers of the funnel by customer and hour (catalogue D5): events and detections as the pipeline counted them, alerts
//! and incidents as they stand today.

use std::collections::BTreeMap;

use model::alert::{AlertOrigin, AlertState};
use model::device_health::HOUR;
use model::funnel::EventCounts;
use model::incident::Verdict;
use model::{CustomerId, TimeRange, Timestamp};

use crate::row::Row;
use crate::sql::sql;
use crate::{Result, Tx};

/// Rows put into one INSERT.
const CHUNK: usize = 200;
/// How long counts of events are kept.
const KEPT: i64 = 400 * 24 * HOUR;

/// Rows by customer, hour of creation and what became of them.
const ALERTS: &str = "SELECT customer, created / 3600000000 * 3600000000 AS start, state, COUNT(*) AS found FROM alert \
                      WHERE created >= ? AND created < ?";
const INCIDENTS: &str = "SELECT customer, created / 3600000000 * 3600000000 AS start, verdict, COUNT(*) AS found \
                         FROM incident WHERE created >= ? AND created < ?";

/// By customer and beginning of the hour.
pub type Hourly<T> = Vec<(CustomerId, Timestamp, T)>;

impl Tx {
    /// Adds to what was counted of customers' events by the hour.
    pub async fn record_event_counts(&mut self, counts: &BTreeMap<(CustomerId, Timestamp), EventCounts>) -> Result<()> {
        for (customer, _) in counts.keys() {
            self.require_customer(customer)?;
        }
        let counts: Vec<_> = counts.iter().collect();
        for chunk in counts.chunks(CHUNK) {
            let insert =
                "INSERT INTO event_count (customer, start, events, unparsed, detections, silent, excepted) VALUES ";
            let rows = chunk.iter().enumerate().fold(sql(insert), |insert, (place, ((customer, start), counted))| {
                insert
                    .push(if place == 0 { "(?, ?, ?, ?, ?, ?, ?)" } else { ", (?, ?, ?, ?, ?, ?, ?)" })
                    .bind(customer)
                    .bind(*start)
                    .bind(counted.events)
                    .bind(counted.unparsed)
                    .bind(counted.detections)
                    .bind(counted.silent)
                    .bind(counted.excepted)
            });
            let merge = " ON CONFLICT (customer, start) DO UPDATE SET events = event_count.events + excluded.events, \
                         unparsed = event_count.unparsed + excluded.unparsed, \
                         detections = event_count.detections + excluded.detections, \
                         silent = event_count.silent + excluded.silent, excepted = event_count.excepted + excluded.excepted";
            self.execute(rows.push(merge)).await?;
        }
        Ok(())
    }

    /// What was counted of the events received in a time, of one customer or all in scope.
    pub async fn event_counts(
        &mut self,
        customer: Option<&CustomerId>,
        time: TimeRange,
    ) -> Result<Hourly<EventCounts>> {
        let query = sql("SELECT * FROM event_count WHERE start >= ? AND start < ?").bind(time.from).bind(time.to);
        let read = |row: &Row| {
            let counted = EventCounts {
                events: row.get("events")?,
                unparsed: row.get("unparsed")?,
                detections: row.get("detections")?,
                silent: row.get("silent")?,
                excepted: row.get("excepted")?,
            };
            hourly(row, counted)
        };
        let query = self.scoped(query, "customer").push_if(" AND customer = ?", customer);
        self.rows(query.push(" ORDER BY customer, start"), read).await
    }

    /// How many alerts of detection began in a time, by what became of them; the platform's own are left out.
    pub async fn alert_counts(
        &mut self,
        customer: Option<&CustomerId>,
        time: TimeRange,
    ) -> Result<Hourly<(AlertState, i64)>> {
        let query = sql(ALERTS).bind(time.from).bind(time.to);
        let query = query.push(" AND origin <> ?").bind(AlertOrigin::Platform);
        let query = self.scoped(query, "customer").push_if(" AND customer = ?", customer);
        let read = |row: &Row| hourly(row, (row.parse("state")?, row.get("found")?));
        self.rows(query.push(" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"), read).await
    }

    /// How many incidents were raised in a time, by what they were found to be.
    pub async fn incident_counts(
        &mut self,
        customer: Option<&CustomerId>,
        time: TimeRange,
    ) -> Result<Hourly<(Option<Verdict>, i64)>> {
        let query = sql(INCIDENTS).bind(time.from).bind(time.to);
        let query = self.scoped(query, "customer").push_if(" AND customer = ?", customer);
        let read = |row: &Row| hourly(row, (row.parse_maybe("verdict")?, row.get("found")?));
        self.rows(query.push(" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"), read).await
    }

    /// Forgets counts of events older than they are kept. Needs every customer.
    pub async fn forget_event_counts(&mut self, now: Timestamp) -> Result<()> {
        self.require_all("forgetting counts of events")?;
        let before = Timestamp::from_micros(now.as_micros() - KEPT);
        self.execute(sql("DELETE FROM event_count WHERE start < ?").bind(before)).await.map(drop)
    }
}

fn hourly<T>(row: &Row, counted: T) -> Result<(CustomerId, Timestamp, T)> {
    Ok((row.parse("customer")?, row.time("start")?, counted))
}
