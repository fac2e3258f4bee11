//! Devices (catalogue P3) and what the pipeline counts about them.

use std::time::Duration;

use model::change::Noun;
use model::device::{Device, DeviceData, DeviceKind};
use model::{CustomerId, DeviceId, Page, PageRequest, Timestamp};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, searchable, sql};
use crate::{Error, Result, Tx};

/// Which devices are wanted; an absent part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this kind.
    pub kind: Option<DeviceKind>,
    /// Part of the name, address or source, without case.
    pub text: Option<String>,
}

/// What arrived from a device since it was last counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceActivity {
    /// Whose.
    pub customer: CustomerId,
    /// Which.
    pub device: DeviceId,
    /// Receipt time of the newest event.
    pub last_event: Timestamp,
    /// Events to add.
    pub events: i64,
    /// Those among them that no source recognised.
    pub unparsed: i64,
}

impl Tx {
    /// Creates a device. Its name must be new at this customer.
    pub async fn create_device(&mut self, customer: &CustomerId, id: &DeviceId, data: &DeviceData) -> Result<Device> {
        self.get_customer(customer).await?;
        let now = self.context().now();
        let insert =
            sql("INSERT INTO device (customer, id, name, kind, source, address, software_version, time_zone, ")
                .push("silence_minutes, silence_alarm, event_count, unparsed_count, search, created, version) ")
                .push("VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, 1)")
                .bind(customer)
                .bind(id)
                .bind(&data.name)
                .bind(data.kind)
                .bind(data.source.as_deref())
                .bind(data.address.as_deref())
                .bind(&data.software_version)
                .bind(data.time_zone.as_deref())
                .bind(data.silence_minutes)
                .bind(data.silence_alarm)
                .bind(search(data))
                .bind(now);
        self.execute(insert).await?;
        self.changed(Some(customer), Noun::Device, id.as_str());
        self.get_device(id).await
    }

    /// One device.
    pub async fn get_device(&mut self, id: &DeviceId) -> Result<Device> {
        self.find_device(id).await?.ok_or_else(|| Error::not_found("device", id))
    }

    /// One device, if there is one.
    pub async fn find_device(&mut self, id: &DeviceId) -> Result<Option<Device>> {
        let query = self.scoped(sql("SELECT * FROM device WHERE id = ?").bind(id), "customer");
        self.row(query, read).await
    }

    /// Devices by name.
    pub async fn list_devices(&mut self, filter: &DeviceFilter, page: &PageRequest) -> Result<Page<Device>> {
        let query = self
            .scoped(sql("SELECT * FROM device WHERE TRUE"), "customer")
            .push_if(" AND customer = ?", filter.customer.as_ref())
            .push_if(" AND kind = ?", filter.kind)
            .and_contains("search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Up(&[Key::Text("name"), Key::Text("id")]), page, read).await
    }

    /// Every device in scope: for caches and jobs.
    pub async fn list_all_devices(&mut self) -> Result<Vec<Device>> {
        let query = self.scoped(sql("SELECT * FROM device WHERE TRUE"), "customer").push(" ORDER BY customer, id");
        self.rows(query, read).await
    }

    /// Changes a device that still has `version`.
    pub async fn update_device(&mut self, id: &DeviceId, version: i64, data: &DeviceData) -> Result<Device> {
        let update = sql("UPDATE device SET name = ?, kind = ?, source = ?, address = ?, software_version = ?, ")
            .push("time_zone = ?, silence_minutes = ?, silence_alarm = ?, search = ?, version = version + 1 ")
            .push("WHERE id = ? AND version = ?")
            .bind(&data.name)
            .bind(data.kind)
            .bind(data.source.as_deref())
            .bind(data.address.as_deref())
            .bind(&data.software_version)
            .bind(data.time_zone.as_deref())
            .bind(data.silence_minutes)
            .bind(data.silence_alarm)
            .bind(search(data))
            .bind(id)
            .bind(version);
        let touched = self.execute(self.scoped(update, "customer")).await?;
        let device = self.get_device(id).await?;
        if touched == 0 {
            return Err(Error::Conflict { what: "device" });
        }
        self.changed(Some(&device.customer), Noun::Device, id.as_str());
        Ok(device)
    }

    /// Deletes a device and its credentials. What it sent stays.
    pub async fn delete_device(&mut self, id: &DeviceId) -> Result<()> {
        let device = self.get_device(id).await?;
        let delete = self.scoped(sql("DELETE FROM device WHERE id = ?").bind(id), "customer");
        self.execute(delete).await?;
        self.forget_device(id).await?;
        self.changed(Some(&device.customer), Noun::Device, id.as_str());
        Ok(())
    }

    /// Adds to the counters of devices. The change feed hears of it only when a device is heard for the first time or
    /// after its silence limit: that is when its state changes. Devices deleted meanwhile are passed over.
    pub async fn record_device_activity(&mut self, activity: &[DeviceActivity]) -> Result<()> {
        for heard in activity {
            let select = sql("SELECT last_event, silence_minutes FROM device WHERE customer = ? AND id = ?");
            let select = self.scoped(select.bind(&heard.customer).bind(&heard.device), "customer");
            let known = |row: &Row| Ok((row.time_maybe("last_event")?, row.get::<i64>("silence_minutes")?));
            let Some((before, silence)) = self.row(select, known).await? else { continue };
            let update = sql("UPDATE device SET event_count = event_count + ?, unparsed_count = unparsed_count + ?, ")
                .push("last_event = CASE WHEN last_event > ? THEN last_event ELSE ? END WHERE customer = ? AND id = ?")
                .bind(heard.events)
                .bind(heard.unparsed)
                .bind(heard.last_event)
                .bind(heard.last_event)
                .bind(&heard.customer)
                .bind(&heard.device);
            self.execute(self.scoped(update, "customer")).await?;
            let limit = Duration::from_secs(silence.max(1).unsigned_abs() * 60);
            if before.is_none_or(|before| heard.last_event.since(before) > limit) {
                self.changed(Some(&heard.customer), Noun::Device, heard.device.as_str());
            }
        }
        Ok(())
    }
}

fn search(data: &DeviceData) -> Arg {
    let absent = String::new();
    let (address, source) = (data.address.as_ref().unwrap_or(&absent), data.source.as_ref().unwrap_or(&absent));
    Arg::from(searchable([data.name.as_str(), address, source]))
}

fn read(row: &Row) -> Result<Device> {
    Ok(Device {
        id: row.parse("id")?,
        customer: row.parse("customer")?,
        data: DeviceData {
            name: row.get("name")?,
            kind: row.parse("kind")?,
            source: row.get("source")?,
            address: row.get("address")?,
            software_version: row.get("software_version")?,
            time_zone: row.get("time_zone")?,
            silence_minutes: row.get("silence_minutes")?,
            silence_alarm: row.parse("silence_alarm")?,
        },
        last_event: row.time_maybe("last_event")?,
        event_count: row.get("event_count")?,
        unparsed_count: row.get("unparsed_count")?,
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
