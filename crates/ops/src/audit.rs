//! Reading the audit log.

use model::audit::AuditRow;
use model::role::Permission;
use model::{Context, Page, PageRequest};
use store::AuditFilter;

use crate::Ops;
use crate::error::Result;

impl Ops {
    /// Rows of the audit log, newest first. Who does not see every customer sees only rows of their customers.
    pub async fn list_audit(&self, ctx: &Context, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>> {
        ctx.require(Permission::AuditRead)?;
        Ok(self.store().read(ctx).await?.list_audit(filter, page).await?)
    }
}
