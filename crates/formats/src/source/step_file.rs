//! What a `[[variant.step]]` may say, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::definition::{OneOrMany, Scalar};

/// What every step may say beside its own options.
#[derive(Debug, Default, Deserialize)]
pub struct Common {
    /// The step is left out where one of these fields has another value.
    #[serde(default)]
    pub only_if: BTreeMap<String, OneOrMany<Scalar>>,
    /// The layout fits even where this step does not.
    #[serde(default)]
    pub optional: bool,
}

/// Splits a step's table into what is common to all steps and its own options.
pub fn read(mut table: Table) -> Result<(Common, StepFile), String> {
    let common: Table =
        ["only_if", "optional"].into_iter().filter_map(|key| Some((key.to_owned(), table.remove(key)?))).collect();
    let common = Value::Table(common).try_into::<Common>().map_err(|error| error.message().to_owned())?;
    let own = Value::Table(table).try_into::<StepFile>().map_err(|error| error.message().to_owned())?;
    Ok((common, own))
}

/// One step of taking a record apart. `field` is the field to read, the message if not given.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepFile {
    /// A JSON object, or an array of them.
    Json {
        field: Option<String>,
        /// Paths of objects whose members come to the top.
        #[serde(default)]
        lift: Vec<String>,
        /// Path to name.
        #[serde(default)]
        rename: BTreeMap<String, String>,
        /// Lists of objects that each hold a name and a value.
        #[serde(default)]
        pairs: Vec<PairsFile>,
        /// What stands before every name.
        #[serde(default)]
        prefix: String,
        /// Also what is nearly JSON: bare words, curly quotes, text after the end.
        #[serde(default)]
        lenient: bool,
    },
    /// An XML document.
    Xml {
        field: Option<String>,
        #[serde(default)]
        lift: Vec<String>,
        #[serde(default)]
        rename: BTreeMap<String, String>,
        /// The attribute that names an element in place of its tag: `Name` of `<Data Name="user">`.
        named: Option<String>,
        #[serde(default)]
        prefix: String,
    },
    /// A CEF record.
    Cef {
        field: Option<String>,
        /// Values with a label (`cs1`, `cs1Label`) also get the label as their name.
        #[serde(default)]
        labels: bool,
    },
    /// A LEEF record.
    Leef { field: Option<String> },
    /// `key=value` pairs.
    KeyValue {
        field: Option<String>,
        /// Between pairs; blanks if not given.
        separator: Option<String>,
        /// Between key and value; `=` if not given.
        equals: Option<char>,
        /// Keys whose values may hold the separator.
        #[serde(default)]
        open: Vec<String>,
        /// Keys that end such a value.
        #[serde(default)]
        known: Vec<String>,
        /// The least number of pairs; fewer and the layout does not fit.
        #[serde(default = "one")]
        least: usize,
        /// Where a key ends before the mark: `(` in `event(2)=block`.
        key_end: Option<char>,
        /// Blanks may stand around the mark between key and value.
        #[serde(default)]
        loose: bool,
        #[serde(default)]
        prefix: String,
    },
    /// `key=value` pairs as many Go programs write them: bare keys are true, `\n` and its like stand in quotes.
    Logfmt {
        field: Option<String>,
        #[serde(default = "one")]
        least: usize,
    },
    /// Columns with a separator, quoted perhaps.
    Csv {
        field: Option<String>,
        /// `,` if not given.
        #[serde(default = "comma")]
        separator: char,
        /// `"` if not given.
        #[serde(default = "double_quote")]
        quote: char,
        /// In order; an empty name leaves its column out, columns beyond the names are `column_N`.
        names: Vec<String>,
        /// The least number of columns; fewer and the layout does not fit.
        #[serde(default = "one")]
        least: usize,
    },
    /// Parameters of RFC 5424 structured data (`junos@2636.1.source-address`) under their own names.
    StructuredData {},
    /// A fixed layout with marks.
    Dissect {
        field: Option<String>,
        /// `{name}mark{name}mark`.
        pattern: String,
    },
    /// Regular expressions with named groups, the first that fits.
    Regex {
        field: Option<String>,
        /// `all` tries every expression, and each that fits adds its groups.
        #[serde(default, rename = "match")]
        matching: Matching,
        /// In the order they are tried.
        pattern: Vec<PatternFile>,
    },
    /// `MD5=..,SHA256=..` inside one field.
    Pairs {
        field: String,
        separator: String,
        /// Key to the name its value gets; other keys are left.
        names: BTreeMap<String, String>,
    },
    /// A field cut into a list, or into named parts.
    Split {
        field: String,
        separator: String,
        /// Where the list goes; in place if not given.
        to: Option<String>,
        /// Names of the parts in order, in place of a list.
        #[serde(default)]
        names: Vec<String>,
    },
    /// The values of several fields with a text between them.
    Join { fields: Vec<String>, separator: String, to: String },
    /// A text made of fields: `{scheme}://{host}{path}`. Nothing where one of them is missing.
    Format { to: String, pattern: String },
    /// The sum of numbers; nothing where all are missing.
    Sum { fields: Vec<String>, to: String },
    /// Inbound, outbound, internal or external, by whether two addresses are private.
    Direction { source: String, destination: String, to: String },
    /// A value translated by a table; left as it is where the table lacks it.
    Lookup {
        field: String,
        table: String,
        /// Where the result goes; in place if not given.
        to: Option<String>,
    },
    /// Fields with a fixed value, unless they are there.
    Set { fields: BTreeMap<String, Scalar> },
    /// Old name to new name.
    Rename { names: BTreeMap<String, String> },
    /// Name to the name of a copy.
    Copy { names: BTreeMap<String, String> },
    /// Fields nobody needs; the record's text keeps them.
    Remove { fields: Vec<String> },
    /// Characters off both ends; blanks and quotes if not given.
    Trim { fields: Vec<String>, chars: Option<String> },
    /// `%41` and `+` decoded, in place.
    UrlDecode { fields: Vec<String> },
    /// Base64 decoded in place where it gives text.
    Base64 { fields: Vec<String> },
    /// Hexadecimal digits decoded in place where they give text; NUL becomes a blank.
    Hex { fields: Vec<String> },
    /// A time in one of these layouts rewritten so that `[time]` and every search read it.
    Timestamp { field: String, formats: Vec<String>, to: Option<String> },
    /// Values to whole numbers where they are some.
    Integers { fields: Vec<String> },
    /// A copy, under its name without blanks, of every field that has blanks in its name.
    BlankFreeNames {},
    /// A program in the Vector Remap Language, in builds that have it.
    Vrl { program: String },
}

/// A list of objects that each hold a name and a value: `[{"name": "user", "value": "li"}]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsFile {
    /// Path of the list.
    pub path: String,
    /// The member that holds the name.
    pub name: String,
    /// The members that may hold the value, the first that is there counts.
    pub value: OneOrMany<String>,
}

/// Which of several expressions count.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// The first that fits.
    #[default]
    First,
    /// Every one that fits.
    All,
}

fn one() -> usize {
    1
}

fn comma() -> char {
    ','
}

fn double_quote() -> char {
    '"'
}

/// One regular expression.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternFile {
    /// A text that must stand in the field: tried before the expression.
    pub contains: Option<String>,
    /// The expression; its named groups become fields, and `%{IP:client}` stands for a named pattern.
    pub regex: String,
    /// Fields with a fixed value where it fits.
    #[serde(default)]
    pub set: BTreeMap<String, Scalar>,
}
