//! Where a page of a search ended: time and id of its last event. Carries no scope, so it opens nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Cursor, EventId};

use crate::error::{Error, Result};

const VERSION: u8 = 1;

/// The cursor after an event.
pub(crate) fn encode(time: i64, id: EventId) -> Cursor {
    let mut bytes = vec![VERSION];
    bytes.extend(time.to_be_bytes());
    bytes.extend(id.log.to_be_bytes());
    bytes.extend(id.shard.to_be_bytes());
    bytes.extend(id.sequence.to_be_bytes());
    Cursor(URL_SAFE_NO_PAD.encode(bytes))
}

/// The event a cursor stands after.
pub(crate) fn decode(cursor: &Cursor) -> Result<(i64, EventId)> {
    let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).map_err(|_| Error::BadCursor)?;
    let Some((&VERSION, rest)) = bytes.split_first() else { return Err(Error::BadCursor) };
    let rest: &[u8; 22] = rest.try_into().map_err(|_| Error::BadCursor)?;
    let (time, log, shard, sequence) = (part(rest, 0), part(rest, 8), part(rest, 12), part(rest, 14));
    let id = EventId {
        log: u32::from_be_bytes(log),
        shard: u16::from_be_bytes(shard),
        sequence: u64::from_be_bytes(sequence),
    };
    Ok((i64::from_be_bytes(time), id))
}

fn part<const N: usize>(bytes: &[u8; 22], from: usize) -> [u8; N] {
    std::array::from_fn(|place| bytes[from + place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_foreign_ones_are_refused() {
        let id = EventId { log: u32::MAX, shard: 3, sequence: 1 << 40 };
        assert_eq!(decode(&encode(-5, id)).unwrap(), (-5, id));
        for bad in ["", "AQ", "not base64!", &format!("{}A", encode(0, id).0)] {
            assert!(matches!(decode(&Cursor(bad.into())), Err(Error::BadCursor)), "{bad}");
        }
    }
}
