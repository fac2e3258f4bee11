//! Real device logs with the ECS parse that Elastic's integrations expect of them: how many of each covered source's
//! lines it takes, and how many of their core fields equal the expected ones.
//!
//! Sources are read from the project's `sources` folder when the test runs, so that a change needs no rebuild:
//! `ONLY=cisco_asa cargo nextest run -p formats elastic --no-capture` prints every difference of one integration.

mod compare;
pub mod covered;
mod data;
mod page;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use formats::{Hint, Parser};

use data::Recording;

/// Of all lines of the covered recordings, this share is parsed by its source.
const LEAST_PARSED: f64 = 0.98;
/// Of all core fields expected of them, this share is equal.
const LEAST_EQUAL: f64 = 0.95;
/// Fewer lines than this, and the data is not what it should be.
const LEAST_LINES: usize = 4000;

/// How one source fares.
#[derive(Debug, Default)]
pub struct Score {
    pub streams: std::collections::BTreeSet<String>,
    pub lines: usize,
    pub parsed: usize,
    pub values: usize,
    pub equal: usize,
    /// Field, expected, ours: how often, and the start of a line.
    pub differences: BTreeMap<(String, String, String), (usize, String)>,
    /// What took the lines the source did not.
    pub others: BTreeMap<String, (usize, String)>,
}

impl Score {
    pub fn parsed_share(&self) -> f64 {
        share(self.parsed, self.lines)
    }

    pub fn equal_share(&self) -> f64 {
        share(self.equal, self.values)
    }

    fn add(&mut self, other: &Score) {
        self.lines += other.lines;
        self.parsed += other.parsed;
        self.values += other.values;
        self.equal += other.equal;
    }

    /// Fields by how often they differ.
    pub fn by_field(&self) -> Vec<(&str, usize, &str, &str)> {
        let mut fields = BTreeMap::<&str, (usize, usize, &str, &str)>::new();
        for ((field, expected, ours), (count, _)) in &self.differences {
            let entry = fields.entry(field).or_insert((0, 0, expected, ours));
            entry.0 += count;
            if *count > entry.1 {
                (entry.1, entry.2, entry.3) = (*count, expected, ours);
            }
        }
        let mut fields: Vec<_> =
            fields.into_iter().map(|(field, (count, _, expected, ours))| (field, count, expected, ours)).collect();
        fields.sort_by_key(|(_, count, ..)| std::cmp::Reverse(*count));
        fields
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn start(text: &str, length: usize) -> String {
    text.chars().take(length).map(|char| if char.is_control() { ' ' } else { char }).collect()
}

fn score(
    parser: &Parser,
    recording: &Recording,
    covered: &BTreeMap<String, covered::Covered>,
    scores: &mut BTreeMap<String, Score>,
) {
    let owners = covered::sources(covered, &recording.stream, &recording.name);
    let mut hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    hint.time_zone = recording.zone;
    for case in &recording.cases {
        let Some(expected) = &case.expected else { continue };
        let event = parser.parse(&case.input, &hint);
        // A line of a stream that mixes products counts for the source that took it, else for the first.
        let owner = owners.iter().find(|(source, _)| **source == *event.source).or(owners.first());
        let name = owner.map_or(format!("({})", recording.stream), |(source, _)| (*source).to_owned());
        let score = scores.entry(name.clone()).or_default();
        score.streams.insert(recording.stream.clone());
        score.lines += 1;
        if *name == *event.source {
            score.parsed += 1;
        } else {
            let other = score.others.entry(event.source.to_string()).or_insert((0, start(&case.input, 160)));
            other.0 += 1;
        }
        let excluded = |field: &str| owner.is_some_and(|(_, covered)| covered.differs.contains_key(field));
        for compared in compare::compare(&event, expected, &hint, &recording.not_of_record, &excluded) {
            score.values += 1;
            if compared.equal {
                score.equal += 1;
                continue;
            }
            let key = (
                compared.field.to_owned(),
                start(&compared.expected, 100),
                compared.ours.map_or("-".to_owned(), |ours| start(&ours, 100)),
            );
            score.differences.entry(key).or_insert_with(|| (0, start(&case.input, 200))).0 += 1;
        }
    }
}

fn print(name: &str, score: &Score, all: bool) {
    println!(
        "{name}: {} lines, {:.1} % parsed; {} values, {:.1} % equal",
        score.lines,
        score.parsed_share() * 100.0,
        score.values,
        score.equal_share() * 100.0
    );
    for (source, (count, line)) in &score.others {
        println!("    {count} taken by {source}: {line}");
    }
    if !all {
        let fields: Vec<_> =
            score.by_field().iter().take(8).map(|(field, count, ..)| format!("{field} {count}")).collect();
        if !fields.is_empty() {
            println!("    differing: {}", fields.join(", "));
        }
        return;
    }
    let mut differences: Vec<_> = score.differences.iter().collect();
    differences.sort_by_key(|((field, ..), (count, _))| (field.clone(), std::cmp::Reverse(*count)));
    for ((field, expected, ours), (count, line)) in differences {
        println!("  {count:4} {field}: expected `{expected}`, ours `{ours}`\n         {line}");
    }
}

#[test]
fn core_fields_of_real_device_logs_equal_the_expected_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/logs/elastic-integrations");
    if !root.is_dir() {
        assert!(std::env::var_os("REQUIRE_DATA").is_none(), "REQUIRE_DATA is set and the logs are absent");
        println!("skipped: no device logs in the shared data");
        return;
    }
    let only = std::env::var("ONLY").ok();
    let (sources, broken) = crate::live::sources();
    broken.iter().for_each(|problem| println!("BROKEN {problem}"));
    let parser = Parser::new(Arc::new(sources));
    let covered = covered::read();
    let mut scores = BTreeMap::new();
    for recording in data::recordings(&root, only.as_deref()) {
        if only.is_some() || !covered::sources(&covered, &recording.stream, &recording.name).is_empty() {
            score(&parser, &recording, &covered, &mut scores);
        }
    }
    let mut total = Score::default();
    for (name, score) in &scores {
        print(name, score, only.is_some());
        total.add(score);
    }
    print("all", &total, false);
    if only.is_some() {
        return;
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    page::check(&parser, &covered, &scores, &total);
    assert!(total.lines >= LEAST_LINES, "only {} lines", total.lines);
    assert!(total.parsed_share() >= LEAST_PARSED, "only {:.2} % parsed", total.parsed_share() * 100.0);
    assert!(total.equal_share() >= LEAST_EQUAL, "only {:.2} % equal", total.equal_share() * 100.0);
}
