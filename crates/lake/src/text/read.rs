//! Reading files' indexes: their heads are kept in memory, their filters are read a few bytes at a time.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Fields, Schema, SchemaRef};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::{Encoding, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};

use super::find::TextMatcher;
use super::fuse::Shape;
use super::{BLOCK_ROWS, Blocks, KEY, keys};
use crate::columns::{coded_type, core_index};

/// Heads kept in memory; each has a few hundred bytes.
const KEPT: usize = 20_000;

/// Schemas kept in memory; each has some ten thousand bytes.
const SCHEMAS: usize = 1_000;

/// The indexes of the lake's files.
#[derive(Debug)]
pub(crate) struct Indexes {
    dir: PathBuf,
    heads: Mutex<HashMap<String, Option<Arc<Head>>>>,
    /// What the heads have in common.
    schemas: Mutex<HashSet<SchemaRef>>,
}

/// What a file's index begins with.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    rows: u64,
    columns: Vec<String>,
    /// Shape and offset in the file of each block's filter.
    blocks: Vec<(Shape, u64)>,
    /// The core fields whose columns are numbers of dictionaries from the first row to the last, by place.
    coded: Box<[u16]>,
    /// The file's columns.
    schema: SchemaRef,
}

/// One file's index.
#[derive(Debug)]
pub(crate) struct Index {
    head: Arc<Head>,
    file: File,
}

impl Indexes {
    /// Of the files below the lake's folder.
    pub fn new(dir: &Path) -> Self {
        Indexes { dir: dir.to_owned(), heads: Mutex::default(), schemas: Mutex::default() }
    }

    /// The index of a file that should have so many rows; nothing where it has none or it cannot be read: the search
    /// then reads all of the file, and says what is wrong with it.
    pub fn open(&self, path: &str, rows: u64) -> Option<Index> {
        let known = self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if known == Some(None) {
            return None;
        }
        let file = File::open(self.dir.join(path)).ok()?;
        let head = match known {
            Some(head) => head,
            None => {
                let head = read_head(&file).map(|head| Arc::new(self.share(head)));
                let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
                if heads.len() >= KEPT {
                    heads.clear();
                }
                heads.insert(path.to_owned(), head.clone());
                head
            }
        }?;
        (head.rows == rows).then_some(Index { head, file })
    }

    /// With the schema other files have too, where there is one.
    fn share(&self, head: Head) -> Head {
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let schema = match schemas.get(&head.schema) {
            Some(known) => known.clone(),
            None => {
                if schemas.len() >= SCHEMAS {
                    schemas.clear();
                    self.heads.lock().unwrap_or_else(PoisonError::into_inner).clear();
                }
                schemas.insert(head.schema.clone());
                head.schema
            }
        };
        Head { schema, ..head }
    }
}

impl Index {
    /// Whether all of a core field's column is kept as numbers of dictionaries.
    pub fn is_coded(&self, core: &str) -> bool {
        core_index(core).is_some_and(|place| self.head.coded.contains(&(place as u16)))
    }

    /// The file's columns, these core fields' read as numbers of dictionaries.
    pub fn coded_schema(&self, columns: &[&str]) -> SchemaRef {
        let fields = self.head.schema.fields().iter().map(|field| match columns.contains(&field.name().as_str()) {
            true => Arc::new(field.as_ref().clone().with_data_type(coded_type())),
            false => field.clone(),
        });
        Arc::new(Schema::new_with_metadata(fields.collect::<Fields>(), self.head.schema.metadata().clone()))
    }

    /// Every block.
    pub fn all(&self) -> Blocks {
        Blocks::all(self.head.blocks.len())
    }

    /// No block.
    pub fn none(&self) -> Blocks {
        Blocks::none(self.head.blocks.len())
    }

    /// The blocks that may hold a record this matcher accepts.
    pub fn with_text(&self, wanted: &TextMatcher) -> Blocks {
        self.with_keys(wanted.keys())
    }

    /// The blocks that may hold this value in a core field's column; `value` is compared without ASCII case. Nothing
    /// where the column is not indexed.
    pub fn with_value(&self, column: &str, value: &str) -> Option<Blocks> {
        let known = self.head.columns.iter().any(|name| name == column);
        let by_itself = || self.with_keys(&[keys::value_key(column, value.to_ascii_lowercase().as_bytes())]);
        known.then(|| {
            let words = keys::wanted_keys(value, keys::WHOLE);
            // A value all of whose words the block's records have has no key of its own.
            if words.is_empty() { by_itself() } else { by_itself().or(&self.with_keys(&words)) }
        })
    }

    fn with_keys(&self, keys: &[u64]) -> Blocks {
        let mut blocks = self.all();
        for key in keys {
            let may_hold = |block: usize| {
                let (shape, offset) = self.head.blocks[block];
                self.may_hold(shape, offset, *key)
            };
            if !self.spread().is_some_and(|spread| spread.into_iter().all(may_hold)) {
                blocks.retain(may_hold);
            }
        }
        blocks
    }

    /// A few blocks from the first to the last, where there are many: what stands in all of these likely stands in all
    /// others, and to ask those would cost more than it spares.
    fn spread(&self) -> Option<[usize; 4]> {
        let last = self.head.blocks.len().checked_sub(1).filter(|last| *last >= 8)?;
        Some([0, last / 3, last * 2 / 3, last])
    }

    /// What cannot be read may hold anything.
    fn may_hold(&self, shape: Shape, offset: u64, key: u64) -> bool {
        if shape.segment == 0 {
            return true;
        }
        let (places, mut sum) = shape.places(key);
        for place in places {
            let mut byte = [0];
            if self.file.read_exact_at(&mut byte, offset + place as u64).is_err() {
                return true;
            }
            sum ^= byte[0];
        }
        sum == 0
    }
}

/// Bytes of a lake file's index; none where it has none.
pub fn index_bytes(path: &Path) -> u64 {
    let metadata = File::open(path).ok().and_then(|file| ParquetMetaDataReader::new().parse_and_finish(&file).ok());
    metadata.and_then(|metadata| place(&metadata)).map_or(0, |[_, _, total]| total)
}

/// Where a file's index begins, bytes of its head, bytes in all.
fn place(metadata: &ParquetMetaData) -> Option<[u64; 3]> {
    let entries = metadata.file_metadata().key_value_metadata()?;
    let place = entries.iter().find(|entry| entry.key == KEY)?.value.as_deref()?;
    let numbers: Vec<u64> = place.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[1 | 2, offset, length, total] = numbers.as_slice() else { return None };
    Some([offset, length, total])
}

fn read_head(file: &File) -> Option<Head> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file).ok()?;
    let [offset, length, total] = place(&metadata)?;
    if length > total || total > file.metadata().ok()?.len() {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut bytes, offset).ok()?;
    let (rows, columns, blocks) = parse_head(&bytes, offset + length)?;
    let about = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(about.schema_descr(), about.key_value_metadata()).ok()?;
    let head = Head { rows, columns, blocks, coded: coded(&metadata), schema: Arc::new(schema) };
    let end = head.blocks.last().map_or(offset + length, |(shape, place)| place + filter_bytes(shape));
    (end == offset + total).then_some(head)
}

/// The core fields whose columns are numbers of a dictionary in every row group, and in every page of it.
fn coded(metadata: &ParquetMetaData) -> Box<[u16]> {
    let all_numbers = |column: &ColumnChunkMetaData| {
        let mask = column.page_encoding_stats_mask();
        let numbers = [Encoding::RLE_DICTIONARY, Encoding::PLAIN_DICTIONARY];
        column.dictionary_page_offset().is_some()
            && mask.is_some_and(|mask| numbers.into_iter().any(|only| mask.is_only(only)))
    };
    let columns = metadata.file_metadata().schema_descr().columns().iter().enumerate();
    let texts = columns.filter(|(_, column)| column.physical_type() == Type::BYTE_ARRAY);
    texts
        .filter(|(place, _)| metadata.row_groups().iter().all(|group| all_numbers(group.column(*place))))
        .filter_map(|(_, column)| core_index(column.name()).map(|place| place as u16))
        .collect()
}

fn filter_bytes(shape: &Shape) -> u64 {
    if shape.segment == 0 { 0 } else { shape.len() as u64 }
}

/// Rows, indexed columns and blocks.
type Parsed = (u64, Vec<String>, Vec<(Shape, u64)>);

fn parse_head(mut bytes: &[u8], mut place: u64) -> Option<Parsed> {
    fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (first, rest) = bytes.split_first_chunk::<N>()?;
        *bytes = rest;
        Some(*first)
    }
    let bytes = &mut bytes;
    if u32::from_le_bytes(take(bytes)?) as usize != BLOCK_ROWS {
        return None;
    }
    let rows = u64::from_le_bytes(take(bytes)?);
    let mut columns = Vec::new();
    for _ in 0..u16::from_le_bytes(take(bytes)?) {
        let [length] = take::<1>(bytes)?;
        let (name, rest) = bytes.split_at_checked(length.into())?;
        *bytes = rest;
        columns.push(String::from_utf8(name.to_vec()).ok()?);
    }
    let count = u32::from_le_bytes(take(bytes)?);
    if u64::from(count) != rows.div_ceil(BLOCK_ROWS as u64) {
        return None;
    }
    let mut blocks = Vec::new();
    for _ in 0..count {
        let shape = Shape {
            seed: u64::from_le_bytes(take(bytes)?),
            segment: u32::from_le_bytes(take(bytes)?),
            span: u32::from_le_bytes(take(bytes)?),
        };
        if shape.segment != 0 && (!shape.segment.is_power_of_two() || shape.segment > 1 << 18 || shape.span > 1 << 30) {
            return None;
        }
        blocks.push((shape, place));
        place += filter_bytes(&shape);
    }
    bytes.is_empty().then_some((rows, columns, blocks))
}
