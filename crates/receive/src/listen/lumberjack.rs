//! Lumberjack v2, which Filebeat and the other Beats speak to Logstash: windows of JSON records, acknowledged when all
//! of a window is durable.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::gate::{Added, Batch};
use super::inflate::inflate;
use super::stream::{Connection, End, Read};

const VERSION: u8 = b'2';
/// Records a window may have.
const MOST_RECORDS: u32 = 100_000;
/// A sender that waits for its acknowledgement is told so often that it is being worked on.
const KEEP_ALIVE: Duration = Duration::from_secs(3);

/// A frame cut from the stream.
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    Window(u32),
    Record(u32, Vec<u8>),
    Packed(Vec<u8>),
}

/// Bytes to frames.
#[derive(Debug, Default)]
struct Decoder {
    buffer: Vec<u8>,
    start: usize,
}

impl Decoder {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes not taken yet.
    fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The next whole frame; nothing while bytes are missing.
    fn next(&mut self, max: usize) -> Result<Option<Frame>, String> {
        let rest = &self.buffer[self.start..];
        let number =
            |at: usize| rest.get(at..at + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
        let body = |at: usize| match number(at) {
            Some(length) if length as usize > max => Err(format!("a frame of {length} bytes: at most {max} are taken")),
            Some(length) => Ok(rest.get(at + 4..at + 4 + length as usize)),
            None => Ok(None),
        };
        let (frame, used) = match (rest.first(), rest.get(1)) {
            (Some(&VERSION), Some(b'W')) => match number(2) {
                Some(size) => (Frame::Window(size), 6),
                None => return Ok(None),
            },
            (Some(&VERSION), Some(b'J')) => match (number(2), body(6)?) {
                (Some(sequence), Some(record)) => (Frame::Record(sequence, record.to_vec()), 10 + record.len()),
                _ => return Ok(None),
            },
            (Some(&VERSION), Some(b'C')) => match body(2)? {
                Some(packed) => (Frame::Packed(packed.to_vec()), 6 + packed.len()),
                None => return Ok(None),
            },
            (Some(&VERSION) | None, None) => return Ok(None),
            (Some(version), kind) => {
                let kind = kind.copied().unwrap_or(b'?');
                return Err(format!("a frame begins with bytes {version} and {kind}: only version 2 is spoken"));
            }
            (None, Some(_)) => return Ok(None),
        };
        self.start += used;
        Ok(Some(frame))
    }
}

/// Windows from bytes nobody vouches for, arriving piece by piece.
#[cfg(test)]
pub(super) fn try_bytes(bytes: &[u8], max: usize) {
    let (mut decoder, mut window) = (Decoder::default(), Window::default());
    for piece in bytes.chunks(13) {
        decoder.push(piece);
        while let Ok(Some(frame)) = decoder.next(max) {
            match window.take(frame, max, 0, &mut |_| true) {
                Ok(true) => window = Window::default(),
                Ok(false) => assert!(window.bytes <= max),
                Err(_) => return,
            }
        }
    }
}

/// The window being filled.
#[derive(Default)]
struct Window {
    left: u32,
    sequence: u32,
    records: Vec<Vec<u8>>,
    bytes: usize,
}

impl Window {
    /// Takes a frame, what is packed in it included; true when the window is full.
    fn take(
        &mut self,
        frame: Frame,
        max: usize,
        depth: u8,
        room: &mut dyn FnMut(usize) -> bool,
    ) -> Result<bool, String> {
        match frame {
            Frame::Window(size) => {
                if self.left > 0 {
                    return Err(format!("a new window while {} records of the last are missing", self.left));
                }
                if size > MOST_RECORDS {
                    return Err(format!("a window of {size} records: at most {MOST_RECORDS} are taken"));
                }
                self.left = size;
            }
            Frame::Record(sequence, record) => {
                self.left = self.left.checked_sub(1).ok_or("a record outside a window")?;
                self.sequence = sequence;
                self.bytes += record.len();
                if self.bytes > max {
                    return Err(format!("a window of more than {max} bytes"));
                }
                self.records.push(record);
                return Ok(self.left == 0);
            }
            Frame::Packed(packed) => {
                if depth > 0 {
                    return Err("a compressed frame inside a compressed frame".into());
                }
                let mut inner = Decoder { buffer: inflate(&packed, max, room)?, start: 0 };
                let mut full = false;
                while let Some(frame) = inner.next(max)? {
                    if full {
                        return Err("frames behind the end of a window inside a compressed frame".into());
                    }
                    full = self.take(frame, max, depth + 1, room)?;
                }
                if inner.start < inner.buffer.len() {
                    return Err("a compressed frame that ends inside a frame".into());
                }
                return Ok(full);
            }
        }
        Ok(false)
    }
}

pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<'_, S>,
    first: Vec<u8>,
) -> Result<(), End> {
    let (mut decoder, mut window) = (Decoder { buffer: first, start: 0 }, Window::default());
    let max = connection.gate.limits.max_window;
    loop {
        while let Some(frame) = decoder.next(max).map_err(End::Broken)? {
            let held = &mut connection.held;
            let full = window.take(frame, max, 0, &mut |more| held.grow(more));
            if full.map_err(|what| connection.broken(what))? {
                let full = std::mem::take(&mut window);
                store(connection, full.records, full.sequence).await?;
            }
        }
        match connection.read(None).await {
            Read::Bytes(count) => {
                decoder.push(connection.bytes(count));
                connection.hold(decoder.len() + window.bytes)?;
            }
            // A window that was not filled was not acknowledged: the sender sends it again.
            Read::Quiet | Read::End => return Ok(()),
        }
    }
}

/// Makes a window durable, then acknowledges it by its last number.
async fn store<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<'_, S>,
    records: Vec<Vec<u8>>,
    sequence: u32,
) -> Result<(), End> {
    let (gate, from) = (connection.gate, connection.from);
    let max = gate.limits.max_frame;
    let mut batch = Batch::default();
    for mut record in records {
        let truncated = record.len() > max;
        record.truncate(max);
        if let Added::Rejected(why) = gate.add(&mut batch, from, record, truncated)? {
            return Err(End::Nobody(why));
        }
    }
    let mut storing = std::pin::pin!(gate.store(batch));
    loop {
        tokio::select! {
            done = &mut storing => {
                done.map_err(End::Refused)?;
                return answer(&mut connection.stream, sequence).await;
            }
            () = tokio::time::sleep(KEEP_ALIVE) => answer(&mut connection.stream, 0).await?,
        }
    }
}

async fn answer(stream: &mut (impl AsyncWrite + Unpin), sequence: u32) -> Result<(), End> {
    let [a, b, c, d] = sequence.to_be_bytes();
    stream.write_all(&[VERSION, b'A', a, b, c, d]).await.map_err(|_| End::Gone)?;
    stream.flush().await.map_err(|_| End::Gone)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const MAX: usize = 1000;

    fn window(size: u32) -> Vec<u8> {
        [b"2W", &size.to_be_bytes()[..]].concat()
    }

    fn record(sequence: u32, text: &str) -> Vec<u8> {
        [b"2J", &sequence.to_be_bytes()[..], &(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat()
    }

    fn packed(frames: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(frames).unwrap();
        let body = encoder.finish().unwrap();
        [b"2C", &(body.len() as u32).to_be_bytes()[..], &body].concat()
    }

    /// The windows of a stream cut into chunks of `size`, as last number and records.
    fn windows(stream: &[u8], size: usize) -> Result<Vec<(u32, Vec<String>)>, String> {
        let (mut decoder, mut window, mut all) = (Decoder::default(), Window::default(), Vec::new());
        for chunk in stream.chunks(size) {
            decoder.push(chunk);
            while let Some(frame) = decoder.next(MAX)? {
                if window.take(frame, MAX, 0, &mut |_| true)? {
                    let full = std::mem::take(&mut window);
                    let text = |record: Vec<u8>| String::from_utf8(record).unwrap();
                    all.push((full.sequence, full.records.into_iter().map(text).collect()));
                }
            }
        }
        Ok(all)
    }

    #[test]
    fn windows_plain_and_compressed_are_read_however_the_stream_is_cut() {
        let inner = [record(1, "{\"c\":1}"), record(2, "{\"d\":2}")].concat();
        let stream = [window(2), record(1, "{}"), record(2, "{\"a\":1}"), window(2), packed(&inner)].concat();
        let expected =
            vec![(2, vec!["{}".to_owned(), "{\"a\":1}".into()]), (2, vec!["{\"c\":1}".into(), "{\"d\":2}".into()])];
        for size in [1, 3, 7, 1000] {
            assert_eq!(windows(&stream, size), Ok(expected.clone()), "{size}");
        }
    }

    #[test]
    fn what_breaks_the_protocol_or_asks_for_too_much_ends_the_connection() {
        let huge = [b"2J", &1u32.to_be_bytes()[..], &u32::MAX.to_be_bytes()[..]].concat();
        for (stream, why) in [
            ([window(2), record(1, "{}"), window(2)].concat(), "a new window"),
            (record(1, "{}"), "outside a window"),
            (window(u32::MAX), "a window of"),
            ([window(1), huge].concat(), "a frame of"),
            (b"1W\0\0\0\x01".to_vec(), "version 2"),
            ([window(1), packed(&packed(&record(1, "{}")))].concat(), "inside a compressed"),
            ([window(1), packed(&[b'0'; 100_000])].concat(), "longer than"),
            ([window(1), packed(&record(1, "{}")[..5])].concat(), "ends inside"),
            ([window(3), record(1, &"x".repeat(600)), record(2, &"x".repeat(600))].concat(), "more than"),
        ] {
            let error = windows(&stream, 64).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
