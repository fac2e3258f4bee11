//! Connections by whose they are: a customer has so many, and those on which nobody has shown a credential yet make
//! room for each other, so that whoever opens many and says nothing keeps nobody out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::CustomerId;
use tokio_util::sync::CancellationToken;

/// The connections of a listener.
#[derive(Debug, Clone)]
pub(super) struct Slots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    of_customer: usize,
    of_strangers: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// In the order they came.
    strangers: BTreeMap<u64, CancellationToken>,
    customers: HashMap<CustomerId, usize>,
}

/// One connection; gives its place back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    number: u64,
    owner: Mutex<Option<CustomerId>>,
    close: CancellationToken,
}

impl Slots {
    pub(super) fn new(of_customer: usize, of_strangers: usize) -> Self {
        Slots(Arc::new(Inner { of_customer, of_strangers, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every critical section is one step.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection nobody has said anything on. The oldest such is told to close where there are too many.
    pub(super) fn open(&self) -> Arc<Slot> {
        let close = CancellationToken::new();
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        if state.strangers.len() >= self.0.of_strangers
            && let Some((_, oldest)) = state.strangers.pop_first()
        {
            oldest.cancel();
        }
        state.strangers.insert(number, close.clone());
        Arc::new(Slot { slots: self.clone(), number, owner: Mutex::default(), close })
    }
}

impl Slot {
    /// The customer's from now on. Where that has too many, the connection is told to close.
    pub(super) fn belongs_to(&self, customer: &CustomerId) {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if owner.as_ref() == Some(customer) {
            return;
        }
        let mut state = self.slots.state();
        state.strangers.remove(&self.number);
        state.leave(owner.take());
        let held = state.customers.entry(customer.clone()).or_default();
        *held += 1;
        if *held > self.slots.0.of_customer {
            self.close.cancel();
        }
        *owner = Some(customer.clone());
    }

    /// Returns when the connection is to be closed.
    pub(super) async fn closed(&self) {
        self.close.cancelled().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut state = self.slots.state();
        state.strangers.remove(&self.number);
        state.leave(owner);
    }
}

impl State {
    fn leave(&mut self, owner: Option<CustomerId>) {
        let Some(owner) = owner else { return };
        if let Some(held) = self.customers.get_mut(&owner) {
            *held -= 1;
            if *held == 0 {
                self.customers.remove(&owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    fn customer() -> CustomerId {
        CustomerId::generate(Timestamp::from_micros(0))
    }

    #[test]
    fn strangers_make_room_for_each_other_and_a_customer_is_held_to_its_number() {
        let slots = Slots::new(2, 3);
        let strangers: Vec<_> = (0..4).map(|_| slots.open()).collect();
        assert_eq!(
            strangers.iter().map(|slot| slot.close.is_cancelled()).collect::<Vec<_>>(),
            [true, false, false, false]
        );
        let (loud, quiet) = (customer(), customer());
        for slot in &strangers[1..] {
            slot.belongs_to(&loud);
            slot.belongs_to(&loud);
        }
        assert_eq!(strangers.iter().filter(|slot| slot.close.is_cancelled()).count(), 2, "the third of the loud one");
        let slot = slots.open();
        slot.belongs_to(&quiet);
        assert!(!slot.close.is_cancelled());
        drop(strangers);
        drop(slot);
        assert!(slots.state().strangers.is_empty() && slots.state().customers.is_empty());
    }
}
