//! Files that grow, are renamed, copied and cut, while the collector is killed: every line once.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use collect::Collector;

use crate::centre::{Centre, collector};
use crate::collector::settings;

struct Writer {
    path: PathBuf,
    written: Vec<String>,
}

impl Writer {
    fn line(&mut self) {
        let line =
            format!("line number {} of the application's log with something to tell it apart", self.written.len());
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path).unwrap();
        // In two parts: a reader may come in between.
        file.write_all(&line.as_bytes()[..20]).unwrap();
        file.write_all(&line.as_bytes()[20..]).unwrap();
        file.write_all(b"\n").unwrap();
        self.written.push(line);
    }

    fn lines(&mut self, count: usize) {
        (0..count).for_each(|_| self.line());
    }
}

async fn all_once(centre: &Centre, written: &[String]) {
    let mut kept: Vec<String> = centre.eventually(written.len()).await.into_iter().map(|kept| kept.raw).collect();
    let mut written = written.to_vec();
    kept.sort();
    written.sort();
    assert_eq!(kept, written);
}

fn input(folder: &Path, pattern: &str) -> String {
    format!("[[file]]\npaths = [{:?}]\n", folder.join(pattern))
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_by_renaming_and_restarts_lose_and_double_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let centre = Centre::open(folder.path(), vec![collector()], 0, None).await;
    let config = settings(folder.path(), centre.port(), &input(folder.path(), "app.log*"));
    let mut writer = Writer { path: folder.path().join("app.log"), written: Vec::new() };
    writer.lines(50);
    for round in 0..4 {
        let running = Collector::start(config.clone()).await.unwrap();
        writer.lines(200);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..1500))).await;
        std::fs::rename(&writer.path, folder.path().join(format!("app.log.{round}"))).unwrap();
        writer.lines(100);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..1500))).await;
        if round % 2 == 0 {
            // As a kill: nothing is written down any more.
            drop(running);
            tokio::time::sleep(Duration::from_millis(300)).await;
        } else {
            running.stop().await;
        }
        writer.lines(30);
    }
    let running = Collector::start(config).await.unwrap();
    all_once(&centre, &writer.written).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copying_and_cutting_loses_and_doubles_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let centre = Centre::open(folder.path(), vec![collector()], 0, None).await;
    let config = settings(folder.path(), centre.port(), &input(folder.path(), "app.log*"));
    let mut writer = Writer { path: folder.path().join("app.log"), written: Vec::new() };
    let mut running = Some(Collector::start(config.clone()).await.unwrap());
    for round in 0..4 {
        writer.lines(300);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..1800))).await;
        if round == 2 {
            running.take().unwrap().stop().await;
            writer.lines(40);
        }
        std::fs::copy(&writer.path, folder.path().join(format!("app.log.{round}"))).unwrap();
        if round == 1 {
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
        OpenOptions::new().write(true).truncate(true).open(&writer.path).unwrap();
        writer.lines(20);
        if round == 2 {
            running = Some(Collector::start(config.clone()).await.unwrap());
        } else if round == 3 {
            writer.lines(600);
        }
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    all_once(&centre, &writer.written).await;
    running.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_many_lines_stay_whole_and_compressed_files_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let centre = Centre::open(folder.path(), vec![collector()], 0, None).await;
    let more = format!(
        "[[file]]\npaths = [{:?}]\nrecord_start = '^\\d{{4}}-'\nrecord_wait_ms = 300\nsource = \"x_y\"\naddress = \"10.1.1.1\"\n",
        folder.path().join("*.log*")
    );
    std::fs::write(folder.path().join("a.log.1.gz"), b"\x1f\x8bnot for us").unwrap();
    let path = folder.path().join("a.log");
    std::fs::write(&path, "2026-01-01 one\n  at x\n  at y\n2026-01-02 two\n").unwrap();
    let running = Collector::start(settings(folder.path(), centre.port(), &more)).await.unwrap();
    let kept = centre.eventually(2).await;
    assert_eq!(kept[0].raw, "2026-01-01 one\n  at x\n  at y");
    assert_eq!((kept[0].peer.as_str(), kept[0].listener.clone()), ("10.1.1.1", format!("file:{}", path.display())));
    assert_eq!(kept[1].raw, "2026-01-02 two");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_record_of_evtx_files_comes_once_whatever_copies_there_are() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let mut found = Vec::new();
    find(Path::new(data), &mut found);
    if found.is_empty() {
        assert_ne!(std::env::var("REQUIRE_DATA").as_deref(), Ok("1"), "no EVTX file in {data}");
        return println!("skipped: no EVTX file in {data}");
    }
    found.sort();
    let folder = tempfile::tempdir().unwrap();
    let evtx = folder.path().join("evtx");
    std::fs::create_dir(&evtx).unwrap();
    let mut expected = 0;
    for (number, path) in found.iter().take(5).enumerate() {
        expected += formats::file::open(path).unwrap().filter(Result::is_ok).count();
        std::fs::copy(path, evtx.join(format!("{number}.evtx"))).unwrap();
        std::fs::copy(path, evtx.join(format!("{number} copy.evtx"))).unwrap();
    }
    let centre = Centre::open(folder.path(), vec![collector()], 0, None).await;
    let more = format!("[[evtx]]\npaths = [{:?}]\n", evtx.join("*.evtx"));
    let config = settings(folder.path(), centre.port(), &more);
    let running = Collector::start(config.clone()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(fastrand::u64(100..1500))).await;
    drop(running);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let running = Collector::start(config).await.unwrap();
    centre.eventually(expected).await;
    println!("{expected} records of {} files", found.len().min(5));
    assert!(expected >= 5);
    running.stop().await;
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "evtx") {
            found.push(path);
        }
    }
}
