//! What devices authenticate with. Secrets are kept as hashes only.

use model::change::Noun;
use model::device::{CredentialKind, DeviceCredential, DeviceKind, DeviceSender, SenderIdentity};
use model::{DeviceCredentialId, DeviceId};

use crate::row::Row;
use crate::sql::sql;
use crate::{Error, Result, Tx};

impl Tx {
    /// Keeps a credential of a device. A port that is in use gives [`Error::Taken`] with field `port`, a secret that is
    /// known already `secret_hash`; an address needs a collector of the same customer.
    pub async fn create_device_credential(&mut self, credential: &DeviceCredential, secret_hash: &[u8]) -> Result<()> {
        let device = self.get_device(&credential.device).await?;
        if device.customer != credential.customer {
            return Err(Error::not_found("device", &credential.device));
        }
        if let Some(collector) = &credential.collector
            && self.get_device(collector).await?.customer != credential.customer
        {
            return Err(Error::not_found("device", collector));
        }
        let insert =
            sql("INSERT INTO device_credential (customer, id, device, kind, label, secret_hash, collector, created) ")
                .push("VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                .bind(&credential.customer)
                .bind(&credential.id)
                .bind(&credential.device)
                .bind(credential.kind)
                .bind(&credential.label)
                .bind(secret_hash)
                .bind(credential.collector.as_ref().map(DeviceId::as_str))
                .bind(credential.created);
        if credential.kind == CredentialKind::Port {
            let port: u16 = credential.label.parse().map_err(|error| Error::corrupt("port", error))?;
            let taken = sql("SELECT port FROM listener_port WHERE port = ?").bind(i64::from(port));
            if self.db().fetch_optional(taken).await?.is_some() {
                return Err(Error::Taken { field: "port".to_owned() });
            }
            self.execute(insert).await?;
            let open = sql("INSERT INTO listener_port (port, customer, credential) VALUES (?, ?, ?)");
            self.execute(open.bind(i64::from(port)).bind(&credential.customer).bind(&credential.id)).await?;
        } else {
            self.execute(insert).await?;
        }
        self.changed(Some(&credential.customer), Noun::Device, credential.device.as_str());
        Ok(())
    }

    /// The credentials of a device, oldest first.
    pub async fn list_device_credentials(&mut self, device: &DeviceId) -> Result<Vec<DeviceCredential>> {
        self.get_device(device).await?;
        let query = self.scoped(sql("SELECT * FROM device_credential WHERE device = ?").bind(device), "customer");
        self.rows(query.push(" ORDER BY created, id"), read).await
    }

    /// One credential.
    pub async fn get_device_credential(&mut self, id: &DeviceCredentialId) -> Result<DeviceCredential> {
        let query = self.scoped(sql("SELECT * FROM device_credential WHERE id = ?").bind(id), "customer");
        self.row(query, read).await?.ok_or_else(|| Error::not_found("device credential", id))
    }

    /// Revokes a credential.
    pub async fn delete_device_credential(&mut self, id: &DeviceCredentialId) -> Result<()> {
        let credential = self.get_device_credential(id).await?;
        let delete = self.scoped(sql("DELETE FROM device_credential WHERE id = ?").bind(id), "customer");
        self.execute(delete).await?;
        self.changed(Some(&credential.customer), Noun::Device, credential.device.as_str());
        Ok(())
    }

    /// Every credential in scope with what a receiver has to know about its device.
    pub async fn list_sender_identities(&mut self) -> Result<Vec<SenderIdentity>> {
        let query = sql("SELECT c.id AS credential, c.customer AS customer, c.device AS device, c.kind AS kind, ")
            .push("c.secret_hash AS secret_hash, c.label AS label, d.source AS source, c.collector AS collector, ")
            .push("d.kind AS device_kind, ")
            .push("COALESCE(d.time_zone, o.time_zone) AS time_zone FROM device_credential c ")
            .push("JOIN device d ON d.customer = c.customer AND d.id = c.device JOIN customer o ON o.id = c.customer ")
            .push("WHERE TRUE");
        self.rows(self.scoped(query, "c.customer").push(" ORDER BY c.customer, c.id"), read_identity).await
    }

    /// Every device in scope as a sender of records, whatever it authenticates with.
    pub async fn list_device_senders(&mut self) -> Result<Vec<DeviceSender>> {
        let query = sql("SELECT d.customer AS customer, d.id AS device, d.kind AS device_kind, d.source AS source, ")
            .push("COALESCE(d.time_zone, o.time_zone) AS time_zone FROM device d ")
            .push("JOIN customer o ON o.id = d.customer WHERE TRUE");
        let read = |row: &Row| {
            Ok(DeviceSender {
                customer: row.parse("customer")?,
                device: row.parse("device")?,
                collects: collects(row)?,
                source: row.get("source")?,
                time_zone: row.get("time_zone")?,
            })
        };
        self.rows(self.scoped(query, "d.customer").push(" ORDER BY d.customer, d.id"), read).await
    }

    /// The addresses that collectors of a customer vouch for, whichever its devices are.
    pub async fn list_vouched_addresses(&mut self, collector: &DeviceId) -> Result<Vec<DeviceCredential>> {
        let query = sql("SELECT * FROM device_credential WHERE kind = ? AND collector = ?");
        let query = query.bind(CredentialKind::Address).bind(collector);
        self.rows(self.scoped(query, "customer").push(" ORDER BY created, id"), read).await
    }

    /// The listener ports in use, whosever they are, lowest first.
    pub async fn ports_in_use(&mut self) -> Result<Vec<u16>> {
        self.rows(sql("SELECT port FROM listener_port ORDER BY port"), |row| row.unsigned("port")).await
    }
}

fn read(row: &Row) -> Result<DeviceCredential> {
    Ok(DeviceCredential {
        id: row.parse("id")?,
        customer: row.parse("customer")?,
        device: row.parse("device")?,
        kind: row.parse("kind")?,
        label: row.get("label")?,
        collector: row.parse_maybe("collector")?,
        created: row.time("created")?,
    })
}

fn collects(row: &Row) -> Result<bool> {
    Ok(row.parse::<DeviceKind>("device_kind")? == DeviceKind::Collector)
}

fn read_identity(row: &Row) -> Result<SenderIdentity> {
    Ok(SenderIdentity {
        credential: row.parse("credential")?,
        customer: row.parse("customer")?,
        device: row.parse("device")?,
        kind: row.parse("kind")?,
        secret_hash: row.get("secret_hash")?,
        label: row.get("label")?,
        collector: row.parse_maybe("collector")?,
        collects: collects(row)?,
        source: row.get("source")?,
        time_zone: row.get("time_zone")?,
    })
}
