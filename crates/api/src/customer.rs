//! Customers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::Page;
use model::customer::{Customer, CustomerData};
use ops::CustomerFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_customers, create_customer)).routes(routes!(get_customer, update_customer))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CustomerQuery {
    /// Part of the name, without case.
    text: Option<String>,
    /// Operating state.
    state: Option<String>,
}

/// A changed customer and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct CustomerUpdate {
    version: i64,
    #[serde(flatten)]
    data: CustomerData,
}

/// Customers by name.
#[utoipa::path(get, path = "/customers", tag = "customer", params(CustomerQuery, PageQuery),
    responses((status = 200, body = Page<Customer>)))]
async fn list_customers(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<CustomerQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Customer>>, Problem> {
    let filter = CustomerFilter { text: query.text, state: one("state", query.state.as_deref())? };
    Ok(Json(api.ops.list_customers(&ctx, &filter, &page.request()).await?))
}

/// Creates a customer.
#[utoipa::path(post, path = "/customers", tag = "customer", request_body = CustomerData,
    responses((status = 201, body = Customer)))]
async fn create_customer(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(data): Body<CustomerData>,
) -> Result<(StatusCode, Json<Customer>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_customer(&ctx, data).await?)))
}

/// One customer.
#[utoipa::path(get, path = "/customers/{id}", tag = "customer", params(("id" = String, Path)),
    responses((status = 200, body = Customer)))]
async fn get_customer(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(customer): Path<String>,
) -> Result<Json<Customer>, Problem> {
    Ok(Json(api.ops.get_customer(&ctx, &id(&customer)?).await?))
}

/// Changes a customer.
#[utoipa::path(put, path = "/customers/{id}", tag = "customer", params(("id" = String, Path)),
    request_body = CustomerUpdate, responses((status = 200, body = Customer)))]
async fn update_customer(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(customer): Path<String>,
    Body(update): Body<CustomerUpdate>,
) -> Result<Json<Customer>, Problem> {
    Ok(Json(api.ops.update_customer(&ctx, &id(&customer)?, update.version, update.data).await?))
}
