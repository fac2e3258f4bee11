//! Live tails: what arrives, for those who watch it (catalogue I5).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::role::Permission;
use model::search::EventQuery;
use model::{Context, UserId};

use crate::error::{Error, Result};
use crate::event::check;
use crate::{Ops, person};

/// Tails one person may have open at a time, and all people together.
const EACH: usize = 5;
const ALL: usize = 100;

/// How many tails are open, by person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tails(Arc<Mutex<HashMap<UserId, usize>>>);

/// One that is open.
struct Open {
    tails: Tails,
    user: UserId,
}

/// What arrives from the moment it was opened, and a query finds.
pub struct EventTail {
    tail: lake::Tail,
    _open: Open,
}

impl Ops {
    /// Follows what arrives. On record before anything is shown.
    pub async fn tail_events(&self, ctx: &Context, query: &EventQuery) -> Result<EventTail> {
        ctx.require(Permission::EventRead)?;
        check(query).done()?;
        let open = self.inner.tails.open(person(ctx)?)?;
        self.record_look(ctx, "event.tail", query).await?;
        Ok(EventTail { tail: self.lake().tail(ctx, query)?, _open: open })
    }
}

impl EventTail {
    /// What arrived since the last call: at most `most` events, the newest first; the others are counted.
    pub async fn next(&mut self, ctx: &Context, most: usize) -> Result<lake::Tailed> {
        ctx.require(Permission::EventRead)?;
        self.tail.narrow(ctx);
        Ok(self.tail.next(ctx, most).await?)
    }
}

impl Tails {
    fn open(&self, user: &UserId) -> Result<Open> {
        let mut tails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tails.values().sum::<usize>() >= ALL {
            return Err(Error::TooCostly(format!("{ALL} live views are open on this platform: close one")));
        }
        let own = tails.entry(user.clone()).or_default();
        if *own >= EACH {
            return Err(Error::TooCostly(format!("{EACH} live views of yours are open: close one")));
        }
        *own += 1;
        Ok(Open { tails: self.clone(), user: user.clone() })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut tails = self.tails.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = tails.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                tails.remove(&self.user);
            }
        }
    }
}
