//! What `source.toml` may say, as it is written. Unknown keys are refused; see docs/ADDING-A-SOURCE.md.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Table};

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
    pub variant: Vec<Spanned<Variant>>,
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
    /// How lines of a file or a stream make records.
    #[serde(default)]
    pub lines: Lines,
}

/// How lines of a file or a stream make records.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// What the first line of a record matches; other lines belong to the record before them.
    pub first: Option<String>,
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
    /// Layouts of times that are not among those read without being told: `%d/%m/%Y %H:%M` or `dd/MM/yyyy HH:mm`.
    #[serde(default)]
    pub formats: Vec<String>,
}

/// One layout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// How to know it.
    pub recognise: Recognise,
    /// How to take it apart: each a table of [`super::step_file`].
    #[serde(default)]
    pub step: Vec<Spanned<Table>>,
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
    /// Texts of which none stands in the message.
    #[serde(default)]
    pub not_contains: Vec<String>,
    /// Regular expressions of which one finds something: only beside another condition, which is looked at first.
    #[serde(default)]
    pub matches: Vec<String>,
    /// The layout is of the whole record: what looks like a syslog header is part of it.
    #[serde(default)]
    pub whole: bool,
    /// Fields that must be there after the steps.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// Where a core field's value comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Core {
    /// The first of several that has a usable value. It stands first, or a list would be read as a rule's members.
    Many(Vec<Candidate>),
    /// One candidate.
    One(Candidate),
}

impl Core {
    /// All candidates as rules.
    pub fn rules(&self) -> Vec<CoreRule> {
        let candidates = match self {
            Core::One(candidate) => std::slice::from_ref(candidate),
            Core::Many(candidates) => candidates,
        };
        candidates.iter().map(Candidate::rule).collect()
    }
}

/// One candidate for a core field.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Candidate {
    /// A field as it is.
    Field(String),
    /// With a lookup or a part.
    Rule(CoreRule),
}

impl Candidate {
    fn rule(&self) -> CoreRule {
        match self {
            Candidate::Rule(rule) => rule.clone(),
            Candidate::Field(field) => CoreRule { from: OneOrMany::One(field.clone()), ..CoreRule::default() },
        }
    }
}

/// A core field's value with a lookup or a part.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreRule {
    /// Candidates.
    pub from: OneOrMany<String>,
    /// Table that translates the value; what it lacks gives nothing, unless it has `*`.
    pub lookup: Option<String>,
    /// The part of the value to take, or several one after the other.
    #[serde(default)]
    pub take: OneOrMany<Part>,
    /// Values that mean there is none, beside those of the source.
    #[serde(default)]
    pub absent: Vec<String>,
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
    /// Without blanks and quotes at its ends.
    Trim,
    /// Without dots at its end, as names of the DNS may have one.
    TrimDot,
    /// Before the first `,`, `;` or blank.
    First,
    /// After the last `,`, `;` or blank.
    Last,
    /// The address of `10.0.0.1:80`, `[::1]:80`, `10.0.0.1#53`, `10.0.0.1/80`, `10.0.0.1 (host)`.
    Address,
    /// The port of the same.
    Port,
    /// The first number in it.
    Number,
    /// A MAC address as `00-1A-2B-3C-4D-5E`.
    Mac,
    /// An address written as 8 or 32 hexadecimal digits, `4-` or `6-` before them or not.
    HexAddress,
    /// With `%41` and `+` decoded.
    UrlDecode,
    /// With `+` as a blank.
    PlusToBlank,
    /// Decoded from base64, where that gives text.
    Base64,
    /// Decoded from hexadecimal digits, where that gives text.
    Hex,
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
    /// Several, where a field may have several values.
    List(Vec<Scalar>),
}

impl Scalar {
    /// The value as text.
    pub fn text(&self) -> String {
        match self {
            Scalar::Int(number) => number.to_string(),
            Scalar::Text(text) => text.clone(),
            Scalar::List(values) => values.first().map(Scalar::text).unwrap_or_default(),
        }
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// Several. It stands first, or a list would be read as one value that is a list.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany::Many(Vec::new())
    }
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
