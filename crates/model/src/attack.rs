//! MITRE ATT&CK, enterprise matrix: which techniques there are and which tactics they serve.

use std::sync::LazyLock;

/// Tactics in the order of the matrix.
pub const TACTICS: &[&str] = &[
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

/// A technique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technique {
    /// Its identifier, such as `T1110`.
    pub id: &'static str,
    /// Its name as published.
    pub name: &'static str,
    /// The tactics it serves.
    pub tactics: Vec<&'static str>,
}

/// Every technique, without sub-techniques, in the order of its first tactic.
pub fn techniques() -> &'static [Technique] {
    static ALL: LazyLock<Vec<Technique>> = LazyLock::new(|| {
        let lines = include_str!("../../../content/attack/enterprise.txt").lines();
        lines.filter(|line| !line.starts_with('#')).filter_map(read).collect()
    });
    &ALL
}

fn read(line: &'static str) -> Option<Technique> {
    let mut parts = line.splitn(3, ' ');
    let (id, tactics, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Technique { id, name, tactics: tactics.split(',').collect() })
}

/// The technique a technique or sub-technique belongs to: of `T1110.003` it is `T1110`.
pub fn parent(id: &str) -> &str {
    id.split_once('.').map_or(id, |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_technique_is_read_once_and_serves_tactics_of_the_matrix() {
        let ids: BTreeSet<_> = techniques().iter().map(|technique| technique.id).collect();
        assert!(ids.len() == techniques().len() && ids.len() > 200, "{}", ids.len());
        for technique in techniques() {
            assert!(technique.id.starts_with('T') && !technique.name.is_empty(), "{technique:?}");
            assert!(technique.tactics.iter().all(|tactic| TACTICS.contains(tactic)), "{technique:?}");
        }
        assert_eq!((parent("T1110.003"), parent("T1110")), ("T1110", "T1110"));
    }

    #[test]
    fn names_and_tactics_are_those_published() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/intel/attack/techniques.tsv");
        let Ok(text) = std::fs::read_to_string(path) else {
            assert!(std::env::var("REQUIRE_DATA").is_err(), "no {path}");
            return println!("skipped: no {path}");
        };
        let published: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
        let current = |row: &&Vec<&str>| row[0] == "enterprise-attack" && row[5..8] == ["0", "0", "0"];
        let mut compared = 0;
        for row in published.iter().filter(current) {
            let found = techniques().iter().find(|technique| technique.id == row[1]);
            let (ours, theirs): (BTreeSet<&str>, _) =
                (found.iter().flat_map(|found| found.tactics.clone()).collect(), row[3].split(',').collect());
            assert_eq!((found.map(|found| found.name), ours), (Some(row[2]), theirs), "{}", row[1]);
            compared += 1;
        }
        println!("{compared} techniques compared");
        assert!(compared >= 200, "{compared}");
    }
}
