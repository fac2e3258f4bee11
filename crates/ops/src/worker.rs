//! The platform's own work on alerts, incidents and the audit log. Each step is a plain function that can be called
//! again at any time; [`Workers`] calls them while the server runs.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::time::{Duration, SystemTime};

use model::alert::{Alert, AlertState};
use model::audit_policy::{PolicyAction, deciding};
use model::change::{Change, Noun};
use model::incident::{Incident, IncidentChange, IncidentState, Transition};
use model::{AlertId, Context, CustomerId, IncidentId, PageRequest, Scope, Timestamp};
use serde_json::json;
use store::{IncidentFilter, Tx};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::error::{Error, Result};
use crate::incident::{save, save_more, transition_in};
use crate::raise::{self, Wanted};
use crate::{Ops, audit};

/// Alerts, changes and audit rows taken at a time.
const BATCH: usize = 500;
/// The checkpoint of the alert follower in the store.
const ALERTS_FOLLOWED: &str = "ops.alerts_followed";
/// An incident hears of its alerts' further events only this often, so that people's changes seldom collide with it.
const REFRESH_AFTER: Duration = Duration::from_secs(10 * 60);
/// How long the change feed is kept.
const FEED_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How often the loop looks without being woken, and how long it rests at least.
const POLL: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_millis(200);
const SEAL_EVERY: Duration = Duration::from_secs(1);
const WAKE_EVERY: Duration = Duration::from_secs(5);
const FORGET_EVERY: Duration = Duration::from_secs(3600);

impl Ops {
    /// Lets the audit policies decide about alerts: new ones, and those kept open or linked that have changed since
    /// this was last called. Gives how many decisions were made. An alert that cannot be decided now is tried again
    /// next time.
    pub async fn apply_policies(&self, now: Timestamp) -> Result<usize> {
        Ok(self.judge_new(now).await? + self.judge_changed(now).await?)
    }

    /// Chains audit rows that are not yet sealed; gives how many.
    pub async fn seal_audit(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("sealer", Scope::All, now);
        let mut sealed = 0;
        loop {
            let mut tx = self.store().write(&ctx).await?;
            let batch = tx.seal_audit(BATCH).await?;
            tx.commit().await?;
            sealed += batch;
            if batch < BATCH {
                return Ok(sealed);
            }
        }
    }

    /// Resumes incidents whose suspension is over; gives how many.
    pub async fn wake_suspended(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("wake", Scope::All, now);
        let filter = IncidentFilter { states: vec![IncidentState::Suspended], ..IncidentFilter::default() };
        let mut due: Vec<(CustomerId, IncidentId)> = Vec::new();
        let mut request = PageRequest::new(PageRequest::MOST, None);
        loop {
            let page = self.store().read(&ctx).await?.list_incidents(&filter, &request).await?;
            let over = page.items.into_iter().filter(|incident| is_over(incident, now));
            due.extend(over.map(|incident| (incident.customer, incident.id)));
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        let mut woken = 0;
        for (customer, id) in due {
            let ctx = Context::job("wake", Scope::one(customer), now);
            let mut tx = self.store().write(&ctx).await?;
            let incident = tx.get_incident(&id).await?;
            if !is_over(&incident, now) {
                continue;
            }
            match transition_in(&mut tx, incident, Transition::Resume).await {
                Ok(_) => tx.commit().await?,
                Err(Error::Conflict) => continue,
                Err(error) => return Err(error),
            }
            woken += 1;
        }
        Ok(woken)
    }

    /// Forgets changes of the feed that no follower can still want.
    pub async fn forget_changes(&self, now: Timestamp) -> Result<u64> {
        let ctx = Context::job("change-feed", Scope::All, now);
        let mut tx = self.store().write(&ctx).await?;
        let forgotten = tx.prune_changes(now.minus(FEED_KEPT)).await?;
        tx.commit().await?;
        Ok(forgotten)
    }

    async fn judge_new(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("audit-policy", Scope::All, now);
        let mut decided = 0;
        loop {
            let mut tx = self.store().read(&ctx).await?;
            let alerts = tx.list_new_alerts(BATCH).await?;
            let policies = tx.all_audit_policies().await?;
            drop(tx);
            let (ruled, free): (Vec<&Alert>, Vec<&Alert>) =
                alerts.iter().partition(|alert| deciding(&policies, alert, now).is_some());
            let mut progress = 0;
            // Most are left to people: those together. One that a policy would decide by now is judged as changed.
            if !free.is_empty() {
                let ids: Vec<AlertId> = free.into_iter().map(|alert| alert.id.clone()).collect();
                let mut tx = self.store().write(&ctx).await?;
                progress += tx.open_new_alerts(&ids).await?;
                tx.commit().await?;
            }
            for alert in ruled {
                progress += usize::from(self.judge_or_log(&alert.customer, &alert.id, now).await);
            }
            decided += progress;
            if progress == 0 || alerts.len() < BATCH {
                return Ok(decided);
            }
        }
    }

    /// Follows the change feed: an alert that changed while people look at it is judged again, for a policy on count or
    /// severity may now hold; one that is linked tells its incident.
    async fn judge_changed(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("audit-policy", Scope::All, now);
        let mut decided = 0;
        loop {
            let mut tx = self.store().read(&ctx).await?;
            let followed = followed(&mut tx).await?;
            let changes = tx.changes_after(followed, BATCH).await?;
            let Some(last) = changes.last().map(|change| change.sequence) else { return Ok(decided) };
            let due = due_among(&mut tx, &changes).await?;
            drop(tx);
            for alert in due {
                decided += usize::from(self.judge_or_log(&alert.customer, &alert.id, now).await);
            }
            let mut tx = self.store().write(&ctx).await?;
            tx.put_state(ALERTS_FOLLOWED, last.to_string().as_bytes()).await?;
            tx.commit().await?;
            if changes.len() < BATCH {
                return Ok(decided);
            }
        }
    }

    async fn judge_or_log(&self, customer: &CustomerId, id: &AlertId, now: Timestamp) -> bool {
        match self.judge(customer, id, now).await {
            Ok(decided) => decided,
            Err(Error::Conflict | Error::NotFound(_)) => false,
            Err(error) => {
                tracing::error!(%customer, alert = %id, error = &error as &dyn std::error::Error, "alert not judged");
                false
            }
        }
    }

    /// One alert, one transaction: read, decide, write. Gives whether anything was written.
    async fn judge(&self, customer: &CustomerId, id: &AlertId, now: Timestamp) -> Result<bool> {
        let ctx = Context::job("audit-policy", Scope::one(customer.clone()), now);
        let mut tx = self.store().write(&ctx).await?;
        let alert = tx.get_alert(id).await?;
        let written = match alert.state {
            AlertState::New | AlertState::Open => decide(&mut tx, &alert).await?,
            AlertState::Raised => refresh(&mut tx, &alert).await?,
            AlertState::Ignored | AlertState::Silent | AlertState::Ended => false,
        };
        if written {
            tx.commit().await?;
        }
        Ok(written)
    }
}

/// Of alerts that changed those something may have to be done about: most only grew. What is done is decided anew, in
/// a transaction of its own.
async fn due_among(tx: &mut Tx, changes: &[Change]) -> Result<Vec<Alert>> {
    let changed = changes.iter().filter(|change| change.noun == Noun::Alert && change.customer.is_some());
    let ids: BTreeSet<AlertId> = changed.filter_map(|change| change.id.parse().ok()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let alerts = tx.alerts_without_samples(&ids.into_iter().collect::<Vec<_>>()).await?;
    let policies = tx.all_audit_policies().await?;
    let now = tx.context().now();
    let mut incidents: HashMap<IncidentId, Option<Incident>> = HashMap::new();
    let mut due = Vec::new();
    for alert in alerts {
        let is_due = match (&alert.state, &alert.incident) {
            (AlertState::New, _) => true,
            (AlertState::Open, _) => deciding(&policies, &alert, now).is_some(),
            (AlertState::Raised, Some(id)) => {
                if let Entry::Vacant(unknown) = incidents.entry(id.clone()) {
                    unknown.insert(tx.get_incident(id).await.ok());
                }
                let incident = incidents.get(id).and_then(Option::as_ref);
                incident.is_some_and(|incident| {
                    incident.state.is_open() && (alert.severity > incident.severity || is_stale(incident, &alert))
                })
            }
            _ => false,
        };
        if is_due {
            due.push(alert);
        }
    }
    Ok(due)
}

/// Whether an incident has not heard of its alert's events for a while.
fn is_stale(incident: &Incident, alert: &Alert) -> bool {
    alert.last.since(incident.last) >= REFRESH_AFTER
}

/// What the deciding policy says becomes of the alert; without one, people look at it.
async fn decide(tx: &mut Tx, alert: &Alert) -> Result<bool> {
    let now = tx.context().now();
    let policies = tx.all_audit_policies().await?;
    let Some(policy) = deciding(&policies, alert, now) else {
        if alert.state == AlertState::New {
            tx.decide_alert(&alert.id, alert.version, AlertState::Open, None, None).await?;
        }
        return Ok(alert.state == AlertState::New);
    };
    match &policy.data.action {
        PolicyAction::Ignore => {
            tx.decide_alert(&alert.id, alert.version, AlertState::Ignored, Some(&policy.id), None).await?;
            let detail = json!({"policy": policy.id});
            tx.audit(audit(Some(&alert.customer), "alert.ignore", &alert.id, detail)).await?;
        }
        PolicyAction::RaiseIncident { severity } => {
            let wanted = Wanted { severity: *severity, title: None, policy: Some(policy.id.clone()) };
            raise::raise(tx, alert, wanted).await?;
        }
    }
    tx.count_policy_hit(&policy.id).await?;
    Ok(true)
}

/// Tells an open incident what its alert has become: later events, new entities, and a higher severity, unless a policy
/// or a person has set the incident's.
async fn refresh(tx: &mut Tx, alert: &Alert) -> Result<bool> {
    let Some(id) = &alert.incident else { return Ok(false) };
    let mut incident = tx.get_incident(id).await?;
    if !incident.state.is_open() {
        return Ok(false);
    }
    let worse = alert.severity > incident.severity && severity_is_free(tx, alert, &incident).await?;
    let stale = is_stale(&incident, alert);
    if !worse && !stale {
        return Ok(false);
    }
    let before = incident.severity;
    if worse {
        incident.severity = alert.severity;
    }
    incident.last = incident.last.max(alert.last);
    raise::merge_entities(&mut incident.entities, &alert.entities);
    let incident = if worse { save(tx, incident).await? } else { save_more(tx, incident).await? };
    if worse {
        raise::note_severity(tx, &incident, before, alert).await?;
    }
    Ok(true)
}

/// Whether the incident's severity simply follows its alerts'.
async fn severity_is_free(tx: &mut Tx, alert: &Alert, incident: &Incident) -> Result<bool> {
    let policies = tx.all_audit_policies().await?;
    let policy = policies.iter().find(|policy| Some(&policy.id) == alert.policy.as_ref());
    let follows = policy.is_some_and(|policy| policy.data.action == PolicyAction::RaiseIncident { severity: None });
    if !follows {
        return Ok(false);
    }
    let mut request = PageRequest::new(PageRequest::MOST, None);
    loop {
        let page = tx.list_incident_entries(&incident.id, &request).await?;
        let by_hand = |entry: &model::incident::IncidentEntry| {
            entry.user.is_some() && matches!(entry.what, IncidentChange::SeverityChanged { .. })
        };
        if page.items.iter().any(by_hand) {
            return Ok(false);
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(true),
        }
    }
}

async fn followed(tx: &mut Tx) -> Result<i64> {
    let kept = tx.get_state(ALERTS_FOLLOWED).await?;
    Ok(kept.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn is_over(incident: &Incident, now: Timestamp) -> bool {
    incident.state == IncidentState::Suspended && incident.suspended_until.is_some_and(|until| until <= now)
}

/// The loop that calls the steps while the server runs.
pub struct Workers {
    ops: Ops,
}

impl Workers {
    /// Over these use cases.
    pub fn new(ops: Ops) -> Self {
        Workers { ops }
    }

    /// Runs until `shutdown` is ready. A step that fails is logged and tried again; a step that has begun ends.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        tokio::pin!(shutdown);
        let mut commits = self.ops.commits();
        let (mut sealed, mut woken, mut forgotten) = (None, None, None);
        loop {
            let now = Timestamp::from(SystemTime::now());
            logged("audit policies", self.ops.apply_policies(now).await);
            if due(&mut sealed, SEAL_EVERY) {
                logged("sealing the audit log", self.ops.seal_audit(now).await);
            }
            if due(&mut woken, WAKE_EVERY) {
                logged("waking suspended incidents", self.ops.wake_suspended(now).await);
            }
            if due(&mut forgotten, FORGET_EVERY) {
                logged("shortening the change feed", self.ops.forget_changes(now).await);
            }
            commits.mark_unchanged();
            tokio::select! {
                () = &mut shutdown => break,
                () = pause(&mut commits) => {}
            }
        }
        logged("sealing the audit log", self.ops.seal_audit(SystemTime::now().into()).await);
    }
}

/// Until something is committed here, or it is time to look for what others committed.
async fn pause(commits: &mut watch::Receiver<u64>) {
    sleep(REST).await;
    let woken = timeout(POLL - REST, commits.changed()).await;
    if matches!(woken, Ok(Err(_))) {
        sleep(POLL).await;
    }
}

fn due(last: &mut Option<Instant>, every: Duration) -> bool {
    let now = Instant::now();
    let due = last.is_none_or(|last| now.duration_since(last) >= every);
    if due {
        *last = Some(now);
    }
    due
}

fn logged<T>(what: &str, result: Result<T>) {
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn std::error::Error, "{what} failed, will be tried again");
    }
}
