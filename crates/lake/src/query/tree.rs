//! A query's conditions, made ready.

use model::TimeRange;
use model::query::{EnvelopeField, FieldRef, Pattern, Query, Range, Test};
use model::search::{EventQuery, FieldFilter, FilterOp};

use super::field::FieldName;
use crate::columns::{self, DEVICE, RAW, RECEIVED, SOURCE, TIME};
use crate::error::{Error, Result};
use crate::matcher::Matcher;
use crate::text::TextMatcher;

/// Everything a query asks of a row, apart from where it goes on.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    pub range: TimeRange,
    /// The fields the tree looks at; its leaves name them by place.
    pub fields: Vec<FieldName>,
    pub(super) root: Node,
}

/// A condition.
#[derive(Debug, Clone)]
pub(super) enum Node {
    All,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Field {
        place: usize,
        matcher: Matcher,
    },
    /// A column every row has, of words: one of these.
    OneOf {
        column: &'static str,
        words: Vec<String>,
    },
    Fixed {
        column: &'static str,
        matcher: Matcher,
    },
    Instant {
        column: &'static str,
        range: Range,
    },
    Customer(Matcher),
    Text(TextMatcher),
}

impl Conditions {
    pub fn of(query: &EventQuery) -> Result<Self> {
        let mut fields = Vec::new();
        let mut parts = Vec::new();
        for (column, words) in [
            (DEVICE, query.devices.iter().map(ToString::to_string).collect::<Vec<_>>()),
            (SOURCE, query.sources.clone()),
        ] {
            if !words.is_empty() {
                parts.push(Node::OneOf { column, words });
            }
        }
        for filter in &query.filters {
            parts.push(of_filter(filter, &mut fields)?);
        }
        for term in query.terms() {
            parts.push(text(&Pattern::contains(&term))?);
        }
        if query.condition != Query::All {
            parts.push(of_query(&query.condition, &mut fields)?);
        }
        let root = match parts.len() {
            0 => Node::All,
            1 => parts.remove(0),
            _ => Node::And(parts),
        };
        Ok(Conditions { range: query.range, fields, root })
    }

    /// True when only the time range decides.
    pub fn are_time_only(&self) -> bool {
        matches!(self.root, Node::All)
    }

    /// The fixed columns the conditions read; those of fields depend on the files' shapes.
    pub fn fixed_columns(&self) -> Vec<&'static str> {
        let mut columns = Vec::new();
        self.root.visit(&mut |node| match node {
            Node::OneOf { column, .. } | Node::Fixed { column, .. } | Node::Instant { column, .. } => {
                columns.push(*column)
            }
            Node::Text(_) => columns.push(RAW),
            _ => {}
        });
        columns
    }
}

impl Node {
    fn visit<'n>(&'n self, with: &mut impl FnMut(&'n Node)) {
        with(self);
        match self {
            Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| part.visit(with)),
            Node::Not(part) => part.visit(with),
            _ => {}
        }
    }
}

fn of_filter(filter: &FieldFilter, fields: &mut Vec<FieldName>) -> Result<Node> {
    let node = Node::Field { place: place(&filter.field, fields), matcher: Matcher::of(filter)? };
    Ok(match filter.op {
        FilterOp::IsNot | FilterOp::Missing => Node::Not(Box::new(node)),
        _ => node,
    })
}

fn of_query(query: &Query, fields: &mut Vec<FieldName>) -> Result<Node> {
    let mut all = |parts: &[Query]| parts.iter().map(|part| of_query(part, fields)).collect::<Result<Vec<_>>>();
    Ok(match query {
        Query::All => Node::All,
        Query::And(parts) => Node::And(all(parts)?),
        Query::Or(parts) => Node::Or(all(parts)?),
        Query::Not(part) => Node::Not(Box::new(of_query(part, fields)?)),
        Query::Text(pattern) => text(pattern)?,
        Query::Field(FieldRef::Named(name), test) => named(name, test, fields),
        Query::Field(FieldRef::Envelope(field), test) => envelope(*field, test),
    })
}

/// A dotted name may be the record's own or the ECS name of a core field: either will do.
fn named(name: &str, test: &Test, fields: &mut Vec<FieldName>) -> Node {
    let mut leaf = |name: &str| Node::Field { place: place(name, fields), matcher: Matcher::of_test(test) };
    let core = name.replace('.', "_");
    if name.contains('.') && columns::core_index(&core).is_some() {
        return Node::Or(vec![leaf(name), leaf(&core)]);
    }
    leaf(name)
}

fn envelope(field: EnvelopeField, test: &Test) -> Node {
    let instant = |column, test: &Test| match test {
        Test::Exists => Node::All,
        Test::Between(range) => Node::Instant { column, range: range.clone() },
        // The parser lets nothing else than an instant through.
        Test::Is(value) => {
            let bound = Some(model::query::Bound { value: value.clone(), inclusive: true });
            Node::Instant { column, range: Range { low: bound.clone(), high: bound } }
        }
        Test::Like(_) | Test::Within(_) => Node::Not(Box::new(Node::All)),
    };
    match field {
        EnvelopeField::Time => instant(TIME, test),
        EnvelopeField::Received => instant(RECEIVED, test),
        EnvelopeField::Device => Node::Fixed { column: DEVICE, matcher: Matcher::of_test(test) },
        EnvelopeField::Source => Node::Fixed { column: SOURCE, matcher: Matcher::of_test(test) },
        EnvelopeField::Customer => Node::Customer(Matcher::of_test(test)),
    }
}

fn text(pattern: &Pattern) -> Result<Node> {
    let matcher = TextMatcher::of(pattern).ok_or_else(|| Error::BadFilter {
        field: "free text".into(),
        value: pattern.to_string().chars().take(64).collect(),
        expected: "a text short enough to search for",
    })?;
    Ok(Node::Text(matcher))
}

fn place(name: &str, fields: &mut Vec<FieldName>) -> usize {
    fields.iter().position(|field| field.name == name).unwrap_or_else(|| {
        fields.push(FieldName::of(name));
        fields.len() - 1
    })
}
