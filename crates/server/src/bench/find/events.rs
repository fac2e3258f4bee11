//! Events as a security centre sees them: firewall traffic mostly, web requests, sign-ins, processes.

use lake::{Lake, LogPosition, RowBatch};
use model::event::{Envelope, Event};
use model::{CustomerId, DeviceId, EventId, TimeRange, Timestamp};

/// The first of the thirty days.
pub const START: i64 = 1_793_491_200_000_000;
pub const DAYS: u64 = 30;

/// An address that a few events of millions have.
pub const NEEDLE: &str = "198.51.100.77";

const DAY: i64 = 86_400_000_000;

pub fn range() -> TimeRange {
    TimeRange { from: Timestamp::from_micros(START), to: Timestamp::from_micros(START + DAYS as i64 * DAY) }
}

pub struct Made {
    customer: usize,
    id: EventId,
    time: i64,
    source: &'static str,
    core: Vec<(&'static str, String)>,
    ports: Vec<(&'static str, i64)>,
    fields: Vec<(&'static str, String)>,
    raw: String,
}

fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Made {
    pub fn of(number: u64, count: u64) -> Made {
        let random = mix(number + 1);
        let part = |place: u32, below: u64| (mix(random ^ u64::from(place)) >> 8) % below;
        let time = START + (u128::from(number) * (DAYS as u128) * (DAY as u128) / u128::from(count)) as i64;
        let rare = number % (count / 40).max(1) == 7;
        let inner = format!("10.{}.{}.{}", part(1, 8), part(2, 40), part(3, 250) + 1);
        let outer = if rare {
            NEEDLE.to_owned()
        } else {
            format!("{}.{}.{}.{}", part(4, 200) + 11, part(5, 250), part(6, 250), part(7, 250))
        };
        let user = format!("user{}", part(8, 5_000));
        let extra = if rare { " comment=\"zugspitze backup finished\"" } else { "" };
        let clock = Timestamp::from_micros(time).to_string();
        let mut made = Made {
            customer: (random % 3) as usize,
            id: EventId { log: 1, shard: 0, sequence: number + 1 },
            time,
            source: "",
            core: Vec::new(),
            ports: Vec::new(),
            fields: Vec::new(),
            raw: String::new(),
        };
        match random >> 32 & 15 {
            0..=9 => {
                let action = ["allow", "allow", "allow", "deny", "close"][part(9, 5) as usize];
                let (port, to) =
                    (1_024 + part(10, 64_000), [443, 80, 53, 22, 3389, 8443, 445, 25][part(11, 8) as usize]);
                let (sent, received) = (part(12, 90_000), part(13, 900_000));
                let policy = part(14, 60);
                made.source = "fortinet_fortigate";
                made.raw = format!(
                    "date={} time={} devname=\"FW-HQ-01\" devid=\"FGT60E4Q16000000\" logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" vd=\"root\" srcip={inner} srcport={port} srcintf=\"port12\" dstip={outer} dstport={to} dstintf=\"wan1\" policyid={policy} sessionid={} proto=6 action=\"{action}\" user=\"{user}\" service=\"HTTPS\" duration={} sentbyte={sent} rcvdbyte={received}{extra}",
                    &clock[..10],
                    &clock[11..19],
                    100_000 + number,
                    part(15, 600)
                );
                made.core = vec![
                    ("event_action", action.into()),
                    ("source_ip", inner),
                    ("destination_ip", outer),
                    ("user_name", user),
                    ("observer_name", "FW-HQ-01".into()),
                    ("network_transport", "tcp".into()),
                ];
                made.ports = vec![
                    ("source_port", port as i64),
                    ("destination_port", to),
                    ("source_bytes", sent as i64),
                    ("destination_bytes", received as i64),
                ];
                made.fields = vec![
                    ("sessionid", (100_000 + number).to_string()),
                    ("policyid", policy.to_string()),
                    ("subtype", "forward".into()),
                    ("vd", "root".into()),
                ];
            }
            10..=12 => {
                let path = format!(
                    "/app/{}/item/{}",
                    ["login", "search", "cart", "api/v1/orders"][part(16, 4) as usize],
                    part(17, 100_000)
                );
                let status = [200, 200, 200, 304, 404, 500][part(18, 6) as usize];
                made.source = "nginx_access";
                made.raw = format!(
                    "{outer} - - [{clock}] \"GET {path} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36\"{extra}",
                    part(19, 60_000)
                );
                made.core = vec![
                    ("source_ip", outer),
                    ("url_path", path),
                    ("http_request_method", "GET".into()),
                    ("event_action", "request".into()),
                ];
                made.ports = vec![("http_response_status_code", status)];
                made.fields = vec![("referrer", "-".into())];
            }
            13 => {
                let outcome = if part(20, 4) == 0 { "failure" } else { "success" };
                let word = if outcome == "failure" { "Failed" } else { "Accepted" };
                let port = 1_024 + part(21, 64_000);
                made.source = "openssh_sshd";
                made.raw = format!(
                    "{clock} host-{} sshd[{}]: {word} password for {user} from {outer} port {port} ssh2{extra}",
                    part(22, 400),
                    part(23, 30_000)
                );
                made.core = vec![
                    ("source_ip", outer),
                    ("user_name", user),
                    ("event_outcome", outcome.into()),
                    ("host_name", format!("host-{}", part(22, 400))),
                ];
                made.ports = vec![("source_port", port as i64)];
            }
            _ => {
                let process = [
                    "C:\\Windows\\System32\\svchost.exe",
                    "C:\\Program Files\\App\\app.exe",
                    "C:\\Windows\\System32\\cmd.exe",
                ][part(24, 3) as usize];
                let guid =
                    format!("{:08x}-{:04x}-{:04x}", part(25, u64::from(u32::MAX)), part(26, 65_536), part(27, 65_536));
                let host = format!("pc-{:04}.corp.example", part(28, 3_000));
                made.source = "microsoft_windows";
                made.raw = format!(
                    "{{\"EventID\":4688,\"Computer\":\"{host}\",\"TimeCreated\":\"{clock}\",\"SubjectUserName\":\"{user}\",\"NewProcessName\":\"{}\",\"ProcessGuid\":\"{guid}\",\"ProcessId\":{}{}}}",
                    process.replace('\\', "\\\\"),
                    part(29, 60_000),
                    if rare { ",\"Comment\":\"zugspitze backup finished\"" } else { "" }
                );
                made.core = vec![
                    ("host_name", host),
                    ("user_name", user),
                    ("process_executable", process.into()),
                    ("event_code", "4688".into()),
                ];
                made.ports = vec![("process_pid", part(29, 60_000) as i64)];
                made.fields = vec![("ProcessGuid", guid)];
            }
        }
        made
    }
}

/// Appends events of the one shard, in order.
pub fn append(lake: &Lake, customers: &[CustomerId], events: &[Made]) -> Result<(), lake::Error> {
    let mut batch = RowBatch::default();
    for made in events {
        let device =
            DeviceId::derived(Timestamp::from_micros(START), &[&[made.customer as u8], made.source.as_bytes()]);
        let received = Timestamp::from_micros(made.time + 1_000_000);
        let envelope = Envelope { id: made.id, customer: customers[made.customer].clone(), device, received };
        let mut event = Event::unparsed(&made.raw, received);
        event.time = Timestamp::from_micros(made.time);
        event.source = made.source.into();
        made.core.iter().for_each(|(name, value)| event.core.push(*name, value.as_str()));
        made.ports.iter().for_each(|(name, value)| event.core.push(*name, *value));
        made.fields.iter().for_each(|(name, value)| event.fields.push(*name, value.as_str()));
        batch.push(&envelope, &event);
    }
    match events.last() {
        Some(Made { id: EventId { log, shard, sequence }, .. }) => {
            lake.append(batch, LogPosition { log: *log, shard: *shard, sequence: *sequence })
        }
        None => Ok(()),
    }
}
