//! Signing in and out: sessions of people, made from login and password, proven by a cookie's secret.

use std::time::Duration;

use model::role::Permission;
use model::use_case::Language;
use model::user::{ApiToken, Session, User};
use model::{Actor, Context, CustomerId, Scope, SessionId, Timestamp};
use serde_json::json;
use store::Tx;

use crate::error::{Error, Result};
use crate::{Ops, audit, password, person, secret};

/// How long a session lasts at most; nothing prolongs it.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// Failed attempts a login may have within [`FAILURES_WITHIN`]; then none is heard.
const FAILURES: i64 = 5;
const FAILURES_WITHIN: Duration = Duration::from_secs(15 * 60);
/// How exactly the time to wait is told.
const WAIT_STEP: Duration = Duration::from_secs(60);

const LOGIN_MOST: usize = 64;
const USER_AGENT_MOST: usize = 300;

/// A person who has just signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The new session.
    pub session: Session,
    /// Its secret: what the cookie carries. It is not kept anywhere.
    pub token: String,
    /// What changing requests must carry beside the cookie.
    pub csrf: String,
    /// The person.
    pub user: User,
}

/// Who calls, proven by a session's secret or an API token's.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who acts, for which customers, with which permissions: as the roles stand now.
    pub ctx: Context,
    /// The person.
    pub user: User,
    /// The session, where it was one.
    pub session: Option<Session>,
    /// The API token, where it was one.
    pub token: Option<ApiToken>,
    /// What changing requests must carry beside a session's cookie; a token needs nothing.
    pub csrf: Option<String>,
    pub(crate) csrf_hash: Vec<u8>,
}

impl Authenticated {
    /// Whether `sent` is this session's CSRF token. A caller with an API token has none and needs none.
    pub fn check_csrf(&self, sent: &str) -> bool {
        self.session.is_some() && secret::fits(sent, &self.csrf_hash)
    }
}

impl Ops {
    /// Signs a person in. `user_agent` and `address` are shown to them in their list of sessions.
    ///
    /// An unknown login, a wrong password and a deactivated user give the same answer after the same work.
    pub async fn sign_in(
        &self,
        now: Timestamp,
        login: &str,
        password: &str,
        user_agent: &str,
        address: &str,
    ) -> Result<SignedIn> {
        let login = login.trim().to_lowercase();
        if login.len() > LOGIN_MOST || password.chars().count() > password::MOST {
            return Err(Error::BadCredentials);
        }
        let job = Context::job("sign-in", Scope::All, now);
        let found = self.begin_sign_in(&job, &login, address).await?;
        let kept = found.as_ref().and_then(|(_, hash)| hash.as_deref());
        let fits = self.inner.passwords.verify(password, kept).await?;
        let Some((user, _)) = found.filter(|(user, _)| fits && user.data.active) else {
            self.audit_refusal(&job, &login, address).await?;
            return Err(Error::BadCredentials);
        };
        let token = secret::generate(secret::SESSION_PREFIX);
        let session = Session {
            id: SessionId::generate(now),
            user: user.id.clone(),
            created: now,
            expires: now.plus(SESSION_LIFETIME),
            user_agent: user_agent.chars().take(USER_AGENT_MOST).collect(),
            address: address.chars().take(64).collect(),
        };
        let ctx = context_of(&user, Actor::User(user.id.clone()), now);
        let mut tx = self.store().write(&ctx).await?;
        let csrf = secret::csrf_of(&token);
        tx.create_session(&session, &secret::hash(&token), &secret::hash(&csrf)).await?;
        tx.record_sign_in(&user.id).await?;
        let user = tx.get_user(&user.id).await?;
        tx.audit(audit(None, "session.create", &session.id, json!({"address": session.address}))).await?;
        tx.commit().await?;
        Ok(SignedIn { session, token, csrf, user })
    }

    /// Who holds this session secret, if it is one, has not ended, and its user is active.
    pub async fn authenticate_session(&self, now: Timestamp, token: &str) -> Result<Option<Authenticated>> {
        if !token.starts_with(secret::SESSION_PREFIX) {
            return Ok(None);
        }
        let job = Context::job("sign-in", Scope::All, now);
        let mut tx = self.store().read(&job).await?;
        let found = tx.find_session(&secret::hash(token)).await?;
        let Some((session, csrf_hash)) = found.filter(|(session, _)| now < session.expires) else { return Ok(None) };
        let user = tx.get_user(&session.user).await?;
        Ok(user.data.active.then(|| Authenticated {
            ctx: context_of(&user, Actor::User(user.id.clone()), now),
            user,
            session: Some(session),
            token: None,
            csrf: Some(secret::csrf_of(token)),
            csrf_hash,
        }))
    }

    /// Ends the caller's own session.
    pub async fn sign_out(&self, ctx: &Context, session: &SessionId) -> Result<()> {
        self.end_session(ctx, session).await
    }

    /// The caller's own sessions that have not ended, newest first.
    pub async fn list_sessions(&self, ctx: &Context) -> Result<Vec<Session>> {
        let user = signed_in(ctx)?;
        let sessions = self.store().read(ctx).await?.list_sessions(user).await?;
        Ok(sessions.into_iter().filter(|session| ctx.now() < session.expires).collect())
    }

    /// Ends one of the caller's own sessions.
    pub async fn end_session(&self, ctx: &Context, session: &SessionId) -> Result<()> {
        let user = signed_in(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        if !tx.list_sessions(user).await?.iter().any(|mine| mine.id == *session) {
            return Err(Error::NotFound("session"));
        }
        tx.delete_session(session).await?;
        tx.audit(audit(None, "session.end", session, json!({}))).await?;
        Ok(tx.commit().await?)
    }

    /// Changes the caller's own password. Every other session of theirs ends; `keep` goes on.
    pub async fn change_password(
        &self,
        ctx: &Context,
        current: &str,
        new: &str,
        keep: Option<&SessionId>,
    ) -> Result<()> {
        let user = signed_in(ctx)?;
        let mut tx = self.store().read(ctx).await?;
        let me = tx.get_user(user).await?;
        check_throttle(&mut tx, &me.data.login).await?;
        let kept = tx.password_hash(user).await?;
        drop(tx);
        let fits = self.inner.passwords.verify(current, kept.as_deref()).await?;
        if current.chars().count() > password::MOST || !fits {
            let mut tx = self.store().write(ctx).await?;
            tx.record_failed_sign_in(&me.data.login, "").await?;
            tx.commit().await?;
            return Err(Error::invalid("current", "is wrong"));
        }
        password::check("new", new, &[&me.data.login, &me.data.name])?;
        let hash = self.inner.passwords.hash(new).await?;
        let mut tx = self.store().write(ctx).await?;
        tx.set_password_hash(user, &hash).await?;
        let mut ended = 0;
        for session in tx.list_sessions(user).await?.iter().filter(|session| Some(&session.id) != keep) {
            tx.delete_session(&session.id).await?;
            ended += 1;
        }
        tx.audit(audit(None, "user.change_password", user, json!({"sessions_ended": ended}))).await?;
        Ok(tx.commit().await?)
    }

    /// Sets the language the caller reads.
    pub async fn set_language(&self, ctx: &Context, language: Language) -> Result<User> {
        let user = person(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let mut me = tx.get_user(user).await?;
        let before = std::mem::replace(&mut me.data.language, language);
        let me = tx.update_user(user, me.version, &me.data).await?;
        tx.audit(audit(None, "user.set_language", user, json!({"from": before, "to": language}))).await?;
        tx.commit().await?;
        Ok(me)
    }

    /// Who `login` is and what is kept of their password, unless too many attempts failed. The attempt counts as failed
    /// from here on, so that attempts made at once cannot exceed the limit; success forgets it.
    async fn begin_sign_in(&self, job: &Context, login: &str, address: &str) -> Result<Option<(User, Option<String>)>> {
        let mut tx = self.store().write(job).await?;
        check_throttle(&mut tx, login).await?;
        tx.record_failed_sign_in(login, address).await?;
        let found = match tx.find_user_by_login(login).await? {
            Some(user) => {
                let hash = tx.password_hash(&user.id).await?;
                Some((user, hash))
            }
            None => None,
        };
        tx.commit().await?;
        Ok(found)
    }

    /// A refused sign-in is on record. The login is named only where it is somebody's: a person who types their
    /// password into the wrong field must not find it in the audit log.
    async fn audit_refusal(&self, job: &Context, login: &str, address: &str) -> Result<()> {
        let mut tx = self.store().write(job).await?;
        let known = tx.find_user_by_login(login).await?.map(|user| user.id.to_string());
        let object = known.unwrap_or_else(|| "unknown login".to_owned());
        tx.audit(audit(None, "session.refuse", object, json!({"address": address}))).await?;
        Ok(tx.commit().await?)
    }
}

/// Fails when too many attempts with this login failed lately; the waiting time is told to the minute.
async fn check_throttle(tx: &mut Tx, login: &str) -> Result<()> {
    let now = tx.context().now();
    let mut wait = Duration::ZERO;
    while tx.count_failed_sign_ins(login, now.minus(FAILURES_WITHIN).plus(wait)).await? >= FAILURES {
        wait += WAIT_STEP;
    }
    if wait.is_zero() { Ok(()) } else { Err(Error::TooManyAttempts { retry_after: wait }) }
}

/// What `user` may do now, acting as `actor`.
pub(crate) fn context_of(user: &User, actor: Actor, now: Timestamp) -> Context {
    let permissions = permissions_of(user);
    let scope = if user.data.all_customers {
        Scope::All
    } else {
        Scope::Customers(std::sync::Arc::new(user.data.customers.iter().cloned().collect()))
    };
    Context::authenticated(actor, scope, permissions, now)
}

/// Everything the user's roles allow together.
pub(crate) fn permissions_of(user: &User) -> std::collections::BTreeSet<Permission> {
    user.data.roles.iter().flat_map(|role| role.permissions()).collect()
}

/// Whether the user sees this customer.
pub(crate) fn sees(user: &User, customer: &CustomerId) -> bool {
    user.data.all_customers || user.data.customers.contains(customer)
}

/// The person of a session; a token may not touch sessions, passwords or tokens.
pub(crate) fn signed_in(ctx: &Context) -> Result<&model::UserId> {
    match ctx.actor() {
        Actor::User(user) => Ok(user),
        Actor::Token(..) | Actor::Job(_) => Err(Error::PersonOnly),
    }
}
