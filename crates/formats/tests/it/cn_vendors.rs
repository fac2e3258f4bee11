//! Records of Chinese security products: each is taken by the source of its product, and what a record labels as
//! source, destination, action, severity, name, outcome or request stands in the core field or alarm of that meaning.
//!
//! No expected parse exists, so a second, cruder reading checks the first: it looks for labels in the raw text without
//! knowing any layout. `ONLY=<part of a file name>` shows how that file's records are parsed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use formats::{Hint, Parser};
use model::Timestamp;
use model::event::{AttackOutcome, Event, Value};
use regex::Regex;
use serde_json::Value as Json;

/// Files by the start of their names, and the sources their records belong to. `-` is no device's record at all.
const INTENDED: &[(&str, &str)] = &[
    ("BotuPatternTest_unknown__testADDptech", "dptech_conplat -"),
    ("BotuPatternTest_unknown__testDPtechFw1", "dptech_conplat"),
    ("BotuPatternTest_unknown__testInfoGoRegEx", "infogo_asm"),
    ("BotuPatternTest_unknown__testIpsDptech", "dptech_conplat"),
    ("BotuPatternTest_unknown__testIpsLeadSec", "venustech_vsg"),
    ("BotuPatternTest_unknown__testQZSecRegEx", "qzsec_shterm"),
    ("BotuPatternTest_unknown__testVulnScannerTopsec", "-"),
    ("BotuPatternTest_unknown__testWebrayRegEx", "webray_waf"),
    ("acm_anzhou", "h3c_acg"),
    ("acm_dptech", "dptech_conplat"),
    ("acm_h3c", "h3c_acg"),
    ("acm_sangfor", "sangfor_ac"),
    ("acm_topsec", "topsec_acm"),
    ("ad_topsec", "topsec_ngtos"),
    ("antiVirus_antiy", "antiy_pcloud"),
    ("antiVirus_cajinchen", "cajinchen_mdg"),
    ("antiVirus_leadsec", "legendsec_power_v"),
    ("antidos_dptech", "dptech_conplat"),
    ("antidos_topsec", "topsec_ngtos"),
    ("antivirus_rising", "rising_esm"),
    ("antivirus_trend", "asiainfo_aisedge"),
    ("antivirus_venus", "venustech_antivirus"),
    ("apt_huawei", "huawei_vrp"),
    ("apt_topsec", "topsec_apt"),
    ("apt_venus", "venustech_apt"),
    ("apt_webray", "webray_rayeye"),
    ("audit_nsfocus", "nsfocus_sas"),
    ("audit_topsec", "topsec_ta"),
    ("audit_venus", "venustech_tianyue"),
    ("audit_webray", "webray_raysas"),
    ("authserver_sangfor", "sangfor_atrust"),
    ("bastion_jhsec", "jhsec_oam"),
    ("bastion_legendsec", "legendsec_secfox"),
    ("bastion_nsfocus", "nsfocus_osms"),
    ("bastion_sangfor", "sangfor_osm"),
    ("bastion_shenfan", "sangfor_osm"),
    ("bastion_topsec", "topsec_sag"),
    ("bastion_venus", "venustech_osm"),
    ("dbaudit_sangfor", "sangfor_das"),
    ("dbaudit_webray", "webray_raysas"),
    ("dlp_topsec", "topsec_dlp"),
    ("dpi_topsec", "topsec_nta"),
    ("edr_huorongsec", "windows_evtsys"),
    ("edr_sangfor", "sangfor_edr"),
    ("edr_venus", "venustech_edr"),
    ("eps_360", "qianxin_skylar"),
    ("eps_asiainfo", "asiainfo_trustone"),
    ("eps_qianxin", "qianxin_skylar"),
    ("eps_topsec_topdesk", "topsec_topdesk"),
    ("eps_v-secure", "venustech_antivirus"),
    ("eps_vrv", "vrv_edp"),
    ("eps_webray", "webray_rayguard"),
    ("firewall_chinatelecom", "hillstone_stoneos"),
    ("firewall_dbappsecurity", "dbappsecurity_tgfw"),
    ("firewall_dptech", "dptech_conplat"),
    ("firewall_easynetworks", "easynetworks_ngfw fortinet_fortigate"),
    ("firewall_fortinet", "fortinet_fortigate"),
    ("firewall_h3c", "h3c_comware"),
    ("firewall_hillstone", "hillstone_stoneos"),
    ("firewall_huawei", "huawei_vrp"),
    ("firewall_juniper", "juniper_netscreen"),
    ("firewall_legendsec", "legendsec_power_v"),
    ("firewall_netentsec", "netentsec_ngfw"),
    ("firewall_nsfocus", "nsfocus_nips"),
    ("firewall_qianxin", "qianxin_nsg"),
    ("firewall_sangfor", "sangfor_af"),
    ("firewall_topsec_ng", "topsec_ngtos"),
    ("firewall_topsec_topifw", "topsec_topifw"),
    ("firewall_webray", "venustech_vsg easynetworks_ngfw"),
    ("gap_anmit", "anmit_gap"),
    ("honeypot_jnsec", "jnsec_trapbox"),
    ("honeypot_topsec", "topsec_hpp"),
    ("honeypot_webray", "webray_raytrap"),
    ("ids_easynetworks", "easynetworks_ngfw"),
    ("ids_jump", "jump_ids"),
    ("ids_leadsec", "venustech_ids"),
    ("ids_nsfocus", "nsfocus_nips"),
    ("ids_qianxin_nds", "qianxin_skyeye"),
    ("ids_qianxin_secids", "huawei_ibmc"),
    ("ids_qianxin_sky", "qianxin_skyeye"),
    ("ids_topsec", "topsec_ngtos topsec_ta"),
    ("ips_asiainfo", "asiainfo_aisedge"),
    ("ips_dptech", "dptech_conplat"),
    ("ips_h3c", "h3c_comware"),
    ("ips_huawei", "huawei_vrp"),
    ("ips_jump", "jump_ids"),
    ("ips_leadsec", "venustech_vsg"),
    ("ips_venus", "venustech_vsg"),
    ("lb_sangfor", "sangfor_ad"),
    ("lb_topsec", "topsec_ngtos"),
    ("nac_huawei", "huawei_vrp"),
    ("nac_infogo", "infogo_asm"),
    ("os_microsoft", "windows_evtsys"),
    ("switch_h3c", "h3c_comware"),
    ("utm_dbapp", "h3c_acg"),
    ("utm_qianxin", "qianxin_vmsec"),
    ("vpn_qianxin", "qianxin_sslvpn"),
    ("vpn_topsec", "topsec_ngtos"),
    ("vulnscanner_datacloudsec", "datacloudsec_scanner"),
    ("vulnscanner_sangfor", "sangfor_yj"),
    ("vulnscanner_topsec", "topsec_ngtos"),
    ("waf_dbapp", "dbappsecurity_waf"),
    ("waf_dptech", "dptech_conplat"),
    ("waf_nsfocus", "nsfocus_waf"),
    ("waf_sangfor", "sangfor_af"),
    ("waf_venus_v-waf", "h3c_acg"),
    ("waf_venus_wag", "venustech_vsg"),
    ("waf_webray", "webray_waf"),
    ("webserver_nginx", "nginx_access"),
    ("chaitin", "chaitin_safeline"),
    ("h3c", "h3c_comware"),
    ("hillstone", "hillstone_stoneos"),
    ("huawei", "huawei_vrp"),
    ("sangfor", "sangfor_af"),
    ("waf-wafsplit", "generic_wafsplit"),
    ("benchmark__models__wpl__apt", "huawei_vrp"),
    ("benchmark__models__wpl__nginx", "nginx_access"),
    ("core__oml_examples__models__wpl__work_case", "sangfor_edr"),
    ("core__oml_examples__models__wpl__csv", "-"),
    ("core__wpl_success", "qianxin_skyeye"),
    ("core__wpl_pipe", "-"),
    ("core__error", "nginx_access"),
    ("core__stat", "nginx_access"),
    ("core__tcp", "nginx_access"),
    ("core__", "-"),
    ("extensions__practice", "nginx_access"),
    ("extensions__tcp", "nginx_access"),
    ("extensions__kafka", "nginx_access"),
    ("extensions__", "-"),
    ("getting", "nginx_access"),
    ("stability_test__SRC07", "nginx_access"),
    ("stability_test__single__parse__models__wpl__nginx__jnginx", "nginx_access"),
    ("stability_test__single__parse__models__wpl__sys", "- microsoft_windows"),
    ("stability_test", "nginx_access"),
];

/// What the crude reading looks for.
enum Kind {
    /// An address that means one.
    Address,
    /// A whole number other than 0.
    Number,
    /// A word or a quoted text, which must stand in the core field.
    Text,
    /// A host, with a port perhaps.
    Host,
    /// An HTTP method.
    Method,
}

/// Core field, the labels a record may give its value, and what kind of value that is.
const LABELS: &[(&str, &str, Kind)] = &[
    (
        "source_ip",
        "src|sip|src_?ip|src-ip|srcaddr|src_addr|addr_src|source-?ip|source_ip|source_address|sa|client_?ip|客户端IP|源IP|源地址\
         |SrcIPAddr|i_srcip|r_sip_s|uip",
        Kind::Address,
    ),
    (
        "destination_ip",
        "dst|dip|dst_?ip|dst-ip|destaddr|dst_addr|addr_dst|destination-?ip|destination_ip|destination_address|da|server_?ip\
         |服务器IP|目的IP|目的地址|DstIPAddr|i_dstip|r_dip_s|dest_?ip|aip",
        Kind::Address,
    ),
    (
        "source_port",
        "spt|sport|src_?port|source-port|source_port|port_src|client_port|客户端端口|源端口|i_srcport|r_sport",
        Kind::Number,
    ),
    (
        "destination_port",
        "dpt|dport|dst_?port|dest_?port|destination-port|destination_port|port_dst|server_port|服务器端口|目的端口|i_dstport|r_dport",
        Kind::Number,
    ),
    ("event_action", "系统动作|动作|action|act|net_action|r_actiondetails", Kind::Text),
    ("url", "url|uri|req_url|http_url|URL地址|r_url|s_http_url", Kind::Text),
    (
        "http_request_method",
        "method|req_method|http_method|请求方法|waf_method|r_method_name|s_http_method",
        Kind::Method,
    ),
    ("url_domain", "http_host|url_domain|主机名|s_http_host|r_hostname", Kind::Host),
    ("user_agent_original", "http_useragent|User-Agent|客户端环境|url_user_agent|agent|s_http_user_agent", Kind::Text),
];

/// Labels of an attack's name: a record that has one is an alarm of that name.
const NAMES: &str = "漏洞名称|攻击类型|AttackName|SignName|EventName|event_name|attack-name|av-name|threat_name|threat name|threat_type\
                     |attack_type|attack type|AttackType|VirusName|virus_name|事件|alert_describe|r_type_name|Module|rule_name|ti_threat\
                     |defend_type|event_type|eventname|subject|attack";

/// Words of severity and the rank they mean.
const SEVERITIES: &[(&str, i64)] = &[
    ("严重", 4),
    ("致命", 4),
    ("critical", 4),
    ("高", 3),
    ("高危", 3),
    ("high", 3),
    ("中", 2),
    ("中危", 2),
    ("medium", 2),
    ("mid", 2),
    ("低", 1),
    ("低危", 1),
    ("low", 1),
];

const SEVERITY_LABELS: &str =
    "严重级别|严重等级|威胁|threat severity|severity|event_level_name|r_severity_name|alertlevel|risk_name|alarm_level";

/// Actions by which a device stops an attack.
const BLOCKING: &str = "阻断|拒绝|封锁|拦截|丢弃|阻止|block|blocked|deny|drop|dropped|reset|reject";

/// Files, by the start of their names, where a label means something else than the crude reading takes it for.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("acm_anzhou", "alarm name", "the subject of a message"),
    ("antiVirus_leadsec", "alarm name", "the name of a firewall rule"),
    ("antidos_topsec", "alarm name", "where an attack that another record reports came from"),
    ("antivirus_trend", "alarm name", "the name of a policy"),
    ("apt_venus", "url", "a number in the report of a sandbox"),
    ("apt_webray", "alarm name", "the subject of a certificate or mail"),
    ("authserver_sangfor", "source_ip", "the gateway's own address"),
    ("authserver_sangfor", "source_port", "the gateway's own port"),
    ("edr_sangfor", "alarm name", "the class of a finding, or a check that finds none"),
    ("eps_asiainfo", "alarm name", "the name of a firewall rule"),
    ("eps_asiainfo", "source_ip", "the endpoint as the server sees it"),
    ("eps_asiainfo", "destination_ip", "the management server"),
    ("eps_asiainfo", "url", "an empty list of indicators"),
    ("eps_topsec_topdesk", "alarm name", "who did what is recorded"),
    ("antivirus_venus", "date", "of the find, sent later"),
    ("eps_v-secure", "date", "of the find, sent later"),
    ("ids_qianxin_nds", "date", "of the indicator"),
    ("core__wpl_success", "date", "of the rule"),
    ("nac_infogo", "date", "of a sentence; the header has no year"),
    ("firewall_fortinet", "event_action", "ECS takes the kind of event"),
    ("firewall_easynetworks", "event_action", "ECS takes the kind of event"),
    ("firewall_legendsec", "alarm name", "the name of a firewall rule, or a page the policy forbids"),
    ("lb_topsec", "destination_ip", "part of a sentence about a link"),
];

/// A reader of labelled values.
struct Crude {
    labels: Vec<(&'static str, Regex, &'static Kind)>,
    names: Regex,
    severities: Regex,
    actions: Regex,
    results: Regex,
    dates: Regex,
    escapes: Regex,
}

/// `label = value` in whatever marks the record puts around it.
fn labelled(labels: &str, value: &str, any_case: bool) -> Regex {
    let case = if any_case { "(?i)" } else { "" };
    let text = format!(
        "{case}(?:^|[^\\w.&?-])(?:{labels})(?:\\(\\d+\\))?[\"”]?[ ]{{0,2}}[=:/：][ ]?(?:\\(\\d+\\))?[\"“'\\[\\\\]{{0,2}}(?:{value})"
    );
    Regex::new(&text).unwrap()
}

const WORD: &str = "(?P<v>[^\\s,;|&\"”\\]\\\\#()]+)";

impl Crude {
    fn new() -> Crude {
        let value = |kind: &Kind| match kind {
            Kind::Address => "(?P<v>\\d{1,3}(?:\\.\\d{1,3}){3})",
            Kind::Number => "(?P<v>[1-9]\\d{0,4})(?:\\D|$)",
            Kind::Text | Kind::Host => WORD,
            Kind::Method => "(?P<v>GET|POST|PUT|HEAD|OPTIONS|DELETE|get|post)",
        };
        Crude {
            labels: LABELS
                .iter()
                .map(|(core, labels, kind)| (*core, labelled(labels, value(kind), true), kind))
                .collect(),
            names: labelled(NAMES, WORD, false),
            severities: labelled(SEVERITY_LABELS, WORD, true),
            actions: labelled("系统动作|动作|action|event|op|handle", &format!("(?P<v>{BLOCKING})(?:[^\\w]|$)"), true),
            results: labelled("attack_status|attack result", WORD, true),
            dates: Regex::new(r"(20[0-2]\d)[-/](\d{1,2})[-/](\d{1,2})[ T]+\d").unwrap(),
            escapes: Regex::new(r"\\u([0-9a-f]{4})").unwrap(),
        }
    }

    /// The record with JSON's escapes of letters resolved.
    fn readable(&self, raw: &str) -> String {
        let letter = |found: &regex::Captures| {
            let code = u32::from_str_radix(&found[1], 16).unwrap();
            char::from_u32(code).map_or(String::new(), String::from)
        };
        self.escapes.replace_all(raw, letter).into_owned()
    }
}

fn values(regex: &Regex, text: &str) -> Vec<String> {
    const NONE: &[&str] =
        &["-", "--", "null", "(null)", "N/A", "NULL", "none", "NONE", "unknown", "0.0.0.0", "不", "NIL"];
    let found = regex.captures_iter(text).map(|found| found["v"].trim_matches(['\'', '.', ':']).to_owned());
    found.filter(|value| !value.is_empty() && !NONE.contains(&value.as_str())).collect()
}

fn texts(event: &Event, core: &str) -> Vec<String> {
    match core {
        "url" => ["url_full", "url_path", "url_query", "url_domain", "http_request_body", "http_request_method"]
            .iter()
            .flat_map(|core| texts(event, core))
            .collect(),
        _ => match event.core.get(core) {
            None => Vec::new(),
            Some(Value::List(values)) => values.iter().filter_map(|value| Some(value.text()?.into_owned())).collect(),
            Some(value) => value.text().map(|text| text.into_owned()).into_iter().collect(),
        },
    }
}

/// What the crude reading found and the event does not say; `checks` counts what was looked at, by field.
fn differences(
    crude: &Crude,
    raw: &str,
    event: &Event,
    checks: &mut BTreeMap<&'static str, usize>,
) -> Vec<(&'static str, String)> {
    let raw = crude.readable(raw);
    let mut wrong = Vec::new();
    let lower = |text: &str| text.to_lowercase();
    for (core, regex, kind) in &crude.labels {
        let found = values(regex, &raw);
        if found.is_empty() {
            continue;
        }
        *checks.entry(core).or_default() += 1;
        let is = texts(event, core);
        let fits = |value: &String| {
            is.iter().any(|is| match kind {
                Kind::Address | Kind::Number => is == value,
                Kind::Host => lower(is) == lower(value.split(':').next().unwrap_or_default()),
                Kind::Text | Kind::Method => lower(is).contains(&lower(value)),
            })
        };
        if !found.iter().any(fits) {
            wrong.push((*core, format!("{found:?}, is {is:?}")));
        }
    }
    let is_name = |name: &String| !name.bytes().all(|byte| byte.is_ascii_digit()) && name != "ANY";
    let names: Vec<String> = values(&crude.names, &raw).into_iter().filter(is_name).collect();
    if !names.is_empty() {
        *checks.entry("alarm name").or_default() += 1;
        // A label may be of the attack's class, where another names the attack.
        let is = event.alarm.as_ref().map(|alarm| [vec![lower(&alarm.name)], texts(event, "rule_category")].concat());
        let stands = |name: &String| is.iter().flatten().any(|is| lower(is).contains(&lower(name)));
        if !names.iter().any(stands) {
            wrong.push(("alarm name", format!("{names:?}, is {is:?}")));
        }
    }
    let ranks: Vec<i64> = values(&crude.severities, &raw)
        .iter()
        .filter_map(|word| SEVERITIES.iter().find(|(known, _)| *known == lower(word)).map(|(_, rank)| *rank))
        .collect();
    if !ranks.is_empty() {
        *checks.entry("severity").or_default() += 1;
        let is = event.core.get("event_severity").and_then(Value::int);
        if !is.is_some_and(|is| ranks.contains(&is)) {
            wrong.push(("severity", format!("{ranks:?}, is {is:?}")));
        }
    }
    if let Some(alarm) = &event.alarm {
        let results: Vec<AttackOutcome> = values(&crude.results, &raw)
            .iter()
            .filter_map(|word| match lower(word).as_str() {
                "失败" | "攻击尝试" | "尝试" | "attempt" => Some(AttackOutcome::Attempted),
                "成功" | "success" => Some(AttackOutcome::Succeeded),
                "失陷" => Some(AttackOutcome::Compromised),
                _ => None,
            })
            .collect();
        let wanted = if results.is_empty() && !values(&crude.actions, &raw).is_empty() {
            vec![AttackOutcome::Blocked]
        } else {
            results
        };
        if !wanted.is_empty() {
            *checks.entry("outcome").or_default() += 1;
            if !wanted.contains(&alarm.outcome) {
                wrong.push(("outcome", format!("{wanted:?}, is {:?}", alarm.outcome)));
            }
        }
    }
    let dates: Vec<String> = crude
        .dates
        .captures_iter(&raw)
        .map(|found| format!("{}-{:0>2}-{:0>2}", &found[1], &found[2], &found[3]))
        .collect();
    if !dates.is_empty() {
        *checks.entry("date").or_default() += 1;
        let at_home = event.time.plus(Duration::from_secs(8 * 3600)).to_string();
        let as_written = event.time.to_string();
        if !dates.iter().any(|date| at_home.starts_with(date) || as_written.starts_with(date)) {
            wrong.push(("date", format!("{dates:?}, is {at_home}")));
        }
    }
    if event.log_sources.is_empty() {
        wrong.push(("log source", "none".to_owned()));
    }
    wrong
}

/// The records of a file: a JSON object with `raw` a line, a bare record a line, or nothing of the kind.
fn records(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("ndjson") => {
            lines.map(|line| serde_json::from_str::<Json>(line).unwrap()["raw"].as_str().unwrap().to_owned()).collect()
        }
        Some("dat") => lines.map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn data() -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/logs/cn-vendors");
    if !root.is_dir() {
        assert!(std::env::var_os("REQUIRE_DATA").is_none(), "REQUIRE_DATA is set and the records are absent");
        println!("skipped: no records of Chinese products in the shared data");
        return None;
    }
    Some(
        crate::log_sources::files(root.clone(), "ndjson")
            .into_iter()
            .chain(crate::log_sources::files(root, "dat"))
            .collect(),
    )
}

#[test]
fn every_record_is_taken_by_its_product_and_says_what_its_labels_say() {
    let Some(mut paths) = data() else { return };
    paths.sort();
    let parser = Parser::new(Arc::new(crate::live::sources().0));
    let mut hint = Hint::new(Timestamp::from_micros(1_795_248_000_000_000));
    hint.time_zone = "Asia/Shanghai".parse().unwrap();
    let only = std::env::var("ONLY").ok();
    let crude = Crude::new();
    let (mut records_seen, mut taken) = (0, 0);
    let (mut strangers, mut wrong) = (Vec::new(), Vec::new());
    let mut checks = BTreeMap::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let intended = INTENDED.iter().find(|(start, _)| name.starts_with(start)).map_or("", |(_, sources)| sources);
        for raw in records(&path) {
            let event = parser.parse(&raw, &hint);
            let is_known = parser.sources().find(&event.source).is_some();
            if only.is_some() {
                println!(
                    "\n{raw}\n  {}, {:?}, {:?}\n  {:?}\n  core {:?}",
                    event.source, event.time, event.log_sources, event.alarm, event.core
                );
                println!("  fields {:?}", event.fields);
            }
            let is_intended = intended.split(' ').any(|source| source == &*event.source || source == "-" && !is_known);
            if intended != "-" {
                records_seen += 1;
                taken += usize::from(is_intended);
            }
            let shown: String = raw.chars().take(220).collect();
            if !is_intended {
                strangers.push(format!("{name}\n  taken by {}, not {intended}: {shown}", event.source));
                continue;
            }
            for (field, problem) in differences(&crude, &raw, &event, &mut checks) {
                let excepted =
                    EXCEPTIONS.iter().any(|(start, excepted, _)| name.starts_with(start) && *excepted == field);
                if !excepted && is_known {
                    wrong.push(format!("{name} ({}): {field}: labelled {problem}\n  {shown}", event.source));
                }
            }
        }
    }
    println!("{records_seen} records, {taken} taken by the intended source; labels checked: {checks:?}");
    println!("{} not taken as intended\n{}", strangers.len(), strangers.join("\n"));
    println!("{} differences\n{}", wrong.len(), wrong.join("\n"));
    if only.is_none() {
        assert!(records_seen >= 450, "only {records_seen} records");
        assert!(
            taken * 100 >= records_seen * 98,
            "{taken} of {records_seen} records were taken by the intended source"
        );
        assert!(wrong.is_empty(), "{} differences", wrong.len());
    }
}

#[test]
fn every_chinese_record_is_the_same_in_the_encoding_older_devices_send() {
    let Some(paths) = data() else { return };
    let mut seen = 0;
    for raw in paths.iter().flat_map(|path| records(path)).filter(|raw| !raw.is_ascii()) {
        let (bytes, _, lost) = encoding_rs::GB18030.encode(&raw);
        // Some records were UTF-8 that someone read as GB18030: they turn back into what they were.
        if lost || std::str::from_utf8(&bytes).is_ok() {
            continue;
        }
        seen += 1;
        assert_eq!(formats::text::decode(&bytes), raw);
    }
    println!("{seen} records in GB18030");
    assert!(seen >= 120, "only {seen} records");
}
