//! Files of one record a line.

use std::io::Read;
use std::path::PathBuf;

use super::{FileError, MAX_RECORD, Record};
use crate::frame::{Frame, LineDecoder};
use crate::text;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// The lines of a file that are not empty.
pub struct LineRecords<R> {
    input: R,
    path: PathBuf,
    decoder: LineDecoder,
    chunk: Vec<u8>,
    ended: bool,
}

impl<R: Read> LineRecords<R> {
    pub fn new(input: R, path: PathBuf) -> Self {
        LineRecords { input, path, decoder: LineDecoder::new(MAX_RECORD), chunk: vec![0; CHUNK], ended: false }
    }
}

impl<R: Read> Iterator for LineRecords<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let frame = if self.ended { self.decoder.finish() } else { self.decoder.next() };
            if let Some(text) = frame.map(|Frame { data, .. }| text::decode(data).into_owned()) {
                return Some(Ok(Record { number: self.decoder.line_number(), text }));
            }
            if self.ended {
                return None;
            }
            match self.input.read(&mut self.chunk) {
                Ok(0) => self.ended = true,
                Ok(count) => self.decoder.push(&self.chunk[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    // Nothing follows what cannot be read; the line begun is still given.
                    self.ended = true;
                    let place = format!("line {}", self.decoder.line_number());
                    return Some(Err(FileError::Read { path: self.path.clone(), place, source }));
                }
            }
        }
    }
}
