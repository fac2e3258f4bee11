use model::alert::AlertState;
use model::{AssetId, Context, DeviceId, ResourceGroupId, Scope};
use store::{AlertFilter, AssetFilter, CustomerFilter, DeviceActivity, DeviceFilter, Error, ResourceGroupFilter};

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn customers_devices_assets_and_groups_read_back_as_written(fixture: Fixture) {
    let customer = customer(&fixture, "Acme").await;
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.get_customer(&customer).await.unwrap().data, customer_data("Acme"));

    let (device, asset, group) =
        (DeviceId::generate(at(1)), AssetId::generate(at(1)), ResourceGroupId::generate(at(1)));
    let made = tx.create_device(&customer, &device, &device_data("fw")).await.unwrap();
    assert_eq!((made.data.clone(), made.version, made.created), (device_data("fw"), 1, at(0)));
    assert_eq!(tx.get_device(&device).await.unwrap(), made);
    let made = tx.create_asset(&customer, &asset, &asset_data("shop")).await.unwrap();
    assert_eq!(tx.get_asset(&asset).await.unwrap(), made);
    let made = tx.create_resource_group(&customer, &group, &group_data("dmz")).await.unwrap();
    assert_eq!(tx.get_resource_group(&group).await.unwrap(), made);

    let changed = tx.update_asset(&asset, 1, &asset_data("shop 2")).await.unwrap();
    assert_eq!((changed.data, changed.version), (asset_data("shop 2"), 2));
    let changed = tx.update_resource_group(&group, 1, &group_data("dmz 2")).await.unwrap();
    assert_eq!((changed.data, changed.version), (group_data("dmz 2"), 2));
    assert_eq!(tx.all_assets(&customer).await.unwrap().len(), 1);
    assert_eq!(tx.all_resource_groups(&customer).await.unwrap().len(), 1);
    tx.delete_device(&device).await.unwrap();
    tx.delete_asset(&asset).await.unwrap();
    tx.delete_resource_group(&group).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.read(&everyone()).await;
    assert!(matches!(tx.get_device(&device).await, Err(Error::NotFound { what: "device", .. })));
    assert!(matches!(tx.get_asset(&asset).await, Err(Error::NotFound { what: "asset", .. })));
    assert!(matches!(tx.get_resource_group(&group).await, Err(Error::NotFound { what: "resource group", .. })));
}

pub async fn a_name_in_use_is_refused_by_its_field(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let bolt = customer(&fixture, "Bolt").await;
    device(&fixture, &acme, "fw").await;
    let field = |error: Error| match error {
        Error::Taken { field } => field,
        other => panic!("{other}"),
    };
    let mut data = customer_data("New");
    data.name = customer_data("Acme").name;
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(field(tx.create_customer(&model::CustomerId::generate(at(0)), &data).await.unwrap_err()), "name");
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    let mut data = customer_data("Bolt");
    data.short_name = "Acme".into();
    assert_eq!(field(tx.update_customer(&bolt, 1, &data).await.unwrap_err()), "short_name");
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    let again = tx.create_device(&acme, &DeviceId::generate(at(0)), &device_data("fw")).await;
    assert_eq!(field(again.unwrap_err()), "name");
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    tx.create_device(&bolt, &DeviceId::generate(at(0)), &device_data("fw")).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn text_is_found_without_case_and_with_wildcards_as_plain_characters(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let mut tx = fixture.write(&everyone()).await;
    for name in ["\u{c4}RGER 100%", "web_1", "webx1", "\u{5317}\u{4eac}\u{9632}\u{706b}\u{5899}"] {
        tx.create_device(&acme, &DeviceId::generate(at(0)), &device_data(name)).await.unwrap();
        tx.create_asset(&acme, &AssetId::generate(at(0)), &asset_data(name)).await.unwrap();
        tx.create_resource_group(&acme, &ResourceGroupId::generate(at(0)), &group_data(name)).await.unwrap();
    }
    for (part, names) in [
        ("\u{e4}rger", vec!["\u{c4}RGER 100%"]),
        ("0%", vec!["\u{c4}RGER 100%"]),
        ("WEB_1", vec!["web_1"]),
        ("\u{9632}\u{706b}", vec!["\u{5317}\u{4eac}\u{9632}\u{706b}\u{5899}"]),
        ("nowhere", vec![]),
    ] {
        let text = Some(part.to_owned());
        let page = first_page(10);
        let filter = DeviceFilter { text: text.clone(), ..Default::default() };
        let found = tx.list_devices(&filter, &page).await.unwrap();
        assert_eq!(found.items.iter().map(|item| item.data.name.as_str()).collect::<Vec<_>>(), names, "device {part}");
        let filter = AssetFilter { text: text.clone(), ..Default::default() };
        let found = tx.list_assets(&filter, &page).await.unwrap();
        assert_eq!(found.items.iter().map(|item| item.data.name.as_str()).collect::<Vec<_>>(), names, "asset {part}");
        let filter = ResourceGroupFilter { text, ..Default::default() };
        let found = tx.list_resource_groups(&filter, &page).await.unwrap();
        assert_eq!(found.items.iter().map(|item| item.data.name.as_str()).collect::<Vec<_>>(), names, "group {part}");
    }
    let filter = CustomerFilter { text: Some("ON MONDAYS".into()), ..Default::default() };
    assert_eq!(tx.list_customers(&filter, &first_page(10)).await.unwrap().items.len(), 1);
}

pub async fn nothing_lasts_without_a_commit(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let before = fixture.read(&everyone()).await.last_change().await.unwrap();
    let mut tx = fixture.write(&everyone()).await;
    tx.create_device(&acme, &DeviceId::generate(at(0)), &device_data("fw")).await.unwrap();
    drop(tx);
    let mut tx = fixture.read(&everyone()).await;
    assert!(tx.list_all_devices().await.unwrap().is_empty());
    assert_eq!(tx.last_change().await.unwrap(), before);
    let states = AlertFilter { states: vec![AlertState::New], ..Default::default() };
    assert_eq!(tx.count_alerts(&states).await.unwrap(), 0);
}

pub async fn activity_adds_up_and_tells_the_feed_only_when_a_device_comes_back(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    let heard = |second: u64, events| DeviceActivity {
        customer: acme.clone(),
        device: device.clone(),
        last_event: at(second),
        events,
        unparsed: 1,
    };
    let mut told = Vec::new();
    for (second, events) in [(1, 5), (60, 7), (30, 1), (60 + 601, 2)] {
        let before = fixture.read(&everyone()).await.last_change().await.unwrap();
        let mut tx = fixture.store.write(&Context::job("pipeline", Scope::All, at(second))).await.unwrap();
        tx.record_device_activity(&[heard(second, events)]).await.unwrap();
        tx.commit().await.unwrap();
        told.push(fixture.read(&everyone()).await.changes_after(before, 10).await.unwrap().len());
    }
    assert_eq!(told, [1, 0, 0, 1]);
    let device = fixture.read(&everyone()).await.get_device(&device).await.unwrap();
    assert_eq!((device.event_count, device.unparsed_count, device.last_event), (15, 4, Some(at(661))));
    assert_eq!(device.version, 1, "counting is no change of the data");
}

pub async fn a_reading_transaction_cannot_write(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let mut tx = fixture.read(&everyone()).await;
    let written = tx.create_asset(&acme, &AssetId::generate(at(0)), &asset_data("a")).await;
    assert!(matches!(written, Err(Error::Database(_))), "{written:?}");
}

pub async fn text_with_nul_is_kept_readable(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    let mut tx = fixture.write(&everyone()).await;
    let changed = tx.update_device(&device, 1, &device_data("f\0w")).await.unwrap();
    assert_eq!(changed.data.name, "f\u{fffd}w");
}
