//! How an event finds the few rules it may satisfy, and how those are asked.
//!
//! - [`need`]: of each rule, words of which one must stand in certain fields, chosen by [`rarity`] in real traffic;
//! - [`partition`]: the rules of one set of log sources with those words in tables, by field ([`gate`], [`grams`]);
//! - [`shape`]: where the fields of records of one kind are, found out once per kind;
//! - [`program`]: the rules' conditions, a question asked by several answered once an event;
//! - [`scratch`]: what is reused from event to event.
//!
//! Tables only ever say "perhaps" or "no"; the conditions decide. `RuleSet::matches_plainly` knows nothing of all this
//! and must agree.

pub(crate) mod digest;
pub(crate) mod gate;
pub(crate) mod grams;
pub(crate) mod hash;
pub(crate) mod need;
pub(crate) mod partition;
pub(crate) mod program;
pub(crate) mod rarity;
pub(crate) mod scratch;
pub(crate) mod seen;
pub(crate) mod shape;
