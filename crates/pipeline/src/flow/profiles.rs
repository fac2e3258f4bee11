//! Questions to the worker about what is usual, and the control record that makes it forget a group.

use std::sync::PoisonError;

use model::baseline::{BaselineProgress, GroupProfile};
use model::{CustomerId, Timestamp};
use receive::wal::Kind;
use serde::{Deserialize, Serialize};
use sigma::Baselines;
use tokio::sync::oneshot;

use super::{Flow, Orders};
use crate::error::Error;

/// A question; it is answered between two batches.
pub(super) type Question = Box<dyn FnOnce(&Baselines) + Send>;

fn progress(baselines: &Baselines) -> Vec<BaselineProgress> {
    let of = |found: sigma::Progress| {
        Some(BaselineProgress {
            rule: found.rule,
            customer: found.partition.parse().ok()?,
            since: found.since,
            latest: found.latest,
            learning: found.learning,
            groups: found.groups,
            forgotten: found.forgotten,
            bytes: found.bytes,
        })
    };
    baselines.progress().into_iter().filter_map(of).collect()
}

impl Orders {
    /// What was asked since.
    pub(super) fn questions(&self) -> Vec<Question> {
        std::mem::take(&mut *self.questions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// That a group is to be forgotten, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForgetRecord {
    /// What kind of control record: `forget`.
    pub kind: String,
    pub customer: CustomerId,
    /// The baseline.
    pub rule: String,
    /// The group's values in the order of `group-by`.
    pub group: Vec<String>,
}

impl ForgetRecord {
    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts serialize")
    }

    /// The record, if the payload is one of this kind.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok().filter(|record: &ForgetRecord| record.kind == "forget")
    }
}

impl Flow {
    /// Puts a question to the worker. Nothing is answered when it is gone.
    async fn ask<A: Default + Send + 'static>(&self, question: impl FnOnce(&Baselines) -> A + Send + 'static) -> A {
        let (answer, answered) = oneshot::channel();
        // Whoever asked may have gone by the time of the answer.
        let question: Question = Box::new(move |baselines| drop(answer.send(question(baselines))));
        self.orders.questions.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        answered.await.unwrap_or_default()
    }

    /// How far baselines are, for every customer.
    pub(crate) async fn baseline_progress(&self) -> Vec<BaselineProgress> {
        self.ask(progress).await
    }

    /// The groups of a baseline heard of last.
    pub(crate) async fn latest_groups(&self, customer: CustomerId, rule: String, most: usize) -> Vec<Vec<String>> {
        self.ask(move |baselines| baselines.latest_groups(customer.as_str(), &rule, most)).await
    }

    /// What is usual for a group.
    pub(crate) async fn group_profile(
        &self,
        customer: CustomerId,
        rule: String,
        group: Vec<String>,
        now: Timestamp,
    ) -> Option<GroupProfile> {
        self.ask(move |baselines| baselines.look_up(customer.as_str(), &rule, &group, now)).await
    }

    /// Forgets what is usual for a group from a place in the log on; returns when that place is durable.
    pub(crate) async fn forget_group(
        &self,
        customer: CustomerId,
        rule: String,
        group: Vec<String>,
    ) -> Result<(), Error> {
        let record = ForgetRecord { kind: "forget".into(), customer, rule, group };
        self.wal.append(vec![(Kind::CONTROL, record.encode())])?.durable().await?;
        Ok(())
    }
}
