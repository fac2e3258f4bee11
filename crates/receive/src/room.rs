//! Room shared fairly by customers: what one holds never keeps another out.
//!
//! A customer may hold as much as is still free. So one alone gets half of the room, two that want everything a third
//! each, and there is always a share left for whoever comes next. A customer that holds nothing may take anything that
//! fits, so that no batch is impossible. Those who wait are served in turn, customer by customer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::CustomerId;
use tokio::sync::oneshot;

/// The room, in units of any kind.
#[derive(Debug, Clone)]
pub(crate) struct FairRoom(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    units: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    held: HashMap<CustomerId, usize>,
    waiting: HashMap<CustomerId, VecDeque<Waiter>>,
    /// Customers with somebody waiting, each once, the next one first.
    turn: VecDeque<CustomerId>,
}

#[derive(Debug)]
struct Waiter {
    units: usize,
    ready: oneshot::Sender<Place>,
}

/// Units taken up; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: FairRoom,
    customer: CustomerId,
    units: usize,
}

impl FairRoom {
    pub(crate) fn new(units: usize) -> Self {
        FairRoom(Arc::new(Inner { units, state: Mutex::new(State { free: units, ..State::default() }) }))
    }

    /// All there is.
    pub(crate) fn units(&self) -> usize {
        self.0.units
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes units now, or nothing.
    pub(crate) fn try_take(&self, customer: &CustomerId, units: usize) -> Option<Place> {
        let mut state = self.state();
        state.admits(customer, units).then(|| state.take(self, customer, units))
    }

    /// Takes units as soon as it is the customer's turn and they are free; more than there is counts as all of it.
    pub(crate) async fn take(&self, customer: &CustomerId, units: usize) -> Place {
        let units = units.min(self.0.units);
        let waiting = {
            let mut state = self.state();
            if !state.waiting.contains_key(customer) && state.admits(customer, units) {
                return state.take(self, customer, units);
            }
            let (ready, waiting) = oneshot::channel();
            let queue = state.waiting.entry(customer.clone()).or_default();
            queue.push_back(Waiter { units, ready });
            if queue.len() == 1 {
                state.turn.push_back(customer.clone());
            }
            waiting
        };
        waiting.await.expect("a waiter is only let go with its place, and the room is held by `self`")
    }

    fn give_back(&self, customer: &CustomerId, units: usize) {
        let granted = {
            let mut state = self.state();
            state.free += units;
            if let Some(held) = state.held.get_mut(customer) {
                *held -= units;
                if *held == 0 {
                    state.held.remove(customer);
                }
            }
            state.grant(self)
        };
        for (ready, place) in granted {
            // A waiter that has gone gives its place back by dropping it, here and without the lock.
            drop(ready.send(place));
        }
    }
}

impl State {
    fn admits(&self, customer: &CustomerId, units: usize) -> bool {
        let held = self.held.get(customer).copied().unwrap_or(0);
        units <= self.free && (held == 0 || held + units <= self.free)
    }

    fn take(&mut self, room: &FairRoom, customer: &CustomerId, units: usize) -> Place {
        if units > 0 {
            self.free -= units;
            *self.held.entry(customer.clone()).or_default() += units;
        }
        Place { room: room.clone(), customer: customer.clone(), units }
    }

    /// The places that can be given to those who wait, a turn each, until nobody who waits fits any more.
    fn grant(&mut self, room: &FairRoom) -> Vec<(oneshot::Sender<Place>, Place)> {
        let mut granted = Vec::new();
        let mut passed = 0;
        while passed < self.turn.len() {
            let Some(customer) = self.turn.pop_front() else { break };
            let Some(queue) = self.waiting.get_mut(&customer) else { continue };
            while queue.front().is_some_and(|waiter| waiter.ready.is_closed()) {
                queue.pop_front();
            }
            let Some(units) = queue.front().map(|waiter| waiter.units) else {
                self.waiting.remove(&customer);
                continue;
            };
            if !self.admits(&customer, units) {
                if units > self.free {
                    // Its turn and only room is missing: nobody overtakes it.
                    self.turn.push_front(customer);
                    break;
                }
                self.turn.push_back(customer);
                passed += 1;
                continue;
            }
            passed = 0;
            let waiter = self.waiting.get_mut(&customer).and_then(VecDeque::pop_front);
            let place = self.take(room, &customer, units);
            granted.extend(waiter.map(|waiter| (waiter.ready, place)));
            if self.waiting.get(&customer).is_some_and(VecDeque::is_empty) {
                self.waiting.remove(&customer);
            } else {
                self.turn.push_back(customer);
            }
        }
        granted
    }
}

impl Place {
    /// Cuts `units` off, at most all there are, as a place of their own.
    pub(crate) fn split(&mut self, units: usize) -> Place {
        let units = units.min(self.units);
        self.units -= units;
        Place { room: self.room.clone(), customer: self.customer.clone(), units }
    }

    /// Takes more, if there is room.
    pub(crate) fn grow(&mut self, units: usize) -> bool {
        match self.room.try_take(&self.customer, units) {
            Some(mut more) => {
                self.units += std::mem::take(&mut more.units);
                true
            }
            None => false,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.units > 0 {
            self.room.give_back(&self.customer, self.units);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::Timestamp;

    use super::*;

    fn customer() -> CustomerId {
        CustomerId::generate(Timestamp::from_micros(0))
    }

    async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::from_millis(50), future).await.ok()
    }

    #[test]
    fn whoever_wants_everything_leaves_room_for_whoever_comes_next() {
        let room = FairRoom::new(120);
        let (loud, second, third) = (customer(), customer(), customer());
        let mut held = Vec::new();
        for (customer, least) in [(&loud, 60), (&second, 30), (&third, 15)] {
            let before = held.len();
            while let Some(place) = room.try_take(customer, 1) {
                held.push(place);
            }
            assert!(held.len() - before >= least, "{} of {least}", held.len() - before);
        }
        drop(held);
        assert_eq!(room.state().free, 120);
        assert!(room.state().held.is_empty());
    }

    #[test]
    fn a_customer_that_holds_nothing_may_take_all_that_is_free() {
        let room = FairRoom::new(10);
        let (one, two) = (customer(), customer());
        let mut all = room.try_take(&one, 10).unwrap();
        assert!(room.try_take(&two, 1).is_none());
        let part = all.split(4);
        drop(all);
        assert!(room.try_take(&two, 6).is_some());
        drop(part);
        assert!(room.try_take(&two, 11).is_none());
        let mut place = room.try_take(&two, 1).unwrap();
        assert!(place.grow(3) && !place.grow(9));
        assert_eq!(place.units, 4);
    }

    #[tokio::test]
    async fn those_who_wait_are_served_in_turn_by_customer() {
        let room = FairRoom::new(4);
        let (loud, quiet) = (customer(), customer());
        let first = room.take(&loud, 4).await;
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (name, customer) in [("loud", &loud), ("loud", &loud), ("loud", &loud), ("quiet", &quiet)] {
            let (room, customer, served) = (room.clone(), customer.clone(), served.clone());
            tasks.push(tokio::spawn(async move {
                let place = room.take(&customer, 4).await;
                served.lock().unwrap().push(name);
                drop(place);
            }));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*served.lock().unwrap(), ["loud", "quiet", "loud", "loud"]);
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_holds_nobody_up() {
        let room = FairRoom::new(4);
        let (one, two) = (customer(), customer());
        let held = room.take(&one, 3).await;
        assert!(soon(room.take(&two, 4)).await.is_none());
        let third = customer();
        let waiting = tokio::spawn({
            let (room, third) = (room.clone(), third.clone());
            async move { room.take(&third, 1).await }
        });
        drop(held);
        assert!(soon(waiting).await.is_some());
        assert_eq!(room.state().free, 4);
        assert!(soon(room.take(&one, 100)).await.is_some(), "more than there is counts as all of it");
    }
}
