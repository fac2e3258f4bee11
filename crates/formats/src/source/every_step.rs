//! Every step on one text: what fuzzers call, so that no step is left out of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Source, Sources};
use crate::builder::Builder;

/// A layout for each step, or each way of one.
const STEPS: &[&str] = &[
    "type = \"json\"\nlift = [\"*\"]\nlenient = true\npairs = [{ path = \"l\", name = \"name\", value = [\"value\"] }]",
    "type = \"json\"\nprefix = \"p.\"",
    "type = \"xml\"\nlift = [\"Event\"]\nnamed = \"Data@Name\"",
    "type = \"cef\"\nlabels = true",
    "type = \"leef\"",
    "type = \"key_value\"\nloose = true",
    "type = \"key_value\"\nseparator = \", \"\nequals = \":\"\nkey_end = \"(\"\nopen = [\"url\"]\nknown = [\"action\"]",
    "type = \"key_value\"\nseparator = \";\"",
    "type = \"logfmt\"",
    "type = \"csv\"\nnames = [\"a\", \"\", \"c\"]",
    "type = \"csv\"\nseparator = \"\\t\"\nquote = \"'\"\nnames = [\"a\"]",
    "type = \"dissect\"\npattern = \"{a} {b}: {c}\"",
    "type = \"regex\"\nmatch = \"all\"\npattern = [{ regex = '%{IP:ip}' }, { regex = '(?P<n>\\d+)[^x]*x' }, { regex = '%{QS:q}' }]",
    #[cfg(feature = "vrl")]
    PROGRAM,
];

/// Readers of the other language that could stumble over a text.
#[cfg(feature = "vrl")]
const PROGRAM: &str = r#"type = "vrl"
program = '''
. |= object(parse_json(%message) ?? {}) ?? {}
. |= parse_key_value(%message) ?? {}
.a = split(%message, " ")
.m = parse_regex(%message, r'(?P<n>\d+)[^x]*x') ?? {}
.u = parse_url(%message) ?? parse_user_agent(%message)
.c = parse_csv(%message) ?? parse_xml(%message) ?? parse_cef(%message) ?? null
'''"#;

/// Steps that change what the others found, all after each of them.
const CHANGES: &[&str] = &[
    "type = \"split\"\nfield = \"a\"\nseparator = \",\"",
    "type = \"join\"\nfields = [\"a\", \"b\"]\nseparator = \" \"\nto = \"joined\"",
    "type = \"format\"\nto = \"formatted\"\npattern = \"{a}/{b}\"",
    "type = \"sum\"\nfields = [\"a\", \"n\"]\nto = \"sum\"",
    "type = \"direction\"\nsource = \"a\"\ndestination = \"ip\"\nto = \"direction\"",
    "type = \"lookup\"\nfield = \"c\"\ntable = \"common.attack_outcome\"",
    "type = \"trim\"\nfields = [\"a\", \"b\", \"c\"]",
    "type = \"url_decode\"\nfields = [\"a\", \"b\", \"q\"]",
    "type = \"base64\"\nfields = [\"b\"]",
    "type = \"hex\"\nfields = [\"c\"]",
    "type = \"timestamp\"\nfield = \"b\"\nformats = [\"%d/%m/%Y %H:%M\", \"MMM d yyyy HH:mm:ss.SSS\"]",
    "type = \"structured_data\"\noptional = true",
    "type = \"blank_free_names\"",
    "type = \"integers\"\nfields = [\"a\", \"n\"]",
];

static SOURCES: LazyLock<Sources> = LazyLock::new(|| {
    let mut text = "vendor = \"every\"\nproduct = \"step\"\n".to_owned();
    for step in STEPS {
        text += &format!("[[variant]]\nrecognise.contains = [\"-\"]\n[[variant.step]]\n{step}\noptional = true\n");
        CHANGES.iter().for_each(|change| text += &format!("[[variant.step]]\n{change}\n"));
    }
    Sources::from_texts(BTreeMap::from([("every_step".to_owned(), text)])).expect("a test loads it")
});

/// Runs every step on a text.
pub fn try_steps(text: &str) {
    for layout in SOURCES.iter().flat_map(Source::layouts) {
        let _ = layout.take_apart(text, &mut Builder::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_every_step_loads() {
        assert_eq!(SOURCES.iter().flat_map(Source::layouts).count(), STEPS.len());
        try_steps("a b: c");
    }
}
