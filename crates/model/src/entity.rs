//! What an alert or incident is about: addresses, hosts, users, processes, files, domains.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::role::words;

words! {
    /// What kind of thing an entity is.
    EntityKind {
        /// An address traffic came from.
        SourceAddress = "source_address",
        /// An address traffic went to.
        DestinationAddress = "destination_address",
        /// A host by name.
        Host = "host",
        /// An account.
        User = "user",
        /// A process image.
        Process = "process",
        /// A file path.
        File = "file",
        /// A file hash.
        Hash = "hash",
        /// A domain.
        Domain = "domain",
        /// A URL.
        Url = "url",
    }
}

/// One entity with the names it carries at this customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// The value as logged.
    pub value: String,
    /// The customer's asset it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// The customer's resource group it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
}

/// Which core fields make entities, most telling first.
const ENTITY_FIELDS: &[(&str, EntityKind)] = &[
    ("source_ip", EntityKind::SourceAddress),
    ("destination_ip", EntityKind::DestinationAddress),
    ("host_name", EntityKind::Host),
    ("user_name", EntityKind::User),
    ("user_target_name", EntityKind::User),
    ("process_executable", EntityKind::Process),
    ("file_path", EntityKind::File),
    ("file_hash_sha256", EntityKind::Hash),
    ("dns_question_name", EntityKind::Domain),
    ("destination_domain", EntityKind::Domain),
    ("url_full", EntityKind::Url),
];

/// The entities of an event, without names: enrichment adds those.
pub fn entities_of(event: &Event) -> Vec<Entity> {
    let mut entities: Vec<Entity> = Vec::new();
    for (field, kind) in ENTITY_FIELDS {
        let Some(value) = event.core.get(field).and_then(|value| value.text()) else { continue };
        let known = entities.iter().any(|entity| entity.kind == *kind && entity.value == value);
        if !value.is_empty() && value != "-" && !known {
            entities.push(Entity { kind: *kind, value: value.into_owned(), asset: None, resource_group: None });
        }
    }
    entities
}
