//! A customer 客户: the tenant everything else belongs to (catalogue P1).

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, Timestamp, UserId};

words! {
    /// What the customer has bought; decides which alert sources are audited.
    ServiceItem {
        /// Managed security services.
        Mss = "mss",
        /// Managed detection and response.
        Mdr = "mdr",
        /// Extended detection and response.
        Xdr = "xdr",
    }
}

words! {
    /// Where the customer stands with us.
    OperatingState {
        /// Being connected.
        Onboarding = "onboarding",
        /// In service.
        Live = "live",
        /// Service interrupted.
        Paused = "paused",
        /// Left.
        Ended = "ended",
    }
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Customer {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: CustomerId,
    /// What can be changed about it.
    #[serde(flatten)]
    pub data: CustomerData,
    /// Since when it is in the platform.
    pub created: Timestamp,
    /// Goes up with every change; a change names the version it was made on.
    pub version: i64,
}

/// The part of a customer that people edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerData {
    /// Full name, unique among customers.
    pub name: String,
    /// Short name for tables and bands, unique among customers.
    pub short_name: String,
    /// Index into the console's twelve customer colours, so that a customer is unmistakable.
    pub color: i64,
    /// What they bought.
    pub services: Vec<ServiceItem>,
    /// Where they stand.
    pub state: OperatingState,
    /// IANA time zone of the customer, such as `Asia/Shanghai`.
    pub time_zone: String,
    /// Go-live note 备注, shown wherever an alert of this customer is judged.
    #[serde(default)]
    pub remark: String,
    /// Service manager 服务经理.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub service_manager: Option<UserId>,
}

impl CustomerData {
    /// What is wrong with it, by field; nothing when it can be kept.
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > 200 {
            problems.push(("name", "must have 1 to 200 characters"));
        }
        if self.short_name.trim().is_empty() || self.short_name.chars().count() > 24 {
            problems.push(("short_name", "must have 1 to 24 characters"));
        }
        if !(0..12).contains(&self.color) {
            problems.push(("color", "must be 0 to 11"));
        }
        problems
    }
}
