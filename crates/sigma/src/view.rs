//! One event as rules see it: each field resolved and folded at most once, however many rules ask.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use model::event::{Event, Value};

use crate::fold::fold;

/// The field names of all rules, numbered.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    names: Vec<String>,
    index: HashMap<String, usize>,
}

impl Columns {
    /// The number of a name, new or known.
    pub(crate) fn intern(&mut self, name: &str) -> usize {
        if let Some(&column) = self.index.get(name) {
            return column;
        }
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// The name of a number.
    pub(crate) fn name(&self, column: usize) -> &str {
        &self.names[column]
    }
}

/// One single value of a field; a list has one per member.
pub(crate) struct Cell<'e> {
    /// The value; never a list.
    pub value: &'e Value<'e>,
    text: Cow<'e, str>,
    folded: OnceCell<Option<String>>,
}

impl<'e> Cell<'e> {
    fn new(value: &'e Value<'e>) -> Self {
        let text = match value {
            Value::Str(text) => Cow::Borrowed(text.as_ref()),
            other => other.text().unwrap_or_default(),
        };
        Cell { value, text, folded: OnceCell::new() }
    }

    /// The value as text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The value as text without case.
    pub(crate) fn folded(&self) -> &str {
        let folded = self.folded.get_or_init(|| match fold(&self.text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(folded) => Some(folded),
        });
        folded.as_deref().unwrap_or(&self.text)
    }

    /// Null equals absent.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }
}

/// A field of the event.
#[derive(Default)]
pub(crate) struct Column<'e> {
    /// Whether the event has it, be it null.
    pub present: bool,
    /// Its values.
    pub cells: Vec<Cell<'e>>,
}

/// A value keywords are searched in, and the field it belongs to.
pub(crate) struct Searched<'e> {
    /// The field's name, `raw` for the record as received.
    pub field: &'e str,
    /// The value.
    pub cell: Cell<'e>,
}

/// The event, its columns filled on demand.
pub(crate) struct View<'e> {
    event: &'e Event<'e>,
    names: &'e Columns,
    raw: &'e Value<'e>,
    columns: Vec<OnceCell<Column<'e>>>,
    searched: OnceCell<Vec<Searched<'e>>>,
}

impl<'e> View<'e> {
    /// A view of `event`; `raw` is its raw text as a value.
    pub(crate) fn new(event: &'e Event<'e>, raw: &'e Value<'e>, names: &'e Columns) -> Self {
        let mut columns = Vec::new();
        columns.resize_with(names.names.len(), OnceCell::new);
        View { event, names, raw, columns, searched: OnceCell::new() }
    }

    /// A column by number.
    pub(crate) fn column(&self, column: usize) -> &Column<'e> {
        self.columns[column].get_or_init(|| match self.event.resolve(self.names.name(column)) {
            None => Column::default(),
            Some(value) => {
                let mut cells = Vec::with_capacity(1);
                flatten(value, &mut |value| cells.push(Cell::new(value)));
                Column { present: true, cells }
            }
        })
    }

    /// The name of a column.
    pub(crate) fn name(&self, column: usize) -> &'e str {
        self.names.name(column)
    }

    /// All values keywords are searched in: the record's fields, the core fields, and the record as received.
    pub(crate) fn searched(&self) -> &[Searched<'e>] {
        self.searched.get_or_init(|| {
            let mut all = Vec::with_capacity(self.event.fields.len() + self.event.core.len() + 1);
            for (field, value) in self.event.fields.iter().chain(self.event.core.iter()) {
                flatten(value, &mut |value| all.push(Searched { field, cell: Cell::new(value) }));
            }
            all.push(Searched { field: "raw", cell: Cell::new(self.raw) });
            all
        })
    }
}

fn flatten<'e>(value: &'e Value<'e>, each: &mut impl FnMut(&'e Value<'e>)) {
    match value {
        Value::List(values) => values.iter().for_each(|value| flatten(value, each)),
        single => each(single),
    }
}
