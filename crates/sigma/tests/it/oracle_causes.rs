//! Why another implementation's verdict differs from ours: each cause with what the specification says, a test of our own,
//! and a rule and an event that show it.

use serde_json::Value as Json;

/// One cause.
pub struct Cause {
    pub name: &'static str,
    /// Where the specification decides it.
    pub clause: &'static str,
    /// Our test of what it says, in `modifiers.rs`.
    pub test: &'static str,
    /// Whether a rule with this item (field with modifiers, value) has it.
    applies: fn(&str, &Json) -> bool,
    /// Whose match the other one misses.
    pub only_ours: bool,
    /// A detection item and values of `f` that show it; a keyword stands under an empty field.
    pub shown_by: (&'static str, &'static str),
}

/// All that are known; at most twenty may be.
pub const CAUSES: &[Cause] = &[
    Cause {
        name: "keywords joined with `|all` are compared with whole values instead of searched",
        clause: "Rules specification, Detection, Lists: a list without a field is searched in the whole log message",
        test: "keywords_can_be_joined_mixed_with_maps_and_be_expressions",
        applies: |key, _| key == "|all",
        only_ours: true,
        shown_by: ("'|all': [one, two]", "one and two"),
    },
    Cause {
        name: "a wildcard within `startswith` or `endswith` swaps the anchors",
        clause: "Modifiers appendix, startswith, endswith: the value is expected at the beginning, at the end",
        test: "contains_startswith_and_endswith_open_the_value",
        applies: |key, value| (key.ends_with("|endswith") || key.ends_with("|startswith")) && any(value, has_wildcard),
        only_ours: true,
        shown_by: ("'f|endswith': 'a?c'", "xxabc"),
    },
    Cause {
        name: "`windash` changes hyphens only, not a slash the rule itself has",
        clause: "Modifiers appendix, windash: all permutations of hyphen, slash, en dash, em dash and horizontal bar",
        test: "windash_takes_any_dash_where_a_flag_begins",
        applies: |key, value| {
            is_windash(key) && any(value, |text| text.contains(['/', '\u{2013}', '\u{2014}', '\u{2015}']))
        },
        only_ours: true,
        shown_by: ("'f|windash|contains': ' /enc '", "x -enc y"),
    },
    Cause {
        name: "`windash` takes wildcards as plain characters",
        clause: "Rules specification, Wildcards: they hold in every string value unless escaped",
        test: "windash_leaves_wildcards_what_they_are",
        applies: |key, value| is_windash(key) && any(value, has_wildcard),
        only_ours: true,
        shown_by: ("'f|windash|contains': ' -e* x'", "p -enc x"),
    },
    Cause {
        name: "`windash` changes a hyphen inside a word as well",
        clause: "Modifiers appendix, windash: the dash of a command line flag; as in pySigma, one that begins a word",
        test: "windash_takes_any_dash_where_a_flag_begins",
        applies: |key, value| is_windash(key) && any(value, has_hyphen_in_word),
        only_ours: false,
        shown_by: ("'f|windash': 'a-b'", "a/b"),
    },
];

/// The cause of a difference over a rule, if it is known.
pub fn cause(rule: &Json, only_ours: bool) -> Option<&'static Cause> {
    let mut items = Vec::new();
    rule["detection"].as_object()?.values().for_each(|detection| collect(detection, &mut items));
    let has = |cause: &&Cause| items.iter().any(|(key, value)| (cause.applies)(key, value));
    CAUSES.iter().filter(|cause| cause.only_ours == only_ours).find(has)
}

fn collect<'j>(detection: &'j Json, items: &mut Vec<(&'j str, &'j Json)>) {
    match detection {
        Json::Object(map) => items.extend(map.iter().map(|(key, value)| (key.as_str(), value))),
        Json::Array(list) => list.iter().for_each(|entry| collect(entry, items)),
        _ => {}
    }
}

fn any(value: &Json, holds: fn(&str) -> bool) -> bool {
    match value {
        Json::Array(values) => values.iter().any(|value| any(value, holds)),
        single => single.as_str().is_some_and(holds),
    }
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn is_windash(key: &str) -> bool {
    key.split('|').any(|part| part == "windash")
}

fn has_hyphen_in_word(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let begins = |place: usize| {
        !place.checked_sub(1).and_then(|before| characters.get(before)).is_some_and(is_word)
            && characters.get(place + 1).is_some_and(is_word)
    };
    (0..characters.len()).any(|place| characters[place] == '-' && !begins(place))
}
