//! What matching costs: builds an index of so many indicators and holds events against it, without hits and with a
//! share of them. `cargo run --release -p intel --example live -- 5000000`

use std::time::Instant;

use intel::{Index, IndexBuilder, ListScope, Warnings};
use model::event::{Event, Value};
use model::intel::{Indicator, Tlp};
use model::{CustomerId, IntelListId, Timestamp};

const EVENTS: usize = 20_000;
const ROUNDS: usize = 30;
/// Events timed together.
const BLOCK: usize = 200;

fn main() {
    let count: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let now = Timestamp::from_micros(1_780_000_000_000_000);
    let before = resident();
    let begun = Instant::now();
    let mut builder = IndexBuilder::new(Warnings::built_in(now), now);
    let lists: Vec<u32> = (0..20).map(|number| builder.list(scope(number, now))).collect();
    let mut random = fastrand::Rng::with_seed(1);
    for number in 0..count {
        builder.add(lists[number % lists.len()], &indicator(number, &mut random));
    }
    let added = begun.elapsed();
    let index = builder.build();
    let built = begun.elapsed();
    let stats = index.stats();
    println!(
        "{} indicators of {} lists: made and added {:.2?}, built {:.2?}; {} MB by its own account, {} MB resident",
        stats.indicators,
        stats.lists,
        added,
        built - added,
        stats.bytes >> 20,
        (resident().saturating_sub(before)) >> 20
    );
    for share in [0, 1, 10] {
        let mut random = fastrand::Rng::with_seed(7);
        let events: Vec<Event<'static>> = (0..EVENTS)
            .map(|number| event(number, (random.usize(..100) < share).then(|| random.usize(..count)), &mut random))
            .collect();
        measure(&index, &events, now, share);
    }
}

fn measure(index: &Index, events: &[Event<'static>], now: Timestamp, share: usize) {
    let customer = CustomerId::derived(now, &[b"c"]);
    let mut hits = 0;
    let mut best = vec![u128::MAX; events.len().div_ceil(BLOCK)];
    // The best of each small block: what else the machine does must not count.
    for _ in 0..ROUNDS {
        hits = 0;
        for (events, best) in events.chunks(BLOCK).zip(&mut best) {
            let begun = Instant::now();
            hits += events.iter().filter(|event| !index.observe(&customer, now, event).is_empty()).count();
            *best = begun.elapsed().as_nanos().min(*best);
        }
    }
    let best = best.iter().sum::<u128>() as f64 / events.len() as f64;
    println!("{share} % of events with an indicator: {best:.0} ns an event, {hits} of {} hit", events.len());
}

fn scope(number: usize, now: Timestamp) -> ListScope {
    ListScope {
        id: IntelListId::derived(now, &[&number.to_be_bytes()]),
        name: format!("list {number}"),
        source: String::new(),
        customers: None,
        confidence: 50,
        tlp: Tlp::Amber,
        expires: None,
        least_confidence: 0,
        version: 1,
    }
}

/// What feeds are made of: addresses, domains, URLs and hashes, some ranges.
fn indicator(number: usize, random: &mut fastrand::Rng) -> Indicator {
    let text = text(number);
    let mut indicator = Indicator::parse(&text).unwrap_or_else(|why| panic!("{text}: {why}"));
    indicator.note = number.is_multiple_of(3).then(|| format!("family {}", random.u32(..500)).into());
    indicator
}

fn text(number: usize) -> String {
    let spread = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    match number % 20 {
        0..=5 => {
            format!("{}.{}.{}.{}", 20 + (spread >> 8) % 80, (spread >> 16) as u8, (spread >> 24) as u8, spread >> 56)
        }
        6..=11 => format!("{}-{number:x}.bad{}.example", word(spread), spread >> 44),
        12..=14 => format!(
            "http://{}-{number:x}.bad{}.example/{:x}/drop.php?id={}",
            word(spread),
            spread >> 50,
            spread,
            number
        ),
        15..=18 => format!("{:016x}{spread:016x}{:016x}{number:016x}", !spread, spread.rotate_left(7)),
        _ if number % 200 == 19 => {
            format!("{}.{}.{}.0/24", 120 + (spread >> 8) % 40, (spread >> 16) as u8, (spread >> 24) as u8)
        }
        _ => format!("2a01:{:x}:{:x}::{:x}:{:x}", spread >> 48, (spread >> 32) as u16, number >> 16, number & 0xffff),
    }
}

fn word(spread: u64) -> &'static str {
    ["update", "cdn", "login", "static", "mail", "secure", "api", "img"][(spread >> 60) as usize % 8]
}

/// A mix as devices send it: traffic, names looked up, pages fetched, programs begun.
fn event(number: usize, bad: Option<usize>, random: &mut fastrand::Rng) -> Event<'static> {
    let mut event = Event::unparsed("", Timestamp::from_micros(0));
    let mut push = |name: &'static str, value: String| event.core.push(name, Value::from(value));
    let inside = format!("10.{}.{}.{}", random.u8(..), random.u8(..), random.u8(..));
    let outside = format!("{}.{}.{}.{}", random.u8(160..200), random.u8(..), random.u8(..), random.u8(..));
    let name = format!("{}.cdn{}.shop-{}.com", ["www", "img", "a.b"][number % 3], random.u8(..9), random.u16(..));
    push("event_action", "allow".into());
    push("host_name", format!("host-{}", random.u16(..500)));
    push("user_name", format!("user{}", random.u16(..900)));
    match number % 10 {
        0..=4 => {
            push("source_ip", inside);
            push("destination_ip", outside);
            push("network_protocol", "tcp".into());
            push("rule_name", "outbound".into());
        }
        5 => {
            push("source_ip", inside);
            push("dns_question_name", name);
            push("dns_resolved_ip", outside);
        }
        6 => {
            push("source_ip", inside);
            push("destination_ip", outside);
            push("url_full", format!("https://{name}/articles/{}/read?id={}&ref=home", random.u32(..), random.u16(..)));
            push("url_domain", name);
            push("user_agent_original", "Mozilla/5.0".into());
        }
        _ => {
            push("process_command_line", "C:\\Windows\\System32\\svchost.exe -k netsvcs".into());
            push("file_hash_sha256", format!("{:032x}{:032x}", random.u128(..), random.u128(..)));
            push("host_ip", inside);
        }
    }
    if let Some(bad) = bad {
        let text = text(bad);
        let field = match bad % 20 {
            0..=5 | 19 => "destination_nat_ip",
            6..=11 => "destination_domain",
            12..=14 => "http_request_referrer",
            _ => "file_hash_md5",
        };
        push(field, text.replace("0/24", "77"));
    }
    event
}

fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kilobytes.unwrap_or_default() << 10
}
