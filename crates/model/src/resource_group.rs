//! A resource group 资源组: address ranges under a name, shown wherever an address appears (catalogue P5).

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, ResourceGroupId, Timestamp};

words! {
    /// What the addresses are.
    ResourceGroupKind {
        /// Internal segment 内网网段.
        Internal = "internal",
        /// Published servers.
        Dmz = "dmz",
        /// Proxy or NAT: what seems to come from here came from elsewhere.
        Proxy = "proxy",
        /// Security devices and scanners of the customer or of ours.
        SecurityDevice = "security_device",
        /// Somebody else's, known and trusted.
        Partner = "partner",
    }
}

/// A resource group of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceGroup {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: ResourceGroupId,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What can be changed about it.
    #[serde(flatten)]
    pub data: ResourceGroupData,
    /// Since when it is recorded.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// The part of a resource group that people edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceGroupData {
    /// Its name, unique within the customer.
    pub name: String,
    /// What the addresses are.
    pub kind: ResourceGroupKind,
    /// CIDR ranges.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub ranges: Vec<IpNet>,
    /// What a colleague should know.
    #[serde(default)]
    pub note: String,
}

impl ResourceGroupData {
    /// The prefix length of the narrowest range that holds `address`.
    pub fn prefix_of(&self, address: IpAddr) -> Option<u8> {
        self.ranges.iter().filter(|range| range.contains(&address)).map(IpNet::prefix_len).max()
    }
}

/// The group whose range holds `address` most narrowly.
pub fn narrowest(groups: &[ResourceGroup], address: IpAddr) -> Option<&ResourceGroup> {
    groups
        .iter()
        .filter_map(|group| group.data.prefix_of(address).map(|prefix| (prefix, group)))
        .max_by_key(|(prefix, _)| *prefix)
        .map(|(_, group)| group)
}
