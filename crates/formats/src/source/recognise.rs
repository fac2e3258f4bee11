//! Whether a record is worth a layout's steps: literals and the syslog program, nothing that costs.

use memchr::memmem::Finder;

use super::definition::Recognise;

/// The compiled `[variant.recognise]` table.
#[derive(Debug)]
pub struct Recogniser {
    program: Vec<String>,
    starts_with: Vec<String>,
    contains: Vec<Finder<'static>>,
    contains_any: Vec<Finder<'static>>,
    /// Fields that must be there after the steps.
    pub fields: Vec<String>,
}

impl Recogniser {
    /// Compiles the table; nothing where it has no condition at all, which would take every record there is.
    pub fn new(file: Recognise) -> Option<Self> {
        let finders = |texts: &[String]| texts.iter().map(|text| Finder::new(text.as_bytes()).into_owned()).collect();
        let recogniser = Recogniser {
            contains: finders(&file.contains),
            contains_any: finders(&file.contains_any),
            program: file.program,
            starts_with: file.starts_with,
            fields: file.fields,
        };
        let conditions = recogniser.program.len()
            + recogniser.starts_with.len()
            + recogniser.contains.len()
            + recogniser.contains_any.len();
        (conditions > 0).then_some(recogniser)
    }

    /// Whether the record may be of this layout.
    pub fn may_be(&self, program: Option<&str>, message: &str) -> bool {
        let stands = |finder: &Finder| finder.find(message.as_bytes()).is_some();
        (self.program.is_empty() || program.is_some_and(|program| self.program.iter().any(|known| known == program)))
            && (self.starts_with.is_empty() || self.starts_with.iter().any(|start| message.starts_with(start)))
            && self.contains.iter().all(stands)
            && (self.contains_any.is_empty() || self.contains_any.iter().any(stands))
    }
}
