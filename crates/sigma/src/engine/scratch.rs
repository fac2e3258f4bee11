//! What a thread uses again from event to event: routes, shapes, texts, verdicts.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::event::LogSource;

use super::partition::Partition;
use super::program::Memo;
use super::seen::Memory;
use super::shape::Shapes;

/// Kinds of events held.
const ROUTES: usize = 256;

/// Memory for matching events, to be kept by each thread that does. It adapts itself to the rule set it is used with.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The rule set it is for.
    set: u64,
    pub(crate) routes: Routes,
    pub(crate) shapes: Shapes,
    pub(crate) bits: Vec<u64>,
    pub(crate) memory: Memory,
    pub(crate) memo: Memo,
    /// Events so far.
    pub(crate) events: u64,
}

/// The partitions of the sets of log sources met, each at one place.
#[derive(Debug, Default)]
pub(crate) struct Routes(Vec<Option<Route>>);

/// The way of events with one set of log sources.
#[derive(Debug)]
pub(crate) struct Route {
    sources: Arc<[LogSource]>,
    pub partition: Arc<Partition>,
    pub events: u64,
}

impl Scratch {
    /// Forgets what is of another rule set.
    pub(crate) fn adopt(&mut self, set: u64) {
        if self.set != set {
            *self = Scratch { set, ..Scratch::default() };
        }
    }
}

impl Routes {
    /// The way of events with this set, found by `find` where it is not known. The set is told by where it is in
    /// memory, which stays its own as long as it is held here.
    pub(crate) fn of(&mut self, sources: &Arc<[LogSource]>, find: impl FnOnce() -> Arc<Partition>) -> &mut Route {
        if self.0.is_empty() {
            self.0.resize_with(ROUTES, || None);
        }
        let address = Arc::as_ptr(sources).addr() as u64;
        let slot = &mut self.0[(address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % ROUTES];
        let known = slot.as_ref().is_some_and(|route| {
            Arc::ptr_eq(&route.sources, sources) && !route.partition.outdated.load(Ordering::Relaxed)
        });
        if !known {
            *slot = None;
        }
        slot.get_or_insert_with(|| Route { sources: sources.clone(), partition: find(), events: 0 })
    }
}
