//! Building a file's index while its rows are written.

use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::errors::Result;
use parquet::file::metadata::KeyValue;

use super::fuse::Fuse;
use super::keys::{column_seed, seeded_key, text_keys, value_words};
use super::{BLOCK_ROWS, KEY, VALUE_COLUMNS};
use crate::columns::RAW;

/// The index of a file under construction.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    keys: KeySet,
    rows: u64,
    blocks: Vec<Fuse>,
    folded: Vec<u8>,
}

impl IndexBuilder {
    /// For a new file.
    pub fn new() -> Self {
        IndexBuilder { keys: KeySet::new(), rows: 0, blocks: Vec::new(), folded: Vec::new() }
    }

    /// Adds the next rows of the file.
    pub fn push(&mut self, batch: &RecordBatch) {
        let mut from = 0;
        while from < batch.num_rows() {
            let filled = (self.rows % BLOCK_ROWS as u64) as usize;
            let rows = (BLOCK_ROWS - filled).min(batch.num_rows() - from);
            self.part(batch, from, rows);
            self.rows += rows as u64;
            from += rows;
            if self.rows.is_multiple_of(BLOCK_ROWS as u64) {
                self.close_block();
            }
        }
    }

    /// Writes the index behind the rows and notes in the footer where it is. The last thing before the writer closes.
    pub fn append_to<W: Write + Send>(mut self, writer: &mut ArrowWriter<W>) -> Result<()> {
        if self.keys.len > 0 || self.rows > self.blocks.len() as u64 * BLOCK_ROWS as u64 {
            self.close_block();
        }
        let head = self.head();
        writer.flush()?;
        let offset = writer.bytes_written();
        writer.write_all(&head)?;
        let mut bytes = head.len();
        for block in &self.blocks {
            writer.write_all(&block.bytes)?;
            bytes += block.bytes.len();
        }
        let place = format!("2 {offset} {} {bytes}", head.len());
        writer.append_key_value_metadata(KeyValue::new(KEY.to_owned(), place));
        Ok(())
    }

    fn part(&mut self, batch: &RecordBatch, from: usize, rows: usize) {
        let IndexBuilder { keys, folded, .. } = self;
        if let Some(raw) = texts(batch, RAW) {
            for row in from..from + rows {
                text_keys(raw.value(row), |key| keys.insert(key));
            }
        }
        for column in VALUE_COLUMNS {
            let Some(values) = texts(batch, column) else { continue };
            let seed = column_seed(column);
            let mut last: Option<&str> = None;
            for row in (from..from + rows).filter(|row| values.is_valid(*row)) {
                let value = values.value(row);
                if last.replace(value) == Some(value) {
                    continue;
                }
                // Most values stand in the record's text, and whoever asks for one asks for its words too.
                let (mut words, mut known) = (0, true);
                value_words(value, |word| {
                    words += 1;
                    known &= keys.has(word);
                });
                if words == 0 || !known {
                    keys.insert(seeded_key(seed, value, folded));
                }
            }
        }
    }

    fn close_block(&mut self) {
        let keys = self.keys.take();
        self.blocks.push(Fuse::of(&keys));
    }

    /// Rows of a block, the indexed columns, and for each block the shape of its filter.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        head.extend((BLOCK_ROWS as u32).to_le_bytes());
        head.extend(self.rows.to_le_bytes());
        head.extend((VALUE_COLUMNS.len() as u16).to_le_bytes());
        for name in VALUE_COLUMNS {
            head.push(name.len() as u8);
            head.extend(name.as_bytes());
        }
        head.extend((self.blocks.len() as u32).to_le_bytes());
        for block in &self.blocks {
            head.extend(block.shape.seed.to_le_bytes());
            head.extend(block.shape.segment.to_le_bytes());
            head.extend(block.shape.span.to_le_bytes());
        }
        head
    }
}

fn texts<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b StringArray> {
    batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>())
}

/// Keys inserted lately that are remembered: so many that they stay in the processor's nearest cache.
const LATE: usize = 2048;

/// Distinct keys, by open addressing.
#[derive(Debug)]
struct KeySet {
    slots: Vec<u64>,
    len: usize,
    has_zero: bool,
    /// Of the keys that share a place, the last inserted: names of fields and devices come with every record, and the
    /// slots of all keys are too many to be near.
    late: Box<[u64; LATE]>,
}

impl KeySet {
    fn new() -> Self {
        KeySet { slots: vec![0; 1 << 14], len: 0, has_zero: false, late: Box::new([0; LATE]) }
    }

    #[inline]
    fn insert(&mut self, key: u64) {
        let late = &mut self.late[key as usize % LATE];
        if *late != key {
            *late = key;
            self.insert_anew(key);
        } else if key == 0 {
            self.has_zero = true;
        }
    }

    fn insert_anew(&mut self, key: u64) {
        if key == 0 {
            self.has_zero = true;
            return;
        }
        let mask = self.slots.len() - 1;
        let mut place = key as usize & mask;
        while self.slots[place] != 0 {
            if self.slots[place] == key {
                return;
            }
            place = (place + 1) & mask;
        }
        self.slots[place] = key;
        self.len += 1;
        if self.len * 2 > self.slots.len() {
            self.grow();
        }
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut place = key as usize & mask;
        while self.slots[place] != 0 {
            if self.slots[place] == key {
                return true;
            }
            place = (place + 1) & mask;
        }
        key == 0 && self.has_zero
    }

    fn grow(&mut self) {
        let larger = vec![0; self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, larger);
        self.len = 0;
        for key in old.into_iter().filter(|key| *key != 0) {
            self.insert_anew(key);
        }
    }

    /// The keys; empty again afterwards.
    fn take(&mut self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.slots.iter().copied().filter(|key| *key != 0).collect();
        keys.extend(std::mem::take(&mut self.has_zero).then_some(0));
        self.slots.fill(0);
        self.late.fill(0);
        self.len = 0;
        keys
    }
}
