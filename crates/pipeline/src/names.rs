//! Names of addresses and hosts at a customer: its assets and resource groups, kept in memory, one set a customer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use model::asset::Asset;
use model::entity::{Entity, EntityKind};
use model::resource_group::{ResourceGroup, narrowest};
use model::{Context, CustomerId, Scope, Timestamp};
use store::Store;

/// What one customer calls its addresses and hosts.
#[derive(Debug, Default)]
pub struct Names {
    by_address: HashMap<IpAddr, String>,
    by_host: HashMap<String, String>,
    groups: Vec<ResourceGroup>,
}

impl Names {
    /// From the customer's records.
    pub fn new(assets: &[Asset], groups: Vec<ResourceGroup>) -> Self {
        let mut names = Names { groups, ..Names::default() };
        for asset in assets {
            for address in asset.data.addresses.iter().filter_map(|text| text.trim().parse().ok()) {
                names.by_address.entry(address).or_insert_with(|| asset.data.name.clone());
            }
            for host in &asset.data.host_names {
                names.by_host.entry(host_key(host)).or_insert_with(|| asset.data.name.clone());
            }
        }
        names
    }

    /// Writes asset and resource group to the entities that have one.
    pub fn enrich(&self, entities: &mut [Entity]) {
        for entity in entities {
            match entity.kind {
                EntityKind::SourceAddress | EntityKind::DestinationAddress => {
                    let Ok(address) = entity.value.parse::<IpAddr>() else { continue };
                    entity.asset = self.by_address.get(&address).cloned();
                    entity.resource_group = narrowest(&self.groups, address).map(|group| group.data.name.clone());
                }
                EntityKind::Host => entity.asset = self.by_host.get(&host_key(&entity.value)).cloned(),
                _ => {}
            }
        }
    }
}

/// Host names are compared without case and without domain; an address used as a name is kept whole.
fn host_key(host: &str) -> String {
    let host = host.trim();
    let name = if host.parse::<IpAddr>().is_ok() { host } else { host.split('.').next().unwrap_or(host) };
    name.to_lowercase()
}

/// The names of every customer that has sent something.
#[derive(Debug, Clone, Default)]
pub struct NameDirectory {
    customers: Arc<RwLock<HashMap<CustomerId, Arc<Names>>>>,
}

impl NameDirectory {
    /// What is known of a customer, if it was loaded.
    pub fn find(&self, customer: &CustomerId) -> Option<Arc<Names>> {
        self.customers.read().unwrap_or_else(PoisonError::into_inner).get(customer).cloned()
    }

    /// Reads a customer's names from the store anew.
    pub async fn load(&self, store: &Store, customer: &CustomerId, now: Timestamp) -> Result<Arc<Names>, store::Error> {
        let context = Context::job("pipeline", Scope::one(customer.clone()), now);
        let mut tx = store.read(&context).await?;
        let (assets, groups) = (tx.all_assets(customer).await?, tx.all_resource_groups(customer).await?);
        let names = Arc::new(Names::new(&assets, groups));
        self.customers.write().unwrap_or_else(PoisonError::into_inner).insert(customer.clone(), names.clone());
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use model::asset::{AssetData, Importance};
    use model::resource_group::{ResourceGroupData, ResourceGroupKind};
    use model::{AssetId, ResourceGroupId};

    use super::*;

    #[test]
    fn an_address_gets_its_asset_and_its_narrowest_group_and_a_host_its_asset() {
        let (now, customer) = (Timestamp::from_micros(0), CustomerId::generate(Timestamp::from_micros(0)));
        let asset = Asset {
            id: AssetId::generate(now),
            customer: customer.clone(),
            data: AssetData {
                name: "pay-db".into(),
                addresses: vec!["10.0.0.7".into()],
                host_names: vec!["PAYDB01.corp.example".into()],
                owner: String::new(),
                business: String::new(),
                importance: Importance::Vital,
                in_service: true,
            },
            created: now,
            version: 1,
        };
        let group = |name: &str, range: &str| ResourceGroup {
            id: ResourceGroupId::generate(now),
            customer: customer.clone(),
            data: ResourceGroupData {
                name: name.into(),
                kind: ResourceGroupKind::Internal,
                ranges: vec![range.parse().unwrap()],
                note: String::new(),
            },
            created: now,
            version: 1,
        };
        let names = Names::new(&[asset], vec![group("all", "10.0.0.0/8"), group("servers", "10.0.0.0/24")]);
        let entity = |kind, value: &str| Entity { kind, value: value.into(), asset: None, resource_group: None };
        let mut entities = [
            entity(EntityKind::SourceAddress, "10.0.0.7"),
            entity(EntityKind::DestinationAddress, "10.9.9.9"),
            entity(EntityKind::Host, "paydb01"),
            entity(EntityKind::User, "pay-db"),
        ];
        names.enrich(&mut entities);
        let found = entities.map(|entity| (entity.asset, entity.resource_group));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [(some("pay-db"), some("servers")), (None, some("all")), (some("pay-db"), None), (None, None)]
        );
    }
}
