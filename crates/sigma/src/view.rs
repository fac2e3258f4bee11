//! One event as rules see it: each field resolved and folded at most once, however many rules ask.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use model::event::{Event, Value};

use crate::engine::digest::Pairs;
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

    /// How many names.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The name of a number.
    pub(crate) fn name(&self, column: usize) -> &str {
        &self.names[column]
    }
}

/// One single value as a test looks at it.
pub(crate) trait Look {
    /// The value; never a list.
    fn value(&self) -> &Value<'_>;
    /// The value as text.
    fn text(&self) -> &str;
    /// The value as text without case.
    fn folded(&self) -> &str;
    /// Null equals absent.
    fn is_null(&self) -> bool {
        matches!(self.value(), Value::Null)
    }
    /// Whether the folded text may contain a word with these pairs of characters.
    fn may_contain(&self, _pairs: &Pairs) -> bool {
        true
    }
}

/// An event as tests see it.
pub(crate) trait Sight {
    /// Whether to look first whether an expression can have a match at all.
    const QUICK: bool;
    /// Its single values.
    type Cell<'c>: Look;
    /// Whether it has the field, be it null.
    fn has(&self, column: usize) -> bool;
    /// Whether one of the field's values is as asked.
    fn any(&self, column: usize, passes: impl Fn(&Self::Cell<'_>) -> bool) -> bool;
    /// Whether the field is null, absent or without a value.
    fn is_null(&self, column: usize) -> bool;
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
}

impl Look for Cell<'_> {
    fn value(&self) -> &Value<'_> {
        self.value
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn folded(&self) -> &str {
        let folded = self.folded.get_or_init(|| match fold(&self.text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(folded) => Some(folded),
        });
        folded.as_deref().unwrap_or(&self.text)
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
    /// By number, in order.
    columns: Vec<(usize, OnceCell<Column<'e>>)>,
    searched: OnceCell<Vec<Searched<'e>>>,
}

impl<'e> View<'e> {
    /// A view of `event` for who asks about no other than these columns, given in order; `raw` is its raw text as a
    /// value.
    pub(crate) fn new(
        event: &'e Event<'e>,
        raw: &'e Value<'e>,
        names: &'e Columns,
        columns: impl Iterator<Item = usize>,
    ) -> Self {
        let columns = columns.map(|column| (column, OnceCell::new())).collect();
        View { event, names, raw, columns, searched: OnceCell::new() }
    }

    /// A column by number.
    pub(crate) fn column(&self, column: usize) -> &Column<'e> {
        let place = self.columns.binary_search_by_key(&column, |(column, _)| *column);
        let (_, cell) = &self.columns[place.expect("a view is made with every column it is asked about")];
        cell.get_or_init(|| match self.event.resolve(self.names.name(column)) {
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

impl<'e> Sight for View<'e> {
    const QUICK: bool = false;
    type Cell<'c> = Cell<'e>;

    fn has(&self, column: usize) -> bool {
        self.column(column).present
    }

    fn any(&self, column: usize, passes: impl Fn(&Cell<'e>) -> bool) -> bool {
        self.column(column).cells.iter().any(passes)
    }

    fn is_null(&self, column: usize) -> bool {
        let cells = &self.column(column).cells;
        cells.is_empty() || cells.iter().any(Cell::is_null)
    }
}

/// Each single value of a value.
pub(crate) fn flatten<'e>(value: &'e Value<'e>, each: &mut impl FnMut(&'e Value<'e>)) {
    match value {
        Value::List(values) => values.iter().for_each(|value| flatten(value, each)),
        single => each(single),
    }
}
