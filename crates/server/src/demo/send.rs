//! The demonstration's devices, sending as devices do: datagrams, a stream of lines, TLS, HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

/// Lines waiting for a device's connection.
const QUEUE: usize = 256;
/// Lines of one HTTP request.
const BATCH: usize = 500;
/// How long a device waits before it connects again.
const RETRY: Duration = Duration::from_millis(500);

/// Where a device sends to, and how.
#[derive(Debug, Clone)]
pub enum Route {
    Udp(SocketAddr),
    Tcp(SocketAddr),
    Tls(SocketAddr, CertificateDer<'static>),
    Http { url: String, token: String },
}

/// Starts a device; it sends what the channel brings and ends with it.
pub fn start(route: Route) -> mpsc::Sender<String> {
    let (lines, queue) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        match route {
            Route::Udp(address) => udp(address, queue).await,
            Route::Http { url, token } => http(url, token, queue).await,
            Route::Tcp(address) => stream(queue, move || TcpStream::connect(address)).await,
            Route::Tls(address, certificate) => stream(queue, move || tls(address, certificate.clone())).await,
        }
    });
    lines
}

async fn udp(address: SocketAddr, mut queue: mpsc::Receiver<String>) {
    let Ok(socket) = UdpSocket::bind(("127.0.0.1", 0)).await else { return };
    while let Some(line) = queue.recv().await {
        // A datagram that is lost is lost, as with any device.
        let _ = socket.send_to(line.as_bytes(), address).await;
        if queue.len() > QUEUE / 2 {
            // Many at once overrun the receiver's buffer.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn http(url: String, token: String, mut queue: mpsc::Receiver<String>) {
    let client = reqwest::Client::new();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        if queue.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        let body = batch.join("\n");
        loop {
            let sent = client.post(&url).bearer_auth(&token).body(body.clone()).send().await;
            match sent.and_then(reqwest::Response::error_for_status) {
                Ok(_) => break,
                Err(error) if queue.is_closed() => {
                    tracing::debug!(%error, "a demonstration device stopped before its last lines were taken");
                    return;
                }
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }
}

/// Sends lines over a connection that is made again when it breaks.
async fn stream<S, F>(mut queue: mpsc::Receiver<String>, connect: impl Fn() -> F)
where
    S: tokio::io::AsyncWrite + Unpin,
    F: Future<Output = std::io::Result<S>>,
{
    let mut connection: Option<BufWriter<S>> = None;
    while let Some(line) = queue.recv().await {
        loop {
            if connection.is_none() {
                match connect().await {
                    Ok(stream) => connection = Some(BufWriter::new(stream)),
                    Err(_) if queue.is_closed() => return,
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            }
            let Some(stream) = &mut connection else { continue };
            let framed = format!("{line}\n");
            let mut sent = stream.write_all(framed.as_bytes()).await;
            if sent.is_ok() && queue.is_empty() {
                sent = stream.flush().await;
            }
            match sent {
                Ok(()) => break,
                Err(_) => connection = None,
            }
        }
    }
    if let Some(mut stream) = connection {
        let _ = stream.shutdown().await;
    }
}

async fn tls(
    address: SocketAddr,
    certificate: CertificateDer<'static>,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).map_err(std::io::Error::other)?;
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a valid name");
    TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(address).await?).await
}
