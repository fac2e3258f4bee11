//! The compiled steps of a layout.

mod class;
#[cfg(test)]
mod differential;
mod edit;
mod matcher;
mod pattern;
mod program;
#[cfg(feature = "vrl")]
mod remap;
#[cfg(not(feature = "vrl"))]
#[path = "no_remap.rs"]
mod remap;
mod run;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::event::Value;
use toml::Table;

use super::condition::Condition;
use super::definition::Scalar;
use super::mapping::{Lookup, Tables};
use super::step_file::{self, Matching, StepFile};
use crate::builder::Builder;
use crate::dissect::Dissect;
use crate::json::{Pairs, Shape};
use crate::key_value::Dialect;
use crate::time::Format;
use crate::{cef, csv, json, json_repair, key_value, leef, xml};
use edit::{Encoding, Template};
pub(crate) use matcher::within;
pub use matcher::{Matcher, regex};
use pattern::Pattern;
use remap::Remap;

/// One compiled step.
#[derive(Debug)]
pub struct Step {
    /// The step's type, for people.
    pub kind: String,
    only_if: Vec<Condition>,
    optional: bool,
    action: Action,
}

/// What a step does.
#[derive(Debug)]
enum Action {
    /// Takes a text apart: of a field, or the message; each name it finds comes after the prefix.
    Read {
        field: Option<String>,
        prefix: String,
        reader: Reader,
    },
    Regex {
        field: Option<String>,
        patterns: Vec<Pattern>,
        matching: Matching,
    },
    Pairs {
        field: String,
        separator: String,
        names: Names,
    },
    Split {
        field: String,
        separator: String,
        to: Option<String>,
        names: Vec<String>,
    },
    Join {
        fields: Vec<String>,
        separator: String,
        to: String,
    },
    Format {
        to: String,
        template: Template,
    },
    Sum {
        fields: Vec<String>,
        to: String,
    },
    Direction {
        source: String,
        destination: String,
        to: String,
    },
    Lookup {
        field: String,
        table: Arc<Lookup>,
        to: Option<String>,
    },
    Set(Vec<(String, Value<'static>)>),
    Rename(Names),
    Copy(Names),
    Remove(Vec<String>),
    Trim {
        fields: Vec<String>,
        chars: Option<String>,
    },
    Decode(Encoding, Vec<String>),
    Timestamp {
        field: String,
        formats: Vec<Format>,
        to: Option<String>,
    },
    Integers(Vec<String>),
    BlankFreeNames,
    StructuredData,
    Remap(Box<Remap>),
}

/// Pairs of names.
type Names = Vec<(String, String)>;

/// Takes a whole text apart.
#[derive(Debug)]
enum Reader {
    Json { shape: Shape, lenient: bool },
    Xml { shape: Shape, named: Option<(String, String)> },
    Cef { labels: bool },
    Leef,
    KeyValue { dialect: Dialect, least: usize },
    Csv { separator: char, quote: char, names: Vec<String>, least: usize },
    Dissect(Dissect),
}

impl Step {
    /// Compiles a step; the error names the key and says what is wrong with it.
    pub fn compile(table: Table, tables: &Tables) -> Result<Step, (String, String)> {
        let kind = table.get("type").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
        let (common, file) = step_file::read(table).map_err(|problem| (String::new(), problem))?;
        let action = Action::compile(file, tables).map_err(|(key, problem)| (format!(".{key}"), problem))?;
        let only_if = common.only_if.iter().map(|(field, values)| Condition::new(field, values)).collect();
        Ok(Step { kind, only_if, optional: common.optional, action })
    }

    /// Takes `message`, or the field the step names, apart; false where the layout does not fit.
    pub fn apply<'a>(&'a self, message: &'a str, builder: &mut Builder<'a>) -> bool {
        !self.is_due(builder) || self.action.apply(message, builder) || self.optional
    }

    /// Why it does not fit, where it can say more than that: only a program can, and leaves the fields as they were.
    pub fn complaint(&self, message: &str, builder: &mut Builder) -> Option<String> {
        match &self.action {
            Action::Remap(program) => program.run(message, builder).err(),
            _ => None,
        }
    }

    /// The bytes a message must begin with for this step to fit; nothing where it does not matter.
    pub fn first_bytes(&self) -> Option<Vec<u8>> {
        match &self.action {
            Action::Regex { field: None, patterns, .. } if !self.optional && self.only_if.is_empty() => {
                let all = patterns.iter().map(Pattern::first_bytes).collect::<Option<Vec<_>>>()?;
                Some(all.concat())
            }
            _ => None,
        }
    }

    /// Names the step itself gives that begin with `_`: texts cut out for a later step, which nobody wants to keep.
    pub fn scratch(&self) -> Vec<String> {
        let names: Vec<&str> = match &self.action {
            Action::Read { reader: Reader::Dissect(dissect), .. } => dissect.names().collect(),
            Action::Read { reader: Reader::Csv { names, .. }, .. } => names.iter().map(String::as_str).collect(),
            Action::Regex { patterns, .. } => patterns.iter().flat_map(Pattern::names).collect(),
            Action::Split { names, to, .. } => names.iter().chain(to).map(String::as_str).collect(),
            Action::Join { to, .. } | Action::Format { to, .. } | Action::Sum { to, .. } => vec![to.as_str()],
            Action::Rename(names) | Action::Copy(names) => names.iter().map(|(_, new)| new.as_str()).collect(),
            _ => Vec::new(),
        };
        names.into_iter().filter(|name| name.starts_with('_')).map(str::to_owned).collect()
    }

    /// Whether its conditions hold.
    pub fn is_due(&self, builder: &Builder) -> bool {
        self.only_if.iter().all(|condition| condition.holds(builder.get(&condition.field)))
    }
}

impl Action {
    fn compile(file: StepFile, tables: &Tables) -> Result<Action, (&'static str, String)> {
        let names = |names: BTreeMap<String, String>| names.into_iter().collect::<Names>();
        let read = |field, prefix, reader| Action::Read { field, prefix, reader };
        Ok(match file {
            StepFile::Json { field, lift, rename, pairs, prefix, lenient } => {
                let mut shape = shape(&lift, &rename);
                for pair in pairs {
                    shape.pair(&pair.path, Pairs { name: pair.name, value: pair.value.to_vec() });
                }
                read(field, prefix, Reader::Json { shape, lenient })
            }
            StepFile::Xml { field, lift, rename, named, prefix } => {
                let named = match named {
                    None => None,
                    Some(named) => {
                        let (tag, attribute) = named
                            .split_once('@')
                            .ok_or_else(|| ("named", "it is a tag and its attribute: `Data@Name`".to_owned()))?;
                        Some((tag.to_owned(), attribute.to_owned()))
                    }
                };
                read(field, prefix, Reader::Xml { shape: shape(&lift, &rename), named })
            }
            StepFile::Cef { field, labels } => read(field, String::new(), Reader::Cef { labels }),
            StepFile::Leef { field } => read(field, String::new(), Reader::Leef),
            StepFile::KeyValue { field, separator, equals, open, known, least, key_end, loose, prefix } => {
                if separator.as_deref() == Some("") {
                    return Err(("separator", "it is empty: leave it out for blanks".into()));
                }
                let equals = equals.unwrap_or('=');
                let dialect = Dialect { separator, equals, open, known, key_end, loose, ..Dialect::default() };
                read(field, prefix, Reader::KeyValue { dialect, least })
            }
            StepFile::Logfmt { field, least } => {
                let dialect = Dialect { flags: true, escapes: true, ..Dialect::default() };
                read(field, String::new(), Reader::KeyValue { dialect, least })
            }
            StepFile::Csv { field, separator, quote, names, least } => {
                read(field, String::new(), Reader::Csv { separator, quote, names, least })
            }
            StepFile::Dissect { field, pattern } => {
                let dissect = Dissect::new(&pattern).map_err(|error| ("pattern", error.to_string()))?;
                read(field, String::new(), Reader::Dissect(dissect))
            }
            StepFile::Regex { field, matching, pattern } => {
                let patterns = pattern.into_iter().map(Pattern::compile).collect::<Result<_, _>>()?;
                Action::Regex { field, patterns, matching }
            }
            StepFile::Pairs { field, separator, names: pairs } => {
                Action::Pairs { field, separator: filled(separator)?, names: names(pairs) }
            }
            StepFile::Split { field, separator, to, names } => {
                Action::Split { field, separator: filled(separator)?, to, names }
            }
            StepFile::Join { fields, separator, to } => Action::Join { fields, separator, to },
            StepFile::Format { to, pattern } => {
                let template = Template::new(&pattern).map_err(|problem| ("pattern", problem))?;
                Action::Format { to, template }
            }
            StepFile::Sum { fields, to } => Action::Sum { fields, to },
            StepFile::Direction { source, destination, to } => Action::Direction { source, destination, to },
            StepFile::Lookup { field, table, to } => {
                Action::Lookup { field, table: tables.get(&table).map_err(|problem| ("table", problem))?, to }
            }
            StepFile::Set { fields } => {
                Action::Set(fields.into_iter().map(|(name, value)| (name, constant(&value))).collect())
            }
            StepFile::Rename { names: pairs } => Action::Rename(names(pairs)),
            StepFile::Copy { names: pairs } => Action::Copy(names(pairs)),
            StepFile::Remove { fields } => Action::Remove(fields),
            StepFile::Trim { fields, chars } => Action::Trim { fields, chars },
            StepFile::UrlDecode { fields } => Action::Decode(Encoding::Url, fields),
            StepFile::Base64 { fields } => Action::Decode(Encoding::Base64, fields),
            StepFile::Hex { fields } => Action::Decode(Encoding::Hex, fields),
            StepFile::Timestamp { field, formats, to } => {
                let formats = formats.iter().map(|layout| Format::new(layout)).collect::<Result<_, _>>();
                Action::Timestamp { field, formats: formats.map_err(|error| ("formats", error.to_string()))?, to }
            }
            StepFile::Integers { fields } => Action::Integers(fields),
            StepFile::BlankFreeNames {} => Action::BlankFreeNames,
            StepFile::StructuredData {} => Action::StructuredData,
            StepFile::Vrl { program } => {
                Action::Remap(Box::new(Remap::compile(&program).map_err(|problem| ("program", problem))?))
            }
        })
    }

    fn apply<'a>(&'a self, message: &'a str, builder: &mut Builder<'a>) -> bool {
        match self {
            Action::Read { field, prefix, reader } => match input(field.as_deref(), message, builder) {
                None => false,
                Some(Cow::Borrowed(text)) if prefix.is_empty() => reader.read(text, builder),
                // The text is not the record's own but unescaped from it: what is found in it is copied.
                Some(text) => {
                    let mut inner = Builder::new();
                    let fits = reader.read(&text, &mut inner);
                    if fits {
                        builder.adopt(inner, prefix);
                    }
                    fits
                }
            },
            Action::Regex { field, patterns, matching } => {
                let apply = |text: &str, own: Option<&'a str>, builder: &mut Builder<'a>| {
                    let mut tried = patterns.iter().map(|pattern| pattern.apply(text, own, builder));
                    match matching {
                        Matching::First => tried.any(|fits| fits),
                        Matching::All => tried.fold(false, |any, fits| any | fits),
                    }
                };
                let Some(field) = field else { return apply(message, Some(message), builder) };
                texts(field, builder).iter().any(|text| match text {
                    Cow::Borrowed(own) => apply(own, Some(own), builder),
                    Cow::Owned(text) => apply(text, None, builder),
                })
            }
            Action::Pairs { field, separator, names } => {
                if let Some(Value::Str(text)) = builder.get(field) {
                    split_pairs(text.clone(), separator, names, builder);
                }
                true
            }
            Action::Split { field, separator, to, names } => {
                edit::split(field, separator, to.as_deref(), names, builder);
                true
            }
            Action::Join { fields, separator, to } => {
                edit::join(fields, separator, to, builder);
                true
            }
            Action::Format { to, template } => {
                template.apply(to, builder);
                true
            }
            Action::Sum { fields, to } => {
                edit::sum(fields, to, builder);
                true
            }
            Action::Direction { source, destination, to } => {
                edit::direction(source, destination, to, builder);
                true
            }
            Action::Lookup { field, table, to } => {
                edit::look_up(field, table, to.as_deref(), builder);
                true
            }
            Action::Set(fields) => {
                for (name, value) in fields {
                    if builder.get(name).is_none() {
                        builder.push(name.as_str(), borrow(value));
                    }
                }
                true
            }
            Action::Rename(names) => {
                edit::rename(names, builder);
                true
            }
            Action::Copy(names) => {
                edit::copy(names, builder);
                true
            }
            Action::Remove(fields) => {
                fields.iter().for_each(|field| drop(builder.remove(field)));
                true
            }
            Action::Trim { fields, chars } => {
                edit::trim(fields, chars.as_deref(), builder);
                true
            }
            Action::Decode(encoding, fields) => {
                edit::decode_fields(*encoding, fields, builder);
                true
            }
            Action::Timestamp { field, formats, to } => {
                let written = text_of(field, builder)
                    .and_then(|text| formats.iter().find_map(|format| format.parse(&text)))
                    .map(|written| Value::from(written.canonical()));
                if let Some(value) = written {
                    builder.set(to.as_deref().unwrap_or(field), value);
                }
                true
            }
            Action::Integers(fields) => {
                builder.make_integers(fields);
                true
            }
            Action::BlankFreeNames => {
                builder.copy_without_blanks();
                true
            }
            Action::StructuredData => edit::unqualify(builder),
            Action::Remap(program) => program.run(message, builder).is_ok(),
        }
    }
}

impl Reader {
    fn read<'t>(&'t self, text: &'t str, builder: &mut Builder<'t>) -> bool {
        match self {
            Reader::Json { shape, lenient } => {
                let before = builder.len();
                if json::parse_into(text, Some(shape), builder) {
                    return true;
                }
                // What was found before the mistake would stand twice.
                builder.truncate(before);
                *lenient && repaired(text, shape, builder)
            }
            Reader::Xml { shape, named } => {
                let named = named.as_ref().map(|(tag, attribute)| (tag.as_str(), attribute.as_str()));
                xml::parse_into(text, Some(shape), named, builder)
            }
            Reader::Cef { labels } => {
                let fits = cef::parse_into(text, builder);
                if fits && *labels {
                    cef::name_by_labels(builder);
                }
                fits
            }
            Reader::Leef => leef::parse_into(text, builder),
            Reader::KeyValue { dialect, least } => key_value::parse_into(text, dialect, builder).pairs >= *least,
            Reader::Csv { separator, quote, names, least } => {
                read_columns(text, *separator, *quote, names, builder) >= *least
            }
            Reader::Dissect(dissect) => dissect.apply(text, builder),
        }
    }
}

fn repaired<'t>(text: &str, shape: &'t Shape, builder: &mut Builder<'t>) -> bool {
    let Some(text) = json_repair::repair(text) else { return false };
    let mut inner = Builder::new();
    let fits = json::parse_into(&text, Some(shape), &mut inner);
    if fits {
        builder.adopt(inner, "");
    }
    fits
}

/// Reads columns; says how many there were.
fn read_columns<'t>(
    text: &'t str,
    separator: char,
    quote: char,
    names: &'t [String],
    builder: &mut Builder<'t>,
) -> usize {
    let mut count = 0;
    for (index, value) in csv::columns(text.trim_end_matches(['\r', '\n']), separator, quote).enumerate() {
        count += 1;
        match names.get(index) {
            _ if value.is_empty() || builder.is_full() => {}
            Some(name) if name.is_empty() => {}
            Some(name) => builder.push(name.as_str(), Value::Str(value)),
            None => builder.push(format!("column_{}", index + 1), Value::Str(value)),
        }
    }
    count
}

fn shape(lift: &[String], rename: &BTreeMap<String, String>) -> Shape {
    let mut shape = Shape::default();
    lift.iter().for_each(|path| shape.lift(path));
    rename.iter().for_each(|(path, name)| shape.rename(path, name));
    shape
}

fn filled(separator: String) -> Result<String, (&'static str, String)> {
    if separator.is_empty() { Err(("separator", "it is empty".into())) } else { Ok(separator) }
}

/// The text a step works on.
fn input<'a>(field: Option<&str>, message: &'a str, builder: &Builder<'a>) -> Option<Cow<'a, str>> {
    match field {
        None => Some(Cow::Borrowed(message)),
        Some(field) => match builder.get(field)? {
            Value::Str(text) => Some(text.clone()),
            Value::List(values) => values.iter().find_map(|value| match value {
                Value::Str(text) => Some(text.clone()),
                _ => None,
            }),
            _ => None,
        },
    }
}

/// The texts of a field: one, or those of a list.
fn texts<'a>(field: &str, builder: &Builder<'a>) -> Vec<Cow<'a, str>> {
    let text = |value: &Value<'a>| match value {
        Value::Str(text) => Some(text.clone()),
        _ => None,
    };
    match builder.get(field) {
        Some(Value::List(values)) => values.iter().filter_map(text).collect(),
        Some(value) => text(value).or_else(|| Some(Cow::Owned(value.text()?.into_owned()))).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The text of a field; nothing where it is empty.
fn text_of(field: &str, builder: &Builder) -> Option<String> {
    builder.get(field)?.text().filter(|text| !text.is_empty()).map(Cow::into_owned)
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

/// A value written in TOML as an event's value.
pub fn constant(scalar: &Scalar) -> Value<'static> {
    match scalar {
        Scalar::Int(number) => Value::Int(*number),
        Scalar::Text(text) => Value::from(text.clone()),
        Scalar::List(values) => Value::List(values.iter().map(constant).collect()),
    }
}

/// A constant lent to an event.
pub fn borrow<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Str(text) => Value::Str(Cow::Borrowed(text)),
        Value::List(values) => Value::List(values.iter().map(borrow).collect()),
        other => other.clone(),
    }
}
