use model::attachment::{Attachment, AttachmentState};
use model::yara::{FileScan, ScanState, YaraProblem, YaraSetData};
use model::*;
use store::{EnabledYaraSet, Error, NewAttachment, YaraSetText};

use crate::builders::*;
use crate::fixture::Fixture;

async fn incident_of(fixture: &Fixture, customer: &CustomerId) -> IncidentId {
    let mut tx = fixture.write(&everyone()).await;
    let made = tx.create_incident(&incident(customer, "web shell")).await.unwrap();
    tx.commit().await.unwrap();
    made.id
}

/// A file of two parts, sent in full unless `finish` is false.
async fn sent(
    fixture: &Fixture,
    customer: &CustomerId,
    incident: &IncidentId,
    sha256: &str,
    finish: bool,
) -> AttachmentId {
    let id = AttachmentId::generate(at(1));
    let new = NewAttachment {
        id: id.clone(),
        customer: customer.clone(),
        incident: incident.clone(),
        name: "shell.jsp".into(),
    };
    let mut tx = fixture.write(&only(customer)).await;
    tx.begin_attachment(&new).await.unwrap();
    tx.add_attachment_part(customer, &id, 0, b"<%", at(2)).await.unwrap();
    tx.add_attachment_part(customer, &id, 1, b"\0\xff%>", at(3)).await.unwrap();
    if finish {
        tx.finish_attachment(&attachment(&id, customer, incident, sha256)).await.unwrap();
    }
    tx.commit().await.unwrap();
    id
}

fn attachment(id: &AttachmentId, customer: &CustomerId, incident: &IncidentId, sha256: &str) -> Attachment {
    Attachment {
        id: id.clone(),
        customer: customer.clone(),
        incident: incident.clone(),
        name: "shell.jsp".into(),
        state: AttachmentState::Kept,
        size: 6,
        sha256: sha256.into(),
        sha1: "b".into(),
        md5: "c".into(),
        crc32: u32::MAX,
        added_by: None,
        added: at(0),
        removal: None,
        scan: FileScan::waiting(),
    }
}

pub async fn a_file_is_sent_in_parts_read_back_and_removed_with_its_record_left(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let incident = incident_of(&fixture, &acme).await;
    let id = sent(&fixture, &acme, &incident, "a", true).await;
    let mut tx = fixture.write(&only(&acme)).await;
    let kept = tx.get_attachment(&incident, &id).await.unwrap();
    assert_eq!(kept, attachment(&id, &acme, &incident, "a"));
    assert_eq!(tx.attachment_part(&id, 1).await.unwrap().unwrap(), b"\0\xff%>");
    assert_eq!(tx.attachment_part(&id, 2).await.unwrap(), None);
    assert_eq!(tx.find_attachment(&incident, "a").await.unwrap().unwrap().id, id);
    let sums = tx.attachment_sums(&acme, &incident).await.unwrap();
    assert_eq!((sums.incident_files, sums.incident_bytes, sums.customer_bytes), (1, 6, 6));
    assert!(tx.add_attachment_part(&acme, &id, 2, b"more", at(4)).await.is_err(), "what is finished stays as it is");
    let range = TimeRange { from: at(0), to: at(1) };
    assert_eq!(tx.attachments_between(&acme, range).await.unwrap().len(), 1);
    let gone = tx.remove_attachment(&kept, "kept by the customer").await.unwrap();
    assert_eq!((gone.state, gone.sha256.as_str(), gone.size), (AttachmentState::Removed, "a", 6));
    assert_eq!(gone.removal.unwrap().reason, "kept by the customer");
    assert_eq!(tx.attachment_part(&id, 0).await.unwrap(), None);
    assert!(matches!(tx.remove_attachment(&kept, "again").await, Err(Error::Conflict { .. })));
    assert_eq!(tx.find_attachment(&incident, "a").await.unwrap(), None);
    assert_eq!(tx.attachment_sums(&acme, &incident).await.unwrap(), Default::default());
    assert_eq!(tx.attachments_between(&acme, range).await.unwrap(), []);
    assert_eq!(tx.list_attachments(&incident, &first_page(9)).await.unwrap().items.len(), 1);
    tx.commit().await.unwrap();
}

pub async fn a_file_that_was_not_finished_is_seen_by_nobody_and_swept(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let incident = incident_of(&fixture, &acme).await;
    let (one, other) =
        (sent(&fixture, &acme, &incident, "a", false).await, sent(&fixture, &acme, &incident, "b", false).await);
    let mut tx = fixture.write(&only(&acme)).await;
    assert_eq!(tx.list_attachments(&incident, &first_page(9)).await.unwrap().items, []);
    assert!(matches!(tx.get_attachment(&incident, &one).await, Err(Error::NotFound { .. })));
    assert_eq!(tx.attachment_sums(&acme, &incident).await.unwrap().incident_files, 2, "it takes its room already");
    tx.discard_attachment(&one).await.unwrap();
    assert_eq!(tx.attachment_part(&one, 0).await.unwrap(), None);
    assert_eq!(tx.sweep_attachments(at(3)).await.unwrap(), 0, "its last part is not that old");
    assert_eq!(tx.sweep_attachments(at(4)).await.unwrap(), 1);
    assert_eq!(tx.attachment_part(&other, 0).await.unwrap(), None);
    tx.commit().await.unwrap();
}

pub async fn files_wait_for_the_rules_in_force_and_keep_what_was_told(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let incident = incident_of(&fixture, &acme).await;
    let id = sent(&fixture, &acme, &incident, "a", true).await;
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.customers_with_attachments().await.unwrap(), std::slice::from_ref(&acme));
    assert_eq!(tx.count_unscanned_attachments().await.unwrap(), 1);
    tx.begin_attachment_scan(&id).await.unwrap();
    let waiting = tx.next_unscanned_attachment(&acme, "v1").await.unwrap().unwrap();
    assert_eq!((waiting.attempts, waiting.told.len(), &waiting.attachment.id), (1, 0, &id));
    let scan = FileScan { state: ScanState::Done, at: Some(at(5)), rules: 212, files: 1, ..FileScan::waiting() };
    tx.finish_attachment_scan(&waiting.attachment, "v1", &scan, &["a:b:".to_owned()]).await.unwrap();
    assert_eq!(tx.get_attachment(&incident, &id).await.unwrap().scan, scan);
    assert_eq!(tx.next_unscanned_attachment(&acme, "v1").await.unwrap(), None);
    assert_eq!(tx.count_unscanned_attachments().await.unwrap(), 0);
    let again = tx.next_unscanned_attachment(&acme, "v2").await.unwrap().unwrap();
    assert_eq!((again.attempts, again.told), (0, vec!["a:b:".to_owned()]));
    tx.remove_attachment(&waiting.attachment, "done with").await.unwrap();
    assert_eq!(tx.next_unscanned_attachment(&acme, "v3").await.unwrap(), None);
    let late = tx.finish_attachment_scan(&waiting.attachment, "v3", &scan, &[]).await;
    assert!(matches!(late, Err(Error::NotFound { .. })));
    tx.commit().await.unwrap();
}

pub async fn files_are_their_customers_alone(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let incident = incident_of(&fixture, &acme).await;
    let id = sent(&fixture, &acme, &incident, "a", true).await;
    let open = sent(&fixture, &acme, &incident, "b", false).await;
    let kept = attachment(&id, &acme, &incident, "a");
    let mut tx = fixture.write(&only(&bolt)).await;
    assert!(tx.get_attachment(&incident, &id).await.is_err());
    assert!(tx.list_attachments(&incident, &first_page(9)).await.is_err());
    assert_eq!(tx.find_attachment(&incident, "a").await.unwrap(), None);
    assert_eq!(tx.attachment_part(&id, 0).await.unwrap(), None);
    assert_eq!(tx.attachment_sums(&acme, &incident).await.unwrap(), Default::default());
    assert_eq!(tx.customers_with_attachments().await.unwrap(), []);
    assert_eq!(tx.count_unscanned_attachments().await.unwrap(), 0);
    assert_eq!(tx.next_unscanned_attachment(&acme, "v").await.unwrap(), None);
    assert_eq!(tx.sweep_attachments(at(99)).await.unwrap(), 0);
    assert!(tx.remove_attachment(&kept, "x").await.is_err());
    assert!(tx.begin_attachment_scan(&id).await.is_err());
    assert!(tx.finish_attachment_scan(&kept, "v", &FileScan::waiting(), &[]).await.is_err());
    assert!(tx.add_attachment_part(&acme, &open, 2, b"x", at(4)).await.is_err());
    tx.discard_attachment(&open).await.unwrap();
    tx.commit().await.unwrap();
    let new = NewAttachment { id: AttachmentId::generate(at(9)), customer: bolt.clone(), incident, name: "x".into() };
    let mut tx = fixture.write(&only(&bolt)).await;
    assert!(tx.begin_attachment(&new).await.is_err(), "nothing is hung onto another's incident");
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    assert!(tx.begin_attachment(&new).await.is_err(), "not even by somebody who sees both");
    drop(tx);
    assert!(fixture.read(&only(&acme)).await.attachment_part(&open, 0).await.unwrap().is_some());
}

fn set(name: &str, enabled: bool) -> YaraSetData {
    YaraSetData { name: name.into(), note: "ours".into(), enabled }
}

fn text(text: &str) -> YaraSetText {
    let problem = YaraProblem { line: 1, column: 2, rule: None, message: "unknown".into() };
    YaraSetText { text: text.into(), rules: 2, problems: vec![problem] }
}

pub async fn a_set_of_rules_is_seen_by_its_customers_and_changed_on_its_version_only(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (global, shared) = (YaraSetId::generate(at(1)), YaraSetId::generate(at(2)));
    let mut tx = fixture.write(&everyone()).await;
    let made = tx.create_yara_set(&global, None, &set("For all", true), &text("rule a {}")).await.unwrap();
    assert_eq!((made.version, made.rules, made.left_out, made.bytes, made.customers), (1, 2, 1, 9, None));
    let both = [acme.clone(), bolt.clone()];
    tx.create_yara_set(&shared, Some(&both), &set("Shared", true), &text("rule b {}")).await.unwrap();
    assert_eq!(tx.count_yara_sets().await.unwrap(), 2);
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&acme)).await;
    assert!(tx.create_yara_set(&YaraSetId::generate(at(3)), None, &set("x", true), &text("")).await.is_err());
    drop(tx);
    let mut tx = fixture.write(&only(&acme)).await;
    let own = YaraSetId::generate(at(3));
    tx.create_yara_set(&own, Some(&both[..1]), &set("Acme's", false), &text("rule c {}")).await.unwrap();
    assert_eq!(tx.yara_set_text(&own).await.unwrap(), text("rule c {}"));
    let listed = tx.list_yara_sets(&first_page(9)).await.unwrap().items;
    assert_eq!(listed.iter().map(|set| set.data.name.as_str()).collect::<Vec<_>>(), ["Acme's", "For all", "Shared"]);
    assert_eq!(listed[2].customers.as_deref(), Some(&both[..1]), "who else has it is not told");
    let enabled = tx.enabled_yara_sets(&acme).await.unwrap();
    assert_eq!(enabled[0], EnabledYaraSet { id: global.clone(), name: "For all".into(), version: 1 });
    assert_eq!(enabled.len(), 2, "what is off is not in force");
    let changed =
        tx.update_yara_set(&own, 1, Some(&both[..1]), &set("Acme's", true), &text("rule d {}")).await.unwrap();
    assert_eq!(changed.version, 2);
    let stale = tx.update_yara_set(&own, 1, Some(&both[..1]), &set("x", true), &text("")).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })));
    for foreign in [&global, &shared] {
        let refused = tx.update_yara_set(foreign, 1, Some(&both[..1]), &set("x", true), &text("")).await;
        assert!(matches!(refused, Err(Error::ScopeTooNarrow { .. })));
        assert!(matches!(tx.delete_yara_set(foreign, 1).await, Err(Error::ScopeTooNarrow { .. })));
    }
    assert!(tx.enabled_yara_sets(&bolt).await.is_err());
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&only(&bolt)).await;
    assert!(matches!(tx.get_yara_set(&own).await, Err(Error::NotFound { .. })));
    assert!(tx.yara_set_text(&own).await.is_err());
    assert!(tx.delete_yara_set(&own, 2).await.is_err());
    assert_eq!(tx.enabled_yara_sets(&bolt).await.unwrap().len(), 2);
    let told = tx.changes_after(0, 99).await.unwrap();
    let told: Vec<_> =
        told.iter().filter(|one| one.noun == model::change::Noun::YaraSet).map(|one| one.id.as_str()).collect();
    assert_eq!(told, [global.as_str(), shared.as_str()]);
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    assert!(matches!(tx.delete_yara_set(&own, 1).await, Err(Error::Conflict { .. })));
    tx.delete_yara_set(&own, 2).await.unwrap();
    tx.delete_yara_set(&global, 1).await.unwrap();
    tx.commit().await.unwrap();
}
