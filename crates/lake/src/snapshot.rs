//! What a query may look at: the scope's rows in memory and its files, at one moment.

use std::sync::Arc;

use model::{CustomerId, Scope, TimeRange};

use crate::catalogue::LakeFile;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::store::Inner;

/// Each event of the scope and range is in exactly one of the two.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub chunks: Vec<(CustomerId, Arc<Chunk>)>,
    pub files: Vec<LakeFile>,
}

impl Inner {
    /// Memory and files that may hold events of `range`.
    pub async fn snapshot(&self, scope: &Scope, range: TimeRange) -> Result<Snapshot> {
        let _commits = self.commits.read().await;
        self.resolve_doubt().await?;
        let chunks = self.state().chunks(scope, range);
        let files = self.catalogue.files(scope, range).await.map_err(Error::catalogue("list files"))?;
        Snapshot::of(scope, chunks, files)
    }

    /// Memory and files that may hold the event `id`.
    pub async fn snapshot_of(&self, scope: &Scope, id: model::EventId) -> Result<Snapshot> {
        let _commits = self.commits.read().await;
        self.resolve_doubt().await?;
        let chunks = self.state().chunks(scope, crate::catalogue::always());
        let files = self.catalogue.files_with(scope, id).await.map_err(Error::catalogue("find an event's files"))?;
        Snapshot::of(scope, chunks, files)
    }
}

impl Snapshot {
    fn of(scope: &Scope, chunks: Vec<(CustomerId, Vec<Arc<Chunk>>)>, files: Vec<LakeFile>) -> Result<Snapshot> {
        if let Some(file) = files.iter().find(|file| !scope.contains(&file.customer)) {
            return Err(Error::OutsideScope { customer: file.customer.clone() });
        }
        let chunks = chunks
            .into_iter()
            .flat_map(|(customer, chunks)| chunks.into_iter().map(move |chunk| (customer.clone(), chunk)));
        Ok(Snapshot { chunks: chunks.collect(), files })
    }

    /// The chunk a negative origin names.
    pub fn chunk(&self, origin: i32) -> Option<&(CustomerId, Arc<Chunk>)> {
        usize::try_from(-1 - i64::from(origin)).ok().and_then(|place| self.chunks.get(place))
    }
}

/// The origin of a chunk: files count up from 0, chunks down from -1.
pub(crate) fn chunk_origin(place: usize) -> i32 {
    -1 - place as i32
}
