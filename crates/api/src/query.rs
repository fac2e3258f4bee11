//! Query parameters every list shares.

use std::str::FromStr;

use model::{Cursor, PageRequest};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::Problem;

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
        PageRequest::new(self.limit.unwrap_or(100), self.after.clone().map(Cursor))
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
