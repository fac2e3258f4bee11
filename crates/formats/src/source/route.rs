//! Which cases of a source hold for a record, found without testing them one by one.
//!
//! Conditions compare fields with listed values. So a record is described by one small number per field (a condition
//! with a part of a value is a field of its own with two), and all such descriptions together index a table of routes,
//! each worked out when it is first met. Events of one route share
//! their log sources and aliases, which is what the rule engine keys its own caches on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::event::{Aliases, Fields, LogSource, Value};

use super::condition::Condition;
use super::definition::{Case, Core, LogSourceFile, OneOrMany, Scalar};
use super::mapping::{CoreMapping, Tables};
use super::step::constant;
use crate::hash::NameMap;

/// The most routes a source may describe; more is a mistake in its conditions.
const MAX_ROUTES: usize = 1 << 18;

/// What applies to the records of one route.
#[derive(Debug)]
pub struct Route {
    pub log_sources: Arc<[LogSource]>,
    pub aliases: Arc<Aliases>,
    pub core: CoreMapping,
    pub alarm: bool,
}

/// Equal sets made one, across all sources.
#[derive(Debug, Default)]
pub struct Interner {
    log_sources: Mutex<HashMap<BTreeSet<LogSource>, Arc<[LogSource]>>>,
    aliases: Mutex<BTreeMap<Aliases, Arc<Aliases>>>,
}

impl Interner {
    /// The one set equal to `set`.
    pub fn log_sources(&self, set: BTreeSet<LogSource>) -> Arc<[LogSource]> {
        let mut known = self.log_sources.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(set).or_insert_with_key(|set| set.iter().cloned().collect()).clone()
    }

    /// The one set of aliases equal to `aliases`.
    pub fn aliases(&self, aliases: Aliases) -> Arc<Aliases> {
        let mut known = self.aliases.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(aliases).or_insert_with_key(|aliases| Arc::new(aliases.clone())).clone()
    }
}

/// What the top level of a source says, for every route.
#[derive(Debug, Default)]
pub struct Base {
    pub core: BTreeMap<String, Core>,
    pub constants: BTreeMap<String, Scalar>,
    pub aliases: BTreeMap<String, String>,
    pub log_sources: Vec<LogSourceFile>,
    pub alarm: bool,
    pub tables: Arc<Tables>,
}

/// The routes of one source.
#[derive(Debug)]
pub struct Router {
    asked: Vec<Asked>,
    cases: Vec<CompiledCase>,
    base: Base,
    routes: Vec<OnceLock<Arc<Route>>>,
    interner: Arc<Interner>,
}

/// What conditions ask about.
#[derive(Debug)]
enum Asked {
    /// A field by its values.
    Field(Field),
    /// A condition of its own: 1 where it holds.
    Condition(Condition),
}

/// A field whose values conditions list. A value's code is 0 if absent, 1 if no condition names it, else 2 and up.
#[derive(Debug)]
struct Field {
    name: String,
    codes: NameMap<String, usize>,
    numbers: NameMap<i64, usize>,
}

impl Asked {
    fn count(&self) -> usize {
        match self {
            Asked::Field(field) => field.codes.len() + 2,
            Asked::Condition(_) => 2,
        }
    }

    fn code(&self, fields: &Fields) -> usize {
        match self {
            Asked::Field(field) => field.code(fields.get(&field.name)),
            Asked::Condition(condition) => usize::from(condition.holds(fields.get(&condition.field))),
        }
    }
}

#[derive(Debug)]
struct CompiledCase {
    /// Index of what is asked, codes that satisfy it; nothing for any value.
    conditions: Vec<(usize, Option<Vec<usize>>)>,
    case: Case,
}

impl Router {
    /// Compiles the cases; the error names the key and the problem.
    pub fn new(base: Base, cases: Vec<Case>, interner: Arc<Interner>) -> Result<Self, (String, String)> {
        let mut asked: Vec<Asked> = Vec::new();
        let mut compiled = Vec::new();
        for case in cases {
            let conditions = case.conditions.iter().map(|(name, values)| ask(&mut asked, name, values)).collect();
            compiled.push(CompiledCase { conditions, case });
        }
        let routes = asked
            .iter()
            .try_fold(1_usize, |count, asked| count.checked_mul(asked.count()).filter(|count| *count <= MAX_ROUTES));
        let routes = routes.ok_or_else(|| {
            (
                "case".to_owned(),
                format!("its conditions describe more than {MAX_ROUTES} kinds of records: use fewer values"),
            )
        })?;
        let mut router = Router { asked, cases: compiled, base, routes: Vec::new(), interner };
        router.check()?;
        router.routes.resize_with(routes, OnceLock::new);
        Ok(router)
    }

    /// The route of a record.
    pub fn route(&self, fields: &Fields) -> &Route {
        let mut index = 0;
        for asked in &self.asked {
            index = index * asked.count() + asked.code(fields);
        }
        self.routes[index].get_or_init(|| Arc::new(self.build(index)))
    }

    /// The log sources of all its records.
    pub fn log_sources(&self) -> Vec<LogSource> {
        let cases = self.cases.iter().flat_map(|case| &case.case.log_source);
        let all: BTreeSet<LogSource> = self.base.log_sources.iter().chain(cases).map(log_source).collect();
        all.into_iter().collect()
    }

    /// Builds each case alone, so that a mistake shows when the source is loaded.
    fn check(&self) -> Result<(), (String, String)> {
        self.mapping(&[])?;
        for (number, case) in self.cases.iter().enumerate() {
            self.mapping(&[case]).map_err(|(key, problem)| (format!("case {}: {key}", number + 1), problem))?;
        }
        Ok(())
    }

    fn build(&self, mut index: usize) -> Route {
        let mut codes = vec![0; self.asked.len()];
        for (code, asked) in codes.iter_mut().zip(&self.asked).rev() {
            *code = index % asked.count();
            index /= asked.count();
        }
        let holding: Vec<&CompiledCase> = self.cases.iter().filter(|case| case.holds(&codes)).collect();
        let mut log_sources: BTreeSet<LogSource> = self.base.log_sources.iter().map(log_source).collect();
        let mut aliases = self.base.aliases.clone();
        let mut alarm = self.base.alarm;
        for CompiledCase { case, .. } in &holding {
            log_sources.extend(case.log_source.iter().map(log_source));
            aliases.extend(case.aliases.clone());
            alarm = case.alarm.unwrap_or(alarm);
        }
        Route {
            log_sources: self.interner.log_sources(log_sources),
            aliases: self.interner.aliases(aliases),
            core: self.mapping(&holding).expect("every case was built when the source was loaded"),
            alarm,
        }
    }

    fn mapping(&self, cases: &[&CompiledCase]) -> Result<CoreMapping, (String, String)> {
        let mut core = self.base.core.clone();
        let mut constants: BTreeMap<String, Value<'static>> =
            self.base.constants.iter().map(|(name, value)| (name.clone(), constant(value))).collect();
        for CompiledCase { case, .. } in cases {
            for (name, rule) in &case.core {
                constants.remove(name);
                core.insert(name.clone(), rule.clone());
            }
            constants.extend(case.constants.iter().map(|(name, value)| (name.clone(), constant(value))));
        }
        CoreMapping::new(&core, &constants, &self.base.tables)
    }
}

/// The index of what a condition asks about, added where it is new, and the codes that satisfy it.
fn ask(asked: &mut Vec<Asked>, name: &str, values: &OneOrMany<Scalar>) -> (usize, Option<Vec<usize>>) {
    let condition = Condition::new(name, values);
    if condition.has_pattern() {
        asked.push(Asked::Condition(condition));
        return (asked.len() - 1, Some(vec![1]));
    }
    let found = asked.iter().position(|asked| matches!(asked, Asked::Field(field) if field.name == name));
    let index = found.unwrap_or_else(|| {
        let (codes, numbers) = (NameMap::default(), NameMap::default());
        asked.push(Asked::Field(Field { name: name.to_owned(), codes, numbers }));
        asked.len() - 1
    });
    let values = values.to_vec();
    let any = values.contains(&Scalar::Text("*".into()));
    let codes = match &mut asked[index] {
        Asked::Field(field) if !any => Some(values.iter().map(|value| field.code_for(value)).collect()),
        _ => None,
    };
    (index, codes)
}

impl Field {
    fn code_for(&mut self, value: &Scalar) -> usize {
        let next = self.codes.len() + 2;
        let text = value.text().to_ascii_lowercase();
        if text.is_empty() {
            return 0;
        }
        let code = *self.codes.entry(text.clone()).or_insert(next);
        if let Ok(number) = text.parse() {
            self.numbers.insert(number, code);
        }
        code
    }

    fn code(&self, value: Option<&Value>) -> usize {
        match value {
            None | Some(Value::Null) => 0,
            Some(Value::Int(number)) => self.numbers.get(number).copied().unwrap_or(1),
            Some(Value::List(values)) => self.code(values.first()),
            Some(Value::Str(text)) if text.is_empty() => 0,
            Some(Value::Str(text)) => self.code_of_text(text),
            Some(other) => other.text().map_or(1, |text| self.code_of_text(&text)),
        }
    }

    fn code_of_text(&self, text: &str) -> usize {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        if text.len() > 256 || !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return 1;
        }
        self.codes.get(&text.to_ascii_lowercase()).copied().unwrap_or(1)
    }
}

impl CompiledCase {
    fn holds(&self, codes: &[usize]) -> bool {
        self.conditions.iter().all(|(field, wanted)| match wanted {
            Some(wanted) => wanted.contains(&codes[*field]),
            None => codes[*field] > 0,
        })
    }
}

fn log_source(file: &LogSourceFile) -> LogSource {
    LogSource { category: file.category.clone(), product: file.product.clone(), service: file.service.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(conditions: &[(&str, Scalar)], category: &str) -> Case {
        let toml = format!("if = {{}}\nlog_source = [{{ category = \"{category}\" }}]");
        let mut case: Case = toml::from_str(&toml).unwrap();
        for (name, value) in conditions {
            case.conditions.insert(name.to_string(), OneOrMany::One(value.clone()));
        }
        case
    }

    fn categories(router: &Router, fields: &[(&str, Value<'static>)]) -> String {
        let fields: Fields = fields.iter().cloned().collect();
        let names: Vec<_> =
            router.route(&fields).log_sources.iter().flat_map(|source| source.category.clone()).collect();
        names.join(" ")
    }

    #[test]
    fn every_case_that_holds_applies_and_equal_sets_are_one() {
        let text = |text: &str| Scalar::Text(text.into());
        let cases = vec![
            case(&[("channel", text("Sysmon")), ("id", Scalar::Int(13))], "set"),
            case(&[("id", Scalar::Int(13))], "event"),
            case(&[("user", text("*"))], "user"),
            case(&[("name", text("106*"))], "family"),
            case(&[("name", text(""))], "nameless"),
        ];
        let router = Router::new(Base::default(), cases, Arc::new(Interner::default())).unwrap();
        assert_eq!(categories(&router, &[("channel", "SYSMON".into()), ("id", 13.into())]), "event nameless set");
        assert_eq!(categories(&router, &[("channel", "x".into()), ("id", "13".into())]), "event nameless");
        assert_eq!(categories(&router, &[("user", "li".into()), ("name", "10".into())]), "user");
        assert_eq!(categories(&router, &[("name", "106023".into())]), "family");
        assert_eq!(categories(&router, &[("name", 106_100.into())]), "family");
        assert_eq!(categories(&router, &[]), "nameless");
        let set = |id: i64| {
            let fields: Fields = [("id", id), ("x", id)].into_iter().collect();
            router.route(&fields).log_sources.clone()
        };
        assert!(Arc::ptr_eq(&set(1), &set(2)));
    }
}
