//! What a scan found, by rule and by ATT\&CK technique.

use std::collections::BTreeMap;
use std::io::{self, Write};

use model::Severity;
use sigma::RuleSet;

/// Counts of a scan.
#[derive(Debug, Default)]
pub struct Summary {
    /// Records read.
    pub records: u64,
    /// Bytes of their text.
    pub bytes: u64,
    by_rule: BTreeMap<String, u64>,
}

/// What the summary tells of a rule.
struct Line {
    level: Severity,
    count: u64,
    title: String,
    techniques: Vec<String>,
}

impl Summary {
    /// One more match of this rule.
    pub fn count(&mut self, rule_id: &str) {
        *self.by_rule.entry(rule_id.to_owned()).or_default() += 1;
    }

    /// Prints it: rules by severity and count, then techniques.
    pub fn write(&self, rules: &RuleSet, out: &mut impl Write) -> io::Result<()> {
        let mut lines: Vec<Line> = self.by_rule.iter().filter_map(|(id, count)| line(rules, id, *count)).collect();
        lines.sort_by(|a, b| (b.level, b.count, &a.title).cmp(&(a.level, a.count, &b.title)));
        let matches: u64 = lines.iter().map(|line| line.count).sum();
        writeln!(out, "\n{} records, {matches} matches by {} rules", self.records, lines.len())?;
        for line in &lines {
            writeln!(out, "{:>8}  {:<13} {}", line.count, line.level.as_str(), line.title)?;
        }
        let mut techniques: BTreeMap<&str, u64> = BTreeMap::new();
        for line in &lines {
            for technique in &line.techniques {
                *techniques.entry(technique).or_default() += line.count;
            }
        }
        if !techniques.is_empty() {
            writeln!(out, "\nby ATT&CK technique")?;
        }
        for (technique, count) in techniques {
            writeln!(out, "{count:>8}  {technique}")?;
        }
        Ok(())
    }
}

fn line(rules: &RuleSet, id: &str, count: u64) -> Option<Line> {
    if let Some(rule) = rules.rule(id) {
        return Some(Line { level: rule.level, count, title: rule.title.clone(), techniques: rule.techniques() });
    }
    if let Some(rule) = rules.baselines().iter().find(|rule| rule.id == id) {
        return Some(Line { level: rule.level, count, title: rule.title.clone(), techniques: rule.techniques() });
    }
    let rule = rules.correlations().iter().find(|rule| rule.id == id)?;
    Some(Line { level: rule.level, count, title: rule.title.clone(), techniques: rule.techniques() })
}
