//! Sets of YARA rules: checked before they are kept, for every customer or for some (catalogue D6).

use model::role::Permission;
use model::yara::{SETS_MOST, TEXT_BYTES, YaraProblem, YaraRule, YaraSet, YaraSetData};
use model::{Context, CustomerId, Page, PageRequest, YaraSetId};
use serde::Serialize;
use serde_json::json;
use store::{Tx, YaraSetText};

use crate::error::{Error, Problems, Result};
use crate::{Ops, audit, optional, require_all, yara_engine};

/// A set that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YaraSetWish {
    /// What is said about it.
    pub data: YaraSetData,
    /// Customers whose files it is for; every customer's when absent.
    pub customers: Option<Vec<CustomerId>>,
    /// Its rules.
    pub text: String,
    /// Keep it though some rules do not load: they are left out and told.
    pub leave_out: bool,
}

/// What a text of rules holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YaraCheck {
    /// How many rules load.
    pub count: i64,
    /// They, the first thousand.
    pub rules: Vec<YaraRule>,
    /// What does not load, with places.
    pub problems: Vec<YaraProblem>,
}

/// A set with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YaraSetView {
    /// The set.
    #[serde(flatten)]
    pub set: YaraSet,
    /// The name of whoever changed it last.
    pub changed_by_name: Option<String>,
    /// Its rules as they were written.
    pub text: String,
    /// What of it is left out, with places.
    pub problems: Vec<YaraProblem>,
}

/// The rules every installation has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuiltInYara {
    /// Whether this build scans at all.
    pub scans: bool,
    /// They.
    pub rules: Vec<YaraRule>,
    /// As they are written.
    pub text: String,
}

/// Rules that are listed one by one.
const LISTED: usize = 1000;

impl Ops {
    /// The rules every installation has.
    pub async fn built_in_yara(&self, ctx: &Context) -> Result<BuiltInYara> {
        ctx.require(Permission::PolicyRead)?;
        let (text, rules) = blocking(yara_engine::built_in).await?;
        Ok(BuiltInYara { scans: yara_engine::SCANS, rules, text })
    }

    /// What a text of rules holds, without keeping it.
    pub async fn check_yara(&self, ctx: &Context, text: String) -> Result<YaraCheck> {
        ctx.require(Permission::PolicyWrite)?;
        let checked = self.checked(text).await?;
        let count = checked.rules.len() as i64;
        let rules = checked.rules.into_iter().take(LISTED).collect();
        Ok(YaraCheck { count, rules, problems: checked.problems })
    }

    /// Keeps a set of rules. One with rules that do not load is refused, unless they are to be left out.
    pub async fn create_yara_set(&self, ctx: &Context, wish: YaraSetWish) -> Result<YaraSetView> {
        ctx.require(Permission::PolicyWrite)?;
        if wish.customers.is_none() {
            require_all(ctx)?;
        }
        let text = self.text_of(&wish).await?;
        let mut tx = self.store().write(ctx).await?;
        if tx.count_yara_sets().await? >= SETS_MOST {
            return Err(Error::NotNow(format!("there are {SETS_MOST} sets of rules: put some together")));
        }
        let id = YaraSetId::generate(ctx.now());
        let set = tx.create_yara_set(&id, wish.customers.as_deref(), &wish.data, &text).await?;
        self.audited(&mut tx, "yara_set.create", &set).await?;
        let view = view(&mut tx, set, text).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// One set with its text.
    pub async fn get_yara_set(&self, ctx: &Context, id: &YaraSetId) -> Result<YaraSetView> {
        ctx.require(Permission::PolicyRead)?;
        let mut tx = self.store().read(ctx).await?;
        let set = tx.get_yara_set(id).await?;
        let text = tx.yara_set_text(id).await?;
        view(&mut tx, set, text).await
    }

    /// Sets by name.
    pub async fn list_yara_sets(&self, ctx: &Context, page: &PageRequest) -> Result<Page<YaraSet>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.list_yara_sets(page).await?)
    }

    /// Changes a set as it stood at `version`. Files that are there are scanned again.
    pub async fn update_yara_set(
        &self,
        ctx: &Context,
        id: &YaraSetId,
        version: i64,
        wish: YaraSetWish,
    ) -> Result<YaraSetView> {
        ctx.require(Permission::PolicyWrite)?;
        self.store().read(ctx).await?.get_yara_set(id).await?;
        let text = self.text_of(&wish).await?;
        let mut tx = self.store().write(ctx).await?;
        let set = tx.update_yara_set(id, version, wish.customers.as_deref(), &wish.data, &text).await?;
        self.audited(&mut tx, "yara_set.update", &set).await?;
        let view = view(&mut tx, set, text).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Removes a set as it stood at `version`.
    pub async fn delete_yara_set(&self, ctx: &Context, id: &YaraSetId, version: i64) -> Result<()> {
        ctx.require(Permission::PolicyWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let set = tx.get_yara_set(id).await?;
        tx.delete_yara_set(id, version).await?;
        self.audited(&mut tx, "yara_set.delete", &set).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn text_of(&self, wish: &YaraSetWish) -> Result<YaraSetText> {
        let mut problems = Problems::of(wish.data.problems());
        let somewhere = wish.customers.as_ref().is_none_or(|customers| !customers.is_empty());
        problems.expect(somewhere, "customers", "name one at least, or leave it to every customer");
        problems.done()?;
        let checked = self.checked(wish.text.clone()).await?;
        if !checked.problems.is_empty() && !wish.leave_out {
            let mut told = Problems::of(Vec::new());
            for problem in checked.problems.iter().take(20) {
                let rule = problem.rule.as_ref().map_or(String::new(), |rule| format!("rule {rule}: "));
                told.add(
                    "text",
                    &format!("line {}, column {}: {rule}{}", problem.line, problem.column, problem.message),
                );
            }
            told.done()?;
        }
        if checked.rules.is_empty() {
            return Err(Error::invalid("text", "must hold a rule that loads"));
        }
        let rules = checked.rules.len() as i64;
        Ok(YaraSetText { text: wish.text.clone(), rules, problems: checked.problems })
    }

    async fn checked(&self, text: String) -> Result<yara_engine::Checked> {
        if !yara_engine::SCANS {
            return Err(Error::NotNow("this build does not scan: it was made without the feature `yara`".to_owned()));
        }
        if text.len() > TEXT_BYTES {
            return Err(Error::TooLarge(format!("a set may have {} MiB: make several", TEXT_BYTES >> 20)));
        }
        // Compiling takes as long as the text wants, and memory with it: one at a time.
        let _turn = self.yara_turn().lock().await;
        blocking(move || yara_engine::check(&text)).await
    }

    async fn audited(&self, tx: &mut Tx, action: &'static str, set: &YaraSet) -> Result<()> {
        let detail = json!({
            "name": set.data.name, "enabled": set.data.enabled, "customers": set.customers, "rules": set.rules,
            "left_out": set.left_out, "version": set.version,
        });
        // One of a single customer is in that customer's log, any other in the platform's.
        let customer = set.customers.as_deref().and_then(|customers| match customers {
            [one] => Some(one),
            _ => None,
        });
        Ok(tx.audit(audit(customer, action, &set.id, detail)).await?)
    }
}

async fn view(tx: &mut Tx, set: YaraSet, text: YaraSetText) -> Result<YaraSetView> {
    let changed_by_name = match &set.changed_by {
        Some(user) => optional(tx.get_user(user).await)?.map(|user| user.data.name),
        None => None,
    };
    Ok(YaraSetView { set, changed_by_name, text: text.text, problems: text.problems })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::Unavailable("the rules could not be compiled"))
}
