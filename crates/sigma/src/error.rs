//! What can be wrong with a rule: one enum, each message saying what, where and what to do.

/// Why a rule, correlation or filter cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is no YAML, or exceeds a limit that protects against hostile YAML.
    #[error("not readable as YAML: {0}")]
    Yaml(String),
    /// The file is larger than any rule file should be.
    #[error("the file has {size} bytes, more than the {limit} a rule file may have: split it")]
    TooLarge {
        /// Bytes it has.
        size: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// A required key is absent.
    #[error("`{0}` is missing: add it")]
    Missing(&'static str),
    /// A key holds something it may not hold.
    #[error("`{at}` {problem}")]
    Invalid {
        /// Where: keys joined with dots.
        at: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// The condition cannot be understood.
    #[error("condition `{condition}`: {problem}")]
    Condition {
        /// The condition as written, shortened.
        condition: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// Two documents share an id.
    #[error("id `{id}` is already used by {first}: give each rule an id of its own")]
    DuplicateId {
        /// The id.
        id: String,
        /// The file that had it first.
        first: String,
    },
    /// The `expand` modifier names a placeholder nobody filled. Such a rule is inactive, not wrong.
    #[error("placeholder `%{0}%` has no values: fill it to activate the rule")]
    Placeholder(String),
    /// A processing pipeline refuses the rule or cannot change it.
    #[error("pipeline `{pipeline}`: {message}")]
    Pipeline {
        /// The pipeline's name.
        pipeline: String,
        /// What it says.
        message: String,
    },
    /// A correlation or filter names a rule that is not there.
    #[error("`{at}` refers to `{reference}`, which is no id or name of a loaded rule: correct it or load that rule")]
    UnknownReference {
        /// Where the reference stands.
        at: &'static str,
        /// What it says.
        reference: String,
    },
}

impl Error {
    /// An [`Error::Invalid`].
    pub(crate) fn invalid(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Invalid { at: at.into(), problem: problem.into() }
    }
}
