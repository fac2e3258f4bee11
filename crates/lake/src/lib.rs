#![doc = include_str!("../README.md")]

mod aggregate;
mod bars;
mod batch;
mod buffer;
mod catalogue;
mod chunk;
mod columns;
mod config;
mod cursor;
mod decode;
mod disk;
mod engine;
mod error;
mod export;
mod fetch;
mod flush;
mod gather;
mod glob;
mod interval;
mod json;
mod keep;
mod layout;
mod matcher;
mod merge;
mod meter;
mod part;
mod query;
mod scan;
mod search;
mod sequence;
mod shape;
mod sight;
mod sink;
mod snapshot;
mod sql;
mod store;
mod tail;
mod tally;
mod text;
mod udf;
mod values;
mod write;

pub use batch::RowBatch;
pub use buffer::Buffered;
pub use catalogue::{Catalogue, CatalogueError, Commit, LakeFile, LakeWatermark, LogPosition};
pub use config::LakeConfig;
pub use disk::{Disk, DiskFile, OsDisk};
pub use error::{Error, Result};
pub use export::{EventStream, Export};
pub use flush::Flushed;
pub use keep::{
    Compacted, Deletion, Exported, Hold, LakeStats, NDJSON, PARQUET, Problem, Scrubbed, Stored, Verified, parquet_rows,
    verify,
};
pub use meter::measured;
pub use sight::{Hunt, HuntWatch, Hunted, Sighted, Sighting, Target};
pub use sql::{SqlColumn, SqlLimits, SqlResult};
pub use store::Lake;
pub use tail::{Tail, Tailed};
pub use text::index_bytes;
