//! Every direct dependency stands in docs/DEPENDENCIES.md with its reason.

use std::collections::BTreeSet;
use std::fs;

use crate::{packages, root};

fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/DEPENDENCIES.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_direct_dependency_has_its_reason_and_every_reason_its_dependency() {
    let packages = packages();
    let ours: BTreeSet<_> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let mut used: BTreeSet<String> = packages
        .iter()
        .flat_map(|package| package["dependencies"].as_array().unwrap())
        .map(|dependency| dependency["name"].as_str().unwrap())
        .filter(|name| !ours.contains(name))
        .map(str::to_owned)
        .collect();
    let console = fs::read_to_string(root().join("console/package.json")).unwrap();
    let console: serde_json::Value = serde_json::from_str(&console).unwrap();
    for section in ["dependencies", "devDependencies"] {
        used.extend(console[section].as_object().into_iter().flat_map(|names| names.keys().cloned()));
    }
    let documented = documented();
    let missing: Vec<_> = used.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&used).collect();
    assert!(missing.is_empty() && stale.is_empty(), "without a reason: {missing:?}; not used: {stale:?}");
}
