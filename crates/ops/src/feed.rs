//! Feeds of indicators (catalogue D3): who may add, see, change and delete them, and what a fetch brought.

use model::intel::{Feed, FeedData, FeedKind};
use model::role::Permission;
use model::{Context, CustomerId, FeedId, IntelListId, Page, PageRequest};
use serde_json::json;
use store::FeedSecret;

use crate::error::{Error, Problems, Result};
use crate::intel::among;
use crate::{Ops, audit, difference};

/// The longest secret.
const LONGEST_SECRET: usize = 4096;

impl Ops {
    /// Adds a feed for these customers, for all the caller sees when none are named. It is fetched soon.
    pub async fn add_feed(
        &self,
        ctx: &Context,
        data: FeedData,
        customers: &[CustomerId],
        secret: Option<String>,
    ) -> Result<Feed> {
        ctx.require(Permission::IntelWrite)?;
        check(ctx, &data)?;
        let (id, list) = (FeedId::generate(ctx.now()), IntelListId::generate(ctx.now()));
        let secret = secret.filter(|secret| !secret.is_empty()).map(|secret| self.seal(&id, &secret)).transpose()?;
        let customers = among(ctx, customers);
        let mut tx = self.store().write(ctx).await?;
        let feed = tx.create_feed(&id, &list, customers.as_deref(), &data, secret.as_deref()).await?;
        let detail = json!({"name": data.name, "kind": data.kind, "url": data.url, "customers": customers});
        tx.audit(audit(None, "feed.create", &id, detail)).await?;
        tx.commit().await?;
        self.feeds_changed();
        Ok(feed)
    }

    /// One feed.
    pub async fn get_feed(&self, ctx: &Context, id: &FeedId) -> Result<Feed> {
        ctx.require(Permission::IntelRead)?;
        Ok(self.store().read(ctx).await?.get_feed(id).await?)
    }

    /// Feeds, newest first.
    pub async fn list_feeds(&self, ctx: &Context, text: Option<&str>, page: &PageRequest) -> Result<Page<Feed>> {
        ctx.require(Permission::IntelRead)?;
        Ok(self.store().read(ctx).await?.list_feeds(text, page).await?)
    }

    /// Changes a feed as it stood at `version`. The secret stays where none is given and goes where an empty one is; one
    /// that was for another address must be given again.
    pub async fn update_feed(
        &self,
        ctx: &Context,
        id: &FeedId,
        version: i64,
        data: FeedData,
        secret: Option<String>,
    ) -> Result<Feed> {
        ctx.require(Permission::IntelWrite)?;
        check(ctx, &data)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_feed(id).await?;
        let secret = match secret.as_deref() {
            // Whoever may change the address must not have the secret sent to another place.
            None if before.has_secret && host(&before.data.url) != host(&data.url) => FeedSecret::Remove,
            None => FeedSecret::Keep,
            Some("") => FeedSecret::Remove,
            Some(secret) => FeedSecret::Set(self.seal(id, secret)?),
        };
        let after = tx.update_feed(id, version, &data, &secret).await?;
        tx.audit(audit(None, "feed.update", id, difference(&before.data, &after.data))).await?;
        tx.commit().await?;
        self.feeds_changed();
        Ok(after)
    }

    /// Has a feed fetched as soon as may be.
    pub async fn fetch_feed(&self, ctx: &Context, id: &FeedId) -> Result<Feed> {
        ctx.require(Permission::IntelWrite)?;
        let mut tx = self.store().write(ctx).await?;
        if !tx.get_feed(id).await?.data.enabled {
            return Err(Error::invalid("id", "the feed is switched off"));
        }
        let feed = tx.wake_feed(id).await?;
        tx.audit(audit(None, "feed.fetch", id, json!({}))).await?;
        tx.commit().await?;
        self.feeds_changed();
        Ok(feed)
    }

    /// Deletes a feed with its list. Hunts and alerts keep what they found.
    pub async fn delete_feed(&self, ctx: &Context, id: &FeedId) -> Result<()> {
        ctx.require(Permission::IntelWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let feed = tx.get_feed(id).await?;
        tx.delete_feed(id).await?;
        let detail = json!({"name": feed.data.name, "url": feed.data.url, "indicators": feed.counts.total});
        tx.audit(audit(None, "feed.delete", id, detail)).await?;
        Ok(tx.commit().await?)
    }

    fn seal(&self, id: &FeedId, secret: &str) -> Result<Vec<u8>> {
        if secret.len() > LONGEST_SECRET || secret.chars().any(char::is_control) {
            return Err(Error::invalid(
                "secret",
                "must have at most 4096 characters, none of them a control character",
            ));
        }
        Ok(self.inner.parts.sealer.seal(secret.as_bytes(), id.as_str().as_bytes()))
    }
}

/// Folders of the server are for those who look after all customers.
fn check(ctx: &Context, data: &FeedData) -> Result<()> {
    Problems::of(data.problems()).done()?;
    match data.kind == FeedKind::Folder && *ctx.scope() != model::Scope::All {
        true => Err(Error::NeedsEveryCustomer),
        false => Ok(()),
    }
}

/// Scheme and host of an address.
fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}
