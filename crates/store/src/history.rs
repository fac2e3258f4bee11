//! What something was before: the versions kept of parsers and use cases, numbered so that no number comes twice.

use model::UserId;

use crate::sql::{Arg, sql};
use crate::{Result, Tx};

/// Earlier states kept of each.
pub(crate) const VERSIONS_KEPT: i64 = 50;

/// The statements of one table of versions.
pub(crate) struct History {
    /// Gives the greatest version of a key and one more, as `next`.
    pub next: &'static str,
    /// Takes key, version, who, when and content.
    pub insert: &'static str,
    /// Takes a key and the last version that is forgotten.
    pub prune: &'static str,
}

impl Tx {
    /// A number no version of this key has had.
    pub(crate) async fn next_version(&mut self, history: &History, key: &str) -> Result<i64> {
        self.db().fetch_one(sql(history.next).bind(key)).await?.get("next")
    }

    /// Keeps a version; without content it says that there is nothing any more.
    pub(crate) async fn keep_version(
        &mut self,
        history: &History,
        key: &str,
        version: i64,
        content: Option<Arg>,
        by: Option<&UserId>,
    ) -> Result<()> {
        let now = self.context().now();
        let insert = sql(history.insert).bind(key).bind(version).bind(by).bind(now);
        self.execute(insert.bind(content.unwrap_or(Arg::Text(None)))).await?;
        self.execute(sql(history.prune).bind(key).bind(version - VERSIONS_KEPT)).await.map(drop)
    }
}
