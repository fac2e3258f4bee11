//! What the log keeps of one received record: all that the receiver knew, so that a replay needs nothing else.
//!
//! ```text
//! version u8 = 1 | flags u8 | received i64 | customer | device | source | time zone | raw to the end
//! ```
//! A text is its length as u8, then its bytes.

use model::Timestamp;

use super::WalError;

const VERSION: u8 = 1;
const TRUNCATED: u8 = 1;

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
    /// The bytes as received.
    pub raw: &'b [u8],
}

impl<'b> DataEntry<'b> {
    /// The payload of a log record.
    pub fn encode(&self) -> Vec<u8> {
        let texts = [self.customer, self.device, self.source, self.time_zone];
        let mut out = Vec::with_capacity(14 + texts.iter().map(|text| text.len()).sum::<usize>() + self.raw.len());
        out.push(VERSION);
        out.push(if self.truncated { TRUNCATED } else { 0 });
        out.extend_from_slice(&self.received.as_micros().to_le_bytes());
        for text in texts {
            let text = &text.as_bytes()[..text.floor_char_boundary(255)];
            out.push(text.len() as u8);
            out.extend_from_slice(text);
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
        if head[0] != VERSION {
            return None;
        }
        let received = Timestamp::from_micros(i64::from_le_bytes(head[2..].try_into().ok()?));
        let mut text = || {
            let (len, after) = rest.split_first()?;
            let (text, after) = after.split_at_checked(usize::from(*len))?;
            rest = after;
            std::str::from_utf8(text).ok()
        };
        let (customer, device, source, time_zone) = (text()?, text()?, text()?, text()?);
        let truncated = head[1] & TRUNCATED != 0;
        Some(DataEntry { customer, device, received, truncated, source, time_zone, raw: rest })
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
            raw: b"\0\xff\n<13>",
        };
        let payload = entry.encode();
        assert_eq!(DataEntry::decode(&payload).unwrap(), entry);
        assert!(DataEntry::decode(&payload[..20]).is_err());
        assert!(DataEntry::decode(b"").is_err());
    }
}
