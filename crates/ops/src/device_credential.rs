//! What a device authenticates with: a token, a certificate, a listener port of its own, or an address that a collector of
//! the same customer vouches for.

use ipnet::IpNet;
use model::device::{CollectorPeer, CredentialKind, Device, DeviceCredential, DeviceKind};
use model::role::Permission;
use model::{Context, DeviceCredentialId, DeviceId};
use serde_json::json;

use crate::error::{Error, Result};
use crate::{Ops, audit, instructions, secret};

/// How often another node may take the port we were about to give before we give up.
const PORT_ATTEMPTS: usize = 8;

/// A credential just issued.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedCredential {
    /// What is kept of it.
    pub credential: DeviceCredential,
    /// The token, shown this once; nothing for the other kinds.
    pub secret: Option<String>,
    /// What the field engineer needs to connect the device: plain text with addresses and examples.
    pub instructions: String,
}

/// Which credential is wanted, with what its kind needs and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CredentialWish {
    /// SHA-256 of a certificate: 64 hexadecimal digits, colons allowed.
    pub fingerprint: Option<String>,
    /// An address or a CIDR range,
    pub address: Option<String>,
    /// and the collector that vouches for it.
    pub collector: Option<DeviceId>,
}

impl Ops {
    /// A device's credentials, without secrets.
    pub async fn list_device_credentials(&self, ctx: &Context, device: &DeviceId) -> Result<Vec<DeviceCredential>> {
        ctx.require(Permission::DeviceRead)?;
        let mut tx = self.store().read(ctx).await?;
        tx.get_device(device).await?;
        Ok(tx.list_device_credentials(device).await?)
    }

    /// Issues a credential. What is wished must be of its kind. A port is the smallest free one of the configured range. An
    /// address is vouched for by a collector of the same customer, and each address by it for one device only.
    pub async fn issue_device_credential(
        &self,
        ctx: &Context,
        device: &DeviceId,
        kind: CredentialKind,
        wish: CredentialWish,
    ) -> Result<IssuedCredential> {
        ctx.require(Permission::DeviceWrite)?;
        if kind != CredentialKind::Certificate && wish.fingerprint.is_some() {
            return Err(Error::invalid("fingerprint", "belongs to a certificate only"));
        }
        if kind != CredentialKind::Address && (wish.address.is_some() || wish.collector.is_some()) {
            return Err(Error::invalid("address", "belongs to the kind address only"));
        }
        let mut attempt = 1;
        loop {
            match self.try_issue(ctx, device, kind, &wish).await {
                Err(Error::Taken(_)) if kind == CredentialKind::Port && attempt < PORT_ATTEMPTS => attempt += 1,
                Err(Error::Taken(_)) if kind == CredentialKind::Certificate => {
                    return Err(Error::Taken("fingerprint".to_owned()));
                }
                Err(Error::Taken(_)) if kind == CredentialKind::Address => {
                    return Err(Error::Taken("address".to_owned()));
                }
                other => return other,
            }
        }
    }

    /// Revokes one of a device's credentials. What it has sent stays.
    pub async fn revoke_device_credential(
        &self,
        ctx: &Context,
        device: &DeviceId,
        credential: &DeviceCredentialId,
    ) -> Result<()> {
        ctx.require(Permission::DeviceWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let owner = tx.get_device(device).await?;
        if tx.get_device_credential(credential).await?.device != *device {
            return Err(Error::NotFound("device credential"));
        }
        tx.delete_device_credential(credential).await?;
        tx.audit(audit(Some(&owner.customer), "device.revoke_credential", device, json!({"credential": credential})))
            .await?;
        Ok(tx.commit().await?)
    }

    async fn try_issue(
        &self,
        ctx: &Context,
        device: &DeviceId,
        kind: CredentialKind,
        wish: &CredentialWish,
    ) -> Result<IssuedCredential> {
        let mut tx = self.store().write(ctx).await?;
        let owner: Device = tx.get_device(device).await?;
        let (label, lookup, token) = match kind {
            CredentialKind::Token => {
                let token = secret::generate(secret::DEVICE_PREFIX);
                (token.chars().take(10).collect(), secret::hash(&token).to_vec(), Some(token))
            }
            CredentialKind::Certificate => {
                let fingerprint = fingerprint_of(wish.fingerprint.as_deref())?;
                (fingerprint.clone(), bytes_of(&fingerprint), None)
            }
            CredentialKind::Port => {
                let used = tx.ports_in_use().await?;
                let mut range = self.inner.parts.ports.clone().into_iter().flatten();
                let port = range.find(|port| !used.contains(port)).ok_or(Error::NoPortFree)?.to_string();
                (port.clone(), port.into_bytes(), None)
            }
            CredentialKind::Address => {
                let range = address_of(wish.address.as_deref())?;
                let missing = || Error::invalid("collector", "must be a collector of the same customer");
                let collector = tx.get_device(wish.collector.as_ref().ok_or_else(missing)?).await?;
                if collector.customer != owner.customer || collector.data.kind != DeviceKind::Collector {
                    return Err(missing());
                }
                if collector.id == owner.id {
                    return Err(Error::invalid("collector", "cannot vouch for itself"));
                }
                for peer in tx.list_collector_peers(&collector.id).await? {
                    if peer.address.parse().is_ok_and(|address: std::net::IpAddr| range.contains(&address)) {
                        tx.delete_collector_peer(&collector.id, &peer.address).await?;
                    }
                }
                let lookup = format!("{} {range}", collector.id);
                (shown(&range), lookup.into_bytes(), None)
            }
        };
        let credential = DeviceCredential {
            id: DeviceCredentialId::generate(ctx.now()),
            customer: owner.customer.clone(),
            device: device.clone(),
            kind,
            label,
            collector: wish.collector.clone().filter(|_| kind == CredentialKind::Address),
            created: ctx.now(),
        };
        tx.create_device_credential(&credential, &lookup).await?;
        let detail = json!({"credential": credential.id, "kind": kind, "label": credential.label});
        tx.audit(audit(Some(&owner.customer), "device.issue_credential", device, detail)).await?;
        tx.commit().await?;
        let public = &self.inner.parts.public;
        let instructions = instructions::text(public, &owner, &credential, token.as_deref());
        Ok(IssuedCredential { credential, secret: token, instructions })
    }
}

impl Ops {
    /// Addresses a collector received from that no device is registered for, the busiest first.
    pub async fn list_collector_peers(&self, ctx: &Context, collector: &DeviceId) -> Result<Vec<CollectorPeer>> {
        ctx.require(Permission::DeviceRead)?;
        Ok(self.store().read(ctx).await?.list_collector_peers(collector).await?)
    }
}

/// A range of addresses as it is kept; an address is the range of itself.
fn address_of(given: Option<&str>) -> Result<IpNet> {
    let text = given.unwrap_or("").trim();
    let address = text.parse().ok().map(|address: std::net::IpAddr| IpNet::from(address.to_canonical()));
    let range = text.parse::<IpNet>().ok().or(address);
    range.map(|range| range.trunc()).ok_or_else(|| Error::invalid("address", "must be an IP address or a CIDR range"))
}

/// A range of one address is shown as that.
fn shown(range: &IpNet) -> String {
    if range.prefix_len() == range.max_prefix_len() { range.addr().to_string() } else { range.to_string() }
}

/// The canonical form of a certificate's fingerprint: 64 lower-case hexadecimal digits.
fn fingerprint_of(given: Option<&str>) -> Result<String> {
    let text: String = given.unwrap_or("").chars().filter(|character| !matches!(character, ':' | ' ')).collect();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Error::invalid("fingerprint", "must be the certificate's SHA-256: 64 hexadecimal digits"))
}

/// The bytes of canonical hexadecimal text.
fn bytes_of(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    hex.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |number, byte| number << 4 | digit(*byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_the_range_it_is() {
        for (given, kept) in [
            ("10.1.2.3", "10.1.2.3"),
            (" 10.1.2.3/24 ", "10.1.2.0/24"),
            ("2001:DB8::1", "2001:db8::1"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
        ] {
            assert_eq!(shown(&address_of(Some(given)).unwrap()), kept);
        }
        for bad in [None, Some(""), Some("host"), Some("10.1.2"), Some("10.0.0.0/33")] {
            assert!(matches!(address_of(bad), Err(Error::Invalid { .. })), "{bad:?}");
        }
    }

    #[test]
    fn a_fingerprint_is_read_with_or_without_colons_in_either_case() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(fingerprint_of(Some(&colons)).unwrap(), plain);
        assert_eq!(fingerprint_of(Some(&plain)).unwrap(), plain);
        assert_eq!(bytes_of(&plain), [0xab; 32]);
        for bad in [None, Some(""), Some("xyz"), Some(&plain[1..]), Some(&plain.replace('a', "g"))] {
            assert!(matches!(fingerprint_of(bad), Err(Error::Invalid { .. })), "{bad:?}");
        }
    }
}
