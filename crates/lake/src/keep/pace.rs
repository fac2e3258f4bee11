//! Upkeep takes its share of a core and no more, waits while searches run, and stops when told to.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::store::{Inner, Lake};

/// How long a step waits for searches at most: many of them must not stop upkeep for good.
const PATIENCE: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_millis(5);

/// Between two steps of work on a thread that may block.
pub(crate) struct Pace {
    inner: Arc<Inner>,
    began: Instant,
}

impl Lake {
    /// Makes upkeep under way stop at its next step, leaving everything as it was, and refuses more.
    pub fn stop_upkeep(&self) {
        self.inner.stopping.store(true, Ordering::SeqCst);
    }
}

impl Pace {
    pub fn new(inner: &Arc<Inner>) -> Self {
        Pace { inner: inner.clone(), began: Instant::now() }
    }

    /// Fails when upkeep has to stop.
    pub fn check(&self) -> Result<()> {
        if self.inner.stopping.load(Ordering::SeqCst) { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Ends a step of work: rests in proportion to it, and longer while searches run.
    pub fn step(&mut self) -> Result<()> {
        self.check()?;
        let share = self.inner.config.upkeep_share.clamp(0.01, 1.0);
        std::thread::sleep(self.began.elapsed().mul_f64((1.0 - share) / share).min(Duration::from_secs(2)));
        let waiting = Instant::now();
        while !self.inner.engine.is_idle() && waiting.elapsed() < PATIENCE {
            std::thread::sleep(LOOK);
        }
        self.check()?;
        self.began = Instant::now();
        Ok(())
    }
}
