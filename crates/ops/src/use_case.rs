//! Use cases 用例: the rules that are loaded, with their instruction cards.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use model::role::Permission;
use model::use_case::Cards;
use model::{Context, Cursor, Page, PageRequest, Severity};
use serde::Serialize;

use crate::Ops;
use crate::error::{Error, Result};

/// Rules and cards as the server loaded them.
#[derive(Debug, Clone, Default)]
pub struct UseCases {
    /// Rules that detect.
    pub rules: Vec<RuleInfo>,
    /// Rules that were read but do not detect, and why.
    pub inactive: Vec<InactiveRule>,
    /// Instruction cards by rule id.
    pub cards: BTreeMap<String, Cards>,
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
    /// The file it came from, relative to its rule folder.
    pub path: String,
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

/// A rule with its instruction cards.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleView {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleInfo,
    /// Its cards, by language; empty where nobody has written one.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub cards: Cards,
}

impl Ops {
    /// Rules whose title, id, tags or description contain every word of `text`, by title.
    pub async fn list_rules(&self, ctx: &Context, text: &str, page: &PageRequest) -> Result<Page<RuleView>> {
        ctx.require(Permission::PolicyRead)?;
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let use_cases = self.use_cases();
        let mut found: Vec<&RuleInfo> =
            use_cases.rules.iter().filter(|rule| words.iter().all(|word| mentions(rule, word))).collect();
        found.sort_by(|left, right| (&left.title, &left.id).cmp(&(&right.title, &right.id)));
        let after = page.after.as_ref().map(|cursor| cursor.0.parse::<usize>());
        let start = after.transpose().map_err(|_| Error::invalid("after", "is no cursor of this list"))?.unwrap_or(0);
        let end = start.saturating_add(page.limit).min(found.len());
        let items = found.get(start.min(end)..end).unwrap_or_default();
        let items = items.iter().map(|rule| self.rule_view(RuleInfo { text: None, ..(*rule).clone() })).collect();
        Ok(Page { items, next: (end < found.len()).then(|| Cursor(end.to_string())) })
    }

    /// One rule, with its text.
    pub async fn get_rule(&self, ctx: &Context, id: &str) -> Result<RuleView> {
        ctx.require(Permission::PolicyRead)?;
        let use_cases = self.use_cases();
        let rule = use_cases.rules.iter().find(|rule| rule.id == id).ok_or(Error::NotFound("rule"))?;
        Ok(self.rule_view(rule.clone()))
    }

    /// The rules that do not detect, and why.
    pub async fn inactive_rules(&self, ctx: &Context) -> Result<Vec<InactiveRule>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.use_cases().inactive.clone())
    }

    /// Shows these from now on: the rules were read again.
    pub fn set_use_cases(&self, use_cases: Arc<UseCases>) {
        *self.inner.use_cases.write().unwrap_or_else(PoisonError::into_inner) = use_cases;
    }

    fn use_cases(&self) -> Arc<UseCases> {
        self.inner.use_cases.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The cards of a rule; none where nobody has written one.
    pub(crate) fn cards_of(&self, rule_id: &str) -> Option<Cards> {
        self.use_cases().cards.get(rule_id).cloned()
    }

    fn rule_view(&self, rule: RuleInfo) -> RuleView {
        let cards = self.cards_of(&rule.id).unwrap_or_default();
        RuleView { rule, cards }
    }
}

fn mentions(rule: &RuleInfo, word: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(word);
    holds(&rule.title)
        || holds(&rule.id)
        || holds(&rule.path)
        || rule.tags.iter().any(|tag| holds(tag))
        || rule.techniques.iter().any(|technique| holds(technique))
        || rule.description.as_deref().is_some_and(holds)
}
