//! How a device does (catalogue P3): what came when and how late, what took it apart, what nothing recognised, who was
//! refused, and when its silence is an alarm.

use std::time::Duration;

use model::device::Device;
use model::device_health::{Activity, FINE, HOUR, LagSummary, summarize_lag};
use model::event::{LogSource, StoredEvent};
use model::role::Permission;
use model::role::UnknownWord;
use model::search::EventQuery;
use model::silence::{Rhythm, Silence, SilenceAlarm};
use model::{AlertId, Context, DeviceId, PageRequest, Scope, TimeRange, Timestamp};
use serde::Serialize;

use crate::Ops;
use crate::error::Result;

/// What is kept by its format alone, and what is kept whole: no source recognised it.
pub(crate) const UNRECOGNISED: &[&str] = &["unparsed", "syslog", "json", "key_value", "cef", "leef"];
/// Newest records that nothing recognised.
const SAMPLES: usize = 20;
/// How far back they are looked for, and what took records is counted.
const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// The rate of now is that of so long.
const NOW: Duration = Duration::from_secs(600);
/// Refusals shown.
const REFUSALS: usize = 50;

/// How far back a device is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Span {
    /// 24 hours, by five minutes.
    #[default]
    Day,
    /// 7 days, by the hour.
    Week,
    /// 30 days, by the hour.
    Month,
}

impl std::str::FromStr for Span {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "24h" => Ok(Span::Day),
            "7d" => Ok(Span::Week),
            "30d" => Ok(Span::Month),
            _ => Err(UnknownWord { what: "span (24h, 7d, 30d)", word: text.chars().take(64).collect() }),
        }
    }
}

/// A bucket of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivityBucket {
    /// Its beginning.
    pub start: Timestamp,
    /// What came in it.
    #[serde(flatten)]
    pub activity: Activity,
}

/// What took a device's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceShare {
    /// The source; `unparsed`, or a format's name, where none recognised them.
    pub source: String,
    /// Records.
    pub events: i64,
    /// Whether a source recognised them.
    pub recognised: bool,
}

/// How a device's silence is judged, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SilenceState {
    /// How it is judged.
    pub alarm: SilenceAlarm,
    /// How much of its rhythm is learned, in per cent; a week is needed.
    pub learned_percent: u8,
    /// Minutes since it was heard, of those in which it could have been.
    pub silent_minutes: i64,
    /// In so many of 100 such five minutes it was heard before, where its silence is improbable.
    pub usual_percent: Option<u8>,
    /// By hour of the week from Monday on, in the customer's zone: in how many of 100 five minutes it is heard.
    pub week: Vec<u8>,
    /// The alert that stands.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub alert: Option<AlertId>,
}

/// How a device does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceHealth {
    /// From when the buckets are.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How long a bucket is, in seconds.
    pub step_seconds: i64,
    /// Buckets in which something came.
    pub buckets: Vec<ActivityBucket>,
    /// All of them together.
    pub total: Activity,
    /// Records a minute over the last ten.
    pub per_minute: f64,
    /// How late records came, over a day.
    pub lag: Option<LagSummary>,
    /// What took its records: over a day, over a week where more is looked at.
    pub sources: Vec<SourceShare>,
    /// From when that is.
    pub sources_from: Timestamp,
    /// Its silence.
    pub silence: SilenceState,
}

/// A way by which a device sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Connection {
    /// The protocol's word.
    pub protocol: String,
    /// Where from.
    pub peer: Option<String>,
    /// First since the server started.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
    /// Batches, requests or connections.
    pub count: i64,
}

/// Something that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refusal {
    /// The device, where it had proved itself.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub device: Option<DeviceId>,
    /// The protocol's word.
    pub protocol: String,
    /// Why: the word in metrics.
    pub reason: String,
    /// Where from.
    pub peer: Option<String>,
    /// First since the server started.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
    /// Records, requests or connections.
    pub count: i64,
}

/// What the doors know of a device since the server started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceConnections {
    /// By which ways it sent.
    pub heard: Vec<Connection>,
    /// What was refused of it, or came from where it sends or is said to be; for who sees every customer also what was
    /// refused of nobody known.
    pub refused: Vec<Refusal>,
}

/// What receiving tells of senders. The doors are opened after the use cases are there.
pub trait Doors: Send + Sync {
    /// By which ways a device sent.
    fn heard_of(&self, device: &DeviceId) -> Vec<Connection>;
    /// What was refused.
    fn refusals(&self) -> Vec<Refusal>;
}

impl Ops {
    /// How a device does.
    pub async fn device_health(&self, ctx: &Context, id: &DeviceId, span: Span) -> Result<DeviceHealth> {
        ctx.require(Permission::DeviceRead)?;
        let now = ctx.now();
        let (step, back) = match span {
            Span::Day => (FINE, DAY),
            Span::Week => (HOUR, WEEK),
            Span::Month => (HOUR, Duration::from_secs(30 * 24 * 3600)),
        };
        let from = model::device_health::bucket(now.minus(back), step);
        let sources_from = model::device_health::bucket(now.minus(if span == Span::Day { DAY } else { WEEK }), HOUR);
        let mut tx = self.store().read(ctx).await?;
        let device = tx.get_device(id).await?;
        let kept = tx.device_activity(id, step, from).await?;
        let lately = tx.device_activity(id, FINE, model::device_health::bucket(now.minus(NOW), FINE)).await?;
        let lag = summarize_lag(&tx.device_lag(id, model::device_health::bucket(now.minus(DAY), HOUR)).await?);
        let sources = tx.device_sources(id, sources_from).await?;
        let rhythm = tx.device_rhythm(id).await?;
        drop(tx);
        let mut total = Activity::default();
        kept.iter().for_each(|(_, activity)| total.add(activity));
        let over = lately.first().map_or(NOW, |(start, _)| now.since(*start)).as_secs_f64().max(60.0);
        let events: i64 = lately.iter().map(|(_, activity)| activity.events).sum();
        Ok(DeviceHealth {
            from,
            to: now,
            step_seconds: step / 1_000_000,
            buckets: kept.into_iter().map(|(start, activity)| ActivityBucket { start, activity }).collect(),
            total,
            per_minute: events as f64 * 60.0 / over,
            lag,
            sources: sources
                .into_iter()
                .map(|count| SourceShare {
                    recognised: !UNRECOGNISED.contains(&count.source.as_str()),
                    source: count.source,
                    events: count.events,
                })
                .collect(),
            sources_from,
            silence: silence_state(&device, rhythm),
        })
    }

    /// The newest records of a device that no source recognised.
    pub async fn device_unrecognised(&self, ctx: &Context, id: &DeviceId) -> Result<Vec<StoredEvent>> {
        self.device_samples(ctx, id, UNRECOGNISED, SAMPLES).await
    }

    /// The newest records of a device, of a week at most; of all sources where none is named. On record as a look.
    pub(crate) async fn device_samples(
        &self,
        ctx: &Context,
        id: &DeviceId,
        sources: &[&str],
        most: usize,
    ) -> Result<Vec<StoredEvent>> {
        ctx.require(Permission::DeviceRead)?;
        ctx.require(Permission::EventRead)?;
        let device = self.store().read(ctx).await?.get_device(id).await?;
        let query = EventQuery {
            customers: vec![device.customer.clone()],
            devices: vec![id.clone()],
            sources: sources.iter().map(|source| (*source).to_owned()).collect(),
            page: PageRequest::new(most, None),
            ..EventQuery::all(week_until(ctx.now()))
        };
        self.record_look(ctx, "device.samples", &query).await?;
        Ok(self.lake().search(ctx, &query).await?.items)
    }

    /// What the doors know of a device.
    pub async fn device_connections(&self, ctx: &Context, id: &DeviceId) -> Result<DeviceConnections> {
        ctx.require(Permission::DeviceRead)?;
        let device = self.store().read(ctx).await?.get_device(id).await?;
        let Some(doors) = self.inner.doors.get() else { return Ok(DeviceConnections::default()) };
        let heard = doors.heard_of(id);
        let everybody = *ctx.scope() == Scope::All;
        let is_its = |refusal: &Refusal| match &refusal.device {
            Some(of) => of == id,
            None => {
                let its_own = |peer: &String| {
                    device.data.address.as_ref() == Some(peer)
                        || heard.iter().any(|way| way.peer.as_ref() == Some(peer))
                };
                everybody || refusal.peer.as_ref().is_some_and(its_own)
            }
        };
        let refused = doors.refusals().into_iter().filter(is_its).take(REFUSALS).collect();
        Ok(DeviceConnections { heard, refused })
    }

    /// Tells the use cases where the doors are. Later calls change nothing.
    pub fn set_doors(&self, doors: std::sync::Arc<dyn Doors>) {
        // The first doors stay: a server has one set.
        let _ = self.inner.doors.set(doors);
    }
}

/// A log source as people write it.
pub(crate) fn print(log_source: &LogSource) -> String {
    let parts = [&log_source.product, &log_source.category, &log_source.service];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/")
}

/// The last week, and a little beyond now: clocks differ.
pub(crate) fn week_until(now: Timestamp) -> TimeRange {
    TimeRange { from: now.minus(WEEK), to: now.plus(DAY) }
}

fn silence_state(device: &Device, kept: Option<store::KeptRhythm>) -> SilenceState {
    let alert = kept.as_ref().and_then(|kept| kept.alert.clone());
    let rhythm = kept.and_then(|kept| Rhythm::decode(&kept.rhythm)).unwrap_or_default();
    let usual_percent = match rhythm.verdict() {
        Silence::Improbable { usual_percent, .. } => Some(usual_percent),
        Silence::Learning | Silence::Usual => None,
    };
    SilenceState {
        alarm: device.data.silence_alarm,
        learned_percent: rhythm.learned_percent(),
        silent_minutes: i64::from(rhythm.silent_slots()) * 5,
        usual_percent,
        week: (0..model::silence::HOURS).map(|hour| (rhythm.chance(hour) * 100.0).round() as u8).collect(),
        alert,
    }
}
