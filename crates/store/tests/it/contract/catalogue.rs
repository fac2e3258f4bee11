use model::{CustomerId, Scope, TimeRange, Timestamp};
use store::{Catalogue, CatalogueFile, CatalogueWatermark, Error, SequenceRange, Store, StoreConfig};

use crate::builders::*;
use crate::fixture::Fixture;

fn file(customer: &CustomerId, id: &str, from: i64, to: i64) -> CatalogueFile {
    CatalogueFile {
        id: id.to_owned(),
        customer: customer.clone(),
        day: "2030-03-17".to_owned(),
        path: format!("customer={customer}/day=2030-03-17/{id}.parquet"),
        level: 0,
        rows: 10,
        bytes: 1000,
        min_time: from,
        max_time: to,
        checksum: "abc".to_owned(),
        columns: vec!["time".to_owned(), "f_x".to_owned()],
        ranges: vec![SequenceRange { log: 1, shard: 2, first: 3, last: 12 }],
        checked: None,
        damage: None,
    }
}

fn ids(files: &[CatalogueFile]) -> Vec<&str> {
    files.iter().map(|file| file.id.as_str()).collect()
}

pub async fn a_commit_is_all_or_nothing(fixture: Fixture) {
    let catalogue = fixture.catalogue().await;
    let acme = CustomerId::generate(at(0));
    let small = [file(&acme, "a", 0, 10), file(&acme, "b", 10, 20)];
    catalogue.commit(&small, &[], &[(acme.clone(), 1, 2, 12)]).await.unwrap();
    let mut merged = file(&acme, "c", 0, 20);
    merged.level = 1;
    let replaced = ["a".to_owned(), "b".to_owned()];
    let merged = [merged];
    catalogue.commit(&merged, &replaced, &[]).await.unwrap();
    assert_eq!(catalogue.all_files().await.unwrap(), merged);

    let again = catalogue.commit(&[file(&acme, "d", 0, 20)], &replaced, &[(acme.clone(), 1, 2, 99)]).await;
    assert!(matches!(again, Err(Error::Conflict { what: "catalogue file" })), "{again:?}");
    assert_eq!(catalogue.all_files().await.unwrap(), merged);
    catalogue.commit(&[], &[], &[(acme.clone(), 1, 2, 5)]).await.unwrap();
    let watermark = CatalogueWatermark { customer: acme, log: 1, shard: 2, sequence: 12 };
    assert_eq!(catalogue.watermarks().await.unwrap(), [watermark], "neither on with a failure nor back");
}

pub async fn files_are_found_by_customer_and_time(fixture: Fixture) {
    let catalogue = fixture.catalogue().await;
    let (acme, bolt) = (CustomerId::generate(at(0)), CustomerId::generate(at(0)));
    let files = [file(&acme, "a", 0, 10), file(&acme, "b", 10, 20), file(&bolt, "canary", 0, 20)];
    catalogue.commit(&files, &[], &[]).await.unwrap();
    let range = |from, to| TimeRange { from: Timestamp::from_micros(from), to: Timestamp::from_micros(to) };
    let mine = Scope::one(acme);
    for (range, expected) in [
        (range(0, 100), vec!["a", "b"]),
        (range(0, 10), vec!["a"]),
        (range(10, 11), vec!["a", "b"]),
        (range(11, 100), vec!["b"]),
        (range(21, 100), vec![]),
    ] {
        assert_eq!(ids(&catalogue.files(&mine, range).await.unwrap()), expected, "{range:?}");
    }
    assert_eq!(ids(&catalogue.files(&Scope::one(bolt), range(0, 100)).await.unwrap()), ["canary"]);
    assert_eq!(catalogue.files(&Scope::All, range(0, 100)).await.unwrap().len(), 3);
    assert!(catalogue.files(&Scope::Customers(Default::default()), range(0, 100)).await.unwrap().is_empty());
}

pub async fn what_a_check_of_a_file_found_is_kept_with_it(fixture: Fixture) {
    let catalogue = fixture.catalogue().await;
    let acme = CustomerId::generate(at(0));
    catalogue.commit(&[file(&acme, "a", 0, 10), file(&acme, "b", 0, 10)], &[], &[]).await.unwrap();
    catalogue.note_check("a", at(7), Some("12 bytes are missing")).await.unwrap();
    catalogue.note_check("b", at(8), None).await.unwrap();
    catalogue.note_check("gone", at(8), None).await.unwrap();
    let files = catalogue.all_files().await.unwrap();
    assert_eq!((files[0].checked, files[0].damage.as_deref()), (Some(at(7)), Some("12 bytes are missing")));
    assert_eq!((files[1].checked, files[1].damage.as_deref()), (Some(at(8)), None));
    catalogue.note_check("a", at(9), None).await.unwrap();
    assert_eq!(catalogue.all_files().await.unwrap()[0].damage, None, "brought back from a backup");
}

pub async fn many_commits_at_once_all_arrive(fixture: Fixture) {
    let catalogue = fixture.catalogue().await;
    let acme = CustomerId::generate(at(0));
    catalogue.commit(&[file(&acme, "taken", 0, 1)], &[], &[]).await.unwrap();
    let commits: Vec<_> = (0..100)
        .map(|n| {
            let (catalogue, acme) = (catalogue.clone(), acme.clone());
            tokio::spawn(async move {
                // Every tenth is a bad one among good ones.
                let id = if n % 10 == 9 { "taken".to_owned() } else { format!("{n:03}") };
                catalogue.commit(&[file(&acme, &id, n, n)], &[], &[(acme.clone(), 1, 0, n as u64)]).await
            })
        })
        .collect();
    let mut failed = 0;
    for commit in commits {
        match commit.await.unwrap() {
            Ok(()) => {}
            Err(Error::Taken { .. }) => failed += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((failed, catalogue.all_files().await.unwrap().len()), (10, 91));
    assert_eq!(catalogue.watermarks().await.unwrap()[0].sequence, 98);
}

pub async fn a_backup_opens_with_everything_in_it(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let catalogue = fixture.catalogue().await;
    catalogue.commit(&[file(&acme, "a", 0, 10)], &[], &[]).await.unwrap();
    let (to, catalogue_to) = (fixture.folder.path().join("copy.db"), fixture.folder.path().join("copy-catalogue.db"));
    if fixture.is_postgres() {
        assert!(matches!(fixture.store.backup_to(&to).await, Err(Error::BackUpWithPgDump)));
        assert!(matches!(catalogue.backup_to(&to).await, Err(Error::BackUpWithPgDump)));
        return;
    }
    fixture.store.backup_to(&to).await.unwrap();
    catalogue.backup_to(&catalogue_to).await.unwrap();
    assert!(
        matches!(fixture.store.backup_to(&to).await, Err(Error::Io { .. })),
        "an older backup is never overwritten"
    );
    device(&fixture, &acme, "after the backup").await;

    let config = StoreConfig { url: format!("sqlite:{}", to.display()), max_connections: 1 };
    let copy = Store::open(&config).await.unwrap();
    let mut tx = copy.read(&everyone()).await.unwrap();
    assert_eq!(tx.get_customer(&acme).await.unwrap().data, customer_data("Acme"));
    assert!(tx.list_all_devices().await.unwrap().is_empty());
    assert_eq!(ids(&Catalogue::open(&catalogue_to).await.unwrap().all_files().await.unwrap()), ["a"]);
}
