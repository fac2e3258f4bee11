//! Addresses collectors received from that no device is registered for: noted with the events, so that they can be
//! registered.

use model::device::CollectorPeer;
use model::{CustomerId, DeviceId, Timestamp};

use crate::row::Row;
use crate::sql::sql;
use crate::{Result, Tx};

/// Addresses noted of one collector; further ones are passed over: their records are kept all the same.
const MOST: i64 = 5000;

/// What a collector received from one such address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerActivity {
    /// Whose collector.
    pub customer: CustomerId,
    /// The collector.
    pub device: DeviceId,
    /// The address.
    pub address: String,
    /// Records.
    pub records: i64,
    /// Receipt time of the first,
    pub first_seen: Timestamp,
    /// and of the newest.
    pub last_seen: Timestamp,
}

impl Tx {
    /// Adds to what is noted. Collectors deleted meanwhile are passed over.
    pub async fn record_collector_peers(&mut self, peers: &[PeerActivity]) -> Result<()> {
        for peer in peers {
            let insert = sql("INSERT INTO collector_peer (customer, device, address, records, first_seen, last_seen) ")
                .push("SELECT d.customer, d.id, ?, ?, ?, ? FROM device d WHERE d.customer = ? AND d.id = ? AND ")
                .push("((SELECT COUNT(*) FROM collector_peer p WHERE p.customer = d.customer AND p.device = d.id) < ? ")
                .push("OR EXISTS (SELECT 1 FROM collector_peer p WHERE p.customer = d.customer AND p.device = d.id ")
                .push("AND p.address = ?)) ")
                .push("ON CONFLICT (customer, device, address) DO UPDATE SET ")
                .push("records = collector_peer.records + excluded.records, ")
                .push("last_seen = CASE WHEN collector_peer.last_seen > excluded.last_seen ")
                .push("THEN collector_peer.last_seen ELSE excluded.last_seen END")
                .bind(&peer.address)
                .bind(peer.records)
                .bind(peer.first_seen)
                .bind(peer.last_seen)
                .bind(&peer.customer)
                .bind(&peer.device)
                .bind(MOST)
                .bind(&peer.address);
            self.execute(insert).await?;
        }
        Ok(())
    }

    /// The addresses noted of a collector, the busiest first.
    pub async fn list_collector_peers(&mut self, collector: &DeviceId) -> Result<Vec<CollectorPeer>> {
        self.get_device(collector).await?;
        let query = sql("SELECT * FROM collector_peer WHERE device = ?").bind(collector);
        self.rows(self.scoped(query, "customer").push(" ORDER BY records DESC, address"), read).await
    }

    /// Forgets an address: a device is registered for it now, or nobody wants to hear of it.
    pub async fn delete_collector_peer(&mut self, collector: &DeviceId, address: &str) -> Result<()> {
        let delete = sql("DELETE FROM collector_peer WHERE device = ? AND address = ?").bind(collector).bind(address);
        self.execute(self.scoped(delete, "customer")).await?;
        Ok(())
    }
}

fn read(row: &Row) -> Result<CollectorPeer> {
    Ok(CollectorPeer {
        address: row.get("address")?,
        records: row.get("records")?,
        first_seen: row.time("first_seen")?,
        last_seen: row.time("last_seen")?,
    })
}
