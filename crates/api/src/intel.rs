//! Intelligence lists, hunts for them, and what was found.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use model::intel::{
    Hit, Indicator, IndicatorKind, IntelList, IntelListData, ListPurpose, RetroHunt, SuppressedIndicator, Tlp,
    UnreadLine,
};
use model::{CustomerId, IntelListId, Page, TimeRange, Timestamp};
use ops::HitFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, list, one};
use crate::state::Api;

/// The most a list's text may hold.
const LIST_LIMIT: usize = 128 << 20;

/// The routes of these nouns.
pub fn routes() -> OpenApiRouter<Api> {
    let lists =
        OpenApiRouter::new().routes(routes!(list_intel_lists, add_intel_list)).layer(DefaultBodyLimit::max(LIST_LIMIT));
    OpenApiRouter::new()
        .merge(lists)
        .routes(routes!(get_intel_list, update_intel_list, delete_intel_list))
        .routes(routes!(intel_list_unread))
        .routes(routes!(intel_list_suppressed))
        .routes(routes!(intel_list_indicators))
        .routes(routes!(list_retro_hunts, ask_retro_hunt))
        .routes(routes!(get_retro_hunt))
        .routes(routes!(cancel_retro_hunt))
        .routes(routes!(list_hits))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct IntelListQuery {
    /// Part of the name or the source, without case.
    text: Option<String>,
}

/// What is said about a new list; its text is the body.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct IntelListCreate {
    name: String,
    source: Option<String>,
    description: Option<String>,
    /// 0 to 100; 50 unless told.
    confidence: Option<i64>,
    /// clear, green, amber, amber_strict or red; amber unless told.
    tlp: Option<String>,
    /// When it no longer holds.
    expires: Option<String>,
    /// alarm, hunt or warning; alarm unless told.
    purpose: Option<String>,
    /// 0 to 100: less sure indicators do not alarm.
    least_confidence: Option<i64>,
    /// Whether it is hunted backwards at once; yes unless told.
    hunt_new: Option<bool>,
    /// Customer ids, separated by commas; every customer in sight when absent.
    customers: Option<String>,
}

/// A list that was added, the lines of it that are no indicators, and the hunt that looks for it.
#[derive(Serialize, ToSchema)]
struct IntelListAdded {
    list: IntelList,
    unread: Vec<UnreadLine>,
    /// How many of its indicators a warning list names; they do not alarm.
    suppressed: i64,
    /// The first of them.
    suppressed_first: Vec<SuppressedIndicator>,
    /// None where it is not to be hunted.
    hunt: Option<RetroHunt>,
}

/// A changed list and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct IntelListUpdate {
    version: i64,
    #[serde(flatten)]
    data: IntelListData,
}

#[derive(Serialize, ToSchema)]
struct UnreadLines {
    items: Vec<UnreadLine>,
}

#[derive(Serialize, ToSchema)]
struct Suppressed {
    /// How many in all.
    count: i64,
    /// The first thousand.
    items: Vec<SuppressedIndicator>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PartQuery {
    /// Which twenty thousand, from 0.
    part: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct Indicators {
    /// None behind the last part.
    items: Vec<Indicator>,
}

/// A hunt that is wanted.
#[derive(Deserialize, ToSchema)]
struct HuntAsk {
    #[schema(value_type = String)]
    list: IntelListId,
    /// Among these customers' events; of all in sight when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    customers: Vec<CustomerId>,
    /// Record time, first instant inside; all history when absent.
    from: Option<Timestamp>,
    /// Record time, first instant after.
    to: Option<Timestamp>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HuntQuery {
    /// Only hunts for this list.
    list: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HitQuery {
    /// Customer ids, separated by commas.
    customer: Option<String>,
    /// Kinds of indicators, separated by commas.
    kind: Option<String>,
    /// Part of the indicator or its note, without case.
    text: Option<String>,
}

/// Lists, newest first.
#[utoipa::path(get, path = "/intel-lists", tag = "intel", params(IntelListQuery, PageQuery),
    responses((status = 200, body = Page<IntelList>)))]
async fn list_intel_lists(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<IntelListQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<IntelList>>, Problem> {
    Ok(Json(api.ops.list_intel_lists(&ctx, query.text.as_deref(), &page.request()).await?))
}

/// Adds a list: plain text, CSV, NDJSON, a STIX bundle, a MISP event or warning list, up to a million indicators.
#[utoipa::path(post, path = "/intel-lists", tag = "intel", params(IntelListCreate),
    request_body(content = String, content_type = "text/plain"), responses((status = 201, body = IntelListAdded)))]
async fn add_intel_list(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(create): Query<IntelListCreate>,
    content: Bytes,
) -> Result<(StatusCode, Json<IntelListAdded>), Problem> {
    let data = IntelListData {
        name: create.name,
        source: create.source.unwrap_or_default(),
        description: create.description.unwrap_or_default(),
        confidence: create.confidence.unwrap_or(50),
        tlp: one("tlp", create.tlp.as_deref())?.unwrap_or(Tlp::Amber),
        expires: one("expires", create.expires.as_deref())?,
        purpose: one("purpose", create.purpose.as_deref())?.unwrap_or(ListPurpose::Alarm),
        least_confidence: create.least_confidence.unwrap_or(0),
        hunt_new: create.hunt_new.unwrap_or(true),
    };
    let customers = list("customers", create.customers.as_deref())?;
    let added = api.ops.add_intel_list(&ctx, data, &customers, content.into()).await?;
    let added = IntelListAdded {
        list: added.list,
        unread: added.unread,
        suppressed: added.suppressed,
        suppressed_first: added.suppressed_first,
        hunt: added.hunt,
    };
    Ok((StatusCode::CREATED, Json(added)))
}

/// One list.
#[utoipa::path(get, path = "/intel-lists/{id}", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = IntelList)))]
async fn get_intel_list(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(list): Path<String>,
) -> Result<Json<IntelList>, Problem> {
    Ok(Json(api.ops.get_intel_list(&ctx, &id(&list)?).await?))
}

/// Changes what is said about a list.
#[utoipa::path(put, path = "/intel-lists/{id}", tag = "intel", params(("id" = String, Path)),
    request_body = IntelListUpdate, responses((status = 200, body = IntelList)))]
async fn update_intel_list(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(list): Path<String>,
    Body(update): Body<IntelListUpdate>,
) -> Result<Json<IntelList>, Problem> {
    Ok(Json(api.ops.update_intel_list(&ctx, &id(&list)?, update.version, update.data).await?))
}

/// Removes a list. Hunts for it keep what they found.
#[utoipa::path(delete, path = "/intel-lists/{id}", tag = "intel", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_intel_list(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(list): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_intel_list(&ctx, &id(&list)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The lines of a list that were no indicators, the first thousand.
#[utoipa::path(get, path = "/intel-lists/{id}/unread", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = UnreadLines)))]
async fn intel_list_unread(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(list): Path<String>,
) -> Result<Json<UnreadLines>, Problem> {
    Ok(Json(UnreadLines { items: api.ops.intel_list_unread(&ctx, &id(&list)?).await? }))
}

/// The indicators of a list that do not alarm because a warning list names them.
#[utoipa::path(get, path = "/intel-lists/{id}/suppressed", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = Suppressed)))]
async fn intel_list_suppressed(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(list): Path<String>,
) -> Result<Json<Suppressed>, Problem> {
    let (count, items) = api.ops.intel_list_suppressed(&ctx, &id(&list)?).await?;
    Ok(Json(Suppressed { count, items }))
}

/// A list's indicators, twenty thousand at a time.
#[utoipa::path(get, path = "/intel-lists/{id}/indicators", tag = "intel", params(("id" = String, Path), PartQuery),
    responses((status = 200, body = Indicators)))]
async fn intel_list_indicators(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(list): Path<String>,
    Query(query): Query<PartQuery>,
) -> Result<Json<Indicators>, Problem> {
    let items = api.ops.intel_list_part(&ctx, &id(&list)?, query.part.unwrap_or(0)).await?;
    Ok(Json(Indicators { items }))
}

/// Hunts, newest first.
#[utoipa::path(get, path = "/retro-hunts", tag = "intel", params(HuntQuery, PageQuery),
    responses((status = 200, body = Page<RetroHunt>)))]
async fn list_retro_hunts(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<HuntQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RetroHunt>>, Problem> {
    let list = one("list", query.list.as_deref())?;
    Ok(Json(api.ops.list_retro_hunts(&ctx, list.as_ref(), &page.request()).await?))
}

/// Asks for a hunt for a list.
#[utoipa::path(post, path = "/retro-hunts", tag = "intel", request_body = HuntAsk,
    responses((status = 201, body = RetroHunt)))]
async fn ask_retro_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(ask): Body<HuntAsk>,
) -> Result<(StatusCode, Json<RetroHunt>), Problem> {
    let range = match (ask.from, ask.to) {
        (None, None) => None,
        (from, to) => {
            Some(TimeRange { from: from.unwrap_or(Timestamp::from_micros(0)), to: to.unwrap_or(crate::state::now()) })
        }
    };
    let hunt = api.ops.ask_retro_hunt(&ctx, &ask.list, &ask.customers, range).await?;
    Ok((StatusCode::CREATED, Json(hunt)))
}

/// One hunt, as far as it has come.
#[utoipa::path(get, path = "/retro-hunts/{id}", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = RetroHunt)))]
async fn get_retro_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<RetroHunt>, Problem> {
    Ok(Json(api.ops.get_retro_hunt(&ctx, &id(&hunt)?).await?))
}

/// Stops a hunt; what it found is kept.
#[utoipa::path(post, path = "/retro-hunts/{id}/cancel", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = RetroHunt)))]
async fn cancel_retro_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<RetroHunt>, Problem> {
    Ok(Json(api.ops.cancel_retro_hunt(&ctx, &id(&hunt)?).await?))
}

/// What a hunt found, the latest seen first.
#[utoipa::path(get, path = "/retro-hunts/{id}/hits", tag = "intel", params(("id" = String, Path), HitQuery, PageQuery),
    responses((status = 200, body = Page<Hit>)))]
async fn list_hits(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Query(query): Query<HitQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Hit>>, Problem> {
    let filter = HitFilter {
        customers: list("customer", query.customer.as_deref())?,
        kinds: list::<IndicatorKind>("kind", query.kind.as_deref())?,
        text: query.text,
    };
    Ok(Json(api.ops.list_hits(&ctx, &id(&hunt)?, &filter, &page.request()).await?))
}
