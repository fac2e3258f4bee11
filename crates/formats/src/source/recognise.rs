//! Whether a record is worth a layout's steps: literals and the syslog program, nothing that costs.

use memchr::memmem::Finder;

use super::definition::Recognise;
use super::literals::Rarity;
use super::step::Matcher;

/// The compiled `[variant.recognise]` table.
#[derive(Debug)]
pub struct Recogniser {
    file: Recognise,
    contains: Vec<Finder<'static>>,
    contains_any: Vec<Finder<'static>>,
    not_contains: Vec<Finder<'static>>,
    matches: Vec<Matcher>,
}

/// A condition that must hold and that many layouts can be told apart by at once.
pub enum Key<'r> {
    /// The syslog program is one of these.
    Program(&'r [String]),
    /// The message starts with one of these.
    Start(&'r [String]),
    /// One of these stands in the message.
    Text(&'r [String]),
    /// The message begins with one of these bytes.
    First(&'r [u8]),
    /// Nothing that tells layouts apart: it must be tried.
    None,
}

/// A shorter text stands in nearly every record.
const LEAST_KEY: usize = 3;

impl Recogniser {
    /// Compiles the table; the error names the key and the problem. A table without a condition would take every
    /// record there is.
    pub fn new(file: Recognise) -> Result<Self, (&'static str, String)> {
        let finders = |texts: &[String]| texts.iter().map(|text| Finder::new(text.as_bytes()).into_owned()).collect();
        let matches = file.matches.iter().map(|text| Matcher::new(text)).collect::<Result<Vec<_>, _>>();
        let matches = matches.map_err(|problem| (".matches", problem))?;
        let lists = [&file.program, &file.starts_with, &file.contains, &file.contains_any, &file.not_contains];
        if lists.iter().any(|list| list.iter().any(String::is_empty)) {
            return Err(("", "an empty text is no condition".into()));
        }
        let has_text = lists[..4].iter().any(|list| !list.is_empty()) || !matches.is_empty();
        if !has_text {
            return Err(("", "it has no condition: give it a program or a text".into()));
        }
        Ok(Recogniser {
            contains: finders(&file.contains),
            contains_any: finders(&file.contains_any),
            not_contains: finders(&file.not_contains),
            matches,
            file,
        })
    }

    /// The condition to know candidates by.
    pub fn key(&self, rarity: &Rarity) -> Key<'_> {
        let file = &self.file;
        let rarest = file.contains.iter().min_by_key(|text| (rarity.count(text), std::cmp::Reverse(text.len())));
        if !file.program.is_empty() {
            Key::Program(&file.program)
        } else if !file.starts_with.is_empty() && file.starts_with.iter().all(|text| text.len() >= LEAST_KEY) {
            Key::Start(&file.starts_with)
        } else if let Some(rarest) = rarest
            && rarest.len() >= LEAST_KEY
        {
            Key::Text(std::slice::from_ref(rarest))
        } else if !file.contains_any.is_empty() && file.contains_any.iter().all(|text| text.len() >= LEAST_KEY) {
            Key::Text(&file.contains_any)
        } else if !file.starts_with.is_empty() {
            Key::Start(&file.starts_with)
        } else {
            Key::None
        }
    }

    /// Whether the layout is of the whole record, header included.
    pub fn is_whole(&self) -> bool {
        self.file.whole
    }

    /// Fields that must be there after the steps.
    pub fn fields(&self) -> &[String] {
        &self.file.fields
    }

    /// Whether the record may be of this layout.
    pub fn may_be(&self, program: Option<&str>, message: &str) -> bool {
        self.unmet(program, message).is_none()
    }

    /// The condition that does not hold.
    pub fn unmet(&self, program: Option<&str>, message: &str) -> Option<&'static str> {
        let file = &self.file;
        let stands = |finder: &Finder| finder.find(message.as_bytes()).is_some();
        let is_program = |program: &str| file.program.iter().any(|known| known == program);
        if !file.program.is_empty() && !program.is_some_and(is_program) {
            Some("program")
        } else if !file.starts_with.is_empty() && !file.starts_with.iter().any(|start| message.starts_with(start)) {
            Some("starts_with")
        } else if !self.contains.iter().all(stands) {
            Some("contains")
        } else if !self.contains_any.is_empty() && !self.contains_any.iter().any(stands) {
            Some("contains_any")
        } else if self.not_contains.iter().any(stands) {
            Some("not_contains")
        } else if !self.matches.is_empty() && !self.matches.iter().any(|matcher| matcher.is_match(message)) {
            Some("matches")
        } else {
            None
        }
    }
}
