//! Each step of a layout does what its documentation says, alone and after others.

use std::collections::BTreeMap;
use std::sync::Arc;

use formats::{Hint, Parser, Sources};

fn parser(steps: &str, rest: &str) -> Parser {
    let text = format!(
        "vendor = \"a\"\nproduct = \"b\"\n[[variant]]\nrecognise = {{ starts_with = [\"!\"], whole = true }}\n{steps}\n{rest}"
    );
    let sources = Sources::from_texts(BTreeMap::from([("a_b".to_owned(), text)]));
    Parser::new(Arc::new(sources.unwrap_or_else(|error| panic!("{error}"))))
}

/// The fields of a record after these steps, or the format it was left to.
fn fields(steps: &str, record: &str) -> String {
    let parser = parser(steps, "");
    let event = parser.parse(record, &Hint::new("2026-11-21T08:00:00Z".parse().unwrap()));
    if &*event.source != "a_b" {
        return event.source.to_string();
    }
    event.fields.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect()
}

fn step(text: &str) -> String {
    format!("[[variant.step]]\n{text}\n")
}

#[test]
fn each_reading_step_takes_its_format_apart() {
    let cut = step("type = \"dissect\"\npattern = \"!{_body}\"");
    for (options, record, expected) in [
        ("type = \"csv\"\nnames = [\"a\", \"\", \"c\"]", r#"!1,2,"x,y",4"#, r#"a="1" c="x,y" column_4="4" "#),
        ("type = \"csv\"\nseparator = \"\\t\"\nnames = [\"a\", \"b\"]", "!1\t2", r#"a="1" b="2" "#),
        ("type = \"csv\"\nnames = [\"a\"]\nleast = 3", "!1,2", "unparsed"),
        ("type = \"logfmt\"", r#"!level=info ok msg="a \"b\"""#, r#"level="info" ok=true msg="a \"b\"" "#),
        (
            "type = \"leef\"",
            "!LEEF:1.0|v|p|1|e|a=b c\td=e",
            r#"leefVersion="1.0" deviceVendor="v" deviceProduct="p" deviceVersion="1" eventID="e" a="b c" d="e" "#,
        ),
        ("type = \"xml\"\nlift = [\"r\"]", "!<r><a x='1'>t</a></r>", r##"a.#attributes.x="1" a="t" "##),
        ("type = \"json\"\nprefix = \"p.\"", r#"!{"a":1}"#, "p.a=1 "),
        ("type = \"json\"\nlenient = true", r#"!{"a ":HIGH,"b":1}x"#, r#"a="HIGH" b=1 "#),
        (
            "type = \"json\"\npairs = [{ path = \"l\", name = \"n\", value = \"v\" }]",
            r#"!{"l":[{"n":"a","v":1}]}"#,
            "l.a=1 ",
        ),
        ("type = \"key_value\"\nloose = true", "!a = 1 b =2", r#"a="1" b="2" "#),
        ("type = \"key_value\"\nseparator = \";\"\nkey_end = \"(\"", "!a(1)=x;b=y;", r#"a="x" b="y" "#),
        (
            "type = \"cef\"\nlabels = true",
            "!CEF:0|v|p|1|c|n|5|cs1=x cs1Label=Rule",
            r#"cefVersion="0" deviceVendor="v" deviceProduct="p" deviceVersion="1" deviceEventClassId="c" name="n" severity="5" cs1="x" cs1Label="Rule" Rule="x" "#,
        ),
        (
            "type = \"regex\"\npattern = [{ regex = '%{IP:ip}:%{INT:port:int}' }]",
            "!10.0.0.1:80",
            r#"ip="10.0.0.1" port=80 "#,
        ),
        (
            "type = \"regex\"\nmatch = \"all\"\npattern = [{ regex = 'a=(?P<a>\\d)' }, { regex = 'b=(?P<b>\\d)' }]",
            "!b=2 a=1",
            r#"a="1" b="2" "#,
        ),
    ] {
        let steps = cut.clone() + &step(&format!("{options}\nfield = \"_body\""));
        assert_eq!(fields(&steps, record), expected, "{options}");
    }
}

#[test]
fn each_changing_step_changes_what_it_names() {
    let read = step("type = \"json\"\nfield = \"_body\"");
    for (options, record, expected) in [
        ("type = \"split\"\nfield = \"a\"\nseparator = \",\"", r#"{"a":"x, y"}"#, r#"a=["x","y"] "#),
        (
            "type = \"split\"\nfield = \"a\"\nseparator = \"/\"\nnames = [\"b\", \"c\"]",
            r#"{"a":"x/y/z"}"#,
            r#"a="x/y/z" b="x" c="y/z" "#,
        ),
        (
            "type = \"join\"\nfields = [\"a\", \"q\", \"b\"]\nseparator = \"-\"\nto = \"c\"",
            r#"{"a":1,"b":"x"}"#,
            r#"a=1 b="x" c="1-x" "#,
        ),
        (
            "type = \"format\"\nto = \"u\"\npattern = \"{s}://{h}\"",
            r#"{"s":"http","h":"x"}"#,
            r#"s="http" h="x" u="http://x" "#,
        ),
        ("type = \"format\"\nto = \"u\"\npattern = \"{s}://{h}\"", r#"{"s":"http"}"#, r#"s="http" "#),
        (
            "type = \"join\"\nfields = [\"a\"]\nseparator = \" \"\nto = \"c\"",
            r#"{"a":["x","y"]}"#,
            r#"a=["x","y"] c="x y" "#,
        ),
        ("type = \"sum\"\nfields = [\"a\", \"b\", \"c\"]\nto = \"d\"", r#"{"a":1,"b":"2"}"#, r#"a=1 b="2" d=3 "#),
        (
            "type = \"direction\"\nsource = \"a\"\ndestination = \"b\"\nto = \"d\"",
            r#"{"a":"10.0.0.1","b":"198.51.100.1"}"#,
            r#"a="10.0.0.1" b="198.51.100.1" d="outbound" "#,
        ),
        ("type = \"lookup\"\nfield = \"a\"\ntable = \"common.protocol\"\nto = \"b\"", r#"{"a":6}"#, r#"a=6 b="tcp" "#),
        ("type = \"set\"\nfields = { a = 2, b = [\"x\", \"y\"] }", r#"{"a":1}"#, r#"a=1 b=["x","y"] "#),
        ("type = \"rename\"\nnames = { a = \"b\" }", r#"{"a":1,"c":2}"#, "c=2 b=1 "),
        ("type = \"copy\"\nnames = { a = \"b\" }", r#"{"a":1}"#, "a=1 b=1 "),
        ("type = \"remove\"\nfields = [\"a\"]", r#"{"a":1,"c":2}"#, "c=2 "),
        ("type = \"trim\"\nfields = [\"a\"]", r#"{"a":" 'x' "}"#, r#"a="x" "#),
        ("type = \"url_decode\"\nfields = [\"a\"]", r#"{"a":"x%20y"}"#, r#"a="x y" "#),
        ("type = \"base64\"\nfields = [\"a\"]", r#"{"a":["Z2V0","!"]}"#, r#"a=["get","!"] "#),
        ("type = \"hex\"\nfields = [\"a\"]", r#"{"a":"6c73002d6c"}"#, r#"a="ls -l" "#),
        (
            "type = \"timestamp\"\nfield = \"a\"\nformats = [\"dd/MM/yyyy HH:mm\"]",
            r#"{"a":"05/04/2026 07:30"}"#,
            r#"a="2026-04-05T07:30:00.000000" "#,
        ),
        ("type = \"structured_data\"", r#"{"j@1.2.3.source-address":"x"}"#, r#"source-address="x" "#),
        ("type = \"set\"\nonly_if = { a = \"1*\" }\nfields = { b = 1 }", r#"{"a":"12"}"#, r#"a="12" b=1 "#),
        ("type = \"set\"\nonly_if = { a = \"\" }\nfields = { b = 1 }", r#"{"a":"12"}"#, r#"a="12" "#),
        ("type = \"json\"\nfield = \"missing\"\noptional = true", r#"{"a":1}"#, "a=1 "),
        (
            "type = \"regex\"\nfield = \"a\"\npattern = [{ regex = 'b(?P<n>\\d)' }]",
            r#"{"a":["a1","b2"]}"#,
            r#"a=["a1","b2"] n="2" "#,
        ),
    ] {
        let cut = step("type = \"dissect\"\npattern = \"!{_body}\"");
        let steps = cut + &read + &step(options);
        assert_eq!(fields(&steps, &format!("!{record}")), expected, "{options}");
    }
}

#[test]
fn core_rules_take_parts_one_after_the_other_and_leave_absent_values() {
    let rest = r#"
[core]
source_ip = [{ from = "nat", absent = ["0.0.0.0"] }, { from = "src", take = "address" }]
source_port = { from = "src", take = "port" }
url_path = { from = "url", take = ["url_path", "url_decode"] }
event_outcome = { from = "result", lookup = "result" }
event_action = [{ from = "id", lookup = "ids" }, "verb"]
[constants]
event_category = ["network", "intrusion_detection"]
[lookup.result]
"*拦截*" = "failure"
"0..3.9" = "success"
[lookup.ids]
7 = "seven"
"#;
    let parser = parser(
        &(step("type = \"dissect\"\npattern = \"!{_body}\"") + &step("type = \"json\"\nfield = \"_body\"")),
        rest,
    );
    let hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    let raw = r#"!{"nat":"0.0.0.0","src":"10.0.0.1:80","url":"http://x/a%20b?q","result":"已拦截","id":8,"verb":"go"}"#;
    let event = parser.parse(raw, &hint);
    let core: String = event.core.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect();
    assert_eq!(
        core,
        r#"event_action="go" event_outcome="failure" source_ip="10.0.0.1" source_port=80 url_path="/a b" event_category=["network","intrusion_detection"] "#
    );
    assert!(event.fields.get("_body").is_none());
}

#[test]
fn a_layout_of_the_whole_record_is_read_with_what_looks_like_a_header() {
    let text = "vendor = \"a\"\nproduct = \"b\"\n[time]\nfields = [\"day clock\"]\nformats = [\"%Y-%m-%d %H:%M:%S\"]\nzone = \"+08:00\"\n[[variant]]\nrecognise.whole = true\nrecognise.matches = ['^\\d{4}-\\d\\d-\\d\\d \\S+ \\S+ GET ']\nrecognise.not_contains = [\"never\"]\n[[variant.step]]\ntype = \"dissect\"\npattern = \"{day} {clock} {ip} {method} {rest}\"\n";
    let sources = Sources::from_texts(BTreeMap::from([("a_b".to_owned(), text.to_owned())])).unwrap();
    let parser = Parser::new(Arc::new(sources));
    let hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    let event = parser.parse("2026-11-21 09:00:00 10.0.0.1 GET /x", &hint);
    assert_eq!((&*event.source, event.time.to_string().as_str()), ("a_b", "2026-11-21T01:00:00.000000Z"));
    assert_ne!(&*parser.parse("2026-11-21 09:00:00 10.0.0.1 GET /never", &hint).source, "a_b");
}
