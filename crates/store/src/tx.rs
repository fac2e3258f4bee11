//! A transaction bound to a context: who acts, for which customers, when and why.

use std::sync::Arc;

use model::change::Noun;
use model::{Context, CustomerId, Page, PageRequest, Scope};
use tokio::sync::watch;

use crate::audit::PendingAudit;
use crate::change::PendingChange;
use crate::db::{Access, DbTx};
use crate::page::{Order, Shape, page};
use crate::row::Row;
use crate::sql::{Sql, sql};
use crate::{Error, Result, Store};

/// The advisory lock that puts commits in one order.
const COMMIT_LOCK: i64 = 0x7665_6465_7474_6501;

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing behind. The functions on customer-owned data see
/// and touch only the customers of its context.
pub struct Tx {
    db: DbTx,
    context: Context,
    commits: Arc<watch::Sender<u64>>,
    pub(crate) changes: Vec<PendingChange>,
    pub(crate) audits: Vec<PendingAudit>,
}

impl Tx {
    pub(crate) async fn begin(store: &Store, context: &Context, access: Access) -> Result<Self> {
        let mut db = store.db().begin(access).await?;
        enter_scope(&mut db, context.scope()).await?;
        let (changes, audits) = (Vec::new(), Vec::new());
        Ok(Tx { db, context: context.clone(), commits: store.commits_sender(), changes, audits })
    }

    /// Who acts, for which customers, when and why.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Makes everything done here lasting, with its rows in the change feed and the audit log.
    ///
    /// Those rows are written here, at the end and one transaction at a time, so that their sequence is the order of
    /// commits: who has seen row 7 can never meet a row 6 later.
    pub async fn commit(mut self) -> Result<()> {
        let changed = !self.changes.is_empty();
        if changed || !self.audits.is_empty() {
            self.db.lock(COMMIT_LOCK).await?;
            self.flush_changes().await?;
            self.flush_audits().await?;
        }
        self.db.commit().await?;
        if changed {
            self.commits.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    pub(crate) fn db(&mut self) -> &mut DbTx {
        &mut self.db
    }

    pub(crate) fn scope(&self) -> &Scope {
        self.context.scope()
    }

    /// Fails with [`Error::NotFound`] for a customer outside the scope.
    pub(crate) fn require_customer(&self, customer: &CustomerId) -> Result<()> {
        if self.scope().contains(customer) { Ok(()) } else { Err(Error::not_found("customer", customer)) }
    }

    /// Fails unless the context is for all customers.
    pub(crate) fn require_all(&self, what: &'static str) -> Result<()> {
        if *self.scope() == Scope::All { Ok(()) } else { Err(Error::ScopeTooNarrow { what }) }
    }

    /// `statement` goes on with the scope over `column`.
    pub(crate) fn scoped(&self, statement: Sql, column: &'static str) -> Sql {
        statement.and_scope(column, self.scope())
    }

    /// One page of a list; `query` ends inside its WHERE clause.
    /// Only what belongs to customers in scope and what belongs to none, of a table `p`.
    pub(crate) fn own_and_global(&self, query: Sql) -> Sql {
        match self.scope() {
            Scope::All => query,
            _ => self.scoped(query.push(" AND (p.customer IS NULL OR TRUE"), "p.customer").push(")"),
        }
    }

    pub(crate) async fn page<T>(
        &mut self,
        query: Sql,
        order: Order,
        request: &PageRequest,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Page<T>> {
        page(&mut self.db, query, Shape::Plain, order, request, read).await
    }

    /// One page of a list of wide rows, see [`Shape::Wide`].
    pub(crate) async fn wide_page<T>(
        &mut self,
        query: Sql,
        order: Order,
        request: &PageRequest,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Page<T>> {
        page(&mut self.db, query, Shape::Wide, order, request, read).await
    }

    /// Every row of a query.
    pub(crate) async fn rows<T>(&mut self, query: Sql, read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
        self.db.fetch_all(query).await?.iter().map(read).collect()
    }

    /// The row of a query, if there is one.
    pub(crate) async fn row<T>(&mut self, query: Sql, read: impl Fn(&Row) -> Result<T>) -> Result<Option<T>> {
        self.db.fetch_optional(query).await?.as_ref().map(read).transpose()
    }

    /// Runs an update or a delete that must touch exactly the row it names.
    pub(crate) async fn execute(&mut self, statement: Sql) -> Result<u64> {
        self.db.execute(statement).await
    }

    /// Notes a change of something several customers share; each of them is told once.
    pub(crate) fn changed_for(&mut self, customer: &CustomerId, noun: Noun, id: &str) {
        let told = |change: &PendingChange| {
            change.noun == noun && change.id == id && change.customer.as_ref() == Some(customer)
        };
        if !self.changes.iter().any(told) {
            self.changes.push(PendingChange { customer: Some(customer.clone()), noun, id: id.to_owned() });
        }
    }

    /// Notes a change for the feed; the same thing changed twice in a transaction is one row.
    pub(crate) fn changed(&mut self, customer: Option<&CustomerId>, noun: Noun, id: &str) {
        let known = self.changes.iter().rev().take(64).any(|change| change.noun == noun && change.id == id);
        if !known {
            self.changes.push(PendingChange { customer: customer.cloned(), noun, id: id.to_owned() });
        }
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("context", &self.context).finish_non_exhaustive()
    }
}

/// The second wall, on PostgreSQL only: the rest of the transaction runs as a role that owns no table, under row-level
/// security for this scope (`*` is every customer).
pub(crate) async fn enter_scope(db: &mut DbTx, scope: &Scope) -> Result<()> {
    if !db.is_postgres() {
        return Ok(());
    }
    let wanted = match scope {
        Scope::All => "*".to_owned(),
        Scope::Customers(customers) => customers.iter().map(CustomerId::as_str).collect::<Vec<_>>().join(","),
    };
    let enter =
        sql("SELECT set_config('vedette.scope', ?, TRUE), set_config('role', 'vedette_scoped', TRUE)").bind(wanted);
    db.execute(enter).await?;
    Ok(())
}
