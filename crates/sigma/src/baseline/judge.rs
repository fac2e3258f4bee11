//! What each kind of baseline finds unusual about an event. Whatever it says, the event is learned.

use model::Timestamp;
use model::baseline::Unusual;

use crate::baseline::group::{Group, Profile};
use crate::baseline::holders::{Holders, Spread};
use crate::baseline::local::Local;
use crate::baseline::plan::Plan;
use crate::baseline::room::{Observed, Room};
use crate::baseline::rule::BaselineKind;
use crate::baseline::values::{Met, minutes};
use crate::baseline::volume::Bounds;
use crate::correlation::key::Key;
use crate::correlation::plan::micros;

/// Known values an alert names.
const NAMED: usize = 3;

/// The others of the customer.
pub(crate) struct Crowd {
    pub spread: Option<Spread>,
    pub population: u64,
    /// Whether what is known of values is all there was.
    pub clear: bool,
}

/// Notes who has the value, where the kind asks for it, and tells who had it. Of `also-new-to` only whether anybody did.
pub(crate) fn spread(room: &mut Room, plan: &Plan, seen: &Observed<'_>) -> Option<Spread> {
    let most = match plan.rule.kind {
        BaselineKind::Rare { groups, .. } | BaselineKind::Beacon { groups, .. } => groups,
        BaselineKind::FirstSeen { nobody_else: true, .. } => 0,
        _ => return None,
    };
    let (minute, forget) = (minutes(seen.time), plan.forget_minutes);
    let key = seen.hash.to_le_bytes();
    let id = match room.values.find(&key) {
        Some(id) => id,
        None => room.values.insert(Key::new(&key), Holders::default()),
    };
    room.values.touch(id, |holders| {
        let had = holders.last != 0 && holders.last.saturating_add(forget) >= minute;
        let spread = holders.learn(seen.group, minute, forget, most);
        if most == 0 { Spread { had, ..spread } } else { spread }
    })
}

/// Judges an event by the profile of its group and learns it.
pub(crate) fn judge(
    group: &mut Group,
    plan: &Plan,
    seen: &Observed<'_>,
    crowd: &Crowd,
    learned: bool,
) -> Option<Unusual> {
    let field = || plan.field.clone();
    let value = || seen.text.to_owned();
    match (&mut group.profile, plan.rule.kind) {
        (Profile::Values(values), BaselineKind::FirstSeen { nobody_else, values: most }) => {
            let (minute, forget) = (minutes(seen.time), plan.forget_minutes);
            let met = values.meet(seen.hash, minute, forget);
            if met == Met::Outdated {
                return None;
            }
            let elsewhere = nobody_else && (!crowd.clear || crowd.spread.as_ref().is_some_and(|spread| spread.had));
            let reason = (met == Met::New && learned && !elsewhere).then(|| Unusual::FirstSeen {
                field: field(),
                value: value(),
                known: values.len() as u64,
                latest: values.latest(NAMED),
                nobody_else,
            });
            values.learn(seen.hash, seen.text, minute, forget, most);
            reason
        }
        (Profile::Member, BaselineKind::Rare { population, .. }) => {
            let spread = crowd.spread.as_ref().filter(|spread| !spread.had)?;
            let having = spread.having.filter(|_| learned && crowd.clear && crowd.population >= population)?;
            let others = spread.others.iter().take(NAMED).cloned().collect();
            Some(Unusual::Rare { field: field(), value: value(), having, of: crowd.population, others })
        }
        (Profile::Hours(hours), BaselineKind::OffHours { share, tolerance }) => {
            let at = Local::new(seen.time, seen.offset);
            let usualness = learned.then(|| hours.usualness(at, tolerance));
            let unusual = usualness.filter(|usual| usual.active * 100 <= share * usual.days && usual.days > 0);
            let reason = unusual.map(|usualness| Unusual::OffHours {
                weekday: at.weekday() as u8 + 1,
                minute: at.minute(),
                offset: seen.offset / 60,
                workdays: at.is_workday(),
                active: usualness.active,
                days: usualness.days,
                usual: hours.usual(at),
            });
            if hours.learn(at) { reason } else { None }
        }
        (Profile::Volume(volume), BaselineKind::Volume { timespan, at_least, factor, deviations }) => {
            let span = micros(timespan);
            let place = volume.count(seen.time, seen.offset, span, seen.amount)?;
            let bounds = Bounds { at_least, factor, deviations, forget: plan.forget };
            let (window, expected) = learned.then(|| volume.judge(place, &bounds))??;
            Some(Unusual::Volume {
                field: plan.rule.fields.first().cloned(),
                value: window.sum,
                usual: expected.usual,
                high: expected.high,
                most: volume.most,
                from: Timestamp::from_micros(window.start),
                seconds: timespan.as_secs(),
                windows: expected.windows,
            })
        }
        (Profile::Pairs(pairs), BaselineKind::Beacon { count, span, interval, jitter, population, .. }) => {
            pairs.forget(seen.time.saturating_sub(plan.forget));
            let pair = pairs.beat(seen.hash, seen.text, seen.time, micros(interval), count)?;
            let rhythm = pair.regular(count, jitter).filter(|_| !pair.told && pair.lasting() >= micros(span))?;
            let having = crowd.spread.as_ref()?.having;
            let having = having.filter(|_| learned && crowd.clear && crowd.population >= population)?;
            pair.told = true;
            Some(Unusual::Beacon {
                field: field(),
                value: value(),
                interval: rhythm.interval,
                jitter: rhythm.jitter,
                beats: u64::from(pair.beats),
                from: Timestamp::from_micros(pair.since),
                having,
                of: crowd.population,
            })
        }
        _ => None,
    }
}
