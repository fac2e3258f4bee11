//! Intelligence lists (catalogue D3): who may add, see, change and delete them. A new list hunts by itself.

use std::sync::Arc;

use lake::Target;
use model::intel::{Indicator, IntelList, IntelListData, RetroHunt, UnreadLine, read_list};
use model::role::Permission;
use model::{Context, CustomerId, IntelListId, Page, PageRequest, Scope};
use serde_json::json;

use crate::error::{Error, Problems, Result};
use crate::{Ops, audit, difference};

/// Indicators a list may have.
const MOST: usize = 1_000_000;

/// Lines that are told to be no indicators; all are counted.
const MOST_UNREAD: usize = 1_000;

/// A list that was just added.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedList {
    /// The list.
    pub list: IntelList,
    /// Lines that are no indicators, the first thousand.
    pub unread: Vec<UnreadLine>,
    /// The hunt that looks for it.
    pub hunt: RetroHunt,
}

impl Ops {
    /// Adds a list from its text for these customers, for all the caller sees when none are named, and has it hunted.
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
        let read = move || {
            let reading = read_list(&content, MOST_UNREAD);
            let target = Target::of(reading.indicators.clone());
            (reading, target)
        };
        let (reading, target) =
            tokio::task::spawn_blocking(read).await.map_err(|_| Error::Unavailable("the list could not be read"))?;
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
        let hunt = self.put_hunt(&mut tx, ctx, &list, customers, None).await?;
        // Before the hunt is seen: it need not read the list again.
        self.hunts().ready(&id, Arc::new(target));
        tx.commit().await?;
        Ok(AddedList { list, unread: reading.unread, hunt })
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
