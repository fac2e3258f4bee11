//! No function of the store escapes its contract.

use std::path::Path;

#[test]
fn every_public_function_is_used_by_a_test_of_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |folder: &str| -> String {
        let files = std::fs::read_dir(root.join(folder)).unwrap().flatten();
        let sources = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "rs"));
        sources.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect()
    };
    let (sources, tests) = (read("src"), read("tests/it") + &read("tests/it/contract"));
    let functions: Vec<&str> = sources
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub async fn "))
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    assert!(functions.len() > 80, "{} functions", functions.len());
    let missing: Vec<_> = functions
        .iter()
        .filter(|name| ![".", "::"].iter().any(|call| tests.contains(&format!("{call}{name}("))))
        .collect();
    assert!(missing.is_empty(), "no test uses {missing:?}");
}
