//! The lake's catalogue in the store's tables, as the server wires them.

use async_trait::async_trait;
use lake::{CatalogueError, Commit, LakeFile, LakeWatermark};
use model::{EventId, Scope, TimeRange, Timestamp};
use store::{CatalogueFile, SequenceRange};

pub struct StoredCatalogue(pub store::Catalogue);

#[async_trait]
impl lake::Catalogue for StoredCatalogue {
    async fn commit(&self, commit: Commit) -> Result<(), CatalogueError> {
        let add: Vec<_> = commit.add.into_iter().map(to_stored).collect();
        let marks: Vec<_> =
            commit.watermarks.into_iter().map(|mark| (mark.customer, mark.log, mark.shard, mark.sequence)).collect();
        Ok(self.0.commit(&add, &commit.remove, &marks).await?)
    }

    async fn files(&self, scope: &Scope, range: TimeRange) -> Result<Vec<LakeFile>, CatalogueError> {
        Ok(self.0.files(scope, range).await?.into_iter().map(from_stored).collect())
    }

    async fn watermarks(&self) -> Result<Vec<LakeWatermark>, CatalogueError> {
        let marks = self.0.watermarks().await?.into_iter();
        let copy = |mark: store::CatalogueWatermark| LakeWatermark {
            customer: mark.customer,
            log: mark.log,
            shard: mark.shard,
            sequence: mark.sequence,
        };
        Ok(marks.map(copy).collect())
    }
}

fn to_stored(file: LakeFile) -> CatalogueFile {
    let (log, shard) = (file.first.log, file.first.shard);
    CatalogueFile {
        id: file.id,
        customer: file.customer,
        day: file.day,
        path: file.path,
        level: i64::from(file.level),
        checked: None,
        damage: None,
        rows: file.rows as i64,
        bytes: file.bytes as i64,
        min_time: file.min_time.as_micros(),
        max_time: file.max_time.as_micros(),
        checksum: file.checksum,
        columns: file.columns,
        ranges: vec![SequenceRange { log, shard, first: file.first.sequence, last: file.last.sequence }],
    }
}

fn from_stored(file: CatalogueFile) -> LakeFile {
    let range = file.ranges[0];
    let at = |sequence| EventId { log: range.log, shard: range.shard, sequence };
    LakeFile {
        first: at(range.first),
        last: at(range.last),
        id: file.id,
        customer: file.customer,
        day: file.day,
        path: file.path,
        rows: file.rows as u64,
        bytes: file.bytes as u64,
        min_time: Timestamp::from_micros(file.min_time),
        max_time: Timestamp::from_micros(file.max_time),
        checksum: file.checksum,
        columns: file.columns,
        level: file.level as u32,
        checked: None,
        damage: None,
    }
}
