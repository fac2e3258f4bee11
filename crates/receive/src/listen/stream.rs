//! One connection: which protocol it speaks is seen from its first bytes, so every port takes them all. A full intake
//! is not read from, so the sender's window closes.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::buffers::Held;
use super::gate::{From, Gate, Revoked};
use super::{forward, lumberjack, syslog};
use crate::intake::{IntakeError, Queued};
use crate::stats::{Protocol, Rejection};

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
/// After the order to stop, a connection that says nothing for so long is done.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A connection's bytes, its identity, and when it is to end.
pub(super) struct Connection<'g, S> {
    pub gate: &'g Gate,
    pub from: From,
    pub stream: S,
    /// Room for what is not whole yet.
    pub held: Held,
    stop: &'g CancellationToken,
    stopping: bool,
    chunk: Vec<u8>,
}

/// Why a connection ends early.
#[derive(Debug)]
pub(super) enum End {
    /// Its credential was taken away.
    Revoked,
    /// Intake takes nothing more.
    Refused(IntakeError),
    /// Nothing says whose its records are, and its protocol promises to keep what it acknowledges.
    Nobody(Rejection),
    /// There is no room for a message that is not whole yet.
    NoRoom,
    /// It does not keep to its protocol.
    Broken(String),
    /// It went away while it was answered.
    Gone,
}

/// What reading gave.
pub(super) enum Read {
    /// So many bytes, see [`Connection::bytes`].
    Bytes(usize),
    /// Nothing arrived for so long as the reader wanted to wait.
    Quiet,
    /// The end: closed, silent for too long, broken, or told to stop.
    End,
}

impl std::convert::From<Revoked> for End {
    fn from(_: Revoked) -> Self {
        End::Revoked
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<'_, S> {
    /// Waits for more bytes, at most `quiet` where given.
    pub async fn read(&mut self, quiet: Option<Duration>) -> Read {
        loop {
            let idle = if self.stopping { LAST_WORDS } else { self.gate.limits.idle };
            let wait = quiet.map_or(idle, |quiet| quiet.min(idle));
            let read = tokio::select! {
                read = tokio::time::timeout(wait, self.stream.read(&mut self.chunk)) => read,
                () = self.stop.cancelled(), if !self.stopping => {
                    self.stopping = true;
                    continue;
                }
            };
            return match read {
                Ok(Ok(count @ 1..)) => Read::Bytes(count),
                Err(_) if wait < idle => Read::Quiet,
                // Silence, the end, or a broken connection: what came before counts all the same.
                _ => Read::End,
            };
        }
    }

    /// Holds so many bytes of a message that is not whole yet, or ends the connection.
    pub fn hold(&mut self, bytes: usize) -> Result<(), End> {
        if self.held.hold(bytes) { Ok(()) } else { Err(End::NoRoom) }
    }

    /// What a message that could not be taken means for the connection.
    pub fn broken(&self, what: String) -> End {
        if self.held.was_refused() { End::NoRoom } else { End::Broken(what) }
    }

    /// The bytes read last.
    pub fn bytes(&self, count: usize) -> &[u8] {
        &self.chunk[..count]
    }
}

/// Serves a connection until it ends. `greeting` is the shared key on a listener of the forward protocol that greets
/// its senders first.
pub(super) async fn serve(
    gate: &Gate,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    from: From,
    greeting: Option<&str>,
    stop: &CancellationToken,
) {
    let held = gate.buffers.nothing();
    let mut connection = Connection { gate, from, stream, held, stop, stopping: false, chunk: vec![0; CHUNK] };
    let ended = speak(&mut connection, greeting).await;
    let From { protocol, peer, .. } = connection.from;
    match ended {
        Ok(()) => {}
        Err(End::Revoked) => gate.reject(protocol, Rejection::UnknownSender, peer),
        Err(End::Nobody(why)) => {
            tracing::debug!(%peer, reason = why.as_str(), "a connection is closed: its records are nobody's");
        }
        Err(End::Refused(error)) => tracing::warn!(%peer, %error, "a connection is closed"),
        Err(End::NoRoom) => {
            gate.reject(protocol, Rejection::Full, peer);
            tracing::debug!(%peer, "a connection is closed: unfinished messages take up all the room there is for them");
        }
        Err(End::Broken(what)) => {
            gate.reject(protocol, Rejection::Malformed, peer);
            tracing::debug!(%peer, protocol = protocol.as_str(), %what, "a connection is closed");
        }
        Err(End::Gone) => tracing::debug!(%peer, "a sender went away before it was answered"),
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<'_, S>,
    greeting: Option<&str>,
) -> Result<(), End> {
    if let Some(key) = greeting {
        connection.from.protocol = Protocol::Forward;
        let first = forward::greet(connection, key).await?;
        return forward::serve(connection, first).await;
    }
    let mut first = Vec::new();
    // Two bytes tell the protocols apart.
    while first.len() < 2 {
        match connection.read(None).await {
            Read::Bytes(count) => first.extend_from_slice(connection.bytes(count)),
            Read::Quiet | Read::End => break,
        }
    }
    match Spoken::of(&first) {
        Spoken::Lines => syslog::serve(connection, &first).await,
        Spoken::Gelf => {
            connection.from.protocol = Protocol::GelfTcp;
            syslog::serve(connection, &first).await
        }
        Spoken::Lumberjack => {
            connection.from.protocol = Protocol::Lumberjack;
            lumberjack::serve(connection, first).await
        }
        Spoken::Forward => {
            connection.from.protocol = Protocol::Forward;
            forward::serve(connection, first).await
        }
    }
}

/// What a stream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    /// Syslog, or one line a record.
    Lines,
    Gelf,
    Forward,
    Lumberjack,
}

impl Spoken {
    /// Of a stream that begins with these bytes. No syslog frame begins with `2W`, nor with the byte of a short
    /// MessagePack array that holds a text; GELF is a JSON object.
    fn of(first: &[u8]) -> Spoken {
        match first {
            [b'1' | b'2', b'W' | b'J' | b'C' | b'D', ..] => Spoken::Lumberjack,
            [0x92..=0x94, 0xa0..=0xbf | 0xc4..=0xc6 | 0xd9..=0xdb, ..] => Spoken::Forward,
            [b'{', ..] => Spoken::Gelf,
            _ => Spoken::Lines,
        }
    }
}

/// Waits until batches are durable.
pub(super) async fn settle(queued: Vec<Queued>) -> Result<(), End> {
    for one in queued {
        one.durable().await.map_err(End::Refused)?;
    }
    Ok(())
}
