//! A killed process loses nothing it was told is kept, and keeps nothing by halves.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use model::AssetId;
use model::audit::AuditEntry;
use store::{AuditFilter, Store, StoreConfig};

use crate::builders::*;
use crate::fixture::Fixture;

/// Run by the test below in a process of its own: commits until it is killed, telling of each commit.
#[tokio::test]
#[ignore = "only as the other process of the next test"]
async fn commit_until_killed() {
    let (Ok(url), Ok(customer)) = (std::env::var("CRASH_STORE"), std::env::var("CRASH_CUSTOMER")) else { return };
    let customer = customer.parse().unwrap();
    let store = Store::open(&StoreConfig { url, max_connections: 2 }).await.unwrap();
    loop {
        let id = AssetId::generate(at(0));
        let mut tx = store.write(&everyone()).await.unwrap();
        tx.create_asset(&customer, &id, &asset_data("a")).await.unwrap();
        let (object, detail) = (id.to_string(), serde_json::Value::Null);
        tx.audit(AuditEntry { customer: None, action: "asset.create", object, detail }).await.unwrap();
        tx.commit().await.unwrap();
        println!("\nkept {id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_committed_is_there_with_its_change_and_audit_row() {
    let fixture = Fixture::sqlite().await;
    let customer = customer(&fixture, "Acme").await;
    let start = fixture.read(&everyone()).await.last_change().await.unwrap();
    let mut told = BTreeSet::new();
    for round in 0..4 {
        let mut other = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::commit_until_killed", "--ignored", "--nocapture"])
            .env("CRASH_STORE", &fixture.url)
            .env("CRASH_CUSTOMER", customer.as_str())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(other.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut kept = lines.filter_map(|line| line.strip_prefix("kept ").map(str::to_owned));
        told.extend(kept.by_ref().take(20 + round * 7));
        other.kill().unwrap();
        other.wait().unwrap();
        told.extend(kept);
    }
    assert!(told.len() >= 100, "{} commits", told.len());

    let mut tx = fixture.read(&everyone()).await;
    let assets: BTreeSet<String> =
        tx.all_assets(&customer).await.unwrap().into_iter().map(|asset| asset.id.to_string()).collect();
    let changes = tx.changes_after(start, 100_000).await.unwrap();
    let changes: BTreeSet<String> = changes.into_iter().map(|change| change.id).collect();
    let mut audited = BTreeSet::new();
    let mut request = first_page(1000);
    loop {
        let page = tx.list_audit(&AuditFilter::default(), &request).await.unwrap();
        audited.extend(page.items.into_iter().map(|row| row.object));
        let Some(next) = page.next else { break };
        request = model::PageRequest::new(1000, Some(next));
    }
    assert!(told.is_subset(&assets), "lost: {:?}", told.difference(&assets).collect::<Vec<_>>());
    assert_eq!(assets, changes, "each with its change");
    assert_eq!(assets, audited, "each with its audit row");
}
