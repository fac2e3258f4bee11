//! Handing on: the log is read in order and sent batch by batch. Where a batch ends is on disk before it is sent for the
//! first time, so that it is the same records under the same key however often it is sent, and the centre stores it once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use hyper::{Method, StatusCode};
use model::Timestamp;
use receive::http::{COLLECT_MAGIC, Collected};
use receive::wal::{Kind, Wal, WalError, WalReader};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Trouble};
use crate::config::Centre;
use crate::error::Error;
use crate::place;
use crate::stats::Counters;

/// The path records are handed on to.
pub(crate) const PATH: &str = "/ingest/v1/collect";
/// A clock that differs more is told, in microseconds.
pub(crate) const SKEW_TOLD: i64 = 30_000_000;
/// Records handed on at a time.
const RECORDS: usize = 20_000;
/// How long records are waited for, and how long for more of a batch that is small.
const WAIT: Duration = Duration::from_millis(500);
const LINGER: Duration = Duration::from_millis(100);
const SMALL: usize = 64 * 1024;
/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How far the log has been handed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    /// Which log.
    log: u32,
    /// The centre has everything up to here.
    position: u64,
    /// The batch that follows ends here; 0: it has not been sent yet.
    sending: u64,
}

/// Hands on until told to stop.
pub(crate) struct Forwarder {
    wal: Arc<Wal>,
    centre: Centre,
    client: Client,
    path: PathBuf,
    sent: Sent,
    counters: Arc<Counters>,
    stop: CancellationToken,
    told: Option<String>,
}

/// The order to stop came.
struct Stopped;

/// A part of the log.
#[derive(Default)]
struct Batch {
    body: Vec<u8>,
    records: usize,
    first: u64,
    last: u64,
}

impl Forwarder {
    pub fn new(
        wal: Arc<Wal>,
        centre: Centre,
        path: PathBuf,
        counters: Arc<Counters>,
        stop: CancellationToken,
    ) -> Result<Self, Error> {
        let client = Client::new(centre.clone()).expect("the settings were checked");
        let mut sent: Sent = place::read(&path)?.unwrap_or_default();
        if sent.log != wal.log() {
            // Another log, so nothing of it was sent.
            sent = Sent { log: wal.log(), position: wal.first() - 1, sending: 0 };
        }
        if sent.position + 1 < wal.first() {
            tracing::warn!(
                sent.position,
                first = wal.first(),
                "the buffer begins behind the place that was handed on to"
            );
            sent = Sent { position: wal.first() - 1, sending: 0, ..sent };
        }
        counters.sent_position.store(sent.position, Ordering::Relaxed);
        Ok(Forwarder { wal, centre, client, path, sent, counters, stop, told: None })
    }

    pub async fn run(mut self) {
        let mut reader = self.wal.reader(self.sent.position + 1);
        loop {
            let (back, batch) = self.next(reader).await;
            reader = back;
            match batch {
                Ok(batch) if batch.last == 0 => {}
                Ok(batch) => match self.hand_on(batch).await {
                    Ok(()) => {}
                    Err(Stopped) => return,
                },
                Err(error) => {
                    tracing::error!(%error, "the buffer cannot be read: nothing is handed on");
                    self.counters.set_trouble(Some(error.to_string()));
                    self.stop.cancelled().await;
                }
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    /// The next part of the log; one that was being sent before a restart ends where it ended then.
    async fn next(&self, mut reader: WalReader) -> (WalReader, Result<Batch, WalError>) {
        let (position, sending, bytes) = (self.sent.position, self.sent.sending, self.centre.batch_bytes);
        let gather = move || {
            let mut batch = Batch { first: position + 1, ..Batch::default() };
            batch.body.extend_from_slice(COLLECT_MAGIC);
            let read = if sending > position {
                batch.gather_to(&mut reader, sending)
            } else {
                batch.gather(&mut reader, bytes)
            };
            (reader, read.map(|()| batch))
        };
        match tokio::task::spawn_blocking(gather).await {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    async fn hand_on(&mut self, batch: Batch) -> Result<(), Stopped> {
        if batch.records > 0 {
            self.sent.sending = batch.last;
            self.keep().await?;
            self.send(&batch).await?;
        }
        self.sent = Sent { position: batch.last, sending: 0, ..self.sent };
        // The log is cut behind what the counter says, so the place must be on disk first.
        self.keep().await?;
        self.counters.sent.fetch_add(batch.records as u64, Ordering::Relaxed);
        self.counters.sent_position.store(batch.last, Ordering::Relaxed);
        Ok(())
    }

    /// Writes down how far we are, again and again where that fails: sending without would double.
    async fn keep(&mut self) -> Result<(), Stopped> {
        loop {
            let Err(error) = place::write(&self.path, &self.sent) else { return Ok(()) };
            self.trouble(error.to_string());
            self.pause(Duration::from_secs(5)).await?;
        }
    }

    async fn send(&mut self, batch: &Batch) -> Result<(), Stopped> {
        let key = format!("{:08x}-{}-{}", self.sent.log, batch.first, batch.last);
        let level = self.centre.compression;
        let body = match zstd::encode_all(&batch.body[..], level) {
            Ok(body) => Bytes::from(body),
            Err(error) => {
                self.trouble(format!("a batch cannot be compressed: {error}"));
                self.stop.cancelled().await;
                return Err(Stopped);
            }
        };
        let headers = [
            (CONTENT_TYPE, "application/vnd.vedette.collect".to_owned()),
            (CONTENT_ENCODING, "zstd".to_owned()),
            (HeaderName::from_static("idempotency-key"), key),
        ];
        let mut wait = FIRST_WAIT;
        loop {
            let begun = SystemTime::now();
            let asking = self.client.ask(Method::POST, PATH, &headers, body.clone());
            let stop = self.stop.clone();
            let asked = tokio::select! {
                asked = asking => asked,
                () = stop.cancelled() => return Err(Stopped),
            };
            let (why, retry_after) = match asked {
                Ok(answer) if answer.status == StatusCode::OK => {
                    self.counters.sent_bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
                    self.answered(&answer.body, begun);
                    return Ok(());
                }
                Ok(answer) => (refusal(answer.status, &answer.told()), answer.retry_after),
                Err(Trouble::Setup(error)) => (error.to_string(), None),
                Err(error) => (error.to_string(), None),
            };
            self.counters.failures.fetch_add(1, Ordering::Relaxed);
            self.trouble(why);
            // Somewhere between a half and all of it, so that collectors cut off together do not come back together.
            let jittered = wait.mul_f64(0.5 + fastrand::f64() / 2.0);
            self.pause(jittered.max(retry_after.unwrap_or_default())).await?;
            wait = (wait * 2).min(Duration::from_secs(self.centre.longest_wait_seconds.max(1)));
        }
    }

    fn answered(&mut self, body: &[u8], begun: SystemTime) {
        let counters = &self.counters;
        counters.batches.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now();
        counters.last_sent.store(Timestamp::from(now).as_micros(), Ordering::Relaxed);
        if let Ok(collected) = serde_json::from_slice::<Collected>(body) {
            counters.strangers.fetch_add(collected.strangers as u64, Ordering::Relaxed);
            let skew = skew(begun, now, collected.time);
            let was = counters.skew_micros.swap(skew, Ordering::Relaxed);
            if skew.abs() > SKEW_TOLD && was.abs() <= SKEW_TOLD {
                tracing::warn!(seconds = skew / 1_000_000, "the clock differs from the centre's: set it (NTP)");
            }
        }
        counters.set_trouble(None);
        if self.told.take().is_some() {
            tracing::info!("the centre takes records again");
        }
    }

    /// Says once what is wrong.
    fn trouble(&mut self, why: String) {
        if self.told.as_deref() != Some(&why) {
            tracing::warn!(why, "records cannot be handed on; they wait in the buffer");
            self.counters.set_trouble(Some(why.clone()));
            self.told = Some(why);
        }
    }

    async fn pause(&self, wait: Duration) -> Result<(), Stopped> {
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.stop.cancelled() => Err(Stopped),
        }
    }
}

/// How far our clock is ahead: half-way between question and answer it was the centre's time.
pub(crate) fn skew(begun: SystemTime, ended: SystemTime, centre: i64) -> i64 {
    let (begun, ended) = (Timestamp::from(begun).as_micros(), Timestamp::from(ended).as_micros());
    begun + (ended - begun) / 2 - centre
}

/// A refusal in words that say what to do.
pub(crate) fn refusal(status: StatusCode, told: &str) -> String {
    match status {
        StatusCode::UNAUTHORIZED => format!(
            "the centre does not know this collector: {told}: issue a credential for it in the console, and set it here"
        ),
        StatusCode::FORBIDDEN => format!("the centre refuses this collector: {told}"),
        StatusCode::NOT_FOUND => format!("there is no centre that takes from collectors at this address: {told}"),
        StatusCode::PAYLOAD_TOO_LARGE => {
            format!("the centre takes no batch as large: {told}: raise [ingest] max_body_bytes there")
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            format!("the centre takes nothing at the moment: {told}")
        }
        _ => format!("the centre answers {told}"),
    }
}

impl Batch {
    /// About so many bytes; what comes within a moment is put together.
    fn gather(&mut self, reader: &mut WalReader, bytes: usize) -> Result<(), WalError> {
        let mut wait = WAIT;
        loop {
            let read = reader.read(RECORDS.saturating_sub(self.records).max(1), bytes, wait)?;
            let came = !read.is_empty();
            self.take(&read);
            let is_full = self.body.len() >= SMALL.min(bytes) || self.records >= RECORDS;
            if !came || is_full || wait.is_zero() {
                return Ok(());
            }
            std::thread::sleep(LINGER);
            wait = Duration::ZERO;
        }
    }

    /// Everything up to `end`.
    fn gather_to(&mut self, reader: &mut WalReader, end: u64) -> Result<(), WalError> {
        while self.last < end {
            let left = (end + 1).saturating_sub(reader.next_sequence()) as usize;
            let read = reader.read(left, SMALL, WAIT)?;
            if read.is_empty() {
                // The end of what was sent is gone: a disk that forgot what it had synced.
                return Ok(());
            }
            self.take(&read);
        }
        Ok(())
    }

    fn take(&mut self, read: &receive::wal::ReadBatch) {
        for record in read.records() {
            self.last = record.sequence;
            if record.kind == Kind::DATA {
                self.records += 1;
                self.body.extend_from_slice(&(record.payload.len() as u32).to_le_bytes());
                self.body.extend_from_slice(record.payload);
            }
        }
    }
}
