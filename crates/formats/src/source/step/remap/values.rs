//! A record's fields as the object a program works on, and what it leaves of that object as fields again.

use std::borrow::Cow;

use model::event::Value;
use vrl::prelude::NotNan;
use vrl::value::{KeyString, ObjectMap, Value as Remapped};

use crate::builder::{Builder, MAX_VALUES};
use crate::json::MAX_DEPTH;

/// The fields so far as one object: `a.b` is the member `b` of `a`, unless `a` is a field itself.
pub fn object(builder: &Builder) -> ObjectMap {
    let (dotted, plain): (Vec<_>, Vec<_>) = builder.iter().partition(|(name, _)| name.contains('.'));
    let mut object: ObjectMap = plain.into_iter().map(|(name, value)| (name.into(), remapped(value))).collect();
    for (name, value) in dotted {
        if let Some(value) = nest(&mut object, name, remapped(value)) {
            object.insert(name.into(), value);
        }
    }
    object
}

/// Puts a value at its dotted name; gives it back where another value is in the way.
fn nest(object: &mut ObjectMap, name: &str, value: Remapped) -> Option<Remapped> {
    let Some((first, rest)) = name.split_once('.') else {
        return match object.get(name) {
            Some(_) => Some(value),
            None => {
                object.insert(KeyString::from(name), value);
                None
            }
        };
    };
    if rest.split('.').count() >= MAX_DEPTH {
        return Some(value);
    }
    match object.entry(KeyString::from(first)).or_insert_with(|| Remapped::Object(ObjectMap::new())) {
        Remapped::Object(inner) => nest(inner, rest, value),
        _ => Some(value),
    }
}

fn remapped(value: &Value) -> Remapped {
    match value {
        Value::Null => Remapped::Null,
        Value::Bool(value) => Remapped::Boolean(*value),
        Value::Int(value) => Remapped::Integer(*value),
        Value::Float(value) => NotNan::new(*value).map_or(Remapped::Null, Remapped::from),
        Value::Str(text) => Remapped::from(text.as_ref()),
        Value::List(values) => Remapped::Array(values.iter().map(remapped).collect()),
    }
}

/// What a program left, as fields: nested objects and lists as the `json` step has them.
pub fn fields(object: ObjectMap) -> Builder<'static> {
    let mut builder = Builder::new();
    for (name, value) in object {
        flatten(String::from(name), value, 1, &mut None, &mut builder);
    }
    builder
}

fn flatten(
    name: String,
    value: Remapped,
    depth: usize,
    list: &mut Option<&mut Vec<Value<'static>>>,
    builder: &mut Builder<'static>,
) {
    if builder.is_full() {
        return;
    }
    let plain = match value {
        value @ (Remapped::Object(_) | Remapped::Array(_)) if depth >= MAX_DEPTH => {
            Value::from(serde_json::to_string(&value).unwrap_or_default())
        }
        Remapped::Object(members) => {
            for (key, value) in members {
                // As in JSON: the text of an element with attributes is the element's own value.
                let member = if key.as_str() == "#text" { name.clone() } else { format!("{name}.{key}") };
                flatten(member, value, depth + 1, &mut None, builder);
            }
            return;
        }
        Remapped::Array(values) => {
            let mut own = Vec::new();
            let nested = list.is_some();
            {
                let target: &mut Vec<_> = match list {
                    Some(outer) => outer,
                    None => &mut own,
                };
                for value in values.into_iter().take(MAX_VALUES) {
                    flatten(name.clone(), value, depth + 1, &mut Some(&mut *target), builder);
                }
            }
            if !nested && !own.is_empty() {
                builder.push(name, Value::List(own));
            }
            return;
        }
        Remapped::Null => return,
        Remapped::Boolean(value) => Value::Bool(value),
        Remapped::Integer(value) => Value::Int(value),
        Remapped::Float(value) => Value::Float(value.into_inner()),
        Remapped::Timestamp(time) => Value::from(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        Remapped::Regex(regex) => Value::from(regex.as_str().to_owned()),
        Remapped::String(text) => Value::from(String::from(&*text)),
        Remapped::Bytes(bytes) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
    };
    match list {
        Some(list) => list.push(plain),
        None => builder.push(name, plain),
    }
}

/// Puts `found` in the place of the fields so far: names that stay keep their order, and values that stay their borrow.
pub fn replace(builder: &mut Builder<'_>, found: Builder<'static>) {
    let before = std::mem::take(builder).into_entries();
    let mut found: std::collections::HashMap<Cow<str>, Value<'static>> = found.into_entries().into_iter().collect();
    for (name, old) in before {
        if let Some(new) = found.remove(&name) {
            let same = old == new;
            builder.push(name, if same { old } else { new });
        }
    }
    let mut added: Vec<_> = found.into_iter().collect();
    added.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    added.into_iter().for_each(|(name, value)| builder.push(name, value));
}

/// The bytes of all texts in a value.
pub fn length(value: &Remapped) -> usize {
    match value {
        Remapped::Bytes(bytes) => bytes.len(),
        Remapped::String(text) => text.len(),
        Remapped::Array(values) => values.iter().map(length).sum(),
        Remapped::Object(members) => members.iter().map(|(name, value)| name.len() + length(value)).sum(),
        _ => 8,
    }
}
