//! `learning.toml` of a use case: records that recur, from which a baseline learns what is usual.

use chrono::{DateTime, Datelike, FixedOffset, Utc};
use model::Timestamp;
use serde::Deserialize;

/// Records that recur.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learning {
    pattern: Vec<Pattern>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    from: String,
    every: String,
    times: i64,
    days: Option<String>,
    lines: Vec<String>,
}

impl Learning {
    /// The records in order of time, each with when it was received.
    pub fn records(&self) -> Vec<(Timestamp, String)> {
        let mut records = Vec::new();
        for pattern in &self.pattern {
            let from: DateTime<FixedOffset> = DateTime::parse_from_rfc3339(&pattern.from).unwrap();
            let (number, unit) = pattern.every.split_at(pattern.every.len() - 1);
            let unit = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                other => panic!("no unit of time: {other}"),
            };
            let step = number.parse::<i64>().unwrap() * unit;
            for turn in 0..pattern.times {
                let at = from + chrono::Duration::seconds(turn * step);
                let is_workday = at.weekday().num_days_from_monday() < 5;
                match pattern.days.as_deref() {
                    Some("work") if !is_workday => continue,
                    Some("weekend") if is_workday => continue,
                    None | Some("work" | "weekend") => {}
                    Some(other) => panic!("no days: {other}"),
                }
                for (place, line) in pattern.lines.iter().enumerate() {
                    let at = at + chrono::Duration::seconds(place as i64);
                    records.push((Timestamp::from_micros(at.timestamp_micros()), filled(line, at, turn)));
                }
            }
        }
        records.sort_by_key(|(time, _)| *time);
        records
    }
}

/// A line with what stands between double braces put in.
fn filled(line: &str, at: DateTime<FixedOffset>, turn: i64) -> String {
    let mut out = String::new();
    let mut parts = line.split("{{");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (what, rest) = part.split_once("}}").unwrap_or_else(|| panic!("no end of {{{{ in {line}"));
        out.push_str(&match what {
            "@" => at.timestamp().to_string(),
            "#" => turn.to_string(),
            _ if what.starts_with('%') => at.format(what).to_string(),
            _ if what.starts_with("Z%") => at.with_timezone(&Utc).format(&what[1..]).to_string(),
            _ => {
                let choices: Vec<&str> = what.split('|').collect();
                choices[turn as usize % choices.len()].to_owned()
            }
        });
        out.push_str(rest);
    }
    out
}
