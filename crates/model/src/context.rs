//! Who acts, for which customers, with which permissions, why and when: the first argument of every function that
//! touches tenant data.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::role::Permission;
use crate::{ApiTokenId, CustomerId, Timestamp, UserId};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    User(UserId),
    /// A program with an API token, acting for the token's user.
    Token(ApiTokenId, UserId),
    /// The platform itself; the word names the job (`audit-policy`, `sealer`, `demo`).
    Job(&'static str),
}

impl Actor {
    /// The person behind it, if there is one.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Actor::User(user) | Actor::Token(_, user) => Some(user),
            Actor::Job(_) => None,
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Actor::User(user) => write!(f, "{user}"),
            Actor::Token(token, user) => write!(f, "{user} by {token}"),
            Actor::Job(job) => write!(f, "job:{job}"),
        }
    }
}

/// Which customers' data may be touched. There is no empty default that means everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every customer, those of tomorrow included.
    All,
    /// These customers and no other; none at all when empty.
    Customers(Arc<BTreeSet<CustomerId>>),
}

impl Scope {
    /// One customer only.
    pub fn one(customer: CustomerId) -> Self {
        Scope::Customers(Arc::new(BTreeSet::from([customer])))
    }

    /// Whether `customer` is inside.
    pub fn contains(&self, customer: &CustomerId) -> bool {
        match self {
            Scope::All => true,
            Scope::Customers(customers) => customers.contains(customer),
        }
    }

    /// The part of this scope that is also among `wanted`; all of it when nothing is named.
    pub fn narrow(&self, wanted: &[CustomerId]) -> Scope {
        if wanted.is_empty() {
            return self.clone();
        }
        Scope::Customers(Arc::new(wanted.iter().filter(|customer| self.contains(customer)).cloned().collect()))
    }
}

/// Who acts, for which customers, with which permissions, why and when. Made by authentication, by a job, or by a
/// test; passed down, never widened.
#[derive(Debug, Clone)]
pub struct Context {
    actor: Actor,
    scope: Scope,
    permissions: Arc<BTreeSet<Permission>>,
    reason: Option<Arc<str>>,
    now: Timestamp,
}

/// The actor lacks a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this needs the permission {}", .0.as_str())]
pub struct Denied(pub Permission);

impl Context {
    /// For authentication: a signed-in person or token with what their roles allow.
    pub fn authenticated(actor: Actor, scope: Scope, permissions: BTreeSet<Permission>, now: Timestamp) -> Self {
        Context { actor, scope, permissions: Arc::new(permissions), reason: None, now }
    }

    /// For the platform's own jobs: every permission, the given customers.
    pub fn job(name: &'static str, scope: Scope, now: Timestamp) -> Self {
        let permissions = Permission::ALL.iter().copied().collect();
        Context { actor: Actor::Job(name), scope, permissions: Arc::new(permissions), reason: None, now }
    }

    /// The same context with the reason the actor gave.
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(Arc::from(reason));
        self
    }

    /// The same context for fewer customers.
    pub fn narrowed(&self, wanted: &[CustomerId]) -> Self {
        Context { scope: self.scope.narrow(wanted), ..self.clone() }
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// For which customers.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Why, where the actor said so.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// When: one instant for everything this request does.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What the actor may do.
    pub fn permissions(&self) -> &BTreeSet<Permission> {
        &self.permissions
    }

    /// Fails unless the actor has `permission`.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        if self.permissions.contains(&permission) { Ok(()) } else { Err(Denied(permission)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_never_widens() {
        let now = Timestamp::from_micros(0);
        let (mine, other) = (CustomerId::generate(now), CustomerId::generate(now));
        let scope = Scope::one(mine.clone());
        assert_eq!(scope.narrow(&[other]), Scope::Customers(Arc::default()));
        assert_eq!(scope.narrow(&[]), Scope::one(mine));
    }
}
