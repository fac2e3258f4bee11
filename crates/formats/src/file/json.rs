//! JSON that spans lines: pretty-printed documents one after the other, or one array of them.

use std::io::Read;
use std::path::PathBuf;

use super::{FileError, MAX_RECORD, Record};
use crate::text;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Whether a file that starts so is JSON that spans lines: an array of objects, or an object whose first line is not
/// a whole one. A line of a log may start with `[` or `{` too.
pub fn spans_lines(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match start.first() {
        Some(b'[') => matches!(start[1..].trim_ascii_start().first(), Some(b'{')),
        Some(b'{') => match start.iter().position(|byte| *byte == b'\n') {
            None => false,
            Some(end) => matches!(
                serde_json::from_slice::<serde::de::IgnoredAny>(&start[..end]),
                Err(error) if error.is_eof()
            ),
        },
        _ => false,
    }
}

/// The objects of the file, cut by counting braces outside strings: nothing is held but the one being read.
pub struct JsonRecords<R> {
    input: R,
    path: PathBuf,
    chunk: Vec<u8>,
    at: usize,
    filled: usize,
    line: u64,
    ended: bool,
}

impl<R: Read> JsonRecords<R> {
    pub fn new(input: R, path: PathBuf) -> Self {
        JsonRecords { input, path, chunk: vec![0; CHUNK], at: 0, filled: 0, line: 1, ended: false }
    }

    fn byte(&mut self) -> Result<Option<u8>, FileError> {
        while self.at == self.filled {
            match self.input.read(&mut self.chunk) {
                Ok(0) => return Ok(None),
                Ok(count) => (self.at, self.filled) = (0, count),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let place = format!("line {}", self.line);
                    return Err(FileError::Read { path: self.path.clone(), place, source });
                }
            }
        }
        let byte = self.chunk[self.at];
        self.at += 1;
        self.line += u64::from(byte == b'\n');
        Ok(Some(byte))
    }

    fn object(&mut self) -> Result<Option<Record>, FileError> {
        let mut number = self.line;
        let (mut object, mut depth) = (Vec::new(), 0_usize);
        let (mut quoted, mut escaped) = (false, false);
        while let Some(byte) = self.byte()? {
            if depth == 0 {
                if byte != b'{' {
                    continue;
                }
                number = self.line;
            }
            object.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' if !quoted => depth += 1,
                b'}' if !quoted => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(Some(Record { number, text: text::decode(&object).into_owned() }));
                    }
                }
                _ => {}
            }
            if object.len() > MAX_RECORD {
                return Err(self.damaged(number, format!("it is longer than {MAX_RECORD} bytes")));
            }
        }
        if object.is_empty() {
            return Ok(None);
        }
        Err(self.damaged(number, "the file ends inside it".into()))
    }

    fn damaged(&self, line: u64, problem: String) -> FileError {
        FileError::Damaged { path: self.path.clone(), place: format!("the object that starts on line {line}"), problem }
    }
}

impl<R: Read> Iterator for JsonRecords<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let result = self.object();
        self.ended = !matches!(result, Ok(Some(_)));
        result.transpose()
    }
}
