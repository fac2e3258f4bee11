//! Fields by their names, and where a file keeps their values.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, cast, lit};
use model::core_field::{CORE_FIELDS, CoreType};

use super::expression::column;
use crate::columns::{self, CORE_REST, FIELDS_REST};

/// Where a field's values stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    /// It has a column.
    pub column: bool,
    /// Some rows keep it in the JSON column.
    pub rest: bool,
    /// The column is read as numbers of a dictionary, as the file has it.
    pub coded: bool,
}

impl Shape {
    /// A text of the column's type.
    pub fn text(self, text: impl Into<String>) -> Expr {
        let text = ScalarValue::Utf8(Some(text.into()));
        lit(if self.coded { ScalarValue::Dictionary(Box::new(DataType::Int32), Box::new(text)) } else { text })
    }
}

/// A field by its name: a core field if it is one, the record's own field otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldName {
    pub name: String,
    pub core: Option<CoreType>,
    pub column: String,
}

impl FieldName {
    pub fn of(name: &str) -> Self {
        let core = columns::core_index(name).map(|place| CORE_FIELDS[place].1);
        let column = if core.is_some() { name.to_owned() } else { columns::own_column(name) };
        FieldName { name: name.to_owned(), core, column }
    }

    /// The record's own field of this name, whatever core fields there are.
    pub fn own(name: &str) -> Self {
        FieldName { name: name.to_owned(), core: None, column: columns::own_column(name) }
    }

    /// The JSON column that holds what fits no column.
    pub fn rest(&self) -> &'static str {
        if self.core.is_some() { CORE_REST } else { FIELDS_REST }
    }

    /// The column as text, null where the field has none.
    pub fn text(&self, shape: Shape) -> Expr {
        match (shape.column, self.core) {
            (false, _) => lit(ScalarValue::Utf8(None)),
            (true, Some(CoreType::Int)) => cast(column(&self.column), DataType::Utf8),
            (true, _) => column(&self.column),
        }
    }
}
