//! What people try takes the processor and memory: few at a time, the others wait.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::Ops;
use crate::error::{Error, Result};

/// Waiting for others.
const WAIT: Duration = Duration::from_secs(10);

/// What somebody waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    /// Compiling a parser and running samples through it.
    Trial,
    /// Compiling a rule and holding records against it.
    Backtest,
}

#[derive(Debug)]
pub(crate) struct Turns {
    trials: Semaphore,
    backtests: Semaphore,
}

impl Default for Turns {
    fn default() -> Self {
        Turns { trials: Semaphore::new(2), backtests: Semaphore::new(2) }
    }
}

impl Ops {
    /// A turn; an error where others take too long.
    pub(crate) async fn turn(&self, what: Turn) -> Result<SemaphorePermit<'_>> {
        let turns = &self.inner.turns;
        let (turns, others) = match what {
            Turn::Trial => (&turns.trials, "others are trying parsers: ask again in a moment"),
            Turn::Backtest => (&turns.backtests, "others are trying rules: ask again in a moment"),
        };
        match tokio::time::timeout(WAIT, turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::Unavailable(others)),
        }
    }
}
