//! Device credentials: ports from the range, fingerprints, tokens shown once, and what the field engineer pastes.

use model::device::{CredentialKind, DeviceKind};
use model::*;
use ops::{CredentialWish, Error};

use crate::world::*;

#[tokio::test]
async fn an_address_is_given_to_one_device_by_a_collector_of_the_same_customer() {
    let world = World::new().await;
    let collector = world.device(&world.ours, DeviceKind::Collector).await;
    let foreign = world.device(&world.theirs, DeviceKind::Collector).await;
    let (one, two) =
        (world.device(&world.ours, DeviceKind::Firewall).await, world.device(&world.ours, DeviceKind::Waf).await);
    let issue = |device: &DeviceId, address: &str, by: &DeviceId| {
        let (ops, device) = (world.ops.clone(), device.clone());
        let (address, collector) = (Some(address.to_owned()), Some(by.clone()));
        let wish = CredentialWish { address, collector, ..CredentialWish::default() };
        async move { ops.issue_device_credential(&job(5), &device, CredentialKind::Address, wish).await }
    };
    let issued = issue(&one.id, "10.1.2.3/24", &collector.id).await.unwrap();
    assert_eq!((issued.credential.label.as_str(), &issued.secret), ("10.1.2.0/24", &None));
    assert!(issued.instructions.contains("10.1.2.0/24"));
    assert!(
        matches!(issue(&two.id, "10.1.2.0/24", &collector.id).await, Err(Error::Taken(field)) if field == "address")
    );
    issue(&two.id, "10.1.2.7", &collector.id).await.unwrap();
    for (by, address) in [(&foreign.id, "10.1.1.1"), (&two.id, "10.1.1.1"), (&collector.id, "nowhere")] {
        assert!(matches!(issue(&one.id, address, by).await, Err(Error::Invalid { .. })), "{address}");
    }
    assert!(matches!(issue(&collector.id, "10.9.9.9", &collector.id).await, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn ports_are_the_smallest_free_of_the_range_and_come_back_when_revoked() {
    let world = World::new().await;
    let device = world.device(&world.ours, DeviceKind::Firewall).await;
    let other = world.device(&world.theirs, DeviceKind::Firewall).await;
    let issue = |device: &DeviceId| {
        let (ops, device) = (world.ops.clone(), device.clone());
        async move { ops.issue_device_credential(&job(5), &device, CredentialKind::Port, CredentialWish::default()).await }
    };
    let first = issue(&device.id).await.unwrap();
    assert_eq!(first.credential.label, "20000");
    assert_eq!(first.secret, None);
    assert!(
        first.instructions.contains("@@logs.example.com:20000;RSYSLOG_SyslogProtocol23Format"),
        "{}",
        first.instructions
    );
    assert_eq!(issue(&other.id).await.unwrap().credential.label, "20001", "another customer's port is in use too");
    assert_eq!(issue(&device.id).await.unwrap().credential.label, "20002");
    assert!(matches!(issue(&device.id).await, Err(Error::NoPortFree)));
    world.ops.revoke_device_credential(&job(6), &device.id, &first.credential.id).await.unwrap();
    assert_eq!(issue(&other.id).await.unwrap().credential.label, "20000");
    world.ops.delete_device(&job(7), &other.id).await.unwrap();
    assert_eq!(issue(&device.id).await.unwrap().credential.label, "20000", "a deleted device gives its ports back");
}

#[tokio::test]
async fn ports_given_at_once_are_different_ports() {
    let world = World::with_ports(Some(20_000..=20_020)).await;
    let device = world.device(&world.ours, DeviceKind::Firewall).await;
    let issues: Vec<_> = (0..12)
        .map(|_| {
            let (ops, device) = (world.ops.clone(), device.id.clone());
            tokio::spawn(async move {
                ops.issue_device_credential(&job(5), &device, CredentialKind::Port, CredentialWish::default()).await
            })
        })
        .collect();
    let mut ports = std::collections::BTreeSet::new();
    for issue in issues {
        ports.insert(issue.await.unwrap().unwrap().credential.label);
    }
    assert_eq!(ports.len(), 12);
    assert_eq!(ports.last().map(String::as_str), Some("20011"));
}

#[tokio::test]
async fn without_a_range_no_port_is_given() {
    let world = World::with_ports(None).await;
    let device = world.device(&world.ours, DeviceKind::Firewall).await;
    let outcome =
        world.ops.issue_device_credential(&job(5), &device.id, CredentialKind::Port, CredentialWish::default()).await;
    assert!(matches!(outcome, Err(Error::NoPortFree)), "{outcome:?}");
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_only_as_its_hash() {
    let world = World::new().await;
    let device = world.device(&world.ours, DeviceKind::Host).await;
    let issued = world
        .ops
        .issue_device_credential(&job(5), &device.id, CredentialKind::Token, CredentialWish::default())
        .await
        .unwrap();
    let token = issued.secret.expect("a token");
    assert!(token.starts_with("vdd_") && token.len() == 47, "{token}");
    assert!(token.starts_with(&issued.credential.label) && issued.credential.label.len() == 10);
    let text = &issued.instructions;
    assert!(text.contains(&format!("Authorization: Bearer {token}")), "{text}");
    assert!(text.contains("curl -X POST https://logs.example.com:8443/ingest/v1/events"), "{text}");
    assert!(text.contains(&format!("[vedette@32473 token=\"{token}\"]")), "{text}");
    assert!(text.contains("target=\"logs.example.com\" port=\"6514\" protocol=\"tcp\""), "{text}");
    assert!(text.contains("DefaultNetstreamDriverCAFile"), "{text}");

    let identities = world.store.read(&job(6)).await.unwrap().list_sender_identities().await.unwrap();
    assert_eq!(identities.len(), 1);
    assert_eq!(identities[0].secret_hash.len(), 32);
    assert!(!format!("{identities:?}").contains(&token[11..]));
    let listed = world.ops.list_device_credentials(&job(6), &device.id).await.unwrap();
    assert_eq!(listed, [issued.credential]);
    assert!(!world.audit_text().await.contains(&token[11..]), "the token is in the audit log");
    assert_eq!(world.actions_on(device.id.as_str()).await, ["device.create", "device.issue_credential"]);
}

#[tokio::test]
async fn a_certificate_belongs_to_one_device() {
    let world = World::new().await;
    let one = world.device(&world.ours, DeviceKind::Host).await;
    let two = world.device(&world.theirs, DeviceKind::Host).await;
    let issue = |device: &DeviceId, kind: CredentialKind, fingerprint: Option<String>| {
        let (ops, device) = (world.ops.clone(), device.clone());
        async move {
            ops.issue_device_credential(
                &job(5),
                &device,
                kind,
                CredentialWish { fingerprint, ..CredentialWish::default() },
            )
            .await
        }
    };
    let fingerprint = vec!["AB"; 32].join(":");
    let issued = issue(&one.id, CredentialKind::Certificate, Some(fingerprint.clone())).await.unwrap();
    assert_eq!(issued.credential.label, "ab".repeat(32));
    let text = &issued.instructions;
    assert!(text.contains("template=\"RSYSLOG_SyslogProtocol23Format\""), "times go with their offset: {text}");
    assert_eq!(issued.secret, None);
    let again = issue(&two.id, CredentialKind::Certificate, Some(fingerprint.clone())).await;
    assert!(matches!(&again, Err(Error::Taken(field)) if field == "fingerprint"), "{again:?}");
    for (kind, fingerprint) in [(CredentialKind::Certificate, None), (CredentialKind::Token, Some(fingerprint))] {
        let outcome = issue(&two.id, kind, fingerprint).await;
        assert!(matches!(outcome, Err(Error::Invalid { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_credential_is_revoked_only_through_its_own_device() {
    let world = World::new().await;
    let one = world.device(&world.ours, DeviceKind::Host).await;
    let two = world.device(&world.ours, DeviceKind::Host).await;
    let issued = world
        .ops
        .issue_device_credential(&job(5), &one.id, CredentialKind::Token, CredentialWish::default())
        .await
        .unwrap();
    let outcome = world.ops.revoke_device_credential(&job(6), &two.id, &issued.credential.id).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    assert_eq!(world.ops.list_device_credentials(&job(6), &one.id).await.unwrap().len(), 1);
    world.ops.revoke_device_credential(&job(6), &one.id, &issued.credential.id).await.unwrap();
    assert_eq!(world.ops.list_device_credentials(&job(6), &one.id).await.unwrap().len(), 0);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_field_and_names_are_one_customers() {
    let world = World::new().await;
    let fields = |outcome: Error| match outcome {
        Error::Invalid { fields } => fields.into_iter().map(|problem| problem.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let mut data = device_data(" ");
    data.silence_minutes = 0;
    data.time_zone = Some("Mars/Olympus".into());
    let outcome = world.ops.create_device(&job(1), &world.ours, data).await.unwrap_err();
    assert_eq!(fields(outcome), ["name", "silence_minutes", "time_zone"]);
    let mut asset = asset_data();
    asset.addresses = vec!["not an address".into()];
    asset.name = String::new();
    let outcome = world.ops.create_asset(&job(1), &world.ours, asset).await.unwrap_err();
    assert_eq!(fields(outcome), ["name", "addresses"]);
    let mut group = group_data("g", "10.0.0.0/8");
    group.ranges.clear();
    let outcome = world.ops.create_resource_group(&job(1), &world.ours, group).await.unwrap_err();
    assert_eq!(fields(outcome), ["ranges"]);

    world.ops.create_device(&job(1), &world.ours, device_data("fw")).await.unwrap();
    let again = world.ops.create_device(&job(1), &world.ours, device_data("fw")).await;
    assert!(matches!(&again, Err(Error::Taken(field)) if field == "name"), "{again:?}");
    world.ops.create_device(&job(1), &world.theirs, device_data("fw")).await.expect("their own name");
}

#[tokio::test]
async fn addresses_and_ranges_are_kept_in_one_form() {
    let world = World::new().await;
    let mut asset = asset_data();
    asset.addresses = vec![" 2001:DB8:0::1 ".into(), "2001:db8::1".into(), "192.0.2.1".into()];
    asset.host_names = vec!["WEB01".into(), "web01".into(), String::new()];
    let kept = world.ops.create_asset(&job(1), &world.ours, asset).await.unwrap();
    assert_eq!(kept.data.addresses, ["2001:db8::1", "192.0.2.1"]);
    assert_eq!(kept.data.host_names, ["WEB01"]);
    let mut group = group_data("g", "10.1.2.3/8");
    group.ranges.push("10.0.0.0/8".parse().unwrap());
    let kept = world.ops.create_resource_group(&job(1), &world.ours, group).await.unwrap();
    assert_eq!(kept.data.ranges, ["10.0.0.0/8".parse::<ipnet::IpNet>().unwrap()]);
}
