//! A person who signs in (catalogue A1).

use serde::{Deserialize, Serialize};

use crate::role::Role;
use crate::use_case::Language;
use crate::{ApiTokenId, CustomerId, SessionId, Timestamp, UserId};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: UserId,
    /// What can be changed about them.
    #[serde(flatten)]
    pub data: UserData,
    /// Since when they exist.
    pub created: Timestamp,
    /// When they last signed in.
    pub last_sign_in: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}

/// The part of a user that an administrator edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserData {
    /// What they sign in with: lower-case letters, digits, `.`, `-`, `_`; unique.
    pub login: String,
    /// What colleagues read.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Whether they see every customer.
    pub all_customers: bool,
    /// The customers they see, where they do not see every one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub customers: Vec<CustomerId>,
    /// Whether they may sign in.
    pub active: bool,
    /// The language they read.
    pub language: Language,
}

impl UserData {
    /// What is wrong with it, by field; nothing when it can be kept.
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        if self.login.is_empty() || self.login.len() > 64 || !self.login.bytes().all(plain) {
            problems.push(("login", "must have 1 to 64 of a-z, 0-9, `.`, `-`, `_`"));
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 100 {
            problems.push(("name", "must have 1 to 100 characters"));
        }
        if self.roles.is_empty() {
            problems.push(("roles", "must name at least one role"));
        }
        problems
    }
}

/// A signed-in session, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: SessionId,
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// Signed in at.
    pub created: Timestamp,
    /// Ends at, unless revoked before.
    pub expires: Timestamp,
    /// The browser's own description of itself, cut short.
    pub user_agent: String,
    /// The address it signed in from.
    pub address: String,
}

/// An API token of a user, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: ApiTokenId,
    /// For whom it acts.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// Issued at.
    pub created: Timestamp,
    /// Ends at, unless revoked before.
    pub expires: Option<Timestamp>,
}
