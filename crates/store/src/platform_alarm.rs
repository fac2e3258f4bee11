//! Alarms of the platform about itself. They belong to no customer.

use model::change::Noun;
use model::platform_alarm::{PlatformAlarm, PlatformAlarmKind};
use model::{Page, PageRequest, PlatformAlarmId, Timestamp};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::sql;
use crate::{Result, Tx};

/// Ended alarms kept.
const KEPT: i64 = 1000;

impl Tx {
    /// Alarms that last, the newest first.
    pub async fn standing_platform_alarms(&mut self) -> Result<Vec<PlatformAlarm>> {
        self.rows(sql("SELECT * FROM platform_alarm WHERE ended IS NULL ORDER BY began DESC, id DESC"), read).await
    }

    /// All alarms, the newest first.
    pub async fn list_platform_alarms(&mut self, page: &PageRequest) -> Result<Page<PlatformAlarm>> {
        let order = Order::Down(&[Key::Int("began"), Key::Text("id")]);
        self.page(sql("SELECT * FROM platform_alarm WHERE TRUE"), order, page, read).await
    }

    /// Begins an alarm. Needs every customer in scope.
    pub async fn begin_platform_alarm(&mut self, kind: PlatformAlarmKind, detail: &str) -> Result<PlatformAlarm> {
        self.require_all("beginning a platform alarm")?;
        let began = self.context().now();
        let alarm =
            PlatformAlarm { id: PlatformAlarmId::generate(began), kind, detail: detail.to_owned(), began, ended: None };
        let insert = sql("INSERT INTO platform_alarm (id, kind, detail, began, ended) VALUES (?, ?, ?, ?, ?)")
            .bind(&alarm.id)
            .bind(kind.as_str())
            .bind(detail)
            .bind(began)
            .bind(None::<Timestamp>);
        self.execute(insert).await?;
        self.changed(None, Noun::PlatformAlarm, alarm.id.as_str());
        let prune = "DELETE FROM platform_alarm WHERE ended IS NOT NULL AND id NOT IN \
                     (SELECT id FROM platform_alarm ORDER BY began DESC, id DESC LIMIT ?)";
        self.execute(sql(prune).bind(KEPT)).await?;
        Ok(alarm)
    }

    /// Says what it is about now; the feed hears of it only at its end. Needs every customer in scope.
    pub async fn update_platform_alarm(&mut self, alarm: &PlatformAlarm) -> Result<()> {
        self.require_all("changing a platform alarm")?;
        let update = sql("UPDATE platform_alarm SET detail = ?, ended = ? WHERE id = ?");
        self.execute(update.bind(&alarm.detail).bind(alarm.ended).bind(&alarm.id)).await?;
        if alarm.ended.is_some() {
            self.changed(None, Noun::PlatformAlarm, alarm.id.as_str());
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<PlatformAlarm> {
    Ok(PlatformAlarm {
        id: row.parse("id")?,
        kind: row.parse::<PlatformAlarmKind>("kind")?,
        detail: row.get("detail")?,
        began: row.time("began")?,
        ended: row.time_maybe("ended")?,
    })
}
