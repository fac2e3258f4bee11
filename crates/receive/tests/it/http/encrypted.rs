//! The HTTP listener over TLS: HTTP/2 is offered, a registered client certificate takes the place of a token.

use std::sync::Arc;

use model::device::CredentialKind;
use receive::listen::tls;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::world::{TOKEN, World, credential, identities};

type Certificate = rcgen::CertifiedKey<rcgen::KeyPair>;

fn certificate() -> Certificate {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

async fn connect(world: &World, server: &Certificate, client: Option<&Certificate>) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(server.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match client {
        None => config.with_no_client_auth(),
        Some(client) => {
            let key = PrivateKeyDer::try_from(client.signing_key.serialize_der()).unwrap();
            config.with_client_auth_cert(vec![client.cert.der().clone()], key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if client.is_some() {
        config.alpn_protocols.remove(0);
    }
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

async fn post(stream: &mut TlsStream<TcpStream>, headers: &str) -> String {
    let head = format!("POST /ingest/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n{headers}");
    stream.write_all(format!("{head}connection: close\r\n\r\nline").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // An end without the closing message of TLS is an end as well.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_certificate_is_a_device_and_any_other_needs_a_token() {
    let (server, known, unknown) = (certificate(), certificate(), certificate());
    let tls = tls::server_config(server.cert.pem().as_bytes(), server.signing_key.serialize_pem().as_bytes()).unwrap();
    let mut identities = identities();
    identities.push(credential(CredentialKind::Certificate, known.cert.der()));
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let world = World::open(folder, identities, Some(tls), |_, _| {}).await;
    let token = format!("authorization: Bearer {TOKEN}\r\n");
    for (client, headers, status) in [
        (&known, "", "200"),
        (&known, "authorization: Bearer wrong\r\n", "200"),
        (&unknown, "", "401"),
        (&unknown, token.as_str(), "200"),
    ] {
        let mut stream = connect(&world, &server, Some(client)).await;
        let answer = post(&mut stream, headers).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{headers:?}: {answer}");
    }
    let stream = connect(&world, &server, None).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "gRPC needs HTTP/2");
    drop(stream);
    assert_eq!(world.records().len(), 3);
    world.close().await;
}
