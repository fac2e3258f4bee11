//! `vedette bench find`: how quick searches are, beside DuckDB and chDB over the same files in the same run.
//!
//! Writes events of three customers over thirty days, asks, prints the times and their ratios, and removes the files
//! again. Times are the best of three warm runs; the first run is printed beside them.

mod catalogue;
mod events;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lake::{Lake, LakeConfig};
use model::query::Query;
use model::search::EventQuery;
use model::{Context, CustomerId, PageRequest, Scope, TimeRange, Timestamp};

use catalogue::Memory;
use events::{DAYS, Made, START};

use crate::cli::FindArgs;
use crate::error::Error;

/// A question with its SQL twin over the view `e`.
struct Ask {
    name: &'static str,
    sql: String,
    what: What,
}

enum What {
    Latest(&'static str),
    Count(&'static str),
    Top(&'static str),
    Bars(&'static str),
    ByCustomer(&'static str),
}

/// Runs the benchmark and prints what it found.
pub async fn run(arguments: &FindArgs) -> Result<(), Error> {
    let told = |error: &dyn std::fmt::Display| Error::Told(error.to_string());
    let count = arguments.events;
    let dir = super::work_folder(arguments.folder.as_deref())?.join("data");
    let catalogue = Arc::new(Memory::default());
    let config = LakeConfig { flush_rows: usize::MAX, flush_bytes: 1 << 30, ..LakeConfig::new(&dir) };
    let lake = Lake::open(config, catalogue.clone()).await.map_err(|error| told(&error))?;
    let customers: Vec<CustomerId> =
        (0..3u8).map(|number| CustomerId::derived(Timestamp::from_micros(START), &[&[number]])).collect();

    let (appending, flushing) = fill(&lake, &customers, count).await.map_err(|error| told(&error))?;
    let files = catalogue.files();
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let index: u64 = files.iter().map(|file| lake::index_bytes(&dir.join(&file.path))).sum();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    println!(
        "{count} events in {} files: {:.1} B/event, of which index {:.1} % ({:.2} B)",
        files.len(),
        bytes as f64 / count as f64,
        100.0 * index as f64 / bytes as f64,
        index as f64 / count as f64
    );
    println!(
        "append {:.2} us/event, flush {:.2} us/event, peak memory so far {} MiB",
        each(appending),
        each(flushing),
        peak()
    );

    let mut asks = asks();
    asks.retain(|ask| arguments.only.as_ref().is_none_or(|only| ask.name.contains(only)));
    let [duck, click] = ["duckdb", "chdb"].map(|engine| others(&arguments.python, engine, &dir, &asks));
    println!(
        "{:<34} {:>10} {:>10} {:>10} {:>8} {:>10} {:>8} {:>10}",
        "", "first", "warm", "DuckDB", "ratio", "chDB", "ratio", "found"
    );
    for (number, ask) in asks.iter().enumerate() {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..4 {
            let start = Instant::now();
            found = answer(&lake, &ask.what).await.map_err(|error| told(&error))?;
            times.push(start.elapsed());
        }
        let warm = times[1..].iter().min().copied().unwrap_or_default();
        let beside = |theirs: &[f64]| match theirs.get(number) {
            Some(theirs) => {
                format!(
                    "{:>10} {:>8}",
                    format!("{:.1} ms", theirs * 1e3),
                    format!("{:.2}", warm.as_secs_f64() / theirs)
                )
            }
            None => format!("{:>10} {:>8}", "-", "-"),
        };
        println!(
            "{:<34} {:>10} {:>10} {} {} {found:>10}",
            ask.name,
            ms(times[0]),
            ms(warm),
            beside(&duck),
            beside(&click)
        );
    }
    customer_day(&lake, &customers).await.map_err(|error| told(&error))?;
    println!("peak memory {} MiB, read {} MiB", peak(), lake.bytes_searched() >> 20);
    drop(lake);
    std::fs::remove_dir_all(&dir).map_err(super::failed("cannot remove", &dir))
}

async fn fill(lake: &Lake, customers: &[CustomerId], count: u64) -> Result<(Duration, Duration), lake::Error> {
    let (mut appending, mut flushing) = (Duration::ZERO, Duration::ZERO);
    let mut day = 0;
    for from in (0..count).step_by(1_000) {
        let made: Vec<Made> = (from..(from + 1_000).min(count)).map(|number| Made::of(number, count)).collect();
        let start = Instant::now();
        events::append(lake, customers, &made)?;
        appending += start.elapsed();
        let next = (from + 1_000) * DAYS / count;
        if next > day {
            let start = Instant::now();
            lake.flush_all().await?;
            flushing += start.elapsed();
            day = next;
        }
    }
    let start = Instant::now();
    lake.flush_all().await?;
    Ok((appending, flushing + start.elapsed()))
}

fn asks() -> Vec<Ask> {
    let needle = events::NEEDLE;
    let latest = |name, q, sql: String| Ask {
        name,
        sql: format!("select time, device, source, raw from e where {sql} order by time desc limit 100"),
        what: What::Latest(q),
    };
    vec![
        latest("latest 100", "*", "true".into()),
        latest("field needle", "source_ip:198.51.100.77", format!("source_ip = '{needle}'")),
        latest(
            "src-or-dst needle",
            "source_ip:198.51.100.77 OR destination_ip:198.51.100.77",
            format!("source_ip = '{needle}' or destination_ip = '{needle}'"),
        ),
        latest("free text, a rare word", "zugspitze", "raw like '%zugspitze%'".into()),
        latest("free text, an address", "\"198.51.100.77\"", format!("raw like '%{needle}%'")),
        latest("free text, a phrase of two words", "\"zugspitze backup\"", "raw like '%zugspitze backup%'".into()),
        Ask {
            name: "count of a rare word",
            sql: "select count(*) from e where raw like '%zugspitze%'".into(),
            what: What::Count("zugspitze"),
        },
        Ask {
            name: "count of part of a word",
            sql: "select count(*) from e where raw like '%ugspitz%'".into(),
            what: What::Count("*ugspitz*"),
        },
        Ask {
            name: "count by port and action",
            what: What::Count("destination_port:443 event_action:deny"),
            sql: "select count(*) from e where destination_port = 443 and event_action = 'deny'".into(),
        },
        Ask {
            name: "top 10 of source_ip",
            what: What::Top("source_ip"),
            sql: "select source_ip, count(*) c from e where source_ip is not null group by 1 order by c desc limit 10"
                .into(),
        },
        Ask {
            name: "top 10 of user_name",
            what: What::Top("user_name"),
            sql: "select user_name, count(*) c from e where user_name is not null group by 1 order by c desc limit 10"
                .into(),
        },
        Ask {
            name: "histogram by the hour",
            what: What::Bars("*"),
            sql: "select date_trunc('hour', time) h, count(*) from e group by 1".into(),
        },
        Ask {
            name: "histogram of an action",
            what: What::Bars("event_action:deny"),
            sql: "select date_trunc('hour', time) h, count(*) from e where event_action = 'deny' group by 1".into(),
        },
        Ask {
            name: "by customer",
            what: What::ByCustomer("*"),
            sql: "select customer, count(*) from e group by 1".into(),
        },
        Ask {
            name: "by customer of a port",
            what: What::ByCustomer("destination_port:443"),
            sql: "select customer, count(*) from e where destination_port = 443 group by 1".into(),
        },
    ]
}

async fn answer(lake: &Lake, what: &What) -> Result<usize, lake::Error> {
    let everyone = Context::job("bench", Scope::All, Timestamp::from_micros(START));
    let query = |q: &str| EventQuery {
        condition: q.parse::<Query>().expect("the questions are our own"),
        ..EventQuery::all(events::range())
    };
    Ok(match what {
        What::Latest(q) => {
            let query = EventQuery { page: PageRequest::new(100, None), ..query(q) };
            lake.search(&everyone, &query).await?.items.len()
        }
        What::Count(q) => lake.count(&everyone, &query(q)).await? as usize,
        What::Top(field) => lake.top_values(&everyone, &query("*"), field, 10).await?.len(),
        What::Bars(q) => lake.histogram(&everyone, &query(q), 720).await?.len(),
        What::ByCustomer(q) => lake.count_by_customer(&everyone, &query(q)).await?.len(),
    })
}

/// What one customer's day costs.
async fn customer_day(lake: &Lake, customers: &[CustomerId]) -> Result<(), lake::Error> {
    let owner = Context::job("bench", Scope::one(customers[1].clone()), Timestamp::from_micros(START));
    let day = |number: i64| Timestamp::from_micros(START + number * 86_400_000_000);
    let range = TimeRange { from: day(9), to: day(10) };
    for q in ["source_ip:198.51.100.77", "zugspitze", "user_name:user4242", "destination_port:443 event_action:deny"] {
        let query = EventQuery { condition: q.parse().expect("the questions are our own"), ..EventQuery::all(range) };
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let start = Instant::now();
            lake.search(&owner, &query).await?;
            best = best.min(start.elapsed());
        }
        println!("one customer's day: {q:<42} {}", ms(best));
    }
    let all = lake.count(&owner, &EventQuery::all(range)).await?;
    println!("one customer's day has {all} events");
    Ok(())
}

/// Best of the runs of each question by another engine, in seconds; nothing where Python has none.
fn others(python: &str, engine: &str, dir: &Path, asks: &[Ask]) -> Vec<f64> {
    let texts: Vec<&str> = asks.iter().map(|ask| ask.sql.as_str()).collect();
    let output = Command::new(python)
        .args(["-c", include_str!("find/others.py"), engine])
        .arg(dir)
        .arg(serde_json::to_string(&texts).expect("texts are JSON"))
        .output();
    match output {
        Ok(output) if output.status.success() => serde_json::from_slice(&output.stdout).unwrap_or_default(),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            println!("no {engine} to compare with: {}", why.trim().lines().last().unwrap_or_default());
            Vec::new()
        }
        Err(error) => {
            println!("no {engine} to compare with: {python}: {error}");
            Vec::new()
        }
    }
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) >> 10
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
