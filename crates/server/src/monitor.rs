//! What the server watches about itself and its devices while it runs: conditions that an administrator must know of,
//! devices that went silent, parsers that were changed.

mod conditions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::DeviceId;
use model::platform_alarm::PlatformAlarmKind;
use ops::{Connection, Doors, Ops, Refusal, SilenceWatch};
use pipeline::{Pipeline, Ruleset, Rulings};
use receive::Intake;
use tokio::sync::watch;

use crate::error::{Error, whole};
use crate::lake::Upkeep;
use crate::time::now;
use conditions::{Sample, Window};

/// How often the server looks at itself.
const LOOK: Duration = Duration::from_secs(5);
/// Between looks, the clock may differ from the time that passed by so much.
const CLOCK: Duration = Duration::from_secs(20);
/// A jump of the clock is told for so long.
const JUMP_TOLD: Duration = Duration::from_secs(15 * 60);
/// Records that wait to be judged at which devices cannot be said to be silent.
const BEHIND: u64 = 20_000;
/// How often old counts are forgotten, and parsers are looked for that another node saved.
const HOURLY: Duration = Duration::from_secs(3600);
const OTHERS: Duration = Duration::from_secs(30);

/// What receiving knows, in the words of the use cases.
pub struct IntakeDoors(pub Intake);

impl Doors for IntakeDoors {
    fn heard_of(&self, device: &DeviceId) -> Vec<Connection> {
        let heard = self.0.heard_of(device).into_iter();
        heard
            .map(|heard| Connection {
                protocol: heard.protocol.to_owned(),
                peer: heard.peer.map(|peer| peer.to_canonical().to_string()),
                first: heard.first,
                last: heard.last,
                count: i64::try_from(heard.count).unwrap_or(i64::MAX),
            })
            .collect()
    }

    fn refusals(&self) -> Vec<Refusal> {
        let refused = self.0.refusals().into_iter();
        refused
            .map(|refused| Refusal {
                device: refused.device,
                protocol: refused.protocol.to_owned(),
                reason: refused.reason.to_owned(),
                peer: refused.peer.map(|peer| peer.to_canonical().to_string()),
                first: refused.first,
                last: refused.last,
                count: i64::try_from(refused.count).unwrap_or(i64::MAX),
            })
            .collect()
    }
}

/// Hands parsers that were changed to the pipeline.
pub async fn follow_parsers(
    ops: Ops,
    pipeline: Arc<Pipeline>,
    mut draining: watch::Receiver<bool>,
) -> Result<(), Error> {
    let mut replaced = ops.parsers().replaced();
    let mut in_force = ops.parsers().live().sources().hash().to_owned();
    loop {
        let quiet = tokio::select! {
            // What it gives holds a lock: it must not live on.
            () = async { draining.wait_for(|draining| *draining).await.map(drop).unwrap_or_default() } => return Ok(()),
            Ok(()) = replaced.changed() => false,
            () = tokio::time::sleep(OTHERS) => true,
        };
        if quiet && let Err(error) = ops.load_parsers(now()).await {
            tracing::warn!(error = whole(&error), "parsers cannot be read; those known stay in force");
        }
        let parser = ops.parsers().live();
        if parser.sources().hash() == in_force {
            continue;
        }
        let hash = parser.sources().hash().to_owned();
        match pipeline.set_parser(parser).await {
            Ok(()) => in_force = hash,
            Err(error) => tracing::warn!(%error, "changed parsers cannot be put in force; tried again"),
        }
    }
}

/// The rules in force and what was decided about them, as detection takes them.
pub fn ruleset(ops: &Ops) -> Ruleset {
    let loaded = ops.loaded();
    let rulings = Rulings::new(loaded.decided.values().cloned().collect(), &loaded.exceptions);
    Ruleset { rules: loaded.rules.clone(), rulings: Arc::new(rulings) }
}

/// Hands rules, and what people decided about them, to the pipeline whenever they change.
pub async fn follow_rules(ops: Ops, pipeline: Arc<Pipeline>, mut draining: watch::Receiver<bool>) -> Result<(), Error> {
    let mut replaced = ops.rules_replaced();
    // What changed since the pipeline was started is handed over at once.
    replaced.mark_changed();
    loop {
        let quiet = tokio::select! {
            // What it gives holds a lock: it must not live on.
            () = async { draining.wait_for(|draining| *draining).await.map(drop).unwrap_or_default() } => return Ok(()),
            Ok(()) = replaced.changed() => false,
            () = tokio::time::sleep(OTHERS) => true,
        };
        if quiet {
            if let Err(error) = ops.load_use_cases(now()).await {
                tracing::warn!(error = whole(&error), "use cases cannot be read; those known stay in force");
            }
            continue;
        }
        if let Err(error) = pipeline.set_rules(ruleset(&ops)).await {
            tracing::warn!(%error, "changed rules cannot be put in force; tried again");
            tokio::time::sleep(LOOK).await;
            replaced.mark_changed();
        }
    }
}

/// The watch over everything else.
pub struct Monitor {
    ops: Ops,
    pipeline: Arc<Pipeline>,
    upkeep: Arc<Upkeep>,
    window: Window,
    silence: SilenceWatch,
    nothing_arrives: Option<usize>,
    jumped: Option<(Instant, i64)>,
}

impl Monitor {
    pub fn new(ops: Ops, pipeline: Arc<Pipeline>, upkeep: Arc<Upkeep>) -> Self {
        let (window, silence) = (Window::default(), SilenceWatch::new(now()));
        Monitor { ops, pipeline, upkeep, window, silence, nothing_arrives: None, jumped: None }
    }

    /// Looks until the server drains.
    pub async fn run(mut self, mut draining: watch::Receiver<bool>) -> Result<(), Error> {
        let (mut wall, mut looked, mut forgotten) = (now(), Instant::now(), None::<Instant>);
        while tokio::time::timeout(LOOK, draining.wait_for(|draining| *draining)).await.is_err() {
            let at = now();
            let passed = looked.elapsed().as_micros() as i64;
            let jump = at.as_micros() - wall.as_micros() - passed;
            (wall, looked) = (at, Instant::now());
            if jump.unsigned_abs() > CLOCK.as_micros() as u64 {
                tracing::warn!(seconds = jump / 1_000_000, "the machine's clock was set");
                self.jumped = Some((Instant::now(), jump / 1_000_000));
                self.silence.interrupted(at);
            }
            if let Err(error) = self.look().await {
                tracing::warn!(error = whole(&error), "the platform's own alarms cannot be written; tried again");
            }
            if forgotten.is_none_or(|last| last.elapsed() >= HOURLY) {
                forgotten = Some(Instant::now());
                if let Err(error) = self.ops.forget_device_counts(at).await {
                    tracing::warn!(error = whole(&error), "old counts of devices cannot be forgotten; tried again");
                }
            }
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), ops::Error> {
        let (stats, at) = (self.pipeline.stats(), now());
        if stats.lag > BEHIND || stats.receive.disk_low || stats.receive.stopped.is_some() {
            self.silence.interrupted(at);
        }
        let mut standing: BTreeMap<PlatformAlarmKind, String> =
            self.window.take(Sample::of(&stats, &self.upkeep.seen()));
        if let Some((_, seconds)) = self.jumped.filter(|(when, _)| when.elapsed() < JUMP_TOLD) {
            standing.insert(PlatformAlarmKind::ClockJump, seconds.to_string());
        }
        let watched = self.ops.watch_silence(at, &mut self.silence).await;
        if let Ok(watched) = &watched {
            if watched.judged > 0 || watched.nothing_arrives.is_some() {
                self.nothing_arrives = watched.nothing_arrives;
            }
            if watched.raised + watched.ended > 0 {
                tracing::info!(raised = watched.raised, ended = watched.ended, "alerts about silent devices");
            }
        }
        if let Some(devices) = self.nothing_arrives {
            standing.insert(PlatformAlarmKind::NothingArrives, devices.to_string());
        }
        self.ops.set_platform_alarms(at, &standing).await?;
        watched.map(drop)
    }
}
