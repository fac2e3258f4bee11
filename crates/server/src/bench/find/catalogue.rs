//! A catalogue in memory: nothing here outlives the run.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use lake::{Catalogue, CatalogueError, Commit, LakeFile, LakeWatermark};
use model::{Scope, TimeRange};

#[derive(Default)]
pub struct Memory(Mutex<Vec<LakeFile>>);

impl Memory {
    pub fn files(&self) -> Vec<LakeFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Catalogue for Memory {
    async fn commit(&self, commit: Commit) -> Result<(), CatalogueError> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|file| !commit.remove.contains(&file.id));
        files.extend(commit.add);
        Ok(())
    }

    async fn files(&self, scope: &Scope, range: TimeRange) -> Result<Vec<LakeFile>, CatalogueError> {
        let mut files = Memory::files(self);
        files.retain(|file| scope.contains(&file.customer) && file.min_time < range.to && file.max_time >= range.from);
        Ok(files)
    }

    async fn watermarks(&self) -> Result<Vec<LakeWatermark>, CatalogueError> {
        Ok(Vec::new())
    }
}
