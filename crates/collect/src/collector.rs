//! The whole: buffer, listeners, files, handing on; started together and stopped in order.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;

use receive::http::{HttpLimits, HttpListen};
use receive::listen::{Addresses, Forward, ListenConfig, Listeners, tls};
use receive::{Receiver, Sender, SenderDirectory};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::buffer::{self, Sizes, Watch};
use crate::config::{Config, Listen};
use crate::error::Error;
use crate::forward::Forwarder;
use crate::mask::Masker;
use crate::stats::{CollectStats, Counters};
use crate::tail::{Tail, TailParts};

/// Whose everything is until the centre says it.
const CUSTOMER: &str = "cus_00000000000000000000000000";
const DEVICE: &str = "dev_00000000000000000000000000";

/// A running collector.
pub struct Collector {
    receiver: Receiver,
    listeners: Listeners,
    counters: Arc<Counters>,
    sizes: Sizes,
    tail: Option<JoinHandle<()>>,
    stop_reading: CancellationToken,
    stop: CancellationToken,
    tasks: TaskTracker,
    _lock: File,
}

impl Collector {
    /// Opens the buffer, goes on where it stopped, and listens.
    pub async fn start(config: Config) -> Result<Collector, Error> {
        let lock = buffer::lock(&config.buffer.folder)?;
        let (counters, sizes) = (Arc::new(Counters::default()), Sizes::of(&config.buffer));
        let masker = Arc::new(Masker::new(&config.mask, counters.clone())?);
        // Nobody but collectors reads these ids: the centre knows whose collector it is. They are the same after a
        // restart, since idempotency keys are of a device.
        let anybody = Sender {
            customer: CUSTOMER.parse().expect("it is of the form of an id"),
            device: DEVICE.parse().expect("it is of the form of an id"),
            source: None,
            time_zone: Arc::from(""),
            collects: true,
            peer: None,
        };
        let senders = SenderDirectory::of_anybody(anybody.clone());
        let receiver = buffer::open(&config.buffer, sizes, senders, masker.edit()).await?;
        let (stop, stop_reading, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let kept = Arc::new(AtomicU64::new(0));

        let forwarder = Forwarder::new(
            receiver.wal().clone(),
            config.centre.clone(),
            config.buffer.folder.join("sent"),
            counters.clone(),
            stop.clone(),
        )?;
        let parts = TailParts {
            intake: receiver.intake(),
            wal: receiver.wal().clone(),
            sender: anybody,
            path: config.buffer.folder.join("places"),
            counters: counters.clone(),
            kept: kept.clone(),
            stop: stop_reading.clone(),
        };
        let reading = config.clone();
        let tail = tokio::task::spawn_blocking(move || Tail::new(&reading, parts)).await;
        let tail = tail.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let tail = std::thread::Builder::new().name("files".into()).spawn(move || tail.run()).map_err(Error::Thread)?;
        tasks.spawn(forwarder.run());
        let wal = receiver.wal().clone();
        let watch = Watch { wal, sizes, counters: counters.clone(), kept, stop: stop.clone() };
        tasks.spawn(watch.run());
        let listeners = receiver.listen(listen_config(&config.listen, sizes)?).await?;
        Ok(Collector { receiver, listeners, counters, sizes, tail: Some(tail), stop_reading, stop, tasks, _lock: lock })
    }

    /// Where the listeners really are.
    pub fn addresses(&self) -> Addresses {
        self.listeners.addresses()
    }

    /// The counters now.
    pub fn stats(&self) -> CollectStats {
        CollectStats::of(&self.counters, self.receiver.stats(), self.sizes.cap)
    }

    /// Stops in order: nothing more is taken, what was taken is on disk; what was not handed on is after the next start.
    pub async fn stop(mut self) {
        self.stop_reading.cancel();
        if let Some(tail) = self.tail.take() {
            // A panic in it is printed where it happened.
            let _ = tokio::task::spawn_blocking(move || tail.join()).await;
        }
        self.listeners.drain().await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.receiver.close().await;
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop_reading.cancel();
        self.stop.cancel();
    }
}

fn listen_config(settings: &Listen, sizes: Sizes) -> Result<ListenConfig, Error> {
    let server = settings.certificate.as_deref().zip(settings.key.as_deref()).map(server_tls).transpose()?;
    let max_body = (16 << 20).min(sizes.in_flight / 2);
    let http = settings.http.map(|address: SocketAddr| HttpListen {
        address,
        tls: server.clone().filter(|_| settings.http_tls),
        limits: HttpLimits { max_body, ..HttpLimits::default() },
    });
    let mut config = ListenConfig {
        udp: settings.udp,
        tcp: settings.tcp,
        tls: settings.tls.zip(server.clone()),
        forward: settings.forward.map(|address| Forward {
            address,
            shared_key: Arc::from(settings.forward_shared_key.as_str()),
            tls: None,
        }),
        http,
        ..ListenConfig::default()
    };
    config.limits.max_frame = sizes.max_record;
    Ok(config)
}

fn server_tls((certificate, key): (&Path, &Path)) -> Result<Arc<rustls::ServerConfig>, Error> {
    let read = |path: &Path| std::fs::read(path).map_err(Error::file("read", path));
    let unusable = |error: tls::TlsError| Error::Pem { path: certificate.to_owned(), reason: error.to_string() };
    tls::server_config(&read(certificate)?, &read(key)?).map_err(unusable)
}
