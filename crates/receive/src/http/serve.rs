//! The HTTP listener: connections bounded in number and in how long they may say nothing, HTTP/1.1 and HTTP/2, plain or
//! TLS with client certificates.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::HttpLimits;
use super::credential::PeerCertificate;
use super::slots::{Slot, Slots};
use crate::intake::Intake;
use crate::stats::{Counters, Protocol, Rejection};

/// gRPC needs HTTP/2.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// Time for a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Requests under way at once on one HTTP/2 connection.
const STREAMS: u32 = 64;
/// Bytes of all headers of a request.
const HEADERS: usize = 32 * 1024;
/// After the order to stop, open requests may take so long.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// The address of the other end; the listener puts it among every request's extensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeerIp(pub IpAddr);

/// What the connections of a listener share.
pub(crate) struct Host {
    pub router: Router,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub limits: HttpLimits,
    pub intake: Intake,
    pub counters: Arc<Counters>,
    pub connections: Arc<Semaphore>,
    /// No new connections and requests; answer those under way.
    pub stop: CancellationToken,
    /// Drop everything.
    pub abort: CancellationToken,
}

/// Accepts until told to stop; each connection is a task of its own.
pub(crate) async fn serve(host: Host, listener: TcpListener, tasks: TaskTracker) {
    let intake = host.intake.labelled(Protocol::Http);
    let acceptor = host.tls.as_deref().map(|tls| {
        let mut tls = tls.clone();
        tls.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        TlsAcceptor::from(Arc::new(tls))
    });
    let slots = Slots::new(host.limits.customer_connections, host.limits.strange_connections);
    let host = Arc::new(host);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = host.stop.cancelled() => return,
        };
        let (connection, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: others must be closed first.
                tracing::warn!(%error, "cannot accept an HTTP connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = host.connections.clone().try_acquire_owned() else {
            intake.refused(Rejection::TooManyConnections, 1);
            continue;
        };
        let (host, acceptor, slot) = (host.clone(), acceptor.clone(), slots.open());
        tasks.spawn(async move {
            host.counters.connections.fetch_add(1, Ordering::Relaxed);
            tokio::select! {
                () = connected(&host, connection, peer, acceptor, &slot) => {}
                () = slot.closed() => host.intake.labelled(Protocol::Http).refused(Rejection::TooManyConnections, 1),
                () = host.abort.cancelled() => {}
            }
            host.counters.connections.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
    }
}

async fn connected(
    host: &Host,
    connection: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    slot: &Arc<Slot>,
) {
    // Answers are small and wanted at once; a connection on which that cannot be set works all the same.
    let _ = connection.set_nodelay(true);
    let about = (PeerIp(peer.ip()), slot.clone());
    let Some(acceptor) = acceptor else { return speak(host, connection, None, about).await };
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(connection)).await {
        Ok(Ok(connection)) => {
            let certificate = connection.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let certificate = certificate.map(|der| PeerCertificate(Sha256::digest(der).into()));
            speak(host, connection, certificate, about).await;
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
    }
}

async fn speak(
    host: &Host,
    connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    certificate: Option<PeerCertificate>,
    (peer, slot): (PeerIp, Arc<Slot>),
) {
    let asked = Arc::new(AtomicBool::new(false));
    let router = TowerToHyperService::new(host.router.clone());
    let service = service_fn({
        let asked = asked.clone();
        move |mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            if let Some(certificate) = certificate {
                request.extensions_mut().insert(certificate);
            }
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(slot.clone());
            router.call(request)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    let limits = &host.limits;
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_buf_size(HEADERS.max(64 * 1024))
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS as u32)
        .keep_alive_interval(limits.headers / 2)
        .keep_alive_timeout(limits.headers / 2);
    let served = builder.serve_connection(TokioIo::new(connection), service);
    let mut served = std::pin::pin!(served);
    // Nothing of the library's ends a connection that begins neither HTTP/1 nor HTTP/2.
    let silence = async {
        tokio::time::sleep(limits.headers).await;
        if asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        // A connection that breaks off is the sender's business: it was answered or it asks again.
        _ = served.as_mut() => {}
        () = silence => {}
        () = host.stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            // Whoever is not answered by then asks again, as after any broken connection.
            let _ = tokio::time::timeout(LAST_REQUESTS, served).await;
        }
    }
}
