//! Alarms of the platform about itself: begun and ended as the conditions come and go, read by administrators.

use std::collections::BTreeMap;

use model::platform_alarm::{PlatformAlarm, PlatformAlarmKind};
use model::role::Permission;
use model::{Context, Page, PageRequest, Scope, Timestamp};

use crate::Ops;
use crate::error::Result;

/// Characters of a detail at most.
const DETAIL: usize = 300;

impl Ops {
    /// Takes over what is wrong now: what is new begins, what is no longer there ends. Gives how many changed.
    pub async fn set_platform_alarms(
        &self,
        now: Timestamp,
        standing: &BTreeMap<PlatformAlarmKind, String>,
    ) -> Result<usize> {
        let ctx = Context::job("platform", Scope::All, now);
        let known = self.store().read(&ctx).await?.standing_platform_alarms().await?;
        let detail = |text: &String| text.chars().take(DETAIL).collect::<String>();
        let unchanged = known.len() == standing.len()
            && known.iter().all(|alarm| standing.get(&alarm.kind).is_some_and(|text| detail(text) == alarm.detail));
        if unchanged {
            return Ok(0);
        }
        let mut tx = self.store().write(&ctx).await?;
        let mut changed = 0;
        for mut alarm in tx.standing_platform_alarms().await? {
            match standing.get(&alarm.kind) {
                Some(text) => alarm.detail = detail(text),
                None => (alarm.ended, changed) = (Some(now), changed + 1),
            }
            tx.update_platform_alarm(&alarm).await?;
        }
        for (kind, text) in standing.iter().filter(|(kind, _)| !known.iter().any(|alarm| alarm.kind == **kind)) {
            tx.begin_platform_alarm(*kind, &detail(text)).await?;
            changed += 1;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Alarms that stand, and after them those that are over, the newest first.
    pub async fn list_platform_alarms(&self, ctx: &Context, page: &PageRequest) -> Result<Page<PlatformAlarm>> {
        ctx.require(Permission::SystemAdmin)?;
        Ok(self.store().read(ctx).await?.list_platform_alarms(page).await?)
    }

    /// Alarms that stand now, the newest first.
    pub async fn standing_platform_alarms(&self, ctx: &Context) -> Result<Vec<PlatformAlarm>> {
        ctx.require(Permission::SystemAdmin)?;
        Ok(self.store().read(ctx).await?.standing_platform_alarms().await?)
    }
}
