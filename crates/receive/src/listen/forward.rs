//! Fluentd's forward protocol v1: Message, Forward, PackedForward and CompressedPackedForward, acknowledged by chunk
//! when durable.
//!
//! A record becomes one JSON object: its own members, and beside them `fluent_tag` and, where it has no `time` or
//! `@timestamp` of its own, `@timestamp`.

use model::Timestamp;
use rmpv::ValueRef;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::gate::{Added, Batch};
use super::handshake;
use super::inflate::inflate;
use super::msgpack::{self, Scanner};
use super::stream::{Connection, End, Read};
use crate::stats::Rejection;

/// What one message holds.
#[derive(Debug, Default, PartialEq)]
struct Message {
    records: Vec<Vec<u8>>,
    /// To be echoed when the records are durable.
    chunk: Option<Vec<u8>>,
}

/// Greets a sender and has it show that it knows the listener's shared key. Gives what came behind its answer.
pub(super) async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<'_, S>,
    key: &str,
) -> Result<Vec<u8>, End> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| End::Broken(format!("no random numbers: {error}")))?;
    let helo = handshake::helo(&nonce).map_err(End::Broken)?;
    send(&mut connection.stream, &helo).await?;
    let (mut buffer, mut scanner) = (Vec::new(), Scanner::default());
    loop {
        if let Some(end) = scanner.end(&buffer).map_err(End::Broken)? {
            let (pong, known) = handshake::pong(&buffer[..end], &nonce, key).map_err(End::Broken)?;
            send(&mut connection.stream, &pong).await?;
            return if known { Ok(buffer.split_off(end)) } else { Err(strange(connection)) };
        }
        match connection.read(Some(connection.gate.limits.handshake)).await {
            Read::Bytes(count) if buffer.len() + count <= handshake::LONGEST => {
                buffer.extend_from_slice(connection.bytes(count));
            }
            Read::Bytes(_) => return Err(End::Broken("an answer to the greeting that is too long".into())),
            Read::Quiet | Read::End => return Err(End::Gone),
        }
    }
}

/// A sender that does not know the shared key.
fn strange<S>(connection: &Connection<'_, S>) -> End {
    connection.gate.reject(connection.from.protocol, Rejection::WrongToken, connection.from.peer);
    End::Nobody(Rejection::WrongToken)
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), End> {
    stream.write_all(bytes).await.map_err(|_| End::Gone)?;
    stream.flush().await.map_err(|_| End::Gone)
}

pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<'_, S>,
    first: Vec<u8>,
) -> Result<(), End> {
    let max = connection.gate.limits.max_window;
    let (mut buffer, mut scanner) = (first, Scanner::default());
    loop {
        while let Some(end) = scanner.end(&buffer).map_err(End::Broken)? {
            let held = &mut connection.held;
            let message = read(&buffer[..end], max, &mut |more| held.grow(more));
            let message = message.map_err(|what| connection.broken(what))?;
            store(connection, message).await?;
            buffer.drain(..end);
            scanner = Scanner::default();
            if buffer.is_empty() {
                break;
            }
        }
        if buffer.len() > max {
            return Err(End::Broken(format!("a message of more than {max} bytes, {} of them read", scanner.seen())));
        }
        match connection.read(None).await {
            Read::Bytes(count) => {
                buffer.extend_from_slice(connection.bytes(count));
                connection.hold(buffer.len())?;
            }
            // A message that was not whole was not acknowledged: the sender sends it again.
            Read::Quiet | Read::End => return Ok(()),
        }
    }
}

/// Makes the records durable, then acknowledges the chunk if the sender asked for it.
async fn store<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<'_, S>,
    message: Message,
) -> Result<(), End> {
    let (gate, from) = (connection.gate, connection.from);
    let max = gate.limits.max_frame;
    let mut batch = Batch::default();
    for mut record in message.records {
        let truncated = record.len() > max;
        record.truncate(max);
        if let Added::Rejected(why) = gate.add(&mut batch, from, record, truncated)? {
            return Err(End::Nobody(why));
        }
    }
    gate.store(batch).await.map_err(End::Refused)?;
    let Some(chunk) = message.chunk else { return Ok(()) };
    // {"ack": chunk}
    let mut answer = b"\x81\xa3ack".to_vec();
    answer.extend_from_slice(&chunk);
    send(&mut connection.stream, &answer).await
}

/// Messages from bytes nobody vouches for.
#[cfg(test)]
pub(super) fn try_bytes(bytes: &[u8], max: usize) {
    let (mut scanner, mut rest) = (Scanner::default(), bytes);
    while let Ok(Some(end)) = scanner.end(rest) {
        let (message, after) = rest.split_at(end);
        if let Ok(message) = read(message, max, &mut |_| true) {
            assert!(message.records.len() <= bytes.len() + max);
        }
        (scanner, rest) = (Scanner::default(), after);
        if rest.is_empty() {
            break;
        }
    }
}

/// The records of a message, whatever its mode.
fn read(bytes: &[u8], max: usize, room: &mut dyn FnMut(usize) -> bool) -> Result<Message, String> {
    let mut rest = bytes;
    let ValueRef::Array(parts) = msgpack::value(&mut rest)? else {
        return Err("a forward message is an array".into());
    };
    let (tag, second) = match parts.as_slice() {
        [tag, second, ..] => (text(tag).ok_or("a forward message begins with its tag")?, second),
        _ => return Err("a forward message has a tag and entries".into()),
    };
    let mut message = Message::default();
    let option = match second {
        ValueRef::Array(entries) => {
            for entry in entries {
                message.records.push(entry_record(entry, &tag)?);
            }
            parts.get(2)
        }
        ValueRef::String(_) | ValueRef::Binary(_) => {
            let option = parts.get(2);
            let packed = msgpack::bytes(second).unwrap_or_default();
            if member(option, "compressed").and_then(text).is_some_and(|how| how == "gzip") {
                packed_records(&inflate(packed, max, room)?, &tag, &mut message.records)?;
            } else {
                packed_records(packed, &tag, &mut message.records)?;
            }
            option
        }
        time => {
            let record = parts.get(2).ok_or("a forward message has no record")?;
            message.records.push(record_of(time, record, &tag)?);
            parts.get(3)
        }
    };
    if let Some(chunk) = member(option, "chunk") {
        let mut echoed = Vec::new();
        rmpv::encode::write_value_ref(&mut echoed, chunk).map_err(|error| error.to_string())?;
        message.chunk = Some(echoed);
    }
    Ok(message)
}

/// Entries one behind the other.
fn packed_records(mut packed: &[u8], tag: &str, records: &mut Vec<Vec<u8>>) -> Result<(), String> {
    while !packed.is_empty() {
        // Depth is bounded here as in the stream.
        let end = Scanner::default().end(packed)?.ok_or("packed entries end inside an entry")?;
        let (mut entry, rest) = packed.split_at(end);
        records.push(entry_record(&msgpack::value(&mut entry)?, tag)?);
        packed = rest;
    }
    Ok(())
}

fn entry_record(entry: &ValueRef<'_>, tag: &str) -> Result<Vec<u8>, String> {
    match entry {
        ValueRef::Array(parts) if parts.len() >= 2 => record_of(&parts[0], &parts[1], tag),
        _ => Err("an entry is a time and a record".into()),
    }
}

fn record_of(time: &ValueRef<'_>, record: &ValueRef<'_>, tag: &str) -> Result<Vec<u8>, String> {
    let mut members: Map<String, Value> = match record {
        ValueRef::Map(pairs) => msgpack::object(pairs),
        _ => return Err("a record is a map".into()),
    };
    if !members.contains_key("@timestamp")
        && !members.contains_key("time")
        && let Some(time) = written(time)
    {
        members.insert("@timestamp".into(), Value::String(time.to_string()));
    }
    if !tag.is_empty() && !members.contains_key("fluent_tag") {
        members.insert("fluent_tag".into(), Value::String(tag.to_owned()));
    }
    serde_json::to_vec(&members).map_err(|error| error.to_string())
}

/// The time of an entry: EventTime, whole seconds, or seconds with a fraction. Fluent Bit 2 wraps it in an array with
/// metadata.
fn written(time: &ValueRef<'_>) -> Option<Timestamp> {
    let micros = match time {
        ValueRef::Integer(seconds) => seconds.as_i64()?.checked_mul(1_000_000)?,
        ValueRef::F64(seconds) if seconds.abs() < 1e12 => (seconds * 1e6) as i64,
        ValueRef::Ext(kind, bytes) => {
            let (seconds, nanos) = msgpack::event_time(*kind, bytes)?;
            seconds * 1_000_000 + i64::from(nanos) / 1000
        }
        ValueRef::Array(parts) => return written(parts.first()?),
        _ => return None,
    };
    (micros > 0).then(|| Timestamp::from_micros(micros))
}

fn text(value: &ValueRef<'_>) -> Option<String> {
    msgpack::bytes(value).map(|bytes| formats::text::decode(bytes).into_owned())
}

fn member<'v>(option: Option<&'v ValueRef<'v>>, name: &str) -> Option<&'v ValueRef<'v>> {
    match option? {
        ValueRef::Map(pairs) => {
            pairs.iter().find(|(key, _)| msgpack::bytes(key) == Some(name.as_bytes())).map(|(_, value)| value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const MAX: usize = 1000;
    const TAG: &[u8] = b"\xa3tag";
    /// {"m": "hi"}
    const RECORD: &[u8] = b"\x81\xa1m\xa2hi";
    /// EventTime 1.5 s, as fixext 8.
    const TIME: &[u8] = b"\xd7\x00\x00\x00\x00\x01\x1d\xcd\x65\x00";
    fn expected() -> Value {
        serde_json::json!({"@timestamp": "1970-01-01T00:00:01.500000Z", "fluent_tag": "tag", "m": "hi"})
    }

    fn records(parts: &[&[u8]]) -> (Vec<Value>, Option<Vec<u8>>) {
        let message = read(&parts.concat(), MAX, &mut |_| true).unwrap();
        let json = |record: Vec<u8>| serde_json::from_slice(&record).unwrap();
        (message.records.into_iter().map(json).collect(), message.chunk)
    }

    #[test]
    fn all_four_modes_give_the_same_record_and_the_chunk_is_echoed_as_it_came() {
        let entry = [b"\x92", TIME, RECORD].concat();
        let chunk = b"\x81\xa5chunk\xa3abc";
        let (got, echoed) = records(&[b"\x94", TAG, TIME, RECORD, chunk]);
        assert_eq!((got, echoed.as_deref()), (vec![expected()], Some(&b"\xa3abc"[..])));
        let all: Vec<Vec<Value>> = vec![
            records(&[b"\x93", TAG, b"\x92", &entry, &entry, chunk]).0,
            records(&[b"\x92", TAG, &[0xc4, entry.len() as u8 * 2], &entry, &entry]).0,
            records(&[b"\x92", TAG, &[0xd9, entry.len() as u8 * 2], &entry, &entry]).0,
            {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&[&entry[..], &entry[..]].concat()).unwrap();
                let packed = encoder.finish().unwrap();
                records(&[b"\x93", TAG, &[0xc4, packed.len() as u8], &packed, b"\x81\xaacompressed\xa4gzip"]).0
            },
        ];
        for mode in all {
            assert_eq!(mode, [expected(), expected()]);
        }
    }

    #[test]
    fn what_is_no_forward_message_is_said() {
        let entry = [b"\x92", TIME, RECORD].concat();
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        bomb.write_all(&[0; 100_000]).unwrap();
        let bomb = bomb.finish().unwrap();
        for (parts, why) in [
            (vec![&b"\x80"[..]], "an array"),
            (vec![b"\x91", TAG], "a tag and entries"),
            (vec![b"\x92\x01\x90"], "its tag"),
            (vec![b"\x93", TAG, TIME, b"\x01"], "a map"),
            (vec![b"\x92", TAG, &[0xc4, 5], &entry[..5]], "end inside"),
            (vec![b"\x93", TAG, &[0xc4, bomb.len() as u8], &bomb, b"\x81\xaacompressed\xa4gzip"], "longer than"),
        ] {
            let error = read(&parts.concat(), MAX, &mut |_| true).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
