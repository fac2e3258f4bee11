//! The rules there are: those that come with the program or from folders, and over them what people decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Severity;
use model::use_case::{Cards, Exception, Language, UseCase, UseCaseState};
use serde::{Deserialize, Serialize};
use sigma::{Head, Rule, RuleSet};

use crate::device_health::print;

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleOrigin {
    /// It comes with the program.
    BuiltIn,
    /// From a folder the settings name.
    Folder,
    /// From a collection somebody else publishes, taken over release by release.
    Collection,
    /// Of our own.
    Own,
}

/// A file of rules.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// Its name, relative to its folder.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Where it comes from.
    pub origin: RuleOrigin,
    /// The instruction cards of its rules.
    pub cards: Cards,
    /// Where its rules stand as long as nobody decides about them.
    pub state: UseCaseState,
}

/// What a rule says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleInfo {
    /// The rule's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How bad its matches are.
    pub level: Severity,
    /// Its maturity in its author's words: `stable`, `test`, `experimental`...
    pub status: Option<String>,
    /// What it looks for.
    pub description: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Where to read more.
    pub references: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// ATT&CK techniques among its tags, such as `T1110.003`.
    pub techniques: Vec<String>,
    /// Known false positives.
    pub falsepositives: Vec<String>,
    /// Which log source it is for, printed: `windows/process_creation`.
    pub log_source: String,
    /// The fields it asks for; those a correlation or baseline groups by, in that order.
    pub fields: Vec<String>,
    /// The file it came from, relative to its rule folder.
    pub path: String,
    /// Where it comes from.
    pub origin: RuleOrigin,
    /// The rule as written; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A rule that was read but does not detect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InactiveRule {
    /// The rule's id, empty where it could not be read.
    pub id: String,
    /// Its title, empty where it could not be read.
    pub title: String,
    /// The file it came from.
    pub path: String,
    /// Why it does not detect.
    pub reason: String,
}

/// The rules that come with the program or from folders.
#[derive(Debug, Default)]
pub struct Library {
    /// How many of the files come with the program or from folders; those of collections follow.
    shipped: usize,
    /// Collections among them, by name, and their versions.
    collections: BTreeMap<String, i64>,
    files: Vec<RuleFile>,
    rules: Arc<RuleSet>,
    /// What its rules say of themselves, and in which file they stand.
    infos: BTreeMap<String, (Arc<RuleInfo>, usize)>,
}

/// The rules in force and what was decided about them.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The rules that judge.
    pub rules: Arc<RuleSet>,
    /// What was decided, by rule.
    pub decided: BTreeMap<String, UseCase>,
    /// Events that rules must not fire on.
    pub exceptions: Vec<Exception>,
    /// Every rule there is, those included that judge nothing.
    pub(crate) infos: BTreeMap<String, Arc<RuleInfo>>,
    pub(crate) inactive: Vec<InactiveRule>,
    pub(crate) cards: BTreeMap<String, Cards>,
    /// What the store said.
    given: Vec<UseCase>,
    /// What the set was made of: files left out, and texts over them.
    made_of: (BTreeSet<usize>, BTreeMap<String, String>),
}

impl Loaded {
    /// Whether it was made of this: hits of exceptions change nothing.
    pub(crate) fn is_of(&self, decided: &[UseCase], exceptions: &[Exception]) -> bool {
        let same = |(one, other): (&Exception, &Exception)| (&one.id, one.version) == (&other.id, other.version);
        self.given == decided
            && self.exceptions.len() == exceptions.len()
            && self.exceptions.iter().zip(exceptions).all(same)
    }

    /// What a rule is called on its cards, by language.
    pub(crate) fn titles(&self, id: &str) -> BTreeMap<Language, String> {
        let cards = self.cards.get(id).into_iter().flatten();
        cards.map(|(language, card)| (*language, card.title.clone())).collect()
    }
}

impl Library {
    /// Compiles these.
    pub fn new(files: Vec<RuleFile>) -> Self {
        let rules = RuleSet::load(files.iter().map(|file| (file.path.clone(), file.text.clone())));
        let places: BTreeMap<&str, usize> = (0..files.len()).map(|place| (files[place].path.as_str(), place)).collect();
        let mut infos = BTreeMap::new();
        for info in describe(&rules) {
            if let Some(&place) = places.get(info.path.as_str()) {
                let file = &files[place];
                let info = RuleInfo { origin: file.origin, text: Some(file.text.clone()), ..info };
                infos.insert(info.id.clone(), (Arc::new(info), place));
            }
        }
        Library { shipped: files.len(), collections: BTreeMap::new(), files, rules: Arc::new(rules), infos }
    }

    /// The same with these collections in place of those there were. Their files come last: an id that is taken stays
    /// with who has it.
    pub(crate) fn with_collections(&self, collections: BTreeMap<String, i64>, files: Vec<RuleFile>) -> Self {
        let shipped = self.files[..self.shipped].iter().cloned();
        Library { shipped: self.shipped, collections, ..Library::new(shipped.chain(files).collect()) }
    }

    /// The collections it was made with, and their versions.
    pub(crate) fn collections(&self) -> &BTreeMap<String, i64> {
        &self.collections
    }

    /// What its rules say of themselves.
    pub(crate) fn infos(&self) -> impl Iterator<Item = &RuleInfo> {
        self.infos.values().map(|(info, _)| &**info)
    }

    /// The compiled rules.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// A rule as it came, if it did.
    pub(crate) fn base(&self, id: &str) -> Option<&RuleInfo> {
        self.infos.get(id).map(|(info, _)| &**info)
    }

    /// The cards a rule came with.
    pub(crate) fn base_cards(&self, id: &str) -> Option<&Cards> {
        self.infos.get(id).map(|(_, place)| &self.files[*place].cards)
    }

    /// The rules with what was decided about them. Compiled again only where other rules judge than `before`.
    pub(crate) fn with(&self, decided: Vec<UseCase>, exceptions: Vec<Exception>, before: Option<&Loaded>) -> Loaded {
        let judges = |use_case: &&UseCase| !matches!(use_case.data.state, UseCaseState::Draft | UseCaseState::Retired);
        let given = decided.clone();
        let decided: BTreeMap<String, UseCase> =
            decided.into_iter().map(|use_case| (use_case.id.clone(), use_case)).collect();
        let own: BTreeMap<String, String> = decided
            .values()
            .filter(judges)
            .filter_map(|use_case| Some((use_case.id.clone(), use_case.data.text.clone()?)))
            .collect();
        let made_of = (self.left_out(&decided, &own), own);
        let decided = self.with_states(decided);
        let rules = match before.filter(|before| before.made_of == made_of) {
            Some(before) => before.rules.clone(),
            None if made_of.0.is_empty() && made_of.1.is_empty() => self.rules.clone(),
            None => Arc::new(self.compile(&made_of)),
        };
        let mut infos: BTreeMap<String, Arc<RuleInfo>> =
            self.infos.iter().map(|(id, (info, _))| (id.clone(), info.clone())).collect();
        for info in describe(&rules).filter(|info| is_own(&info.path)) {
            let text = made_of.1.iter().find(|(id, _)| own_path(id) == info.path).map(|(_, text)| text.clone());
            infos.insert(info.id.clone(), Arc::new(RuleInfo { text, ..info }));
        }
        for (id, use_case) in decided.iter().filter(|(_, use_case)| !judges(use_case)) {
            if let Some(text) = &use_case.data.text {
                infos.insert(id.clone(), Arc::new(idle(id, text)));
            }
        }
        let cards = infos.keys().filter_map(|id| Some((id.clone(), self.cards(id, decided.get(id))?))).collect();
        let inactive = inactive(&rules);
        Loaded { rules, decided, exceptions, infos, inactive, cards, given, made_of }
    }

    /// What was decided, and the state of rules of collections about which nothing was.
    fn with_states(&self, mut decided: BTreeMap<String, UseCase>) -> BTreeMap<String, UseCase> {
        for (id, (_, place)) in &self.infos {
            let state = self.files[*place].state;
            if state == UseCaseState::Live {
                continue;
            }
            let known = decided.entry(id.clone()).or_insert_with(|| UseCase::undecided(id));
            if known.version == 0 {
                known.data.state = state;
            }
        }
        decided
    }

    /// Files that do not judge: own texts stand in for them, or all of their rules are out of use.
    fn left_out(&self, decided: &BTreeMap<String, UseCase>, own: &BTreeMap<String, String>) -> BTreeSet<usize> {
        let mut idle: BTreeMap<usize, bool> = BTreeMap::new();
        for (id, (_, place)) in &self.infos {
            let out = decided
                .get(id)
                .is_some_and(|use_case| matches!(use_case.data.state, UseCaseState::Draft | UseCaseState::Retired));
            *idle.entry(*place).or_insert(true) &= out;
        }
        let replaced = own.keys().filter_map(|id| self.infos.get(id)).map(|(_, place)| *place);
        idle.into_iter().filter(|(_, idle)| *idle).map(|(place, _)| place).chain(replaced).collect()
    }

    fn compile(&self, (left_out, own): &(BTreeSet<usize>, BTreeMap<String, String>)) -> RuleSet {
        let base = self.files.iter().enumerate().filter(|(place, _)| !left_out.contains(place));
        let base = base.map(|(_, file)| (file.path.clone(), file.text.clone()));
        RuleSet::load(base.chain(own.iter().map(|(id, text)| (own_path(id), text.clone()))))
    }

    fn cards(&self, id: &str, decided: Option<&UseCase>) -> Option<Cards> {
        let mut cards = self.base_cards(id).cloned().unwrap_or_default();
        cards.extend(decided.into_iter().flat_map(|use_case| use_case.data.cards.clone()));
        (!cards.is_empty()).then_some(cards)
    }
}

/// The path a text of our own is compiled under.
pub(crate) fn own_path(id: &str) -> String {
    format!("{OWN}{id}.yml")
}

const OWN: &str = "own/";

fn is_own(path: &str) -> bool {
    path.starts_with(OWN)
}

/// What a text says that judges nothing; it need not be complete.
fn idle(id: &str, text: &str) -> RuleInfo {
    let alone = RuleSet::load([(own_path(id), text.to_owned())]);
    let found = describe(&alone).find(|info| info.id == id);
    let title = || {
        let said = text.lines().find_map(|line| line.strip_prefix("title:"));
        said.map(str::trim).filter(|said| !said.is_empty()).unwrap_or(id).chars().take(256).collect()
    };
    let unread = || RuleInfo {
        id: id.to_owned(),
        title: title(),
        level: Severity::Medium,
        status: None,
        description: None,
        author: None,
        references: Vec::new(),
        tags: Vec::new(),
        techniques: Vec::new(),
        falsepositives: Vec::new(),
        log_source: String::new(),
        fields: Vec::new(),
        path: own_path(id),
        origin: RuleOrigin::Own,
        text: None,
    };
    RuleInfo { text: Some(text.to_owned()), ..found.unwrap_or_else(unread) }
}

/// What rules, correlations and baselines say of themselves, but for those that only serve others; as if all were of our
/// own.
pub(crate) fn describe(rules: &RuleSet) -> impl Iterator<Item = RuleInfo> + '_ {
    let alone = rules.rules().iter().filter(|rule| !rules.is_only_correlated(&rule.id)).map(|rule| of_rule(rule));
    let together = rules.correlations().iter().filter(|rule| !rules.is_only_correlated(&rule.id));
    let together = together.map(|rule| info(rule, "correlation".to_owned(), rule.group_by.clone()));
    let usual = rules.baselines().iter().map(|rule| info(rule, "baseline".to_owned(), rule.group_by.clone()));
    alone.chain(together).chain(usual)
}

fn of_rule(rule: &Rule) -> RuleInfo {
    let fields = rule.field_use().into_iter().map(|used| used.field).filter(|field| !field.is_empty()).collect();
    info(rule, print(&rule.log_source), fields)
}

fn info(head: &Head, log_source: String, fields: Vec<String>) -> RuleInfo {
    RuleInfo {
        id: head.id.clone(),
        title: head.title.clone(),
        level: head.level,
        status: head.status.clone(),
        description: head.description.clone(),
        author: head.author.clone(),
        references: head.references.clone(),
        tags: head.tags.clone(),
        techniques: head.techniques(),
        falsepositives: head.falsepositives.clone(),
        log_source,
        fields,
        path: head.path.clone(),
        origin: RuleOrigin::Own,
        text: None,
    }
}

fn inactive(rules: &RuleSet) -> Vec<InactiveRule> {
    let unused = rules.inactive().iter().map(|rule| InactiveRule {
        id: rule.id.clone(),
        title: rule.title.clone(),
        path: rule.path.clone(),
        reason: rule.reason.clone(),
    });
    let unusable = rules.errors().iter().map(|error| InactiveRule {
        id: String::new(),
        title: String::new(),
        path: error.path.clone(),
        reason: error.message.clone(),
    });
    unused.chain(unusable).collect()
}
