//! The protobuf wire format: as much as OTLP logs and `google.rpc.Status` need, borrowing from the message.

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field<'b> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'b [u8]),
}

/// A message that is not protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a protobuf message: {0}")]
pub(super) struct BadWire(&'static str);

/// The fields of a message, in order, with their numbers.
pub(super) struct Reader<'b>(pub &'b [u8]);

impl<'b> Iterator for Reader<'b> {
    type Item = Result<(u64, Field<'b>), BadWire>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'b> Reader<'b> {
    fn field(&mut self) -> Result<(u64, Field<'b>), BadWire> {
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 {
            return Err(BadWire("a field without number"));
        }
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| BadWire("an impossible length"))?;
                let (bytes, rest) = self.0.split_at_checked(len).ok_or(BadWire("it ends inside a field"))?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(BadWire("an unknown wire type")),
        };
        Ok((number, field))
    }

    fn varint(&mut self) -> Result<u64, BadWire> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(BadWire("it ends inside a number"))?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BadWire("a number that is too long"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadWire> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(BadWire("it ends inside a number"))?;
        self.0 = rest;
        Ok(*bytes)
    }
}

/// Writes a message.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    pub fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut writer = Writer::default();
        writer.number(1, u64::MAX);
        writer.bytes(300, b"abc");
        let bytes = writer.finish();
        let fields: Result<Vec<_>, _> = Reader(&bytes).collect();
        assert_eq!(fields.unwrap(), [(1, Field::Varint(u64::MAX)), (300, Field::Bytes(b"abc"))]);
    }

    #[test]
    fn every_cut_and_nonsense_is_an_error_and_the_end() {
        for bytes in [&b"\x0a\x05ab"[..], b"\x08", b"\x09\x00", b"\x0d", b"\x00\x00", b"\x0b", b"\xff\xff\xff"] {
            let fields: Vec<_> = Reader(bytes).collect();
            assert!(matches!(fields[..], [Err(_)]), "{bytes:?}");
        }
        assert!(
            Reader(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
                .any(|field| field.is_err())
        );
    }
}
