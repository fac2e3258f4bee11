//! Reading the search language without searching: for those who type it.

use axum::Json;
use model::query::Query;
use model::role::Permission;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(read_query))
}

#[derive(Deserialize, ToSchema)]
struct QueryText {
    /// The search language.
    q: String,
}

/// What a text of the search language says.
#[derive(Serialize, ToSchema)]
struct QueryReading {
    /// What must hold, part by part; a single one where it is no list of conditions.
    parts: Vec<QueryPart>,
    /// The fields it looks at.
    fields: Vec<String>,
    /// Why it cannot be read.
    problem: Option<QueryProblem>,
}

/// A condition that must hold.
#[derive(Serialize, ToSchema)]
struct QueryPart {
    /// In the search language, without the `NOT` it may stand under.
    text: String,
    /// Whether it must not hold.
    not: bool,
}

#[derive(Serialize, ToSchema)]
struct QueryProblem {
    /// The place, in characters from 0; the length of the text where something is missing at its end.
    at: usize,
    /// What is wrong, and what was expected.
    message: String,
}

impl QueryReading {
    fn of(text: &str) -> Self {
        let query = match text.parse::<Query>() {
            Ok(query) => query,
            Err(error) => {
                let problem = QueryProblem { at: error.at, message: error.problem };
                return QueryReading { parts: Vec::new(), fields: Vec::new(), problem: Some(problem) };
            }
        };
        let fields = query.field_names().into_iter().map(str::to_owned).collect();
        let parts = match &query {
            Query::All => Vec::new(),
            Query::And(parts) => parts.iter().map(QueryPart::of).collect(),
            other => vec![QueryPart::of(other)],
        };
        QueryReading { parts, fields, problem: None }
    }
}

impl QueryPart {
    fn of(part: &Query) -> Self {
        let (part, not) = match part {
            Query::Not(inner) => (&**inner, true),
            part => (part, false),
        };
        let text = match part {
            Query::And(_) | Query::Or(_) => format!("({part})"),
            part => part.to_string(),
        };
        QueryPart { text, not }
    }
}

/// Reads a text of the search language; looks at no event.
#[utoipa::path(post, path = "/events/query", tag = "event", request_body = QueryText,
    responses((status = 200, body = QueryReading)))]
async fn read_query(Signed(ctx): Signed, Body(text): Body<QueryText>) -> Result<Json<QueryReading>, Problem> {
    ctx.require(Permission::EventRead)?;
    Ok(Json(QueryReading::of(&text.q)))
}
