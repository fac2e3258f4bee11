//! Requests for new or changed use cases, against a clock of 72 hours (catalogue D2).

use model::role::Permission;
use model::use_case::{Request, RequestData};
use model::{Context, CustomerId, Page, PageRequest, RequestId};
use serde_json::json;
use store::RequestFilter;

use crate::error::{Problems, Result};
use crate::{Ops, audit, difference, require_all};

impl Ops {
    /// Writes a request down: of a customer, or of the house, which takes a caller who sees every customer.
    pub async fn create_request(
        &self,
        ctx: &Context,
        customer: Option<&CustomerId>,
        data: RequestData,
    ) -> Result<Request> {
        ctx.require(Permission::IncidentWork)?;
        if customer.is_none() {
            require_all(ctx)?;
        }
        check(&data)?;
        let mut tx = self.store().write(ctx).await?;
        if let Some(assignee) = &data.assignee {
            tx.get_user(assignee).await?;
        }
        let id = RequestId::generate(ctx.now());
        let created = tx.create_request(&id, customer, &data, ctx.actor().user()).await?;
        tx.audit(audit(customer, "use_case_request.create", &id, json!(created.data))).await?;
        tx.commit().await?;
        Ok(created)
    }

    /// One request.
    pub async fn get_request(&self, ctx: &Context, id: &RequestId) -> Result<Request> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.get_request(id).await?)
    }

    /// Requests, those due last first.
    pub async fn list_requests(
        &self,
        ctx: &Context,
        filter: &RequestFilter,
        page: &PageRequest,
    ) -> Result<Page<Request>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.list_requests(filter, page).await?)
    }

    /// Changes a request as it stood at `version`: who works on it, where it stands, what is answered.
    pub async fn update_request(
        &self,
        ctx: &Context,
        id: &RequestId,
        version: i64,
        data: RequestData,
    ) -> Result<Request> {
        ctx.require(Permission::IncidentWork)?;
        check(&data)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_request(id).await?;
        if let Some(assignee) = &data.assignee {
            tx.get_user(assignee).await?;
        }
        let after = tx.update_request(id, version, &data).await?;
        let detail = difference(&before.data, &after.data);
        tx.audit(audit(before.customer.as_ref(), "use_case_request.update", id, detail)).await?;
        tx.commit().await?;
        Ok(after)
    }
}

fn check(data: &RequestData) -> Result<()> {
    let mut problems = Problems::default();
    let title = data.title.trim().chars().count();
    problems.expect((1..=200).contains(&title), "title", "must have 1 to 200 characters");
    problems.expect(data.description.chars().count() <= 8000, "description", "must have at most 8000 characters");
    problems.expect(data.answer.chars().count() <= 8000, "answer", "must have at most 8000 characters");
    let answered = !data.state.is_answer() || !data.answer.trim().is_empty();
    problems.expect(answered, "answer", "must be given with done or declined");
    problems.done()
}
