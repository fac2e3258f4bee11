//! The lake's catalogue, kept by the store: one crate's trait on another's tables.

use async_trait::async_trait;
use lake::{CatalogueError, Commit, LakeFile, LakeWatermark};
use model::{EventId, Scope, TimeRange, Timestamp};
use store::{CatalogueFile, SequenceRange};

/// The lake's catalogue in the store.
pub struct StoredCatalogue(pub store::Catalogue);

#[async_trait]
impl lake::Catalogue for StoredCatalogue {
    async fn commit(&self, commit: Commit) -> Result<(), CatalogueError> {
        let add: Vec<_> = commit.add.into_iter().map(to_stored).collect();
        let watermarks: Vec<_> =
            commit.watermarks.into_iter().map(|mark| (mark.customer, mark.log, mark.shard, mark.sequence)).collect();
        Ok(self.0.commit(&add, &commit.remove, &watermarks).await?)
    }

    async fn files(&self, scope: &Scope, range: TimeRange) -> Result<Vec<LakeFile>, CatalogueError> {
        self.0.files(scope, range).await?.into_iter().map(from_stored).collect()
    }

    async fn checked(&self, id: &str, at: Timestamp, damage: Option<&str>) -> Result<(), CatalogueError> {
        Ok(self.0.note_check(id, at, damage).await?)
    }

    async fn watermarks(&self) -> Result<Vec<LakeWatermark>, CatalogueError> {
        let marks = self.0.watermarks().await?.into_iter().map(|mark| LakeWatermark {
            customer: mark.customer,
            log: mark.log,
            shard: mark.shard,
            sequence: mark.sequence,
        });
        Ok(marks.collect())
    }
}

fn to_stored(file: LakeFile) -> CatalogueFile {
    CatalogueFile {
        id: file.id,
        customer: file.customer,
        day: file.day,
        path: file.path,
        level: i64::from(file.level),
        rows: file.rows as i64,
        bytes: file.bytes as i64,
        min_time: file.min_time.as_micros(),
        max_time: file.max_time.as_micros(),
        checksum: file.checksum,
        columns: file.columns,
        ranges: vec![SequenceRange {
            log: file.first.log,
            shard: file.first.shard,
            first: file.first.sequence,
            last: file.last.sequence,
        }],
        checked: file.checked,
        damage: file.damage,
    }
}

fn from_stored(file: CatalogueFile) -> Result<LakeFile, CatalogueError> {
    let range = file.ranges.first().ok_or_else(|| format!("the catalogue's file {} has no positions", file.id))?;
    let at = |sequence| EventId { log: range.log, shard: range.shard, sequence };
    Ok(LakeFile {
        first: at(range.first),
        last: at(range.last),
        id: file.id,
        customer: file.customer,
        day: file.day,
        path: file.path,
        rows: u64::try_from(file.rows)?,
        bytes: u64::try_from(file.bytes)?,
        min_time: Timestamp::from_micros(file.min_time),
        max_time: Timestamp::from_micros(file.max_time),
        checksum: file.checksum,
        columns: file.columns,
        level: u32::try_from(file.level)?,
        checked: file.checked,
        damage: file.damage,
    })
}
