use model::device::CredentialKind;
use store::Error;

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn a_port_or_a_secret_is_given_out_once(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (here, there) = (device(&fixture, &acme, "fw").await, device(&fixture, &bolt, "fw").await);
    let port = credential(&acme, &here, CredentialKind::Port, "5514");
    let token = credential(&acme, &here, CredentialKind::Token, "vdt_abc");
    let mut tx = fixture.write(&only(&acme)).await;
    tx.create_device_credential(&port, b"5514").await.unwrap();
    tx.create_device_credential(&token, b"hash").await.unwrap();
    assert_eq!(tx.list_device_credentials(&here).await.unwrap(), {
        let mut both = [port.clone(), token.clone()];
        both.sort_by(|a, b| a.id.cmp(&b.id));
        both
    });
    tx.commit().await.unwrap();

    for (again, secret, field) in [
        (credential(&bolt, &there, CredentialKind::Port, "5514"), &b"other"[..], "port"),
        (credential(&bolt, &there, CredentialKind::Token, "vdt_abc"), &b"hash"[..], "secret_hash"),
    ] {
        let mut tx = fixture.write(&only(&bolt)).await;
        assert_eq!(tx.ports_in_use().await.unwrap(), [5514], "ports are seen whosever they are");
        match tx.create_device_credential(&again, secret).await {
            Err(Error::Taken { field: taken }) => assert_eq!(taken, field),
            other => panic!("{other:?}"),
        }
    }
    let mut tx = fixture.write(&only(&acme)).await;
    tx.delete_device_credential(&port.id).await.unwrap();
    assert_eq!(tx.ports_in_use().await.unwrap(), [0u16; 0]);
    tx.delete_device(&here).await.unwrap();
    assert!(tx.list_sender_identities().await.unwrap().is_empty(), "a deleted device's credentials are gone");
}

pub async fn identities_carry_the_devices_time_zone_or_the_customers(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let (plain, abroad) = (device(&fixture, &acme, "plain").await, device(&fixture, &acme, "abroad").await);
    let mut tx = fixture.write(&everyone()).await;
    let mut data = device_data("abroad");
    data.time_zone = Some("Europe/Berlin".into());
    data.source = None;
    tx.update_device(&abroad, 1, &data).await.unwrap();
    for (device, label) in [(&plain, "p"), (&abroad, "a")] {
        let token = credential(&acme, device, CredentialKind::Token, label);
        tx.create_device_credential(&token, label.as_bytes()).await.unwrap();
    }
    let mut seen: Vec<_> = tx
        .list_sender_identities()
        .await
        .unwrap()
        .into_iter()
        .map(|sender| (sender.label, sender.time_zone, sender.source, sender.secret_hash))
        .collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            ("a".into(), "Europe/Berlin".into(), None, b"a".to_vec()),
            ("p".into(), "Asia/Shanghai".into(), Some("fortigate".into()), b"p".to_vec()),
        ]
    );
}
