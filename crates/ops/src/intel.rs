//! Intelligence lists (catalogue D3): who may add, see, change and delete them. A new list hunts by itself.

use std::sync::Arc;

use intel::read::{Format, Options, read};
use lake::Target;
use model::intel::{Indicator, IntelList, IntelListData, ListPurpose, RetroHunt, SuppressedIndicator, UnreadLine};
use model::role::Permission;
use model::{Context, CustomerId, IntelListId, Page, PageRequest, Scope};
use serde_json::json;
use store::ListHits;

use crate::error::{Error, Problems, Result};
use crate::retro_hunt::Wanted;
use crate::{Ops, audit, difference};

/// Indicators a list may have.
pub(crate) const MOST: usize = 1_000_000;

/// A list that was just added.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedList {
    /// The list.
    pub list: IntelList,
    /// Lines that are no indicators, the first thousand.
    pub unread: Vec<UnreadLine>,
    /// How many of its indicators a warning list names.
    pub suppressed: i64,
    /// The first of them.
    pub suppressed_first: Vec<SuppressedIndicator>,
    /// The hunt that looks for it, where it is to be hunted.
    pub hunt: Option<RetroHunt>,
}

/// Suppressed indicators told with a new list.
const TOLD: usize = 20;

impl Ops {
    /// Adds a list from its text for these customers, for all the caller sees when none are named, and has it hunted where
    /// it says so.
    pub async fn add_intel_list(
        &self,
        ctx: &Context,
        data: IntelListData,
        customers: &[CustomerId],
        content: Vec<u8>,
    ) -> Result<AddedList> {
        ctx.require(Permission::IntelWrite)?;
        Problems::of(data.problems()).done()?;
        let customers = among(ctx, customers);
        let warnings = self.intel_warnings(ctx.now()).await?;
        let (purpose, hunted) = (data.purpose, data.hunt_new && data.purpose != ListPurpose::Warning);
        let among = customers.clone();
        let read = move || {
            let refuse = purpose != ListPurpose::Warning;
            let read = read(&content, &Format::Any, Options { refuse, age: None });
            let suppressed = match purpose {
                ListPurpose::Warning => Vec::new(),
                _ => warnings.suppressed(among.as_deref(), &read.list.indicators),
            };
            let target = hunted.then(|| Target::of(read.list.indicators.clone()));
            (read, suppressed, target)
        };
        let (read, mut suppressed, target) =
            tokio::task::spawn_blocking(read).await.map_err(|_| Error::Unavailable("the list could not be read"))?;
        if read.warning && data.purpose != ListPurpose::Warning {
            return Err(Error::invalid(
                "purpose",
                "the content is a warning list: it can only say what shall not alarm",
            ));
        }
        let reading = read.list;
        match reading.indicators.len() {
            0 => {
                let why = match reading.unread.first() {
                    Some(line) => format!("holds no indicator; line {}: {}", line.line, line.reason),
                    None => "is empty".to_owned(),
                };
                return Err(Error::invalid("content", &why));
            }
            count if count > MOST => {
                return Err(Error::invalid("content", &format!("holds {count} indicators; a list has {MOST} at most")));
            }
            _ => {}
        }
        let id = IntelListId::generate(ctx.now());
        let mut tx = self.store().write(ctx).await?;
        let list = tx.create_intel_list(&id, customers.as_deref(), &data, &reading).await?;
        let detail = json!({
            "name": data.name, "indicators": list.indicators(), "unread": list.unread, "customers": customers,
        });
        tx.audit(audit(None, "intel_list.create", &id, detail)).await?;
        let mut hunt = None;
        if let Some(target) = target {
            hunt = Some(self.put_hunt(&mut tx, ctx, &list, customers, Wanted::default()).await?);
            // Before the hunt is seen: it need not read the list again.
            self.retro_hunts().ready(&id, Arc::new(target));
        }
        tx.commit().await?;
        let count = suppressed.len() as i64;
        suppressed.truncate(TOLD);
        Ok(AddedList { list, unread: reading.unread, suppressed: count, suppressed_first: suppressed, hunt })
    }

    /// One list.
    pub async fn get_intel_list(&self, ctx: &Context, id: &IntelListId) -> Result<IntelList> {
        ctx.require(Permission::IntelRead)?;
        Ok(self.store().read(ctx).await?.get_intel_list(id).await?)
    }

    /// The lines of a list that were no indicators, the first thousand.
    pub async fn intel_list_unread(&self, ctx: &Context, id: &IntelListId) -> Result<Vec<UnreadLine>> {
        ctx.require(Permission::IntelRead)?;
        Ok(self.store().read(ctx).await?.intel_list_unread(id).await?)
    }

    /// Indicators of a list, twenty thousand at a time, counted from part 0; none behind the last.
    pub async fn intel_list_part(&self, ctx: &Context, id: &IntelListId, part: usize) -> Result<Vec<Indicator>> {
        ctx.require(Permission::IntelRead)?;
        Ok(self.store().read(ctx).await?.intel_list_part(id, part).await?)
    }

    /// The indicators of a list that a warning list names: how many, and the first thousand.
    pub async fn intel_list_suppressed(
        &self,
        ctx: &Context,
        id: &IntelListId,
    ) -> Result<(i64, Vec<SuppressedIndicator>)> {
        let list = self.get_intel_list(ctx, id).await?;
        if list.data.purpose == ListPurpose::Warning {
            return Ok((0, Vec::new()));
        }
        let warnings = self.intel_warnings(ctx.now()).await?;
        let indicators = self.store().read(ctx).await?.intel_list_indicators(id).await?;
        let find = move || warnings.suppressed(list.customers.as_deref(), &indicators);
        let found = tokio::task::spawn_blocking(find).await;
        let mut found = found.map_err(|_| Error::Unavailable("the list could not be looked through"))?;
        let count = found.len() as i64;
        found.truncate(1_000);
        Ok((count, found))
    }

    /// What alerts at the caller's customers have come of a list, and what people made of them.
    pub async fn intel_list_hits(&self, ctx: &Context, id: &IntelListId) -> Result<ListHits> {
        ctx.require(Permission::IntelRead)?;
        let mut tx = self.store().read(ctx).await?;
        tx.get_intel_list(id).await?;
        Ok(tx.list_hits_of(id).await?)
    }

    /// Lists, newest first.
    pub async fn list_intel_lists(
        &self,
        ctx: &Context,
        text: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<IntelList>> {
        ctx.require(Permission::IntelRead)?;
        Ok(self.store().read(ctx).await?.list_intel_lists(text, page).await?)
    }

    /// Changes what people say about a list, as it stood at `version`.
    pub async fn update_intel_list(
        &self,
        ctx: &Context,
        id: &IntelListId,
        version: i64,
        data: IntelListData,
    ) -> Result<IntelList> {
        ctx.require(Permission::IntelWrite)?;
        Problems::of(data.problems()).done()?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_intel_list(id).await?;
        if before.feed.is_some() {
            return Err(Error::invalid("name", "the list is filled by a feed: change the feed"));
        }
        let after = tx.update_intel_list(id, version, &data).await?;
        tx.audit(audit(None, "intel_list.update", id, difference(&before.data, &after.data))).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes a list. Hunts for it keep what they found.
    pub async fn delete_intel_list(&self, ctx: &Context, id: &IntelListId) -> Result<()> {
        ctx.require(Permission::IntelWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let list = tx.get_intel_list(id).await?;
        if list.feed.is_some() {
            return Err(Error::invalid("id", "the list is filled by a feed: delete the feed"));
        }
        tx.delete_intel_list(id).await?;
        let detail = json!({"name": list.data.name, "indicators": list.indicators()});
        tx.audit(audit(None, "intel_list.delete", id, detail)).await?;
        Ok(tx.commit().await?)
    }
}

/// The customers named, or all the caller sees; nothing where that is every customer.
pub(crate) fn among(ctx: &Context, named: &[CustomerId]) -> Option<Vec<CustomerId>> {
    match (named, ctx.scope()) {
        ([], Scope::All) => None,
        ([], Scope::Customers(all)) => Some(all.iter().cloned().collect()),
        (named, _) => {
            let mut named = named.to_vec();
            named.sort();
            named.dedup();
            Some(named)
        }
    }
}
