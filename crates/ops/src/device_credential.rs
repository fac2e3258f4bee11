//! What a device authenticates with: a token, a certificate, or a listener port of its own.

use model::device::{CredentialKind, Device, DeviceCredential};
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

impl Ops {
    /// A device's credentials, without secrets.
    pub async fn list_device_credentials(&self, ctx: &Context, device: &DeviceId) -> Result<Vec<DeviceCredential>> {
        ctx.require(Permission::DeviceRead)?;
        let mut tx = self.store().read(ctx).await?;
        tx.get_device(device).await?;
        Ok(tx.list_device_credentials(device).await?)
    }

    /// Issues a credential. `fingerprint` (SHA-256 of the certificate, 64 hexadecimal digits, colons allowed) belongs
    /// to a certificate and to nothing else. A port is the smallest free one of the configured range.
    pub async fn issue_device_credential(
        &self,
        ctx: &Context,
        device: &DeviceId,
        kind: CredentialKind,
        fingerprint: Option<String>,
    ) -> Result<IssuedCredential> {
        ctx.require(Permission::DeviceWrite)?;
        if kind != CredentialKind::Certificate && fingerprint.is_some() {
            return Err(Error::invalid("fingerprint", "belongs to a certificate only"));
        }
        let mut attempt = 1;
        loop {
            match self.try_issue(ctx, device, kind, fingerprint.as_deref()).await {
                Err(Error::Taken(_)) if kind == CredentialKind::Port && attempt < PORT_ATTEMPTS => attempt += 1,
                Err(Error::Taken(_)) if kind == CredentialKind::Certificate => {
                    return Err(Error::Taken("fingerprint".to_owned()));
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
        fingerprint: Option<&str>,
    ) -> Result<IssuedCredential> {
        let mut tx = self.store().write(ctx).await?;
        let owner: Device = tx.get_device(device).await?;
        let (label, lookup, token) = match kind {
            CredentialKind::Token => {
                let token = secret::generate(secret::DEVICE_PREFIX);
                (token.chars().take(10).collect(), secret::hash(&token).to_vec(), Some(token))
            }
            CredentialKind::Certificate => {
                let fingerprint = fingerprint_of(fingerprint)?;
                (fingerprint.clone(), bytes_of(&fingerprint), None)
            }
            CredentialKind::Port => {
                let used = tx.ports_in_use().await?;
                let mut range = self.inner.parts.ports.clone().into_iter().flatten();
                let port = range.find(|port| !used.contains(port)).ok_or(Error::NoPortFree)?.to_string();
                (port.clone(), port.into_bytes(), None)
            }
        };
        let credential = DeviceCredential {
            id: DeviceCredentialId::generate(ctx.now()),
            customer: owner.customer.clone(),
            device: device.clone(),
            kind,
            label,
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
