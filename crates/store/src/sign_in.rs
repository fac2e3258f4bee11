//! Failed attempts to sign in, by login, so that guessing can be slowed down. An unknown login is counted like any other.

use std::time::Duration;

use model::Timestamp;

use crate::sql::sql;
use crate::{Result, Tx};

/// How long a failed attempt is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

impl Tx {
    /// How often signing in with `login` failed from `since` on.
    pub async fn count_failed_sign_ins(&mut self, login: &str, since: Timestamp) -> Result<i64> {
        let query = sql("SELECT COUNT(*) AS failed FROM failed_sign_in WHERE login = ? AND time >= ?");
        self.db().fetch_one(query.bind(login).bind(since)).await?.get("failed")
    }

    /// Notes a failed attempt now, from `address`; what is older than a day is forgotten.
    pub async fn record_failed_sign_in(&mut self, login: &str, address: &str) -> Result<()> {
        let now = self.context().now();
        self.execute(sql("DELETE FROM failed_sign_in WHERE time < ?").bind(now.minus(REMEMBERED))).await?;
        let insert = sql("INSERT INTO failed_sign_in (login, address, time) VALUES (?, ?, ?)");
        self.execute(insert.bind(login).bind(address).bind(now)).await.map(drop)
    }
}
