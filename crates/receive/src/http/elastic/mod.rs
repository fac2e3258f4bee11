//! The part of the Elasticsearch API that shippers write to: documents become records of the device whose token the
//! request carries. Index names, ids and pipelines are taken and mean nothing here.

mod answer;
mod bulk;
mod filter;
mod manage;
mod store;
mod version;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post, put};
use serde_json::{Value, json};

use self::answer::{Asked, no_body, no_sender};
use self::bulk::Item;
use super::{Door, once, work};
use crate::hand_in::check_count;
use crate::stats::Rejection;
pub(super) use manage::manage;

pub(super) fn routes() -> Router<Door> {
    Router::new()
        .route("/", get(root))
        .route("/_bulk", post(bulk).put(bulk))
        .route("/{index}/_bulk", post(bulk).put(bulk))
        // Versions before 7 had a type in the path.
        .route("/{index}/{kind}/_bulk", post(bulk).put(bulk))
        .route("/{index}/_doc", post(document))
        .route("/{index}/_doc/{id}", put(document).post(document))
        .route("/{index}/_create/{id}", put(document).post(document))
}

/// Who we say we are: clients look at name and version before they write anything.
async fn root(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let asked = Asked::new(&parts);
    match door.sender(&parts) {
        Ok(_) => asked.answer(StatusCode::OK, version::root(&parts.headers)),
        Err(why) => no_sender(&asked, why),
    }
}

/// Many documents, each with an answer of its own.
async fn bulk(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(&parts);
    let begun = std::time::Instant::now();
    let sender = match door.sender(&parts) {
        Ok(sender) => sender,
        Err(why) => return no_sender(&asked, why),
    };
    let taken = match door.body(&sender, &parts.headers, body).await {
        Ok(taken) => taken,
        Err(error) => return no_body(&asked, &error),
    };
    let index = index_of(parts.uri.path());
    let size = taken.bytes.len();
    let (items, taken) = work(size, move || (bulk::read(&taken.bytes, &index), taken)).await;
    let items = match items {
        Ok(items) => items,
        Err(error) => {
            door.intake.refused(Rejection::Malformed, 1);
            return asked.error(StatusCode::BAD_REQUEST, "illegal_argument_exception", &error.to_string());
        }
    };
    if let Err(error) = door.checked(check_count(items.len())) {
        return no_body(&asked, &error);
    }
    let stored = match once::key(&parts.headers) {
        Ok(None) => store::store(&door.intake, &sender, items).await,
        Ok(Some(key)) => match store::store_once(&door.intake, &sender, key, items).await {
            Ok(stored) => stored,
            Err(error) => return asked.once(&error),
        },
        Err(error) => return asked.error(StatusCode::BAD_REQUEST, "illegal_argument_exception", &error.to_string()),
    };
    drop(taken);
    if let Some(error) = stored.refused_whole() {
        return asked.unavailable(error);
    }
    let errors = stored.items.iter().any(|item| item.status >= 400);
    let items: Vec<Value> = stored.items.into_iter().map(|item| item.bulk()).collect();
    asked.answer(StatusCode::OK, json!({"took": begun.elapsed().as_millis() as u64, "errors": errors, "items": items}))
}

/// One document.
async fn document(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(&parts);
    let sender = match door.sender(&parts) {
        Ok(sender) => sender,
        Err(why) => return no_sender(&asked, why),
    };
    let taken = match door.body(&sender, &parts.headers, body).await {
        Ok(taken) => taken,
        Err(error) => return no_body(&asked, &error),
    };
    let path = parts.uri.path();
    let id = path.trim_start_matches('/').splitn(3, '/').nth(2).map(str::to_owned);
    let action = if path.contains("/_create/") { "create" } else { "index" };
    let item = Item::new(action, Some(index_of(path)), id, &taken.bytes);
    let stored = store::store(&door.intake, &sender, vec![item]).await;
    if let Some(error) = stored.refused_whole() {
        return asked.unavailable(error);
    }
    match stored.items.into_iter().next() {
        Some(item) => item.single(&asked),
        None => asked.error(StatusCode::BAD_REQUEST, "parse_exception", "request body is required"),
    }
}

/// The index a path names.
fn index_of(path: &str) -> String {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if first.starts_with('_') { String::new() } else { first.to_owned() }
}
