//! Query parameters every list shares.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::{Cursor, PageRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::problem::Problem;

/// Query parameters; what is wrong with them becomes a problem.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let found = found.map_err(|error| Problem::new(error.status(), "invalid", error.body_text()))?;
        Ok(Query(found.0))
    }
}

/// What stands in a path; what cannot be read as text is nothing that exists.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|found| Path(found.0)).map_err(|error| Problem::not_found(error.body_text()))
    }
}

/// How much of a list, and from where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows at most (1 to 1000, 100 unless told).
    pub limit: Option<usize>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl PageQuery {
    /// As the store and the lake want it.
    pub fn request(&self) -> PageRequest {
        let after = self.after.clone().filter(|after| !after.is_empty());
        PageRequest::new(self.limit.unwrap_or(100), after.map(Cursor))
    }
}

/// Several words of a parameter, separated by commas; none when it is absent or empty.
pub fn list<T>(name: &'static str, text: Option<&str>) -> Result<Vec<T>, Problem>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let words = text.unwrap_or("").split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|error: T::Err| Problem::invalid(name, error))).collect()
}

/// One word of a parameter; none when it is absent or empty.
pub fn one<T>(name: &'static str, text: Option<&str>) -> Result<Option<T>, Problem>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let word = text.map(str::trim).filter(|word| !word.is_empty());
    word.map(|word| word.parse().map_err(|error: T::Err| Problem::invalid(name, error))).transpose()
}

/// An id in a path: what is not one cannot exist.
pub fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("there is no `{}`", text.chars().take(64).collect::<String>())))
}
