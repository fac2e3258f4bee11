//! Records of no known source keep what their format says; a wrong guess is worse than none.

use std::sync::Arc;

use formats::{Hint, Parser, Sources};
use model::event::Value;

fn parser() -> Parser {
    Parser::new(Arc::new(Sources::embedded().unwrap()))
}

fn hint() -> Hint {
    Hint::new("2026-11-21T08:00:00Z".parse().unwrap())
}

#[test]
fn each_unknown_record_is_kept_by_its_format() {
    let parser = parser();
    for (raw, source) in [
        (r#"{"a":{"b":1}}"#, "json"),
        (r#"<13>Nov 21 08:00:00 h app: {"a":1}"#, "json"),
        (r#"<13>Nov 21 08:00:00 h app: a=1 b=2 c="x y""#, "key_value"),
        ("user=li action=login result=ok", "key_value"),
        ("<13>Nov 21 08:00:00 h app[7]: some words a=1", "syslog"),
        ("<13>1 2026-11-21T08:00:00Z h app 7 - - some words", "syslog"),
        ("some words", "unparsed"),
        ("", "unparsed"),
        ("[1,2]", "unparsed"),
        ("{broken", "unparsed"),
        ("2026-11-21 08:00:00 INFO started a=1", "unparsed"),
        (r#"{"EventID":4624,"note":"no channel, so not Windows"}"#, "json"),
        (r#"{"event_type":"alert","timestamp":"x","src_ip":"1.2.3.4"}"#, "suricata_eve"),
        ("<13>Nov 21 08:00:00 h fwlog: nothing of the kind", "syslog"),
        ("10.0.0.1 - - [21/Nov/2026:08:00:00 +0000] \"GET /", "unparsed"),
    ] {
        let event = parser.parse(raw, &hint());
        assert_eq!(&*event.source, source, "{raw}");
        assert_eq!(event.raw, raw);
        assert_eq!(event.is_parsed(), source != "unparsed");
    }
}

#[test]
fn a_syslog_record_of_no_source_says_where_it_comes_from() {
    let parser = parser();
    let event = parser.parse("<13>Nov 21 08:00:00 web01 app[7]: some words", &hint());
    assert_eq!(event.core.get("host_name"), Some(&"web01".into()));
    assert_eq!(event.core.get("process_name"), Some(&"app".into()));
    assert_eq!(event.core.get("process_pid"), Some(&Value::Int(7)));
    assert_eq!(event.core.get("message"), Some(&"some words".into()));
}

#[test]
fn json_with_ecs_names_fills_core_fields_and_other_names_do_not() {
    let parser = parser();
    let raw = r#"{"@timestamp":"2026-11-20T00:00:00Z","source":{"ip":"10.0.0.1","port":"80"},"process":{"command_line":"id"},"user_name":"li","customer":"cus_x"}"#;
    let event = parser.parse(raw, &hint());
    assert_eq!(event.time.to_string(), "2026-11-20T00:00:00.000000Z");
    assert_eq!(event.core.get("source_ip"), Some(&"10.0.0.1".into()));
    assert_eq!(event.core.get("source_port"), Some(&Value::Int(80)));
    assert_eq!(event.core.get("process_command_line"), Some(&"id".into()));
    assert_eq!(event.core.get("user_name"), None);
    assert_eq!(event.core.get("customer"), None);
    assert_eq!(event.resolve("process.command_line"), Some(&"id".into()));
}

#[test]
fn an_implausible_time_is_kept_as_written_and_replaced_by_the_receipt_time() {
    let parser = parser();
    for raw in ["<13>Nov 23 2026 09:00:00 h app: x y", "<13>Nov 21 1999 09:00:00 h app: x y"] {
        let event = parser.parse(raw, &hint());
        assert_eq!(event.time, hint().received, "{raw}");
        assert_eq!(event.time_original.as_deref(), Some(&raw[4..24]));
    }
    let event = parser.parse("<13>Nov 22 2026 07:00:00 h app: x y", &hint());
    assert_eq!((event.time.to_string().as_str(), event.time_original), ("2026-11-22T07:00:00.000000Z", None));
}

#[test]
fn a_fixed_source_is_the_only_one_tried() {
    let parser = parser();
    let raw = "<38>Nov 21 15:59:05 web01 sshd[1201]: Failed password for root from 203.0.113.9 port 51024 ssh2";
    assert_eq!(&*parser.parse(raw, &hint()).source, "openssh_sshd");
    let fixed = |source: &str| Hint { source: Some(source.to_owned()), ..hint() };
    assert_eq!(&*parser.parse(raw, &fixed("openssh_sshd")).source, "openssh_sshd");
    assert_eq!(&*parser.parse(raw, &fixed("nginx_access")).source, "syslog");
    assert_eq!(&*parser.parse(raw, &fixed("nobody")).source, "syslog");
}

#[test]
fn our_own_token_never_becomes_a_field() {
    let parser = parser();
    let raw = r#"<14>1 2026-11-21T08:00:00Z h app 1 - [vedette@32473 token="s3cret"][x@1 a="b"] hello"#;
    let event = parser.parse(raw, &hint());
    assert!(!format!("{:?}", event.fields).contains("s3cret"));
    assert_eq!(event.fields.get("x@1.a"), Some(&"b".into()));
}

#[test]
fn a_4688_record_answers_to_the_names_process_rules_use() {
    let parser = parser();
    let raw = r#"{"EventID":4688,"Channel":"Security","NewProcessName":"C:\\x.exe","ParentProcessName":"C:\\y.exe","CommandLine":"x","Threat Name":"T","Hashes":"MD5=AA,IMPHASH=BB"}"#;
    let event = parser.parse(raw, &hint());
    assert_eq!(event.resolve("Image"), Some(&"C:\\x.exe".into()));
    assert_eq!(event.resolve("ParentImage"), Some(&"C:\\y.exe".into()));
    assert_eq!(event.resolve("ThreatName"), Some(&"T".into()));
    assert_eq!(event.resolve("imphash"), Some(&"BB".into()));
    assert_eq!(event.resolve("md5"), Some(&"AA".into()));
    let sysmon = r#"{"EventID":3,"Channel":"Microsoft-Windows-Sysmon/Operational","NewProcessName":"z"}"#;
    assert_eq!(parser.parse(sysmon, &hint()).resolve("Image"), None);
}

#[test]
fn events_of_one_kind_share_their_log_sources_and_aliases() {
    let parser = parser();
    let raw = |id: u32| format!(r#"{{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","ProcessId":{id}}}"#);
    let (one, two) = (raw(1), raw(2));
    let (one, two) = (parser.parse(&one, &hint()), parser.parse(&two, &hint()));
    assert!(Arc::ptr_eq(&one.log_sources, &two.log_sources));
    assert!(Arc::ptr_eq(&one.aliases, &two.aliases));
}
