//! What pipelines do to rules.

use std::collections::BTreeMap;

use model::event::LogSource;
use regex::Regex;
use serde_json::{Map, Value as Json};

use super::tree::{Item, Tree};
use super::{Part, Step, Work};
use crate::error::Error;
use crate::placeholder;
use crate::text::{Piece, Text};

/// Stand for a star and a question mark that are no wildcards while a text is searched.
const PLAIN_STAR: &str = "\u{f8d0}";
const PLAIN_MARK: &str = "\u{f8d1}";

/// A transformation by pySigma's names.
#[derive(Debug, Clone)]
pub(super) enum Transformation {
    FieldName(Renaming),
    DropDetectionItem,
    ReplaceString { pattern: Regex, replacement: String, skip_special: bool },
    MapString(BTreeMap<String, Vec<Json>>),
    SetValue(Json),
    ConvertType { number: bool },
    ValuePlaceholders(Which),
    WildcardPlaceholders(Which),
    AddCondition { conditions: Map<String, Json>, name: Option<String>, template: bool, negated: bool },
    ChangeLogSource(LogSource),
    SetState(String, Json),
    RuleFailure(String),
    ItemFailure(String),
    Nest(Vec<Step>),
}

/// How fields are renamed.
#[derive(Debug, Clone)]
pub(super) enum Renaming {
    Mapping(BTreeMap<String, Vec<String>>),
    PrefixMapping(Vec<(String, Vec<String>)>),
    Prefix(String),
    Suffix(String),
}

/// Placeholders meant.
#[derive(Debug, Clone)]
pub(super) struct Which {
    pub include: Option<Vec<String>>,
    pub exclude: Vec<String>,
}

impl Which {
    fn means(&self, name: &str) -> bool {
        let listed = |list: &[String]| list.iter().any(|entry| entry == name);
        self.include.as_deref().is_none_or(listed) && !listed(&self.exclude)
    }
}

impl Renaming {
    /// The new names of a field; nothing where it keeps its own.
    fn of(&self, field: &str) -> Option<Vec<String>> {
        match self {
            Renaming::Mapping(mapping) => mapping.get(field).cloned(),
            Renaming::PrefixMapping(mapping) => mapping.iter().find_map(|(prefix, targets)| {
                let rest = field.strip_prefix(prefix.as_str())?;
                Some(targets.iter().map(|target| format!("{target}{rest}")).collect())
            }),
            Renaming::Prefix(prefix) => Some(vec![format!("{prefix}{field}")]),
            Renaming::Suffix(suffix) => Some(vec![format!("{field}{suffix}")]),
        }
    }
}

impl Work<'_> {
    /// Applies a step where its conditions are met.
    pub(super) fn step(&mut self, step: &Step, pipeline: &str) -> Result<(), Error> {
        if !step.rule.hold(|condition| self.meets_rule(condition)) {
            return Ok(());
        }
        let part = self.subject.part;
        match &step.transformation {
            Transformation::RuleFailure(message) if part != Part::Filter => return Err(failed(pipeline, message)),
            Transformation::AddCondition { conditions, name, template, negated } if part == Part::Rule => {
                self.add(conditions, name.as_deref(), *template, *negated, step, pipeline)?;
            }
            Transformation::ChangeLogSource(source) if part != Part::OverRules => self.sources = vec![source.clone()],
            Transformation::RuleFailure(_)
            | Transformation::AddCondition { .. }
            | Transformation::ChangeLogSource(_) => {}
            Transformation::SetState(key, value) => drop(self.state.insert(key.clone(), value.clone())),
            Transformation::Nest(steps) => steps.iter().try_for_each(|step| self.step(step, pipeline))?,
            _ => self.change_items(step, pipeline)?,
        }
        self.applied.extend(step.id.clone());
        Ok(())
    }

    fn add(
        &mut self,
        conditions: &Map<String, Json>,
        name: Option<&str>,
        template: bool,
        negated: bool,
        step: &Step,
        pipeline: &str,
    ) -> Result<(), Error> {
        let free = |named: &BTreeMap<String, Tree>| {
            (0..=named.len()).map(|number| format!("_cond_{number}")).find(|name| !named.contains_key(name))
        };
        let name = name.map(str::to_owned).or_else(|| free(&self.named)).unwrap_or_default();
        if self.named.contains_key(&name) {
            return Err(failed(pipeline, &format!("adds the detection `{name}`, which the rule has already")));
        }
        let source = &self.sources[0];
        let filled = |text: &str| {
            let parts = [("category", &source.category), ("product", &source.product), ("service", &source.service)];
            parts.iter().fold(text.to_owned(), |text, (name, value)| {
                let value = value.as_deref().unwrap_or_default();
                text.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value)
            })
        };
        let items = conditions.iter().map(|(key, value)| {
            let mut item = Item::new(key, value.clone());
            for value in item.values.iter_mut().filter(|_| template) {
                if let Json::String(text) = value {
                    *text = filled(text);
                }
            }
            item.applied.extend(step.id.clone());
            Tree::Item(item)
        });
        self.named.insert(name.clone(), Tree::All(items.collect()));
        let not = if negated { "not " } else { "" };
        self.conditions.iter_mut().for_each(|condition| *condition = format!("{not}{name} and ({condition})"));
        Ok(())
    }

    fn change_items(&mut self, step: &Step, pipeline: &str) -> Result<(), Error> {
        let mut renamed = Vec::new();
        let mut changed = BTreeMap::new();
        // Conditions on items look at the item alone, so that the tree can be taken apart meanwhile.
        for (name, tree) in std::mem::take(&mut self.named) {
            match tree.replace(&mut |item| self.change(item, step, pipeline, &mut renamed))? {
                Some(tree) => drop(changed.insert(name, tree)),
                None => self.dropped.push(name),
            }
        }
        self.named = changed;
        if let Transformation::FieldName(renaming) = &step.transformation {
            let new = |name: String| {
                let means = step.field.hold(|condition| self.meets_field(condition, &name));
                let Some(after) = renaming.of(&name).filter(|_| means) else { return vec![name] };
                renamed.extend(after.iter().map(|after| (name.clone(), after.clone())));
                after
            };
            let names: Vec<String> = self.names.clone().into_iter().flat_map(new).collect();
            self.names = names;
        }
        for (before, after) in renamed {
            let mut ids = self.fields.get(&before).cloned().unwrap_or_default();
            ids.extend(step.id.clone());
            self.fields.entry(after).or_default().extend(ids);
        }
        Ok(())
    }

    fn change(
        &self,
        mut item: Item,
        step: &Step,
        pipeline: &str,
        renamed: &mut Vec<(String, String)>,
    ) -> Result<Option<Tree>, Error> {
        if !step.item.hold(|condition| self.meets_item(condition, &item)) {
            return Ok(Some(Tree::Item(item)));
        }
        let means = |field: &str| step.field.hold(|condition| self.meets_field(condition, field));
        if let Transformation::FieldName(renaming) = &step.transformation {
            let new = |field: &str| if field.is_empty() || !means(field) { None } else { renaming.of(field) };
            return Ok(Some(rename(item, &new, step, renamed)));
        }
        if !means(&item.field) {
            return Ok(Some(Tree::Item(item)));
        }
        item.applied.extend(step.id.clone());
        match &step.transformation {
            Transformation::DropDetectionItem => return Ok(None),
            Transformation::ItemFailure(message) => return Err(failed(pipeline, message)),
            Transformation::ReplaceString { pattern, replacement, skip_special } if item.is_text() => {
                for value in &mut item.values {
                    if let Json::String(text) = value {
                        *text = replaced(text, pattern, replacement, *skip_special);
                    }
                }
            }
            Transformation::MapString(mapping) if item.is_text() => {
                let mapped = |value: Json| match value.as_str().and_then(|text| mapping.get(text)) {
                    Some(targets) => targets.clone(),
                    None => vec![value],
                };
                item.values = item.values.into_iter().flat_map(mapped).collect();
            }
            Transformation::SetValue(value) => {
                item.modifiers.retain(|modifier| modifier == "neq");
                item.values = vec![value.clone()];
            }
            Transformation::ConvertType { number } if item.is_text() => {
                for value in &mut item.values {
                    convert(value, *number).map_err(|problem| failed(pipeline, &problem))?;
                }
            }
            Transformation::ValuePlaceholders(which) => {
                fill(&mut item, |name| self.vars.get(name).filter(|_| which.means(name)).cloned())?;
            }
            Transformation::WildcardPlaceholders(which) => {
                fill(&mut item, |name| which.means(name).then(|| vec!["*".to_owned()]))?;
            }
            _ => {}
        }
        Ok(Some(Tree::Item(item)))
    }
}

fn failed(pipeline: &str, message: &str) -> Error {
    Error::Pipeline { pipeline: pipeline.to_owned(), message: message.to_owned() }
}

fn rename(
    mut item: Item,
    new: &dyn Fn(&str) -> Option<Vec<String>>,
    step: &Step,
    renamed: &mut Vec<(String, String)>,
) -> Tree {
    let mut note = |before: &str, after: &[String]| {
        renamed.extend(after.iter().map(|after| (before.to_owned(), after.clone())));
    };
    if item.has("fieldref") {
        let mut values = Vec::with_capacity(item.values.len());
        for value in std::mem::take(&mut item.values) {
            match value.as_str().and_then(|name| new(name).inspect(|after| note(name, after))) {
                Some(after) => {
                    values.extend(after.into_iter().map(Json::from));
                    item.applied.extend(step.id.clone());
                }
                None => values.push(value),
            }
        }
        item.values = values;
    }
    let Some(names) = new(&item.field) else { return Tree::Item(item) };
    note(&item.field, &names);
    item.applied.extend(step.id.clone());
    let with_name = |field| Tree::Item(Item { field, ..item.clone() });
    let mut items: Vec<Tree> = names.into_iter().map(with_name).collect();
    if items.len() == 1 { items.remove(0) } else { Tree::Any(items) }
}

/// Replaces in the text as a person reads it; with `skip_special` in what stands between wildcards.
fn replaced(text: &str, pattern: &Regex, replacement: &str, skip_special: bool) -> String {
    let parsed = Text::parse(text);
    if skip_special {
        let mut result = Text::default();
        for piece in parsed.pieces() {
            result.push(match piece {
                Piece::Literal(literal) => Piece::Literal(pattern.replace_all(literal, replacement).into_owned()),
                other => other.clone(),
            });
        }
        return if result == parsed { text.to_owned() } else { result.written() };
    }
    // Plain stars and question marks are told from wildcards by characters nobody writes.
    let mut plain = String::new();
    for piece in parsed.pieces() {
        match piece {
            Piece::Literal(literal) => plain.push_str(&literal.replace('*', PLAIN_STAR).replace('?', PLAIN_MARK)),
            Piece::One => plain.push('?'),
            _ => plain.push('*'),
        }
    }
    let changed = pattern.replace_all(&plain, replacement);
    if changed == plain {
        return text.to_owned();
    }
    changed.replace('\\', r"\\").replace(PLAIN_STAR, r"\*").replace(PLAIN_MARK, r"\?")
}

fn convert(value: &mut Json, number: bool) -> Result<(), String> {
    match value {
        Json::String(text) if number => {
            let integer = text.trim().parse::<i64>().ok().map(Json::from);
            let float = || text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Json::Number);
            *value = integer
                .or_else(float)
                .ok_or_else(|| format!("makes a number of `{text}`, which is none: narrow the transformation"))?;
        }
        Json::Number(written) if !number => *value = Json::String(written.to_string()),
        _ => {}
    }
    Ok(())
}

fn fill(item: &mut Item, values: impl Fn(&str) -> Option<Vec<String>>) -> Result<(), Error> {
    if !item.has("expand") {
        return Ok(());
    }
    let mut filled = Vec::with_capacity(item.values.len());
    for value in std::mem::take(&mut item.values) {
        match &value {
            Json::String(text) => {
                filled.extend(placeholder::substitute(text, &values, &item.field)?.into_iter().map(Json::from));
            }
            _ => filled.push(value),
        }
    }
    item.values = filled;
    Ok(())
}
