//! From what a person asks to what the engine does: a tree of conditions, as expressions over columns, and as the
//! blocks of a file that need to be looked at.
//!
//! A condition is true or false, never unknown: a field that an event lacks passes no test, so `NOT` of a test finds the
//! events without the field too.

mod blocks;
mod expression;
mod field;
mod tree;

pub(crate) use expression::{after, column, instant};
pub(crate) use field::{FieldName, Shape};
pub(crate) use tree::Conditions;
