//! The funnel by customer and day (catalogue D5): of so many events so many were detections, alerts, incidents, attacks.
//!
//! A day is one of the customer's own time zone. Events and detections count where they were received, alerts and incidents
//! where they began, so a day of the past changes only by what people still decide about it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use model::alert::AlertState;
use model::funnel::EventCounts;
use model::incident::Verdict;
use model::role::Permission;
use model::{Context, CustomerId, TimeRange, Timestamp};
use serde::Serialize;

use crate::Ops;
use crate::error::{Problems, Result};

/// Days that may be asked for at once.
const MOST_DAYS: i64 = 400;
/// Days that are told when nothing else is asked for.
const USUAL_DAYS: u64 = 30;
/// Zones are up to fourteen hours from UTC: so much more is read on both sides.
const ZONES: Duration = Duration::from_secs(15 * 3600);

/// Which days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunnelQuery {
    /// Of one customer; of all in scope when absent.
    pub customer: Option<CustomerId>,
    /// The first day, such as `2026-11-01`; thirty days to the last when absent.
    pub from: Option<String>,
    /// The last day; today when absent.
    pub to: Option<String>,
}

/// A customer's days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerFunnel {
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// IANA time zone of the days.
    pub time_zone: String,
    /// All of them together.
    pub total: FunnelCounts,
    /// Days on which there was anything, oldest first.
    pub days: Vec<FunnelDay>,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelDay {
    /// Such as `2026-11-22`.
    pub day: String,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: FunnelCounts,
}

/// From events to incidents, and where the rest stayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelCounts {
    /// Events and detections.
    #[serde(flatten)]
    pub events: EventCounts,
    /// Alerts that began, other than silent ones and the platform's own.
    pub alerts: i64,
    /// Those of them an audit policy ignored,
    pub ignored: i64,
    /// and those that belong to an incident.
    pub raised: i64,
    /// Incidents raised,
    pub incidents: i64,
    /// of which so many were found to be attacks.
    pub attacks: i64,
}

impl FunnelCounts {
    fn add(&mut self, other: &FunnelCounts) {
        self.events.add(&other.events);
        self.alerts += other.alerts;
        self.ignored += other.ignored;
        self.raised += other.raised;
        self.incidents += other.incidents;
        self.attacks += other.attacks;
    }
}

/// The days of customers, each in its zone.
struct Days {
    wanted: RangeInclusive<NaiveDate>,
    zones: BTreeMap<CustomerId, Tz>,
    counts: BTreeMap<CustomerId, BTreeMap<NaiveDate, FunnelCounts>>,
}

impl Days {
    /// The counts that an hour of a customer belongs to; none outside of what was asked for.
    fn of(&mut self, customer: &CustomerId, hour: Timestamp) -> Option<&mut FunnelCounts> {
        let zone = self.zones.get(customer)?;
        let day = hour.to_chrono().with_timezone(zone).date_naive();
        self.wanted.contains(&day).then(|| self.counts.entry(customer.clone()).or_default().entry(day).or_default())
    }
}

impl Ops {
    /// The funnel of each customer in scope, by short name.
    pub async fn funnel(&self, ctx: &Context, query: &FunnelQuery) -> Result<Vec<CustomerFunnel>> {
        ctx.require(Permission::AlertRead)?;
        let wanted = days(query, ctx.now())?;
        let midnight =
            |day: NaiveDate| Timestamp::from_micros(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
        let time = TimeRange {
            from: midnight(*wanted.start()).minus(ZONES),
            to: midnight(*wanted.end()).plus(Duration::from_secs(24 * 3600) + ZONES),
        };
        let mut tx = self.store().read(ctx).await?;
        let only = query.customer.as_ref();
        let customers = match only {
            Some(customer) => vec![tx.get_customer(customer).await?],
            None => tx.all_customers().await?,
        };
        let zones = customers.iter().map(|one| (one.id.clone(), one.data.time_zone.parse().unwrap_or(Tz::UTC)));
        let mut days = Days { wanted, zones: zones.collect(), counts: BTreeMap::new() };
        for (customer, hour, counted) in tx.event_counts(only, time).await? {
            if let Some(day) = days.of(&customer, hour) {
                day.events.add(&counted);
            }
        }
        for (customer, hour, (state, found)) in tx.alert_counts(only, time).await? {
            let Some(day) = days.of(&customer, hour) else { continue };
            match state {
                AlertState::Silent => continue,
                AlertState::Ignored => day.ignored += found,
                AlertState::Raised => day.raised += found,
                AlertState::New | AlertState::Open | AlertState::Ended => {}
            }
            day.alerts += found;
        }
        for (customer, hour, (verdict, found)) in tx.incident_counts(only, time).await? {
            let Some(day) = days.of(&customer, hour) else { continue };
            day.incidents += found;
            if verdict == Some(Verdict::TruePositive) {
                day.attacks += found;
            }
        }
        let funnels = customers.into_iter().map(|customer| {
            let days = days.counts.remove(&customer.id).unwrap_or_default();
            let mut total = FunnelCounts::default();
            days.values().for_each(|day| total.add(day));
            let days = days.into_iter().map(|(day, counts)| FunnelDay { day: day.to_string(), counts }).collect();
            CustomerFunnel { customer: customer.id, time_zone: customer.data.time_zone, total, days }
        });
        Ok(funnels.collect())
    }
}

/// The days asked for.
fn days(query: &FunnelQuery, now: Timestamp) -> Result<RangeInclusive<NaiveDate>> {
    let mut problems = Problems::default();
    let mut read = |text: &Option<String>, field: &str| {
        let text = text.as_ref()?;
        let day = text.parse::<NaiveDate>().ok();
        problems.expect(day.is_some(), field, "must be a day such as 2026-11-22");
        day
    };
    let (from, to) = (read(&query.from, "from"), read(&query.to, "to"));
    let to = to.unwrap_or_else(|| now.to_chrono().date_naive());
    let from = from.unwrap_or_else(|| to.checked_sub_days(chrono::Days::new(USUAL_DAYS - 1)).unwrap_or(to));
    problems.expect(from <= to, "to", "must not be before from");
    problems.expect((to - from).num_days() < MOST_DAYS, "from", "must be less than 400 days before to");
    problems.done()?;
    Ok(from..=to)
}
