//! The log: what was acknowledged is there after a power cut, in order, once; what is damaged is said.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use receive::wal::{Disk, Kind, OsDisk, Wal, WalConfig, WalError};

use crate::forgetful_disk::ForgetfulDisk;

const DIR: &str = "/wal";

fn small() -> WalConfig {
    WalConfig { segment_bytes: 4096, group_bytes: 2048, keep_records: 0 }
}

fn open(disk: &ForgetfulDisk) -> Result<Wal, WalError> {
    Wal::open(Path::new(DIR), small(), Arc::new(disk.clone()))
}

fn data(text: &str) -> Vec<(Kind, Vec<u8>)> {
    vec![(Kind::DATA, text.as_bytes().to_vec())]
}

fn put(wal: &Wal, text: &str) -> u64 {
    wal.append(data(text)).unwrap().durable_blocking().unwrap().first
}

fn read_all(wal: &Wal) -> Vec<(u64, String)> {
    let mut reader = wal.reader(wal.first());
    let mut all = Vec::new();
    loop {
        let batch = reader.read(7, 512, Duration::ZERO).unwrap();
        if batch.is_empty() {
            return all;
        }
        all.extend(
            batch.records().map(|record| (record.sequence, String::from_utf8(record.payload.to_vec()).unwrap())),
        );
    }
}

fn numbered(range: std::ops::RangeInclusive<u64>) -> Vec<(u64, String)> {
    range.map(|number| (number, format!("record {number}"))).collect()
}

#[test]
fn records_over_many_segments_are_there_in_order_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let wal = Wal::open(dir.path(), small(), Arc::new(OsDisk)).unwrap();
    let log = wal.log();
    for number in 1..=500 {
        assert_eq!(put(&wal, &format!("record {number}")), number);
    }
    assert_eq!(read_all(&wal), numbered(1..=500));
    drop(wal);
    let wal = Wal::open(dir.path(), small(), Arc::new(OsDisk)).unwrap();
    assert_eq!((wal.log(), wal.durable()), (log, 500));
    assert_eq!(put(&wal, "record 501"), 501);
    assert_eq!(read_all(&wal), numbered(1..=501));
    let segments = OsDisk.list(dir.path()).unwrap().len() - 1;
    assert!(segments > 3, "only {segments} segments");
}

#[test]
fn a_record_longer_than_the_read_size_and_than_a_segment_reads_back() {
    let disk = ForgetfulDisk::default();
    let config = WalConfig { segment_bytes: 1024, group_bytes: 1 << 20, keep_records: 0 };
    let wal = Wal::open(Path::new(DIR), config, Arc::new(disk)).unwrap();
    let long = "x".repeat(100_000);
    put(&wal, "a");
    put(&wal, &long);
    put(&wal, "b");
    assert_eq!(read_all(&wal), [(1, "a".to_owned()), (2, long), (3, "b".to_owned())]);
}

#[test]
fn a_reader_begins_anywhere_and_follows_the_live_tail() {
    let disk = ForgetfulDisk::default();
    let wal = Arc::new(open(&disk).unwrap());
    for number in 1..=100 {
        put(&wal, &format!("record {number}"));
    }
    let mut reader = wal.reader(77);
    let mut seen = Vec::new();
    let producer = std::thread::spawn({
        let wal = wal.clone();
        move || {
            for number in 101..=300 {
                put(&wal, &format!("record {number}"));
            }
        }
    });
    while seen.len() < 224 {
        let batch = reader.read(10, 4096, Duration::from_secs(10)).unwrap();
        assert!(!batch.is_empty(), "nothing came for ten seconds after {}", seen.len());
        seen.extend(batch.records().map(|record| record.sequence));
    }
    producer.join().unwrap();
    assert_eq!(seen, (77..=300).collect::<Vec<_>>());
}

#[test]
fn many_producers_share_syncs_and_each_finds_its_records_together() {
    let dir = tempfile::tempdir().unwrap();
    let wal = Arc::new(Wal::open(dir.path(), WalConfig::default(), Arc::new(OsDisk)).unwrap());
    let producers: Vec<_> = (0..16)
        .map(|producer| {
            let wal = wal.clone();
            std::thread::spawn(move || {
                for round in 0..50 {
                    let records = (0..5).map(|part| (Kind::DATA, format!("{producer}/{round}/{part}").into_bytes()));
                    let place = wal.append(records.collect()).unwrap().durable_blocking().unwrap();
                    assert_eq!(place.last - place.first, 4);
                }
            })
        })
        .collect();
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    let all = read_all(&wal);
    assert_eq!(all.len(), 16 * 50 * 5);
    for group in all.chunks(5) {
        let prefix = group[0].1.rsplit_once('/').unwrap().0;
        let expected: Vec<_> = (0..5).map(|part| format!("{prefix}/{part}")).collect();
        assert_eq!(group.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>(), expected);
    }
    let syncs = wal.stats().syncs;
    assert!(syncs < 800, "{syncs} syncs for 800 appends");
}

#[test]
fn a_power_cut_keeps_everything_acknowledged_whatever_of_the_rest_survives() {
    for torn in [0, 1, 10, 30, 47, 100] {
        let disk = ForgetfulDisk::default();
        let wal = open(&disk).unwrap();
        for number in 1..=200 {
            put(&wal, &format!("record {number}"));
        }
        // From here on nothing reaches the disk; the records are not acknowledged in the test's eyes.
        disk.faults.skip_file_sync.store(true, Ordering::SeqCst);
        let rest = (201..=203).map(|number| (Kind::DATA, format!("record {number}").into_bytes())).collect();
        wal.append(rest).unwrap().durable_blocking().unwrap();
        drop(wal);
        disk.cut_power(torn);
        disk.faults.skip_file_sync.store(false, Ordering::SeqCst);
        let wal = open(&disk).unwrap();
        let kept = wal.durable();
        assert!((200..=203).contains(&kept), "torn {torn}: kept {kept}");
        assert_eq!(read_all(&wal), numbered(1..=kept));
        // What is written over the cut tail is not followed by its remains.
        put(&wal, &format!("record {}", kept + 1));
        drop(wal);
        disk.cut_power(0);
        assert_eq!(read_all(&open(&disk).unwrap()), numbered(1..=kept + 1));
    }
}

/// The proof that the power-cut test would notice: the same run with a sync left out loses what was acknowledged.
#[test]
fn without_a_file_or_folder_sync_acknowledged_records_are_lost_and_the_forgetful_disk_shows_it() {
    for folder in [false, true] {
        let disk = ForgetfulDisk::default();
        let wal = open(&disk).unwrap();
        put(&wal, "record 1");
        let skipped = if folder { &disk.faults.skip_dir_sync } else { &disk.faults.skip_file_sync };
        skipped.store(true, Ordering::SeqCst);
        for number in 2..=200 {
            put(&wal, &format!("record {number}"));
        }
        drop(wal);
        skipped.store(false, Ordering::SeqCst);
        disk.cut_power(0);
        let kept = open(&disk).unwrap().durable();
        assert!(kept < 200, "folder {folder}: all {kept} survived without a sync");
    }
}

#[test]
fn damage_to_durable_records_is_an_error_that_names_segment_and_offset() {
    let disk = ForgetfulDisk::default();
    let wal = open(&disk).unwrap();
    for number in 1..=20 {
        put(&wal, &format!("record {number}"));
    }
    drop(wal);
    let path = disk.paths().into_iter().find(|path| path.extension().is_some()).unwrap();
    disk.edit(&path, |bytes| bytes[200] ^= 0xff);
    match open(&disk) {
        Err(WalError::Damaged { path: told, offset, .. }) => {
            assert_eq!(told, path);
            assert!((150..=200).contains(&offset), "offset {offset}");
        }
        other => panic!("expected damage, got {:?}", other.map(|wal| wal.durable())),
    }
}

#[test]
fn damage_in_an_older_segment_stops_the_reader_with_its_place() {
    let disk = ForgetfulDisk::default();
    let wal = open(&disk).unwrap();
    for number in 1..=300 {
        put(&wal, &format!("record {number}"));
    }
    let first = disk.paths().into_iter().find(|path| path.extension().is_some()).unwrap();
    disk.edit(&first, |bytes| bytes[1000] ^= 0xff);
    let mut reader = wal.reader(1);
    let error = loop {
        match reader.read(10, 4096, Duration::ZERO) {
            Ok(batch) => assert!(!batch.is_empty(), "read past the damage"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, WalError::Damaged { ref path, .. } if *path == first), "{error}");
}

#[test]
fn trimming_deletes_whole_segments_below_and_keeps_the_span_to_look_back() {
    let disk = ForgetfulDisk::default();
    let config = WalConfig { keep_records: 100, ..small() };
    let wal = Wal::open(Path::new(DIR), config.clone(), Arc::new(disk.clone())).unwrap();
    for number in 1..=500 {
        put(&wal, &format!("record {number}"));
    }
    assert_eq!(wal.trim(100).unwrap(), 0);
    assert!(wal.trim(400).unwrap() > 0);
    let first = wal.first();
    assert!(first > 1 && first <= 300, "begins at {first}");
    assert!(matches!(wal.reader(1).read(1, 100, Duration::ZERO), Err(WalError::Trimmed { wanted: 1, .. })));
    wal.trim(u64::MAX).unwrap();
    drop(wal);
    let wal = Wal::open(Path::new(DIR), config, Arc::new(disk)).unwrap();
    assert_eq!(put(&wal, "record 501"), 501, "a trimmed log never begins again");
}

#[test]
fn a_failed_write_or_sync_refuses_everything_after_it() {
    for sync in [true, false] {
        let disk = ForgetfulDisk::default();
        let wal = open(&disk).unwrap();
        put(&wal, "record 1");
        let fault = if sync { &disk.faults.fail_sync } else { &disk.faults.fail_write };
        fault.store(true, Ordering::SeqCst);
        let failed = wal.append(data("record 2")).unwrap().durable_blocking();
        assert!(matches!(failed, Err(WalError::Poisoned(_))), "{failed:?}");
        fault.store(false, Ordering::SeqCst);
        assert!(matches!(wal.append(data("record 3")), Err(WalError::Poisoned(_))));
        assert!(wal.poisoned().is_some());
        assert_eq!(wal.durable(), 1);
        drop(wal);
        disk.cut_power(0);
        let wal = open(&disk).unwrap();
        assert_eq!(put(&wal, "record 2"), wal.durable());
    }
}

#[test]
fn a_log_whose_segments_are_gone_does_not_begin_again() {
    let disk = ForgetfulDisk::default();
    drop(open(&disk).unwrap());
    for path in disk.paths().into_iter().filter(|path| path.extension().is_some()) {
        disk.remove(&path).unwrap();
    }
    assert!(matches!(open(&disk), Err(WalError::NotWhole { .. })));
}
