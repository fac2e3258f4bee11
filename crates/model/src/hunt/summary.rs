//! Hunts counted for a customer and a period, as reports tell them.

use serde::{Deserialize, Serialize};

use super::{HuntVerdict, VerdictCounts};
use crate::{CustomerId, HuntId};

/// What one concluded hunt was for one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntShare {
    /// Whose.
    pub customer: CustomerId,
    /// Which.
    pub hunt: HuntId,
    /// How the customer was judged.
    pub verdict: Option<HuntVerdict>,
    /// Minutes spent on the whole hunt.
    pub minutes: i64,
    /// Its customers in all.
    pub customers: i64,
    /// The customer's incidents that came of it.
    pub incidents: i64,
    /// Detections that came of it for this customer or for everybody.
    pub detections: i64,
}

/// The hunts of a customer in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntSummary {
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// Hunts concluded in the period in which the customer took part.
    pub hunts: i64,
    /// The customer's share of the minutes spent: each hunt's, divided by its customers.
    pub minutes: i64,
    /// How the customer was judged.
    pub verdicts: VerdictCounts,
    /// Incidents of the customer opened from them or linked to them.
    pub incidents: i64,
    /// Use cases and requests that came of them, for this customer or for everybody.
    pub detections: i64,
}

/// Adds up the shares of each customer, in order of customer.
pub fn summarise(mut shares: Vec<HuntShare>) -> Vec<HuntSummary> {
    shares.sort_by(|one, other| one.customer.cmp(&other.customer));
    let mut summaries = Vec::new();
    for of_one in shares.chunk_by(|one, other| one.customer == other.customer) {
        let mut verdicts = VerdictCounts::default();
        of_one.iter().for_each(|share| verdicts.add(share.verdict));
        // Whole hunts are shared in seconds, so that thirty-one small shares do not all round to nothing.
        let seconds: i64 = of_one.iter().map(|share| share.minutes * 60 / share.customers.max(1)).sum();
        summaries.push(HuntSummary {
            customer: of_one[0].customer.clone(),
            hunts: of_one.len() as i64,
            minutes: (seconds + 30) / 60,
            verdicts,
            incidents: of_one.iter().map(|share| share.incidents).sum(),
            detections: of_one.iter().map(|share| share.detections).sum(),
        });
    }
    summaries
}
