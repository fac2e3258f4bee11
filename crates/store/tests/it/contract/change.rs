use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::change::Noun;
use model::{AssetId, UserId};

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn every_change_is_told_once_and_only_to_those_it_concerns(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let start = fixture.read(&everyone()).await.last_change().await.unwrap();
    let asset = AssetId::generate(at(0));
    let mut tx = fixture.write(&everyone_at(4)).await;
    tx.create_asset(&acme, &asset, &asset_data("a")).await.unwrap();
    tx.update_asset(&asset, 1, &asset_data("b")).await.unwrap();
    let incident = tx.create_incident(&incident(&bolt, "WEB01")).await.unwrap();
    tx.create_user(&UserId::generate(at(0)), &user_data("li.lei")).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = fixture.read(&everyone()).await;
    let all = tx.changes_after(start, 99).await.unwrap();
    let nouns: Vec<_> = all.iter().map(|change| change.noun).collect();
    assert_eq!(nouns, [Noun::Asset, Noun::Incident, Noun::User]);
    assert_eq!((all[0].customer.as_ref(), all[0].id.as_str(), all[0].time), (Some(&acme), asset.as_str(), at(4)));
    assert_eq!(tx.changes_after(all[0].sequence, 1).await.unwrap(), all[1..2]);
    assert_eq!(tx.last_change().await.unwrap(), all[2].sequence);
    let theirs = fixture.read(&only(&bolt)).await.changes_after(start, 99).await.unwrap();
    assert_eq!(theirs.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), [incident.id.as_str()]);
}

pub async fn a_follower_misses_nothing_while_many_write(fixture: Fixture) {
    const WRITERS: usize = 6;
    const EACH: usize = 15;
    let acme = customer(&fixture, "Acme").await;
    let start = fixture.read(&everyone()).await.last_change().await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let follower = tokio::spawn({
        let (store, done) = (fixture.store.clone(), done.clone());
        async move {
            let (mut last, mut seen) = (start, BTreeSet::new());
            loop {
                let over = done.load(Ordering::SeqCst);
                let mut tx = store.read(&everyone()).await.unwrap();
                let changes = tx.changes_after(last, 7).await.unwrap();
                if over && changes.is_empty() {
                    return seen;
                }
                for change in changes {
                    assert!(change.sequence > last);
                    last = change.sequence;
                    assert!(seen.insert(change.id.clone()), "told twice: {}", change.id);
                }
                drop(tx);
                tokio::task::yield_now().await;
            }
        }
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, acme) = (fixture.store.clone(), acme.clone());
            tokio::spawn(async move {
                let mut made = Vec::new();
                for n in 0..EACH {
                    let id = AssetId::generate(at(0));
                    let mut tx = store.write(&everyone()).await.unwrap();
                    tx.create_asset(&acme, &id, &asset_data(&format!("{writer} {n}"))).await.unwrap();
                    // Some are given up after they took their place.
                    if n % 5 == 4 {
                        drop(tx);
                    } else {
                        tokio::time::sleep(std::time::Duration::from_micros(((writer * 7 + n) % 5) as u64 * 300)).await;
                        tx.commit().await.unwrap();
                        made.push(id.to_string());
                    }
                }
                made
            })
        })
        .collect();
    let mut made = BTreeSet::new();
    for writer in writers {
        made.extend(writer.await.unwrap());
    }
    done.store(true, Ordering::SeqCst);
    assert_eq!(made.len(), WRITERS * EACH * 4 / 5);
    assert_eq!(follower.await.unwrap(), made);
}

pub async fn a_commit_wakes_followers(fixture: Fixture) {
    let mut commits = fixture.store.commits();
    commits.mark_unchanged();
    let acme = customer(&fixture, "Acme").await;
    tokio::time::timeout(std::time::Duration::from_secs(5), commits.changed()).await.unwrap().unwrap();
    let mut tx = fixture.write(&only(&acme)).await;
    tx.create_asset(&acme, &AssetId::generate(at(0)), &asset_data("a")).await.unwrap();
    drop(tx);
    assert!(!commits.has_changed().unwrap(), "nothing was committed");
}
