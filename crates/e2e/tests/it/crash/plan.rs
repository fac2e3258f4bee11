//! What becomes of one life of the server: how it ends, what else goes wrong, and what is left of what was not synced.

use std::time::Duration;

use super::chance::Chance;
use super::disk::Loss;

/// Calls at which a life may end: what, on which files, and up to the how manieth.
const PLACES: &[(&str, &str, u64)] = &[
    ("write", "data/wal/*.wal", 15),
    ("write", "data/wal/*.wal", 3),
    ("sync", "data/wal/*.wal", 15),
    ("sync", "data/wal/*.wal", 3),
    ("open", "data/wal/*.wal", 1),
    ("dirsync", "data/wal", 1),
    ("unlink", "data/wal/*", 1),
    ("open", "data/wal/keys*", 1),
    ("sync", "data/wal/keys*", 1),
    ("rename", "data/wal/keys*", 1),
    ("open", "data/lake/*.tmp", 3),
    ("write", "data/lake/*.tmp", 6),
    ("write", "data/lake/*.tmp", 2),
    ("sync", "data/lake/*.tmp", 3),
    ("sync", "data/lake/*.tmp", 1),
    ("rename", "data/lake/*", 3),
    ("rename", "data/lake/*", 1),
    ("dirsync", "data/lake/*", 5),
    ("unlink", "data/lake/*", 4),
    ("write", "data/catalogue.db-wal", 8),
    ("sync", "data/catalogue.db-wal", 3),
    ("sync", "data/catalogue.db-wal", 1),
    ("write", "data/catalogue.db", 2),
    ("write", "data/vedette.db-wal", 20),
    ("sync", "data/vedette.db-wal", 10),
    ("sync", "data/vedette.db-wal", 2),
    ("write", "data/vedette.db", 6),
    ("sync", "data/vedette.db", 1),
];

const EIO: u32 = 5;
const ENOSPC: u32 = 28;

/// One life.
pub struct Life {
    /// Faults from the start on, a line each.
    pub faults: String,
    /// Killed from outside after so long, unless it ends by itself before.
    pub lasts: Duration,
    /// Faults that come and go while it lasts.
    pub trouble: Option<(&'static str, String, Duration)>,
    pub loss: Loss,
    /// The rules are changed and read again.
    pub reload: bool,
}

impl Life {
    /// Lasts `longest` when the call it should end at never comes.
    pub fn new(chance: &mut Chance, longest: Duration) -> Life {
        let mut life = Life {
            faults: String::new(),
            lasts: Duration::from_millis(300 + chance.below(1500)),
            trouble: None,
            loss: *chance.pick(&[Loss::Nothing, Loss::All, Loss::All, Loss::Torn, Loss::Torn]),
            reload: chance.below(4) == 0,
        };
        match chance.below(10) {
            0..=1 => {}
            2..=7 => {
                let (call, pattern, most) = *chance.pick(PLACES);
                let (what, nth) = (*chance.pick(&["kill", "killed"]), 1 + chance.below(most));
                life.faults = format!("{what} {call} {pattern} {nth} 1\n");
                life.lasts = longest;
            }
            8 => {
                let pattern = *chance.pick(&["data/wal/*", "data/lake/*", "data/*.db*", "data/*"]);
                let (call, error) = *chance.pick(&[("sync", EIO), ("write", EIO), ("dirsync", EIO), ("rename", EIO)]);
                let nth = 5 + chance.below(40);
                life.faults = format!("error {call} {pattern} {nth} 1 {error}\n");
                life.lasts = Duration::from_millis(2000);
            }
            _ => {
                let lasts = Duration::from_millis(200 + chance.below(600));
                let full = format!("error write data/* 1 0 {ENOSPC}\nerror open data/* 1 0 {ENOSPC}\n");
                let lake = format!("error write data/lake/* 1 0 {ENOSPC}\n");
                let short = "short write data/wal/* 3 4\nshort write data/lake/* 2 4\n".to_owned();
                let slow = "slow sync data/* 1 0 60\n".to_owned();
                let (name, lines) = match chance.below(4) {
                    0 => ("full disk", full),
                    1 => ("full disk for the lake", lake),
                    2 => ("short writes", short),
                    _ => ("slow syncs", slow),
                };
                life.trouble = Some((name, lines, lasts));
                life.lasts = Duration::from_millis(1500 + chance.below(1500));
            }
        }
        life
    }
}

/// What a line of the disk is about, in words.
pub fn place(line: &str) -> String {
    let mut words = line.split(' ');
    let (what, call, path) =
        (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let of = match path.strip_prefix("data/").unwrap_or(path) {
        "wal" => "log folder",
        path if path.starts_with("wal/") && path.ends_with(".wal") => "log",
        path if path.starts_with("wal/keys") => "table of keys",
        path if path.starts_with("wal/") => "log header",
        "catalogue.db-wal" => "catalogue commit",
        "catalogue.db" => "catalogue checkpoint",
        "vedette.db-wal" => "store commit",
        "vedette.db" => "store checkpoint",
        path if path.ends_with(".tmp") => "lake file",
        path if path.ends_with(".parquet") => "finished lake file",
        path if path.starts_with("lake") => "lake folder",
        path => path,
    };
    let when = match what {
        "kill" => "before",
        "killed" => "after",
        other => other,
    };
    format!("{when} {call}, {of}")
}
