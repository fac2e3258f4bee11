//! A page of a list that is in memory whole.

use model::{Cursor, PageRequest};

use crate::error::{Error, Result};

/// The part of a list that is wanted, and where the next one begins.
pub(crate) fn part<'l, T>(list: &'l [T], page: &PageRequest) -> Result<(&'l [T], Option<Cursor>)> {
    let after = page.after.as_ref().map(|cursor| cursor.0.parse::<usize>());
    let start = after.transpose().map_err(|_| Error::invalid("after", "is no cursor of this list"))?.unwrap_or(0);
    let end = start.saturating_add(page.limit).min(list.len());
    let items = list.get(start.min(end)..end).unwrap_or_default();
    Ok((items, (end < list.len()).then(|| Cursor(end.to_string()))))
}
