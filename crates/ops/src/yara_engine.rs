//! What scans: the engine of the crate `yara` in builds that have it, and the knowledge that there is none in others.

use model::yara::{YaraProblem, YaraRule};

/// Whether this build scans.
pub(crate) const SCANS: bool = cfg!(feature = "yara");

/// A text of rules as it was checked.
pub(crate) struct Checked {
    /// What loads.
    pub rules: Vec<YaraRule>,
    /// What does not.
    pub problems: Vec<YaraProblem>,
}

#[cfg(feature = "yara")]
pub(crate) use with::{Engine, Wanted, built_in, check, engine_version};

#[cfg(not(feature = "yara"))]
pub(crate) use without::{built_in, check};

#[cfg(feature = "yara")]
mod with {
    use std::sync::Arc;

    use model::yara::{FileMatch, FileScan, FileString, ScanState, SkippedFile, severity};
    use model::{Severity, YaraSetId};
    use sha2::{Digest, Sha256};
    use yara::{Limits, Outcome, Problem, Rules, Source, Stragglers};

    use super::*;

    /// A set of rules that is to be in force.
    pub(crate) struct Wanted {
        /// Which.
        pub id: YaraSetId,
        /// Its name.
        pub name: String,
        /// Its rules.
        pub text: String,
    }

    /// Rules in force.
    pub(crate) struct Engine {
        rules: Rules,
        sets: Vec<Wanted>,
    }

    impl Engine {
        /// The rules every installation has, and those of these sets as far as they load.
        pub(crate) fn new(sets: Vec<Wanted>) -> Engine {
            let ours = sets.iter().map(|set| Source { name: set.id.to_string(), text: set.text.clone() });
            let sources: Vec<Source> = std::iter::once(yara::built_in()).chain(ours).collect();
            let (rules, _) = Rules::load(&sources);
            let sets = sets.into_iter().map(|set| Wanted { text: String::new(), ..set }).collect();
            Engine { rules, sets }
        }

        /// Holds a file against the rules; `stragglers` counts scans that do not come back.
        pub(crate) fn scan(&self, name: &str, bytes: Vec<u8>, stragglers: &Stragglers) -> FileScan {
            let limits = Limits { stragglers: stragglers.clone(), ..Limits::default() };
            let done = self.rules.scan_file(name, Arc::new(bytes), &limits);
            let mut matches: Vec<FileMatch> = done.found.into_iter().map(|found| self.told(name, found)).collect();
            matches.sort_by_key(|one| std::cmp::Reverse(one.rule.severity));
            let (state, problem) = match done.outcome {
                Outcome::Finished => (ScanState::Done, None),
                Outcome::TimedOut => (ScanState::Stopped, None),
                Outcome::Failed(why) => (ScanState::Failed, Some(why)),
            };
            let skipped = done.skipped.into_iter();
            FileScan {
                state,
                at: None,
                rules: self.rules.count() as i64,
                files: done.files as i64,
                matches,
                skipped: skipped
                    .map(|one| SkippedFile { path: one.path, reason: one.reason.as_str().to_owned() })
                    .collect(),
                skipped_in_all: done.skipped_in_all as i64,
                problem,
            }
        }

        fn told(&self, name: &str, found: yara::Found) -> FileMatch {
            let set = self.sets.iter().find(|set| set.id.as_str() == found.rule.source);
            let strings = found.rule.strings.iter().map(|string| FileString {
                id: string.id.clone(),
                offset: i64::try_from(string.offset).unwrap_or(i64::MAX),
                length: i64::try_from(string.length).unwrap_or(i64::MAX),
                excerpt: string.excerpt.clone(),
            });
            FileMatch {
                strings: strings.collect(),
                set: set.map(|set| set.id.clone()),
                set_name: set.map_or_else(|| found.rule.source.clone(), |set| set.name.clone()),
                path: found.path.strip_prefix(name).and_then(|inside| inside.strip_prefix('!')).map(str::to_owned),
                rule: listed(&found.rule.rule, &found.rule.tags, |key| found.rule.meta(key).map(str::to_owned)),
            }
        }
    }

    /// What loads of a text, and what does not.
    pub(crate) fn check(text: &str) -> Checked {
        let (rules, problems) = Rules::load(&[Source { name: String::new(), text: text.to_owned() }]);
        Checked { rules: list(&rules), problems: problems.into_iter().map(problem).collect() }
    }

    /// The text of the rules every installation has, and what they are.
    pub(crate) fn built_in() -> (String, Vec<YaraRule>) {
        let source = yara::built_in();
        let (rules, _) = Rules::load(std::slice::from_ref(&source));
        (source.text, list(&rules))
    }

    /// Changes with what this build would find by itself.
    pub(crate) fn engine_version() -> String {
        let digest = Sha256::digest(yara::built_in().text);
        digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    fn list(rules: &Rules) -> Vec<YaraRule> {
        let one = |rule: yara::RuleInfo| {
            let meta = |name: &str| rule.meta.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            listed(&rule.name, &rule.tags, meta)
        };
        rules.list().into_iter().map(one).collect()
    }

    fn listed(name: &str, tags: &[String], meta: impl Fn(&str) -> Option<String>) -> YaraRule {
        let said: Severity = severity(meta("severity").as_deref(), meta("score").as_deref());
        YaraRule {
            name: name.to_owned(),
            tags: tags.to_vec(),
            severity: said,
            description: meta("description"),
            description_zh: meta("description_zh"),
        }
    }

    fn problem(problem: Problem) -> YaraProblem {
        let Problem { line, column, rule, message, .. } = problem;
        YaraProblem { line: line as i64, column: column as i64, rule, message }
    }
}

#[cfg(not(feature = "yara"))]
mod without {
    use super::*;

    /// Nothing is known of any text.
    pub(crate) fn check(_: &str) -> Checked {
        Checked { rules: Vec::new(), problems: Vec::new() }
    }

    /// There are none.
    pub(crate) fn built_in() -> (String, Vec<YaraRule>) {
        (String::new(), Vec::new())
    }
}
