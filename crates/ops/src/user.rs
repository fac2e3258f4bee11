//! Users and roles: nobody can give, change or take over more than they have themselves.

use std::collections::BTreeSet;

use model::role::{Permission, Role};
use model::user::{User, UserData};
use model::{Context, Page, PageRequest, Scope, UserId};
use serde::Serialize;
use serde_json::json;
use store::{Tx, UserFilter};

use crate::error::{Error, Problems, Result};
use crate::{Ops, audit, difference, optional, password};

/// A role and what it allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleInfo {
    /// The role.
    pub role: Role,
    /// What it allows, within the customers of who has it.
    pub permissions: Vec<Permission>,
}

impl Ops {
    /// Creates a user who can sign in with `password`.
    pub async fn create_user(&self, ctx: &Context, data: UserData, password: &str) -> Result<User> {
        ctx.require(Permission::UserWrite)?;
        let data = tidied(data);
        Problems::of(data.problems()).done()?;
        within(ctx, &data)?;
        password::check("password", password, &[&data.login, &data.name])?;
        let hash = self.inner.passwords.hash(password).await?;
        let mut tx = self.store().write(ctx).await?;
        check_customers(&mut tx, &data).await?;
        let user = tx.create_user(&UserId::generate(ctx.now()), &data).await?;
        tx.set_password_hash(&user.id, &hash).await?;
        let user = tx.get_user(&user.id).await?;
        tx.audit(audit(None, "user.create", &user.id, json!(user.data))).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// One user. Customers the caller does not see are left out of what is shown.
    pub async fn get_user(&self, ctx: &Context, id: &UserId) -> Result<User> {
        ctx.require(Permission::UserRead)?;
        Ok(shown_to(ctx, self.store().read(ctx).await?.get_user(id).await?))
    }

    /// Users by login. Customers the caller does not see are left out of what is shown.
    pub async fn list_users(&self, ctx: &Context, filter: &UserFilter, page: &PageRequest) -> Result<Page<User>> {
        ctx.require(Permission::UserRead)?;
        let page = self.store().read(ctx).await?.list_users(filter, page).await?;
        Ok(page.map(|user| shown_to(ctx, user)))
    }

    /// Changes a user as they stood at `version`. When roles, customers or activity change, their sessions end; their
    /// tokens act with the new permissions at once, or not at all.
    pub async fn update_user(&self, ctx: &Context, id: &UserId, version: i64, data: UserData) -> Result<User> {
        ctx.require(Permission::UserWrite)?;
        let data = tidied(data);
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_user(id).await?;
        within(ctx, &before.data)?;
        Problems::of(data.problems()).done()?;
        within(ctx, &data)?;
        check_customers(&mut tx, &data).await?;
        if rules_all(&before.data) && !rules_all(&data) {
            keep_an_administrator(&mut tx, id).await?;
        }
        let after = tx.update_user(id, version, &data).await?;
        let powers = |data: &UserData| {
            let roles: BTreeSet<Role> = data.roles.iter().copied().collect();
            let customers: BTreeSet<_> = data.customers.iter().cloned().collect();
            (roles, data.all_customers, customers, data.active)
        };
        if powers(&before.data) != powers(&after.data) {
            tx.delete_sessions_of(id).await?;
        }
        tx.audit(audit(None, "user.update", id, difference(&before.data, &after.data))).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Gives a user a new password and ends their sessions.
    pub async fn set_user_password(&self, ctx: &Context, id: &UserId, password: &str) -> Result<()> {
        ctx.require(Permission::UserWrite)?;
        let user = self.store().read(ctx).await?.get_user(id).await?;
        within(ctx, &user.data)?;
        password::check("password", password, &[&user.data.login, &user.data.name])?;
        let hash = self.inner.passwords.hash(password).await?;
        let mut tx = self.store().write(ctx).await?;
        within(ctx, &tx.get_user(id).await?.data)?;
        tx.set_password_hash(id, &hash).await?;
        let ended = tx.delete_sessions_of(id).await?;
        tx.audit(audit(None, "user.set_password", id, json!({"sessions_ended": ended}))).await?;
        Ok(tx.commit().await?)
    }

    /// Ends every session of a user.
    pub async fn end_user_sessions(&self, ctx: &Context, id: &UserId) -> Result<()> {
        ctx.require(Permission::UserWrite)?;
        let mut tx = self.store().write(ctx).await?;
        within(ctx, &tx.get_user(id).await?.data)?;
        let ended = tx.delete_sessions_of(id).await?;
        tx.audit(audit(None, "user.end_sessions", id, json!({"sessions_ended": ended}))).await?;
        Ok(tx.commit().await?)
    }

    /// The roles and what each allows.
    pub async fn roles(&self, ctx: &Context) -> Result<Vec<RoleInfo>> {
        ctx.require(Permission::UserRead)?;
        let info = |role: &Role| RoleInfo { role: *role, permissions: role.permissions().into_iter().collect() };
        Ok(Role::ALL.iter().map(info).collect())
    }
}

/// One entry of a kind, and no list of customers beside the right to see all.
fn tidied(mut data: UserData) -> UserData {
    data.name = data.name.trim().to_owned();
    data.roles = data.roles.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    data.customers = if data.all_customers {
        Vec::new()
    } else {
        data.customers.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
    };
    data
}

/// Fails unless everything this user may do and see, the caller may do and see too.
fn within(ctx: &Context, data: &UserData) -> Result<()> {
    let allowed = data.roles.iter().flat_map(|role| role.permissions()).all(|one| ctx.permissions().contains(&one));
    let seen = match ctx.scope() {
        Scope::All => true,
        scope => !data.all_customers && data.customers.iter().all(|customer| scope.contains(customer)),
    };
    if allowed && seen { Ok(()) } else { Err(Error::Escalation) }
}

async fn check_customers(tx: &mut Tx, data: &UserData) -> Result<()> {
    for customer in &data.customers {
        if optional(tx.get_customer(customer).await)?.is_none() {
            return Err(Error::invalid("customers", "must be customers that exist"));
        }
    }
    Ok(())
}

/// Whether this user can change everything: an active administrator who sees every customer.
fn rules_all(data: &UserData) -> bool {
    data.active && data.all_customers && data.roles.contains(&Role::Administrator)
}

/// Fails when nobody but `leaving` could change everything.
async fn keep_an_administrator(tx: &mut Tx, leaving: &UserId) -> Result<()> {
    // Writing the same row makes two such changes wait for each other; each sees what the other left.
    tx.put_state("last administrator", b"").await?;
    let mut request = PageRequest::new(PageRequest::MOST, None);
    loop {
        let page = tx.list_users(&UserFilter { active: Some(true), ..UserFilter::default() }, &request).await?;
        if page.items.iter().any(|user| user.id != *leaving && rules_all(&user.data)) {
            return Ok(());
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Err(Error::LastAdministrator),
        }
    }
}

fn shown_to(ctx: &Context, mut user: User) -> User {
    user.data.customers.retain(|customer| ctx.scope().contains(customer));
    user
}
