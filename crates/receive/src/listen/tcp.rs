//! Accepting connections, plain and TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sha2::{Digest, Sha256};
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::gate::{From, Gate, Origin};
use super::stream;
use crate::stats::{Protocol, Rejection};

/// Connections the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;

/// What a listener speaks.
#[derive(Clone)]
pub(super) struct Mode {
    /// What proves whose records arrive, unless a certificate does.
    pub origin: Origin,
    pub tls: Option<TlsAcceptor>,
    /// The shared key of a listener that greets its senders first (Fluentd's forward protocol).
    pub greeting: Option<Arc<str>>,
}

impl Mode {
    pub(super) fn plain(origin: Origin) -> Self {
        Mode { origin, tls: None, greeting: None }
    }
}

pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(socket2::Protocol::TCP))?;
    // A restart must not wait for old connections to time out.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts until told to stop; each connection is a task of its own.
pub(super) async fn serve(
    gate: Arc<Gate>,
    listener: TcpListener,
    mode: Mode,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let (connection, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: others must be closed first.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = gate.connections.clone().try_acquire_owned() else {
            gate.reject(Protocol::Other, Rejection::TooManyConnections, peer);
            continue;
        };
        let (gate, mode, stop) = (gate.clone(), mode.clone(), stop.clone());
        tasks.spawn(async move {
            gate.counters.connections.fetch_add(1, Ordering::Relaxed);
            tokio::select! {
                () = connected(&gate, connection, peer, mode, &stop) => {}
                () = gate.abort.cancelled() => {}
            }
            gate.counters.connections.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
    }
}

async fn connected(gate: &Gate, connection: TcpStream, peer: SocketAddr, mode: Mode, stop: &CancellationToken) {
    let greeting = mode.greeting.as_deref();
    let from = |protocol, origin| From { protocol, origin, peer };
    match mode.tls {
        None => stream::serve(gate, connection, from(Protocol::SyslogTcp, mode.origin), greeting, stop).await,
        Some(acceptor) => {
            let handshake = tokio::time::timeout(gate.limits.handshake, acceptor.accept(connection)).await;
            let connection = match handshake {
                Ok(Ok(connection)) => connection,
                Ok(Err(error)) => return tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => return tracing::debug!(%peer, "a TLS handshake took too long"),
            };
            let certificate = connection.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let origin = match certificate {
                Some(der) => Origin::Certificate(Sha256::digest(der).into()),
                None => mode.origin,
            };
            stream::serve(gate, connection, from(Protocol::SyslogTls, origin), greeting, stop).await;
        }
    }
}
