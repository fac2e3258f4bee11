//! Windows events of recorded attacks as events of the model: from the JSON form EVTX tools give, and from the flat
//! form collectors ship.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use model::Timestamp;
use model::event::{Event, Fields, LogSource, Value};
use serde_json::Value as Json;

/// A log source of three parts, empty ones absent.
pub fn log_source(category: &str, product: &str, service: &str) -> LogSource {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    LogSource { category: part(category), product: part(product), service: part(service) }
}

/// JSON as a value of the model; text that stands in `raw` as it is borrows from it, as a parser's does.
pub fn value_in<'a>(raw: &'a str, json: &Json) -> Value<'a> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => match raw.find(text.as_str()).filter(|_| !text.is_empty()) {
            Some(at) => Value::Str(Cow::Borrowed(&raw[at..at + text.len()])),
            None => Value::from(text.clone()),
        },
        Json::Array(values) => Value::List(values.iter().map(|value| value_in(raw, value)).collect()),
        Json::Object(map) => Value::List(map.values().map(|value| value_in(raw, value)).collect()),
    }
}

/// A Windows event, or nothing where the record is none. Its log sources are one set for each kind of event, shared
/// between all events of that kind.
pub fn windows<'a>(raw: &'a str, record: &Json) -> Option<Event<'a>> {
    let mut fields = Fields::default();
    if let Some(system) = record["Event"]["System"].as_object() {
        let id = system["EventID"].as_i64().or_else(|| system["EventID"]["#text"].as_i64())?;
        fields.push("EventID", id);
        fields.push("Channel", system["Channel"].as_str()?.to_owned());
        fields.push("Computer", system["Computer"].as_str()?.to_owned());
        fields.push("Provider_Name", system["Provider"]["#attributes"]["Name"].as_str()?.to_owned());
        for section in ["EventData", "UserData"] {
            flatten(raw, &record["Event"][section], &mut fields);
        }
    } else {
        record["Channel"].as_str()?;
        record["EventID"].as_i64()?;
        flatten(raw, record, &mut fields);
        if let Some(provider) = record["SourceName"].as_str() {
            fields.set("Provider_Name", provider.to_owned());
        }
    }
    let id = fields.get("EventID")?.int()?;
    let channel = fields.get("Channel")?.text()?.into_owned();
    let mut event = Event::unparsed(raw, Timestamp::from_micros(0));
    event.source = Arc::from("microsoft_windows");
    event.log_sources = shared(&channel, id);
    event.fields = fields;
    Some(event)
}

/// Data by name; blanks in names removed as rules write them, attributes left out.
fn flatten<'a>(raw: &'a str, section: &Json, fields: &mut Fields<'a>) {
    for (name, value) in section.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('#')) {
        match value {
            Json::Object(_) => flatten(raw, value, fields),
            value => fields.push(name.replace(' ', ""), value_in(raw, value)),
        }
    }
}

/// Sets by what they were asked for with.
type Known<K> = HashMap<K, Arc<[LogSource]>>;

fn shared(channel: &str, id: i64) -> Arc<[LogSource]> {
    static KNOWN: LazyLock<Mutex<Known<Vec<LogSource>>>> = LazyLock::new(Mutex::default);
    let sources = sources(&channel.to_lowercase(), id);
    KNOWN.lock().unwrap().entry(sources.clone()).or_insert_with(|| sources.into()).clone()
}

fn sources(channel: &str, id: i64) -> Vec<LogSource> {
    let (service, categories): (&str, &[&str]) = match (channel, id) {
        ("microsoft-windows-sysmon/operational", 1) => ("sysmon", &["process_creation"]),
        ("microsoft-windows-sysmon/operational", 2) => ("sysmon", &["file_change"]),
        ("microsoft-windows-sysmon/operational", 3) => ("sysmon", &["network_connection"]),
        ("microsoft-windows-sysmon/operational", 4 | 16) => ("sysmon", &["sysmon_status"]),
        ("microsoft-windows-sysmon/operational", 5) => ("sysmon", &["process_termination"]),
        ("microsoft-windows-sysmon/operational", 6) => ("sysmon", &["driver_load"]),
        ("microsoft-windows-sysmon/operational", 7) => ("sysmon", &["image_load"]),
        ("microsoft-windows-sysmon/operational", 8) => ("sysmon", &["create_remote_thread"]),
        ("microsoft-windows-sysmon/operational", 9) => ("sysmon", &["raw_access_thread"]),
        ("microsoft-windows-sysmon/operational", 10) => ("sysmon", &["process_access"]),
        ("microsoft-windows-sysmon/operational", 11) => ("sysmon", &["file_event"]),
        ("microsoft-windows-sysmon/operational", 12) => {
            ("sysmon", &["registry_event", "registry_add", "registry_delete"])
        }
        ("microsoft-windows-sysmon/operational", 13) => ("sysmon", &["registry_event", "registry_set"]),
        ("microsoft-windows-sysmon/operational", 14) => ("sysmon", &["registry_event", "registry_rename"]),
        ("microsoft-windows-sysmon/operational", 15) => ("sysmon", &["create_stream_hash"]),
        ("microsoft-windows-sysmon/operational", 17 | 18) => ("sysmon", &["pipe_created"]),
        ("microsoft-windows-sysmon/operational", 22) => ("sysmon", &["dns_query"]),
        ("microsoft-windows-sysmon/operational", 23 | 26) => ("sysmon", &["file_delete"]),
        ("microsoft-windows-sysmon/operational", 25) => ("sysmon", &["process_tampering"]),
        ("microsoft-windows-sysmon/operational", _) => ("sysmon", &[]),
        ("security", 4688) => ("security", &["process_creation"]),
        ("security", _) => ("security", &[]),
        ("system", _) => ("system", &[]),
        ("application", _) => ("application", &[]),
        ("microsoft-windows-powershell/operational", 4104) => ("powershell", &["ps_script"]),
        ("microsoft-windows-powershell/operational", 4103) => ("powershell", &["ps_module"]),
        ("microsoft-windows-powershell/operational", _) => ("powershell", &[]),
        ("windows powershell", 400) => ("powershell-classic", &["ps_classic_start"]),
        ("windows powershell", 600) => ("powershell-classic", &["ps_classic_provider_start"]),
        ("windows powershell", _) => ("powershell-classic", &[]),
        ("microsoft-windows-taskscheduler/operational", _) => ("taskscheduler", &[]),
        ("microsoft-windows-wmi-activity/operational", _) => ("wmi", &[]),
        ("microsoft-windows-windows defender/operational", _) => ("windefend", &[]),
        ("microsoft-windows-bits-client/operational", _) => ("bits-client", &[]),
        ("microsoft-windows-terminalservices-localsessionmanager/operational", _) => {
            ("terminalservices-localsessionmanager", &[])
        }
        ("microsoft-windows-windows firewall with advanced security/firewall", _) => ("firewall-as", &[]),
        ("microsoft-windows-applocker/exe and dll", _) => ("applocker", &[]),
        ("microsoft-windows-ntlm/operational", _) => ("ntlm", &[]),
        _ => ("", &[]),
    };
    let by_category = categories.iter().map(|category| log_source(category, "windows", ""));
    by_category.chain([log_source("", "windows", service)]).collect()
}
