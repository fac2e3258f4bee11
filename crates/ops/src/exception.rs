//! Exceptions to use cases (catalogue D2): checked before they are kept, so that none hides what must still fire.

use model::role::Permission;
use model::use_case::{Exception, ExceptionData, MOST_RECORDS, MOST_TERMS, MOST_VALUES, MustFire};
use model::{Context, CustomerId, ExceptionId, Page, PageRequest, Scope};
use serde::Deserialize;
use serde_json::json;
use sigma::Selection;
use store::ExceptionFilter;

use crate::error::{Error, Problems, Result};
use crate::rule_check::{hint, load};
use crate::turns::Turn;
use crate::{Ops, audit, difference, require_all};

/// Bytes of a record that must still fire.
const RECORD: usize = 64 * 1024;

/// An exception to be written or tried out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExceptionDraft {
    /// For one customer, or for all when absent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// What it says.
    #[serde(flatten)]
    pub data: ExceptionData,
}

impl Ops {
    /// Creates an exception for one customer, or for all of them, which takes a caller who sees all.
    pub async fn create_exception(&self, ctx: &Context, draft: ExceptionDraft) -> Result<Exception> {
        ctx.require(Permission::PolicyWrite)?;
        let ExceptionDraft { customer, data } = draft;
        require_reach(ctx, customer.as_ref())?;
        self.check_exception(ctx, &data).await?;
        let mut tx = self.store().write(ctx).await?;
        if let Some(owner) = &data.owner {
            tx.get_user(owner).await?;
        }
        let created = tx.create_exception(&ExceptionId::generate(ctx.now()), customer.as_ref(), &data).await?;
        tx.audit(audit(customer.as_ref(), "exception.create", &created.id, json!(created.data))).await?;
        tx.commit().await?;
        self.load_use_cases(ctx.now()).await?;
        Ok(created)
    }

    /// One exception: the caller's customers' and the global ones.
    pub async fn get_exception(&self, ctx: &Context, id: &ExceptionId) -> Result<Exception> {
        ctx.require(Permission::PolicyRead)?;
        Ok(seen(ctx, self.store().read(ctx).await?.get_exception(id).await?))
    }

    /// Exceptions, newest first.
    pub async fn list_exceptions(
        &self,
        ctx: &Context,
        filter: &ExceptionFilter,
        page: &PageRequest,
    ) -> Result<Page<Exception>> {
        ctx.require(Permission::PolicyRead)?;
        let found = self.store().read(ctx).await?.list_exceptions(filter, page).await?;
        Ok(Page { items: found.items.into_iter().map(|exception| seen(ctx, exception)).collect(), next: found.next })
    }

    /// Changes an exception as it stood at `version`.
    pub async fn update_exception(
        &self,
        ctx: &Context,
        id: &ExceptionId,
        version: i64,
        data: ExceptionData,
    ) -> Result<Exception> {
        ctx.require(Permission::PolicyWrite)?;
        let before = self.store().read(ctx).await?.get_exception(id).await?;
        require_reach(ctx, before.customer.as_ref())?;
        self.check_exception(ctx, &data).await?;
        let mut tx = self.store().write(ctx).await?;
        if let Some(owner) = &data.owner {
            tx.get_user(owner).await?;
        }
        let after = tx.update_exception(id, version, &data).await?;
        let detail = difference(&before.data, &after.data);
        tx.audit(audit(before.customer.as_ref(), "exception.update", id, detail)).await?;
        tx.commit().await?;
        self.load_use_cases(ctx.now()).await?;
        Ok(after)
    }

    /// Deletes an exception.
    pub async fn delete_exception(&self, ctx: &Context, id: &ExceptionId) -> Result<()> {
        ctx.require(Permission::PolicyWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let exception = tx.get_exception(id).await?;
        require_reach(ctx, exception.customer.as_ref())?;
        tx.delete_exception(id).await?;
        tx.audit(audit(exception.customer.as_ref(), "exception.delete", id, json!(exception.data))).await?;
        tx.commit().await?;
        self.load_use_cases(ctx.now()).await.map(drop)
    }

    /// Says what cannot be kept: among it, terms that would hide a record that must still fire.
    pub(crate) async fn check_exception(&self, ctx: &Context, data: &ExceptionData) -> Result<()> {
        let mut problems = Problems::default();
        let reason = data.reason.trim();
        problems.expect(
            !reason.is_empty() && reason.chars().count() <= 2000,
            "reason",
            "must have 1 to 2000 characters",
        );
        problems.expect(!data.is_over(ctx.now()), "expires", "must lie ahead");
        problems.expect(data.must_fire.len() <= MOST_RECORDS, "must_fire", "must be at most 20 records");
        let short = data.must_fire.iter().all(|record| (1..=RECORD).contains(&record.raw.len()));
        problems.expect(short, "must_fire", "must have 1 byte to 64 KiB each");
        problems.done()?;
        let loaded = self.loaded();
        let selection = self.selection(data)?;
        // A correlation is excepted from by what it groups by: single records say nothing.
        let Some(text) = loaded.infos.get(&data.rule_id).and_then(|info| info.text.clone()) else { return Ok(()) };
        if data.must_fire.is_empty() {
            return Ok(());
        }
        let (id, records, parser) = (data.rule_id.clone(), data.must_fire.clone(), self.parsers().live());
        let _turn = self.turn(Turn::Backtest).await?;
        let now = ctx.now();
        let work = move || {
            let rules = load(&text);
            let rule = rules.rule(&id);
            let wrong = |(place, record): (usize, &MustFire)| {
                let event = parser.parse(&record.raw, &hint(record.source.as_deref(), now));
                let number = place + 1;
                match rule.is_none_or(|rule| rule.explain(&event).fires) {
                    false => Some(format!("{number} does not fire the use case, exception or not")),
                    true if selection.holds(&event) => Some(format!("{number} would no longer fire: narrow the terms")),
                    true => None,
                }
            };
            records.iter().enumerate().find_map(wrong)
        };
        let wrong = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("trying the exception"))?;
        wrong.map_or(Ok(()), |wrong| Err(Error::invalid("must_fire", &wrong)))
    }

    /// The terms compiled; for a correlation they may only ask for what it groups by.
    pub(crate) fn selection(&self, data: &ExceptionData) -> Result<Selection> {
        let mut problems = Problems::default();
        problems.expect((1..=MOST_TERMS).contains(&data.terms.len()), "terms", "must be 1 to 20");
        let filled = |term: &model::use_case::ExceptionTerm| {
            let texts = || std::iter::once(&term.field).chain(&term.values);
            (1..=MOST_VALUES).contains(&term.values.len())
                && texts().all(|text| !text.trim().is_empty() && text.len() <= 4096)
                && !term.field.contains('|')
        };
        let message = "must have a field, and 1 to 500 values of 1 to 4096 bytes";
        problems.expect(data.terms.iter().all(filled), "terms", message);
        let loaded = self.loaded();
        let known = loaded.infos.contains_key(&data.rule_id) || data.rule_id.contains(':');
        problems.expect(known, "rule_id", "must be a use case, or a device's own alarm as source:name");
        if let Some(rule) = loaded.rules.correlations().iter().find(|rule| rule.id == data.rule_id) {
            let grouped = data.terms.iter().all(|term| rule.group_by.contains(&term.field));
            let message = format!("can only ask for what the correlation groups by: {}", rule.group_by.join(", "));
            problems.expect(grouped, "terms", &message);
        }
        problems.done()?;
        Selection::read(&data.detection()).map_err(|error| Error::invalid("terms", &error.to_string()))
    }
}

/// Records of an exception for everybody may be some customer's: only who sees every customer sees them.
fn seen(ctx: &Context, mut exception: Exception) -> Exception {
    if exception.customer.is_none() && *ctx.scope() != Scope::All {
        exception.data.must_fire.clear();
    }
    exception
}

fn require_reach(ctx: &Context, customer: Option<&CustomerId>) -> Result<()> {
    customer.map_or_else(|| require_all(ctx), |_| Ok(()))
}
