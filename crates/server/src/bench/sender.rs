//! The benchmark's sender: another process, with its own ledger.

use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde::{Deserialize, Serialize};

use super::corpus::{self, Kind, Share};
use super::watch;
use crate::error::Error;

/// Requests of each device prepared before sending, so that preparing costs nothing while it counts.
const PREPARED: usize = 3;
/// How long a refused request waits before it is sent again.
const AGAIN: Duration = Duration::from_millis(20);

/// What to send, where to and how fast.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    pub url: String,
    /// One device each, of the kind at the same place in the corpus.
    pub tokens: Vec<String>,
    /// A file with the kinds of lines as JSON.
    pub corpus: PathBuf,
    /// The part of all events that are alarms.
    pub alarms: f64,
    pub seconds: u64,
    /// Events a second over all devices; 0: as fast as they are taken.
    pub rate: u64,
    /// Events of one request, in the mean.
    pub batch: usize,
}

/// What was sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sent {
    /// Events acknowledged.
    pub acknowledged: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Requests refused and sent again.
    pub refused: u64,
    /// Time from request to acknowledgement, in milliseconds: of half of the requests at most.
    pub p50_ms: f64,
    /// Of all but one in a hundred at most.
    pub p99_ms: f64,
    /// CPU time of the sender, in seconds.
    pub cpu_seconds: f64,
}

/// Reads a plan from standard input, carries it out, prints the ledger.
pub async fn send() -> Result<(), Error> {
    let told = |error: &dyn std::fmt::Display| Error::Told(format!("the sender stops: {error}"));
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| told(&error))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| told(&error))?;
    let corpus = std::fs::read(&plan.corpus).map_err(|error| told(&error))?;
    let kinds: Vec<Kind> = serde_json::from_slice(&corpus).map_err(|error| told(&error))?;
    let shares = corpus::shares(&kinds, plan.alarms);
    let mut rng = fastrand::Rng::with_seed(11);
    let prepared = kinds.iter().zip(&shares).map(|(kind, share)| {
        let events = share.of_all * (plan.batch * kinds.len()) as f64;
        // What has a share at all sends something.
        let events = if events > 0.0 { events.round().max(1.0) as usize } else { 0 };
        (events, bodies(kind, *share, events, &mut rng))
    });
    let prepared: Vec<(usize, Vec<Bytes>)> = prepared.collect();
    // All devices send equally often, some more at once.
    let round = prepared.iter().map(|(events, _)| events).sum::<usize>() as f64;
    let every = if plan.rate > 0 { round / plan.rate as f64 } else { 0.0 };
    let client = reqwest::Client::new();
    let begun = Instant::now();
    let end = begun + Duration::from_secs(plan.seconds);
    let mut devices = tokio::task::JoinSet::new();
    let count = prepared.len() as f64;
    for (number, ((events, bodies), token)) in prepared.into_iter().zip(&plan.tokens).enumerate() {
        if events == 0 {
            continue;
        }
        let (client, url, token) = (client.clone(), plan.url.clone(), token.clone());
        devices.spawn(async move {
            let mut sent = Sent::default();
            let mut waits = Vec::new();
            for turn in 0.. {
                let due = begun + Duration::from_secs_f64((f64::from(turn) + number as f64 / count) * every);
                tokio::time::sleep_until(due.into()).await;
                let body = &bodies[turn as usize % bodies.len()];
                let asked = Instant::now();
                if asked >= end {
                    break;
                }
                while Instant::now() < end + Duration::from_secs(60) {
                    let request = client.post(&url).bearer_auth(&token).body(body.clone());
                    if request.send().await.is_ok_and(|answer| answer.status().is_success()) {
                        sent.acknowledged += events as u64;
                        sent.bytes += body.len() as u64;
                        waits.push(asked.elapsed().as_secs_f64() * 1000.0);
                        break;
                    }
                    sent.refused += 1;
                    tokio::time::sleep(AGAIN).await;
                }
            }
            (sent, waits)
        });
    }
    let (mut whole, mut waits) = (Sent::default(), Vec::new());
    while let Some(device) = devices.join_next().await {
        let (sent, waited) = device.map_err(|error| told(&error))?;
        whole.acknowledged += sent.acknowledged;
        whole.bytes += sent.bytes;
        whole.refused += sent.refused;
        waits.extend(waited);
    }
    (whole.p50_ms, whole.p99_ms) = (watch::quantile(&mut waits, 0.5), watch::quantile(&mut waits, 0.99));
    whole.cpu_seconds = watch::cpu_seconds();
    println!("{}", serde_json::to_string(&whole).map_err(|error| told(&error))?);
    Ok(())
}

/// Request bodies of one device.
fn bodies(kind: &Kind, share: Share, events: usize, rng: &mut fastrand::Rng) -> Vec<Bytes> {
    let mut body = || {
        let mut text = Vec::new();
        for _ in 0..events {
            let lines = if rng.f64() < share.alarms { &kind.alarms } else { &kind.plain };
            corpus::vary(&lines[rng.usize(..lines.len())], rng, &mut text);
            text.push(b'\n');
        }
        Bytes::from(text)
    };
    (0..PREPARED).map(|_| body()).collect()
}
