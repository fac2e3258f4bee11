//! Makes the demonstration's world through the same use cases as people do, and equips its devices to send.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use model::device::CredentialKind;
use model::use_case::Language;
use model::user::UserData;
use model::{Context, CustomerId, DeviceId, PageRequest, Scope, UserId};
use ops::{AuditPolicyFilter, CustomerFilter, DeviceFilter, UserFilter};
use rustls::pki_types::CertificateDer;

use super::play::Player;
use super::send::Route;
use super::world::{self, Protocol, Transport, World};
use crate::error::Error;
use crate::serve::Server;
use crate::time::now;

/// Where the demonstration's devices send to.
pub struct Listeners {
    pub ingest: SocketAddr,
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    pub tls: SocketAddr,
    /// What the TLS listener shows.
    pub certificate: CertificateDer<'static>,
}

/// Makes what is missing of the world. Gives the devices by key.
pub async fn world(
    server: &Server,
    world: &World,
    language: Language,
    passwords: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, DeviceId>, Error> {
    let ops = &server.opened.ops;
    let ctx = Context::job("demo", Scope::All, now());
    let most = PageRequest::new(PageRequest::MOST, None);
    let mut customers: BTreeMap<String, CustomerId> = BTreeMap::new();
    let mut devices = BTreeMap::new();
    let present = ops.list_customers(&ctx, &CustomerFilter::default(), &most).await?.items;
    let fresh = present.is_empty();
    for customer in &world.customers {
        let data = customer.data(language);
        let found = present.iter().find(|known| is(customer, &known.data.name));
        let id = match found {
            Some(known) => known.id.clone(),
            None => ops.create_customer(&ctx, data).await?.id,
        };
        customers.insert(customer.key.clone(), id.clone());
        let filter = DeviceFilter { customer: Some(id.clone()), ..DeviceFilter::default() };
        let known = ops.list_devices(&ctx, &filter, &most).await?.items;
        for device in &customer.devices {
            let data = device.data(language);
            let found = known.iter().find(|known| known.data.address == data.address);
            let device_id = match found {
                Some(known) => known.id.clone(),
                None => ops.create_device(&ctx, &id, data).await?.id,
            };
            devices.insert(device.key.clone(), device_id);
        }
        if found.is_none() {
            for group in &customer.groups {
                ops.create_resource_group(&ctx, &id, group.data(language).map_err(Error::Told)?).await?;
            }
            for asset in &customer.assets {
                ops.create_asset(&ctx, &id, asset.data(language)).await?;
            }
        }
    }
    let users = users(server, &ctx, world, language, passwords, &customers).await?;
    if fresh {
        policies(server, &ctx, world, language, &customers).await?;
        for customer in &world.customers {
            let id = &customers[&customer.key];
            let known = ops.get_customer(&ctx, id).await?;
            let mut data = known.data;
            data.service_manager = users.get(&customer.service_manager).cloned();
            ops.update_customer(&ctx, id, known.version, data).await?;
        }
    }
    Ok(devices)
}

/// Gives every device a fresh credential and says how it sends; earlier credentials are revoked.
pub async fn equip(
    server: &Server,
    world: &World,
    devices: &BTreeMap<String, DeviceId>,
    listeners: &Listeners,
) -> Result<Vec<(Player, Route)>, Error> {
    let ops = &server.opened.ops;
    let ctx = Context::job("demo", Scope::All, now());
    let mut equipped = Vec::new();
    for customer in &world.customers {
        for device in &customer.devices {
            let id = &devices[&device.key];
            let kind = match device.transport {
                Transport::Port => CredentialKind::Port,
                _ => CredentialKind::Token,
            };
            for old in ops.list_device_credentials(&ctx, id).await? {
                ops.revoke_device_credential(&ctx, id, &old.id).await?;
            }
            let issued = ops.issue_device_credential(&ctx, id, kind, ops::CredentialWish::default()).await?;
            let token = issued.secret.unwrap_or_default();
            let port: u16 = issued.credential.label.parse().unwrap_or(0);
            let own = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
            let route = match (device.transport, device.protocol) {
                (Transport::Port, Protocol::Udp) => Route::Udp(own),
                (Transport::Port, Protocol::Tcp) => Route::Tcp(own),
                (Transport::SyslogUdp, _) => Route::Udp(listeners.udp),
                (Transport::SyslogTcp, _) => Route::Tcp(listeners.tcp),
                (Transport::SyslogTls, _) => Route::Tls(listeners.tls, listeners.certificate.clone()),
                (Transport::Http, _) => {
                    Route::Http { url: format!("http://{}/ingest/v1/events", listeners.ingest), token: token.clone() }
                }
            };
            let player = Player {
                key: device.key.clone(),
                customer: customer.key.clone(),
                host: device.host.clone(),
                address: device.address.clone(),
                token,
                zone: customer.zone().map_err(Error::Told)?,
            };
            equipped.push((player, route));
        }
    }
    Ok(equipped)
}

async fn users(
    server: &Server,
    ctx: &Context,
    world: &World,
    language: Language,
    passwords: &BTreeMap<String, String>,
    customers: &BTreeMap<String, CustomerId>,
) -> Result<BTreeMap<String, UserId>, Error> {
    let ops = &server.opened.ops;
    let most = PageRequest::new(PageRequest::MOST, None);
    let present = ops.list_users(ctx, &UserFilter::default(), &most).await?.items;
    let mut users = BTreeMap::new();
    for user in &world.users {
        let password = &passwords[&user.key];
        let id = match present.iter().find(|known| known.data.login == user.login) {
            Some(known) => {
                ops.set_user_password(ctx, &known.id, password).await?;
                known.id.clone()
            }
            None => {
                let data = UserData {
                    login: user.login.clone(),
                    name: user.name(language),
                    roles: user.roles.clone(),
                    all_customers: user.all_customers,
                    customers: user.customers.iter().filter_map(|key| customers.get(key).cloned()).collect(),
                    active: true,
                    language,
                };
                ops.create_user(ctx, data, password).await?.id
            }
        };
        users.insert(user.key.clone(), id);
    }
    Ok(users)
}

/// The world's policies take the place of the default ones.
async fn policies(
    server: &Server,
    ctx: &Context,
    world: &World,
    language: Language,
    customers: &BTreeMap<String, CustomerId>,
) -> Result<(), Error> {
    let ops = &server.opened.ops;
    let most = PageRequest::new(PageRequest::MOST, None);
    for default in ops.list_audit_policies(ctx, &AuditPolicyFilter::default(), &most).await?.items {
        ops.delete_audit_policy(ctx, &default.id).await?;
    }
    for policy in &world.policies {
        let customer = policy.customer.as_ref().and_then(|key| customers.get(key));
        ops.create_audit_policy(ctx, customer, policy.data(language)).await?;
    }
    Ok(())
}

/// Whether a customer of the store is this one, in whichever language it was made.
fn is(customer: &world::Customer, name: &str) -> bool {
    [Language::En, Language::Zh].into_iter().any(|language| customer.data(language).name == name)
}
