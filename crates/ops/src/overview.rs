//! The first page's figures: the funnel of the last 24 hours, what is open, and which devices are heard.

use std::collections::BTreeMap;
use std::time::Duration;

use model::alert::AlertState;
use model::device::DeviceState;
use model::incident::IncidentState;
use model::role::Permission;
use model::search::EventQuery;
use model::{Context, PageRequest, Severity, TimeRange};
use serde::Serialize;
use store::{AlertFilter, IncidentFilter, Tx};

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
        (funnel.alerts, funnel.detections) = count_alerts(&mut tx, last_day).await?;
        funnel.incidents = count_incidents(&mut tx, last_day).await?;
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

/// Alerts with a last event in `range`, and the detections behind them.
async fn count_alerts(tx: &mut Tx, range: TimeRange) -> Result<(i64, i64)> {
    let filter = AlertFilter { from: Some(range.from), to: Some(range.to), ..AlertFilter::default() };
    let (mut alerts, mut detections) = (0, 0);
    let mut request = PageRequest::new(PageRequest::MOST, None);
    loop {
        let page = tx.list_alerts(&filter, &request).await?;
        alerts += page.items.len() as i64;
        detections += page.items.iter().map(|alert| alert.count).sum::<i64>();
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok((alerts, detections)),
        }
    }
}

/// Incidents raised in `range`. The list is newest first, so reading stops at the first older one.
async fn count_incidents(tx: &mut Tx, range: TimeRange) -> Result<i64> {
    let mut count = 0;
    let mut request = PageRequest::default();
    loop {
        let page = tx.list_incidents(&IncidentFilter::default(), &request).await?;
        count += page.items.iter().filter(|incident| range.contains(incident.created)).count() as i64;
        let older = page.items.last().is_none_or(|incident| incident.created < range.from);
        match page.next.filter(|_| !older) {
            Some(next) => request.after = Some(next),
            None => return Ok(count),
        }
    }
}
