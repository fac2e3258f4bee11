//! Answers what the use cases ask of baselines, from the pipeline that keeps them.

use std::sync::Arc;

use ops::{Ops, ProfileRequest};
use pipeline::Pipeline;
use tokio::sync::{mpsc, watch};

use crate::error::{Error, whole};

/// Questions that may wait.
const WAITING: usize = 32;

/// Where questions are put.
pub fn channel(ops: &Ops) -> mpsc::Receiver<ProfileRequest> {
    let (requests, receiver) = mpsc::channel(WAITING);
    ops.set_profiles(requests);
    receiver
}

/// Answers until the server drains.
pub async fn answer(
    mut requests: mpsc::Receiver<ProfileRequest>,
    pipeline: Arc<Pipeline>,
    mut draining: watch::Receiver<bool>,
) -> Result<(), Error> {
    loop {
        let request = tokio::select! {
            _ = draining.wait_for(|draining| *draining) => None,
            request = requests.recv() => request,
        };
        match request {
            Some(request) => answer_one(&pipeline, request).await,
            None => return Ok(()),
        }
    }
}

/// Whoever asked may have given up: then nobody takes the answer.
async fn answer_one(pipeline: &Pipeline, request: ProfileRequest) {
    match request {
        ProfileRequest::Progress(answer) => drop(answer.send(pipeline.baseline_progress().await)),
        ProfileRequest::Latest { customer, rule, most, answer } => {
            drop(answer.send(pipeline.latest_groups(customer, rule, most).await));
        }
        ProfileRequest::Group { customer, rule, group, now, answer } => {
            drop(answer.send(pipeline.group_profile(customer, rule, group, now).await));
        }
        ProfileRequest::Forget { customer, rule, group, answer } => {
            let done = pipeline.forget_group(customer, rule, group).await;
            if let Err(error) = &done {
                tracing::warn!(error = whole(error), "a profile cannot be forgotten");
            }
            let _ = answer.send(done.is_ok());
        }
    }
}
