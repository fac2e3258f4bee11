//! Conditions as expressions of the query engine. Field names are data: they become column names and function
//! parameters, never query text.

use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, in_list, lit};
use model::core_field::CoreType;
use model::query::{Bound, Range};
use model::{CustomerId, EventId};

use super::field::{FieldName, Shape};
use super::tree::{Conditions, Node};
use crate::columns::{LOG, RAW, SEQUENCE, SHARD, TIME};
use crate::matcher::Matcher;
use crate::udf;

/// A column by its exact name.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// An instant as the time columns hold it.
pub(crate) fn instant(micros: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
}

impl Conditions {
    /// One expression of all conditions, for rows of one customer in which the fields have these shapes; without the
    /// range of time where all rows are known to lie in it.
    pub fn expression(&self, customer: &CustomerId, shapes: &[Shape], in_range: bool) -> Expr {
        if in_range {
            return self.root.expression(customer, &self.fields, shapes);
        }
        let all = column(TIME)
            .gt_eq(instant(self.range.from.as_micros()))
            .and(column(TIME).lt(instant(self.range.to.as_micros())));
        match &self.root {
            Node::All => all,
            root => all.and(root.expression(customer, &self.fields, shapes)),
        }
    }
}

impl Node {
    fn expression(&self, customer: &CustomerId, fields: &[FieldName], shapes: &[Shape]) -> Expr {
        let inner = |part: &Node| part.expression(customer, fields, shapes);
        match self {
            Node::All => lit(true),
            Node::And(parts) => balanced(parts.iter().map(inner).collect(), Expr::and).unwrap_or(lit(true)),
            Node::Or(parts) => balanced(parts.iter().map(inner).collect(), Expr::or).unwrap_or(lit(false)),
            // Unknown counts as false below, so its opposite is true.
            Node::Not(part) => inner(part).is_not_true(),
            Node::Field { place, matcher } => field(&fields[*place], matcher, shapes[*place]),
            Node::OneOf { column: name, words } => {
                in_list(column(name), words.iter().map(|word| lit(word.as_str())).collect(), false)
            }
            Node::Fixed { column: name, matcher } => text_in_column(matcher, name, Shape::default()),
            Node::Instant { column: name, range } => between_instants(name, range),
            Node::Customer(matcher) => lit(matcher.matches(customer.as_str())),
            Node::Text(matcher) => udf::record_passes(matcher.clone(), column(RAW)),
        }
    }
}

/// One expression of many, as flat as it can be: the engine walks expressions by recursion.
fn balanced(mut parts: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    while parts.len() > 1 {
        let mut halves = Vec::with_capacity(parts.len().div_ceil(2));
        let mut left = parts.into_iter();
        while let Some(one) = left.next() {
            halves.push(match left.next() {
                Some(other) => join(one, other),
                None => one,
            });
        }
        parts = halves;
    }
    parts.pop()
}

fn field(field: &FieldName, matcher: &Matcher, shape: Shape) -> Expr {
    let in_column = shape.column.then(|| in_column(field, matcher, shape));
    let in_rest = shape.rest.then(|| udf::member_passes(matcher.clone(), &field.name, column(field.rest())));
    in_column.into_iter().chain(in_rest).reduce(Expr::or).unwrap_or(lit(false))
}

/// Plain comparisons where they say the same: those the file's statistics and Bloom filters can answer.
fn in_column(field: &FieldName, matcher: &Matcher, shape: Shape) -> Expr {
    let value = || column(&field.column);
    match field.core {
        Some(CoreType::Int) if matcher.is_existence() => value().is_not_null(),
        Some(CoreType::Int) if matcher.is_equality() => {
            matcher.number().map_or(lit(false), |number| value().eq(lit(number)))
        }
        Some(CoreType::Int) => match matcher.interval().and_then(|interval| interval.whole_numbers()) {
            Some((low, high)) if low > high => lit(false),
            Some((low, high)) => value().gt_eq(lit(low)).and(value().lt_eq(lit(high))),
            None => udf::text_passes(matcher.clone(), field.text(shape)),
        },
        Some(CoreType::Address) if matcher.is_existence() => value().is_not_null(),
        Some(CoreType::Address) if matcher.is_equality() => {
            matcher.address().map_or(lit(false), |address| value().eq(shape.text(address.to_string())))
        }
        _ => text_in_column(matcher, &field.column, shape),
    }
}

fn text_in_column(matcher: &Matcher, name: &str, shape: Shape) -> Expr {
    let value = || column(name);
    if matcher.is_existence() {
        return value().is_not_null().and(value().not_eq(shape.text("")));
    }
    if let Some(exact) = matcher.exact() {
        return value().eq(shape.text(exact));
    }
    let passes = udf::text_passes(matcher.clone(), value());
    match matcher.prefix().and_then(|prefix| Some((prefix.clone(), after_all(&prefix)?))) {
        Some((from, to)) => value().gt_eq(shape.text(from)).and(value().lt(shape.text(to))).and(passes),
        None => passes,
    }
}

/// The first text after all that begin with an ASCII prefix.
fn after_all(prefix: &str) -> Option<String> {
    let (last, rest) = prefix.as_bytes().split_last()?;
    let next = last.checked_add(1).filter(u8::is_ascii)?;
    String::from_utf8([rest, &[next]].concat()).ok()
}

fn between_instants(name: &str, range: &Range) -> Expr {
    let end = |bound: &Option<Bound>, test: fn(Expr, Expr, bool) -> Expr| {
        let bound = bound.as_ref()?;
        let time = bound.instant()?;
        Some(test(column(name), instant(time.as_micros()), bound.inclusive))
    };
    let low = end(&range.low, |time, bound, inclusive| if inclusive { time.gt_eq(bound) } else { time.gt(bound) });
    let high = end(&range.high, |time, bound, inclusive| if inclusive { time.lt_eq(bound) } else { time.lt(bound) });
    low.into_iter().chain(high).reduce(Expr::and).unwrap_or(lit(false))
}

/// Rows after this one, newest first.
pub(crate) fn after(time: i64, id: EventId) -> Expr {
    let same = |name: &str, value: Expr| column(name).eq(value);
    let (log, shard, sequence) = (lit(i64::from(id.log)), lit(i32::from(id.shard)), lit(id.sequence as i64));
    let in_shard = same(SHARD, shard.clone()).and(column(SEQUENCE).lt(sequence));
    let in_log = same(LOG, log.clone()).and(column(SHARD).lt(shard).or(in_shard));
    column(TIME).lt(instant(time)).or(same(TIME, instant(time)).and(column(LOG).lt(log).or(in_log)))
}
