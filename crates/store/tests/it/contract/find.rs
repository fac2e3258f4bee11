use model::export::{Export, ExportData, ExportState};
use model::saved_search::SavedSearchData;
use model::search::ExportFormat;
use model::{CustomerId, ExportId, PageRequest, SavedSearchId, UserId};
use store::Error;

use crate::builders::*;
use crate::fixture::Fixture;

fn data(name: &str, customer: Option<&CustomerId>, shared: bool) -> SavedSearchData {
    SavedSearchData {
        name: name.to_owned(),
        query: "user_name:li*".to_owned(),
        columns: vec!["user_name".to_owned()],
        seconds: Some(3600),
        from: None,
        to: None,
        customer: customer.cloned(),
        shared,
    }
}

async fn person(fixture: &Fixture, login: &str) -> UserId {
    let id = UserId::generate(at(0));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_user(&id, &user_data(login)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn a_kept_search_is_its_owners_or_shared_with_those_who_see_its_customer(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (li, wang) = (person(&fixture, "li.lei").await, person(&fixture, "wang.wu").await);
    let mut tx = fixture.write(&only(&acme)).await;
    let mut ids = Vec::new();
    for (name, of, shared) in [
        ("a own", None, false),
        ("b shared", None, true),
        ("c acme", Some(&acme), true),
        ("d acme", Some(&acme), false),
    ] {
        let id = SavedSearchId::generate(at(1));
        let made = tx.create_saved_search(&id, &li, &data(name, of, shared)).await.unwrap();
        assert_eq!(made, tx.get_saved_search(&li, &id).await.unwrap());
        ids.push(id);
    }
    let foreign = tx.create_saved_search(&SavedSearchId::generate(at(1)), &li, &data("e", Some(&bolt), true)).await;
    assert!(matches!(foreign, Err(Error::NotFound { .. })));
    tx.commit().await.unwrap();

    let names = |page: model::Page<model::saved_search::SavedSearch>| {
        page.items.into_iter().map(|search| search.data.name).collect::<Vec<_>>()
    };
    let all = PageRequest::default();
    let mut tx = fixture.read(&only(&acme)).await;
    assert_eq!(names(tx.list_saved_searches(&li, &all).await.unwrap()), ["a own", "b shared", "c acme", "d acme"]);
    assert_eq!(names(tx.list_saved_searches(&wang, &all).await.unwrap()), ["b shared", "c acme"]);
    assert!(matches!(tx.get_saved_search(&wang, &ids[0]).await, Err(Error::NotFound { .. })));
    drop(tx);
    let mut tx = fixture.write(&only(&bolt)).await;
    assert_eq!(names(tx.list_saved_searches(&wang, &all).await.unwrap()), ["b shared"]);
    assert!(matches!(tx.get_saved_search(&wang, &ids[2]).await, Err(Error::NotFound { .. })));
    let theirs = tx.update_saved_search(&ids[2], 1, &data("stolen", None, true)).await;
    assert!(matches!(theirs, Err(Error::Conflict { .. })));
}

pub async fn a_kept_search_is_changed_on_its_version_and_forgotten(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let li = person(&fixture, "li.lei").await;
    let id = SavedSearchId::generate(at(1));
    let mut tx = fixture.write(&only(&acme)).await;
    tx.create_saved_search(&id, &li, &data("one", Some(&acme), true)).await.unwrap();
    tx.update_saved_search(&id, 1, &data("two", None, false)).await.unwrap();
    let old = tx.update_saved_search(&id, 1, &data("three", None, false)).await;
    assert!(matches!(old, Err(Error::Conflict { .. })));
    let search = tx.get_saved_search(&li, &id).await.unwrap();
    assert_eq!((search.data.name.as_str(), search.version), ("two", 2));
    tx.delete_saved_search(&search).await.unwrap();
    assert!(matches!(tx.get_saved_search(&li, &id).await, Err(Error::NotFound { .. })));
    assert!(matches!(tx.delete_saved_search(&search).await, Err(Error::NotFound { .. })));
}

fn export(owner: &UserId, seconds: u64) -> Export {
    Export {
        id: ExportId::generate(at(seconds)),
        owner: owner.clone(),
        data: ExportData {
            from: at(0),
            to: at(10),
            customers: Vec::new(),
            devices: Vec::new(),
            sources: Vec::new(),
            filters: Vec::new(),
            q: "a AND b".to_owned(),
            text: String::new(),
            format: ExportFormat::Csv,
            columns: vec!["time".to_owned()],
            most: 10,
        },
        state: ExportState::Queued,
        total: None,
        events: 0,
        bytes: 0,
        of: None,
        sha256: None,
        problem: None,
        created: at(seconds),
        started: None,
        finished: None,
        expires: None,
    }
}

pub async fn an_export_goes_from_state_to_state_and_is_seen_by_its_owner_only(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let (li, wang) = (person(&fixture, "li.lei").await, person(&fixture, "wang.wu").await);
    let (first, second) = (export(&li, 1), export(&li, 2));
    let mut tx = fixture.write(&only(&acme)).await;
    tx.create_export(&first).await.unwrap();
    tx.create_export(&second).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.exports_in(&[ExportState::Queued]).await.unwrap(), [first.clone(), second.clone()]);
    let running = Export { state: ExportState::Running, started: Some(at(3)), bytes: 7, ..first.clone() };
    tx.put_export(ExportState::Queued, &running).await.unwrap();
    let again = tx.put_export(ExportState::Queued, &running).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "it is taken once");
    let done = Export {
        state: ExportState::Done,
        of: Some(vec![acme.clone()]),
        finished: Some(at(4)),
        expires: Some(at(9)),
        sha256: Some("00".to_owned()),
        total: Some(3),
        events: 3,
        bytes: 30,
        ..running
    };
    tx.put_export(ExportState::Running, &done).await.unwrap();
    let failed = Export {
        state: ExportState::Failed,
        finished: Some(at(4)),
        problem: Some("no room".to_owned()),
        ..second.clone()
    };
    tx.put_export(ExportState::Queued, &failed).await.unwrap();
    assert_eq!(tx.export_bytes(&li).await.unwrap(), 30);
    assert_eq!(tx.export_bytes(&wang).await.unwrap(), 0);
    assert_eq!(tx.get_export(&li, &first.id).await.unwrap(), done);
    assert!(matches!(tx.get_export(&wang, &first.id).await, Err(Error::NotFound { .. })));
    assert_eq!(tx.list_exports(&li, &PageRequest::default()).await.unwrap().items, [failed, done]);
    assert!(tx.list_exports(&wang, &PageRequest::default()).await.unwrap().items.is_empty());
    assert_eq!(tx.prune_exports(at(4)).await.unwrap(), 0);
    assert_eq!(tx.prune_exports(at(5)).await.unwrap(), 1, "what is done has a file");
    tx.delete_export(&first.id).await.unwrap();
    assert!(tx.list_exports(&li, &PageRequest::default()).await.unwrap().items.is_empty());
}
