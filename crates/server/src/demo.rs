//! `vedette demo`: the real server with invented customers, whose devices send a living day over the real listeners.

mod hunts;
mod play;
mod seed;
mod send;
mod template;
mod world;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use model::use_case::Language;
use rustls::pki_types::CertificateDer;
use tokio::sync::mpsc;

use crate::cli::DemoArgs;
use crate::config::Config;
use crate::error::Error;
use crate::layout;
use crate::serve::Server;
use crate::time::now;
use play::{Cue, Play};

/// The passwords of the ready users unless the environment sets others: `VEDETTE_DEMO_<USER>_PASSWORD`.
const PASSWORD: &str = "vedette-demo-2026";

/// Runs the demonstration until told to stop.
pub async fn run(arguments: &DemoArgs) -> Result<(), Error> {
    let (world, backgrounds, stories) = world::load().map_err(Error::Told)?;
    if arguments.fresh {
        forget(&arguments.data)?;
    }
    let first_time = !arguments.data.join(layout::STORE).exists();
    std::fs::create_dir_all(&arguments.data).map_err(file("cannot create", &arguments.data))?;
    let certificate = certificate(&arguments.data)?;
    let config = config(arguments)?;
    let mut server = Server::start(&config, true).await?;
    let passwords: BTreeMap<String, String> = world
        .users
        .iter()
        .map(|user| {
            let name = format!("VEDETTE_DEMO_{}_PASSWORD", user.key.to_uppercase());
            (user.key.clone(), std::env::var(name).unwrap_or_else(|_| PASSWORD.to_owned()))
        })
        .collect();
    let devices = seed::world(&server, &world, arguments.language, &passwords).await?;
    let addresses = server.syslog();
    let missing = || Error::Told("the demonstration's listeners are not open".to_owned());
    let listeners = seed::Listeners {
        ingest: server.ingest.ok_or_else(missing)?,
        udp: addresses.udp.ok_or_else(missing)?,
        tcp: addresses.tcp.ok_or_else(missing)?,
        tls: addresses.tls.ok_or_else(missing)?,
        certificate,
    };
    let equipped = seed::equip(&server, &world, &devices, &listeners).await?;
    let (players, routes): (Vec<_>, Vec<_>) = equipped.into_iter().unzip();
    let lists = world.customers.iter().map(|customer| (customer.key.clone(), customer.lists.clone())).collect();
    let history = if first_time { arguments.history } else { 0 };
    let start = now().minus(Duration::from_secs(history * 60));
    let rng = fastrand::Rng::new();
    let play = Play::new(backgrounds, stories, players, lists, arguments.rate, start, rng).map_err(Error::Told)?;
    greet(&server, &world, arguments.language, &passwords);
    // The directory of senders follows the store; the first lines must not come before it knows them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let generator = tokio::spawn(perform(play, routes.into_iter().map(send::start).collect()));
    if first_time {
        let (ops, language) = (server.opened.ops.clone(), arguments.language);
        let hunter = world.users.iter().find(|user| user.key == "hunter").map(|user| user.login.clone());
        tokio::spawn(async move {
            if let Some(login) = hunter
                && let Err(error) = hunts::play(ops, &login, language).await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "the demonstration's hunts are not whole");
            }
        });
    }
    let limit = Duration::from_secs(arguments.duration.unwrap_or(u64::MAX / 4));
    let stopped = tokio::select! {
        stopped = server.until_stopped() => stopped,
        () = tokio::time::sleep(limit) => Ok(()),
    };
    generator.abort();
    stopped?;
    server.stop().await
}

/// Sends each line when its time has come; what lies in the past goes as fast as it is taken.
async fn perform(mut play: Play, devices: Vec<mpsc::Sender<String>>) {
    while let Some(Cue { time, player, line }) = play.next() {
        let wait = time.since(now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        if devices[player].send(line).await.is_err() {
            return;
        }
    }
}

fn config(arguments: &DemoArgs) -> Result<Config, Error> {
    let mut config = Config::load(None, std::iter::empty())?;
    let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    config.data.folder = arguments.data.clone();
    config.data.disk_reserve_mib = 256;
    config.console.listen = arguments.listen;
    // Known beforehand, because devices that are made in it are told where to send.
    let mut ports = free_ports()?;
    let mut own = || ports.next_back().map(loopback);
    config.ingest.http_listen = own();
    config.ingest.syslog_udp_listen = own();
    config.ingest.syslog_tcp_listen = own();
    config.ingest.syslog_tls_listen = own();
    config.ingest.tls_certificate = Some(arguments.data.join(CERTIFICATE));
    config.ingest.tls_key = Some(arguments.data.join(KEY));
    config.ingest.http_tls = false;
    config.ingest.device_ports_address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    config.ingest.device_ports = Some(ports);
    config.ingest.public_host = "localhost".to_owned();
    config.metrics.listen = None;
    config.lake.flush_seconds = 30;
    Ok(config)
}

/// Ports nobody else listens on, so that two demonstrations on one machine do not send into each other.
fn free_ports() -> Result<RangeInclusive<u16>, Error> {
    let free = |port: u16| {
        let address = (Ipv4Addr::LOCALHOST, port);
        std::net::TcpListener::bind(address).is_ok() && std::net::UdpSocket::bind(address).is_ok()
    };
    let mut firsts = (20_000..30_000).step_by(DEVICE_PORTS.into());
    firsts
        .find(|first| (*first..first + DEVICE_PORTS).all(free))
        .map(|first| first..=first + DEVICE_PORTS - 1)
        .ok_or_else(|| Error::Told("no ports are free for the demonstration's devices".to_owned()))
}

/// How many ports the demonstration's devices may have of their own.
const DEVICE_PORTS: u16 = 24;

const CERTIFICATE: &str = "demo-certificate.pem";
const KEY: &str = "demo-key.pem";

/// A certificate of the demonstration's own, made anew each time.
fn certificate(folder: &Path) -> Result<CertificateDer<'static>, Error> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
        .map_err(|error| Error::Told(format!("no certificate could be made: {error}")))?;
    for (name, text) in [(CERTIFICATE, made.cert.pem()), (KEY, made.signing_key.serialize_pem())] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(file("cannot write", &path))?;
    }
    Ok(made.cert.der().clone())
}

/// Removes an earlier demonstration, and nothing that is not one.
fn forget(folder: &Path) -> Result<(), Error> {
    if !folder.exists() {
        return Ok(());
    }
    if !folder.join(CERTIFICATE).exists() {
        return Err(Error::Told(format!("{} is not a demonstration's folder: not removing it", folder.display())));
    }
    std::fs::remove_dir_all(folder).map_err(file("cannot remove", folder))
}

fn greet(server: &Server, world: &world::World, language: Language, passwords: &BTreeMap<String, String>) {
    println!("\nVedette's demonstration runs: http://{}\n", server.console);
    for user in &world.users {
        let roles: Vec<_> = user.roles.iter().map(|role| role.as_str()).collect();
        println!("  {:<10} {:<20} {} ({})", user.login, passwords[&user.key], user.name(language), roles.join(", "));
    }
    println!("\nThree invented customers, their devices sending over the listeners on loopback. Ctrl-C stops it.\n");
}

fn file(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::File { what, path: path.clone(), source }
}
