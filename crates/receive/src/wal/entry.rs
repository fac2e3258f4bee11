//! What the log keeps of one received record: all that the receiver knew, so that a replay needs nothing else.
//!
//! ```text
//! version u8 = 1 | flags u8 | received i64 | customer | device | source | time zone | raw to the end
//! version u8 = 2 | flags u8 | received i64 | customer | device | source | time zone | peer | listener | bookmark | raw
//! ```
//! A text is its length as u8, then its bytes. Version 2 is written where one of the three is not empty.

use model::Timestamp;

use super::WalError;

const PLAIN: u8 = 1;
const TRAILED: u8 = 2;
const TRUNCATED: u8 = 1;
const STRANGER: u8 = 2;

/// One received record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataEntry<'b> {
    /// The customer whose device was authenticated.
    pub customer: &'b str,
    /// The authenticated device.
    pub device: &'b str,
    /// When it was received.
    pub received: Timestamp,
    /// It was longer than allowed and has been cut.
    pub truncated: bool,
    /// The source folder the device is set to; empty: recognised record by record.
    pub source: &'b str,
    /// IANA time zone of times without one; empty: UTC.
    pub time_zone: &'b str,
    /// Its collector received it from an address no device is registered for, so it is the collector's own.
    pub stranger: bool,
    /// The address a collector received it from; empty: not known, or of no matter.
    pub peer: &'b str,
    /// By which way the collector received it: a protocol, or `file:` and a path.
    pub listener: &'b str,
    /// What whoever handed it in wants to find again after a crash; means nothing to anybody else.
    pub bookmark: &'b [u8],
    /// The bytes as received.
    pub raw: &'b [u8],
}

impl<'b> DataEntry<'b> {
    /// The payload of a log record.
    pub fn encode(&self) -> Vec<u8> {
        let texts = [self.customer, self.device, self.source, self.time_zone, self.peer, self.listener];
        let is_trailed = !(self.peer.is_empty() && self.listener.is_empty() && self.bookmark.is_empty());
        let size = texts.iter().map(|text| text.len()).sum::<usize>() + self.bookmark.len() + self.raw.len();
        let mut out = Vec::with_capacity(17 + size);
        out.push(if is_trailed { TRAILED } else { PLAIN });
        out.push((u8::from(self.truncated) * TRUNCATED) | (u8::from(self.stranger) * STRANGER));
        out.extend_from_slice(&self.received.as_micros().to_le_bytes());
        for text in &texts[..if is_trailed { 6 } else { 4 }] {
            let text = &text.as_bytes()[..text.floor_char_boundary(255)];
            out.push(text.len() as u8);
            out.extend_from_slice(text);
        }
        if is_trailed {
            let bookmark = &self.bookmark[..self.bookmark.len().min(255)];
            out.push(bookmark.len() as u8);
            out.extend_from_slice(bookmark);
        }
        out.extend_from_slice(self.raw);
        out
    }

    /// The inverse of [`DataEntry::encode`].
    pub fn decode(payload: &'b [u8]) -> Result<Self, WalError> {
        Self::cut(payload).ok_or(WalError::UnknownEntry)
    }

    fn cut(payload: &'b [u8]) -> Option<Self> {
        let (head, mut rest) = payload.split_at_checked(10)?;
        if !matches!(head[0], PLAIN | TRAILED) {
            return None;
        }
        let received = Timestamp::from_micros(i64::from_le_bytes(head[2..].try_into().ok()?));
        let mut bytes = || {
            let (len, after) = rest.split_first()?;
            let (bytes, after) = after.split_at_checked(usize::from(*len))?;
            rest = after;
            Some(bytes)
        };
        let mut text = || std::str::from_utf8(bytes()?).ok();
        let (customer, device, source, time_zone) = (text()?, text()?, text()?, text()?);
        let (peer, listener) = if head[0] == TRAILED { (text()?, text()?) } else { ("", "") };
        let bookmark = if head[0] == TRAILED { bytes()? } else { b"" };
        let (truncated, stranger) = (head[1] & TRUNCATED != 0, head[1] & STRANGER != 0);
        Some(DataEntry {
            customer,
            device,
            received,
            truncated,
            source,
            time_zone,
            stranger,
            peer,
            listener,
            bookmark,
            raw: rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_back_whatever_bytes_it_carries() {
        let entry = DataEntry {
            customer: "cus_1",
            device: "dev_1",
            received: Timestamp::from_micros(-7),
            truncated: true,
            source: "",
            time_zone: "Asia/Shanghai",
            stranger: false,
            peer: "",
            listener: "",
            bookmark: b"",
            raw: b"\0\xff\n<13>",
        };
        let payload = entry.encode();
        assert_eq!((DataEntry::decode(&payload).unwrap(), payload[0]), (entry, PLAIN));
        let trailed =
            DataEntry { stranger: true, peer: "192.0.2.1", listener: "syslog_udp", bookmark: b"\0\x01", ..entry };
        assert_eq!(DataEntry::decode(&trailed.encode()).unwrap(), trailed);
        assert!(DataEntry::decode(&payload[..20]).is_err());
        assert!(DataEntry::decode(b"").is_err());
    }
}
