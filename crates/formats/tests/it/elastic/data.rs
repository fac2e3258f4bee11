//! The recorded inputs: what a device sent, line by line, with what Elastic's pipeline makes of each.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use formats::{Zone, text};
use regex::Regex;
use serde_json::Value;

/// One input and the document expected of it; nothing where the pipeline drops the record.
pub struct Case {
    pub input: String,
    pub expected: Option<Value>,
}

/// One file of inputs.
pub struct Recording {
    /// `integration/stream`.
    pub stream: String,
    /// The file's name.
    pub name: String,
    /// The zone of times that name none.
    pub zone: Zone,
    /// Dotted names the test's configuration sets or declares to vary: they say nothing of the record.
    pub not_of_record: BTreeSet<String>,
    pub cases: Vec<Case>,
}

/// Keys of a Beats document that hold the record in parts; without one the record is in `message`.
const STRUCTURED: [&str; 10] =
    ["winlog", "cef", "auditd", "system", "gcp", "prometheus", "json", "o365audit", "zoom", "rsa"];
/// Keys under which a Beats input that polls an interface puts what the interface answered.
const WRAPPERS: [&str; 3] = ["json", "o365audit", "zoom"];

/// All recordings below `root` whose integration is `only`, if that is given.
pub fn recordings(root: &Path, only: Option<&str>) -> Vec<Recording> {
    let mut found = Vec::new();
    for integration in folders(root) {
        if only.is_some_and(|only| !integration.ends_with(only)) {
            continue;
        }
        for stream in folders(&integration) {
            let mut files: Vec<PathBuf> =
                std::fs::read_dir(&stream).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            found.extend(files.iter().filter_map(|file| recording(root, &stream, file)));
        }
    }
    found
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn recording(root: &Path, folder: &Path, file: &Path) -> Option<Recording> {
    let name = file.file_name()?.to_str()?.to_owned();
    let plain = name.strip_suffix(".gz").unwrap_or(&name).to_owned();
    if name.contains("-expected.json") || !(plain.ends_with(".log") || plain.ends_with(".json")) {
        return None;
    }
    let expected = [".json", ".json.gz"].iter().map(|end| folder.join(format!("{plain}-expected{end}")));
    let expected = expected.into_iter().find(|path| path.is_file())?;
    let expected: Value = serde_json::from_slice(&bytes(&expected)).unwrap();
    let expected = expected["expected"].as_array()?.clone();
    let config = Config::read(folder, &plain);
    let content = bytes(file);
    let inputs = match plain.ends_with(".json") {
        true => documents(&content),
        false => lines(&text::decode(&content), &config),
    };
    let cases = inputs
        .into_iter()
        .zip(expected.into_iter().map(Some).chain(std::iter::repeat(None)))
        .map(|(input, expected)| Case { input, expected: expected.filter(|expected| !expected.is_null()) })
        .collect();
    let stream = folder.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    Some(Recording { stream, name, zone: config.zone, not_of_record: config.not_of_record, cases })
}

fn bytes(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    plain
}

/// What the stream's test configuration says.
struct Config {
    zone: Zone,
    not_of_record: BTreeSet<String>,
    /// The pattern of a record's first line, or of its continuations.
    first_line: Option<Regex>,
}

impl Config {
    fn read(folder: &Path, name: &str) -> Config {
        let mut config = Config { zone: Zone::UTC, not_of_record: BTreeSet::new(), first_line: None };
        for file in ["test-common-config.yml".to_owned(), format!("{name}-config.yml")] {
            let Ok(text) = std::fs::read_to_string(folder.join(file)) else { continue };
            // What is not YAML to us is one Elastic's own tests never read either.
            let Ok(value) = serde_saphyr::from_str::<Value>(&text) else { continue };
            for (name, _) in value["dynamic_fields"].as_object().into_iter().flatten() {
                config.not_of_record.insert(name.clone());
            }
            config.fields("", &value["fields"]);
            if let Some(pattern) = value["multiline"]["first_line_pattern"].as_str() {
                // Go takes a brace that repeats nothing for itself.
                config.first_line = Some(Regex::new(&pattern.replace("^{", r"^\{")).unwrap());
            }
        }
        config
    }

    fn fields(&mut self, prefix: &str, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if path.ends_with("tz_offset") || path == "event.timezone" {
                let zone = value.as_str().unwrap_or_default().trim_start_matches("GMT").trim_start_matches("UTC");
                config_zone(zone).into_iter().for_each(|zone| self.zone = zone);
            }
            self.fields(&path, value);
            self.not_of_record.insert(path);
        }
    }
}

fn config_zone(text: &str) -> Option<Zone> {
    match text.as_bytes() {
        [sign @ (b'+' | b'-'), digit] => format!("{}0{}:00", char::from(*sign), char::from(*digit)).parse().ok(),
        _ => text.parse().ok(),
    }
}

fn lines(text: &str, config: &Config) -> Vec<String> {
    let mut records: Vec<String> = Vec::new();
    for line in text.lines() {
        match (&config.first_line, records.last_mut()) {
            (Some(first), Some(last)) if !first.is_match(line) => {
                last.push('\n');
                last.push_str(line);
            }
            (None, _) if line.trim().is_empty() => {}
            _ => records.push(line.to_owned()),
        }
    }
    records
}

fn documents(content: &[u8]) -> Vec<String> {
    let file: Value = serde_json::from_slice(content).unwrap();
    file["events"].as_array().into_iter().flatten().map(input).collect()
}

/// What a sender would have sent of a Beats document: the record itself where the document still has it.
fn input(document: &Value) -> String {
    if let Some(original) = document["event"]["original"].as_str() {
        return original.to_owned();
    }
    let message = document["message"].as_str();
    let structured = STRUCTURED.iter().any(|key| document.get(key).is_some());
    if let Some(message) = message.filter(|text| !structured || text.starts_with(['{', '<'])) {
        return message.to_owned();
    }
    match WRAPPERS.iter().find_map(|key| document.get(key).filter(|value| value.is_object())) {
        Some(inner) => inner.to_string(),
        None => document.to_string(),
    }
}
