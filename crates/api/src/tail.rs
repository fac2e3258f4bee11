//! Live tails as server-sent events: what arrives and a query finds.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use model::TimeRange;
use model::event::StoredEvent;
use model::search::EventQuery;
use ops::EventTail;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::credential::Credential;
use crate::problem::Problem;
use crate::query::{Query, list};
use crate::state::{Api, now};

/// How often it is looked at what has arrived.
const POLL: Duration = Duration::from_millis(500);
/// How often a stream asks whether its session still stands.
const RECHECK_POLLS: u32 = 20;
/// Events told at once; more that arrive meanwhile are counted only.
const MOST: usize = 100;
/// Records older than this when they arrive are not shown: they are a backlog, not news.
const OLDEST: Duration = Duration::from_secs(30 * 86_400);
/// A view may stay open for long, and clocks may be wrong.
const NEWEST: Duration = Duration::from_secs(3_650 * 86_400);

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(tail_events))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TailQuery {
    /// The search language.
    #[serde(default)]
    q: String,
    /// Only these customers, separated by commas.
    customers: Option<String>,
    /// Only these devices, separated by commas.
    devices: Option<String>,
}

/// What has arrived since the message before.
#[derive(Serialize, ToSchema)]
struct Arrived {
    /// Newest first.
    events: Vec<StoredEvent>,
    /// How many more there were.
    skipped: u64,
}

/// Events as they arrive. A reader who is slow is told how many were passed over; the stream ends when the session does.
#[utoipa::path(get, path = "/events/tail", tag = "event", params(TailQuery),
    responses((status = 200, body = Arrived, content_type = "text/event-stream")))]
async fn tail_events(
    State(api): State<Api>,
    headers: HeaderMap,
    caller: Caller,
    Query(asked): Query<TailQuery>,
) -> Result<Response, Problem> {
    let range = TimeRange { from: now().minus(OLDEST), to: now().plus(NEWEST) };
    let query = EventQuery {
        customers: list("customers", asked.customers.as_deref())?,
        devices: list("devices", asked.devices.as_deref())?,
        condition: asked.q.parse().map_err(|error| Problem::invalid("q", error))?,
        ..EventQuery::all(range)
    };
    let tail = api.ops.tail_events(&caller.ctx, &query).await?;
    let credential = Credential::of(&headers);
    let follower = Follower { api, caller, credential, tail, polls: 0, greeted: false, failed: false };
    let stream = Sse::new(follower.stream()).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    let no_buffering = HeaderValue::from_static("no");
    Ok(([(header::HeaderName::from_static("x-accel-buffering"), no_buffering)], stream).into_response())
}

struct Follower {
    api: Api,
    caller: Caller,
    credential: Credential,
    tail: EventTail,
    polls: u32,
    greeted: bool,
    failed: bool,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// Nothing is read ahead: while the reader does not take what there is, nothing is looked for.
    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            return Some(Event::default().event("hello").data("{}"));
        }
        while !self.failed {
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                _ = self.api.draining.changed() => return None,
            }
            self.polls += 1;
            let asks = self.polls.is_multiple_of(RECHECK_POLLS);
            if asks && !self.credential.still_stands(&self.api, &mut self.caller).await {
                return None;
            }
            match self.tail.next(&self.caller.ctx, MOST).await {
                Ok(found) if found.events.is_empty() => {}
                Ok(found) => {
                    let arrived = Arrived { events: found.events, skipped: found.skipped };
                    let data = serde_json::to_string(&arrived).expect("events are plain JSON");
                    return Some(Event::default().event("events").data(data));
                }
                Err(error) => {
                    tracing::warn!(%error, "a live view ended");
                    let told = serde_json::json!({"detail": error.to_string()}).to_string();
                    self.failed = true;
                    return Some(Event::default().event("failed").data(told));
                }
            }
        }
        None
    }
}
