//! Baselines: what is usual for a user, a host or a pair, learned from matches, and what departs from it.

pub(crate) mod beacon;
pub(crate) mod group;
pub(crate) mod holders;
pub(crate) mod hours;
pub(crate) mod judge;
pub(crate) mod keeper;
pub(crate) mod local;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod room;
pub(crate) mod rule;
pub(crate) mod shelf;
pub(crate) mod state;
pub(crate) mod values;
pub(crate) mod view;
pub(crate) mod volume;
