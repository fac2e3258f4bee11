//! One connection: bytes to frames to intake. A full intake is not read from, so the sender's window closes.

use std::net::SocketAddr;
use std::time::Duration;

use formats::frame::SyslogDecoder;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::sync::CancellationToken;

use super::gate::{Batch, Gate, Origin, Revoked};
use crate::intake::{IntakeError, Queued};
use crate::stats::Rejection;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
/// After the order to stop, a connection that says nothing for so long is done.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Why a connection ends early.
enum End {
    Revoked,
    Refused(IntakeError),
}

impl From<Revoked> for End {
    fn from(_: Revoked) -> Self {
        End::Revoked
    }
}

pub(super) async fn serve(
    gate: &Gate,
    stream: impl AsyncRead + Unpin,
    origin: Origin,
    peer: SocketAddr,
    stop: &CancellationToken,
) {
    match read(gate, stream, origin, peer, stop).await {
        Ok(()) => {}
        Err(End::Revoked) => gate.reject(Rejection::UnknownSender, peer),
        Err(End::Refused(error)) => tracing::warn!(%peer, %error, "a syslog connection is closed"),
    }
}

async fn read(
    gate: &Gate,
    mut stream: impl AsyncRead + Unpin,
    origin: Origin,
    peer: SocketAddr,
    stop: &CancellationToken,
) -> Result<(), End> {
    let mut decoder = SyslogDecoder::new(gate.limits.max_frame);
    let mut chunk = vec![0; CHUNK];
    let mut before: Vec<Queued> = Vec::new();
    let mut stopping = false;
    loop {
        let idle = if stopping { LAST_WORDS } else { gate.limits.idle };
        let read = tokio::select! {
            read = tokio::time::timeout(idle, stream.read(&mut chunk)) => read,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                continue;
            }
        };
        // Silence, the end, or a broken connection: what came before counts all the same.
        let Ok(Ok(count @ 1..)) = read else { break };
        let mut batch = Batch::default();
        decoder.push(&chunk[..count]);
        let mut revoked = Ok(());
        while let Some(frame) = decoder.next() {
            revoked = gate.add(&mut batch, origin, frame.data, frame.truncated, peer);
            if revoked.is_err() {
                break;
            }
        }
        let queued = gate.hand_in(batch).await.map_err(End::Refused)?;
        settle(std::mem::replace(&mut before, queued)).await?;
        revoked?;
    }
    let mut batch = Batch::default();
    if let Some(frame) = decoder.finish() {
        gate.add(&mut batch, origin, frame.data, frame.truncated, peer)?;
    }
    let queued = gate.hand_in(batch).await.map_err(End::Refused)?;
    settle(before).await?;
    settle(queued).await
}

/// Waits until earlier batches are durable, so that one connection never has more than two under way.
async fn settle(queued: Vec<Queued>) -> Result<(), End> {
    for one in queued {
        one.durable().await.map_err(End::Refused)?;
    }
    Ok(())
}
