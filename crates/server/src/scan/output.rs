//! Matches as a table, newline-delimited JSON or CSV. Values come from hostile logs: control characters never reach
//! the terminal, and a CSV cell never begins a formula.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Stdout, Write};

use model::Severity;
use serde::{Serialize, Serializer};
use sigma::RuleSet;

use super::summary::Summary;
use crate::cli::ScanFormat;

/// Characters of a value that a table shows.
const SHOWN: usize = 160;

/// One match.
#[derive(Debug, Serialize)]
pub struct Found<'a> {
    /// The file as given.
    pub file: &'a str,
    /// EVTX record id, else line number from 1.
    pub record: u64,
    pub rule_id: &'a str,
    pub title: &'a str,
    pub level: Severity,
    /// The record's own time.
    pub time: &'a str,
    /// What made the rule fire.
    #[serde(serialize_with = "as_object")]
    pub fields: &'a [(String, String)],
}

/// Where matches are written.
pub enum Output {
    Table(BufWriter<Stdout>),
    Ndjson(BufWriter<Stdout>),
    Csv(Box<csv::Writer<Stdout>>),
}

impl Output {
    pub fn new(format: ScanFormat) -> io::Result<Output> {
        Ok(match format {
            ScanFormat::Table => Output::Table(BufWriter::new(io::stdout())),
            ScanFormat::Ndjson => Output::Ndjson(BufWriter::new(io::stdout())),
            ScanFormat::Csv => {
                let mut out = csv::Writer::from_writer(io::stdout());
                out.write_record(["file", "record", "rule_id", "title", "level", "time", "fields"])?;
                Output::Csv(Box::new(out))
            }
        })
    }

    pub fn write(&mut self, found: &Found) -> io::Result<()> {
        match self {
            Output::Table(out) => {
                let Found { record, rule_id, level, .. } = found;
                let (file, title, time) = (plain(found.file), plain(found.title), plain(found.time));
                write!(out, "{:<13} {time}  {file}#{record}  {title}  [{rule_id}]", level.as_str())?;
                for (field, value) in found.fields {
                    let value: String = value.chars().take(SHOWN).collect();
                    write!(out, "  {}={}", plain(field), plain(&value))?;
                }
                writeln!(out)
            }
            Output::Ndjson(out) => {
                serde_json::to_writer(&mut *out, found)?;
                writeln!(out)
            }
            Output::Csv(out) => {
                let record = found.record.to_string();
                let fields = serde_json::to_string(&object(found.fields))?;
                let level = found.level.as_str();
                let cells = [found.file, &record, found.rule_id, found.title, level, found.time, &fields];
                Ok(out.write_record(cells.map(no_formula).iter().map(|cell| cell.as_bytes()))?)
            }
        }
    }

    /// Writes the summary: under a table, or beside machine-readable output.
    pub fn finish(self, summary: &Summary, rules: &RuleSet) -> io::Result<()> {
        match self {
            Output::Table(mut out) => {
                summary.write(rules, &mut out)?;
                out.flush()
            }
            Output::Ndjson(mut out) => {
                out.flush()?;
                summary.write(rules, &mut io::stderr())
            }
            Output::Csv(mut out) => {
                out.flush()?;
                summary.write(rules, &mut io::stderr())
            }
        }
    }
}

/// Fields by name; a name that matched with several values keeps them all.
fn object(fields: &[(String, String)]) -> BTreeMap<&str, serde_json::Value> {
    let mut object: BTreeMap<&str, serde_json::Value> = BTreeMap::new();
    for (field, value) in fields {
        match object.get_mut(field.as_str()) {
            None => {
                object.insert(field, value.as_str().into());
            }
            Some(serde_json::Value::Array(values)) => values.push(value.as_str().into()),
            Some(first) if *first == *value => {}
            Some(first) => *first = vec![first.take(), value.as_str().into()].into(),
        }
    }
    object
}

fn as_object<S: Serializer>(fields: &&[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    object(fields).serialize(serializer)
}

/// Without control characters, which a terminal would obey.
fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// A cell that a spreadsheet does not take for a formula.
fn no_formula(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_formulas_are_defused() {
        assert_eq!(plain("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(no_formula("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(no_formula("plain"), "plain");
    }

    #[test]
    fn a_field_that_matched_twice_keeps_both_values() {
        let fields = [("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
        assert_eq!(serde_json::to_string(&object(&fields)).unwrap(), r#"{"a":["1","2"]}"#);
    }
}
