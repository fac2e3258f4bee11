//! Reading from a NATS server, as `[ingest.nats]` says.

use std::path::Path;

use pipeline::Pipeline;
use receive::nats::{Nats, NatsConfig, NatsCredential, client_tls};

use crate::config;
use crate::error::Error;

/// Begins to read, if the settings name a server.
pub fn start(settings: &config::Nats, pipeline: &Pipeline) -> Result<Option<Nats>, Error> {
    if settings.url.is_empty() {
        return Ok(None);
    }
    let own = settings.tls_certificate.as_deref().zip(settings.tls_key.as_deref());
    let tls = settings.tls_ca.as_deref().map(|ca| {
        let ca = read(ca)?;
        let own = own.map(|(certificate, key)| Ok::<_, Error>((read(certificate)?, read(key)?))).transpose()?;
        let own = own.as_ref().map(|(certificate, key)| (&certificate[..], &key[..]));
        client_tls(&ca, own).map_err(|error| Error::Told(format!("[ingest.nats] {error}")))
    });
    let credential = match (&settings.credentials_file, settings.token.as_str(), settings.user.as_str()) {
        (Some(path), ..) => NatsCredential::Credentials(String::from_utf8_lossy(&read(path)?).into_owned()),
        (None, "", "") => NatsCredential::None,
        (None, "", user) => NatsCredential::Password(user.to_owned(), settings.password.clone()),
        (None, token, _) => NatsCredential::Token(token.to_owned()),
    };
    let config = NatsConfig {
        url: settings.url.clone(),
        credential,
        tls: tls.transpose()?,
        stream: (!settings.stream.is_empty()).then(|| settings.stream.clone()),
        consumer: settings.consumer.clone(),
        subjects: settings.subjects.iter().map(|one| (one.subject.clone(), one.device.clone())).collect(),
    };
    Ok(Some(Nats::start(config, &pipeline.intake(), &pipeline.senders())))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File { what: "cannot read", path: path.to_owned(), source })
}
