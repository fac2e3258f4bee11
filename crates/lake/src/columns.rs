//! The lake's columns: their names, types and order.
//!
//! Fixed columns first, then core fields as they occur, own fields as `f_<name>`, and what fits no column as JSON.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, TimeUnit};
use model::core_field::{CORE_FIELDS, CoreType};

pub(crate) const LOG: &str = "log";
pub(crate) const SHARD: &str = "shard";
pub(crate) const SEQUENCE: &str = "sequence";
pub(crate) const CUSTOMER: &str = "customer";
pub(crate) const DEVICE: &str = "device";
pub(crate) const RECEIVED: &str = "received";
pub(crate) const TIME: &str = "time";
pub(crate) const TIME_ORIGINAL: &str = "time_original";
pub(crate) const SOURCE: &str = "source";
pub(crate) const CORE_REST: &str = "core_rest";
pub(crate) const FIELDS_REST: &str = "fields_rest";
pub(crate) const RAW: &str = "raw";

/// Own fields become columns of their own up to this many a file.
pub(crate) const OWN_COLUMNS: usize = 48;

/// The metadata key that says what an own column's text stands for.
pub(crate) const KIND: &str = "vedette.kind";

/// Places of core fields by what is cheap to know of their names: each event asks for a dozen.
static CORE_INDEX: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
    let mut index = vec![Vec::new(); SLOTS];
    CORE_FIELDS.iter().enumerate().for_each(|(place, (name, _))| index[slot(name)].push(place));
    index
});
const SLOTS: usize = 1 << 10;

fn slot(name: &str) -> usize {
    let last = name.bytes().last().unwrap_or_default();
    let middle = name.as_bytes().get(name.len() / 2).copied().unwrap_or_default();
    (name.len() * 61 + usize::from(last) * 7 + usize::from(middle) * 31) % SLOTS
}

/// A core field's place in [`CORE_FIELDS`].
pub(crate) fn core_index(name: &str) -> Option<usize> {
    CORE_INDEX[slot(name)].iter().copied().find(|place| CORE_FIELDS[*place].0 == name)
}

/// The column of an own field.
pub(crate) fn own_column(name: &str) -> String {
    format!("f_{name}")
}

/// The catalogue's entry for "some rows keep this field in the JSON column instead".
pub(crate) fn mark(column: &str) -> String {
    format!("*{column}")
}

/// Instants: microseconds in UTC.
pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Texts that are read as numbers of a dictionary, as files have them.
pub(crate) fn coded_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// How a core field is stored.
pub(crate) fn core_data_type(kind: CoreType) -> DataType {
    match kind {
        CoreType::Text | CoreType::Address => DataType::Utf8,
        CoreType::Int => DataType::Int64,
    }
}

/// The type and nullability of a fixed or core column, and of every own column.
pub(crate) fn field(name: &str) -> Field {
    let (kind, nullable) = match name {
        LOG | SEQUENCE => (DataType::Int64, false),
        SHARD => (DataType::Int32, false),
        RECEIVED | TIME => (instant(), false),
        CUSTOMER | DEVICE | SOURCE | RAW => (DataType::Utf8, false),
        _ => match core_index(name) {
            Some(place) => (core_data_type(CORE_FIELDS[place].1), true),
            None => (DataType::Utf8, true),
        },
    };
    Field::new(name, kind, nullable)
}

/// What the text of an own column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnKind {
    Text,
    Int,
    Float,
    Bool,
}

impl OwnKind {
    pub(crate) const ALL: [OwnKind; 4] = [OwnKind::Text, OwnKind::Int, OwnKind::Float, OwnKind::Bool];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            OwnKind::Text => "text",
            OwnKind::Int => "int",
            OwnKind::Float => "float",
            OwnKind::Bool => "bool",
        }
    }

    /// The kind a column's metadata names; text when it names none.
    pub(crate) fn of(field: &Field) -> OwnKind {
        let word = field.metadata().get(KIND).map(String::as_str);
        OwnKind::ALL.into_iter().find(|kind| Some(kind.as_str()) == word).unwrap_or(OwnKind::Text)
    }
}
