use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn read(text: &str) -> Query {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn is(field: &str, value: &str) -> Query {
    Query::field(field, Test::Is(value.into()))
}

fn like(field: &str, pattern: &str) -> Query {
    Query::field(field, Test::Like(Pattern::of_word(pattern)))
}

fn between(field: &str, low: Option<(&str, bool)>, high: Option<(&str, bool)>) -> Query {
    let bound = |end: Option<(&str, bool)>| end.map(|(value, inclusive)| Bound { value: value.into(), inclusive });
    Query::field(field, Test::Between(Range { low: bound(low), high: bound(high) }))
}

#[test]
fn what_people_guess_means_what_they_mean() {
    let net = Query::field("source_ip", Test::Within("10.0.0.0/8".parse().unwrap()));
    let allow = Query::not(is("event_action", "allow"));
    assert_eq!(
        read("source_ip:10.0.0.0/8 AND user_name:li* NOT event_action:allow"),
        Query::all([net, like("user_name", "li*"), allow.clone()])
    );
    assert_eq!(read("event_action!=allow"), allow);
    assert_eq!(read("-event_action:allow"), allow);
    assert_eq!(read("! event_action:allow -x").to_string(), "\"!\" AND event_action:allow AND NOT x");
    assert_eq!(read("user_name = root"), is("user_name", "root"));
    assert_eq!(read("a:1 OR b:2 c:3"), Query::any([is("a", "1"), Query::all([is("b", "2"), is("c", "3")])]));
    assert_eq!(read("(a:1 || b:2) && c:3"), Query::all([Query::any([is("a", "1"), is("b", "2")]), is("c", "3")]));
    assert_eq!(read("failed \"for root\""), Query::all([Query::phrase("failed"), Query::phrase("for root")]));
    assert_eq!(read("port:[1 TO 1024]"), between("port", Some(("1", true)), Some(("1024", true))));
    assert_eq!(read("port:{1 TO *]"), between("port", Some(("1", false)), None));
    assert_eq!(read("port >= 1024"), between("port", Some(("1024", true)), None));
    assert_eq!(read("port:<1024"), between("port", None, Some(("1024", false))));
    assert_eq!(read("user_name:*"), Query::field("user_name", Test::Exists));
    assert_eq!(read("user_name:(li* OR \"wang wu\", x)"), {
        Query::any([like("user_name", "li*"), is("user_name", "wang wu"), is("user_name", "x")])
    });
    assert_eq!(
        read("p:(>5 AND NOT 7)"),
        Query::all([between("p", Some(("5", false)), None), Query::not(is("p", "7"))])
    );
    assert_eq!(read("\"my field\":x a.b-c:y \"@time\":z").field_names(), ["my field", "a.b-c", "@time"]);
    assert_eq!(read("用户:李* 登录失败"), Query::all([like("用户", "李*"), Query::phrase("登录失败")]));
    assert_eq!(read("a:b\\*c path:\"C:\\Windows\\x\""), Query::all([is("a", "b*c"), is("path", "C:\\Windows\\x")]));
    assert_eq!(read("source_ip:fe80::1 00:1a:2b:3c:4d:5e 10:30:11 10.0.0.1:443 fe80::2"), {
        let texts = ["00:1a:2b:3c:4d:5e", "10:30:11", "10.0.0.1:443", "fe80::2"];
        Query::all([is("source_ip", "fe80::1")].into_iter().chain(texts.map(Query::phrase)))
    });
    assert_eq!(read("http://a.b/c"), Query::phrase("http://a.b/c"));
    assert_eq!([read(""), read("  "), read("*"), read("*:*")], [Query::All, Query::All, Query::All, Query::All]);
    assert_eq!(read("net:\"10.0.0.0/8\""), is("net", "10.0.0.0/8"));
    let time = Query::Field(
        FieldRef::Envelope(EnvelopeField::Time),
        Test::Between(Range { low: Some(Bound { value: "2026-11-21".into(), inclusive: true }), high: None }),
    );
    assert_eq!(read("@time>=2026-11-21"), time);
}

#[test]
fn an_error_points_at_the_character_and_says_what_was_expected() {
    let cases = [
        ("a AND", 5, "ends where a condition was expected"),
        ("a AND OR b", 6, "expected a condition before OR"),
        ("(a OR b", 0, "never closed"),
        ("a) b", 1, "closes nothing"),
        ("()", 1, "expected a condition before `)`"),
        ("用户: ", 4, "expected a value"),
        ("user:AND b", 5, "write \"AND\""),
        ("say \"hello", 4, "never closed"),
        ("port:[1 1024]", 8, "expected TO"),
        ("port:[1 TO 5", 5, "expected `]`"),
        ("port:[* TO *]", 5, "needs an end"),
        ("port:>", 6, "expected a value"),
        ("port:[1* TO 5]", 6, "no wildcards"),
        ("us*r:x", 0, "no wildcards"),
        ("f:(a b)", 5, "expected OR, AND"),
        ("@time:yesterday", 6, "2026-11-21T08:00:00Z"),
        ("[1 TO 5]", 0, "stands after a field"),
        (">5", 0, "expected a condition"),
    ];
    for (text, at, problem) in cases {
        let error = text.parse::<Query>().expect_err(text);
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.problem.contains(problem), "{text}: {error}");
    }
}

#[test]
fn endless_nesting_is_refused_and_not_fatal() {
    for text in ["(".repeat(9_000), "NOT ".repeat(2_000), "a ".repeat(4_000), "-".repeat(9_000), "a:(".repeat(3_000)] {
        assert!(text.parse::<Query>().is_err(), "{}", &text[..10]);
    }
}

fn text() -> impl Strategy<Value = String> {
    let odd = &[
        "AND",
        "OR",
        "TO",
        "a",
        "admin",
        "10.0.0.0/8",
        "fe80::1",
        "a b",
        "\"",
        "\\",
        "*",
        "?",
        "-x",
        "!",
        "(",
        ")",
        "[",
        "登录",
        "失败 x",
        "@time",
        "12:30",
        "1",
        "=",
        "a:b",
        "//",
        ",",
        "\n",
        "&&",
        "é",
        "@device",
        "00:1a:2b:3c:4d:5e",
        "fe80",
        ":",
        "aa",
        "bb:cc:dd:ee:ff",
        "1",
    ];
    vec(select(odd.as_slice()), 0..3).prop_map(|parts| parts.concat())
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let piece = prop_oneof![text().prop_map(Piece::Text), Just(Piece::Any), Just(Piece::One),];
    vec(piece, 0..5).prop_map(Pattern::of)
}

fn test() -> impl Strategy<Value = Test> {
    let bound = || (text(), any::<bool>()).prop_map(|(value, inclusive)| Bound { value, inclusive });
    let bounds = (bound(), proptest::option::of(bound()), any::<bool>());
    prop_oneof![
        Just(Test::Exists),
        text().prop_map(Test::Is),
        pattern().prop_filter_map("a wildcard and more", |pattern| {
            (pattern.as_literal().is_none() && pattern.pieces() != [Piece::Any]).then_some(Test::Like(pattern))
        }),
        (any::<[u8; 4]>(), 0u8..=32)
            .prop_map(|(octets, length)| { Test::Within(IpNet::new(octets.into(), length).unwrap().trunc()) }),
        bounds.prop_map(|(one, other, swapped)| {
            let (low, high) = if swapped { (other, Some(one)) } else { (Some(one), other) };
            Test::Between(Range { low, high })
        }),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let named = text().prop_filter("a name", |name| !name.is_empty()).prop_map(FieldRef::Named);
    let leaf = prop_oneof![
        1 => Just(Query::All),
        4 => (named, test()).prop_map(|(field, test)| Query::Field(field, test)),
        1 => (select(&[EnvelopeField::Device, EnvelopeField::Source][..]), test())
            .prop_map(|(field, test)| Query::Field(FieldRef::Envelope(field), test)),
        3 => pattern().prop_filter("not everything", |text| text.pieces() != [Piece::Any]).prop_map(Query::Text),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Query::all),
            vec(inner.clone(), 2..4).prop_map(Query::any),
            inner.prop_map(Query::not),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_as_the_same_query(query in query()) {
        let printed = query.to_string();
        let again: Query = printed.parse().map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
        prop_assert_eq!(&again, &query, "{}", printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn any_text_is_read_or_refused_within_its_bounds(parts in vec(text(), 0..8)) {
        let text = parts.join(" ");
        match text.parse::<Query>() {
            Ok(query) => prop_assert_eq!(query.to_string().parse::<Query>().ok(), Some(query)),
            Err(error) => prop_assert!(error.at <= text.chars().count(), "{}: {}", text, error),
        }
    }
}
