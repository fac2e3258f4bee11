//! Which cases of a source hold for a record, found without testing them one by one.
//!
//! Conditions only compare fields with listed values. So a record is described by one small number per field, and all
//! such descriptions together index a table of routes, each worked out when it is first met. Events of one route share
//! their log sources and aliases, which is what the rule engine keys its own caches on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::event::{Aliases, Fields, LogSource, Value};

use super::definition::{Case, Core, LogSourceFile, Scalar};
use super::mapping::{CoreMapping, Lookup};
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
    pub lookups: BTreeMap<String, Arc<Lookup>>,
}

/// The routes of one source.
#[derive(Debug)]
pub struct Router {
    fields: Vec<Field>,
    cases: Vec<CompiledCase>,
    base: Base,
    routes: Vec<OnceLock<Arc<Route>>>,
    interner: Arc<Interner>,
}

/// A field conditions ask about. A value's code is 0 if absent, 1 if no condition names it, else 2 and up.
#[derive(Debug)]
struct Field {
    name: String,
    codes: NameMap<String, usize>,
    numbers: NameMap<i64, usize>,
}

#[derive(Debug)]
struct CompiledCase {
    /// Index of the field, codes that satisfy it; nothing for any value.
    conditions: Vec<(usize, Option<Vec<usize>>)>,
    case: Case,
}

impl Router {
    /// Compiles the cases; the error names the key and the problem.
    pub fn new(base: Base, cases: Vec<Case>, interner: Arc<Interner>) -> Result<Self, (String, String)> {
        let mut fields: Vec<Field> = Vec::new();
        let mut compiled = Vec::new();
        for case in cases {
            let mut conditions = Vec::new();
            for (name, values) in &case.conditions {
                let index = fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
                    fields.push(Field { name: name.clone(), codes: NameMap::default(), numbers: NameMap::default() });
                    fields.len() - 1
                });
                let field = &mut fields[index];
                let values = values.to_vec();
                let any = values.contains(&Scalar::Text("*".into()));
                let codes = (!any).then(|| values.iter().map(|value| field.code_for(value)).collect());
                conditions.push((index, codes));
            }
            compiled.push(CompiledCase { conditions, case });
        }
        let routes = fields.iter().try_fold(1_usize, |count, field| {
            count.checked_mul(field.codes.len() + 2).filter(|count| *count <= MAX_ROUTES)
        });
        let routes = routes.ok_or_else(|| {
            (
                "case".to_owned(),
                format!("its conditions describe more than {MAX_ROUTES} kinds of records: use fewer values"),
            )
        })?;
        let mut router = Router { fields, cases: compiled, base, routes: Vec::new(), interner };
        router.check()?;
        router.routes.resize_with(routes, OnceLock::new);
        Ok(router)
    }

    /// The route of a record.
    pub fn route(&self, fields: &Fields) -> &Route {
        let mut index = 0;
        for field in &self.fields {
            index = index * (field.codes.len() + 2) + field.code(fields.get(&field.name));
        }
        self.routes[index].get_or_init(|| Arc::new(self.build(index)))
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
        let mut codes = vec![0; self.fields.len()];
        for (code, field) in codes.iter_mut().zip(&self.fields).rev() {
            *code = index % (field.codes.len() + 2);
            index /= field.codes.len() + 2;
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
        CoreMapping::new(&core, &constants, &self.base.lookups)
    }
}

impl Field {
    fn code_for(&mut self, value: &Scalar) -> usize {
        let next = self.codes.len() + 2;
        let text = value.text().to_ascii_lowercase();
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
    use crate::source::definition::OneOrMany;

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
        ];
        let router = Router::new(Base::default(), cases, Arc::new(Interner::default())).unwrap();
        assert_eq!(categories(&router, &[("channel", "SYSMON".into()), ("id", 13.into())]), "event set");
        assert_eq!(categories(&router, &[("channel", "x".into()), ("id", "13".into())]), "event");
        assert_eq!(categories(&router, &[("user", "li".into())]), "user");
        assert_eq!(categories(&router, &[]), "");
        let set = |id: i64| {
            let fields: Fields = [("id", id), ("x", id)].into_iter().collect();
            router.route(&fields).log_sources.clone()
        };
        assert!(Arc::ptr_eq(&set(1), &set(2)));
    }
}
