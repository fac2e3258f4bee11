//! The compiled steps of a layout.

use std::borrow::Cow;

use memchr::memmem::Finder;
use model::event::Value;
use regex::Regex;

use super::definition::{PatternFile, Scalar, StepFile};
use crate::builder::Builder;
use crate::dissect::Dissect;
use crate::json::Shape;
use crate::{cef, json, key_value};

/// One compiled step.
#[derive(Debug)]
pub enum Step {
    Json { field: Option<String>, shape: Shape },
    Cef,
    KeyValue { field: Option<String>, dialect: key_value::Dialect, least: usize },
    Dissect { field: Option<String>, dissect: Dissect, optional: bool },
    Regex { field: Option<String>, patterns: Vec<Pattern>, optional: bool },
    Pairs { field: String, separator: String, names: Vec<(String, String)> },
    Integers(Vec<String>),
    BlankFreeNames,
}

/// One regular expression with its named groups.
#[derive(Debug)]
pub struct Pattern {
    contains: Option<Finder<'static>>,
    regex: Regex,
    groups: Vec<(usize, String)>,
    set: Vec<(String, Value<'static>)>,
}

impl Step {
    /// Compiles a step; the error names the key and says what is wrong with it.
    pub fn compile(file: StepFile) -> Result<Step, (&'static str, String)> {
        Ok(match file {
            StepFile::Json { field, lift, rename } => {
                let mut shape = Shape::default();
                lift.iter().for_each(|path| shape.lift(path));
                rename.iter().for_each(|(path, name)| shape.rename(path, name));
                Step::Json { field, shape }
            }
            StepFile::Cef {} => Step::Cef,
            StepFile::KeyValue { field, separator, equals, open, known, least } => {
                if separator.as_deref() == Some("") {
                    return Err(("separator", "it is empty: leave it out for blanks".into()));
                }
                let dialect = key_value::Dialect { separator, equals: equals.unwrap_or('='), open, known };
                Step::KeyValue { field, dialect, least }
            }
            StepFile::Dissect { field, pattern, optional } => {
                let dissect = Dissect::new(&pattern).map_err(|error| ("pattern", error.to_string()))?;
                Step::Dissect { field, dissect, optional }
            }
            StepFile::Regex { field, optional, pattern } => {
                let patterns = pattern.into_iter().map(Pattern::compile).collect::<Result<_, _>>()?;
                Step::Regex { field, patterns, optional }
            }
            StepFile::Pairs { field, separator, names } => {
                Step::Pairs { field, separator, names: names.into_iter().collect() }
            }
            StepFile::Integers { fields } => Step::Integers(fields),
            StepFile::BlankFreeNames {} => Step::BlankFreeNames,
        })
    }

    /// Takes `message`, or the field the step names, apart; false where the layout does not fit.
    pub fn apply<'a>(&'a self, message: &'a str, builder: &mut Builder<'a>) -> bool {
        match self {
            Step::Cef => cef::parse_into(message, builder),
            Step::Json { field, .. } | Step::KeyValue { field, .. } => {
                self.read_input(field.as_deref(), message, builder)
            }
            Step::Dissect { field, optional, .. } => self.read_input(field.as_deref(), message, builder) || *optional,
            Step::Regex { field, patterns, optional } => {
                let fits = input(field.as_deref(), message, builder).is_some_and(|text| {
                    let own = match &text {
                        Cow::Borrowed(own) => Some(*own),
                        Cow::Owned(_) => None,
                    };
                    patterns.iter().any(|pattern| pattern.apply(&text, own, builder))
                });
                fits || *optional
            }
            Step::Pairs { field, separator, names } => {
                if let Some(Value::Str(text)) = builder.get(field) {
                    split_pairs(text.clone(), separator, names, builder);
                }
                true
            }
            Step::Integers(fields) => {
                builder.make_integers(fields);
                true
            }
            Step::BlankFreeNames => {
                builder.copy_without_blanks();
                true
            }
        }
    }

    fn read_input<'a>(&'a self, field: Option<&str>, message: &'a str, builder: &mut Builder<'a>) -> bool {
        match input(field, message, builder) {
            None => false,
            Some(Cow::Borrowed(text)) => self.read(text, builder),
            // The text is not the record's own but unescaped from it: what is found in it is copied.
            Some(Cow::Owned(text)) => {
                let mut inner = Builder::new();
                let fits = self.read(&text, &mut inner);
                for (name, value) in inner.iter() {
                    builder.push(name.to_owned(), value.clone().into_owned());
                }
                fits
            }
        }
    }

    fn read<'t>(&'t self, text: &'t str, builder: &mut Builder<'t>) -> bool {
        match self {
            Step::Json { shape, .. } => json::parse_into(text, Some(shape), builder),
            Step::KeyValue { dialect, least, .. } => key_value::parse_into(text, dialect, builder).pairs >= *least,
            Step::Dissect { dissect, .. } => dissect.apply(text, builder),
            _ => false,
        }
    }
}

/// The text a step works on.
fn input<'a>(field: Option<&str>, message: &'a str, builder: &Builder<'a>) -> Option<Cow<'a, str>> {
    match field {
        None => Some(Cow::Borrowed(message)),
        Some(field) => match builder.get(field)? {
            Value::Str(text) => Some(text.clone()),
            _ => None,
        },
    }
}

fn split_pairs<'a>(text: Cow<'a, str>, separator: &str, names: &'a [(String, String)], builder: &mut Builder<'a>) {
    let mut push = |key: &str, value: Cow<'a, str>| {
        if let Some((_, name)) = names.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            builder.push(name.as_str(), Value::Str(value));
        }
    };
    match text {
        Cow::Borrowed(text) => {
            for (key, value) in text.split(separator).filter_map(|pair| pair.split_once('=')) {
                push(key.trim(), Cow::Borrowed(value));
            }
        }
        Cow::Owned(text) => {
            for (key, value) in text.split(separator).filter_map(|pair| pair.split_once('=')) {
                push(key.trim(), Cow::Owned(value.to_owned()));
            }
        }
    }
}

impl Pattern {
    fn compile(file: PatternFile) -> Result<Pattern, (&'static str, String)> {
        let regex = Regex::new(&file.regex).map_err(|error| ("regex", error.to_string()))?;
        let groups =
            regex.capture_names().enumerate().filter_map(|(index, name)| Some((index, name?.to_owned()))).collect();
        let set = file.set.into_iter().map(|(name, value)| (name, constant(&value))).collect();
        let contains = file.contains.map(|text| Finder::new(text.as_bytes()).into_owned());
        Ok(Pattern { contains, regex, groups, set })
    }

    /// Matches `text`; what is found borrows from `own`, the same text, where it is the record's own.
    fn apply<'a>(&'a self, text: &str, own: Option<&'a str>, builder: &mut Builder<'a>) -> bool {
        if self.contains.as_ref().is_some_and(|finder| finder.find(text.as_bytes()).is_none()) {
            return false;
        }
        let Some(found) = self.regex.captures(text) else { return false };
        for (index, name) in &self.groups {
            let Some(group) = found.get(*index) else { continue };
            let value = match own {
                Some(own) => Cow::Borrowed(&own[group.range()]),
                None => Cow::Owned(group.as_str().to_owned()),
            };
            builder.push(name.as_str(), Value::Str(value));
        }
        for (name, value) in &self.set {
            builder.push(name.as_str(), borrow(value));
        }
        true
    }
}

/// A value written in TOML as an event's value.
pub fn constant(scalar: &Scalar) -> Value<'static> {
    match scalar {
        Scalar::Int(number) => Value::Int(*number),
        Scalar::Text(text) => Value::from(text.clone()),
    }
}

/// A constant lent to an event.
pub fn borrow<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Str(text) => Value::Str(Cow::Borrowed(text)),
        other => other.clone(),
    }
}
