//! One row of a result, read the same way from both databases.

use std::fmt::Display;
use std::str::FromStr;

use model::{Severity, Timestamp};
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};

use crate::{Error, Result};

/// One row.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type both databases give back.
pub(crate) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> {}

impl Row {
    /// A column as it is kept: `i64`, `bool`, `String`, `Vec<u8>` or an `Option` of those.
    pub(crate) fn get<T: Column>(&self, column: &'static str) -> Result<T> {
        let value = match self {
            Row::Sqlite(row) => row.try_get::<T, _>(column),
            Row::Postgres(row) => row.try_get::<T, _>(column),
        };
        value.map_err(|error| Error::corrupt(column, error))
    }

    /// An id or a word, read by its own rules.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T> {
        self.get::<String>(column)?.parse().map_err(|error| Error::corrupt(column, error))
    }

    /// An id or a word that may be absent.
    pub(crate) fn parse_maybe<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<Option<T>> {
        let text = self.get::<Option<String>>(column)?;
        text.map(|text| text.parse().map_err(|error| Error::corrupt(column, error))).transpose()
    }

    /// A value kept as JSON text.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_str(&self.get::<String>(column)?).map_err(|error| Error::corrupt(column, error))
    }

    /// A value kept as JSON text, that may be absent.
    pub(crate) fn json_maybe<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>> {
        let text = self.get::<Option<String>>(column)?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| Error::corrupt(column, error))).transpose()
    }

    /// An instant.
    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp> {
        Ok(Timestamp::from_micros(self.get(column)?))
    }

    /// An instant that may be absent.
    pub(crate) fn time_maybe(&self, column: &'static str) -> Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
    }

    /// A severity, kept by rank.
    pub(crate) fn severity(&self, column: &'static str) -> Result<Severity> {
        let rank = self.get(column)?;
        Severity::from_rank(rank).ok_or_else(|| Error::corrupt(column, format_args!("no severity has rank {rank}")))
    }

    /// A number that is never negative.
    pub(crate) fn unsigned<T: TryFrom<i64, Error: Display>>(&self, column: &'static str) -> Result<T> {
        T::try_from(self.get(column)?).map_err(|error| Error::corrupt(column, error))
    }
}
