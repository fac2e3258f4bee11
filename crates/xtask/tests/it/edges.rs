//! Which crate may use which: arrows only point downward.

use std::collections::BTreeMap;

use crate::{packages, root};

/// Allowed edges among our own crates, as docs/ARCHITECTURE.md has them.
const ALLOWED: &[(&str, &[&str])] = &[
    ("archive", &[]),
    ("model", &[]),
    ("formats", &["model"]),
    ("intel", &["model"]),
    ("sigma", &["model"]),
    ("sightings", &["model"]),
    ("yara", &["archive"]),
    ("feeds", &["model", "intel"]),
    ("lake", &["model", "sightings"]),
    ("store", &["model"]),
    ("ops", &["archive", "model", "formats", "store", "lake", "sightings", "sigma", "intel", "yara"]),
    ("receive", &["model", "formats"]),
    ("collect", &["model", "formats", "receive"]),
    ("pipeline", &["model", "formats", "sigma", "intel", "lake", "store", "receive"]),
    ("api", &["model", "ops"]),
    ("console", &[]),
    (
        "server",
        &[
            "model",
            "formats",
            "intel",
            "feeds",
            "sightings",
            "sigma",
            "lake",
            "store",
            "ops",
            "receive",
            "collect",
            "pipeline",
            "api",
            "console",
            "yara",
        ],
    ),
    ("e2e", &["model", "server"]),
    ("xtask", &[]),
];

/// Heavy libraries that only one crate may see.
const BEHIND: &[(&str, &str)] = &[
    ("datafusion", "lake"),
    ("arrow", "lake"),
    ("parquet", "lake"),
    ("sqlx", "store"),
    ("axum", "api console receive server"),
];

#[test]
fn crates_use_only_what_the_architecture_allows() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let packages = packages();
    let ours: Vec<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert_eq!(ours.len(), ALLOWED.len(), "a crate is missing from the table: {ours:?}");
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            let for_tests = dependency["kind"] == "dev";
            if ours.contains(&on) && !for_tests {
                assert!(may.contains(&on), "{name} must not use {on}");
            }
            if let Some((_, only)) = BEHIND.iter().find(|(heavy, _)| *heavy == on) {
                assert!(only.split(' ').any(|one| one == name) || for_tests, "only {only} may use {on}, not {name}");
            }
        }
        let folder = root().join("crates").join(name);
        assert!(folder.join("README.md").exists(), "{name} has no README.md");
    }
}
