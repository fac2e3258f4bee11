//! `vedette bench`: how much this machine takes, from socket to searchable, with what the sender costs counted apart.
//!
//! The whole server runs in a folder of its own; the sender is another process, so that its work is not counted as
//! ours.

mod corpus;
mod day;
mod find;
mod report;
mod sender;
mod sigma;
mod watch;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use model::customer::{CustomerData, OperatingState};
use model::device::{CredentialKind, DeviceData, DeviceKind};
use model::search::EventQuery;
use model::{Context, CustomerId, Scope, TimeRange, Timestamp};
use tokio::io::AsyncWriteExt;

use crate::cli::{BenchArgs, BenchCommand, FlowArgs};
use crate::config::Config;
use crate::error::Error;
use crate::serve::Server;
use crate::time::now;
pub use sender::{Plan, send};

/// Customers whose devices send; there is a device for each kind of lines.
const CUSTOMERS: usize = 3;
/// How long the flow may take to come to the end of what was sent.
const SETTLE: Duration = Duration::from_secs(600);

/// Runs the benchmark and prints what it found.
pub async fn run(arguments: &BenchArgs) -> Result<(), Error> {
    match &arguments.what {
        Some(BenchCommand::Find(arguments)) => find::run(arguments).await,
        Some(BenchCommand::Sigma(arguments)) => {
            let arguments = arguments.clone();
            let measured = tokio::task::spawn_blocking(move || sigma::run(&arguments)).await;
            measured.map_err(|error| Error::Told(format!("the measurement broke off: {error}")))?
        }
        None => flow(&arguments.flow).await,
    }
}

async fn flow(arguments: &FlowArgs) -> Result<(), Error> {
    let folder = work_folder(arguments.folder.as_deref())?;
    if !(0.0..=100.0).contains(&arguments.alarms) {
        return Err(Error::Told("--alarms is a share of all events in percent: 0 to 100".to_owned()));
    }
    let kinds = corpus::kinds(&arguments.lines)?;
    let corpus = folder.join("corpus.json");
    let text = serde_json::to_vec(&kinds).map_err(|error| Error::Told(error.to_string()))?;
    std::fs::write(&corpus, text).map_err(failed("cannot write", &corpus))?;
    let config = config(arguments, &folder.join("data"))?;
    let server = Server::start(&config, false).await?;
    let (customers, tokens) = senders(&server, kinds.len()).await?;
    // The senders' directory follows the store; and what starting cost is to settle.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = watch::resident();

    let ingest = server.ingest.ok_or_else(|| Error::Told("the benchmark's listener is not open".to_owned()))?;
    let plan = Plan {
        url: format!("http://{ingest}/ingest/v1/events"),
        tokens,
        corpus,
        alarms: arguments.alarms / 100.0,
        seconds: arguments.seconds,
        rate: arguments.rate,
        batch: arguments.batch,
    };
    let watching = watch::start(server.pipeline.clone(), server.opened.lake.clone());
    let begun = Instant::now();
    let sent = spawn_sender(&plan).await?;
    let sending = begun.elapsed();
    let in_time = server.pipeline.settled(SETTLE).await;
    let whole = begun.elapsed();
    let watched = watching.stop().await;
    let found = found(&server, &customers).await?;
    let stats = server.pipeline.stats();
    server.opened.lake.flush_all().await.map_err(|error| Error::Told(error.to_string()))?;
    let stored = watch::stored(&server.opened.catalogue).await?;
    let (devices, lines) = (kinds.len(), kinds.iter().map(corpus::Kind::len).sum());
    let report = report::Report::new(report::Measured {
        idle,
        sent,
        sending,
        whole,
        watched,
        found,
        stats,
        stored,
        devices,
        lines,
    });
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(|error| Error::Told(error.to_string()))?);
    } else {
        println!("{report}");
    }
    server.stop().await?;
    if arguments.folder.is_none() {
        // A folder in the temporary place is ours alone.
        std::fs::remove_dir_all(&folder).map_err(failed("cannot remove", &folder))?;
    }
    if !in_time {
        return Err(Error::Told(format!("the flow was not done {} s after the sender", SETTLE.as_secs())));
    }
    report.verdict().map_err(Error::Told)
}

fn work_folder(folder: Option<&Path>) -> Result<std::path::PathBuf, Error> {
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => std::env::temp_dir().join(format!("vedette-bench-{}", std::process::id())),
    };
    if folder.join("data").exists() {
        return Err(Error::Told(format!("{} holds data already: name an empty folder", folder.display())));
    }
    std::fs::create_dir_all(&folder).map_err(failed("cannot create", &folder))?;
    Ok(folder)
}

fn config(arguments: &FlowArgs, data: &Path) -> Result<Config, Error> {
    let mut config = Config::load(None, std::iter::empty())?;
    let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    config.data.folder = data.to_owned();
    config.data.disk_reserve_mib = 1024;
    config.console.listen = loopback;
    config.ingest.http_listen = Some(loopback);
    config.ingest.http_tls = false;
    config.ingest.syslog_udp_listen = None;
    config.ingest.syslog_tcp_listen = None;
    config.ingest.device_ports = None;
    config.metrics.listen = None;
    config.detection.rule_folders = arguments.rules.clone();
    Ok(config)
}

/// Makes the customers and the devices that send, the first device one of the first customer and so on. Gives the
/// customers and the devices' tokens.
async fn senders(server: &Server, devices: usize) -> Result<(Vec<CustomerId>, Vec<String>), Error> {
    let ops = &server.opened.ops;
    let ctx = Context::job("bench", Scope::All, now());
    let mut customers = Vec::new();
    for number in 1..=CUSTOMERS {
        let data = CustomerData {
            name: format!("Bench {number}"),
            short_name: format!("B{number}"),
            color: number as i64,
            services: Vec::new(),
            state: OperatingState::Live,
            time_zone: "UTC".to_owned(),
            remark: String::new(),
            service_manager: None,
        };
        customers.push(ops.create_customer(&ctx, data).await?.id);
    }
    let mut tokens = Vec::new();
    for device in 0..devices {
        let data = DeviceData {
            name: format!("device {device}"),
            kind: DeviceKind::Other,
            source: None,
            address: None,
            software_version: String::new(),
            time_zone: None,
            silence_minutes: 10,
            silence_alarm: Default::default(),
        };
        let device = ops.create_device(&ctx, &customers[device % CUSTOMERS], data).await?;
        let issued = ops
            .issue_device_credential(&ctx, &device.id, CredentialKind::Token, ops::CredentialWish::default())
            .await?;
        tokens.extend(issued.secret);
    }
    Ok((customers, tokens))
}

async fn spawn_sender(plan: &Plan) -> Result<sender::Sent, Error> {
    let told = |error: &dyn std::fmt::Display| Error::Told(format!("the sender cannot run: {error}"));
    let program = std::env::current_exe().map_err(|error| told(&error))?;
    let mut child = tokio::process::Command::new(program)
        .arg("bench-send")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| told(&error))?;
    let text = serde_json::to_vec(plan).map_err(|error| told(&error))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&text).await.map_err(|error| told(&error))?;
    }
    let output = child.wait_with_output().await.map_err(|error| told(&error))?;
    serde_json::from_slice(&output.stdout).map_err(|_| Error::Told("the sender broke off".to_owned()))
}

/// Events that a search finds, of all customers that sent.
async fn found(server: &Server, customers: &[CustomerId]) -> Result<u64, Error> {
    let always = TimeRange { from: Timestamp::from_micros(0), to: now().plus(Duration::from_secs(366 * 86_400)) };
    let mut found = 0;
    for customer in customers {
        let ctx = Context::job("bench", Scope::one(customer.clone()), now());
        let count = server.opened.lake.count(&ctx, &EventQuery::all(always)).await;
        found += count.map_err(|error| Error::Told(error.to_string()))?;
    }
    Ok(found)
}

fn failed(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::File { what, path: path.clone(), source }
}
