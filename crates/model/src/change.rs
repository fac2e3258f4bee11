//! The change feed: one row with every change, which live lists, caches and workers follow.

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, Timestamp};

words! {
    /// What kind of thing changed.
    Noun {
        /// A customer.
        Customer = "customer",
        /// A device or its credentials.
        Device = "device",
        /// An asset.
        Asset = "asset",
        /// A resource group.
        ResourceGroup = "resource_group",
        /// An alert.
        Alert = "alert",
        /// An audit policy.
        AuditPolicy = "audit_policy",
        /// An incident.
        Incident = "incident",
        /// An intelligence list.
        IntelList = "intel_list",
        /// A feed of indicators.
        Feed = "feed",
        /// A list held against what was kept, and what it found.
        RetroHunt = "retro_hunt",
        /// A threat hunt, what it came to, or a programme of them.
        Hunt = "hunt",
        /// A user, session or token.
        User = "user",
        /// A search somebody keeps.
        SavedSearch = "saved_search",
        /// An export of events.
        Export = "export",
        /// A use case, an exception to one or a request for one.
        UseCase = "use_case",
        /// A set of YARA rules.
        YaraSet = "yara_set",
        /// A parser of our own.
        Parser = "parser",
        /// An alarm of the platform about itself.
        PlatformAlarm = "platform_alarm",
    }
}

/// One row of the change feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its place: followers go on after the last they saw.
    pub sequence: i64,
    /// Whose data; absent for what belongs to no customer.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// What kind of thing.
    pub noun: Noun,
    /// Which.
    pub id: String,
    /// When.
    pub time: Timestamp,
}
