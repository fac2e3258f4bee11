//! Which recordings belong to which source: `tests/covered/<source>.toml`, read at run time.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// What one source is compared with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covered {
    /// `integration/stream`, or `integration/*`.
    #[serde(default)]
    pub streams: Vec<String>,
    /// Other integrations whose logs have the same layout: this source may take them, but is not measured by them.
    #[serde(default)]
    pub also: Vec<String>,
    /// Recordings of those streams, by file name, that hold something else, each with the reason.
    #[serde(default)]
    pub without: BTreeMap<String, String>,
    /// Core fields (or `time`) whose meaning differs from ECS in this source by our own definition, each with the
    /// reason.
    #[serde(default)]
    pub differs: BTreeMap<String, String>,
}

impl Covered {
    /// Whether the source may take records of an integration at all.
    pub fn may_take(&self, integration: &str) -> bool {
        let streams = self.streams.iter().filter_map(|stream| stream.split('/').next());
        self.also.iter().map(String::as_str).chain(streams).any(|own| own == integration)
    }

    fn has(&self, stream: &str, file: &str) -> bool {
        !self.without.contains_key(file)
            && self.streams.iter().any(|own| match own.strip_suffix("/*") {
                Some(integration) => stream.split('/').next() == Some(integration),
                None => own == stream,
            })
    }
}

/// By source.
pub fn read() -> BTreeMap<String, Covered> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/covered");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let covered = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap().to_string_lossy().into_owned(), covered)
        })
        .collect()
}

/// The sources a recording belongs to; several where one stream mixes products.
pub fn sources<'c>(covered: &'c BTreeMap<String, Covered>, stream: &str, file: &str) -> Vec<(&'c str, &'c Covered)> {
    covered
        .iter()
        .filter(|(_, covered)| covered.has(stream, file))
        .map(|(source, covered)| (source.as_str(), covered))
        .collect()
}
