//! Feeds of indicators (catalogue D3). Each fills a list of its own: whoever sees the list sees the feed.

use model::change::Noun;
use model::intel::{Feed, FeedCounts, FeedData, FeedState, IntelListData, KindCount, ListReading};
use model::{CustomerId, FeedId, IntelListId, Page, PageRequest, Timestamp};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Sql, json, searchable, sql};
use crate::{Error, Result, Tx};

/// What happens to a feed's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedSecret {
    /// It stays as it is.
    Keep,
    /// There is none any more.
    Remove,
    /// This one, sealed.
    Set(Vec<u8>),
}

/// How a fetch went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedOutcome {
    /// Its state.
    pub state: FeedState,
    /// Why it failed.
    pub error: Option<String>,
    /// How often it has failed in a row.
    pub failures: i64,
    /// What it brought; as before when absent.
    pub counts: Option<FeedCounts>,
    /// Where the next fetch goes on; as before when absent.
    pub place: Option<String>,
    /// When it was fetched.
    pub fetched: Timestamp,
    /// Whether it brought anything new.
    pub changed: bool,
    /// When it is fetched next.
    pub next: Option<Timestamp>,
}

/// What alerts have come of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListHits {
    /// Alerts.
    pub alerts: i64,
    /// Events behind them.
    pub events: i64,
    /// Alerts in incidents that people found to be true.
    pub confirmed: i64,
    /// Alerts in incidents that people rejected.
    pub rejected: i64,
    /// The last event behind one.
    pub last: Option<Timestamp>,
}

const SELECT: &str = "SELECT f.* FROM feed f WHERE TRUE";

impl Tx {
    /// Adds a feed with its list, still empty, for these customers; for every customer, which takes every customer in
    /// scope, when none are named.
    pub async fn create_feed(
        &mut self,
        id: &FeedId,
        list: &IntelListId,
        customers: Option<&[CustomerId]>,
        data: &FeedData,
        secret: Option<&[u8]>,
    ) -> Result<Feed> {
        self.create_intel_list(list, customers, &list_data(data), &ListReading::default()).await?;
        let mark = sql("UPDATE intel_list SET feed = ? WHERE id = ?").bind(id).bind(list);
        self.execute(mark).await?;
        let now = self.context().now();
        let due = data.enabled.then_some(now);
        let insert = sql(
            "INSERT INTO feed (id, list, content, secret, state, error, failures, counts, place, fetched, ",
        )
        .push(
            "changed, due, search, created, version) VALUES (?, ?, ?, NULL, ?, NULL, 0, ?, '', NULL, NULL, ?, ?, ?, 1)",
        )
        .bind(id)
        .bind(list)
        .bind(json(data))
        .bind(if data.enabled { FeedState::New } else { FeedState::Off })
        .bind(json(&FeedCounts::default()))
        .bind(due)
        .bind(searchable([data.name.as_str(), data.url.as_str()]))
        .bind(now);
        self.execute(insert).await?;
        if let Some(secret) = secret {
            self.execute(sql("UPDATE feed SET secret = ? WHERE id = ?").bind(secret).bind(id)).await?;
        }
        self.feed_changed(id, customers);
        self.get_feed(id).await
    }

    /// One feed.
    pub async fn get_feed(&mut self, id: &FeedId) -> Result<Feed> {
        let query = self.visible_feeds(sql(SELECT)).push(" AND f.id = ?").bind(id);
        let mut feed = self.row(query, read).await?.ok_or_else(|| Error::not_found("feed", id))?;
        feed.customers = self.get_intel_list(&feed.list).await?.customers;
        Ok(feed)
    }

    /// Feeds, newest first; only those whose name or address has `text`, without case.
    pub async fn list_feeds(&mut self, text: Option<&str>, page: &PageRequest) -> Result<Page<Feed>> {
        let query = self.visible_feeds(sql(SELECT)).and_contains("f.search", text.unwrap_or_default());
        let mut page = self.page(query, Order::Down(&[Key::Int("created"), Key::Text("id")]), page, read).await?;
        for feed in &mut page.items {
            feed.customers = self.get_intel_list(&feed.list).await?.customers;
        }
        Ok(page)
    }

    /// Feeds that are due, the longest waiting first.
    pub async fn due_feeds(&mut self, now: Timestamp, most: usize) -> Result<Vec<Feed>> {
        let query = self.visible_feeds(sql(SELECT)).push(" AND f.due <= ?").bind(now);
        let mut feeds = self.rows(query.push(" ORDER BY f.due, f.id LIMIT ?").bind(most as i64), read).await?;
        for feed in &mut feeds {
            feed.customers = self.get_intel_list(&feed.list).await?.customers;
        }
        Ok(feeds)
    }

    /// A feed's sealed secret, and where its next fetch goes on.
    pub async fn feed_place(&mut self, id: &FeedId) -> Result<(Option<Vec<u8>>, String)> {
        let query = self.visible_feeds(sql(SELECT)).push(" AND f.id = ?").bind(id);
        let found = self.row(query, |row| Ok((row.get("secret")?, row.get("place")?))).await?;
        found.ok_or_else(|| Error::not_found("feed", id))
    }

    /// Changes what people say about a feed as it stood at `version`, and its list with it. It is fetched at once, from
    /// the beginning where it leads elsewhere. Takes sight of all its customers.
    pub async fn update_feed(
        &mut self,
        id: &FeedId,
        version: i64,
        data: &FeedData,
        secret: &FeedSecret,
    ) -> Result<Feed> {
        let before = self.get_feed(id).await?;
        let list = self.get_intel_list(&before.list).await?;
        self.update_intel_list(&list.id, list.version, &list_data(data)).await?;
        let now = self.context().now();
        let same = (before.data.kind, &before.data.url, &before.data.collection)
            == (data.kind, &data.url, &data.collection)
            && before.data.columns == data.columns;
        let mut update = sql("UPDATE feed SET content = ?, search = ?, due = ?, state = ?, version = version + 1")
            .bind(json(data))
            .bind(searchable([data.name.as_str(), data.url.as_str()]))
            .bind(data.enabled.then_some(now))
            .bind(match (data.enabled, before.state) {
                (false, _) => FeedState::Off,
                (true, FeedState::Off) => FeedState::New,
                (true, state) => state,
            });
        if !same {
            update = update.push(", place = ''");
        }
        match secret {
            FeedSecret::Keep => {}
            FeedSecret::Remove => update = update.push(", secret = NULL"),
            FeedSecret::Set(secret) => update = update.push(", secret = ?").bind(secret.as_slice()),
        }
        let update = update.push(" WHERE id = ? AND version = ?").bind(id).bind(version);
        if self.execute(update).await? == 0 {
            return Err(Error::Conflict { what: "feed" });
        }
        self.feed_changed(id, before.customers.as_deref());
        self.get_feed(id).await
    }

    /// Has a feed fetched as soon as may be.
    pub async fn wake_feed(&mut self, id: &FeedId) -> Result<Feed> {
        let feed = self.get_feed(id).await?;
        self.require_list_in_scope(&feed.list).await?;
        let now = self.context().now();
        self.execute(sql("UPDATE feed SET due = ? WHERE id = ?").bind(now).bind(id)).await?;
        self.feed_changed(id, feed.customers.as_deref());
        self.get_feed(id).await
    }

    /// Notes how a fetch went. One that was deleted meanwhile is passed over; one that was changed meanwhile is fetched
    /// again as the change said.
    pub async fn note_feed(&mut self, feed: &Feed, outcome: &FeedOutcome) -> Result<()> {
        let mut update = sql("UPDATE feed SET state = ?, error = ?, failures = ?, fetched = ?, due = ?")
            .bind(outcome.state)
            .bind(outcome.error.as_deref())
            .bind(outcome.failures)
            .bind(outcome.fetched)
            .bind(outcome.next);
        if let Some(counts) = &outcome.counts {
            update = update.push(", counts = ?").bind(json(counts));
        }
        if let Some(place) = &outcome.place {
            update = update.push(", place = ?").bind(place);
        }
        if outcome.changed {
            update = update.push(", changed = ?").bind(outcome.fetched);
        }
        self.execute(update.push(" WHERE id = ? AND version = ?").bind(&feed.id).bind(feed.version)).await?;
        self.feed_changed(&feed.id, feed.customers.as_deref());
        Ok(())
    }

    /// Deletes a feed with its list. Hunts and alerts keep what they found. Takes sight of all its customers.
    pub async fn delete_feed(&mut self, id: &FeedId) -> Result<()> {
        let feed = self.get_feed(id).await?;
        self.delete_intel_list(&feed.list).await?;
        self.execute(sql("DELETE FROM feed WHERE id = ?").bind(id)).await?;
        self.feed_changed(id, feed.customers.as_deref());
        Ok(())
    }

    /// What alerts of the customers in scope have come of a list.
    pub async fn list_hits_of(&mut self, list: &IntelListId) -> Result<ListHits> {
        let query = sql("SELECT COUNT(*) AS alerts, CAST(COALESCE(SUM(a.alert_count), 0) AS BIGINT) AS events, ")
            .push("MAX(a.last_time) AS last, ")
            .push("CAST(COALESCE(SUM(CASE WHEN i.verdict IN ('true_positive') THEN 1 ELSE 0 END), 0) AS BIGINT) AS confirmed, ")
            .push("CAST(COALESCE(SUM(CASE WHEN i.state = 'rejected' THEN 1 ELSE 0 END), 0) AS BIGINT) AS rejected ")
            .push("FROM alert a LEFT JOIN incident i ON i.id = a.incident AND i.customer = a.customer ")
            .push("WHERE a.origin = 'intel' AND a.intel LIKE ?")
            .bind(format!("%\"{list}\"%"));
        let query = self.scoped(query, "a.customer");
        let hits = |row: &Row| {
            Ok(ListHits {
                alerts: row.get("alerts")?,
                events: row.get("events")?,
                confirmed: row.get("confirmed")?,
                rejected: row.get("rejected")?,
                last: row.time_maybe("last")?,
            })
        };
        Ok(self.row(query, hits).await?.unwrap_or_default())
    }

    fn visible_feeds(&self, query: Sql) -> Sql {
        match self.scope() {
            model::Scope::All => query,
            scope => query
                .push(" AND EXISTS (SELECT 1 FROM intel_list l WHERE l.id = f.list AND (l.everyone OR EXISTS (")
                .push("SELECT 1 FROM intel_list_customer c WHERE c.list = l.id")
                .and_scope("c.customer", scope)
                .push(")))"),
        }
    }

    fn feed_changed(&mut self, id: &FeedId, customers: Option<&[CustomerId]>) {
        match customers {
            None => self.changed(None, Noun::Feed, id.as_str()),
            Some(customers) => {
                customers.iter().for_each(|customer| self.changed_for(customer, Noun::Feed, id.as_str()));
            }
        }
    }
}

/// What a feed says about its list.
fn list_data(feed: &FeedData) -> IntelListData {
    IntelListData {
        name: feed.name.clone(),
        source: feed.url.chars().take(200).collect(),
        description: String::new(),
        confidence: feed.confidence,
        tlp: feed.tlp,
        expires: None,
        purpose: feed.purpose,
        least_confidence: feed.least_confidence,
        hunt_new: feed.hunt_new,
    }
}

/// How many of each kind.
pub(crate) fn counts_of(reading: &ListReading) -> Vec<KindCount> {
    let count = |kind| reading.indicators.iter().filter(|indicator| indicator.kind == kind).count() as i64;
    model::intel::IndicatorKind::ALL.iter().map(|kind| KindCount { kind: *kind, count: count(*kind) }).collect()
}

/// A feed without its customers.
fn read(row: &Row) -> Result<Feed> {
    let secret: Option<Vec<u8>> = row.get("secret")?;
    Ok(Feed {
        id: row.parse("id")?,
        data: row.json("content")?,
        customers: None,
        list: row.parse("list")?,
        has_secret: secret.is_some(),
        state: row.parse("state")?,
        error: row.get("error")?,
        failures: row.get("failures")?,
        counts: row.json("counts")?,
        fetched: row.time_maybe("fetched")?,
        changed: row.time_maybe("changed")?,
        next: row.time_maybe("due")?,
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
