use model::DeviceCredentialId;
use model::device::CredentialKind;
use store::{Error, PeerActivity};

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

pub async fn a_collector_vouches_within_its_customer_and_notes_strangers(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (collector, fw) = (device(&fixture, &acme, "collector").await, device(&fixture, &acme, "fw").await);
    let foreign = device(&fixture, &bolt, "fw").await;
    let mut tx = fixture.write(&everyone()).await;
    let mut data = device_data("collector");
    data.kind = model::device::DeviceKind::Collector;
    tx.update_device(&collector, 1, &data).await.unwrap();
    let vouched = |device: &model::DeviceId, customer: &model::CustomerId| {
        let mut address = credential(customer, device, CredentialKind::Address, "10.0.0.1");
        address.collector = Some(collector.clone());
        address
    };
    let address = vouched(&fw, &acme);
    tx.create_device_credential(&address, b"collector 10.0.0.1").await.unwrap();
    tx.commit().await.unwrap();
    let crossed = vouched(&foreign, &bolt);
    let mut tx = fixture.write(&everyone()).await;
    assert!(matches!(tx.create_device_credential(&crossed, b"x").await, Err(Error::NotFound { .. })));
    let again = model::device::DeviceCredential { id: DeviceCredentialId::generate(at(1)), ..address.clone() };
    assert!(matches!(tx.create_device_credential(&again, b"collector 10.0.0.1").await, Err(Error::Taken { .. })));
    drop(tx);

    let mut tx = fixture.write(&everyone()).await;
    let token = credential(&acme, &collector, CredentialKind::Token, "t");
    tx.create_device_credential(&token, b"t").await.unwrap();
    let identities = tx.list_sender_identities().await.unwrap();
    let told: Vec<_> = identities.iter().map(|one| (one.kind, one.collector.clone(), one.collects)).collect();
    assert!(told.contains(&(CredentialKind::Address, Some(collector.clone()), false)), "{told:?}");
    assert!(told.contains(&(CredentialKind::Token, None, true)), "{told:?}");
    let senders = tx.list_device_senders().await.unwrap();
    assert_eq!((senders.len(), senders.iter().filter(|sender| sender.collects).count()), (3, 1));
    assert_eq!(tx.list_vouched_addresses(&collector).await.unwrap(), std::slice::from_ref(&address));

    let peer = |address: &str, records, time| PeerActivity {
        customer: acme.clone(),
        device: collector.clone(),
        address: address.to_owned(),
        records,
        first_seen: at(time),
        last_seen: at(time),
    };
    tx.record_collector_peers(&[peer("10.0.0.9", 2, 5), peer("10.0.0.8", 1, 5)]).await.unwrap();
    tx.record_collector_peers(&[peer("10.0.0.9", 3, 9)]).await.unwrap();
    let noted = tx.list_collector_peers(&collector).await.unwrap();
    let told: Vec<_> = noted.iter().map(|peer| (peer.address.as_str(), peer.records)).collect();
    assert_eq!(told, [("10.0.0.9", 5), ("10.0.0.8", 1)]);
    assert_eq!((noted[0].first_seen, noted[0].last_seen), (at(5), at(9)));
    tx.delete_collector_peer(&collector, "10.0.0.8").await.unwrap();
    tx.commit().await.unwrap();
    assert!(fixture.read(&only(&bolt)).await.list_collector_peers(&collector).await.is_err());
    let mut tx = fixture.write(&only(&acme)).await;
    assert_eq!(tx.list_collector_peers(&collector).await.unwrap().len(), 1);
    tx.delete_device(&collector).await.unwrap();
    assert!(tx.list_device_credentials(&fw).await.unwrap().is_empty(), "nobody vouches for the address any more");
}
