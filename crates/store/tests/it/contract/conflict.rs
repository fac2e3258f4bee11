use model::alert::AlertState;
use model::{AssetId, AuditPolicyId, ResourceGroupId, UserId};
use store::Error;

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn an_update_on_an_old_version_is_refused_and_changes_nothing(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    let (asset, group) = (AssetId::generate(at(0)), ResourceGroupId::generate(at(0)));
    let (policy, user) = (AuditPolicyId::generate(at(0)), UserId::generate(at(0)));
    let alert = alert(&acme, &device, "k", 1);
    let mut tx = fixture.write(&everyone()).await;
    tx.create_asset(&acme, &asset, &asset_data("a")).await.unwrap();
    tx.create_resource_group(&acme, &group, &group_data("g")).await.unwrap();
    tx.create_audit_policy(&policy, Some(&acme), &policy_data("p", 1)).await.unwrap();
    tx.create_user(&user, &user_data("li.lei")).await.unwrap();
    let incident = tx.create_incident(&incident(&acme, "WEB01")).await.unwrap();
    tx.upsert_alerts(std::slice::from_ref(&alert)).await.unwrap();

    macro_rules! conflict {
        ($version:ident => $call:expr) => {
            for $version in [0, 2] {
                let done = $call.await;
                assert!(matches!(done, Err(Error::Conflict { .. })), "version {}: {done:?}", $version);
            }
            let $version = 1;
            assert_eq!($call.await.unwrap().version, 2);
        };
    }
    conflict!(version => tx.update_customer(&acme, version, &customer_data("New")));
    conflict!(version => tx.update_device(&device, version, &device_data("new")));
    conflict!(version => tx.update_asset(&asset, version, &asset_data("new")));
    conflict!(version => tx.update_resource_group(&group, version, &group_data("new")));
    conflict!(version => tx.update_audit_policy(&policy, version, &policy_data("new", 2)));
    conflict!(version => tx.update_user(&user, version, &user_data("new")));
    conflict!(version => tx.update_incident(&incident, version));
    conflict!(version => tx.decide_alert(&alert.id, version, AlertState::Ignored, Some(&policy), None));
}

pub async fn of_two_writers_on_one_version_exactly_one_wins(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    for version in 1..=10 {
        let writers: Vec<_> = ["left", "right"]
            .into_iter()
            .map(|name| {
                let (store, device) = (fixture.store.clone(), device.clone());
                tokio::spawn(async move {
                    let mut tx = store.write(&everyone()).await?;
                    tx.update_device(&device, version, &device_data(name)).await?;
                    tx.commit().await
                })
            })
            .collect();
        let mut won = 0;
        for writer in writers {
            match writer.await.unwrap() {
                Ok(()) => won += 1,
                Err(Error::Conflict { what: "device" }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won, 1, "version {version}");
    }
}
