//! Reads the lake's files as a stranger would: Parquet and nothing of ours.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// How often each record is in the lake.
pub fn records(data: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for path in files(&data.join("lake")) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap().build().unwrap();
        for batch in reader {
            let batch = batch.unwrap();
            let raw = batch.column_by_name("raw").expect("every file has the records as received");
            for record in raw.as_string::<i32>().iter().flatten() {
                *found.entry(record.to_owned()).or_default() += 1;
            }
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|kind| kind == "parquet") {
            found.push(path);
        }
    }
    found
}
