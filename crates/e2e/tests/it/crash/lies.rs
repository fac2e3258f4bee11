//! The counter-proof: with any one of the syncs taken away the same load and the same judge find a loss.
//!
//! The disk answers these syncs and does nothing. They take a minute together, so `cargo xtask crash` runs them and the
//! everyday tests do not.

use std::time::Duration;

use super::World;
use super::disk::Loss;
use super::python;

/// Runs one life with such a disk and cuts the power; gives what was found wrong.
async fn with_a_lie(lie: &str) {
    let Some(python) = python() else { return };
    let mut world = World::new(python, 7);
    let accounts = world.set_up().await;
    world.disk.faults(lie);
    let server = tokio::task::block_in_place(|| world.place.start());
    let senders = world.senders(&accounts);
    // Long enough for files to be committed and for the positions that let the log be forgotten.
    tokio::time::sleep(Duration::from_secs(6)).await;
    server.kill();
    world.cut(Loss::All);
    let found = match world.end(senders).await {
        Err(why) => why,
        Ok(verdict) => {
            assert!(!verdict.faults.is_empty(), "with `{lie}` nothing is missing: {}", verdict.told());
            verdict.told()
        }
    };
    println!("with `{lie}`:\n{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "cargo xtask crash runs it"]
async fn without_the_sync_of_the_log_events_are_lost() {
    with_a_lie("lie sync data/wal/*.wal 1 0\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "cargo xtask crash runs it"]
async fn without_the_sync_of_the_lakes_files_events_are_lost() {
    with_a_lie("lie sync data/lake/* 1 0\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "cargo xtask crash runs it"]
async fn without_the_sync_of_the_lakes_folders_events_are_lost() {
    with_a_lie("lie dirsync data/lake/* 1 0\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "cargo xtask crash runs it"]
async fn without_the_sync_of_the_catalogue_events_are_lost() {
    with_a_lie("lie sync data/catalogue.db* 1 0\n").await;
}
