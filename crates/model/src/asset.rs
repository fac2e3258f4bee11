//! An asset 资产 of a customer (catalogue P4).

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{AssetId, CustomerId, Timestamp};

words! {
    /// How much the customer depends on it.
    Importance {
        /// 一般.
        Ordinary = "ordinary",
        /// 重要.
        Important = "important",
        /// 特别重要.
        Vital = "vital",
    }
}

/// An asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asset {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AssetId,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What can be changed about it.
    #[serde(flatten)]
    pub data: AssetData,
    /// Since when it is recorded.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// The part of an asset that people edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssetData {
    /// What people call it.
    pub name: String,
    /// Its addresses, canonical text.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Host names it writes in its logs, compared without case and without domain.
    #[serde(default)]
    pub host_names: Vec<String>,
    /// Person responsible 责任人.
    #[serde(default)]
    pub owner: String,
    /// Business system it serves.
    #[serde(default)]
    pub business: String,
    /// How much the customer depends on it.
    pub importance: Importance,
    /// Inside service 服务内 or recorded only 服务外.
    pub in_service: bool,
}
