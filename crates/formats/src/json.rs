//! JSON records: nested objects flattened to dotted names, lists of objects to one list per dotted name.
//!
//! A [`Shape`] lifts chosen objects to the top (`Event.EventData.Image` becomes `Image`) and gives chosen paths
//! another name, while reading, so that such names borrow from the record or the shape.

use std::borrow::Cow;
use std::fmt;

use model::event::{Fields, Value};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::builder::Builder;
use crate::hash::NameMap;

/// Objects nested deeper than this are kept as their text.
pub const MAX_DEPTH: usize = 24;

/// What to do with the members of an object, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    members: NameMap<String, Shape>,
    /// For members not named: a path written with `*`.
    any: Option<Box<Shape>>,
    lift: bool,
    rename: Option<String>,
    pairs: Option<Box<Pairs>>,
}

/// The members of an object in a list that hold a name and a value: `{"name": "user", "value": "li"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// The member with the name.
    pub name: String,
    /// The members that may hold the value.
    pub value: Vec<String>,
}

impl Shape {
    /// Lifts the members of the object at this dotted path to the top; `*` stands for any one member.
    pub fn lift(&mut self, path: &str) {
        self.at(path).lift = true;
    }

    /// Gives the value at this dotted path a name of its own.
    pub fn rename(&mut self, path: &str, name: &str) {
        self.at(path).rename = Some(name.to_owned());
    }

    /// Takes the objects at this dotted path for names and values.
    pub fn pair(&mut self, path: &str, pairs: Pairs) {
        self.at(path).pairs = Some(Box::new(pairs));
    }

    fn at(&mut self, path: &str) -> &mut Shape {
        path.split('.').fold(self, |shape, part| match part {
            "*" => shape.any.get_or_insert_default(),
            part => shape.members.entry(part.to_owned()).or_default(),
        })
    }

    /// What is said of the member of this name.
    pub fn member(&self, name: &str) -> Option<&Shape> {
        self.members.get(name).or(self.any.as_deref())
    }

    /// Whether the object's members come to the top.
    pub fn lifts(&self) -> bool {
        self.lift
    }

    /// The value's own name.
    pub fn renames(&self) -> Option<&str> {
        self.rename.as_deref()
    }
}

/// The fields of a JSON object; nothing where `text` is not one whole JSON object. Nulls are left out: absent and
/// null are the same to every rule. Whole numbers beyond 64 bits signed become text.
pub fn parse(text: &str) -> Option<Fields<'_>> {
    let mut builder = Builder::new();
    let is_object = text.trim_start().starts_with('{');
    (is_object && parse_into(text, None, &mut builder)).then(|| builder.finish())
}

/// Reads a JSON object, or the objects of an array as one, into `builder`; false where `text` is neither.
pub fn parse_into<'a>(text: &'a str, shape: Option<&'a Shape>, builder: &mut Builder<'a>) -> bool {
    if !text.trim_start().starts_with(['{', '[']) {
        return false;
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = Node { builder, shape, name: Cow::Borrowed(""), depth: 0, list: None };
    node.deserialize(&mut deserializer).is_ok() && deserializer.end().is_ok()
}

/// One value on its way into the builder, under the name its path gives it.
struct Node<'b, 'a, 'l> {
    builder: &'b mut Builder<'a>,
    shape: Option<&'a Shape>,
    name: Cow<'a, str>,
    depth: usize,
    /// The list the value is a member of.
    list: Option<&'l mut Vec<Value<'a>>>,
}

impl<'a> Node<'_, 'a, '_> {
    fn put(self, value: Value<'a>) {
        match self.list {
            Some(list) => list.push(value),
            None => self.builder.push(self.name, value),
        }
    }
}

impl<'a> DeserializeSeed<'a> for Node<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.builder.is_full() {
            return IgnoredAny::deserialize(deserializer).map(|_| ());
        }
        if self.depth >= MAX_DEPTH {
            let raw = <&'a RawValue>::deserialize(deserializer)?;
            self.put(raw.get().into());
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Node<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put(Value::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put(Value::Int(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put(match i64::try_from(value) {
            Ok(value) => Value::Int(value),
            Err(_) => value.to_string().into(),
        });
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.put(Value::Float(value));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.put(text.into());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.put(text.to_owned().into());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut sequence: A) -> Result<(), A::Error> {
        let mut own = Vec::new();
        let nested = self.list.is_some();
        let list = match self.list {
            Some(outer) => outer,
            None => &mut own,
        };
        loop {
            let member = Node {
                builder: &mut *self.builder,
                shape: self.shape,
                name: self.name.clone(),
                depth: self.depth + 1,
                list: Some(&mut *list),
            };
            if sequence.next_element_seed(member)?.is_none() {
                break;
            }
            if list.len() > crate::builder::MAX_VALUES {
                while sequence.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
        }
        if !nested && !own.is_empty() && !self.name.is_empty() {
            self.builder.push(self.name, Value::List(own));
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let lifted = self.name.is_empty() || self.shape.is_some_and(|shape| shape.lift);
        if let Some(pairs) = self.shape.and_then(|shape| shape.pairs.as_deref()) {
            return self.pair(pairs, map, lifted);
        }
        while let Some(Key(key)) = map.next_key()? {
            let shape = self.shape.and_then(|shape| shape.member(&key));
            let name = match shape.and_then(|shape| shape.rename.as_deref()) {
                Some(name) => Cow::Borrowed(name),
                // The text of an element with attributes, as EVTX records render it, is the element's own value.
                None if key == "#text" && !lifted => self.name.clone(),
                None if lifted => key,
                None => Cow::Owned(join(&self.name, &key)),
            };
            map.next_value_seed(Node { builder: &mut *self.builder, shape, name, depth: self.depth + 1, list: None })?;
        }
        Ok(())
    }
}

impl<'a> Node<'_, 'a, '_> {
    /// An object that holds a name and a value.
    fn pair<A: MapAccess<'a>>(self, pairs: &Pairs, mut map: A, lifted: bool) -> Result<(), A::Error> {
        let mut members = Builder::new();
        while let Some(Key(key)) = map.next_key()? {
            let node = Node { builder: &mut members, shape: None, name: key, depth: self.depth + 1, list: None };
            map.next_value_seed(node)?;
        }
        let name = members.remove(&pairs.name);
        let own = name.as_ref().and_then(Value::text).filter(|name| !name.is_empty()).map(Cow::into_owned);
        let value = pairs.value.iter().find_map(|value| members.remove(value));
        let path = |own: &str| if lifted { own.to_owned() } else { join(&self.name, own) };
        match (own, value) {
            (Some(own), Some(value)) => self.builder.push(path(&own), value),
            (own, _) => {
                // No value of that name: all members stay, under the object's name where it has one.
                for (member, value) in members.into_entries() {
                    let member = own.as_ref().map_or(member.to_string(), |own| join(own, &member));
                    self.builder.push(path(&member), value);
                }
            }
        }
        Ok(())
    }
}

fn join(prefix: &str, key: &str) -> String {
    let mut name = String::with_capacity(prefix.len() + 1 + key.len());
    name.push_str(prefix);
    name.push('.');
    name.push_str(key);
    name
}

/// A member's name, borrowed where it holds no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        match parse(text) {
            Some(fields) => fields.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect(),
            None => "none".into(),
        }
    }

    #[test]
    fn nested_objects_and_lists_are_flattened() {
        assert_eq!(
            show(r#"{"a":{"b":{"c":1},"d":[1,"x",[true]]},"l":[{"k":1},{"k":2,"m":null}],"e":[],"n":null,"o":{}}"#),
            r#"a.b.c=1 a.d=[1,"x",true] l.k=[1,2] "#
        );
    }

    #[test]
    fn duplicate_names_are_kept_as_a_list() {
        assert_eq!(show(r#"{"a":1,"a":"b"}"#), r#"a=[1,"b"] "#);
    }

    #[test]
    fn numbers_beyond_64_bits_lose_nothing_or_become_floats() {
        assert_eq!(
            show(r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":1e30}"#),
            r#"a="18446744073709551615" b=-9223372036854775808 c=1e+30 "#
        );
    }

    #[test]
    fn what_nests_too_deep_is_kept_as_its_text() {
        let text = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
        let fields = parse(&text).unwrap();
        let (name, value) = fields.iter().next().unwrap();
        assert_eq!(name.split('.').count(), MAX_DEPTH);
        assert!(value.text().unwrap().starts_with("{\"a\":"));
    }

    #[test]
    fn a_shape_lifts_and_renames_while_reading() {
        let mut shape = Shape::default();
        shape.lift("Event");
        shape.lift("Event.Data");
        shape.lift("Event.User.*");
        shape.rename("Event.System.Provider.#attributes.Name", "Provider_Name");
        let mut builder = Builder::new();
        let text = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"p"}},"EventID":{"#text":7,"#attributes":{"Q":1}}},"Data":{"Image":"i"},"User":{"Any":{"x":1}}}}"##;
        assert!(parse_into(text, Some(&shape), &mut builder));
        let names: Vec<_> = builder.iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["Provider_Name", "System.EventID", "System.EventID.#attributes.Q", "Image", "x"]);
    }

    #[test]
    fn objects_that_hold_a_name_and_a_value_become_fields() {
        let mut shape = Shape::default();
        shape.pair("p", Pairs { name: "name".into(), value: vec!["value".into(), "intValue".into()] });
        let mut builder = Builder::new();
        let text = r#"{"p":[{"name":"A","value":"x"},{"name":"B","intValue":7},{"name":"C","value":["y","z"]},{"name":"D","o":{"k":1}},{"q":1}]}"#;
        assert!(parse_into(text, Some(&shape), &mut builder));
        let shown: String = builder.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect();
        assert_eq!(shown, r#"p.A="x" p.B=7 p.C=["y","z"] p.D.o.k=1 p.q=1 "#);
    }

    #[test]
    fn only_one_whole_object_is_a_record() {
        for text in ["", "1", "[{}]", "{", "{} {}", "{\"a\":1,}", "{\"a\":1}x"] {
            assert_eq!(show(text), "none", "{text}");
        }
    }
}
