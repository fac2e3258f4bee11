//! A catalogue in one JSON file, replaced atomically, that can be told to fail.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use lake::{Catalogue, CatalogueError, Commit, LakeFile, LakeWatermark};
use model::{Scope, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};

/// How the next commits fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Nothing is committed.
    Refused,
    /// It is committed, but the answer is lost.
    AnswerLost,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    files: Vec<LakeFile>,
    watermarks: Vec<LakeWatermark>,
}

pub struct FileCatalogue {
    path: PathBuf,
    content: Mutex<Content>,
    fault: Mutex<Fault>,
    unreadable: AtomicBool,
}

impl FileCatalogue {
    pub fn open(path: PathBuf) -> Self {
        let content = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
            Err(_) => Content::default(),
        };
        FileCatalogue {
            path,
            content: Mutex::new(content),
            fault: Mutex::new(Fault::None),
            unreadable: AtomicBool::default(),
        }
    }

    pub fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    pub fn set_unreadable(&self, unreadable: bool) {
        self.unreadable.store(unreadable, Ordering::SeqCst);
    }

    pub fn all(&self) -> Vec<LakeFile> {
        self.content.lock().unwrap().files.clone()
    }

    /// Changes the list of files as no commit would.
    pub fn edit(&self, edit: impl FnOnce(&mut Vec<LakeFile>)) {
        edit(&mut self.content.lock().unwrap().files);
    }

    fn check_readable(&self) -> Result<(), CatalogueError> {
        if self.unreadable.load(Ordering::SeqCst) { Err("the catalogue is away".into()) } else { Ok(()) }
    }
}

#[async_trait]
impl Catalogue for FileCatalogue {
    async fn commit(&self, commit: Commit) -> Result<(), CatalogueError> {
        let fault = *self.fault.lock().unwrap();
        if fault == Fault::Refused {
            return Err("the catalogue refuses".into());
        }
        // A commit takes its time: searches come in between.
        tokio::task::yield_now().await;
        let mut content = self.content.lock().unwrap();
        content.files.retain(|file| !commit.remove.contains(&file.id));
        assert!(
            commit.add.iter().all(|new| content.files.iter().all(|file| file.id != new.id)),
            "a file was added twice"
        );
        content.files.extend(commit.add);
        for mark in commit.watermarks {
            let same = |other: &&mut LakeWatermark| {
                (&other.customer, other.log, other.shard) == (&mark.customer, mark.log, mark.shard)
            };
            match content.watermarks.iter_mut().find(same) {
                Some(present) => {
                    assert!(present.sequence < mark.sequence, "a watermark went back");
                    *present = mark;
                }
                None => content.watermarks.push(mark),
            }
        }
        let unfinished = self.path.with_extension("new");
        std::fs::write(&unfinished, serde_json::to_vec(&*content)?)?;
        std::fs::rename(&unfinished, &self.path)?;
        if fault == Fault::AnswerLost { Err("the answer was lost".into()) } else { Ok(()) }
    }

    async fn files(&self, scope: &Scope, range: TimeRange) -> Result<Vec<LakeFile>, CatalogueError> {
        self.check_readable()?;
        let content = self.content.lock().unwrap();
        let files = content
            .files
            .iter()
            .filter(|file| scope.contains(&file.customer) && file.min_time < range.to && file.max_time >= range.from);
        Ok(files.cloned().collect())
    }

    async fn checked(&self, id: &str, at: Timestamp, damage: Option<&str>) -> Result<(), CatalogueError> {
        let mut content = self.content.lock().unwrap();
        for file in content.files.iter_mut().filter(|file| file.id == id) {
            (file.checked, file.damage) = (Some(at), damage.map(str::to_owned));
        }
        std::fs::write(&self.path, serde_json::to_vec(&*content)?)?;
        Ok(())
    }

    async fn watermarks(&self) -> Result<Vec<LakeWatermark>, CatalogueError> {
        self.check_readable()?;
        Ok(self.content.lock().unwrap().watermarks.clone())
    }
}
