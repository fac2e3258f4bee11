//! The first page's figures: the funnel of the last 24 hours, what is open, and which devices are heard.

use std::collections::BTreeMap;
use std::time::Duration;

use model::alert::AlertState;
use model::device::DeviceState;
use model::incident::IncidentState;
use model::role::Permission;
use model::search::EventQuery;
use model::{Context, Severity, TimeRange};
use serde::Serialize;
use store::{AlertFilter, IncidentFilter};

use crate::Ops;
use crate::error::Result;

const FUNNEL_OVER: Duration = Duration::from_secs(24 * 3600);

/// Figures within the caller's customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// From events to incidents, of the last 24 hours.
    pub funnel: Funnel,
    /// Open incidents by severity; every severity is there.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub open_incidents_by_severity: BTreeMap<Severity, i64>,
    /// All incidents by state; every state is there.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub incidents_by_state: BTreeMap<IncidentState, i64>,
    /// All alerts by state; every state is there.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub alerts_by_state: BTreeMap<AlertState, i64>,
    /// Devices by whether they are heard.
    pub devices: DeviceCounts,
}

/// From events to incidents (catalogue D5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Funnel {
    /// Events by their own time.
    pub events: i64,
    /// Detections behind the alerts below.
    pub detections: i64,
    /// Alerts with a last event in the time.
    pub alerts: i64,
    /// Incidents raised in the time.
    pub incidents: i64,
}

/// Devices by whether they are heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceCounts {
    /// Heard within their silence limit.
    pub online: i64,
    /// Silent for longer.
    pub offline: i64,
    /// Never heard.
    pub never_connected: i64,
}

impl Ops {
    /// The first page's figures.
    pub async fn overview(&self, ctx: &Context) -> Result<Overview> {
        ctx.require(Permission::AlertRead)?;
        let now = ctx.now();
        let last_day = TimeRange { from: now.minus(FUNNEL_OVER), to: now };
        let events = self.lake().count(ctx, &EventQuery::all(last_day)).await?;
        let mut tx = self.store().read(ctx).await?;
        let mut funnel = Funnel { events: i64::try_from(events).unwrap_or(i64::MAX), ..Funnel::default() };
        let alerts = AlertFilter { from: Some(last_day.from), to: Some(last_day.to), ..AlertFilter::default() };
        funnel.alerts = tx.count_alerts(&alerts).await?;
        funnel.detections = tx.count_detections(&alerts).await?;
        let raised = IncidentFilter { raised_from: Some(last_day.from), ..IncidentFilter::default() };
        funnel.incidents = tx.count_incidents(&raised).await?;
        let mut open_incidents_by_severity = BTreeMap::new();
        let mut worse = 0;
        for severity in Severity::ALL.into_iter().rev() {
            let filter =
                IncidentFilter { severity_at_least: Some(severity), open_only: true, ..IncidentFilter::default() };
            let at_least = tx.count_incidents(&filter).await?;
            open_incidents_by_severity.insert(severity, at_least - worse);
            worse = at_least;
        }
        let mut incidents_by_state = BTreeMap::new();
        for state in IncidentState::ALL {
            let filter = IncidentFilter { states: vec![*state], ..IncidentFilter::default() };
            incidents_by_state.insert(*state, tx.count_incidents(&filter).await?);
        }
        let mut alerts_by_state = BTreeMap::new();
        for state in AlertState::ALL {
            let filter = AlertFilter { states: vec![*state], ..AlertFilter::default() };
            alerts_by_state.insert(*state, tx.count_alerts(&filter).await?);
        }
        let mut devices = DeviceCounts::default();
        for device in tx.list_all_devices().await? {
            match device.state(now) {
                DeviceState::Online => devices.online += 1,
                DeviceState::Offline => devices.offline += 1,
                DeviceState::NeverConnected => devices.never_connected += 1,
            }
        }
        Ok(Overview { funnel, open_incidents_by_severity, incidents_by_state, alerts_by_state, devices })
    }
}
