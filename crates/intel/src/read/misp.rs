//! MISP: events, lists of attributes, warning lists, and the manifest of a feed folder.

use std::collections::BTreeMap;

use model::Timestamp;
use model::intel::{Indicator, IndicatorDetail, IndicatorKind, Tlp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Gather, Options, Reading};

/// What an attribute's type says its value is.
enum Shape {
    One(&'static [IndicatorKind]),
    /// The part before the bar; behind it stands a port.
    Before(&'static [IndicatorKind]),
    /// The part behind the bar; before it stands a file's name.
    Behind(&'static [IndicatorKind]),
    /// A name and its address: both.
    Both,
}

const ADDRESS: &[IndicatorKind] = &[IndicatorKind::Address, IndicatorKind::Cidr];
const DOMAIN: &[IndicatorKind] = &[IndicatorKind::Domain];
const HOST: &[IndicatorKind] = &[IndicatorKind::Domain, IndicatorKind::Address];
const URL: &[IndicatorKind] = &[IndicatorKind::Url, IndicatorKind::Domain];
const HASH: &[IndicatorKind] = &[IndicatorKind::Hash];
const MAIL: &[IndicatorKind] = &[IndicatorKind::Mail];

fn shape(kind: &str) -> Option<Shape> {
    Some(match kind {
        "ip-src" | "ip-dst" => Shape::One(ADDRESS),
        "ip-src|port" | "ip-dst|port" => Shape::Before(ADDRESS),
        "domain" => Shape::One(DOMAIN),
        "hostname" => Shape::One(HOST),
        "hostname|port" => Shape::Before(HOST),
        "domain|ip" => Shape::Both,
        "url" | "uri" => Shape::One(URL),
        "md5" | "sha1" | "sha256" => Shape::One(HASH),
        "filename|md5" | "filename|sha1" | "filename|sha256" | "malware-sample" => Shape::Behind(HASH),
        "email" | "email-src" | "email-dst" | "email-reply-to" => Shape::One(MAIL),
        _ => return None,
    })
}

pub(super) fn read(content: &[u8], options: Options) -> Reading {
    let mut reader = Reader { gather: Gather::new(options), number: 0, known: false };
    for document in serde_json::Deserializer::from_slice(content).into_iter::<Value>() {
        match document {
            Ok(document) => reader.document(&document, &Said::default(), 0),
            Err(error) => {
                let number = reader.number + 1;
                reader.gather.unread(number, &format!("the document cannot be read on: {error}"), "");
                return reader.gather.done;
            }
        }
    }
    if !reader.known {
        reader.gather.unread(1, "it is no MISP event, attribute or warning list", "");
    }
    reader.gather.done
}

/// What is said about all attributes of an event.
#[derive(Debug, Clone, Default)]
struct Said {
    info: String,
    confidence: Option<u8>,
    tlp: Option<Tlp>,
}

impl Said {
    fn and(&self, object: &Map<String, Value>) -> Said {
        let mut said = self.clone();
        if let Some(info) = object.get("info").and_then(Value::as_str) {
            said.info = info.to_owned();
        }
        let tags = object.get("Tag").and_then(Value::as_array).into_iter().flatten();
        for name in tags.filter_map(|tag| tag.get("name").and_then(Value::as_str)) {
            let name = name.to_ascii_lowercase();
            said.tlp = tlp(&name).max(said.tlp);
            said.confidence = confidence(&name).or(said.confidence);
        }
        said
    }
}

fn tlp(tag: &str) -> Option<Tlp> {
    Some(match tag {
        "tlp:white" | "tlp:clear" => Tlp::Clear,
        "tlp:green" => Tlp::Green,
        "tlp:amber" => Tlp::Amber,
        "tlp:amber+strict" => Tlp::AmberStrict,
        "tlp:red" | "tlp:ex:chr" => Tlp::Red,
        _ => return None,
    })
}

fn confidence(tag: &str) -> Option<u8> {
    let plain = tag.replace('"', "");
    Some(match plain.split_once('=')? {
        ("misp:confidence-level", "completely-confident") => 100,
        ("misp:confidence-level", "usually-confident") => 75,
        ("misp:confidence-level", "fairly-confident") => 50,
        ("misp:confidence-level", "rarely-confident") => 25,
        ("misp:confidence-level", "unconfident") => 0,
        ("admiralty-scale:source-reliability", "a") => 100,
        ("admiralty-scale:source-reliability", "b") => 75,
        ("admiralty-scale:source-reliability", "c") => 50,
        ("admiralty-scale:source-reliability", "d") => 25,
        ("admiralty-scale:source-reliability", "e") => 0,
        _ => return None,
    })
}

struct Reader {
    gather: Gather,
    number: usize,
    known: bool,
}

impl Reader {
    fn document(&mut self, value: &Value, said: &Said, depth: usize) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.document(item, said, depth)),
            Value::Object(object) if depth < 8 => {
                if let (Some(Value::Array(list)), Some(name)) = (object.get("list"), object.get("name")) {
                    return self.warnings(list, name.as_str().unwrap_or_default(), object.get("type"));
                }
                if object.contains_key("value") && object.contains_key("type") {
                    return self.attribute(object, said);
                }
                let said = said.and(object);
                for name in ["response", "Event", "Object", "Attribute"] {
                    if let Some(inner) = object.get(name) {
                        self.known = true;
                        self.document(inner, &said, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn attribute(&mut self, attribute: &Map<String, Value>, said: &Said) {
        self.known = true;
        self.number += 1;
        let text = |name: &str| attribute.get(name).and_then(Value::as_str).unwrap_or_default();
        let is = |name: &str| match attribute.get(name) {
            Some(Value::Bool(is)) => *is,
            Some(Value::String(word)) => word == "1" || word == "true",
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        };
        // What its author does not mean for detection is context.
        if !is("to_ids") {
            return;
        }
        let (kind, value, number) = (text("type"), text("value"), self.number);
        let Some(shape) = shape(kind) else {
            return self.gather.unread(number, &format!("attributes of type {kind} are not looked for"), value);
        };
        let split = || value.split_once('|').unwrap_or((value, value));
        let parts: Vec<(&str, &[IndicatorKind])> = match shape {
            Shape::One(kinds) => vec![(value, kinds)],
            Shape::Before(kinds) => vec![(split().0, kinds)],
            Shape::Behind(kinds) => vec![(value.rsplit_once('|').map_or(value, |(_, hash)| hash), kinds)],
            Shape::Both => vec![(split().0, DOMAIN), (split().1, ADDRESS)],
        };
        if is("deleted") {
            return parts.into_iter().for_each(|(text, _)| self.gather.withdraw(text));
        }
        let said = said.and(attribute);
        let seen = time(attribute.get("last_seen")).or_else(|| time(attribute.get("timestamp")));
        let detail = IndicatorDetail {
            confidence: said.confidence,
            tlp: said.tlp,
            until: seen.zip(self.gather.options.age).map(|(seen, age)| seen.plus(age)),
            ..IndicatorDetail::default()
        };
        let comment = text("comment");
        let note = match (comment.is_empty(), said.info.is_empty()) {
            (true, _) => said.info.clone(),
            (false, true) => comment.to_owned(),
            (false, false) => format!("{comment} ({})", said.info),
        };
        for (text, kinds) in parts {
            self.gather.of_kinds(number, text, kinds, &note, &detail);
        }
    }

    fn warnings(&mut self, list: &[Value], name: &str, kind: Option<&Value>) {
        self.known = true;
        self.gather.done.warning = true;
        self.gather.options.refuse = false;
        let kind = kind.and_then(Value::as_str).unwrap_or("string");
        if matches!(kind, "regex" | "substring") {
            return self.gather.unread(1, &format!("entries of type {kind} are not looked for"), name);
        }
        for entry in list.iter().filter_map(Value::as_str) {
            self.number += 1;
            let entry = entry.strip_prefix('.').unwrap_or(entry);
            match Indicator::parse(entry) {
                Ok(indicator) => self.gather.take(self.number, indicator, "", &IndicatorDetail::default()),
                Err(why) => self.gather.unread(self.number, &why.to_string(), entry),
            }
        }
    }
}

/// Seconds since 1970, as number or text, or a time as RFC 3339 has it.
fn time(value: Option<&Value>) -> Option<Timestamp> {
    let seconds = |seconds: i64| seconds.checked_mul(1_000_000).map(Timestamp::from_micros);
    match value? {
        Value::Number(number) => seconds(number.as_i64()?),
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => seconds(number),
            Err(_) => text.parse().ok(),
        },
        _ => None,
    }
}

/// An event of a feed folder, as its manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// The event: its file is `<uuid>.json`.
    pub uuid: String,
    /// When it was last changed.
    pub changed: Timestamp,
}

/// The events of a feed folder, from its `manifest.json`, the oldest change first.
pub fn manifest(content: &[u8]) -> Result<Vec<ManifestEntry>, String> {
    #[derive(Deserialize)]
    struct Entry {
        timestamp: Option<Value>,
    }
    let entries: BTreeMap<String, Entry> =
        serde_json::from_slice(content).map_err(|error| format!("manifest.json is not as MISP writes it: {error}"))?;
    let mut events = Vec::with_capacity(entries.len());
    for (uuid, entry) in entries {
        if uuid.len() != 36 || !uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return Err(format!(
                "manifest.json names an event by what is no uuid: {}",
                uuid.chars().take(60).collect::<String>()
            ));
        }
        let changed = time(entry.timestamp.as_ref()).unwrap_or(Timestamp::from_micros(0));
        events.push(ManifestEntry { uuid, changed });
    }
    events.sort_by_key(|event| event.changed);
    Ok(events)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const STRICT: Options = Options { refuse: true, age: None };

    fn event(attributes: &str) -> String {
        format!(
            r#"{{"Event":{{"info":"Campaign","Tag":[{{"name":"tlp:amber"}}],"Attribute":[{attributes}],
            "Object":[{{"name":"file","Attribute":[{{"type":"sha1","to_ids":true,
            "value":"da39a3ee5e6b4b0d3255bfef95601890afd8070a"}}]}}]}}}}"#
        )
    }

    #[test]
    fn attributes_meant_for_detection_are_taken_by_their_types() {
        let text = event(
            r#"{"type":"ip-dst|port","to_ids":true,"value":"9.1.2.3|443","comment":"C2"},
            {"type":"domain|ip","to_ids":"1","value":"evil.example|9.1.2.4","Tag":[{"name":"tlp:red"}]},
            {"type":"filename|sha256","to_ids":true,
             "value":"a|b.exe|E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B856"},
            {"type":"email-src","to_ids":true,"value":"eve@evil.example"},
            {"type":"ip-src","to_ids":false,"value":"9.9.9.1"},
            {"type":"mutex","to_ids":true,"value":"Global\\x"},
            {"type":"md5","to_ids":true,"value":"evil.example"},
            {"type":"url","to_ids":true,"deleted":true,"value":"http://gone.example/x"}"#,
        );
        let read = read(text.as_bytes(), STRICT);
        let values: Vec<&str> = read.list.indicators.iter().map(|one| &*one.value).collect();
        let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b856";
        let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd8070a";
        let mail = "eve@evil.example";
        assert_eq!(values, [sha1, "9.1.2.3", "evil.example", "9.1.2.4", sha256, mail]);
        assert_eq!(read.list.indicators[1].note.as_deref(), Some("C2 (Campaign)"));
        assert_eq!(read.list.indicators[1].detail().tlp, Some(Tlp::Amber));
        assert_eq!(read.list.indicators[2].detail().tlp, Some(Tlp::Red));
        assert_eq!(&*read.withdrawn[0].value, "gone.example/x");
        assert_eq!(read.list.unread_count, 2);
    }

    #[test]
    fn attributes_age_from_when_they_were_last_touched() {
        let text = event(r#"{"type":"ip-dst","to_ids":true,"value":"9.1.2.3","timestamp":"1700000000"}"#);
        let read = read(text.as_bytes(), Options { refuse: true, age: Some(Duration::from_secs(10)) });
        let one = read.list.indicators.iter().find(|one| &*one.value == "9.1.2.3").unwrap();
        assert_eq!(one.detail().until, Some(Timestamp::from_micros(1_700_000_010_000_000)));
    }

    #[test]
    fn warning_lists_and_manifests_are_read() {
        let list = br#"{"name":"x","type":"cidr","list":["10.0.0.0/8","8.8.8.8","nonsense here"]}"#;
        let read = read(list, STRICT);
        assert!(read.warning);
        assert_eq!((read.list.indicators.len(), read.list.unread_count), (2, 1));
        let found = manifest(
            br#"{"5ac337df-e078-4e99-8b17-02550a00020f":{"timestamp":"3"},
            "5ac337df-e078-4e99-8b17-02550a00020e":{"timestamp":2,"info":"x"}}"#,
        );
        let changed: Vec<_> = found.unwrap().iter().map(|entry| entry.changed.as_micros() / 1_000_000).collect();
        assert_eq!(changed, [2, 3]);
        assert!(manifest(br#"{"../../etc/passwd":{"timestamp":"3"}}"#).is_err() && manifest(b"[]").is_err());
    }

    #[test]
    fn what_is_something_else_is_told() {
        for broken in ["{}", "[]", "3", "{\"Event\":", ""] {
            assert_eq!(read(broken.as_bytes(), STRICT).list.unread_count, 1, "{broken}");
        }
    }
}
