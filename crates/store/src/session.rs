//! Sessions of signed-in people. Tokens are kept as hashes only.

use model::change::Noun;
use model::user::Session;
use model::{SessionId, UserId};

use crate::row::Row;
use crate::sql::sql;
use crate::{Error, Result, Tx};

impl Tx {
    /// Keeps a session; sessions of the same user that have ended are forgotten.
    pub async fn create_session(&mut self, session: &Session, token_hash: &[u8], csrf_hash: &[u8]) -> Result<()> {
        let now = self.context().now();
        let forget = sql("DELETE FROM session WHERE user_id = ? AND expires <= ?").bind(&session.user).bind(now);
        self.execute(forget).await?;
        let insert =
            sql("INSERT INTO session (id, user_id, token_hash, csrf_hash, created, expires, user_agent, address) ")
                .push("VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                .bind(&session.id)
                .bind(&session.user)
                .bind(token_hash)
                .bind(csrf_hash)
                .bind(session.created)
                .bind(session.expires)
                .bind(&session.user_agent)
                .bind(&session.address);
        self.execute(insert).await?;
        self.changed(None, Noun::User, session.user.as_str());
        Ok(())
    }

    /// The session with this token and the hash of its CSRF token, unless it has ended.
    pub async fn find_session(&mut self, token_hash: &[u8]) -> Result<Option<(Session, Vec<u8>)>> {
        let now = self.context().now();
        let query = sql("SELECT * FROM session WHERE token_hash = ? AND expires > ?").bind(token_hash).bind(now);
        self.row(query, |row| Ok((read(row)?, row.get("csrf_hash")?))).await
    }

    /// The sessions of a user that have not ended, newest first.
    pub async fn list_sessions(&mut self, user: &UserId) -> Result<Vec<Session>> {
        let now = self.context().now();
        let query = sql("SELECT * FROM session WHERE user_id = ? AND expires > ? ORDER BY created DESC, id DESC");
        self.rows(query.bind(user).bind(now), read).await
    }

    /// Ends a session.
    pub async fn delete_session(&mut self, id: &SessionId) -> Result<()> {
        let delete = sql("DELETE FROM session WHERE id = ? RETURNING user_id").bind(id);
        let user: Option<UserId> = self.row(delete, |row| row.parse("user_id")).await?;
        let user = user.ok_or_else(|| Error::not_found("session", id))?;
        self.changed(None, Noun::User, user.as_str());
        Ok(())
    }

    /// Ends every session of a user; gives how many.
    pub async fn delete_sessions_of(&mut self, user: &UserId) -> Result<u64> {
        let ended = self.execute(sql("DELETE FROM session WHERE user_id = ?").bind(user)).await?;
        if ended > 0 {
            self.changed(None, Noun::User, user.as_str());
        }
        Ok(ended)
    }
}

fn read(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.parse("id")?,
        user: row.parse("user_id")?,
        created: row.time("created")?,
        expires: row.time("expires")?,
        user_agent: row.get("user_agent")?,
        address: row.get("address")?,
    })
}
