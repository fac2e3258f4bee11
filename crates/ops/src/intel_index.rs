//! What is held against every event as it comes: all lists that are to alarm, without what warning lists name.

use intel::{Index, IndexBuilder, ListScope, Warnings};
use model::intel::{IntelList, ListPurpose};
use model::{Context, IntelListId, PageRequest, Scope, Timestamp};

use crate::Ops;
use crate::error::{Error, Result};

impl Ops {
    /// Warning lists: those every installation has, and those people loaded.
    pub async fn intel_warnings(&self, now: Timestamp) -> Result<Warnings> {
        let ctx = Context::job("threat-intelligence", Scope::All, now);
        let mut loaded = Vec::new();
        for list in self.lists_for(&ctx, ListPurpose::Warning).await? {
            let indicators = self.store().read(&ctx).await?.intel_list_indicators(&list.id).await?;
            loaded.push((ListScope::from(&list), indicators));
        }
        let make = move || {
            Warnings::with(now, |builder| {
                for (scope, indicators) in &loaded {
                    let list = builder.list(scope.clone());
                    for indicator in indicators {
                        builder.add(list, indicator);
                    }
                }
            })
        };
        tokio::task::spawn_blocking(make).await.map_err(|_| Error::Unavailable("the warning lists could not be read"))
    }

    /// What tells the lists as they stand from how they stood: while it is the same the index need not be built anew.
    pub async fn intel_version(&self, now: Timestamp) -> Result<String> {
        let ctx = Context::job("threat-intelligence", Scope::All, now);
        let mut parts = Vec::new();
        for purpose in [ListPurpose::Alarm, ListPurpose::Warning] {
            let lists = self.lists_for(&ctx, purpose).await?;
            parts.extend(lists.iter().map(|list| format!("{}:{}", list.id, list.version)));
        }
        Ok(parts.join(" "))
    }

    /// The index over all lists as they stand. Takes no part of a list's memory twice: it comes part by part.
    pub async fn intel_index(&self, now: Timestamp) -> Result<Index> {
        let ctx = Context::job("threat-intelligence", Scope::All, now);
        let mut builder = IndexBuilder::new(self.intel_warnings(now).await?, now);
        for list in self.lists_for(&ctx, ListPurpose::Alarm).await? {
            builder = self.add_list(&ctx, builder, &list).await?;
        }
        let build = move || builder.build();
        tokio::task::spawn_blocking(build).await.map_err(|_| Error::Unavailable("the index could not be built"))
    }

    async fn add_list(&self, ctx: &Context, mut builder: IndexBuilder, list: &IntelList) -> Result<IndexBuilder> {
        let number = builder.list(ListScope::from(list));
        for part in 0.. {
            let indicators = match self.store().read(ctx).await?.intel_list_part(&list.id, part).await {
                Ok(indicators) => indicators,
                // Deleted meanwhile.
                Err(store::Error::NotFound { .. }) => break,
                Err(error) => return Err(error.into()),
            };
            if indicators.is_empty() {
                break;
            }
            let add = move || {
                for indicator in &indicators {
                    builder.add(number, indicator);
                }
                builder
            };
            let added = tokio::task::spawn_blocking(add).await;
            builder = added.map_err(|_| Error::Unavailable("the index could not be built"))?;
        }
        Ok(builder)
    }

    /// All lists for something, in the order of their ids.
    async fn lists_for(&self, ctx: &Context, purpose: ListPurpose) -> Result<Vec<IntelList>> {
        let mut found = Vec::new();
        let mut page = PageRequest::new(PageRequest::MOST, None);
        loop {
            let some = self.store().read(ctx).await?.list_intel_lists(None, &page).await?;
            found.extend(some.items.into_iter().filter(|list| list.data.purpose == purpose));
            match some.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        found.sort_by(|a, b| IntelListId::cmp(&a.id, &b.id));
        Ok(found)
    }
}
