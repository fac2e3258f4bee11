//! Syslog over a stream (RFC 6587), and GELF, whose records end with a NUL: frames without acknowledgement.

use std::time::Instant;

use formats::frame::SyslogDecoder;
use tokio::io::{AsyncRead, AsyncWrite};

use super::gate::Batch;
use super::lines::Lines;
use super::stream::{Connection, End, Read, settle};
use crate::intake::Queued;

pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<'_, S>,
    first: &[u8],
) -> Result<(), End> {
    let gate = connection.gate;
    let mut decoder = SyslogDecoder::new(gate.limits.max_frame);
    let mut lines = Lines::new(gate.limits.max_frame);
    let mut before: Vec<Queued> = Vec::new();
    decoder.push(first);
    loop {
        // Asked anew for what was read last: the device's source may have been changed.
        let starts = gate.starts(connection.from);
        let now = Instant::now();
        while let Some(frame) = decoder.next() {
            lines.add(&frame, &starts, now);
        }
        let queued = hand_in(connection, &mut lines).await?;
        // One connection never has more than two batches under way.
        settle(std::mem::replace(&mut before, queued)).await?;
        match connection.read(lines.wait(&starts, Instant::now())).await {
            Read::Bytes(count) => {
                decoder.push(connection.bytes(count));
                connection.hold(decoder.buffered() + lines.held_bytes())?;
            }
            Read::Quiet => lines.release(),
            Read::End => break,
        }
    }
    if let Some(frame) = decoder.finish() {
        lines.add(&frame, &gate.starts(connection.from), Instant::now());
    }
    lines.release();
    let queued = hand_in(connection, &mut lines).await?;
    settle(before).await?;
    settle(queued).await
}

async fn hand_in<S>(connection: &Connection<'_, S>, lines: &mut Lines) -> Result<Vec<Queued>, End> {
    let gate = connection.gate;
    let mut batch = Batch::default();
    let mut revoked = Ok(());
    for (data, truncated) in lines.whole.drain(..) {
        // Whose one is may be unknown: it is counted, and the next may be somebody's.
        let added = gate.add(&mut batch, connection.from, data, truncated);
        revoked = revoked.and(added.map(drop));
    }
    let queued = gate.hand_in(batch).await.map_err(End::Refused)?;
    revoked?;
    Ok(queued)
}
