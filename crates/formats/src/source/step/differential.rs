//! The machine against the `regex` crate: whatever it says, the crate says too.

use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;
use regex::Regex;

use super::matcher::{Matcher, Outcome, regex};
use super::run::Scratch;
use crate::grok;
use crate::source::Sources;

/// Numbers that look random, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }
}

/// What both say of a text: the named groups, where the expression fits.
type Groups = Option<Vec<Option<Range<usize>>>>;

fn by_crate(regex: &Regex, text: &str) -> Groups {
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    let found = regex.captures(text)?;
    Some(names.iter().map(|name| found.name(name).map(|group| group.range())).collect())
}

/// Nothing where the machine leaves the text to the crate.
fn by_machine(matcher: &Matcher, text: &str) -> Option<Groups> {
    let mut scratch = Scratch::default();
    match matcher.by_machine(text, &mut scratch) {
        Outcome::Left => None,
        Outcome::Misfit => Some(None),
        Outcome::Fits => Some(Some((0..matcher.names().len()).map(|group| scratch.group(group)).collect())),
    }
}

/// All expressions of all embedded sources, patterns written out.
fn expressions() -> Vec<String> {
    fn collect(value: &toml::Value, key: &str, found: &mut Vec<String>) {
        match value {
            toml::Value::String(text) if matches!(key, "regex" | "matches" | "first") => found.push(text.clone()),
            toml::Value::Array(values) => values.iter().for_each(|value| collect(value, key, found)),
            toml::Value::Table(table) => table.iter().for_each(|(key, value)| collect(value, key, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for text in Sources::embedded_texts().values() {
        collect(&toml::Value::Table(text.parse().unwrap()), "", &mut found);
    }
    found.sort();
    found.dedup();
    found.iter().map(|text| grok::expand(text).unwrap().0).collect()
}

fn lines() -> Vec<String> {
    let mut lines: Vec<String> = Sources::samples().flat_map(|(_, text)| text.lines().map(str::to_owned)).collect();
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/logs"));
    if data.is_dir() {
        let mut folders = vec![data.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = std::fs::read_to_string(&path) {
                    // The first of each file: a file's lines are of a kind.
                    lines.extend(text.lines().take(40).map(str::to_owned));
                }
            }
        }
    } else {
        assert!(std::env::var("REQUIRE_DATA").is_err(), "there is no {}", data.display());
        println!("skipped: recorded logs, which are not there");
    }
    lines.retain(|line| !line.trim().is_empty() && line.len() < 8192);
    lines.sort();
    lines.dedup();
    lines
}

/// A line cut, swapped, spliced with another or with something put in.
fn mutated(lines: &[String], chance: &mut Chance) -> String {
    const PUT_IN: [&str; 16] =
        ["日志", "é", "\n", "\0", "\"", "'", ":", " ", "=", ",", ".", "\u{a0}", "\r\n", "\u{2028}", "[", "1"];
    let place = |text: &str, chance: &mut Chance| {
        let at = chance.below(text.len() + 1);
        (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    let mut text = lines[chance.below(lines.len())].clone();
    for _ in 0..chance.below(4) {
        let at = place(&text, chance);
        match chance.below(5) {
            0 => text.truncate(at),
            1 => text = text[at..].to_owned(),
            2 => text = format!("{}{}", &text[at..], &text[..at]),
            3 => {
                let other = &lines[chance.below(lines.len())];
                text = format!("{}{}", &text[..at], &other[place(other, chance)..]);
            }
            _ => text.insert_str(at, chance.of(&PUT_IN)),
        }
    }
    text
}

#[test]
fn every_expression_of_every_source_finds_in_every_line_what_the_crate_finds() {
    let (expressions, lines) = (expressions(), lines());
    let (mut cases, mut fits, mut left) = (0, 0, 0);
    let mut chance = Chance(7);
    // Each line with expressions by chance, and each expression with lines by chance that a literal of it stands in.
    let all: Vec<(Matcher, Regex, Option<String>)> = expressions
        .iter()
        .map(|text| {
            let (matcher, hir) = Matcher::parse(text).unwrap();
            (matcher, regex(text).unwrap(), super::pattern::literal(&hir))
        })
        .collect();
    let own = all.iter().filter(|(matcher, ..)| !matcher.is_own()).count();
    let mut compare = |index: usize, text: &str| {
        let (matcher, regex, literal) = &all[index];
        if literal.as_ref().is_some_and(|literal| !text.contains(literal)) {
            return;
        }
        cases += 1;
        match by_machine(matcher, text) {
            None => left += 1,
            Some(found) => {
                let expected = by_crate(regex, text);
                assert_eq!(found, expected, "{} {text:?}", expressions[index]);
                fits += usize::from(expected.is_some());
            }
        }
    };
    let samples = Sources::samples().flat_map(|(_, text)| text.lines());
    for line in samples {
        (0..all.len()).for_each(|index| compare(index, line));
    }
    for line in &lines {
        (0..40).for_each(|_| compare(chance.below(all.len()), line));
    }
    for _ in 0..3000 {
        let text = mutated(&lines, &mut chance);
        (0..60).for_each(|_| compare(chance.below(all.len()), &text));
    }
    println!(
        "{cases} cases of {} expressions and {} lines: {fits} fit, {left} left to the crate; {own} expressions not the machine's",
        expressions.len(),
        lines.len()
    );
    assert!(expressions.len() >= 850 && cases >= 200_000 && fits >= 5_000, "{cases} {fits}");
    assert!(left * 100 < cases && own * 50 < expressions.len(), "{left} {own}");
}

/// Expressions over a few letters, every group with a name.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => prop::sample::select(vec![
            "a", "b", "ab", "é", "日", "日a", " ", ".", "[ab]", "[^a]", "[^é]", r"\w", r"\s", r"\S", r"\d", "(?s:.)",
            "[a-é]", r"[^\s日]", "(?i:a)", r"\W", "(?i:k)", "abc", "(?-u:[a-c])",
        ]),
        1 => prop::sample::select(vec![
            "^", "$", r"\b", r"\B", "(?m:^)", "(?m:$)", r"\b{start}", r"\b{end-half}", r"(?-u:\b)", "", r"\b{start-half}",
            r"\b{end}", r"(?-u:\B)",
        ]),
    ];
    let count =
        prop::sample::select(vec!["?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}", "??", "*?", "+?", "{1,2}?", "{2,}?"]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 24, 4, move |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            3 => (inner.clone(), count.clone()).prop_map(|(part, count)| format!("(?:{part}){count}")),
            2 => inner.prop_map(|part| format!("(?P<g>{part})")),
        ]
    })
}

/// The expression with a name of its own for each group, and one for all of it.
fn named(expression: &str) -> String {
    let mut parts = expression.split("(?P<g>");
    let mut text = format!("(?P<all>{}", parts.next().unwrap_or_default());
    parts.enumerate().for_each(|(index, part)| text += &format!("(?P<g{index}>{part}"));
    text + ")"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn any_small_expression_finds_what_the_crate_finds(
        expression in expression(),
        texts in prop::collection::vec("[abcKkﬀé日 1\n_.]{0,12}", 12),
    ) {
        let text = named(&expression);
        let (Ok(matcher), Ok(regex)) = (Matcher::new(&text), regex(&text)) else { return Ok(()) };
        for line in texts.iter().map(String::as_str).chain(["", "a", "abab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"]) {
            if let Some(found) = by_machine(&matcher, line) {
                prop_assert_eq!(found, by_crate(&regex, line), "{} {:?}", text, line);
            }
        }
    }
}

#[test]
fn an_expression_that_goes_back_without_end_is_left_to_the_crate() {
    let long = "a".repeat(3000);
    let pairs = "x.".repeat(2000);
    for (expression, text) in [
        ("^(?P<g>(?:a+)+)b", &long),
        ("^(?P<g>(?:a|aa)+)$!", &long),
        ("^(?P<one>.*)x(?P<two>.*)x(?P<three>.*)y", &pairs),
        ("(?P<one>.*?)x(?P<two>.*?)x(?P<three>.*?)x.*y", &pairs),
        ("(?P<g>x.*)y", &pairs),
    ] {
        let matcher = Matcher::new(expression).unwrap();
        assert!(matcher.is_own(), "{expression}");
        let mut scratch = Scratch::default();
        assert_eq!(matcher.by_machine(text, &mut scratch), Outcome::Left, "{expression}");
        assert!(!matcher.is_match(text), "{expression}");
        // The same expression still fits what it fits.
        assert!(matcher.is_match("aabxbxcxy") || expression.ends_with('!'), "{expression}");
    }
}

#[test]
fn the_steps_a_text_may_take_grow_with_its_length_and_no_faster() {
    let steps = |expression: &str, text: &str| {
        let matcher = Matcher::new(expression).unwrap();
        let mut scratch = Scratch::default();
        matcher.by_machine(text, &mut scratch);
        scratch.spent(text.len())
    };
    let (short, long) = ("x.".repeat(4000), "x.".repeat(400_000));
    for expression in ["^(.*)x(.*)x(.*)y", "(?:x|x[.])+y", "(x.*)y", "(.*)y"] {
        assert!(steps(expression, &short) <= 2000 + 11 * short.len(), "{expression}");
        assert!(steps(expression, &long) <= long.len() / 2, "{expression}");
    }
}
