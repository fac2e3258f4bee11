//! Listeners: UDP, TCP and TLS on shared ports, and a port of its own for devices that can carry no credential.
//!
//! Every stream port takes syslog, GELF, Fluentd's forward protocol and Lumberjack, told apart by the first bytes; every
//! UDP port takes syslog and GELF.

mod buffers;
mod forward;
mod gate;
mod gelf;
mod handshake;
mod inflate;
mod lines;
mod lumberjack;
mod msgpack;
#[cfg(test)]
mod mutate;
mod ports;
mod stream;
mod syslog;
mod tcp;
pub mod tls;
mod token_field;
mod udp;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::{self, HttpListen};
use crate::intake::Intake;
use crate::senders::SenderDirectory;
use crate::stats::Counters;
use gate::Gate;

/// Where to listen. Port 0 takes any free port: [`Addresses`] says which.
#[derive(Debug, Clone, Default)]
pub struct ListenConfig {
    /// Shared UDP port: frames carry tokens.
    pub udp: Option<SocketAddr>,
    /// Shared TCP port: frames carry tokens.
    pub tcp: Option<SocketAddr>,
    /// Shared TLS port: a client certificate or tokens. See [`tls::server_config`].
    pub tls: Option<(SocketAddr, Arc<rustls::ServerConfig>)>,
    /// A port for Fluentd's forward protocol that greets its senders and asks for a shared key.
    pub forward: Option<Forward>,
    /// The address on which the ports of single devices are opened, UDP and TCP; absent: they are not.
    pub device_ports: Option<IpAddr>,
    /// Everything over HTTP. It may be open to a client certificate too.
    pub http: Option<HttpListen>,
    /// Bounds.
    pub limits: ListenLimits,
}

/// A listener of the forward protocol that greets its senders. Whose records they are says a client certificate or a
/// token in each, not the key they share.
#[derive(Clone)]
pub struct Forward {
    /// Where to listen.
    pub address: SocketAddr,
    /// What senders must know.
    pub shared_key: Arc<str>,
    /// TLS, if it is to be spoken.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl std::fmt::Debug for Forward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forward").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Bounds on what a sender can take up.
#[derive(Debug, Clone)]
pub struct ListenLimits {
    /// Open connections over all listeners, and as many over HTTP.
    pub connections: usize,
    /// A longer frame is cut.
    pub max_frame: usize,
    /// Bytes that are acknowledged together, at most, unpacked: a Lumberjack window, a forward message.
    pub max_window: usize,
    /// Bytes of unfinished messages of all connections together; one that needs more than there is is closed.
    pub buffers: usize,
    /// A connection silent for longer is closed.
    pub idle: Duration,
    /// Time for a TLS handshake.
    pub handshake: Duration,
    /// Wanted size of the kernel's receive buffer of a UDP socket.
    pub udp_buffer: usize,
}

impl Default for ListenLimits {
    fn default() -> Self {
        ListenLimits {
            connections: 4096,
            max_frame: 1 << 20,
            max_window: 16 << 20,
            buffers: 256 << 20,
            idle: Duration::from_secs(3600),
            handshake: Duration::from_secs(10),
            udp_buffer: 16 << 20,
        }
    }
}

/// Where the shared listeners really are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Addresses {
    /// UDP.
    pub udp: Option<SocketAddr>,
    /// TCP.
    pub tcp: Option<SocketAddr>,
    /// TLS.
    pub tls: Option<SocketAddr>,
    /// Forward protocol with greeting.
    pub forward: Option<SocketAddr>,
    /// HTTP.
    pub http: Option<SocketAddr>,
}

/// A listener that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {protocol} {address}: {source}")]
pub struct ListenError {
    protocol: &'static str,
    address: SocketAddr,
    source: io::Error,
}

/// The open listeners.
pub struct Listeners {
    addresses: Addresses,
    stop: CancellationToken,
    abort: CancellationToken,
    tasks: TaskTracker,
}

impl Listeners {
    pub(crate) async fn open(
        config: ListenConfig,
        intake: Intake,
        senders: SenderDirectory,
        counters: Arc<Counters>,
    ) -> Result<Self, ListenError> {
        let (stop, abort, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let gate = Arc::new(Gate::new(intake, senders, counters, config.limits, stop.clone(), abort.clone()));
        let mut addresses = Addresses::default();
        if let Some(address) = config.udp {
            let socket = udp::bind(address, gate.limits.udp_buffer).map_err(failed("udp", address))?;
            addresses.udp = Some(socket.local_addr().map_err(failed("udp", address))?);
            tasks.spawn(udp::serve(gate.clone(), socket, gate::Origin::Shared, stop.clone()));
        }
        if let Some(address) = config.tcp {
            let listener = tcp::bind(address).map_err(failed("tcp", address))?;
            addresses.tcp = Some(listener.local_addr().map_err(failed("tcp", address))?);
            tasks.spawn(tcp::serve(
                gate.clone(),
                listener,
                tcp::Mode::plain(gate::Origin::Shared),
                tasks.clone(),
                stop.clone(),
            ));
        }
        if let Some(Forward { address, shared_key, tls }) = config.forward {
            let listener = tcp::bind(address).map_err(failed("forward", address))?;
            addresses.forward = Some(listener.local_addr().map_err(failed("forward", address))?);
            let (origin, tls) = (gate::Origin::Shared, tls.map(TlsAcceptor::from));
            let mode = tcp::Mode { origin, tls, greeting: Some(shared_key) };
            tasks.spawn(tcp::serve(gate.clone(), listener, mode, tasks.clone(), stop.clone()));
        }
        if let Some((address, server)) = config.tls {
            let listener = tcp::bind(address).map_err(failed("tls", address))?;
            addresses.tls = Some(listener.local_addr().map_err(failed("tls", address))?);
            let mode = tcp::Mode { origin: gate::Origin::Shared, tls: Some(server.into()), greeting: None };
            tasks.spawn(tcp::serve(gate.clone(), listener, mode, tasks.clone(), stop.clone()));
        }
        if let Some(HttpListen { address, tls, limits }) = config.http {
            let listener = tcp::bind(address).map_err(failed("http", address))?;
            addresses.http = Some(listener.local_addr().map_err(failed("http", address))?);
            let host = http::Host {
                router: http::router(gate.intake.clone(), gate.senders.clone(), limits.clone()),
                tls,
                limits,
                intake: gate.intake.clone(),
                counters: gate.counters.clone(),
                // Of its own: whoever floods one kind of listener does not close the other.
                connections: Arc::new(Semaphore::new(gate.limits.connections)),
                stop: stop.clone(),
                abort: abort.clone(),
            };
            tasks.spawn(http::serve(host, listener, tasks.clone()));
        }
        if let Some(address) = config.device_ports {
            tasks.spawn(ports::serve(gate, address, tasks.clone()));
        }
        Ok(Listeners { addresses, stop, abort, tasks })
    }

    /// Where the shared listeners are.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Takes no new connections, reads what has arrived on open ones, closes them.
    pub async fn drain(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Closes everything at once.
    pub async fn abort(&self) {
        self.abort.cancel();
        self.drain().await;
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.abort.cancel();
        self.stop.cancel();
    }
}

fn failed(protocol: &'static str, address: SocketAddr) -> impl FnOnce(io::Error) -> ListenError {
    move |source| ListenError { protocol, address, source }
}
