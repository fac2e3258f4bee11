//! Syslog over a stream (RFC 6587), and GELF, whose records end with a NUL: frames without acknowledgement.
//!
//! Lines that begin with a blank belong to the record before them where that one began with a priority: stack traces
//! and pretty-printed bodies stay whole.

use std::time::Duration;

use formats::frame::{Frame, SyslogDecoder};
use tokio::io::{AsyncRead, AsyncWrite};

use super::gate::Batch;
use super::stream::{Connection, End, Read, settle};
use crate::intake::Queued;

/// A record is not held longer for a line that may continue it.
const HELD: Duration = Duration::from_millis(200);

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
        while let Some(frame) = decoder.next() {
            lines.add(&frame);
        }
        let queued = hand_in(connection, &mut lines).await?;
        // One connection never has more than two batches under way.
        settle(std::mem::replace(&mut before, queued)).await?;
        match connection.read(lines.held.is_some().then_some(HELD)).await {
            Read::Bytes(count) => {
                decoder.push(connection.bytes(count));
                connection.hold(decoder.buffered() + lines.held_bytes())?;
            }
            Read::Quiet => lines.release(),
            Read::End => break,
        }
    }
    if let Some(frame) = decoder.finish() {
        lines.add(&frame);
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

/// Puts lines that continue a record behind it.
struct Lines {
    /// The record that may go on.
    held: Option<(Vec<u8>, bool)>,
    /// Records that do not, in order, with whether they were cut.
    whole: Vec<(Vec<u8>, bool)>,
    max: usize,
}

impl Lines {
    fn new(max: usize) -> Self {
        Lines { held: None, whole: Vec::new(), max }
    }

    fn held_bytes(&self) -> usize {
        self.held.as_ref().map_or(0, |(data, _)| data.len())
    }

    fn add(&mut self, frame: &Frame<'_>) {
        let (line, truncated) = (frame.data, frame.truncated);
        if let (Some((held, cut)), false, Some(b' ' | b'\t')) = (&mut self.held, frame.counted, line.first()) {
            let room = self.max.saturating_sub(held.len() + 1).min(line.len());
            *cut |= truncated || room < line.len();
            if room > 0 {
                held.push(b'\n');
                held.extend_from_slice(&line[..room]);
            }
            return;
        }
        self.release();
        if line.first() == Some(&b'<') && !frame.counted {
            self.held = Some((line.to_vec(), truncated));
        } else {
            self.whole.push((line.to_vec(), truncated));
        }
    }

    /// Nothing continues what is held any more.
    fn release(&mut self) {
        self.whole.extend(self.held.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(lines: &[&str], max: usize, counted: bool) -> Vec<String> {
        let mut joined = Lines::new(max);
        lines.iter().for_each(|line| joined.add(&Frame { data: line.as_bytes(), truncated: false, counted }));
        joined.release();
        let text = |(data, cut)| format!("{}{}", String::from_utf8(data).unwrap(), if cut { "!" } else { "" });
        joined.whole.into_iter().map(text).collect()
    }

    #[test]
    fn lines_that_begin_with_a_blank_continue_a_record_with_a_priority_and_no_other() {
        let lines = ["<13>a", "\tat b", " at c", "<13>d", "plain", " alone", "<13>e"];
        assert_eq!(join(&lines, 100, false), ["<13>a\n\tat b\n at c", "<13>d", "plain", " alone", "<13>e"]);
        assert_eq!(join(&["<13>a", " counted"], 100, true), ["<13>a", " counted"]);
    }

    #[test]
    fn a_record_that_is_continued_for_ever_is_cut_and_marked() {
        assert_eq!(join(&["<13>abc", " 1234", " 5678", "<13>x"], 10, false), ["<13>abc\n 1!", "<13>x"]);
    }
}
