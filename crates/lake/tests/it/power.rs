//! Nothing is lost or doubled when the power goes at any single operation on the disk; and every sync is needed for it.

use std::path::PathBuf;
use std::sync::Arc;

use lake::{Lake, LakeConfig, verify};
use model::{Context, CustomerId, EventId, Scope, TimeRange, Timestamp};

use crate::catalogue::{Fault, FileCatalogue};
use crate::compact::{all_time, later, odd_events};
use crate::forgetful_disk::{DirSyncs, Faults, ForgetfulDisk};
use crate::world::{LOG, Made, World, always, append, config};

/// The lake on a forgetful disk, what its senders sent, and the log before it: what the lake said it has in durable
/// files is no longer in the log.
struct Rig {
    disk: ForgetfulDisk,
    _dir: tempfile::TempDir,
    config: LakeConfig,
    catalogue_path: PathBuf,
    events: Vec<Made>,
    customers: Vec<CustomerId>,
    /// Events at or below are no longer in the log.
    trimmed: u64,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Finished,
    Died,
}

const BATCH: usize = 20;

impl Rig {
    async fn new() -> Rig {
        let world = World::new().await;
        let events = odd_events(&world, 60);
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("disk");
        std::fs::create_dir(&root).unwrap();
        let disk = ForgetfulDisk::new(&root);
        let mut config = config(root.join("lake"));
        config.disk = Arc::new(disk.clone());
        config.grace = std::time::Duration::ZERO;
        let catalogue_path = dir.path().join("catalogue.json");
        let customers = world.customers.clone();
        Rig { disk, _dir: dir, config, catalogue_path, events, customers, trimmed: 0 }
    }

    async fn open(&self) -> lake::Result<(Lake, Arc<FileCatalogue>)> {
        let catalogue = Arc::new(FileCatalogue::open(self.catalogue_path.clone()));
        Ok((Lake::open(self.config.clone(), catalogue.clone()).await?, catalogue))
    }

    /// Everything the lake does with its disk: replay, flush after each batch, merge, delete a period.
    async fn run(&mut self) -> Outcome {
        let Ok((lake, _)) = self.open().await else { return Outcome::Died };
        let left: Vec<Made> =
            self.events.iter().filter(|event| event.envelope.id.sequence > self.trimmed).cloned().collect();
        for batch in left.chunks(BATCH) {
            append(&lake, batch).unwrap();
            let flushed = lake.flush_all().await;
            // The log forgets what the lake says is in committed files.
            self.trimmed = self.trimmed.max(lake.low_watermark(LOG, 0).unwrap_or(0));
            if flushed.is_err() {
                return Outcome::Died;
            }
        }
        if lake.compact(all_time(), usize::MAX, later()).await.is_err() {
            return Outcome::Died;
        }
        Outcome::Finished
    }

    /// The power goes, everything starts again, and the log is replayed. What is there then.
    async fn after_power_cut(&mut self) -> Result<Vec<EventId>, String> {
        self.disk.cut_power();
        let (lake, catalogue) = self.open().await.map_err(|error| error.to_string())?;
        let left: Vec<Made> =
            self.events.iter().filter(|event| event.envelope.id.sequence > self.trimmed).cloned().collect();
        append(&lake, &left).unwrap();
        let everyone = Context::job("test", Scope::All, later());
        let mut query = always();
        query.page.limit = 1000;
        let found = lake.search(&everyone, &query).await.map_err(|error| error.to_string())?;
        let verified = verify(&self.config.dir, &*catalogue, &Scope::All, later()).await.unwrap();
        if !verified.problems.is_empty() || !verified.orphans.is_empty() {
            return Err(format!("{verified:?}"));
        }
        let mut ids: Vec<EventId> = found.items.iter().map(|event| event.id).collect();
        ids.sort();
        Ok(ids)
    }

    fn sent(&self) -> Vec<EventId> {
        self.events.iter().map(|event| event.envelope.id).collect()
    }
}

#[tokio::test]
async fn the_power_may_go_at_any_operation_and_every_event_is_there_once() {
    let mut whole = Rig::new().await;
    assert_eq!(whole.run().await, Outcome::Finished);
    let operations = whole.disk.log();
    for wanted in ["create_dir", "create ", "write", "sync_file", "rename", "sync_dir", "remove"] {
        assert!(operations.iter().any(|operation| operation.starts_with(wanted)), "no {wanted} in {operations:?}");
    }
    assert_eq!(whole.after_power_cut().await.unwrap(), whole.sent());

    let mut died = 0;
    #[allow(clippy::needless_range_loop)] // the place is the point of death
    for place in 0..operations.len() {
        let mut rig = Rig::new().await;
        rig.disk.set(Faults { die_at: Some(place), ..Faults::default() });
        died += usize::from(rig.run().await == Outcome::Died);
        let found = rig.after_power_cut().await;
        assert_eq!(found, Ok(rig.sent()), "died at {place}: {}", operations[place]);
        // And again from there, to the end.
        assert_eq!(rig.run().await, Outcome::Finished, "after dying at {place}");
        assert_eq!(rig.after_power_cut().await, Ok(rig.sent()), "after dying at {place}");
    }
    println!("{} operations of the disk, each the last one once; {died} of the runs ended there", operations.len());
    assert!(died > 40, "{died}");
}

#[tokio::test]
async fn without_any_one_kind_of_sync_events_are_lost() {
    // Depth 0 is the folder that holds the lake's, 1 the lake's, 2 a customer's, 3 a day's.
    let missing = [
        ("the content of files", Faults { ignore_file_sync: true, ..Faults::default() }),
        ("any folder", dir_syncs(DirSyncs::All)),
        ("the folder of the lake", dir_syncs(DirSyncs::AtDepth(0))),
        ("the folders of customers", dir_syncs(DirSyncs::AtDepth(1))),
        ("the folders of days", dir_syncs(DirSyncs::AtDepth(2))),
        ("the names of files", dir_syncs(DirSyncs::AtDepth(3))),
    ];
    for (what, faults) in missing {
        let mut rig = Rig::new().await;
        rig.disk.set(faults);
        assert_eq!(rig.run().await, Outcome::Finished, "nothing is noticed while it runs");
        let found = rig.after_power_cut().await;
        println!(
            "without syncing {what}: {}",
            found.as_ref().map_or_else(String::clone, |ids| format!("{}", ids.len()))
        );
        assert_ne!(found, Ok(rig.sent()), "syncing {what} seems to be needless");
    }
}

fn dir_syncs(ignored: DirSyncs) -> Faults {
    Faults { ignore_dir_sync: Some(ignored), ..Faults::default() }
}

#[tokio::test]
async fn a_disk_that_fails_or_is_full_keeps_the_rows_and_goes_on_when_it_works_again() {
    for kind in ["create_dir", "create", "write", "sync_file", "rename", "sync_dir"] {
        let mut rig = Rig::new().await;
        let (lake, _) = rig.open().await.unwrap();
        append(&lake, &rig.events[..30]).unwrap();
        rig.disk.set(Faults { fail: vec![kind], ..Faults::default() });
        let error = lake.flush_all().await.unwrap_err();
        assert!(matches!(error, lake::Error::Disk { .. }), "{kind}: {error:?}");
        assert_eq!((lake.buffered().rows, lake.low_watermark(LOG, 0)), (30, Some(0)), "{kind}");
        let everyone = Context::job("test", Scope::All, later());
        assert_eq!(lake.count(&everyone, &always()).await.unwrap(), 30, "{kind}");
        rig.disk.set(Faults::default());
        append(&lake, &rig.events[30..]).unwrap();
        assert_eq!(lake.flush_all().await.unwrap().rows, 60, "{kind}");
        rig.trimmed = lake.low_watermark(LOG, 0).unwrap();
        assert_eq!(rig.trimmed, 60);
        drop(lake);
        assert_eq!(rig.after_power_cut().await, Ok(rig.sent()), "{kind}");
    }
}

#[tokio::test]
async fn a_merge_on_a_disk_that_fails_leaves_everything_as_it_was() {
    for kind in ["create", "write", "sync_file", "rename", "sync_dir"] {
        let mut rig = Rig::new().await;
        let (lake, catalogue) = rig.open().await.unwrap();
        for batch in rig.events.chunks(BATCH) {
            append(&lake, batch).unwrap();
            lake.flush_all().await.unwrap();
        }
        rig.trimmed = 60;
        let before = catalogue.all();
        rig.disk.set(Faults { fail: vec![kind], ..Faults::default() });
        assert!(lake.compact(all_time(), usize::MAX, later()).await.is_err(), "{kind}");
        assert_eq!(catalogue.all(), before, "{kind}");
        rig.disk.set(Faults::default());
        let done = lake.compact(all_time(), usize::MAX, later()).await.unwrap();
        assert_eq!((done.before, done.rows), (before.len(), 60), "{kind}");
        drop(lake);
        assert_eq!(rig.after_power_cut().await, Ok(rig.sent()), "{kind}");
    }
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_with_the_power() {
    let noon = crate::world::NOON;
    let gone = TimeRange { from: Timestamp::from_micros(noon), to: Timestamp::from_micros(noon + 1_800_000_000) };
    for forgetful in [false, true] {
        let rig = Rig::new().await;
        let (lake, catalogue) = rig.open().await.unwrap();
        append(&lake, &rig.events).unwrap();
        let customer = &rig.customers[0];
        let deletion = lake.plan_deletion(customer, gone).await.unwrap();
        let files = deletion.files();
        assert!(deletion.events() > 10 && !files.is_empty());
        if forgetful {
            rig.disk.set(dir_syncs(DirSyncs::AtDepth(3)));
        }
        deletion.carry_out(later()).await.unwrap();
        drop((lake, catalogue));
        rig.disk.cut_power();
        let back = files.iter().filter(|file| rig.config.dir.join(&file.path).exists()).count();
        assert_eq!(back > 0, forgetful, "unlinking is durable only with the sync of the folder");
    }
}

#[tokio::test]
async fn a_commit_that_fails_or_whose_answer_is_lost_is_found_out() {
    for fault in [Fault::Refused, Fault::AnswerLost] {
        let mut rig = Rig::new().await;
        let (lake, catalogue) = rig.open().await.unwrap();
        append(&lake, &rig.events).unwrap();
        catalogue.fail(fault);
        let _ = lake.flush_all().await;
        rig.trimmed = lake.low_watermark(LOG, 0).unwrap();
        assert_eq!(rig.trimmed, if fault == Fault::Refused { 0 } else { 60 });
        drop(lake);
        assert_eq!(rig.after_power_cut().await, Ok(rig.sent()), "{fault:?}");
    }
}
