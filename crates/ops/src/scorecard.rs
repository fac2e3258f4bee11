//! How use cases do: what they raised, what came of it, what they cost, and what to do about them (catalogue D2, Q).

use std::collections::BTreeMap;
use std::time::Duration;

use model::role::Permission;
use model::use_case::{Language, UseCaseState};
use model::{Context, Severity, Timestamp};
use serde::Serialize;
use sigma::RuleCost;

use crate::Ops;
use crate::error::{Error, Result};

/// The longest time looked at, in days.
const LONGEST: i64 = 366;
/// Judged incidents from which on a share of true ones means something.
const ENOUGH: i64 = 5;
/// Of so many judged incidents in a hundred at least one must be an attack for a use case to be kept as it is.
const MOSTLY_WRONG: i64 = 20;
/// Nanoseconds that asking a rule may take on average: more is dear.
const DEAR: i64 = 20_000;

/// What to do about a use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Nothing.
    Keep,
    /// Most of what it raised was nothing: narrow it, or except what is known.
    Tune,
    /// It has raised nothing but false alarms for all of the time: rewrite it or take it out of use.
    Retire,
    /// It costs more than others.
    Speed,
    /// It never fired: see whether what it needs arrives.
    Verify,
}

/// How a use case did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Score {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What it is called on its cards, by language.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub titles: BTreeMap<Language, String>,
    /// How bad its matches are.
    pub level: Severity,
    /// Where it stands.
    pub state: UseCaseState,
    /// Alerts it raised,
    pub alerts: i64,
    /// and detections behind them.
    pub detections: i64,
    /// Alerts kept apart because it is silent.
    pub silent: i64,
    /// Incidents that came of it,
    pub incidents: i64,
    /// of which these were attacks,
    pub attacks: i64,
    /// meant well,
    pub benign: i64,
    /// false alarms or of no interest.
    pub rejected: i64,
    /// Exceptions to it.
    pub exceptions: i64,
    /// When it last fired.
    pub last_fired: Option<Timestamp>,
    /// Nanoseconds asking it takes on average since the rules were loaded, on events on which it had to be asked.
    pub cost_nanos: Option<i64>,
    /// Share of all the time that rules took, in millionths.
    pub cost_share: i64,
    /// What to do about it.
    pub advice: Advice,
}

/// How all use cases did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scorecard {
    /// Alerts whose last event came from here on were counted.
    pub from: Timestamp,
    /// By detections, the most first.
    pub items: Vec<Score>,
}

impl Ops {
    /// How use cases did in so many days, among the customers the caller sees.
    pub async fn scorecard(&self, ctx: &Context, days: i64) -> Result<Scorecard> {
        ctx.require(Permission::PolicyRead)?;
        ctx.require(Permission::AlertRead)?;
        if !(1..=LONGEST).contains(&days) {
            return Err(Error::invalid("days", "must be between 1 and 366"));
        }
        let from = ctx.now().minus(Duration::from_secs(days as u64 * 24 * 3600));
        let mut tx = self.store().read(ctx).await?;
        let counts = tx.rule_counts(from).await?;
        drop(tx);
        let loaded = self.loaded();
        let costs: BTreeMap<String, RuleCost> =
            loaded.rules.costs().into_iter().map(|cost| (cost.id.clone(), cost)).collect();
        let spent = costs.values().map(|cost| cost.nanos).sum::<u64>().max(1);
        let score = |info: &std::sync::Arc<crate::RuleInfo>| {
            let counted = counts.get(&info.id).cloned().unwrap_or_default();
            let cost = costs.get(&info.id);
            let sees = |exception: &&model::use_case::Exception| {
                exception.data.rule_id == info.id
                    && exception.customer.as_ref().is_none_or(|customer| ctx.scope().contains(customer))
            };
            let mut score = Score {
                rule: info.id.clone(),
                title: info.title.clone(),
                titles: loaded.titles(&info.id),
                level: info.level,
                state: loaded.decided.get(&info.id).map_or(UseCaseState::Live, |use_case| use_case.data.state),
                alerts: counted.alerts,
                detections: counted.detections,
                silent: counted.silent,
                incidents: counted.incidents,
                attacks: counted.attacks,
                benign: counted.benign,
                rejected: counted.rejected,
                exceptions: loaded.exceptions.iter().filter(sees).count() as i64,
                last_fired: counted.last,
                cost_nanos: cost.and_then(|cost| cost.nanos.checked_div(cost.asked)).map(|nanos| nanos as i64),
                cost_share: cost.map_or(0, |cost| (u128::from(cost.nanos) * 1_000_000 / u128::from(spent)) as i64),
                advice: Advice::Keep,
            };
            score.advice = advice(&score);
            score
        };
        let mut items: Vec<Score> = loaded.infos.values().map(score).collect();
        items.sort_by(|one, other| (other.detections, &one.title).cmp(&(one.detections, &other.title)));
        Ok(Scorecard { from, items })
    }
}

/// What a score calls for.
fn advice(score: &Score) -> Advice {
    let judged = score.attacks + score.benign + score.rejected;
    match score {
        _ if judged >= ENOUGH && score.attacks == 0 && score.benign == 0 => Advice::Retire,
        _ if judged >= ENOUGH && score.attacks * 100 < judged * MOSTLY_WRONG => Advice::Tune,
        Score { cost_nanos: Some(nanos), cost_share, .. } if *nanos > DEAR && *cost_share > 50_000 => Advice::Speed,
        Score { alerts: 0, silent: 0, state: UseCaseState::Live, .. } => Advice::Verify,
        _ => Advice::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(attacks: i64, benign: i64, rejected: i64) -> Score {
        Score {
            rule: "r".into(),
            title: "R".into(),
            titles: BTreeMap::new(),
            level: Severity::High,
            state: UseCaseState::Live,
            alerts: 1,
            detections: 1,
            silent: 0,
            incidents: attacks + benign + rejected,
            attacks,
            benign,
            rejected,
            exceptions: 0,
            last_fired: None,
            cost_nanos: Some(300),
            cost_share: 900_000,
            advice: Advice::Keep,
        }
    }

    #[test]
    fn advice_follows_what_people_judged_and_waits_until_they_judged_enough() {
        assert_eq!(advice(&score(0, 0, 4)), Advice::Keep);
        assert_eq!(advice(&score(0, 0, 5)), Advice::Retire);
        assert_eq!(advice(&score(0, 1, 5)), Advice::Tune);
        assert_eq!(advice(&score(1, 0, 5)), Advice::Tune);
        assert_eq!(advice(&score(2, 0, 5)), Advice::Keep);
        assert_eq!(advice(&Score { cost_nanos: Some(30_000), ..score(2, 0, 5) }), Advice::Speed);
        assert_eq!(advice(&Score { alerts: 0, ..score(0, 0, 0) }), Advice::Verify);
        assert_eq!(advice(&Score { alerts: 0, state: UseCaseState::Draft, ..score(0, 0, 0) }), Advice::Keep);
    }
}
