use std::fmt::Debug;

use model::alert::AlertState;
use model::audit::AuditEntry;
use model::device::CredentialKind;
use model::{AssetId, AuditPolicyId, Context, CustomerId, DeviceId, Page, ResourceGroupId, Scope};
use store::{
    AlertFilter, AssetFilter, AuditFilter, AuditPolicyFilter, CustomerFilter, DeviceActivity, DeviceFilter, Error,
    IncidentFilter, ResourceGroupFilter, Watermark,
};

use crate::builders::*;
use crate::fixture::Fixture;

/// Planted in every row of the other customer; must never reach the first.
const CANARY: &str = "canary";

pub async fn another_customers_rows_are_neither_seen_nor_changed_while_their_owner_succeeds(fixture: Fixture) {
    let mine = customer(&fixture, "Acme").await;
    let theirs = customer(&fixture, CANARY).await;
    let (device, asset, group) =
        (DeviceId::generate(at(0)), AssetId::generate(at(0)), ResourceGroupId::generate(at(0)));
    let policy = AuditPolicyId::generate(at(0));
    let mut tx = fixture.write(&only(&theirs)).await;
    tx.create_device(&theirs, &device, &device_data(CANARY)).await.unwrap();
    let credential = credential(&theirs, &device, CredentialKind::Token, CANARY);
    tx.create_device_credential(&credential, b"hash").await.unwrap();
    tx.create_asset(&theirs, &asset, &asset_data(CANARY)).await.unwrap();
    tx.create_resource_group(&theirs, &group, &group_data(CANARY)).await.unwrap();
    tx.create_audit_policy(&policy, Some(&theirs), &policy_data(CANARY, 1)).await.unwrap();
    let incident = tx.create_incident(&incident(&theirs, CANARY)).await.unwrap();
    tx.add_incident_entry(&theirs, &incident.id, &comment(CANARY, 1)).await.unwrap();
    let alert = alert(&theirs, &device, CANARY, 1);
    tx.upsert_alerts(std::slice::from_ref(&alert)).await.unwrap();
    let detail = serde_json::json!({ "name": CANARY });
    let entry =
        AuditEntry { customer: Some(theirs.clone()), action: "device.create", object: device.to_string(), detail };
    tx.audit(entry.clone()).await.unwrap();
    tx.commit().await.unwrap();

    let activity = [DeviceActivity {
        customer: theirs.clone(),
        device: device.clone(),
        last_event: at(9),
        events: 1,
        unparsed: 0,
    }];
    for (scope, owner) in [(&mine, false), (&theirs, true)] {
        let tried = Tried { owner };
        let context = only(scope);

        let mut tx = fixture.read(&context).await;
        tried.one("customer", tx.get_customer(&theirs).await);
        tried.one("device", tx.get_device(&device).await);
        tried.one("credential", tx.get_device_credential(&credential.id).await);
        tried.one("credentials", tx.list_device_credentials(&device).await);
        tried.one("asset", tx.get_asset(&asset).await);
        tried.one("group", tx.get_resource_group(&group).await);
        tried.one("policy", tx.get_audit_policy(&policy).await);
        tried.one("incident", tx.get_incident(&incident.id).await);
        tried.one("timeline", tx.list_incident_entries(&incident.id, &first_page(9)).await);
        tried.one("alert", tx.get_alert(&alert.id).await);

        let page = first_page(9);
        tried.page("customers", tx.list_customers(&CustomerFilter::default(), &page).await);
        tried.page("devices", tx.list_devices(&DeviceFilter::default(), &page).await);
        let asked = DeviceFilter { customer: Some(theirs.clone()), ..Default::default() };
        tried.page("devices asked for", tx.list_devices(&asked, &page).await);
        tried.page("assets", tx.list_assets(&AssetFilter::default(), &page).await);
        tried.page("groups", tx.list_resource_groups(&ResourceGroupFilter::default(), &page).await);
        tried.page("policies", tx.list_audit_policies(&AuditPolicyFilter::default(), &page).await);
        tried.page("incidents", tx.list_incidents(&IncidentFilter::default(), &page).await);
        tried.page("alerts", tx.list_alerts(&AlertFilter::default(), &page).await);
        let asked = AlertFilter { customers: vec![theirs.clone()], ..Default::default() };
        tried.page("alerts asked for", tx.list_alerts(&asked, &page).await);
        tried.page("audit", tx.list_audit(&AuditFilter::default(), &page).await);
        tried.all("all customers", tx.all_customers().await);
        tried.all("all devices", tx.list_all_devices().await);
        tried.all("all assets", tx.all_assets(&theirs).await);
        tried.all("all groups", tx.all_resource_groups(&theirs).await);
        tried.all("all policies", tx.all_audit_policies().await);
        tried.all("senders", tx.list_sender_identities().await);
        tried.all("open alerts", tx.open_alerts_since(at(0)).await);
        tried.all("new alerts", tx.list_new_alerts(9).await);
        tried.all("alerts by id", tx.alerts_without_samples(std::slice::from_ref(&alert.id)).await);
        tried.all("found device", tx.find_device(&device).await.map(Vec::from_iter));
        tried.all("by key", tx.find_open_incident_by_key(&theirs, &incident.key).await.map(Vec::from_iter));
        let changes = tx.changes_after(0, 99).await.unwrap();
        assert_eq!(changes.iter().any(|change| change.customer.as_ref() == Some(&theirs)), owner, "changes");
        assert_eq!(tx.count_alerts(&AlertFilter::default()).await.unwrap(), i64::from(owner));
        assert_eq!(tx.count_detections(&AlertFilter::default()).await.unwrap() > 0, owner);
        assert_eq!(tx.count_incidents(&IncidentFilter::default()).await.unwrap(), i64::from(owner));
        drop(tx);

        // One transaction for each: a refusal must come from the statement, not from the one before it.
        macro_rules! tried {
            ($what:literal, $tx:ident => $call:expr) => {{
                let mut $tx = fixture.write(&context).await;
                let done = $call.await;
                tried.one($what, done);
                $tx.commit().await.unwrap();
            }};
        }
        tried!("new device", tx => tx.create_device(&theirs, &DeviceId::generate(at(2)), &device_data("2")));
        tried!("new asset", tx => tx.create_asset(&theirs, &AssetId::generate(at(2)), &asset_data("2")));
        tried!("new group", tx => tx.create_resource_group(&theirs, &ResourceGroupId::generate(at(2)), &group_data("2")));
        tried!("new policy", tx => tx.create_audit_policy(&AuditPolicyId::generate(at(2)), Some(&theirs), &policy_data("2", 2)));
        tried!("new incident", tx => tx.create_incident(&crate::builders::incident(&theirs, "2")));
        tried!("new alert", tx => tx.upsert_alerts(&[crate::builders::alert(&theirs, &device, "2", 2)]));
        tried!("new audit row", tx => tx.audit(entry.clone()));
        tried!("new credential", tx => tx.create_device_credential(
            &crate::builders::credential(&theirs, &device, CredentialKind::Port, "5514"), b"5514"));
        tried!("customer update", tx => tx.update_customer(&theirs, 1, &customer_data(CANARY)));
        tried!("device update", tx => tx.update_device(&device, 1, &device_data(CANARY)));
        tried!("asset update", tx => tx.update_asset(&asset, 1, &asset_data(CANARY)));
        tried!("group update", tx => tx.update_resource_group(&group, 1, &group_data(CANARY)));
        tried!("policy update", tx => tx.update_audit_policy(&policy, 1, &policy_data(CANARY, 1)));
        tried!("policy hit", tx => tx.count_policy_hit(&policy));
        tried!("incident update", tx => tx.update_incident(&incident, 1));
        tried!("comment", tx => tx.add_incident_entry(&theirs, &incident.id, &comment("2", 2)));
        tried!("decision", tx => tx.decide_alert(&alert.id, 1, AlertState::Open, None, None));
        let mut tx = fixture.write(&context).await;
        tx.record_device_activity(&activity).await.unwrap();
        tx.commit().await.unwrap();
        let counted = fixture.read(&everyone()).await.get_device(&device).await.unwrap().event_count;
        assert_eq!(counted, i64::from(owner), "activity");
        tried!("credential deletion", tx => tx.delete_device_credential(&credential.id));
        tried!("asset deletion", tx => tx.delete_asset(&asset));
        tried!("group deletion", tx => tx.delete_resource_group(&group));
        tried!("policy deletion", tx => tx.delete_audit_policy(&policy));
        tried!("device deletion", tx => tx.delete_device(&device));
    }
}

/// Holds an outcome to who tried it.
struct Tried {
    owner: bool,
}

impl Tried {
    fn one<T: Debug>(&self, what: &str, done: Result<T, Error>) {
        match (self.owner, done) {
            (true, Ok(_)) | (false, Err(Error::NotFound { .. })) => {}
            (owner, done) => panic!("{what}, owner: {owner}: {done:?}"),
        }
    }

    fn page<T: Debug>(&self, what: &str, page: Result<Page<T>, Error>) {
        self.all(what, page.map(|page| page.items));
    }

    fn all<T: Debug>(&self, what: &str, rows: Result<Vec<T>, Error>) {
        let rows = rows.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(format!("{rows:?}").contains(CANARY), self.owner, "{what}: {rows:?}");
    }
}

pub async fn an_empty_scope_sees_nothing(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    device(&fixture, &acme, "fw").await;
    let nobody = Context::job("test", Scope::Customers(Default::default()), at(0));
    let mut tx = fixture.read(&nobody).await;
    assert!(tx.all_customers().await.unwrap().is_empty());
    assert!(tx.list_all_devices().await.unwrap().is_empty());
    assert!(tx.changes_after(0, 9).await.unwrap().is_empty());
    assert_eq!(fixture.read(&only(&acme)).await.list_all_devices().await.unwrap().len(), 1);
}

pub async fn what_is_nobodys_needs_every_customer(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let mut tx = fixture.write(&only(&acme)).await;
    let narrow = |done: Option<Error>| assert!(matches!(done, Some(Error::ScopeTooNarrow { .. })), "{done:?}");
    narrow(tx.create_customer(&CustomerId::generate(at(0)), &customer_data("New")).await.err());
    narrow(tx.alert_watermarks().await.err());
    narrow(tx.set_alert_watermark(&Watermark { log: 1, shard: 0, sequence: 1 }).await.err());
    narrow(tx.put_state("name", b"value").await.err());
    narrow(tx.get_state("name").await.err());
    narrow(tx.delete_state("name").await.err());
    narrow(tx.seal_audit(1).await.err());
    narrow(tx.verify_audit().await.err());
    narrow(tx.prune_changes(at(0)).await.err());
    narrow(tx.create_audit_policy(&AuditPolicyId::generate(at(0)), None, &policy_data("all", 1)).await.err());
    drop(tx);

    let mut tx = fixture.write(&everyone()).await;
    tx.put_state("name", b"value").await.unwrap();
    tx.put_state("name", b"newer\0").await.unwrap();
    assert_eq!(tx.get_state("name").await.unwrap().as_deref(), Some(&b"newer\0"[..]));
    assert_eq!(tx.get_state("other").await.unwrap(), None);
    assert_eq!(tx.prune_changes(at(1)).await.unwrap(), 1);
}

pub async fn nothing_of_one_customer_can_be_hung_onto_another(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (here, there) = (device(&fixture, &acme, "fw").await, device(&fixture, &bolt, "fw").await);
    let mut tx = fixture.write(&everyone()).await;
    let crossed = credential(&acme, &there, CredentialKind::Token, "abc");
    assert!(matches!(tx.create_device_credential(&crossed, b"x").await, Err(Error::NotFound { .. })));
    let other = tx.create_incident(&incident(&bolt, "WEB01")).await.unwrap();
    let alert = alert(&acme, &here, "k", 1);
    tx.upsert_alerts(std::slice::from_ref(&alert)).await.unwrap();
    let linked = tx.decide_alert(&alert.id, 1, AlertState::Raised, None, Some(&other.id)).await;
    assert!(matches!(linked, Err(Error::NotFound { what: "incident", .. })), "{linked:?}");
    let commented = tx.add_incident_entry(&acme, &other.id, &comment("x", 1)).await;
    assert!(matches!(commented, Err(Error::NotFound { what: "incident", .. })), "{commented:?}");
    let mut moved = other.clone();
    moved.customer = acme.clone();
    let moved = tx.update_incident(&moved, 1).await;
    assert!(moved.is_err(), "{moved:?}");
}
