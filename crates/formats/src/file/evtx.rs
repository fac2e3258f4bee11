//! Windows event log files, read chunk by chunk in the order they stand in the file, so that they may also come out of
//! a compressed stream, and a damaged chunk costs only itself.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use super::{FileError, Record};

/// What every EVTX file starts with.
pub const MAGIC: &[u8] = b"ElfFile\0";

const FILE_HEADER: u64 = 4096;
const CHUNK: usize = 64 * 1024;

/// The records of an EVTX file as JSON texts.
pub struct EvtxRecords<R> {
    input: R,
    path: PathBuf,
    settings: Arc<ParserSettings>,
    ready: VecDeque<Result<Record, FileError>>,
    chunk: u64,
    started: bool,
    ended: bool,
}

impl<R: Read> EvtxRecords<R> {
    pub fn new(input: R, path: PathBuf) -> Self {
        let settings = Arc::new(ParserSettings::new().num_threads(1).indent(false));
        EvtxRecords { input, path, settings, ready: VecDeque::new(), chunk: 0, started: false, ended: false }
    }

    /// Reads the next chunk into `ready`.
    fn read_chunk(&mut self) -> io::Result<()> {
        if !self.started {
            self.started = true;
            io::copy(&mut self.input.by_ref().take(FILE_HEADER), &mut io::sink())?;
        }
        let mut data = Vec::with_capacity(CHUNK);
        self.input.by_ref().take(CHUNK as u64).read_to_end(&mut data)?;
        let number = self.chunk;
        self.chunk += 1;
        if data.len() < CHUNK {
            self.ended = true;
        }
        // A file is grown by empty chunks, and one cut short ends in a piece of one.
        if data.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        data.resize(CHUNK, 0);
        // The reader of records is another's; a record that makes it panic must not take the scan with it.
        let records = catch_unwind(AssertUnwindSafe(|| self.records(data, number)));
        let records = records.unwrap_or_else(|_| vec![Err(self.damaged(number, "it cannot be read".into()))]);
        self.ready.extend(records);
        Ok(())
    }

    fn records(&self, data: Vec<u8>, number: u64) -> Vec<Result<Record, FileError>> {
        let mut data = match EvtxChunkData::new(data, false) {
            Ok(data) => data,
            Err(error) => return vec![Err(self.damaged(number, reasons(&error)))],
        };
        let mut chunk = match data.parse(self.settings.clone()) {
            Ok(chunk) => chunk,
            Err(error) => return vec![Err(self.damaged(number, reasons(&error)))],
        };
        chunk
            .iter()
            .map(|record| {
                let record = record.and_then(|record| record.into_json());
                match record {
                    Ok(record) => Ok(Record { number: record.event_record_id, text: record.data }),
                    Err(error) => Err(self.damaged(number, reasons(&error))),
                }
            })
            .collect()
    }

    fn damaged(&self, chunk: u64, problem: String) -> FileError {
        FileError::Damaged { path: self.path.clone(), place: format!("chunk {chunk}"), problem }
    }
}

impl<R: Read> Iterator for EvtxRecords<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Some(record);
            }
            if self.ended {
                return None;
            }
            if let Err(source) = self.read_chunk() {
                self.ended = true;
                let place = format!("chunk {}", self.chunk);
                return Some(Err(FileError::Read { path: self.path.clone(), place, source }));
            }
        }
    }
}

/// An error with its causes, as one line.
fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
