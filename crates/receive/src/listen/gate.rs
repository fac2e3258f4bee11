//! What every listener shares: who a frame belongs to, where it goes, what is counted.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use formats::{RecordStart, syslog, text};
use memchr::memmem;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::ListenLimits;
use super::buffers::Buffers;
use super::token_field::{self, TOKEN_FIELD};
use crate::intake::{Intake, IntakeError, Queued, Record};
use crate::senders::{Sender, SenderDirectory};
use crate::stats::{Counters, Protocol, Rejection};

/// A rejected frame is logged at most this often.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// What proves whose records arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Each frame's token.
    Shared,
    /// The port they arrive on.
    Port(u16),
    /// The certificate of the connection, by its SHA-256.
    Certificate([u8; 32]),
}

/// Where a frame came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct From {
    pub protocol: Protocol,
    pub origin: Origin,
    pub peer: SocketAddr,
}

pub(super) struct Gate {
    pub intake: Intake,
    pub senders: SenderDirectory,
    pub counters: Arc<Counters>,
    pub limits: ListenLimits,
    pub connections: Arc<Semaphore>,
    pub buffers: Buffers,
    /// No new connections; finish those that are open.
    pub stop: CancellationToken,
    /// Drop everything.
    pub abort: CancellationToken,
    complaint: Mutex<Option<Instant>>,
    unsaid: AtomicU64,
}

/// Frames put together by sender, in order.
#[derive(Default)]
pub(super) struct Batch {
    parts: Vec<(Protocol, Arc<Sender>, Vec<Record>)>,
}

impl Batch {
    fn push(&mut self, protocol: Protocol, sender: Arc<Sender>, record: Record) {
        match self.parts.last_mut() {
            Some((by, last, records)) if *by == protocol && (Arc::ptr_eq(last, &sender) || **last == *sender) => {
                records.push(record);
            }
            _ => self.parts.push((protocol, sender, vec![record])),
        }
    }
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It is in the batch of its sender.
    Taken,
    /// It has none, is counted, and goes nowhere.
    Rejected(Rejection),
}

/// How the records on a connection begin, where one may have several lines.
pub(super) enum Starts<'g> {
    /// All alike: the connection or the port says whose they are.
    Known(Option<RecordStart>),
    /// As the token in each says.
    ByToken(&'g Gate),
}

impl Starts<'_> {
    /// How all records begin; nothing where they have it from their tokens.
    pub(super) fn of_all(&self) -> Option<&RecordStart> {
        match self {
            Starts::Known(start) => start.as_ref(),
            Starts::ByToken(_) => None,
        }
    }

    /// How the record in this frame begins.
    pub(super) fn of(&self, frame: &[u8]) -> Option<RecordStart> {
        match self {
            Starts::Known(start) => start.clone(),
            Starts::ByToken(gate) => gate.start_by_token(frame),
        }
    }
}

/// The sender of a connection or port is gone: its credential was revoked.
#[derive(Debug)]
pub(super) struct Revoked;

impl Gate {
    pub(super) fn new(
        intake: Intake,
        senders: SenderDirectory,
        counters: Arc<Counters>,
        limits: ListenLimits,
        stop: CancellationToken,
        abort: CancellationToken,
    ) -> Self {
        let connections = Arc::new(Semaphore::new(limits.connections));
        let buffers = Buffers::new(limits.buffers);
        let (complaint, unsaid) = (Mutex::new(None), AtomicU64::new(0));
        Gate { intake, senders, counters, limits, connections, buffers, stop, abort, complaint, unsaid }
    }

    /// Adds a frame to the batch of its sender, or counts it as rejected. The connection's own identity decides where
    /// it has one; only then the frame's token. Tokens are masked either way. True where the frame has a sender.
    pub(super) fn add(&self, batch: &mut Batch, from: From, frame: Vec<u8>, truncated: bool) -> Result<Added, Revoked> {
        let (token, raw) = take_token(frame);
        let found = match (self.whose(from)?, &token) {
            (Some(sender), _) => Ok(sender),
            (None, Some(token)) => self.senders.by_token(token).ok_or(Rejection::WrongToken),
            (None, None) => Err(Rejection::NoIdentity),
        };
        match found {
            Ok(sender) => {
                let parts = batch.parts.len();
                batch.push(from.protocol, sender.clone(), Record { truncated, ..Record::from(raw) });
                if batch.parts.len() > parts {
                    self.intake.labelled(from.protocol).remember_heard(&sender, Some(from.peer.ip()));
                }
                Ok(Added::Taken)
            }
            Err(why) => {
                self.reject(from.protocol, why, from.peer);
                Ok(Added::Rejected(why))
            }
        }
    }

    /// Whose a connection or a port is, whatever its frames say; nothing where each of them must say it.
    fn whose(&self, from: From) -> Result<Option<Arc<Sender>>, Revoked> {
        let peer = from.peer.ip();
        Ok(match (self.senders.anybody(peer), from.origin) {
            (Some(sender), _) => Some(sender),
            (None, Origin::Port(port)) => {
                Some(self.senders.received_from(&self.senders.by_port(port).ok_or(Revoked)?, peer))
            }
            (None, Origin::Certificate(fingerprint)) => Some(self.senders.by_fingerprint(&fingerprint).ok_or(Revoked)?),
            (None, Origin::Shared) => None,
        })
    }

    /// How the records on a connection begin.
    pub(super) fn starts(&self, from: From) -> Starts<'_> {
        match self.whose(from) {
            // A GELF record ends with a NUL whatever stands in it.
            _ if from.protocol == Protocol::GelfTcp => Starts::Known(None),
            // What becomes of a revoked sender's frames is said when they are handed in.
            Err(Revoked) => Starts::Known(None),
            Ok(Some(sender)) => Starts::Known(self.senders.record_start(&sender)),
            Ok(None) => Starts::ByToken(self),
        }
    }

    /// How the records of the sender begin whose token is in this frame.
    fn start_by_token(&self, frame: &[u8]) -> Option<RecordStart> {
        memmem::find(frame, syslog::TOKEN_ELEMENT.as_bytes())?;
        self.senders.record_start(&*self.senders.by_token(syslog::token(&text::decode(frame))?)?)
    }

    /// Makes a batch durable.
    pub(super) async fn store(&self, batch: Batch) -> Result<(), IntakeError> {
        for one in self.hand_in(batch).await? {
            one.durable().await?;
        }
        Ok(())
    }

    /// Takes out of a batch what its senders may not send now, and counts it: where many share a socket, nobody waits for
    /// somebody else's rate.
    pub(super) fn drop_limited(&self, batch: &mut Batch) {
        batch.parts.retain(|(protocol, sender, records)| {
            let is_limited = self.intake.is_limited(sender);
            if is_limited {
                let intake = self.intake.labelled(*protocol);
                intake.refused(Rejection::Limited, records.len());
                intake.remember_refused(Some(sender), Rejection::Limited, None, records.len());
            }
            !is_limited
        });
    }

    /// Queues a batch as soon as there is room. What is queued is handed back so that a stream can wait for it.
    pub(super) async fn hand_in(&self, batch: Batch) -> Result<Vec<Queued>, IntakeError> {
        let received = SystemTime::now().into();
        let mut queued = Vec::with_capacity(batch.parts.len());
        for (protocol, sender, records) in batch.parts {
            let intake = self.intake.labelled(protocol);
            tokio::select! {
                done = intake.queue_when_room(&sender, records, received) => queued.push(done?),
                () = self.abort.cancelled() => return Err(IntakeError::Closed),
            }
        }
        Ok(queued)
    }

    /// Counts and, from time to time, logs.
    pub(super) fn reject(&self, by: Protocol, why: Rejection, peer: SocketAddr) {
        let intake = self.intake.labelled(by);
        intake.refused(why, 1);
        intake.remember_refused(None, why, Some(peer.ip()), 1);
        let mut last = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < LOG_EVERY) {
            self.unsaid.fetch_add(1, Ordering::Relaxed);
            return;
        }
        *last = Some(Instant::now());
        let unsaid = self.unsaid.swap(0, Ordering::Relaxed);
        tracing::warn!(%peer, protocol = by.as_str(), reason = why.as_str(), also_rejected_since_last_told = unsaid, "a record was rejected");
    }
}

/// The token of a frame, and the frame with it masked.
fn take_token(frame: Vec<u8>) -> (Option<String>, Vec<u8>) {
    if memmem::find(&frame, TOKEN_FIELD.as_bytes()).is_some() {
        return token_field::take(frame);
    }
    if memmem::find(&frame, syslog::TOKEN_ELEMENT.as_bytes()).is_none() {
        return (None, frame);
    }
    // A frame in another encoding is kept as the text it decodes to: masking must not miss a byte.
    let text = text::decode(&frame);
    let token = syslog::token(&text).map(str::to_owned);
    (token, syslog::redact_token(&text).into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_of_its_frame_whatever_the_encoding() {
        let frame = b"<13>1 - h a - - [vedette@32473 token=\"s3cret\"] \xd6\xd0\xce\xc4";
        let (token, raw) = take_token(frame.to_vec());
        assert_eq!(token.as_deref(), Some("s3cret"));
        assert_eq!(String::from_utf8(raw).unwrap(), "<13>1 - h a - - [vedette@32473 token=\"***\"] 中文");
        let (token, raw) = take_token(b"<13>plain \xff".to_vec());
        assert_eq!((token, raw), (None, b"<13>plain \xff".to_vec()));
    }
}
