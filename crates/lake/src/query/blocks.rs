//! Conditions as the blocks of a file that may hold an event they find.

use model::core_field::CoreType;

use super::field::{FieldName, Shape};
use super::tree::{Conditions, Node};
use crate::matcher::Matcher;
use crate::text::{Blocks, Index};

impl Conditions {
    /// Whether an index can say anything about these conditions: a file's index need not be opened for others.
    pub fn can_use_an_index(&self) -> bool {
        self.root.can_use_an_index(&self.fields)
    }

    /// The blocks of a file, in which the fields have these shapes, that may hold a row these conditions find.
    pub fn blocks(&self, index: &Index, shapes: &[Shape]) -> Blocks {
        self.root.blocks(index, &self.fields, shapes)
    }
}

impl Node {
    fn can_use_an_index(&self, fields: &[FieldName]) -> bool {
        match self {
            Node::And(parts) => parts.iter().any(|part| part.can_use_an_index(fields)),
            Node::Or(parts) => parts.iter().all(|part| part.can_use_an_index(fields)),
            Node::Field { place, matcher } => only_value(&fields[*place], matcher).is_some(),
            Node::Text(matcher) => !matcher.keys().is_empty(),
            _ => false,
        }
    }

    fn blocks(&self, index: &Index, fields: &[FieldName], shapes: &[Shape]) -> Blocks {
        match self {
            Node::And(parts) => parts.iter().fold(index.all(), |blocks, part| {
                if blocks.is_none() { blocks } else { blocks.and(&part.blocks(index, fields, shapes)) }
            }),
            Node::Or(parts) => {
                parts.iter().fold(index.none(), |blocks, part| blocks.or(&part.blocks(index, fields, shapes)))
            }
            Node::Field { place, matcher } => {
                let (field, shape) = (&fields[*place], shapes[*place]);
                match only_value(field, matcher) {
                    _ if !shape.column && !shape.rest => index.none(),
                    Some(value) if !shape.rest => {
                        index.with_value(&field.column, &value).unwrap_or_else(|| index.all())
                    }
                    _ => index.all(),
                }
            }
            Node::Text(matcher) => index.with_text(matcher),
            // What a part does not find may be anywhere.
            Node::All
            | Node::Not(_)
            | Node::OneOf { .. }
            | Node::Fixed { .. }
            | Node::Instant { .. }
            | Node::Customer(_) => index.all(),
        }
    }
}

/// What the index of values can be asked for.
fn only_value(field: &FieldName, matcher: &Matcher) -> Option<String> {
    let kind = field.core.filter(|kind| *kind != CoreType::Int)?;
    matcher.only_value(kind)
}
