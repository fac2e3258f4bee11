//! Compiled rules.

use std::panic::{AssertUnwindSafe, catch_unwind};

use boreal::Compiler;
use boreal::compiler::CompilerParams;
use boreal::module::{Console, Module};
use boreal::scanner::ScanParams;

use crate::source::{LONGEST_TEXT, Problem, RuleInfo, Source, place};
use crate::split::{next_rule, rule_name, statements};

/// What public rules expect to be told of a file besides its content.
pub(crate) const EXTERNALS: [&str; 5] = ["filename", "filepath", "extension", "filetype", "owner"];
/// Problems of a text that are told; more of them say the same.
const MOST_PROBLEMS: usize = 200;
/// Expressions of a rule inside each other.
const DEEPEST: u32 = 40;
/// Strings of a rule.
const MOST_STRINGS: usize = 10_000;

/// Compiled rules. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(crate) scanner: boreal::Scanner,
    count: usize,
}

impl Rules {
    /// Compiles every rule of these texts, or says of each that cannot be compiled where and why.
    pub fn compile(sources: &[Source]) -> Result<Rules, Vec<Problem>> {
        let (rules, problems) = Rules::load(sources);
        if problems.is_empty() { Ok(rules) } else { Err(problems) }
    }

    /// Compiles what can be compiled. A rule that cannot is left out and told, with its place; so are those that build on
    /// it. What cannot be imported is told once, and each rule that would need it.
    pub fn load(sources: &[Source]) -> (Rules, Vec<Problem>) {
        let mut compiler = compiler();
        let mut problems = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            // Two texts may have one name, but not one namespace.
            let namespace = format!("{number}:{}", source.name);
            problems.extend(add(&mut compiler, source, &namespace));
        }
        let mut scanner = compiler.finalize();
        scanner.set_scan_params(ScanParams::default());
        let count = scanner.rules().filter(|rule| !rule.is_private).count();
        (Rules { scanner, count }, problems)
    }

    /// How many rules there are, without those that only serve others (`private`).
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rules, without private ones.
    pub fn list(&self) -> Vec<RuleInfo> {
        let rules = self.scanner.rules().filter(|rule| !rule.is_private);
        let info = |rule: boreal::scanner::RuleDetails<'_>| RuleInfo {
            source: source_of(rule.namespace).to_owned(),
            name: rule.name.to_owned(),
            tags: rule.tags.iter().map(|tag| self.scanner.get_string_symbol(*tag).to_owned()).collect(),
            meta: meta(&self.scanner, rule.metadatas),
        };
        rules.map(info).collect()
    }
}

/// A text's name, of the namespace made from it.
pub(crate) fn source_of(namespace: &str) -> &str {
    namespace.split_once(':').map_or(namespace, |(_, name)| name)
}

/// What a rule says of itself as text.
pub(crate) fn meta(scanner: &boreal::Scanner, found: &[boreal::Metadata]) -> Vec<(String, String)> {
    let value = |value: &boreal::MetadataValue| match value {
        boreal::MetadataValue::Bytes(bytes) => String::from_utf8_lossy(scanner.get_bytes_symbol(*bytes)).into_owned(),
        boreal::MetadataValue::Integer(number) => number.to_string(),
        boreal::MetadataValue::Boolean(truth) => truth.to_string(),
    };
    found.iter().map(|one| (scanner.get_string_symbol(one.name).to_owned(), value(&one.value))).collect()
}

fn compiler() -> Compiler {
    // What rules print goes nowhere; that they print must not keep them from loading.
    let console = Console::with_callback(|_: String| {});
    debug_assert_eq!(console.get_name(), "console");
    let mut compiler = boreal::compiler::CompilerBuilder::new().add_module(console).build();
    compiler.set_params(
        CompilerParams::default()
            .disable_includes(true)
            .max_condition_depth(DEEPEST)
            .max_strings_per_rule(MOST_STRINGS),
    );
    for name in EXTERNALS {
        compiler.define_symbol(name, "");
    }
    compiler
}

fn add(compiler: &mut Compiler, source: &Source, namespace: &str) -> Vec<Problem> {
    let problem = |at: usize, rule: Option<String>, message: String| {
        let (line, column) = place(&source.text, at);
        Problem { source: source.name.clone(), line, column, rule, message }
    };
    if source.text.len() > LONGEST_TEXT {
        let message = format!("the text is larger than {} MiB: cut it into several", LONGEST_TEXT >> 20);
        return vec![problem(0, None, message)];
    }
    let mut problems = Vec::new();
    let mut left: Vec<_> = statements(&source.text).into_iter().rev().collect();
    while let Some(statement) = left.pop() {
        let text = &source.text[statement.clone()];
        let added = catch_unwind(AssertUnwindSafe(|| compiler.add_rules_str_in_namespace(text, namespace)));
        let (at, message) = match added {
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => {
                let told = error.to_diagnostic();
                let label = told.labels.first();
                let detail = label.map(|label| label.message.as_str()).filter(|detail| !detail.is_empty());
                let message = detail.map_or(told.message.clone(), |detail| format!("{}: {detail}", told.message));
                (label.map_or(0, |label| label.range.start), message)
            }
            Err(_) => (0, "the compiler gave up on it".to_owned()),
        };
        if problems.len() == MOST_PROBLEMS {
            problems.push(problem(statement.start, None, "there are more problems than are told".to_owned()));
            return problems;
        }
        problems.push(problem(statement.start + at, rule_name(text), message));
        // A rule whose end was not found may have swallowed others.
        if let Some(next) = next_rule(&source.text, &statement) {
            let rest = &source.text[next..statement.end];
            left.extend(statements(rest).into_iter().rev().map(|inner| inner.start + next..inner.end + next));
        }
    }
    problems
}
