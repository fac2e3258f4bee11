//! What an exception would have hidden: its terms held against the samples of the alerts that were raised.

use model::alert::{Alert, Sample};
use model::incident::Verdict;
use model::role::Permission;
use model::{AlertId, Context, CustomerId, IncidentId, PageRequest, Timestamp};
use serde::Serialize;
use store::AlertFilter;

use crate::Ops;
use crate::error::{Error, Result};
use crate::exception::ExceptionDraft;
use crate::rule_check::hint;
use crate::turns::Turn;

/// How far back it looks,
const DAYS: u64 = 30;
/// at so many alerts at most, the newest,
const ALERTS: usize = 1000;
/// of which so many are told.
const TOLD: usize = 20;
/// Alerts read at once.
const PAGE: usize = 200;

/// What an exception would have hidden.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExceptionPreview {
    /// Alerts of the use case in thirty days that were looked at,
    pub alerts: i64,
    /// whether that is all there were,
    pub complete: bool,
    /// and detections behind them.
    pub detections: i64,
    /// Alerts all of whose samples would have been hidden,
    pub hidden: i64,
    /// the detections behind those,
    pub hidden_detections: i64,
    /// and alerts only some of whose samples would have been.
    pub partly: i64,
    /// Incidents that were judged an attack, or are still open, behind what would have been hidden.
    pub attacks: Vec<PreviewedAlert>,
    /// Others that would have been hidden, the newest.
    pub examples: Vec<PreviewedAlert>,
    /// What would still have been told, the newest.
    pub kept: Vec<PreviewedAlert>,
}

/// An alert an exception was held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewedAlert {
    /// The alert.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub alert: AlertId,
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What its detections were put together by.
    pub key: String,
    /// How many those are.
    pub count: i64,
    /// When it was last seen.
    pub last: Timestamp,
    /// The incident it belongs to.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub incident: Option<IncidentId>,
    /// What was found.
    pub verdict: Option<Verdict>,
}

impl Ops {
    /// Holds an exception that is not written yet against the alerts of thirty days. The records of every alert's
    /// samples are parsed again by the parsers of today.
    pub async fn preview_exception(&self, ctx: &Context, draft: ExceptionDraft) -> Result<ExceptionPreview> {
        ctx.require(Permission::PolicyRead)?;
        ctx.require(Permission::AlertRead)?;
        let mut selection = self.selection(&draft.data)?;
        let filter = AlertFilter {
            rule_id: Some(draft.data.rule_id.clone()),
            customers: draft.customer.into_iter().collect(),
            from: Some(ctx.now().minus(std::time::Duration::from_secs(DAYS * 24 * 3600))),
            ..AlertFilter::default()
        };
        let parser = self.parsers().live();
        let _turn = self.turn(Turn::Backtest).await?;
        let (mut preview, mut after) = (ExceptionPreview::default(), None);
        loop {
            let page = PageRequest::new(PAGE, after);
            let mut tx = self.store().read(ctx).await?;
            let found = tx.list_alerts(&filter, &page).await?;
            let parser = parser.clone();
            let work = move || {
                let holds = |sample: &Sample| {
                    selection.holds(&parser.parse(&sample.raw, &hint(Some(&sample.source), sample.time)))
                };
                let judged: Vec<(Alert, usize)> = found
                    .items
                    .into_iter()
                    .map(|alert| {
                        let hidden = alert.samples.iter().filter(|sample| holds(sample)).count();
                        (alert, hidden)
                    })
                    .collect();
                (judged, found.next, selection)
            };
            let done = tokio::task::spawn_blocking(work).await;
            let (judged, next, given_back) = done.map_err(|_| Error::Unavailable("trying the exception"))?;
            (selection, after) = (given_back, next);
            for (alert, hidden) in judged {
                let incident = match &alert.incident {
                    Some(incident) => crate::optional(tx.get_incident(incident).await)?,
                    None => None,
                };
                preview.add(alert, hidden, incident);
            }
            drop(tx);
            if after.is_none() || preview.alerts as usize >= ALERTS {
                preview.complete = after.is_none();
                return Ok(preview);
            }
        }
    }
}

impl ExceptionPreview {
    fn add(&mut self, alert: Alert, hidden: usize, incident: Option<model::incident::Incident>) {
        self.alerts += 1;
        self.detections += alert.count;
        let whole = hidden > 0 && hidden == alert.samples.len();
        if whole {
            self.hidden += 1;
            self.hidden_detections += alert.count;
        } else if hidden > 0 {
            self.partly += 1;
        }
        let verdict = incident.as_ref().and_then(|incident| incident.verdict);
        let is_attack = verdict == Some(Verdict::TruePositive)
            || incident.as_ref().is_some_and(|incident| incident.verdict.is_none() && incident.reject_reason.is_none());
        let list = match (hidden > 0, is_attack) {
            (true, true) => &mut self.attacks,
            (true, false) => &mut self.examples,
            (false, _) => &mut self.kept,
        };
        if list.len() < TOLD {
            let (incident, last) = (alert.incident, alert.last);
            let Alert { id, customer, key, count, .. } = alert;
            list.push(PreviewedAlert { alert: id, customer, key, count, last, incident, verdict });
        }
    }
}
