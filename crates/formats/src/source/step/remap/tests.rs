use model::event::Value;

use super::*;

/// What a program makes of a text and the fields before it, as JSON in their order.
fn run(program: &str, text: &str, fields: &[(&'static str, Value<'static>)]) -> Result<String, String> {
    let program = Remap::compile(program)?;
    let mut builder = Builder::new();
    fields.iter().for_each(|(name, value)| builder.push(*name, value.clone()));
    program.run(text, &mut builder)?;
    Ok(builder.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect())
}

#[test]
fn a_vrl_program_changes_adds_and_deletes_fields_and_leaves_the_others_in_their_order() {
    let fields = [
        ("user", Value::from("LI")),
        ("bytes", Value::from("17")),
        ("net.source", Value::from("10.0.0.1")),
        ("net.list", Value::List(vec![1.into(), 2.into()])),
        ("secret", Value::from("x")),
    ];
    let program = r#"
        .user = downcase!(.user)
        .bytes = to_int!(.bytes)
        .net.target = parse_regex!(.message, r'to (?P<to>\S+)').to
        .ratio = 1.5
        del(.secret)
    "#;
    assert_eq!(
        run(program, "sent to 10.0.0.2", &fields).unwrap(),
        r#"user="li" bytes=17 net.source="10.0.0.1" net.list=[1,2] net.target="10.0.0.2" ratio=1.5 "#
    );
}

#[test]
fn what_a_vrl_program_leaves_nested_becomes_the_fields_that_the_json_step_gives() {
    let text = r##"{"a":{"b":{"c":1},"d":[1,"x",[true]]},"l":[{"k":1},{"k":2,"m":null}],"e":[],"n":null,"o":{},"t":{"#text":"y","u":2}}"##;
    let by_json = crate::json::parse(text).unwrap();
    let shown: String = by_json.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect();
    assert_eq!(run(". = parse_json!(.message)", text, &[]).unwrap(), shown);
    // And they come to the next program nested again.
    let program = Remap::compile(".a.b.c = .a.b.c + 1 ?? 0\n.l.k = push(array!(.l.k), 3)").unwrap();
    let mut builder = Builder::new();
    assert!(crate::json::parse_into(text, None, &mut builder));
    program.run(text, &mut builder).unwrap();
    assert_eq!(
        (builder.get("a.b.c"), builder.get("a.d").map(|value| value.to_json().to_string())),
        (Some(&Value::Int(2)), Some(r#"[1,"x",true]"#.into()))
    );
    assert_eq!(builder.get("l.k").map(|value| value.to_json().to_string()).as_deref(), Some("[1,2,3]"));
}

#[test]
fn a_vrl_program_reads_the_text_beside_a_field_of_that_name_and_it_becomes_no_field_by_itself() {
    assert_eq!(run(".a = strlen!(.message)", "abc", &[]).unwrap(), "a=3 ");
    assert_eq!(run(".message = upcase!(.message)", "abc", &[]).unwrap(), r#"message="ABC" "#);
    let own = [("message", Value::from("own"))];
    assert_eq!(run(".a = upcase(%message)", "abc", &own).unwrap(), r#"message="own" a="ABC" "#);
}

#[test]
fn values_of_every_kind_survive_a_vrl_program() {
    let fields = [
        ("a", Value::Bool(true)),
        ("a.b", Value::Int(-7)),
        ("c.d", Value::Float(0.5)),
        ("c", Value::from("beside c.d")),
        ("x y.z", Value::List(vec!["p".into(), 1.into(), Value::Bool(false)])),
        (".e", Value::from("\u{4f60}\u{597d}")),
        ("f.", Value::from("")),
    ];
    let before: String = fields.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect();
    assert_eq!(run("true", "text", &fields).unwrap(), before);
    let times = r#".t = parse_timestamp!("2026-11-21 08:00:00", "%Y-%m-%d %H:%M:%S")"#;
    assert_eq!(run(times, "", &[]).unwrap(), r#"t="2026-11-21T08:00:00Z" "#);
    assert_eq!(run(".b = decode_base64!(\"/w==\")\n.r = r'a+'", "", &[]).unwrap(), "b=\"\u{fffd}\" r=\"a+\" ");
}

#[test]
fn a_vrl_program_that_aborts_or_fails_says_why_and_leaves_the_fields() {
    let fields = [("a", Value::from("x"))];
    for (program, expected) in [
        ("del(.a)\nabort", "it said `abort`"),
        ("del(.a)\nabort \"not ours\"", "it said `abort`: not ours"),
        (".a = to_int!(.a)", "function call error for \"to_int\""),
        (". = \"text\"", "`.` is no object after it but of type string"),
        ("assert!(.a == \"y\")", "assertion failed"),
    ] {
        let program = Remap::compile(program).unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut builder = Builder::new();
        builder.push("a", "x");
        let error = program.run("text", &mut builder).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert_eq!(
            builder.iter().collect::<Vec<_>>(),
            fields.iter().map(|(name, value)| (*name, value)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn vrl_mistakes_are_told_with_line_and_column() {
    for (program, expected) in [
        (".a = 1\n.b = no_such(.a)", "line 2, column 6: call to undefined function"),
        (".a = 1\n  .b = = 2", "line 2, column 8: syntax error"),
        (".a = downcase(.a)", "line 1, column 6: unhandled fallible assignment"),
        (".a = parse_json(.message)", "line 1, column 6: unhandled fallible assignment"),
        (".a = parse_regex!(.b, r'(')", "line 1, column 23: "),
        (".a = x", "line 1, column 6: call to undefined variable"),
        (&"(".repeat(100), "nests deeper"),
        (&"a".repeat(20_000), "longer than"),
        (".a = parse_regex!(.b, r'(\\w{1000}){1000}')", "line 1, column 23: it takes more than"),
    ] {
        let error = Remap::compile(program).unwrap_err();
        assert!(error.contains(expected), "{program}: {error}");
    }
}

#[test]
fn a_vrl_program_has_no_clock_no_chance_no_network_no_machine_and_no_output() {
    for call in [
        "get_env_var!(\"PATH\")",
        "get_hostname!()",
        "get_timezone_name!()",
        "get_secret(\"a\")",
        "dns_lookup!(\"a.example\")",
        "reverse_dns!(\"10.0.0.1\")",
        "http_request!(\"http://a.example\")",
        "now()",
        "random_int!(1, 2)",
        "random_bool()",
        "random_bytes!(2)",
        "random_float!(1.0, 2.0)",
        "uuid_v4()",
        "uuid_v7()",
        "log(\"x\")",
        "parse_syslog!(.message)",
        "parse_grok!(.message, \"%{IP:a}\")",
        "decode_zstd!(.message)",
        "to_regex!(.message)",
        "encrypt!(\"a\", \"AES-256-CFB\", \"k\", \"i\")",
    ] {
        let error = Remap::compile(&format!(".a = {call}")).unwrap_err();
        let name = call.split(['!', '(']).next().unwrap();
        let told =
            format!("line 1, column 6: there is no function `{name}` here: {}", functions::refusal(name).unwrap());
        assert_eq!(error, told);
    }
}

#[test]
fn local_times_of_a_vrl_program_do_not_depend_on_the_machine() {
    let program = r#".t = to_unix_timestamp(parse_timestamp!("01/07/2026 12:00:00", "%d/%m/%Y %H:%M:%S"))"#;
    assert_eq!(run(program, "", &[]).unwrap(), "t=1782907200 ");
}

#[test]
fn what_a_vrl_program_may_cost_is_bounded() {
    let many: String = (0..3000).map(|number| format!("{number},")).collect();
    let nested =
        "for_each(split!(.message, \",\")) -> |_i, a| { for_each(split!(.message, \",\")) -> |_j, b| { .a = a + b } }";
    assert!(run(nested, &many, &[]).unwrap_err().contains("20000 expressions"));
    let doubled = format!("a = .message\n{}.a = strlen!(a)", "a = string!(a) + string!(a)\n".repeat(60));
    assert!(run(&doubled, "0123456789", &[]).unwrap_err().contains("it took more than"));
    assert!(run("true", &"x".repeat(300_000), &[]).unwrap_err().contains("longer than"));
    let wide = run(". = {}\n.a = split!(%message, \",\")", &"1,".repeat(50_000), &[]).unwrap();
    assert!(wide.len() < 10_000, "{}", wide.len());
    assert_eq!(run("true", "", &[(DEEP, Value::Int(1))]).unwrap(), format!("{DEEP}=1 "));
}

const DEEP: &str =
    "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";

#[test]
fn no_vrl_program_is_so_deep_that_it_ends_the_process() {
    let links = |start: &str, link: &str| format!(".a = {start}{}", link.repeat((MAX_PROGRAM - 20) / link.len()));
    for endless in [
        links("true", " && true"),
        links("1", " + 1"),
        links("to_int(.a)", " ?? to_int(.a)"),
        links(".a", ".a"),
        links("!", "!"),
        "if .a == 1 { .a = 2 } else ".repeat(500) + "{ .a = 1 }",
        "if true {".repeat(300) + &"}".repeat(300),
    ] {
        assert!(Remap::compile(&endless).unwrap_err().contains("nests deeper"));
    }
    // What is let through has room on the stack that threads have, and so has what nests while it runs.
    let deepest = [
        format!(".a = true{}", " && true".repeat(45)),
        format!(".a = {}true", "!".repeat(depth::MOST - 10)),
        format!(".a{} = 1", ".a".repeat(depth::MOST - 10)),
        "if .a == 1 { .a = 2 } else ".repeat(15) + "{ .a = 1 }",
        "if true {".repeat(depth::MOST - 10) + ".a = 1" + &"}".repeat(depth::MOST - 10),
        ".a = ".to_owned() + &"[".repeat(depth::MOST - 10) + &"]".repeat(depth::MOST - 10),
        "a = []\nfor_each(range(0, 100000) ?? []) -> |_i, _v| { a = [a] }".to_owned(),
        "for_each(range(0, 100000) ?? []) -> |_i, _v| { .a = {\"a\": .a} }".to_owned(),
    ];
    for program in deepest {
        let shown = program.clone();
        let small = std::thread::Builder::new().stack_size(2 << 20);
        let run = small.spawn(move || run(&program, "", &[])).unwrap().join().unwrap();
        println!("{}: {}", &shown[..20], run.map_or_else(|error| error, |fields| fields.len().to_string()));
    }
}

const SOURCE: &str = r#"vendor = "Acme"
product = "Box"
[[variant]]
recognise.contains = ["acme"]
[[variant.step]]
type = "dissect"
pattern = "acme {user} {_rest}"
[[variant.step]]
type = "vrl"
program = '''
pairs = parse_key_value!(._rest)
if pairs.kind == "noise" { abort "noise is not ours" }
.bytes = to_int!(pairs.in) + to_int!(pairs.out)
.user = downcase!(.user)
'''
[core]
user_name = "user"
"#;

#[test]
fn the_trial_of_a_source_says_why_a_vrl_step_does_not_fit() {
    let hint = crate::Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    let lines = ["acme LI in=3 out=4", "acme LI kind=noise", "acme LI in=x out=4"];
    let tried = crate::trial::trial(SOURCE, lines, &hint).unwrap();
    let step = &tried[0].variants[0].steps[1];
    let expected = serde_json::json!({ "user": "li", "bytes": 7 });
    assert_eq!((step.kind.as_str(), serde_json::Value::from(step.fields.clone())), ("vrl", expected.clone()));
    let event = tried[0].event.as_ref().unwrap();
    assert_eq!(serde_json::Value::from(event.fields.clone()), expected);
    assert_eq!(event.core["user_name"], "li");
    let misfit = |line: usize| tried[line].variants[0].misfit.clone().unwrap();
    assert_eq!(misfit(1), "step 2 (`vrl`) does not fit: it said `abort`: noise is not ours");
    assert!(misfit(2).starts_with("step 2 (`vrl`) does not fit: function call error for \"to_int\""), "{}", misfit(2));
    assert_eq!((tried[1].variants[0].at_line, tried[1].kept_as.as_deref()), (Some(8), Some("unparsed")));
}

#[test]
fn a_mistake_in_a_vrl_program_is_placed_in_its_source() {
    let hint = crate::Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    let broken = SOURCE.replace("downcase!(.user)", "now()");
    let mistake = crate::trial::trial(&broken, [""], &hint).unwrap_err();
    assert_eq!((mistake.place.line, mistake.key.as_deref()), (8, Some("variant.step.program")));
    assert!(mistake.message.starts_with("line 4, column 9: there is no function `now` here: "), "{}", mistake.message);
}

#[test]
fn what_a_vrl_step_costs_a_record_is_far_below_its_bound() {
    let hint = crate::Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    let with = crate::trial::Trial::new(SOURCE, &hint).unwrap().cost("acme LI in=3 out=4");
    println!("{with} ns a record");
    assert!(u128::from(with) < MAX_TIME.as_nanos() / 10, "{with}");
    // The slowest function of all: it reads its tables when it is first called.
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let told = run(".a = parse_user_agent(%message, mode: \"reliable\").browser.family\ntrue", agent, &[]);
    assert_eq!(told.as_deref(), Ok("a=\"Firefox\" "));
}
