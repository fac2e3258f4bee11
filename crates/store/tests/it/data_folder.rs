//! The data folder's lock and stamp.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use store::{DataFolder, Error};

#[test]
fn a_second_opener_is_told_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("data");
    let held = DataFolder::open(&path).unwrap();
    let error = DataFolder::open(&path).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }));
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert_eq!(std::fs::read_to_string(held.join("format")).unwrap(), "vedette data format 1\n");
    drop(held);
    DataFolder::open(&path).unwrap();
}

/// Run by the test below in a process of its own: holds the folder until it is killed.
#[test]
#[ignore = "only as the other process of the next test"]
fn hold_the_folder_until_killed() {
    let Ok(path) = std::env::var("HOLD_FOLDER") else { return };
    let _held = DataFolder::open(path.as_ref()).unwrap();
    println!("\nheld");
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn a_killed_process_leaves_no_lock_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "data_folder::hold_the_folder_until_killed", "--ignored", "--nocapture"])
        .env("HOLD_FOLDER", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "held"), "the other process holds the folder");
    match DataFolder::open(folder.path()) {
        Err(Error::Locked { pid, .. }) => assert_eq!(pid, other.id().to_string()),
        opened => panic!("{opened:?}"),
    }
    other.kill().unwrap();
    other.wait().unwrap();
    DataFolder::open(folder.path()).unwrap();
}

#[test]
fn a_newer_or_foreign_stamp_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("format"), "vedette data format 2\n").unwrap();
    let error = DataFolder::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::NewerFormat { .. }), "{error}");
    assert!(error.to_string().contains("use a newer version"), "{error}");
    std::fs::write(folder.path().join("format"), "something else").unwrap();
    assert!(matches!(DataFolder::open(folder.path()), Err(Error::Corrupt { .. })));
}

#[cfg(unix)]
#[test]
fn the_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let held = DataFolder::open(&folder.path().join("data")).unwrap();
    assert_eq!(std::fs::metadata(held.path()).unwrap().permissions().mode() & 0o777, 0o700);
}
