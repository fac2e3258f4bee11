//! The audit log: one row with every change, chained by hash afterwards (catalogue A2).

use serde::{Deserialize, Serialize};

use crate::{CustomerId, Timestamp};

/// One row of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditRow {
    /// Its place.
    pub sequence: i64,
    /// When.
    pub time: Timestamp,
    /// Who, as [`crate::Actor`] prints.
    pub actor: String,
    /// Whose data, where it belongs to one customer.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// What was done, such as `incident.assign`.
    pub action: String,
    /// To what: an id.
    pub object: String,
    /// What changed; secrets are never in it.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub detail: serde_json::Value,
    /// Why, where the actor said so.
    pub reason: Option<String>,
    /// SHA-256 over the row before's hash and this row, hexadecimal; absent until sealed.
    pub hash: Option<String>,
}

/// What a use case says of the change it makes; the store adds who, when and why.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Whose data, where it belongs to one customer.
    pub customer: Option<CustomerId>,
    /// What was done, such as `incident.assign`.
    pub action: &'static str,
    /// To what: an id.
    pub object: String,
    /// What changed; secrets are never in it.
    pub detail: serde_json::Value,
}
