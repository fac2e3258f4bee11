//! Keyset paging: a page ends at a row, and the next one goes on after that row's sort key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Cursor, Page, PageRequest};
use serde_json::Value;

use crate::db::DbTx;
use crate::row::Row;
use crate::sql::{Arg, Sql};
use crate::{Error, Result};

/// One column of a list's order. None of them may be NULL, and the last one makes the order total.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Int(&'static str),
    Text(&'static str),
}

/// In which order a list comes; all columns run in the same direction, so that row values can be compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Up(&'static [Key]),
    Down(&'static [Key]),
}

impl Key {
    fn column(self) -> &'static str {
        match self {
            Key::Int(column) | Key::Text(column) => column,
        }
    }
}

/// How a list's query is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// It ends inside its WHERE clause.
    Plain,
    /// It ends inside the WHERE clause of a subquery for ids, as in `SELECT * FROM t WHERE id IN (SELECT id FROM t WHERE
    /// TRUE`: for rows so wide that only those of the page may be read.
    Wide,
}

/// Runs `query` for one page.
pub(crate) async fn page<T>(
    tx: &mut DbTx,
    mut query: Sql,
    shape: Shape,
    order: Order,
    request: &PageRequest,
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Page<T>> {
    let limit = request.limit.clamp(1, PageRequest::MOST);
    let (keys, compare, direction) = match order {
        Order::Up(keys) => (keys, ") > (", " ASC"),
        Order::Down(keys) => (keys, ") < (", " DESC"),
    };
    if let Some(cursor) = &request.after {
        query = columns(query.push(" AND ("), keys, "").push(compare);
        for (place, value) in decode(cursor, keys)?.into_iter().enumerate() {
            query = query.push(if place == 0 { "?" } else { ", ?" }).bind(value);
        }
        query = query.push(")");
    }
    query = columns(query.push(" ORDER BY "), keys, direction).push(" LIMIT ?").bind(limit as i64 + 1);
    if let Shape::Wide = shape {
        query = columns(query.push(") ORDER BY "), keys, direction);
    }
    let rows = tx.fetch_all(query).await?;
    let more = rows.len() > limit;
    let items = rows.iter().take(limit).map(read).collect::<Result<Vec<T>>>()?;
    let next = if more { rows.get(limit - 1).map(|last| encode(last, keys)).transpose()? } else { None };
    Ok(Page { items, next })
}

fn columns(mut query: Sql, keys: &[Key], direction: &'static str) -> Sql {
    for (place, key) in keys.iter().enumerate() {
        query = query.push(if place == 0 { "" } else { ", " }).push(key.column()).push(direction);
    }
    query
}

fn encode(row: &Row, keys: &[Key]) -> Result<Cursor> {
    let values = keys
        .iter()
        .map(|key| {
            Ok(match key {
                Key::Int(column) => Value::from(row.get::<i64>(column)?),
                Key::Text(column) => Value::from(row.get::<String>(column)?),
            })
        })
        .collect::<Result<Vec<Value>>>()?;
    Ok(Cursor(URL_SAFE_NO_PAD.encode(Value::Array(values).to_string())))
}

fn decode(cursor: &Cursor, keys: &[Key]) -> Result<Vec<Arg>> {
    let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).map_err(|_| Error::BadCursor)?;
    let values: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| Error::BadCursor)?;
    if values.len() != keys.len() {
        return Err(Error::BadCursor);
    }
    keys.iter()
        .zip(&values)
        .map(|(key, value)| match key {
            Key::Int(_) => value.as_i64().map(Arg::from),
            Key::Text(_) => value.as_str().map(Arg::from),
        })
        .map(|arg| arg.ok_or(Error::BadCursor))
        .collect()
}
