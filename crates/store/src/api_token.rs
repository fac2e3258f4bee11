//! API tokens of users. Tokens are kept as hashes only.

use model::change::Noun;
use model::user::ApiToken;
use model::{ApiTokenId, UserId};

use crate::row::Row;
use crate::sql::sql;
use crate::{Error, Result, Tx};

impl Tx {
    /// Keeps an API token.
    pub async fn create_api_token(&mut self, token: &ApiToken, token_hash: &[u8]) -> Result<()> {
        let insert =
            sql("INSERT INTO api_token (id, user_id, token_hash, name, created, expires) VALUES (?, ?, ?, ?, ?, ?)")
                .bind(&token.id)
                .bind(&token.user)
                .bind(token_hash)
                .bind(&token.name)
                .bind(token.created)
                .bind(token.expires);
        self.execute(insert).await?;
        self.changed(None, Noun::User, token.user.as_str());
        Ok(())
    }

    /// The API token with this hash, unless it has ended.
    pub async fn find_api_token(&mut self, token_hash: &[u8]) -> Result<Option<ApiToken>> {
        let now = self.context().now();
        let query = sql("SELECT * FROM api_token WHERE token_hash = ? AND (expires IS NULL OR expires > ?)");
        self.row(query.bind(token_hash).bind(now), read).await
    }

    /// One API token, ended or not.
    pub async fn get_api_token(&mut self, id: &ApiTokenId) -> Result<ApiToken> {
        let query = sql("SELECT * FROM api_token WHERE id = ?").bind(id);
        self.row(query, read).await?.ok_or_else(|| Error::not_found("API token", id))
    }

    /// The API tokens of a user, newest first, ended ones included.
    pub async fn list_api_tokens(&mut self, user: &UserId) -> Result<Vec<ApiToken>> {
        self.rows(sql("SELECT * FROM api_token WHERE user_id = ? ORDER BY created DESC, id DESC").bind(user), read)
            .await
    }

    /// Revokes an API token.
    pub async fn delete_api_token(&mut self, id: &ApiTokenId) -> Result<()> {
        let token = self.get_api_token(id).await?;
        self.execute(sql("DELETE FROM api_token WHERE id = ?").bind(id)).await?;
        self.changed(None, Noun::User, token.user.as_str());
        Ok(())
    }
}

fn read(row: &Row) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.parse("id")?,
        user: row.parse("user_id")?,
        name: row.get("name")?,
        created: row.time("created")?,
        expires: row.time_maybe("expires")?,
    })
}
