//! The whole public rule tree.

use sigma::{Placeholders, RuleSet};

use crate::data;

#[test]
fn the_public_rule_tree_loads_without_an_error() {
    let Some(folder) = data::folder("sigma") else { return };
    let started = std::time::Instant::now();
    let set = RuleSet::load_dir(&folder);
    let (rules, inactive) = (set.rules().len(), set.inactive().len());
    println!("{rules} rules active, {inactive} inactive, in {:?}", started.elapsed());
    for error in set.errors() {
        println!("{}: {}", error.path, error.message);
    }
    assert!(set.errors().is_empty());
    assert_eq!(rules + inactive, data::files(&folder, "yml").len());
    assert!(rules + inactive >= 3_700);
    assert!((1..100).contains(&inactive));
    assert!(set.inactive().iter().all(|rule| rule.reason.contains('%') || rule.reason.contains("status")));
}

#[test]
fn filled_placeholders_activate_the_rules_that_need_them() {
    let Some(folder) = data::folder("sigma") else { return };
    let files = data::files(&folder.join("rules-placeholder"), "yml");
    let texts: Vec<_> =
        files.iter().map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())).collect();
    let empty = RuleSet::load(texts.clone());
    let names = empty.inactive().iter().filter_map(|rule| rule.reason.split('%').nth(1)).map(str::to_owned);
    let mut fill: Placeholders = names.map(|name| (name, vec!["x*".to_owned(), "y".to_owned()])).collect();
    // A rule may name a second placeholder, which shows only once its first is filled.
    let mut set = RuleSet::load_with(texts.clone(), &fill.clone().into());
    for _ in 0..5 {
        fill.extend(
            set.inactive().iter().map(|rule| (rule.reason.split('%').nth(1).unwrap().into(), vec!["z".into()])),
        );
        set = RuleSet::load_with(texts.clone(), &fill.clone().into());
    }
    println!("{} of {} inactive rules became active", set.rules().len() - empty.rules().len(), empty.inactive().len());
    assert!(set.inactive().is_empty() && set.errors().is_empty());
    assert!(empty.inactive().len() >= 10);
}
