//! The change feed as server-sent events: what live lists follow.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use model::change::Change;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::credential::Credential;
use crate::problem::Problem;
use crate::state::Api;

/// How often the feed is looked at.
const POLL: Duration = Duration::from_millis(400);
/// How often a stream asks whether its session still stands.
const RECHECK_POLLS: u32 = 25;
/// Changes read at once.
const BATCH: usize = 500;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(stream_changes))
}

/// Changes as they happen, from `Last-Event-ID` on or from now; within the caller's customers. The stream ends when
/// the session does.
#[utoipa::path(get, path = "/changes", tag = "change",
    responses((status = 200, body = Change, content_type = "text/event-stream")))]
async fn stream_changes(State(api): State<Api>, headers: HeaderMap, caller: Caller) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let newest = api.ops.last_change(&caller.ctx).await?;
    // A place the feed has not reached is one of another feed, such as that of a store since restored.
    let after = last.map_or(newest, |sequence: i64| sequence.clamp(0, newest));
    let credential = Credential::of(&headers);
    let follower =
        Follower { api, caller, credential, after, seen: None, waiting: VecDeque::new(), polls: 0, greeted: false };
    let stream = Sse::new(follower.stream()).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    let no_buffering = HeaderValue::from_static("no");
    Ok(([(header::HeaderName::from_static("x-accel-buffering"), no_buffering)], stream).into_response())
}

/// What reading the feed found.
enum Feed {
    /// Something; there may be more.
    Ahead,
    /// Nothing new.
    AtEnd,
    /// That the caller's session or token has ended.
    SignedOut,
}

struct Follower {
    api: Api,
    caller: Caller,
    credential: Credential,
    /// How far the feed was read.
    after: i64,
    /// The newest change there was when nothing after `after` was left to tell.
    seen: Option<i64>,
    waiting: VecDeque<Change>,
    polls: u32,
    greeted: bool,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            return Some(Event::default().event("hello").id(self.after.to_string()).data("{}"));
        }
        loop {
            if let Some(change) = self.waiting.pop_front() {
                let data = serde_json::to_string(&change).expect("a change is plain JSON");
                return Some(Event::default().event("change").id(change.sequence.to_string()).data(data));
            }
            if *self.api.draining.borrow() {
                return None;
            }
            match self.read().await {
                Ok(Feed::Ahead) => continue,
                Ok(Feed::AtEnd) => {}
                Ok(Feed::SignedOut) => return None,
                Err(error) => tracing::warn!(%error, "the change feed could not be read"),
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                _ = self.api.draining.changed() => return None,
            }
        }
    }

    /// Reads on. Whenever the feed has moved, and now and then anyway, the caller must still be signed in: ending a
    /// session is itself a change, so a stream ends before it tells anything that came later.
    async fn read(&mut self) -> Result<Feed, ops::Error> {
        let newest = self.api.ops.last_change(&self.caller.ctx).await?;
        let moved = self.seen != Some(newest);
        self.polls += 1;
        if (moved || self.polls.is_multiple_of(RECHECK_POLLS))
            && !self.credential.still_stands(&self.api, &mut self.caller).await
        {
            return Ok(Feed::SignedOut);
        }
        if !moved {
            return Ok(Feed::AtEnd);
        }
        let page = self.api.ops.changes_after(&self.caller.ctx, self.after, BATCH).await?;
        if page.last == self.after {
            self.seen = Some(newest);
            return Ok(Feed::AtEnd);
        }
        self.after = page.last;
        self.waiting.extend(page.changes);
        Ok(Feed::Ahead)
    }
}
