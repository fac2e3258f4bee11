//! Asking a feed's host: HTTP/1.1 on a connection to an address that was looked at first.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::address::{Url, is_public};
use crate::error::Error;
use crate::fetch::Settings;

const CONNECT: Duration = Duration::from_secs(15);
/// Redirects followed.
const REDIRECTS: usize = 5;
/// Where systems keep the authorities they trust.
const AUTHORITIES: &[&str] =
    &["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// One feed's connection, with its credentials.
pub(crate) struct Client<'s> {
    settings: &'s Settings,
    home: Url,
    authorization: Option<HeaderValue>,
    open: Option<(Url, SendRequest<Empty<Bytes>>)>,
}

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl<'s> Client<'s> {
    /// Credentials are for the home's host alone.
    pub fn new(settings: &'s Settings, home: &str, user: &str, secret: Option<&str>) -> Result<Client<'s>, Error> {
        let words = secret.filter(|secret| !secret.is_empty()).map(|secret| match user {
            "" => format!("Bearer {secret}"),
            user => format!("Basic {}", STANDARD.encode(format!("{user}:{secret}"))),
        });
        let home = Url::parse(home)?;
        let unusable = |_| Error::Form(home.host.clone(), "the secret cannot be sent in a header".into());
        let authorization = words.map(|words| HeaderValue::from_str(&words).map_err(unusable)).transpose()?;
        Ok(Client { settings, home, authorization, open: None })
    }

    pub fn home(&self) -> &Url {
        &self.home
    }

    /// Asks for something; statuses other than fine and unchanged are errors.
    pub async fn get(&mut self, url: &Url, wanted: &[(HeaderName, String)]) -> Result<Answer, Error> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.ask(&at, wanted).await?;
            let status = answer.status;
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                let place = answer.header("location").ok_or_else(|| Error::Redirect(at.host.clone(), "nowhere"))?;
                let next = at.join(place)?;
                if at.tls && !next.tls {
                    return Err(Error::Redirect(at.host.clone(), "from https to http"));
                }
                at = next;
                continue;
            }
            return match status {
                StatusCode::OK | StatusCode::NOT_MODIFIED => Ok(answer),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Err(Error::Refused(at.host.clone(), status.as_u16()))
                }
                status => Err(Error::Status(format!("{}{}", at.authority(), at.path), status.as_u16())),
            };
        }
        Err(Error::Redirect(url.host.clone(), "too often"))
    }

    async fn ask(&mut self, url: &Url, wanted: &[(HeaderName, String)]) -> Result<Answer, Error> {
        let most = self.settings.timeout;
        match timeout(most, self.ask_now(url, wanted)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                self.open = None;
                Err(error)
            }
            Err(_) => {
                self.open = None;
                Err(Error::TooSlow(url.host.clone()))
            }
        }
    }

    async fn ask_now(&mut self, url: &Url, wanted: &[(HeaderName, String)]) -> Result<Answer, Error> {
        let usable = |(known, sender): &(Url, SendRequest<Empty<Bytes>>)| known.same_place(url) && !sender.is_closed();
        let mut kept = self.open.take().filter(usable).map(|(_, sender)| sender);
        let alive = match &mut kept {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        let mut sender = match kept.filter(|_| alive) {
            Some(sender) => sender,
            None => self.connect(url).await?,
        };
        let mut request = Request::get(&url.path)
            .header(header::HOST, url.authority())
            .header(header::USER_AGENT, concat!("vedette/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = self.authorization.as_ref().filter(|_| url.same_place(&self.home)) {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in wanted {
            request = request.header(name, value);
        }
        let broken = |error: &dyn std::error::Error| Error::Broken(url.host.clone(), whole(error));
        let request = request.body(Empty::new()).map_err(|_| Error::Address(url.path.clone()))?;
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let (parts, mut body) = response.into_parts();
        let (most, mut bytes) = (self.settings.most_bytes, Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(data) = frame.data_ref() {
                if bytes.len() + data.len() > most {
                    return Err(Error::TooLarge(url.host.clone(), most));
                }
                bytes.extend_from_slice(data);
            }
        }
        self.open = Some((url.clone(), sender));
        Ok(Answer { status: parts.status, headers: parts.headers, body: bytes })
    }

    async fn connect(&self, url: &Url) -> Result<SendRequest<Empty<Bytes>>, Error> {
        let host = url.host.clone();
        let found = tokio::net::lookup_host((url.host.as_str(), url.port)).await;
        let addresses: Vec<SocketAddr> = found.map_err(|source| Error::Name { host: host.clone(), source })?.collect();
        if let Some(inside) = addresses.iter().find(|address| !is_public(address.ip()))
            && !self.settings.private_addresses
        {
            return Err(Error::NotPublic { host, address: inside.ip() });
        }
        // To these very addresses: the name is not asked for again.
        let unreached = |source| Error::Connect { host: host.clone(), port: url.port, source };
        let late = |_| unreached(std::io::ErrorKind::TimedOut.into());
        let stream = timeout(CONNECT, TcpStream::connect(&addresses[..])).await.map_err(late)?.map_err(unreached)?;
        if !url.tls {
            return handshake(&host, stream).await;
        }
        let failed = |source| Error::Tls { host: host.clone(), source };
        let name = ServerName::try_from(host.clone()).map_err(|error| failed(std::io::Error::other(error)))?;
        let config = tls(self.settings.ca_file.as_deref())?;
        let shaken = timeout(CONNECT, TlsConnector::from(config).connect(name, stream)).await;
        handshake(&host, shaken.map_err(late)?.map_err(failed)?).await
    }
}

async fn handshake(
    host: &str,
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Empty<Bytes>>, Error> {
    let begun = http1::Builder::new().max_buf_size(256 << 10).handshake(TokioIo::new(stream)).await;
    let (sender, connection) = begun.map_err(|error| Error::Broken(host.to_owned(), whole(&error)))?;
    // It ends with the sender; what broke it is told to whoever asks.
    tokio::spawn(connection);
    Ok(sender)
}

/// TLS with the authorities of the settings, or those of this machine. Read each time: they change.
fn tls(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let own = ca_file.map(Path::to_owned);
    let usual = || AUTHORITIES.iter().map(Path::new).find(|path| path.exists()).map(Path::to_owned);
    let path = own.or_else(usual).ok_or_else(|| Error::Authorities("this machine keeps none where usual".into()))?;
    let unread = |error: &dyn std::fmt::Display| Error::Authorities(format!("{}: {error}", path.display()));
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(&path).map_err(|error| unread(&error))?;
    let (added, _) = roots.add_parsable_certificates(certificates.filter_map(Result::ok));
    if added == 0 {
        return Err(unread(&"it holds no certificate"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unread(&error))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
