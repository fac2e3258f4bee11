//! A `detection` section by itself, without a rule around it: asked one event at a time.

use std::sync::Arc;

use model::event::{Event, Value};
use serde_json::Value as Json;

use crate::detection;
use crate::error::Error;
use crate::expression::Expression;
use crate::item::{Expressions, Scope};
use crate::placeholder::Placeholders;
use crate::section::Section;
use crate::view::{Columns, View};

/// Named detections joined by a condition.
#[derive(Debug)]
pub struct Selection {
    expression: Expression,
    columns: Columns,
}

impl Selection {
    /// Compiles what a rule has under `detection`.
    pub fn read(section: &Json) -> Result<Self, Error> {
        let map = section.as_object().cloned().ok_or_else(|| Error::invalid("detection", "must be a map of keys"))?;
        let section = Section::read(map, "detection", &[])?;
        let mut scope = Scope::new(Arc::new(Placeholders::default()), Expressions::few());
        let expression = detection::compile(&section, "detection", &mut scope)?;
        Ok(Selection { expression, columns: scope.columns })
    }

    /// Whether it holds for an event.
    pub fn holds(&self, event: &Event<'_>) -> bool {
        let raw = Value::from(event.raw);
        self.expression.holds(&View::new(event, &raw, &self.columns, 0..self.columns.len()))
    }
}
