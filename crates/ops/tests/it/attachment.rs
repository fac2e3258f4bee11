//! Files of incidents from the first byte to the removal, and what rules say about them.

use model::attachment::{AttachmentState, FILE_BYTES};
use model::incident::{IncidentChange, IncidentEntry};
use model::intel::{IntelListData, ListPurpose, Tlp};
use model::role::Role;
use model::yara::{ScanState, YaraSetData};
use model::*;
use ops::*;

use crate::world::*;

const SHELL: &[u8] = b"<%@ page %><% Runtime.getRuntime().exec(request.getParameter(\"c\")); %>";

async fn send(w: &World, ctx: &Context, incident: &IncidentId, name: &str, parts: &[&[u8]]) -> Result<AddedAttachment> {
    let mut upload = w.ops.begin_attachment(ctx, incident, name, None).await?;
    for part in parts {
        upload.write(part, ctx.now()).await?;
    }
    upload.finish(ctx.now()).await
}

async fn timeline(w: &World, incident: &IncidentId) -> Vec<IncidentEntry> {
    let page = w.ops.list_incident_entries(&job(0), incident, &PageRequest::default()).await.unwrap();
    page.items.into_iter().map(|view| view.entry).collect()
}

async fn fetched(w: &World, ctx: &Context, of: &AttachmentView, form: AttachmentForm) -> Result<(Vec<u8>, u64)> {
    let mut content = w.ops.open_attachment(ctx, &of.attachment.incident, &of.attachment.id, form).await?;
    let (length, mut bytes) = (content.length(), Vec::new());
    while let Some(part) = content.next().await? {
        bytes.extend(part);
    }
    Ok((bytes, length))
}

fn wish(name: &str, text: &str, customers: Option<Vec<CustomerId>>) -> YaraSetWish {
    let data = YaraSetData { name: name.into(), note: String::new(), enabled: true };
    YaraSetWish { data, customers, text: text.into(), leave_out: false }
}

async fn scan_all(scanner: &mut FileScanner, seconds: u64) -> usize {
    let mut scans = 0;
    while scanner.scan_next(at(seconds)).await.unwrap() {
        scans += 1;
    }
    scans
}

#[tokio::test]
async fn a_file_comes_in_parts_goes_out_as_it_was_and_is_on_record() {
    let w = World::new().await;
    let incident = w.incident(&w.ours).await.id;
    let li = w.user("li", Role::L1Analyst, &[&w.ours]).await;
    let ctx = acting(&li, 5);
    let noise: Vec<u8> = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
    let parts = [&noise[..7], &noise[7..2_500_000], &noise[2_500_000..]];
    let added = send(&w, &ctx, &incident, "C:\\temp\\dump.bin", &parts).await.unwrap();
    let file = &added.view.attachment;
    assert_eq!((file.name.as_str(), file.size, added.already), ("dump.bin", 3_000_000, false));
    assert_eq!(added.view.added_by_name.as_deref(), Some(li.data.name.as_str()));
    let again = send(&w, &ctx, &incident, "same.bin", &[&noise]).await.unwrap();
    assert!(again.already && again.view.attachment.id == file.id, "the same content is told, not doubled");

    let (bytes, length) = fetched(&w, &ctx, &added.view, AttachmentForm::Plain).await.unwrap();
    assert!(bytes == noise && length == 3_000_000);
    let (bytes, length) = fetched(&w, &ctx, &added.view, AttachmentForm::Zip).await.unwrap();
    assert_eq!(bytes.len() as u64, length);
    let entry = archive::entries(&bytes).next().unwrap().unwrap();
    let mut opened = Vec::new();
    std::io::Read::read_to_end(&mut entry.unlocked(b"infected").unwrap(), &mut opened).unwrap();
    assert!(opened == noise && entry.name == "dump.bin");

    let silent = w.ops.remove_attachment(&ctx, &incident, &file.id, "  ").await;
    assert!(matches!(silent, Err(Error::Invalid { .. })));
    let gone = w.ops.remove_attachment(&ctx, &incident, &file.id, "the customer wants it back").await.unwrap();
    assert_eq!(
        (gone.attachment.state, gone.attachment.sha256.as_str()),
        (AttachmentState::Removed, file.sha256.as_str())
    );
    assert_eq!(gone.removed_by_name.as_deref(), Some(li.data.name.as_str()));
    assert!(matches!(fetched(&w, &ctx, &added.view, AttachmentForm::Zip).await, Err(Error::NotNow(_))));
    let told: Vec<&'static str> = timeline(&w, &incident)
        .await
        .iter()
        .filter_map(|entry| match &entry.what {
            IncidentChange::FileAttached { size: 3_000_000, .. } => Some("attached"),
            IncidentChange::FileRemoved { reason, .. } if reason.contains("back") => Some("removed"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["attached", "removed"]);
    let filter = AuditFilter { customer: Some(w.ours.clone()), ..AuditFilter::default() };
    let rows = w.ops.list_audit(&job(0), &filter, &PageRequest::default()).await.unwrap().items;
    let actions: Vec<_> = rows.iter().map(|row| row.action.as_str()).filter(|one| one.starts_with("att")).collect();
    assert_eq!(actions, ["attachment.remove", "attachment.download", "attachment.download", "attachment.add"]);
}

#[tokio::test]
async fn what_does_not_come_to_its_end_leaves_nothing() {
    let w = World::new().await;
    let incident = w.incident(&w.ours).await.id;
    let mut upload = w.ops.begin_attachment(&job(1), &incident, "a", None).await.unwrap();
    upload.write(&[7; 2 << 20], at(1)).await.unwrap();
    drop(upload);
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let mut tx = w.store.write(&job(1)).await.unwrap();
        if tx.attachment_sums(&w.ours, &incident).await.unwrap().incident_files == 0 {
            break;
        }
    }
    let mut tx = w.store.write(&job(1)).await.unwrap();
    assert_eq!(tx.attachment_sums(&w.ours, &incident).await.unwrap(), Default::default());
    drop(tx);
    let mut upload = w.ops.begin_attachment(&job(1), &incident, "a", None).await.unwrap();
    upload.write(&[7; 2 << 20], at(1)).await.unwrap();
    // As if the process had ended here.
    std::mem::forget(upload);
    assert_eq!(w.ops.sweep_attachments(at(1)).await.unwrap(), 0);
    assert_eq!(w.ops.sweep_attachments(at(2)).await.unwrap(), 1);
}

#[tokio::test]
async fn too_large_too_many_and_nameless_files_are_refused_in_words() {
    let w = World::new().await;
    let incident = w.incident(&w.ours).await.id;
    let announced = w.ops.begin_attachment(&job(1), &incident, "a", Some(FILE_BYTES as u64 + 1)).await;
    assert!(matches!(announced, Err(Error::TooLarge(_))));
    let mut upload = w.ops.begin_attachment(&job(1), &incident, "a", None).await.unwrap();
    for _ in 0..64 {
        upload.write(&[1; 1 << 20], at(1)).await.unwrap();
    }
    assert!(matches!(upload.write(b"x", at(1)).await, Err(Error::TooLarge(_))));
    drop(upload);
    assert!(matches!(send(&w, &job(1), &incident, "a", &[]).await, Err(Error::Invalid { .. })));
    assert!(matches!(send(&w, &job(1), &incident, "..", &[b"x"]).await, Err(Error::Invalid { .. })));
    for number in 0..100u8 {
        send(&w, &job(1), &incident, "a", &[&[number]]).await.unwrap();
    }
    let more = send(&w, &job(1), &incident, "a", &[b"more"]).await.err().unwrap();
    assert!(matches!(more, Error::Full(_)) && more.to_string().contains("100 files"), "{more}");
}

#[tokio::test]
async fn rules_match_once_on_the_timeline_and_again_when_new_rules_say_more() {
    let w = World::new().await;
    let incident = w.incident(&w.ours).await.id;
    let other = w.incident(&w.theirs).await.id;
    let file = send(&w, &job(1), &incident, "shell.jsp", &[SHELL]).await.unwrap().view.attachment;
    send(&w, &job(1), &other, "shell.jsp", &[SHELL]).await.unwrap();
    send(&w, &job(1), &incident, "note.txt", &[b"nothing here"]).await.unwrap();
    assert_eq!(file.scan.state, ScanState::Waiting);
    let mut scanner = FileScanner::new(w.ops.clone());
    assert_eq!(scan_all(&mut scanner, 10).await, 3);
    assert_eq!(scan_all(&mut scanner, 11).await, 0, "nothing is scanned twice");
    let seen = w.ops.get_attachment(&job(12), &incident, &file.id).await.unwrap().attachment.scan;
    assert_eq!((seen.state, seen.matches.len(), seen.at), (ScanState::Done, 1, Some(at(10))));
    let found = &seen.matches[0];
    assert_eq!((found.rule.name.as_str(), found.rule.severity), ("webshell_jsp_exec", Severity::Critical));
    assert!(found.rule.description_zh.is_some() && found.set.is_none());
    assert!(found.strings.iter().any(|string| string.excerpt.contains("getRuntime")), "{found:?}");
    assert!(seen.rules >= 12, "{}", seen.rules);

    let text = "rule ours { meta: severity = \"low\" strings: $a = \"getParameter\" condition: $a }";
    let made = w.ops.create_yara_set(&job(20), wish("Hunting", text, Some(vec![w.ours.clone()]))).await.unwrap();
    assert_eq!(scan_all(&mut scanner, 21).await, 2, "only files of its customer are scanned again");
    let seen = w.ops.get_attachment(&job(12), &incident, &file.id).await.unwrap().attachment.scan;
    let names: Vec<_> = seen.matches.iter().map(|found| (found.rule.name.as_str(), found.set_name.as_str())).collect();
    assert_eq!(names, [("webshell_jsp_exec", "vedette"), ("ours", "Hunting")], "the worst first");
    let off = YaraSetWish {
        data: YaraSetData { enabled: false, ..made.set.data.clone() },
        ..wish("", text, made.set.customers.clone())
    };
    w.ops.update_yara_set(&job(22), &made.set.id, 1, off).await.unwrap();
    assert_eq!(scan_all(&mut scanner, 23).await, 2);
    let told: Vec<_> = timeline(&w, &incident)
        .await
        .into_iter()
        .filter_map(|entry| match entry.what {
            IncidentChange::FileMatched { rules, severity, .. } => Some((rules.join(" "), severity)),
            _ => None,
        })
        .collect();
    let expected = [("webshell_jsp_exec".to_owned(), Severity::Critical), ("ours".to_owned(), Severity::Low)];
    assert_eq!(told, expected);
    // A worker begun anew goes on where the last one stopped.
    assert_eq!(scan_all(&mut FileScanner::new(w.ops.clone()), 30).await, 0);
}

#[tokio::test]
async fn a_file_that_ended_the_server_again_and_again_is_given_up() {
    let w = World::new().await;
    let incident = w.incident(&w.ours).await.id;
    let file = send(&w, &job(1), &incident, "a.bin", &[b"x"]).await.unwrap().view.attachment;
    for _ in 0..3 {
        let mut tx = w.store.write(&job(2)).await.unwrap();
        tx.begin_attachment_scan(&file.id).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(scan_all(&mut FileScanner::new(w.ops.clone()), 5).await, 1);
    let seen = w.ops.get_attachment(&job(6), &incident, &file.id).await.unwrap().attachment.scan;
    assert_eq!(seen.state, ScanState::Failed);
    assert!(seen.problem.unwrap().contains("3 times"));
}

#[tokio::test]
async fn rules_that_do_not_load_are_told_before_they_are_kept() {
    let w = World::new().await;
    let text = "rule good { condition: true }\nrule bad { condition: nothing }";
    let check = w.ops.check_yara(&job(1), text.into()).await.unwrap();
    assert_eq!((check.count, check.problems.len(), check.problems[0].line), (1, 1, 2));
    assert_eq!(check.problems[0].rule.as_deref(), Some("bad"));
    let refused = w.ops.create_yara_set(&job(1), wish("x", text, None)).await.unwrap_err();
    assert!(refused.to_string().contains("line 2, column 23: rule bad"), "{refused}");
    let kept = w.ops.create_yara_set(&job(1), YaraSetWish { leave_out: true, ..wish("x", text, None) }).await.unwrap();
    assert_eq!((kept.set.rules, kept.set.left_out, kept.problems.len()), (1, 1, 1));
    for (wish, word) in [
        (wish("", "rule a { condition: true }", None), "name"),
        (wish("x", "rule a { condition: true }", Some(Vec::new())), "customers"),
        (wish("x", "// nothing", None), "rule that loads"),
        (wish("x", "include \"/etc/passwd\"", None), "include"),
    ] {
        let refused = w.ops.create_yara_set(&job(1), wish).await.unwrap_err();
        assert!(refused.to_string().contains(word), "{word}: {refused}");
    }
}

#[tokio::test]
async fn a_hash_that_lists_name_is_shown_within_what_the_reader_may_know() {
    let w = World::new().await;
    let incident = w.incident(&w.ours).await.id;
    let file = send(&w, &job(1), &incident, "shell.jsp", &[SHELL]).await.unwrap().view.attachment;
    let list = |name: &str, tlp| IntelListData {
        name: name.into(),
        source: "test".into(),
        description: String::new(),
        confidence: 80,
        tlp,
        expires: Some(at(1000)),
        purpose: ListPurpose::Alarm,
        least_confidence: 0,
        hunt_new: false,
    };
    let ours = std::slice::from_ref(&w.ours);
    w.ops.add_intel_list(&job(1), list("Shells", Tlp::Green), ours, file.sha1.clone().into_bytes()).await.unwrap();
    w.ops.add_intel_list(&job(1), list("Secret", Tlp::Red), ours, file.md5.clone().into_bytes()).await.unwrap();
    w.ops.set_intel(std::sync::Arc::new(w.ops.intel_index(at(2)).await.unwrap()));
    let li = w.user("li", Role::L1Analyst, &[&w.ours]).await;
    let seen = w.ops.get_attachment(&acting(&li, 10), &incident, &file.id).await.unwrap().known;
    let told: Vec<_> = seen.iter().map(|known| (known.value.as_str(), known.sources.len(), known.withheld)).collect();
    assert_eq!(told, [(file.sha1.as_str(), 1, 0), (file.md5.as_str(), 0, 1)]);
    let late = w.ops.get_attachment(&acting(&li, 2000), &incident, &file.id).await.unwrap().known;
    assert_eq!(late, [], "lists run out");
    let theirs = w.incident(&w.theirs).await.id;
    let same = send(&w, &job(1), &theirs, "shell.jsp", &[SHELL]).await.unwrap().view;
    assert_eq!(same.known, [], "a list of one customer says nothing of another's files");
}

#[tokio::test]
async fn the_deletion_of_a_customers_data_takes_files_along_and_counts_them() {
    let w = World::new().await;
    let (ours, theirs) = (w.incident(&w.ours).await.id, w.incident(&w.theirs).await.id);
    let early = send(&w, &job(10), &ours, "early.bin", &[b"early"]).await.unwrap().view.attachment;
    let late = send(&w, &job(500), &ours, "late.bin", &[b"late"]).await.unwrap().view.attachment;
    let foreign = send(&w, &job(10), &theirs, "early.bin", &[b"early"]).await.unwrap().view.attachment;
    let policy = model::retention::RetentionPolicy { default_days: Some(1), floor_days: 0 };
    let rules = DeletionRules { policy, below_floor: false, remains: Vec::new() };
    let range = TimeRange { from: at(0), to: at(100) };
    let ctx = job(1000).because("the contract ended");
    let certificate = w.ops.delete_events(&ctx, &rules, &w.ours, range).await.unwrap().unwrap();
    assert_eq!((certificate.events, certificate.attachments), (0, 1));
    assert!(certificate.holds() && certificate.to_string().contains("files of incidents 1"));
    let state = async |incident: &IncidentId, id: &AttachmentId| {
        w.ops.get_attachment(&job(1001), incident, id).await.unwrap().attachment
    };
    let gone = state(&ours, &early.id).await;
    assert_eq!(gone.state, AttachmentState::Removed);
    assert!(gone.removal.unwrap().reason.ends_with("the contract ended"));
    assert_eq!(state(&ours, &late.id).await.state, AttachmentState::Kept);
    assert_eq!(state(&theirs, &foreign.id).await.state, AttachmentState::Kept);
    assert_eq!(w.ops.delete_events(&ctx, &rules, &w.ours, range).await.unwrap(), None);
}
