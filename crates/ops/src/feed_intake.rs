//! What a fetch of a feed brought becomes its list: what is new, what is said otherwise, what is gone.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use model::intel::{Feed, FeedCounts, FeedState, Indicator, IndicatorKind, ListPurpose, ListReading};
use model::{Context, Scope, Timestamp};
use store::FeedOutcome;
use tokio::sync::futures::Notified;

use crate::Ops;
use crate::error::{Error, Result};
use crate::intel::MOST;
use crate::retro_hunt::Wanted;

const DAY: i64 = 24 * 3600 * 1_000_000;
/// A feed that failed is tried again after so long, then twice as long each time, until it is as long as usual.
const RETRY: Duration = Duration::from_secs(60);

/// A feed that is due, with what its fetch needs.
#[derive(Debug, Clone)]
pub struct DueFeed {
    /// The feed.
    pub feed: Feed,
    /// Its secret, opened.
    pub secret: Option<String>,
    /// Where the last fetch ended, in the fetcher's own words; empty for the beginning.
    pub place: String,
}

/// What a fetch brought.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    /// Indicators, and what gave none.
    pub reading: ListReading,
    /// What the source takes back.
    pub withdrawn: Vec<Indicator>,
    /// Whether it is all there is: what is not in it any more is gone.
    pub whole: bool,
    /// Where the next fetch goes on.
    pub place: String,
}

impl Ops {
    /// Feeds that are due now, with their secrets.
    pub async fn due_feeds(&self, now: Timestamp, most: usize) -> Result<Vec<DueFeed>> {
        let ctx = Context::job("feeds", Scope::All, now);
        let mut tx = self.store().read(&ctx).await?;
        let mut due = Vec::new();
        for feed in tx.due_feeds(now, most).await? {
            let (sealed, place) = tx.feed_place(&feed.id).await?;
            let open = |sealed: Vec<u8>| self.inner.parts.sealer.open(&sealed, feed.id.as_str().as_bytes());
            let secret = sealed.map(open).transpose()?.map(|secret| String::from_utf8_lossy(&secret).into_owned());
            due.push(DueFeed { feed, secret, place });
        }
        Ok(due)
    }

    /// Wakes when a feed was added, changed or asked for.
    pub fn feeds_asked(&self) -> Notified<'_> {
        self.inner.feeds.notified()
    }

    pub(crate) fn feeds_changed(&self) {
        self.inner.feeds.notify_one();
    }

    /// Notes that a fetch brought nothing that was not there.
    pub async fn feed_unchanged(&self, feed: &Feed, place: Option<String>, now: Timestamp) -> Result<()> {
        let outcome = FeedOutcome {
            state: FeedState::Unchanged,
            error: None,
            failures: 0,
            counts: None,
            place,
            fetched: now,
            changed: false,
            next: Some(now.plus(interval(feed))),
        };
        self.note_feed(feed, &outcome, now).await
    }

    /// Notes that a fetch failed, in words. What the feed had brought before stays until it expires.
    pub async fn feed_failed(&self, feed: &Feed, why: &str, now: Timestamp) -> Result<()> {
        let failures = feed.failures + 1;
        let wait = RETRY.saturating_mul(1 << failures.clamp(0, 16)).min(interval(feed));
        let outcome = FeedOutcome {
            state: FeedState::Failed,
            error: Some(why.chars().take(1000).collect()),
            failures,
            counts: None,
            place: None,
            fetched: now,
            changed: false,
            next: Some(now.plus(wait)),
        };
        self.note_feed(feed, &outcome, now).await
    }

    async fn note_feed(&self, feed: &Feed, outcome: &FeedOutcome, now: Timestamp) -> Result<()> {
        let ctx = Context::job("feeds", Scope::All, now);
        let mut tx = self.store().write(&ctx).await?;
        tx.note_feed(feed, outcome).await?;
        Ok(tx.commit().await?)
    }

    /// Puts what a fetch brought into the feed's list, and has what is new hunted backwards where the feed says so.
    pub async fn take_feed(&self, feed: &Feed, brought: Brought, now: Timestamp) -> Result<FeedCounts> {
        let ctx = Context::job("feeds", Scope::All, now);
        let known = self.store().read(&ctx).await?.intel_list_indicators(&feed.list).await?;
        let expire_days = feed.data.expire_days;
        let place = brought.place.clone();
        let merge = move || merge(known, brought, expire_days, now);
        let merged = tokio::task::spawn_blocking(merge).await;
        let merged = merged.map_err(|_| Error::Unavailable("what the feed brought could not be put together"))?;
        let Merged { reading, counts } = merged;
        if reading.indicators.len() > MOST {
            let count = reading.indicators.len();
            return Err(Error::invalid(
                "url",
                &format!("the feed holds {count} indicators; a list has {MOST} at most"),
            ));
        }
        let changed = counts.new + counts.changed + counts.gone > 0;
        let mut tx = self.store().write(&ctx).await?;
        // Changed meanwhile: what it brought may be of another place.
        if tx.get_feed(&feed.id).await?.version != feed.version {
            return Ok(counts);
        }
        if changed {
            let list = tx.replace_indicators(&feed.list, &reading).await?;
            if counts.new > 0 && feed.data.hunt_new && feed.data.purpose != ListPurpose::Warning {
                let new = Some((now, counts.new));
                self.put_hunt(&mut tx, &ctx, &list, feed.customers.clone(), Wanted { range: None, new }).await?;
            }
        }
        let outcome = FeedOutcome {
            state: if changed { FeedState::Fine } else { FeedState::Unchanged },
            error: None,
            failures: 0,
            counts: changed.then(|| counts.clone()),
            place: Some(place),
            fetched: now,
            changed,
            next: Some(now.plus(interval(feed))),
        };
        tx.note_feed(feed, &outcome).await?;
        tx.commit().await?;
        Ok(counts)
    }
}

fn interval(feed: &Feed) -> Duration {
    Duration::from_secs(feed.data.interval_minutes.clamp(1, 43_200) as u64 * 60)
}

struct Merged {
    reading: ListReading,
    counts: FeedCounts,
}

/// What was known and what was brought, as one. An indicator that says no end ends so many days after it was last seen;
/// by whole days, so that a list does not change with every fetch.
fn merge(known: Vec<Indicator>, brought: Brought, expire_days: Option<i64>, now: Timestamp) -> Merged {
    let Brought { mut reading, withdrawn, whole, .. } = brought;
    let aged = expire_days.map(|days| {
        let day = now.as_micros().div_euclid(DAY);
        Timestamp::from_micros((day + 1 + days) * DAY)
    });
    let mut counts = FeedCounts { unread: reading.unread_count as i64, ..FeedCounts::default() };
    let mut places: HashMap<(IndicatorKind, Box<str>), usize> = HashMap::new();
    for (place, indicator) in known.iter().enumerate() {
        places.insert((indicator.kind, indicator.value.clone()), place);
    }
    let withdrawn: HashSet<(IndicatorKind, Box<str>)> =
        withdrawn.into_iter().map(|indicator| (indicator.kind, indicator.value)).collect();
    let over = |indicator: &Indicator| indicator.detail().until.is_some_and(|until| until <= now);

    let mut kept: Vec<Option<Indicator>> = known.into_iter().map(Some).collect();
    let mut seen = vec![false; kept.len()];
    let mut new = Vec::new();
    for mut indicator in std::mem::take(&mut reading.indicators) {
        let mut detail = indicator.detail();
        detail.until = detail.until.or(aged);
        let place = places.get(&(indicator.kind, indicator.value.clone())).copied();
        let before = place.and_then(|place| kept[place].as_ref());
        detail.added = before.map_or(Some(now), |before| before.detail().added);
        indicator.set_detail(detail);
        match place {
            // What expired is left to be counted as gone.
            Some(_) if over(&indicator) => {}
            None if over(&indicator) => {}
            Some(place) => {
                seen[place] = true;
                if kept[place].as_ref() != Some(&indicator) {
                    counts.changed += 1;
                    kept[place] = Some(indicator);
                }
            }
            None => new.push(indicator),
        }
    }
    for (place, slot) in kept.iter_mut().enumerate() {
        let gone = slot.as_ref().is_some_and(|indicator| {
            let ages = expire_days.is_some() && indicator.detail.as_ref().is_some_and(|detail| detail.until.is_some());
            over(indicator)
                || withdrawn.contains(&(indicator.kind, indicator.value.clone()))
                || whole && !seen[place] && !ages
        });
        if gone {
            counts.gone += 1;
            *slot = None;
        }
    }
    counts.new = new.len() as i64;
    reading.indicators = kept.into_iter().flatten().chain(new).collect();
    counts.total = reading.indicators.len() as i64;
    Merged { reading, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_micros((20_000 + days) * DAY)
    }

    fn brought(texts: &[&str], whole: bool) -> Brought {
        let indicators = texts.iter().map(|text| Indicator::parse(text).unwrap()).collect();
        Brought { reading: ListReading { indicators, ..ListReading::default() }, whole, ..Brought::default() }
    }

    fn figures(merged: &Merged) -> (i64, i64, i64, i64) {
        let counts = &merged.counts;
        (counts.new, counts.changed, counts.gone, counts.total)
    }

    #[test]
    fn a_whole_list_says_what_is_new_and_what_is_gone() {
        let first = merge(Vec::new(), brought(&["a.example", "b.example"], true), None, at(0));
        assert_eq!(figures(&first), (2, 0, 0, 2));
        let again = merge(first.reading.indicators.clone(), brought(&["a.example", "b.example"], true), None, at(1));
        assert_eq!(figures(&again), (0, 0, 0, 2));
        let next = merge(first.reading.indicators, brought(&["b.example", "c.example"], true), None, at(2));
        assert_eq!(figures(&next), (1, 0, 1, 2));
        let added: Vec<_> = next.reading.indicators.iter().map(|one| one.detail().added).collect();
        assert_eq!(added, [Some(at(0)), Some(at(2))]);
    }

    #[test]
    fn what_ages_stays_until_its_end_and_is_seen_again_only_by_the_day() {
        let first = merge(Vec::new(), brought(&["a.example"], true), Some(3), at(0));
        let soon = at(0).plus(Duration::from_secs(3600));
        let again = merge(first.reading.indicators.clone(), brought(&["a.example"], true), Some(3), soon);
        assert_eq!(figures(&again), (0, 0, 0, 1));
        let tomorrow = merge(first.reading.indicators.clone(), brought(&["a.example"], true), Some(3), at(1));
        assert_eq!(figures(&tomorrow), (0, 1, 0, 1));
        let left_out = merge(first.reading.indicators.clone(), brought(&[], true), Some(3), at(3));
        assert_eq!(figures(&left_out), (0, 0, 0, 1));
        let over = merge(first.reading.indicators, brought(&[], true), Some(3), at(4));
        assert_eq!(figures(&over), (0, 0, 1, 0));
    }

    #[test]
    fn a_part_adds_and_takes_back_and_leaves_the_rest() {
        let first = merge(Vec::new(), brought(&["a.example", "b.example"], false), None, at(0));
        let mut part = brought(&["c.example"], false);
        part.withdrawn = vec![Indicator::parse("a.example").unwrap()];
        let next = merge(first.reading.indicators, part, None, at(1));
        assert_eq!(figures(&next), (1, 0, 1, 2));
    }
}
