//! Alerts 告警: reading them, and making an incident of one by hand.

use model::alert::Alert;
use model::incident::Incident;
use model::intel::Tlp;
use model::role::Permission;
use model::{AlertId, Context, Page, PageRequest, Severity};
use store::AlertFilter;

use crate::error::Result;
use crate::incident::TITLE_MOST;
use crate::raise::{self, Wanted};
use crate::{Ops, validate};

impl Ops {
    /// One alert.
    pub async fn get_alert(&self, ctx: &Context, id: &AlertId) -> Result<Alert> {
        ctx.require(Permission::AlertRead)?;
        let mut alert = self.store().read(ctx).await?.get_alert(id).await?;
        withhold(ctx, &mut alert);
        Ok(alert)
    }

    /// Alerts, newest last event first.
    pub async fn list_alerts(&self, ctx: &Context, filter: &AlertFilter, page: &PageRequest) -> Result<Page<Alert>> {
        ctx.require(Permission::AlertRead)?;
        let page = self.store().read(ctx).await?.list_alerts(filter, page).await?;
        Ok(page.map(|mut alert| {
            withhold(ctx, &mut alert);
            alert
        }))
    }

    /// Makes an incident of an alert, or lets it join an open one about the same thing. `severity` and `title` are the
    /// alert's own unless given. An alert that is already linked gives its incident unchanged.
    pub async fn raise_alert(
        &self,
        ctx: &Context,
        id: &AlertId,
        severity: Option<Severity>,
        title: Option<String>,
    ) -> Result<Incident> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let alert = tx.get_alert(id).await?;
        if let Some(incident) = &alert.incident {
            return Ok(tx.get_incident(incident).await?);
        }
        let title = title.map(|title| validate::text("title", &title, TITLE_MOST)).transpose()?;
        let incident = raise::raise(&mut tx, &alert, Wanted { severity, title, policy: None }).await?;
        tx.commit().await?;
        Ok(incident)
    }
}

/// What is for its receivers alone (TLP:RED) is told only to those who keep the intelligence: others learn that there is
/// a source, not which.
fn withhold(ctx: &Context, alert: &mut Alert) {
    if ctx.require(Permission::IntelWrite).is_ok() {
        return;
    }
    if let Some(intel) = &mut alert.intel {
        let before = intel.sources.len();
        intel.sources.retain(|source| source.tlp != Tlp::Red);
        intel.withheld = (before - intel.sources.len()) as i64;
    }
}
