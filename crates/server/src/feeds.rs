//! Fetches the feeds that are due, a few at a time, and hands what they brought to the use cases.

use std::sync::Arc;
use std::time::Duration;

use ::feeds::{Fetched, Fetcher, Settings};
use ops::{Brought, DueFeed, Ops};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config;
use crate::error::{Error, whole};
use crate::layout;
use crate::open::Opened;
use crate::time::now;

/// Feeds fetched at a time, and how often those that are due are looked for without being told.
const AT_ONCE: usize = 3;
const LOOK: Duration = Duration::from_secs(5);
/// The longest fetch: a server that answers a little each time must not hold a place for ever.
const LONGEST: Duration = Duration::from_secs(1800);

/// What the settings say of feeds.
pub fn fetcher(settings: &config::Intel, opened: &Opened) -> Fetcher {
    Fetcher::new(Settings {
        private_addresses: settings.private_feeds,
        folder: opened.folder.join(layout::FEEDS),
        most_bytes: settings.max_feed_mib << 20,
        timeout: Duration::from_secs(settings.feed_timeout_seconds),
        ca_file: settings.ca_file.clone(),
    })
}

/// Fetches until the server drains.
pub async fn run(ops: Ops, fetcher: Fetcher, mut draining: watch::Receiver<bool>) -> Result<(), Error> {
    let fetcher = Arc::new(fetcher);
    loop {
        if let Err(error) = fetch_due(&ops, &fetcher, &mut draining).await {
            tracing::warn!(error = whole(&error), "feeds cannot be looked at; tried again");
        }
        tokio::select! {
            () = async { draining.wait_for(|draining| *draining).await.map(drop).unwrap_or_default() } => return Ok(()),
            () = ops.feeds_asked() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn fetch_due(ops: &Ops, fetcher: &Arc<Fetcher>, draining: &mut watch::Receiver<bool>) -> Result<(), ops::Error> {
    let mut fetching = JoinSet::new();
    for due in ops.due_feeds(now(), AT_ONCE).await? {
        let (ops, fetcher) = (ops.clone(), fetcher.clone());
        fetching.spawn(async move { one(&ops, &fetcher, due).await });
    }
    tokio::select! {
        // What was not finished is fetched again at the next start.
        () = async { draining.wait_for(|draining| *draining).await.map(drop).unwrap_or_default() } => {}
        () = async { while fetching.join_next().await.is_some() {} } => {}
    }
    Ok(())
}

async fn one(ops: &Ops, fetcher: &Fetcher, DueFeed { feed, secret, place }: DueFeed) {
    let fetched = tokio::time::timeout(LONGEST, fetcher.fetch(&feed.data, secret.as_deref(), &place)).await;
    let noted = match fetched {
        Ok(Ok(Fetched::Unchanged(place))) => ops.feed_unchanged(&feed, Some(place), now()).await,
        Ok(Ok(Fetched::Brought(brought))) => {
            let ::feeds::Brought { reading, withdrawn, whole, place } = *brought;
            let brought = Brought { reading, withdrawn, whole, place };
            match ops.take_feed(&feed, brought, now()).await {
                Ok(counts) => {
                    let (new, gone, total) = (counts.new, counts.gone, counts.total);
                    tracing::info!(feed = %feed.id, name = feed.data.name, new, gone, total, "a feed was fetched");
                    Ok(())
                }
                Err(error) => ops.feed_failed(&feed, &self::whole(&error), now()).await,
            }
        }
        Ok(Err(error)) => ops.feed_failed(&feed, &self::whole(&error), now()).await,
        Err(_) => ops.feed_failed(&feed, "the fetch took longer than half an hour", now()).await,
    };
    if let Err(error) = noted {
        tracing::warn!(feed = %feed.id, error = self::whole(&error), "what became of a fetch cannot be noted");
    }
}
