//! `vedette serve`: everything running, until told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::{About, Api};
use axum::Router;
use ops::{Exporter, HuntWorker, RetroHunters, Workers};
use pipeline::{Pipeline, PipelineConfig, PipelineParts};
use receive::http::{HttpLimits, HttpListen};
use receive::listen::{Addresses, Forward, ListenConfig};
use receive::{DiskRoom, IntakeConfig, Rate, RateLimits};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::field::display;

use crate::config::{self, Config};
use crate::error::{Error, whole};
use crate::lake::{self, Upkeep};
use crate::metrics::{self, Health};
use crate::open::{self, Opened};
use crate::time::now;
use crate::{admin, content, feeds, intel, layout, monitor, nats, net, profiles};

/// How long a stop may take before it is broken off; what is missing is replayed at the next start.
const DRAIN: Duration = Duration::from_secs(25);

/// A running server.
pub struct Server {
    pub opened: Arc<Opened>,
    pub pipeline: Arc<Pipeline>,
    /// Where the console really listens.
    pub console: SocketAddr,
    /// Where HTTP ingest really listens.
    pub ingest: Option<SocketAddr>,
    detection: config::Detection,
    nats: Option<receive::nats::Nats>,
    draining: watch::Sender<bool>,
    tasks: JoinSet<Result<(), Error>>,
}

/// Runs until SIGTERM or SIGINT, then drains.
pub async fn run(config: &Config) -> Result<(), Error> {
    let mut server = Server::start(config, false).await?;
    let (ingest, syslog) = (server.ingest.map(display), server.syslog());
    let (udp, tcp, tls) = (syslog.udp.map(display), syslog.tcp.map(display), syslog.tls.map(display));
    tracing::info!(console = %server.console, ingest, udp, tcp, tls, "vedette serves");
    if let Some(hint) = unreachable(&config.ingest) {
        tracing::warn!("{hint}");
    }
    server.until_stopped().await?;
    server.stop().await
}

impl Server {
    /// Opens the data folder, replays the log and opens every listener.
    pub async fn start(config: &Config, demo: bool) -> Result<Server, Error> {
        let opened = Arc::new(open::open(config, now()).await?);
        let known = opened.ops.intel_version(now()).await?;
        let index = Arc::new(opened.ops.intel_index(now()).await?);
        opened.ops.set_intel(index.clone());
        let parts = PipelineParts {
            intel: index.clone(),
            store: opened.store.clone(),
            lake: opened.lake.clone(),
            parser: opened.parser.clone(),
            rules: monitor::ruleset(&opened.ops),
        };
        let pipeline = Arc::new(Pipeline::start(pipeline_config(config, &opened)?, parts).await?);
        let (draining, watching) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let upkeep = Arc::new(Upkeep::default());
        let health = Health { opened: opened.clone(), pipeline: pipeline.clone(), upkeep: upkeep.clone() };

        let console_listener = listen(config.console.listen).await?;
        let console = address_of(&console_listener)?;
        let tls = tls_of(config.console.tls_certificate.as_deref().zip(config.console.tls_key.as_deref()))?;
        let api = Api {
            ops: opened.ops.clone(),
            about: Arc::new(About { name: "Vedette", version: env!("CARGO_PKG_VERSION"), demo }),
            secure_cookies: tls.is_some(),
            deletion: {
                let opened = opened.clone();
                Arc::new(move || lake::rules(&opened))
            },
            draining: watching.clone(),
        };
        let router = api::router(api).merge(metrics::health_router(health.clone())).merge(::console::router());
        spawn_http(&mut tasks, console_listener, tls, router, &watching);

        let ingest = pipeline.addresses().http;
        let nats = nats::start(&config.ingest.nats, &pipeline)?;
        if let Some(address) = config.metrics.listen {
            let listener = listen(address).await?;
            let tls = tls_of(config.metrics.tls_certificate.as_deref().zip(config.metrics.tls_key.as_deref()))?;
            spawn_http(&mut tasks, listener, tls, metrics::metrics_router(health), &watching);
        }
        opened.ops.set_doors(Arc::new(monitor::IntakeDoors(pipeline.intake())));
        let asked = profiles::channel(&opened.ops);
        tasks.spawn(profiles::answer(asked, pipeline.clone(), watching.clone()));
        tasks.spawn(monitor::follow_parsers(opened.ops.clone(), pipeline.clone(), watching.clone()));
        tasks.spawn(monitor::follow_rules(opened.ops.clone(), pipeline.clone(), watching.clone()));
        let fetcher = feeds::fetcher(&config.intel, &opened);
        tasks.spawn(feeds::run(opened.ops.clone(), fetcher, watching.clone()));
        tasks.spawn(intel::follow(opened.ops.clone(), pipeline.clone(), known, watching.clone()));
        tasks.spawn(monitor::Monitor::new(opened.ops.clone(), pipeline.clone(), upkeep.clone()).run(watching.clone()));
        tasks.spawn(upkeep.run(opened.clone(), config.lake.clone(), watching.clone()));
        tasks.spawn(admin::serve(opened.clone(), pipeline.intake(), watching.clone()));
        let (exporter, mut stop) = (Exporter::new(opened.ops.clone()), watching.clone());
        tasks.spawn(async move {
            let stopped = async move {
                // A dropped sender means the server is gone: stop as well.
                let _ = stop.wait_for(|draining| *draining).await;
            };
            exporter.run(stopped).await;
            Ok(())
        });
        let (workers, mut stop) = (Workers::new(opened.ops.clone()), watching);
        tasks.spawn(async move {
            let stopped = async move {
                // A dropped sender means the server is gone: stop as well.
                let _ = stop.wait_for(|draining| *draining).await;
            };
            workers.run(stopped).await;
            Ok(())
        });
        let (hunters, mut stop) = (RetroHunters::new(opened.ops.clone()), draining.subscribe());
        tasks.spawn(async move {
            let stopped = async move {
                let _ = stop.wait_for(|draining| *draining).await;
            };
            hunters.run(stopped).await;
            Ok(())
        });
        let (hunts, mut stop) = (HuntWorker::new(opened.ops.clone()), draining.subscribe());
        tasks.spawn(async move {
            let stopped = async move {
                let _ = stop.wait_for(|draining| *draining).await;
            };
            hunts.run(stopped).await;
            Ok(())
        });
        #[cfg(feature = "yara")]
        {
            let (scanner, mut stop) = (ops::FileScanner::new(opened.ops.clone()), draining.subscribe());
            tasks.spawn(async move {
                let stopped = async move {
                    let _ = stop.wait_for(|draining| *draining).await;
                };
                scanner.run(stopped).await;
                Ok(())
            });
        }
        let detection = config.detection.clone();
        Ok(Server { opened, pipeline, console, ingest, detection, nats, draining, tasks })
    }

    /// Where the shared syslog listeners really are.
    pub fn syslog(&self) -> Addresses {
        self.pipeline.addresses()
    }

    /// Waits for SIGTERM or SIGINT, or for a listener to fail; SIGHUP reads the rules again.
    pub async fn until_stopped(&mut self) -> Result<(), Error> {
        let no_signals = |error: std::io::Error| Error::Told(format!("signals cannot be received: {error}"));
        let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(no_signals)?;
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hang_up.recv() => self.reload().await,
                Some(ended) = self.tasks.join_next() => {
                    return ended.map_err(|error| Error::Told(format!("a part of the server stopped: {error}")))?;
                }
            }
        }
    }

    /// Judges by the rules as they stand in their folders now. Where they cannot be read the old ones stay.
    async fn reload(&self) {
        let settings = self.detection.clone();
        let loaded = tokio::task::spawn_blocking(move || content::load(&settings)).await;
        let library = match loaded
            .map_err(|error| error.to_string())
            .and_then(|read| read.map_err(|error| error.to_string()))
        {
            Ok(library) => Arc::new(library),
            Err(error) => return tracing::error!(error, "the rules cannot be read again; the old ones stay in force"),
        };
        if let Err(error) = self.opened.ops.set_library(library, now()).await {
            tracing::error!(error = whole(&error), "the new rules are not in force");
        }
    }

    /// Stops in order: no more requests, the log to its end, everything to disk.
    pub async fn stop(mut self) -> Result<(), Error> {
        tracing::info!("draining");
        // Nobody listens any more only when every task has ended.
        let _ = self.draining.send(true);
        if let Some(nats) = &self.nats {
            nats.stop().await;
        }
        let drained = self.pipeline.drain(DRAIN).await;
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), ended).await.is_err() {
            self.tasks.shutdown().await;
        }
        self.opened.catalogue.close().await;
        self.opened.store.close().await;
        drained?;
        tracing::info!("stopped; everything is on disk");
        Ok(())
    }
}

fn pipeline_config(config: &Config, opened: &Opened) -> Result<PipelineConfig, Error> {
    let ingest = &config.ingest;
    let tls = ingest.certificate().map(device_tls).transpose()?;
    let http = ingest.http_listen.map(|address| HttpListen {
        address,
        tls: tls.clone().filter(|_| ingest.http_tls),
        limits: HttpLimits { max_body: ingest.max_body_bytes, ..HttpLimits::default() },
    });
    let mut made = PipelineConfig::new(opened.folder.join(layout::WAL));
    made.receive.intake = IntakeConfig {
        in_flight_bytes: ingest.max_in_flight_bytes,
        max_record: ingest.max_record_bytes,
        limits: RateLimits {
            customer: Rate {
                bytes_per_second: ingest.customer_bytes_per_second,
                events_per_second: ingest.customer_events_per_second,
            },
            device: Rate {
                bytes_per_second: ingest.device_bytes_per_second,
                events_per_second: ingest.device_events_per_second,
            },
            burst: Duration::from_secs(ingest.burst_seconds),
        },
        ..IntakeConfig::default()
    };
    made.receive.wal.segment_bytes = ingest.log_file_mib << 20;
    made.receive.room = DiskRoom { min_free_bytes: config.data.disk_reserve_mib << 20, min_free_percent: 0 };
    made.listen = ListenConfig {
        udp: ingest.syslog_udp_listen,
        tcp: ingest.syslog_tcp_listen,
        forward: ingest.forward_listen.map(|address| Forward {
            address,
            shared_key: Arc::from(ingest.forward_shared_key.as_str()),
            tls: tls.clone(),
        }),
        tls: ingest.syslog_tls_listen.zip(tls),
        http,
        device_ports: ingest.device_ports.as_ref().map(|_| ingest.device_ports_address),
        ..ListenConfig::default()
    };
    made.listen.limits.max_frame = ingest.max_record_bytes;
    Ok(made)
}

/// TLS for devices, whose certificates are known one by one.
fn device_tls((certificate, key): (&Path, &Path)) -> Result<Arc<rustls::ServerConfig>, Error> {
    receive::listen::tls::server_config(&read(certificate)?, &read(key)?)
        .map_err(|error| Error::Told(format!("[ingest] tls_certificate and tls_key: {error}")))
}

fn spawn_http(
    tasks: &mut JoinSet<Result<(), Error>>,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    router: Router,
    draining: &watch::Receiver<bool>,
) {
    let draining = draining.clone();
    tasks.spawn(async move {
        let address = address_of(&listener)?.to_string();
        net::serve(listener, tls, router, draining).await.map_err(|source| Error::Listen { address, source })
    });
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Listen { address: address.to_string(), source })
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, Error> {
    listener.local_addr().map_err(|source| Error::Listen { address: "a port".to_owned(), source })
}

fn tls_of(files: Option<(&Path, &Path)>) -> Result<Option<Arc<rustls::ServerConfig>>, Error> {
    files.map(|(certificate, key)| Ok(net::http_tls(certificate, key)?)).transpose()
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File { what: "cannot read", path: path.to_owned(), source })
}

/// What to set when devices would be told to send to an address that means this machine only to itself.
pub fn unreachable(ingest: &config::Ingest) -> Option<String> {
    let syslog = [ingest.syslog_tls_listen, ingest.syslog_tcp_listen, ingest.syslog_udp_listen];
    let listeners = syslog.into_iter().chain([ingest.http_listen, ingest.forward_listen]);
    let told = listeners.flatten().find(|address| address.ip().is_unspecified())?;
    ingest.public_host.is_empty().then(|| {
        format!("devices are told to send to {told}: set [ingest] public_host to the name or address they reach us by")
    })
}

/// The listeners the settings open, in words.
pub fn describe(config: &config::Config) -> Vec<String> {
    let ingest = &config.ingest;
    let tls = |on: bool| if on { " with TLS" } else { "" };
    let mut lines =
        vec![format!("console and API: {}{}", config.console.listen, tls(config.console.tls_key.is_some()))];
    let mut add = |what: &str, address: Option<SocketAddr>, secured: bool| {
        lines.extend(address.map(|address| format!("{what}: {address}{}", tls(secured))));
    };
    add("HTTP ingest", ingest.http_listen, ingest.http_certificate().is_some());
    add("syslog over UDP", ingest.syslog_udp_listen, false);
    add("syslog over TCP", ingest.syslog_tcp_listen, false);
    add("syslog", ingest.syslog_tls_listen, true);
    add("forward protocol", ingest.forward_listen, ingest.tls_certificate.is_some());
    add("metrics", config.metrics.listen, config.metrics.tls_key.is_some());
    if let Some(ports) = &ingest.device_ports {
        let address = ingest.device_ports_address;
        lines.push(format!("ports of single devices: {address}, {} to {}", ports.start(), ports.end()));
    }
    lines
}
