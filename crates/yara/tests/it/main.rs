//! Rules over texts, files and archives: what is found, what is told, and that it ends.

mod archives;
mod built_in;
mod hostile;
mod loading;

use std::sync::Arc;
use std::time::Duration;

use yara::{FileScan, Limits, Rules, Scan, Source};

fn source(text: &str) -> Source {
    Source { name: "test.yar".to_owned(), text: text.to_owned() }
}

fn rules(text: &str) -> Rules {
    Rules::compile(&[source(text)]).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn scan(rules: &Rules, bytes: &[u8]) -> Scan {
    rules.scan("a.bin", &Arc::new(bytes.to_vec()), Duration::from_secs(10), &Limits::default())
}

fn scan_file(rules: &Rules, name: &str, bytes: Vec<u8>, limits: &Limits) -> FileScan {
    rules.scan_file(name, Arc::new(bytes), limits)
}
