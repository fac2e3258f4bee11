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
    /// Said of the line given before.
    cut: Option<FileError>,
    ended: bool,
}

impl<R: Read> LineRecords<R> {
    pub fn new(input: R, path: PathBuf) -> Self {
        LineRecords {
            input,
            path,
            decoder: LineDecoder::new(MAX_RECORD),
            chunk: vec![0; CHUNK],
            cut: None,
            ended: false,
        }
    }
}

impl<R: Read> Iterator for LineRecords<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.cut.take() {
            return Some(Err(error));
        }
        loop {
            let frame = if self.ended { self.decoder.finish() } else { self.decoder.next() };
            if let Some(Frame { data, truncated, .. }) = frame {
                let text = text::decode(data).into_owned();
                let number = self.decoder.line_number();
                if truncated {
                    let problem = format!("it is longer than {MAX_RECORD} bytes and was cut there");
                    let place = format!("line {number}");
                    self.cut = Some(FileError::Damaged { path: self.path.clone(), place, problem });
                }
                return Some(Ok(Record { number, text }));
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
