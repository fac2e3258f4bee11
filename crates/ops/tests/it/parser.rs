//! Parsers of our own: tried, checked, saved, shared, deleted.

use model::role::Role;
use model::*;
use ops::{Error, ParserDraft, ParserOrigin, ParserTrial};

use crate::world::*;

const TEXT: &str = "vendor = \"Acme\"\nproduct = \"Box\"\n[[variant]]\nrecognise.starts_with = [\"acme \"]\n[[variant.step]]\ntype = \"key_value\"\n[core]\nuser_name = \"user\"\n";

fn draft(version: i64, text: &str, samples: &[&str]) -> ParserDraft {
    ParserDraft {
        version,
        text: text.to_owned(),
        samples: samples.iter().map(|line| (*line).to_owned()).collect(),
        time_zone: None,
    }
}

async fn engineer(world: &World) -> Context {
    acting(&world.user("engineer", Role::L2Engineer, &[]).await, 10)
}

#[tokio::test]
async fn a_saved_parser_is_in_force_at_once_and_its_samples_hold_it_to_its_word() {
    let world = World::new().await;
    let ctx = engineer(&world).await;
    let replaced = world.ops.parsers().replaced();
    let saved = world.ops.save_parser(&ctx, "acme_box", draft(0, TEXT, &["acme user=li"])).await.unwrap();
    assert_eq!(saved.saved.as_ref().unwrap().samples[0].expected["core"]["user_name"], "li");
    assert!(replaced.has_changed().unwrap());
    let event_source = || {
        let (parser, hint) = (world.ops.parsers().live(), formats::Hint::new(at(1)));
        parser.parse("acme user=wang", &hint).source.to_string()
    };
    assert_eq!(event_source(), "acme_box");
    let list = world.ops.list_parsers(&ctx).await.unwrap();
    let own = list.items.iter().find(|parser| parser.name == "acme_box").unwrap();
    assert_eq!((own.origin, own.samples, own.vendor.as_str()), (ParserOrigin::Own, 1, "Acme"));

    let changed = TEXT.replace("user_name = \"user\"", "host_name = \"user\"");
    let checked = world.ops.check_parser(&ctx, "acme_box", draft(1, &changed, &["acme user=li"])).await.unwrap();
    assert_eq!(checked.changes[0].fields, ["core.host_name", "core.user_name"]);
    assert!(checked.saved.is_none());
    let stale = world.ops.save_parser(&ctx, "acme_box", draft(0, &changed, &[])).await;
    assert!(matches!(stale, Err(Error::Conflict)));

    world.ops.delete_parser(&ctx, "acme_box", 1).await.unwrap();
    assert_ne!(event_source(), "acme_box");
    let gone = world.ops.get_parser(&ctx, "acme_box").await;
    assert!(matches!(gone, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_parser_that_cannot_be_used_or_takes_what_is_anothers_says_so_before_it_is_saved() {
    let world = World::new().await;
    let ctx = engineer(&world).await;
    let broken = world.ops.save_parser(&ctx, "acme_box", draft(0, "vendor = 1", &[])).await.unwrap();
    assert!(broken.saved.is_none());
    assert_eq!(broken.mistake.unwrap().line, 1);
    let greedy =
        TEXT.replace("product", "order = 1\nproduct").replace("starts_with = [\"acme \"]", "program = [\"sshd\"]");
    let greedy = greedy.replace("type = \"key_value\"", "type = \"regex\"\npattern = [{ regex = \"(?P<user>.+)\" }]");
    let outcome = world.ops.check_parser(&ctx, "acme_box", draft(0, &greedy, &["nothing"])).await.unwrap();
    assert!(outcome.mistake.is_none(), "{outcome:?}");
    assert!(outcome.taken.iter().any(|line| line.source == "openssh_sshd"), "{outcome:?}");
    assert_eq!(outcome.not_taken, ["nothing"]);
    for name in ["acme", "../x_y", "Acme_Box"] {
        let refused = world.ops.save_parser(&ctx, name, draft(0, TEXT, &[])).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{name}");
    }
}

#[tokio::test]
async fn who_does_not_see_every_customer_neither_saves_nor_sees_lines() {
    let world = World::new().await;
    let ctx = engineer(&world).await;
    world.ops.save_parser(&ctx, "acme_box", draft(0, TEXT, &["acme user=secret"])).await.unwrap();
    let theirs = acting(&world.user("theirs", Role::L2Engineer, &[&world.theirs]).await, 10);
    let refused = world.ops.save_parser(&theirs, "acme_box", draft(1, TEXT, &[])).await;
    assert!(matches!(refused, Err(Error::NeedsEveryCustomer)));
    let seen = world.ops.get_parser(&theirs, "acme_box").await.unwrap();
    assert!(seen.samples.is_empty() && seen.samples_hidden && !seen.text.is_empty());
    let file = world.ops.export_parser(&theirs, "acme_box").await.unwrap();
    assert!(!String::from_utf8_lossy(&file).contains("secret"));
}

#[tokio::test]
async fn an_exported_parser_reads_back_as_it_was() {
    let world = World::new().await;
    let ctx = engineer(&world).await;
    world.ops.save_parser(&ctx, "acme_box", draft(0, TEXT, &["acme user=li", "acme user=wang"])).await.unwrap();
    let file = world.ops.export_parser(&ctx, "acme_box").await.unwrap();
    let read = world.ops.read_parser_file(&ctx, &file).await.unwrap();
    assert_eq!((read.name.as_str(), read.text.as_str()), ("acme_box", TEXT));
    assert_eq!(read.samples, ["acme user=li", "acme user=wang"]);
    for wrong in [&b"not a tar"[..], &[0; 1024], &[7; 2048]] {
        assert!(matches!(world.ops.read_parser_file(&ctx, wrong).await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn a_trial_shows_fields_the_step_that_failed_and_who_else_takes_the_line() {
    let world = World::new().await;
    let ctx = engineer(&world).await;
    let ssh = "<38>Nov 21 07:00:00 box sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2";
    let lines = ["acme user=li", "acme nothing", ssh].map(str::to_owned).to_vec();
    let trial = ParserTrial { name: "acme_box".into(), text: TEXT.into(), lines, time_zone: None };
    let result = world.ops.try_parser(&ctx, trial.clone()).await.unwrap();
    assert_eq!(result.lines[0].event.as_ref().unwrap().core["user_name"], "li");
    assert!(result.lines[0].cost_nanos > 0);
    assert_eq!(result.lines[1].variants[0].at_line, Some(5));
    assert_eq!((result.lines[2].now.as_str(), result.lines[2].also.len()), ("openssh_sshd", 1));
    let wrong = ParserTrial { text: "vendor".into(), ..trial.clone() };
    let result = world.ops.try_parser(&ctx, wrong).await.unwrap();
    assert_eq!((result.mistake.unwrap().line, result.lines.len()), (1, 3));
    let many = ParserTrial { lines: vec!["x".into(); 101], ..trial };
    assert!(matches!(world.ops.try_parser(&ctx, many).await, Err(Error::Invalid { .. })));
}
