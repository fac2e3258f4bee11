//! Records of several lines from the socket to the lake: what the device's settings and the sources in force say counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use formats::{Parser, Sources};
use model::device::{CredentialKind, Device, DeviceData};
use receive::listen::tls;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::world::{PATIENCE, World, eventually, everybody, loopback};

const TRACE: &str = "2026-11-21 16:00:00.322 CST [31225] app@shop ERROR:  relation \"x\" does not exist\n\
                     STATEMENT:  SELECT *\n\tFROM x\n";

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_lines_are_joined_as_the_devices_source_in_force_says() {
    let world = World::new().await;
    let device = world.device(0, "database").await;
    let server = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let client = rcgen::generate_simple_self_signed(["database".to_owned()]).unwrap();
    world.credential(&device, CredentialKind::Certificate, client.cert.der(), "certificate").await;
    let mut config = world.config();
    let tls = tls::server_config(server.cert.pem().as_bytes(), server.signing_key.serialize_pem().as_bytes()).unwrap();
    config.listen.tls = Some((loopback(), tls));
    let running = world.start(config).await;
    let address = running.pipeline.addresses().tls.unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(server.cert.der().clone()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(client.signing_key.serialize_der()));
    let client = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![client.cert.der().clone()], key)
        .unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let send = async |text: &str| {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let source = async |source: &str| {
        let mut tx = world.store.write(&everybody()).await.unwrap();
        let Device { version, data, .. } = tx.get_device(&device.id).await.unwrap();
        let data = DeviceData { source: Some(source.to_owned()), ..data };
        tx.update_device(&device.id, version, &data).await.unwrap();
        tx.commit().await.unwrap();
        let senders = running.pipeline.senders();
        eventually("the device's source", async || {
            senders.by_device(&device.id).is_some_and(|sender| sender.source.as_deref() == Some(source))
        })
        .await;
    };

    // Unless its source is known each line is a record.
    send(TRACE).await;
    assert_eq!(running.wait_for_events(&world.customers[0], 3).await, 3);
    source("postgresql_postgresql").await;
    send(TRACE).await;
    assert_eq!(running.wait_for_events(&world.customers[0], 4).await, 4);
    let events = running.events(&world.customers[0]).await;
    let whole = events.iter().find(|event| event.raw == TRACE.trim_end()).unwrap();
    assert_eq!((&*whole.source, &whole.device), ("postgresql_postgresql", &device.id));

    // A parser put in force while everything runs says it too.
    let own =
        "vendor = \"Acme\"\nproduct = \"Shop\"\nlines.first = '^## '\n[[variant]]\nrecognise.contains = [\"## \"]\n";
    let sources = Sources::from_texts(BTreeMap::from([("acme_shop".to_owned(), own.to_owned())])).unwrap();
    source("acme_shop").await;
    running.pipeline.set_parser(Parser::new(Arc::new(sources))).await.unwrap();
    send("## one\nand more\n## two\n").await;
    assert_eq!(running.wait_for_events(&world.customers[0], 6).await, 6);
    let events = running.events(&world.customers[0]).await;
    assert!(["## one\nand more", "## two"].iter().all(|raw| events.iter().any(|event| event.raw == *raw)));
    running.pipeline.drain(PATIENCE).await.unwrap();
}
