//! Speaking to the centre: HTTP/1.1 over TLS on one connection, certificates read again when they change.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST, HeaderName, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::Centre;
use crate::error::Error;

/// Time for a connection with its handshake, and for the answer to a request.
const CONNECT: Duration = Duration::from_secs(15);
const ANSWER: Duration = Duration::from_secs(120);
/// The longest answer read.
const LONGEST: usize = 64 * 1024;

/// Where the centre is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub host: String,
    pub port: u16,
    /// Without TLS only this machine is spoken to.
    pub tls: bool,
}

impl Target {
    /// Reads `https://host:port`, and `http://` for this machine alone.
    pub fn of(url: &str) -> Option<Target> {
        let (tls, rest) = match url.split_once("://")? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return None,
        };
        let authority = rest.trim_end_matches('/');
        if authority.contains(['/', '?', '#', '@']) {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, if tls { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        (!host.is_empty() && (tls || is_here)).then_some(Target { host, port, tls })
    }
}

/// What went wrong on the way to the centre or there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Setup(#[from] Error),
    #[error("the name {host} does not resolve: {source}")]
    Name { host: String, source: std::io::Error },
    #[error("{host}:{port} does not answer: {source}")]
    Connect { host: String, port: u16, source: std::io::Error },
    #[error("TLS with {host} fails: {source}")]
    Tls { host: String, source: std::io::Error },
    #[error("the connection broke off: {0}")]
    Broken(String),
    #[error("no answer came in time")]
    TooSlow,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

impl Answer {
    /// What the centre says about a refusal.
    pub fn told(&self) -> String {
        let problem: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
        match detail {
            Some(detail) => format!("{} ({detail})", self.status),
            None => self.status.to_string(),
        }
    }
}

/// The connection to the centre.
pub(crate) struct Client {
    centre: Centre,
    target: Target,
    open: Option<Open>,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    /// When the files it was made with were changed last.
    stamp: Vec<Option<SystemTime>>,
    token: Option<String>,
}

impl Client {
    pub fn new(centre: Centre) -> Option<Client> {
        Some(Client { target: Target::of(&centre.url)?, centre, open: None })
    }

    /// Asks and waits for the answer.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, String)],
        body: Bytes,
    ) -> Result<Answer, Trouble> {
        let asked = self.try_ask(method, path, headers, body).await;
        if asked.is_err() {
            self.open = None;
        }
        asked
    }

    async fn try_ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, String)],
        body: Bytes,
    ) -> Result<Answer, Trouble> {
        self.connect().await?;
        let open = self.open.as_mut().expect("a connection was just made");
        let mut request = Request::builder().method(method).uri(path);
        let host =
            if self.target.host.contains(':') { format!("[{}]", self.target.host) } else { self.target.host.clone() };
        request = request.header(HOST, format!("{host}:{}", self.target.port));
        if let Some(token) = &open.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let broken = |error: hyper::Error| Trouble::Broken(whole(&error));
        let request = request.body(Full::new(body)).map_err(|error| Trouble::Broken(error.to_string()))?;
        let asked = async {
            let response = open.sender.send_request(request).await.map_err(broken)?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LONGEST).collect().await;
            let body = body.map_err(|error| Trouble::Broken(error.to_string()))?.to_bytes();
            let seconds = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Ok(Answer { status: parts.status, retry_after: seconds.map(Duration::from_secs), body })
        };
        tokio::time::timeout(ANSWER, asked).await.map_err(|_| Trouble::TooSlow)?
    }

    /// Makes sure that there is a connection made with the files as they are now.
    pub async fn connect(&mut self) -> Result<(), Trouble> {
        let stamp = self.stamp();
        if self.open.as_ref().is_some_and(|open| !open.sender.is_closed() && open.stamp == stamp) {
            return Ok(());
        }
        // Files that are being replaced at this moment do not end a connection that works.
        match self.dial(stamp).await {
            Ok(open) => {
                self.open = Some(open);
                Ok(())
            }
            Err(Trouble::Setup(error)) if self.open.as_ref().is_some_and(|open| !open.sender.is_closed()) => {
                tracing::warn!(%error, "new credentials cannot be used; the connection made with the old ones stays");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn stamp(&self) -> Vec<Option<SystemTime>> {
        let Centre { certificate, key, token_file, ca, .. } = &self.centre;
        let files = [Some(ca), certificate.as_ref(), key.as_ref(), token_file.as_ref()];
        files.into_iter().map(|file| std::fs::metadata(file?).ok()?.modified().ok()).collect()
    }

    async fn dial(&self, stamp: Vec<Option<SystemTime>>) -> Result<Open, Trouble> {
        let token = self.centre.token_file.as_deref().map(token).transpose()?;
        let tls = if self.target.tls { Some(tls(&self.centre)?) } else { None };
        let Target { host, port, .. } = &self.target;
        let addresses = tokio::net::lookup_host((host.as_str(), *port)).await;
        let addresses: Vec<_> = addresses.map_err(|source| Trouble::Name { host: host.clone(), source })?.collect();
        let unreached = |source| Trouble::Connect { host: host.clone(), port: *port, source };
        let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(&addresses[..]));
        let late = |_| unreached(std::io::ErrorKind::TimedOut.into());
        let stream = connecting.await.map_err(late)?.map_err(unreached)?;
        // Requests are large and answers wanted at once; a connection on which that cannot be set works all the same.
        let _ = stream.set_nodelay(true);
        let sender = match tls {
            None => handshake(stream).await?,
            Some(config) => {
                let failed = |source| Trouble::Tls { host: host.clone(), source };
                let name = ServerName::try_from(host.clone()).map_err(|error| failed(std::io::Error::other(error)))?;
                let shaking = tokio::time::timeout(CONNECT, TlsConnector::from(config).connect(name, stream));
                handshake(shaking.await.map_err(late)?.map_err(failed)?).await?
            }
        };
        Ok(Open { sender, stamp, token })
    }
}

async fn handshake(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, Trouble> {
    let begun = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = begun.map_err(|error| Trouble::Broken(whole(&error)))?;
    // It ends with the connection; what broke it is told to whoever asks.
    tokio::spawn(connection);
    Ok(sender)
}

/// The token a file holds.
pub(crate) fn token(path: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::file("read", path))?;
    let token = text.trim().to_owned();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(Error::Pem { path: path.to_owned(), reason: "it holds no token".into() });
    }
    Ok(token)
}

/// TLS as the settings say.
pub(crate) fn tls(centre: &Centre) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusted = certificates(&centre.ca)?;
    let unusable = |path: &Path| {
        let path = path.to_owned();
        move |error: &dyn std::fmt::Display| Error::Pem { path, reason: error.to_string() }
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(trusted.iter().cloned());
    if added == 0 {
        return Err(unusable(&centre.ca)(&"none of its certificates reads"));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let verifier = verifier.build().map_err(|error| unusable(&centre.ca)(&error))?;
    let verifier = Arc::new(Pinned { verifier, trusted });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&centre.ca)(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match centre.certificate.as_ref().zip(centre.key.as_ref()) {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let read = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key)(&error))?;
            let chain = certificates(certificate)?;
            config.with_client_auth_cert(chain, read).map_err(|error| unusable(certificate)(&error))?
        }
    };
    Ok(Arc::new(config))
}

/// The certificates of a PEM file.
pub(crate) fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let unusable = |reason: String| Error::Pem { path: path.clone(), reason };
    let found = read.map_err(|error| unusable(error.to_string()))?;
    if found.is_empty() { Err(unusable("it holds no certificate".into())) } else { Ok(found) }
}

/// Takes what an authority in the file has signed for the name, and the very certificates that stand in the file: a
/// centre's own certificate needs no authority.
#[derive(Debug)]
struct Pinned {
    verifier: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.trusted.iter().any(|trusted| trusted.as_ref() == certificate.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        self.verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// An error with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_on_this_machine() {
        let target = |url| Target::of(url).map(|target| (target.host, target.port, target.tls));
        assert_eq!(target("https://soc.example:8601"), Some(("soc.example".into(), 8601, true)));
        assert_eq!(target("https://soc.example/"), Some(("soc.example".into(), 443, true)));
        assert_eq!(target("https://[2001:db8::1]:8601"), Some(("2001:db8::1".into(), 8601, true)));
        assert_eq!(target("http://127.0.0.1:8601"), Some(("127.0.0.1".into(), 8601, false)));
        for wrong in ["http://soc.example:8601", "soc.example", "https://", "https://a:x", "https://u@h", "https://h/p"]
        {
            assert_eq!(target(wrong), None, "{wrong}");
        }
    }
}
