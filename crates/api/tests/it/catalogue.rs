//! A lake's catalogue in memory: the lake itself is the real one.

use std::sync::Mutex;

use lake::{Catalogue, CatalogueError, Commit, LakeFile, LakeWatermark};
use model::{Scope, TimeRange};

#[derive(Default)]
pub struct InMemory(Mutex<(Vec<LakeFile>, Vec<LakeWatermark>)>);

#[async_trait::async_trait]
impl Catalogue for InMemory {
    async fn commit(&self, commit: Commit) -> Result<(), CatalogueError> {
        let mut state = self.0.lock().unwrap();
        state.0.retain(|file| !commit.remove.contains(&file.id));
        state.0.extend(commit.add);
        for moved in commit.watermarks {
            let same = |known: &LakeWatermark| {
                known.customer == moved.customer && known.log == moved.log && known.shard == moved.shard
            };
            state.1.retain(|known| !same(known));
            state.1.push(moved);
        }
        Ok(())
    }

    async fn files(&self, scope: &Scope, range: TimeRange) -> Result<Vec<LakeFile>, CatalogueError> {
        let inside = |file: &&LakeFile| {
            scope.contains(&file.customer) && file.min_time < range.to && file.max_time >= range.from
        };
        Ok(self.0.lock().unwrap().0.iter().filter(inside).cloned().collect())
    }

    async fn watermarks(&self) -> Result<Vec<LakeWatermark>, CatalogueError> {
        Ok(self.0.lock().unwrap().1.clone())
    }
}
