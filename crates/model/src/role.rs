//! Roles and what each may do: one table.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $word:tt,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$item])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The wire name.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::role::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $name::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| $crate::role::UnknownWord {
                    what: stringify!($name),
                    word: text.chars().take(64).collect(),
                })
            }
        }
    };
}
pub(crate) use words;

/// A word outside a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{word}`")]
pub struct UnknownWord {
    /// The list's name.
    pub what: &'static str,
    /// The word, cut short.
    pub word: String,
}

words! {
    /// What a person is to the platform.
    Role {
        /// Tenants, users, keys, retention.
        Administrator = "administrator",
        /// Load, staffing, metrics; decides over policies.
        SocManager = "soc_manager",
        /// Runs a shift.
        ShiftLead = "shift_lead",
        /// 一线: triages what the queue hands out.
        L1Analyst = "l1_analyst",
        /// 二线: atypical incidents, hunting, tuning.
        L2Engineer = "l2_engineer",
        /// 三线: named customers, quality review.
        L3Analyst = "l3_analyst",
        /// 工单审核: judges alerts, raises and forwards incidents.
        TicketAuditor = "ticket_auditor",
        /// 服务经理: owns the customer relation.
        ServiceManager = "service_manager",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
    }
}

words! {
    /// One thing that may be done.
    Permission {
        /// See customers.
        CustomerRead = "customer.read",
        /// Create and change customers.
        CustomerWrite = "customer.write",
        /// See devices.
        DeviceRead = "device.read",
        /// Create and change devices, issue and revoke their credentials.
        DeviceWrite = "device.write",
        /// See assets and resource groups.
        AssetRead = "asset.read",
        /// Create and change assets and resource groups.
        AssetWrite = "asset.write",
        /// Search events and open them.
        EventRead = "event.read",
        /// See alerts.
        AlertRead = "alert.read",
        /// See incidents.
        IncidentRead = "incident.read",
        /// Take, comment, change, close incidents.
        IncidentWork = "incident.work",
        /// Assign incidents to others.
        IncidentAssign = "incident.assign",
        /// See rules, cards and audit policies.
        PolicyRead = "policy.read",
        /// Change audit policies.
        PolicyWrite = "policy.write",
        /// Write and test parsers of our own.
        ParserWrite = "parser.write",
        /// See intelligence lists, retro-hunts and what they found.
        IntelRead = "intel.read",
        /// Add and change intelligence lists, hunt for them.
        IntelWrite = "intel.write",
        /// See threat hunts and what they came to.
        HuntRead = "hunt.read",
        /// Plan, run, judge and conclude threat hunts.
        HuntWrite = "hunt.write",
        /// See users and roles.
        UserRead = "user.read",
        /// Create and change users.
        UserWrite = "user.write",
        /// Read the audit log.
        AuditRead = "audit.read",
        /// Change the platform itself.
        SystemAdmin = "system.admin",
    }
}

const READ: &[Permission] = &[
    Permission::CustomerRead,
    Permission::DeviceRead,
    Permission::AssetRead,
    Permission::EventRead,
    Permission::AlertRead,
    Permission::IncidentRead,
    Permission::PolicyRead,
    Permission::IntelRead,
    Permission::HuntRead,
];

impl Role {
    /// What the role may do, within the customers it is scoped to.
    pub fn permissions(self) -> BTreeSet<Permission> {
        use Permission::*;
        let more: &[Permission] = match self {
            Role::Administrator => Permission::ALL,
            Role::SocManager => &[
                CustomerWrite,
                IncidentWork,
                IncidentAssign,
                PolicyWrite,
                IntelWrite,
                HuntWrite,
                UserRead,
                AuditRead,
                DeviceWrite,
                AssetWrite,
                ParserWrite,
            ],
            Role::ShiftLead => &[IncidentWork, IncidentAssign, UserRead],
            Role::L1Analyst => &[IncidentWork],
            Role::L2Engineer => &[IncidentWork, PolicyWrite, ParserWrite, IntelWrite, HuntWrite],
            Role::L3Analyst => {
                &[IncidentWork, IncidentAssign, PolicyWrite, ParserWrite, IntelWrite, HuntWrite, AssetWrite, UserRead]
            }
            Role::TicketAuditor => &[IncidentWork, IncidentAssign, PolicyWrite, UserRead],
            Role::ServiceManager => &[CustomerWrite, DeviceWrite, AssetWrite, IncidentWork, IncidentAssign, UserRead],
            Role::Auditor => &[UserRead, AuditRead],
        };
        READ.iter().chain(more).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_changes_nothing() {
        let may = Role::Auditor.permissions();
        assert!(may.iter().all(|permission| permission.as_str().ends_with(".read")), "{may:?}");
    }

    #[test]
    fn only_administrators_change_users() {
        let who: Vec<_> = Role::ALL.iter().filter(|role| role.permissions().contains(&Permission::UserWrite)).collect();
        assert_eq!(who, [&Role::Administrator]);
    }
}
