//! Rules and files that mean harm.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use yara::{Limits, Outcome, Rules};

use crate::{rules, scan, source};

fn timed(rules: &Rules, bytes: Vec<u8>) -> (Outcome, Duration, Limits) {
    let (began, limits) = (Instant::now(), Limits::default());
    let scan = rules.scan("a", &Arc::new(bytes), Duration::from_secs(1), &limits);
    (scan.outcome, began.elapsed(), limits)
}

#[test]
fn a_loop_over_every_byte_ends_with_its_time_and_is_told() {
    let rules =
        rules("rule a { condition: for all i in (1..filesize * 1000): (for all j in (1..filesize): (uint8(j) == 0)) }");
    let (outcome, took, _) = timed(&rules, vec![0; 10 << 20]);
    assert_eq!(outcome, Outcome::TimedOut);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_scan_that_does_not_look_at_the_clock_is_left_behind_and_counted() {
    let text =
        "import \"hash\"\nrule a { condition: for any i in (0..filesize): (hash.sha256(i, filesize - i) == \"\") }";
    let (outcome, took, limits) = timed(&rules(text), vec![1; 4 << 20]);
    assert_eq!(outcome, Outcome::TimedOut);
    assert!(took < Duration::from_secs(9), "{took:?}");
    println!("{} left behind after {took:?}", limits.stragglers.count());
}

#[test]
fn expressions_made_to_explode_are_refused_or_end_with_their_time() {
    let hostile = [
        "/((a{1,200}){1,200}){1,200}b/",
        "/(a|aa|aaa)*(b|bb)*(a|aa)*c.{0,2000}d/s",
        "/a.*a.*a.*a.*a.*a.*b/s",
        "/(.*)*x(.*)*y/",
    ];
    for regex in hostile {
        let began = Instant::now();
        let (rules, problems) = Rules::load(&[source(&format!("rule a {{ strings: $a = {regex} condition: $a }}"))]);
        assert!(began.elapsed() < Duration::from_secs(10), "{regex} took {:?} to compile", began.elapsed());
        if rules.count() == 0 {
            println!("{regex}: refused: {}", problems[0]);
            continue;
        }
        let (outcome, took, _) = timed(&rules, vec![b'a'; 4 << 20]);
        println!("{regex}: {outcome:?} after {took:?}");
        assert!(took < Duration::from_secs(9), "{regex}: {took:?}");
    }
}

#[test]
fn deep_conditions_are_refused() {
    let deep = format!("rule a {{ condition: {}true{} }}", "not (".repeat(100_000), ")".repeat(100_000));
    let (rules, problems) = Rules::load(&[source(&deep)]);
    assert_eq!((rules.count(), problems.len()), (0, 1));
    let deep = format!("rule a {{ strings: $a = /{}a{}/ condition: $a }}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(Rules::load(&[source(&deep)]).0.count(), 0);
}

#[test]
fn many_problems_are_told_up_to_a_bound() {
    let text = "rule a { condition: b }\n".repeat(5000);
    let (_, problems) = Rules::load(&[source(&text)]);
    assert_eq!(problems.len(), 201);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_scanned_to_an_end(magic in 0usize..7, mut bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let begins: [&[u8]; 7] = [b"", b"MZ", b"\x7fELF\x02\x01\x01", b"\xcf\xfa\xed\xfe", b"dex\n035\0", b"PK\x03\x04", b"\xca\xfe\xba\xbe"];
        bytes.splice(0..0, begins[magic].iter().copied());
        let rules = rules(
            "import \"pe\"\nimport \"elf\"\nimport \"macho\"\nimport \"dotnet\"\nimport \"dex\"\nimport \"math\"\n\
             rule a { condition: pe.number_of_sections > 0 or elf.number_of_sections > 0 or math.entropy(0, filesize) > 1.0 }\n\
             rule b { condition: dotnet.is_dotnet or pe.imphash() == \"x\" }",
        );
        prop_assert_eq!(scan(&rules, &bytes).outcome, Outcome::Finished);
    }

    #[test]
    fn any_text_is_loaded_or_refused(text in "(rule|private|import|\\{|\\}|\"|/|\\$a|=|condition:|strings:|[ \n]|[a-z*?(){}\\\\]{1,4}){0,40}") {
        let (_, problems) = Rules::load(&[source(&text)]);
        prop_assert!(problems.iter().all(|problem| problem.line > 0 && problem.column > 0));
    }
}
