//! API tokens: programs that act for a person, with what that person's roles allow at each call.

use model::user::ApiToken;
use model::{Actor, ApiTokenId, Context, Scope, Timestamp};
use serde_json::json;

use crate::error::{Error, Result};
use crate::session::{Authenticated, context_of, signed_in};
use crate::{Ops, audit, secret, validate};

/// Tokens a person may hold at once.
const MOST: usize = 50;

impl Ops {
    /// Who this API token acts for, if it is one, has not ended, and its user is active.
    pub async fn authenticate_token(&self, now: Timestamp, given: &str) -> Result<Option<Authenticated>> {
        if !given.starts_with(secret::TOKEN_PREFIX) {
            return Ok(None);
        }
        let job = Context::job("sign-in", Scope::All, now);
        let mut tx = self.store().read(&job).await?;
        let found = tx.find_api_token(&secret::hash(given)).await?;
        let live = found.filter(|token| token.expires.is_none_or(|expires| now < expires));
        let Some(token) = live else { return Ok(None) };
        let user = tx.get_user(&token.user).await?;
        Ok(user.data.active.then(|| Authenticated {
            ctx: context_of(&user, Actor::Token(token.id.clone(), user.id.clone()), now),
            user,
            session: None,
            token: Some(token),
            csrf: None,
            csrf_hash: Vec::new(),
        }))
    }

    /// Issues a token for the caller. The second value is its secret, shown this once.
    pub async fn create_api_token(
        &self,
        ctx: &Context,
        name: &str,
        expires: Option<Timestamp>,
    ) -> Result<(ApiToken, String)> {
        let user = signed_in(ctx)?.clone();
        let name = validate::text("name", name, 100)?;
        if expires.is_some_and(|expires| expires <= ctx.now()) {
            return Err(Error::invalid("expires", "must be in the future"));
        }
        let token = ApiToken { id: ApiTokenId::generate(ctx.now()), user, name, created: ctx.now(), expires };
        let given = secret::generate(secret::TOKEN_PREFIX);
        let mut tx = self.store().write(ctx).await?;
        if tx.list_api_tokens(&token.user).await?.len() >= MOST {
            return Err(Error::invalid("name", "a person can hold at most 50 tokens: delete one first"));
        }
        tx.create_api_token(&token, &secret::hash(&given)).await?;
        tx.audit(audit(None, "api_token.create", &token.id, json!({"name": token.name, "expires": token.expires})))
            .await?;
        tx.commit().await?;
        Ok((token, given))
    }

    /// The caller's own tokens.
    pub async fn list_api_tokens(&self, ctx: &Context) -> Result<Vec<ApiToken>> {
        let user = signed_in(ctx)?;
        Ok(self.store().read(ctx).await?.list_api_tokens(user).await?)
    }

    /// Revokes one of the caller's own tokens.
    pub async fn delete_api_token(&self, ctx: &Context, token: &ApiTokenId) -> Result<()> {
        let user = signed_in(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        if tx.get_api_token(token).await?.user != *user {
            return Err(Error::NotFound("API token"));
        }
        tx.delete_api_token(token).await?;
        tx.audit(audit(None, "api_token.delete", token, json!({}))).await?;
        Ok(tx.commit().await?)
    }
}
