//! Reads pipelines from YAML. What is not known is refused by name: a pipeline that does half of what it says would
//! give wrong verdicts without a word.

use std::collections::BTreeMap;

use model::event::LogSource;
use regex::Regex;
use serde_json::{Map, Value as Json};

use super::conditions::{Comparison, Conditions, Join, Name, OfField, OfItem, OfRule, names_only};
use super::transform::{Renaming, Transformation, Which};
use super::{Pipeline, Step};
use crate::collection;
use crate::condition::Condition;
use crate::error::Error;
use crate::reading::{Document, scalar, texts};

impl Pipeline {
    /// Reads a pipeline. What belongs to queries and not to rules is ignored, with a notice.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        let mut parsed = collection::read_parsed::<Json>(yaml).map_err(|(error, _)| error)?;
        let mut document = match (parsed.pop(), parsed.is_empty()) {
            (Some(Json::Object(map)), true) => Document::new(map),
            _ => return Err(Error::Yaml("a pipeline is one map with `name`, `priority` and `transformations`".into())),
        };
        let name = document.text("name")?.unwrap_or_else(|| "unnamed".into());
        let priority = match document.take("priority") {
            None => 0,
            Some(value) => value.as_i64().ok_or_else(|| Error::invalid("priority", "must be a whole number"))?,
        };
        let mut vars = BTreeMap::new();
        for (name, values) in document.take("vars").map(|vars| map(vars, "vars")).transpose()?.unwrap_or_default() {
            vars.insert(name.clone(), texts(&values, &format!("vars.{name}"))?);
        }
        let steps = document.take("transformations").unwrap_or_else(|| Json::Array(Vec::new()));
        let steps = steps_of(steps, "transformations")?;
        document.take("allowed_backends");
        let notices = ["postprocessing", "finalizers"]
            .into_iter()
            .filter(|key| document.has(key))
            .map(|key| format!("`{key}` changes queries for other systems and is ignored"))
            .collect();
        for key in document.rest().keys() {
            if !["postprocessing", "finalizers"].contains(&key.as_str()) {
                return Err(Error::invalid(key, "is no part of a pipeline: remove it or correct the name"));
            }
        }
        Ok(Pipeline { name, priority, notices, vars, steps })
    }
}

fn map(value: Json, at: &str) -> Result<Map<String, Json>, Error> {
    match value {
        Json::Object(map) => Ok(map),
        _ => Err(Error::invalid(at, "must be a map")),
    }
}

fn steps_of(value: Json, at: &str) -> Result<Vec<Step>, Error> {
    let Json::Array(list) = value else { return Err(Error::invalid(at, "must be a list")) };
    list.into_iter().enumerate().map(|(number, step)| step_of(step, &format!("{at}.{number}"))).collect()
}

fn step_of(value: Json, at: &str) -> Result<Step, Error> {
    let mut keys = Keys { document: Document::new(map(value, at)?), at: at.to_owned() };
    let id = keys.document.text("id")?;
    let kind = keys.need("type")?;
    let step = Step {
        id,
        rule: conditions(&mut keys, "rule", of_rule)?,
        item: conditions(&mut keys, "detection_item", of_item)?,
        field: conditions(&mut keys, "field_name", of_field)?,
        transformation: transformation(&kind, &mut keys)?,
    };
    keys.end()?;
    Ok(step)
}

/// Keys that are taken out until none is left.
struct Keys {
    document: Document,
    at: String,
}

impl Keys {
    fn error(&self, problem: impl Into<String>) -> Error {
        Error::invalid(&self.at, problem)
    }

    fn need(&mut self, key: &str) -> Result<String, Error> {
        self.document.text(key)?.ok_or_else(|| self.error(format!("lacks `{key}`: add it")))
    }

    fn value(&mut self, key: &str) -> Result<Json, Error> {
        self.document.take(key).ok_or_else(|| self.error(format!("lacks `{key}`: add it")))
    }

    fn flag(&mut self, key: &str) -> Result<bool, Error> {
        match self.document.take(key) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.error(format!("needs true or false for `{key}`"))),
        }
    }

    fn pattern(&mut self, key: &str, anchored: bool) -> Result<Regex, Error> {
        let source = self.need(key)?;
        pattern(&source, anchored, &self.at)
    }

    fn log_source(&mut self) -> Result<LogSource, Error> {
        let mut part = |key: &str| Ok::<_, Error>(self.document.text(key)?.map(|text| text.to_lowercase()));
        Ok(LogSource { category: part("category")?, product: part("product")?, service: part("service")? })
    }

    /// `all` instead of `any`.
    fn all(&mut self) -> Result<bool, Error> {
        match self.document.text("cond")?.as_deref() {
            None | Some("any") => Ok(false),
            Some("all") => Ok(true),
            Some(other) => Err(self.error(format!("has `cond: {other}`: write `any` or `all`"))),
        }
    }

    fn end(self) -> Result<(), Error> {
        match self.document.rest().keys().next() {
            None => Ok(()),
            Some(key) => Err(Error::invalid(&self.at, format!("has `{key}`, which is not known there: remove it"))),
        }
    }
}

fn pattern(source: &str, anchored: bool, at: &str) -> Result<Regex, Error> {
    let source = if anchored { format!("^(?:{source})") } else { source.to_owned() };
    let unusable = |_| Error::invalid(at, format!("has the unusable regular expression `{source}`"));
    regex::RegexBuilder::new(&source).size_limit(1 << 20).nest_limit(100).build().map_err(unusable)
}

fn mapping(value: Json, at: &str) -> Result<BTreeMap<String, Vec<String>>, Error> {
    map(value, at)?.into_iter().map(|(key, value)| Ok((key, texts(&value, at)?))).collect()
}

fn transformation(kind: &str, keys: &mut Keys) -> Result<Transformation, Error> {
    let at = keys.at.clone();
    Ok(match kind {
        "field_name_mapping" => Transformation::FieldName(Renaming::Mapping(mapping(keys.value("mapping")?, &at)?)),
        "field_name_prefix_mapping" => {
            let mut prefixes: Vec<_> = mapping(keys.value("mapping")?, &at)?.into_iter().collect();
            prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
            Transformation::FieldName(Renaming::PrefixMapping(prefixes))
        }
        "field_name_prefix" => Transformation::FieldName(Renaming::Prefix(keys.need("prefix")?)),
        "field_name_suffix" => Transformation::FieldName(Renaming::Suffix(keys.need("suffix")?)),
        "drop_detection_item" => Transformation::DropDetectionItem,
        "replace_string" => Transformation::ReplaceString {
            pattern: keys.pattern("regex", false)?,
            replacement: replacement(&keys.need("replacement")?),
            skip_special: keys.flag("skip_special")?,
        },
        "map_string" => {
            let one = |(key, value): (String, Json)| match value {
                Json::Array(values) => (key, values),
                single => (key, vec![single]),
            };
            Transformation::MapString(map(keys.value("mapping")?, &at)?.into_iter().map(one).collect())
        }
        "set_value" => {
            let value = match keys.document.has("value") {
                true => keys.document.take("value").unwrap_or(Json::Null),
                false => return Err(keys.error("lacks `value`: add it")),
            };
            let forced = keys.document.text("force_type")?;
            Transformation::SetValue(match (forced.as_deref(), value) {
                (None, value) => value,
                (Some("str"), value) => scalar(&value).map_or(Json::Null, Json::String),
                (Some("num"), value) => {
                    let number = scalar(&value).and_then(|text| text.parse::<serde_json::Number>().ok());
                    Json::Number(number.ok_or_else(|| keys.error("forces a value that is none to a number"))?)
                }
                (Some(other), _) => return Err(keys.error(format!("has `force_type: {other}`: write `str` or `num`"))),
            })
        }
        "convert_type" => match keys.need("target_type")?.as_str() {
            "num" => Transformation::ConvertType { number: true },
            "str" => Transformation::ConvertType { number: false },
            other => return Err(keys.error(format!("has `target_type: {other}`: write `str` or `num`"))),
        },
        "value_placeholders" => Transformation::ValuePlaceholders(which(keys)?),
        "wildcard_placeholders" => Transformation::WildcardPlaceholders(which(keys)?),
        "query_expression_placeholders" => {
            let problem = "puts parts of a query into rules (query_expression_placeholders), but rules are matched \
                           here without a query: use value_placeholders";
            return Err(keys.error(problem));
        }
        "add_condition" => Transformation::AddCondition {
            conditions: match map(keys.value("conditions")?, &at)? {
                conditions if conditions.is_empty() => return Err(keys.error("adds no condition: name a field")),
                conditions => conditions,
            },
            name: keys.document.text("name")?,
            template: keys.flag("template")?,
            negated: keys.flag("negated")?,
        },
        "change_logsource" => match keys.log_source()? {
            source if source == LogSource::default() => return Err(keys.error("states no log source: state one part")),
            source => Transformation::ChangeLogSource(source),
        },
        "set_state" => Transformation::SetState(keys.need("key")?, keys.value("val")?),
        "rule_failure" => Transformation::RuleFailure(keys.need("message")?),
        "detection_item_failure" => Transformation::ItemFailure(keys.need("message")?),
        "nest" => Transformation::Nest(steps_of(keys.value("items")?, &format!("{at}.items"))?),
        other => return Err(keys.error(format!("has the type `{other}`, which is no transformation known here"))),
    })
}

fn which(keys: &mut Keys) -> Result<Which, Error> {
    let include = if keys.document.has("include") { Some(keys.document.texts("include")?) } else { None };
    Ok(Which { include, exclude: keys.document.texts("exclude")? })
}

/// Python's way to refer to groups as ours.
fn replacement(python: &str) -> String {
    let mut own = String::new();
    let mut rest = python;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        match c {
            '$' => own.push_str("$$"),
            '\\' if digits > 0 => {
                own.push_str(&format!("${{{}}}", &rest[..digits]));
                rest = &rest[digits..];
            }
            '\\' if rest.starts_with("g<") && rest.contains('>') => {
                let (name, after) = rest[2..].split_once('>').unwrap_or_default();
                own.push_str(&format!("${{{name}}}"));
                rest = after;
            }
            '\\' if rest.starts_with('\\') => {
                own.push('\\');
                rest = &rest[1..];
            }
            c => own.push(c),
        }
    }
    own
}

fn conditions<C>(
    keys: &mut Keys,
    kind: &str,
    read: fn(&str, &mut Keys) -> Result<C, Error>,
) -> Result<Conditions<C>, Error> {
    let at = format!("{}.{kind}_conditions", keys.at);
    let listed: Vec<(String, Json)> = match keys.document.take(&format!("{kind}_conditions")) {
        None => Vec::new(),
        Some(Json::Array(list)) => list.into_iter().map(|condition| (String::new(), condition)).collect(),
        Some(Json::Object(named)) => named.into_iter().collect(),
        Some(_) => return Err(Error::invalid(at, "must be a list, or a map by name")),
    };
    let mut all = Vec::with_capacity(listed.len());
    for (name, condition) in listed {
        let mut inner = Keys { document: Document::new(map(condition, &at)?), at: at.clone() };
        let kind = inner.need("type")?;
        all.push((name, read(&kind, &mut inner)?));
        inner.end()?;
    }
    let operator = keys.document.text(&format!("{kind}_cond_op"))?;
    let expression = keys.document.text(&format!("{kind}_cond_expr"))?;
    let join = match (operator.as_deref(), expression) {
        (None | Some("and"), None) => Join::And,
        (Some("or"), None) => Join::Or,
        (None, Some(text)) => {
            let parsed = Condition::parse(&text)?;
            if !names_only(&parsed, &|name| all.iter().any(|(known, _)| known == name)) {
                return Err(Error::invalid(
                    at,
                    format!("has the expression `{text}` with a name that is no condition"),
                ));
            }
            Join::Expression(parsed)
        }
        _ => return Err(Error::invalid(at, "needs `and` or `or` as operator, or an expression alone")),
    };
    Ok(Conditions { all, join, negated: keys.flag(&format!("{kind}_cond_not"))? })
}

fn of_rule(kind: &str, keys: &mut Keys) -> Result<OfRule, Error> {
    Ok(match kind {
        "logsource" => OfRule::LogSource(keys.log_source()?),
        "contains_detection_item" => OfRule::ContainsItem {
            field: keys.document.text("field")?,
            value: keys.document.take("value").unwrap_or(Json::Null),
        },
        "contains_field" => OfRule::ContainsField(keys.need("field")?),
        "processing_item_applied" => OfRule::Applied(keys.need("processing_item_id")?),
        "processing_state" => OfRule::State(keys.need("key")?, keys.value("val")?),
        "is_sigma_rule" => OfRule::IsRule(true),
        "is_sigma_correlation_rule" => OfRule::IsRule(false),
        "rule_attribute" => {
            let name = keys.need("attribute")?;
            if !super::ATTRIBUTES.contains(&name.as_str()) {
                return Err(keys.error(format!("asks for the attribute `{name}`, which is not known here")));
            }
            let value = texts(&keys.value("value")?, &keys.at)?;
            OfRule::Attribute { name, value, order: comparison(keys)? }
        }
        "tag" => OfRule::Tag(keys.need("tag")?),
        other => return Err(keys.error(format!("has the type `{other}`, which is no condition on rules known here"))),
    })
}

fn comparison(keys: &mut Keys) -> Result<Comparison, Error> {
    Ok(match keys.document.text("op")?.as_deref() {
        None | Some("eq") => Comparison::Equal,
        Some("ne") => Comparison::NotEqual,
        Some("lt") => Comparison::Less,
        Some("lte") => Comparison::LessOrEqual,
        Some("gt") => Comparison::Greater,
        Some("gte") => Comparison::GreaterOrEqual,
        Some("in") => Comparison::In,
        Some(other) => return Err(keys.error(format!("has `op: {other}`: write eq, ne, lt, lte, gt, gte or in"))),
    })
}

fn of_item(kind: &str, keys: &mut Keys) -> Result<OfItem, Error> {
    Ok(match kind {
        "match_string" => OfItem::MatchString {
            all: keys.all()?,
            pattern: keys.pattern("pattern", true)?,
            negated: keys.flag("negate")?,
        },
        "is_null" => OfItem::IsNull { all: keys.all()? },
        "contains_wildcard" => OfItem::ContainsWildcard { all: keys.all()? },
        "processing_item_applied" => OfItem::Applied(keys.need("processing_item_id")?),
        "processing_state" => OfItem::State(keys.need("key")?, keys.value("val")?),
        other => return Err(keys.error(format!("has the type `{other}`, which is no condition on items known here"))),
    })
}

fn of_field(kind: &str, keys: &mut Keys) -> Result<OfField, Error> {
    Ok(match kind {
        "include_fields" | "exclude_fields" => {
            let fields = texts(&keys.value("fields")?, &keys.at)?;
            let mode = match (keys.document.text("mode")?, keys.document.text("match_type")?) {
                (mode, None) => mode,
                (_, mode) => mode,
            };
            let names = match mode.as_deref() {
                None | Some("plain") => fields.into_iter().map(Name::Plain).collect(),
                Some("re") => fields
                    .iter()
                    .map(|field| pattern(field, true, &keys.at).map(Name::Pattern))
                    .collect::<Result<_, _>>()?,
                Some(other) => return Err(keys.error(format!("has `mode: {other}`: write `plain` or `re`"))),
            };
            OfField::Among(kind == "include_fields", names)
        }
        "processing_item_applied" => OfField::Applied(keys.need("processing_item_id")?),
        "processing_state" => OfField::State(keys.need("key")?, keys.value("val")?),
        other => return Err(keys.error(format!("has the type `{other}`, which is no condition on fields known here"))),
    })
}
