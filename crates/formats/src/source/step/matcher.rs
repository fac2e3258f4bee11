//! Whether and where an expression fits a text: by our own machine, and by the `regex` crate where the expression has
//! something the machine cannot do, or a text makes it go back too often. What the crate would refuse is refused.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

use super::program::Program;
use super::run::{Exhausted, Scratch};

/// The longest expression a source may have.
const MAX_LENGTH: usize = 16 * 1024;
/// What one compiled expression may take.
const MAX_SIZE: usize = 4 << 20;
/// An expression that may take more than this is given to the crate at once, which says whether it takes too much.
const LARGE: usize = MAX_SIZE / 4;

thread_local! {
    /// What this thread's matches work with.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
    /// Until when this thread may compile expressions, where somebody waits for them.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs `work`, which compiles expressions, and refuses those it comes to after `time`.
pub(crate) fn within<T>(time: Duration, work: impl FnOnce() -> T) -> T {
    DEADLINE.set(Some(Instant::now() + time));
    let done = work();
    DEADLINE.set(None);
    done
}

/// Compiles an expression for others than steps, within the limits; the error says what is wrong.
pub fn regex(text: &str) -> Result<Regex, String> {
    allowed(text)?;
    build(&ascii_digits(text))
}

fn allowed(text: &str) -> Result<(), String> {
    if DEADLINE.get().is_some_and(|deadline| Instant::now() > deadline) {
        return Err("compiling the expressions before this one took too long: use fewer or smaller ones".to_owned());
    }
    if text.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} bytes: split it"));
    }
    Ok(())
}

fn build(expression: &str) -> Result<Regex, String> {
    RegexBuilder::new(expression).size_limit(MAX_SIZE).dfa_size_limit(MAX_SIZE).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            format!("it takes more than {MAX_SIZE} bytes: use smaller counts and fewer classes such as \\w")
        }
        error => error.to_string(),
    })
}

/// The expression with `\d` for the ten digits alone: logs mean no others, and tables of all the digits of Unicode make
/// an expression slow to compile and to run.
fn ascii_digits(expression: &str) -> Cow<'_, str> {
    let Some(first) = expression.find(r"\d") else { return Cow::Borrowed(expression) };
    let mut plain = String::with_capacity(expression.len() * 2);
    // Everything before the first is as it is, unless its backslash is itself escaped.
    let start = first - expression[..first].bytes().rev().take_while(|byte| *byte == b'\\').count();
    plain.push_str(&expression[..start]);
    let mut chars = expression[start..].chars();
    while let Some(char) = chars.next() {
        match (char, if char == '\\' { chars.next() } else { None }) {
            ('\\', Some('d')) => plain.push_str("[0-9]"),
            (char, escaped) => {
                plain.push(char);
                plain.extend(escaped);
            }
        }
    }
    Cow::Owned(plain)
}

/// What the machine says of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Fits,
    Misfit,
    /// It leaves the answer to the crate.
    Left,
}

/// A compiled expression with its named groups.
#[derive(Debug)]
pub struct Matcher {
    expression: Box<str>,
    /// The named groups: their numbers in the expression, and their names.
    groups: Box<[(u32, Box<str>)]>,
    program: Option<Program>,
    /// Compiled when it is first needed; nothing where it turns out too large, and then it fits nothing.
    regex: OnceLock<Option<Regex>>,
}

impl Matcher {
    /// Compiles an expression within the limits; the error says what is wrong.
    pub fn new(text: &str) -> Result<Matcher, String> {
        Ok(Matcher::parse(text)?.0)
    }

    /// Compiles an expression within the limits, and says what it is; the error says what is wrong.
    pub fn parse(text: &str) -> Result<(Matcher, Hir), String> {
        allowed(text)?;
        let expression = ascii_digits(text);
        let hir = match regex_syntax::parse(&expression) {
            Ok(hir) => hir,
            Err(error) => return Err(build(&expression).err().unwrap_or_else(|| error.to_string())),
        };
        let regex = OnceLock::new();
        if size(&hir) > LARGE {
            let _ = regex.set(Some(build(&expression)?));
        }
        let mut groups = Vec::new();
        named(&hir, &mut groups);
        let numbers: Vec<u32> = groups.iter().map(|(number, _)| *number).collect();
        let program = Program::compile(&hir, &numbers).ok();
        let matcher = Matcher { expression: expression.into(), groups: groups.into(), program, regex };
        Ok((matcher, hir))
    }

    /// The names of its groups.
    pub fn names(&self) -> Vec<&str> {
        self.groups.iter().map(|(_, name)| &**name).collect()
    }

    /// Whether it may fit a text by how that begins.
    pub fn may_begin(&self, text: &str) -> bool {
        self.program.as_ref().is_none_or(|program| program.may_begin(text.as_bytes()))
    }

    /// Whether it looks for this literal first of all.
    pub fn begins_with(&self, literal: &str) -> bool {
        self.program.as_ref().is_some_and(|program| program.begins_with(literal))
    }

    /// The bytes a text it fits must begin with; nothing where it may fit anywhere or begin with nearly anything.
    pub fn first_bytes(&self) -> Option<Vec<u8>> {
        self.program.as_ref()?.first_bytes()
    }

    /// Whether it fits somewhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.captures(text, |_| ()).is_some()
    }

    /// What `read` makes of the named groups, each by its place among the names, where the expression fits.
    pub fn captures<T>(&self, text: &str, read: impl FnOnce(&Scratch) -> T) -> Option<T> {
        let mut scratch = SCRATCH.take();
        let found = self.search(text, &mut scratch).then(|| read(&scratch));
        SCRATCH.replace(scratch);
        found
    }

    /// What our own machine says.
    pub(super) fn by_machine(&self, text: &str, scratch: &mut Scratch) -> Outcome {
        match self.program.as_ref().map(|program| program.search(text, scratch)) {
            Some(Ok(true)) => Outcome::Fits,
            Some(Ok(false)) => Outcome::Misfit,
            None | Some(Err(Exhausted)) => Outcome::Left,
        }
    }

    /// Whether our own machine can do it.
    #[cfg(test)]
    pub(super) fn is_own(&self) -> bool {
        self.program.is_some()
    }

    fn search(&self, text: &str, scratch: &mut Scratch) -> bool {
        match self.by_machine(text, scratch) {
            Outcome::Fits => return true,
            Outcome::Misfit => return false,
            Outcome::Left => {}
        }
        // No record is that long.
        if text.len() > Scratch::LONGEST {
            return false;
        }
        let Some(regex) = self.regex.get_or_init(|| build(&self.expression).ok()) else { return false };
        scratch.reset(self.groups.len() * 2);
        if self.groups.is_empty() {
            return regex.is_match(text);
        }
        let Some(found) = regex.captures(text) else { return false };
        for (index, (number, _)) in self.groups.iter().enumerate() {
            if let Some(group) = found.get(*number as usize) {
                scratch.set(index, group.start(), group.end());
            }
        }
        true
    }
}

/// The named groups of an expression, each once however often it is repeated.
fn named(hir: &Hir, groups: &mut Vec<(u32, Box<str>)>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            if let Some(name) = &capture.name
                && groups.iter().all(|(number, _)| *number != capture.index)
            {
                groups.push((capture.index, name.clone()));
            }
            named(&capture.sub, groups);
        }
        HirKind::Repetition(repetition) => named(&repetition.sub, groups),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().for_each(|part| named(part, groups)),
        _ => {}
    }
}

/// About how many bytes the crate takes for an expression, rather too many than too few.
fn size(hir: &Hir) -> usize {
    /// A state, and what a range of characters beyond ASCII comes to.
    const STATE: usize = 64;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        HirKind::Literal(literal) => STATE * literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => STATE * (class.ranges().len() + 4),
        HirKind::Class(Class::Bytes(class)) => STATE * (class.ranges().len() + 4),
        HirKind::Capture(capture) => size(&capture.sub) + 2 * STATE,
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(size).fold(STATE, usize::saturating_add)
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            (size(&repetition.sub) + STATE).saturating_mul(times as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_ascii_and_escapes_stay() {
        for (expression, expected) in [
            (r"^\d+[\d.]", r"^[0-9]+[[0-9].]"),
            (r"\\\d\\d", r"\\[0-9]\\d"),
            (r"[^\d]\D\s", r"[^[0-9]]\D\s"),
            ("none", "none"),
        ] {
            assert_eq!(ascii_digits(expression), expected);
            assert!(Regex::new(&ascii_digits(expression)).is_ok());
        }
        let digit = Matcher::new(r"^\d$").unwrap();
        assert!(digit.is_match("7") && !digit.is_match("\u{0663}"));
    }

    #[test]
    fn the_first_bytes_of_an_expression_are_all_it_may_begin_with() {
        let first = |expression: &str| {
            Matcher::new(expression).unwrap().first_bytes().map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(first(r"^(?:a|bc)x").as_deref(), Some("ab"));
        assert_eq!(first(r"^\d{4}-").as_deref(), Some("0123456789"));
        assert_eq!(first(r"^\[?[0-2]").as_deref(), Some("012["));
        for expression in [r"abc", r"^(?:a)?", r"^.*x", r"^a|b"] {
            assert_eq!(first(expression), None, "{expression}");
        }
    }

    #[test]
    fn an_expression_too_large_is_refused() {
        assert!(Matcher::new(r"(\w{100}){1000}").unwrap_err().contains("bytes"));
        assert!(Matcher::new(&"a".repeat(MAX_LENGTH + 1)).is_err());
    }
}
