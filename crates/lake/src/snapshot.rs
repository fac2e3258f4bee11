//! What a query may look at: the scope's rows in memory and its files, at one moment.

use std::sync::Arc;

use model::{CustomerId, Scope, TimeRange};

use crate::catalogue::LakeFile;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::keep::Lease;
use crate::store::Inner;

/// Each event of the scope and range is in exactly one of the two.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub chunks: Vec<(CustomerId, Arc<Chunk>)>,
    pub files: Vec<LakeFile>,
    /// The files stay on disk for as long as this lives.
    _lease: Option<Lease>,
}

impl Inner {
    /// Memory and files that may hold events of `range`.
    pub async fn snapshot(&self, scope: &Scope, range: TimeRange) -> Result<Snapshot> {
        let lease = self.retired.lease();
        let _commits = self.commits.read().await;
        self.resolve_doubt().await?;
        let chunks = self.state().chunks(scope, range);
        let files = self.catalogue.files(scope, range).await.map_err(Error::catalogue("list files"))?;
        Snapshot::of(scope, chunks, files, lease)
    }

    /// Memory and undamaged files that may hold events of `range`, and the damaged ones.
    pub async fn whole_snapshot(&self, scope: &Scope, range: TimeRange) -> Result<(Snapshot, Vec<LakeFile>)> {
        let lease = self.retired.lease();
        let _commits = self.commits.read().await;
        self.resolve_doubt().await?;
        let chunks = self.state().chunks(scope, range);
        let files = self.catalogue.files(scope, range).await.map_err(Error::catalogue("list files"))?;
        let (damaged, whole) = files.into_iter().partition(|file| file.damage.is_some());
        Ok((Snapshot::of(scope, chunks, whole, lease)?, damaged))
    }

    /// Memory and files that may hold the event `id`.
    pub async fn snapshot_of(&self, scope: &Scope, id: model::EventId) -> Result<Snapshot> {
        let lease = self.retired.lease();
        let _commits = self.commits.read().await;
        self.resolve_doubt().await?;
        let chunks = self.state().chunks(scope, crate::catalogue::always());
        let files = self.catalogue.files_with(scope, id).await.map_err(Error::catalogue("find an event's files"))?;
        Snapshot::of(scope, chunks, files, lease)
    }
}

impl Snapshot {
    fn of(
        scope: &Scope,
        chunks: Vec<(CustomerId, Vec<Arc<Chunk>>)>,
        files: Vec<LakeFile>,
        lease: Lease,
    ) -> Result<Snapshot> {
        if let Some(file) = files.iter().find(|file| !scope.contains(&file.customer)) {
            return Err(Error::OutsideScope { customer: file.customer.clone() });
        }
        if let Some((file, damage)) = files.iter().find_map(|file| Some((file, file.damage.clone()?))) {
            return Err(Error::Quarantined { path: file.path.clone(), day: file.day.clone(), damage });
        }
        let chunks = chunks
            .into_iter()
            .flat_map(|(customer, chunks)| chunks.into_iter().map(move |chunk| (customer.clone(), chunk)));
        Ok(Snapshot { chunks: chunks.collect(), files, _lease: Some(lease) })
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
