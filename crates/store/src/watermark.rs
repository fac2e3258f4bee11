//! How far the pipeline has come, committed together with what it wrote, and its small checkpoints.

use crate::sql::sql;
use crate::{Result, Tx};

/// Up to where the events of a log's shard have been through detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watermark {
    /// The log.
    pub log: u32,
    /// The shard of the log.
    pub shard: u16,
    /// The last sequence number that is done.
    pub sequence: u64,
}

impl Tx {
    /// Every watermark of the alert writer. Needs every customer in scope.
    pub async fn alert_watermarks(&mut self) -> Result<Vec<Watermark>> {
        self.require_all("reading watermarks")?;
        let query = sql("SELECT log, shard, sequence FROM watermark ORDER BY log, shard");
        self.rows(query, |row| {
            Ok(Watermark {
                log: row.unsigned("log")?,
                shard: row.unsigned("shard")?,
                sequence: row.unsigned("sequence")?,
            })
        })
        .await
    }

    /// Moves a watermark on; one that is further already stays. Belongs into the transaction of
    /// [`Tx::upsert_alerts`]. Needs every customer in scope.
    pub async fn set_alert_watermark(&mut self, watermark: &Watermark) -> Result<()> {
        self.require_all("setting watermarks")?;
        let put = sql("INSERT INTO watermark (log, shard, sequence) VALUES (?, ?, ?) ")
            .push("ON CONFLICT (log, shard) DO UPDATE SET sequence = excluded.sequence ")
            .push("WHERE watermark.sequence < excluded.sequence")
            .bind(i64::from(watermark.log))
            .bind(i64::from(watermark.shard))
            .bind(watermark.sequence.min(i64::MAX as u64) as i64);
        self.execute(put).await.map(drop)
    }

    /// Keeps a checkpoint under a name. Needs every customer in scope.
    pub async fn put_state(&mut self, name: &str, value: &[u8]) -> Result<()> {
        self.require_all("writing pipeline state")?;
        let put = sql("INSERT INTO pipeline_state (name, value) VALUES (?, ?) ")
            .push("ON CONFLICT (name) DO UPDATE SET value = excluded.value");
        self.execute(put.bind(name).bind(value)).await.map(drop)
    }

    /// The checkpoint under a name, if there is one. Needs every customer in scope.
    pub async fn get_state(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        self.require_all("reading pipeline state")?;
        self.row(sql("SELECT value FROM pipeline_state WHERE name = ?").bind(name), |row| row.get("value")).await
    }

    /// Removes the checkpoint under a name, if there is one. Needs every customer in scope.
    pub async fn delete_state(&mut self, name: &str) -> Result<()> {
        self.require_all("removing pipeline state")?;
        self.execute(sql("DELETE FROM pipeline_state WHERE name = ?").bind(name)).await.map(drop)
    }
}
