//! Watching for devices that went silent (catalogue P3): every five minutes each device's slot is judged by what was
//! learned of it; an alert is raised once and ends by itself when events come back.
//!
//! Slots in which the platform could not hear (it was down, its clock jumped, a backlog waited, or nothing came from
//! anybody) are nobody's silence: nothing is learned from them and they count for nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use model::alert::{Alert, AlertOrigin, AlertState};
use model::device::{Device, DeviceKind};
use model::device_health::{FINE, bucket};
use model::event::AttackOutcome;
use model::incident::IncidentChange;
use model::silence::{Rhythm, SLOTS_AN_HOUR, Silence, SilenceAlarm};
use model::{AlertId, Context, CustomerId, DeviceId, Scope, Severity, Timestamp};
use serde_json::json;
use store::{KeptRhythm, Tx};

use crate::error::Result;
use crate::incident::entry;
use crate::{Ops, audit};

/// What is counted of a slot is in the store so long after its end.
const SETTLED: Duration = Duration::from_secs(45);
/// After a start senders need a while to come back.
const COMING_BACK: Duration = Duration::from_secs(180);
/// What an alert about silence names as its rule.
pub const SILENCE_RULE: &str = "platform:device_silence";
/// Of the devices that are heard nearly always, so many must be silent at once for it to be the platform's trouble.
const EXPECTED_AT_LEAST: usize = 3;
const HEARD_SHARE: f64 = 0.2;
const NEARLY_ALWAYS: f64 = 0.5;

/// Where the watch stands; the caller keeps it while the server runs.
#[derive(Debug, Clone)]
pub struct SilenceWatch {
    /// Since when everything could be heard.
    hearing: Timestamp,
    /// The slot judged last.
    judged: Option<Timestamp>,
    /// Slots in a row in which nothing came from those that should be heard.
    empty: u32,
}

/// What a look found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watched {
    /// Devices whose slot was judged.
    pub judged: usize,
    /// Alerts raised.
    pub raised: usize,
    /// Alerts that ended.
    pub ended: usize,
    /// So many devices should be heard and next to none is: the platform's own trouble.
    pub nothing_arrives: Option<usize>,
}

impl SilenceWatch {
    /// A watch that begins now.
    pub fn new(now: Timestamp) -> Self {
        SilenceWatch { hearing: now.plus(COMING_BACK), judged: None, empty: 0 }
    }

    /// From now on everything could be heard, and not before: the clock jumped, intake stood still, a backlog waited.
    pub fn interrupted(&mut self, now: Timestamp) {
        self.hearing = now.plus(COMING_BACK);
    }
}

impl Ops {
    /// Judges the slot that is complete by now, if there is one that was heard whole.
    pub async fn watch_silence(&self, now: Timestamp, watch: &mut SilenceWatch) -> Result<Watched> {
        let ctx = Context::job("silence", Scope::All, now);
        let mut watched = Watched { ended: self.end_silences(&ctx).await?, ..Watched::default() };
        let start = Timestamp::from_micros(bucket(now.minus(SETTLED), FINE).as_micros() - FINE);
        if watch.judged.is_some_and(|judged| judged >= start) || watch.hearing > start {
            return Ok(watched);
        }
        watch.judged = Some(start);
        let mut tx = self.store().write(&ctx).await?;
        let devices = tx.list_all_devices().await?;
        let heard = tx.devices_heard(start).await?;
        let zones: BTreeMap<CustomerId, Tz> = tx
            .all_customers()
            .await?
            .into_iter()
            .map(|customer| (customer.id, customer.data.time_zone.parse().unwrap_or(Tz::UTC)))
            .collect();
        let mut kept: HashMap<DeviceId, KeptRhythm> =
            tx.device_rhythms().await?.into_iter().map(|kept| (kept.device.clone(), kept)).collect();
        let known = |device: &Device| device.last_event.is_some();
        let mut slots: Vec<(&Device, usize, Rhythm, Option<AlertId>)> = devices
            .iter()
            .filter(|device| known(device))
            .map(|device| {
                let kept = kept.remove(&device.id);
                let rhythm = kept.as_ref().and_then(|kept| Rhythm::decode(&kept.rhythm)).unwrap_or_default();
                let hour = hour_of_week(start, zones.get(&device.customer).copied().unwrap_or(Tz::UTC));
                (device, hour, rhythm, kept.and_then(|kept| kept.alert))
            })
            .collect();
        let expected: Vec<&Device> = slots
            .iter()
            .filter(|(_, hour, rhythm, alert)| alert.is_none() && rhythm.chance(*hour) > NEARLY_ALWAYS)
            .map(|(device, ..)| *device)
            .collect();
        let there = expected.iter().filter(|device| heard.contains_key(&device.id)).count();
        if expected.len() >= EXPECTED_AT_LEAST && (there as f64) < expected.len() as f64 * HEARD_SHARE {
            watch.empty += 1;
            // A single slot may be a restart of the network; two are told.
            watched.nothing_arrives = (watch.empty >= 2).then_some(expected.len());
            return Ok(watched);
        }
        watch.empty = 0;
        let mut rhythms = Vec::with_capacity(slots.len());
        for (device, hour, rhythm, alert) in &mut slots {
            let is_heard = heard.contains_key(&device.id);
            let verdict = rhythm.observe(*hour, is_heard, alert.is_some());
            let minutes = i64::from(rhythm.silent_slots()) * (60 / i64::from(SLOTS_AN_HOUR));
            let silent = match device.data.silence_alarm {
                SilenceAlarm::Off => None,
                SilenceAlarm::Fixed if minutes >= device.data.silence_minutes => Some(None),
                SilenceAlarm::Fixed => None,
                SilenceAlarm::Learned => match verdict {
                    Silence::Improbable { usual_percent, .. } => Some(Some(usual_percent)),
                    Silence::Learning | Silence::Usual => None,
                },
            };
            match (silent, &alert) {
                (Some(usual), None) if !is_heard => {
                    *alert = Some(raise(&mut tx, device, minutes, usual).await?);
                    watched.raised += 1;
                }
                (None, Some(standing)) if device.data.silence_alarm == SilenceAlarm::Off => {
                    end(&mut tx, standing, device).await?;
                    *alert = None;
                    watched.ended += 1;
                }
                _ => {}
            }
            rhythms.push(KeptRhythm {
                customer: device.customer.clone(),
                device: device.id.clone(),
                rhythm: rhythm.encode(),
                alert: alert.clone(),
            });
        }
        watched.judged = rhythms.len();
        tx.put_device_rhythms(&rhythms).await?;
        tx.commit().await?;
        Ok(watched)
    }

    /// Ends the alerts of devices that are heard again.
    async fn end_silences(&self, ctx: &Context) -> Result<usize> {
        let mut tx = self.store().read(ctx).await?;
        let standing: Vec<KeptRhythm> =
            tx.device_rhythms().await?.into_iter().filter(|kept| kept.alert.is_some()).collect();
        drop(tx);
        let mut ended = 0;
        for mut kept in standing {
            let mut tx = self.store().write(ctx).await?;
            let Some(device) = tx.find_device(&kept.device).await? else { continue };
            let Some(id) = kept.alert.take() else { continue };
            let begun = tx.get_alert(&id).await?.created;
            if device.last_event.is_some_and(|last| last > begun) {
                end(&mut tx, &id, &device).await?;
                tx.put_device_rhythms(&[kept]).await?;
                tx.commit().await?;
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// Forgets counts of devices and events that are older than they are kept.
    pub async fn forget_device_counts(&self, now: Timestamp) -> Result<()> {
        let ctx = Context::job("device-counts", Scope::All, now);
        let mut tx = self.store().write(&ctx).await?;
        tx.forget_device_counts(now).await?;
        tx.forget_event_counts(now).await?;
        Ok(tx.commit().await?)
    }
}

/// The hour of the week, 0 from Monday 00:00 on, in a zone.
fn hour_of_week(at: Timestamp, zone: Tz) -> usize {
    let local = at.to_chrono().with_timezone(&zone);
    local.weekday().num_days_from_monday() as usize * 24 + local.hour() as usize
}

async fn raise(tx: &mut Tx, device: &Device, minutes: i64, usual_percent: Option<u8>) -> Result<AlertId> {
    let now = tx.context().now();
    let since = device.last_event.unwrap_or(device.created);
    let watches =
        matches!(device.data.kind, DeviceKind::Firewall | DeviceKind::Ndr | DeviceKind::Edr | DeviceKind::Waf);
    let last = since.as_micros().to_be_bytes();
    let alert = Alert {
        id: AlertId::derived(since, &[b"device_silence", device.id.as_str().as_bytes(), &last]),
        customer: device.customer.clone(),
        device: device.id.clone(),
        origin: AlertOrigin::Platform,
        rule_id: SILENCE_RULE.to_owned(),
        title: format!("Device silent: {}", device.data.name),
        severity: if watches { Severity::High } else { Severity::Medium },
        outcome: AttackOutcome::Unknown,
        techniques: Vec::new(),
        key: format!("device={}", device.id),
        count: 1,
        first: since,
        last: now,
        entities: Vec::new(),
        samples: Vec::new(),
        intel: None,
        departure: None,
        storm: None,
        state: AlertState::New,
        policy: None,
        incident: None,
        created: now,
        version: 1,
    };
    tx.upsert_alerts(std::slice::from_ref(&alert)).await?;
    let detail = json!({"device": device.id, "silent_minutes": minutes, "usual_percent": usual_percent});
    tx.audit(audit(Some(&device.customer), "device.silent", &alert.id, detail)).await?;
    Ok(alert.id)
}

/// An alert nobody has decided about is ended; an incident is told.
async fn end(tx: &mut Tx, id: &AlertId, device: &Device) -> Result<()> {
    let alert = tx.get_alert(id).await?;
    match (alert.state, &alert.incident) {
        (AlertState::New | AlertState::Open, _) => {
            tx.decide_alert(id, alert.version, AlertState::Ended, None, None).await?;
        }
        (AlertState::Raised, Some(incident)) => {
            let incident = tx.get_incident(incident).await?;
            if incident.state.is_open() {
                let text = format!("{}: events come again since {}.", device.data.name, tx.context().now());
                entry(tx, &incident, IncidentChange::Commented { text }).await?;
            }
        }
        _ => {}
    }
    tx.audit(audit(Some(&device.customer), "device.heard_again", id, json!({"device": device.id}))).await?;
    Ok(())
}
