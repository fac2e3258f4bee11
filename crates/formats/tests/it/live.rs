//! The project's sources as they stand in their folders now: a change of a source needs no rebuild to be tested.

use std::collections::BTreeMap;
use std::path::Path;

use formats::Sources;

/// The sources that load, and what is wrong with the others.
pub fn sources() -> (Sources, Vec<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources");
    let (mut texts, mut broken) = (BTreeMap::new(), Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(path.join("source.toml")) else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match Sources::from_texts(BTreeMap::from([(name.clone(), text.clone())])) {
            Ok(_) => drop(texts.insert(name, text)),
            Err(error) => broken.push(error.to_string()),
        }
    }
    (Sources::from_texts(texts).unwrap(), broken)
}
