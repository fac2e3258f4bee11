//! The demonstration's world as the content has it: users, customers with what they own, policies.

use chrono_tz::Tz;
use include_dir::{Dir, include_dir};
use model::asset::{AssetData, Importance};
use model::audit_policy::{AuditPolicyData, PolicyAction, PolicyCondition};
use model::customer::{CustomerData, OperatingState, ServiceItem};
use model::device::{DeviceData, DeviceKind};
use model::resource_group::{ResourceGroupData, ResourceGroupKind};
use model::role::Role;
use model::use_case::Language;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::play::{Background, Story};
use super::template::Lists;

static DEMO: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../content/demo");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    pub users: Vec<User>,
    pub customers: Vec<Customer>,
    pub policies: Vec<Policy>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Also the name its password is set by: `VEDETTE_DEMO_<KEY>_PASSWORD`.
    pub key: String,
    pub login: String,
    name: String,
    name_en: String,
    pub roles: Vec<Role>,
    pub all_customers: bool,
    #[serde(default)]
    pub customers: Vec<String>,
    /// The demonstration's own language is taken instead.
    #[serde(rename = "language")]
    _language: Language,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    pub key: String,
    name: String,
    name_en: String,
    short_name: String,
    short_name_en: String,
    color: i64,
    services: Vec<ServiceItem>,
    state: OperatingState,
    time_zone: String,
    /// Key of a user.
    pub service_manager: String,
    remark: String,
    remark_en: String,
    pub devices: Vec<Device>,
    pub groups: Vec<Group>,
    pub assets: Vec<Asset>,
    #[serde(default)]
    pub lists: Lists,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    pub key: String,
    name: String,
    name_en: String,
    kind: DeviceKind,
    /// Absent: recognised record by record.
    source: Option<String>,
    /// For people reading the file.
    #[serde(rename = "format")]
    _format: String,
    pub transport: Transport,
    #[serde(default)]
    pub protocol: Protocol,
    pub host: String,
    pub address: String,
    software_version: String,
    silence_minutes: i64,
}

/// How a device's lines travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    SyslogUdp,
    SyslogTcp,
    SyslogTls,
    /// A listener port of its own.
    Port,
    Http,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    #[default]
    Udp,
    Tcp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    name: String,
    name_en: String,
    kind: ResourceGroupKind,
    ranges: Vec<String>,
    note: String,
    note_en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    name: String,
    addresses: Vec<String>,
    host_names: Vec<String>,
    owner: String,
    business: String,
    business_en: String,
    importance: Importance,
    in_service: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Key of a customer; for all when absent.
    pub customer: Option<String>,
    name: String,
    name_en: String,
    position: i64,
    enabled: bool,
    condition: PolicyCondition,
    action: PolicyAction,
}

/// The world, its ordinary traffic and its stories.
pub fn load() -> Result<(World, Vec<Background>, Vec<Story>), String> {
    let file = DEMO.get_file("world.toml").ok_or("content/demo/world.toml is missing")?;
    let world = read("world.toml", file.contents_utf8().unwrap_or_default())?;
    Ok((world, folder("background")?, folder("stories")?))
}

fn folder<T: DeserializeOwned>(name: &str) -> Result<Vec<T>, String> {
    let folder = DEMO.get_dir(name).ok_or_else(|| format!("content/demo/{name} is missing"))?;
    let mut files: Vec<_> = folder.files().collect();
    files.sort_by_key(|file| file.path());
    files
        .iter()
        .map(|file| read(&file.path().display().to_string(), file.contents_utf8().unwrap_or_default()))
        .collect()
}

fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| format!("content/demo/{path}: {error}"))
}

fn pick(language: Language, zh: &str, en: &str) -> String {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
    .trim()
    .to_owned()
}

impl User {
    pub fn name(&self, language: Language) -> String {
        pick(language, &self.name, &self.name_en)
    }
}

impl Customer {
    /// The zone its devices write local times in.
    pub fn zone(&self) -> Result<Tz, String> {
        self.time_zone.parse().map_err(|_| format!("customer `{}`: unknown time zone `{}`", self.key, self.time_zone))
    }

    pub fn data(&self, language: Language) -> CustomerData {
        CustomerData {
            name: pick(language, &self.name, &self.name_en),
            short_name: pick(language, &self.short_name, &self.short_name_en),
            color: self.color,
            services: self.services.clone(),
            state: self.state,
            time_zone: self.time_zone.clone(),
            remark: pick(language, &self.remark, &self.remark_en),
            service_manager: None,
        }
    }
}

impl Device {
    pub fn data(&self, language: Language) -> DeviceData {
        DeviceData {
            name: pick(language, &self.name, &self.name_en),
            kind: self.kind,
            source: self.source.clone(),
            address: Some(self.address.clone()),
            software_version: self.software_version.clone(),
            time_zone: None,
            silence_minutes: self.silence_minutes,
            silence_alarm: Default::default(),
        }
    }
}

impl Group {
    pub fn data(&self, language: Language) -> Result<ResourceGroupData, String> {
        let range = |text: &String| text.parse().map_err(|_| format!("resource group `{}`: `{text}`", self.name_en));
        Ok(ResourceGroupData {
            name: pick(language, &self.name, &self.name_en),
            kind: self.kind,
            ranges: self.ranges.iter().map(range).collect::<Result<_, _>>()?,
            note: pick(language, &self.note, &self.note_en),
        })
    }
}

impl Asset {
    pub fn data(&self, language: Language) -> AssetData {
        AssetData {
            name: self.name.clone(),
            addresses: self.addresses.clone(),
            host_names: self.host_names.clone(),
            owner: self.owner.clone(),
            business: pick(language, &self.business, &self.business_en),
            importance: self.importance,
            in_service: self.in_service,
        }
    }
}

impl Policy {
    pub fn data(&self, language: Language) -> AuditPolicyData {
        AuditPolicyData {
            name: pick(language, &self.name, &self.name_en),
            position: self.position,
            enabled: self.enabled,
            condition: self.condition.clone(),
            action: self.action.clone(),
            expires: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::demo::play::{Play, Player};

    #[test]
    fn the_world_loads_and_an_hour_of_it_plays() {
        let (world, backgrounds, stories) = load().unwrap();
        assert_eq!(world.customers.len(), 3);
        assert!(stories.len() >= 5);
        let players = world.customers.iter().flat_map(|customer| {
            customer.devices.iter().map(|device| Player {
                key: device.key.clone(),
                customer: customer.key.clone(),
                host: device.host.clone(),
                address: device.address.clone(),
                token: "vdd_test".into(),
                zone: customer.zone().unwrap(),
            })
        });
        let lists: BTreeMap<_, _> =
            world.customers.iter().map(|customer| (customer.key.clone(), customer.lists.clone())).collect();
        let start: model::Timestamp = "2026-05-12T02:00:00Z".parse().unwrap();
        let rng = fastrand::Rng::with_seed(7);
        let mut play = Play::new(backgrounds, stories, players.collect(), lists, 1.0, start, rng).unwrap();
        let end = start.plus(std::time::Duration::from_secs(3600));
        let mut last = start;
        let mut lines = 0;
        while let Some(cue) = play.next() {
            assert!(cue.time >= last, "time never goes back");
            assert!(!cue.line.contains("{{"), "{}", cue.line);
            last = cue.time;
            if last >= end {
                break;
            }
            lines += 1;
        }
        println!("{lines} lines in an hour");
        assert!(lines > 20_000, "{lines}");
    }
}
