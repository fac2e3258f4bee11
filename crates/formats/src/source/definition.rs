//! What `source.toml` may say, as it is written. Unknown keys are refused; see docs/ADDING-A-SOURCE.md.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A whole `source.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Who makes the product.
    pub vendor: String,
    /// The product.
    pub product: String,
    /// Sources are asked in this order, then by name: a general one comes late.
    #[serde(default = "default_order")]
    pub order: i32,
    /// Values that mean there is none, such as `-`: they stay in the record's fields and fill no core field.
    #[serde(default)]
    pub absent: Vec<String>,
    /// The text after the syslog header becomes the core field `message`.
    #[serde(default)]
    pub keep_message: bool,
    /// Where the record's time stands.
    #[serde(default)]
    pub time: Time,
    /// The layouts the product writes; the first that fits is taken.
    pub variant: Vec<Variant>,
    /// Core fields of every record.
    #[serde(default)]
    pub core: BTreeMap<String, Core>,
    /// Core fields with a fixed value.
    #[serde(default)]
    pub constants: BTreeMap<String, Scalar>,
    /// Names in other taxonomies of every record's fields.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// Sigma log sources of every record.
    #[serde(default)]
    pub log_source: Vec<LogSourceFile>,
    /// What applies to records with certain values.
    #[serde(default)]
    pub case: Vec<Case>,
    /// Tables of values, by name.
    #[serde(default)]
    pub lookup: BTreeMap<String, BTreeMap<String, Scalar>>,
    /// The record's severity.
    pub severity: Option<Looked>,
    /// When and how a record is the device's own alarm.
    pub alarm: Option<AlarmFile>,
}

fn default_order() -> i32 {
    100
}

/// Where the record's time stands.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Candidates in order of trust; each is one field, or several with blanks between, which must
    /// all be there and whose values are joined.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The zone of times that name none, where the product always uses the same.
    pub zone: Option<String>,
}

/// One layout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// How to know it.
    pub recognise: Recognise,
    /// How to take it apart.
    #[serde(default)]
    pub step: Vec<StepFile>,
}

/// How a layout is known. All conditions given must hold; in a list of texts one is enough, save for `contains`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recognise {
    /// The syslog program.
    #[serde(default)]
    pub program: Vec<String>,
    /// How the message (after a syslog header) starts.
    #[serde(default)]
    pub starts_with: Vec<String>,
    /// Texts that all stand in the message.
    #[serde(default)]
    pub contains: Vec<String>,
    /// Texts of which one stands in the message.
    #[serde(default)]
    pub contains_any: Vec<String>,
    /// Fields that must be there after the steps.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// One step of taking a record apart.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepFile {
    /// A JSON object, or an array of them.
    Json {
        /// The field to read; the message if not given.
        field: Option<String>,
        /// Paths of objects whose members come to the top.
        #[serde(default)]
        lift: Vec<String>,
        /// Path to name.
        #[serde(default)]
        rename: BTreeMap<String, String>,
    },
    /// A CEF record.
    Cef {},
    /// `key=value` pairs.
    KeyValue {
        /// The field to read; the message if not given.
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
    },
    /// A fixed layout with marks.
    Dissect {
        /// The field to cut; the message if not given.
        field: Option<String>,
        /// `{name}mark{name}mark`.
        pattern: String,
        /// The layout fits even where this does not.
        #[serde(default)]
        optional: bool,
    },
    /// Regular expressions with named groups, the first that fits.
    Regex {
        /// The field to match; the message if not given.
        field: Option<String>,
        /// The layout fits even where none does.
        #[serde(default)]
        optional: bool,
        /// In the order they are tried.
        pattern: Vec<PatternFile>,
    },
    /// `MD5=..,SHA256=..` inside one field.
    Pairs {
        /// The field.
        field: String,
        /// Between pairs.
        separator: String,
        /// Key to the name its value gets; other keys are left.
        names: BTreeMap<String, String>,
    },
    /// Values to whole numbers where they are some.
    Integers {
        /// The fields.
        fields: Vec<String>,
    },
    /// A copy, under its name without blanks, of every field that has blanks in its name.
    BlankFreeNames {},
}

fn one() -> usize {
    1
}

/// One regular expression.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternFile {
    /// A text that must stand in the field: tried before the expression.
    pub contains: Option<String>,
    /// The expression; its named groups become fields.
    pub regex: String,
    /// Fields with a fixed value where it fits.
    #[serde(default)]
    pub set: BTreeMap<String, Scalar>,
}

/// Where a core field's value comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Core {
    /// One field.
    Field(String),
    /// The first of several fields that has a usable value.
    Fields(Vec<String>),
    /// With a lookup or a part.
    Rule(CoreRule),
}

/// A core field's value with a lookup or a part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreRule {
    /// Candidates.
    pub from: OneOrMany<String>,
    /// Table that translates the value; what it lacks gives nothing, unless it has `*`.
    pub lookup: Option<String>,
    /// The part of the value to take.
    pub take: Option<Part>,
}

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// After the last `\` or `/`.
    Basename,
    /// Of `DOMAIN\user` or `user@domain`.
    User,
    /// Of `DOMAIN\user` or `user@domain`.
    Domain,
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// The host of a URL, with or without scheme.
    UrlDomain,
    /// The path of a URL or request target.
    UrlPath,
    /// The query of a URL or request target.
    UrlQuery,
}

/// A value looked up in a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looked {
    /// Candidates.
    pub from: OneOrMany<String>,
    /// The table; `*` in it is any other value.
    pub lookup: String,
    /// What it is where there is no value or the table lacks it.
    pub default: String,
}

/// What applies to records with certain values. Later cases win over earlier ones and over the top level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Field to its value or values; all must hold. `*` is any value.
    #[serde(rename = "if")]
    pub conditions: BTreeMap<String, OneOrMany<Scalar>>,
    /// Core fields.
    #[serde(default)]
    pub core: BTreeMap<String, Core>,
    /// Core fields with a fixed value.
    #[serde(default)]
    pub constants: BTreeMap<String, Scalar>,
    /// Aliases.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// Sigma log sources.
    #[serde(default)]
    pub log_source: Vec<LogSourceFile>,
    /// Whether such a record may be an alarm.
    pub alarm: Option<bool>,
}

/// A Sigma log source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSourceFile {
    /// Category.
    pub category: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Service.
    pub service: Option<String>,
}

/// When and how a record is the device's own alarm.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmFile {
    /// True if every record may be one, unless a case says otherwise.
    #[serde(default)]
    pub always: bool,
    /// Fields of which the first with a value is the alarm's name.
    pub name: OneOrMany<String>,
    /// What became of the attack.
    pub outcome: Option<Looked>,
    /// A record of lesser severity is no alarm.
    pub least_severity: Option<String>,
    /// One of these words must stand in one of these fields.
    pub words: Option<Words>,
}

/// Words in fields, in any case of letters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The fields.
    pub fields: Vec<String>,
    /// One must be there.
    pub any: Vec<String>,
    /// None may be there.
    #[serde(default)]
    pub none: Vec<String>,
}

/// A value written in TOML.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl Scalar {
    /// The value as text.
    pub fn text(&self) -> String {
        match self {
            Scalar::Int(number) => number.to_string(),
            Scalar::Text(text) => text.clone(),
        }
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several.
    Many(Vec<T>),
}

impl<T: Clone> OneOrMany<T> {
    /// All of them.
    pub fn to_vec(&self) -> Vec<T> {
        match self {
            OneOrMany::One(value) => vec![value.clone()],
            OneOrMany::Many(values) => values.clone(),
        }
    }
}
