//! What rules raised and what came of it: the numbers of a scorecard.

use std::collections::BTreeMap;

use model::Timestamp;
use model::alert::AlertState;
use model::incident::Verdict;

use crate::row::Row;
use crate::sql::sql;
use crate::{Result, Tx};

/// What came of a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// Alerts it raised,
    pub alerts: i64,
    /// and detections behind them.
    pub detections: i64,
    /// Alerts kept apart because it is silent.
    pub silent: i64,
    /// When it last fired, silently or not.
    pub last: Option<Timestamp>,
    /// Incidents that came of it,
    pub incidents: i64,
    /// of which these were attacks,
    pub attacks: i64,
    /// meant well,
    pub benign: i64,
    /// false alarms or of no interest.
    pub rejected: i64,
}

impl Tx {
    /// What came of each rule whose alerts have their last event from here on, among the customers in scope.
    pub async fn rule_counts(&mut self, from: Timestamp) -> Result<BTreeMap<String, RuleCounts>> {
        let mut counts: BTreeMap<String, RuleCounts> = BTreeMap::new();
        // PostgreSQL's sum of 64-bit numbers is a decimal number.
        let query = sql("SELECT rule_id, state, COUNT(*) AS alerts, CAST(SUM(alert_count) AS BIGINT) AS detections, ")
            .push("MAX(last_time) AS last_time FROM alert WHERE last_time >= ?")
            .bind(from);
        let query = self.scoped(query, "customer").push(" GROUP BY rule_id, state");
        let read = |row: &Row| {
            let (rule, state): (String, AlertState) = (row.get("rule_id")?, row.parse("state")?);
            let numbers: (i64, i64) = (row.get("alerts")?, row.get("detections")?);
            Ok((rule, state, numbers, row.time("last_time")?))
        };
        for (rule, state, (alerts, detections), last) in self.rows(query, read).await? {
            let count = counts.entry(rule).or_default();
            count.last = count.last.max(Some(last));
            match state {
                AlertState::Silent => count.silent += alerts,
                _ => {
                    count.alerts += alerts;
                    count.detections += detections;
                }
            }
        }
        let query =
            sql("SELECT a.rule_id, i.verdict, i.reject_reason, COUNT(DISTINCT i.id) AS incidents FROM alert a ")
                .push("JOIN incident i ON i.customer = a.customer AND i.id = a.incident WHERE a.last_time >= ?")
                .bind(from);
        let query = self.scoped(query, "a.customer").push(" GROUP BY a.rule_id, i.verdict, i.reject_reason");
        let read = |row: &Row| {
            let (rule, rejected): (String, Option<String>) = (row.get("rule_id")?, row.get("reject_reason")?);
            Ok((rule, row.parse_maybe::<Verdict>("verdict")?, rejected, row.get::<i64>("incidents")?))
        };
        for (rule, verdict, rejected, incidents) in self.rows(query, read).await? {
            let count = counts.entry(rule).or_default();
            count.incidents += incidents;
            match verdict {
                Some(Verdict::TruePositive) => count.attacks += incidents,
                Some(Verdict::BenignPositive) => count.benign += incidents,
                None if rejected.is_some() => count.rejected += incidents,
                None => {}
            }
        }
        Ok(counts)
    }
}
