//! What every handler shares.

use std::sync::Arc;
use std::time::SystemTime;

use model::Timestamp;
use ops::{DeletionRules, Ops};
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

/// The state of the console's and API's listener.
#[derive(Clone)]
pub struct Api {
    /// The use cases.
    pub ops: Ops,
    /// What the platform says of itself to anybody.
    pub about: Arc<About>,
    /// Whether cookies may only travel over TLS.
    pub secure_cookies: bool,
    /// The right to delete events, as the settings have it at the moment of asking.
    pub deletion: Arc<dyn Fn() -> DeletionRules + Send + Sync>,
    /// Becomes true when the server drains: event streams end then.
    pub draining: watch::Receiver<bool>,
}

/// What the platform says of itself to anybody.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct About {
    /// Always `Vedette`.
    pub name: &'static str,
    /// The version of the binary.
    pub version: &'static str,
    /// Whether this is a demonstration with invented customers.
    pub demo: bool,
}

/// The instant a request is handled at.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}
