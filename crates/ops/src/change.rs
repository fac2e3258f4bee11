//! The change feed as a caller may see it: their customers, and nouns they may read.

use model::Context;
use model::change::{Change, Noun};
use model::role::Permission;

use crate::Ops;
use crate::error::Result;

/// A stretch of the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesPage {
    /// The changes the caller may see, oldest first.
    pub changes: Vec<Change>,
    /// How far the feed was read: go on after this, even where nothing of it was visible.
    pub last: i64,
}

impl Ops {
    /// What changed after `sequence`, reading at most `limit` rows of the feed. Any signed-in caller may ask.
    pub async fn changes_after(&self, ctx: &Context, sequence: i64, limit: usize) -> Result<ChangesPage> {
        let mut changes = self.store().read(ctx).await?.changes_after(sequence, limit).await?;
        let last = changes.last().map_or(sequence, |change| change.sequence);
        changes.retain(|change| ctx.permissions().contains(&needed_for(change.noun)));
        Ok(ChangesPage { changes, last })
    }

    /// The newest row of the feed: where a follower that wants no history begins.
    pub async fn last_change(&self, ctx: &Context) -> Result<i64> {
        Ok(self.store().read(ctx).await?.last_change().await?)
    }

    /// Goes up with every change this process makes: a follower of the feed wakes by it instead of polling all the
    /// time. Changes of other nodes are found by polling only.
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.store().commits()
    }
}

fn needed_for(noun: Noun) -> Permission {
    match noun {
        Noun::Customer => Permission::CustomerRead,
        Noun::Device => Permission::DeviceRead,
        Noun::Asset | Noun::ResourceGroup => Permission::AssetRead,
        Noun::Alert => Permission::AlertRead,
        Noun::AuditPolicy => Permission::PolicyRead,
        Noun::Incident => Permission::IncidentRead,
        Noun::IntelList | Noun::RetroHunt | Noun::Feed => Permission::IntelRead,
        Noun::User => Permission::UserRead,
        Noun::SavedSearch | Noun::Export => Permission::EventRead,
        Noun::Parser | Noun::UseCase | Noun::YaraSet => Permission::PolicyRead,
        Noun::PlatformAlarm => Permission::SystemAdmin,
        Noun::Hunt => Permission::HuntRead,
    }
}
