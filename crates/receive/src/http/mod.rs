//! Everything that comes over HTTP: NDJSON, Elasticsearch `_bulk`, Splunk HEC and OTLP logs, on one listener.
//!
//! Every protocol asks the same way whose a request is, reads its body within the same bounds, hands it to the same
//! intake and answers in its own words. Nothing is answered as taken before it is durable.

mod body;
mod collect;
mod credential;
mod elastic;
mod hec;
mod ndjson;
mod once;
mod otlp;
mod problem;
mod serve;
mod slots;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use model::Timestamp;

use crate::intake::Intake;
use crate::room::FairRoom;
use crate::senders::SenderDirectory;
use crate::stats::Protocol;
pub use collect::{Collected, MAGIC as COLLECT_MAGIC};
use problem::Problem;
pub(crate) use serve::{Host, serve};

/// Where HTTP ingest listens.
#[derive(Debug, Clone)]
pub struct HttpListen {
    /// The address; port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate and key; absent: plain HTTP. See [`crate::listen::tls::server_config`].
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Bounds.
    pub limits: HttpLimits,
}

/// Bounds on what a request can take up.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// The largest body in bytes, before and after decompression.
    pub max_body: usize,
    /// Bytes of all bodies being read or worked on together.
    pub bodies: usize,
    /// A body of which nothing came for so long is given up,
    pub body_idle: Duration,
    /// and one that takes longer altogether.
    pub body_time: Duration,
    /// Time for the headers of a request; a connection that asks nothing for so long is closed.
    pub headers: Duration,
    /// Connections of one customer; further ones are closed.
    pub customer_connections: usize,
    /// Connections nobody has shown a credential on; the oldest is closed for another.
    pub strange_connections: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        HttpLimits {
            max_body: 16 << 20,
            bodies: 128 << 20,
            body_idle: Duration::from_secs(30),
            body_time: Duration::from_secs(300),
            headers: Duration::from_secs(60),
            customer_connections: 1024,
            strange_connections: 1024,
        }
    }
}

/// The routes of the ingest listener.
pub fn router(intake: Intake, senders: SenderDirectory, limits: HttpLimits) -> Router {
    let door =
        Door { bodies: FairRoom::new((limits.bodies / body::UNIT).max(1)), limits: Arc::new(limits), intake, senders };
    Router::new()
        .merge(ndjson::routes().with_state(door.labelled(Protocol::Http)))
        .merge(collect::routes().with_state(door.labelled(Protocol::Collector)))
        .merge(hec::routes(door.labelled(Protocol::Hec)))
        .merge(otlp::routes().with_state(door.clone()))
        .merge(elastic::routes().with_state(door.labelled(Protocol::Elastic)))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(door.labelled(Protocol::Elastic))
}

/// What every handler needs: who may send, room for bodies, the way in.
#[derive(Clone)]
struct Door {
    intake: Intake,
    senders: SenderDirectory,
    limits: Arc<HttpLimits>,
    bodies: FairRoom,
}

impl Door {
    fn labelled(&self, protocol: Protocol) -> Door {
        Door { intake: self.intake.labelled(protocol), ..self.clone() }
    }
}

pub(crate) fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Runs what takes a while for a large body where it holds nobody else up.
async fn work<T: Send + 'static>(bytes: usize, job: impl FnOnce() -> T + Send + 'static) -> T {
    const QUICK: usize = 128 * 1024;
    if bytes <= QUICK {
        return job();
    }
    match tokio::task::spawn_blocking(job).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn no_route(axum::extract::State(door): axum::extract::State<Door>, request: Request) -> Response {
    if otlp::is_grpc(request.headers()) {
        return otlp::no_such_method();
    }
    match elastic::manage(&door, request).await {
        Some(answer) => answer,
        None => Problem::not_found(
            "events are handed in at /ingest/v1/events, /_bulk, /services/collector, /v1/logs or the OTLP LogsService",
        )
        .into_response(),
    }
}

async fn no_method() -> Problem {
    Problem::no_method()
}
