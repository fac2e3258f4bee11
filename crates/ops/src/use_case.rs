//! Use cases 用例 (catalogue D2): rules with their instruction cards, and what people decide about them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use model::incident_type::INCIDENT_TYPES;
use model::role::Permission;
use model::use_case::{Cards, MOST_TEXT, Release, UseCase, UseCaseData, UseCaseState, UseCaseVersion};
use model::{Context, CustomerId, Page, PageRequest, Scope, Timestamp};
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use crate::error::{Error, Problems, Result};
use crate::library::{InactiveRule, Library, Loaded, RuleInfo, RuleOrigin};
use crate::rule_collection::files_of;
use crate::turns::Turn;
use crate::{Ops, audit, difference, paging, require_all};

/// The library, and the rules in force.
#[derive(Debug)]
pub(crate) struct UseCases {
    library: Arc<Library>,
    loaded: Arc<Loaded>,
}

impl UseCases {
    pub(crate) fn new(library: Arc<Library>) -> Self {
        let loaded = Arc::new(library.with(Vec::new(), Vec::new(), None));
        UseCases { library, loaded }
    }
}

/// Which use cases are wanted; an empty part does not narrow.
#[derive(Debug, Clone, Default)]
pub struct RuleFilter {
    /// Words that must all occur in title, id, tags, path or description, without case.
    pub text: String,
    /// In one of these states.
    pub states: Vec<UseCaseState>,
    /// From there.
    pub origin: Option<RuleOrigin>,
    /// Only those about which somebody decided something.
    pub decided: bool,
}

/// A rule with its instruction cards and what was decided about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleView {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleInfo,
    /// Its cards, by language; empty where nobody has written one.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub cards: Cards,
    /// Whether a text of our own stands in for one that came with the program or from a folder.
    pub replaces: bool,
    /// The text it stands in for; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built_in: Option<String>,
    /// Whether it is live for less than a month.
    pub is_new: bool,
    /// Since when it is live, where that was decided.
    pub live_since: Option<Timestamp>,
    /// What was decided, but for a text of our own, which is the rule's. The version to name when saving is 0 where nothing was.
    pub decided: UseCaseData,
    /// Customers for whom it does something else, of those the caller sees.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub customers: BTreeMap<CustomerId, Release>,
    /// Exceptions to it that the caller sees and that have not ended.
    pub exceptions: i64,
    /// Goes up with every change.
    pub version: i64,
}

impl Ops {
    /// Use cases by title.
    pub async fn list_rules(&self, ctx: &Context, filter: &RuleFilter, page: &PageRequest) -> Result<Page<RuleView>> {
        ctx.require(Permission::PolicyRead)?;
        let words: Vec<String> = filter.text.split_whitespace().map(str::to_lowercase).collect();
        let (library, loaded) = self.library();
        let wanted = |info: &&RuleInfo| {
            let decided = loaded.decided.get(&info.id);
            let state = decided.map_or(UseCaseState::Live, |use_case| use_case.data.state);
            (filter.states.is_empty() || filter.states.contains(&state))
                && filter.origin.is_none_or(|origin| origin == info.origin)
                && (!filter.decided
                    || decided.is_some_and(|use_case| use_case.version > 0 || !use_case.customers.is_empty()))
                && words.iter().all(|word| mentions(info, loaded.cards.get(&info.id), word))
        };
        let mut found: Vec<&RuleInfo> = loaded.infos.values().map(|info| &**info).filter(wanted).collect();
        found.sort_by(|left, right| (&left.title, &left.id).cmp(&(&right.title, &right.id)));
        let (items, next) = paging::part(&found, page)?;
        let items = items
            .iter()
            .map(|info| view(ctx, &library, &loaded, RuleInfo { text: None, ..RuleInfo::clone(info) }))
            .collect();
        Ok(Page { items, next })
    }

    /// One use case, with its rule's text.
    pub async fn get_rule(&self, ctx: &Context, id: &str) -> Result<RuleView> {
        ctx.require(Permission::PolicyRead)?;
        let (library, loaded) = self.library();
        let info = loaded.infos.get(id).ok_or(Error::NotFound("rule"))?;
        let mut found = view(ctx, &library, &loaded, RuleInfo::clone(info));
        found.built_in = library.base(id).filter(|_| found.replaces).and_then(|base| base.text.clone());
        Ok(found)
    }

    /// The rules that do not detect, and why.
    pub async fn inactive_rules(&self, ctx: &Context) -> Result<Vec<InactiveRule>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.loaded().inactive.clone())
    }

    /// What was decided about a use case before, the newest first.
    pub async fn use_case_versions(&self, ctx: &Context, id: &str) -> Result<Vec<UseCaseVersion>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.use_case_versions(id).await?)
    }

    /// Decides about a use case for every customer; the rule's text and cards are part of that.
    pub async fn save_use_case(&self, ctx: &Context, id: &str, version: i64, data: UseCaseData) -> Result<RuleView> {
        ctx.require(Permission::PolicyWrite)?;
        require_all(ctx)?;
        self.check_use_case(id, &data).await?;
        let mut tx = self.store().write(ctx).await?;
        if let Some(owner) = &data.owner {
            tx.get_user(owner).await?;
        }
        let before = tx.find_use_case(id).await?.map(|before| before.data).unwrap_or_default();
        let saved = tx.save_use_case(id, version, &data, ctx.actor().user()).await?;
        tx.audit(audit(None, "use_case.save", id, difference(&before, &saved.data))).await?;
        tx.commit().await?;
        self.load_use_cases(ctx.now()).await?;
        self.get_rule(ctx, id).await
    }

    /// Takes back what was decided: a rule that came with the program is again as it came, one of our own is gone.
    pub async fn delete_use_case(&self, ctx: &Context, id: &str, version: i64) -> Result<()> {
        ctx.require(Permission::PolicyWrite)?;
        let mut tx = self.store().write(ctx).await?;
        tx.delete_use_case(id, version, ctx.actor().user()).await?;
        tx.audit(audit(None, "use_case.delete", id, json!({"version": version}))).await?;
        tx.commit().await?;
        self.load_use_cases(ctx.now()).await.map(drop)
    }

    /// Decides what a use case does for one customer; what it does for everybody when absent. A device's own alarm can
    /// be meant as well, by `<source>:<alarm name>`.
    pub async fn release_use_case(
        &self,
        ctx: &Context,
        id: &str,
        customer: &CustomerId,
        release: Option<Release>,
    ) -> Result<BTreeMap<CustomerId, Release>> {
        ctx.require(Permission::PolicyWrite)?;
        let mut tx = self.store().write(ctx).await?;
        tx.get_customer(customer).await?;
        if !self.loaded().infos.contains_key(id) && !id.contains(':') {
            return Err(Error::NotFound("rule"));
        }
        tx.set_release(customer, id, release, ctx.actor().user()).await?;
        tx.audit(audit(Some(customer), "use_case.release", id, json!({"release": release}))).await?;
        let releases = tx.releases_of(id).await?;
        tx.commit().await?;
        self.load_use_cases(ctx.now()).await?;
        Ok(releases)
    }

    /// Puts in force what the store says about use cases and exceptions; gives whether anything is new.
    pub async fn load_use_cases(&self, now: Timestamp) -> Result<bool> {
        self.load(None, now).await
    }

    /// Puts another library in force: the rules that come with the program or from folders were read again.
    pub async fn set_library(&self, library: Arc<Library>, now: Timestamp) -> Result<()> {
        self.load(Some(library), now).await.map(drop)
    }

    /// Nothing is in force without what was decided about it: both are put in place together, or neither.
    async fn load(&self, other: Option<Arc<Library>>, now: Timestamp) -> Result<bool> {
        let ctx = Context::job("use_cases", Scope::All, now);
        // One after the other: what was read last must stand last.
        let _turn = self.inner.loading.lock().await;
        let mut tx = self.store().read(&ctx).await?;
        let (decided, exceptions) = (tx.list_use_cases().await?, tx.all_exceptions().await?);
        drop(tx);
        let (old, before) = self.library();
        let library = self.with_collections(&ctx, other.unwrap_or_else(|| old.clone())).await?;
        let is_old = Arc::ptr_eq(&library, &old);
        if is_old && before.is_of(&decided, &exceptions) {
            return Ok(false);
        }
        let made = library.clone();
        let work = move || library.with(decided, exceptions, is_old.then_some(&*before));
        let loaded = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("reading the rules"))?;
        *self.inner.use_cases.write().unwrap_or_else(PoisonError::into_inner) =
            UseCases { library: made, loaded: Arc::new(loaded) };
        self.inner.rules_replaced.send_modify(|count| *count += 1);
        Ok(true)
    }

    /// The library with the collections as the store has them; compiled again only where those are others.
    async fn with_collections(&self, ctx: &Context, library: Arc<Library>) -> Result<Arc<Library>> {
        let mut tx = self.store().read(ctx).await?;
        let collections = tx.list_rule_collections().await?;
        let versions = collections.iter().map(|one| (one.name.clone(), one.version)).collect();
        if *library.collections() == versions {
            return Ok(library);
        }
        let mut files = Vec::new();
        for collection in collections {
            let packed = tx.rule_collection_content(&collection.name).await?.unwrap_or_default();
            match files_of(&collection, &packed) {
                Some(found) => files.extend(found),
                None => tracing::error!(collection = collection.name, "what is kept of the collection cannot be read"),
            }
        }
        drop(tx);
        let work = move || Arc::new(library.with_collections(versions, files));
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("reading the rules"))
    }

    /// The rules in force and what was decided about them.
    pub fn loaded(&self) -> Arc<Loaded> {
        self.library().1
    }

    /// Goes up whenever other rules or decisions are in force.
    pub fn rules_replaced(&self) -> watch::Receiver<u64> {
        self.inner.rules_replaced.subscribe()
    }

    fn library(&self) -> (Arc<Library>, Arc<Loaded>) {
        let use_cases = self.inner.use_cases.read().unwrap_or_else(PoisonError::into_inner);
        (use_cases.library.clone(), use_cases.loaded.clone())
    }

    /// The cards of a rule; none where nobody has written one.
    pub(crate) fn cards_of(&self, rule_id: &str) -> Option<Cards> {
        self.loaded().cards.get(rule_id).cloned()
    }

    /// Says what cannot be kept. The text of a draft may be unfinished; any other must compile beside all other rules.
    async fn check_use_case(&self, id: &str, data: &UseCaseData) -> Result<()> {
        let (library, loaded) = self.library();
        let mut problems = Problems::default();
        problems.expect(is_id(id), "id", "must have 1 to 128 letters, digits and - _ .");
        let known = data.incident_type.as_deref().is_none_or(|code| INCIDENT_TYPES.contains(&code));
        problems.expect(known, "incident_type", "must be a code of GB/T 20986-2023 such as MPTROJ");
        problems.expect(data.text.is_some() || library.base(id).is_some(), "text", "must be given for a new use case");
        let long = data.text.as_ref().is_some_and(|text| text.len() > MOST_TEXT);
        problems.expect(!long, "text", "must have at most 128 KiB");
        for card in data.cards.values() {
            problems.expect(!card.title.trim().is_empty(), "cards", "must have a title in every language there is");
            let parts = [&card.facts, &card.trigger, &card.false_positive, &card.consequences, &card.recommendations];
            let fits = card.title.chars().count() <= 200 && parts.iter().all(|part| part.len() <= 16 * 1024);
            problems.expect(fits, "cards", "must have at most 200 characters of title and 16 KiB in each part");
        }
        let has_card = !data.cards.is_empty() || library.base_cards(id).is_some_and(|cards| !cards.is_empty());
        let needs_card = data.state == UseCaseState::Live && library.base(id).is_none();
        problems.expect(
            has_card || !needs_card,
            "cards",
            "must be written before it goes live: somebody will be woken",
        );
        problems.done()?;
        let Some(text) = data.text.clone().filter(|_| data.state != UseCaseState::Draft) else { return Ok(()) };
        let _turn = self.turn(Turn::Backtest).await?;
        let (id, data) = (id.to_owned(), data.clone());
        let work = move || {
            // Bounded, unlike loading; whether what it refers to is there is judged beside all other rules.
            if let Some(problem) = crate::rule_check::problems(&text, &[]).into_iter().find(|found| found.is_error()) {
                return Some(problem.told());
            }
            let mut decided: BTreeMap<String, UseCase> = loaded.decided.clone();
            decided.insert(id.clone(), UseCase { data, version: 1, ..UseCase::undecided(&id) });
            let trial = library.with(decided.into_values().collect(), Vec::new(), Some(&loaded));
            let known = |rule: &&InactiveRule| loaded.inactive.contains(rule);
            match trial.inactive.iter().find(|rule| !known(rule)) {
                Some(rule) => Some(format!("{}: {}", rule.path, rule.reason)),
                None if !trial.infos.contains_key(&id) => Some(format!("must hold a rule with the id {id}")),
                None => None,
            }
        };
        let wrong = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("reading the rule"))?;
        wrong.map_or(Ok(()), |wrong| Err(Error::invalid("text", &wrong)))
    }
}

/// Whether a text can be the id of a rule of our own.
fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn view(ctx: &Context, library: &Library, loaded: &Loaded, rule: RuleInfo) -> RuleView {
    let decided = loaded.decided.get(&rule.id);
    let sees = |customer: &CustomerId| ctx.scope().contains(customer);
    let customers = decided.into_iter().flat_map(|use_case| &use_case.customers);
    let exceptions = loaded.exceptions.iter().filter(|exception| {
        exception.data.rule_id == rule.id
            && exception.customer.as_ref().is_none_or(sees)
            && !exception.data.is_over(ctx.now())
    });
    RuleView {
        cards: loaded.cards.get(&rule.id).cloned().unwrap_or_default(),
        replaces: rule.origin == RuleOrigin::Own && library.base(&rule.id).is_some(),
        built_in: None,
        is_new: decided.is_some_and(|use_case| use_case.is_new(ctx.now())),
        live_since: decided.and_then(|use_case| use_case.live_since),
        customers: customers
            .filter(|(customer, _)| sees(customer))
            .map(|(id, release)| (id.clone(), *release))
            .collect(),
        exceptions: exceptions.count() as i64,
        version: decided.map_or(0, |use_case| use_case.version),
        decided: decided.map(|use_case| UseCaseData { text: None, ..use_case.data.clone() }).unwrap_or_default(),
        rule,
    }
}

fn mentions(rule: &RuleInfo, cards: Option<&Cards>, word: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(word);
    holds(&rule.title)
        || holds(&rule.id)
        || holds(&rule.path)
        || rule.tags.iter().any(|tag| holds(tag))
        || rule.techniques.iter().any(|technique| holds(technique))
        || rule.description.as_deref().is_some_and(holds)
        || cards.is_some_and(|cards| cards.values().any(|card| holds(&card.title)))
}
