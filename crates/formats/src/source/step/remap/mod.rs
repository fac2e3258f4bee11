//! A program in the Vector Remap Language as a step, for what the other steps cannot say.
//!
//! It works on an object of the fields so far and sees nothing else: no clock, no chance, no network, no machine. What
//! it may cost is bounded by the length of what goes in and comes out, by the expressions it evaluates and by the time
//! of the processor that takes.

mod depth;
mod functions;
mod values;

use std::fmt::Write;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use regex::Regex;
use rustix::time::{ClockId, clock_gettime};
use vrl::compiler::runtime::{Runtime, Terminate};
use vrl::compiler::state::ExternalEnv;
use vrl::compiler::{CompileConfig, ExpressionError, TargetValueRef, TimeZone, compile_with_external};
use vrl::diagnostic::{DiagnosticList, Note};
use vrl::value::kind::Collection;
use vrl::value::{Kind, ObjectMap, Secrets, Value as Remapped};

use super::matcher::regex;
use crate::builder::Builder;
use crate::source::Place;

/// The longest program.
const MAX_PROGRAM: usize = 16 * 1024;
/// The most bytes of text and fields it is run on.
const MAX_IN: usize = 256 * 1024;
/// The most bytes it may leave.
const MAX_OUT: usize = 1024 * 1024;
/// The most expressions it may evaluate for one record.
const MAX_EXPRESSIONS: u32 = 20_000;
/// The time of the processor it may take for one record.
const MAX_TIME: Duration = Duration::from_millis(100);
/// The member that holds the text, where no field has its name.
const TEXT: &str = "message";
/// The code the compiler gives a call of a function that is not there.
const UNDEFINED_FUNCTION: usize = vrl::compiler::codes::ExprCode::UndefinedFunction as usize;

/// A compiled program.
#[derive(Debug)]
pub struct Remap(vrl::compiler::Program);

impl Remap {
    /// Compiles a program; the error says line and column of each mistake in it.
    pub fn compile(text: &str) -> Result<Remap, String> {
        if text.len() > MAX_PROGRAM {
            return Err(format!("it is longer than {MAX_PROGRAM} bytes: split it into two steps"));
        }
        if depth::of(text) > depth::MOST {
            return Err(format!("a statement of it nests deeper than {}: use variables", depth::MOST));
        }
        check_expressions(text)?;
        let fields = Kind::object(Collection::any());
        let known = Collection::empty().with_known(TEXT, Kind::bytes());

        let environment = ExternalEnv::new_with_kind(fields, Kind::object(known));
        let compile = || {
            compile_with_external(text, functions::allowed(), &environment, CompileConfig::default())
                .map(|compiled| Remap(compiled.program))
                .map_err(|mistakes| told(text, &mistakes))
        };
        catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|_| Err("the compiler failed on it".to_owned()))
    }

    /// Runs it on the fields so far and the text; the error says why the layout does not fit, and then the fields are
    /// as they were.
    pub fn run(&self, text: &str, builder: &mut Builder<'_>) -> Result<(), String> {
        let mut fields = values::object(builder);
        let text = Remapped::from(text);
        let lends_text = !fields.contains_key(TEXT);
        if lends_text {
            fields.insert(TEXT.into(), text.clone());
        }
        let mut value = Remapped::Object(fields);
        if values::length(&value) + values::length(&text) > MAX_IN {
            return Err(format!("text and fields are longer than {MAX_IN} bytes together"));
        }
        let mut metadata = Remapped::Object(ObjectMap::from([(TEXT.into(), text.clone())]));
        let mut secrets = Secrets::default();
        let mut target = TargetValueRef { value: &mut value, metadata: &mut metadata, secrets: &mut secrets };
        let mut cost = Cost::default();
        let run = || {
            let mut spend = || cost.spend();
            Runtime::default().resolve_with_control(&mut target, &self.0, &TimeZone::Named(chrono_tz::UTC), &mut spend)
        };
        // Some functions of the library panic on values their authors did not think of.
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(_)) => {}
            Ok(Err(Terminate::Interrupted)) => {
                return Err(format!("it took more than {MAX_EXPRESSIONS} expressions or {MAX_TIME:?}"));
            }
            Ok(Err(Terminate::Abort(ExpressionError::Abort { message, .. }))) => {
                return Err(
                    message.map_or("it said `abort`".to_owned(), |message| format!("it said `abort`: {message}"))
                );
            }
            Ok(Err(Terminate::Abort(error) | Terminate::Error(error))) => return Err(error.to_string()),
            Err(_) => return Err("a function in it failed on a value".to_owned()),
        }
        let Remapped::Object(mut fields) = value else {
            return Err(format!("`.` is no object after it but of type {}", value.kind_str()));
        };
        if lends_text && fields.get(TEXT) == Some(&text) {
            fields.remove(TEXT);
        }
        if fields.iter().map(|(name, value)| name.len() + values::length(value)).sum::<usize>() > MAX_OUT {
            return Err(format!("it leaves more than {MAX_OUT} bytes"));
        }
        values::replace(builder, values::fields(fields));
        Ok(())
    }
}

/// Holds its regular expressions to the limits of all others.
fn check_expressions(text: &str) -> Result<(), String> {
    static LITERAL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"r'((?:[^'\\]|\\.)*)'").expect("a constant expression"));
    for found in LITERAL.captures_iter(text) {
        let (Some(whole), expression) = (found.get(0), found[1].replace(r"\'", "'")) else { continue };
        // Broken ones are the compiler's to report; what only looks like one inside a text must not be refused.
        if regex_syntax::parse(&expression).is_ok() {
            regex(&expression).map_err(|problem| format!("{}: {problem}", at(text, whole.start())))?;
        }
    }
    Ok(())
}

fn at(text: &str, byte: usize) -> String {
    let place = Place::of(text, byte);
    format!("line {}, column {}", place.line, place.column)
}

/// The compiler's mistakes in words, one after the other.
fn told(text: &str, mistakes: &DiagnosticList) -> String {
    let mut told = String::new();
    for mistake in mistakes.iter().filter(|mistake| mistake.severity().is_error() || mistake.severity().is_bug()) {
        let label = mistake.labels().iter().find(|label| label.primary).or(mistake.labels().first());
        let begins = label.map_or(0, |label| label.span.start());
        let separator = if told.is_empty() { "" } else { "; " };
        let _ = write!(told, "{separator}{}: ", at(text, begins));
        let called = label.and_then(|label| text.get(label.span.range())).map(str::trim).unwrap_or_default();
        if mistake.code == UNDEFINED_FUNCTION
            && let Some(why) = functions::refusal(called)
        {
            let _ = write!(told, "there is no function `{called}` here: {why}");
            continue;
        }
        told += mistake.message();
        let labels = mistake.labels().iter().filter(|label| !label.message.is_empty());
        let details: Vec<&str> = labels.map(|label| label.message.as_str()).collect();
        if !details.is_empty() {
            let _ = write!(told, " ({})", details.join(", "));
        }
        for note in mistake.notes() {
            if let Note::Hint(hint) = note {
                let _ = write!(told, ": {hint}");
            }
        }
    }
    told
}

/// What a run has spent.
struct Cost {
    expressions: u32,
    began: Instant,
    processor: Duration,
}

impl Default for Cost {
    fn default() -> Self {
        Cost { expressions: 0, began: Instant::now(), processor: processor_time() }
    }
}

impl Cost {
    fn spend(&mut self) -> ControlFlow<()> {
        self.expressions += 1;
        // A thread that had to wait took longer by the clock than it worked: only work counts.
        let too_long = self.began.elapsed() > MAX_TIME && processor_time().saturating_sub(self.processor) > MAX_TIME;
        if self.expressions > MAX_EXPRESSIONS || too_long { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The processor's time this thread has taken so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests;
