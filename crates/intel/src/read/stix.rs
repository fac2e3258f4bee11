//! STIX 2: bundles and TAXII envelopes. Objects are read one by one, and only what is wanted of them is kept.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use model::Timestamp;
use model::intel::{IndicatorDetail, Tlp};
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Gather, Options, Reading, pattern};

/// The fixed ids of TLP markings, of both versions of TLP.
const TLP: &[(&str, Tlp)] = &[
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
];

/// Versions of an object remembered; TAXII collections hold all of them.
const MOST_VERSIONS: usize = 2_000_000;

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    modified: Option<String>,
    name: Option<String>,
    description: Option<String>,
    pattern: Option<String>,
    pattern_type: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    confidence: Option<i64>,
    #[serde(default)]
    revoked: bool,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    indicator_types: Vec<String>,
    #[serde(default)]
    object_marking_refs: Vec<String>,
}

pub(super) fn read(content: &[u8], options: Options) -> Reading {
    let mut reader = Reader { gather: Gather::new(options), newest: HashMap::new(), number: 0 };
    // The newest version of an object counts, wherever it stands.
    let mut versions = Versions(&mut reader.newest);
    let first = each_object(content, &mut |text| versions.note(text));
    let all = each_object(content, &mut |text| reader.object(text));
    if let Err(error) = first.and(all) {
        let number = reader.number + 1;
        reader.gather.unread(number, &format!("the document cannot be read on: {error}"), "");
    } else if reader.number == 0 {
        reader.gather.unread(1, "the document has no objects", "");
    }
    reader.gather.done
}

struct Versions<'n>(&'n mut HashMap<String, String>);

impl Versions<'_> {
    fn note(&mut self, text: &str) {
        let Ok(object) = serde_json::from_str::<Object>(text) else { return };
        if object.kind.as_deref() != Some("indicator") {
            return;
        }
        if let (Some(id), Some(modified)) = (object.id, object.modified)
            && self.0.len() < MOST_VERSIONS
        {
            let newest = self.0.entry(id).or_default();
            if *newest < modified {
                *newest = modified;
            }
        }
    }
}

struct Reader {
    gather: Gather,
    newest: HashMap<String, String>,
    number: usize,
}

impl Reader {
    fn object(&mut self, text: &str) {
        self.number += 1;
        let object = match serde_json::from_str::<Object>(text) {
            Ok(object) => object,
            Err(why) => {
                return self.gather.unread(self.number, &format!("the object is not as STIX has it: {why}"), text);
            }
        };
        if object.kind.as_deref() != Some("indicator") {
            return;
        }
        let number = self.number;
        let id = object.id.as_deref().unwrap_or("an indicator without id");
        if let (Some(newest), Some(modified)) = (self.newest.get(id), &object.modified)
            && newest > modified
        {
            return;
        }
        let Some(text) = &object.pattern else {
            return self.gather.unread(number, "the indicator has no pattern", id);
        };
        if let Some(kind) = object.pattern_type.as_deref().filter(|kind| *kind != "stix") {
            return self.gather.unread(number, &format!("the pattern is written in `{kind}`, not in STIX"), id);
        }
        let taken = match pattern::read(text) {
            Ok(taken) => taken,
            Err(why) => return self.gather.unread(number, &format!("the pattern cannot be read: {why}"), id),
        };
        if object.revoked {
            return self.gather.done.withdrawn.extend(taken.indicators);
        }
        let detail = match detail(&object, self.gather.options.age) {
            Ok(detail) => detail,
            Err(why) => return self.gather.unread(number, &why, id),
        };
        if !taken.left_out.is_empty() {
            self.gather.unread(number, &taken.left_out.join("; "), id);
        }
        let note = note(&object);
        for indicator in taken.indicators {
            self.gather.take(number, indicator, &note, &detail);
        }
    }
}

fn detail(object: &Object, age: Option<Duration>) -> Result<IndicatorDetail, String> {
    let time = |text: &Option<String>, what: &str| match text {
        Some(text) => text.parse::<Timestamp>().map(Some).map_err(|_| format!("{what} is no time: {text}")),
        None => Ok(None),
    };
    let tlp = object
        .object_marking_refs
        .iter()
        .filter_map(|id| TLP.iter().find(|(fixed, _)| fixed == id))
        .map(|(_, tlp)| *tlp);
    // What says no end ages from when its author last touched it.
    let touched =
        object.modified.as_ref().or(object.valid_from.as_ref()).and_then(|text| text.parse::<Timestamp>().ok());
    let aged = touched.zip(age).map(|(touched, age)| touched.plus(age));
    Ok(IndicatorDetail {
        confidence: object.confidence.map(|confidence| confidence.clamp(0, 100) as u8),
        tlp: tlp.max(),
        from: time(&object.valid_from, "valid_from")?,
        until: time(&object.valid_until, "valid_until")?.or(aged),
        added: None,
    })
}

/// What it is called, and of what kind its author says it is.
fn note(object: &Object) -> String {
    let said = object.name.as_deref().or(object.description.as_deref()).unwrap_or_default().trim();
    let kinds: Vec<&str> = object.indicator_types.iter().chain(&object.labels).map(String::as_str).take(8).collect();
    match (said.is_empty(), kinds.is_empty()) {
        (_, true) => said.to_owned(),
        (true, false) => kinds.join(", "),
        (false, false) => format!("{said} ({})", kinds.join(", ")),
    }
}

/// Calls `with` for each member of `objects`, one at a time. Each is a text of its own: one that is not as STIX has it
/// spoils no other.
fn each_object(content: &[u8], with: &mut dyn FnMut(&str)) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(content);
    serde::Deserializer::deserialize_map(&mut reader, Bundle(with))?;
    reader.end()
}

struct Bundle<'w>(&'w mut dyn FnMut(&str));

impl<'de> Visitor<'de> for Bundle<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a STIX bundle or a TAXII envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "objects" => map.next_value_seed(Objects(&mut *self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Objects<'w>(&'w mut dyn FnMut(&str));

impl<'de> DeserializeSeed<'de> for Objects<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of STIX objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(object) = items.next_element::<&RawValue>()? {
            (self.0)(object.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Options = Options { refuse: true, age: None };
    const BUNDLE: &str = r#"{"type":"bundle","id":"bundle--1","objects":[
        {"type":"identity","id":"identity--1","name":"x"},
        {"type":"indicator","id":"indicator--1","name":"C2","pattern_type":"stix","indicator_types":["malicious-activity"],
         "pattern":"[domain-name:value = 'evil.example']","valid_from":"2026-01-01T00:00:00Z",
         "valid_until":"2027-01-01T00:00:00.5Z","confidence":85,
         "object_marking_refs":["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]},
        {"type":"indicator","id":"indicator--2","pattern_type":"sigma","pattern":"title: x"},
        {"type":"indicator","id":"indicator--3","pattern":"[ipv4-addr:value = '9.1.2.3'] AND [url:value = 'http://x.example/']"},
        {"type":"indicator","id":"indicator--4","pattern":"[domain-name:value = 'gone.example']","revoked":true},
        {"type":"indicator","id":"indicator--5","pattern":"[domain-name:value = 'old.example']","modified":"2026-01-01T00:00:00Z"},
        {"type":"indicator","id":"indicator--5","pattern":"[domain-name:value = 'new.example']","modified":"2026-02-01T00:00:00Z"},
        {"type":"indicator","id":"indicator--6","pattern":"[domain-name:value = 'co.uk']"}
    ]}"#;

    #[test]
    fn a_bundle_gives_its_indicators_with_what_is_said_of_them() {
        let read = read(BUNDLE.as_bytes(), STRICT);
        let values: Vec<&str> = read.list.indicators.iter().map(|indicator| &*indicator.value).collect();
        assert_eq!(values, ["evil.example", "new.example"]);
        let first = &read.list.indicators[0];
        assert_eq!(first.note.as_deref(), Some("C2 (malicious-activity)"));
        let detail = first.detail();
        assert_eq!((detail.confidence, detail.tlp), (Some(85), Some(Tlp::Red)));
        assert!(detail.from.is_some() && detail.until.is_some());
        assert_eq!(&*read.withdrawn[0].value, "gone.example");
        let told: Vec<i64> = read.list.unread.iter().map(|line| line.line).collect();
        assert_eq!(told, [3, 4, 8]);
    }

    #[test]
    fn what_is_no_bundle_or_is_cut_off_is_told_and_what_came_before_is_kept() {
        let cut = read(&BUNDLE.as_bytes()[..BUNDLE.len() - 200], STRICT);
        assert_eq!(cut.list.unread.last().map(|line| line.reason.contains("cannot be read on")), Some(true));
        assert!(!cut.list.indicators.is_empty());
        for broken in ["", "[]", "{", "{\"objects\":3}", "{\"objects\":[3]}", "{}"] {
            assert_eq!(read(broken.as_bytes(), STRICT).list.unread_count, 1, "{broken}");
        }
    }
}
