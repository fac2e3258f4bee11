//! The list of everything there is, and the document generated from it.

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa_axum::router::OpenApiRouter;

use crate::auth::COOKIE;
use crate::problem::Problem;
use crate::state::Api;
use crate::{
    alert, asset, attachment, audit, audit_policy, baseline, change, coverage, customer, device, device_health, event,
    exception, export, feed, hunt, hunt_programme, hunt_work, incident, intel, overview, parser, platform_alarm,
    query_text, resource_group, rule_collection, saved_search, session, storage, tail, use_case, use_case_request,
    user, yara_set,
};

/// The most a request body may hold.
const BODY_LIMIT: usize = 1024 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(title = "Vedette", description = "The managed security operations platform: whatever the console can do."),
    components(schemas(Problem))
)]
struct Document;

fn documented() -> OpenApiRouter<Api> {
    let nouns = OpenApiRouter::new()
        .merge(session::routes())
        .merge(overview::routes())
        .merge(customer::routes())
        .merge(device::routes())
        .merge(device_health::routes())
        .merge(parser::routes())
        .merge(platform_alarm::routes())
        .merge(asset::routes())
        .merge(resource_group::routes())
        .merge(alert::routes())
        .merge(incident::routes())
        .merge(attachment::routes())
        .merge(event::routes())
        .merge(tail::routes())
        .merge(query_text::routes())
        .merge(saved_search::routes())
        .merge(export::routes())
        .merge(storage::routes())
        .merge(use_case::routes())
        .merge(baseline::routes())
        .merge(exception::routes())
        .merge(coverage::routes())
        .merge(rule_collection::routes())
        .merge(use_case_request::routes())
        .merge(audit_policy::routes())
        .merge(intel::routes())
        .merge(feed::routes())
        .merge(hunt::routes())
        .merge(hunt_work::routes())
        .merge(hunt_programme::routes())
        .merge(yara_set::routes())
        .merge(user::routes())
        .merge(audit::routes())
        .merge(change::routes());
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", nouns)
}

/// The OpenAPI document of every route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, mut document) = documented().split_for_parts();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new("session", none), SecurityRequirement::new("token", none)]);
    document
}

/// Everything under `/api`.
pub fn router(api: Api) -> Router {
    let (routes, _) = documented().split_for_parts();
    let document = openapi();
    routes
        .route("/api/v1/openapi.json", get(move || std::future::ready(Json(document.clone()))))
        .route("/api", any(no_route))
        .route("/api/", any(no_route))
        .route("/api/{*rest}", any(no_route))
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(never_stored))
        .with_state(api)
}

async fn no_route() -> Problem {
    Problem::not_found("there is no such route; /api/v1/openapi.json lists them all")
}

/// The answer to a method that a route does not have.
pub(crate) async fn no_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this route has no such method")
}

/// Answers are somebody's data: no cache may keep them.
async fn never_stored(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
