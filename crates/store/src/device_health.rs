//! What is counted about devices in buckets of time (catalogue P3): written by the pipeline in batches, kept for weeks.

use std::collections::BTreeMap;

use model::device_health::{Activity, FINE, HOUR, LagCount};
use model::{AlertId, CustomerId, DeviceId, Timestamp};

use crate::row::Row;
use crate::sql::{Sql, sql};
use crate::{Result, Tx};

/// Rows put into one INSERT.
const CHUNK: usize = 200;
const DAY: i64 = 24 * HOUR;
/// How long fine buckets, lags, hourly sources and hourly buckets are kept.
const FINE_KEPT: i64 = 2 * DAY;
const LAG_KEPT: i64 = 2 * DAY;
const SOURCES_KEPT: i64 = 8 * DAY;
const HOURS_KEPT: i64 = 35 * DAY;

/// What to add to the counts of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceCounts {
    /// By beginning of a fine bucket.
    pub activity: BTreeMap<Timestamp, Activity>,
    /// By hour and source.
    pub sources: BTreeMap<(Timestamp, String), i64>,
    /// By beginning of the span and least lag in seconds.
    pub lags: BTreeMap<(Timestamp, i64), i64>,
}

impl DeviceCounts {
    /// Adds another count.
    pub fn add(&mut self, other: DeviceCounts) {
        for (start, counted) in other.activity {
            self.activity.entry(start).or_default().add(&counted);
        }
        for (key, events) in other.sources {
            *self.sources.entry(key).or_default() += events;
        }
        for (key, events) in other.lags {
            *self.lags.entry(key).or_default() += events;
        }
    }
}

/// A device's rhythm as it is kept, and its customer's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRhythm {
    /// Whose.
    pub customer: CustomerId,
    /// Which.
    pub device: DeviceId,
    /// See `model::silence`.
    pub rhythm: Vec<u8>,
    /// The alert that stands while it is silent.
    pub alert: Option<AlertId>,
}

/// Events of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCount {
    /// The source.
    pub source: String,
    /// Its events.
    pub events: i64,
    /// The devices they came from.
    pub devices: i64,
}

impl Tx {
    /// Adds to the counts of devices: few statements, however many there are. Devices deleted meanwhile are passed over.
    pub async fn record_device_counts(&mut self, counts: &[(CustomerId, DeviceId, DeviceCounts)]) -> Result<()> {
        let mut known = Vec::with_capacity(counts.len());
        for chunk in counts.chunks(CHUNK) {
            let query = self.scoped(sql("SELECT id FROM device WHERE TRUE"), "customer");
            let query = query.and_in("id", chunk.iter().map(|(_, device, _)| device));
            known.extend(self.rows(query, |row| row.parse::<DeviceId>("id")).await?);
        }
        known.sort();
        let counts: Vec<_> = counts.iter().filter(|(_, device, _)| known.binary_search(device).is_ok()).collect();
        let mut activity = Vec::new();
        let (mut sources, mut lags) = (Vec::new(), Vec::new());
        for (customer, device, counted) in counts {
            let mut hours: BTreeMap<Timestamp, Activity> = BTreeMap::new();
            for (start, fine) in &counted.activity {
                activity.push((customer, device, FINE, *start, *fine));
                hours.entry(model::device_health::bucket(*start, HOUR)).or_default().add(fine);
            }
            activity.extend(hours.into_iter().map(|(start, hour)| (customer, device, HOUR, start, hour)));
            sources.extend(
                counted.sources.iter().map(|((start, source), events)| (customer, device, start, source, events)),
            );
            lags.extend(
                counted.lags.iter().map(|((start, seconds), events)| (customer, device, start, seconds, events)),
            );
        }
        for chunk in activity.chunks(CHUNK) {
            let insert = "INSERT INTO device_activity (customer, device, step, start, events, unparsed, bytes, doubtful) VALUES ";
            let rows =
                chunk.iter().enumerate().fold(sql(insert), |insert, (place, (customer, device, step, start, fine))| {
                    insert
                        .push(if place == 0 { "(?, ?, ?, ?, ?, ?, ?, ?)" } else { ", (?, ?, ?, ?, ?, ?, ?, ?)" })
                        .bind(*customer)
                        .bind(*device)
                        .bind(*step)
                        .bind(*start)
                        .bind(fine.events)
                        .bind(fine.unparsed)
                        .bind(fine.bytes)
                        .bind(fine.doubtful)
                });
            let merge = " ON CONFLICT (customer, device, step, start) DO UPDATE SET \
                         events = device_activity.events + excluded.events, \
                         unparsed = device_activity.unparsed + excluded.unparsed, \
                         bytes = device_activity.bytes + excluded.bytes, \
                         doubtful = device_activity.doubtful + excluded.doubtful";
            self.execute(rows.push(merge)).await?;
        }
        for chunk in sources.chunks(CHUNK) {
            let insert = sql("INSERT INTO device_source (customer, device, start, source, events) VALUES ");
            let rows =
                chunk.iter().enumerate().fold(insert, |insert, (place, (customer, device, start, source, events))| {
                    five(insert, place).bind(*customer).bind(*device).bind(**start).bind(*source).bind(**events)
                });
            let merge = " ON CONFLICT (customer, device, start, source) DO UPDATE SET events = device_source.events + excluded.events";
            self.execute(rows.push(merge)).await?;
        }
        for chunk in lags.chunks(CHUNK) {
            let insert = sql("INSERT INTO device_lag (customer, device, start, seconds, events) VALUES ");
            let rows =
                chunk.iter().enumerate().fold(insert, |insert, (place, (customer, device, start, seconds, events))| {
                    five(insert, place).bind(*customer).bind(*device).bind(**start).bind(**seconds).bind(**events)
                });
            let merge = " ON CONFLICT (customer, device, start, seconds) DO UPDATE SET events = device_lag.events + excluded.events";
            self.execute(rows.push(merge)).await?;
        }
        Ok(())
    }

    /// The buckets of a device from an instant on, by time; `step` is [`FINE`] or [`HOUR`].
    pub async fn device_activity(
        &mut self,
        device: &DeviceId,
        step: i64,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Activity)>> {
        let query = sql("SELECT * FROM device_activity WHERE device = ? AND step = ? AND start >= ?");
        let query = self.scoped(query.bind(device).bind(step).bind(from), "customer").push(" ORDER BY start");
        self.rows(query, |row| Ok((row.time("start")?, activity(row)?))).await
    }

    /// The fine buckets of one beginning, by device: who was heard then.
    pub async fn devices_heard(&mut self, start: Timestamp) -> Result<BTreeMap<DeviceId, Activity>> {
        let query = sql("SELECT * FROM device_activity WHERE step = ? AND start = ?").bind(FINE).bind(start);
        let query = self.scoped(query, "customer");
        Ok(self.rows(query, |row| Ok((row.parse("device")?, activity(row)?))).await?.into_iter().collect())
    }

    /// What took the records of a device from an hour on, the most first.
    pub async fn device_sources(&mut self, device: &DeviceId, from: Timestamp) -> Result<Vec<SourceCount>> {
        let select = "SELECT source, CAST(SUM(events) AS BIGINT) AS events, CAST(1 AS BIGINT) AS devices FROM device_source \
                      WHERE device = ? AND start >= ?";
        let query = self.scoped(sql(select).bind(device).bind(from), "customer");
        self.rows(query.push(" GROUP BY source ORDER BY 2 DESC, source"), source_count).await
    }

    /// Events and devices by source from an hour on, of every device in scope.
    pub async fn source_counts(&mut self, from: Timestamp) -> Result<Vec<SourceCount>> {
        let select = "SELECT source, CAST(SUM(events) AS BIGINT) AS events, COUNT(DISTINCT device) AS devices \
                      FROM device_source WHERE start >= ?";
        let query = self.scoped(sql(select).bind(from), "customer");
        self.rows(query.push(" GROUP BY source ORDER BY source"), source_count).await
    }

    /// How late the records of a device came from an instant on.
    pub async fn device_lag(&mut self, device: &DeviceId, from: Timestamp) -> Result<Vec<LagCount>> {
        let select =
            "SELECT seconds, CAST(SUM(events) AS BIGINT) AS events FROM device_lag WHERE device = ? AND start >= ?";
        let query = self.scoped(sql(select).bind(device).bind(from), "customer");
        let read = |row: &Row| Ok(LagCount { seconds: row.get("seconds")?, events: row.get("events")? });
        self.rows(query.push(" GROUP BY seconds ORDER BY seconds"), read).await
    }

    /// The rhythms of all devices in scope.
    pub async fn device_rhythms(&mut self) -> Result<Vec<KeptRhythm>> {
        let query = self.scoped(sql("SELECT * FROM device_rhythm WHERE TRUE"), "customer");
        self.rows(query, rhythm).await
    }

    /// The rhythm of one device.
    pub async fn device_rhythm(&mut self, device: &DeviceId) -> Result<Option<KeptRhythm>> {
        let query = self.scoped(sql("SELECT * FROM device_rhythm WHERE device = ?").bind(device), "customer");
        self.row(query, rhythm).await
    }

    /// Keeps rhythms.
    pub async fn put_device_rhythms(&mut self, rhythms: &[KeptRhythm]) -> Result<()> {
        for chunk in rhythms.chunks(CHUNK) {
            let insert = sql("INSERT INTO device_rhythm (customer, device, rhythm, alert) VALUES ");
            let rows = chunk.iter().enumerate().fold(insert, |insert, (place, kept)| {
                insert
                    .push(if place == 0 { "(?, ?, ?, ?)" } else { ", (?, ?, ?, ?)" })
                    .bind(&kept.customer)
                    .bind(&kept.device)
                    .bind(kept.rhythm.as_slice())
                    .bind(kept.alert.as_ref())
            });
            let merge =
                " ON CONFLICT (customer, device) DO UPDATE SET rhythm = excluded.rhythm, alert = excluded.alert";
            self.execute(rows.push(merge)).await?;
        }
        Ok(())
    }

    /// Forgets counts that are older than they are kept, and rhythms of devices that are gone. Needs every customer.
    pub async fn forget_device_counts(&mut self, now: Timestamp) -> Result<()> {
        self.require_all("forgetting counts of devices")?;
        let before = |kept: i64| Timestamp::from_micros(now.as_micros() - kept);
        let delete = "DELETE FROM device_activity WHERE step = ? AND start < ?";
        self.execute(sql(delete).bind(FINE).bind(before(FINE_KEPT))).await?;
        self.execute(sql(delete).bind(HOUR).bind(before(HOURS_KEPT))).await?;
        self.execute(sql("DELETE FROM device_source WHERE start < ?").bind(before(SOURCES_KEPT))).await?;
        self.execute(sql("DELETE FROM device_lag WHERE start < ?").bind(before(LAG_KEPT))).await?;
        let gone =
            "DELETE FROM device_rhythm WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.id = device_rhythm.device)";
        self.execute(sql(gone)).await.map(drop)
    }

    /// Forgets all that was counted about a device.
    pub(crate) async fn forget_device(&mut self, device: &DeviceId) -> Result<()> {
        for delete in [
            "DELETE FROM device_activity WHERE device = ?",
            "DELETE FROM device_source WHERE device = ?",
            "DELETE FROM device_lag WHERE device = ?",
            "DELETE FROM device_rhythm WHERE device = ?",
        ] {
            let delete = self.scoped(sql(delete).bind(device), "customer");
            self.execute(delete).await?;
        }
        Ok(())
    }
}

fn five(insert: Sql, place: usize) -> Sql {
    insert.push(if place == 0 { "(?, ?, ?, ?, ?)" } else { ", (?, ?, ?, ?, ?)" })
}

fn activity(row: &Row) -> Result<Activity> {
    Ok(Activity {
        events: row.get("events")?,
        unparsed: row.get("unparsed")?,
        bytes: row.get("bytes")?,
        doubtful: row.get("doubtful")?,
    })
}

fn source_count(row: &Row) -> Result<SourceCount> {
    Ok(SourceCount { source: row.get("source")?, events: row.get("events")?, devices: row.get("devices")? })
}

fn rhythm(row: &Row) -> Result<KeptRhythm> {
    Ok(KeptRhythm {
        customer: row.parse("customer")?,
        device: row.parse("device")?,
        rhythm: row.get("rhythm")?,
        alert: row.parse_maybe("alert")?,
    })
}
