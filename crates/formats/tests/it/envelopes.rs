//! Records that shippers wrap into a JSON document are those of their sources all the same.

use std::sync::{Arc, LazyLock};

use formats::{Hint, Parser, Sources};
use model::event::Value;

static PARSER: LazyLock<Parser> = LazyLock::new(|| Parser::new(Arc::new(Sources::embedded().unwrap())));

const FAILED: &str = "Failed password for root from 203.0.113.9 port 51024 ssh2";

fn hint() -> Hint {
    Hint::new("2026-11-21T08:00:00Z".parse().unwrap())
}

#[test]
fn a_line_of_a_device_is_known_in_every_envelope() {
    let line = format!("<38>Nov 21 07:59:05 web01 sshd[1201]: {FAILED}");
    for raw in [
        format!(r#"{{"@timestamp":"2026-11-21T08:00:00Z","message":"{line}","agent":{{"type":"filebeat"}}}}"#),
        format!(r#"{{"event":{{"original":"{line}","kind":"event"}},"message":"something else"}}"#),
        format!(r#"{{"log":"{line}\n","stream":"stdout","time":"2026-11-21T08:00:00Z"}}"#),
        format!(r#"{{"preview":false,"result":{{"_raw":"{line}","host":"h"}}}}"#),
        format!(r#"{{"event":"{line}","time":1795248000,"host":"h"}}"#),
        format!(r#"{{"version":"1.1","host":"h","short_message":"{line}"}}"#),
        format!(
            r#"{{"MESSAGE":"{FAILED}","SYSLOG_IDENTIFIER":"sshd","_PID":"1201","_HOSTNAME":"web01","__REALTIME_TIMESTAMP":"1795247945000000"}}"#
        ),
    ] {
        let event = PARSER.parse(&raw, &hint());
        assert_eq!(&*event.source, "openssh_sshd", "{raw}");
        assert_eq!(event.core.get("source_ip"), Some(&"203.0.113.9".into()), "{raw}");
        assert_eq!(event.core.get("host_name"), Some(&"web01".into()), "{raw}");
        assert_eq!(event.core.get("process_pid"), Some(&Value::Int(1201)), "{raw}");
        assert_eq!(event.time.to_string(), "2026-11-21T07:59:05.000000Z", "{raw}");
        assert_eq!(event.raw, raw);
    }
}

#[test]
fn an_object_in_an_envelope_is_a_record_too_and_the_envelope_says_when_where_it_does_not() {
    let eve = r#"{"event_type":"alert","flow_id":1,"timestamp":"2026-11-21T07:00:00Z","src_ip":"203.0.113.9"}"#;
    let raw = format!(r#"{{"time":1795247945,"sourcetype":"eve","event":{eve}}}"#);
    let event = PARSER.parse(&raw, &hint());
    assert_eq!((&*event.source, event.time.to_string().as_str()), ("suricata_eve", "2026-11-21T07:00:00.000000Z"));
    assert_eq!(event.fields.get("sourcetype"), Some(&"eve".into()));
    let raw = format!(r#"{{"@timestamp":"2026-11-21T07:59:05Z","message":"<38>sshd[7]: {FAILED}","user":"x"}}"#);
    let event = PARSER.parse(&raw, &hint());
    assert_eq!(event.time.to_string(), "2026-11-21T07:59:05.000000Z");
    assert_eq!(event.fields.get("user"), Some(&"root".into()));
}

#[test]
fn a_document_around_what_no_source_knows_stays_a_document() {
    for raw in [
        r#"{"message":"just words","@timestamp":"2026-11-21T07:59:05Z"}"#,
        r#"{"message":{"message":{"message":"<38>sshd[7]: Failed password for a from 203.0.113.9 port 1 ssh2"}}}"#,
        r#"{"message":7,"log":null,"event":[]}"#,
        r#"{"message":""}"#,
    ] {
        assert_eq!(&*PARSER.parse(raw, &hint()).source, "json", "{raw}");
    }
}

#[test]
fn a_container_line_is_read_without_the_runtime_marks() {
    let raw =
        r#"2026-11-21T07:59:05.123Z stdout F {"event_type":"dns","flow_id":1,"timestamp":"2026-11-21T07:00:00Z"}"#;
    assert_eq!(&*PARSER.parse(raw, &hint()).source, "suricata_eve");
}

#[test]
fn a_record_sent_on_by_a_relay_is_the_devices_own() {
    for raw in [
        format!("<13>Nov 21 08:00:00 10.1.1.1 <38>Nov 21 07:59:05 web01 sshd[1201]: {FAILED}"),
        format!("<13>Nov 21 08:00:00 10.1.1.1 Nov 21 07:59:05 web01 sshd[1201]: {FAILED}"),
        format!("<13>1 2026-11-21T08:00:00Z relay - - - - <38>Nov 21 07:59:05 web01 sshd[1201]: {FAILED}"),
    ] {
        let event = PARSER.parse(&raw, &hint());
        assert_eq!(&*event.source, "openssh_sshd", "{raw}");
        assert_eq!(event.core.get("host_name"), Some(&"web01".into()), "{raw}");
        assert_eq!(event.time.to_string(), "2026-11-21T07:59:05.000000Z", "{raw}");
    }
}
