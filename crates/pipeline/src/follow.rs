//! Keeps the directories of senders and names up to date by following the change feed.

use std::time::{Duration, SystemTime};

use model::change::{Change, Noun};
use model::{Context, CustomerId, Scope, Timestamp};
use receive::SenderDirectory;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::names::NameDirectory;

/// How often the feed is read when nothing in this process says that it grew.
const POLL: Duration = Duration::from_millis(250);
/// Changes read at once.
const BATCH: usize = 1000;

/// What follows the feed.
pub(crate) struct Follower {
    pub store: Store,
    pub senders: SenderDirectory,
    pub names: NameDirectory,
    pub stop: CancellationToken,
}

impl Follower {
    /// Loads the senders and gives the place in the feed to follow from.
    pub(crate) async fn begin(&self) -> Result<i64, store::Error> {
        let now = now();
        // The place first: a change between the two is seen again, not missed.
        let place = self.store.read(&context(now)).await?.last_change().await?;
        self.reload(now).await?;
        Ok(place)
    }

    /// Follows until told to stop. A failing store is asked again; until then the old picture stays.
    pub(crate) async fn run(self, mut place: i64) {
        let mut commits = self.store.commits();
        let mut failing = false;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(POLL) => {}
                Ok(()) = commits.changed() => {}
            }
            match self.step(place).await {
                Ok(next) => {
                    place = next;
                    failing = false;
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "cannot follow changes of devices and assets; the last known ones stay in use");
                }
                Err(_) => {}
            }
            if failing {
                tokio::time::sleep(POLL).await;
            }
        }
    }

    async fn step(&self, place: i64) -> Result<i64, store::Error> {
        let now = now();
        let changes = self.store.read(&context(now)).await?.changes_after(place, BATCH).await?;
        let Some(last) = changes.last().map(|change| change.sequence) else { return Ok(place) };
        if changes.iter().any(|change| matches!(change.noun, Noun::Device | Noun::Customer)) {
            self.reload(now).await?;
        }
        for customer in customers_renamed(&changes) {
            if self.names.find(&customer).is_some() {
                self.names.load(&self.store, &customer, now).await?;
            }
        }
        Ok(last)
    }

    /// Reads every credential anew.
    async fn reload(&self, now: Timestamp) -> Result<(), store::Error> {
        let mut tx = self.store.read(&context(now)).await?;
        let (identities, devices) = (tx.list_sender_identities().await?, tx.list_device_senders().await?);
        self.senders.replace_all(identities, devices);
        Ok(())
    }
}

fn customers_renamed(changes: &[Change]) -> Vec<CustomerId> {
    let named = changes.iter().filter(|change| matches!(change.noun, Noun::Asset | Noun::ResourceGroup));
    let mut customers: Vec<CustomerId> = named.filter_map(|change| change.customer.clone()).collect();
    customers.sort();
    customers.dedup();
    customers
}

fn context(now: Timestamp) -> Context {
    Context::job("pipeline", Scope::All, now)
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
